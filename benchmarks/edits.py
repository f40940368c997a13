"""What an artist's edits cost: `python benchmarks/edits.py [--head anny|ict] [--layers 20] [--maps 4096]`.

Prints, from one run on this machine's processor: seconds from a new edit to its place as masks (cold), to the maps at
2048 with it, and with another strength of it; and seconds and peak memory of a face painted from scratch with many
edits of mixed kinds at full size.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import torch

from dreamface.edits import masks_of, overlays
from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.record import EditEntry, Place
from dreamface.skin import EFFECTS, Painter
from dreamface.traits import Traits

PERSON = Traits({"age": 35.0, "gender": 0.5, "freckles.density": 0.3, "moles.density": 0.3, "wrinkles.eyes": 0.3})
SEED = 3
WORDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("older", {"age": 80.0, "wrinkles.forehead": 1.0, "wrinkles.eyes": 1.0}),
    ("freckled", {"freckles.density": 1.0}),
    ("tanned", {"skin.melanin": 0.6}),
    ("pored", {"skin.pores": 1.0}),
    ("golden", {"skin.metal": (0.8, 0.6, 0.2, 0.8)}),
    ("pale", {"skin.melanin": 0.05, "skin.redness": 0.1}),
)
PLACES = (
    Place(("left_cheek",), feather=4.0), Place(("whole_face",)), Place(("nose",), feather=2.0), Place(("forehead",)),
    Place(("around_eyes",), feather=6.0), Place(("left_half",)), Place(("chin",)), Place(("neck",)),
)  # fmt: skip
ROUNDS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", default="anny", choices=("anny", "ict"))
    parser.add_argument("--layers", type=int, default=20)
    parser.add_argument("--maps", type=int, default=4096)
    parser.add_argument("--only", choices=("one", "many"))
    options = parser.parse_args()
    head = load_model(options.head).build(HeadSource(PERSON, torch.Generator().manual_seed(SEED)))
    print(f"{options.head}, {torch.get_num_threads()} torch threads")
    masks_of(Place(("nose",)), head, {})  # the layout's own work
    if options.only != "many":
        one_layer(head)
    if options.only != "one":
        many_layers(head, options.layers, options.maps)


def one_layer(head: Head) -> None:
    """Print what one more edit costs at 2048, and a step of its slider."""
    cases = {
        "an effect on the cheek": _effect("new", "bruise", Place(("right_cheek",), feather=3.0)),
        "an effect on the whole face": _effect("new", "bruise", Place(("whole_face",), feather=3.0)),
        "freckles on the cheek": _words("new", {"freckles.density": 1.0}, Place(("right_cheek",), feather=3.0)),
        "an older forehead": _words("new", dict(WORDS[0][1]), Place(("forehead",), feather=3.0)),
        "an older face": _words("new", dict(WORDS[0][1]), Place(("whole_face",), feather=3.0)),
        "a tanned face": _words("new", dict(WORDS[2][1]), Place(("whole_face",), feather=3.0)),
    }
    below = _mixed(4)
    for name, edit in cases.items():
        new, slider = [], []
        for number in range(ROUNDS):
            painter = Painter()
            _paint(painter, head, below, 2048)
            place = Place(edit.place.regions, feather=3.0 + 0.1 * number) if edit.place else None
            fresh = EditEntry(**{**edit.__dict__, "place": place})
            new.append(seconds(partial(_paint, painter, head, [*below, fresh], 2048)))
            for strength in (0.4, 0.8, 1.6):
                weaker = EditEntry(**{**fresh.__dict__, "strength": strength})
                slider.append(seconds(partial(_paint, painter, head, [*below, weaker], 2048)))
        print(f" 2048, {name:28}: {statistics.median(new):5.2f} s new, {statistics.median(slider):5.2f} s its strength")


def many_layers(head: Head, count: int, size: int) -> None:
    """Print what a face with many edits costs, painted from scratch."""
    edits = _mixed(count)
    before = peak_of(lambda: None)
    taken: list[float] = []
    peak = peak_of(lambda: taken.append(seconds(lambda: _paint(Painter(), head, edits, size))))
    print(
        f" {size}, {count} edits: {taken[0]:5.2f} s, {peak / 1e9:4.2f} GB peak ({(peak - before) / 1e9:4.2f} GB more)"
    )
    plain: list[float] = []
    peak = peak_of(lambda: plain.append(seconds(lambda: _paint(Painter(), head, [], size))))
    print(f" {size}, no edits: {plain[0]:5.2f} s, {peak / 1e9:4.2f} GB peak")


def _mixed(count: int) -> list[EditEntry]:
    """Return edits of mixed kinds on small and on large places."""
    found = []
    for number, (place, words, effect) in enumerate(islice(zip(cycle(PLACES), cycle(WORDS), cycle(EFFECTS)), count)):
        id_ = f"edit{number}"
        found.append(_words(id_, dict(words[1]), place) if number % 3 else _effect(id_, effect, place))
    return found


def _effect(id_: str, name: str, place: Place) -> EditEntry:
    return EditEntry(id_, "words", name, place=place, parameters={"effects": [{"name": name}]})


def _words(id_: str, traits: dict[str, object], place: Place) -> EditEntry:
    return EditEntry(id_, "words", place=place, traits=Traits(traits))


def _paint(painter: Painter, head: Head, edits: list[EditEntry], size: int) -> None:
    laid = overlays(edits, head, PERSON, SEED, {})
    painter.paint(head, PERSON, resolution=size, seed=SEED, overlays=laid)


def seconds(work: Callable[[], object]) -> float:
    """Return how long work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_of(work: Callable[[], object]) -> float:
    """Return the most memory in bytes that the process has in use while it works."""
    peak, done = [_resident()], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak.append(_resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(peak)


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096.0


if __name__ == "__main__":
    main()
