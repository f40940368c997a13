"""How long making hair cards takes, and how many triangles they have: `python benchmarks/cards.py`.

Prints, from one run on this machine's processor, for a scalp of 800 guides of 24 points on the built-in head: the
median of several makings with maps of 1024 texels a side at every level, and the same without the maps; how long it
takes until all blend shapes move the cards; and the triangles of each region with brows, lashes and a beard.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from dreamface.groom import card_shapes, make_cards
from dreamface.hair import REGIONS, Cards
from dreamface.head import HeadSource, load_model
from dreamface.traits import Traits
from tests import hair_guides

ROUNDS = 5
GUIDES, POINTS = 800, 24


def main() -> None:
    """Measure and print."""
    model = load_model("anny")
    head = model.build(HeadSource(Traits({}), torch.Generator().manual_seed(0)))
    shapes = model.shapes(head)
    scalp = {"scalp": hair_guides.scalp(head, "long", GUIDES, POINTS)}
    every = hair_guides.groom(head, "long", GUIDES, POINTS, beard=0.03)
    print(f"{torch.get_num_threads()} torch threads, load {os.getloadavg()[0]:.1f}, {GUIDES} guides x {POINTS} points")
    make_cards(scalp, head, seed=0)
    for level in range(3):
        full = median(lambda level=level: make_cards(scalp, head, seed=0, level=level))
        bare = median(lambda level=level: make_cards(scalp, head, seed=0, level=level, resolution=64))
        counts = triangles(make_cards(every, head, seed=0, level=level))
        print(f"level {level}: {full:5.2f} s, {bare:5.2f} s with maps of 64; triangles: {counts}")
    cards = make_cards(every, head, seed=0)
    print(f"{len(shapes)} shapes: {median(lambda: card_shapes(cards, head, shapes)):5.2f} s")


def median(task: Callable[[], object]) -> float:
    """Seconds, of a few runs."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        task()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def triangles(cards: Cards) -> str:
    """How many each region has."""
    runs = {region: cards.run(region)[1] for region in REGIONS}
    return ", ".join(f"{region} {2 * (faces.stop - faces.start):,}" for region, faces in runs.items())


if __name__ == "__main__":
    main()
