"""Which adjective speaks of which thing: groups of words to claims about traits.

Adjectives are bound to their noun, to the noun before a copula ("her nose is big"), or to every noun of a list
("a wide nose, mouth and jaw"); those that fit no noun speak of the person. What nothing was made of is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dreamface.language import tables
from dreamface.language.effects import Degree, Effect, Effects, Rank, value_of
from dreamface.language.grammar import Group, Link, Modifier, Role, groups_of
from dreamface.language.lexicon import Entry, Lexicon, base_degree
from dreamface.language.people import sex_of_names
from dreamface.language.words import Token
from dreamface.traits import VOCABULARY, Value

_SURFACES = frozenset({"hair", "skin", "beard", "face", "head", "body"})
"""Parts that a thing beside them is no piece of: "long hair ribbon"."""

_PIECES: Mapping[str, frozenset[str]] = {
    "nose": frozenset({"nose bridge", "nose tip", "nostril"}),
    "face": frozenset({"jaw", "chin", "forehead", "cheekbone", "cheek", "temple"}),
    "jaw": frozenset({"chin"}),
}

_DYED = "dyed "

HEDGED = 0.6
"""Confidence in a reading that people mean less strictly: "not very old"."""


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
class Leftover:
    """Content words that nothing was made of.

    Attributes:
        tokens: those words.
        context: the body part or thing they describe, if any.
        degree: said with them.
        negated: whether they are denied.
        is_of_thing: whether they are about a thing or a part that no head has, so that nothing is to be made of them.
    """

    tokens: tuple[Token, ...]
    context: tuple[Token, ...] = ()
    degree: Degree = Degree.PLAIN
    negated: bool = False
    is_of_thing: bool = False


@dataclass(frozen=True)
class Parse:
    """What the grammar made of the tokens.

    Attributes:
        claims: in the order of the prompt.
        leftovers: runs of neighbouring tokens that nothing was made of, with the modifiers' noun for context.
    """

    claims: tuple[Claim, ...]
    leftovers: tuple[Leftover, ...]


def parse(tokens: Sequence[Token], lexicon: Lexicon) -> Parse:
    """Reads tokens that are not ages; see the module's docstring."""
    claims: list[Claim] = []
    leftovers: list[Leftover] = []
    subjects: list[Modifier] = []
    for groups in groups_of(tokens, lexicon):
        reader = _ClauseReader(lexicon, groups)
        if groups and groups[0].refers:
            reader.subjects = subjects
        reader.read()
        subjects = reader.subjects or subjects
        claims += reader.claims
        leftovers += reader.leftovers
    return Parse(tuple(claims), tuple(leftovers))


def _says_so(effect: Effect, effects: Effects) -> bool:
    """Whether denying words that do several things puts one of them back to how it is with most people."""
    return effect.rank is not Rank.IMPLIED and (effect is effects[0] or abs(effect.push) >= 1.0)


def _is_plural(modifier: Modifier) -> bool:
    """Whether a word names several things, which describe nothing behind a comma: "tufts, a double chin"."""
    token = modifier.unit.tokens[-1]
    return len(modifier.unit.tokens) == 1 and token.text.lower() == f"{token.word}s"


def _is_name(modifier: Modifier) -> bool:
    """Whether an unknown word is somebody's name: "Old Matthias"."""
    text = modifier.unit.tokens[-1].text
    return text in sex_of_names() or (text[:1].isupper() and text[1:].islower())


def _about_things(groups: Sequence[Group]) -> Iterator[tuple[Group, bool]]:
    """Each group, and whether its colours are a garment's or an object's: "in black", "the hat is black"."""
    worn = False
    for index, group in enumerate(groups):
        before = groups[index - 1] if index else None
        after = groups[index + 1] if index + 1 < len(groups) else None
        worn = group.worn or (worn and group.link is Link.AND)
        said_of = group.link is Link.COPULA and before is not None and before.names_thing
        leads_to = after is not None and after.link in (Link.AND, Link.ADJACENT) and after.names_thing
        names_nobody = group.noun is None or group.noun.unit.key in tables.THING_COLOURS
        yield group, names_nobody and (worn or said_of or leads_to)


class _ClauseReader:
    """Turns one clause's groups into claims and leftovers."""

    def __init__(self, lexicon: Lexicon, groups: list[Group]) -> None:
        self.lexicon = lexicon
        self.claims: list[Claim] = []
        self.leftovers: list[Leftover] = []
        self.subjects: list[Modifier] = []  # nouns that a copula or a trailing adjective would speak about
        self.predicated = False
        self.shared: list[Modifier] = []  # adjectives that the bare nouns of a list share
        self.located = False  # whether a thing was named that "on the ..." may place
        self.mute: list[Modifier] = []  # nouns that meant nothing yet
        self.link = Link.START  # of the group that is being read
        self.is_alone = True  # whether its adjectives can all be a person's
        self.dyed: list[Modifier] = []  # colours of the hair
        self.topic: Modifier | None = None  # the first part of the face that the clause names
        self.own: list[Modifier] = []  # adjectives right before the noun that is being read
        self.predicates: list[Modifier] = []  # what was said behind a noun
        self.groups = [self._without_colours(group) if thing else group for group, thing in _about_things(groups)]

    def read(self) -> None:
        carried: list[Modifier] = []
        for index, group in enumerate(self.groups):
            self.link = group.link
            if group.link is Link.PRONOUN:
                self.subjects = []
            if (
                group.names_other_part
                or group.names_object
                or self._leads_to_thing(index)
                or (group.noun is not None and self._is_of_beard(group))
            ):
                self._leave_all(group, [*carried, *group.modifiers])
                carried = []
            elif group.noun is not None:
                self._read_noun(group, carried)
                carried = []
            elif not group.modifiers:
                continue
            elif self._describes_subject(group):
                self._predicate(group.modifiers)
            elif self._reaches_noun(index) and not group.names_thing and not any(map(_is_plural, group.modifiers)):
                carried += group.modifiers
            else:
                self._stand_alone([*carried, *group.modifiers])
                carried = []
        for noun in self.mute:
            self._leave(noun)

    def _is_of_beard(self, group: Group) -> bool:
        """Whether a cut is that of the beard before it: "a beard in little braids"."""
        noun = group.noun
        said_of = self.subjects[-1].unit.key if self.subjects else ""
        if group.link is not Link.BREAK or noun is None or said_of not in ("beard", "moustache"):
            return False
        return self.lexicon.stands_for.get(noun.unit.key) == "hair"

    def _leads_to_thing(self, index: int) -> bool:
        """Whether a group's noun is only a part of a thing's name: "cat-eye glasses", "a heavy nose ring"."""
        noun = self.groups[index].noun
        after = self.groups[index + 1] if index + 1 < len(self.groups) else None
        if noun is None or after is None or after.link is not Link.ADJACENT:
            return False
        words = [*after.modifiers, *([after.noun] if after.noun else [])]
        if len(words) != 1:
            return False
        is_joined = noun.unit.tokens[0].joined or noun.unit.tokens[-1].text.endswith("ed")  # "black-faced sheep"
        names_part = noun.unit.key in tables.PARTS and (is_joined or noun.unit.key not in _SURFACES)
        is_one = is_joined or noun.unit.tokens[-1].text.lower() == noun.unit.tokens[-1].word  # not "eyes ribbon"
        thing = words[0].unit.tokens[-1]
        is_verb = thing.text.lower().endswith("ing") and thing.word not in ("ring", "earring", "piercing")
        return names_part and is_one and thing.word in (tables.SCENE_WORDS | tables.OBJECTS) and not is_verb

    def _leave_all(self, group: Group, modifiers: list[Modifier]) -> None:
        said = [m for m in modifiers if m.unit.key not in tables.NEUTRAL_WORDS]
        for modifier in (*said, *([group.noun] if group.noun else [])):
            self.leftovers.append(Leftover(modifier.unit.tokens, is_of_thing=True))
        self.subjects, self.predicated = [], False

    def _without_colours(self, group: Group) -> Group:
        """The group of a thing without its colours, which say nothing about the person; they are left over."""
        noun = group.noun if group.noun and group.noun.unit.key not in tables.THING_COLOURS else None
        colours = [m for m in (*group.modifiers, group.noun) if m and m.unit.key in tables.THING_COLOURS]
        for colour in colours:
            self._leave(colour)
        return replace(group, modifiers=[m for m in group.modifiers if m not in colours], noun=noun)

    def _describes_subject(self, group: Group) -> bool:
        if not self.subjects:
            return False
        if group.link is not Link.COPULA and group.modifiers[-1].unit.role is Role.UNKNOWN:
            first = group.modifiers[0].unit.key  # "nose ring": the unknown word is the noun; "chin sticks out a mile"
            says = " " in first and any(self.lexicon.pair(first, subject.unit.key) for subject in self.subjects)
            return says and group.link is Link.ADJACENT
        if group.link is Link.COMMA and self.subjects[-1] in self.mute and not group.names_thing:
            # "her eyes, green as glass": said behind a comma of a noun that nothing was said of yet
            noun = self.subjects[-1].unit.key
            return any(self.lexicon.pair(modifier.unit.key, noun) for modifier in group.modifiers)
        if group.link is Link.COMMA and not group.names_thing and self._is_hair(self.subjects[-1]):
            # "a long beard, red": a colour alone can't be the person's
            noun = self.subjects[-1].unit.key
            keys = [modifier.unit.key for modifier in group.modifiers]
            if all(self.lexicon.pair(key, noun) and not self.lexicon.entries.get(key) for key in keys):
                return not self._reaches_noun(self.groups.index(group))  # "sandy hair, cut short"
            return keys[0] in tables.COLOURS_ALONE and all(self.lexicon.pair(key, noun) for key in keys)
        return group.link in (Link.COPULA, Link.ADJACENT) or (self.predicated and group.link in (Link.AND, Link.COMMA))

    def _is_head_hair(self, noun: Modifier) -> bool:
        return self.lexicon.stands_for.get(noun.unit.key, noun.unit.key) == "hair"

    def _is_hair(self, noun: Modifier) -> bool:
        part = self.lexicon.stands_for.get(noun.unit.key, noun.unit.key)
        return part in ("hair", "beard", "moustache", "brow", "stubble")

    def _reaches_noun(self, index: int) -> bool:
        for later in self.groups[index + 1 :]:
            if later.link not in (Link.AND, Link.COMMA) or later.determined:
                return False
            if later.noun is not None:
                return True
        return False

    def _read_noun(self, group: Group, carried: list[Modifier]) -> None:
        noun = group.noun
        assert noun is not None
        carried = self._without_complexions(carried, group.modifiers, noun)
        modifiers = self._without_the_persons([*carried, *group.modifiers], noun)
        if group.link is Link.BREAK and group.noun and not modifiers and noun.unit.key in ("hairtip", "root"):
            modifiers = self._from_hair(noun)
        elif group.link is Link.BREAK and not modifiers:
            modifiers = self._said_of_piece(noun)
        entry = self.lexicon.entries[noun.unit.key]
        listed = group.link in (Link.AND, Link.COMMA) and group.is_bare and not carried and self._is_in_list(group)
        if listed and not entry.effects:
            modifiers = [m for m in self.shared if self.lexicon.pair(m.unit.key, noun.unit.key)]
        self.own = group.modifiers
        bound = self._describe(noun, modifiers)
        self._remember(noun, group, bound, listed)
        if not listed:
            self.shared = modifiers

    def _said_of_piece(self, piece: Modifier) -> list[Modifier]:
        """Take what was just said of a whole and is only its piece's: "a nose narrow at the bridge"."""
        last = (
            self.predicates[-1:]
            if self.subjects and piece.unit.key in _PIECES.get(self.subjects[-1].unit.key, ())
            else []
        )
        said = [m for m in last if self.lexicon.pair(m.unit.key, piece.unit.key)]
        taken = {token for modifier in said for token in modifier.unit.tokens}
        self.claims = [claim for claim in self.claims if not taken.intersection(claim.tokens)]
        return said

    def _from_hair(self, ends: Modifier) -> list[Modifier]:
        """Take the last colour of the hair, which is only that of its ends: "hair coloured pink at the tips"."""
        colours = [replace(m, unit=replace(m.unit, key=m.unit.key.removeprefix(_DYED))) for m in self.dyed[-1:]]
        dyed = [m for m in colours if self.lexicon.pair(m.unit.key, ends.unit.key)]
        taken = {token for modifier in dyed for token in modifier.unit.tokens}
        self.claims = [claim for claim in self.claims if not taken.intersection(claim.tokens)]
        return dyed

    def _is_in_list(self, group: Group) -> bool:
        """Whether a bare noun goes on a list as "a wide nose, mouth and jaw"; "red lips, hair in a bun" is none."""
        if group.link is Link.AND:
            return True
        for later in self.groups[self.groups.index(group) + 1 :]:
            if not later.is_bare or later.link not in (Link.AND, Link.COMMA):
                return False
            if later.link is Link.AND:
                return True
        return (
            all(earlier.is_bare for earlier in self.groups[1 : self.groups.index(group)]) and group is self.groups[-1]
        )

    def _without_the_persons(self, modifiers: list[Modifier], noun: Modifier) -> list[Modifier]:
        """The modifiers of a hyphenated noun; what else stands before it speaks of the person and is claimed.

        "A pale red-haired girl" is pale; "a dark red-haired man" has dark red hair, as a shade belongs to its colour.
        """
        if not noun.unit.tokens[0].joined:
            return modifiers
        tied, following = len(modifiers), noun.unit.tokens[0]
        while tied > 0 and following.joined:
            tied -= 1
            following = modifiers[tied].unit.tokens[0]
        own, others = modifiers[tied:], modifiers[:tied]
        return [*self._claim_alone(others, self._speaks_of_people), *own]

    def _without_complexions(self, carried: list[Modifier], own: list[Modifier], noun: Modifier) -> list[Modifier]:
        """Adjectives of a list before hair of another colour: in "a girl, pale, purple hair" she is pale."""
        coloured = any(m.unit.key in tables.THING_COLOURS or m.unit.key in tables.HAIR_COLOURS for m in own)
        if not (coloured and self._is_hair(noun)):
            return carried
        return self._claim_alone(carried, lambda modifier: modifier.unit.key in tables.COMPLEXIONS)

    def _claim_alone(self, modifiers: list[Modifier], speaks_of_person: Callable[[Modifier], bool]) -> list[Modifier]:
        """Claim those modifiers that speak of the person, and return the others."""
        for modifier in modifiers:
            if speaks_of_person(modifier):
                self._alone(modifier, None)
        return [modifier for modifier in modifiers if not speaks_of_person(modifier)]

    def _speaks_of_people(self, modifier: Modifier) -> bool:
        if modifier.unit.key in tables.SHADES:
            return False
        entry = self.lexicon.entries.get(modifier.unit.key)
        return modifier.unit.key in tables.SIZES_OF_PEOPLE or (entry is not None and bool(entry.effects))

    def _remember(self, noun: Modifier, group: Group, bound: bool, listed: bool) -> None:
        entry = self.lexicon.entries[noun.unit.key]
        places = group.link is Link.BREAK and not group.modifiers and self.located  # "freckles on her nose"
        self.located = places or (bool(entry.effects) and not entry.kind)
        if not (bound or places or entry.effects or entry.kind) and noun.unit.key not in tables.NEUTRAL_WORDS:
            self.mute.append(noun)
        part = self.lexicon.stands_for.get(noun.unit.key)  # "her hair in a bun": the bun says what the hair is like
        self.mute = [earlier for earlier in self.mute if earlier.unit.key != part]
        is_part = not entry.kind and noun.unit.key not in tables.NEUTRAL_WORDS
        self.topic = noun if self.topic is None and is_part else self.topic
        together = group.link is Link.AND and not group.modifiers and bool(self.subjects) and not self.shared
        self.subjects = (
            [*self.subjects, noun] if (listed or together) and self.subjects and not self.predicated else [noun]
        )
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
                    rank = max(effect.rank, self._rank_of(effect.trait, noun.unit.tokens[-1].word))
                    self._add(effect.trait, value, effect.confidence, rank, (*noun.negation_tokens, *noun.unit.tokens))
            return True
        negated = negated and not (entry.kind and modifiers)  # "not a very old woman" is a woman
        tokens = (*(noun.negation_tokens if negated else ()), *emphasis, *noun.unit.tokens)
        level = Degree.PLAIN if degree is None else degree
        qualified = {effect.trait for m in modifiers for effect in self.lexicon.pair(m.unit.key, noun.unit.key) or ()}
        effects = tuple(effect for effect in entry.effects if effect.trait not in qualified)
        return self._claim_effects(effects, level, negated, tokens, 1.0)

    def _rank_of(self, trait: str, word: str) -> int:
        """The rank of what the same noun claimed before: "a beard, no beard" takes it back."""
        said = (claim for claim in self.claims if claim.trait == trait)
        return max((claim.rank for claim in said if any(t.word == word for t in claim.tokens)), default=0)

    def _predicate(self, modifiers: list[Modifier]) -> None:
        for modifier in modifiers:
            bound = [s for s in self.subjects if self.lexicon.pair(modifier.unit.key, s.unit.key)]
            self.predicates.append(modifier)
            said = bound or (self.subjects if modifier.unit.key.startswith(_DYED) else [])
            self.dyed += [modifier] if any(self._is_head_hair(subject) for subject in said) else []
            for subject in bound:
                effects = self.lexicon.pair(modifier.unit.key, subject.unit.key)
                self._claim(modifier, effects or (), subject)
            if not bound:
                self._alone(modifier, self.subjects[-1])
            self.mute = [noun for noun in self.mute if noun not in bound]
        self.predicated = True

    def _stand_alone(self, modifiers: list[Modifier]) -> None:
        """Adjectives without a noun; those before an unknown noun belong to it, unless they can only mean people."""
        self.is_alone = all(self._tells_people(m) for m in modifiers)  # "white, old", but not "a white rose"
        ends_unknown = bool(modifiers) and modifiers[-1].unit.role is Role.UNKNOWN
        for place, modifier in enumerate(modifiers):
            if self._is_of_mark(modifier):
                self._leave(modifier)
                continue
            is_names = place + 1 < len(modifiers) and _is_name(modifiers[place + 1])
            if ends_unknown and not is_names and modifier.unit.key in tables.AMBIGUOUS_ADJECTIVES:
                self._leave(modifier)
            else:
                self._alone(modifier, None)

    def _is_of_mark(self, modifier: Modifier) -> bool:
        """Whether an adjective behind a mark is the mark's: "a scar under the chin, old and white"."""
        if self.topic is None or self.topic.unit.key not in tables.MARKS or self.link not in (Link.AND, Link.COMMA):
            return False
        first = self.groups[0].noun
        is_persons = first is not None and self._is_person(first)
        return not is_persons and modifier.unit.key in tables.AMBIGUOUS_ADJECTIVES

    def _alone(self, modifier: Modifier, noun: Modifier | None) -> None:
        entry = self.lexicon.entries.get(modifier.unit.key)
        about_part = noun is not None and not self._is_person(noun) and self._is_only_of(noun, modifier, entry)
        if noun is None and entry is not None and self._is_colour_of_part(modifier, entry):
            return
        claimed = entry is not None and not about_part and self._claim(modifier, entry.effects, None)
        if not claimed and modifier.unit.key not in tables.NEUTRAL_WORDS:
            self._leave(modifier, noun)

    def _is_only_of(self, noun: Modifier, modifier: Modifier, entry: Entry | None) -> bool:
        """Whether an adjective of a part can't speak of the person as well: "pale lashes", "old eyes"."""
        if modifier.unit.key in tables.AMBIGUOUS_ADJECTIVES:
            return True
        if noun.unit.key in tables.MARKS and modifier.unit.key in tables.SHADES | {"pale", "white", "red", "silver"}:
            return True  # "a pale scar"
        if modifier not in self.own:
            return False  # of a list: "heavy-set, hooded eyes"
        part = self.lexicon.stands_for.get(noun.unit.key, noun.unit.key)
        own = tables.OWN_TRAITS.get(part)
        return own is not None and entry is not None and not any(e.trait.startswith(own) for e in entry.effects)

    def _tells_people(self, modifier: Modifier) -> bool:
        key = modifier.unit.key
        entry = self.lexicon.entries.get(key)
        is_other_colour = key in tables.THING_COLOURS and key not in ("black", "white")
        return entry is not None and bool(entry.effects) and not is_other_colour

    def _is_colour_of_part(self, modifier: Modifier, entry: Entry) -> bool:
        """Whether a colour that may name people is a part's ("his hair, once black") or a thing's ("of white")."""
        if modifier.unit.key not in ("black", "white") or not entry.effects:
            return False
        of_mark = self.topic is not None and self.link in (Link.AND, Link.COMMA) and self.topic.unit.key in tables.MARKS
        if self.link in (Link.BREAK, Link.COPULA) or not self.is_alone or of_mark:
            self._leave(modifier)  # "a scar under the chin, old and white", "the other was white"
            return True
        bound = [subject for subject in self.subjects if self.lexicon.pair(modifier.unit.key, subject.unit.key)]
        if not bound and self.topic and self.lexicon.pair(modifier.unit.key, self.topic.unit.key):
            bound = [self.topic]  # "his eyebrows meet over his nose, black and wiry"
            self.subjects, self.predicated = bound, True
        for subject in bound:
            self._claim(modifier, self.lexicon.pair(modifier.unit.key, subject.unit.key) or (), subject)
        self.mute = [noun for noun in self.mute if noun not in bound]
        return bool(bound)

    def _is_person(self, noun: Modifier) -> bool:
        return bool(self.lexicon.entries[noun.unit.key].kind) or noun.unit.key in tables.NEUTRAL_WORDS

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
            if negated and value == VOCABULARY[effect.trait].default and not _says_so(effect, effects):
                claimed = True  # "not a handsome man" says nothing of his jaw
                continue
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
