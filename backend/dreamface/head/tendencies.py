"""How sex, age, ancestry and build show beyond what is measured: amounts of sliders, by what they follow.

All are tendencies: they move the middle of a group, around which people are drawn, and what is asked for wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

Person = Mapping[str, float]


def _between(values: tuple[float, ...], amounts: tuple[float, ...]) -> Callable[[float], float]:
    return lambda value: float(np.interp(value, values, amounts))


_RIPE: Final = _between((10.0, 18.0), (0.0, 1.0))
_CHILD: Final = _between((0.0, 4.0, 8.0, 12.0, 17.0), (1.0, 1.0, 0.85, 0.5, 0.0))
_AGED: Final = _between((26.0, 35.0, 45.0, 55.0, 65.0, 75.0, 95.0), (0.0, 0.18, 0.48, 0.75, 0.98, 1.18, 1.45))

DRIVERS: Final[Mapping[str, Callable[[Person], float]]] = {
    "man": lambda p: _RIPE(p["age"]) * max(0.0, p["gender"]),
    "woman": lambda p: _RIPE(p["age"]) * max(0.0, -p["gender"]),
    "old": lambda p: _AGED(p["age"]),
    "old man": lambda p: _AGED(p["age"]) * max(0.0, p["gender"]),
    "old woman": lambda p: _AGED(p["age"]) * max(0.0, -p["gender"]),
    "child": lambda p: _CHILD(p["age"]),
    "african": lambda p: _ancestry(p, "ancestry.african"),
    "east asian": lambda p: _ancestry(p, "ancestry.east_asian"),
    "south asian": lambda p: _ancestry(p, "ancestry.south_asian"),
    "european": lambda p: _ancestry(p, "ancestry.european"),
    "heavy": lambda p: max(0.0, 2.0 * p["body.weight"] - 1.0),
    "thin": lambda p: max(0.0, 1.0 - 2.0 * p["body.weight"]),
    "muscular": lambda p: max(0.0, 2.0 * p["body.muscle"] - 1.0),
}
"""What sliders follow: each 0 to about 1."""

TENDENCIES: Final[Mapping[str, Mapping[str, float]]] = {
    "man": {
        "own-brow-ridge": 0.3, "own-orbit-low": 0.35, "own-forehead-slope": 0.2, "own-jaw-corner": 0.4,
        "own-jaw-line": 0.3, "own-chin-square": 0.4, "own-cheek-apple": -0.15, "own-nose-bridge": 0.15, "own-neck": 0.2,
        "own-cheek-hollow": 0.1,
    },
    "woman": {
        "own-brow-ridge": -0.9, "own-orbit-low": -0.8, "own-forehead-slope": -0.5, "own-jaw-corner": -0.6,
        "own-jaw-line": -0.4, "own-chin-square": -0.6, "own-cheek-apple": 0.65, "own-nose-bridge": -0.4,
        "own-neck": -0.6,
    },
    "old": {
        "own-jowl": 0.55, "own-cheek-sag": 0.6, "own-nasolabial": 0.55, "own-marionette": 0.4, "own-temple": 0.5,
        "own-orbit-hollow": 0.4, "own-lid-hood": 0.45, "own-cheek-hollow": 0.2, "own-throat": 0.6,
        "own-nose-tip-drop": 0.25, "own-mouth-inward": 0.45,
    },
    "old man": {"own-jowl": 0.15, "own-orbit-low": 0.2, "own-cheek-hollow": 0.15},
    "old woman": {
        "own-jowl": -0.2, "own-cheek-sag": -0.2, "own-jaw-corner": -0.15, "own-cheek-hollow": -0.2,
        "own-temple": -0.15, "own-orbit-hollow": -0.15, "own-nasolabial": -0.12, "own-throat": -0.15,
        "own-brow-ridge": -0.1,
    },
    "child": {
        "own-cranium": 0.8, "own-forehead-dome": 0.5, "own-cheek-round": 0.8, "own-nose-small": 0.5,
        "own-chin-small": 0.5, "own-brow-ridge": -0.4, "own-neck": -0.5, "own-jaw-corner": -0.4,
    },
    "african": {"own-lips-forward": 0.35},
    "east asian": {"own-malar-flat": 0.5, "own-brow-ridge": -0.2},
    "south asian": {"own-orbit-hollow": 0.3, "own-nose-bridge": 0.5, "own-cheek-apple": 0.2, "own-lips-forward": 0.15},
    "european": {"own-malar-flat": -0.3, "own-lips-forward": -0.1, "own-chin-square": 0.1},
    "heavy": {"own-double-chin": 1.0, "own-cheek-fat": 1.0, "own-neck": 0.6, "own-cheek-hollow": -0.3},
    "thin": {
        "own-cheek-hollow": 0.8, "own-temple": 0.5, "own-cheek-fat": -0.4, "own-neck": -0.5, "own-orbit-hollow": 0.3,
    },
}  # fmt: skip
"""What is followed -> slider -> how much of it at 1."""


TRAITS: Final[Mapping[str, Mapping[str, float]]] = {
    "man": {"brow.height": -0.2, "brow.ridge": 0.2, "chin.width": 0.2, "mouth.corners": 0.7},
    "woman": {
        "brow.height": 0.3, "brow.ridge": -0.5, "brow.angle": 0.5, "eyes.size": 0.75, "eyes.openness": 0.3,
        "eyes.tilt": 0.3, "lips.upper": 0.75, "lips.lower": 0.75, "mouth.corners": 1.4,
        "nose.tip_up": 0.25, "nose.hump": -0.8, "nose.bridge_width": -0.5, "nose.tip_width": -0.5, "nose.width": -0.55,
        "nose.length": -0.3, "eyes.fold": 0.15, "chin.width": -0.3, "chin.height": -0.25, "philtrum.length": -0.4,
        "face.roundness": 0.15, "jaw.width": -0.1, "cheeks.volume": 0.2, "cheekbones.prominence": 0.25,
        "cheekbones.height": 0.2,
    },
    "south asian": {
        "nose.hump": 0.5, "nose.tip_up": -0.4, "nose.bridge_height": 0.2, "eyes.openness": 0.2, "lips.upper": 0.2,
        "lips.lower": 0.3, "brow.height": -0.2, "jaw.angle": 0.2,
    },
    "european": {"chin.prominence": 0.3, "eyes.depth": 0.2, "nose.tip_up": 0.2, "nose.tip_width": -0.2},
    "child": {"eyes.size": 0.5, "eyes.openness": 0.3, "nose.bridge_height": -0.4},
    "old": {"brow.height": -0.3, "eyes.openness": -0.3, "mouth.corners": -0.3},
    # Women's brows do not come down with age, their middle rises (Matros et al. 2009, Plast. Reconstr. Surg. 124).
    "old woman": {"brow.height": 0.3},
    "heavy": {"neck.width": 1.0},
    "thin": {"neck.width": -0.8},
    "muscular": {"neck.width": 0.8},
}  # fmt: skip
"""What is followed -> shape trait -> standard deviations of the population by which the group's mean is moved at 1."""


def trait_tendencies(person: Person) -> dict[str, float]:
    """Return shape trait -> standard deviations of the population by which somebody's group is moved."""
    return _summed(TRAITS, person)


def tendencies(person: Person) -> dict[str, float]:
    """Return slider -> amount for somebody.

    Args:
        person: age in years, gender -1..1, ancestry weights, body.weight 0..1.

    >>> round(tendencies({"age": 80.0, "gender": -1.0, "body.weight": 0.5})["own-jowl"], 2)
    0.44
    """
    return _summed(TENDENCIES, person)


def _summed(table: Mapping[str, Mapping[str, float]], person: Person) -> dict[str, float]:
    found: dict[str, float] = {}
    for driver, sliders in table.items():
        share = DRIVERS[driver](person)
        if share:
            for name, amount in sliders.items():
                found[name] = found.get(name, 0.0) + share * amount
    return found


def _ancestry(person: Person, name: str) -> float:
    total = sum(value for key, value in person.items() if key.startswith("ancestry."))
    return person.get(name, 0.0) / total if total else 0.0
