"""What a prompt leaves open: a balanced prior over people, drawn by the seed.

Sexes and ancestries come up equally often; most people are 20 to 45. What hangs together in people hangs together here:
skin, hair and eyes follow ancestry, wrinkles and grey hair follow age, beards follow sex and age. What the prompt does
say is evidence for the rest: someone bearded is drawn a man, someone grey-haired is drawn older.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import torch

from dreamface import prior_hair
from dreamface.random_streams import stream
from dreamface.styles import styles
from dreamface.traits import ANCESTRIES, VOCABULARY, Traits, TraitValue, Value

Colour = tuple[float, float, float]

_DARK_BROWN: Colour = (0.030, 0.013, 0.006)
_BROWN: Colour = (0.085, 0.036, 0.014)
_HAZEL: Colour = (0.150, 0.085, 0.028)
_GREEN: Colour = (0.110, 0.140, 0.060)
_BLUE: Colour = (0.100, 0.180, 0.290)
_GREY: Colour = (0.170, 0.200, 0.220)


@dataclass(frozen=True)
class _Ancestry:
    """Typical colouring: (mean, spread) of the amounts, and how often each iris colour comes up."""

    skin_melanin: tuple[float, float]
    skin_yellowness: tuple[float, float]
    hair_melanin: tuple[float, float]
    irises: tuple[tuple[Colour, float], ...]


_COLOURING = {
    "ancestry.african": _Ancestry((0.76, 0.10), (0.28, 0.08), (0.97, 0.03), ((_DARK_BROWN, 0.85), (_BROWN, 0.15))),
    "ancestry.east_asian": _Ancestry((0.22, 0.07), (0.34, 0.09), (0.95, 0.05), ((_DARK_BROWN, 0.8), (_BROWN, 0.2))),
    "ancestry.south_asian": _Ancestry((0.50, 0.11), (0.32, 0.09), (0.94, 0.05), ((_DARK_BROWN, 0.6), (_BROWN, 0.4))),
    "ancestry.european": _Ancestry(
        (0.14, 0.07),
        (0.22, 0.07),
        (0.60, 0.24),
        ((_BROWN, 0.32), (_BLUE, 0.27), (_HAZEL, 0.16), (_GREEN, 0.13), (_GREY, 0.12)),
    ),
}

_GREY_FROM = 0.2  # least channel, linear, of a grey or white beard
_GREY_WITHIN = 1.35  # largest channel over the least, that still reads as grey

# (share of people, years): most people whom nobody calls old or young are 20 to 45.
_USUAL_YEARS = ((0.0, 20.0), (0.85, 45.0), (1.0, 62.0))
_LINED_YEARS = ((0.0, 52.0), (1.0, 78.0))

# Women are a little fairer than men wherever it was measured (Jablonski and Chaplin 2000, J. of Human Evolution 39).
_FAIRER_WOMEN, _DARKER_MEN = 0.94, 1.03

# How lined women and men are from 80 years on. Foreheads and the folds beside the nose are deeper in men, the lines
# about the lips in women (Luebberding et al. 2014, Dermatologic Surgery 40; Paes et al. 2009, Aesthetic Surgery
# Journal 29).
_LINED = {"forehead": (0.52, 0.95), "eyes": (0.86, 0.98), "cheeks": (0.56, 0.88), "mouth": (0.80, 0.78)}

_RAREST = 2.0  # deviations from what is usual that are still drawn
_GAPPED = 0.06  # of people: a gap between the front teeth


def complete(asked: Traits, seed: int) -> Traits:
    """Every person, skin and hair trait: as asked where it was, else drawn with confidence 0.

    Shape traits and expressions stay as asked: free shapes are drawn by the head model, a free face is at rest.

    Args:
        asked: what the prompt says.
        seed: two seeds give two people.

    >>> person = complete(Traits({"age": 70.0}), seed=1)
    >>> person.number("age"), person["age"].confidence, person["hair.grey"].confidence
    (70.0, 1.0, 0.0)
    >>> person == complete(Traits({"age": 70.0}), seed=1)
    True
    """
    return _Draw(asked, seed).complete()


DRIVERS: Final = ("age", "gender", *ANCESTRIES, "body.weight", "body.muscle", "skin.melanin")
"""Traits that others hang together with."""


def followed(before: Traits, after: Traits, seed: int) -> Traits:
    """Return changed traits with what was drawn gone along: who gets older gets grey, unless that was said otherwise.

    A number that was drawn moves by as much as its draw does, from the same stream; so a life from 5 to 95 is one
    person's. So does one that looking at the face has moved from there. Cuts stay, but for beards that a child has not.

    Args:
        before: a whole person's.
        after: the same with some changed.
        seed: of the draw.

    >>> young = complete(Traits({"age": 30.0, "gender": 1.0}), seed=1)
    >>> old = followed(young, young.under({"age": 75.0}), seed=1)
    >>> old.number("hair.grey") > young.number("hair.grey") + 0.5
    True
    """
    if not any(before.value(name) != after.value(name) for name in DRIVERS):
        return after
    drivers = {name: TraitValue(after.value(name)) for name in DRIVERS}
    were = {name: TraitValue(before.value(name)) for name in DRIVERS}
    asked = Traits({name: entry for name, entry in after.items() if entry.is_asked})
    then, now = complete(asked.under(were), seed), complete(asked.under(drivers), seed)
    moved = {name: _moved(name, entry, then, now) for name, entry in after.items() if not entry.is_asked}
    return after.under({name: entry for name, entry in moved.items() if name not in DRIVERS})


def _moved(name: str, entry: TraitValue, then: Traits, now: Traits) -> TraitValue:
    """Return a drawn trait, moved as its draw was from one person to another."""
    old, new = then.value(name), now.value(name)
    if isinstance(entry.value, float | int) and isinstance(old, float | int) and isinstance(new, float | int):
        return replace(entry, value=VOCABULARY[name].clamp(entry.value + new - old))
    return replace(entry, value=new) if name == "beard.style" and new == "none" else entry


class _Draw:
    """One draw; every trait has a stream of its own, so that asking for one changes no other by chance."""

    def __init__(self, asked: Traits, seed: int) -> None:
        self._asked = asked
        self._seed = seed
        self._own = prior_hair.Own(styles())
        self._drawn: dict[str, TraitValue] = {}

    def complete(self) -> Traits:
        self._person()
        self._skin()
        self._marks()
        self._hair()
        self._facial_hair()
        return Traits(self._drawn).under(self._asked)

    # ------------------------------------------------------------------------------------------------------- helpers

    def _uniform(self, name: str) -> float:
        return float(torch.rand((), generator=stream(self._seed, name)))

    def _normal(self, name: str) -> float:
        return float(torch.randn((), generator=stream(self._seed, name)))

    def _set(self, name: str, value: Value) -> None:
        """Set a trait the prompt leaves open."""
        if isinstance(value, float):
            value = VOCABULARY[name].clamp(value)
        self._drawn[name] = TraitValue(value, confidence=0.0)

    def _around(self, name: str, mean: float, spread: float) -> None:
        # Who says "Irish" does not think of the one in a thousand.
        self._set(name, mean + spread * min(_RAREST, max(-_RAREST, self._normal(name))))

    def _now(self, name: str) -> float:
        """A number as asked, else as drawn so far."""
        return (self._asked if name in self._asked else Traits({name: self._drawn[name]})).number(name)

    def _pick(self, name: str, shares: list[float]) -> int:
        """An index drawn in proportion to `shares`."""
        weights = torch.tensor(shares, dtype=torch.float64)
        return int(torch.multinomial(weights, 1, generator=stream(self._seed, name)))

    def _pick_one(self, name: str, weights: Mapping[str, float]) -> str:
        """A choice drawn in proportion to its weight."""
        return list(weights)[self._pick(name, list(weights.values()))]

    def _chosen(self, name: str) -> str:
        """A choice as asked, else as drawn so far."""
        return (self._asked if name in self._asked else Traits({name: self._drawn[name]})).choice(name)

    def _ancestries(self) -> dict[str, float]:
        return {name: self._now(name) for name in ANCESTRIES}

    def _tinted(self, name: str) -> bool:
        """Whether the prompt gives something a colour."""
        return name in self._asked and self._asked.tint(name)[1] > 0.0

    def _is_grey(self, name: str) -> bool:
        """Whether the prompt gives hair the colour of old age."""
        colour = self._asked.tint(name)[0]
        return self._tinted(name) and min(colour) > _GREY_FROM and max(colour) < _GREY_WITHIN * min(colour)

    def _says(self, *names: str) -> bool:
        """Whether the prompt asks for more than nothing of any of these amounts."""
        return any(name in self._asked and self._asked.number(name) > 0.25 for name in names)

    # -------------------------------------------------------------------------------------------------------- person

    def _person(self) -> None:
        bearded = (
            self._says("stubble.density", "beard.density")
            or self._tinted("beard.colour")
            or ("beard.style" in self._asked and self._asked.choice("beard.style") != "none")
        )
        sex = 1.0 if bearded or self._uniform("gender") < 0.5 else -1.0
        self._set("gender", sex * (0.80 + 0.20 * self._uniform("gender.strength")))
        lined = self._says("wrinkles.forehead", "wrinkles.eyes", "wrinkles.mouth", "age_spots.density", "hair.grey")
        lined = lined or self._is_grey("beard.colour") or self._is_grey("brows.colour")
        self._set("age", _along(_LINED_YEARS if lined else _USUAL_YEARS, self._uniform("age")))
        self._ancestry()
        self._around("body.weight", 0.5, 0.10)
        self._around("body.muscle", 0.5, 0.08)

    def _ancestry(self) -> None:
        """One main ancestry, now and then two; skin that was asked for makes some likelier."""
        if any(name in self._asked and self._asked.number(name) > 0.0 for name in ANCESTRIES):
            for name in ANCESTRIES:
                self._set(name, 0.0)
            return
        # Where the prompt only denies some ("not European"), the others stay likely.
        shares = [0.0 if name in self._asked else self._likelihood(name) for name in ANCESTRIES]
        if not any(shares):  # all denied: somebody still has to be drawn
            shares = [1.0] * len(ANCESTRIES)
        main = self._pick("ancestry.main", shares)
        second = self._pick("ancestry.second", shares)
        part = 0.35 * self._uniform("ancestry.part") if self._uniform("ancestry.mixed") < 0.3 else 0.0
        for index, name in enumerate(ANCESTRIES):
            self._set(name, (1.0 - part) * (index == main) + part * (index == second))

    def _likelihood(self, ancestry: str) -> float:
        """How well an ancestry explains the skin and the curls that were asked for; equal where none were."""
        curls = prior_hair.curl_likelihood(ancestry, self._asked)
        if "skin.melanin" not in self._asked:
            return curls
        mean, spread = _COLOURING[ancestry].skin_melanin
        distance = (self._asked.number("skin.melanin") - mean) / (2.0 * spread)
        return curls * (math.exp(-0.5 * distance * distance) + 1e-6)

    def _colouring(self, part: str) -> tuple[float, float]:
        """Return (mean, spread) of a colouring amount over this person's ancestry."""
        shares = self._dark_dominant() if part == "hair_melanin" else [self._now(name) for name in ANCESTRIES]
        total = sum(shares) or 1.0
        pairs = [getattr(_COLOURING[name], part) for name in ANCESTRIES]
        mean = sum(share * pair[0] for share, pair in zip(shares, pairs, strict=True)) / total
        spread = sum(share * pair[1] for share, pair in zip(shares, pairs, strict=True)) / total
        return mean, spread

    def _dark_dominant(self) -> list[float]:
        """Return each ancestry's share in the colour of hair and eyes.

        Dark hair and brown eyes are mostly dominant: somebody half European is rarely fair, since both copies of a gene
        would have to be.
        """
        shares = {name: self._now(name) for name in ANCESTRIES}
        total = sum(shares.values()) or 1.0
        fair = (shares["ancestry.european"] / total) ** 2
        dark = sum(share for name, share in shares.items() if name != "ancestry.european") or 1.0
        return [fair if name == "ancestry.european" else (1.0 - fair) * share / dark for name, share in shares.items()]

    # ---------------------------------------------------------------------------------------------------- skin and eyes

    def _skin(self) -> None:
        age, male = self._now("age"), self._now("gender") > 0
        melanin, spread = self._colouring("skin_melanin")
        self._around("skin.melanin", melanin * (_DARKER_MEN if male else _FAIRER_WOMEN), spread)
        self._around("skin.yellowness", *self._colouring("skin_yellowness"))
        self._around("skin.redness", 0.42, 0.10)
        self._around("skin.oiliness", 0.42 - 0.15 * _ramp(age, 40, 80), 0.10)
        self._around("skin.pores", 0.30 + (0.12 if male else 0.0) + 0.15 * _ramp(age, 15, 50), 0.08)
        self._around("under_eyes.darkness", 0.20 + 0.22 * _ramp(age, 28, 62), 0.10)
        # Women's lips stand out more from their skin (Russell 2009, Perception 38).
        self._around("lips.redness", (0.40 if male else 0.59) - (0.12 if male else 0.08) * _ramp(age, 50, 80), 0.07)
        self._around("sclera.redness", 0.08 + 0.15 * _ramp(age, 30, 90), 0.05)
        self._around("pupil.size", 0.45 - 0.15 * _ramp(age, 20, 80), 0.07)
        self._around("teeth.yellowness", 0.12 + 0.40 * _ramp(age, 15, 85), 0.07)
        gapped = self._uniform("teeth.gap.some") < _GAPPED
        self._set("teeth.gap", 0.2 + 0.4 * self._uniform("teeth.gap") if gapped else 0.0)
        for name, (woman, man) in _LINED.items():
            lined = (man if male else woman) * _ramp(age, 20, 72)
            self._around(f"wrinkles.{name}", lined, 0.05 * _ramp(age, 15, 40))
        self._iris()

    def _iris(self) -> None:
        shares: dict[Colour, float] = {}
        for name, part in zip(ANCESTRIES, self._dark_dominant(), strict=True):
            for colour, share in _COLOURING[name].irises:
                shares[colour] = shares.get(colour, 0.0) + share * part
        colours = list(shares)
        colour = colours[self._pick("iris.colour", [shares[c] + 1e-9 for c in colours])]
        factor = math.exp(0.18 * self._normal("iris.lightness"))
        red, green, blue = (min(1.0, channel * factor) for channel in colour)
        self._set("iris.colour", (red, green, blue))

    def _marks(self) -> None:
        age, fair = self._now("age"), 1.0 - _ramp(self._now("skin.melanin"), 0.1, 0.4)
        often = 0.45 * fair * (0.25 + 0.75 * self._now("ancestry.european"))
        some = self._uniform("freckles.some") < often
        self._set("freckles.density", 0.10 + 0.40 * self._uniform("freckles.density") if some else 0.0)
        self._set("moles.density", 0.25 * self._uniform("moles.density"))
        self._around("age_spots.density", 0.55 * _ramp(age, 45, 85) * (0.5 + 0.5 * fair), 0.05 * _ramp(age, 40, 60))
        self._around("capillaries.density", 0.45 * _ramp(age, 35, 75) * (0.3 + 0.7 * fair), 0.05 * _ramp(age, 25, 50))
        scarred = self._uniform("scars.some") < 0.08 * _ramp(age, 5, 40)
        self._set("scars.density", 0.03 + 0.04 * self._uniform("scars.density") if scarred else 0.0)
        self._set("vitiligo.coverage", 0.0)  # one person in a hundred has it: seen by surprise, it would seem a fault
        young = 1.0 - _ramp(age, 18, 30)
        self._set(
            "blemishes.density", 0.35 * self._uniform("blemishes.density") * (0.2 + 0.8 * young) * _ramp(age, 9, 14)
        )

    # ---------------------------------------------------------------------------------------------------------- hair

    def _hair(self) -> None:
        age, male = self._now("age"), self._now("gender") > 0
        self._hair_colour(age, male)
        self._cut(age, male)
        style, own = self._chosen("hair.style"), self._own
        self._around("hair.length", own.length(style), 0.03)
        self._around("hair.volume", 0.5, 0.08)
        was_asked = "hair.style" in self._asked
        self._set("hair.curl", own.curl(style, self._ancestries(), self._uniform("hair.curl"), was_asked))
        side = 1.0 if self._uniform("hair.parting.side") < 0.5 else -1.0
        self._set("hair.parting", side * own.parting(style))
        self._fringe(style, male)
        lost = (0.25 if male else 0.06) * _ramp(age, 28, 75) + (0.25 if style == "receding" else 0.0)
        usual = 0.3 if male else 0.15
        self._around("hair.hairline", usual - 0.05 * (1.0 - _ramp(age, 2, 14)) + lost, 0.06)
        grown = _ramp(age, 1, 14)
        self._around("brows.thickness", 0.25 + (0.35 if male else 0.06) * grown, 0.12 if male else 0.08)
        thinned = (0.20 if male else 0.32) * _ramp(age, 50, 85)
        self._around("brows.density", 0.30 + 0.36 * grown - thinned, 0.10)
        brows = prior_hair.brow_weights(age, male, self._now("ancestry.east_asian"), self._asked)
        self._set("brows.style", self._pick_one("brows.style", brows))
        self._around("lashes.length", 0.35 if male else 0.70, 0.10)
        self._set("lashes.style", self._pick_one("lashes.style", prior_hair.lash_weights(age, male, self._asked)))

    def _hair_colour(self, age: float, male: bool) -> None:
        self._around("hair.melanin", *self._colouring("hair_melanin"))
        european = self._now("ancestry.european")
        self._set("hair.redness", european * 0.30 * self._uniform("hair.redness") ** 2 + 0.05)
        # Whoever says "black hair" of an old man sees black.
        named = any(name in self._asked for name in ("hair.melanin", "hair.redness"))
        left = 0.2 if named else 1.0
        self._around("hair.grey", left * _ramp(age, 40, 80), left * 0.05 * _ramp(age, 30, 45))
        some = self._uniform("hair.temple_grey.some") < (0.6 if male else 0.25)
        amount = 0.7 * self._uniform("hair.temple_grey") * _ramp(age, 35, 55) * left
        self._set("hair.temple_grey", amount if some else 0.0)

    def _cut(self, age: float, male: bool) -> None:
        losing = male and self._uniform("hair.loss") < 0.45 * _ramp(age, 28, 70)
        full = prior_hair.cut_weights(age, male, self._ancestries(), self._asked)
        lost = prior_hair.loss_weights(self._asked)
        cut, thin = self._pick_one("hair.style", full), self._pick_one("hair.style.lost", lost)
        self._set("hair.style", thin if losing and not prior_hair.keeps_hair(self._asked) else cut)

    def _fringe(self, style: str, male: bool) -> None:
        added = not male and prior_hair.takes_fringe(style) and self._uniform("hair.fringe.some") < 0.12
        more = 0.3 + 0.5 * self._uniform("hair.fringe") if added else 0.0
        self._set("hair.fringe", max(self._own.fringe(style), more))

    def _facial_hair(self) -> None:
        age = self._now("age")
        grows = self._now("gender") > 0 and age > 17
        wants_style = "beard.style" in self._asked and self._asked.choice("beard.style") != "none"
        stubble = self._says("stubble.density")
        coloured = self._tinted("beard.colour") and not stubble  # a grey stubble is no grey beard
        wants = wants_style or self._says("beard.density", "beard.length") or coloured
        has_beard = wants or (grows and not stubble and self._uniform("beard.some") < 0.22)
        style = self._pick_one("beard.style", prior_hair.beard_weights(age, self._asked))
        self._set("beard.style", style if has_beard else "none")
        self._set("beard.density", 0.55 + 0.35 * self._uniform("beard.density") if has_beard else 0.0)
        own = self._own.beard_length(self._chosen("beard.style"))
        self._set("beard.length", own * (0.75 + 0.5 * self._uniform("beard.length")) if has_beard else 0.0)
        self._set("stubble.density", 0.10 + 0.55 * self._uniform("stubble.density") if grows else 0.0)


def _along(corners: tuple[tuple[float, float], ...], share: float) -> float:
    """Return the value at a share 0..1 of a line through (share, value) corners.

    >>> _along(((0.0, 20.0), (0.5, 30.0), (1.0, 60.0)), 0.75)
    45.0
    """
    for (start, low), (end, high) in pairwise(corners):
        if share <= end:
            return low + (high - low) * (share - start) / (end - start)
    return corners[-1][1]


def _ramp(value: float, start: float, end: float) -> float:
    """Return 0 below `start`, 1 above `end`, and smooth values between: the smoothstep function of one number.

    >>> [_ramp(age, 20, 60) for age in (10, 20, 40, 60, 90)]
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    share = min(1.0, max(0.0, (value - start) / (end - start)))
    return share * share * (3.0 - 2.0 * share)
