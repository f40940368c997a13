"""How well prompts are read, on the test set in `benchmarks/prompts` (see the README there for the scores).

python benchmarks/reading.py [--set SET] [--part described|bindings|situations] [--misses]

Do not tune on the blind set: there `--misses`, which prints each fault, is for a last look. The development sets are
for working on the reader; each but the first was measured once before anything was mended for it.
"""

from __future__ import annotations

import argparse
import colorsys
import json
import re
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamface.errors import DreamFaceError
from dreamface.traits import VOCABULARY, Kind, Value

PROMPTS = Path(__file__).parent / "prompts"
SETS = {
    "blind": PROMPTS, "development": PROMPTS / "development", "development_2": PROMPTS / "development_2",
    "development_3": PROMPTS / "development_3", "development_4": PROMPTS / "development_4",
    "development_5": PROMPTS / "development_5", "development_6": PROMPTS / "development_6",
    "development_7": PROMPTS / "development_7",
}  # fmt: skip

STRONG_TINT, WEAK_TINT = 0.15, 0.05
"""A tint of at least the first strength is there; one of at most the second isn't."""


@dataclass(frozen=True)
class Colour:
    """What a colour's name covers: ranges of hue in degrees, of saturation and of value (sRGB)."""

    hue: tuple[float, float] = (0, 360)  # from > to: through 0
    saturation: tuple[float, float] = (0, 1)
    value: tuple[float, float] = (0, 1)

    def holds(self, linear: Iterable[float]) -> bool:
        """Whether a linear colour is called so."""
        red, green, blue = (srgb(channel) for channel in linear)
        hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
        hue, (low, high) = hue * 360, self.hue
        inside = low <= hue <= high if low <= high else hue >= low or hue <= high
        return inside and within(saturation, self.saturation) and within(value, self.value)


COLOURS = {
    "red": Colour((338, 20), (0.4, 1), (0.15, 1)),
    "orange": Colour((10, 46), (0.4, 1), (0.35, 1)),
    "yellow": Colour((36, 72), (0.3, 1), (0.45, 1)),
    "gold": Colour((26, 62), (0.25, 1), (0.35, 1)),
    "amber": Colour((18, 55), (0.35, 1), (0.3, 1)),
    "blond": Colour((18, 62), (0.08, 0.85), (0.45, 1)),
    "brown": Colour((350, 48), (0.15, 1), (0.08, 0.78)),
    "hazel": Colour((15, 80), (0.15, 1), (0.15, 0.78)),
    "green": Colour((68, 172), (0.1, 1), (0.1, 1)),
    "teal": Colour((150, 205), (0.12, 1), (0.12, 1)),
    "blue": Colour((178, 264), (0.1, 1), (0.08, 1)),
    "purple": Colour((252, 335), (0.12, 1), (0.08, 1)),
    "pink": Colour((295, 22), (0.12, 1), (0.4, 1)),
    "nude": Colour((345, 48), (0.1, 0.75), (0.35, 1)),
    "white": Colour(saturation=(0, 0.22), value=(0.72, 1)),
    "silver": Colour(saturation=(0, 0.25), value=(0.4, 1)),
    "grey": Colour(saturation=(0, 0.3), value=(0.18, 0.92)),
    "black": Colour(value=(0, 0.3)),
    "dark": Colour(value=(0, 0.48)),
    "light": Colour(value=(0.52, 1)),
}

COMPANIONS = {
    "hair.style": ("hair.length", "hair.curl", "hair.volume", "hair.fringe", "hair.hairline", "hair.parting"),
    "hair.length": ("hair.style",),
    "hair.curl": ("hair.style", "hair.volume"),
    "hair.volume": ("hair.style",),
    "hair.fringe": ("hair.style",),
    "hair.hairline": ("hair.style",),
    "hair.parting": ("hair.style",),
    "hair.melanin": ("hair.redness",),
    "hair.redness": ("hair.melanin",),
    "hair.dye": ("hair.melanin", "hair.redness"),
    "hair.grey": ("hair.melanin", "hair.temple_grey"),
    "brows.style": ("brows.thickness", "brows.density"),
    "brows.thickness": ("brows.style", "brows.density"),
    "brows.density": ("brows.style", "brows.thickness"),
    "lashes.*": ("lashes.*",),
    "beard.*": ("beard.style", "beard.density", "beard.length", "stubble.density", "gender"),
    "stubble.density": ("beard.style", "beard.density", "beard.length", "gender"),
    "ancestry.*": ("ancestry.*", "skin.melanin"),
    "skin.tint": ("skin.melanin", "skin.redness", "skin.yellowness"),
    "skin.metal": ("skin.tint", "skin.oiliness"),
    "iris.right_colour": ("iris.colour",),
    "body.weight": ("face.roundness", "cheeks.volume"),
    "face.roundness": ("cheeks.volume",),
    "jaw.width": ("jaw.angle",),
    "under_eyes.darkness": ("eyes.bags",),
    "eyes.bags": ("under_eyes.darkness",),
    "lipstick*": ("lipstick*",),
    "eyeshadow*": ("eyeshadow*",),
    "eyeliner*": ("eyeliner*",),
    "blush*": ("blush*",),
    "foundation*": ("foundation*",),
    "expression.*": ("expression.*",),
}
"""Traits (patterns) that may be set because another one is stated."""

OLD = 55
OLD_COMPANIONS = ("wrinkles.*", "age_spots.density", "hair.grey", "hair.temple_grey", "skin.pores")
"""What may be set because a stated age is over OLD."""


@dataclass(frozen=True)
class Said:
    """What the reader made of a prompt."""

    traits: dict[str, Value]
    words: frozenset[str]
    seconds: float


def said(reader: Callable[[str], Any], prompt: str) -> Said:
    """Read a prompt; a refusal reads nothing and says so."""
    start = time.perf_counter()
    try:
        reading = reader(prompt)
    except DreamFaceError as refusal:
        return Said({}, words(str(refusal)), time.perf_counter() - start)
    seconds = time.perf_counter() - start
    traits = {name: entry.value for name, entry in reading.traits.items()}
    return Said(traits, words(" ".join(reading.not_understood)), seconds)


def words(text: str) -> frozenset[str]:
    """A text's words in lower case: whole, without a possessive, and their parts at hyphens."""
    whole = re.findall(r"[\w'\u2019-]+", text.lower())
    bare = [re.sub(r"['\u2019]s?$", "", word) for word in whole]
    return frozenset(whole) | frozenset(bare) | {part for word in bare for part in word.split("-")}


def is_listed(word: str, read: Said) -> bool:
    """Whether a word is among those not used, whole or all its parts at hyphens."""
    bare = re.sub(r"['\u2019]s?$", "", word.lower())
    return bare in read.words or set(bare.split("-")) <= read.words


def srgb(linear: float) -> float:
    """A linear channel in sRGB."""
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def within(number: float, interval: Iterable[float]) -> bool:
    """Whether a number is in a closed interval, give or take rounding."""
    low, high = interval
    return low - 1e-6 <= number <= high + 1e-6


def fits(name: str, value: Value, wanted: Any) -> bool:
    """Whether a trait's value is an acceptable one (see the README on values)."""
    kind = VOCABULARY[name].kind
    if kind is Kind.NUMBER:
        assert isinstance(value, float | int)
        return within(value, wanted)
    if isinstance(wanted, list):
        return any(fits(name, value, one) for one in wanted)
    if kind is Kind.CHOICE:
        return bool(value != wanted[4:] if wanted.startswith("not ") else value == wanted)
    assert isinstance(value, tuple)
    strength = value[3] if kind is Kind.TINT else 1.0
    if wanted == "none":
        return strength <= WEAK_TINT
    if strength < STRONG_TINT:
        return False
    if wanted.startswith("not "):
        return not COLOURS[wanted[4:]].holds(value[:3])
    return wanted == "any" or COLOURS[wanted].holds(value[:3])


def is_on_side(name: str, value: Value, wanted: Any) -> bool:
    """Whether a trait's value lies on the stated side of its default."""
    trait = VOCABULARY[name]
    if trait.kind is not Kind.NUMBER or name == "age":
        return fits(name, value, wanted)
    assert isinstance(value, float | int) and isinstance(trait.default, float | int)
    low, high = wanted
    if low > trait.default:
        return value > trait.default
    if high < trait.default:
        return value < trait.default
    return within(value, wanted)


@dataclass
class Score:
    """Counts of stated traits and false ones, and what went wrong."""

    prompts: int = 0
    faultless: int = 0
    found: int = 0
    missed: int = 0
    false: int = 0
    on_side: int = 0
    in_range: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Add another's counts."""
        for name in ("prompts", "faultless", "found", "missed", "false", "on_side", "in_range"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def row(self, label: str) -> str:
        """The figures in one line."""
        stated = self.found + self.missed
        f1 = share(2 * self.found, 2 * self.found + self.missed + self.false)
        figures = (
            f1, share(self.on_side, self.found), share(self.on_side, stated), share(self.in_range, stated),
            f"{self.false / self.prompts:7.2f}", share(self.faultless, self.prompts),
        )  # fmt: skip
        return f"{label:16}{self.prompts:5}{stated:7}  " + " ".join(f"{figure:>9}" for figure in figures)


HEADER = f"{'kind':16}{'n':>5}{'stated':>7}  " + " ".join(
    f"{title:>9}" for title in ("F1", "side/found", "side/all", "in range", "false/n", "faultless")
)


def share(part: int, whole: int) -> str:
    """A percentage, or a dash of nothing."""
    return f"{100 * part / whole:.1f}" if whole else "-"


def groups_of(entry: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """An entry's stated traits: each a list of alternatives."""
    return [[{name: wanted}] for name, wanted in entry["expect"].items()] + list(entry.get("any", ()))


def score_entry(entry: Mapping[str, Any], read: Said) -> Score:
    """What is right and wrong in the reading of one described face."""
    score = Score(prompts=1)
    groups = groups_of(entry)
    for group in groups:
        score_group(group, read, score)
    if entry.get("language") == "other" and not read.words:
        score.faults.append("nothing said of the language")
    for name, value in false_traits(entry, groups, read):
        score.false += 1
        score.faults.append(f"false {name} = {shown(value)}")
    for unused in entry.get("unused", ()):
        choices = [unused] if isinstance(unused, str) else unused
        if not any(is_listed(word, read) for word in choices):
            score.faults.append(f"unsaid {'/'.join(choices)}")
    score.faultless = int(not score.faults)
    return score


def score_group(group: list[dict[str, Any]], read: Said, score: Score) -> None:
    """Count one stated trait, of which any alternative will do."""
    alternatives = [one for one in group if "unused" not in one]
    spoken = [one["unused"] for one in group if "unused" in one]
    names = {name for one in alternatives for name in one}
    if not names & read.traits.keys():
        if not spoken:
            score.missed += 1
            score.faults.append(f"missed {' | '.join(sorted(names))}")
        elif not any(is_listed(word, read) for word in spoken):
            score.faults.append(f"unsaid {'/'.join(spoken)}")
        return
    score.found += 1
    score.on_side += any(all_hold(is_on_side, one, read) for one in alternatives)
    if any(all_hold(fits, one, read) for one in alternatives):
        score.in_range += 1
    else:
        got = ", ".join(f"{name} = {shown(read.traits[name])}" for name in sorted(names & read.traits.keys()))
        score.faults.append(f"wrong {got}, not {' | '.join(map(str, alternatives))}")


def all_hold(test: Callable[[str, Value, Any], bool], wanted: Mapping[str, Any], read: Said) -> bool:
    """Whether all of an alternative's traits are read and pass."""
    return all(name in read.traits and test(name, read.traits[name], value) for name, value in wanted.items())


def false_traits(
    entry: Mapping[str, Any], groups: list[list[dict[str, Any]]], read: Said
) -> Iterable[tuple[str, Value]]:
    """The traits that were set though nothing in the prompt says or allows so."""
    stated = {name for group in groups for one in group for name in one if name != "unused"}
    limits = entry.get("limits", {})
    free = [*entry.get("may", ()), *(pattern for name in stated for pattern in companions(name))]
    oldest = [one["age"] for group in groups for one in group if "age" in one]
    free += OLD_COMPANIONS if any(age[0] >= OLD for age in oldest) else ()
    for name, value in read.traits.items():
        if VOCABULARY[name].kind is Kind.TINT and value[3] <= WEAK_TINT:  # type: ignore[index, operator]
            continue
        if name in limits:
            false = not fits(name, value, limits[name])
        elif matches(name, entry.get("absent", ())):
            false = True
        else:
            false = name not in stated and not matches(name, free)
        if false:
            yield name, value


def companions(name: str) -> Iterable[str]:
    """Patterns of the traits that may come with a stated one."""
    return (one for pattern, others in COMPANIONS.items() if fnmatchcase(name, pattern) for one in others)


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name matches one of some patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def shown(value: Value) -> str:
    """A value in a few characters."""
    if isinstance(value, tuple):
        return "(" + " ".join(f"{channel:.2f}" for channel in value) + ")"
    return value if isinstance(value, str) else f"{value:.2f}"


def report_described(reader: Callable[[str], Any], misses: bool, folder: Path = PROMPTS) -> None:
    """Print the scores of described faces by kind."""
    kinds: dict[str, Score] = defaultdict(Score)
    total, seconds = Score(), []
    for entry in load("described", folder):
        read = said(reader, entry["prompt"])
        score = score_entry(entry, read)
        seconds.append(read.seconds)
        kinds[entry["kind"]].add(score)
        total.add(score)
        print_faults(misses, entry["prompt"], score.faults)
    print(f"\n{HEADER}")
    for kind, score in kinds.items():
        print(score.row(kind))
    print(total.row("all"))
    print(f"{1e3 * statistics.median(seconds):.1f} ms a prompt (median), {1e3 * max(seconds):.0f} ms the slowest")


def report_bindings(reader: Callable[[str], Any], misses: bool, folder: Path = PROMPTS) -> None:
    """Print how many adjectives went to their own nouns."""
    right = pairs = whole = 0
    entries = load("bindings", folder)
    for entry in entries:
        read = said(reader, entry["prompt"])
        faults = [
            f"{pair['adjective']} {pair['noun']}: "
            + (
                ", ".join(f"{name} = {shown(read.traits[name])}" for name in pair["traits"] if name in read.traits)
                or "-"
            )
            for pair in entry["pairs"]
            if not is_bound(pair["traits"], read)
        ]
        pairs += len(entry["pairs"])
        right += len(entry["pairs"]) - len(faults)
        whole += not faults
        print_faults(misses, entry["prompt"], faults)
    print(
        f"\nbindings: {share(right, pairs)} % of {pairs} pairs,"
        f" {share(whole, len(entries))} % of {len(entries)} prompts"
    )


def is_bound(wanted: Mapping[str, Any], read: Said) -> bool:
    """Whether a pair of noun and adjective was read: one trait at least, and no number on the other side."""
    held = {name: fits(name, read.traits[name], value) for name, value in wanted.items() if name in read.traits}
    numbers = [holds for name, holds in held.items() if VOCABULARY[name].kind is Kind.NUMBER]
    return any(held.values()) and all(numbers)


SINGLE = (
    "jawForward", "jawOpen", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthShrugLower", "mouthShrugUpper",
    "browInnerUp", "cheekPuff", "tongueOut",
)  # fmt: skip
PAIRS = (
    "eyeBlink", "eyeLookDown", "eyeSquint", "eyeWide", "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch",
    "mouthPress", "mouthLowerDown", "mouthUpperUp", "browDown", "browOuterUp", "cheekSquint", "noseSneer",
)  # fmt: skip
UNEVEN = ("mouthSmile", "mouthDimple", "mouthPress", "mouthUpperUp", "noseSneer", "browOuterUp")
CHANNELS = (*SINGLE, *PAIRS, *(f"{name}Uneven" for name in UNEVEN))
"""What families are told apart by: single shapes, means of left and right, and their differences."""

PROTOTYPES: tuple[tuple[str, dict[str, float]], ...] = (
    ("joy", {"mouthSmile": 1, "cheekSquint": 0.6, "eyeSquint": 0.25, "mouthDimple": 0.2}),
    ("joy", {"mouthSmile": 1, "jawOpen": 0.6, "cheekSquint": 0.7, "eyeSquint": 0.3, "mouthUpperUp": 0.3}),
    ("joy", {"mouthSmile": 0.9, "browInnerUp": 0.4, "eyeSquint": 0.2}),
    ("anger", {"browDown": 1, "mouthPress": 0.6, "eyeSquint": 0.4}),
    ("anger", {"browDown": 1, "noseSneer": 0.5, "jawOpen": 0.5, "mouthUpperUp": 0.4, "mouthLowerDown": 0.4}),
    ("anger", {"browDown": 0.9, "mouthPress": 0.6, "jawForward": 0.4, "mouthFrown": 0.3, "mouthShrugUpper": 0.2}),
    ("fear", {"browInnerUp": 0.8, "browOuterUp": 0.4, "eyeWide": 0.9, "mouthStretch": 0.7, "jawOpen": 0.3}),
    ("fear", {"browInnerUp": 0.8, "eyeWide": 0.6, "mouthStretch": 0.5, "mouthPress": 0.4, "browDown": 0.2}),
    ("fear", {"browInnerUp": 0.8, "eyeWide": 0.9, "mouthPress": 0.3}),
    ("disgust", {"noseSneer": 1, "mouthUpperUp": 0.7, "browDown": 0.4, "eyeSquint": 0.4, "mouthFrown": 0.3}),
    ("disgust", {"noseSneer": 0.8, "mouthFrown": 0.6, "tongueOut": 0.4, "mouthUpperUp": 0.4, "mouthShrugUpper": 0.3}),
    ("sadness", {"browInnerUp": 0.9, "mouthFrown": 0.9, "mouthShrugLower": 0.4, "eyeLookDown": 0.3}),
    ("sadness", {"browInnerUp": 1, "mouthFrown": 0.6, "mouthStretch": 0.3, "eyeSquint": 0.5, "eyeBlink": 0.3}),
    ("sadness", {"browInnerUp": 0.7, "mouthFrown": 0.4, "eyeBlink": 0.3, "eyeLookDown": 0.5}),
    ("surprise", {"browOuterUp": 1, "browInnerUp": 0.8, "eyeWide": 0.8, "jawOpen": 0.7}),
    ("surprise", {"browOuterUp": 0.8, "browInnerUp": 0.6, "eyeWide": 0.5, "mouthFunnel": 0.3, "jawOpen": 0.3}),
    ("contempt", {"mouthSmileUneven": 1, "mouthSmile": 0.5, "mouthDimpleUneven": 0.5, "mouthDimple": 0.3}),
    ("contempt", {"noseSneerUneven": 1, "noseSneer": 0.5, "mouthUpperUpUneven": 0.6, "mouthUpperUp": 0.3}),
    ("contempt", {"browOuterUpUneven": 1, "browOuterUp": 0.5, "mouthPress": 0.4, "mouthDimple": 0.3}),
    ("contempt", {"mouthDimpleUneven": 0.8, "mouthDimple": 0.6, "mouthPress": 0.5, "mouthPressUneven": 0.4}),
    ("calm", {"eyeBlink": 0.8, "eyeLookDown": 0.4}),
    ("calm", {"eyeBlink": 0.7, "mouthFrown": 0.2, "browInnerUp": 0.15}),
    ("calm", {"eyeLookDown": 1}),
)
"""What each family looks like; lengths don't matter."""

REST = 0.1
"""A face whose strength is below this is at rest, whatever its lids do."""

CLEAR, STRONG = 0.3, 0.58
"""From these strengths on, an expression is clear, and strong."""


def channels(weights: Mapping[str, float]) -> NDArray[np.float64]:
    """An expression as numbers in the order of CHANNELS."""
    sides = {name: (weights.get(f"{name}Left", 0.0), weights.get(f"{name}Right", 0.0)) for name in PAIRS}
    return np.array(
        [weights.get(name, 0.0) for name in SINGLE]
        + [(left + right) / 2 for left, right in sides.values()]
        + [abs(sides[name][0] - sides[name][1]) for name in UNEVEN]
    )


def face_strength(weights: Mapping[str, float]) -> float:
    """How much a face does, from 0 to 1: half its largest weight, half the mean of its largest three."""
    seen: dict[str, float] = defaultdict(float)
    for name, weight in weights.items():
        shape = re.sub(r"(Left|Right)$", "", name)
        if not shape.startswith(("eyeLook", "eyeBlink")):
            seen[shape] = max(seen[shape], weight)
    largest = sorted([*seen.values(), 0.0, 0.0, 0.0], reverse=True)[:3]
    return largest[0] / 2 + sum(largest) / 6


def face_family(weights: Mapping[str, float]) -> str:
    """The family of expressions that ARKit weights are nearest to."""
    if face_strength(weights) < REST:
        return "calm"
    face = channels(weights)
    likeness: dict[str, float] = defaultdict(float)
    for family, shapes in PROTOTYPES:
        prototype = np.array([shapes.get(name, 0.0) for name in CHANNELS])
        cosine = float(face @ prototype / (np.linalg.norm(face) * np.linalg.norm(prototype) + 1e-9))
        likeness[family] = max(likeness[family], cosine)
    return max(likeness, key=lambda family: likeness[family])


def face_band(weights: Mapping[str, float]) -> str:
    """The band of strength of ARKit weights."""
    strength = face_strength(weights)
    return "slight" if strength < CLEAR else "clear" if strength < STRONG else "strong"


def report_situations(reader: Callable[[str], Any], misses: bool, folder: Path = PROMPTS) -> None:
    """Print how many situations got a fitting expression."""
    situations = json.loads((folder / "situations.json").read_text("utf-8"))["situations"]
    right: Counter[str] = Counter()
    families: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in situations:
        traits = said(reader, entry["prompt"]).traits
        weights = {
            name.removeprefix("expression."): float(value)  # type: ignore[arg-type]
            for name, value in traits.items()
            if name.startswith("expression.")
        }
        family, band = face_family(weights), face_band(weights)
        family_fits = family in (entry["family"], *entry.get("other_families", ()))
        band_fits = band in (entry["band"], *entry.get("other_bands", ()))
        right.update(
            {
                "right": family_fits and band_fits, "family": family_fits, "best": family == entry["family"],
                "band": band_fits, "set": bool(weights),
            }
        )  # fmt: skip
        families[entry["family"]].update({"n": 1, "right": family_fits and band_fits})
        if not (family_fits and band_fits):
            wanted = f"{entry['family']} {entry['band']}"
            print_faults(
                misses, entry["prompt"], [f"{family} {band}{'' if weights else ' (nothing set)'}, not {wanted}"]
            )
    count = len(situations)
    print(
        f"\nsituations: {share(right['right'], count)} % of {count} right in family and band;"
        f" family {share(right['family'], count)} % (the best one {share(right['best'], count)} %),"
        f" band {share(right['band'], count)} %; an expression was set in {share(right['set'], count)} %"
    )
    print("  " + ", ".join(f"{name} {row['right']}/{row['n']}" for name, row in families.items()))


def print_faults(misses: bool, prompt: str, faults: list[str]) -> None:
    """Print a prompt's faults, if they are asked for."""
    if misses and faults:
        print(prompt[:100] + "".join(f"\n    {fault}" for fault in faults))


def load(name: str, folder: Path = PROMPTS) -> list[dict[str, Any]]:
    """The entries of one file of a test set."""
    entries: list[dict[str, Any]] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return entries


REPORTS = {"described": report_described, "bindings": report_bindings, "situations": report_situations}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=tuple(SETS), default="blind")
    parser.add_argument("--part", choices=tuple(REPORTS), action="append")
    parser.add_argument(
        "--misses", action="store_true", help="print each fault; of the blind set, not while working on the reader"
    )
    args = parser.parse_args()
    from dreamface.language import read  # what formats the test set needs no reader

    read("a face")  # what is loaded once
    for part in args.part or REPORTS:
        if (SETS[args.set] / f"{part}.json").is_file():
            REPORTS[part](read, args.misses, SETS[args.set])


if __name__ == "__main__":
    main()
