"""How well a head model meets what is asked for, and how free it stays: 200 requests of 3 to 8 shape traits within +-2.

python benchmarks/traits_reached.py [anny | ict]     (ICT-FaceKit must be installed for "ict")
"""

from __future__ import annotations

import random
import sys
import time

import numpy as np
import torch

from dreamface.face import Head
from dreamface.head import HeadModel, HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import SHAPE_TRAITS, Traits

REQUESTS = 200
NEAR = 0.3  # standard deviations
PAIRS = 40
NOSE, ELSEWHERE = 0.03, 0.06  # metres from its tip


def main() -> None:
    """Print the share of asked-for traits met, the worst traits, the time a head takes, and how people differ."""
    name = sys.argv[1] if len(sys.argv) > 1 else "anny"
    model = load_model(name)
    draw = random.Random(0)
    missed: dict[str, list[float]] = {}
    seconds, lengths = [], []
    for seed in range(REQUESTS):
        asked = _request(draw)
        person = complete(asked, seed)
        start = time.perf_counter()
        head = model.build(HeadSource(person, stream(seed, "head")))
        seconds.append(time.perf_counter() - start)
        measured = model.measure(head)
        for trait in asked:
            missed.setdefault(trait, []).append(abs(measured[trait] - asked.number(trait)))
        modes = [value for key, value in head.identity.items() if key.startswith("mode.")]
        lengths.append(float(np.mean(np.square(modes))) if modes else 0.0)
    everything = np.concatenate([np.array(values) for values in missed.values()])
    print(
        f"{name}: asked-for traits within {NEAR} sd: {100.0 * (everything <= NEAR).mean():.1f} % of {len(everything)}"
    )
    print(f"median miss {np.median(everything):.3f} sd, 95th percentile {np.percentile(everything, 95):.2f} sd")
    print(f"median time per head {1000.0 * np.median(seconds):.0f} ms")
    worst = sorted(missed, key=lambda trait: -float(np.mean(missed[trait])))[:8]
    print("hardest:", ", ".join(f"{trait} ({np.mean(missed[trait]):.2f})" for trait in worst))
    if any(lengths):
        over = sum(length > 2.0 for length in lengths)
        print(f"mean squared Mahalanobis length per mode: {np.mean(lengths):.2f}, {max(lengths):.2f} at most")
        print(f"above 2 in {over} of {REQUESTS}")
    _print_variety(model)
    _print_locality(model)


def _request(draw: random.Random) -> Traits:
    names = draw.sample(SHAPE_TRAITS, draw.randint(3, 8))
    return Traits({name: draw.uniform(-2.0, 2.0) for name in names})


def _print_variety(model: HeadModel) -> None:
    """Two seeds with the same request beside two seeds with none, all of one age, sex, ancestry and build."""
    draw = random.Random(1)
    same, free = [], []
    for pair in range(PAIRS):
        asked = _request(draw)
        same.append(_distance(_of(model, asked, 2 * pair), _of(model, asked, 2 * pair + 1)))
        free.append(_distance(_of(model, Traits(), 2 * pair), _of(model, Traits(), 2 * pair + 1)))
    ratio = np.mean(same) / np.mean(free)
    print(f"two seeds, same request: {1000.0 * np.mean(same):.2f} mm apart (mean over the skin)")
    print(f"two seeds, no request: {1000.0 * np.mean(free):.2f} mm apart; ratio {ratio:.2f}")


def _print_locality(model: HeadModel) -> None:
    """How far skin moves, near and far from the nose's tip, when the nose gets a standard deviation wider."""
    near, far = [], []
    for seed in range(PAIRS):
        before = _of(model, Traits({"nose.width": 0.0}), seed)
        after = _of(model, Traits({"nose.width": 1.0}), seed, before.candidate)
        rows = slice(*before.topology.objects[0].vertices)
        moved = torch.linalg.vector_norm(after.vertices - before.vertices, dim=1)[rows]
        distance = torch.linalg.vector_norm(before.vertices[rows] - before.landmark("pronasale"), dim=1)
        near.append(float(moved[distance < NOSE].mean()))
        far.append(float(moved[distance > ELSEWHERE].mean()))
    print(f"nose.width 0 -> 1 moves the nose {1000.0 * np.mean(near):.2f} mm, the rest {1000.0 * np.mean(far):.2f} mm")


def _of(model: HeadModel, asked: Traits, seed: int, candidate: int | None = None) -> Head:
    person = {"age": 30.0, "gender": -1.0, "body.weight": 0.5, "body.muscle": 0.5, "ancestry.european": 1.0}
    return model.build(HeadSource(complete(asked.under(person), seed), stream(seed, "head"), candidate))


def _distance(one: Head, other: Head) -> float:
    """Mean distance between the skins' vertices, metres, with the heads' middles on each other."""
    rows = slice(*one.topology.objects[0].vertices)
    a, b = one.vertices[rows], other.vertices[rows]
    apart = (a - a.mean(dim=0)) - (b - b.mean(dim=0))
    return float(torch.linalg.vector_norm(apart, dim=1).mean())


if __name__ == "__main__":
    main()
