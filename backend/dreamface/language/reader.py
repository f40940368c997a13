"""Prompt to traits: the tables and the grammar first, then likely typing slips, then meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dreamface.language import encoder, joining, paraphrase, slips, understanding
from dreamface.language.ages import find_ages, with_others_ages_marked
from dreamface.language.asides import HABIT, Aside, without_asides
from dreamface.language.binding import Claim, Leftover, Parse, parse
from dreamface.language.company import without_company
from dreamface.language.comparisons import as_plain_words
from dreamface.language.effects import Rank
from dreamface.language.forms import as_sentences
from dreamface.language.harmony import harmonised
from dreamface.language.irises import find_irises, with_red_ones
from dreamface.language.lexicon import lexicon
from dreamface.language.notes import Explanation, Material, explain
from dreamface.language.pronouns import sex_claims
from dreamface.language.resolve import plausible, resolve, settled, words_of
from dreamface.language.sides import with_sides
from dreamface.language.tongues import foreign_language
from dreamface.language.understanding import Moment, Understanding
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
        language: the language it is in, if that is another than English; nothing is read of it then.
        text: that was read: the prompt without what can't be seen.
        why: the words that caused each trait, and a sentence for what nothing was made of.
    """

    traits: Traits
    not_understood: tuple[str, ...]
    language: str = ""
    text: str = ""
    why: Explanation = field(default_factory=Explanation)

    @property
    def note(self) -> str:
        """A sentence on why nothing was read, or ""."""
        said = f"DreamFace reads English only, and this looks like {self.language}; nothing of it was read."
        return said if self.language else ""


@dataclass(frozen=True)
class _Draft:
    """What the tables made of a prompt, before the networks are asked.

    Attributes:
        tokens: about the person, with likely slips corrected.
        others: about somebody or something else.
        text: the whole prompt, normalised; "" where only its words count.
        claims, leftovers: of the tables.
        is_told: whether its words are plain enough for a network to know.
        understood: what the reader's network makes of it.
        asides: words that say nothing of the face as it is.
        slips: tokens whose spelling was corrected and that a claim uses.
    """

    tokens: tuple[Token, ...]
    others: tuple[Token, ...]
    text: str
    claims: tuple[Claim, ...]
    leftovers: tuple[Leftover, ...]
    is_told: bool
    understood: Understanding | None = None
    asides: tuple[Aside, ...] = ()
    slips: frozenset[Token] = frozenset()


def read(prompt: str) -> Reading:
    """Reads an English prompt; the same prompt always gives the same reading.

    Args:
        prompt: 1 to `limits.LONGEST_PROMPT` characters; control characters are ignored.

    Raises:
        BadRequest: the prompt is empty or too long.
    """
    return read_many([prompt])[0]


def read_many(prompts: Sequence[str]) -> list[Reading]:
    """Read prompts as `read` does, faster than one after the other.

    Args:
        prompts: each as `read` takes it.

    Raises:
        BadRequest: one is empty or too long.
    """
    return _finished([_draft_of(prompt) for prompt in prompts])


def read_words(words: str) -> Reading:
    """Reads words about a face that is there already: pronouns and other people in them say nothing.

    Args:
        words: as `read` takes them.

    Raises:
        BadRequest: they are empty or too long.
    """
    check_prompt(words)
    return _finished([_draft(tokenize(normalise(clean(words))), (), "")])[0]


def _draft_of(prompt: str) -> _Draft | Reading:
    check_prompt(prompt)
    text = normalise(clean(prompt))
    tokens = tokenize(text)
    if language := foreign_language(tokens):
        left = _words([Leftover((token,)) for token in tokens if token.word[:1].isalnum()])
        return Reading(Traits(), left, language, text)
    tokens = with_others_ages_marked(as_sentences(tokens, lexicon()), lexicon())
    tokens, asides = without_asides(tokens, lexicon())
    tokens, others = without_company(tokens, lexicon())
    tokens, compared = as_plain_words(tokens, lexicon())
    return replace(_draft(tokens, (*others, *compared), text), asides=asides)


def _draft(tokens: tuple[Token, ...], others: tuple[Token, ...], text: str) -> _Draft:
    written = frozenset(tokens)
    tokens, parsed = _parse_with_corrections(tokens)
    claims, leftovers = with_sides(parsed.claims, parsed.leftovers, tokens)
    corrected = (frozenset(tokens) - written).intersection(token for claim in claims for token in claim.tokens)
    return _Draft(tokens, others, text, claims, leftovers, slips.are_words(tokens), slips=corrected)


def _finished(drafts: Sequence[_Draft | Reading]) -> list[Reading]:
    """Ask the networks about all drafts at once, and give each its pronouns and its moment."""
    understood = _understood(drafts)
    asked = [
        paraphrase.questions(d.leftovers, d.tokens) if d.is_told and not _is_moment_alone(d) else [] for d in understood
    ]
    runs = [run for mine in asked for run in mine]
    nearest = iter(encoder.nearest([run.text for run in runs], [run.parts for run in runs]))
    read = {
        id(draft): _reading(draft, mine, [next(nearest) for _ in mine])
        for draft, mine in zip(understood, asked, strict=True)
    }
    ready = iter(understood)
    return [draft if isinstance(draft, Reading) else read[id(next(ready))] for draft in drafts]


def _is_moment_alone(draft: _Draft) -> bool:
    """Whether a prompt tells a moment and nothing of looks, so that no words of it are near a known phrase of looks."""
    if any(claim.trait not in ("gender", "age") for claim in draft.claims):
        return False
    return bool(joining.moment_claims(_moment_of(draft), draft.claims, draft.tokens, tokenize(draft.text))[0])


def _moment_of(draft: _Draft) -> Moment | None:
    """What the networks take a prompt to tell; nothing where it says what somebody does at times."""
    if draft.understood is None or any(aside.reason == HABIT for aside in draft.asides):
        return None
    return draft.understood.moment


def _understood(drafts: Sequence[_Draft | Reading]) -> list[_Draft]:
    """Return the drafts with the network's understanding: what it adds, and what it doubts."""
    open_ones = [draft for draft in drafts if isinstance(draft, _Draft)]
    asked = [
        draft
        for draft in open_ones
        if draft.text and draft.is_told and (draft.leftovers or draft.others or draft.asides)
    ]
    if not asked or not understanding.is_installed():
        return open_ones
    meant = [_as_meant(draft) for draft in asked]
    answers = understanding.understand_many(meant, joining.LEAST_STATED)
    found = {
        id(draft): _of_the_prompt(answer, words, draft.tokens)
        for draft, answer, (_, words) in zip(asked, answers, meant, strict=True)
    }
    made: list[_Draft] = []
    for draft in open_ones:
        answer = found.get(id(draft))
        if answer is not None and draft.leftovers:
            claims, leftovers = joining.joined(draft.claims, draft.leftovers, answer)
            draft = replace(draft, claims=claims, leftovers=leftovers, understood=answer)
        elif answer is not None:  # the tables read all that is said of the person; only the moment is asked for
            draft = replace(draft, understood=replace(answer, stated=(), likely={}))
        made.append(draft)
    return made


def _as_meant(draft: _Draft) -> tuple[str, tuple[Token, ...]]:
    """Return the prompt with its slips corrected, and its tokens with their positions in the corrected text."""
    text = draft.text
    words = {token: token for token in draft.tokens}
    for slip in sorted(draft.slips, key=lambda token: token.start, reverse=True):
        end = slip.start + len(slip.text)
        text = f"{text[: slip.start]}{slip.word}{text[end:]}"
        longer = len(slip.word) - len(slip.text)
        for token, moved in words.items():
            if token.start > slip.start:
                words[token] = replace(moved, start=moved.start + longer)
        words[slip] = replace(words[slip], text=slip.word)
    return text, tuple(words[token] for token in draft.tokens)


def _of_the_prompt(answer: Understanding, meant: Sequence[Token], tokens: Sequence[Token]) -> Understanding:
    """Return what was understood of the corrected text, with the prompt's own tokens in place of the corrected ones."""
    own = dict(zip(meant, tokens, strict=True))
    stated = tuple(replace(one, tokens=tuple(own[token] for token in one.tokens)) for one in answer.stated)
    return replace(answer, stated=stated, likely={own[token]: likely for token, likely in answer.likely.items()})


def _reading(draft: _Draft, runs: Sequence[paraphrase.Run], matches: Sequence[encoder.Match | None]) -> Reading:
    claims, tokens, understood = draft.claims, draft.tokens, draft.understood
    by_meaning, leftovers = paraphrase.answered(draft.leftovers, runs, matches)
    if understood is not None:
        by_meaning, freed = joining.without_doubtful(by_meaning, claims, understood)
        leftovers = (*leftovers, *freed)
    claims = (*claims, *by_meaning)
    unseen: tuple[Leftover, ...] = ()
    if draft.text:
        moment = _moment_of(draft)
        told, claims = joining.moment_claims(moment, claims, tokens, tokenize(draft.text))
        leftovers = () if told else leftovers
        claims = (*claims, *sex_claims(tokens, claims))
        unseen = _unseen(tokens, claims)
    claims = plausible(claims)
    traits = harmonised(settled(resolve(claims, tokens), claims))
    leftovers = _without_names(leftovers, claims)
    left = (*leftovers, *_second_styles(claims, traits), *unseen, *(Leftover((token,)) for token in draft.others))
    unread, professions = ([token for leftover in some for token in leftover.tokens] for some in (left, unseen))
    material = Material.of(draft.text, claims, unread, professions, draft.others, draft.asides)
    return Reading(traits, _words(left), text=draft.text, why=explain(traits, material))


def _without_names(leftovers: Sequence[Leftover], claims: Sequence[Claim]) -> tuple[Leftover, ...]:
    """What is left over without a first name that told the sex; whole names stay: nobody is known by theirs."""
    names = {token for claim in claims if claim.trait == "gender" for token in claim.tokens}
    capitals = {token.start for leftover in leftovers for token in leftover.tokens if token.text[:1].isupper()}
    whole = {name for name in names if {name.start + len(name.text) + 1} & capitals}
    return tuple(leftover for leftover in leftovers if not (names - whole).issuperset(leftover.tokens))


def _unseen(tokens: Sequence[Token], claims: Sequence[Claim]) -> tuple[Leftover, ...]:
    """Professions that say nothing about looks: they are no fault, but the prompt's author must hear of them."""
    used = {token for claim in claims for token in claim.tokens}
    found: list[Leftover] = []
    for size in (3, 2, 1):
        for place in range(len(tokens) - size + 1):
            span = tuple(tokens[place : place + size])
            if " ".join(token.word for token in span) in lexicon().unseen and not used.intersection(span):
                found.append(Leftover(span))
                used.update(span)
    return tuple(found)


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
    following = {token: after.word for token, after in pairwise(tokens)}
    corrected = {
        token: replace(token, word=word)
        for token in unknown
        if (word := slips.correction(token.word, _as_spelt(following.get(token, ""))))
    }
    if not corrected:
        return tokens, parsed
    before, tokens = tokens, tuple(corrected.get(token, token) for token in tokens)
    if not slips.are_words(tokens):
        return before, parsed
    parsed = _parse(tokens)
    guesses = set(corrected.values())
    kept = [claim for claim in parsed.claims if claim.rank != Rank.IMPLIED or not guesses.intersection(claim.tokens)]
    return tokens, Parse(tuple(_doubted(claim, guesses) for claim in kept), parsed.leftovers)


def _as_spelt(word: str) -> str:
    return slips.correction(word) or word


def _doubted(claim: Claim, guesses: set[Token]) -> Claim:
    touched = guesses.intersection(claim.tokens)
    return replace(claim, confidence=claim.confidence * slips.CONFIDENCE) if touched else claim


def _words(leftovers: Sequence[Leftover]) -> tuple[str, ...]:
    ordered = sorted((token for leftover in leftovers for token in leftover.tokens), key=lambda token: token.start)
    return tuple(dict.fromkeys(words_of((token,)) for token in ordered))
