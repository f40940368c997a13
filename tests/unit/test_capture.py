"""A head from photographs: shape, light, pigments, and all of it from a picture of one of our own heads."""

from __future__ import annotations

import dataclasses
import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from dreamface import provenance
from dreamface.capture.descent import lowered
from dreamface.capture.fitting import fit_person
from dreamface.capture.landmark_model import load_model as load_landmarks
from dreamface.capture.landmarks import Landmarks
from dreamface.capture.lighting import Light as LightOnFace
from dreamface.capture.lighting import estimate_light, note_on_light, split_tone
from dreamface.capture.population import Population, load_population, pose_terms
from dreamface.capture.pose import Poses, project, turned
from dreamface.capture.reading import IRISES, ancestry_of
from dreamface.capture.shading import Picture, harmonics
from dreamface.capture.skin import Shot, _like_skin, carry, look
from dreamface.capture.whites import LID_EDGES, whites_of
from dreamface.editing import from_photo
from dreamface.editing.photographs import wanted
from dreamface.errors import BadRequest, Cancelled, MissingDependency
from dreamface.face import Head
from dreamface.head import HEADS
from dreamface.models import HEADS as KNOWN
from dreamface.pipeline import edit
from dreamface.prior import complete
from dreamface.progress import Progress, Step
from dreamface.record import EditEntry, FaceRecord
from dreamface.render import harmonic_basis
from dreamface.skin import resting_tone, sclera_white
from dreamface.training.snapshots import Light, Person, View, rotation
from dreamface.traits import ARKIT_SHAPES, Traits

INSTALLED = [head.name for head in KNOWN if head.installed]


def seen_landmarks(head: str, values: np.ndarray, weights: np.ndarray, focal: float, yaw: float) -> Landmarks:
    """Landmarks of somebody as a tracker sees them that is wrong as trackers are on average."""
    population = load_population(head)
    sight = population.sights["face-mesh"]
    middle, own = (population.landmarks(population.vertices(each)) for each in (0.0 * values, values))
    points = middle + sight.gain * (own - middle - (own - middle).mean(axis=0))
    points = points + np.tensordot(weights, load_landmarks().response, axes=1)
    turn = rotation(yaw, -0.05, 0.02).double().numpy()
    distance = 0.45 * focal
    place = np.array((0.01, distance, 0.0)) - turn @ points.mean(axis=0)
    poses = Poses(turn[None], place[None])
    shown = project(poses.place(points[None]), np.array((focal,)))
    bias = np.tensordot(pose_terms(poses.rotation), sight.bias, axes=1)[0] * focal / distance
    return Landmarks(shown[0] + bias)


@pytest.mark.parametrize("head", INSTALLED)
def test_a_person_is_nearer_than_the_mean_face(head: str) -> None:
    population = load_population(head)
    truth = np.random.default_rng(4).normal(size=len(population.modes))
    weights = np.zeros(len(ARKIT_SHAPES))
    weights[ARKIT_SHAPES.index("jawOpen")] = 0.4
    seen = [seen_landmarks(head, truth, weights, focal, yaw) for focal, yaw in ((2.2, 0.1), (1.6, 0.45), (2.8, -0.4))]
    one, three = (fit_person(population, some, "face-mesh") for some in (seen[:1], seen))
    face = population.vertex[:468]

    def off(values: np.ndarray) -> float:
        shapes = [population.vertices(each)[face] for each in (values, truth)]
        shapes = [shape - shape.mean(axis=0) for shape in shapes]
        size = [np.linalg.norm(shape) for shape in shapes]
        return float(1e3 * np.linalg.norm(shapes[0] * size[1] / size[0] - shapes[1], axis=1).mean())

    nobody = off(np.zeros(len(truth)))
    assert off(three.values) < 0.75 * nobody
    assert off(one.values) < 0.9 * nobody
    assert abs(one.weights[0, ARKIT_SHAPES.index("jawOpen")] - 0.4) < 0.25
    assert abs(math.log(three.focal[0] / 2.2)) < 0.6


@pytest.mark.parametrize("head", INSTALLED[:1])
def test_a_picture_on_its_side_shows_the_same_person(head: str) -> None:
    population = load_population(head)
    truth = np.random.default_rng(4).normal(size=len(population.modes))
    seen = seen_landmarks(head, truth, np.zeros(len(ARKIT_SHAPES)), 2.2, 0.1)
    upright = fit_person(population, [seen], "face-mesh")
    assert not upright.is_doubtful
    for angle in (0.5 * np.pi, np.pi, -0.8):
        fit = fit_person(population, [Landmarks(turned(seen.points, angle))], "face-mesh")
        assert np.abs(fit.values - upright.values).max() < 0.35
        points = Poses(fit.poses.rotation, fit.poses.position).place(population.off[None])
        back = Poses(upright.poses.rotation, upright.poses.position).place(population.off[None])
        assert np.abs(turned(project(back, upright.focal), angle) - project(points, fit.focal)).max() < 0.02


def test_harmonics_change_as_their_slopes_say() -> None:
    normals = np.random.default_rng(3).normal(size=(50, 3))
    _, slopes = harmonics(normals)
    for axis in range(3):
        step = 1e-5 * np.eye(3)[axis]
        change = (harmonics(normals + step)[0] - harmonics(normals - step)[0]) / 2e-5
        assert np.abs(change - slopes[:, :, axis]).max() < 1e-6


def test_a_picture_is_seen_alike_whichever_way_up_it_is() -> None:
    rows, columns = np.mgrid[:300, :300]
    pixels = np.stack((columns, rows, 128 + 60 * np.sin(columns / 20)), axis=2).clip(0, 255).astype(np.uint8)
    points = np.random.default_rng(1).uniform(-0.3, 0.3, (478, 2))
    upright, lying = (
        Picture(pixels, Landmarks(points)),
        Picture(np.rot90(pixels, -1).copy(), Landmarks(points), np.pi / 2),
    )
    places = 0.8 * points
    colours, slopes, inside = upright.sampled(upright.blurred(2.0), places)
    again, same, _ = lying.sampled(lying.blurred(2.0), places)
    assert inside.all()
    assert np.abs(colours - again).max() < 0.02
    assert np.abs(slopes - same).max() < 0.1 * np.abs(slopes).max()
    assert (slopes[:, 0, 0] > 0.0).all()  # redder to the right
    assert (slopes[:, 1, 1] > 0.0).all()  # greener downwards


@pytest.mark.parametrize("head", INSTALLED[:1])
def test_the_colours_of_a_picture_bring_a_person_nearer(head: str) -> None:
    population = load_population(head)
    person = Person.of(head, 21, _SITTER, resolution=256)
    truth, face = person.head.vertices.double().numpy(), population.vertex[:468]
    view, pixels = _from_aside(person, 400)
    seen = _as_trackers_see(population, truth, view)
    marks = fit_person(population, [seen], "face-mesh")
    colours = fit_person(population, [seen], "face-mesh", pictures=[pixels])

    def off(values: np.ndarray) -> float:
        return _points_apart(population.vertices(values)[face], truth[face])

    assert off(colours.values) < 0.85 * off(marks.values)


_SITTER = Traits({"age": 38.0, "gender": 1.0, "skin.melanin": 0.3})


def _from_aside(person: Person, size: int) -> tuple[View, np.ndarray]:
    """A person before a camera a little aside, and the picture [size, size, 3] that it takes."""
    turn = rotation(0.25, -0.05, 0.0)
    view = View(turn, torch.tensor([0.0, 1.0, 0.0]) - turn @ person.head.landmark("multipie_30"), 2.4)
    light = Light(torch.tensor([0.5, -0.75, 0.43]), 0.6, 0.4, torch.ones(3))
    return view, person.snapshot(view.place(person.head.vertices), view.camera, size, light, 0.4)


def _as_trackers_see(population: Population, vertices: np.ndarray, view: View) -> Landmarks:
    """Landmarks of a head, of whose differences from the mean face a tracker sees less than it usually does."""
    middle, own = (
        population.landmarks(population.vertices(np.zeros(len(population.modes)))),
        vertices[population.vertex],
    )
    own = own + population.off
    expected = middle + own.mean(axis=0) - middle.mean(axis=0)
    gain = 0.4 * population.sights["face-mesh"].gain
    poses = Poses(view.rotation.double().numpy()[None], view.position.double().numpy()[None])
    seen = project(poses.place((expected + gain * (own - expected))[None]), np.array([view.focal]))[0]
    bias = np.tensordot(pose_terms(poses.rotation), population.sights["face-mesh"].bias, axes=1)[0]
    return Landmarks(seen + bias * view.focal / float(view.position[1]))


def _points_apart(one: np.ndarray, other: np.ndarray) -> float:
    """Mean millimetres between points [N, 3] that lie on each other in the same size (Procrustes)."""
    first, second = (points - points.mean(axis=0) for points in (one, other))
    first = first * np.linalg.norm(second) / np.linalg.norm(first)
    left, _, right = np.linalg.svd(first.T @ second)
    return float(1e3 * np.linalg.norm(first @ left @ right - second, axis=1).mean())


@pytest.mark.parametrize("head", INSTALLED[:1])
def test_fitting_can_be_stopped_at_any_step(head: str) -> None:
    population = load_population(head)
    seen = seen_landmarks(head, np.zeros(len(population.modes)), np.zeros(len(ARKIT_SHAPES)), 2.2, 0.1)
    picture = np.random.default_rng(1).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    steps: list[Step] = []
    fit_person(population, [seen], "face-mesh", pictures=[picture], progress=Progress(steps.append))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions) and 0.0 <= fractions[0] < fractions[-1] < 1.0
    said = [step.message for step in steps]
    assert len(set(said)) == 2  # landmarks, then colours
    for count in (1, said.index(said[-1]) + 1):  # in either
        told: list[Step] = []
        with pytest.raises(Cancelled):
            fit_person(
                population, [seen], "face-mesh", pictures=[picture],
                progress=Progress(told.append, lambda told=told, count=count: len(told) >= count),
            )  # fmt: skip
        assert len(told) == count


def test_no_step_is_taken_to_where_nothing_costs_a_number() -> None:
    def cost(state: float) -> float:
        return math.nan if state > 0.0 else 1.0

    found = lowered(
        0.0, cost, lambda _: (np.eye(1), np.ones(1)), lambda state, step: state + float(step[0]),
        (3, 1e-3), (Progress(), "Fitting the head"),
    )  # fmt: skip
    assert found == 0.0


def test_who_can_be_nobody_is_refused() -> None:
    head = INSTALLED[0]
    population = load_population(head)
    nobody = np.random.default_rng(1).uniform(-0.4, 0.4, (478, 2))
    nobody[[33, 263]] = (-0.1, 0.0), (0.1, 0.0)
    with pytest.raises(BadRequest, match="No head fits"):
        fit_person(population, [Landmarks(nobody)], "face-mesh")


def test_the_light_is_told_in_spite_of_highlights_and_spots() -> None:
    random = torch.Generator().manual_seed(2)
    normals = torch.nn.functional.normalize(
        torch.randn(3000, 3, generator=random) + torch.tensor((0.0, -1.5, 0.0)), dim=1
    )
    truth = torch.zeros(9, 3)
    truth[0], truth[1:4] = torch.tensor((3.0, 2.6, 2.2)), torch.tensor((-0.5, 0.2, 0.4))[:, None]
    albedo = 0.3 + 0.02 * torch.randn(3000, 1, generator=random).expand(-1, 3)
    colours = albedo * (harmonic_basis(normals) @ truth)
    colours[:300] += 0.6  # shine
    colours[300:600] *= 0.2  # hair
    light, belief = estimate_light(colours, albedo, normals, torch.ones(3000))
    wrong = (light.on(normals) / (harmonic_basis(normals) @ truth)).log().abs().mean()
    assert wrong < 0.05
    assert belief[:600].mean() < 0.3 < 0.8 < belief[600:].mean()


@pytest.mark.parametrize("melanin", [0.08, 0.35, 0.7, 0.9])
def test_skin_is_told_from_white_light_of_the_usual_strength(melanin: float) -> None:
    truth = Traits({"skin.melanin": melanin, "skin.redness": 0.4, "skin.yellowness": 0.28})
    found, light = split_tone(resting_tone(truth) * 0.95)
    assert abs(found.number("skin.melanin") - melanin) < 0.12
    assert ((light / 0.95).log().abs() < 0.4).all()


def _shot_of_eyes(skin: torch.Tensor, white: torch.Tensor, light: float) -> Shot:
    """A picture of nothing but skin and two open eyes, in light from everywhere."""
    side, radius = 256, 9.0
    pixels = (skin * light)[:, None, None].expand(3, side, side).clone()
    rows, columns = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    landmarks = np.zeros((478, 2))
    for (middle, rim), lids, across in zip(IRISES, LID_EDGES, (80.0, 176.0), strict=True):
        x, y = (columns - across) / (2.6 * radius), (rows - 128.0) / (1.3 * radius)
        from_iris = ((columns - across).square() + (rows - 128.0).square()).sqrt()
        opening = x.square() + y.square() < 1.0
        pixels[:, opening] = (white * light)[:, None]
        pixels[:, opening & (from_iris < radius)] = 0.02 * light
        turns = np.linspace(0.0, 2.0 * np.pi, len(lids), endpoint=False)
        ring = np.stack((2.6 * radius * np.cos(turns), 1.3 * radius * np.sin(turns)), axis=1)
        landmarks[list(lids)] = (ring + np.array((across, 128.0))) / side - 0.5
        landmarks[middle] = np.array((across, 128.0)) / side - 0.5
        landmarks[rim] = landmarks[middle] + np.array(((1, 0), (0, 1), (-1, 0), (0, -1))) * radius / side
    return Shot(pixels, torch.zeros(1, 3), 1.6, landmarks, np.zeros((478, 3)))


@pytest.mark.parametrize("melanin", [0.05, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("light", [0.06, 0.4, 1.3])
def test_the_whites_of_the_eyes_tell_skin_from_dim_or_bright_light(melanin: float, light: float) -> None:
    tone = resting_tone(Traits({"skin.melanin": melanin, "skin.redness": 0.4, "skin.yellowness": 0.28}))
    shot = _shot_of_eyes(tone, sclera_white(0.3, melanin), light)
    coefficients = torch.zeros(9, 3)
    coefficients[0] = 2.0 * math.sqrt(math.pi) * light * tone
    whites = whites_of(shot, LightOnFace(coefficients))
    assert whites is not None
    found = resting_tone(split_tone(light * tone, whites=whites)[0])
    assert ((found / tone).log().abs() < 0.25).all()
    dark_glasses = dataclasses.replace(shot, pixels=0.02 * light * torch.ones_like(shot.pixels))
    blind = whites_of(dark_glasses, LightOnFace(coefficients))
    alone, doubted = (resting_tone(split_tone(light * tone, whites=one)[0]) for one in (None, blind))
    assert torch.allclose(alone, doubted, rtol=0.3)


def test_eyes_that_are_shut_or_tiny_have_no_whites() -> None:
    tone = torch.tensor((0.5, 0.35, 0.3))
    shot, light = _shot_of_eyes(tone, torch.tensor((0.6, 0.55, 0.5)), 1.0), LightOnFace(torch.ones(9, 3))
    assert whites_of(dataclasses.replace(shot, eyes_open=False), light) is None
    tiny = torch.nn.functional.interpolate(shot.pixels[None], size=(64, 64), mode="area")[0]
    assert whites_of(dataclasses.replace(shot, pixels=tiny), light) is None


def test_a_grey_picture_tells_only_how_dark_skin_is() -> None:
    tone = resting_tone(Traits({"skin.melanin": 0.5, "skin.redness": 0.4, "skin.yellowness": 0.28}))
    found, light = split_tone(tone.mean().expand(3), grey=True)
    assert abs(found.number("skin.melanin") - 0.5) < 0.15
    assert torch.allclose(light, light[:1])


def test_light_in_which_colours_are_hardly_seen_is_said() -> None:
    assert note_on_light(torch.tensor((0.95, 0.9, 0.85))) == ""
    assert "dark" in note_on_light(torch.tensor((0.1, 0.1, 0.1)))
    assert "colour" in note_on_light(torch.tensor((1.6, 0.9, 0.5)))


def test_dark_glasses_tell_nothing_of_the_light() -> None:
    random = torch.Generator().manual_seed(5)
    lit = torch.exp(0.1 * torch.randn(2000, 3, generator=random)) * torch.tensor((0.8, 0.7, 0.6))
    lit[:700] *= 0.05
    like = _like_skin(lit, torch.arange(2000) > 600)
    assert like[:700].mean() < 0.01
    assert like[700:].mean() > 0.95


@pytest.mark.parametrize("head", INSTALLED[:1])
def test_a_picture_without_any_light_takes_nothing_from_the_others(head: str) -> None:
    person, traits = Person.of(head, 21, _SITTER, resolution=256), complete(_SITTER, 21)
    view, pixels = _from_aside(person, 300)
    placed = view.place(person.head.vertices)
    rest = load_population(head).landmarks(person.head.vertices.double().numpy())
    expected = view.place(torch.from_numpy(rest).float()).double().numpy()
    marks = project(expected[None], np.array([view.focal]))[0], expected
    lit, dark = (
        Shot.of(each, placed, view.focal, marks, np.zeros(len(ARKIT_SHAPES)))
        for each in (pixels, np.zeros_like(pixels))
    )
    albedo, tone = {"skin": person.maps["skin"]["albedo"]}, resting_tone(traits)
    alone, both = (
        carry(person.head, look(person.head, shots, albedo, tone), albedo, traits, tone)["skin"]
        for shots in ([lit], [lit, dark])
    )
    assert float(alone.mask.mean()) > 0.05
    assert torch.allclose(both.mask, alone.mask, atol=1e-4)
    assert torch.allclose(both.made.ratio, alone.made.ratio, atol=1e-3)


def test_ancestry_goes_with_shape_and_colours() -> None:
    even = dict.fromkeys(("ancestry.african", "ancestry.east_asian", "ancestry.south_asian", "ancestry.european"), 0.25)
    dark, fair = ancestry_of(even, 0.8, None), ancestry_of(even, 0.12, (0.1, 0.18, 0.29))
    assert abs(sum(dark.values()) - 1.0) < 1e-6
    assert max(dark, key=dark.get) == "ancestry.african"  # type: ignore[arg-type]
    assert max(fair, key=fair.get) == "ancestry.european"  # type: ignore[arg-type]


def test_there_has_to_be_a_photograph() -> None:
    with pytest.raises(BadRequest, match="no photograph"):
        from_photo([])
    with pytest.raises(BadRequest, match="at most"):
        from_photo([b"x"] * 40)
    with pytest.raises(BadRequest, match="resolution"):
        from_photo(b"x", resolution=1000)
    with pytest.raises(BadRequest, match="as bytes"):
        from_photo(np.zeros((4, 4, 3)))  # type: ignore[arg-type]
    with pytest.raises(BadRequest, match="as bytes"):
        from_photo([None])  # type: ignore[list-item]
    with pytest.raises(BadRequest, match="face-mesh"):
        from_photo(bytearray(b"x"), None, tracker="eyes")
    assert "auto" in HEADS


def test_words_change_who_is_in_the_photograph() -> None:
    shown = complete(Traits({"age": 41.0, "gender": 1.0, "nose.width": 2.2}), 1)
    said = wanted("20 years older, wider nose and a scar on the left cheek", shown)
    assert abs(said.traits.number("age") - 61.0) < 0.5
    assert said.traits.number("nose.width") > 2.2
    assert [edit.place.regions for edit in said.edits if edit.place is not None] == [("left_cheek",)]
    assert said.edits[0].parameters["effects"][0]["name"] == "scar"
    assert wanted("flibber the gronk", shown).not_understood == ("flibber the gronk",)
    assert "gronked" in wanted("gronked, wider nose", shown).not_understood


def test_the_skin_of_a_photograph_is_remembered_wherever_it_is_worn() -> None:
    record = FaceRecord("a", "a man", 1, 512, "anny", Traits())
    assert not record.from_photograph
    worn = EditEntry("photograph", "photograph")
    assert dataclasses.replace(record, edits=(worn,)).from_photograph


def portrait(person: Person, weights: torch.Tensor, yaw: float = 0.2) -> bytes:
    """A photograph of one of our heads."""
    turn = rotation(yaw, -0.05, 0.0)
    view = View(turn, torch.tensor([0.0, 0.85, 0.0]) - turn @ person.head.landmark("multipie_30"), 2.2)
    light = Light(torch.tensor([0.4, -0.8, 0.45]), 0.7, 0.5, torch.ones(3))
    picture = person.snapshot(view.place(person.posed(weights)), view.camera, 512, light, 0.3)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=92)
    return file.getvalue()


@pytest.mark.slow
def test_a_photograph_of_one_of_our_heads_becomes_that_head() -> None:
    truth = Traits({"age": 45.0, "gender": 1.0, "ancestry.african": 1.0, "skin.melanin": 0.72})
    person = Person.of("anny", 12, truth)
    weights = torch.zeros(len(ARKIT_SHAPES))
    weights[ARKIT_SHAPES.index("jawOpen")] = 0.5
    jpeg = portrait(person, weights)
    try:
        face = from_photo(jpeg, seed=3, head="anny", resolution=512)
    except MissingDependency as missing:
        pytest.skip(str(missing))
    assert face.record.from_photograph
    assert abs(face.traits.number("skin.melanin") - 0.72) < 0.2
    made, true = (maps["skin"]["albedo"] for maps in (face.maps, person.maps))
    assert ((made.mean(dim=(0, 1)) / true.mean(dim=(0, 1))).log().abs() < 0.45).all()
    assert _apart(face.head, person.head) < 3.0  # millimetres; the mean head is 2.6 away from this one
    shot = face.record.history[0]["photographs"][0]
    assert shot["expression"].get("jawOpen", 0.0) > 0.1
    assert not any(value.value for name, value in face.traits.items() if name.startswith("expression."))
    _sliders_go_on(face.head, face)
    again = from_photo(jpeg, seed=3, head="anny", resolution=512)
    # Threads add up in any order, so the last bits differ.
    assert torch.allclose(again.head.vertices, face.head.vertices, atol=1e-4)
    assert float((again.maps["skin"]["albedo"] - face.maps["skin"]["albedo"]).abs().mean()) < 1e-3


def _apart(one: Head, other: Head) -> float:
    """Mean millimetres between two faces that lie on each other in the same size (Procrustes)."""
    face = torch.from_numpy(load_population(other.model).vertex[:468]).long()
    return _points_apart(one.vertices[face].double().numpy(), other.vertices[face].double().numpy())


def _sliders_go_on(head: Head, face: object) -> None:
    wider = edit(face, {"nose.width": face.traits.number("nose.width") + 1.5}, resolution=512)  # type: ignore[arg-type,attr-defined]
    assert wider.measured["nose.width"] - face.measured["nose.width"] > 0.8  # type: ignore[attr-defined]
    assert torch.linalg.vector_norm(wider.head.vertices - head.vertices, dim=1).mean() < 2e-3


@pytest.mark.slow
def test_it_can_be_stopped() -> None:
    person = Person.of("anny", 13, resolution=256)
    jpeg = portrait(person, torch.zeros(len(ARKIT_SHAPES)))

    steps: list[Step] = []

    try:
        with pytest.raises(Cancelled):
            from_photo(
                jpeg, seed=3, head="anny", resolution=512, progress=Progress(steps.append, lambda: len(steps) > 1)
            )
    except MissingDependency as missing:
        pytest.skip(str(missing))
    assert {step.stage for step in steps} == {"photograph"}


def test_what_files_say_of_a_face_from_a_photograph() -> None:
    assert "consent" in provenance.statement(True)
    assert provenance.statement(True) != provenance.statement(False)
