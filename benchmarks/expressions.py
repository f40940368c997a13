"""Personal expressions beside pasted ones: how far apart, what folds, lids and lips, symmetry, and the time they take.

python benchmarks/expressions.py [--head anny|ict] [--seeds 6]

"Pasted" is the template's offsets times the face's size, with the same corrections of lids and lips after it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import PoseTransfer, folded_pairs
from dreamface.head import HeadModel, HeadSource, load_model
from dreamface.language import read
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import ARKIT_SHAPES

MM = 1e3
PEOPLE = (
    ("a six year old girl", 4),
    ("an elf with very large slanted eyes, a tiny nose, a wide mouth and a narrow pointed chin", 5),
    ("a heavy old man with a big nose and a double chin", 6),
    ("a broad-jawed young man with a wide mouth", 7),
    ("a thin old woman with sunken cheeks", 8),
)
SHOWN = ("mouthSmileLeft", "eyeBlinkLeft", "jawOpen", "mouthFunnel", "browInnerUp", "noseSneerLeft", "mouthPucker")
CLOSED = (
    "mouthPucker", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthPressLeft", "mouthStretchLeft",
    "mouthLeft", "mouthRight", "mouthDimpleLeft", "cheekPuff", "cheekSquintLeft",
)  # fmt: skip


def main() -> None:
    """Print one table a head model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", choices=("anny", "ict"), action="append")
    parser.add_argument("--seeds", type=int, default=0, help="that many more people, drawn")
    args = parser.parse_args()
    for name in args.head or ("anny", "ict"):
        model = load_model(name)
        heads = {prompt: person(model, prompt, seed) for prompt, seed in PEOPLE}
        heads |= {f"drawn, seed {seed}": person(model, "a person", seed) for seed in range(100, 100 + args.seeds)}
        model.shapes(next(iter(heads.values())))  # what is prepared once
        print(f"\n{name}")
        for label, head in heads.items():
            report(model, head, label)


def person(model: HeadModel, prompt: str, seed: int) -> Head:
    """Return the head of a prompt."""
    return model.build(HeadSource(complete(read(prompt).traits, seed), stream(seed, "head")))


@contextmanager
def pasted() -> Iterator[None]:
    """Have all transfers change nothing."""
    real = PoseTransfer.corrections
    PoseTransfer.corrections = lambda self, shape, scale: torch.zeros_like(real(self, shape, scale))  # type: ignore[method-assign]
    try:
        yield
    finally:
        PoseTransfer.corrections = real  # type: ignore[method-assign]


def report(model: HeadModel, head: Head, label: str) -> None:
    """Print one person's figures, those of pasted shapes in brackets."""
    start = time.perf_counter()
    personal = model.shapes(head)
    seconds = time.perf_counter() - start
    with pasted():
        old = model.shapes(head)
    apart = MM * torch.linalg.vector_norm(personal - old, dim=-1).amax(dim=1)
    print(f"{label}: {1e3 * seconds:.0f} ms")
    shown = ", ".join(f"{name} {float(apart[ARKIT_SHAPES.index(name)]):.2f}" for name in SHOWN)
    print(
        f"  apart at most, mm: {shown}; all shapes: median {float(apart.median()):.2f}, most {float(apart.max()):.2f}"
    )
    face = head.topology.faces[slice(*head.topology.part("skin").faces)]
    folds = [
        sum(folded_pairs(face, head.vertices, head.vertices + shape) for shape in shapes[:52])
        for shapes in (personal, old)
    ]
    print(f"  folded pairs of faces, all shapes: {folds[0]} ({folds[1]})")
    for name, found in contact(model, head, personal).items():
        print(f"  {name}, mm: {found:.2f} ({contact(model, head, old)[name]:.2f})")


def contact(model: HeadModel, head: Head, shapes: Tensor) -> dict[str, float]:
    """Return how far lids and lips gape and cross, in millimetres."""
    found = _ict_contact(model, head, shapes) if model.name == "ict" else _anny_contact(model, head, shapes)
    return {name: MM * value for name, value in found.items()}


def _ict_contact(model: HeadModel, head: Head, shapes: Tensor) -> dict[str, float]:
    motion = model._motion  # type: ignore[attr-defined]
    lids = []
    for side, name in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
        pose = motion.eyeballs[side].fit(head.vertices)
        lids.append(motion.lids[side].openings(head.vertices + shapes[ARKIT_SHAPES.index(name)], pose))
    posed = torch.stack([head.vertices + shapes[ARKIT_SHAPES.index(name)] for name in CLOSED])
    lips = motion.lips.openings(posed[:, motion.lips.known])[:, 2:-2]
    return {
        "lids shut, widest gap": float(torch.cat(lids).max()),
        "lids shut, deepest crossing": -float(torch.cat(lids).min()),
        "lips closed, widest gap": float(lips.max()),
        "lips closed, deepest crossing": -float(lips.min()),
    }


def _anny_contact(model: HeadModel, head: Head, shapes: Tensor) -> dict[str, float]:
    cage = model._bank.cage  # type: ignore[attr-defined]
    lids = torch.cat([
        _apart(head.vertices, head.vertices + shapes[ARKIT_SHAPES.index(name)], rings[2])
        for rings, name in zip(cage.lid_rings, ("eyeBlinkLeft", "eyeBlinkRight"), strict=True)
    ])  # fmt: skip
    rest = _apart(head.vertices, head.vertices, cage.lip_rings[1])
    posed = [head.vertices + shapes[ARKIT_SHAPES.index(name)] for name in CLOSED]
    lips = torch.cat([_apart(head.vertices, vertices, cage.lip_rings[1]) - rest for vertices in posed])
    return {
        "lids shut, widest gap": float(lids.max()), "lids shut, deepest crossing": -float(lids.min()),
        "lips, wider than at rest by": float(lips.max()), "lips, deeper into each other by": -float(lips.min()),
    }  # fmt: skip


def _apart(rest: Tensor, posed: Tensor, ring: np.ndarray) -> Tensor:
    """Return [K] metres that an opening's upper edge stands over its lower one, at the upper one's columns."""
    from dreamface.head.anny.motion import _halves

    upper, lower = _halves(rest[ring].numpy())
    points = posed[ring].numpy()
    order = lower[np.argsort(points[lower, 0])]
    facing = np.interp(points[upper, 0], points[order, 0], points[order, 2])
    return torch.from_numpy(points[upper, 2] - facing)


if __name__ == "__main__":
    main()
