"""How long it takes to score a million candidates of ICT-FaceKit against ten traits, and to fit the best.

python benchmarks/selection.py     (ICT-FaceKit must be installed)
"""

from __future__ import annotations

import resource
import statistics
import time

import torch

from dreamface.head.ict.model import IctHead
from dreamface.head.selection.candidates import Pool, TraitScorer, choose

CANDIDATES = 1_000_000
WANTED = {
    "nose.width": 1.5, "eyes.size": -1.0, "jaw.width": 1.2, "face.length": -0.5, "mouth.width": 0.8,
    "chin.prominence": 1.0, "lips.upper": -1.0, "brow.height": 0.6, "eyes.tilt": 1.0, "cheekbones.height": -0.7,
}  # fmt: skip
ROUNDS = 3


def main() -> None:
    """Print times and memory."""
    space = IctHead().space
    wanted = {name: (value, 1.0) for name, value in WANTED.items()}
    people = space.landmarks.first(space.mode_count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    choosing, fitting = [], []
    for seed in range(ROUNDS):
        pool = Pool(seed, CANDIDATES, space.mode_count)
        start = time.perf_counter()
        (best, *_), (score, *_) = choose(pool, TraitScorer(people, space.population, wanted))
        choosing.append(time.perf_counter() - start)
        start = time.perf_counter()
        space.fitted(
            space.with_morphs(pool.candidate(int(best))[None].double()),
            space.landmarks.moved(torch.zeros(1, 1, 1, 3)),
            [wanted],
        )
        fitting.append(time.perf_counter() - start)
        print(f"seed {seed}: candidate {int(best)} misses by {(-float(score) / len(wanted)) ** 0.5:.2f} sd (rms)")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{CANDIDATES:,} candidates against {len(wanted)} traits: {statistics.median(choosing):.2f} s")
    print(f"refinement: {1000.0 * statistics.median(fitting):.0f} ms")
    print(f"peak memory: {memory / 1024.0:.0f} MB, of which choosing added {(memory - before) / 1024.0:.0f} MB")


if __name__ == "__main__":
    main()
