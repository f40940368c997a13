"""Makes `motion/tracking/landmark_model.npz`: how MediaPipe's landmarks lie and move on our own people.

    python -m dreamface.training.landmark_model WORK --people 100 --pictures 100

1. Random people of every head model that is installed make random expressions before random cameras in random light,
   and the tracker says where it sees its landmarks (`WORK/*.npz`; what is there already is not made again).
2. As pose, lens and expression are known, where each landmark lies on a person at rest, and how each of the 52 shapes
   moves it, is a linear least squares problem, with Huber's weights.
3. On each head model the vertex that a landmark stays nearest to, from person to person, stands for it: so hundreds
   more people are looked at without any picture, for the modes in which people differ.
4. A network (956-256-256-55, ReLU) learns to tell weights, and the turn that the pose lacks, from landmarks on the head
   (DreamFace, equation 17), by the distance that vertices of the face move and by the weights themselves. The person
   at rest is known to it as well as it will be from footage: with an error.

Takes two hours for two hundred people on two cores, most of it for pictures.
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
from dreamface.face import Head
from dreamface.head import load_model
from dreamface.models import HEADS
from dreamface.motion.tracking.landmarks import COUNT, FaceMesh
from dreamface.motion.tracking.model import FEATURE_SCALE, FILE, steady_landmarks
from dreamface.motion.tracking.person import lines_of_sight, offsets_at_rest
from dreamface.motion.tracking.pose import Poses
from dreamface.pipeline import build_head
from dreamface.prior import complete
from dreamface.training.expressions import random_expression
from dreamface.training.snapshots import Person, random_light, random_view
from dreamface.traits import ARKIT_SHAPES, Traits

TARGET: Final = Path(__file__).parents[1] / "motion" / "tracking" / FILE

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
EPOCHS: Final = 60
BATCH: Final = 256
UNSURE_OF_PERSON: Final = 0.2
"""Standard deviation of the modes' coefficients from the person's own, as they are found in footage."""

UNSURE_OF_LANDMARK: Final = 4e-4
UNSURE_OF_LENS: Final = 0.15
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
    lacking = poses.rotation.transpose(0, 2, 1) @ record.poses.rotation
    turns = 0.5 * np.stack(
        (
            lacking[:, 2, 1] - lacking[:, 1, 2],
            lacking[:, 0, 2] - lacking[:, 2, 0],
            lacking[:, 1, 0] - lacking[:, 0, 1],
        ),
        axis=1,
    )
    return FEATURE_SCALE * offsets.reshape(len(offsets), -1), turns


def train(samples: Samples, grams: Tensor) -> tuple[nn.Sequential, Tensor, Tensor, FloatArray]:
    """Return the network, what its features are centred and divided by, and [52] its doubt."""
    torch.manual_seed(0)
    learnt, kept = (torch.nonzero(chosen)[:, 0] for chosen in (~samples.held_back, samples.held_back))
    centre, spread = samples.features[learnt].mean(dim=0), samples.features[learnt].std(dim=0).clamp(min=0.05)
    features = (samples.features - centre) / spread
    network = nn.Sequential(
        nn.Linear(2 * COUNT, HIDDEN), nn.ReLU(), nn.Dropout(DROPPED),
        nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(DROPPED), nn.Linear(HIDDEN, SHAPES + 3),
    )  # fmt: skip
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    steps = EPOCHS * (len(learnt) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)

    def loss(out: Tensor, index: Tensor) -> Tensor:
        error = out[:, :SHAPES] - samples.weights[index]
        moved = torch.einsum("bi,bij,bj->b", error, grams[samples.grams[index]], error)
        turned = out[:, SHAPES:] - TURNS * samples.turns[index]
        return moved.mean() + 4.0 * error.square().mean() + turned.square().mean()

    for epoch in range(EPOCHS):
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
    return network, centre, spread, error.square().mean(dim=0).sqrt().double().numpy()


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
    samples = _samples(records, rests, modes, steady_landmarks(response, noise), twins, sides, heads)
    grams = torch.from_numpy(np.stack([face_gram(head) for head in heads])).float()
    network, centre, spread, doubt = train(samples, grams)
    layers = [layer for layer in network if isinstance(layer, nn.Linear)]
    arrays = {"mean": mean, "modes": modes, "response": response, "noise": noise, "doubt": doubt}
    arrays |= {"centre": centre.numpy(), "spread": spread.numpy()}
    for number, layer in enumerate(layers):
        scale = torch.ones(layer.out_features)
        if number == len(layers) - 1:
            scale[SHAPES:] = 1.0 / TURNS
        arrays[f"weight_{number}"] = (layer.weight * scale[:, None]).detach().T.numpy()
        arrays[f"bias_{number}"] = (layer.bias * scale).detach().numpy()
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
