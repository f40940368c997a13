"""What ICT-FaceKit's blend shapes do on 50 people: lids, lips, folds, the eyeball half-way, and the time they take.

python benchmarks/ict_motion.py [PEOPLE]     (ICT-FaceKit must be installed)
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from torch import Tensor

from dreamface.geometry import folded_pairs
from dreamface.head.ict.model import IctHead
from dreamface.head.ict.motion import SHAPE_NAMES, Motion
from dreamface.head.ict.source import load_source

MM = 1e3
CLOSED = (
    "mouthPucker", "mouthFunnel", "mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthSmileLeft", "mouthSmileRight", "mouthLeft", "mouthRight", "cheekPuff",
)  # fmt: skip
FOLDING = ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthPucker")


def main() -> None:
    """Print the table."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    source, topology = load_source(), IctHead().topology
    start = time.perf_counter()
    motion = Motion(source, topology)
    print(f"Motion made in {time.perf_counter() - start:.2f} s; {people} people")
    face = topology.faces[slice(*topology.part("skin").faces)]
    rows: dict[str, list[float]] = {}
    for seed in range(1, people + 1):
        beta = torch.randn(len(source.modes), generator=torch.Generator().manual_seed(seed))
        drawn = source.neutral + torch.einsum("m,mvx->vx", beta, source.modes)
        start = time.perf_counter()
        person = drawn + motion.settle(drawn)
        _note(rows, "settle, ms", 1e3 * (time.perf_counter() - start))
        start = time.perf_counter()
        shapes = dict(zip(SHAPE_NAMES, motion.shapes(person), strict=True))
        _note(rows, "shapes, ms", 1e3 * (time.perf_counter() - start))
        _lids(rows, motion, person, shapes)
        _lips(rows, motion, drawn, person, shapes)
        _halfway(rows, motion, person, shapes)
        for name in FOLDING:
            _note(rows, f"{name}: folded pairs of faces", folded_pairs(face, person, person + shapes[name]))
    print(f"{'':44}{'median':>10}{'lowest':>10}{'highest':>10}")
    for name, values in rows.items():
        print(f"{name:44}{np.median(values):10.2f}{min(values):10.2f}{max(values):10.2f}")


def _note(rows: dict[str, list[float]], name: str, value: float) -> None:
    rows.setdefault(name, []).append(float(value))


def _lids(rows: dict[str, list[float]], motion: Motion, person: Tensor, shapes: dict[str, Tensor]) -> None:
    for side, name in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
        pose = motion.eyeballs[side].fit(person)
        lids = motion.lids[side]
        for label, weight in (("shut", 1.0), ("half shut", 0.5)):
            posed = person + weight * shapes[name]
            least = motion.eyeballs[side].height(posed[lids.edge], pose, torch.eye(3)).min()
            _note(rows, f"eyeBlink {label}: lids' edge off the eyeball, mm", MM * float(least))
        opening = lids.openings(person + shapes[name], pose)
        _note(rows, "eyeBlink: widest gap, mm", MM * float(opening.max()))
        _note(rows, "eyeBlink: deepest crossing, mm", -MM * float(opening.min()))


def _lips(
    rows: dict[str, list[float]], motion: Motion, drawn: Tensor, person: Tensor, shapes: dict[str, Tensor]
) -> None:
    poses = {"as drawn": drawn, "settled": person}
    poses |= {"jawOpen + mouthClose": person + shapes["jawOpen"] + shapes["mouthClose"]}
    poses |= {"half of both": person + 0.5 * (shapes["jawOpen"] + shapes["mouthClose"])}
    poses |= {name: person + shapes[name] for name in CLOSED}
    for name, posed in poses.items():
        opening = motion.lips.openings(posed[motion.lips.known][None])[0, 2:-2]
        _note(rows, f"lips, {name}: widest gap, mm", MM * float(opening.max()))
        _note(rows, f"lips, {name}: deepest crossing, mm", -MM * float(opening.min()))


def _halfway(rows: dict[str, list[float]], motion: Motion, person: Tensor, shapes: dict[str, Tensor]) -> None:
    """A blend shape moves along a chord: half-way a turned eyeball has shrunk about its axis."""
    eyeball = motion.eyeballs["left"]
    pose = eyeball.fit(person)
    for name in ("eyeLookOutLeft", "eyeLookDownLeft"):
        half = person + 0.5 * shapes[name]
        radius = torch.linalg.vector_norm(half[eyeball.rows] - pose.centre, dim=1)
        shrunk = torch.linalg.vector_norm(person[eyeball.rows] - pose.centre, dim=1) - radius
        _note(rows, f"{name} at 0.5: eyeball shrunk by, mm", MM * float(shrunk.max()))


if __name__ == "__main__":
    main()
