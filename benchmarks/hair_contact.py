"""How close grown hair keeps to the skin, for every style: points inside, the deepest one, and roots that move.

    python benchmarks/hair_contact.py [--styles beard_full brows_natural ...] [--heads anny ict]

For each style and head: the share of strand points more than a hair's breadth inside the skin, the deepest one, how far
roots are from the skin when the jaw is open and the brows are raised, and what growing took. Styles of scalp hair are
long; of them as of all, what is measured is the guides and the single hairs that a preview draws.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dreamface.groom import hairs_of
from dreamface.groom.growing import grow_hair
from dreamface.groom.surface import Surface
from dreamface.hair import Hair
from dreamface.head import HEADS
from dreamface.pipeline import generate
from dreamface.styles import Style, styles
from dreamface.traits import Traits

PEOPLE = (
    "a boy of 8",
    "a south asian girl of 8",
    "a man of 30",
    "an african woman of 30",
    "an east asian man of 70",
    "a woman of 70",
)
POSES = ("jawOpen", "browInnerUp")
INSIDE = 0.02e-3  # metres below the skin from which a point counts: half a hair
SEED = 5


@dataclass(frozen=True)
class Contact:
    """One style on one head, or the worst of several. Lengths are metres."""

    inside: float
    deepest: float
    root: float
    moved: float
    seconds: float
    hairs: int

    def worse(self, other: Contact) -> Contact:
        """Return the larger of each number."""
        return Contact(*(max(pair) for pair in zip(self.__dict__.values(), other.__dict__.values(), strict=True)))


def measure(style: Style, surface: Surface, posed: list[Surface], traits: Traits) -> Contact | None:
    """Return the contact of a style's hair with a head, or None where it grows none."""
    head = surface.head
    start = time.perf_counter()
    hair = grow_hair(style, surface, traits, SEED)
    seconds = time.perf_counter() - start
    if not len(hair):
        return None
    strands = hairs_of({style.region: hair}, head, traits, SEED)
    distance = surface.near(strands.points[:, 1:].reshape(-1, 3)).distance
    root = surface.near(hair.points[:, 0]).distance.abs()
    return Contact(
        inside=float((distance < -INSIDE).float().mean()),
        deepest=max(0.0, -float(distance.min())),
        root=float(root.max()),
        moved=max(moved_root(hair, pose) for pose in posed),
        seconds=seconds,
        hairs=len(strands),
    )


def moved_root(hair: Hair, posed: Surface) -> float:
    """Return how far roots are from a skin that a blend shape has moved."""
    return float(posed.near(hair.roots.on(posed.head.vertices, posed.triangles)).distance.abs().max())


def heads(names: list[str]) -> Iterator[tuple[str, Surface, list[Surface], Traits]]:
    """Yield a label, a head, the same in poses, and the traits, of every person and model."""
    for name in names:
        for prompt in PEOPLE:
            face = generate(prompt, seed=SEED, resolution=512, head=name)
            moves = [face.shapes[face.shape_names.index(pose)] for pose in POSES]
            posed = [Surface(replace(face.head, vertices=face.head.vertices + move)) for move in moves]
            traits = face.record.traits.under({"brows.density": 0.7, "beard.density": 0.8, "stubble.density": 0.6})
            yield f"{name}: {prompt}", Surface(face.head), posed, traits


def main() -> None:
    """Print a table: the worst of all heads for each style."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--styles", nargs="*", default=sorted(styles().by_name))
    parser.add_argument("--heads", nargs="*", default=[name for name in HEADS if name != "auto"])
    options = parser.parse_args()
    chosen = [styles().by_name[name] for name in options.styles]
    worst: dict[str, tuple[Contact, str]] = {}
    for label, surface, posed, traits in heads(options.heads):
        for style in chosen:
            contact = measure(style, surface, posed, traits)
            if contact is None:
                continue
            before, where = worst.get(style.name, (contact, label))
            worst[style.name] = (contact.worse(before), label if contact.deepest > before.deepest else where)
    print(
        f"{'style':22} {'inside %':>8} {'deepest mm':>10} {'root mm':>8} {'moved mm':>8} {'grow s':>7} {'hairs':>6}  "
        "deepest on"
    )
    for name, (it, where) in sorted(worst.items()):
        print(
            f"{name:22} {100 * it.inside:8.2f} {1e3 * it.deepest:10.2f} {1e3 * it.root:8.3f} {1e3 * it.moved:8.3f} "
            f"{it.seconds:7.2f} {it.hairs:6d}  {where}"
        )


if __name__ == "__main__":
    main()
