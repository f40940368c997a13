"""Makes `capture/landmark_model.npz`: how MediaPipe's landmarks lie and move on our own people.

    python -m dreamface.training.landmark_model WORK --people 100 --pictures 100

1. Random people of every head model that is installed make random expressions before random cameras in random light,
   and the tracker says where it sees its landmarks (`WORK/*.npz`; what is there already is not made again).
2. As pose, lens and expression are known, where each landmark lies on a person at rest, and how each of the 52 shapes
   moves it, is a linear least squares problem, with Huber's weights.
3. On each head model the vertex that a landmark stays nearest to, from person to person, stands for it: so hundreds
   more people are looked at without any picture, for the modes in which people differ.
4. A network (956-256-256-55, ReLU) learns to tell weights, and the turn that the pose lacks, from landmarks on the head
   (DreamFace, equation 17), by the distance that vertices of the face move and by the weights themselves. The person
   at rest is known to it with a random error.
5. With that network the person is found in clips as the tracker finds them, expressions that are held all along taken
   for the person's own among it. A second network learns from what such a person leaves of the landmarks.

Takes two and a half hours for two hundred people on two cores, most of it for pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from dreamface.arrays import FloatArray, IntArray
from dreamface.capture.landmark_model import FEATURE_SCALE, FILE, LandmarkModel, Layer, Network, steady_landmarks
from dreamface.capture.landmarks import COUNT, FaceMesh
from dreamface.capture.person import find_person, lines_of_sight, offsets_at_rest
from dreamface.capture.pose import Poses, project
from dreamface.face import Head
from dreamface.head import load_model
from dreamface.models import HEADS
from dreamface.motion.tracking.tracker import CALIBRATION
from dreamface.pipeline import build_head
from dreamface.prior import complete
from dreamface.training.expressions import random_expression
from dreamface.training.snapshots import Person, random_light, random_view
from dreamface.traits import ARKIT_SHAPES, Traits

TARGET: Final = Path(__file__).parents[1] / "capture" / FILE

SHAPES: Final = len(ARKIT_SHAPES)
SIZE: Final = 288
"""Pixels a side of the pictures: the tracker looks at a face in 192."""

RESTING: Final = 8
"""Pictures of each person at rest."""

FIRST_PERSON: Final = 5000
FIRST_LOOKED_AT: Final = 20_000
HELD_BACK: Final = 5
"""The last people of each head model: what the network makes of them is its doubt."""

MODES: Final = 30
OUTLIER: Final = 4e-3
"""Metres."""

RIDGE: Final = 2e-3
"""Of the response, for every picture of a person."""

DEPTH: Final = 0.15
"""How much of a difference in depth counts: pictures hardly show it."""

FACE_RADIUS: Final = 0.095
FACE_DEPTH: Final = 0.085
"""Metres around and behind the tip of the nose: vertices whose movement counts."""

HIDDEN: Final = 256
DROPPED: Final = 0.2
FIRST_EPOCHS: Final = 60
EPOCHS: Final = 30
BATCH: Final = 256
UNSURE_OF_PERSON: Final = 0.2
"""Standard deviation of the modes' coefficients from the person's own, as they are found in footage."""

UNSURE_OF_LANDMARK: Final = 4e-4
UNSURE_OF_LENS: Final = 0.15
CLIPS: Final = 3
"""Of each person, for the second network."""

SHORTEST_CLIP: Final = 8
LONGEST_CLIP: Final = 40
"""Pictures of a clip."""

OF_A_KIND: Final = 0.6
"""Share of clips whose pictures mostly show the same few shapes."""

KINDS: Final = 0.15
"""Share of the shapes that do so."""

HELD: Final = 0.75
"""Share of clips in which some shapes never go back to 0."""

HELD_SIZE: Final = 0.2
"""Standard deviation of how far."""

STIRRED: Final = 0.8
"""Share of pictures in which some shapes move besides, as none moves alone on a living face."""

STIRRED_SIZE: Final = 0.12
INVOLVED: Final = 0.2
"""Share of the shapes that do either, and more as both sides mostly go together."""

TOGETHER: Final = 0.8
"""Share of the shapes of which the other side moves, too."""

ALIKE: Final = 0.7
"""Share of the faces whose sides do the same."""

LENSES: Final = (0.95, 2.8)
"""Of clips, in heights of the picture."""

LEAST_DISTANCE: Final = 0.05
"""Square millimetres; so that the distance, whose mean is to be small, has a slope everywhere."""

DISTANCE_SHARE: Final = 3.0
JITTER: Final = 0.3
TURNS: Final = 10.0
"""What small turns in radians are multiplied by, to count as much as weights."""


@dataclass(frozen=True)
class Record:
    """Pictures of one person.

    Attributes:
        head: name of the head model.
        seed: of the person.
        weights: [F, 52].
        poses: of the head.
        focal: [F].
        seen: [F, 478, 2] where the tracker sees landmarks, in heights of the picture from its middle.
    """

    head: str
    seed: int
    weights: FloatArray
    poses: Poses
    focal: FloatArray
    seen: FloatArray


# ------------------------------------------------------------------------------------------------------------ pictures


def take_pictures(head: str, seed: int, count: int, file: Path) -> None:
    """Take pictures of a person and write what the tracker sees in them."""
    tracker = FaceMesh(still=True)
    person, generator = Person.of(head, seed), np.random.default_rng([seed, 7])
    rows: list[tuple[Any, ...]] = []
    for number in range(count):
        weights = np.zeros(SHAPES, np.float32) if number < RESTING else random_expression(generator)
        view, light = random_view(generator, person.head), random_light(generator)
        placed = view.place(person.posed(torch.from_numpy(weights)))
        picture = person.snapshot(placed, view.camera, SIZE, light, float(generator.uniform(0.03, 0.7)))
        found = tracker.find(picture, float(number))
        if found:
            focal = np.array(view.focal)
            rows.append((weights, view.rotation.numpy(), view.position.numpy(), focal, found[0].points))
    tracker.close()
    names = ("weights", "rotation", "position", "focal", "seen")
    np.savez(
        file,
        **{name: np.array(values, np.float32) for name, values in zip(names, zip(*rows, strict=True), strict=True)},
    )


def read_records(work: Path) -> list[Record]:
    """Read what `take_pictures` has written."""
    records = []
    for file in sorted(work.glob("*-*.npz")):
        head, _, seed = file.stem.partition("-")
        with np.load(file) as data:
            weights, rotation, position, focal, seen = (
                data[name].astype(np.float64) for name in ("weights", "rotation", "position", "focal", "seen")
            )
        records.append(Record(head, int(seed), weights, Poses(rotation, position), focal, seen))
    return records


def mirrored(record: Record, twins: IntArray, sides: IntArray) -> Record:
    """Return the record as a looking-glass shows it.

    Args:
        record: to be mirrored.
        twins: [478] the landmark of the other side.
        sides: [52] the shape of the other side.
    """
    flip = np.array((-1.0, 1.0, 1.0))
    poses = Poses(record.poses.rotation * flip[:, None] * flip, record.poses.position * flip)
    return replace(record, weights=record.weights[:, sides], poses=poses, seen=record.seen[:, twins] * (-1.0, 1.0))


def other_sides() -> IntArray:
    """Return [52] the shape of the other side of each; itself where there is none."""
    names = list(ARKIT_SHAPES)
    swapped = [
        name.replace("Left", "*").replace("Right", "Left").replace("*", "Right")
        if name.endswith(("Left", "Right"))
        else name
        for name in names
    ]
    return np.array([names.index(name) for name in swapped])


# ------------------------------------------------------------------------------------------------------------ response


def learn_response(records: Sequence[Record], rounds: int = 2) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return [P, 478, 3] landmarks at rest, [52, 478, 3] the response to shapes, and [478] the noise; metres."""
    people, free = len(records), 3 * SHAPES
    sights = [lines_of_sight(record.focal, record.seen, record.poses) for record in records]
    rest, response = np.zeros((people, COUNT, 3)), np.zeros((SHAPES, COUNT, 3))
    trust = [np.ones(record.seen.shape[:2]) for record in records]
    for _ in range(rounds):
        # Each person's own three unknowns are eliminated (Schur), which leaves the 156 that all share.
        shared, wanted = np.zeros((COUNT, free, free)), np.zeros((COUNT, free))
        parts = []
        for record, view, weight in zip(records, sights, trust, strict=True):
            own, mixed, both, own_side, side = _normal(record, *view, weight)
            solved = np.linalg.solve(own, np.concatenate((mixed, own_side[..., None]), axis=2))
            shared += both - mixed.transpose(0, 2, 1) @ solved[..., :-1]
            wanted += side - (mixed.transpose(0, 2, 1) @ solved[..., -1:])[..., 0]
            parts.append((own, mixed, own_side))
        shared[:, range(free), range(free)] += RIDGE * people
        moved = np.linalg.solve(shared, wanted[..., None])[..., 0]
        response = moved.reshape(COUNT, SHAPES, 3).transpose(1, 0, 2)
        squares = []
        for number, (own, mixed, own_side) in enumerate(parts):
            rest[number] = np.linalg.solve(own, (own_side - (mixed @ moved[..., None])[..., 0])[..., None])[..., 0]
            points = rest[number] + np.tensordot(records[number].weights, response, axes=1)
            error = np.linalg.norm(np.einsum("fjck,fjk->fjc", sights[number][0], points) - sights[number][1], axis=2)
            trust[number] = 1.0 / np.maximum(1.0, error / OUTLIER)
            squares.append(np.minimum(error, 3.0 * OUTLIER) ** 2)
    return rest, response, np.sqrt(np.concatenate(squares).mean(axis=0))


def _normal(
    record: Record, view: FloatArray, there: FloatArray, trust: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Blocks of one person's normal equations for all landmarks: own, mixed, shared, and both right-hand sides.

    A row of the equations is the product of weights and a sight, so the blocks are sums of products of their products.
    """
    weights, count = record.weights, len(record.weights)
    sights = np.einsum("fjca,fjcb,fj->fjab", view, view, trust).reshape(count, -1)
    sides = np.einsum("fjca,fjc,fj->fja", view, there, trust).reshape(count, -1)
    pairs = (weights[:, :, None] * weights[:, None]).reshape(count, -1)
    own = sights.sum(axis=0).reshape(COUNT, 3, 3) + 1e-6 * np.eye(3)
    mixed = (weights.T @ sights).reshape(SHAPES, COUNT, 3, 3).transpose(1, 2, 0, 3).reshape(COUNT, 3, -1)
    both = (pairs.T @ sights).reshape(SHAPES, SHAPES, COUNT, 3, 3).transpose(2, 0, 3, 1, 4)
    own_side = sides.sum(axis=0).reshape(COUNT, 3)
    side = (weights.T @ sides).reshape(SHAPES, COUNT, 3).transpose(1, 0, 2).reshape(COUNT, -1)
    return own, mixed, both.reshape(COUNT, 3 * SHAPES, 3 * SHAPES), own_side, side


# -------------------------------------------------------------------------------------------------------------- people


def look_at(head: str, seeds: Sequence[int]) -> Iterator[FloatArray]:
    """Give the vertices [V, 3] of random people."""
    for seed in seeds:
        yield build_head(head, complete(Traits(), seed), seed).vertices.double().numpy()


def stand_ins(head: str, records: Sequence[Record], rest: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return [478] the vertex that each landmark stays nearest to from person to person, and [478, 3] how far off."""
    vertices = np.stack(list(look_at(head, [record.seed for record in records])))
    weights = np.array((1.0, DEPTH, 1.0))
    chosen, off = np.zeros(COUNT, np.int64), np.zeros((COUNT, 3))
    for landmark in range(COUNT):
        apart = rest[:, landmark, None] - vertices
        mean = apart.mean(axis=0)
        cost = (apart.var(axis=0) + 0.05 * mean**2) @ weights
        chosen[landmark] = cost.argmin()
        off[landmark] = mean[chosen[landmark]]
    return chosen, off


def learn_people(people: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [478, 3] the average of people [P, 478, 3], and [K, 478, 3] modes for coefficients N(0, 1)."""
    mean = people.mean(axis=0)
    apart = (people - people.mean(axis=1, keepdims=True) + mean.mean(axis=0) - mean).reshape(len(people), -1)
    _, sizes, modes = np.linalg.svd(apart, full_matrices=False)
    scaled = modes[:MODES] * (sizes[:MODES] / np.sqrt(len(people)))[:, None]
    return mean, scaled.reshape(MODES, COUNT, 3)


def twins_of(mean: FloatArray) -> IntArray:
    """Return [478] the landmark on the other side of each."""
    middle = mean[:, 0].mean()
    flipped = mean * (-1.0, 1.0, 1.0) + (2.0 * middle, 0.0, 0.0)
    distance = np.linalg.norm(flipped[:, None] - mean[None], axis=2)
    # An iris lies within an eye: its points are looked for among themselves.
    iris = np.arange(COUNT) >= 468
    distance[iris[:, None] != iris[None]] = np.inf
    return distance.argmin(axis=1)


# --------------------------------------------------------------------------------------------------------------- clips


@dataclass(frozen=True)
class Clip:
    """Landmarks of one person before one lens, whose pose and expression are known.

    Attributes:
        seen: [F, 478, 2].
        weights: [F, 52].
        poses: of the head.
        focal: [F], the same for all.
    """

    seen: FloatArray
    weights: FloatArray
    poses: Poses
    focal: FloatArray


def make_clip(
    record: Record, rest: FloatArray, model: LandmarkModel, other_person: bool, random: np.random.Generator
) -> Clip:
    """Return some of a record's pictures as if one camera had taken them in one go.

    What the tracker was wrong by stays as it was in the pictures; the lens, expressions that move a little besides or
    are held, and who it is are changed by what the model knows.

    Args:
        record: where the pictures are from.
        rest: [478, 3] metres, the person's landmarks at rest.
        model: how landmarks move.
        other_person: whether it becomes somebody else's clip.
        random: draws.
    """
    chosen = _of_a_kind(record.weights, random)
    poses = Poses(record.poses.rotation[chosen], record.poses.position[chosen])
    first, focal = record.weights[chosen], record.focal[chosen]
    weights = _stirred(first, random)
    points = rest + np.tensordot(first, model.response, axes=1)
    moved = points + np.tensordot(weights - first, model.response, axes=1)
    if other_person:
        moved = moved + _somebody_else(rest, model, random)
    lens = np.full(len(chosen), np.exp(random.uniform(*np.log(LENSES))))
    centre = poses.rotation @ rest.mean(axis=0) + poses.position
    # As far away as the face is as large through the clip's lens as it was.
    away = np.stack((np.zeros_like(lens), centre[:, 1] * (lens / focal - 1.0), np.zeros_like(lens)), axis=1)
    placed = Poses(poses.rotation, poses.position + away)
    seen = record.seen[chosen] + project(placed.place(moved), lens) - project(poses.place(points), focal)
    return Clip(seen, weights, placed, lens)


def _of_a_kind(weights: FloatArray, random: np.random.Generator) -> IntArray:
    """Return which pictures, of weights [F, 52], make a clip; mostly ones that show the same shapes."""
    score = random.normal(size=len(weights))
    if random.uniform() < OF_A_KIND:
        wanted = np.abs(random.normal(size=SHAPES)) * (random.uniform(size=SHAPES) < KINDS)
        shown = weights @ wanted
        score = score * random.uniform() + shown / max(float(shown.std()), 1e-6)
    return np.argsort(-score)[: int(random.integers(SHORTEST_CLIP, LONGEST_CLIP + 1))]


def _stirred(weights: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return weights [F, 52] of a face on which more moves than what was asked for, some of it all along."""
    count = len(weights)
    moved = weights + _unrest(count, STIRRED_SIZE, random) * (random.uniform(size=(count, 1)) < STIRRED)
    if random.uniform() < HELD:
        moved = moved + _unrest(1, HELD_SIZE, random)
    moved = np.clip(moved, 0.0, 1.0)
    close, jaw = ARKIT_SHAPES.index("mouthClose"), ARKIT_SHAPES.index("jawOpen")
    moved[:, close] = np.minimum(moved[:, close], np.maximum(moved[:, jaw], weights[:, close]))
    return moved


def _unrest(count: int, size: float, random: np.random.Generator) -> FloatArray:
    """Return [count, 52] small weights of a few shapes, mostly of both sides and alike."""
    sides = other_sides()
    involved = random.uniform(size=(count, SHAPES)) < INVOLVED
    involved |= involved[:, sides] & (random.uniform(size=(count, SHAPES)) < TOGETHER)
    amount = np.abs(random.normal(size=(count, SHAPES)))
    amount = np.where(random.uniform(size=(count, 1)) < ALIKE, 0.5 * (amount + amount[:, sides]), amount)
    amount[:, ARKIT_SHAPES.index("tongueOut")] = 0.0
    moved: FloatArray = size * involved * amount
    return moved


def _somebody_else(rest: FloatArray, model: LandmarkModel, random: np.random.Generator) -> FloatArray:
    """Return [478, 3] what makes a person at rest somebody else, but for what no mode knows of."""
    modes = model.modes.reshape(len(model.modes), -1)
    apart = rest - model.mean
    own = np.linalg.lstsq(modes.T, (apart - apart.mean(axis=0)).ravel(), rcond=None)[0]
    return np.tensordot(random.normal(size=len(modes)) - own, model.modes, axes=1)


# ------------------------------------------------------------------------------------------------------------- network


def of_the_face(head: Head) -> Tensor:
    """Return [V] which vertices of a head's skin are of its face, rather than of skull and neck."""
    start, stop = head.topology.part("skin").vertices
    nose = head.landmark("multipie_30")
    near = (head.vertices - nose).norm(dim=1) < FACE_RADIUS
    near &= head.vertices[:, 1] < nose[1] + FACE_DEPTH
    near[:start], near[stop:] = False, False
    return near


def face_gram(head: str, people: int = 4) -> FloatArray:
    """Return [52, 52] mm^2: w' G w is the mean square that weights w move vertices of the face."""
    total = np.zeros((SHAPES, SHAPES))
    for seed in range(31, 31 + people):
        built = build_head(head, complete(Traits(), seed), seed)
        near = of_the_face(built)
        moved = 1e3 * load_model(head).shapes(built)[:SHAPES, near].double().numpy().reshape(SHAPES, -1)
        total += moved @ moved.T / int(near.sum())
    return total / people


@dataclass(frozen=True)
class Samples:
    """What the network learns from.

    Attributes:
        features: [N, 956].
        weights: [N, 52].
        turns: [N, 3] radians.
        grams: [N, 52, 52] would be much: [N] index into the head models' grams.
        held_back: [N] whether it is only looked at afterwards.
    """

    features: Tensor
    weights: Tensor
    turns: Tensor
    grams: Tensor
    held_back: Tensor


def samples_of(
    record: Record,
    rest: FloatArray,
    modes: FloatArray,
    steady: tuple[IntArray, FloatArray],
    random: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return [F, 956] features and [F, 3] turns, the person and the lens known as well as from footage."""
    unsure = np.tensordot(random.normal(size=len(modes)) * UNSURE_OF_PERSON, modes, axes=1)
    neutral = rest + unsure + random.normal(size=rest.shape) * UNSURE_OF_LANDMARK
    focal = record.focal * np.exp(random.normal() * UNSURE_OF_LENS)
    poses, offsets = offsets_at_rest(neutral, record.seen, focal, steady)
    return FEATURE_SCALE * offsets.reshape(len(offsets), -1), _lacking(poses, record.poses.rotation)


def samples_of_clip(clip: Clip, model: LandmarkModel, rounds: int) -> tuple[FloatArray, FloatArray]:
    """Return [F, 956] features and [F, 3] turns, the person and the lens known as the tracker finds them."""
    some = np.unique(np.linspace(0, len(clip.seen) - 1, CALIBRATION).round().astype(int))
    person = find_person(model, clip.seen[some], rounds=rounds)
    focal = np.full(len(clip.seen), person.focal)
    poses, offsets = offsets_at_rest(person.neutral, clip.seen, focal, model.steady)
    return FEATURE_SCALE * offsets.reshape(len(offsets), -1), _lacking(poses, clip.poses.rotation)


def _lacking(poses: Poses, rotation: FloatArray) -> FloatArray:
    """Return [F, 3] radians about the head's axes: the small turn from poses to the true rotation [F, 3, 3]."""
    lacking = poses.rotation.transpose(0, 2, 1) @ rotation
    turned = (
        lacking[:, 2, 1] - lacking[:, 1, 2],
        lacking[:, 0, 2] - lacking[:, 2, 0],
        lacking[:, 1, 0] - lacking[:, 0, 1],
    )
    return 0.5 * np.stack(turned, axis=1)


def train(samples: Samples, grams: Tensor, epochs: int, squared: bool) -> Network:
    """Return what was learnt; its doubt is from people that were held back.

    Args:
        samples: what it learns from.
        grams: [H, 52, 52] as from `face_gram`, of the head models.
        epochs: how often it sees each sample.
        squared: whether the mean square distance of vertices is to be small, rather than the mean distance.
    """
    torch.manual_seed(0)
    learnt, kept = (torch.nonzero(chosen)[:, 0] for chosen in (~samples.held_back, samples.held_back))
    centre, spread = samples.features[learnt].mean(dim=0), samples.features[learnt].std(dim=0).clamp(min=0.05)
    features = (samples.features - centre) / spread
    network = nn.Sequential(
        nn.Linear(2 * COUNT, HIDDEN), nn.ReLU(), nn.Dropout(DROPPED),
        nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(DROPPED), nn.Linear(HIDDEN, SHAPES + 3),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    steps = epochs * (len(learnt) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)

    def loss(out: Tensor, index: Tensor) -> Tensor:
        error = out[:, :SHAPES] - samples.weights[index]
        moved = torch.einsum("bi,bij,bj->b", error, grams[samples.grams[index]], error)
        turned = out[:, SHAPES:] - TURNS * samples.turns[index]
        distance = moved if squared else DISTANCE_SHARE * (moved.clamp(min=0.0) + LEAST_DISTANCE).sqrt()
        return distance.mean() + 4.0 * error.square().mean() + turned.square().mean()

    for epoch in range(epochs):
        network.train()
        order = learnt[torch.randperm(len(learnt))]
        for number in range(len(learnt) // BATCH):
            index = order[number * BATCH : (number + 1) * BATCH]
            noisy = features[index] + JITTER * torch.randn(len(index), features.shape[1])
            optimiser.zero_grad()
            loss(network(noisy), index).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if epoch % 10 == 9:
            network.eval()
            with torch.no_grad():
                error = network(features[kept])[:, :SHAPES].clamp(0.0, 1.0) - samples.weights[kept]
                moved = torch.einsum("bi,bij,bj->b", error, grams[samples.grams[kept]], error).clamp(min=0).sqrt()
                static = samples.weights[kept]
                still = torch.einsum("bi,bij,bj->b", static, grams[samples.grams[kept]], static).clamp(min=0).sqrt()
            print(
                f"epoch {epoch + 1}: {moved.mean():.3f} mm where the face at rest is off by {still.mean():.3f}",
                flush=True,
            )
    doubt = error.square().mean(dim=0).sqrt()
    return Network(centre.double().numpy(), spread.double().numpy(), _layers(network), doubt.double().numpy())


def _layers(network: nn.Sequential) -> tuple[Layer, ...]:
    """Return the layers of a trained network; the last gives turns in radians."""
    linear = [layer for layer in network if isinstance(layer, nn.Linear)]
    scale = torch.ones(SHAPES + 3)
    scale[SHAPES:] = 1.0 / TURNS
    layers = []
    for number, layer in enumerate(linear):
        scaled = scale if number == len(linear) - 1 else torch.ones(layer.out_features)
        weight, bias = (layer.weight * scaled[:, None]).detach().T, (layer.bias * scaled).detach()
        layers.append(Layer(weight.double().numpy(), bias.double().numpy()))
    return tuple(layers)


# ---------------------------------------------------------------------------------------------------------------- main


def learn(work: Path, looked_at: int) -> None:
    """Learn from the pictures in a folder and write `TARGET`."""
    records = read_records(work)
    heads = sorted({record.head for record in records})
    rests, responses, noises, crowd = {}, [], [], []
    for head in heads:
        own = [record for record in records if record.head == head]
        rests[head], response, noise = learn_response(own)
        responses.append(response)
        noises.append(noise)
        chosen, off = stand_ins(head, own, rests[head])
        seeds = range(FIRST_LOOKED_AT, FIRST_LOOKED_AT + looked_at)
        crowd += [vertices[chosen] + off for vertices in look_at(head, seeds)]
        print(f"{head}: {len(own)} people, noise {1e3 * noise.mean():.2f} mm", flush=True)
    mean, modes = learn_people(np.stack(crowd))
    response, noise = np.mean(responses, axis=0), np.mean(noises, axis=0)
    twins, sides = twins_of(mean), other_sides()
    response = 0.5 * (response + response[sides][:, twins] * (-1.0, 1.0, 1.0))
    noise = 0.5 * (noise + noise[twins])
    grams = torch.from_numpy(np.stack([face_gram(head) for head in heads])).float()
    samples = _samples(records, rests, modes, steady_landmarks(response, noise), twins, sides, heads)
    finding = train(samples, grams, FIRST_EPOCHS, squared=True)
    model = LandmarkModel(mean, modes, response, noise, finding, finding)
    samples = _samples_of_clips(records, rests, model, twins, sides, heads)
    _write(replace(model, network=train(samples, grams, EPOCHS, squared=False)))


def _write(model: LandmarkModel) -> None:
    arrays = {name: getattr(model, name) for name in ("mean", "modes", "response", "noise")}
    for start, network in (("finding_", model.finding), ("", model.network)):
        arrays |= {start + name: getattr(network, name) for name in ("centre", "spread", "doubt")}
        for number, layer in enumerate(network.layers):
            arrays |= {f"{start}weight_{number}": layer.weight, f"{start}bias_{number}": layer.bias}
    np.savez_compressed(TARGET, **{name: array.astype(np.float32) for name, array in arrays.items()})


def _samples(
    records: Sequence[Record],
    rests: dict[str, FloatArray],
    modes: FloatArray,
    steady: tuple[IntArray, FloatArray],
    twins: IntArray,
    sides: IntArray,
    heads: Sequence[str],
) -> Samples:
    random = np.random.default_rng(0)
    features, weights, turns, grams, held_back = [], [], [], [], []
    for head in heads:
        own = [record for record in records if record.head == head]
        for number, (record, rest) in enumerate(zip(own, rests[head], strict=True)):
            other = mirrored(record, twins, sides), rest[twins] * (-1.0, 1.0, 1.0)
            for each, landmarks in ((record, rest), other):
                seen, turn = samples_of(each, landmarks, modes, steady, random)
                features.append(seen)
                weights.append(each.weights)
                turns.append(turn)
                grams += [heads.index(head)] * len(seen)
                held_back += [number >= len(own) - HELD_BACK] * len(seen)
    return _stacked(features, weights, turns, grams, held_back)


def _samples_of_clips(
    records: Sequence[Record],
    rests: dict[str, FloatArray],
    model: LandmarkModel,
    twins: IntArray,
    sides: IntArray,
    heads: Sequence[str],
) -> Samples:
    random = np.random.default_rng(3)
    features, weights, turns, grams, held_back = [], [], [], [], []
    for head in heads:
        own = [record for record in records if record.head == head]
        for number, (record, rest) in enumerate(zip(own, rests[head], strict=True)):
            for clip_number in range(CLIPS):
                clip = make_clip(record, rest, model, clip_number > 0, random)
                seen, turn = samples_of_clip(clip, model, rounds=2 + clip_number % 2)
                glass = seen.reshape(-1, COUNT, 2)[:, twins] * (-1.0, 1.0)
                features += [seen, glass.reshape(seen.shape)]
                weights += [clip.weights, clip.weights[:, sides]]
                turns += [turn, turn * (1.0, -1.0, -1.0)]
                grams += [heads.index(head)] * 2 * len(seen)
                held_back += [number >= len(own) - HELD_BACK] * 2 * len(seen)
    return _stacked(features, weights, turns, grams, held_back)


def _stacked(
    features: list[FloatArray],
    weights: list[FloatArray],
    turns: list[FloatArray],
    grams: list[int],
    held_back: list[bool],
) -> Samples:
    """Return samples without those of which the pose was not found."""
    stacked = [torch.from_numpy(np.concatenate(each)).float() for each in (features, weights, turns)]
    good = (stacked[0].abs().amax(dim=1) < 6.0) & (stacked[2].norm(dim=1) < 0.5)
    rest = (torch.tensor(grams), torch.tensor(held_back))
    return Samples(*(each[good] for each in (*stacked, *rest)))


def main() -> None:
    """Take the pictures that are not there yet, and learn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="where pictures' landmarks are kept")
    parser.add_argument("--people", type=int, default=100, help="of each head model")
    parser.add_argument("--pictures", type=int, default=100, help="of each person")
    parser.add_argument("--looked-at", type=int, default=220, help="people of each head model without pictures")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    for head in (head.name for head in HEADS if head.installed):
        for seed in range(FIRST_PERSON, FIRST_PERSON + options.people):
            file = options.work / f"{head}-{seed}.npz"
            if not file.exists():
                take_pictures(head, seed, options.pictures, file)
                print(file.name, flush=True)
    learn(options.work, options.looked_at)


if __name__ == "__main__":
    main()
