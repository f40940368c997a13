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
            first: list[tuple[float, float]] = []
            wall, busy = time.perf_counter(), time.process_time()
            explore(
                record,
                (Axis(right), Axis(up)),
                size=chosen.size,
                shown=lambda _: first.append((time.perf_counter(), time.process_time())),
            )
            print(
                f"{name:5s} {right:14s} {up:14s} first {first[0][0] - wall:5.2f} s ({first[0][1] - busy:5.2f} s), "
                f"all {first[-1][0] - wall:5.2f} s ({first[-1][1] - busy:5.2f} s of processor time)"
            )


if __name__ == "__main__":
    main()
