"""What words of an edit say: effects, traits and a place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from dreamface import edits as edit_words
from dreamface.edits import HOMES, REGIONS, SOMEWHERE, Wish, read_region
from dreamface.errors import BadRequest
from dreamface.language import Reading, read_change, read_degrees, with_removals
from dreamface.record import Correction, corrected
from dreamface.skin import Way
from dreamface.text import clean
from dreamface.traits import VOCABULARY, Traits, TraitValue

LONGEST_WORDS: Final = 500
"""Characters of an edit in words."""

_NO_WORDS: Final = "Say what should be there, such as 'a scar': `dreamface edits` lists the words that work."


@dataclass(frozen=True)
class EditReading:
    """What words ask for: of several things at several places, the first.

    Attributes:
        traits: of the person, at the place.
        effects: what is put on the skin.
        regions: names of the places that the words say.
        not_understood: words nothing was made of.
        contradiction: a sentence where the words can't be followed: they say two things that can't both be, or a place
            is missing; else empty.
        inverted: whether everywhere but the regions is meant.
        words: what was read.
        further: other things at other places, each an edit of its own.
    """

    traits: Traits = field(default_factory=Traits)
    effects: tuple[Wish, ...] = ()
    regions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    contradiction: str = ""
    inverted: bool = False
    words: str = ""
    further: tuple[EditReading, ...] = ()

    @property
    def parts(self) -> tuple[EditReading, ...]:
        """Everything that is asked for, each with its own place."""
        return (replace(self, further=()), *self.further)

    @property
    def parameters(self) -> dict[str, Any]:
        """The effects as an edit in words has them."""
        wanted = [
            {"name": one.effect, "amount": one.look.amount}
            | ({"colour": list(one.look.colour)} if one.look.colour is not None else {})
            | ({"variant": one.look.variant} if one.look.variant else {})
            | ({"count": one.look.count} if one.look.count else {})
            | ({"course": one.look.course} if one.look.course else {})
            for one in self.effects
        ]
        return {"effects": wanted} if wanted else {}

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program; `traits` and, of the parameters, `effects` are those of an edit in words."""
        return {**self._own_json(), "parts": [part._own_json() for part in self.parts]}

    def _own_json(self) -> dict[str, Any]:
        return {
            "words": self.words,
            "traits": self.traits.to_json(),
            "effects": self.parameters.get("effects", []),
            "region": self.regions[0] if self.regions and not self.inverted else None,
            "regions": list(self.regions),
            "inverted": self.inverted,
            "not_understood": list(self.not_understood),
            "contradiction": self.contradiction,
        }


def with_corrections(reading: EditReading, corrections: Sequence[Correction]) -> EditReading:
    """Return a reading in which words mean what an artist has said of the same words in the face's prompt.

    Args:
        reading: of an edit's words.
        corrections: the face's.
    """
    parts = [replace(part, traits=corrected(part.traits, corrections)) for part in reading.parts]
    return replace(parts[0], further=tuple(parts[1:]))


def read_words(
    words: str,
    *,
    place: bool,
    traits: Traits | None = None,
    marked: Collection[str] = (),
    whole: bool = False,
) -> EditReading:
    """Return what words ask for.

    Args:
        words: such as "a pale scar on the left cheek".
        place: whether a place is marked already; if not, the words may say one, and else mean the whole face.
        traits: of the face, which "older" or "fewer freckles" is measured from where the whole face is meant.
        marked: names of the regions that are marked; other places that words say are not understood then.
        whole: whether the whole face is meant, whatever places the words name.

    Raises:
        BadRequest: there are no words, or too many.
    """
    words = clean(words)
    if not any(character.isalnum() for character in words):
        raise BadRequest(_NO_WORDS)
    if len(words) > LONGEST_WORDS:
        raise BadRequest(f"The words have {len(words):,} characters; shorten them to at most {LONGEST_WORDS}.")
    plain = edit_words.rephrased(words, place or whole)
    if whole:
        return _as_typed(replace(_read_whole(plain, traits or Traits()), words=words), words)
    if place:
        return _as_typed(_read_there(plain, marked, traits), words)
    read = [_as_typed(_read_part(part, traits or Traits()), words) for part in _parts(plain)]
    parts = [one for part in read for one in _on_each_side(part)]
    for part in parts:
        if part.contradiction:
            return part
    said = [part for part in parts if part.traits or part.effects] or parts[:1] or [EditReading(words=words)]
    lost = [word for part in parts if part not in said for word in part.not_understood]
    first = replace(said[0], not_understood=(*said[0].not_understood, *lost))
    return replace(first, words=words if len(said) == 1 else first.words, further=tuple(said[1:]))


def _as_typed(reading: EditReading, words: str) -> EditReading:
    """Return a reading that calls no word not understood that nobody typed."""
    typed = set(re.findall(r"[^\W_]+", words.lower()))
    lost = [word for word in reading.not_understood if typed & set(re.findall(r"[^\W_]+", word.lower()))]
    if reading.traits or reading.effects:
        lost += edit_words.too_many(reading.words or words)
    return replace(reading, not_understood=tuple(dict.fromkeys(lost)))


def _read_there(words: str, marked: Collection[str], traits: Traits | None) -> EditReading:
    """Return what words ask for on a marked place: it wins over a place that they say."""
    text = with_removals(words)
    names, rest, where = edit_words.find_regions(text)
    if not _says_something(rest):
        rest, where = text, ()
    if less := _less(rest, traits or Traits()):
        return less
    if traits is not None and (sentence := _not_the_faces(rest, traits)):
        return EditReading(contradiction=sentence)
    reading = _read_on(_with_paint(rest, tuple(marked)), (), words)
    if where and not reading.effects:  # "wrinkles around the eyes" are these wrinkles wherever they lie
        whole = _read_on(text, (), words)
        if whole.traits and not whole.not_understood and set(whole.traits) < set(reading.traits):
            return whole
    elsewhere = () if set(names) <= set(marked) else where
    return replace(reading, not_understood=(*reading.not_understood, *elsewhere))


# ----------------------------------------------------------------------------------------------------------- the parts

_SEPARATORS: Final = re.compile(r"(\s*(?:[,;]|\.(?!\d)|\band\b|\bplus\b|\bwith\b)+\s*)", re.IGNORECASE)
_HAIR: Final = re.compile(r"\b(?:hair\w*|beard\w*|moustache|stubble)\b", re.IGNORECASE)
_YEARS: Final = re.compile(r"\b(?:older|younger|years? old|half (?:as old|the age)|twice as old)\b", re.IGNORECASE)


def _parts(words: str) -> list[str]:
    """Return words cut into parts that each say what and where; a part ends where another thing is at another place."""
    pieces = _SEPARATORS.split(with_removals(_with_black_eyes(words)))
    parts: list[str] = []
    now, placed, says, before = "", False, False, ""
    for number in range(0, len(pieces), 2):
        piece = _ANOTHER.sub(f"{read_region(now)[1]} ", pieces[number]) if placed and says else pieces[number]
        where, what = _place_and_thing(piece)
        own = placed or _is_of_the_face(now, before.strip().lower(), piece)
        at_home = _lies_at_home(now) if not placed else not where and _lies_at_home(piece)
        if now and what and says and ((where and own) or at_home):
            parts.append(now)
            now, placed, says = piece, False, False
        else:
            now = f"{now}{before}{piece}" if now else piece
        placed, says = placed or where, says or what
        before = pieces[number + 1] if number + 1 < len(pieces) else ""
    return [part for part in (*parts, now) if any(map(str.isalnum, part))]


def _is_of_the_face(now: str, separator: str, piece: str) -> bool:
    """Return whether what was said so far is of the whole face, where a piece with a place follows it."""
    if _YEARS.search(now) and not edit_words.names_effect(now):
        return True
    if _HAIR.search(now):  # "wet hair and a sweaty forehead"; "black hair with silver temples" is one thing
        return separator != "with" and edit_words.names_effect(piece)
    return separator == "with" and not read_region(piece)[0]  # "pale, with a red nose"


_ANOTHER: Final = re.compile(
    r"^\s*(?:another(?: one)?|one more|a second(?: one)?|a third(?: one)?)\s+(?=\w+ )", re.IGNORECASE
)


def _lies_at_home(words: str) -> bool:
    """Return whether words ask for nothing but make-up that has its own place: lipstick, blush."""
    try:
        found = edit_words.read_words(words, _nothing)
    except BadRequest:
        return False
    return bool(found.wishes) and all(wish.effect in HOMES and wish.effect != "tears" for wish in found.wishes)


def _place_and_thing(piece: str) -> tuple[bool, bool]:
    """Return whether a piece of what was said names a place, and whether it names something that is to be there."""
    left_out, rest, _ = edit_words.read_exception(piece)
    names, rest = read_region(rest)
    if (names or left_out) and not _says_something(rest):
        return True, False
    if names or left_out:
        return True, _is_thing(rest) or _is_colour(rest)
    implied, adjectives = edit_words.imply_region(piece)
    if implied and (edit_words.names_effect(adjectives) or _LIKE_RED.search(adjectives)):
        return True, True
    if implied and not _OWN_COLOUR.intersection(implied) and _is_colour(adjectives):
        return True, True
    return False, _is_thing(piece)


_OWN_COLOUR: Final = frozenset({"around_eyes", "brows", "beard", "moustache", "scalp"})
"""Regions beside which a colour is that of eyes or hair."""


def _is_thing(words: str) -> bool:
    """Return whether words ask for something by themselves: a thing, a trait, or more or less of one."""
    if edit_words.names_effect(words) or not words.strip():
        return bool(words.strip())
    return bool(read_degrees(words).traits or read_change(words, Traits()).traits)


_FILLERS: Final = frozenset(["a", "an", "the", "of", "with", "and", "his", "her", "their", "its", "some", "no"])


def _says_something(words: str) -> bool:
    """Return whether words say more than articles."""
    return any(word not in _FILLERS for word in re.findall(r"[\w%]+", words.lower()))


_BLACK_EYE: Final = re.compile(r"\bblack (?P<side>(?:left|right) )?eye\b(?! (?:shadow|liner|make))", re.IGNORECASE)
_SIDE_BEFORE: Final = re.compile(r"\b(?P<side>left|right) black eye\b", re.IGNORECASE)
_BLACK_EYES: Final = re.compile(r"\b(?:two|both|a pair of) black eyes\b", re.IGNORECASE)
_ON_A_SIDE: Final = re.compile(
    r",?\s*\bon (?:the|his|her|their) (?P<side>left|right)(?: side| eye)?(?! \w)", re.IGNORECASE
)


_WHICH_EYE: Final = "Say which eye is black: “a black eye on the left”, “on the right”, or “two black eyes”."


def _with_black_eyes(words: str) -> str:
    """Return words in which a black eye is a bruise around it."""
    words = _BLACK_EYES.sub("bruise around the eyes", words)
    words = _SIDE_BEFORE.sub(lambda found: f"bruise around the {found['side']} eye", words)
    black = _BLACK_EYE.search(words)
    if black is None:
        return words
    if black["side"]:
        return _BLACK_EYE.sub(f"bruise around the {black['side']}eye", words, count=1)
    side = _ON_A_SIDE.search(words)
    if side is None:
        return words
    return _BLACK_EYE.sub(f"bruise around the {side['side']} eye", _ON_A_SIDE.sub("", words, count=1), count=1)


_BESIDE: Final = re.compile(r"\b(?:above|below|beneath|beside|behind|between|next to)\b", re.IGNORECASE)


def _read_part(part: str, traits: Traits) -> EditReading:
    """Return what words about one place ask for, or about the whole face."""
    lost: list[str] = []
    if _BLACK_EYE.search(part):
        return EditReading(contradiction=_WHICH_EYE, words=part)
    if (half := _HALF.search(part)) and not half["named"]:
        return EditReading(contradiction=_WHICH_HALF, words=part)
    left_out, rest, exception = edit_words.read_exception(part)
    regions, there, where = edit_words.find_regions(rest)
    if any(map(edit_words.needs_side, regions)):
        return EditReading(contradiction=_WHICH_SIDE, words=part)
    regions, there, where = _on_the_side(regions, there, where)
    inverted = bool(left_out) and set(regions) <= {"whole_face", "whole_head"}
    if inverted:
        regions, everywhere = left_out, bool(regions)
        if not everywhere and (sentence := _missing_place(there)):
            return EditReading(contradiction=sentence, words=part)
    elif left_out:
        lost.append(exception)
    if regions and not inverted and not _says_something(there):
        regions, there, where = (), rest, ()
    lost += _BESIDE.findall(there if regions else rest)
    if regions and not inverted and (sentence := _not_the_faces(there, traits)):
        return EditReading(regions=regions, contradiction=sentence, words=part)
    if less := _less(there if regions else rest, traits):
        return replace(less, regions=regions, inverted=inverted, words=part, not_understood=tuple(lost))
    there = _with_paint(there, regions)
    reading = _read_on(there, regions, part) if regions else _read_whole(rest, traits)
    if regions and not inverted:
        reading = _on_course(reading, there, where)
    if regions and not inverted and not reading.effects and reading.not_understood:
        whole = read_change(rest, traits)
        if whole.traits and not whole.not_understood and _are_local(whole.traits):
            reading = EditReading(whole.traits)
    return replace(reading, inverted=inverted, words=part, not_understood=(*reading.not_understood, *lost))


_HALF: Final = re.compile(
    r"\b(?:(?P<named>left|right|upper|lower|top|bottom)(?:[ -]hand)? )?half (?:of )?(?:the|his|her|their|its|my) "
    r"(?:whole |entire )?(?:face|head)\b",
    re.IGNORECASE,
)
_WHICH_HALF: Final = "Say which half: “the left half of the face”, or the right, upper or lower half."
_SIDE: Final = re.compile(
    r"(?:on|to|at) (?:the|his|her|their) (?P<side>left|right)(?:[ -]hand)?(?: side)?", re.IGNORECASE
)


def _on_the_side(
    regions: tuple[str, ...], words: str, where: tuple[str, ...]
) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return regions on the side that is said apart from them, and the words without it: "on the jaw, on the left"."""
    if last := re.fullmatch(rf"(?P<place>.+?),? (?P<apart>{_SIDE.pattern})", where[-1] if where else "", re.IGNORECASE):
        where = (*where[:-1], last["place"], last["apart"])
    apart = [said for said in where if _SIDE.fullmatch(said)]
    found = re.search(rf"\b{_SIDE.pattern}\b", words, re.IGNORECASE)
    if len(where) > 1 and len(apart) == 1 and (side := _SIDE.fullmatch(apart[0])):
        kept = tuple(name for name in regions if name != f"{side['side'].lower()}_half")
        where = tuple(said for said in where if said not in apart)
    elif found and regions:
        side, kept = found, regions
        words = f"{words[: found.start()].rstrip(' ,')} {words[found.end() :]}".strip()
    else:
        return regions, words, where
    on = _SIDES[0] if side["side"].lower() == "left" else _SIDES[1]
    sided = [name if edit_words.is_along(name) else edit_words.on_side(name, on) for name in kept]
    known = [new if edit_words.region_named(new) else name for new, name in zip(sided, kept, strict=True)]
    return tuple(known), words, where


_LESS: Final = re.compile(
    r"(?:please |make it |with |a (?:bit|little|lot) |much )*(?:less|fewer|not (?:so|as) (?:much|many)|reduce|lessen|"
    r"weaken|tone down|turn down)(?: of)? (?:(?:the|his|her|their|any|all|visible) )*(?P<what>\S.*)",
    re.IGNORECASE,
)
_LESS_OF_NOTHING: Final = (
    "The face itself has no {what} to lessen: if an edit put it there, make that edit weaker or take it off."
)


def _less(words: str, traits: Traits) -> EditReading | None:
    """Return what less of an effect is: less of the face's own, or the sentence where only an edit has put it there."""
    found = _LESS.fullmatch(words.strip().rstrip("."))
    what = found["what"] if found else ""
    if not what or what.lower() in edit_words.ADJECTIVES or not edit_words.names_effect(what):
        return None
    scars = re.fullmatch(r"scars?|scarring", what, re.IGNORECASE) and traits.number("scars.density") <= _LEAST
    change = read_change(f"less {what}", traits)
    own = {name: entry for name, entry in change.traits.items() if name in edit_words.ON_SKIN}
    if own and not scars and read_degrees(f"no {what}").traits:
        return EditReading(Traits(own), not_understood=change.not_understood)
    gone = edit_words.REMOVED.get(what.lower(), {})
    if gone:
        halved = {name: TraitValue(0.5 * (traits.number(name) + low), 1.0, words) for name, low in gone.items()}
        return EditReading(Traits(halved))
    return EditReading(contradiction=_LESS_OF_NOTHING.format(what=what))


def _read_on(words: str, regions: tuple[str, ...], said: str) -> EditReading:
    """Return what words ask for on a place."""
    if sentence := _no_skin(said, words):
        return EditReading(regions=regions, contradiction=sentence)
    if not any(map(str.isalnum, words)):
        return EditReading(regions=regions)
    try:
        found = edit_words.read_words(words, read_degrees)
    except BadRequest as error:
        return EditReading(regions=regions, contradiction=str(error))
    traits, lost = _hairless(found.traits, regions, found.not_understood, words)
    reading = EditReading(traits, found.wishes, regions, lost)
    return replace(reading, contradiction=_no_picture(said, reading) or _taken_off(words, reading))


# ------------------------------------------------------------------------------------------------ colours and courses

_PAINTING: Final = frozenset(
    ["make", "paint", "colour", "color", "turn", "dye", "it", "bright", "in", "all", "pure", "painted", "is", "are"]
)
"""Words beside a colour that ask for nothing else."""

_RED: Final = frozenset(["red", "rose", "rosy", "pink", "peach", "coral", "crimson"])
_LIDS: Final = ("eyelid", "brow_bone")


def _is_colour(words: str) -> bool:
    """Return whether words say a colour and nothing else."""
    said = [word for word in re.findall(r"[\w-]+", words.lower()) if word not in _FILLERS | _PAINTING]
    return bool(said) and edit_words.is_colour(" ".join(said)) and not edit_words.names_effect(" ".join(said))


def _with_paint(words: str, regions: tuple[str, ...]) -> str:
    """Return words in which a colour alone is paint of it, or the make-up that is worn there."""
    if not _is_colour(words):
        return words
    words = re.sub(r"\b(?:make|paint|colou?r|turn|dye|painted)\b", "", words, flags=re.IGNORECASE)
    if regions and all(name.endswith(("lip", "lips")) and not name.startswith("below") for name in regions):
        return f"{words} lipstick"
    if regions and all(any(lid in name for lid in _LIDS) for name in regions):
        return f"{words} eyeshadow"
    cheeks = regions and all(name.endswith(("cheek", "cheeks", "cheekbone", "cheekbones")) for name in regions)
    return f"{words} blush" if cheeks and _RED & set(words.lower().split()) else f"{words} paint"


_WAY: Final = re.compile(r"(?:right |straight |all )?(?P<way>across|down|through|over)\b", re.IGNORECASE)
_TRACK: Final = re.compile(r"\b(?:tear|track|trickle|streak|stream|drip)\b", re.IGNORECASE)
_WHICH_SIDE: Final = (
    "Say on which side of the face: “from the left eye to the chin”, “between the nose and the left cheek”."
)


def _on_course(reading: EditReading, words: str, where: Sequence[str]) -> EditReading:
    """Return a reading whose lines run the way that words say: across, down; over an eye; a tear down a cheek."""
    effects = list(reading.effects)
    way = _WAY.match(where[0]) if len(where) == 1 and len(reading.regions) == 1 else None
    if way is None:
        return reading
    how, region = way["way"].lower(), reading.regions[0]
    lines = bool(effects) and all(edit_words.is_line(one.effect) for one in effects)
    if lines and not edit_words.is_along(region):
        ways: dict[str, Way] = {"down": "down", "across": "across", "through": "down" if "brow" in region else ""}
        course = ways.get(how, "")
        effects = [replace(one, look=replace(one.look, course=one.look.course or course)) for one in effects]
    found = replace(reading, effects=tuple(effects))
    if lines and how in ("over", "through", "across") and (eye := re.fullmatch(r"around_(left|right)_eye", region)):
        side = eye[1]
        level = any(one.look.course == "across" and how != "across" for one in effects)
        stops = f"from_above_{side}_brow_over_{side}_eyelid_to_{side}_cheek"
        return replace(found, effects=_down(effects), regions=(stops,)) if not level else found
    if how == "down" and (cheek := re.fullmatch(r"(left|right)_cheek", region)) and _TRACK.search(words):
        return replace(found, regions=(f"from_under_{cheek[1]}_eye_to_{cheek[1]}_jaw",))
    return found


def _down(effects: Sequence[Wish]) -> tuple[Wish, ...]:
    return tuple(replace(one, look=replace(one.look, course="down")) for one in effects)


def _is_on_both_sides(regions: tuple[str, ...]) -> bool:
    return bool(regions) and all(
        name in REGIONS and REGIONS[name].side is None and name.endswith("s") for name in regions
    )


_EACH: Final = re.compile(r"\b(?P<each>each|either|every)\b|\bboth\b", re.IGNORECASE)


def _on_each_side(reading: EditReading) -> list[EditReading]:
    """Return a reading once for each side, where words ask for marks on each of both: else lines lie between them."""
    both = _EACH.search(" ".join(edit_words.find_regions(edit_words.read_exception(reading.words)[1])[2]))
    if both is None or reading.inverted or not _is_on_both_sides(reading.regions):
        return [reading]
    counted = any(one.look.count for one in reading.effects)
    lines = any(edit_words.is_line(one.effect) for one in reading.effects)
    if not (lines or (counted and both["each"])) or (counted and not both["each"]):
        return [reading]
    names = [[edit_words.on_side(name, side) for name in reading.regions] for side in _SIDES]
    return [replace(reading, regions=tuple(one)) for one in names]


_SIDES: Final[tuple[Literal["left"], Literal["right"]]] = ("left", "right")

_BROWS: Final = frozenset({"brows", "left_brow", "right_brow"})


def _hairless(
    traits: Traits, regions: Collection[str], lost: tuple[str, ...], words: str
) -> tuple[Traits, tuple[str, ...]]:
    """Return what is said of brows: no beard grows there, and what is shaved are the brows themselves."""
    if not regions or not _BROWS.issuperset(regions) or not any(name.startswith("beard.") for name in traits):
        return traits, lost
    kept = {name: entry for name, entry in traits.items() if not name.startswith(("beard.", "stubble."))}
    gone = next(entry for name, entry in traits.items() if name.startswith("beard."))
    if lost or not re.search(r"\bshaved?\b", words, re.IGNORECASE):
        return Traits(kept), (*lost, *gone.because.split())
    return Traits({**kept, "brows.density": TraitValue(VOCABULARY["brows.density"].low, 1.0, gone.because)}), lost


_LIKE_RED: Final = re.compile(r"\b(?:very )?red(?:der)?\b", re.IGNORECASE)


def _read_whole(words: str, traits: Traits) -> EditReading:
    """Return what words change about the whole face: its traits, and effects for what these leave over."""
    if sentence := _no_skin(words, words):
        return EditReading(contradiction=sentence)
    if sentence := _not_the_faces(words, traits):
        return EditReading(contradiction=sentence)
    change = read_change(words, traits)
    implied = _implied(words, change)
    if implied is not None:
        return implied
    is_all = bool(change.traits) and not change.not_understood
    try:
        effects = edit_words.read_words(words, _nothing)
    except BadRequest as error:
        return EditReading(change.traits) if is_all else EditReading(contradiction=str(error))
    somewhere = [wish for wish in effects.wishes if wish.effect in SOMEWHERE]
    if somewhere and not (is_all and not _is_one(words, somewhere)):
        return _at_home(words, somewhere)
    hair = not re.search(r"\bhair", words, re.IGNORECASE) and all(name.startswith("hair.") for name in change.traits)
    counted = any(wish.look.count for wish in effects.wishes)
    if effects.wishes and not effects.not_understood and (hair or counted or not is_all):
        spots = all(wish.effect == "spots" for wish in effects.wishes)
        return EditReading(Traits(), effects.wishes, ("whole_face",) if spots else ())
    if is_all:
        return EditReading(change.traits)
    found = edit_words.read_words(" ".join(change.not_understood), _nothing)
    reading = EditReading(change.traits, found.wishes, (), found.not_understood)
    return replace(reading, contradiction=_taken_off(words, reading))


def _nothing(text: str) -> Reading:
    return Reading(Traits(), tuple(text.split()))


def _implied(words: str, change: Reading) -> EditReading | None:
    """Return what adjectives ask for on the region whose name they stand before; None where the person is meant."""
    names, rest = edit_words.imply_region(words)
    if not names or not _says_something(rest):
        return None
    hairy = {"brows", "left_brow", "right_brow", "beard", "moustache"} & set(names)
    made_up = {"lips", "around_eyes"} & set(names) or any("eyelid" in name for name in names)
    reddened = rest if hairy or made_up else _LIKE_RED.sub("red skin", rest)
    if not hairy and "around_eyes" not in names and (change.not_understood or not change.traits):
        reddened = _with_paint(reddened, names)
    placed = _read_on(reddened, names, words)
    if change.traits and not change.not_understood and _are_local(change.traits):
        hurt = any(wish.effect in (SOMEWHERE | _ON_TOP) and wish.effect not in HOMES for wish in placed.effects)
        return placed if hurt else None
    if placed.effects or placed.contradiction:
        return placed
    if (
        change.traits
        and not change.not_understood
        and not hairy
        and set(change.traits) <= set(placed.traits) | _COLOURS
    ):
        return EditReading(change.traits, (), names)
    return placed if placed.traits and not change.traits and not placed.not_understood else None


_ON_TOP: Final = frozenset({"mud", "dirt", "frost", "sweat", "slime", "cracks", "stone", "bark", "sunburn", "paint"})
"""Effects whose adjectives mean nothing else: a muddy chin."""

_COLOURS: Final = frozenset({"skin.melanin", "skin.redness", "skin.yellowness"})
_ALL_OVER: Final = ("skin.", "freckles.", "moles.", "scars.", "blemishes.", "capillaries.", "age_spots.")


def _are_local(traits: Traits) -> bool:
    """Return whether traits are of a part of the face, and not of all of its skin or the person."""
    return not any(name == "age" or name.startswith(_ALL_OVER) for name in traits)


# ------------------------------------------------------------------------------------------------------- the sentences

_COVERED: Final = re.compile(
    r"\b(?:covered|drenched|soaked|caked|full of|everywhere|all over|whole|entire|head to toe|splattered all)\b",
    re.IGNORECASE,
)


def _where(effect: str) -> str:
    """Return the sentence that asks where an effect should be."""
    noun = _NOUNS.get(effect, effect)
    article = "" if effect in ("blood", "war paint") else "a "
    return f"Say or mark where the {noun} should be, such as “{article}{noun} on the left cheek”."


_NOUNS: Final = {"ink": "tattoo"}


def _missing_place(words: str) -> str:
    """Return the sentence that asks for a place where effects need one, else nothing."""
    try:
        found = edit_words.read_words(words, lambda text: Reading(Traits(), ())).wishes
    except BadRequest:
        return ""
    names = [wish.effect for wish in found if wish.effect in SOMEWHERE]
    return _where(names[0]) if names and not _COVERED.search(words) else ""


def _is_one(words: str, wishes: Sequence[Wish]) -> bool:
    """Return whether an effect is one that prompts read otherwise: a scar, smeared lipstick, clown's paint."""
    one = any(wish.look.count for wish in wishes)
    one |= any(wish.effect == "scar" and re.search(r"\bscar\b", words.lower()) for wish in wishes)
    return one or any(
        wish.effect == "clown" or (wish.effect in HOMES and wish.look.variant in _RUINED) for wish in wishes
    )


_RUINED: Final = ("smeared", "mascara", "bloody")


def _at_home(words: str, wishes: Sequence[Wish]) -> EditReading:
    """Return effects that need a place where they usually lie, or the sentence that asks for one."""
    if _COVERED.search(words):
        return _read_on(words, (), words)
    homes = [("moustache",) if wish.because == "nosebleed" else HOMES.get(wish.effect, ()) for wish in wishes]
    if all(homes):
        return _read_on(words, tuple(dict.fromkeys(name for home in homes for name in home)), words)
    names = [wish.effect for wish in wishes if wish.effect not in HOMES]
    picture = _no_picture(words, _read_on(words, (), ""))
    return EditReading(contradiction=picture or _where(names[0]))


_TEETH: Final = re.compile(r"\b(?:teeth|tooth|fangs?|gums?|tongue|eyeballs?)\b", re.IGNORECASE)
_PAINTED: Final = re.compile(r"\b(?:black\w*|paint\w*|gild\w*|cap(?:ped)?|colou?red?)\b", re.IGNORECASE)
_BEASTS: Final = r"(?:snake|serpent|reptile|reptilian|lizard|dragon|crocodile|fish)"
_BEASTS_EYES: Final = re.compile(
    rf"\b{_BEASTS}(?:'s|s'|[ -]like)? eyes?\b|\beyes? (?:of|like) an? {_BEASTS}\b", re.IGNORECASE
)
_NO_EYES: Final = (
    "Eyes have round pupils: words such as “yellow eyes” change their colour, “snake skin around the eyes” the skin."
)
_NO_TEETH: Final = (
    "Teeth, gums and eyes are no skin: nothing can be put on them. "
    "Words such as “yellow teeth” change the teeth of the face."
)


def _no_skin(said: str, words: str) -> str:
    """Return the sentence where something is to be put on what is no skin, else nothing."""
    if _BEASTS_EYES.search(said):
        return _NO_EYES
    if not _TEETH.search(said):
        return ""
    return _NO_TEETH if edit_words.names_effect(words) or _PAINTED.search(said) else ""


_TATTOO: Final = re.compile(r"\b(?:tattoo\w*|inked|lettering|letters)\b", re.IGNORECASE)
_TEXT: Final = re.compile(
    r"\b(?:saying|says|say|reading|reads|spelling|spells|letters?|lettering|text|words?|written|writing|name)\b|[\"“”]",
    re.IGNORECASE,
)
_SHAPES: Final = re.compile(
    r"\b(?:hearts?|stars?|cross(?:es)?|rose|roses|flowers?|skulls?|dragons?|snakes?|spiders?|anchors?|butterfl(?:y|ies)|"
    r"teardrops?|moons?|suns?|birds?|eagles?|wol(?:f|ves)|lions?|tigers?|crowns?|arrows?|feathers?|barcodes?|webs?|"
    r"cobwebs?|mandalas?|numbers?|logos?|symbols?|runes?|flames?)\b",
    re.IGNORECASE,
)
_NO_PICTURE: Final = (
    "Words make no shapes and no letters: "
    "lay a picture of it on the skin, with `--picture` or Picture on the Edit page."
)


def _no_picture(said: str, reading: EditReading) -> str:
    """Return the sentence where a tattoo is to show something, else nothing."""
    if not (_TATTOO.search(said) or any(wish.effect == "ink" for wish in reading.effects)):
        return ""
    shows = _TEXT.search(said) or _SHAPES.search(said) or (reading.effects and reading.not_understood)
    return _NO_PICTURE if shows else ""


_TAKEN: Final = re.compile(r"\b(?:no|without) (?:any )?(?P<what>[\w -]+)", re.IGNORECASE)


def _taken_off(words: str, reading: EditReading) -> str:
    """Return the sentence where an effect is to be taken off, which the face itself has not; else nothing."""
    if reading.traits or not (found := _TAKEN.match(words.strip())) or not edit_words.names_effect(found["what"]):
        return ""
    what = _LED_BY.sub("", found["what"].strip())
    return _NOT_ITS_OWN.format(what=what)


_WORN: Final = re.compile(r"(?:concealer|bronzer|contour|highlighter|powder|strobing)", re.IGNORECASE)
_LED_BY: Final = re.compile(r"^(?:(?:the|his|her|their|its|all|of|any) )+", re.IGNORECASE)
_LEAST: Final = 0.02  # of a trait that is as good as none


def _not_the_faces(words: str, traits: Traits) -> str:
    """Return the sentence where something is to be taken off that only an edit can have put there; else nothing."""
    found = _TAKEN.fullmatch(words.strip().rstrip("."))
    what = _LED_BY.sub("", found["what"].strip()) if found else ""
    scars = re.fullmatch(r"scars?|scarring|scar tissue", what, re.IGNORECASE) and (
        traits.number("scars.density") <= _LEAST
    )
    return _NOT_ITS_OWN.format(what=what) if what and (scars or _WORN.fullmatch(what)) else ""


_NOT_ITS_OWN: Final = "The face itself has no {what}: if an edit put it there, hide that edit or take it off."


def check_region(name: str) -> str:
    """Return the name of a region, also of one that is written with spaces or capitals.

    Raises:
        BadRequest: there is no such region; the nearest name is offered.
    """
    known = re.sub(r"[\s-]+", "_", name.strip().lower())
    if edit_words.region_named(known) is not None:
        return known
    near = difflib.get_close_matches(known, REGIONS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`dreamface edits` lists them."
    raise BadRequest(f"There is no region called {name!r}; {hint}")


def vocabulary() -> dict[str, Any]:
    """Return every word that works in an edit by family, and the regions, as plain data."""
    families: dict[str, list[dict[str, Any]]] = {}
    for entry in edit_words.vocabulary():
        families.setdefault(entry["family"], []).append({key: entry[key] for key in _SHOWN})
    regions = [
        {"name": name, "label": one.label, "side": one.side, "words": [_shown(phrase) for phrase in one.words]}
        for name, one in REGIONS.items()
    ]
    return {"families": [{"name": name, "words": words} for name, words in families.items()], "regions": regions}


def _shown(phrase: str) -> str:
    """Return a phrase without the places where a word such as "the" or "her" may stand."""
    return " ".join(word for word in phrase.split() if word != "*")


_SHOWN: Final = ("name", "description", "words", "variants")
"""Of an entry of the vocabulary."""
