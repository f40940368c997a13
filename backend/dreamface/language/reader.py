"""Prompt to traits: the tables and the grammar first, then likely typing slips, then meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dreamface.language import paraphrase, slips
from dreamface.language.ages import find_ages
from dreamface.language.binding import Claim, Leftover, Parse, parse
from dreamface.language.effects import Rank
from dreamface.language.harmony import harmonised
from dreamface.language.irises import find_irises, with_red_ones
from dreamface.language.lexicon import lexicon
from dreamface.language.resolve import resolve, words_of
from dreamface.language.words import Token, tokenize
from dreamface.limits import check_prompt
from dreamface.text import clean, normalise
from dreamface.traits import Traits


@dataclass(frozen=True)
class Reading:
    """What a prompt says.

    Attributes:
        traits: only what it says, each with its confidence and the words that caused it.
        not_understood: content words nothing was made of, in the order of the prompt.
    """

    traits: Traits
    not_understood: tuple[str, ...]


def read(prompt: str) -> Reading:
    """Reads an English prompt; the same prompt always gives the same reading.

    Args:
        prompt: 1 to `limits.LONGEST_PROMPT` characters; control characters are ignored.

    Raises:
        BadRequest: the prompt is empty or too long.
    """
    check_prompt(prompt)
    tokens = tokenize(normalise(clean(prompt)))
    tokens, parsed = _parse_with_corrections(tokens)
    by_meaning, leftovers = paraphrase.read(parsed.leftovers, tokens)
    claims = (*parsed.claims, *by_meaning)
    traits = resolve(claims, tokens)
    return Reading(harmonised(traits), _words((*leftovers, *_second_styles(claims, traits))))


def _second_styles(claims: Sequence[Claim], traits: Traits) -> tuple[Leftover, ...]:
    """Styles that were said beside another one: hair has one cut, so "an undercut with a bun" keeps one of them."""
    lost = [
        claim
        for claim in claims
        if claim.trait.endswith(".style") and claim.rank >= Rank.STATED and claim.value != traits.value(claim.trait)
    ]
    return tuple(Leftover(claim.tokens) for claim in lost if claim.value != "none")


def _parse(tokens: tuple[Token, ...]) -> Parse:
    ages, rest = find_ages(tokens, lexicon())
    irises, rest = find_irises(rest)
    parsed = parse(rest, lexicon())
    return Parse((*ages, *irises, *with_red_ones(parsed.claims, tokens)), parsed.leftovers)


def _parse_with_corrections(tokens: tuple[Token, ...]) -> tuple[tuple[Token, ...], Parse]:
    """Parses; if unknown words look like slips of known ones, parses again with those."""
    parsed = _parse(tokens)
    unknown = {token for leftover in parsed.leftovers for token in leftover.tokens}
    corrected = {token: replace(token, word=word) for token in unknown if (word := slips.correction(token.word))}
    if not corrected:
        return tokens, parsed
    tokens = tuple(corrected.get(token, token) for token in tokens)
    parsed = _parse(tokens)
    guesses = set(corrected.values())
    return tokens, Parse(tuple(_doubted(claim, guesses) for claim in parsed.claims), parsed.leftovers)


def _doubted(claim: Claim, guesses: set[Token]) -> Claim:
    touched = guesses.intersection(claim.tokens)
    return replace(claim, confidence=claim.confidence * slips.CONFIDENCE) if touched else claim


def _words(leftovers: Sequence[Leftover]) -> tuple[str, ...]:
    ordered = sorted((token for leftover in leftovers for token in leftover.tokens), key=lambda token: token.start)
    return tuple(dict.fromkeys(words_of((token,)) for token in ordered))
