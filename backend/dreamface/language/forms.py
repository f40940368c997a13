"""Entries of a form, as in "beard: none" and "nose: big", read as the sentence that they stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.language import tables
from dreamface.language.lexicon import Lexicon, resolve_alias
from dreamface.language.words import Token

_NONE: Final = frozenset(["none", "no", "nil", "nope", "absent", "zero", "n/a", "never"])
_ENDS: Final = frozenset({",", ".", ";", "\n", "/", "|"})
_SHORTEST_JOINED: Final = 7  # letters
_LONGEST_NAME: Final = 3  # words before the colon


def as_sentences(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which "beard: none" is "no beard", and the colon of "nose: big" is a verb.

    Args:
        tokens: of the prompt.
        lexicon: knows what a form may ask for.
    """
    tokens = _with_plain_nouns(tokens, lexicon)
    tokens = _with_named_colours(_with_sex_letters(_with_capital_names(tokens, lexicon)), lexicon)
    following = [*(token.word for token in tokens[1:]), ""]
    read = [
        replace(token, word="hardly") if token.word == "barely" and after == "any" else token
        for token, after in zip(tokens, following, strict=True)
    ]
    for place, token in enumerate(tokens):
        if token.text not in (":", "=", "-", "\u2013", "\u2014") or place == 0:
            continue
        first = _start_of_name(tokens, place, lexicon)
        if first is None:
            continue
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        last = place + 2 >= len(tokens) or tokens[place + 2].text in _ENDS
        if after is not None and after.text.lower() in _NONE and last:
            name = read[first:place]
            read[first : place + 2] = [replace(after, word="no"), *name, replace(token, word=",", text=",")]
        else:
            read[place] = replace(token, word="is")
    joined = _of_parts(_with_joined_words(read, lexicon), lexicon)
    lined = _with_places_of_lines(_with_lines_of_parts(joined, lexicon))
    return _with_coloured_likenesses(lined, lexicon)


_SLIGHT: Final = frozenset({"slight", "faint", "mild", "subtle"})


def _with_coloured_likenesses(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which "hair like black silk" is "hair black", and "could be smaller" is "not smaller"."""
    made: list[Token] = []
    place = 0
    while place < len(tokens):
        token, length = tokens[place], 1
        first, second, third = (tokens[at].word if at < len(tokens) else "" for at in range(place, place + 3))
        if colour := _likened_to(tokens, place, made[-1].word if made else "", lexicon):
            token, length = tokens[colour], colour + 2 - place
        elif first in _SLIGHT and third and (second, resolve_alias(third)) in lexicon.pairs:
            token = replace(token, word="slightly")  # "a slight double chin"
        elif first in ("could", "might") and second == "be" and third and tokens[place + 2].text.endswith("er"):
            token, length = replace(token, word="not"), 2
        made.append(token)
        place += length
    return tuple(made)


def _likened_to(tokens: Sequence[Token], place: int, part: str, lexicon: Lexicon) -> int:
    """Return the place of "black" in "like a black cat", said of a part that can be black; 0 in other words."""
    if tokens[place].word != "like" or place + 2 >= len(tokens):
        return 0
    colour = place + 1 + (tokens[place + 1].word in ("a", "an", "the"))
    word, thing = tokens[colour].word, colour + 1
    plain = word in tables.THING_COLOURS or word in ("wet", "pale", "dark")
    if thing >= len(tokens) or not plain or (word, part) not in lexicon.pairs or not tokens[thing].is_word:
        return 0
    return 0 if lexicon.knows(f"like {word} {tokens[thing].word}") else colour


def _with_lines_of_parts(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which "lines at the corners of her grey eyes" has the colour of the eyes behind them."""
    made = list(tokens)
    place = 0
    while place < len(made):
        token = made[place]
        part = place
        if token.word in ("line", "wrinkle", "crease") and place + 1 < len(made) and made[place + 1].word in _WHERE:
            part = next((at for at in range(place + 2, min(len(made), place + 8)) if made[at].word in _LINED), place)
        first = part
        while first - 1 > place + 1 and (made[first - 1].word, made[part].word) in lexicon.pairs:
            first -= 1
        if first < part:
            adjectives = made[first:part]
            comma = replace(made[part], word=",", text=",")
            made[first : part + 1] = [made[part], comma, *adjectives, made[part]]
            place = part + 2
        place += 1
    return tuple(made)


_LINED: Final = frozenset({"eye", "mouth", "lip", "brow", "cheek", "nose"})
_LINES: Final = frozenset({"line", "wrinkle", "crease", "scar", "freckle"})
_WHERE: Final = frozenset({"on", "around", "at", "across", "between", "under", "near", "by", "beside", "over"})
_LONGEST_PLACE: Final = 4  # words


def _with_places_of_lines(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens in which "lines on the forehead and around the eyes" names the lines at both places."""
    made: list[Token] = []
    for place, token in enumerate(tokens):
        made.append(token)
        after = tokens[place + 1].word if place + 1 < len(tokens) else ""
        if token.word != "and" or after not in _WHERE:
            continue
        led = tokens[max(0, place - _LONGEST_PLACE - 1) : place]
        line = next((one for one in reversed(led) if one.word in _LINES), None)
        if line is not None and any(one.word in _WHERE for one in led):
            made.append(line)
    return tuple(made)


def _of_parts(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which "long in the jaw" is "long jaw"."""
    made: list[Token] = []
    place = 0
    while place < len(tokens):
        words = [token.word for token in tokens[place : place + 4]]
        says = len(words) == 4 and words[1] in ("in", "of") and words[2] == "the"
        before = tokens[place - 1].word if place else ""
        free = before in ("", ",", "and", "is", "was", "but", "a", "rather", "very", "so", "too")
        if says and free and lexicon.pair(words[0], resolve_alias(words[3])) and words[0] in lexicon.adjectives:
            made += [tokens[place], tokens[place + 3]]
            place += 4
            continue
        made.append(tokens[place])
        place += 1
    return tuple(made)


_SEXES: Final = {"m": "male", "f": "female", "1girl": "female", "1boy": "male", "1woman": "female", "1man": "male"}
_BOUNDS: Final = frozenset({"", ",", "/", "|", ";", "(", ")", "\n", ".", ":", "-", "\u2013", "\u2014"})


_AGE_AND_SEX: Final = re.compile(r"([1-9]\d)([MF])")


def _with_sex_letters(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens in which the letter of a sex in a list is its word: "f/45", "VILLAIN (m, 60)", "32F"."""
    tokens = [part for token in tokens for part in _age_and_sex(token)]
    made = list(tokens)
    for place, token in enumerate(tokens):
        sex = _SEXES.get(token.text.lower())
        around = [tokens[near].text if 0 <= near < len(tokens) else "" for near in (place - 1, place + 1)]
        if sex and len(token.text) == 1 and _both_sexes(tokens, place):
            continue  # "M/F"
        counts = around[0] in _BOUNDS and around[1].isdigit()  # "m 28"
        alone = _BOUNDS.issuperset(around) and around != ["", "."]
        if sex and len(tokens) > 1 and (len(token.text) > 1 or alone or counts):
            made[place] = replace(token, word=sex)
    return made


def _age_and_sex(token: Token) -> list[Token]:
    """The two tokens of "32F", or the one that it is; "60m" in small letters is a length."""
    found = _AGE_AND_SEX.fullmatch(token.text)
    if found is None:
        return [token]
    age, sex = found.groups()
    return [
        replace(token, word=age, text=age),
        Token(_SEXES[sex.lower()], sex, token.start + len(age)),
    ]


def _both_sexes(tokens: Sequence[Token], place: int) -> bool:
    """Whether the letters of both sexes stand there, so that either will do."""
    near = [tokens[at].text.lower() for at in (place - 2, place + 2) if 0 <= at < len(tokens)]
    split = [tokens[at].text for at in (place - 1, place + 1) if 0 <= at < len(tokens)]
    other = "f" if tokens[place].text.lower() == "m" else "m"
    return other in near and "/" in split


def _with_capital_names(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Return the tokens in which "NOSE long EYES small" has the stops and verbs of a form."""
    heads = {
        place
        for place, token in enumerate(tokens)
        if token.text.isupper() and lexicon.parts_of(token.word) and len(token.text) > 2
    }
    words = [token for token in tokens if token.is_word]
    if len(heads) < 2 or 2 * sum(token.text.isupper() for token in words) > len(words) + 2:
        return list(tokens)
    made: list[Token] = []
    for place, token in enumerate(tokens):
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        if place in heads and made and made[-1].is_word:
            made.append(Token(",", ",", token.start))
        made.append(token)
        if place in heads and after not in (":", "=", ",", ""):
            made.append(Token(":", ":", token.start))
    return made


def _with_plain_nouns(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Return the tokens in which "the whiteness of her skin" is "white skin"."""
    made: list[Token] = []
    place = 0
    while place < len(tokens):
        word = tokens[place].word
        of = place + 1 < len(tokens) and tokens[place + 1].word == "of"
        end = place + 2 + (place + 2 < len(tokens) and tokens[place + 2].word in tables.DETERMINERS)
        base = word.removesuffix("ness")
        base = base[:-1] + "y" if base.endswith("i") else base
        noun = resolve_alias(tokens[end].word) if end < len(tokens) else ""
        if word.endswith("ness") and of and noun and lexicon.pair(base, noun):
            made += [replace(tokens[place], word=base), *tokens[place + 2 : end]]
            place = end
            continue
        made.append(tokens[place])
        place += 1
    return made


def _with_named_colours(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Return the tokens in which "eyes the colour of honey" is "eyes honey", where honey is a colour of eyes."""
    made: list[Token] = []
    place = 0
    while place < len(tokens):
        words = [token.word for token in tokens[place : place + 5]]
        skip = 1 if words[:1] == ["the"] else 0
        if words[skip : skip + 2] == ["colour", "of"]:
            of = skip + 2
            of += words[of : of + 1] in (["a"], ["the"], ["an"], ["old"], ["fresh"], ["dark"], ["wet"])
            noun = next((t.word for t in reversed(made) if t.word in ("hair", "eye", "beard", "skin", "lip")), "")
            if len(words) > of and (words[of], noun) in lexicon.pairs:
                made.append(replace(tokens[place + of], joined=False))
                place += of + 1
                continue
        made.append(tokens[place])
        place += 1
    return made


def _with_joined_words(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which two words that the tables know as one are one: "pony tail", "lip stick"."""
    made: list[Token] = []
    for token in tokens:
        before = made[-1] if made else None
        whole = f"{before.word}{token.word}" if before is not None and before.is_word and token.is_word else ""
        apart = f"{before.word} {token.word}" if before is not None else ""
        is_pair = lexicon.knows(apart) or (before is not None and (before.word, token.word) in lexicon.pairs)
        if len(whole) >= _SHORTEST_JOINED and whole in lexicon.entries and not is_pair and before:
            made[-1] = replace(before, word=whole, text=f"{before.text} {token.text}")
        else:
            made.append(token)
    return tuple(made)


def _start_of_name(tokens: Sequence[Token], colon: int, lexicon: Lexicon) -> int | None:
    """Return where the known noun before a colon starts, if it starts an entry."""
    for first in range(max(0, colon - _LONGEST_NAME), colon):
        key = resolve_alias(" ".join(token.word for token in tokens[first:colon]))
        entry = lexicon.entries.get(key)
        starts = first == 0 or tokens[first - 1].text in _ENDS
        if starts and ((entry is not None and entry.noun) or key in lexicon.without):
            return first
    return None
