"""How long visibility and a preview of the built-in head take: `python benchmarks/rasterise.py`.

Prints medians over one run on this machine's processor, with everything warm: Warp's kernels are compiled once per user
and loaded once per process before the clock starts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

from dreamface.face import Maps, Material, Topology
from dreamface.head import HeadSource, load_model
from dreamface.render import portrait_camera, preview, rasterise
from dreamface.traits import Traits

SIZE = 512
MAP_SIZE = 1024
ROUNDS = 15


def main() -> None:
    """Measure and print."""
    head = load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(0)))
    topology, camera = head.topology, portrait_camera(head.vertices)
    materials, maps = plain_look(topology)
    # Other vertices every round, as when they are being optimised.
    poses = iter([head.vertices + 1e-5 * round_ for round_ in range(2 * ROUNDS + 2)])
    visibility = median(lambda: rasterise(next(poses), topology.triangles, camera, SIZE))
    picture = median(lambda: preview(next(poses), topology, materials, maps, size=SIZE))
    print(f"{len(topology.triangles)} triangles, {SIZE} x {SIZE} pixels, {torch.get_num_threads()} torch threads")
    print(f"rasterise  {1000 * visibility:6.1f} ms")
    print(f"preview    {1000 * picture:6.1f} ms  (maps of {MAP_SIZE} x {MAP_SIZE})")


def plain_look(topology: Topology) -> tuple[dict[str, Material], Maps]:
    """Every part with its own material and the first tile's full set of maps; corneas are clear."""
    generator = torch.Generator().manual_seed(0)
    names = {part.material for part in topology.parts}
    tile = topology.tiles[0]
    materials = {
        name: Material(name, tile, transmission=float("cornea" in name), subsurface_radius=(0.003, 0.001, 0.0005))
        for name in sorted(names)
    }
    grey = torch.rand(MAP_SIZE, MAP_SIZE, 1, generator=generator)
    flat = torch.tensor((0.0, 0.0, 1.0)).expand(MAP_SIZE, MAP_SIZE, 3)
    maps = {"albedo": 0.5 * grey.expand(-1, -1, 3), "normal": flat} | dict.fromkeys(
        ("roughness", "specular", "subsurface"), grey
    )
    return materials, {tile: maps}


def median(action: Callable[[], object]) -> float:
    """Seconds that the middle one of `ROUNDS` runs takes, after one to warm up."""
    action()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
