"""Leftover words to traits by meaning: each run of them is compared with all known phrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.language import encoder, hair_words, tables
from dreamface.language.binding import Claim, Leftover
from dreamface.language.comparisons import are_opposites
from dreamface.language.effects import Rank, value_of
from dreamface.language.lexicon import key_of, lexicon
from dreamface.language.resolve import words_of
from dreamface.language.words import Token

PART_THRESHOLD: Final = 0.7
"""Cosine from which words that name a body part count as a paraphrase of a phrase about that part.

Both thresholds are chosen on the development prompts of `benchmarks/language.py --thresholds`, for few wrong matches
before many right ones.
"""

FREE_THRESHOLD: Final = 0.66
"""The same for words that name none."""

_GLUE: Final = tables.BREAKS | tables.DETERMINERS | tables.FUNCTION_WORDS | tables.PERSON_PRONOUNS | tables.COPULAS
"""Words that may stand inside a run: "cheekbones you could cut yourself on"."""

_UNGROWN: Final = frozenset(key_of(word) for word in hair_words.UNGROWN)
VAGUE: Final = frozenset((
    "plain", "nice", "kind", "good", "ordinary", "average", "normal", "honest", "clever", "interesting", "strange",
    "unusual", "lovely", "great", "bad", "special", "own", "real", "certain", "new", "old", "best", "worst",
    "funny", "odd", "gentle", "warm", "friendly", "typical", "usual", "common", "different", "pleasant",
))  # fmt: skip
"""Adjectives that say nothing one can draw; the nearest known phrase to "plain face" is a pale one."""

_MOST_QUERIES: Final = 24  # of one prompt; a face has no more to say, and time is bounded
_SUREST: Final = 0.8  # confidence in a match of cosine 1
_SHORTEST_ASCII: Final = 3  # letters


@dataclass(frozen=True)
class Run:
    """Leftovers that stand together, and the words to look up for them.

    Attributes:
        leftovers: in the order of the prompt.
        text: their words with those between them, and their nouns.
    """

    leftovers: tuple[Leftover, ...]
    text: str

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Its words and those of their nouns, in the order of the prompt."""
        found = {token for leftover in self.leftovers for token in (*leftover.tokens, *leftover.context)}
        return tuple(sorted(found, key=lambda token: token.start))

    @property
    def parts(self) -> frozenset[str]:
        """The body parts that it names."""
        return lexicon().parts_of(self.text)


def read(leftovers: Sequence[Leftover], tokens: Sequence[Token]) -> tuple[tuple[Claim, ...], tuple[Leftover, ...]]:
    """Claims from leftovers whose meaning is near a known phrase, and the leftovers that remain."""
    runs = questions(leftovers, tokens)
    if not runs:
        return (), tuple(leftovers)
    return answered(leftovers, runs, encoder.nearest([run.text for run in runs], [run.parts for run in runs]))


def questions(leftovers: Sequence[Leftover], tokens: Sequence[Token]) -> list[Run]:
    """Return the runs of leftovers that are worth comparing with the known phrases; none without the encoder."""
    if encoder.model_folder() is None:
        return []
    return [run for run in _runs(leftovers, tokens) if _worth_asking(run)][:_MOST_QUERIES]


def answered(
    leftovers: Sequence[Leftover], runs: Sequence[Run], matches: Sequence[encoder.Match | None]
) -> tuple[tuple[Claim, ...], tuple[Leftover, ...]]:
    """Return the claims that the nearest phrases make, and the leftovers that remain.

    Args:
        leftovers: of the prompt.
        runs: its `questions`.
        matches: the phrase nearest to each.
    """
    claims: list[Claim] = []
    understood: set[Token] = set()
    for run, match in zip(runs, matches, strict=True):
        if match is not None and accepts(match, run.parts) and not _repeats(match, run) and not _denies(match, run):
            claims += _claims(run, match)
            understood.update(run.tokens)
    return tuple(claims), tuple(left for left in leftovers if not understood.issuperset(left.tokens))


def accepts(match: encoder.Match, parts: frozenset[str]) -> bool:
    """Whether a match is near enough, and says something, for a query that names `parts`."""
    return match.phrase in lexicon().phrases and match.similarity >= (PART_THRESHOLD if parts else FREE_THRESHOLD)


def _repeats(match: encoder.Match, run: Run) -> bool:
    """Whether a phrase says no more than the noun that was understood already: "beard" of a braided beard."""
    nouns = {token.word for leftover in run.leftovers for token in leftover.context}
    return set(key_of(match.phrase).split()) <= nouns


def _denies(match: encoder.Match, run: Run) -> bool:
    """Whether a phrase says the opposite of a word: the nearest known phrase to "low brow ridge" is a strong one."""
    said = {token.word for leftover in run.leftovers for token in leftover.tokens}
    known = key_of(match.phrase).split()
    return any(are_opposites(word, other) for word in said for other in known)


def _runs(leftovers: Sequence[Leftover], tokens: Sequence[Token]) -> Iterator[Run]:
    """Leftovers with nothing but function words and their own nouns between them."""
    places = {token: index for index, token in enumerate(tokens)}
    run: list[Leftover] = []
    for leftover in sorted(leftovers, key=lambda left: left.tokens[0].start):
        if run and not _together(run[-1], leftover, tokens, places):
            yield _run(run, tokens, places)
            run = []
        run.append(leftover)
    if run:
        yield _run(run, tokens, places)


def _together(earlier: Leftover, later: Leftover, tokens: Sequence[Token], places: dict[Token, int]) -> bool:
    between = tokens[places[earlier.tokens[-1]] + 1 : places[later.tokens[0]]]
    own = {*earlier.context, *later.context}
    return all(token in own or token.word in _GLUE for token in between)


def _run(leftovers: Sequence[Leftover], tokens: Sequence[Token], places: dict[Token, int]) -> Run:
    start, end = places[leftovers[0].tokens[0]], places[leftovers[-1].tokens[-1]] + 1
    said = [*tokens[start:end], *(token for leftover in leftovers for token in leftover.context)]
    return Run(tuple(leftovers), words_of(said).lower())


def _worth_asking(run: Run) -> bool:
    """Whether it is about the face, in letters the encoder reads, and says more than a part or a colour."""
    words = [token.word for token in run.tokens]
    if all(word in VAGUE or word in run.parts for word in words):
        return False
    says_something = any(word not in run.parts and word not in tables.THING_COLOURS for word in words)
    readable = all(word.isascii() and len(word) >= _SHORTEST_ASCII for word in words)
    things = tables.SCENE_WORDS | tables.OTHER_PARTS
    about_things = any(things.intersection((token.word, token.text.lower())) for token in run.tokens)
    return says_something and readable and not about_things and not any(map(cannot_grow, run.leftovers))


def cannot_grow(leftover: Leftover) -> bool:
    """Return whether words name hair that no style comes near, or a thing, so that the nearest phrase is wrong."""
    words = [token.word for token in leftover.tokens]
    return leftover.is_of_thing or not hair_words.NO_PARAPHRASE.isdisjoint(words) or " ".join(words) in _UNGROWN


def _claims(run: Run, match: encoder.Match) -> list[Claim]:
    said = run.leftovers[0]
    claims: list[Claim] = []
    for effect in lexicon().phrases[match.phrase]:
        if effect.rank is Rank.IMPLIED or effect.trait in ("age", "gender"):
            continue  # a guess at a guess, and at people
        value = value_of(effect, said.degree, said.negated)
        if value is not None:
            confidence = _SUREST * match.similarity * effect.confidence
            claims.append(Claim(effect.trait, value, confidence, min(effect.rank, Rank.VAGUE), run.tokens))
    return claims
