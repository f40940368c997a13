"""English noun phrases: a prompt cut into clauses, and clauses into groups of adjectives and the noun they precede.

Units are the longest phrases that the lexicon or the grammar's own word lists know. What groups mean is for `binding`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cache

from dreamface.language import tables
from dreamface.language.effects import Degree
from dreamface.language.lexicon import Lexicon, resolve_alias
from dreamface.language.words import Token


class Role(Enum):
    """What a unit does in its clause."""

    WORD = auto()  # known to the lexicon
    UNKNOWN = auto()  # a content word that is not
    DEGREE = auto()
    NEGATION = auto()
    COPULA = auto()
    PRONOUN = auto()
    DETERMINER = auto()
    AND = auto()
    OR = auto()
    COMMA = auto()
    BREAK = auto()  # a preposition or "with", "has": starts a new phrase of the same clause
    STOP = auto()
    FILLER = auto()  # any other function word


@dataclass(frozen=True)
class Unit:
    """Neighbouring tokens that act as one word."""

    role: Role
    key: str
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Modifier:
    """An adjective with its degree, and whether it is denied."""

    unit: Unit
    degree: Degree | None = None
    degree_tokens: tuple[Token, ...] = ()
    negated: bool = False
    negation_tokens: tuple[Token, ...] = ()


class Link(Enum):
    """How a group follows the one before."""

    START = auto()
    BREAK = auto()
    COMMA = auto()
    AND = auto()
    ADJACENT = auto()  # "mouth open"
    COPULA = auto()  # "mouth is open"
    PRONOUN = auto()  # "he is ...": about the person, not the last noun


@dataclass
class Group:
    """Adjectives and the noun they precede, if any."""

    link: Link
    modifiers: list[Modifier] = field(default_factory=list)
    noun: Modifier | None = None
    determined: bool = False
    worn: bool = False  # after "in", "wearing" or "against"
    refers: bool = False  # to what the clause before was about: "... . It is long"

    @property
    def is_bare(self) -> bool:
        """Whether it is a noun alone, as in the tail of a list."""
        return self.noun is not None and not self.modifiers and not self.determined

    @property
    def names_thing(self) -> bool:
        """Whether it ends in a garment, an object or a surrounding."""
        if self.noun is not None or not self.modifiers:
            return False
        last = self.modifiers[-1].unit.tokens[-1]
        return not tables.SCENE_WORDS.isdisjoint((last.word, last.text.lower()))

    @property
    def names_object(self) -> bool:
        """Whether it ends in an object that has looks of its own: "a bearded axe", "an old map"."""
        return self.noun is None and len(self.modifiers) > 1 and self.modifiers[-1].unit.key in tables.OBJECTS

    @property
    def names_other_part(self) -> bool:
        """Whether it names a part of the body or a thing that is not on a head: "wrinkled hands", "hips narrow"."""
        return self.noun is None and any(modifier.unit.key in tables.OTHER_PARTS for modifier in self.modifiers)


def groups_of(tokens: Sequence[Token], lexicon: Lexicon) -> list[list[Group]]:
    """The groups of each clause of the tokens."""
    clauses = _clauses(tuple(_units(tokens, lexicon)))
    made: list[list[Group]] = []
    for clause, stop in clauses:
        groups = _referring(clause, _Grouper(clause, lexicon).walk())
        made.append(_explaining(groups, stop, made[-1] if made else [], lexicon))
    return made


def _referring(clause: Sequence[Unit], groups: list[Group]) -> list[Group]:
    """The groups of a clause, the first of them marked where it says something of the clause before: "it is long"."""
    starts = [unit for unit in clause[:4] if unit.key not in ("and", ",", "now", "today")][:2]
    refers = len(starts) == 2 and starts[0].key in _REFERRING and starts[1].role is Role.COPULA
    return [replace(groups[0], refers=True), *groups[1:]] if refers and groups else groups


def _explaining(groups: list[Group], led_by: str, before: list[Group], lexicon: Lexicon) -> list[Group]:
    """The groups behind a colon that say more of what stands before it: "her eyebrows: thick, black"."""
    nouns = [group.noun for group in before if group.noun is not None and not lexicon.entries[group.noun.unit.key].kind]
    if led_by not in (":", "(") or not groups or not nouns or any(group.noun is not None for group in groups):
        return groups
    first = groups[0]
    if first.link is not Link.START or not first.modifiers:
        return groups
    fits = any(lexicon.pair(modifier.unit.key, nouns[-1].unit.key) for modifier in first.modifiers)
    return [replace(first, refers=True, link=Link.COPULA), *groups[1:]] if fits else groups


_REFERRING = frozenset({"it", "they", "these", "those", "both"})


# --------------------------------------------------------------------------------------------------------------- units


def _units(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Unit]:
    position = 0
    while position < len(tokens):
        unit = _longest_unit(tokens, position, lexicon)
        yield unit
        position = tokens.index(unit.tokens[-1], position) + 1


def _longest_unit(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> Unit:
    best = Unit(_role_of(tokens[position], lexicon), tokens[position].word, (tokens[position],))
    words: list[str] = []
    for end in range(position, min(len(tokens), position + lexicon.longest + 2)):
        token = tokens[end]
        if not token.is_word:
            break
        if end > position and token.word in tables.DETERMINERS and tokens[position].word not in tables.DETERMINERS:
            continue
        words.append(token.word)
        span = tuple(tokens[position : end + 1])
        key = " ".join(words)
        if role := _phrase_role(key, lexicon):
            best = Unit(role, resolve_alias(key) if role is Role.WORD else key, span)
    return best


def _phrase_role(key: str, lexicon: Lexicon) -> Role | None:
    if key in tables.PICTURE_PHRASES:
        return Role.FILLER
    if key in tables.NEGATION_PHRASES:
        return Role.NEGATION
    if lexicon.knows(key):
        return None if " " not in key and key in _GRAMMAR_FIRST else Role.WORD
    if key in tables.DEGREES:
        return Role.DEGREE
    return None


_GRAMMAR_FIRST = frozenset({"like", "over", "still"})


@cache
def _roles() -> dict[str, Role]:
    """What the grammar's own words do; the first list that has a word decides."""
    roles: dict[str, Role] = {}
    for role, words in (
        (Role.STOP, tables.STOPS),
        (Role.AND, tables.JOINING_AND),
        (Role.OR, tables.JOINING_OR),
        (Role.NEGATION, tables.NEGATIONS),
        (Role.COPULA, tables.COPULAS),
        (Role.PRONOUN, tables.PERSON_PRONOUNS),
        (Role.DETERMINER, tables.DETERMINERS),
        (Role.BREAK, tables.BREAKS),
        (Role.FILLER, tables.FUNCTION_WORDS),
    ):
        for word in words:
            roles.setdefault(word, role)
    return roles


def _role_of(token: Token, lexicon: Lexicon) -> Role:
    word = token.word
    if role := _roles().get(word):
        return role
    if word in tables.NEUTRAL_WORDS and word not in lexicon.entries:
        return Role.FILLER
    if word in (",", "/", "|"):
        return Role.COMMA
    if token.is_word or ord(word[0]) > 127:
        return Role.UNKNOWN
    return Role.FILLER


def _clauses(units: Sequence[Unit]) -> Iterator[tuple[list[Unit], str]]:
    """Each clause with the mark or word that leads to it."""
    clause: list[Unit] = []
    led_by = ""
    for unit in units:
        if unit.role is Role.STOP:
            yield clause, led_by
            clause, led_by = [], unit.key
        else:
            clause.append(unit)
    yield clause, led_by


# -------------------------------------------------------------------------------------------------------------- groups


class _Grouper:
    """Walks one clause and closes a group at each noun and each boundary."""

    def __init__(self, units: Sequence[Unit], lexicon: Lexicon) -> None:
        self.units = units
        self.lexicon = lexicon
        self.groups: list[Group] = []
        self.group = Group(Link.START)
        self.degree: Unit | None = None
        self.negation: Unit | None = None

    def walk(self) -> list[Group]:
        for index, unit in enumerate(self.units):
            self._take(index, unit)
        self._close(Link.START)
        return self.groups

    def _take(self, index: int, unit: Unit) -> None:
        if unit.role in (Role.WORD, Role.UNKNOWN):
            self._take_word(index, unit)
        elif unit.role is Role.DEGREE:
            self._take_degree(index, unit)
        elif unit.role is Role.NEGATION:
            self.negation = unit
        elif unit.role is Role.COPULA:
            self._close(Link.COPULA)
        elif unit.role is Role.PRONOUN:
            self._close(Link.PRONOUN)
        elif unit.role is Role.DETERMINER:
            self.group.determined = True
        elif unit.role in (Role.AND, Role.OR, Role.COMMA):
            self._join(index, unit)
        elif unit.role is Role.BREAK:
            self._break(index)
        elif unit.key in ("it", "they") and self.group.modifiers:
            self._close(Link.BREAK)  # "brows so heavy they cast a shadow"

    def _take_word(self, index: int, unit: Unit) -> None:
        modifier = Modifier(
            unit,
            degree=tables.DEGREES[self.degree.key] if self.degree else None,
            degree_tokens=self.degree.tokens if self.degree else (),
            negated=self.negation is not None,
            negation_tokens=self.negation.tokens if self.negation else (),
        )
        self.degree = None
        if self._is_head(index, unit):
            self.group.noun = modifier
            self._close(Link.ADJACENT)
        else:
            self.group.modifiers.append(modifier)

    def _is_head(self, index: int, unit: Unit) -> bool:
        entry = self.lexicon.entries.get(unit.key)
        if unit.role is not Role.WORD or entry is None or not entry.noun:
            return False
        following = self.units[index + 1] if index + 1 < len(self.units) else None
        describes_next = following is not None and following.role is Role.WORD
        return not (describes_next and following and (unit.key, following.key) in self.lexicon.pairs)

    def _take_degree(self, index: int, unit: Unit) -> None:
        """Words like "pretty" and "little" are degrees only before an adjective."""
        following = self.units[index + 1] if index + 1 < len(self.units) else None
        if following is None or following.role not in (Role.WORD, Role.UNKNOWN, Role.DETERMINER, Role.DEGREE):
            if self.lexicon.knows(unit.key):
                self._take_word(index, replace(unit, role=Role.WORD))
            else:
                self._add_degree_behind(unit)
            return
        stronger = self.degree is not None and tables.DEGREES[self.degree.key] is Degree.VERY
        self.degree = (
            Unit(Role.DEGREE, "extremely", (*self.degree.tokens, *unit.tokens)) if stronger and self.degree else unit
        )

    def _add_degree_behind(self, unit: Unit) -> None:
        """A degree behind its word: "smiling faintly", "she frowns a little"."""
        group = self.group if self.group.modifiers else None
        if group is not None and group.modifiers[-1].degree is None:
            last = group.modifiers[-1]
            group.modifiers[-1] = replace(last, degree=tables.DEGREES[unit.key], degree_tokens=unit.tokens)

    def _join(self, index: int, unit: Unit) -> None:
        self._close(Link.COMMA if unit.role is Role.COMMA else Link.AND)
        if self.negation is not None and not self._negation_reaches(index, unit):
            self.negation = None

    def _negation_reaches(self, index: int, unit: Unit) -> bool:
        """Whether "no" goes on: "no freckles, moles or scars" denies all three, "no beard, freckles" only the first."""
        if unit.role is Role.OR:
            return True
        following = self.units[index + 1 :]
        if unit.role is Role.AND:
            return bool(following) and following[0].role is Role.WORD and self._is_head(index + 1, following[0])
        for later in following:
            if later.role is Role.OR:
                return True
            if later.role not in (Role.WORD, Role.UNKNOWN, Role.COMMA):
                return False
        return False

    def _break(self, index: int) -> None:
        denied_just_now = index > 0 and self.units[index - 1].role is Role.NEGATION
        self._close(Link.BREAK)
        self.group.worn = self.units[index].key in tables.WORN_AFTER
        if not denied_just_now:
            self.negation = None

    def _close(self, link: Link) -> None:
        if self.group.modifiers or self.group.noun:
            self.groups.append(self.group)
            self.group = Group(link)
        elif link is not Link.ADJACENT:
            start = self.group.link
            keeps = link in (Link.AND, Link.COMMA) or (link is Link.COPULA and start is Link.PRONOUN)
            self.group = Group(start if keeps and start in (Link.COPULA, Link.BREAK, Link.PRONOUN) else link)
