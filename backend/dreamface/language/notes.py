"""Why a prompt is read as it is: the words behind each trait, and a sentence for what nothing is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from dreamface.language import slips, tables, unmade
from dreamface.language.asides import Aside
from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.lexicon import PERSON, lexicon
from dreamface.language.people import sex_of_names
from dreamface.language.resolve import contradict, words_of
from dreamface.language.saying import in_words
from dreamface.language.words import Token, tokenize
from dreamface.traits import ANCESTRIES, Traits

NoteKind = Literal["unmade", "name", "profession", "company", "contradiction", "place"]

Span = tuple[int, int]
"""First character and the one behind the last."""


@dataclass(frozen=True)
class Note:
    """Something that an artist should know of how a prompt is read.

    Attributes:
        kind: what it is about.
        words: of the prompt, that it is about.
        text: a sentence.
    """

    kind: NoteKind
    words: str
    text: str


@dataclass(frozen=True)
class Cause:
    """Why a trait has its value.

    Attributes:
        words: of the prompt, as they are shown.
        spans: where they stand in the text that was read.
        said: the value in words.
        confidence: 0..1.
        follows: whether nobody said it, and it follows from what the words say: a fisherman's beard.
    """

    words: str
    spans: tuple[Span, ...]
    said: str
    confidence: float
    follows: bool


@dataclass(frozen=True)
class Material:
    """What reading a prompt has left behind. Tokens are told apart by where they start: slips are corrected.

    Attributes:
        text: that was read.
        tokens: all of it.
        claims: all readings, also those that others have won over.
        left: words that nothing was made of.
        unseen: those of them that are professions without a look.
        others: those of them that are about somebody else.
        asides: words that say nothing of the face as it is.
    """

    text: str = ""
    tokens: tuple[Token, ...] = ()
    claims: tuple[Claim, ...] = ()
    left: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    asides: tuple[Aside, ...] = ()

    @classmethod
    def of(
        cls,
        text: str,
        claims: Iterable[Claim],
        left: Iterable[Token],
        unseen: Iterable[Token],
        others: Iterable[Token],
        asides: Iterable[Aside] = (),
    ) -> Material:
        """Return it by the tokens as they were read."""
        open_ones, jobs, company = (frozenset(token.start for token in tokens) for tokens in (left, unseen, others))
        return cls(text, tokenize(text), tuple(claims), open_ones, jobs, company, tuple(asides))

    def words(self, tokens: Sequence[Token]) -> str:
        """Return what the prompt has from the first to the last of some tokens."""
        return self.text[tokens[0].start : tokens[-1].start + len(tokens[-1].text)]


@dataclass(frozen=True)
class Explanation:
    """Causes, notes, and the words that stay a riddle.

    Attributes:
        causes: trait -> why.
        notes: on words that nothing was made of, each with its reason.
        riddles: words that nothing was made of and no reason is known of; those that nobody has even looked at too.
        names_somebody: whether it says that it is about a person, whatever else.
    """

    causes: Mapping[str, Cause] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    riddles: tuple[Token, ...] = ()
    names_somebody: bool = False


_GLUE: Final = (
    tables.BREAKS | tables.DETERMINERS | tables.FUNCTION_WORDS | tables.COPULAS | tables.NEUTRAL_WORDS
    | tables.PERSON_PRONOUNS | tables.JOINING_AND | tables.JOINING_OR | tables.NEGATIONS | tables.STOPS
    | {"colour", "color"}
)  # fmt: skip
"""Words that may stay without a word about them."""

_PEOPLE: Final = frozenset(("he", "she", "they", "him", "his", "her", "hers", "their", "himself", "herself"))
_LIKENESS: Final = frozenset(("like", "as", "resembles", "resembling", "resemble", "named", "called", "friend", "actor",
                              "actress", "celebrity", "singer", "star", "lookalike", "a la"))  # fmt: skip
"""Words before somebody's name."""

_BESIDE_UNMADE: Final = 3  # words before a thing that are said of it: "a black leather jacket"


def explain(traits: Traits, material: Material) -> Explanation:
    """Return why a prompt is read as it is.

    Args:
        traits: what it says.
        material: what reading it has left behind.
    """
    notes, explained = _notes_on(material)
    opposed, lost = _contradictions(material.claims, traits)
    causes = _with_agreeing(_causes(traits, material), material, lost)
    covered = explained | lost | _covered(causes, material)
    causes = _with_parts(causes, material, covered)
    covered |= _covered(causes, material)
    riddles = [
        token
        for token in material.tokens
        if token.start not in covered and (token.start in material.left or _is_content(token))
    ]
    return Explanation(causes, (*notes, *opposed), tuple(riddles), _names_somebody(material))


def _covered(causes: Mapping[str, Cause], material: Material) -> set[int]:
    """Return where the words start that caused something."""
    spans = {span for cause in causes.values() for span in cause.spans}
    return {token.start for token in material.tokens if any(first <= token.start < last for first, last in spans)}


def _is_content(token: Token) -> bool:
    """Whether a word that nobody has looked at would vanish unsaid."""
    if not (token.is_word or ord(token.word[0]) > 127) or {token.word, token.text.lower()} & _GLUE:
        return False
    return token.word not in tables.DEGREES


# ---------------------------------------------------------------------------------------------------------- the causes


def _causes(traits: Traits, material: Material) -> dict[str, Cause]:
    age = traits.number("age") if "age" in traits else 35.0
    found: dict[str, Cause] = {}
    for name, entry in traits.items():
        claims = [
            claim
            for claim in material.claims
            if (name in ANCESTRIES and claim.trait in ANCESTRIES and claim.value)
            or (claim.trait == name and words_of(claim.tokens) == entry.because)
        ]
        follows = not claims or all(claim.rank == Rank.IMPLIED for claim in claims)
        if not claims:  # fitted to another trait: a beard's colour
            claims = [claim for claim in material.claims if words_of(claim.tokens) == entry.because]
        tokens = {token for claim in claims for token in claim.tokens}
        found[name] = Cause(
            entry.because, spans_of(tokens), in_words(name, entry.value, age), entry.confidence, follows
        )
    return found


def _with_agreeing(causes: dict[str, Cause], material: Material, lost: Collection[int]) -> dict[str, Cause]:
    """Return causes with words that others have won over, but that don't contradict them: "old" in "an old hag"."""
    for claim in material.claims:
        starts = {token.start for token in claim.tokens}
        if claim.trait in causes and not starts & set(lost) and not starts <= _covered(causes, material):
            cause = causes[claim.trait]
            tokens = [token for token in material.tokens if token.start in starts or _is_in(cause, token)]
            causes[claim.trait] = replace(cause, spans=spans_of(tokens))
    return causes


def _with_parts(causes: dict[str, Cause], material: Material, covered: Collection[int]) -> dict[str, Cause]:
    """Return causes with words for the part of the face that they are about: "hair" in "her hair in a bun"."""
    for token in material.tokens:
        if token.start in covered or token.start in material.left or not _is_content(token):
            continue
        part = tables.PART_ALIASES.get(token.word, token.word)
        for name, cause in causes.items():
            if part in name.split(".")[0].split("_")[0] and cause.spans:
                tokens = [one for one in material.tokens if one.start == token.start or _is_in(cause, one)]
                causes[name] = replace(cause, spans=spans_of(tokens))
    return causes


def _is_in(cause: Cause, token: Token) -> bool:
    return any(start <= token.start < stop for start, stop in cause.spans)


def spans_of(tokens: Iterable[Token]) -> tuple[Span, ...]:
    """Return where tokens stand in the text; neighbours are one span."""
    spans: list[Span] = []
    for start, text in sorted({token.start: token.text for token in tokens}.items()):
        if spans and start - spans[-1][1] <= 1:
            spans[-1] = (spans[-1][0], start + len(text))
        else:
            spans.append((start, start + len(text)))
    return tuple(spans)


# ----------------------------------------------------------------------------------------------------------- the notes


def _notes_on(material: Material) -> tuple[list[Note], set[int]]:
    """Return notes on what nothing was made of, and where the words of them start."""
    tokens = material.tokens
    runs: list[tuple[NoteKind, tuple[Token, ...], str]] = []
    if material.others:
        first, last = min(material.others), max(material.others)
        about = tuple(token for token in tokens if first <= token.start <= last)
        runs.append(("company", about, "{}: one face is made, and this is about somebody else."))
    for aside in material.asides:
        starts = {token.start for token in aside.tokens}
        run = tuple(token for token in tokens if token.start in starts)
        if any(map(_is_content, run)):
            runs.append(("unmade", run, f"{{}}: {aside.reason}"))
    left = material.left - {token.start for _, run, _ in runs for token in run} - material.unseen
    runs += [
        ("profession", run, "{}: says nothing about the face, so it changed nothing.")
        for run in _neighbours(material.unseen, tokens)
    ]
    names = [name for run in _neighbours(left, tokens) for name in _names_in(run, tokens)]
    runs += [("name", name, "“{}”: DreamFace does not know people by name; describe the face.") for name in names]
    left -= {token.start for name in names for token in name}
    led = {token.start for token in tokens if token.word in tables.DETERMINERS and _stands_between(token, left, tokens)}
    for run in _neighbours(left | led, tokens):
        runs += [("unmade", words, f"{{}}: {reason}") for words, reason in _unmade(run)]
    runs.sort(key=lambda run: run[1][0].start)
    notes = [Note(kind, material.words(words), text.format(material.words(words))) for kind, words, text in runs]
    return notes, {token.start for _, words, _ in runs for token in words}


def _stands_between(token: Token, starts: Collection[int], tokens: Sequence[Token]) -> bool:
    """Whether a word joins two of others: "an" in "holding an axe"."""
    place = tokens.index(token)
    return 0 < place < len(tokens) - 1 and tokens[place - 1].start in starts and tokens[place + 1].start in starts


def _neighbours(starts: Collection[int], tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """Return runs of tokens that stand side by side and start there."""
    runs: list[tuple[Token, ...]] = []
    beside = False
    for token in tokens:
        wanted = token.start in starts
        if wanted:
            runs[-1:] = [(*runs[-1], token)] if beside else [*runs[-1:], (token,)]
        beside = wanted
    return runs


def _names_in(run: tuple[Token, ...], tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """Return the names of people in a run of words that nothing was made of."""
    capitals = [token.text[:1].isupper() and token.text[1:].islower() for token in run]
    words = [token for token in tokens if token.text[:1].isalpha()]
    shouted = len(words) > 2 and all(token.text[:1].isupper() for token in words)
    place = tokens.index(run[0])
    led = place > 0 and bool({tokens[place - 1].text.lower(), tokens[place - 1].word} & _LIKENESS)
    found: list[tuple[Token, ...]] = []
    now: list[Token] = []
    for token, capital, beside in zip(run, capitals, [*capitals[1:], False], strict=True):
        known = token.text.title() in sex_of_names() and not lexicon().knows(token.word)
        strange = not slips.is_english(token.word) or (capital and not shouted and (token.start > 0 or beside))
        if token.text[:1].isalpha() and (known or (strange and (capital or now or led) and not shouted)):
            now.append(token)
        elif now:
            found.append(tuple(now))
            now = []
    if now:
        found.append(tuple(now))
    return [name for name in found if _is_name(name, led)]


def _is_name(words: Sequence[Token], led: bool) -> bool:
    """Whether words are somebody's name: led to by "like", a first name, or two capitals."""
    first = any(token.text.title() in sex_of_names() for token in words)
    return led or first or sum(token.text[:1].isupper() for token in words) > 1


def _unmade(run: Sequence[Token]) -> list[tuple[tuple[Token, ...], str]]:
    """Return the things among neighbouring words that are not made yet, with the words that describe them, and why."""
    found: list[tuple[tuple[Token, ...], str]] = []
    rest = list(run)
    while rest:
        things = [place for place, token in enumerate(rest) if _reason(token, is_last=False)]
        places = things[:1] or [place for place, token in enumerate(rest) if _reason(token, is_last=True)][-1:]
        if not places:
            break
        stop = places[0] + 1
        while stop < len(rest) and _reason(rest[stop], is_last=False):
            stop += 1  # the last noun says what it is
        words = tuple(rest[max(0, places[0] - _BESIDE_UNMADE) : stop])
        found.append((words, _reason(words[-1], is_last=True)))
        rest = rest[stop:]
    return found


def _reason(token: Token, *, is_last: bool) -> str:
    word = token.text.lower() if token.text.lower() in unmade.REASONS else token.word
    return "" if word in unmade.ONLY_BESIDE and not is_last else unmade.REASONS.get(word, "")


def _contradictions(claims: Sequence[Claim], traits: Traits) -> tuple[list[Note], set[int]]:
    """Return a note for each pair of words that say what can't both be, and where the words start that lost."""
    said: dict[tuple[str, str], Note] = {}
    lost: set[int] = set()
    ordered = sorted(claims, key=lambda claim: claim.tokens[-1].start)
    for number, later in enumerate(ordered):
        for earlier in ordered[:number]:
            one, other = words_of(earlier.tokens), words_of(later.tokens)
            first = {token.start for token in earlier.tokens}
            apart = _say_two_things(earlier, later)
            if later.trait in traits and apart and contradict(earlier, later):
                text = f"“{one}” and “{other}” contradict each other: the later, “{other}”, is made."
                if _are_two_styles(earlier, later):
                    text = f"“{one}” and “{other}” are two styles of one thing: the later, “{other}”, is made."
                said.setdefault((one, other), Note("contradiction", f"{one} {other}", text))
                lost |= first - {token.start for token in later.tokens}
    return list(said.values()), lost


def _say_two_things(earlier: Claim, later: Claim) -> bool:
    """Whether two claims are of different words, perhaps on one noun: "curly straight hair"."""
    first, second = (set(claim.tokens) for claim in (earlier, later))
    shared, own, others = first & second, first - second, second - first
    return not shared or (bool(own and others) and all(lexicon().parts_of(token.word) for token in shared))


def _are_two_styles(earlier: Claim, later: Claim) -> bool:
    """Whether both could be, but not on one head: an undercut and a bun."""
    return isinstance(later.value, str) and not {"none", "bald"} & {str(earlier.value), later.value}


def _names_somebody(material: Material) -> bool:
    """Whether a prompt is about a person, even if it says nothing about the face."""
    if material.unseen or any(token.text in sex_of_names() for token in material.tokens):
        return True
    for token in material.tokens:
        entry = lexicon().entries.get(token.word)
        if token.word in tables.NEUTRAL_WORDS or token.text.lower() in _PEOPLE or (entry and entry.kind == PERSON):
            return True
    return False
