"""Ages said with a figure: "70 year old", "aged 45", "a man of 60", "in her early thirties"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.lexicon import PERSON, Lexicon
from dreamface.language.people import sex_of_names
from dreamface.language.tables import AGE_DECADES, COPULAS, DETERMINERS, TENS, UNITS
from dreamface.language.words import Token
from dreamface.traits import VOCABULARY

_EARLY, _MID, _LATE = 2.0, 5.0, 8.0  # years into a decade
_INTO_DECADE = {"early": _EARLY, "mid": _MID, "middle": _MID, "late": _LATE}
_TEEN_YEARS = 16.0
_TEENS = {"early": 13.0, "mid": 15.0, "middle": 15.0, "late": 18.0}
_OLDEST_SAID = 120.0  # years; a larger number is not an age
_JOINED = re.compile(r"(\d{1,3})(?:yo|y|yr|year)")
_ISH = re.compile(r"(\d{1,2}|[a-z]+)ish")
_DECADE = re.compile(r"([1-9]0)s")
_SOMETHING = re.compile(r"([a-z]+|\d0)somethings?")
_SEPARATORS = frozenset({"", ",", ".", ";", "|", "/", "(", ")", "[", "]", "\n", "-", "\u2013", "\u2014", ":"})
_OR_SO = frozenset({"close", "so", "more", "thereabouts", "near", "nearly", "there", "somewhere", "a", "maybe"})
"""Words that after "or" say that a number is not exact: "sixty or so"."""

_YOUNGEST_WRITTEN = 10.0  # years; a smaller number in letters, alone between commas, counts something else
_OUT_OF_TEENS = 20.0
_BEFORE = frozenset({"aged", "age", "turned", "turning"})
_AROUND = frozenset(
    {
        "about", "around", "roughly", "approximately", "nearly", "almost", "over", "some", "approx", "circa", "maybe",
        "perhaps", "probably", "possibly", "pushing", "nearing", "approaching", "past", "under", "barely", "just",
        "easily", "say",
    }
)  # fmt: skip
_GUESSES = frozenset(
    {"maybe", "perhaps", "probably", "possibly", "pushing", "nearing", "approaching", "roughly", "circa"}
)
"""Those of them that lead to nothing but an age in the description of a face."""

_LOOKS = frozenset(
    {
        "look",
        "looking",
        "looked",
        "seem",
        "seeming",
        "seemed",
        "appear",
        "appearing",
        "appeared",
        "pass",
        "passing",
        "taken",
        "mistaken",
    }
)
_SPANS = frozenset({"to", "or", "and", "till", "until", "-", "\u2013"})
_FOR = frozenset({"pass", "passing", "taken", "mistaken"})
"""Words of what somebody is held for: "could pass for 30"."""

_AFTER_AGES = frozenset(
    {
        "and", "with", "who", "but", "or", "in", "whose", "from", "named", "called", "wearing", "has", "had", "is",
        "was",
        "when", "that", "on", "at", "sitting", "standing", "then", "now", "already", "by",
    }
)  # fmt: skip
"""Words before which a number behind a person's word is still their age: "a girl of sixteen from a village"."""

_SEXES = frozenset({"m", "f", "male", "female"})
"""What an age stands before in lists: "32F", "45 male"; "45 males" are many."""

_LIMITS = {
    ("max",): -2.0, ("maximum",): -2.0, ("tops",): -2.0, ("at", "most"): -2.0, ("at", "the", "most"): -2.0,
    ("or", "younger"): -3.0, ("or", "under"): -3.0, ("and", "under"): -3.0, ("or", "less"): -3.0, ("min",): 3.0,
    ("at", "least"): 3.0, ("at", "the", "least"): 3.0, ("or", "older"): 4.0, ("or", "over"): 4.0, ("and", "over"): 4.0,
    ("and", "up"): 4.0, ("or", "above"): 4.0, ("and", "above"): 4.0, ("minimum",): 3.0,
}  # fmt: skip
"""What follows a number that bounds an age, and how many years from it the age is taken."""

_SHIFTED = {"younger": -1.0, "older": 1.0, "young": -1.0, "old": 1.0, "youthful": -1.0}
_AMOUNTS = {"few": 4.0, "several": 6.0, "couple": 2.0, "some": 5.0, "many": 15.0}
_SHIFT = 8.0  # years that somebody looks younger by than an age, where nobody says how many
_BEYOND = 0.6  # confidence in an age that nobody reaches
_NOT_THEIRS = frozenset(
    {"son", "daughter", "baby", "child", "kid", "boy", "girl", "dog", "cat", "horse", "car", "twin", "toddler", "house"}
)
"""Whose age a number is, where they stand behind it and come with the person: "with her 5 year old son"."""


_FROM_THEN = frozenset({"from", "until", "till", "before", "after", "ago", "since", "later", "into", "off"})
"""Words behind years that are counted from something else than a birth: "two years ago"."""

_PENSION = 65.0  # years of age

_TIMES_OF_LIFE = {
    ("of", "retirement", "age"): 66.0, ("at", "retirement", "age"): 66.0, ("of", "pensionable", "age"): 67.0,
    ("of", "college", "age"): 20.0, ("college", "aged"): 20.0, ("college", "age"): 20.0, ("school", "age"): 10.0,
    ("school", "aged"): 10.0, ("of", "school", "age"): 10.0, ("primary", "school", "age"): 8.0,
    ("of", "drinking", "age"): 22.0, ("of", "working", "age"): 40.0, ("over", "the", "hill"): 58.0,
    ("fresh", "out", "of", "college"): 22.0, ("just", "out", "of", "college"): 22.0,
    ("straight", "out", "of", "college"): 22.0,
    ("fresh", "out", "of", "school"): 18.0, ("just", "out", "of", "school"): 18.0,
    ("straight", "out", "of", "school"): 18.0,
    ("half", "a", "century", "old"): 50.0, ("second", "childhood"): 80.0, ("between", "child", "and", "teenager"): 12.0,
    ("between", "girl", "and", "woman"): 17.0, ("between", "boy", "and", "man"): 17.0, ("past", "retirement"): 68.0,
    ("three", "score", "and", "ten"): 70.0, ("three", "score", "year", "and", "ten"): 70.0, ("prepubescent",): 9.0,
}  # fmt: skip
"""Phrases for a time of life, and its years."""

_BOUNDS: dict[tuple[str, ...], float] = {
    **{(no, *than): -1.0 for no in ("no", "not") for than in (("older", "than"), ("more", "than"))},
    ("no", "younger", "than"): 2.0,
    ("at", "least"): 3.0, ("well", "over"): 3.0, ("well", "past"): 3.0, ("well", "beyond"): 3.0,
    ("not", "yet"): -1.5, ("not", "quite"): -1.5, ("still", "under"): -1.5, ("well", "under"): -1.5,
    ("older", "than"): 3.0, ("younger", "than"): -3.0, ("above",): 3.0, ("day", "over"): -1.0, ("day", "past"): -1.0,
}  # fmt: skip
"""Words before an age that bounds somebody's, and by how many years theirs differs from it; longer ones first."""

_SIDES = {"wrong": 3.0, "far": 3.0, "other": 3.0, "right": -3.0, "sunny": -3.0, "near": -3.0}
"""The same of "the wrong side of fifty"."""

_WITH_CHILDREN = frozenset({"father", "mother", "parent", "dad", "mum", "mom", "grandfather", "grandmother"})
_SHORT_OF = frozenset({"short", "shy"})
_BIRTHS = (1900.0, 2020.0)
_WRITTEN_IN = 2025.0  # the year from which a year of birth is counted


@dataclass(frozen=True)
class _Number:
    value: float
    length: int  # tokens


def find_ages(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Claim, ...], tuple[Token, ...]]:
    """Claims on `age`, and the tokens without those that said it."""
    claims: list[Claim] = []
    shifts: list[tuple[float, tuple[Token, ...]]] = []
    rest: list[Token] = []
    position = 0
    while position < len(tokens):
        if (shift := _shift(tokens, position)) is not None:
            shifts.append((shift.value, tuple(tokens[position : position + shift.length])))
            position += shift.length
            continue
        for pattern in _PATTERNS:
            found = pattern(tokens, position, lexicon)
            if found is not None and (found.value <= _OLDEST_SAID or _is_beyond(tokens, position, found, lexicon)):
                said = tuple(tokens[position : position + found.length])
                sure = _BEYOND if found.value > _OLDEST_SAID else 0.8 if pattern is _alone else 1.0
                claims.append(_claim(found.value, said, sure))
                position += found.length
                break
        else:
            rest.append(tokens[position])
            position += 1
    return _as_seen(claims, shifts), tuple(rest)


def _as_seen(claims: Sequence[Claim], shifts: Sequence[tuple[float, tuple[Token, ...]]]) -> tuple[Claim, ...]:
    """The claims, of which the age that somebody looks wins: "a 40 year old who looks 20", "ten years younger"."""
    seeming = [claim for claim in claims if _LOOKS.intersection(token.word for token in claim.tokens)]
    seeming = seeming or [claim for claim in claims if len(claims) > 1 and claim.tokens[0].word == "now"]
    if seeming:
        return tuple(claim if claim in seeming else replace(claim, rank=Rank.IMPLIED) for claim in claims)
    if not shifts or not claims:
        return tuple(claims)  # nobody knows what somebody is younger than
    years = claims[-1].value
    assert isinstance(years, float)
    words = tuple(token for _, said in shifts for token in said)
    return (_claim(years + sum(shift for shift, _ in shifts), (*claims[-1].tokens, *words), 0.8),)


def _is_beyond(tokens: Sequence[Token], position: int, found: _Number, lexicon: Lexicon) -> bool:
    """Whether an age that nobody reaches is still somebody's: "a man, 200 years old", and no "300 year old church"."""
    end = position + found.length
    entry = lexicon.entries.get(_word(tokens, end))
    is_end = not _word(tokens, end)[:1].isalnum() or _word(tokens, end) in ("and", "with", "who", "but")
    return _word(tokens, end - 1) in ("old", "age", "yo") and (is_end or (entry is not None and bool(entry.kind)))


def _shift(tokens: Sequence[Token], position: int) -> _Number | None:
    """How many years younger or older somebody looks: "ten years younger", "younger than his age", "than his 60 years".

    The age itself, where it is said in the same breath, is left for the other patterns.
    """
    years, length = _amount(tokens, position)
    sign = _SHIFTED.get(tokens[position + length].text.lower()) if position + length < len(tokens) else None
    if sign is None or (length and not tokens[position + length].text.lower().endswith("er")):
        return None
    length += 1
    behind = _than_own_age(tokens, position + length)
    if not behind and not years:
        return None
    return _Number(sign * (years or _SHIFT), length + behind)


def _amount(tokens: Sequence[Token], position: int) -> tuple[float, int]:
    """Years that are counted before "younger", and how many words count them."""
    lead = int(_word(tokens, position) in ("a", "about", "some", "at"))
    if _word(tokens, position + lead) == "decade":
        return 10.0, lead + 1
    number = _number(tokens, position) or _number(tokens, position + lead)
    if number is not None:
        length = number.length + (0 if _number(tokens, position) else lead)
        many = number.value
    elif (many := _AMOUNTS.get(_word(tokens, position + lead), 0.0)) > 0.0:
        length = lead + 1 + (_word(tokens, position + lead + 1) == "of")
    else:
        return (15.0, 1) if tokens[position].text.lower() == "years" else (0.0, 0)
    unit = _word(tokens, position + length)
    return (many * (10.0 if unit == "decade" else 1.0), length + 1) if unit in ("year", "decade") else (0.0, 0)


def _than_own_age(tokens: Sequence[Token], position: int) -> int:
    """How many words compare with somebody's own age: "than his age", "for her years", "than she is", "than his 60"."""
    link, owner = _word(tokens, position), _word(tokens, position + 1)
    after = position + 2
    if link == "than" and owner in ("he", "she", "they", "it"):
        after += _word(tokens, after) in ("really", "actually")
        return after + 1 - position if _word(tokens, after) in COPULAS else 0
    if link not in ("than", "for") or owner not in ("his", "her", "their"):
        return 0
    after += _word(tokens, after) in ("actual", "real", "true")
    if _word(tokens, after) in ("age", "year"):
        return after + 1 - position
    return after - position if _number(tokens, after) else 0


def with_others_ages_marked(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which no table knows the words of an age that is not the person's, such as -5 years."""
    marked = list(tokens)
    for position in range(len(tokens)):
        for pattern in _PATTERNS:
            found = pattern(tokens, position, lexicon)
            if found is not None and not _is_theirs(tokens, position, found):
                for place in range(position, position + found.length):
                    marked[place] = _nobodys(marked[place])
    return tuple(marked)


def _nobodys(token: Token) -> Token:
    """The token as a word that no table has: the "old" of another's age is not the person's."""
    return replace(token, word=f"{token.word}~") if token.is_word else token


def _is_theirs(tokens: Sequence[Token], position: int, found: _Number) -> bool:
    """Whether an age is the person's: not "-5 years", "a mother of a six-year-old", "her 5 year old son"."""
    before = _word(tokens, position - 1)
    if before in ("-", "\u2212") and tokens[position].start == tokens[position - 1].start + 1:
        return False
    if (
        _word(tokens, position) in _BEFORE
        and (before in _NOT_THEIRS or before in ("children", "kids"))
        and position > 2
    ):
        return _word(tokens, position - 2) in DETERMINERS - {"his", "her", "their"}  # "two children aged 2 and 4"
    after = position + found.length
    others = _word(tokens, after) in _NOT_THEIRS or (tokens[position].joined and _word(tokens, after) in _NOT_THEIRS)
    led = any(_word(tokens, position - back) in ("with", "and", "of") for back in (1, 2))
    owned = before in ("a", "an", "her", "his", "their") and led and position >= 3
    parent = before in ("a", "an") and _word(tokens, position - 2) == "of"
    return not ((owned and others) or (parent and not others and _word(tokens, after - 1) == "old"))


def _range(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "between 30 and 40 years old", "from 20 to 25", "30-40 year old", "aged 30 to 40": the middle."""
    length = 0
    while (
        _word(tokens, position + length) in {"between", "from", "aged", "age", "is", "of", "somewhere", ":"} | _AROUND
    ):
        length += 1
    low = _number(tokens, position + length)
    if low is None:
        return None
    length, led = length + low.length, length > 0
    joins = _word(tokens, position + length) in _SPANS
    following = position + length + joins
    is_joined = following < len(tokens) and tokens[following].joined
    high = _number(tokens, following) if joins or is_joined else None
    if high is None or not low.value < high.value <= low.value + 30:
        return None
    length += joins + high.length
    years = 0
    while _word(tokens, position + length + years) in ("year", "yr", "yrs", "old", "yo", "age"):
        years += 1
    is_all = position == 0 and length == len(tokens) and low.value >= 1  # "35-45"
    if (
        not years
        and not is_all
        and not (led and _word(tokens, position) in ("between", "from", "aged", "age", "somewhere"))
    ):
        return None
    return _Number((low.value + high.value) / 2, length + years)


def _guess(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "maybe fifty", "pushing 60", where nothing is counted after it."""
    length = 0
    while _word(tokens, position + length) in _AROUND:
        length += 1
    number = _number(tokens, position + length) if length else None
    if number is None or not 5 <= number.value <= _OLDEST_SAID or _word(tokens, position + length - 1) not in _GUESSES:
        return None
    after = _word(tokens, position + length + number.length)
    is_end = not after or not after[0].isalnum() or after in ("and", "with", "who", "but", "in", "year")
    return _Number(number.value, length + number.length) if is_end else None


def _claim(years: float, tokens: tuple[Token, ...], confidence: float) -> Claim:
    words = tuple(token for token in tokens if token.is_word)
    return Claim("age", VOCABULARY["age"].clamp(years), confidence, Rank.EXACT, words)


def _word(tokens: Sequence[Token], position: int) -> str:
    return tokens[position].word if 0 <= position < len(tokens) else ""


def _number(tokens: Sequence[Token], position: int) -> _Number | None:
    word = _word(tokens, position)
    if _is_decimal(tokens, position):
        return None
    return _hundreds(tokens, position) or _below_hundred(tokens, position, word)


def _hundreds(tokens: Sequence[Token], position: int) -> _Number | None:
    """As "a hundred", "one hundred and three"."""
    word = _word(tokens, position)
    many = 1 if word in ("a", "hundred") else UNITS.get(word, 0)
    length = 1 if word == "hundred" else 2
    if not 0 < many < 10 or _word(tokens, position + length - 1) != "hundred":
        return None
    join = int(_word(tokens, position + length) == "and")
    rest = _below_hundred(tokens, position + length + join, _word(tokens, position + length + join))
    if rest is None or rest.value >= 100:
        return _Number(100.0 * many, length)
    return _Number(100.0 * many + rest.value, length + join + rest.length)


def _time_of_life(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "of retirement age", "just out of school", "two years from retirement"."""
    for words, years in _TIMES_OF_LIFE.items():
        if all(_word(tokens, position + step) == word for step, word in enumerate(words)):
            return _Number(years, len(words))
    lead = int(_word(tokens, position) == "a")
    number = _Number(1.0, 1) if lead else _number(tokens, position)
    if number is None or _word(tokens, position + number.length) not in ("year", "yr"):
        return None
    link = position + number.length + 1
    if _word(tokens, link) in ("from", "off", "before", "until") and _word(tokens, link + 1) in (
        "retirement",
        "retire",
    ):
        return _Number(_PENSION - number.value, number.length + 3)
    if _word(tokens, link) in _SHORT_OF and _word(tokens, link + 1) == "of":
        whole = _number(tokens, link + 2)
        return _Number(whole.value - number.value, number.length + 3 + whole.length) if whole else None
    return None


def _born(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "born in 1950"."""
    lead = 2 if _word(tokens, position + 1) == "in" else 1
    year = _word(tokens, position + lead)
    if _word(tokens, position) not in ("born", "bear") or not (year.isdigit() and len(year) == 4):
        return None
    return _Number(_WRITTEN_IN - float(year), lead + 1) if _BIRTHS[0] < float(year) < _BIRTHS[1] else None


def _bound_at(tokens: Sequence[Token], position: int) -> tuple[int, float] | None:
    """Return how many words of a bound stand here, and by how many years somebody misses the age behind it."""
    if _word(tokens, position) == "side" and _word(tokens, position + 1) == "of":
        years = _SIDES.get(_word(tokens, position - 1))
        return None if years is None else (2, years)
    for words, years in _BOUNDS.items():
        ahead = tokens[position : position + len(words)]
        if len(ahead) == len(words) and all(
            word in (token.word, token.text.lower()) for word, token in zip(words, ahead, strict=True)
        ):
            return len(words), years
    return None


def _bounded(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "no older than 12", "at least eighty", "the wrong side of fifty", "not yet thirty", "above 40"."""
    bound = _bound_at(tokens, position)
    if bound is None:
        return None
    length, years = bound
    length += _word(tokens, position + length) in _AROUND
    number = _number(tokens, position + length)
    if number is None or not _YOUNGEST_WRITTEN <= number.value < 100:
        return None
    end = position + length + number.length
    extra = 0
    while _word(tokens, end + extra) in ("year", "yr", "old"):
        extra += 1
    after = _word(tokens, end + extra)
    if after and after[0].isalnum() and after not in _AFTER_AGES | {"already", "yet", "years"}:
        return None
    return _Number(number.value + years, length + number.length + extra)


def _played(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "plays 16", "playing age 30 to 40", "age range 25-35", "32F", but not "the 60m" or "a 32F": a race, a size."""
    joined = re.fullmatch(r"([1-9]\d)(?:f|m)", _word(tokens, position))
    if joined is not None and _word(tokens, position - 1) not in DETERMINERS:
        return _Number(float(joined[1]), 1)
    length = 0
    while _word(tokens, position + length) in ("play", "playing", "screen", "age", "range", "group", "bracket", ":"):
        length += 1
    if not length or _word(tokens, position) not in ("play", "playing", "age", "screen"):
        return None
    low = _number(tokens, position + length)
    if low is None or low.value < 3 or (length == 1 and _word(tokens, position) == "age"):
        return None
    length += low.length
    joins = int(_word(tokens, position + length) in _SPANS)
    high = _number(tokens, position + length + joins)
    if high is not None and low.value < high.value <= low.value + 30:
        return _Number((low.value + high.value) / 2, length + joins + high.length)
    after = _word(tokens, position + length)
    return None if after and after[0].isalnum() and after not in _AFTER_AGES else _Number(low.value, length)


def _will_be(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "she'll be 50 next month", "now 70", "has seen sixty winters"."""
    words = [_word(tokens, position + step) for step in range(2)]
    lead = (
        2 if words[0] in ("will", "'ll", "ll") and words[1] in ("be", "turn") else 1 if words[0] in ("be", "now") else 0
    )
    seen = words[0] in ("see", "seen", "saw")
    number = _number(tokens, position + (lead or 1)) if lead or seen else None
    if number is None or not 5 <= number.value < 100:
        return None
    length = (lead or 1) + number.length
    after = _word(tokens, position + length)
    if seen:
        return _Number(number.value, length + 1) if after in ("winter", "summer", "spring", "birthday") else None
    if after and after[0].isalnum() and after not in _AFTER_AGES | {"next", "this", "soon", "year"}:
        return None
    while _word(tokens, position + length) in ("next", "this", "month", "year", "week", "soon", "old"):
        length += 1
    return _Number(number.value, length)


def _below_hundred(tokens: Sequence[Token], position: int, word: str) -> _Number | None:
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return _Number(float(word), 1)
    if word in TENS:
        unit = UNITS.get(_word(tokens, position + 1), 0)
        return _Number(float(TENS[word] + unit), 2) if 0 < unit < 10 else _Number(float(TENS[word]), 1)
    return _Number(float(UNITS[word]), 1) if word in UNITS else None


def _is_decimal(tokens: Sequence[Token], position: int) -> bool:
    """Whether a figure is a part of one as "1.80"."""
    for point, first, last in ((position + 1, position, position + 2), (position - 1, position - 2, position)):
        around = tokens[first : last + 1] if first >= 0 else ()
        if _word(tokens, point) in (".", ",") and len(around) == 3:
            whole = around[2].start == around[0].start + len(around[0].text) + 1
            if whole and around[0].text.isdigit() and around[2].text.isdigit():
                return True
    return False


def _years_old(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    if (joined := _JOINED.fullmatch(_word(tokens, position))) is not None:  # "70yo"
        return _Number(float(joined[1]), 2 if _word(tokens, position + 1) == "old" else 1)
    number = _number(tokens, position)
    if number is None:
        return None
    following = [_word(tokens, position + number.length + offset) for offset in range(3)]
    if following[0] in ("winter", "summer") and _word(tokens, position - 1) in ("of", "some"):
        return _Number(number.value, number.length + 1)
    if following == ["if", "a", "day"]:
        return _Number(number.value, number.length + 3)
    if following[0] in ("year", "yr") and following[1] in _FROM_THEN:
        return None
    if following[0] in ("year", "yr", "month"):
        years = number.value / 12.0 if following[0] == "month" else number.value
        return _Number(
            years, number.length + (2 if following[1] == "old" else 3 if following[1:] == ["of", "age"] else 1)
        )
    if following[0] in ("yo", "yrs", "yr"):
        return _Number(number.value, number.length + 1)
    if following == ["y", "/", "o"]:
        return _Number(number.value, number.length + 3)
    sex = tokens[position + number.length].text.lower() if following[0] else ""
    in_list = _word(tokens, position - 1) in _SEPARATORS | {"a"} and _word(tokens, position).isdigit()
    if sex in _SEXES and in_list and number.value >= _YOUNGEST_WRITTEN:
        return number  # "32F", "32 female": the sex is read by itself
    return None


def _after_cue(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    if _word(tokens, position) not in _BEFORE:
        return None
    length = 1
    while _word(tokens, position + length) in ({"of", ":", "is", "at", "-", "\u2013"} | _AROUND):
        length += 1
    number = _number(tokens, position + length)
    return _Number(number.value, length + number.length) if number else None


def _of_years(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "of 60" after a person, "is 60"."""
    word, before = _word(tokens, position), lexicon.entries.get(_word(tokens, position - 1))
    if not (word == "of" and before is not None and before.kind) and word not in COPULAS | _AROUND | {
        "at",
        "looked",
        "seemed",
    }:
        return None
    length = 2 if _word(tokens, position + 1) in _AROUND else 1
    number = _number(tokens, position + length)
    after = _word(tokens, position + length + number.length) if number else ""
    if (
        word == "of"
        and number is not None
        and number.value < _YOUNGEST_WRITTEN
        and _word(tokens, position - 1) in _WITH_CHILDREN
    ):
        return None  # "a father of three"
    if word == "at" and (number is None or number.value < _YOUNGEST_WRITTEN):
        return None
    if word == "at" and number is not None and after != ",":
        starts = not _word(tokens, position - 1) or _word(tokens, position - 1) in _SEPARATORS
        led = after in ("the", "he", "she", "they", "his", "her", "their", "my") or after in sex_of_names()
        if not (starts and (led or tokens[position + length + number.length].text[:1].isupper())):
            return None
        return _Number(number.value, length + number.length)
    if number is None or number.value < 1 or (after and after[0].isalpha() and after not in _AFTER_AGES):
        return None
    return _Number(number.value, length + number.length)


def _alone(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """A number between commas or bars: "a woman, 34, with ...", "25-30, curly hair", "(m, 60+)"."""
    number = _number(tokens, position)
    digits = _word(tokens, position).isdigit()
    if number is None or not 1 <= number.value < (100 if digits else _OLDEST_SAID):
        return None
    behind_person = _word(tokens, position - 1) == "," and _is_person(tokens, position - 2, lexicon)
    if not digits and number.value < _YOUNGEST_WRITTEN and not behind_person:
        return None
    before, end = _word(tokens, position - 1), position + number.length
    if before == "(" and _word(tokens, end) == ")":
        return number  # "boy (8)"
    person = lexicon.entries.get(before)
    if digits and number.value >= _YOUNGEST_WRITTEN and person is not None and person.kind == PERSON:
        before = ","  # "male 28 / skinny"
    if number.value < _YOUNGEST_WRITTEN and before != ",":
        return None  # "1) bald"
    if not (before in _SEPARATORS or (digits and before == "and" and number.value >= _YOUNGEST_WRITTEN)):
        return None
    to = int(_word(tokens, end) == "to")  # "6 to 9"
    high = _number(tokens, end + to) if to or (end < len(tokens) and tokens[end].joined) else None
    if high is not None and number.value < high.value <= number.value + 30:
        length = number.length + to + high.length
        number, end = _Number((number.value + high.value) / 2, length), position + length
    if _word(tokens, end) == "+":
        number, end = _Number(number.value + _EARLY, number.length + 1), end + 1
    says_more = position > 0 or end < len(tokens)
    or_so = _word(tokens, end) == "or" and _word(tokens, end + 1) in _OR_SO
    of_person = person is not None and person.kind == PERSON and digits and number.value >= _YOUNGEST_WRITTEN
    if of_person and (_word(tokens, end) in lexicon.adjectives or _word(tokens, end) in lexicon.entries):
        return number  # "dude 25 slim face"
    return number if says_more and (or_so or _word(tokens, end) in (_SEPARATORS | {"with"})) else None


def _is_person(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> bool:
    entry = lexicon.entries.get(_word(tokens, position))
    return entry is not None and entry.kind == PERSON and entry.noun


def _held_for(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "could pass for 30", "is taken for fifty", "doesn't look a day over 40"."""
    words = [_word(tokens, position + step) for step in range(5)]
    length = 0
    if (words[0] in _FOR and words[1] in ("him", "her", "them") and words[2] in ("for", "as")) or (
        words[0] in ("put", "guess", "guessed", "place", "placed")
        and words[1] in ("him", "her", "them")
        and words[2] == "at"
    ):
        length = 3
    elif words[0] in _FOR and words[1] in ("for", "as"):
        length = 2 + (words[2] in ("a", "an"))
    elif words[0] in _LOOKS and words[1:3] == ["a", "day"] and words[3] in ("over", "past", "older"):
        length = 4 + (words[4] == "than")
    while length and _word(tokens, position + length) in _AROUND:
        length += 1
    number = _number(tokens, position + length) if length else None
    if number is None or not 1 <= number.value <= _OLDEST_SAID:
        return None
    length += number.length
    while _word(tokens, position + length) in ("year", "old"):
        length += 1
    return _Number(number.value, length)


def _decade(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "in her early thirties", "in his 30s", "forty-something"."""
    number = _number(tokens, position)
    following = _word(tokens, position + number.length) if number else ""
    if number is not None and (following.startswith("something") or following in ("odd", "plus")):
        return _Number(number.value + (_MID if following[0] == "s" else _EARLY), number.length + 1)
    if number is not None and following == "going" and _word(tokens, position + number.length + 1) == "on":
        return _Number(number.value, number.length + 2 + bool(_number(tokens, position + number.length + 2)))
    if (some := _SOMETHING.fullmatch(_word(tokens, position))) is not None:
        decade = TENS.get(some[1]) or (int(some[1]) if some[1].isdigit() else 0)
        return _Number(decade + _MID, 1) if decade else None
    if number is not None and following == "ish":
        return _Number(number.value, number.length + 1)
    if (ish := _ISH.fullmatch(_word(tokens, position))) is not None and (ish[1].isdigit() or ish[1] in TENS | UNITS):
        return _Number(float(ish[1]) if ish[1].isdigit() else float((TENS | UNITS)[ish[1]]), 1)
    led = _word(tokens, position) in ("in", "into") or (_word(tokens, position - 1), _word(tokens, position)) == (
        "out",
        "of",
    )
    length = int(led)
    while led and _word(tokens, position + length) in DETERMINERS:
        length += 1
    into, length = _part_of_decade(tokens, position, length)
    if not led and not into and not _stands_alone(tokens, position):
        return None
    word = tokens[position + length].text.lower() if position + length < len(tokens) else ""
    if word in ("teens", "teen") and led and _word(tokens, position) == "of":
        return _Number(_OUT_OF_TEENS, length + 1)
    if word in ("teens", "teen"):
        return _Number(_TEENS.get(into, _TEEN_YEARS), length + 1)
    if word in AGE_DECADES:
        return _Number(AGE_DECADES[word] + _INTO_DECADE.get(into, _MID), length + 1)
    if (joined := _DECADE.fullmatch(word)) is not None:  # "30s"
        behind = tokens[position + length + 1 : position + length + 2]
        if behind and behind[0].joined and (last := _DECADE.fullmatch(behind[0].text.lower())):  # "20s-30s"
            return _Number((float(joined[1]) + float(last[1])) / 2 + _MID, length + 2)
        return _Number(float(joined[1]) + _INTO_DECADE.get(into, _MID), length + 1)
    return None


def _stands_alone(tokens: Sequence[Token], position: int) -> bool:
    """Whether one word is an entry of a list: ", 40s,"."""
    before, after = _word(tokens, position - 1), _word(tokens, position + 1)
    if position + 1 < len(tokens) and tokens[position + 1].joined:  # "20s-30s"
        after = _word(tokens, position + 2)
    return (not before or before in ",.;:|/(\n-\u2013\u2014") and (not after or after in ",.;|/)\n")


def _part_of_decade(tokens: Sequence[Token], position: int, length: int) -> tuple[str, int]:
    word = _word(tokens, position + length)
    if word not in _INTO_DECADE:
        return "", length
    while _word(tokens, position + length + 1) in ("to", "mid", "late"):
        length += 1
    return word, length + 1


def _at_most(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "20 max", "60 at least", "30 or under"."""
    number = _number(tokens, position)
    if number is None or not _YOUNGEST_WRITTEN <= number.value < 100:
        return None
    following = tuple(tokens[place].text.lower() for place in range(position + number.length, len(tokens)))
    for words, years in _LIMITS.items():
        if following[: len(words)] == words:
            return _Number(number.value + years, number.length + len(words))
    return None


_PATTERNS = (
    _held_for,
    _time_of_life,
    _born,
    _bounded,
    _played,
    _will_be,
    _at_most,
    _range,
    _decade,
    _years_old,
    _after_cue,
    _of_years,
    _guess,
    _alone,
)
