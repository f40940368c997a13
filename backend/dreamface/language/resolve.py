"""Claims to traits: one value per trait, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.tables import DEGREES, FRACTIONS
from dreamface.language.words import Token
from dreamface.traits import ANCESTRIES, VOCABULARY, Kind, Traits, TraitValue, Value

_SOME_HAIR = 0.2  # hair.length from which a head is not bald

_PLAINLY = 0.3
"""How far something lies from how it is with most people, that another word says it is as with most: straight hair."""

CONTRADICTED = 0.6
"""What is left of the confidence in a word that an earlier one contradicts."""


def resolve(claims: Sequence[Claim], tokens: Sequence[Token]) -> Traits:
    """One value per trait: the higher rank wins, then the later word, less surely where they contradict.

    Args:
        claims: in any order; each with the words that caused it.
        tokens: the whole prompt, for the words before an ancestry.
    """
    ordered = sorted(claims, key=lambda claim: claim.tokens[-1].start)
    winners: dict[str, Claim] = {}
    for claim in ordered:
        if claim.trait not in ANCESTRIES:
            winners[claim.trait] = _winner(winners[claim.trait], claim) if claim.trait in winners else claim
    values = {name: _value(claim.value, claim) for name, claim in winners.items()}
    return Traits({**values, **_ancestry([claim for claim in ordered if claim.trait in ANCESTRIES], tokens)})


_OF_MEN: Final = ("beard.", "stubble.")
_YOUNG_PEOPLE: Final = frozenset({"boy", "girl", "kid", "child", "chick"})
_YOUNG: Final = _YOUNG_PEOPLE | {"young", "youthful", "little"} | DEGREES.keys()
_SURE_SEX: Final = 0.3
_OF_GROWN: Final = ("lipstick", "eyeliner", "eyeshadow", "beard.", "stubble.")
_LITTLE: Final = frozenset({"little", "small", "young", "tiny", "wee"})
_JUST_GROWN: Final = 19.0  # years, of "a girl in heavy make-up"
_SURE_GROWN: Final = 0.6
_GAZE: Final = "expression.eyeLook"


def plausible(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return the claims without what nobody means: a pirate's beard on a woman, a gaze that is denied.

    What a boy or a girl suggests of the age yields to any other word for it, as in "a teen skater boy", except "young":
    that is said of grown people too, and a young boy is a child. A girl who wears make-up, and a boy with a beard, are
    just grown, unless they are little.

    Args:
        claims: of a prompt.
    """
    sexes = [claim.value for claim in claims if claim.trait == "gender" and claim.rank > Rank.IMPLIED]
    female = any(isinstance(sex, float) and sex <= -_SURE_SEX for sex in sexes)
    ages = [claim for claim in claims if claim.trait == "age" and claim.rank > Rank.IMPLIED]
    aged = any(not all(token.word in _YOUNG for token in claim.tokens) for claim in ages)
    made_up = any(claim.trait.startswith(_OF_GROWN) and claim.value for claim in claims)
    just_grown = made_up and not any(token.word in _LITTLE for claim in ages for token in claim.tokens)
    kept: list[Claim] = []
    for claim in claims:
        if female and claim.rank is Rank.IMPLIED and claim.trait.startswith(_OF_MEN):
            continue
        if claim.trait.startswith(_GAZE) and claim.value == 0.0 and any(token.word == "not" for token in claim.tokens):
            continue
        if just_grown and claim.trait == "age" and _is_of_young(claim):
            claim = replace(claim, value=_JUST_GROWN, confidence=min(claim.confidence, _SURE_GROWN))
        yields = aged and claim.trait == "age" and _is_of_young(claim)
        kept.append(replace(claim, rank=Rank.IMPLIED) if yields else claim)
    return tuple(kept)


def _is_of_young(claim: Claim) -> bool:
    return all(token.word in _YOUNG_PEOPLE for token in claim.tokens)


def _value(value: Value, claim: Claim) -> TraitValue:
    return TraitValue(value, claim.confidence, words_of(claim.tokens))


def words_of(tokens: Iterable[Token]) -> str:
    """The words as the prompt has them, in its order."""
    texts: dict[int, str] = {token.start: token.text for token in tokens}
    return " ".join(texts[start] for start in sorted(texts))


def _winner(earlier: Claim, later: Claim) -> Claim:
    if earlier.rank != later.rank:
        return earlier if earlier.rank > later.rank else later
    if _side(earlier) == _side(later) != 0:
        return earlier if abs(_distance(earlier)) > abs(_distance(later)) else later
    if earlier.value == later.value:
        return later
    if later.rank == Rank.IMPLIED:
        return later
    return Claim(later.trait, later.value, later.confidence * CONTRADICTED, later.rank, later.tokens)


def contradict(earlier: Claim, later: Claim) -> bool:
    """Return whether two claims on one trait say what can't both be: "a big nose" and "a small nose"."""
    if earlier.trait in ANCESTRIES:
        return False  # of several the mean is made
    if earlier.trait != later.trait or earlier.rank != later.rank or later.rank == Rank.IMPLIED:
        return False
    if VOCABULARY[later.trait].kind is Kind.CHOICE:
        return earlier.value != later.value
    sides = _side(earlier), _side(later)
    return sides[0] * sides[1] < 0 or (0 in sides and abs(_distance(earlier) - _distance(later)) > _PLAINLY)


def settled(traits: Traits, claims: Sequence[Claim]) -> Traits:
    """Return traits in which no bald head has hair that was said after it: of a contradiction the later wins.

    Args:
        traits: one value per trait.
        claims: they are the winners of.
    """
    style, length = traits.get("hair.style"), traits.get("hair.length")
    bald = {words_of(claim.tokens) for claim in claims if (claim.trait, claim.value) == ("hair.style", "bald")}
    if style and length and style.value != "bald" and length.because in bald:
        return Traits({name: entry for name, entry in traits.items() if name != "hair.length"})  # "bald, a ponytail"
    if style is None or length is None or style.value != "bald" or style.because == length.because:
        return traits
    if traits.number("hair.length") < _SOME_HAIR:
        return traits
    return Traits({name: entry for name, entry in traits.items() if name != "hair.style"})


def _distance(claim: Claim) -> float:
    """How far a number lies from its trait's default; 0 for what is not a number."""
    trait = VOCABULARY[claim.trait]
    if trait.kind is not Kind.NUMBER or not isinstance(claim.value, float) or not isinstance(trait.default, float):
        return 0.0
    return claim.value - trait.default


def _side(claim: Claim) -> int:
    distance = _distance(claim)
    return (distance > 0) - (distance < 0)


def _ancestry(claims: Sequence[Claim], tokens: Sequence[Token]) -> dict[str, TraitValue]:
    """Shares of all ancestries the prompt names: "half Japanese half Irish" is the mean of both.

    What is said counts before what follows from something else: "a Nigerian samurai" is Nigerian.
    """
    mentions: dict[tuple[Token, ...], dict[str, Claim]] = {}
    for claim in claims:
        mentions.setdefault(claim.tokens, {})[claim.trait] = claim
    named = {said: shares for said, shares in mentions.items() if any(_share(claim) for claim in shares.values())}
    if not named:  # none, or only denied: "not Asian"
        return {claim.trait: _value(0.0, claim) for claim in claims}
    rank = max(claim.rank for shares in named.values() for claim in shares.values())
    named = {said: shares for said, shares in named.items() if any(one.rank == rank for one in shares.values())}
    weights = {said: _fraction_before(said, tokens) for said in named}
    total = sum(weights.values())
    because = words_of(token for said in named for token in said)
    confidence = min(claim.confidence for shares in named.values() for claim in shares.values())
    mean = {name: sum(weights[said] * _share(named[said][name]) for said in named) / total for name in ANCESTRIES}
    return {name: TraitValue(min(1.0, share), confidence, because) for name, share in mean.items()}


def _share(claim: Claim) -> float:
    assert isinstance(claim.value, float)
    return claim.value


def _fraction_before(said: tuple[Token, ...], tokens: Sequence[Token]) -> float:
    place = tokens.index(said[0]) if said[0] in tokens else 0
    return FRACTIONS.get(tokens[place - 1].word, 1.0) if place > 0 else 1.0
