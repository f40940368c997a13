"""English noun phrases about faces: which adjective belongs to which thing, how strongly, and whether it is denied.

The prompt is cut into units (the longest phrases the lexicon knows), units into groups (adjectives and the noun they
precede), and groups are bound: adjectives to their noun, to the noun before a copula ("her nose is big"), or to every
noun of a list ("a wide nose, mouth and jaw"). What nothing was made of is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from dreamface.language import tables
from dreamface.language.effects import Degree, Effects, value_of
from dreamface.language.lexicon import PERSON, Entry, Lexicon, base_degree, resolve_alias
from dreamface.language.words import Token
from dreamface.traits import Value

HEDGED = 0.6
"""Confidence in a reading that people mean less strictly: "not very old", adjectives of an unknown noun."""


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
class Claim:
    """One reading: this trait, because of these words.

    Attributes:
        trait: its name.
        value: see `dreamface.traits.Kind`.
        confidence: 0..1.
        rank: see `effects.Rank`.
        tokens: the words that caused it.
    """

    trait: str
    value: Value
    confidence: float
    rank: int
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

    @property
    def is_bare(self) -> bool:
        """Whether it is a noun alone, as in the tail of a list."""
        return self.noun is not None and not self.modifiers and not self.determined


@dataclass(frozen=True)
class Parse:
    """What the grammar made of the tokens.

    Attributes:
        claims: in the order of the prompt.
        leftovers: runs of neighbouring tokens that nothing was made of, with the modifiers' noun for context.
    """

    claims: tuple[Claim, ...]
    leftovers: tuple[Leftover, ...]


@dataclass(frozen=True)
class Leftover:
    """Content words that nothing was made of.

    Attributes:
        tokens: those words.
        context: the body part or thing they describe, if any.
        degree: said with them.
        negated: whether they are denied.
    """

    tokens: tuple[Token, ...]
    context: tuple[Token, ...] = ()
    degree: Degree = Degree.PLAIN
    negated: bool = False


def parse(tokens: Sequence[Token], lexicon: Lexicon) -> Parse:
    """Reads tokens that are not ages; see the module's docstring."""
    claims: list[Claim] = []
    leftovers: list[Leftover] = []
    for clause in _clauses(tuple(_units(tokens, lexicon))):
        reader = _ClauseReader(lexicon, list(_groups(clause, lexicon)))
        reader.read()
        claims += reader.claims
        leftovers += reader.leftovers
    return Parse(tuple(claims), tuple(leftovers))


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
    if key in tables.NEGATION_PHRASES:
        return Role.NEGATION
    if lexicon.knows(key):
        return None if " " not in key and key in _GRAMMAR_FIRST else Role.WORD
    if key in tables.DEGREES:
        return Role.DEGREE
    return None


_GRAMMAR_FIRST = frozenset({"like", "over", "still"})


def _role_of(token: Token, lexicon: Lexicon) -> Role:
    word = token.word
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
        (Role.FILLER, tables.NEUTRAL_WORDS - lexicon.entries.keys()),
    ):
        if word in words:
            return role
    if word in (",", "/"):
        return Role.COMMA
    if token.is_word or ord(word[0]) > 127:
        return Role.UNKNOWN
    return Role.FILLER


def _clauses(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    clause: list[Unit] = []
    for unit in units:
        if unit.role is Role.STOP:
            yield clause
            clause = []
        else:
            clause.append(unit)
    yield clause


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
            return
        stronger = self.degree is not None and tables.DEGREES[self.degree.key] is Degree.VERY
        self.degree = (
            Unit(Role.DEGREE, "extremely", (*self.degree.tokens, *unit.tokens)) if stronger and self.degree else unit
        )

    def _join(self, index: int, unit: Unit) -> None:
        self._close(Link.COMMA if unit.role is Role.COMMA else Link.AND)
        if not self._negation_reaches(index, unit):
            self.negation = None

    def _negation_reaches(self, index: int, unit: Unit) -> bool:
        """Whether "no" goes on: "no freckles, moles or scars" denies all three, "no beard, freckles" only the first."""
        if unit.role is Role.OR:
            return True
        rest = self.units[index + 1 :]
        if unit.role is Role.AND:
            return bool(rest) and rest[0].role is Role.WORD and self._is_head(index + 1, rest[0])
        return any(
            later.role is Role.OR
            for position, later in enumerate(rest)
            if all(between.role in (Role.WORD, Role.UNKNOWN, Role.COMMA) for between in rest[:position])
        )

    def _break(self, index: int) -> None:
        denied_just_now = index > 0 and self.units[index - 1].role is Role.NEGATION
        self._close(Link.BREAK)
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


def _groups(units: Sequence[Unit], lexicon: Lexicon) -> list[Group]:
    return _Grouper(units, lexicon).walk()


# ------------------------------------------------------------------------------------------------------------- binding


class _ClauseReader:
    """Turns one clause's groups into claims and leftovers."""

    def __init__(self, lexicon: Lexicon, groups: list[Group]) -> None:
        self.lexicon = lexicon
        self.groups = groups
        self.claims: list[Claim] = []
        self.leftovers: list[Leftover] = []
        self.subjects: list[Modifier] = []  # nouns that a copula or a trailing adjective would speak about
        self.predicated = False
        self.shared: list[Modifier] = []  # adjectives that the bare nouns of a list share
        self.located = False  # whether a thing was named that "on the ..." may place
        self.mute: list[Modifier] = []  # nouns that meant nothing yet

    def read(self) -> None:
        carried: list[Modifier] = []
        for index, group in enumerate(self.groups):
            if group.link is Link.PRONOUN:
                self.subjects = []
            if group.noun is not None:
                self._read_noun(group, carried)
                carried = []
            elif self._describes_subject(group):
                self._predicate(group.modifiers)
            elif self._reaches_noun(index):
                carried += group.modifiers
            else:
                self._stand_alone([*carried, *group.modifiers])
                carried = []
        for noun in self.mute:
            self._leave(noun)

    def _describes_subject(self, group: Group) -> bool:
        if not self.subjects or (group.link is not Link.COPULA and group.modifiers[-1].unit.role is Role.UNKNOWN):
            return False  # "nose ring": the unknown word is the noun
        return group.link in (Link.COPULA, Link.ADJACENT) or (self.predicated and group.link in (Link.AND, Link.COMMA))

    def _reaches_noun(self, index: int) -> bool:
        for later in self.groups[index + 1 :]:
            if later.link not in (Link.AND, Link.COMMA):
                return False
            if later.noun is not None:
                return True
        return False

    def _read_noun(self, group: Group, carried: list[Modifier]) -> None:
        noun = group.noun
        assert noun is not None
        modifiers = [*carried, *group.modifiers]
        entry = self.lexicon.entries[noun.unit.key]
        listed = group.link in (Link.AND, Link.COMMA) and group.is_bare and not carried
        if listed and not entry.effects:
            modifiers = [m for m in self.shared if self.lexicon.pair(m.unit.key, noun.unit.key)]
        bound = self._describe(noun, modifiers)
        self._remember(noun, group, bound, listed)
        if not listed:
            self.shared = modifiers

    def _remember(self, noun: Modifier, group: Group, bound: bool, listed: bool) -> None:
        entry = self.lexicon.entries[noun.unit.key]
        places = group.link is Link.BREAK and not group.modifiers and self.located  # "freckles on her nose"
        self.located = bool(entry.effects) or places
        if not (bound or places or entry.effects or entry.kind) and noun.unit.key not in tables.NEUTRAL_WORDS:
            self.mute.append(noun)
        self.subjects = [*self.subjects, noun] if listed and self.subjects and not self.predicated else [noun]
        self.predicated = False

    def _describe(self, noun: Modifier, modifiers: list[Modifier]) -> bool:
        """Claims what the noun means and what each modifier says of it; True if any modifier bound to it."""
        bound = False
        degree = noun.degree
        emphasis: tuple[Token, ...] = noun.degree_tokens
        entry = self.lexicon.entries[noun.unit.key]
        unbound: list[Modifier] = []
        for modifier in modifiers:
            key = modifier.unit.key
            if self.lexicon.pair(key, noun.unit.key):
                bound = True
            elif entry.effects and not entry.kind and key in tables.DEGREE_ADJECTIVES:
                degree, emphasis, bound = tables.DEGREE_ADJECTIVES[key], modifier.unit.tokens, True
            else:
                unbound.append(modifier)
        bound = self._claim_noun(noun, entry, degree, emphasis, modifiers) or bound
        for modifier in modifiers:
            if effects := self.lexicon.pair(modifier.unit.key, noun.unit.key):
                self._claim(modifier, effects, noun)
        for modifier in unbound:
            self._alone(modifier, noun)
        return bound

    def _claim_noun(
        self,
        noun: Modifier,
        entry: Entry,
        degree: Degree | None,
        emphasis: tuple[Token, ...],
        modifiers: list[Modifier],
    ) -> bool:
        negated = noun.negated
        if negated and not modifiers and noun.unit.key in self.lexicon.without:
            for effect in self.lexicon.without[noun.unit.key]:
                value = value_of(effect)
                if value is not None:
                    self._add(
                        effect.trait, value, effect.confidence, effect.rank, (*noun.negation_tokens, *noun.unit.tokens)
                    )
            return True
        negated = negated and not (entry.kind and modifiers)  # "not a very old woman" is a woman
        tokens = (*(noun.negation_tokens if negated else ()), *emphasis, *noun.unit.tokens)
        level = Degree.PLAIN if degree is None else degree
        qualified = {effect.trait for m in modifiers for effect in self.lexicon.pair(m.unit.key, noun.unit.key) or ()}
        effects = tuple(effect for effect in entry.effects if effect.trait not in qualified)
        return self._claim_effects(effects, level, negated, tokens, 1.0)

    def _predicate(self, modifiers: list[Modifier]) -> None:
        for modifier in modifiers:
            bound = [s for s in self.subjects if self.lexicon.pair(modifier.unit.key, s.unit.key)]
            for subject in bound:
                effects = self.lexicon.pair(modifier.unit.key, subject.unit.key)
                self._claim(modifier, effects or (), subject)
            if not bound:
                self._alone(modifier, self.subjects[-1])
            self.mute = [noun for noun in self.mute if noun not in bound]
        self.predicated = True

    def _stand_alone(self, modifiers: list[Modifier]) -> None:
        """Adjectives without a noun; those before an unknown noun belong to it, unless they can only mean people."""
        ends_unknown = bool(modifiers) and modifiers[-1].unit.role is Role.UNKNOWN
        for modifier in modifiers:
            if ends_unknown and modifier.unit.key in _AMBIGUOUS:
                self._leave(modifier)
            else:
                self._alone(modifier, None)

    def _alone(self, modifier: Modifier, noun: Modifier | None) -> None:
        entry = self.lexicon.entries.get(modifier.unit.key)
        about_part = noun is not None and not self._is_person(noun) and modifier.unit.key in _AMBIGUOUS
        claimed = entry is not None and not about_part and self._claim(modifier, entry.effects, None)
        if not claimed and not self._about_person(modifier) and modifier.unit.key not in tables.NEUTRAL_WORDS:
            self._leave(modifier, noun)

    def _is_person(self, noun: Modifier) -> bool:
        return bool(self.lexicon.entries[noun.unit.key].kind) or noun.unit.key in tables.NEUTRAL_WORDS

    def _about_person(self, modifier: Modifier) -> bool:
        effects = self.lexicon.pairs.get((modifier.unit.key, PERSON))
        return bool(effects) and self._claim(modifier, effects or (), None)

    def _claim(self, modifier: Modifier, effects: Effects, noun: Modifier | None) -> bool:
        degree = modifier.degree
        base = base_degree(modifier.unit.key)
        negated = modifier.negated or (noun is not None and noun.negated)
        hedged = negated and degree is not None
        if degree is None or (degree is Degree.VERY and base > degree):
            degree = base
        elif degree is Degree.VERY and base is Degree.VERY:
            degree = Degree.EXTREME
        tokens = (
            *modifier.negation_tokens,
            *modifier.degree_tokens,
            *modifier.unit.tokens,
            *(noun.unit.tokens if noun else ()),
        )
        return self._claim_effects(effects, degree, negated, tokens, HEDGED if hedged else 1.0)

    def _claim_effects(
        self, effects: Effects, degree: Degree, negated: bool, tokens: tuple[Token, ...], confidence: float
    ) -> bool:
        claimed = False
        for effect in effects:
            value = value_of(effect, degree, negated)
            if value is not None:
                self._add(effect.trait, value, effect.confidence * confidence, effect.rank, tokens)
                claimed = True
        return claimed

    def _add(self, trait: str, value: Value, confidence: float, rank: int, tokens: tuple[Token, ...]) -> None:
        ordered = tuple(sorted(set(tokens), key=lambda token: (token.start, token.word)))
        self.claims.append(Claim(trait, value, confidence, rank, ordered))

    def _leave(self, modifier: Modifier, noun: Modifier | None = None) -> None:
        context = noun.unit.tokens if noun and not self.lexicon.entries[noun.unit.key].kind else ()
        degree = Degree.PLAIN if modifier.degree is None else modifier.degree
        self.leftovers.append(Leftover(modifier.unit.tokens, context, degree, modifier.negated))


_AMBIGUOUS = frozenset(
    [
        "black",
        "white",
        "heavy",
        "strong",
        "slim",
        "thin",
        "fair",
        "light",
        "dark",
        "delicate",
        "weak",
        "old",
        "fat",
        "tan",
        "ginger",
        "mad",
        "red",
        "cute",
        "pretty",
    ]
)
"""Adjectives that describe things as readily as people: before an unknown noun they say nothing about the face."""
