"""Comparisons and corrections said in a way that the grammar doesn't know, as words that it does.

"Less full than most" and "not as full as most" are a little thin; "rather long than wide" is long; "bigger than his
brother's" is big; in "blue eyes, no wait, make them brown" the last word is about the eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

from dreamface.language import tables
from dreamface.language.lexicon import Lexicon, resolve_alias
from dreamface.language.lexicon import lexicon as lexicon_of_tables
from dreamface.language.words import Token

_OPPOSITES: Final = (
    ("big", "small"), ("large", "small"), ("full", "thin"), ("thick", "thin"), ("wide", "narrow"), ("broad", "narrow"),
    ("long", "short"), ("tall", "low"), ("high", "low"), ("plump", "thin"), ("round", "angular"), ("strong", "weak"),
    ("prominent", "weak"), ("pointed", "round"), ("sharp", "soft"), ("deep set", "bulging"), ("heavy", "thin"),
    ("bushy", "thin"), ("dark", "light"), ("tanned", "pale"), ("fat", "thin"), ("chubby", "thin"),
    ("old", "young"),
)  # fmt: skip
_ALSO_OPPOSITES: Final = (("strong", "low"), ("prominent", "low"), ("heavy", "low"), ("prominent", "flat"))
_OPPOSITE: Final = {second: first for first, second in reversed(_OPPOSITES)} | dict(reversed(_OPPOSITES))
_ENDS: Final = frozenset(
    {",", ".", ";", "!", "?", "\n", "(", ")", "and", "but", "with", "while", "who", "whose", "has"}
)
_CORRECTIONS: Final = (
    ("no", "wait"), ("wait", "no"), ("no", "sorry"), ("sorry", "no"), ("oh", "no"), ("i", "mean"), ("scratch", "that"),
    ("on", "second", "thought"), ("or", "rather"), ("no", "make", "that"), ("no", "actually"), ("actually", "no"),
    ("wait",), ("actually",), ("sorry",),
)  # fmt: skip
_OWNERS: Final = frozenset({"his", "her", "he", "she"})


def as_plain_words(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Return the tokens with comparisons as the grammar reads them, and the words that name what is compared with.

    Args:
        tokens: of the prompt.
        lexicon: knows the adjectives.
    """
    read = _with_likenesses(_with_ellipses(_without_corrections(tokens, lexicon), lexicon), lexicon)
    others: list[Token] = []
    place = 0
    while place < len(read):
        if found := _comparison(read, place, lexicon):
            words, first, end = found
            named = read[first:end]
            others += [token for token in named if token.word not in tables.FUNCTION_WORDS | tables.BREAKS]
            kept = [token for token in named if token.text.lower() in _OWNERS]
            if len(named) > 1 and lexicon.parts_of(named[-1].word) and _describes(named[-2], named[-1], lexicon):
                kept, others = [replace(named[0], word=",", text=","), *named], []  # "longer than his grey hair"
            read[place:end] = [*words, *kept]
            place += len(words)
        else:
            place += 1
    return tuple(read), tuple(token for token in others if token.is_word and token.word not in tables.DETERMINERS)


_NO_LIKENESS: Final = frozenset({"well", "soon", "much", "far", "many"})
_LESSENED: Final = frozenset({"not", "nearly", "almost", "half", "twice", "never"})
_LONGEST_LIKENESS: Final = 5  # words of what something is likened to


def _with_likenesses(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Take "as red as blood" for very red, where the tables have no words of their own for it."""
    read: list[Token] = []
    place = 0
    while place < len(tokens):
        end = _end_of_likeness(tokens, place, lexicon)
        if end == place:
            read.append(tokens[place])
            place += 1
            continue
        if len(read) > 1 and read[-2].word == "as":
            read[-2] = replace(read[-2], word="very")
        words = " ".join(token.text for token in (read[-1], *tokens[place:end]))
        read[-1] = replace(read[-1], text=words)
        place = end
    return read


def _end_of_likeness(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> int:
    """Return where what "red" is likened to ends, from the "as" behind it, or `place`."""
    adjective = _word(tokens, place - 1)
    led = _word(tokens, place - 2) == "as"
    if _word(tokens, place) != "as" or adjective not in lexicon.adjectives or adjective in _NO_LIKENESS:
        return place
    if _word(tokens, place - 2 - led) in _LESSENED or _word(tokens, place - 1 - led) in _LESSENED:
        return place
    end = _end(tokens, place)
    thing = [token for token in tokens[place + 1 : end] if token.word not in tables.DETERMINERS]
    owned = any(token.text.lower() in _OWNERS or "'" in token.text or "\u2019" in token.text for token in thing)
    people = any((entry := lexicon.entries.get(token.word)) is not None and entry.kind for token in thing)
    if not 0 < len(thing) <= _LONGEST_LIKENESS or owned or people or not thing[0].is_word:
        return place
    if thing[0].word in tables.FUNCTION_WORDS | tables.BREAKS | tables.PERSON_PRONOUNS | {"ever"}:
        return place
    said = " ".join((adjective, "as", *(token.word for token in thing)))
    return place if any(said.startswith(known) or known.startswith(said) for known in _known_likenesses()) else end


@cache
def _known_likenesses() -> frozenset[str]:
    """Likenesses of the tables, from the adjective on: "white as snow" of "hair as white as snow"."""
    found: set[str] = set()
    for key in lexicon_of_tables().entries.keys() | lexicon_of_tables().adjectives:
        words = key.split()
        if "as" in words[1:-1]:
            last = len(words) - 1 - words[::-1].index("as")
            found.add(" ".join(words[last - 1 :]))
    return frozenset(found)


def are_opposites(first: str, second: str) -> bool:
    """Return whether two adjectives say the opposite of the same thing."""
    known = (*_OPPOSITES, *_ALSO_OPPOSITES)
    return (first, second) in known or (second, first) in known


def _comparison(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> tuple[list[Token], int, int] | None:
    """Return what a comparison that starts here says, and from where to where it names what is compared with."""
    word = tokens[place].word
    if (words := _denied(tokens, place, lexicon)) is not None:
        return words
    if word == "less":
        return _less(tokens, place, place + 1, "than", lexicon)
    if word == "not" and _word(tokens, place + 1) in ("as", "so", "quite"):
        lead = place + 2 + (_word(tokens, place + 2) in ("as", "so"))
        return _less(tokens, place, lead, "as", lexicon)
    if word in ("rather", "more") and (adjective := _adjective(tokens, place + 1, lexicon)):
        end = adjective[1]
        if _word(tokens, end) == "than":
            return [*tokens[place + 1 : end]], end + 1, _end(tokens, end)
    if word in ("ones", "one") and place and _adjective(tokens, place - 1, lexicon):
        noun = next((token for token in reversed(tokens[:place]) if lexicon.parts_of(token.word)), None)
        return ([replace(tokens[place], word=noun.word)], place + 1, place + 1) if noun is not None else None
    if (
        word == "than"
        and place
        and not _is_own_age(tokens, place + 1)
        and (tokens[place - 1].text.lower().endswith("er") or _word(tokens, place - 2) == "more")
    ):
        return [], place + 1, _end(tokens, place)
    return None


def _denied(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> tuple[list[Token], int, int] | None:
    """Read "anything but full" and "far from full" as thin, and "not quite green" as green."""
    pair = (_word(tokens, place), _word(tokens, place + 1))
    if pair in (("anything", "but"), ("far", "from"), ("not", "remotely")):
        adjective = _adjective(tokens, place + 2, lexicon)
        if adjective is not None:
            key, end = adjective
            opposite = _OPPOSITE.get(key, "")
            if opposite and " " not in opposite:
                return [replace(tokens[place + 2], word=opposite)], end, end
            return [replace(tokens[place], word="not"), *tokens[place + 2 : end]], end, end
    if pair == ("not", "quite") and _word(tokens, place + 2) in tables.IRIS_SRGB:
        return [tokens[place + 2]], place + 3, place + 3
    return None


def _is_own_age(tokens: Sequence[Token], place: int) -> bool:
    """Whether somebody is compared with their own age, which `ages` reads: "younger than his 60 years"."""
    words = [_word(tokens, place + step) for step in range(3)]
    if words[0].isdigit() or words[0] in tables.TENS or words[0] in tables.UNITS:
        return _word(tokens, place - 2) in ("older", "younger", "old", "young")  # "no older than 12"
    if words[0] in ("he", "she", "they"):
        return words[1] in tables.COPULAS or words[1] in ("really", "actually")
    named = words[2] if words[1] in ("actual", "real", "true") else words[1]
    counted = named.isdigit() or named in tables.TENS or named in tables.UNITS
    return words[0] in ("his", "her", "their") and (named in ("age", "year") or counted)


def _describes(adjective: Token, noun: Token, lexicon: Lexicon) -> bool:
    return bool(lexicon.pair(adjective.word, resolve_alias(noun.word)))


def _less(
    tokens: Sequence[Token], place: int, lead: int, link: str, lexicon: Lexicon
) -> tuple[list[Token], int, int] | None:
    adjective = _adjective(tokens, lead, lexicon)
    if adjective is None or _word(tokens, adjective[1]) != link:
        return None
    key, end = adjective
    first = tokens[lead]
    if key in _OPPOSITE:
        words = [replace(tokens[place], word="slightly"), replace(first, word=_OPPOSITE[key].replace(" ", ""))]
        if " " in _OPPOSITE[key]:
            words = [replace(tokens[place], word="not"), *tokens[lead:end]]
    else:
        words = [replace(tokens[place], word="not"), *tokens[lead:end]]
    other = _adjective(tokens, end + 1, lexicon)
    if other is not None and other[1] == _end(tokens, end + 1):  # "less long than broad"
        return [*words, replace(tokens[end], word="and", text="and"), *tokens[end + 1 : other[1]]], other[1], other[1]
    return words, end + 1, _end(tokens, end)


def _adjective(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> tuple[str, int] | None:
    """Return the adjective that starts here, and the place behind it."""
    for size in (3, 2, 1):
        span = tokens[place : place + size]
        key = " ".join(token.word for token in span)
        if len(span) == size and (
            key in lexicon.adjectives or (key in lexicon.entries and not lexicon.entries[key].noun)
        ):
            return key, place + size
    return None


def _end(tokens: Sequence[Token], place: int) -> int:
    while place < len(tokens) and tokens[place].text.lower() not in _ENDS:
        place += 1
    return place


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].word if 0 <= place < len(tokens) else ""


_AS_BEFORE: Final = frozenset({"too", "likewise", "also"})
_HAVE_TIPS: Final = frozenset({"nose", "ear", "finger", "tail", "wing", "cane", "stick", "arrow", "shoe", "spear"})
_KEPT: Final = frozenset({"keeps", "keep", "kept", "wears", "wear", "wore", "cuts", "likes"})


def _with_ellipses(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Say what is left unsaid: in "her eyes are large and so is her nose" the nose is large; "he keeps it short"."""
    read: list[Token] = []
    place = 0
    while place < len(tokens):
        word = tokens[place].text.lower()
        if word in _KEPT and _word(tokens, place + 1) in ("it", "them") and _tells_hair(tokens, place + 2, lexicon):
            read += [tokens[place], replace(tokens[place + 1], word="hair")]
            place += 2
            continue
        if word == "so" and _word(tokens, place + 1) in tables.COPULAS:
            end = _end(tokens, place + 2)
            said = _last_adjectives(read, lexicon)
            if said and end > place + 2 and lexicon.parts_of(_word(tokens, end - 1)):
                read += [*tokens[place + 2 : end], tokens[place + 1], *said]
                place = end
                continue
        if word == "free" and tokens[place].joined and read and lexicon.knows(read[-1].word):
            read.insert(len(read) - 1, replace(tokens[place], word="no"))  # "freckle-free"
            place += 1
            continue
        if word in ("but", "yet", "though") and _joins_adjectives(tokens, place, lexicon):
            read.append(replace(tokens[place], word="and"))  # "small but very bright eyes"
            place += 1
            continue
        if _starts(tokens, place, ("not", "want")) and (end := _wanted(tokens, place + 2)):
            read.append(replace(tokens[place], word="not"))
            place = end
            continue
        if word == "tipped" and tokens[place].joined and _word(tokens, place + 1) not in _HAVE_TIPS:
            read.append(replace(tokens[place], word="hairtip"))  # "blue-tipped braids"
            place += 1
            continue
        if word in _AS_BEFORE and place and lexicon.parts_of(_word(tokens, place - 1)):
            said = _last_adjectives(read, lexicon)
            if said:
                read += [replace(tokens[place], word="is"), *said]
                place += 1
                continue
        read.append(tokens[place])
        place += 1
    return read


def _wanted(tokens: Sequence[Token], place: int) -> int:
    """Return where what is not wanted starts, as "young" in "I don't want her to look young"; 0 for nowhere."""
    if _word(tokens, place) not in ("him", "her", "them", "it") or _word(tokens, place + 1) != "to":
        return 0
    return place + 3 if _word(tokens, place + 2) in ("look", "be", "seem", "appear") else 0


def _joins_adjectives(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether "but" stands between adjectives of the part that follows."""
    if place == 0 or tokens[place - 1].word not in lexicon.adjectives or lexicon.parts_of(tokens[place - 1].word):
        return False
    behind = place + 1
    while _word(tokens, behind) in tables.DEGREES or (
        tokens[behind : behind + 1]
        and (tokens[behind].word in lexicon.adjectives and not lexicon.parts_of(tokens[behind].word))
    ):
        behind += 1
    noun = _word(tokens, behind)
    return (
        behind > place + 1
        and bool(lexicon.parts_of(noun))
        and bool(lexicon.pair(tokens[place - 1].word, resolve_alias(noun)))
    )


def _tells_hair(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether an adjective of hair follows: "very short", "long and loose"."""
    while _word(tokens, place) in tables.DEGREES:
        place += 1
    return bool(lexicon.pair(_word(tokens, place), "hair"))


def _last_adjectives(read: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Return the adjectives said last of a part of the face: "large" of "her eyes are large and"."""
    place = len(read) - 1
    while place >= 0 and not (read[place].word in lexicon.adjectives and not lexicon.parts_of(read[place].word)):
        if read[place].text in (".", ";", "!", "?"):
            return []
        place -= 1
    last = place
    while place > 0 and (read[place - 1].word in lexicon.adjectives or read[place - 1].word in tables.DEGREES):
        if lexicon.parts_of(read[place - 1].word):
            break
        place -= 1
    return list(read[place : last + 1]) if last >= 0 else []


def _without_corrections(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Drop "no wait" and "I mean", and let "make them brown" say what the thing before it is."""
    read: list[Token] = []
    place = 0
    while place < len(tokens):
        said = next((words for words in _CORRECTIONS if _starts(tokens, place, words)), ())
        if said and read:
            place += len(said)
            if read[-1].text in (",", ".", ";") and _word(tokens, place) in (",", "."):
                place += 1
            if _only_adjectives(tokens, place, lexicon):  # "long hair. no wait, short and black."
                while read and read[-1].text in (",", ".", ";", "!", "-", "(", "\u2014", "\u2013"):
                    read.pop()
                read.append(replace(tokens[place - 1], word="are"))
            continue
        if _word(tokens, place) in ("make", "let") and _word(tokens, place + 1) in ("them", "it") and read:
            while read and read[-1].text in (",", ".", ";", "!"):
                read.pop()
            read.append(replace(tokens[place], word="are"))
            place += 2
            continue
        read.append(tokens[place])
        place += 1
    return read


def _only_adjectives(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether a correction goes on with adjectives alone, so that they are of what was named before it."""
    words = tokens[place : _end_of_sentence(tokens, place)]
    joins = {"and", ",", "not", "or", "then"} | set(tables.DEGREES)
    own = [token for token in words if token.word not in joins]
    return bool(own) and all(
        token.word in lexicon.adjectives and not lexicon.parts_of(token.word) and not _names_person(token, lexicon)
        for token in own
    )


def _names_person(token: Token, lexicon: Lexicon) -> bool:
    entry = lexicon.entries.get(token.word)
    return entry is not None and entry.noun and bool(entry.kind)


def _end_of_sentence(tokens: Sequence[Token], place: int) -> int:
    """Return where a sentence or an insertion ends: "sorry, green - and a beard"."""
    start = place
    while place < len(tokens) and tokens[place].text not in (".", ";", "!", "?", "\n"):
        new = _word(tokens, place) in ("and", "with") and _word(tokens, place + 1) in tables.DETERMINERS
        if place > start and (tokens[place].text in ("-", "\u2013", "\u2014", "(", ")") or new):
            break
        place += 1
    return place


def _starts(tokens: Sequence[Token], place: int, words: tuple[str, ...]) -> bool:
    return all(_word(tokens, place + step) == word for step, word in enumerate(words))
