"""Choosing people: pools, scorers, the fit and the index of looks, on small made-up models."""

from __future__ import annotations

import json

import pytest
import torch

from dreamface.errors import BadRequest, Cancelled
from dreamface.face import Part, Topology
from dreamface.head import HeadSource, load_model
from dreamface.head.measure import Population, measure_raw
from dreamface.head.selection.candidates import BLOCK, Landmarks, Pool, Sum, TraitScorer, choose
from dreamface.head.selection.clip_pool import ClipScorer, build_index, clay_pictures, open_index
from dreamface.head.selection.fitting import fit
from dreamface.progress import Progress
from dreamface.traits import SHAPE_TRAITS, Traits

WANTED = {"nose.width": (1.5, 1.0), "eyes.size": (-1.0, 1.0), "jaw.width": (0.5, 1.0), "eyes.tilt": (1.0, 1.0)}


@pytest.fixture(scope="module")
def landmarks() -> Landmarks:
    """A linear model with the built-in head's landmarks and 24 random modes."""
    head = load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(1)))
    names = head.topology.landmarks
    modes = 0.0008 * torch.randn(24, len(names), 3, generator=torch.Generator().manual_seed(2))
    rows = torch.tensor(list(names.values()))
    return Landmarks(head.vertices[rows].double(), modes.double(), {name: row for row, name in enumerate(names)})


@pytest.fixture(scope="module")
def population(landmarks) -> Population:
    drawn = torch.randn(2000, landmarks.count, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return Population.of(landmarks.points(drawn))


def measured(landmarks, population, coefficients):
    values = population.standardise(measure_raw(landmarks.points(coefficients)))
    return dict(zip(SHAPE_TRAITS, values.tolist(), strict=True))


# ------------------------------------------------------------------------------------------------------------- pools


def test_a_candidate_is_the_same_whoever_asks() -> None:
    small, large = Pool(7, 100, 5), Pool(7, 3 * BLOCK, 5)
    everyone = torch.cat([block for _, block in large.blocks()])
    assert everyone.shape == (3 * BLOCK, 5)
    assert torch.equal(small.candidate(42), everyone[42])
    assert torch.equal(large.candidate(BLOCK + 1), everyone[BLOCK + 1])
    assert not torch.equal(Pool(8, 100, 5).candidate(42), everyone[42])
    assert abs(float(everyone.mean())) < 0.02 and abs(float(everyone.std()) - 1.0) < 0.02


def test_a_pool_ends_where_it_says() -> None:
    pool = Pool(1, BLOCK + 3, 2)
    assert [(first, len(block)) for first, block in pool.blocks()] == [(0, BLOCK), (BLOCK, 3)]
    assert torch.equal(pool.candidate(BLOCK + 3), Pool(1, 2 * BLOCK, 2).candidate(BLOCK + 3))


def test_a_pool_can_be_shaped() -> None:
    flat = torch.diag(torch.tensor([1.0, 0.0]))
    assert all(float(block[:, 1].abs().max()) == 0.0 for _, block in Pool(1, 50, 2, flat).blocks())


def test_the_best_are_the_best() -> None:
    class First:
        def score(self, first, candidates):
            return -candidates[:, 0].abs()

    pool = Pool(3, 20_000, 4)
    numbers, scores = choose(pool, First(), keep=3)
    everyone = torch.cat([block for _, block in pool.blocks()])[:, 0].abs()
    assert torch.equal(everyone[numbers], everyone.sort().values[:3])
    assert torch.equal(-scores, everyone[numbers])


def test_scores_add_up(landmarks, population) -> None:
    class Early:
        def score(self, first, candidates):
            return -torch.arange(first, first + len(candidates)).float()

    pool = Pool(3, 300, landmarks.count)
    traits = TraitScorer(landmarks, population, WANTED)
    (first, candidates), *_ = pool.blocks()
    both = Sum(((2.0, traits), (0.5, Early()))).score(first, candidates)
    expected = 2.0 * traits.score(first, candidates) - 0.5 * torch.arange(300)
    assert torch.allclose(both, expected)
    assert int(choose(pool, Sum(((0.0, traits), (1.0, Early()))))[0]) == 0


def test_choosing_can_be_stopped() -> None:
    def stop(_step):
        raise Cancelled

    class Any:
        def score(self, first, candidates):
            return candidates[:, 0]

    with pytest.raises(Cancelled):
        choose(Pool(3, 20_000, 4), Any(), progress=Progress(stop))


# ------------------------------------------------------------------------------------------------------------- traits


def test_traits_are_scored_as_they_measure(landmarks, population) -> None:
    """The scorer, which keeps a few landmarks in single precision, agrees with measuring everything in double."""
    pool = Pool(5, 500, landmarks.count)
    scorer = TraitScorer(landmarks, population, WANTED)
    (first, candidates), *_ = pool.blocks()
    scores = scorer.score(first, candidates)
    for number in (0, 17, 333):
        values = measured(landmarks, population, candidates[number].double())
        expected = -sum(min(3.0, abs(values[name] - value)) ** 2 for name, (value, _) in WANTED.items())
        assert float(scores[number]) == pytest.approx(expected, abs=0.02)


def test_confidence_weighs(landmarks, population) -> None:
    unsure = {"nose.width": (2.0, 0.1), "eyes.size": (-2.0, 1.0)}
    pool = Pool(5, 4000, landmarks.count)
    chosen, _ = choose(pool, TraitScorer(landmarks, population, unsure), keep=20)
    values = [measured(landmarks, population, pool.candidate(int(number)).double()) for number in chosen]
    misses = {name: sum(abs(v[name] - want) for v in values) for name, (want, _) in unsure.items()}
    assert misses["eyes.size"] < misses["nose.width"]


def test_more_candidates_come_nearer(landmarks, population) -> None:
    scorer = TraitScorer(landmarks, population, WANTED)
    best = [float(choose(Pool(2, count, landmarks.count), scorer)[1]) for count in (10, 1000, 30_000)]
    assert best[0] < best[1] < best[2] <= 0.0


def test_the_fit_hits_what_is_asked_and_stays_near(landmarks, population) -> None:
    names = tuple(WANTED)
    rows = torch.tensor([SHAPE_TRAITS.index(name) for name in names])
    mean, spread = population.mean[rows], population.spread[rows]
    needed = landmarks.for_traits(names)
    people = torch.randn(3, landmarks.count, generator=torch.Generator().manual_seed(4), dtype=torch.float64)

    def fitted(starts):
        wanted = torch.tensor([value for value, _ in WANTED.values()], dtype=torch.float64).expand(len(starts), -1)
        return fit(
            lambda _rows, values: (measure_raw(needed.points(values), names) - mean) / spread,
            starts,
            wanted,
            torch.full_like(wanted, 1.0 / 0.06**2),
            torch.ones(landmarks.count, dtype=torch.float64),
            lambda values: values.clamp(-3.0, 3.0),
        )

    together = fitted(people)
    alone = torch.cat([fitted(one[None]) for one in people])
    assert torch.allclose(together, alone, atol=1e-9)
    start, found = people[0], together[0]
    values = measured(landmarks, population, found)
    assert all(abs(values[name] - value) < 0.05 for name, (value, _) in WANTED.items())
    # Four measurements can take four dimensions at most; the rest of the person is as drawn.
    moved = found - start
    assert float(moved.square().mean()) < 1.0
    assert float((moved[None] @ torch.linalg.svd(moved[:, None])[0][:, 1:]).abs().max()) < 1e-9


# -------------------------------------------------------------------------------------------------------------- looks


class Shapes:
    """A stand-in encoder: how wide and how tall a picture's dark part is, and two words for it."""

    name, dimension = "shapes", 3

    def images(self, pictures):
        dark = (pictures[..., 0] < 0.999).float()
        wide, tall = dark.amax(dim=1).mean(dim=1), dark.amax(dim=2).mean(dim=1)
        return torch.nn.functional.normalize(torch.stack((wide, tall, torch.ones_like(wide)), dim=1), dim=1)

    def texts(self, prompts):
        words = {"wide": (1.0, 0.2, 0.5), "the face": (0.55, 0.55, 0.6)}
        return torch.nn.functional.normalize(torch.tensor([words[prompt] for prompt in prompts]), dim=1)


@pytest.fixture(scope="module")
def box() -> tuple[torch.Tensor, Topology]:
    """A head-sized box."""
    corners = torch.tensor([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 1)], dtype=torch.float32)
    faces = torch.tensor([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    topology = Topology(faces, torch.zeros(1, 2), torch.zeros_like(faces), (Part("skin", "skin", (0, 8), (0, 6)),), ())
    return corners * torch.tensor([0.07, 0.07, 0.3]), topology


def wider(corners):
    """The first coefficient makes the box wider."""
    return lambda coefficients: corners * torch.tensor([1.0 + 0.2 * float(coefficients[0].clamp(-2, 2)), 1.0, 1.0])


def test_clay_shows_every_view_in_every_light(box) -> None:
    pictures = clay_pictures(*box)
    assert pictures.shape == (30, 224, 224, 3)
    assert float(pictures.min()) >= 0.0 and float(pictures.max()) <= 1.0
    differences = [float((pictures[a] - pictures[b]).abs().mean()) for a in range(30) for b in range(a)]
    assert min(differences) > 1e-4


@pytest.mark.parametrize("first", [0, 5, BLOCK - 1, BLOCK, BLOCK + 3, 2 * BLOCK + 9, 2 * BLOCK + 10, 2 * BLOCK + 11])
def test_candidates_in_order_are_the_same_people(first: int, monkeypatch) -> None:
    pool, drawn = Pool(4, 2 * BLOCK + 10, 3, 0.5 * torch.eye(3)), []
    block = Pool._block
    expected = [pool.candidate(number) for number in (first, pool.count - 1) if first < pool.count]
    monkeypatch.setattr(Pool, "_block", lambda pool, number: drawn.append(number) or block(pool, number))
    found = list(pool.candidates(first))
    assert len(found) == max(0, pool.count - first)
    assert all(torch.equal(one, other) for one, other in zip((found[:1] + found[-1:]), expected, strict=True))
    assert drawn == list(range(first // BLOCK, 3)), "each block is drawn once"


def test_looks_choose_the_wide(tmp_path, box) -> None:
    corners, topology = box
    pool, encoder = Pool(4, 12, 3), Shapes()
    index = build_index(tmp_path, pool, wider(corners), topology, encoder)
    assert index.embeddings.dtype.name == "float16" and index.embeddings.shape == (13, 3)
    (best, *_), _ = choose(pool, ClipScorer.of(index, encoder, "wide"), keep=12)
    widths = torch.stack([pool.candidate(number)[0].clamp(-2, 2) for number in range(12)])
    assert int(best) == int(widths.argmax())


def test_a_stopped_index_goes_on(tmp_path, box) -> None:
    corners, topology = box
    pool, encoder = Pool(4, 40, 3), Shapes()
    whole = build_index(tmp_path / "whole", pool, wider(corners), topology, encoder)

    def stop(step):
        if step.fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        build_index(tmp_path / "part", pool, wider(corners), topology, encoder, Progress(stop))
    with pytest.raises(BadRequest, match="build it first"):
        open_index(tmp_path / "part", pool, encoder)
    pictured = []

    class Counting(Shapes):
        def images(self, pictures):
            pictured.append(1)
            return super().images(pictures)

    resumed = build_index(tmp_path / "part", pool, wider(corners), topology, Counting())
    assert len(pictured) < 30
    assert (resumed.embeddings == whole.embeddings).all()


def test_an_index_belongs_to_its_pool_and_encoder(tmp_path, box) -> None:
    corners, topology = box
    build_index(tmp_path, Pool(4, 3, 3), wider(corners), topology, Shapes())
    with pytest.raises(BadRequest, match="other candidates"):
        build_index(tmp_path, Pool(5, 3, 3), wider(corners), topology, Shapes())

    with pytest.raises(BadRequest, match="other candidates"):
        build_index(tmp_path, Pool(4, 3, 3, 0.5 * torch.eye(3)), wider(corners), topology, Shapes())

    class Other(Shapes):
        name = "other"

    with pytest.raises(BadRequest, match="another encoder"):
        open_index(tmp_path, Pool(4, 3, 3), Other())
    with pytest.raises(BadRequest, match="build it again"):
        ClipScorer.of(open_index(tmp_path, Pool(4, 3, 3), Shapes()), Other(), "wide")
    embeddings = (tmp_path / "embeddings.f16").read_bytes()
    (tmp_path / "embeddings.f16").write_bytes(embeddings[:-4])
    with pytest.raises(BadRequest, match=r"embeddings\.f16 is damaged: remove the folder"):
        open_index(tmp_path, Pool(4, 3, 3), Shapes())
    (tmp_path / "index.json").write_text(json.dumps(["nothing"]))
    with pytest.raises(BadRequest, match="damaged"):
        open_index(tmp_path, Pool(4, 3, 3), Shapes())
