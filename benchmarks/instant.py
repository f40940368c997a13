"""Processor time of a face by its parts, in batches: `python benchmarks/instant.py [--head anny|ict] [--people 64]`.

Prints for each part the milliseconds of processor time that a face takes, all threads together, beside what is aimed
at. Everything is warm. Processor time is what other work on the machine changes least; where torch spreads over two
processors, a face is there in less. `--glance` prints the parts of a small picture of a new person instead.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator

import torch

from dreamface import pipeline
from dreamface.face import Head
from dreamface.head import load_model
from dreamface.pipeline.people import build_heads
from dreamface.prior import complete
from dreamface.skin import Painter
from dreamface.traits import Traits

PROMPTS = (
    "an old fisherman with a hooked nose", "a young woman with freckles and red hair", "a black man with a short beard",
    "an elderly Japanese woman", "a boy with a scar on the left cheek", "a heavy man with a moustache",
    "a pale girl with braids", "a tired nurse of fifty",
)  # fmt: skip
AIMS = {
    "shape": 10.0, "52 expressions": 10.0, "maps at 128": 12.0, "maps at 512": 90.0, "preview at 128": 25.0,
    "preview at 512": 250.0,
}  # fmt: skip
"""Milliseconds of a face."""

_YAW = 0.35  # radians off the front, as in a face's preview


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny", choices=("anny", "ict"))
    parser.add_argument("--people", type=int, default=64)
    parser.add_argument("--pictures", type=int, default=8, help="people who are painted and photographed")
    parser.add_argument("--glance", action="store_true")
    chosen = parser.parse_args()
    print(f"{chosen.head}, {torch.get_num_threads()} threads of torch, load {os.getloadavg()[0]:.1f}", flush=True)
    if chosen.glance:
        glances(chosen.head, chosen.people)
        return
    people = [complete(pipeline.read(PROMPTS[i % len(PROMPTS)]).traits, i) for i in range(chosen.people)]
    for part, milliseconds in parts(chosen.head, people, chosen.pictures):
        print(f"{part:16s} {milliseconds:7.1f} ms   aim {AIMS[part]:.0f} ms", flush=True)


def parts(model: str, people: list[Traits], pictures: int) -> Iterator[tuple[str, float]]:
    """Yield each part and its milliseconds a face."""
    seeds = list(range(len(people)))
    build_heads(model, people[:4], seeds[:4])
    heads: list[Head] = []
    yield "shape", used(lambda: heads.extend(build_heads(model, people, seeds))) / len(people)
    kind = load_model(model)
    kind.shapes(heads[0])
    yield "52 expressions", used(lambda: [kind.shapes(head) for head in heads]) / len(people)
    some = list(zip(heads, people, seeds, strict=True))[:pictures]
    painted = {}
    for size in (128, 512):

        def paint(size: int = size) -> None:
            for head, person, seed in some:
                painted[size, seed] = Painter().paint(head, person, resolution=size, seed=seed)

        Painter().paint(heads[-1], people[-1], resolution=size, seed=seeds[-1])
        yield f"maps at {size}", used(paint) / len(some)
    faces = [next(iter(pipeline.generate_many([person], [seed], resolution=512, head=model)))
             for _, person, seed in some]  # fmt: skip
    for size in (128, 512):

        def take(size: int = size) -> None:
            for face in faces:
                pipeline.portraits(face, [_YAW], size)

        take()
        yield f"preview at {size}", used(take) / len(faces)


def glances(model: str, people: int) -> None:
    """Print what a small picture of a new person takes."""
    pipeline.glance(PROMPTS[0], seed=99, head=model)

    def take() -> None:
        for seed in range(people):
            pipeline.glance(PROMPTS[seed % len(PROMPTS)], seed=seed, head=model)

    print(f"a glance: {used(take) / people:.0f} ms")


def used(action: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that something takes."""
    begun = time.process_time()
    action()
    return 1000.0 * (time.process_time() - begun)


if __name__ == "__main__":
    main()
