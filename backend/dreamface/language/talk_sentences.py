"""Sentences of a line taken apart: a question beside an order, what "it" stands for, one eye and the other."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dreamface.language.parts import Part, find_parts
from dreamface.language.talk_orders import THE, VERBS
from dreamface.language.talk_questions import is_question

_JOINTS: Final = re.compile(r"\s*,\s*(?:(?:and|but|so|then|also)\s+)?|\s+(?:and|but|so|then)\s+")
_ASKS: Final = re.compile(
    r"(?:so |then |also |now |(?:please )?(?:tell|show) (?:me|us) )*(?:what|how|which|why|who|where|is|are|does|do|did|has|have)\b"
)
_ASKS_LATER: Final = re.compile(
    r"(?:so |then |also |now |(?:please )?(?:tell|show) (?:me|us) )*(?:what|how|which|why|who|is|does)\b"
)
"""What a question begins with that follows an order: "older and has a beard" is none."""

_ORDERED: Final = re.compile(
    rf"(?:please |then |now |also |just |so |if so |if yes |if not |if she is |in that case )*(?:(?:can|could|would|will) you (?:please )?(?!tell|say|explain)|(?:i|we) (?:want|need|would like)\b"
    rf"|(?:make|give|let|have|turn|set|put|add|take|remove|delete|get|change|keep|undo|redo|close|open|raise|lift|dye|{'|'.join(sorted(map(re.escape, VERBS), key=len, reverse=True))})\b)"
)


def apart(sentence: str) -> tuple[str, ...]:
    """Return a question and an order of one sentence one by one: "how old is she, and make her older"."""
    for joint in _JOINTS.finditer(sentence):
        first, second = sentence[: joint.start()], sentence[joint.end() :]
        asked, ordered = second.strip(" ?!.,;:"), second.strip(" ,;:")
        if _ASKS.match(first) and _ORDERED.match(ordered) and is_question(first, f"{first}?"):
            return f"{first}?", *apart(second.rstrip("?"))
        if (
            _ASKS.match(first)
            and _ASKS.match(asked)
            and is_question(first, f"{first}?")
            and is_question(asked, f"{asked}?")
        ):
            return f"{first}?", *apart(f"{asked}?")
        if (
            _ASKS_LATER.match(asked)
            and not (_ASKS.match(first) or is_question(first, first))
            and is_question(asked, f"{asked}?")
        ):
            return first, f"{asked}?"
    return (sentence,)


def orders_too(pieces: Sequence[str]) -> bool:
    """Return whether several sentences ask several things, or order something beside a question."""
    bare = [piece.strip(" ?!.,;:") for piece in pieces]
    asked = [bool(one) and is_question(one, piece) for one, piece in zip(bare, pieces, strict=True)]
    return (len(asked) > 1 and all(asked)) or (
        any(asked) and any(one and not it and _ORDERED.match(one) for one, it in zip(bare, asked, strict=True))
    )


def about(question: str, parts: tuple[Part, ...]) -> str:
    """Return a question with the part that "it" stands for: "how wide is it" after an order for the mouth."""
    if not parts or find_parts(question):
        return question
    return PRONOUN.sub(f"the {parts[0].name} ", question, count=1).strip()


def about_order(sentence: str, parts: tuple[Part, ...]) -> str:
    """Return an order with the part that "it" stands for in the question before it: "make them brown"."""
    if not parts or find_parts(sentence) or not PRONOUN.search(sentence):
        return sentence
    return PRONOUN.sub(f"the {parts[0].name} ", sentence, count=1).strip()


EXCEPT_THERE: Final = re.compile(
    rf"(?P<what>.+?)(?: (?:everywhere|all over))* (?:except|but|apart from|other than|just not|only not)(?: for)?(?: not)? (?:(?:on|in|around|at) )?(?P<where>{THE} [\w ]+)"
)
"""An order that leaves a place out: "freckles everywhere except on the nose"."""

SPREAD: Final = frozenset({"freckles", "moles", "age spots", "blemishes", "wrinkles", "stubble", "scars"})
"""Names of parts that are spread over the skin, so that a place can be left out."""

SIDE_FIRST: Final = re.compile(
    rf"(?:(?:only|just) )?{THE} (?P<side>(?:left|right) \w+)(?:,|:| -) (?P<verb>make|turn|colou?r|dye) (?:it|that) (?P<how>\w[\w ]*)"
)
"""The side before its order: "the left eye, make it blue"."""

WITH_BOTH: Final = re.compile(
    rf"(?:make )?both (?P<first>(?:{THE} )?\w+) and (?P<second>(?:{THE} )?\w+) (?P<how>(?:a (?:bit|little) |much )?(?:more |less )?\w+)(?=[.,!]|$)"
)
"""One adjective of two parts: "both nose and mouth wider"."""

ONE_AND_OTHER: Final = re.compile(r"\bone (?:of her |of his )?(?:[a-z]+ )?(?:eyes?|one)\b.*\b(?:other|one)\b")
"""Words about two eyes, one by one: "one eye blue and the other brown"."""


def with_two_eyes(sentence: str) -> str:
    """Return a sentence about one eye and the other as the reader knows it: "one eye is blue and the other is brown"."""
    sentence = re.sub(r"\bone (?:of (?:her|his|the) )?eyes? (?!is\b)([a-z]+)\b", r"one eye is \1", sentence)
    return re.sub(r",? (?:and )?(?:the )?other (?:eye |one )?(?!is\b)([a-z]+)\b", r" and the other is \1", sentence)


PRONOUN: Final = re.compile(r"\b(?:it|them|they|that|those|this|these)\b ?")
"""What may stand for a part that was named before."""
