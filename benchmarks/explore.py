"""How long a grid of neighbours takes: `python benchmarks/explore.py [--head anny|ict] [--axes nose.width identity]`.

Prints for a made-up person when the first picture and all 25 were there, and how much of the processors' time that
took, which other work on the machine changes less. Everything is warm: one grid was made before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import time

from dreamface.errors import DreamFaceError
from dreamface.pipeline import Axis, explore, generate
from dreamface.record import FaceRecord

HEADS = ("anny", "ict")
GRIDS = (("nose.width", "jaw.width"), ("nose.width", "identity"), ("identity", "age"), ("skin.melanin", "hair.length"))
PROMPT, SEED = "a woman of forty with short hair", 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", choices=HEADS)
    parser.add_argument("--axes", nargs=2)
    parser.add_argument("--size", type=int, default=160)
    chosen = parser.parse_args()
    print(f"{chosen.size} x {chosen.size} pixels, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name in (chosen.head,) if chosen.head else HEADS:
        try:
            record = generate(PROMPT, seed=SEED, resolution=512, head=name).record
        except DreamFaceError as error:
            print(f"{name}: {error}")
            continue
        explore(record, (Axis("gender"), Axis("identity")), size=chosen.size)
        for right, up in [tuple(chosen.axes)] if chosen.axes else GRIDS:
            measure(name, record, (Axis(right), Axis(up)), chosen.size)


def measure(name: str, record: FaceRecord, axes: tuple[Axis, Axis], size: int) -> None:
    """Time one grid and print it."""
    times: list[tuple[float, float]] = []
    wall, busy = time.perf_counter(), time.process_time()
    explore(record, axes, size=size, shown=lambda _: times.append((time.perf_counter(), time.process_time())))
    (first, first_busy), (last, last_busy) = times[0], times[-1]
    print(
        f"{name:5s} {axes[0].name:14s} {axes[1].name:14s} first {first - wall:5.2f} s ({first_busy - busy:5.2f} s), "
        f"all {last - wall:5.2f} s ({last_busy - busy:5.2f} s of processor time)"
    )


if __name__ == "__main__":
    main()
