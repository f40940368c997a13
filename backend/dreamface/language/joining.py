"""The tables' reading and the network's put together: who has the last word on what.

The tables keep what they know: numbers, negations, ages and people. The network adds what the tables left over, takes
back what the tables misread (a "black" that is of glasses), and gives the faces that moments bring. The thresholds are
chosen on prompts made of phrases that the network was not trained on, for few wrong traits before many right ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dreamface.language import paraphrase, slips, tables
from dreamface.language.binding import Claim, Leftover
from dreamface.language.company import COMPANY
from dreamface.language.effects import Rank
from dreamface.language.lexicon import PERSON, lexicon
from dreamface.language.understanding import Moment, Stated, Understanding
from dreamface.language.unmade import SMALL_TALK
from dreamface.language.words import Token
from dreamface.traits import ANCESTRIES, VOCABULARY

LEAST_STATED: Final = 0.75
"""Confidence from which words that the tables left over state a trait."""

SINGLE_WORD: Final = 0.85
"""The same where it is one word."""

SURE: Final = 0.95
"""Confidence from which they do although the tables made something else of them."""

SURE_FACE: Final = 0.8
"""The same where they name an expression: "twinkling eyes" do not wink."""

VETO: Final = 0.005
"""Probability below which words that the tables read do not state a trait, whatever the tables say."""

DOUBT: Final = 0.1
"""The same for what was only read by the nearness of a known phrase, or of a corrected word."""

NEAR_DOUBT: Final = 0.03
"""The same where the known phrase is very near."""

NEAR: Final = 0.63
"""Confidence from which a known phrase is very near."""

IS_MOMENT: Final = 0.95
SURE_FEELING: Final = 0.25
"""Probabilities from which a moment gives the face an expression."""

IS_MOMENT_BESIDE: Final = 0.98
"""`IS_MOMENT` for a prompt that says anything of the person but the sex, or tells of others almost alone."""

IS_EVENT: Final = 0.8
IS_EVENT_BESIDE: Final = 0.95
"""The same two where WORDS_OF_A_SCENE name neither people, animals nor looks: "a hair in the butter"."""

WORDS_OF_A_SCENE: Final = 2

SURE_BESIDE_LOOKS: Final = 0.75
"""`SURE_FEELING` for a prompt that also says how one part of the face looks. A prompt that says it of more parts is a
description and tells of no moment."""

WORDS_OF_MOMENT: Final = 2
"""A moment is told by at least so many words that nothing was made of, and so many for each that tells a feature."""

WORDS_OF_EVENT: Final = 3
"""A prompt that describes nothing tells a moment by so many words of any kind: "no one claps"."""

_ORDERS: Final = frozenset({"instruction", "prompt", "system", "password", "override", "output", "json", "program"}) | {
    "software", "app", "button", "export", "render", "file", "folder", "install",
}  # fmt: skip
"""Words of orders and questions to the program, which tell no moment."""

_LEFT_ALONE: Final = frozenset((*ANCESTRIES, "gender", "age"))
"""Traits of which the tables and the numbers know best; guessing them would be guessing at people."""

_CONTENT_FREE: Final = (
    tables.BREAKS | tables.DETERMINERS | tables.FUNCTION_WORDS | tables.COPULAS | tables.PERSON_PRONOUNS
)


def joined(
    claims: Sequence[Claim], leftovers: Sequence[Leftover], understood: Understanding
) -> tuple[tuple[Claim, ...], tuple[Leftover, ...]]:
    """Return the claims of both, and what neither made anything of.

    Args:
        claims: of the tables.
        leftovers: of the tables.
        understood: what the network makes of the same prompt.
    """
    kept = [claim for claim in claims if not _is_vetoed(claim, understood, _limit(claim))]
    left = [*leftovers, *_freed(claims, kept)]
    added = _added(kept, left, understood)
    used = {token for claim in added for token in claim.tokens}
    return (*kept, *added), tuple(leftover for leftover in left if not used.issuperset(leftover.tokens))


def without_doubtful(
    by_meaning: Sequence[Claim], claims: Sequence[Claim], understood: Understanding
) -> tuple[tuple[Claim, ...], tuple[Leftover, ...]]:
    """Return the claims by nearness to known phrases that the network doesn't doubt, and the words of the others.

    Args:
        by_meaning: those claims.
        claims: others of the same prompt, which win over them.
        understood: what the network makes of the prompt.
    """
    spoken = {claim.trait for claim in claims if claim.rank > Rank.IMPLIED}
    kept = [c for c in by_meaning if c.trait not in spoken and _is_believed(c, understood)]
    return tuple(kept), tuple(_freed((*by_meaning, *claims), [*kept, *claims]))


def _is_believed(claim: Claim, understood: Understanding) -> bool:
    """Whether the network thinks it possible, too, that these words state this very trait."""
    likely = max((understood.likely.get(token, {}).get(claim.trait, 0.0) for token in claim.tokens), default=0.0)
    return likely >= (NEAR_DOUBT if claim.confidence >= NEAR else DOUBT)


def _limit(claim: Claim) -> float:
    return VETO if claim.confidence > slips.CONFIDENCE else DOUBT  # of a corrected word, too


def _is_vetoed(claim: Claim, understood: Understanding, limit: float) -> bool:
    """Whether the words of a claim surely state nothing about its part of the face."""
    if claim.trait in _LEFT_ALONE or claim.rank in (Rank.IMPLIED, Rank.EXACT):
        return False
    if len(claim.tokens) > 1 and lexicon().parts_of(" ".join(token.word for token in claim.tokens)):
        return False  # words about a part of the face, which may say something of another: a double chin
    part = claim.trait.split(".")[0]
    known = [understood.likely[token] for token in claim.tokens if token in understood.likely]
    likely = (share for traits in known for trait, share in traits.items() if trait.split(".")[0] == part)
    return bool(known) and max(likely, default=0.0) < limit


def _freed(claims: Sequence[Claim], kept: Sequence[Claim]) -> list[Leftover]:
    """Words that are left over again, because what they were read as is taken back."""
    used = {token for claim in kept for token in claim.tokens}
    freed = {token for claim in claims for token in claim.tokens} - used
    return [Leftover((token,)) for token in sorted(freed, key=lambda t: t.start) if token.word not in _CONTENT_FREE]


def _added(kept: Sequence[Claim], left: Sequence[Leftover], understood: Understanding) -> list[Claim]:
    open_words = {
        token
        for leftover in left
        if not paraphrase.cannot_grow(leftover)
        for token in (*leftover.tokens, *leftover.context)
    }
    own = {token for leftover in left for token in leftover.tokens}
    closed = own - open_words
    spoken = {claim.trait for claim in kept if claim.rank > Rank.IMPLIED}
    read = {token for claim in kept for token in claim.tokens}
    lined = {token for claim in kept if claim.trait.startswith("wrinkles.") for token in claim.tokens}
    shown = {_both_sides(claim.trait) for claim in kept if claim.trait.startswith("expression.")}
    added: dict[str, Claim] = {}
    for stated in understood.stated:
        if stated.trait in _LEFT_ALONE or stated.trait in spoken or stated.trait in added:
            continue
        if any(token.word in ("not", "never", "neither") for token in stated.tokens):
            continue  # the tables have the last word on what is denied
        if stated.value == VOCABULARY[stated.trait].default and stated.confidence < SURE:
            continue  # that something is as with most people is seldom said in words that no table knows
        if stated.trait.startswith("expression.") and stated.confidence < SURE_FACE:
            continue
        if stated.trait.startswith("wrinkles.") and not any(map(_tells_lines, stated.tokens)):
            continue  # words about age or weather alone name no wrinkles
        if stated.trait.startswith("wrinkles.") and not lined.isdisjoint(stated.tokens):
            continue  # "deep lines around the eyes" are around the eyes alone
        if _both_sides(stated.trait) in shown:
            continue  # "smirks with the right corner": the left one rests
        if closed.intersection(stated.tokens) or not _is_new(stated, open_words, read):
            continue
        if read.intersection(stated.tokens) and not own.intersection(stated.tokens):
            continue  # "clean-cut, strong cheekbones": the tables have read what is said of the cheekbones
        added[stated.trait] = Claim(stated.trait, stated.value, stated.confidence, Rank.VAGUE, stated.tokens)
    return list(added.values())


_LINES: Final = (
    "line", "wrinkl", "creas", "furrow", "crow", "fold", "crep", "weather", "leather", "crinkl", "crumpl", "map",
    "seam", "ravine", "groove", "gull", "walnut", "prune", "raisin", "parchment", "paper",
    "shrivel", "wizen", "corrugat", "smooth",
)  # fmt: skip
"""Beginnings of words that may tell of wrinkles."""


def _tells_lines(token: Token) -> bool:
    return token.word.startswith(_LINES)


def _both_sides(shape: str) -> str:
    return shape.removesuffix("Left").removesuffix("Right")


def _is_new(stated: Stated, open_words: set[Token], read: set[Token]) -> bool:
    """Whether a trait is about words that nothing, or surely something else, was made of."""
    words = {token for token in stated.tokens if token.word not in _CONTENT_FREE}
    vague = {token for token in words if token.word in paraphrase.VAGUE}
    if vague and all(lexicon().parts_of(token.word) for token in words - vague):
        return False  # "kind eyes"
    left = words & open_words
    if left and not any(slips.is_english(token.word.rstrip("~")) for token in left):
        return False  # names of people
    if 2 * len(left) >= len(words) and any(token.word not in tables.THING_COLOURS for token in left):
        return stated.confidence >= (LEAST_STATED if len(words) > 1 else SINGLE_WORD)
    return not words & read and stated.confidence >= SURE


def _is_english(words: Sequence[Token]) -> bool:
    """Whether at least half of some words are English; nonsense and other languages tell no moment."""
    known = [slips.is_english(token.word.rstrip("~")) for token in words]
    return bool(known) and 2 * sum(known) >= len(known)


def moment_claims(
    moment: Moment | None, claims: Sequence[Claim], tokens: Sequence[Token], written: Sequence[Token]
) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Return the expression that a moment brings, and the claims with it in place of what it replaces.

    There is none where the prompt names an expression, or describes a face more than it tells of one, or where the
    network is not sure.

    Args:
        moment: that the prompt seems to tell.
        claims: what else it says.
        tokens: of the prompt, about the person.
        written: all tokens of the prompt as it is written: what others do is part of a moment, too.
    """
    says_more = any(claim.trait != "gender" and claim.rank > Rank.IMPLIED for claim in claims)
    own_words = sum(token.is_word and token.word not in _CONTENT_FREE for token in tokens)
    scene = sum(token.is_word and _is_of_scene(token) for token in written)
    least, beside = (IS_EVENT, IS_EVENT_BESIDE) if scene >= WORDS_OF_A_SCENE else (IS_MOMENT, IS_MOMENT_BESIDE)
    least = beside if says_more or own_words < WORDS_OF_MOMENT else least
    if moment is None or moment.confidence < least or moment.sureness < SURE_FEELING:
        return (), tuple(claims)
    kept = tuple(claim for claim in claims if not _is_guessed_expression(claim))
    stated = [claim for claim in kept if claim.rank > Rank.IMPLIED and claim.trait not in _LEFT_ALONE]
    described = {token.start for claim in stated for token in claim.tokens}
    aged = {token.start for claim in claims if claim.trait == "age" for token in claim.tokens}
    words = [t for t in written if t.is_word and t.start not in described and t.word not in _CONTENT_FREE]
    if not [t for t in words if t.start not in aged and t.word not in _OF_AGE]:
        return (), tuple(claims)
    looks = {claim.trait.split(".")[0] for claim in stated if not claim.trait.startswith("expression.")}
    if len(looks) > 1 or (looks and moment.sureness < SURE_BESIDE_LOOKS):
        return (), tuple(claims)
    named = any(claim.trait.startswith("expression.") and not claim.trait.startswith(_GAZE) for claim in stated)
    is_short_event = not described and sum(t.is_word for t in written) >= WORDS_OF_EVENT
    told = (
        (len(words) >= WORDS_OF_MOMENT * max(1, len(described)) or is_short_event)
        and not all(map(_tells_nothing, words))
        and not _ORDERS.intersection(t.word for t in words)
    )
    if named or not told or not _is_english(words):
        return (), tuple(claims)
    sure = moment.confidence * moment.sureness
    spoken = {claim.trait for claim in stated}
    own = {token.start for token in tokens}
    causes = tuple(token for token in words if token.start in own) or tuple(words)
    made = [
        Claim(shape, weight, sure, Rank.VAGUE, causes)
        for shape, weight in moment.weights.items()
        if shape not in spoken
    ]
    return tuple(made), (*kept, *made)


_OF_AGE: Final = frozenset({"age", "year", "old", "young"})


def _is_of_scene(token: Token) -> bool:
    """Whether a word names a thing or tells what happens, and not only who is there and how they look."""
    entry = lexicon().entries.get(token.word)
    describes = token.word in lexicon().adjectives and not (entry is not None and entry.noun)
    return not (token.word in _CONTENT_FREE or token.word in COMPANY or describes or _tells_nothing(token))


def _tells_nothing(token: Token) -> bool:
    """Whether a word says who somebody is or is only talk, and says nothing of what happens."""
    entry = lexicon().entries.get(token.word)
    if {token.word, token.text.lower()} & SMALL_TALK:
        return True
    return token.word in lexicon().unseen or (entry is not None and entry.kind == PERSON)


_GAZE: Final = "expression.eyeLook"


def _is_guessed_expression(claim: Claim) -> bool:
    """Whether the network made an expression of single words, which the whole moment tells better."""
    return claim.trait.startswith("expression.") and claim.rank == Rank.VAGUE
