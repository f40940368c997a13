"""Measures hair: how long styles take to grow, and previews with them.

python benchmarks/hair.py [--head anny] [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from dreamface import pipeline
from dreamface.groom import grow, hairs_of
from dreamface.render import portrait_camera, preview
from dreamface.styles import find_style, styles
from dreamface.traits import Traits

SIZE = 512
STRANDS = 12_000


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Return the median of some runs in milliseconds, after one that does not count."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(1000.0 * (time.perf_counter() - start))
    return statistics.median(taken)


def worn(traits: Traits, name: str) -> Traits:
    """Return a person's traits with a style as it is drawn."""
    style = find_style(name, "scalp")
    return traits.under({"hair.style": name, "hair.length": style.length, "hair.curl": style.curl})


def main() -> None:
    """Print a line for each style, and the slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("styles", nargs="*")
    options = parser.parse_args()
    face = pipeline.generate("a woman of 30", seed=3, resolution=1024, head=options.head)
    head, camera = face.head, portrait_camera(face.head.vertices, yaw=0.35)
    worst = [0.0, 0.0]
    for name in options.styles or sorted(styles().of("scalp")):
        traits = worn(face.traits, name)
        groom = grow(head, traits, 3)
        strands = hairs_of(groom, head, traits, 3, most=STRANDS)

        def growing(traits: Traits = traits) -> None:
            hairs_of(grow(head, traits, 3), head, traits, 3, most=STRANDS)

        def drawing(strands: object = strands) -> None:
            preview(head.vertices, head.topology, face.materials, face.maps, size=SIZE, camera=camera, strands=strands)

        grown, drawn = median_ms(growing, options.rounds), median_ms(drawing, options.rounds)
        worst = [max(before, now) for before, now in zip(worst, (grown, drawn), strict=True)]
        guides = sum(map(len, groom.values()))
        print(
            f"{name:14} {guides:5} guides {len(strands):6} strands x {strands.points.shape[1]:3}  "
            f"grown {grown:6.0f} ms  preview at {SIZE} {drawn:6.0f} ms"
        )
    print(f"slowest: grown {worst[0]:.0f} ms, preview {worst[1]:.0f} ms")


if __name__ == "__main__":
    main()
