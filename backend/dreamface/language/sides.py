"""Left and right of expressions: "winking with the right eye", "her left eyebrow raised"; both are the person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.language.binding import Claim, Leftover
from dreamface.language.words import Token

_SIDES: Final = {"left": "Left", "right": "Right"}
_OF_SIDES: Final = frozenset(
    ["eye", "eyebrow", "brow", "cheek", "nostril", "corner", "side", "mouth", "lip", "lid", "eyelid", "hand", "half"]
) | frozenset({"sided", "hand side"})
_PARTING: Final = "hair.parting"
_NEAR: Final = 4  # words between a side and what it is the side of


def with_sides(
    claims: Sequence[Claim], leftovers: Sequence[Leftover], tokens: Sequence[Token]
) -> tuple[tuple[Claim, ...], tuple[Leftover, ...]]:
    """Return claims on expressions on the side that the words name, and what is left over without those words.

    Args:
        claims: of the whole prompt.
        leftovers: what nothing was made of, a side's word among it.
        tokens: the prompt's.
    """
    places = {token: place for place, token in enumerate(tokens)}
    kept, left = list(claims), list(leftovers)
    for token in _named(claims, leftovers):
        said = _nearest(kept, places, places.get(token, -1 - _NEAR))
        if said is None:
            continue
        kept = [claim for claim in kept if not (claim.trait == _PARTING and token in claim.tokens)]
        side = _SIDES[token.word]
        words = {token, *_noun_after(tokens, places[token])}
        kept = [claim for claim in kept if claim.tokens != said] + _on_side(
            [claim for claim in kept if claim.tokens == said], side, words
        )
        left = [leftover for leftover in left if not words.issuperset(leftover.tokens)]
    return tuple(kept), tuple(left)


def _named(claims: Sequence[Claim], leftovers: Sequence[Leftover]) -> list[Token]:
    """Return the words for a side of which nothing was made, or only a parting without any word for hair."""
    partings = [
        claim.tokens
        for claim in claims
        if claim.trait == _PARTING and all(token.word in {*_SIDES, "side"} for token in claim.tokens)
    ]
    spoken = (*(leftover.tokens for leftover in leftovers), *partings)
    return list(dict.fromkeys(token for words in spoken for token in words if token.word in _SIDES))


def _nearest(claims: Sequence[Claim], places: dict[Token, int], place: int) -> tuple[Token, ...] | None:
    """Return the words of the expression that a side stands next to."""
    best: tuple[int, tuple[Token, ...]] | None = None
    for claim in claims:
        if claim.trait.startswith("expression.") and claim.trait.endswith(("Left", "Right")):
            distance = min(abs(places[token] - place) for token in claim.tokens if token in places)
            if distance <= _NEAR and (best is None or distance < best[0]):
                best = distance, claim.tokens
    return best[1] if best else None


def _noun_after(tokens: Sequence[Token], place: int) -> tuple[Token, ...]:
    following = tokens[place + 1 : place + 2]
    return tuple(token for token in following if token.word in _OF_SIDES)


def _on_side(claims: Sequence[Claim], side: str, words: set[Token]) -> list[Claim]:
    """Return one expression's claims on one side: half of an even one, the whole of a one-sided one, mirrored."""
    other = "Left" if side == "Right" else "Right"
    names = {claim.trait for claim in claims}
    made: list[Claim] = []
    for claim in claims:
        ordered = tuple(sorted({*claim.tokens, *words}, key=lambda token: (token.start, token.word)))
        if claim.trait.endswith(other):
            mirrored = claim.trait.removesuffix(other) + side
            if mirrored in names:
                continue
            claim = replace(claim, trait=mirrored)
        made.append(replace(claim, tokens=ordered))
    return made
