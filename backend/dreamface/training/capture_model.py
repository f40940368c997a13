"""Makes `capture/population.npz`: who people are, and how their landmarks are seen in photographs.

    python -m dreamface.training.capture_model WORK --people 80 --pictures 6

1. Random people of every head model make faces before random cameras in random light, as JPEG pictures; every tracker
   that is installed says where it sees its landmarks (`WORK/*.npz`; what is there already is not made again).
2. Of each head model, the mean and the covariance of the coefficients of a thousand random people, with age, sex,
   ancestry and build beside them: a fit that starts from there knows how features hang together.
3. On each head model the vertex that stays nearest to a landmark stands for it, with a constant offset; what is left is
   the trackers' error, whose covariance tells the fit which landmarks are wrong together.
4. Of the skin of some hundred people, the mean and the covariance of the albedo at points of the face (`Look`).

Takes twenty minutes on one core.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from dreamface.arrays import FloatArray, IntArray
from dreamface.capture.landmark_model import load_model as load_landmark_model
from dreamface.capture.landmarks import COUNT, FaceLandmarker, FaceMesh, LandmarkTracker
from dreamface.capture.person import lines_of_sight
from dreamface.capture.population import FILE, TOLD, USUAL_DETAILS, pose_terms, similarities
from dreamface.capture.pose import Poses
from dreamface.face import Head
from dreamface.head import load_model
from dreamface.models import FACE_LANDMARKER, HEADS
from dreamface.pipeline import build_head
from dreamface.prior import complete
from dreamface.render import sample_texture
from dreamface.skin import Painter
from dreamface.training.expressions import random_expression
from dreamface.training.landmark_model import of_the_face
from dreamface.training.snapshots import Person, View, framed, random_light, rotation
from dreamface.traits import ARKIT_SHAPES, Traits

TARGET: Final = Path(__file__).parents[1] / "capture" / FILE

FIRST_PERSON, FIRST_DRAWN = 70_000, 80_000
"""Seeds of the first person in pictures, and of the first without; `benchmarks/capture.py` looks at others."""

SIZE: Final = 512
TRACKERS: Final[tuple[str, ...]] = ("face-mesh", "face-landmarker")
FOCALS: Final = (1.0, 5.6)
"""Of lenses, in heights of the picture: 24 to 135 millimetres on full frame."""

TURN: Final = (0.5, 0.3, 0.25)
"""Radians that a head is turned, raised and leaned at most."""

ANY_AGE: Final = 0.5
"""Fraction of people whose age is anything from `AGES`; others are as old as people mostly are."""

AGES: Final = (5.0, 90.0)
QUALITY: Final = (60, 95)
"""Of the JPEG."""

MODES: Final = 140
"""Ways in which people differ, the largest first."""

LASTING, PASSING = 24, 30
"""Ways in which landmarks are wrong together: in all pictures of a person, and in one picture."""

PULL: Final = 20.0
"""How strongly a landmark's gain is pulled to the mean of all landmarks: as by so many people."""

LEAST_MOVE: Final = 1e-5
"""Metres: the least that a coefficient is taken to move the skin by."""

LOOKS: Final = 24
"""Ways in which the skin of people differs, the largest first."""

SPACING: Final = 2.3e-3
"""Metres between points at which the skin is looked at, about."""

NO_SKIN: Final = {
    "scalp": 0.25, "mouth_inside": 0.1, "nostrils": 0.5, "ears": 0.3, "eye_sockets": 0.05, "neck": 0.3,
}  # fmt: skip
"""Regions that are hair, hidden or no skin, and the weight from which they count."""

PAINTED: Final = 256
"""Texels a side of the skin that is looked at."""

DARKEST: Final = 5e-3
"""Linear albedo: darker skin is not told apart."""

LEAST_NOISE: Final = 1e-4
FURTHEST: Final = 15e-3
"""Metres beyond which a landmark was not seen at all."""

RIDGE: Final = 1.0
DEPTH: Final = 0.15
"""How much of a difference in depth counts: pictures hardly show it."""


def random_traits(seed: int) -> Traits:
    """Return somebody of any age."""
    random = np.random.default_rng([seed, 17])
    asked = {"age": float(random.uniform(*AGES))} if random.uniform() < ANY_AGE else {}
    return complete(Traits(asked), seed)


def random_view(random: np.random.Generator, person: Person) -> View:
    """Return a head within 30 degrees before a lens from a wide angle to a portrait's."""
    turn = rotation(*(float(random.uniform(-limit, limit)) for limit in TURN))
    focal = float(np.exp(random.uniform(*np.log(FOCALS))))
    share, aside, up = (float(random.uniform(*span)) for span in ((0.5, 0.85), (-0.1, 0.1), (-0.1, 0.1)))
    return framed(person.head, turn, focal, share, (aside, up))


def jpeg(picture: NDArray[np.uint8], random: np.random.Generator) -> bytes:
    """Return a picture [H, W, 3] as a JPEG file of a quality that is drawn from `QUALITY`."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=int(random.integers(*QUALITY)))
    return file.getvalue()


def trackers() -> dict[str, LandmarkTracker]:
    """Return every tracker that is installed, by name."""
    found: dict[str, LandmarkTracker] = {"face-mesh": FaceMesh(still=True)}
    if FACE_LANDMARKER.installed:
        found["face-landmarker"] = FaceLandmarker(still=True)
    return found


def take_pictures(head: str, seed: int, count: int, file: Path, eyes: dict[str, LandmarkTracker]) -> None:
    """Take pictures of a person, and write what the trackers see in them."""
    random = np.random.default_rng([seed, 5])
    person = Person.of(head, seed, random_traits(seed))
    rows: dict[str, list[FloatArray]] = {name: [] for name in ("weights", "rotation", "position", "focal", *eyes)}
    for number in range(count):
        drawn = random_expression(random) * random.uniform(0.0, 0.8)
        weights = np.zeros(len(ARKIT_SHAPES), np.float32) if number == 0 else drawn.astype(np.float32)
        view = random_view(random, person)
        placed = view.place(person.posed(torch.from_numpy(weights)))
        picture = person.snapshot(placed, view.camera, SIZE, random_light(random), float(random.uniform(0.03, 0.7)))
        picture = np.asarray(Image.open(io.BytesIO(jpeg(picture, random))).convert("RGB"))
        found = {name: eye.find(picture, float(number)) for name, eye in eyes.items()}
        if all(found.values()):
            row = {"weights": weights, "rotation": view.rotation.numpy(), "position": view.position.numpy()}
            row |= {"focal": np.array(view.focal)} | {name: faces[0].points for name, faces in found.items()}
            for name, value in row.items():
                rows[name].append(value)
    part = file.with_suffix(".part.npz")
    np.savez(part, **{name: np.array(values, np.float32) for name, values in rows.items()})
    part.replace(file)  # what is there is whole


@dataclass(frozen=True)
class Record:
    """Pictures of one person.

    Attributes:
        head: name of the head model.
        seed: of the person.
        arrays: weights [F, 52], rotation [F, 3, 3], position [F, 3], focal [F], and landmarks [F, 478, 2] by tracker.
    """

    head: str
    seed: int
    arrays: dict[str, FloatArray]


FEWEST_PICTURES: Final = 2


def read_records(work: Path) -> list[Record]:
    """Read what `take_pictures` has written, but for people of whom too few pictures show a face to tell both apart."""
    records = []
    for file in sorted(work.glob("*-*.npz")):
        if file.stem.endswith(".part"):
            continue
        head, _, seed = file.stem.partition("-")
        with np.load(file) as data:
            if len(data["focal"]) >= FEWEST_PICTURES:
                records.append(Record(head, int(seed), {name: data[name].astype(np.float64) for name in data.files}))
    return records


# ------------------------------------------------------------------------------------------------------------ learning


@dataclass(frozen=True)
class People:
    """Random people of a head model.

    Attributes:
        coefficients: [N, P] linear ones.
        told: [N, T] the person traits `TOLD`.
    """

    coefficients: FloatArray
    told: FloatArray


def draw_people(head: str, count: int) -> People:
    """Return people whom no picture shows."""
    model, coefficients, told = load_model(head), [], []
    for seed in range(FIRST_DRAWN, FIRST_DRAWN + count):
        traits = random_traits(seed)
        coefficients.append(model.coefficients(build_head(head, traits, seed)).double().numpy())
        told.append([traits.number(name) for name in TOLD])
    return People(np.array(coefficients), np.array(told))


def learn_people(head: str, people: People) -> dict[str, FloatArray]:
    """Return mean and modes of people, by how far the modes move the skin; see `Population`."""
    model, mean = load_model(head), people.coefficients.mean(axis=0)
    apart = people.coefficients - mean
    basis = model.skin_offsets(torch.eye(apart.shape[1])).double().numpy().reshape(apart.shape[1], -1)
    gram = basis @ basis.T / (basis.shape[1] / 3.0) + LEAST_MOVE**2 * np.eye(len(basis))
    root = np.linalg.cholesky(gram)
    _, sizes, modes = np.linalg.svd(apart @ root, full_matrices=False)
    scaled = modes[:MODES] * (sizes[:MODES] / np.sqrt(len(apart)))[:, None]
    back = np.linalg.solve(root.T, scaled.T).T
    values = (apart @ root) @ (modes[:MODES] / sizes[:MODES, None] * np.sqrt(len(apart))).T
    told_mean = people.told.mean(axis=0)
    told = values.T @ (people.told - told_mean) / len(apart)
    left = people.told - told_mean - values @ told
    return {
        "mean": mean, "modes": back, "told_mean": told_mean, "told": told, "told_noise": left.std(axis=0),
    }  # fmt: skip


def points_of_skin(head: str, mean: FloatArray) -> IntArray:
    """Return [N] vertices of the face, about `SPACING` apart on a head of linear coefficients [P]."""
    model = load_model(head)
    vertices = model.vertices_at(torch.from_numpy(mean), USUAL_DETAILS)
    shown = of_the_face(Head(head, model.topology, vertices, {}))
    for region, most in NO_SKIN.items():
        shown &= model.topology.regions[region] <= most
    chosen: dict[tuple[int, ...], int] = {}
    for vertex in torch.nonzero(shown)[:, 0].tolist():
        chosen.setdefault(tuple((vertices[vertex] / SPACING).floor().int().tolist()), vertex)
    return np.array(sorted(chosen.values()))


def learn_look(head: str, vertex: IntArray, count: int) -> dict[str, FloatArray]:
    """Return how the skin of people looks at vertices [N]; see `Look`."""
    topology = load_model(head).topology
    faces = slice(*(2 * end for end in topology.part("skin").faces))
    corners, first = np.unique(topology.triangles[faces].numpy().ravel(), return_index=True)
    uv = topology.uv[topology.triangle_uvs[faces].reshape(-1)[first[np.searchsorted(corners, vertex)]]]
    seen = []
    for seed in range(FIRST_DRAWN, FIRST_DRAWN + count):
        traits = random_traits(seed)
        maps = Painter().paint(build_head(head, traits, seed), traits, resolution=PAINTED, seed=seed)
        seen.append(sample_texture(maps["skin"]["albedo"], uv).clamp_min(DARKEST).log().double().numpy())
    mean = np.mean(seen, axis=0)
    _, sizes, modes = np.linalg.svd((np.array(seen) - mean).reshape(count, -1), full_matrices=False)
    spread = modes[:LOOKS] * (sizes[:LOOKS] / np.sqrt(count))[:, None]
    return {"look/vertex": vertex, "look/mean": mean, "look/modes": spread.reshape(-1, *mean.shape)}


@dataclass(frozen=True)
class Errors:
    """What a tracker is wrong by, in pictures of people of one head model.

    Attributes:
        person: [N] number of the person in each picture.
        left: [N, 478, 2] metres in the picture's plane, without the bias.
        apart: [P, 478, 3] metres: how each person's landmarks differ from the mean's, but for the pose.
    """

    person: IntArray
    left: FloatArray
    apart: FloatArray


def learn_bias(head: str, records: list[Record]) -> tuple[dict[str, FloatArray], dict[str, Errors]]:
    """Return which vertices stand for landmarks and every tracker's bias, and what is left of its errors."""
    response = load_landmark_model().response
    vertices = np.stack(
        [build_head(head, random_traits(one.seed), one.seed).vertices.double().numpy() for one in records]
    )
    names = [name for name in TRACKERS if name in records[0].arrays]
    vertex, off = stand_ins(vertices, np.stack([_at_rest(record, names, response) for record in records]))
    found: dict[str, FloatArray] = {"vertex": vertex.astype(np.float64), "off": off}
    points = vertices[:, vertex] + off
    middle = points.mean(axis=0)
    whole = similarities(middle)
    apart = points - middle
    apart = apart - np.einsum("ps,snx->pnx", np.einsum("pnx,snx->ps", apart, whole), whole)
    errors = {}
    for name in names:
        terms, wrong, person = [], [], []
        for number, record in enumerate(records):
            poses = Poses(record.arrays["rotation"], record.arrays["position"])
            sight, there = lines_of_sight(record.arrays["focal"], record.arrays[name], poses)
            shown = points[number] + np.tensordot(record.arrays["weights"], response, axes=1)
            wrong.append(there - np.einsum("fjck,fjk->fjc", sight, shown))
            terms.append(pose_terms(poses.rotation))
            person += [number] * len(terms[-1])
        term, error = np.concatenate(terms), np.clip(np.concatenate(wrong), -FURTHEST, FURTHEST)
        flat = error.reshape(len(error), -1)
        bias = np.linalg.solve(term.T @ term + RIDGE * np.eye(term.shape[1]), term.T @ flat)
        found[f"sight/{name}/bias"] = bias.reshape(-1, *error.shape[1:])
        left = (flat - term @ bias).reshape(error.shape)
        errors[name] = Errors(np.array(person), _without_pose(left, middle), apart)
        print(head, name, len(left), "pictures; mm rms", 1e3 * np.sqrt(np.square(errors[name].left).mean()))
    return found, errors


def _without_pose(left: FloatArray, points: FloatArray) -> FloatArray:
    """Return errors [N, 478, 2] without what shift, turn in the picture and size of points [478, 3] explain."""
    x, down = ((points - points.mean(axis=0))[:, (0, 2)] * (1.0, -1.0)).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    whole = np.stack([np.stack(pair, axis=1) for pair in ((one, zero), (zero, one), (down, -x), (x, down))]).reshape(
        4, -1
    )
    basis, _ = np.linalg.qr(whole.T)
    flat = left.reshape(len(left), -1)
    return (flat - flat @ basis @ basis.T).reshape(left.shape)


def learn_errors(errors: list[Errors]) -> dict[str, FloatArray]:
    """Return what a tracker sees of differences, and how its errors hang together; all head models' people together."""
    lasting, apart, passing = [], [], []
    for one in errors:
        middles = np.stack([one.left[one.person == number].mean(axis=0) for number in range(len(one.apart))])
        lasting.append(middles)
        apart.append(one.apart)
        passing.append(one.left - middles[one.person])
    wrong, moved, rest = np.concatenate(lasting), np.concatenate(apart), np.concatenate(passing)
    across = moved[..., (0, 2)] * (1.0, -1.0)  # to the right and down, of a head that looks into the lens
    both, own = (wrong * across).sum(axis=0), np.square(across).sum(axis=0)
    usual = both.sum(axis=0) / own.sum(axis=0)
    held = PULL * np.square(across).mean()
    slope = (both + held * usual) / (own + held)
    gain = np.ones((COUNT, 3))
    gain[:, (0, 2)] += slope
    wrong = wrong - slope * across
    pictures = np.mean([len(one.person) / len(one.apart) for one in errors])
    rest = rest * np.sqrt(pictures / (pictures - 1.0))  # each person's mean was taken from their own
    print("gain", 1.0 + usual, "lasting", 1e3 * wrong.std(), "passing", 1e3 * rest.std())
    found = {"gain": gain}
    for name, noise, left, count in (
        ("lasting", "lasting_noise", wrong, LASTING), ("passing", "noise", rest, PASSING),
    ):  # fmt: skip
        flat = left.reshape(len(left), -1)
        _, sizes, shared = np.linalg.svd(flat, full_matrices=False)
        spread = shared[:count] * (sizes[:count] / np.sqrt(len(flat)))[:, None]
        alone = flat - flat @ shared[:count].T @ shared[:count]
        found[name] = spread.reshape(-1, *left.shape[1:])
        found[noise] = np.sqrt(np.square(alone.reshape(left.shape)).mean(axis=(0, 2)) + LEAST_NOISE**2)
    return found


def _at_rest(record: Record, names: list[str], response: FloatArray) -> FloatArray:
    """Return [478, 3] metres: where a person's landmarks are at rest, by least squares over all pictures."""
    normal, wanted = np.zeros((COUNT, 3, 3)), np.zeros((COUNT, 3))
    poses = Poses(record.arrays["rotation"], record.arrays["position"])
    moved = np.tensordot(record.arrays["weights"], response, axes=1)
    for name in names:
        sight, there = lines_of_sight(record.arrays["focal"], record.arrays[name], poses)
        left = there - np.einsum("fjck,fjk->fjc", sight, moved)
        normal += np.einsum("fjca,fjcb->jab", sight, sight)
        wanted += np.einsum("fjca,fjc->ja", sight, left)
    solved: FloatArray = np.linalg.solve(normal + 1e-6 * np.eye(3), wanted[..., None])[..., 0]
    return solved


def stand_ins(vertices: FloatArray, rest: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return [478] the vertices [N, V, 3] that landmarks [N, 478, 3] stay nearest to, and [478, 3] how far off."""
    weights = np.array((1.0, DEPTH, 1.0))
    chosen, off = np.zeros(COUNT, np.int64), np.zeros((COUNT, 3))
    for landmark in range(COUNT):
        apart = rest[:, landmark, None] - vertices
        middle = np.median(apart, axis=0)
        cost = (np.square(np.clip(apart - middle, -FURTHEST, FURTHEST)).mean(axis=0) + 0.05 * middle**2) @ weights
        chosen[landmark] = cost.argmin()
        off[landmark] = middle[chosen[landmark]]
    return chosen, off


def learn(people: dict[str, People], records: list[Record]) -> dict[str, FloatArray]:
    """Return all that `population.npz` holds."""
    arrays: dict[str, FloatArray] = {}
    wrong: dict[str, list[Errors]] = {}
    for head, drawn in people.items():
        bias, errors = learn_bias(head, [record for record in records if record.head == head])
        arrays |= {f"{head}/{name}": array for name, array in (learn_people(head, drawn) | bias).items()}
        for name, one in errors.items():
            wrong.setdefault(name, []).append(one)
    for name, several in wrong.items():
        learnt = learn_errors(several)
        arrays |= {f"{head}/sight/{name}/{part}": array for head in people for part, array in learnt.items()}
    return arrays


def main() -> None:
    """Take the pictures, and learn from them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--people", type=int, default=80, help="of each head model")
    parser.add_argument("--pictures", type=int, default=6, help="of each person")
    parser.add_argument("--drawn", type=int, default=1200, help="people of each head model for the covariance")
    parser.add_argument("--painted", type=int, default=160, help="people of each head model for the skin's covariance")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    heads = [head.name for head in HEADS if head.installed]
    eyes = trackers() if given.people else {}
    for seed in range(FIRST_PERSON, FIRST_PERSON + given.people):
        for head in heads:
            file = given.work / f"{head}-{seed}.npz"
            if not file.exists():
                take_pictures(head, seed, given.pictures, file, eyes)
                print(file.stem, flush=True)
    arrays = learn({head: draw_people(head, given.drawn) for head in heads}, read_records(given.work))
    for head in heads:
        look = learn_look(head, points_of_skin(head, arrays[f"{head}/mean"]), given.painted)
        arrays |= {f"{head}/{name}": array for name, array in look.items()}
    kinds = {name: np.int32 if name.endswith("vertex") else np.float16 for name in arrays}
    np.savez_compressed(TARGET, **{name: array.astype(kinds[name]) for name, array in arrays.items()})


if __name__ == "__main__":
    main()
