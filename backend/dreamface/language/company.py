"""Somebody else in the prompt: "a man with his daughter" is one man, and the daughter is said not to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.language import tables
from dreamface.language.lexicon import PERSON, Lexicon
from dreamface.language.words import Token

_JOINS: Final = frozenset(
    {
        "with", "and", "beside", "alongside", "holding", "hugging", "carrying", "kissing", "embracing", "near",
        "behind", "meeting", "plus", "&", "comforting", "feeding", "among",
    }
)  # fmt: skip

_JOINS_OF_TWO: Final = frozenset(
    (
        ("next", "to"), ("talking", "to"), ("listening", "to"), ("together", "with"), ("arguing", "with"),
        ("looking", "at"), ("yelling", "at"), ("shouting", "at"), ("smiling", "at"), ("waiting", "for"),
        ("in", "front"), ("accompanied", "by"), ("dancing", "with"), ("married", "to"), ("speaking", "to"),
    )
)  # fmt: skip
_PARENTS: Final = frozenset(
    {"mother", "father", "parent", "dad", "mum", "mom", "grandmother", "grandfather", "aunt", "uncle", "sister",
     "brother",
     "wife", "husband", "widow", "widower", "owner", "teacher", "nurse", "friend", "guardian"}
)  # fmt: skip
"""Who somebody else belongs to: "the mother of a red-haired boy"."""

COMPANY: Final = tables.ANIMALS | {
    "friend", "colleague", "patient", "client", "customer", "pupil", "student", "apprentice", "neighbour", "boss",
    "employee", "guest",
}  # fmt: skip
"""Company that is nobody, or that is no word for a person by itself."""

_OWNERS: Final = frozenset({"his", "her", "their", "my", "our", "your"})
_KIN: Final = frozenset(
    [
        "father",
        "mother",
        "dad",
        "mum",
        "parent",
        "grandfather",
        "grandmother",
        "aunt",
        "uncle",
        "brother",
        "sister",
        "son",
        "daughter",
        "child",
        "baby",
        "kid",
        "cousin",
        "husband",
        "wife",
        "twin",
        "nephew",
        "niece",
        "grandson",
        "granddaughter",
        "toddler",
    ]
)
_BARE_KIN: Final = frozenset({"baby", "child", "son", "daughter", "twins", "infant", "toddler", "kids", "children"})
_PICTURES: Final = frozenset(
    {"portrait", "picture", "painting", "photo", "photograph", "poster", "statue", "bust", "drawing", "tattoo", "doll",
     "mask", "sketch", "puppet"}
)  # fmt: skip
_RAISED: Final = frozenset(
    {"raised", "has", "had", "have", "raising", "buried", "lost", "fed", "of", "with", "bore", "reared"}
)
"""Words before kin that are counted: "has raised three daughters"."""

_LEADS: Final = frozenset(["a", "an", "his", "her", "their", "another", "the", "two", "three", "four", "some", "one"])
_OTHERS: Final = frozenset({"his", "her", "their"})
"""Who has kin that are somebody else; "my mother" may be who is to be made."""

_ASKED: Final = frozenset({"make", "draw", "show", "create", "generate", "portrait", "picture", "photo", "photograph"})
_DESCRIBES: Final = frozenset({"had", "has", "have", "was", "is", "were", "are", "wore", "wears", "looked", "looks"})
_UNLIKE: Final = (("unlike",), ("as", "opposed", "to"), ("in", "contrast", "to"), ("in", "contrast", "with"),
                  ("compared", "to"), ("compared", "with"), ("different", "from"), ("not", "like"))  # fmt: skip
_CLAUSE_ENDS: Final = frozenset({",", ".", ";", "!", "?", "\n", "but", "while", "though", "although", "and"})
_MOST_WORDS: Final = 5  # between the lead and the noun
_ENDS: Final = frozenset({".", ";", "!", "?", "\n"})


def without_company(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Return the tokens about the person, and those about somebody else.

    Args:
        tokens: of the prompt.
        lexicon: knows which nouns are people.
    """
    kept: list[Token] = []
    others: list[Token] = []
    someone = False
    place = 0
    while place < len(tokens):
        if tokens[place].text == "," and _other_clause(tokens, place + 1, lexicon) > place + 1:
            kept.append(tokens[place])
            place += 1
        other = _other_clause(tokens, place, lexicon)
        if other > place:
            kept += [token for token in tokens[place:other][:1] if token.text.lower() in _OTHERS]
            others += tokens[place:other]
            place = other
            continue
        if _is_of_beast(tokens, place, lexicon):
            others += tokens[place : place + 2]
            place += 2
            continue
        owner = _owner(tokens, place, lexicon)
        if owner:
            others += [*_popped_adjectives(kept, owner > 1), tokens[place]]
            place += 1
            continue
        end = _second(tokens, place, lexicon) if someone else place
        if end > place:
            others += tokens[place:end]
            place = end
            continue
        someone = someone or _is_content(tokens[place])
        is_kin = _is_others_kin(tokens, place, kept, lexicon)
        kept.append(replace(tokens[place], word=f"{tokens[place].word}~") if is_kin else tokens[place])
        place += 1
        if is_kin:  # "like her father, who was a boxer"
            end = place + (place < len(tokens) and tokens[place].text == ",")
            if _word(tokens, end) in ("who", "whose"):
                last = _end_of_second(tokens, place)
                others += tokens[end:last]
                place = last
    return tuple(kept), tuple(token for token in others if _is_content(token))


def _is_of_beast(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether an adjective is an animal's: "a bald eagle", "a black cat"; a "silver fox" is a man."""
    beast = tokens[place + 1] if place + 1 < len(tokens) else None
    if beast is None or beast.word not in tables.ANIMALS or beast.joined or tokens[place].word == "silver":
        return False
    if _is_person(beast, lexicon):
        return False
    entry = lexicon.entries.get(tokens[place].word)
    describes = tokens[place].word in lexicon.adjectives or (entry is not None and not entry.noun)
    after = tokens[place + 2] if place + 2 < len(tokens) else None
    more = after is not None and after.is_word and (after.joined or after.word in lexicon.entries)
    known = f"{tokens[place].word} {beast.word}" in lexicon.entries
    return describes and not more and not known and tokens[place].word not in tables.FUNCTION_WORDS


def _other_clause(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> int:
    """Return where a clause about somebody else's looks ends that starts here, or `place` where none does.

    As "her mother had red hair", "unlike his bearded brother".
    """
    for words in _UNLIKE:
        if all(_word(tokens, place + step) == word for step, word in enumerate(words)):
            end = place + len(words)
            if words == ("not", "like") and _word(tokens, end) not in _OTHERS:
                continue
            while (
                end < len(tokens) and tokens[end].text not in _ENDS | {","} and _word(tokens, end) not in ("he", "she")
            ):
                end += 1
            return end if _word(tokens, place + len(words)) in _LEADS | {"most", "all", "other", "others"} else place
    beast = place + (_word(tokens, place) in _LEADS)
    if _word(tokens, beast) in tables.ANIMALS and beast > place and _word(tokens, beast + 1) in _DESCRIBES:
        end = beast + 2
        while end < len(tokens) and not _ends_clause(tokens, end):
            end += 1
        looks = (token.word in lexicon.entries or token.word in lexicon.adjectives for token in tokens[beast + 2 : end])
        return end if any(looks) else place  # "the cat is ginger, its owner is grey"
    if _word(tokens, place) not in _OTHERS or not (place == 0 or _word(tokens, place - 1) in _CLAUSE_ENDS):
        return place
    kin = _kin_behind(tokens, place)
    if kin == place or _word(tokens, kin + 1) not in _DESCRIBES:
        return place
    end = kin + 2
    while end < len(tokens) and (not _ends_clause(tokens, end) or _goes_on(tokens, end, lexicon)):
        end += 1
    known = (_tells_looks(token, lexicon) for token in tokens[kin + 2 : end])
    return end if any(known) else place


def _tells_looks(token: Token, lexicon: Lexicon) -> bool:
    """Whether a word may say how somebody looks, or how old they are."""
    counts = token.word.isdigit() or token.word in tables.TENS or token.word in tables.UNITS
    return counts or token.word in lexicon.entries or token.word in lexicon.adjectives


def _goes_on(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether a comma goes on with adjectives of the same one: "short, fat and ginger"; not with a part of its own."""
    if _word(tokens, place) != ",":
        return False
    end = place + 1
    while end < len(tokens) and tokens[end].is_word:
        if lexicon.parts_of(tokens[end].word) or tokens[end].word in tables.PERSON_PRONOUNS:
            return False
        end += 1
    first = lexicon.entries.get(_word(tokens, place + 1))
    return _word(tokens, place + 1) in lexicon.adjectives or (first is not None and not first.noun)


def _ends_clause(tokens: Sequence[Token], place: int) -> bool:
    """Whether a clause ends there: "and" and a comma go on with what the same one has."""
    after = _word(tokens, place + 1)
    if _word(tokens, place) in ("and", ","):
        return (
            after in _OTHERS or after in ("he", "she", "they", "has", "is", "with", "") or _word(tokens, place) == ","
        )
    return _word(tokens, place) in _CLAUSE_ENDS


def _kin_behind(tokens: Sequence[Token], place: int) -> int:
    """Return where the kin of an owner stand, a few adjectives behind "his", or the owner's place."""
    for kin in range(place + 1, min(len(tokens), place + 4)):
        if not tokens[kin].is_word or tokens[kin].word in tables.BREAKS | tables.COPULAS | tables.DETERMINERS:
            break
        if tokens[kin].word in _KIN and not tokens[kin].text.lower().replace("\u2019", "'").endswith(("'s", "s'")):
            return kin
    return place


def _is_others_kin(tokens: Sequence[Token], place: int, kept: Sequence[Token], lexicon: Lexicon) -> bool:
    """Whether kin are only spoken of: "he lost his mother", "she looks like her father"; no table may know them."""
    if _counted_kin(tokens, place, lexicon) and any(token.is_word for token in kept):
        return True
    owner = next((back for back in range(place - 1, max(-1, place - 4), -1) if _word(tokens, back) in _OTHERS), None)
    if owner is None or _kin_behind(tokens, owner) != place or _describes_on(tokens, place, lexicon):
        return False
    if (_word(tokens, owner - 1) == "of" and _word(tokens, owner - 2) in _ASKED) or _word(tokens, owner - 1) in _ASKED:
        return False
    if owner == 0 or _word(tokens, owner - 1) in _CLAUSE_ENDS:
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        tells = following is not None and following.is_word and following.word not in tables.BREAKS
        return tells and following is not None and following.word not in lexicon.entries
    return any(token.is_word for token in kept)


def _counted_kin(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether kin are somebody's and more than one, or are likened to: "three daughters", "the face of a choirboy"."""
    two = _word(tokens, place - 1), _word(tokens, place - 2)
    many = two[0] in tables.UNITS or two[0] in ("no", "several", "many", "some", "grown")
    if many and two[1] in _RAISED and tokens[place].word in _KIN:
        return True
    led = [_word(tokens, place - back) for back in (1, 2, 3)]
    article = led.index("a") if "a" in led else led.index("an") if "an" in led else -1
    before = [_word(tokens, place - 1 - article - back) for back in (1, 2)]
    known = any(_word(tokens, back) in _THEM or _is_person(tokens[back], lexicon) for back in range(place))
    return known and article >= 0 and before[0] == "of" and before[1] in _LIKENED and _is_person(tokens[place], lexicon)


_THEM: Final = frozenset({"he", "she", "his", "her", "they", "their"})


_LIKENED: Final = frozenset(
    {"lips", "ears", "chin", "cheeks", "brow", "brows", "lashes", "neck", "skin", "teeth", "forehead", "beard", "face",
     "eyes", "smile", "look", "voice", "hands", "mouth", "nose", "jaw", "air", "manner", "grin",
     "expression", "features", "head", "hair", "body", "build", "shoulders", "gaze", "stare"}
)  # fmt: skip
"""What is likened to somebody's: "the face of a choirboy"."""


def _owner(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> int:
    """Return 2 where somebody owns the person ("the thin man's wife"), 1 where kin own a look ("her father's nose")."""
    text = tokens[place].text.lower().replace("\u2019", "'")
    if not text.endswith(("'s", "s'")):
        return 0
    if not _is_person(tokens[place], lexicon):  # "the axe-thrower's daughter"
        known = lexicon.parts_of(tokens[place].word) or not tokens[place].text[:1].islower()
        return 2 if not known and _word(tokens, place + 1) in _KIN else 0
    if _word(tokens, place - 1) in ("a", "an") and not (place + 1 < len(tokens) and tokens[place + 1].is_word):
        return 1  # "his lashes were a girl's"
    if _is_likened(tokens, place, lexicon):
        return 1
    for noun in range(place + 1, min(len(tokens), place + 4)):
        if not tokens[noun].is_word or tokens[noun].word in tables.BREAKS | tables.COPULAS:
            break
        if _is_person(tokens[noun], lexicon) and not _describes_on(tokens, noun, lexicon):
            return 2
    return int(_word(tokens, place - 1) in _OWNERS and tokens[place].word in _KIN and place > 0)


def _is_likened(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> bool:
    """Whether somebody's part or thing is only a kind: "he has a girl's lashes", "a kids' show"."""
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    if following is None or not following.is_word:
        return False
    plural = _word(tokens, place)[:-2] in ("men", "women", "kid", "children", "boy", "girl", "lady", "gent") or _word(
        tokens, place
    ).endswith("s'")
    if plural and following.word not in lexicon.entries and following.word not in lexicon.adjectives:
        return following.word not in tables.BREAKS | tables.COPULAS
    known = any(_word(tokens, back) in _THEM or _is_person(tokens[back], lexicon) for back in range(place))
    parts = (lexicon.parts_of(token.word) for token in tokens[place + 1 : place + 4])
    return known and _word(tokens, place - 1) in ("a", "an") and any(parts)


def _popped_adjectives(kept: list[Token], is_owner: bool) -> list[Token]:
    """Take the adjectives of somebody who owns the person off the kept tokens, and return them."""
    popped: list[Token] = []
    while is_owner and kept and kept[-1].is_word and kept[-1].text.lower() not in _LEADS:
        if kept[-1].word in tables.BREAKS | tables.COPULAS | tables.FUNCTION_WORDS:
            break
        popped.insert(0, kept.pop())
    return popped


def _second(tokens: Sequence[Token], place: int, lexicon: Lexicon) -> int:
    """Return where the words about a second person that start here end, or `place` where none do."""
    lead = place + 1
    if tokens[place].text.lower() == "whose" and lead < len(tokens) and _is_person(tokens[lead], lexicon):
        return _end_of_second(tokens, place)
    if _word(tokens, place) in _LEADS and _word(tokens, lead) in _PICTURES and _word(tokens, lead + 1) == "of":
        end = lead + 2
        while end < len(tokens) and tokens[end].text not in _ENDS and tokens[end].text != ",":
            end += 1
        return end  # "in front of a portrait of a bearded king"
    pair = (tokens[place].text.lower(), tokens[place + 1].text.lower()) if lead < len(tokens) else ("", "")
    if pair in _JOINS_OF_TWO:
        lead = place + 2
    elif pair[0] == "of" and place and tokens[place - 1].word in _PARENTS:
        pass
    elif pair[0] == "and" and pair[1] in _BARE_KIN and place and _is_person(tokens[place - 1], lexicon):
        return place + 2  # "a mother and baby"
    elif not (pair[0] in _JOINS or (pair[0] == "," and pair[1] in _OWNERS and _is_kin_next(tokens, lead))):
        return place
    if lead >= len(tokens) or tokens[lead].text.lower() not in _LEADS:
        return place
    for noun in range(lead + 1, min(len(tokens), lead + 2 + _MOST_WORDS)):
        token = tokens[noun]
        if not token.is_word or token.word in tables.BREAKS | tables.COPULAS | tables.DETERMINERS:
            return place
        if (_is_person(token, lexicon) or token.word in COMPANY) and not _describes_on(tokens, noun, lexicon):
            return _end_of_second(tokens, noun + 1)
    return place


def _is_kin_next(tokens: Sequence[Token], lead: int) -> bool:
    """Whether kin follow an owner's word: ", her baby asleep"."""
    return any(token.word in _KIN for token in tokens[lead + 1 : lead + 3])


def _describes_on(tokens: Sequence[Token], noun: int, lexicon: Lexicon) -> bool:
    """Whether the person is only an adjective of what follows: "a child's face", "a model look", "like"."""
    if tokens[noun].text.lower().endswith(("'s", "s'")):
        return True
    following = tokens[noun + 1] if noun + 1 < len(tokens) else None
    if following is None or not following.is_word or following.word.endswith("ing"):
        return False
    entry = lexicon.entries.get(following.word)
    if following.joined or entry is None or entry.noun:
        return following.joined or entry is not None
    then = lexicon.entries.get(tokens[noun + 2].word) if noun + 2 < len(tokens) else None
    return bool(entry.effects) and then is not None and then.noun


def _end_of_second(tokens: Sequence[Token], place: int) -> int:
    """Return where a clause about the second person that follows ends: "who has red hair", "with a beard"."""
    if place < len(tokens) and tokens[place].text == "," and _word(tokens, place + 1) in ("who", "whose"):
        place += 1
    if _word(tokens, place) in ("who", "whose", "with", "in", "wearing", "asleep", "on", "at") or _word(
        tokens, place
    ).endswith("ing"):
        while place < len(tokens) and tokens[place].text not in _ENDS and tokens[place].text != ",":
            place += 1
    return place


def _word(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].text.lower() if 0 <= place < len(tokens) else ""


def _is_person(token: Token, lexicon: Lexicon) -> bool:
    entry = lexicon.entries.get(token.word)
    return entry is not None and entry.kind == PERSON and entry.noun


def _is_content(token: Token) -> bool:
    return token.is_word and token.word not in (
        tables.BREAKS | tables.DETERMINERS | tables.FUNCTION_WORDS | tables.COPULAS | tables.PERSON_PRONOUNS
    )
