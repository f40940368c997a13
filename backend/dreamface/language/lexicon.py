"""The vocabulary and the tables compiled into one look-up: things, adjectives, and pairs of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from dreamface.colour_names import linear
from dreamface.language import hair_words, idioms, meanings, plain_phrases, tables
from dreamface.language.effects import Degree, Effects, Rank, at, less, more, ranked
from dreamface.language.people import person_words
from dreamface.language.words import tokenize
from dreamface.traits import ANCESTRIES, VOCABULARY, Kind

Key = str
"""A word or phrase in canonical form, words joined by single spaces."""

PERSON = "<person>"
CREATURE = "<creature>"
"""Stand for every noun of that class as the second half of a pair."""

_IMPLIED_CONFIDENCE = 0.5
_CREATURE_CONFIDENCE = 0.75
_FROM_CONFIDENCE = 0.7
_SHADES: Mapping[str, tuple[float, float]] = {
    "dark": (0.4, 0.0),
    "deep": (0.5, 0.0),
    "light": (1.0, 0.35),
    "pale": (1.0, 0.5),
    "bright": (1.25, 0.0),
    "pastel": (1.0, 0.5),
}
"""What a shade does to a linear colour: a factor, then a share of white."""


@dataclass(frozen=True)
class Entry:
    """What a word or phrase is on its own.

    Attributes:
        effects: what it does; empty for a plain body part.
        noun: whether adjectives may attach to it.
        kind: PERSON, CREATURE or "" for classes that pairs may name.
    """

    effects: Effects = ()
    noun: bool = False
    kind: str = ""


@dataclass(frozen=True)
class Lexicon:
    """Everything the grammar looks words up in.

    Attributes:
        entries: things and adjectives with a meaning of their own.
        pairs: (adjective, noun) to what they mean together.
        without: nouns to what their absence means.
        adjectives: the first halves of all pairs, and other forms of them.
        stands_for: nouns to the part whose adjectives are theirs as well: "ponytail" to "hair".
        peers: adjective to those that may stand in for it, nearest first.
        unseen: professions and kin that say nothing about looks.
        phrases: whole phrases as people write them, for matching by meaning.
        longest: words in the longest phrase.
    """

    entries: dict[Key, Entry] = field(default_factory=dict)
    pairs: dict[tuple[Key, Key], Effects] = field(default_factory=dict)
    without: dict[Key, Effects] = field(default_factory=dict)
    adjectives: set[Key] = field(default_factory=set)
    stands_for: dict[Key, Key] = field(default_factory=dict)
    peers: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    unseen: set[Key] = field(default_factory=set)
    phrases: dict[str, Effects] = field(default_factory=dict)
    longest: int = 9

    def knows(self, key: Key) -> bool:
        """Whether `key` is an entry, an adjective or an absence."""
        return key in self.entries or key in self.adjectives or key in self.without or key in tables.PART_ALIASES

    def parts_of(self, phrase: str) -> frozenset[Key]:
        """The body parts that a phrase names."""
        return _parts_of(phrase)

    def pair(self, adjective: Key, noun: Key) -> Effects | None:
        """What `adjective` says about `noun`, or None."""
        kind = self.entries[noun].kind if noun in self.entries else ""
        for candidate in (adjective, *self.peers.get(adjective, ())):
            for thing in (noun, kind):
                if (candidate, thing) in self.pairs:
                    return self.pairs[candidate, thing]
            if inherited := self._inherited(candidate, noun):
                return inherited
        return None

    def _inherited(self, adjective: Key, noun: Key) -> Effects:
        """Return what an adjective says of the part that `noun` is a style of; its style stays the noun's."""
        effects = self.pairs.get((adjective, self.stands_for.get(noun, "")), ())
        return tuple(effect for effect in effects if not effect.trait.endswith(".style"))


@cache
def _parts_of(phrase: str) -> frozenset[Key]:
    words = key_of(phrase).split()
    spans = (" ".join(words[start:end]) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
    return frozenset(resolve_alias(span) for span in spans if resolve_alias(span) in _PART_KEYS)


def key_of(phrase: str) -> Key:
    """A table's phrase in canonical form, without determiners."""
    return " ".join(token.word for token in tokenize(phrase) if token.word not in tables.DETERMINERS)


@cache
def lexicon() -> Lexicon:
    """The compiled lexicon; made once."""
    made = Lexicon()
    _add_parts(made)
    for phrase, effects in _vocabulary_phrases().items():
        _add_phrase(made, phrase, effects)
    _add_people(made)
    _add_ancestry(made)
    _add_tables(made)
    _add_colours(made)
    _add_hair(made)
    _add_idioms(made)
    for word, effects in plain_phrases.MOODS.items():
        made.entries.setdefault(key_of(word), Entry(effects))
    _add_sizes(made)
    _add_verbs(made)
    made.adjectives.update(adjective for adjective, _ in made.pairs)
    _add_peers(made)
    _add_women(made)
    _add_corpus_people(made)
    _add_origins(made)
    return made


def _vocabulary_phrases() -> dict[str, Effects]:
    """Phrases of all number traits; one that several traits share pushes all of them."""
    found: dict[str, Effects] = {}
    for trait in VOCABULARY.values():
        if trait.kind is not Kind.NUMBER or trait.name in (*ANCESTRIES, "gender"):
            continue
        rank = Rank.VAGUE if trait.name == "age" else Rank.STATED
        for phrases, effect in ((trait.more, more(trait.name)), (trait.less, less(trait.name))):
            for phrase in phrases:
                found[phrase] = found.get(phrase, ()) + ranked((effect,), rank, 1.0)
    return found


def _add_parts(made: Lexicon) -> None:
    for part in tables.PARTS:
        made.entries[key_of(part)] = Entry(noun=True)
    for alias in tables.PART_ALIASES:
        made.entries[key_of(alias)] = Entry(noun=True)
    for product in tables.MAKEUP:
        made.entries[key_of(product)] = Entry(noun=True)


def _add_phrase(made: Lexicon, phrase: str, effects: Effects) -> None:
    """Adds a phrase as a pair where it is an adjective and a body part in either order, else as an entry."""
    made.phrases[phrase] = effects
    words = key_of(phrase).split()
    for adjective, noun in _splits(made, words):
        made.pairs[adjective, noun] = effects
        return
    if words[0] in tables.NEGATIONS:
        return
    key = " ".join(words)
    made.entries[key] = Entry(effects, noun=made.entries.get(key, Entry()).noun)


def _splits(made: Lexicon, words: list[Key]) -> Iterator[tuple[Key, Key]]:
    for size in range(len(words) - 1, 0, -1):
        noun = " ".join(words[-size:])
        if _is_part(made, noun) and not _FUNCTION.intersection(words[:-size]):
            yield " ".join(words[:-size]), resolve_alias(noun)
    for size in range(len(words) - 1, 0, -1):
        head, tail = words[:size], [word for word in words[size:] if word != "that"]
        # "Nose with a bump" is one thing: "with a bump" begins "with a bump on her nose", too.
        if _is_part(made, " ".join(head)) and tail[0] != "with" and not {"under", "around"}.intersection(tail):
            yield " ".join(tail), resolve_alias(" ".join(head))


_FUNCTION = tables.BREAKS | tables.NEGATIONS | tables.FUNCTION_WORDS


def _is_part(made: Lexicon, key: Key) -> bool:
    return key in made.entries and made.entries[key].noun and not made.entries[key].kind


_PART_KEYS = frozenset(key_of(part) for part in tables.PARTS) - tables.NEUTRAL_WORDS


def resolve_alias(key: Key) -> Key:
    """The body part's own name: "tip of nose" is "nose tip"."""
    return _aliases().get(key, key)


@cache
def _aliases() -> dict[Key, Key]:
    return {key_of(alias): key_of(part) for alias, part in tables.PART_ALIASES.items()}


_SIZES = ("big", "large", "huge", "massive", "enormous")
"""Adjectives of a whole person, who may be heavy: "a big man"."""

_VERBS: Mapping[str, str] = {
    "protrude": "protruding", "sag": "saggy", "hook": "hooked", "curve": "hooked", "arch": "arched", "slope": "sloping",
    "slope back": "sloping", "slant": "slanted", "tilt up": "upturned", "turn up": "upturned",
    "turn down": "downturned",
    "stand out": "prominent", "stick out": "protruding", "recede": "receding", "go back": "receding",
    "goes back": "receding", "going back": "receding", "bulge": "bulging", "jut": "jutting", "jut out": "jutting",
    "jut forward": "jutting", "droop": "drooping", "flare": "flared",
}  # fmt: skip
"""What a part does, and the adjective for it: "her ears protrude"."""


def _add_sizes(made: Lexicon) -> None:
    for size in _SIZES:
        made.pairs.setdefault((size, PERSON), ranked((more("body.weight", 0.5),), Rank.VAGUE, 0.7))


def _add_verbs(made: Lexicon) -> None:
    nouns: dict[str, list[str]] = {}
    for known, noun in made.pairs:
        nouns.setdefault(known, []).append(noun)
    for verb, adjective in ((key_of(verb), key_of(adjective)) for verb, adjective in _VERBS.items()):
        for noun in nouns.get(adjective, ()):
            if made.pair(verb, noun) is None:
                made.pairs[verb, noun] = made.pairs[adjective, noun]


def _add_people(made: Lexicon) -> None:
    for word in tables.PERSON_NOUNS:
        made.entries[key_of(word)] = Entry(noun=True, kind=PERSON)
        if word not in tables.ANYBODY:
            made.unseen.add(key_of(word))
    for word, effects in tables.PEOPLE.items():
        made.entries[key_of(word)] = Entry(effects, noun=True, kind=PERSON)
    for word, effects in tables.PERSON_ADJECTIVES.items():
        made.entries[key_of(word)] = Entry(effects)


def _add_women(made: Lexicon) -> None:
    """The "fisherwoman" of every "fisherman": she has his looks without his stubble."""
    for word in [word for word in made.entries if word.endswith("man") and not word.endswith("woman")]:
        entry = made.entries[word]
        his = [effect for effect in entry.effects if effect.trait == "gender" and effect.value == 1.0]
        woman = f"{word[:-3]}woman"
        if his and entry.kind and woman not in made.entries:
            kept = [
                effect for effect in entry.effects if effect.trait.split(".")[0] not in ("gender", "beard", "stubble")
            ]
            made.entries[woman] = replace(entry, effects=(*kept, at("gender", -1.0)))


def _add_corpus_people(made: Lexicon) -> None:
    """Words for people that the tables don't have, or of which they say nothing."""
    taken = made.adjectives | made.without.keys() | _FUNCTION | tables.NEUTRAL_WORDS | tables.SCENE_WORDS
    for word in person_words():
        key = key_of(word.text)
        known = made.entries.get(key)
        is_plain = " " in key and all(made.knows(part) or part in taken for part in key.split())  # "old woman"
        if not key or is_plain or key in taken or (known is not None and (known.effects or not known.kind)):
            continue
        kind = CREATURE if word.is_creature else PERSON
        made.entries[key] = Entry(word.effects, noun=word.is_noun, kind=kind if word.is_noun else "")
        if word.is_noun and not word.effects:
            made.unseen.add(key)


def _add_origins(made: Lexicon) -> None:
    """Where people of a kind mostly come from, beside whatever else the kind says."""
    for kind, people in tables.ORIGINS.items():
        key = key_of(kind)
        known = made.entries.get(key) or Entry(noun=True, kind=PERSON)
        if any(effect.trait in ANCESTRIES for effect in known.effects):
            continue
        origin = ranked(made.entries[key_of(people)].effects, Rank.IMPLIED, _IMPLIED_CONFIDENCE)
        made.entries[key] = replace(known, effects=(*known.effects, *origin))
        made.unseen.discard(key)


def _add_ancestry(made: Lexicon) -> None:
    for word, shares in tables.ANCESTRY_SHARES.items():
        effects = tuple(at(name, share) for name, share in zip(ANCESTRIES, shares, strict=True))
        sex = (at("gender", -1.0),) if word in tables.FEMININE_PEOPLES else ()
        made.entries[key_of(word)] = Entry((*effects, *sex))
    for place, people in tables.PLACES.items():
        effects = made.entries[key_of(people)].effects
        for key in (f"from {place}", f"born in {place}"):
            made.entries[key_of(key)] = Entry(ranked(effects, Rank.STATED, _FROM_CONFIDENCE))


def _add_tables(made: Lexicon) -> None:
    for phrase, effects in meanings.PAIRS.items():
        _add_phrase(made, phrase, effects)
    for table in (meanings.TRAIT_WORDS, meanings.MOODS):
        for word, effects in table.items():
            made.phrases[word] = effects
            made.entries[key_of(word)] = Entry(effects)
    for word, effects in meanings.THINGS.items():
        made.phrases[word] = effects
        made.entries[key_of(word)] = Entry(effects, noun=True)
    for word, effects in meanings.IMPLIED_LOOKS.items():
        made.entries[key_of(word)] = Entry(ranked(effects, Rank.IMPLIED, _IMPLIED_CONFIDENCE))
    for word, effects in meanings.OCCUPATIONS.items():
        implied = ranked(effects, Rank.IMPLIED, _IMPLIED_CONFIDENCE)
        made.entries[key_of(word)] = Entry(implied, noun=True, kind=PERSON)
    for word, effects in meanings.CREATURES.items():
        implied = ranked(effects, Rank.IMPLIED, _CREATURE_CONFIDENCE)
        made.entries[key_of(word)] = Entry(implied, noun=True, kind=CREATURE)
    for word, effects in meanings.WITHOUT.items():
        made.without[key_of(word)] = effects
        made.entries.setdefault(key_of(word), Entry(noun=True))


def _add_idioms(made: Lexicon) -> None:
    """Whole phrases; those that name a part at either end say it in the other order, too: "her nose is like a beak"."""
    for phrase, effects in (*idioms.IDIOMS.items(), *plain_phrases.PHRASES.items()):
        if not effects:
            continue
        key = key_of(phrase)
        words = key.split()
        if key in made.entries or any(split in made.pairs for split in _splits(made, words)):
            continue
        if phrase in idioms.IDIOMS and all(
            effect.trait not in ("age", "gender") for effect in effects
        ):  # those are never guessed by nearness
            made.phrases[phrase] = effects
        split = next(_splits(made, words), None)
        if split is not None:
            made.pairs[split] = effects
        if split is None or split[1] not in _PART_KEYS:
            made.entries[key] = Entry(effects)


def _add_colours(made: Lexicon) -> None:
    for colour, effects in (*plain_phrases.HAIR_SHADES.items(), *tables.HAIR_COLOURS.items()):
        made.pairs[key_of(colour), "hair"] = effects
        made.phrases.setdefault(f"{colour} hair", effects)
    for colour in plain_phrases.HEADED:
        made.entries[key_of(f"{colour} headed")] = Entry(made.pairs[key_of(colour), "hair"])
    for colour, srgb in tables.IRIS_SRGB.items():
        for noun in ("eye", "iris"):
            made.pairs.setdefault((key_of(colour), noun), (at("iris.colour", linear(srgb)),))
        made.phrases.setdefault(f"{colour} eyes", (at("iris.colour", linear(srgb)),))
    for colour, rgb in _shaded_colours().items():
        if colour in tables.DYES or colour.split()[-1] in tables.DYES:
            made.pairs.setdefault((key_of(colour), "hair"), (at("hair.dye", (*rgb, tables.DYE_STRENGTH)),))
        made.entries.setdefault(f"dyed {key_of(colour)}", Entry((at("hair.dye", (*rgb, tables.DYE_STRENGTH)),)))
        if colour.split()[-1] in tables.SKIN_TINTS:
            _add_skin_tint(made, colour, rgb)
        _add_painted(made, colour, rgb)
    for colour, srgb in tables.IRIS_SRGB.items():
        if colour.split()[-1] in tables.SKIN_TINTS:  # "a moss-green spirit"
            made.pairs.setdefault(
                (key_of(colour), CREATURE), (at("skin.tint", (*linear(srgb), tables.SKIN_TINT_STRENGTH)),)
            )
    for word, (trait, srgb, strength) in {**tables.MAKEUP, **tables.PATTERNS}.items():
        made.entries[key_of(word)] = Entry((at(trait, (*linear(srgb), strength)),), noun=True)
    _add_finishes(made)
    _add_metals(made)


def _add_hair(made: Lexicon) -> None:
    """Cuts and beards with the adjectives of hair and beard, things with a colour of their own, what can't be grown."""
    for word, effects in hair_words.CUTS.items():
        key = key_of(word)
        made.stands_for[key] = "hair"
        for adjective in (key, key.removesuffix(" cut")):
            made.pairs.setdefault((adjective, "hair"), effects)
    for word in ("curl", "wave", "blowout", "fringe", "perm", "loose wave", "loose curl", "tight curl"):
        made.stands_for[word] = "hair"
    for word in hair_words.BEARDS.keys() - {"beard"}:
        made.stands_for[key_of(word)] = "beard"
    for word in hair_words.EXACT:
        made.phrases.pop(word, None)
    for word in hair_words.UNGROWN:
        made.entries[key_of(word)] = Entry(noun=True)
    for word, (trait, strength) in hair_words.TINTED.items():
        for colour, rgb in _strand_colours().items():
            made.pairs.setdefault((key_of(colour), key_of(word)), (at(trait, (*rgb, strength)),))
    _add_fading(made)


def _add_fading(made: Lexicon) -> None:
    """Hair of one colour that ends in another: "from brown to blonde"."""
    for start, effects in tables.HAIR_COLOURS.items():
        for end, srgb in hair_words.COLOURS_SRGB.items():
            rgb = linear(srgb)
            fading = (*effects, at("hair.tips", (*rgb, 0.9)))
            for noun in ("ombre", "balayage", "hair"):
                made.pairs[f"from {key_of(start)} to {key_of(end)}", noun] = fading
                made.pairs[f"{key_of(start)} to {key_of(end)}", noun] = fading


@cache
def _strand_colours() -> dict[str, tuple[float, float, float]]:
    """Return the colours that hair has by nature or by dye, linear."""
    natural = {name: linear(srgb) for name, srgb in hair_words.COLOURS_SRGB.items()}
    dyes = {
        name: rgb for name, rgb in _shaded_colours().items() if name in tables.DYES or name.split()[-1] in tables.DYES
    }
    return {**dyes, **natural}


def _add_skin_tint(made: Lexicon, colour: str, rgb: tuple[float, float, float]) -> None:
    tint = (at("skin.tint", (*rgb, tables.SKIN_TINT_STRENGTH)),)
    made.pairs[key_of(colour), CREATURE] = tint
    if colour.split()[-1] not in tables.HUMAN_SKIN_COLOURS:
        for noun in ("skin", "face", PERSON):
            made.pairs.setdefault((key_of(colour), noun), tint)


def _add_painted(made: Lexicon, colour: str, rgb: tuple[float, float, float]) -> None:
    """Make-up and patterns of a colour, and robots that are made of something of that colour."""
    for word, (trait, _, strength) in {**tables.MAKEUP, **tables.PATTERNS}.items():
        made.pairs[key_of(colour), key_of(word)] = (at(trait, (*rgb, strength)),)
    if colour.split()[-1] not in ("red", "pink", "rose", "cherry", "nude", "peach"):
        made.pairs.setdefault((key_of(colour), "lip"), (at("lipstick", (*rgb, 0.85)),))
    if colour.split()[-1] not in (*tables.SORE, "red", "pink", "white", "black", "brown", "grey", "nude"):
        made.pairs.setdefault((key_of(colour), "eyelid"), (at("eyeshadow", (*rgb, 0.8)),))
    if colour.split()[-1] not in tables.SORE:
        made.pairs.setdefault((key_of(colour), "spot"), (at("skin.spots", (*rgb, 0.9)),))
    for robot in tables.ROBOTS:
        made.pairs[key_of(colour), key_of(robot)] = (at("skin.metal", (*rgb, 1.0)),)


def _add_finishes(made: Lexicon) -> None:
    for word, (trait, _, _) in tables.MAKEUP.items():
        for finish, gloss in tables.FINISHES.items():
            made.pairs[key_of(finish), key_of(word)] = (at(f"{trait}.gloss", gloss),)
    product = made.entries[key_of("lip gloss")]
    made.entries[key_of("lip gloss")] = Entry((*product.effects, at("lipstick.gloss", 0.95)), noun=True)


def _add_metals(made: Lexicon) -> None:
    """Skin, people and robots of metal; "golden skin" alone is a tone of skin, "golden metal skin" is not."""
    for metal, srgb in tables.METALS_SRGB.items():
        skin = (at("skin.metal", (*linear(srgb), 1.0)),)
        for phrase in ("made of {}", "made from {}", "made out of {}", "skin of {}", "{} plated"):
            made.entries[key_of(phrase.format(metal))] = Entry(skin)
        named = [f"{metal} metal", f"{metal} metallic", f"metallic {metal}", f"solid {metal}"]
        named += [] if metal in ("gold", "bronze", "copper", "rose gold") else [metal]
        for adjective in (*named, f"{metal} plated"):
            for noun in ("skin", "face", "head", PERSON, CREATURE):
                made.pairs[key_of(adjective), noun] = skin
        for robot in tables.ROBOTS:
            made.pairs[key_of(metal), key_of(robot)] = skin
    for colour, rgb in _shaded_colours().items():
        if colour not in tables.METALS_SRGB:
            for adjective in (f"metallic {colour}", f"{colour} metallic", f"{colour} metal"):
                made.pairs[key_of(adjective), "skin"] = (at("skin.metal", (*rgb, 1.0)),)


@cache
def _shaded_colours() -> dict[str, tuple[float, float, float]]:
    plain = {name: linear(srgb) for name, srgb in tables.COLOURS_SRGB.items()}
    shaded = {
        f"{shade} {name}": _shade(rgb, factor, white)
        for name, rgb in plain.items()
        for shade, (factor, white) in _SHADES.items()
    }
    return {**plain, **shaded}


def _shade(rgb: tuple[float, float, float], factor: float, white: float) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, channel * factor) * (1.0 - white) + white for channel in rgb)
    return red, green, blue


def _add_peers(made: Lexicon) -> None:
    for group in tables.SYNONYMS:
        for word in group:
            key = key_of(word)
            made.adjectives.add(key)
            made.peers[key] = (*made.peers.get(key, ()), *(key_of(other) for other in group if other != word))
    for base in tuple(made.adjectives):
        for form in _comparatives(base):
            if not made.knows(form):
                made.peers[form] = (base, *made.peers.get(base, ()))
    made.adjectives.update(made.peers)


def _comparatives(word: Key) -> Iterable[str]:
    """Forms that a prompt may use for the same adjective: "bigger" and "biggest" for "big"."""
    if " " in word or not 3 <= len(word) <= 6:
        return ()
    if word.endswith("e"):
        return (f"{word}r", f"{word}st")
    if word.endswith("y"):
        return (f"{word[:-1]}ier", f"{word[:-1]}iest")
    doubled = word[-1] if word[-1] not in "aeiouwxy" and word[-2] in "aeiou" and word[-3] not in "aeiou" else ""
    return (f"{word}{doubled}er", f"{word}{doubled}est")


def base_degree(adjective: Key) -> Degree:
    """The degree an adjective carries by itself: "huge" is an extreme "big"."""
    return tables.STRONG_ADJECTIVES.get(adjective, Degree.PLAIN)
