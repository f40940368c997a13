"""The sex that pronouns and first names tell, where no other word does: "she has green eyes", "Elena, 34"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.people import sex_of_names
from dreamface.language.words import Token

_SUBJECTS: Final = {"she": -1.0, "he": 1.0}  # as is, or with a verb: "she's"
_OWNERS: Final = {"her": -1.0, "his": 1.0, "hers": -1.0, "herself": -1.0, "himself": 1.0}
_OBJECTS: Final = {"him": 1.0}
_MADE: Final = frozenset({"make", "give", "want", "show", "draw", "create", "put", "let", "call", "called"})
"""Verbs whose object is the person: "give him a big nose"; in "she smiles at him" it is somebody else."""

_OTHERS: Final = frozenset({"at", "to", "with", "of", "for", "from", "by", "beside", "than", "near", "behind"})
_TIMES: Final = frozenset({"when", "before", "after", "until", "since", "while", "as"})
_TITLES: Final = {
    "Miss": -1.0, "Mrs": -1.0, "Ms": -1.0, "Mr": 1.0, "Mme": -1.0, "Madame": -1.0, "Mademoiselle": -1.0,
    "Monsieur": 1.0,
    "Herr": 1.0, "Frau": -1.0, "Sir": 1.0, "Dame": -1.0, "Lady": -1.0, "Lord": 1.0, "Señor": 1.0, "Señora": -1.0,
    "Signor": 1.0, "Signora": -1.0, "Aunt": -1.0, "Auntie": -1.0, "Uncle": 1.0, "Father": 1.0, "Sister": -1.0,
    "Brother": 1.0, "Grandma": -1.0, "Grandpa": 1.0,
}  # fmt: skip
"""Before a name."""

_PRONOUN_TRUST: Final = 0.95
_NAME_TRUST: Final = 0.8


def sex_claims(tokens: Sequence[Token], claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Return a claim on `gender` by a pronoun or else a first name; none where a word for a person says it.

    Args:
        tokens: of the prompt.
        claims: what its other words say.
    """
    if any(claim.trait == "gender" and claim.rank > Rank.IMPLIED for claim in claims):
        return ()
    for words in (_SUBJECTS, _OWNERS, _OBJECTS):
        for place, token in enumerate(tokens):
            sex = words.get(_bare(token))
            if sex is not None and _is_the_persons(tokens, place, words is _OBJECTS):
                if words is _SUBJECTS and _is_of_another(tokens, place, sex):
                    continue
                return (Claim("gender", sex, _PRONOUN_TRUST, Rank.VAGUE, (token,)),)
    for token, after in pairwise([token for token in tokens if token.text != "."]):
        sex = _TITLES.get(token.text if len(token.text) < 3 or not token.text.isupper() else token.text.title())
        if sex is not None and after.text[:1].isupper():
            return (Claim("gender", sex, _PRONOUN_TRUST, Rank.VAGUE, (token,)),)
    for place, token in enumerate(tokens):
        name = token.text.title() if token.text.isupper() and len(token.text) > 2 else token.text
        sex = sex_of_names().get(name)
        if sex is not None and not _is_shouted(tokens) and _is_alone(tokens, place):
            return (Claim("gender", sex, _NAME_TRUST, Rank.VAGUE, (token,)),)
    return ()


def _bare(token: Token) -> str:
    """The pronoun of "she's" and "he\u2019d"."""
    return token.text.lower().replace("\u2019", "'").split("'")[0]


def _is_the_persons(tokens: Sequence[Token], place: int, is_object: bool) -> bool:
    before = tokens[place - 1].word if place else ""
    return before in (_MADE | {"on", "about"}) if is_object else not (before in _OTHERS and _is_last(tokens, place))


def _is_of_another(tokens: Sequence[Token], place: int, sex: float) -> bool:
    """Whether a clause of time is about somebody else than the owner named before: "her hair was red when he left"."""
    led = place > 0 and tokens[place - 1].word in _TIMES
    return led and any(_OWNERS.get(_bare(token)) == -sex for token in tokens[:place])


def _is_last(tokens: Sequence[Token], place: int) -> bool:
    """Whether nothing that could be somebody's follows: "she smiles at her."."""
    return place + 1 >= len(tokens) or not tokens[place + 1].is_word


def _is_shouted(tokens: Sequence[Token]) -> bool:
    """Whether every word has a capital, so that capitals tell no names."""
    words = [token.text for token in tokens if token.text[:1].isalpha()]
    return len(words) > 2 and all(word[0].isupper() for word in words)


def _is_alone(tokens: Sequence[Token], place: int) -> bool:
    """Whether a name is the person's: not "Anna's", "like Anna", "of Anna"."""
    before = tokens[place - 1].word if place else ""
    return before not in _OTHERS and before != "like" and not tokens[place].text.endswith("'s")
