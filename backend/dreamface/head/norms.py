"""What faces measure by sex, age and ancestry: means and spreads of distances, in millimetres, from the literature.

Adults are 18 to 30 years old. Sources, rounded to half a millimetre:

- Farkas 1994, "Anthropometry of the Head and Face", appendix A: North American whites, African Americans and Chinese.
- Farkas et al. 2005, "International anthropometric study of facial morphology in various ethnic groups/races",
  Journal of Craniofacial Surgery 16(4): 14 measures in 25 groups, Indians among them.
- Bouhadana et al. 2022, "Expanding the classic facial canons", PRS Global Open 10(4): the distance between the
  inner eye corners pooled over 22,638 people: African 38.5, Asian 36.4, South-East and South Asian 32.8, White 31.4.
- Farkas and Hreczko 1994, chapter 4 of the same book: growth, as shares of the adult's distance.
- Gordon et al. 2014, "2012 Anthropometric Survey of U.S. Army Personnel", Natick TR-15/007: the neck's circumference,
  33 cm in women and 39.8 cm in men, as the width of a round neck.
- Heathcote 1995, BMJ 311: ears grow by 0.22 mm a year; Sforza et al. 2010, Annals of Anatomy 192: noses; Iblher et al.
  2008, JPRAS 61 and Sforza et al. 2010, JPRAS 63: lips thin and the upper lip lengthens; van den Bosch et al. 1999,
  Ophthalmology 106: the eyelids' opening shortens by a tenth from 35 to 85 years.

Instruments and landmarks differ between studies and from ours, so a head is never held to a distance itself, but to how
a group's differs from the mean of all adults; and lengths count as shares of the skull, as our measurements do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.traits import ANCESTRIES


@dataclass(frozen=True)
class Norm:
    """One distance.

    Attributes:
        women, men: mean millimetres of adults, in the order of `ANCESTRIES`.
        spread: standard deviation within a group of adults, millimetres.
        grown: share of the adult's distance at `GROWING`.
        per_decade: millimetres by which it changes in ten years, from `AGES_FROM` on.
    """

    women: tuple[float, float, float, float]
    men: tuple[float, float, float, float]
    spread: float
    grown: tuple[float, ...]
    per_decade: float = 0.0


GROWING: Final = (1.0, 5.0, 10.0, 14.0, 18.0)  # years
AGES_FROM: Final = 28.0  # years
AGES_TO: Final = 90.0  # years

assert ANCESTRIES == ("ancestry.african", "ancestry.east_asian", "ancestry.south_asian", "ancestry.european")
NORMS: Final[Mapping[str, Norm]] = {
    "face.width": Norm((131, 136, 125, 130), (138.5, 144, 132, 137.5), 4.8, (0.73, 0.85, 0.91, 0.96, 1)),
    "face.length": Norm((181, 178, 173, 178), (193, 190, 184, 190), 7.5, (0.72, 0.85, 0.92, 0.96, 1)),
    "eyes.size": Norm((32.5, 29, 31, 30.5), (33, 29.5, 31.5, 31.5), 1.3, (0.76, 0.88, 0.94, 0.98, 1), -0.35),
    "eyes.spacing": Norm((36, 35.5, 32, 30.5), (37.5, 37, 33.5, 32), 2.4, (0.84, 0.92, 0.96, 0.99, 1)),
    "nose.length": Norm((48.5, 51.5, 48.5, 50.5), (52, 53.5, 51.5, 54.5), 3.2, (0.62, 0.77, 0.87, 0.95, 1), 0.5),
    "nose.width": Norm((40, 37, 33.5, 31.5), (44, 39, 37, 35), 2.4, (0.76, 0.84, 0.90, 0.96, 1), 0.35),
    "mouth.width": Norm((53, 47.5, 48.5, 50), (55.5, 49.5, 51.5, 54), 3.3, (0.63, 0.79, 0.88, 0.95, 1), 0.3),
    "lips.upper": Norm((13, 9.5, 9.5, 8.5), (13.5, 10, 10, 8.5), 1.4, (0.65, 0.82, 0.92, 0.98, 1), -0.55),
    "lips.lower": Norm((13.5, 10.5, 10.5, 9.5), (14, 11, 10.5, 10), 1.5, (0.70, 0.84, 0.93, 0.98, 1), -0.45),
    "philtrum.length": Norm((13, 13, 13.5, 13.5), (15, 15.5, 15.5, 15.5), 1.9, (0.75, 0.84, 0.91, 0.96, 1), 0.55),
    "jaw.width": Norm((93, 98, 88, 91), (100, 106, 95, 98.5), 5.6, (0.70, 0.83, 0.90, 0.95, 1)),
    "neck.width": Norm((105, 105, 105, 105), (126.5, 126.5, 126.5, 126.5), 6.0, (0.62, 0.73, 0.82, 0.92, 1)),
    "ears.size": Norm((55.5, 58, 58, 58.5), (59.5, 61.5, 62, 62.5), 3.7, (0.76, 0.87, 0.94, 0.98, 1), 2.2),
}  # fmt: skip
"""Shape trait -> the distance that it is."""

SKULL: Final = (
    Norm((141, 146, 137, 144), (147, 155, 143, 151), 5.5, (0.84, 0.93, 0.96, 0.98, 1)),  # eurion to eurion
    Norm((188, 178, 179, 187), (198, 190, 188, 197), 7.0, (0.84, 0.93, 0.95, 0.98, 1)),  # glabella to opisthocranion
)
"""Width and depth of the skull; their mean stands for its size."""


def shares(person: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return every distance as a share of the skull's size, over what it is in the mean of all adults: (mean, spread).

    Args:
        person: age in years, gender -1..1 and ancestry weights.

    >>> dict_of = shares({"age": 25.0, "gender": 1.0, "ancestry.african": 1.0})
    >>> dict_of["nose.width"][0] > 1.1 > dict_of["nose.length"][0]
    True
    """
    size = _skull(person) / _skull(None)
    found = {}
    for name, norm in NORMS.items():
        usual = _mean(norm, None)
        found[name] = (_mean(norm, person) / usual / size, norm.spread / usual)
    return found


def _skull(person: Mapping[str, float] | None) -> float:
    return 0.5 * sum(_mean(norm, person) for norm in SKULL)


def _mean(norm: Norm, person: Mapping[str, float] | None) -> float:
    """Return the mean distance of people like this one, or of all adults in equal parts, millimetres."""
    if person is None:
        return float(np.mean((norm.women, norm.men)))
    weights = np.array([person.get(name, 0.0) for name in ANCESTRIES])
    weights = weights / weights.sum() if weights.sum() > 0.0 else np.full(len(ANCESTRIES), 1.0 / len(ANCESTRIES))
    woman, man = weights @ np.array(norm.women), weights @ np.array(norm.men)
    # Boys and girls hardly differ: what does comes with puberty.
    male = 0.5 + 0.5 * person["gender"]
    adult = woman + male * (man - woman)
    even = 0.5 * (woman + man)
    ripe = float(np.interp(person["age"], (11.0, 18.0), (0.25, 1.0)))
    aged = norm.per_decade * (min(max(person["age"], AGES_FROM), AGES_TO) - AGES_FROM) / 10.0
    return float((even + ripe * (adult - even)) * np.interp(person["age"], GROWING, norm.grown) + aged)
