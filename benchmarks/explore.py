"""How long a grid of neighbours takes: `python benchmarks/explore.py [--head anny|ict] [--axes nose.width identity]`.

With `--glances 16` it is pictures of as many people to choose from instead, one after the other and as the service
takes them, in turns, beside four faces of 512 pixels that are made and saved, which was what one could choose from.

Prints for a made-up person when the first picture and all 25 were there, and how much of the processors' time that
took, which other work on the machine changes less. Everything is warm: one grid was made before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from functools import partial
from pathlib import Path

from dreamface import folder
from dreamface.errors import DreamFaceError
from dreamface.pipeline import Axis, explore, generate, glance
from dreamface.progress import Progress
from dreamface.record import FaceRecord
from dreamface.service.glances import Glances

HEADS = ("anny", "ict")
GRIDS = (("nose.width", "jaw.width"), ("nose.width", "identity"), ("identity", "age"), ("skin.melanin", "hair.length"))
PROMPT, SEED = "a woman of forty with short hair", 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", choices=HEADS)
    parser.add_argument("--axes", nargs=2)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--glances", type=int, metavar="PEOPLE")
    chosen = parser.parse_args()
    print(f"{chosen.size} x {chosen.size} pixels, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for name in (chosen.head,) if chosen.head else HEADS:
        if chosen.glances:
            glances(name, chosen.glances, chosen.size)
            continue
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


def glances(name: str, people: int, size: int) -> None:
    """Time pictures of people to choose from and print it."""
    asked = [{"prompt": PROMPT, "seed": seed, "head": name, "size": size} for seed in range(people + 1)]
    glance(**asked.pop())
    generate(PROMPT, seed=SEED, resolution=512, head=name)
    taken = Glances(lambda request: glance(**request))
    pieces = [asked[start : start + 4] for start in range(0, people, 4)]
    spent = dict.fromkeys(("one by one", "two at a time", "four faces"), (0.0, 0.0))
    with tempfile.TemporaryDirectory() as place:
        for number, piece in enumerate(pieces):
            following = [*piece[1:], None]
            ways = {
                "one by one": [partial(glance, **one) for one in piece],
                "two at a time": [
                    partial(taken.get, one, [after] if after else [], Progress())
                    for one, after in zip(piece, following, strict=True)
                ],
                "four faces": [partial(_made, name, number, Path(place) / str(number))],
            }
            for way, actions in ways.items():
                wall, busy = time.perf_counter(), time.process_time()
                for action in actions:
                    action()
                spent[way] = (
                    spent[way][0] + time.perf_counter() - wall, spent[way][1] + time.process_time() - busy
                )  # fmt: skip
    faces = spent.pop("four faces")
    four = tuple(4.0 * one / len(pieces) for one in faces)
    print(f"{name:5s} four faces {four[0]:5.2f} s ({four[1]:5.2f} s of processor time)")
    for way, (wall, busy) in spent.items():
        ratios = f"{wall / four[0]:.2f} ({busy / four[1]:.2f}) times as long"
        print(f"{name:5s} {people} at a glance, {way} {wall:5.2f} s ({busy:5.2f} s), {ratios}")


def _made(name: str, seed: int, place: Path) -> None:
    folder.save(generate(PROMPT, seed=seed, resolution=512, head=name), place)


if __name__ == "__main__":
    main()
