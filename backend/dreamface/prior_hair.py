"""Which hair people have, by age, sex and ancestry: likely, never certain. Data, and how evidence changes it.

Weights are relative: a style of weight 2 comes up twice as often as one of weight 1. What the prompt says of the hair
counts as evidence for the styles that show it: curls for curly cuts, a fringe for bangs, length for long hair.
"""

# ruff: noqa: E501 - tables: one age or one cut a line

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dreamface.hair import Region
from dreamface.styles import Style, Styles
from dreamface.traits import ANCESTRIES, Traits

Weights = Mapping[str, float]

# --------------------------------------------------------------------------------------------------------------- cuts

_GIRLS: Final[tuple[tuple[float, Weights], ...]] = (
    (4.0, {"pixie": 4, "bob": 2.5, "short_curly": 2, "short": 1}),  # fine hair that has not grown yet
    (11.0, {"long": 3, "ponytail": 1.5, "braids": 2, "bangs": 2, "wavy": 1.5, "medium": 1.5, "bob": 1.5, "curly": 1,
            "crown_braid": 0.3, "bun": 0.3}),
    (30.0, {"long": 3, "wavy": 2.5, "medium": 1.8, "ponytail": 0.8, "bangs": 1.2, "curly": 1.2, "bob": 1.4, "bun": 0.35, "braids": 0.5,
            "low_bun": 0.4, "crown_braid": 0.2, "pixie": 0.25}),
    (60.0, {"medium": 2, "long": 2, "wavy": 2, "bob": 2.2, "ponytail": 0.5, "curly": 1, "low_bun": 0.4, "bangs": 0.9, "bun": 0.25,
            "pixie": 0.3, "braids": 0.2}),
    (math.inf, {"bob": 1.8, "medium": 2.2, "wavy": 2.6, "short_curly": 0.7, "curly": 0.6, "pixie": 0.3, "low_bun": 0.6, "bangs": 0.3,
                "long": 0.3, "bun": 0.3}),
)  # fmt: skip
_BOYS: Final[tuple[tuple[float, Weights], ...]] = (
    (4.0, {"short": 6, "messy": 2.5, "short_curly": 1.5}),
    (11.0, {"short": 3, "messy": 2.5, "side_part": 1, "short_curly": 0.8, "buzz": 0.6, "quiff": 0.2, "medium": 0.2}),
    (25.0, {"messy": 2, "short": 2, "undercut": 1.5, "quiff": 1, "side_part": 1, "short_curly": 1, "buzz": 0.7, "medium": 0.4,
            "slick_back": 0.3}),
    (60.0, {"short": 3, "side_part": 2, "buzz": 1.2, "messy": 1, "undercut": 0.9, "quiff": 0.8, "slick_back": 0.8, "short_curly": 0.7,
            "medium": 0.3}),
    (math.inf, {"short": 2.5, "side_part": 2.5, "buzz": 1, "slick_back": 0.8, "messy": 0.4, "medium": 0.2}),
)  # fmt: skip
"""Until which age -> weights, of women and girls, and of men and boys."""

_CROSSING: Final = 0.02
"""Share of the other sex's weights that everybody has: men with buns, women with crew cuts."""

_LIKELIER: Final[dict[str, Weights]] = {
    "ancestry.african": {
        "long": 0.10, "wavy": 0.10, "medium": 0.20, "bob": 0.45, "bangs": 0.2, "ponytail": 0.6, "messy": 0.05, "side_part": 0.08,
        "slick_back": 0.05, "quiff": 0.05, "pixie": 0.6, "curly": 1.2, "short_curly": 1.5, "buzz": 2.0, "undercut": 1.3,
    },
    "ancestry.east_asian": {
        "curly": 0.12, "short_curly": 0.15, "wavy": 0.5, "bangs": 1.8, "long": 1.4, "undercut": 1.3, "medium": 1.2,
    },
    "ancestry.south_asian": {
        "long": 1.4, "braids": 1.5, "low_bun": 1.5, "side_part": 1.4, "slick_back": 1.2, "quiff": 1.3, "pixie": 0.5, "buzz": 0.6,
    },
    "ancestry.european": {},
}  # fmt: skip
"""Factors on those weights."""

_AFRICAN_WOMEN: Final[tuple[tuple[float, Weights], ...]] = (
    (55.0, {"afro": 2.4, "coils": 1.4, "twists": 1.8, "cornrows": 1.2, "braids": 1.2, "dreadlocks": 0.7}),
    (math.inf, {"afro": 2.6, "coils": 1.0, "twists": 1.4, "cornrows": 0.25, "braids": 0.25, "dreadlocks": 0.4}),
)  # fmt: skip
_AFRICAN_MEN: Final[tuple[tuple[float, Weights], ...]] = (
    (math.inf, {"coils": 1.4, "afro": 1.0, "twists": 0.8, "dreadlocks": 0.8, "cornrows": 0.7, "flat_top": 0.4}),
)
"""Cuts that are made for coiled hair, from four years on: until which age -> weights."""

_FIRST_LONG: Final = 4.0  # years from which hair is long enough for locks and braids
_LOSS: Final[Weights] = {"receding": 0.55, "bald": 0.45}


@dataclass(frozen=True)
class _Shown:
    """What is seen of a cut, and what a file of its style says where there is one.

    Attributes:
        length: of hair that hangs loose; None where it is put up.
        own: values of `hair.length`, `hair.curl` and `hair.fringe` at which it is as drawn.
        curls: range of `hair.curl` in which it is still that cut.
        nature: 0..1, how far the person's own texture shows.
        parting: how far aside its parting is; None has none.
        fringed: whether a fringe goes with it.
    """

    length: float | None
    own: tuple[float, float, float]
    curls: tuple[float, float] = (0.0, 1.0)
    nature: float = 0.5
    parting: float | None = None
    fringed: bool = False


_SHOWN: Final[dict[str, _Shown]] = {
    "bald": _Shown(0.0, (0.0, 0.0, 0.0), nature=1.0),
    "buzz": _Shown(0.04, (0.04, 0.0, 0.0), nature=1.0),
    "short": _Shown(0.12, (0.12, 0.0, 0.0), nature=0.8),
    "side_part": _Shown(0.18, (0.18, 0.05, 0.0), (0.0, 0.4), 0.4, parting=0.6),
    "slick_back": _Shown(0.2, (0.2, 0.0, 0.0), (0.0, 0.3), 0.25),
    "quiff": _Shown(0.2, (0.2, 0.1, 0.0), (0.0, 0.5), 0.4),
    "undercut": _Shown(0.2, (0.2, 0.05, 0.0), (0.0, 0.8), 0.6, parting=0.5),
    "mohawk": _Shown(0.25, (0.25, 0.05, 0.0), nature=0.6),
    "pixie": _Shown(0.17, (0.17, 0.05, 0.3), (0.0, 0.5), 0.4, parting=0.5, fringed=True),
    "bob": _Shown(0.36, (0.36, 0.02, 0.0), (0.0, 0.6), 0.3, parting=0.3, fringed=True),
    "medium": _Shown(0.5, (0.5, 0.1, 0.0), (0.0, 0.6), 0.35, parting=0.2, fringed=True),
    "long": _Shown(0.75, (0.75, 0.0, 0.0), (0.0, 0.15), 0.25, parting=0.0, fringed=True),
    "wavy": _Shown(0.7, (0.7, 0.35, 0.0), (0.25, 0.5), 0.15, parting=0.3, fringed=True),
    "curly": _Shown(0.65, (0.65, 0.65, 0.0), (0.5, 0.85), 0.2, parting=0.2, fringed=True),
    "short_curly": _Shown(0.2, (0.2, 0.65, 0.2), (0.45, 0.9), 0.3, fringed=True),
    "bangs": _Shown(0.65, (0.65, 0.0, 0.8), (0.0, 0.35), 0.2, fringed=True),
    "ponytail": _Shown(0.7, (0.6, 0.1, 0.0), nature=0.6, fringed=True),
    "bun": _Shown(None, (0.6, 0.1, 0.0), nature=0.5, fringed=True),
    "low_bun": _Shown(None, (0.6, 0.05, 0.0), (0.0, 0.6), 0.3, parting=0.0),
    "braids": _Shown(0.75, (0.7, 0.1, 0.0), nature=0.3, parting=0.0, fringed=True),
    "crown_braid": _Shown(None, (0.7, 0.1, 0.0), (0.0, 0.7), 0.3, parting=0.0),
    "cornrows": _Shown(0.3, (0.3, 1.0, 0.0), (0.5, 1.0), 0.1),
    "afro": _Shown(0.35, (0.35, 1.0, 0.0), (0.8, 1.0), 0.1),
    "coils": _Shown(0.12, (0.12, 1.0, 0.0), (0.85, 1.0), 0.1),
    "twists": _Shown(0.45, (0.45, 1.0, 0.0), (0.6, 1.0), 0.1),
    "dreadlocks": _Shown(0.65, (0.65, 0.9, 0.0), (0.5, 1.0), 0.1),
    "receding": _Shown(0.12, (0.12, 0.05, 0.0), nature=0.7),
    "tonsure": _Shown(0.1, (0.1, 0.0, 0.0), nature=0.7),
    "messy": _Shown(0.25, (0.25, 0.2, 0.2), (0.0, 0.6), 0.5, fringed=True),
    "flat_top": _Shown(0.2, (0.2, 0.9, 0.0), (0.0, 1.0), 0.4),
}

_CURLS: Final[dict[str, tuple[float, float]]] = {
    "ancestry.african": (0.80, 1.0), "ancestry.east_asian": (0.0, 0.10), "ancestry.south_asian": (0.10, 0.30),
    "ancestry.european": (0.0, 0.40),
}  # fmt: skip
"""Range of `hair.curl` that hair has by nature."""

_CURL_OF_ANCESTRY: Final = 0.25  # of `hair.curl`: how far beyond that range hair still is likely
_LEAST_LIKELY: Final = 0.1  # hair can be permed or straightened

# ------------------------------------------------------------------------------------------------------------ evidence

_LENGTH_SPREAD: Final = (
    0.06,
    0.12,
)  # at lengths 0 and 1, of `hair.length`: how near a cut's has to be to the one that was asked for
_CURL_SPREAD: Final = 0.08  # the same of `hair.curl`, beyond what the cut can have
_PUT_UP: Final = 0.05  # factor on hair that is put up, where a length was asked for
_TEXTURED: Final[tuple[tuple[float, float, tuple[str, ...], float], ...]] = (
    (0.25, 0.50, ("wavy",), 8.0),
    (0.50, 0.85, ("curly", "short_curly"), 10.0),
    (0.85, 1.01, ("afro", "coils", "twists"), 10.0),
)
"""From, to which `hair.curl` -> the cuts that show it, and how much likelier they are."""

_HIDING: Final = ("ponytail", "bun", "low_bun", "braids", "crown_braid", "cornrows", "dreadlocks")
"""Cuts that hide how hair waves or curls: where that was asked for, hair hangs loose."""

_HIDDEN: Final = 1e-4  # factor on those
_STUBBLE: Final = 0.1  # length below which no curl is seen
_PLAIN: Final = 0.1  # factor on cuts that hide all curls, where some were asked for

_BANGS: Final = 18.0  # factor on bangs where a fringe was asked for
_NO_FRINGE: Final = 0.1  # factor on cuts that have none
_NO_PARTING: Final = 0.15  # the same of a parting
_TIPS_FROM: Final = 0.3  # length from which tips are seen
_FULL: Final[Weights] = {
    "afro": 2.5,
    "curly": 2,
    "wavy": 2,
    "quiff": 1.5,
    "messy": 1.5,
    "buzz": 0.05,
    "slick_back": 0.3,
}
_COLOURED: Final = (
    "hair.melanin", "hair.redness", "hair.grey", "hair.dye", "hair.roots", "hair.tips", "hair.highlights", "hair.temple_grey",
)  # fmt: skip
_SHAPED: Final = ("hair.length", "hair.curl", "hair.fringe", "hair.parting", "hair.volume")


def has_hair(asked: Traits) -> bool:
    """Return whether the prompt says something of the hair that a bald head would not show."""
    return any(name in asked for name in (*_COLOURED, *_SHAPED))


def cut_weights(age: float, male: bool, ancestry: Mapping[str, float], asked: Traits) -> dict[str, float]:
    """Return style -> relative weight of a full head of hair.

    Args:
        age: years.
        male: whether the person reads as one.
        ancestry: trait -> share.
        asked: what the prompt says; what it says of the hair is evidence.
    """
    likely: dict[str, float] = {}
    total = sum(ancestry.values()) or 1.0
    own, other = (_BOYS, _GIRLS) if male else (_GIRLS, _BOYS)
    for name in ANCESTRIES:
        share = ancestry[name] / total if sum(ancestry.values()) else 1.0 / len(ANCESTRIES)
        for table, part in ((own, 1.0), (other, _CROSSING)):
            for style, weight in _of_age(table, age).items():
                factor = _LIKELIER[name].get(style, 1.0)
                likely[style] = likely.get(style, 0.0) + share * part * weight * factor
        if name == "ancestry.african" and age >= _FIRST_LONG:
            for style, weight in _of_age(_AFRICAN_MEN if male else _AFRICAN_WOMEN, age).items():
                likely[style] = likely.get(style, 0.0) + share * weight
        elif age >= _FIRST_LONG:
            for style in ("afro", "coils"):  # rare elsewhere, but what "very curly hair" asks for
                likely[style] = likely.get(style, 0.0) + share * 0.002
    return {style: weight * _evidence(style, asked) for style, weight in likely.items()}


def _of_age(table: tuple[tuple[float, Weights], ...], age: float) -> Weights:
    return next(weights for until, weights in table if age < until)


def _evidence(style: str, asked: Traits) -> float:
    """Return how much likelier the prompt makes a cut."""
    shown, factor = _SHOWN[style], 1.0
    if "hair.length" in asked:
        length = asked.number("hair.length")
        spread = _LENGTH_SPREAD[0] + length * (_LENGTH_SPREAD[1] - _LENGTH_SPREAD[0])
        factor *= _PUT_UP * length if shown.length is None else _bell(length - shown.length, spread)
    if "hair.curl" in asked:
        curl = asked.number("hair.curl")
        low, high = shown.curls
        factor *= _bell(max(low - curl, curl - high, 0.0), _CURL_SPREAD)
        seen = shown.nature if shown.length is None or shown.length > _STUBBLE else 0.0
        unseen = _PLAIN + (1.0 - _PLAIN) * seen if curl >= _TEXTURED[0][0] else 1.0
        factor *= next((more for start, end, cuts, more in _TEXTURED if start <= curl < end and style in cuts), unseen)
        factor *= _HIDDEN if style in _HIDING else 1.0
    if "hair.fringe" in asked and asked.number("hair.fringe") > 0.1:
        factor *= _BANGS if style == "bangs" else 1.0 if shown.fringed else _NO_FRINGE
    if "hair.parting" in asked:
        factor *= 1.0 if shown.parting is not None else _NO_PARTING
    if "hair.volume" in asked and asked.number("hair.volume") > 0.6:
        factor *= _FULL.get(style, 1.0)
    if "hair.tips" in asked and asked.tint("hair.tips")[1] > 0.0:
        factor *= 1.0 if (shown.length or 0.0) > _TIPS_FROM else 0.1
    return factor + 1e-9


def _bell(distance: float, spread: float) -> float:
    return math.exp(-0.5 * (distance / spread) ** 2)


def loss_weights(asked: Traits) -> Weights:
    """Return style -> weight of a man who is losing his hair."""
    return {"receding": 1.0} if has_hair(asked) else _LOSS


def keeps_hair(asked: Traits) -> bool:
    """Return whether the prompt says something that hair which is being lost can't have."""
    return any(name in asked for name in _SHAPED)


# ------------------------------------------------------------------------------------------------------ a style's own


@dataclass(frozen=True)
class Own:
    """What styles are by themselves: as their files say, or as is usual where there is no file.

    Attributes:
        known: all styles.
    """

    known: Styles

    def length(self, cut: str) -> float:
        """Return the `hair.length` at which a cut is as drawn."""
        file = self._file(cut, "scalp")
        return file.length if file else _shown(cut).own[0]

    def fringe(self, cut: str) -> float:
        """Return the `hair.fringe` at which a cut is as drawn."""
        file = self._file(cut, "scalp")
        return file.fringe if file else _shown(cut).own[2]

    def parting(self, cut: str) -> float:
        """Return how far aside a cut's parting is, 0..1."""
        file = self._file(cut, "scalp")
        if file:
            return abs(file.parting.side) if file.parting else 0.0
        return _shown(cut).parting or 0.0

    def curl(self, cut: str, ancestry: Mapping[str, float], chance: float, was_asked: bool) -> float:
        """Return `hair.curl` of a cut on a person.

        Args:
            cut: its name.
            ancestry: trait -> share.
            chance: 0..1, where in the range of what is natural the person lies.
            was_asked: whether the cut was: then less of the nature shows.
        """
        file, shown = self._file(cut, "scalp"), _shown(cut)
        total = sum(ancestry.values())
        natural = sum(
            (ancestry[name] / total if total else 1.0 / len(_CURLS)) * (low + (high - low) * chance**1.5)
            for name, (low, high) in _CURLS.items()
        )
        own = file.curl if file else shown.own[1]
        low, high = shown.curls
        return min(high, max(low, own + (natural - own) * shown.nature * (0.5 if was_asked else 1.0)))

    def beard_length(self, beard: str) -> float:
        """Return the `beard.length` at which a beard is as drawn."""
        file = self._file(f"beard_{beard}", "beard")
        return file.length if file else _BEARD_LENGTHS.get(beard, 0.2)

    def _file(self, name: str, region: Region) -> Style | None:
        return self.known.of(region).get(name)


def takes_fringe(cut: str) -> bool:
    """Return whether a cut may have a fringe that it has not of its own."""
    shown = _shown(cut)
    return shown.fringed and (shown.length or 0.0) > _TIPS_FROM


def curl_likelihood(ancestry: str, asked: Traits) -> float:
    """Return how well an ancestry explains the curls that were asked for; 1 where none were."""
    if "hair.curl" not in asked:
        return 1.0
    low, high = _CURLS[ancestry]
    curl = asked.number("hair.curl")
    return _LEAST_LIKELY + (1.0 - _LEAST_LIKELY) * _bell(max(low - curl, curl - high, 0.0), _CURL_OF_ANCESTRY)


def _shown(cut: str) -> _Shown:
    """Return what is known of a cut; an artist's own is taken for one of middling length."""
    return _SHOWN.get(cut, _SHOWN["medium"])


# ----------------------------------------------------------------------------------------------- beards, brows, lashes

_BEARDS: Final[tuple[tuple[float, Weights], ...]] = (
    (24.0, {"stubble": 3, "patchy": 2.5, "short": 1.5, "goatee": 0.8, "moustache": 0.5, "soul_patch": 0.5, "anchor": 0.3, "full": 0.3}),
    (50.0, {"short": 4, "stubble": 2.5, "full": 2, "goatee": 1.3, "moustache": 0.6, "anchor": 0.4, "patchy": 0.4, "soul_patch": 0.2,
            "handlebar": 0.1, "sideburns": 0.1}),
    (math.inf, {"short": 3, "full": 3, "goatee": 1.2, "moustache": 1.5, "stubble": 1, "sideburns": 0.2, "handlebar": 0.2}),
)  # fmt: skip
_BEARD_LENGTHS: Final[Weights] = {
    "full": 0.35, "short": 0.12, "goatee": 0.15, "moustache": 0.12, "handlebar": 0.25, "stubble": 0.03, "sideburns": 0.15,
    "soul_patch": 0.1, "anchor": 0.12, "patchy": 0.08,
}  # fmt: skip
_LONG_BEARD: Final = 0.35  # `beard.length` from which only full beards are that long

_FEMALE_BROWS: Final[Weights] = {
    "natural": 1.5, "soft": 2.5, "arched": 3.5, "straight": 0.6, "feathered": 0.6, "thin": 1, "angled": 0.5, "thick": 0.1,
}  # fmt: skip
_MALE_BROWS: Final[Weights] = {
    "natural": 5, "straight": 1.5, "thick": 1.5, "angled": 0.7, "feathered": 0.3, "soft": 0.3,
}  # fmt: skip
_CHILDRENS_BROWS: Final[Weights] = {"natural": 3, "soft": 2}
_STRAIGHTER: Final = 2.0  # factor on straight brows of East Asian ancestry
_GROWN: Final = 13.0  # years from which brows and lashes are shaped


def beard_weights(age: float, asked: Traits) -> Weights:
    """Return style -> weight of a man who has a beard."""
    if "beard.length" in asked and asked.number("beard.length") > _LONG_BEARD:
        return {"full": 1.0}
    return _of_age(_BEARDS, age)


def brow_weights(age: float, male: bool, east_asian: float, asked: Traits) -> dict[str, float]:
    """Return style -> weight of brows."""
    weights = dict(_CHILDRENS_BROWS if age < _GROWN else _MALE_BROWS if male else _FEMALE_BROWS)
    if "straight" in weights:
        weights["straight"] *= 1.0 + (_STRAIGHTER - 1.0) * east_asian
    thickness = asked.number("brows.thickness") if "brows.thickness" in asked else 0.5
    for style, unlikely in (("thin", thickness > 0.6), ("soft", thickness > 0.6), ("thick", thickness < 0.4)):
        if unlikely:
            weights.pop(style, None)
    return weights


def lash_weights(age: float, male: bool, asked: Traits) -> Weights:
    """Return style -> weight of lashes."""
    if "lashes.length" in asked and abs(asked.number("lashes.length") - 0.5) > 0.15:
        return {"long": 1.0} if asked.number("lashes.length") > 0.5 else {"short": 1.0}
    if male or age < _GROWN:
        return {"natural": 9.0, "long": 1.0}
    return {"natural": 5.0, "long": 3.0, "doll": 0.5}
