"""Whether a word adds just what it says: how far other shape traits, and the rest of the face, move with each.

    python benchmarks/words_add.py [--head anny|ict] [--seeds 3]

For every shape trait and each seed, the head of a prompt and the same head with that trait asked for are compared: the
mean change of all other shape traits (standard deviations), how near the asked one comes, how far the skin moves, and
whether the trait's slider on the finished face gives the same head.
"""

from __future__ import annotations

import argparse
import statistics
import time

from dreamface import pipeline
from dreamface.prior import complete
from dreamface.traits import SHAPE_TRAITS, VOCABULARY, Traits, TraitValue

_PROMPT = "a 50 year old man"
_ASKED = 1.8  # standard deviations: what a plain adjective asks for


def main() -> None:
    """Measure, and print a row for each trait and the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="auto")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    said = pipeline.read(_PROMPT).traits
    drifts, misses, moves, gaps, times = [], [], [], [], []
    for seed in range(options.seeds):
        person = complete(said, seed)
        base = pipeline.build_head(options.head, person, seed)
        before = pipeline.measure(base)
        for name in SHAPE_TRAITS:
            value = min(_ASKED, VOCABULARY[name].high)
            with_word = complete(said.under({name: TraitValue(value)}), seed)
            start = time.perf_counter()
            head = pipeline.build_head(options.head, with_word, seed)
            times.append(time.perf_counter() - start)
            after = pipeline.measure(head)
            by_slider = pipeline.measure(_edited(options.head, person, name, value, seed, base.candidate))
            drifts.append(statistics.mean(abs(after[other] - before[other]) for other in SHAPE_TRAITS if other != name))
            misses.append(abs(after[name] - value))
            moves.append(1000.0 * float((head.vertices - base.vertices).norm(dim=1).mean()))
            gaps.append(max(abs(after[other] - by_slider[other]) for other in SHAPE_TRAITS))
            print(
                f"{seed} {name:24} others {drifts[-1]:.3f} sd  miss {misses[-1]:.2f} sd  skin {moves[-1]:.2f} mm",
                flush=True,
            )
    print(f"others move by {statistics.mean(drifts):.3f} sd on average, at most {max(drifts):.3f}")
    print(f"asked within 0.3 sd: {100.0 * sum(miss <= 0.3 for miss in misses) / len(misses):.1f} %")
    print(f"vertices move by {statistics.mean(moves):.2f} mm; word and slider differ by at most {max(gaps):.3f} sd")
    print(f"a head takes {1000.0 * statistics.median(times):.0f} ms")


def _edited(head: str, person: Traits, name: str, value: float, seed: int, candidate: int | None):
    return pipeline.build_head(head, person.under({name: TraitValue(value)}), seed, candidate)


if __name__ == "__main__":
    main()
