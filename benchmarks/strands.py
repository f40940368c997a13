"""How long a preview with hair takes: `python benchmarks/strands.py [--head anny|ict] [--size 512] [--strands 12000]`.

Prints the median over several runs on this machine's processor, of a portrait of a made-up person, bald and with hair
that hangs from the scalp, of strands with few and with many points. Everything is warm: Warp's kernels are compiled
once per user and loaded once per process before the clock starts. Next to it stands how much of the processors' time
that took, which other work on the machine changes less.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.hair import REGIONS, Strands
from dreamface.head import HeadSource, load_model
from dreamface.render import preview, vertex_normals
from dreamface.skin import materials, paint
from dreamface.traits import Traits

MAP_SIZE = 1024
ROUNDS = 7
PERSON = Traits({"age": 30.0, "gender": 0.0})
BROWN = (0.08, 0.04, 0.02)
POINTS = (24, 64)
LENGTH, RADIUS = 0.2, 1.2e-4  # metres
STEP_DOWN = 0.12  # how far a strand turns towards the floor with every twentieth of its length


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny", choices=("anny", "ict"))
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--strands", type=int, default=12_000)
    chosen = parser.parse_args()
    head = load_model(chosen.head).build(HeadSource(PERSON, torch.Generator().manual_seed(0)))
    print(f"{chosen.size} x {chosen.size} pixels, {chosen.strands} strands, {torch.get_num_threads()} torch threads")
    measure(head, chosen.size, "bald", None)
    for points in POINTS:
        measure(head, chosen.size, f"{points} points", hanging(head, chosen.strands, points))


def measure(head: Head, size: int, name: str, strands: Strands | None) -> None:
    """Time a portrait and print the medians."""
    surfaces, maps = materials(head, PERSON), paint(head, PERSON, resolution=MAP_SIZE, seed=0)
    times = []
    for _ in range(ROUNDS + 1):
        wall, busy = time.perf_counter(), time.process_time()
        preview(head.vertices, head.topology, surfaces, maps, size=size, strands=strands)
        times.append((time.perf_counter() - wall, time.process_time() - busy))
    wall, busy = (statistics.median(column) for column in zip(*times[1:], strict=True))
    print(f"{name:10s} {wall:5.2f} s ({busy:5.2f} s of processor time)")


def hanging(head: Head, count: int, length: int) -> Strands:
    """Hair that leaves the scalp and then hangs down around the head."""
    generator = torch.Generator().manual_seed(0)
    chosen = torch.multinomial(head.topology.regions["scalp"].float(), count, replacement=True, generator=generator)
    direction = vertex_normals(head.vertices, head.topology.triangles)[chosen]
    place = head.vertices[chosen] + 0.003 * torch.randn(count, 3, generator=generator)
    reach = LENGTH * (0.7 + 0.3 * torch.rand(count, 1, generator=generator)) / (length - 1)
    path: list[Tensor] = [place]
    for _ in range(length - 1):
        direction = direction + STEP_DOWN * 20.0 / length * direction.new_tensor((0.0, 0.0, -1.0))
        direction = direction / torch.linalg.vector_norm(direction, dim=1, keepdim=True)
        place = place + reach * direction
        path.append(place)
    points = torch.stack(path, dim=1)
    colour = points.new_tensor(BROWN).expand_as(points).contiguous()
    region = torch.full((count,), REGIONS.index("scalp"))
    return Strands(points, torch.full(points.shape[:2], RADIUS), colour, region)


if __name__ == "__main__":
    main()
