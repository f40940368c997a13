"""What a prompt says that is not so now: things past, wished for or elsewhere on the body, and figures of speech.

"He used to have a beard" and "he shaved off his beard" are "no beard"; "she wants to be blonde" says nothing of her
hair; "a scar on the left hand" is no scar of the face; a "sharp tongue" doesn't stick out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dreamface.language import tables
from dreamface.language.lexicon import PERSON, Lexicon, resolve_alias
from dreamface.language.words import Token
from dreamface.traits import VOCABULARY, Group

_PAST: Final = "tells how somebody was, so nothing of it is made."
_WISHED: Final = "is a wish and not a look, so nothing of it is made."
_FIGURE: Final = "is a figure of speech, so nothing of it is made."
_ELSEWHERE: Final = "DreamFace makes a head alone."
HABIT: Final = "is what the face does at times, so nothing of it is made."
_OF_OTHERS: Final = "are others, and one face is made."
_LEFT_OPEN: Final = "is left open, so nothing of it is made."
_NOT_WORN: Final = "is not what the face shows now, so nothing of it is made."


@dataclass(frozen=True)
class Aside:
    """Words that say nothing of the face as it is.

    Attributes:
        tokens: the words.
        reason: a sentence on why nothing is made of them, to stand behind them.
    """

    tokens: tuple[Token, ...]
    reason: str


@dataclass(frozen=True)
class _Found:
    """What stands at a place: the words up to `end`, of which `kept` stay.

    Attributes:
        end: the place behind them.
        kept: what is read in place of them.
        reason: why nothing is made of the others; "" where nothing is to be said of it.
        back: how many of the words before the place belong to them.
    """

    end: int
    kept: tuple[Token, ...] = ()
    reason: str = ""
    back: int = 0


_STOPS: Final = tables.STOPS | {",", "now", "while", "because", "so", "today", "and"}
_GOES_ON: Final = frozenset({"is", "has", "have", "wears", "looks", "with", "now", "was", "had"})
_HAD: Final = frozenset({"have", "wear", "grow", "sport", "had", "wore", "sported", "has", "grew"})
_WAS: Final = frozenset({"was", "were", "looked", "been", "be", "look"})
_MENDED: Final = (
    ("shaved", "off"), ("shaves", "off"), ("shaving", "off"), ("shaved",), ("removed",), ("removes",), ("lost",),
    ("took", "off"), ("takes", "off"), ("wiped", "off"), ("washed", "off"), ("wipes", "off"), ("washes", "off"),
    ("got", "rid", "of"), ("gets", "rid", "of"), ("gotten", "rid", "of"), ("cut", "off"), ("scrubbed", "off"),
    ("had", "removed"), ("gave", "up"), ("get", "rid", "of"), ("lose",), ("remove",), ("ditch",), ("drop",),
    ("take", "off"),
    ("shave", "off"),
)  # fmt: skip
"""What somebody did to a thing that is not there any more, longest first of each verb."""

_GONE: Final = frozenset({"gone", "removed", "shaved", "shorn", "vanished", "disappeared"})
_STOPPED: Final = frozenset({"stop", "stops", "stopped", "quit", "quits"})
_NEVER: Final = frozenset({"to", "not", "never", "cannot", "can't", "couldn't", "won't"})
_WISHES: Final = frozenset(
    {"wants", "wanted", "wishes", "wished", "hopes", "hoped", "dreams", "dreamed", "dreamt", "longs", "longed", "plans",
     "planned", "intends", "yearns", "wishing", "hoping", "dreaming", "longing", "planning"}
)  # fmt: skip
_WOULD: Final = frozenset({"like", "love", "prefer", "rather"})
_ORDERED: Final = frozenset({"i", "we", "you", "please"})
"""Who orders a face where they wish: "I would like her to have red hair"."""

_STATES: Final = frozenset({"be", "have", "look", "become", "get", "grow", "dye", "wear", "go", "being", "having",
                            "looking", "becoming", "getting", "growing", "dyeing", "wearing", "going"})  # fmt: skip
_WHEN: Final = (
    ("as", "a"), ("as", "an"), ("in", "his", "youth"), ("in", "her", "youth"), ("in", "their", "youth"),
    ("when", "he", "was"), ("when", "she", "was"), ("when", "they", "were"), ("year", "ago"), ("long", "ago"),
    ("in", "the", "past"), ("back", "then"), ("in", "his", "younger"), ("in", "her", "younger"), ("in", "childhood"),
)  # fmt: skip
_YOUNG: Final = frozenset(
    {"child", "boy", "girl", "kid", "baby", "teenager", "teen", "youth", "toddler", "student", "youngster"}
)
_FIGURES: Final = frozenset(
    tuple(phrase.split())
    for phrase in (
        "sharp tongue", "wicked tongue", "quick tongue", "silver tongue", "tongue in cheek", "sweet tooth",
        "cold shoulder", "heart of gold", "cold foot", "green thumb", "green finger", "blue blood", "black sheep",
        "eye for detail", "eye for an eye", "nose for trouble", "nose for news", "ear for music", "all ear",
        "tongue tied", "green with envy", "red herring", "grey area", "white lie", "red tape", "blue collar",
        "white collar", "head over heel", "chip on his shoulder", "chip on her shoulder", "stiff upper lip",
        "thick skinned", "thin skinned", "thick skin about", "mother tongue", "eye catching", "neck and neck",
        "by the skin of", "proud of", "by and large", "at large", "in short", "before long", "for long", "big deal",
        "long shot", "in the long run", "small talk", "short notice", "short of breath", "short temper", "high spirit",
        "narrow escape", "long story short", "in the dark about", "on the nose price", "pain in the neck",
        "tooth and nail", "lip service", "to be fair", "fair play", "fair enough", "fair game", "fair share",
        "fair trade", "fair and square",
    )
)  # fmt: skip


_FAIRS: Final = frozenset(
    ["county", "state", "village", "street", "job", "book", "art", "craft", "trade", "fun", "science", "christmas"]
)
"""What stands before a fair that people go to."""


def without_asides(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Token, ...], tuple[Aside, ...]]:
    """Return the tokens that tell how the face is, and what was left out, with the reasons.

    Args:
        tokens: of the prompt.
        lexicon: knows what a face can have.
    """
    kept: list[Token] = []
    asides: list[Aside] = []
    place = 0
    while place < len(tokens):
        found = next((one for find in _FINDERS if (one := find(tokens, place, lexicon)) is not None), None)
        if found is None:
            kept.append(tokens[place])
            place += 1
            continue
        led = kept[len(kept) - found.back :]
        kept[len(kept) - found.back :] = found.kept
        if found.reason:
            asides.append(Aside((*led, *tokens[place : found.end]), found.reason))
        place = found.end
    return tuple(kept), tuple(asides)


def _text(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text.lower().replace("\u2019", "'") if 0 <= place < len(tokens) else ""


def _starts(tokens: Sequence[Token], place: int, words: tuple[str, ...]) -> bool:
    return all(word in (_text(tokens, place + step), _word(tokens, place + step)) for step, word in enumerate(words))


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].word if 0 <= place < len(tokens) else ""


def _clause_end(tokens: Sequence[Token], place: int) -> int:
    """Return where what is said there ends: "and has" starts something new, "and freckles" does not."""
    while place < len(tokens):
        text = _text(tokens, place)
        after = _text(tokens, place + 1)
        if text in _STOPS and (text != "and" or after in _GOES_ON or after in tables.PERSON_PRONOUNS):
            return place
        place += 1
    return place


def _says_something(tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    return any(token.word in lexicon.entries or token.word in lexicon.adjectives for token in tokens)


def _thing(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Return where a thing that "no" takes away starts and ends, behind its determiners."""
    while _word(tokens, place) in tables.DETERMINERS:
        place += 1
    for size in (2, 1):
        key = resolve_alias(" ".join(token.word for token in tokens[place : place + size]))
        entry = lexicon.entries.get(key)
        is_thing = entry is not None and entry.noun and bool(entry.effects) and not entry.kind
        if place + size <= len(tokens) and (key in lexicon.without or is_thing):
            return place, place + size
    return None


def _denied(tokens: Sequence[Token], place: int, behind: int, lexicon: Lexicon) -> _Found | None:
    """Read a thing alone behind a verb as "no thing"."""
    thing = _thing(tokens, behind, lexicon)
    if thing is None:
        return None
    start, end = thing
    return _Found(end, (replace(tokens[place], word="no"), *tokens[start:end]))


def _was_or_had(tokens: Sequence[Token], place: int, verb: int, lexicon: Lexicon) -> _Found | None:
    """What a verb of the past that is over says: "used to have a beard" is no beard, "used to be fat" says nothing."""
    end = _clause_end(tokens, verb)
    if end <= verb + 1 or not _says_something(tokens[verb + 1 : end], lexicon):
        return None
    if _text(tokens, verb) in _HAD and (denied := _denied(tokens, place, verb + 1, lexicon)) and denied.end == end:
        return denied
    return _Found(end, reason=_PAST)


def _used_to(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "used to have a beard"; "is used to" is something else."""
    if not _starts(tokens, place, ("used", "to")) or _word(tokens, place - 1) in tables.COPULAS:
        return None
    return _was_or_had(tokens, place, place + 2, lexicon) if _text(tokens, place + 2) in _HAD | _WAS else None


def _once(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "once had a beard", "was once fat", "a once handsome man"."""
    text, after = _text(tokens, place), _text(tokens, place + 1)
    once = ("once", "formerly", "previously")
    if text in ("had", "has") and after == "been":
        end = _clause_end(tokens, place + 2)
        if text == "had" and _text(tokens, end - 1) in (*once, "before"):
            return _was_or_had(tokens, place, place + 1, lexicon)  # "had been pretty once"
    if text in _HAD | _WAS and after in once:
        return _was_or_had(tokens, place, place + 1, lexicon) if text in _WAS else _had_once(tokens, place, lexicon)
    if text not in once or _text(tokens, place - 1) in ("at", "all", "for"):
        return None
    if after == "had" and _text(tokens, place + 2) in ("been", "had"):
        return _was_or_had(tokens, place, place + 2, lexicon)
    if after in _HAD | _WAS:
        return _was_or_had(tokens, place, place + 1, lexicon)
    if after in lexicon.adjectives or (after in lexicon.entries and not lexicon.entries[after].noun):
        return _Found(place + 2, reason=_PAST)
    return None


def _had_once(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "had once a beard"."""
    end = _clause_end(tokens, place + 1)
    denied = _denied(tokens, place, place + 2, lexicon)
    return denied if denied and denied.end == end else _Found(end, reason=_PAST)


def _then(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "had freckles as a child", "was fat years ago"."""
    if _text(tokens, place) not in ("had", "was", "were", "wore", "looked"):
        return None
    end = _clause_end(tokens, place)
    for marker in range(place + 1, end):
        for words in _WHEN:
            if not _starts(tokens, marker, words):
                continue
            last = marker + len(words)
            if words[0] == "as" and not ({token.word for token in tokens[last : last + 2]} & _YOUNG):
                continue
            return _Found(end, reason=_PAST)
    return None


def _undone(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "shaved off his beard", "removed her make-up", "his beard is gone"."""
    for words in _MENDED:
        if not _starts(tokens, place, words) or _text(tokens, place - 1) in _NEVER:
            continue
        behind = place + len(words)
        if _word(tokens, behind) not in tables.DETERMINERS or _word(tokens, place - 1) in tables.COPULAS:
            continue
        found = _denied(tokens, place, behind, lexicon)
        if found is None or (words == ("lost",) and "hair" in (token.word for token in found.kept)):
            continue  # "lost his hair" is known as it is
        off = _text(tokens, found.end) in ("off", "away", "completely")
        return replace(found, end=found.end + off)
    thing = _thing(tokens, place, lexicon) if place == 0 or _word(tokens, place) in tables.DETERMINERS else None
    if thing is None:
        return None
    gone = thing[1]
    while _text(tokens, gone) in ("is", "are", "was", "were", "has", "have", "been", "now", "all"):
        gone += 1
    if gone == thing[1] or _text(tokens, gone) not in _GONE:
        return None
    if _text(tokens, gone) == "shaved" and _text(tokens, gone + 1) != "off":
        return None
    end = gone + 1 + (_text(tokens, gone + 1) in ("off", "now"))
    return _Found(end, (*tokens[place : thing[0]], replace(tokens[gone], word="no"), *tokens[thing[0] : thing[1]]))


def _stopped(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "stop smiling", "she stopped frowning"; who can't stop smiling smiles."""
    if _word(tokens, place) in ("not", "never", "cannot") and _text(tokens, place + 1) in _STOPPED:
        return _Found(place + 2) if _word(tokens, place + 2).endswith("ing") else None
    word = _word(tokens, place + 1)
    entry = lexicon.entries.get(word)
    if _text(tokens, place) not in _STOPPED or _text(tokens, place - 1) in _NEVER or not word.endswith("ing"):
        return None
    if entry is None or not any(effect.trait.startswith("expression.") for effect in entry.effects):
        return None
    return _Found(place + 2, (replace(tokens[place], word="not"), tokens[place + 1]))


def _wished(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "wants to be blonde", "wishes she had freckles", "would love to have blue eyes"; not "I want ..."."""
    subject = _text(tokens, place - 1)
    would = _text(tokens, place) == "would" and _text(tokens, place + 1) in _WOULD
    if not would and _text(tokens, place) not in _WISHES:
        return None
    if place == 0 or subject in _ORDERED:
        return None
    verb = place + 1 + would
    lead = _text(tokens, verb)
    end = _clause_end(tokens, verb)
    if lead in ("to", "of", "about", "on"):
        is_state = _text(tokens, verb + 1) in _STATES
    else:
        is_state = lead in ("he", "she", "they", "that", "for") or lead in tables.DETERMINERS or lead.endswith("s")
    if not is_state or not _says_something(tokens[verb:end], lexicon):
        return None
    return _Found(end, reason=_WISHED)


def _figure(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "a sharp tongue", "at the county fair"."""
    for size in (4, 3, 2):
        if tuple(token.word for token in tokens[place : place + size]) in _FIGURES:
            return _Found(place + size, reason=_FIGURE)
    is_fair = _word(tokens, place) in _FAIRS and _word(tokens, place + 1) == "fair"
    if is_fair and not _says_something(tokens[place + 2 : place + 3], lexicon):
        return _Found(place + 2, reason=_ELSEWHERE)  # not where hair or skin is fair
    return None


_ON: Final = frozenset({"on", "across", "over", "along", "upon", "down"})
_BETWEEN: Final = tables.DETERMINERS | {"left", "right", "upper", "lower", "whole", "both"}


def _elsewhere(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "freckles on her shoulders": what lies on the skin of another part than the head."""
    entry = lexicon.entries.get(resolve_alias(_word(tokens, place)))
    if entry is None or not entry.noun or not entry.effects or _text(tokens, place + 1) not in _ON:
        return None
    if any(VOCABULARY[effect.trait].group is not Group.SKIN for effect in entry.effects):
        return None
    part = place + 2
    while _text(tokens, part) in _BETWEEN:
        part += 1
    if _word(tokens, part) not in tables.OTHER_PARTS or _text(tokens, part + 1) in ("and", "or", "as"):
        return None
    back = 0
    while place - back > 0 and _belongs(tokens[place - back - 1], lexicon):
        back += 1
    return _Found(part + 1, reason=_ELSEWHERE, back=back)


def _belongs(token: Token, lexicon: Lexicon) -> bool:
    """Whether a word before a thing is said of it: "a long scar"."""
    entry = lexicon.entries.get(token.word)
    if not token.is_word or token.word in tables.BREAKS | tables.COPULAS | tables.PERSON_PRONOUNS:
        return False
    if token.word in tables.DETERMINERS:
        return token.text.lower() not in ("his", "her")
    return token.word in lexicon.adjectives or (entry is not None and not entry.noun) or token.word in tables.DEGREES


_WISHED_TO: Final = frozenset(
    {"want", "wants", "wanted", "wanting", "like", "love", "learn", "learned", "learnt", "forget", "forgot",
     "forgotten",
     "refuse", "refuses", "refused", "afraid", "hard", "difficult", "easy", "how", "reason", "nothing", "little",
     "much",
     "something", "cause", "allowed", "paid", "need", "needs", "used", "able", "willing", "asked", "told"}
)  # fmt: skip
"""Words before "to smile" that leave the face as it is: "you want to laugh", "little to smile about"."""

_MAKES: Final = frozenset({"make", "makes", "made", "making", "let", "lets"})
_SOMEBODY: Final = frozenset(
    {"you", "me", "us", "people", "everyone", "everybody", "anyone", "anybody", "others", "nobody", "strangers",
     "children", "men", "women", "crowd", "audience", "neighbours", "guests", "they", "them", "we", "i"}
)  # fmt: skip
"""Who is not the one that is described: "people laugh at her", "it made you smile"."""

_OF_BEASTS: Final = tables.COPULAS | {"has", "have", "fall", "falls", "fell", "fallen", "lies", "fast", "still"}
_BEFORE_BEASTS: Final = frozenset({"a", "the", "his", "her", "their", "an", "two", "old", "little"})
"""Before and behind an animal that does something: "the puppy has fallen asleep"."""

_FROM_YEARS: Final = frozenset({"years", "decades", "lifetime", "life", "months", "hours", "winters", "summers"})
_SELDOM: Final = frozenset({"rarely", "seldom", "hardly", "scarcely"})


def _does(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether a word is what a face does: "laugh", "squinting"."""
    word = _word(tokens, place)
    forms = (word, word.removesuffix("ed"), word.removesuffix("d")) if word.endswith("ed") else (word,)
    known = (lexicon.entries.get(form) for form in forms)
    return any(e.trait.startswith("expression.") for entry in known if entry is not None for e in entry.effects)


def _not_worn(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "it made you want to laugh", "lines from years of squinting", "nobody smiled", "she rarely smiles"."""
    text, before = _text(tokens, place), _text(tokens, place - 1)
    if text == "to" and before in _WISHED_TO and _does(tokens, place + 1, lexicon):
        return _Found(place + 2, reason=_NOT_WORN)
    if text == "for" and _does(tokens, place + 1, lexicon) and _text(tokens, place + 1).endswith("ing"):
        return _Found(place + 2, reason=_NOT_WORN)  # "a mouth made for laughing"
    is_theirs = text in _SOMEBODY and _does(tokens, place + 1, lexicon)
    if is_theirs and (before in _MAKES or not _text(tokens, place + 1).endswith("ing")):
        return _Found(place + 2, (tokens[place],), reason=_NOT_WORN)
    beast = next((back for back in (1, 2, 3) if _word(tokens, place - back) in tables.ANIMALS), 0)
    linked = all(_word(tokens, place - back) in _OF_BEASTS for back in range(1, beast))
    if beast and linked and _text(tokens, place - beast - 1) in _BEFORE_BEASTS and _does(tokens, place, lexicon):
        return _Found(place + 1, reason=_NOT_WORN)
    of = place + 1 + (_text(tokens, place + 1) in ("all", "too", "so", "the")) + (_text(tokens, place + 2) == "much")
    if text in _FROM_YEARS and _text(tokens, place + 1) == "of" and _does(tokens, place + 2, lexicon):
        return _Found(place + 3, reason=_NOT_WORN)
    if text == "from" and _does(tokens, of, lexicon) and _text(tokens, of).endswith("ing"):
        return _Found(of + 1, reason=_NOT_WORN)
    ever = place + 1 + (_text(tokens, place + 1) == "ever")
    if text in _SELDOM and _does(tokens, ever, lexicon) and before not in ("can", "could"):
        return _Found(ever + 1, (replace(tokens[place], word="not"), tokens[ever]))
    return None


_ANYBODY: Final = frozenset({"somebody", "someone", "anyone", "anybody", "people", "you", "others", "one"})


def _habit(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "weeps when somebody sings", "laughs easily", "blushes whenever he lies": what a face does at times."""
    if place == 0 or not _does(tokens, place, lexicon) or _text(tokens, place).endswith("ing"):
        return None
    behind, after = _text(tokens, place + 1), _text(tokens, place + 2)
    if behind in ("easily", "readily", "whenever", "often") or (behind in ("when", "if") and after in _ANYBODY):
        return _Found(place + 2, reason=HABIT)
    return None


_CROWD_LEADS: Final = frozenset({"among", "amongst", "that", "which"})
_CROWDS: Final = frozenset({"children", "men", "women", "people"})
_BEFORE_CROWDS: Final = 2  # words
_CROWDS_APART: Final = 6  # words between two of them: "that children pull and sailors envy"


def _crowd(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "among grooms and stable boys", "a beard that children want to pull": many others."""
    leads = {_text(tokens, before) for before in range(max(0, place - _CROWDS_APART), place)}
    joins = _text(tokens, place) == "and" and not _CROWD_LEADS.isdisjoint(leads)
    if place == 0 or not (joins or _text(tokens, place) in _CROWD_LEADS):
        return None
    end = place
    while (noun := _plural_person(tokens, end + 1, lexicon)) > end:
        end = noun
        if _text(tokens, end + 1) not in ("and", "or", ","):
            break
        if _plural_person(tokens, end + 2, lexicon) > end + 1:
            end += 1
    return _Found(end + 1, (tokens[place],), reason=_OF_OTHERS) if end > place else None


def _plural_person(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> int:
    """Return where a plural of people stands at a place or a word or two behind it; -1 where none does."""
    for noun in range(place, min(place + _BEFORE_CROWDS + 1, len(tokens))):
        text, entry = _text(tokens, noun), lexicon.entries.get(_word(tokens, noun))
        if not tokens[noun].is_word or _word(tokens, noun) in tables.BREAKS | tables.PERSON_PRONOUNS:
            return -1
        is_plural = text.endswith("s") and text != _word(tokens, noun)
        if text in _CROWDS or (is_plural and entry is not None and entry.kind == PERSON):
            return noun
    return -1


def _how_old(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "how old" of "nobody knows how old she is": no age."""
    if _text(tokens, place) != "how" or _text(tokens, place + 1) not in ("old", "young"):
        return None
    return _Found(place + 2, reason=_LEFT_OPEN)


_RELATIVE: Final = frozenset({"elder", "eldest", "older", "oldest", "younger", "youngest"})
_OF_TWO: Final = frozenset({"one", "of", "brother", "sister", "twin", "sibling", "son", "daughter"})
_GROUND: Final = 5  # words that a colour may be likened to


def _relative(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "the elder one", "her younger brother": older than somebody, and not old."""
    led = _text(tokens, place - 1) in ("the", "his", "her", "their", "my", "our")
    if led and _text(tokens, place) in _RELATIVE and _text(tokens, place + 1) in _OF_TWO:
        return _Found(place + 1, reason=_FIGURE)
    return None


def _colour_of(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "of old copper" of "the green of old copper": what a colour is likened to."""
    said = _word(tokens, place - 1) in tables.THING_COLOURS and _text(tokens, place - 2) == "the"
    if not said or _text(tokens, place) != "of" or _text(tokens, place + 1) in ("his", "her", "their", "the"):
        return None
    end = place + 1
    while end < len(tokens) and end - place <= _GROUND and tokens[end].is_word and _text(tokens, end) not in _STOPS:
        if lexicon.parts_of(_word(tokens, end)):
            return None
        end += 1
    return _Found(end) if end > place + 1 else None


_STYLES: Final = frozenset({"style", "fashion", "styled", "inspired", "chic"})
_BRUISE: Final = "DreamFace makes no bruises yet."
_BEFORE_BRUISE: Final = frozenset({"a", "his", "her", "another", "one", ",", "the", ""})


def _in_style(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "Amish style", "schoolboy style": a fashion, and no people or age."""
    if _text(tokens, place + 1) not in _STYLES:
        return None
    entry = lexicon.entries.get(_word(tokens, place))
    if entry is None or not any(e.trait in ("age", "gender") or e.trait.startswith("ancestry.") for e in entry.effects):
        return None
    return _Found(place + 2, reason=_FIGURE)


def _bruised(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "a black eye": one that is black is a bruise, two are a colour."""
    if (
        _text(tokens, place) != "black"
        or _text(tokens, place + 1) != "eye"
        or _text(tokens, place + 2) in ("and", "one")
    ):
        return None
    if (place + 2 < len(tokens) and tokens[place + 2].joined) or _text(tokens, place - 1) not in _BEFORE_BRUISE:
        return None
    return _Found(place + 2, reason=_BRUISE)


def _almost(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "it was almost green" of "hair so fair it was almost green", "so black that it was nearly blue"."""
    so = "so" in {_text(tokens, place - back) for back in (2, 3, 4)}
    if not so or _text(tokens, place) not in ("it", "they", "that"):
        return None
    verb = place + 1 + (_text(tokens, place + 1) in ("it", "they"))
    if _word(tokens, verb) not in tables.COPULAS or _text(tokens, verb + 1) not in ("almost", "nearly", "practically"):
        return None
    return _Found(verb + 3, reason=_FIGURE) if verb + 2 < len(tokens) else None


_OPEN: Final = frozenset(
    {"age", "gender", "sex", "ethnicity", "race", "nationality", "skin", "background", "build", "height", "type",
     "heritage",
     "hair", "look", "body"}
)  # fmt: skip
_OF_OPEN: Final = frozenset({"tone", "colour", "type", "length", "size", "shape", "group", "range"})


def _open(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> _Found | None:
    """As "any skin tone", "all ages": what a call leaves open."""
    if _text(tokens, place) not in ("any", "all") or _word(tokens, place + 1) not in _OPEN:
        return None
    end = place + 2 + (_word(tokens, place + 2) in _OF_OPEN)
    return _Found(end, reason=_LEFT_OPEN)


_Finder = Callable[[Sequence[Token], int, Lexicon], _Found | None]
_FINDERS: Final[tuple[_Finder, ...]] = (
    _used_to, _once, _then, _undone, _stopped, _wished, _figure, _elsewhere, _not_worn, _open, _in_style, _bruised,
    _almost, _relative, _colour_of, _habit, _how_old, _crowd,
)  # fmt: skip
