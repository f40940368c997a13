"""Orders that take an expression back, or ask for more or less of it: "stop smiling", "smile more"."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.degrees import without_degree
from dreamface.language.reader import read_words
from dreamface.language.talk_orders import THE, WHO
from dreamface.traits import VOCABULARY, Traits, TraitValue

_LED: Final = re.compile(rf"^(?:(?:make|let|have|get) (?:{WHO}) |(?:{WHO}) (?:should|must|can|may) |to |now )+")
_TAKEN_BACK: Final = re.compile(
    rf"(?:(?:stop|quit|no more|no|don't|do not|without|not|never) )(?:(?:be|an?|any|{THE}) )*(?P<word>\w+)"
    r"(?: on (?:the|her|his) (?:face|lips|mouth))?(?: (?:any ?more|at all|so much|now|again))*"
)
_MORE: Final = re.compile(
    r"(?P<word>\w+) (?P<after>more|less)(?: (?:broadly|widely|brightly))?"
    rf"|(?:an? |with )*(?P<before>bigger|broader|wider|stronger|brighter|more|less|smaller|narrower|fainter|weaker|subtler)(?: of)?(?: (?:an?|{THE}))? (?P<noun>\w+)"
)
_LOWERED: Final = re.compile(
    rf"(?:lower|drop|relax) (?:both )?(?:{THE} )?(?:eye ?)?brows(?: (?:back )?down)?(?: again)?"
)
_BROWS_UP: Final = ("expression.browInnerUp", "expression.browOuterUpLeft", "expression.browOuterUpRight")
_UP: Final = frozenset({"more", "bigger", "broader", "wider", "stronger", "brighter"})
_MORE_TIMES: Final = 1.4  # of its weights, that more of an expression has
_LESS_TIMES: Final = 0.5  # of its weights, that less of an expression has
_STRONGEST: Final = 1.5  # times the weights of a stronger word, up to which they are taken for its
_WIDER: Final = {"smile": ("grin",), "smiling": ("grin",)}
"""Word -> words for stronger forms of the same, which go with it."""


def expression_of(clause: str, traits: Traits) -> tuple[Traits, float]:
    """Return what a clause makes of an expression that is on the face, and how far; nothing of other clauses.

    Args:
        clause: in lower case, without politeness.
        traits: of the face.

    >>> smiling = Traits({"expression.mouthSmileLeft": 0.6, "expression.mouthSmileRight": 0.6})
    >>> found, _ = expression_of("stop smiling", smiling)
    >>> found.number("expression.mouthSmileRight")
    0.0
    """
    words, strength = without_degree(_LED.sub("", clause))
    raised = [name for name in _BROWS_UP if traits.number(name) > 0.0]
    if raised and _LOWERED.fullmatch(words):
        return Traits({name: TraitValue(0.0, 1.0, clause) for name in raised}), min(strength, 1.0)
    if found := _TAKEN_BACK.fullmatch(words):
        return _taken_back(found["word"], clause, traits), 1.0
    if found := _MORE.fullmatch(words):
        times = _MORE_TIMES if (found["after"] or found["before"]) in _UP else _LESS_TIMES
        return _scaled(found["word"] or found["noun"], times, clause, traits), strength
    return Traits(), 1.0


def _taken_back(word: str, clause: str, traits: Traits) -> Traits:
    """Return zero for every weight that a word sets, and for those that stronger words of its kind have left."""
    gone = dict.fromkeys(_weights(word), 0.0)
    for other in _WIDER.get(word, ()) if gone else ():
        gone |= {name: 0.0 for name, value in _weights(other).items() if traits.number(name) <= _STRONGEST * value}
    return Traits({name: TraitValue(value, 1.0, clause) for name, value in gone.items()})


def _scaled(word: str, times: float, clause: str, traits: Traits) -> Traits:
    """Return the weights that a word sets as they are, so many times as strong; there is no more of what is not there."""
    weights = _weights(word)
    if times > 1.0 and not any(traits.number(name) > 0.0 for name in weights):
        return Traits()
    scaled = {name: VOCABULARY[name].clamp(times * traits.number(name)) for name in weights}
    return Traits({name: TraitValue(value, 1.0, clause) for name, value in scaled.items()})


def _weights(word: str) -> dict[str, float]:
    """Return the weights of an expression's word; none of a word that says anything else."""
    said = read_words(word).traits
    if not said or not all(name.startswith("expression.") for name in said):
        return {}
    return {name: said.number(name) for name in said if said.number(name) > 0.0}


__all__ = ["expression_of"]
