"""Age, sex, ancestry and build on ICT-FaceKit's head. Needs the archive; skips where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from dreamface.head import HeadSource, load_model
from dreamface.head.anny.identity import mean_adult_person
from dreamface.head.ict.eyeballs import TurningEye
from dreamface.head.ict.openings import LID_POSTERIOR, lid_levels, mirror_map
from dreamface.head.ict.parts import PAPER
from dreamface.head.ict.person import PersonOffsets
from dreamface.head.ict.source import load_source
from dreamface.head.measure import Points, measure_raw
from dreamface.head.transfer import morphs
from dreamface.render import Camera, rasterise
from dreamface.traits import ANCESTRIES

OF = {name: dict.fromkeys(ANCESTRIES, 0.0) | {name: 1.0} for name in ANCESTRIES}
PEOPLE = (
    {"age": 1.0, "gender": 1.0, **OF["ancestry.african"]},
    {"age": 6.0, "gender": -1.0},
    {"age": 12.0, **OF["ancestry.east_asian"]},
    {"age": 70.0, "gender": 1.0, **OF["ancestry.east_asian"]},
    {"age": 90.0, "gender": -1.0, **OF["ancestry.african"], "body.weight": 0.0},
    {"gender": 1.0, "body.weight": 1.0, "body.muscle": 1.0, **OF["ancestry.south_asian"]},
)


@pytest.fixture(scope="module")
def source(ict_models):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        return load_source()


@pytest.fixture(scope="module")
def offsets(source) -> PersonOffsets:
    return PersonOffsets(source)


def person(**changes: float) -> dict[str, float]:
    return mean_adult_person() | changes


def traits(vertices, topology):
    return measure_raw(Points(vertices.double(), topology.landmarks))


def test_the_mean_adult_is_icts_neutral(offsets) -> None:
    assert float(offsets.offsets(mean_adult_person()).abs().max()) < 1e-6


def test_people_are_even(offsets, source) -> None:
    mirror = torch.from_numpy(mirror_map(source.neutral.double().numpy()))
    for change in PEOPLE:
        moved = offsets.offsets(person(**change))[:PAPER]
        assert float((moved - moved[mirror] * torch.tensor([-1.0, 1.0, 1.0])).abs().max()) < 2e-4


@pytest.mark.parametrize(
    "change",
    [{"age": 6.0}, {"age": 75.0}, {"gender": 1.0}, *(OF[name] for name in ANCESTRIES)],
    ids=str,
)
def test_measurements_change_as_on_the_built_in_head(offsets, source, ict_head, change) -> None:
    anny = load_model("anny")

    def on_anny(of):
        return traits(anny.build(HeadSource(identity=of)).vertices, anny.topology)

    spread = anny._space.population.spread
    there = (on_anny(person(**change)) - on_anny(mean_adult_person())) / spread
    neutral = traits(source.neutral, ict_head.topology)
    here = (traits(source.neutral + offsets.offsets(person(**change)), ict_head.topology) - neutral) / spread
    likeness = float((there @ here) / (there.norm() * here.norm()))
    assert likeness > 0.75
    assert 0.6 < float(here.norm() / there.norm()) < 1.5


def test_a_child_is_as_much_smaller_as_on_the_built_in_head(offsets, source, ict_head) -> None:
    anny = load_model("anny")

    def size(vertices, topology):
        at = topology.landmarks
        return float(vertices[at["crown"], 2] - vertices[at["menton"], 2])

    there = [size(anny.build(HeadSource(identity=person(age=age))).vertices, anny.topology) for age in (6.0, 25.0)]
    here = [size(source.neutral + offsets.offsets(person(age=age)), ict_head.topology) for age in (6.0, 25.0)]
    assert here[0] / here[1] == pytest.approx(there[0] / there[1], rel=0.05)


def test_lids_stay_on_the_eyeballs(offsets, source, ict_head) -> None:
    """Neither through the eye nor gaping, compared with the average face."""
    faces = source.faces.numpy()
    for side in ("left", "right"):
        eyeball = TurningEye(ict_head.topology, source.neutral, side)
        edge = torch.from_numpy(lid_levels(faces, side) == LID_POSTERIOR).nonzero()[:, 0]
        still = torch.eye(3)
        before = eyeball.height(source.neutral[edge], eyeball.fit(source.neutral), still)
        for change in PEOPLE:
            vertices = source.neutral + offsets.offsets(person(**change))
            height = eyeball.height(vertices[edge], eyeball.fit(vertices), still)
            assert float((height - before).abs().max()) < 0.8e-3, (side, change)


def test_lips_stay_closed_and_nothing_comes_through(offsets, source, ict_head) -> None:
    """Teeth, gums and sockets are seen no more than on the average face, from five sides."""
    before = seen_inside(source.neutral, ict_head.topology)
    for change in PEOPLE:
        vertices = source.neutral + offsets.offsets(person(**change))
        assert seen_inside(vertices, ict_head.topology) <= 3 * before + 40, change


def seen_inside(vertices, topology) -> int:
    """Pixels of five pictures that show what should be hidden."""
    middle = 0.5 * (vertices[:9409].amin(0) + vertices[:9409].amax(0))
    hidden = torch.zeros(len(topology.triangles), dtype=torch.bool)
    for part in topology.parts:
        if part.name in ("mouth_socket", "gums_and_tongue", "teeth", "left_eye_socket", "right_eye_socket"):
            hidden[2 * part.faces[0] : 2 * part.faces[1]] = True
    count = 0
    for x, y, z in ((0.0, -1.0, 0.0), (0.6, -0.8, 0.0), (1.0, 0.0, 0.0), (0.0, -0.8, -0.6), (0.0, -0.8, 0.6)):
        position = middle + 1.6 * torch.tensor([x, y, z])
        camera = Camera(tuple(position.tolist()), tuple(middle.tolist()), 0.19)
        seen = rasterise(vertices, topology.triangles, camera, 500).triangle
        count += int(hidden[seen[seen >= 0]].sum())
    return count


def test_inner_parts_move_as_wholes(offsets, source) -> None:
    """An eyeball stays round; a tooth keeps its shape."""
    moved = source.neutral + offsets.offsets(person(age=6.0))
    ball = slice(21451, 23021)
    arm = (moved[ball] - moved[ball].mean(0)) / (source.neutral[ball] - source.neutral[ball].mean(0))
    growth = arm[arm.isfinite() & (source.neutral[ball] - source.neutral[ball].mean(0)).abs().gt(2e-3)]
    assert float(growth.std()) < 1e-3 and 0.7 < float(growth.mean()) < 1.0


def test_pointed_ears(offsets, source, ict_head) -> None:
    ears = offsets.morph("ear-elf")
    topology = ict_head.topology
    before, after = (traits(vertices, topology) for vertices in (source.neutral, source.neutral + ears))
    names = list(load_model("anny").measure(load_model("anny").build(HeadSource(identity=mean_adult_person()))))
    pointed = names.index("ears.pointed")
    assert float(after[pointed] - before[pointed]) > 2.0  # on a scale compressed by asinh
    moved = torch.linalg.vector_norm(ears, dim=1) > 1e-4
    assert float(topology.regions["ears"][moved[:26719]].mean()) > 0.5
    assert not bool(moved[PAPER:].any())


def test_any_slider_of_the_built_in_head_can_be_had(offsets) -> None:
    assert float(offsets.morph("nose-hump").abs().max()) > 1e-3
    with pytest.raises(KeyError):
        offsets.morph("no-such-slider")


def test_only_the_newest_cache_is_kept(source, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(morphs.platformdirs, "user_cache_dir", lambda name: str(tmp_path))
    old, other = tmp_path / "ict-people-0123456789abcdef.safetensors", tmp_path / "anny-head-0123456789abcdef.npz"
    old.write_bytes(b"of an older DreamFace")
    other.write_bytes(b"of something else")
    morphs.load_people(source)
    (left,) = tmp_path.glob("ict-people-*")
    assert left != old and other.exists()


def test_another_model_has_another_cache(source) -> None:
    moved = replace(source, neutral=source.neutral + 1e-3)
    assert morphs._cache_file(moved) != morphs._cache_file(source) == morphs._cache_file(replace(source))


def test_a_full_disk_is_only_a_slower_start(tmp_path) -> None:
    """The real writer under a limit on the size of files: it raises what is no OSError."""
    resource = pytest.importorskip("resource")
    age, ears = (morphs.TransferredMorphs(torch.zeros(count, 9000, 3), torch.zeros(count, 10, 3)) for count in (8, 1))
    people = morphs.People(("age",), age, ears, ("ear-elf",), torch.zeros(10, 3), {"left_eye": (0, 10)})
    file = tmp_path / "cache" / "ict-people-0.safetensors"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # Python ignores the signal that comes with it
    try:
        morphs._write(people, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(file.parent.iterdir()) == []
    morphs._write(people, file)
    assert morphs._read(file).spans == people.spans


def test_a_damaged_cache_is_made_again(source, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(morphs.platformdirs, "user_cache_dir", lambda name: str(tmp_path))
    first = morphs.load_people(source)
    (file,) = tmp_path.glob("ict-people-*")
    file.write_bytes(file.read_bytes()[:1000])
    again = morphs.load_people(source)
    assert torch.equal(first.targets.skin, again.targets.skin)
    assert file.stat().st_size < 20e6
