"""How long painting a head's maps takes, and how much memory: `python benchmarks/skin.py [--head anny|ict]`.

Prints, from one run on this machine's processor: the first painting with the bake of the topology's layout; medians of
the following ones at every size; one layer of a 2048 painting changed, for each of some layers; every layer on at 4096,
and the memory that this adds to the process at its peak. Last, how true the normal map is where skin is folded.
"""

from __future__ import annotations

import argparse
import math
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d
from torch.nn.functional import normalize as unit

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.skin import LAYERS, Painter, paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, slopes
from dreamface.traits import VOCABULARY, Kind, Trait, Traits, Value

SIZES = (512, 1024, 2048)
ROUNDS = 5
ASTRAY = 2.0  # degrees that a normal may be off
PERSON = Traits(
    {
        "age": 45.0, "gender": 1.0, "freckles.density": 0.4, "moles.density": 0.3, "stubble.density": 0.5,
        "wrinkles.forehead": 0.5, "wrinkles.eyes": 0.5, "wrinkles.cheeks": 0.5, "wrinkles.mouth": 0.5, "hair.grey": 0.2,
    }
)  # fmt: skip
EDITS: Mapping[str, Mapping[str, Value]] = {
    "lipstick": {"lipstick": (0.5, 0.0, 0.05, 1.0)},
    "freckles": {"freckles.density": 0.8},
    "brows": {"brows.density": 0.9},
    "forehead wrinkles": {"wrinkles.forehead": 1.0},
    "pores": {"skin.pores": 0.9},
    "skin tone": {"skin.melanin": 0.6},
    "eye colour": {"iris.colour": (0.1, 0.2, 0.4)},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny", choices=("anny", "ict"))
    model = parser.parse_args().head
    head = load_model(model).build(HeadSource(PERSON, torch.Generator().manual_seed(0)))
    print(f"{model}, {torch.get_num_threads()} torch threads, {len(LAYERS)} layers")
    print(f"first 1024, with the layout baked: {seconds(lambda: painted(head, 1024, 0)):5.2f} s")
    for size in SIZES:
        painted(head, size, 0)
        times = [seconds(partial(painted, head, size, seed)) for seed in range(ROUNDS)]
        print(f"{size:5d}: {statistics.median(times):5.2f} s")
    for name, change in EDITS.items():
        print(f" 2048, {name} changed: {statistics.median(edits(head, change)):5.2f} s")
    print(f"normals more than {ASTRAY:.0f} degrees astray: {100.0 * astray(head, 1024):.2f} % of the texels")
    everybody = PERSON.under(everything())
    painted(head, 4096, 0, everybody)
    taken: list[float] = []
    added = added_memory(lambda: taken.append(seconds(lambda: painted(head, 4096, 1, everybody))))
    print(f" 4096, every layer on: {taken[0]:5.2f} s, {added / 2**30:.2f} GiB added at the peak")


def painted(head: Head, size: int, seed: int, person: Traits = PERSON) -> None:
    """Paint from scratch, and forget."""
    paint(head, person, resolution=size, seed=seed)


def edits(head: Head, change: Mapping[str, Value]) -> list[float]:
    """Seconds that it takes to change something and to change it back, a few times."""
    painter = Painter()
    painter.paint(head, PERSON, resolution=2048, seed=0)
    people = (PERSON.under(change), PERSON)
    return [
        seconds(partial(painter.paint, head, person, resolution=2048, seed=0))
        for _ in range(ROUNDS)
        for person in people
    ]


def astray(head: Head, size: int) -> float:
    """Return the share of a head's texels whose normals are astray from those of relief on the stretched triangles.

    The map's slopes are taken by derivatives that are smoothed over the vertices; where skin is folded, triangles that
    are stretched unlike their neighbours lie side by side.
    """
    maps, atlas = paint(head, PERSON, resolution=size, seed=0)["skin"], atlas_of(head.topology, "skin", size)
    height = maps["displacement"][..., 0]
    along_u, along_v = slopes(torch.cat((height[:1], height, height[-1:])), own_metric(head, atlas), size)
    true = unit(torch.stack((-along_u, -along_v, torch.ones_like(height)), dim=2), dim=2)
    cosine = (true * maps["normal"]).sum(dim=2)
    inside = -max_pool2d(-atlas.inside[None].float(), 5, stride=1, padding=2)[0] > 0.5  # slopes cross no border
    return float((cosine[inside] < math.cos(math.radians(ASTRAY))).float().mean())


def own_metric(head: Head, atlas: Atlas) -> Tensor:
    """Return [3, S, S] the metric as `SkinSurface` has it, by each texel's own triangle alone."""
    corners, uv = head.vertices[atlas.corners], head.topology.uv[atlas.uv_corners]
    sides, uv_sides = corners[:, 1:] - corners[:, :1], uv[:, 1:] - uv[:, :1]  # [M, 2, 3] and [M, 2, 2]
    along_u, along_v = (torch.linalg.pinv(uv_sides) @ sides).unbind(dim=1)
    length = along_u.norm(dim=1).clamp_min(1e-9)
    shear = (along_v * along_u).sum(dim=1) / length
    upright = ((along_v**2).sum(dim=1) - shear**2).clamp_min(1e-12).sqrt()
    return torch.stack((1.0 / length, shear / length, 1.0 / upright)).view(3, atlas.size, atlas.size)


def everything() -> dict[str, Value]:
    """Every trait that a layer reads, well above nothing."""
    return {name: much(VOCABULARY[name]) for layer in LAYERS for name in layer.traits if name not in PERSON} | {
        "hair.style": "short", "beard.style": "full"
    }  # fmt: skip


def much(trait: Trait) -> Value:
    """A value that a layer shows."""
    if trait.kind is Kind.TINT:
        return (0.2, 0.4, 0.1, 0.8)
    return trait.low + 0.7 * (trait.high - trait.low) if trait.kind is Kind.NUMBER else trait.default


def seconds(action: Callable[[], object]) -> float:
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def added_memory(action: Callable[[], object]) -> int:
    """Bytes that resident memory grows by at most meanwhile; sampled every 5 ms (Linux)."""
    before = peak = resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.005):
            peak = max(peak, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    action()
    done.set()
    watcher.join()
    return peak - before


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()
