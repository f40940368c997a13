"""The vocabulary everything else speaks: traits, and mappings from traits to values.

A trait is one named, measurable property of a face. Language produces traits, sliders show them, edits are
differences between them, every builder reads them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from dreamface.errors import BadRequest

Value = float | str | tuple[float, ...]

STYLE_NAME = r"^[a-z][a-z0-9_]{0,39}$"
"""What a hair style may be called: of an open trait, any such name passes."""


class Kind(Enum):
    """What a trait's value is."""

    NUMBER = "number"  # a float in [low, high]
    COLOUR = "colour"  # linear Rec. 709 (r, g, b), each 0..1
    TINT = "tint"  # linear Rec. 709 (r, g, b) and a strength, each 0..1
    CHOICE = "choice"  # one of `choices`


class Group(Enum):
    """How sliders and lists are grouped."""

    SHAPE = "shape"
    PERSON = "person"
    SKIN = "skin"
    HAIR = "hair"
    MAKEUP = "makeup"
    EXPRESSION = "expression"


@dataclass(frozen=True)
class Trait:
    """One word of the vocabulary.

    Attributes:
        name: dotted name, such as "nose.width".
        group: the group it is shown in.
        kind: what its value is.
        description: one line in plain words.
        low, high: range of a number, in `unit`.
        unit: "sd" (standard deviations of the population), "years", "weight" or "fraction".
        default: the neutral value; numbers, tints and choices always have one.
        more, less: phrases people use for a high and for a low value of it.
        choices: what a CHOICE may be.
        open: whether a CHOICE may also be the name of a style of the artist's own; who builds from it refuses unknown
            ones.
    """

    name: str
    group: Group
    kind: Kind
    description: str
    low: float = 0.0
    high: float = 1.0
    unit: str = "fraction"
    default: Value = 0.0
    more: tuple[str, ...] = ()
    less: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    open: bool = False

    def check(self, value: Any) -> Value:
        """The value in its canonical form.

        Raises:
            BadRequest: the value is of the wrong kind or out of range.
        """
        if self.kind is Kind.CHOICE:
            if not (value in self.choices or (self.open and _is_style_name(value))):
                own = " or the name of a style of your own" if self.open else ""
                raise BadRequest(f"{self.name} must be one of {', '.join(self.choices)}{own}; got {value!r}.")
            return str(value)
        if self.kind is Kind.NUMBER:
            number = _finite(self.name, value)
            if not self.low <= number <= self.high:
                raise BadRequest(f"{self.name} must be between {self.low:g} and {self.high:g}; got {number:g}.")
            return number
        count = 3 if self.kind is Kind.COLOUR else 4
        if not isinstance(value, list | tuple) or len(value) != count:
            raise BadRequest(f"{self.name} takes {count} numbers between 0 and 1; got {value!r}.")
        numbers = tuple(_finite(self.name, channel) for channel in value)
        if not all(0.0 <= number <= 1.0 for number in numbers):
            raise BadRequest(f"{self.name} takes {count} numbers between 0 and 1; got {value!r}.")
        return numbers

    def clamp(self, number: float) -> float:
        """`number` moved into this trait's range."""
        return min(self.high, max(self.low, number))

    def to_json(self) -> dict[str, Any]:
        """Plain data for the command line and the HTTP API."""
        return {
            "name": self.name,
            "group": self.group.value,
            "kind": self.kind.value,
            "description": self.description,
            "low": self.low,
            "high": self.high,
            "unit": self.unit,
            "default": self.default,
            "choices": self.choices,
            "open": self.open,
            "more": self.more,
            "less": self.less,
            "measured": self.group is Group.SHAPE,
        }


def _is_style_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(STYLE_NAME, value) is not None


def _finite(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadRequest(f"{name} takes a number; got {value!r}.")
    return float(value)


# ---------------------------------------------------------------------------------------------------- the vocabulary


def _shape(name: str, description: str, more: str, less: str) -> Trait:
    return Trait(
        name,
        Group.SHAPE,
        Kind.NUMBER,
        description,
        low=-3.0,
        high=3.0,
        unit="sd",
        more=_phrases(more),
        less=_phrases(less),
    )


def _amount(group: Group, name: str, description: str, more: str, less: str = "", default: float = 0.0) -> Trait:
    return Trait(name, group, Kind.NUMBER, description, default=default, more=_phrases(more), less=_phrases(less))


def _tint(group: Group, name: str, description: str, more: str, less: str = "") -> Trait:
    return Trait(
        name,
        group,
        Kind.TINT,
        description,
        default=(1.0, 1.0, 1.0, 0.0),
        more=_phrases(more),
        less=_phrases(less),
    )


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(",") if phrase.strip())


_SHAPE = (
    _shape("face.width", "width of the face between the cheekbones", "wide face, broad face", "narrow face, thin face, slim face, slender face"),
    _shape("face.length", "height of the face from hairline to chin", "long face, elongated face", "short face"),
    _shape("face.roundness", "how full and round the face's outline is", "round face, full face, chubby face, moon face", "angular face, chiselled face, gaunt face, sharp features"),
    _shape("forehead.height", "height of the forehead", "high forehead, tall forehead, large forehead", "low forehead, short forehead"),
    _shape("forehead.width", "width of the forehead", "wide forehead, broad forehead", "narrow forehead"),
    _shape("temples.width", "fullness at the temples", "full temples, wide temples", "hollow temples, sunken temples"),
    _shape("brow.ridge", "how far the brow ridge stands out", "heavy brow, prominent brow ridge, strong brow ridge", "flat brow, smooth brow ridge"),
    _shape("brow.height", "height of the brows over the eyes", "high brows, raised eyebrows", "low brows, low-set eyebrows"),
    _shape("brow.angle", "how much the brows rise outwards", "upswept brows, slanted brows", "drooping brows, downturned brows"),
    _shape("eyes.size", "size of the eyes", "big eyes, large eyes, wide eyes, huge eyes", "small eyes, tiny eyes, beady eyes"),
    _shape("eyes.spacing", "distance between the eyes", "wide-set eyes, eyes far apart", "close-set eyes, eyes close together"),
    _shape("eyes.depth", "how deep the eyes lie", "deep-set eyes, sunken eyes, hollow eyes", "protruding eyes, bulging eyes"),
    _shape("eyes.tilt", "how much the outer corners rise", "upturned eyes, almond eyes, cat eyes, slanted eyes", "downturned eyes, droopy eyes, sad eyes"),
    _shape("eyes.openness", "how open the lids are at rest", "open eyes, round eyes", "narrow eyes, squinting eyes, sleepy eyes, hooded lids"),
    _shape("eyes.fold", "how much the upper lid's fold covers the lid", "hooded eyes, monolid eyes, heavy eyelids", "visible lid crease, double eyelids"),
    _shape("eyes.bags", "bags under the eyes", "bags under the eyes, puffy eyes, eye bags, baggy eyes", "smooth under-eyes"),
    _shape("nose.length", "length of the nose", "long nose", "short nose"),
    _shape("nose.width", "width of the nose over the nostrils", "wide nose, broad nose, big nose", "narrow nose, thin nose, slim nose, small nose"),
    _shape("nose.bridge_width", "width of the nose's bridge", "wide bridge, broad nose bridge, thick bridge", "narrow bridge, thin nose bridge"),
    _shape("nose.bridge_height", "how high the bridge stands between the eyes", "high bridge, high nose bridge, greek nose, strong bridge", "low bridge, flat nose bridge, flat nose"),
    _shape("nose.hump", "a hump on the bridge", "hooked nose, aquiline nose, roman nose, humped nose, hawk nose", "concave nose, ski-slope nose, scooped nose"),
    _shape("nose.tip_up", "how far the tip turns up", "upturned nose, snub nose, button nose, turned-up nose", "drooping nose tip, downturned nose"),
    _shape("nose.tip_width", "width of the nose's tip", "bulbous nose, round nose tip, wide nose tip", "pointed nose, pointy nose, sharp nose"),
    _shape("nose.nostrils", "how far the nostrils flare", "flared nostrils, large nostrils, wide nostrils", "small nostrils, pinched nostrils"),
    _shape("cheeks.volume", "fullness of the cheeks", "full cheeks, chubby cheeks, plump cheeks, apple cheeks", "hollow cheeks, sunken cheeks, gaunt cheeks"),
    _shape("cheekbones.prominence", "how far the cheekbones stand out", "prominent cheekbones, strong cheekbones, sharp cheekbones, pronounced cheekbones", "flat cheekbones, soft cheekbones"),
    _shape("cheekbones.height", "height of the cheekbones", "high cheekbones", "low cheekbones"),
    _shape("mouth.width", "width of the mouth", "wide mouth, big mouth, broad mouth, large mouth", "small mouth, narrow mouth, tiny mouth"),
    _shape("lips.upper", "fullness of the upper lip", "full upper lip, plump upper lip, full lips, plump lips, thick lips, big lips", "thin upper lip, thin lips, narrow lips"),
    _shape("lips.lower", "fullness of the lower lip", "full lower lip, plump lower lip, full lips, plump lips, thick lips, big lips, pouty lips", "thin lower lip, thin lips, narrow lips"),
    _shape("mouth.corners", "how far the corners of the mouth rise at rest", "upturned mouth, mouth corners turned up", "downturned mouth, drooping mouth"),
    _shape("philtrum.length", "distance from nose to upper lip", "long philtrum, long upper lip", "short philtrum"),
    _shape("jaw.width", "width of the jaw at its corners", "wide jaw, broad jaw, square jaw, strong jaw, heavy jaw", "narrow jaw, slim jaw, delicate jaw, weak jaw"),
    _shape("jaw.length", "length of the lower jaw", "long jaw", "short jaw"),
    _shape("jaw.angle", "how steeply the jaw rises to the ears", "steep jaw, sloping jaw", "square jaw angle, flat jaw line, square jaw"),
    _shape("chin.width", "width of the chin", "wide chin, broad chin, square chin", "narrow chin, pointed chin, pointy chin"),
    _shape("chin.height", "height of the chin", "long chin, tall chin, big chin", "short chin, small chin"),
    _shape("chin.prominence", "how far the chin stands out", "prominent chin, strong chin, jutting chin, protruding chin", "receding chin, weak chin"),
    _shape("chin.cleft", "a cleft in the chin", "cleft chin, dimpled chin, chin dimple", "smooth chin"),
    _shape("ears.size", "size of the ears", "big ears, large ears, huge ears", "small ears, tiny ears"),
    _shape("ears.protrusion", "how far the ears stand out", "protruding ears, sticking out ears, jug ears, ears that stick out", "flat ears, ears close to the head"),
    _shape("ears.pointed", "how pointed the ears are", "pointed ears, elf ears, elven ears, pointy ears", "round ears"),
    _shape("neck.width", "width of the neck", "thick neck, wide neck, bull neck", "thin neck, slender neck, slim neck"),
    _shape("neck.length", "length of the neck", "long neck, swan neck", "short neck"),
    _shape("asymmetry", "how much left and right differ", "asymmetric face, lopsided face, crooked face", "symmetric face, symmetrical face"),
)  # fmt: skip

_PERSON = (
    Trait("age", Group.PERSON, Kind.NUMBER, "age in years", 1.0, 95.0, "years", 35.0,
          _phrases("old, elderly, aged, ancient"), _phrases("young, youthful")),
    Trait("gender", Group.PERSON, Kind.NUMBER, "from female (-1) to male (1)", -1.0, 1.0, "fraction", 0.0,
          _phrases("man, male, boy, masculine"), _phrases("woman, female, girl, feminine")),
    Trait("ancestry.african", Group.PERSON, Kind.NUMBER, "share of African ancestry", unit="weight",
          default=0.25, more=_phrases("african, black, nigerian, kenyan, ethiopian")),
    Trait("ancestry.east_asian", Group.PERSON, Kind.NUMBER, "share of East Asian ancestry", unit="weight",
          default=0.25, more=_phrases("east asian, asian, chinese, japanese, korean")),
    Trait("ancestry.south_asian", Group.PERSON, Kind.NUMBER, "share of South Asian ancestry", unit="weight",
          default=0.25, more=_phrases("south asian, indian, pakistani, bengali, sri lankan")),
    Trait("ancestry.european", Group.PERSON, Kind.NUMBER, "share of European ancestry", unit="weight",
          default=0.25, more=_phrases("european, caucasian, white, scandinavian, italian")),
    _amount(Group.PERSON, "body.weight", "body weight from very thin to very heavy", "fat, overweight, heavy, chubby, obese, stout", "thin, skinny, slim, gaunt, emaciated", 0.5),
    _amount(Group.PERSON, "body.muscle", "how muscular the body is", "muscular, athletic, strong, brawny", "frail, weak, delicate", 0.5),
)  # fmt: skip

_SKIN = (
    _amount(Group.SKIN, "skin.melanin", "melanin in the skin, from palest to darkest", "dark skin, brown skin, black skin, tanned skin", "pale skin, fair skin, light skin, porcelain skin, white skin", 0.35),
    _amount(Group.SKIN, "skin.redness", "blood in the skin", "red skin, ruddy skin, rosy skin, flushed, sunburnt", "pallid skin, bloodless skin", 0.4),
    _amount(Group.SKIN, "skin.yellowness", "carotene in the skin", "yellow skin, sallow skin, olive skin, golden skin", "", 0.3),
    _amount(Group.SKIN, "skin.oiliness", "how oily the skin shines", "oily skin, shiny skin, sweaty, greasy skin", "dry skin, matte skin", 0.4),
    _amount(Group.SKIN, "skin.pores", "how visible the pores are", "large pores, rough skin, coarse skin", "smooth skin, fine pores, flawless skin", 0.4),
    _amount(Group.SKIN, "freckles.density", "freckles", "freckles, freckled, freckly"),
    _amount(Group.SKIN, "moles.density", "moles", "moles, beauty mark, birthmarks"),
    _amount(Group.SKIN, "age_spots.density", "age spots", "age spots, liver spots, sun spots"),
    _amount(Group.SKIN, "blemishes.density", "blemishes", "blemishes, acne, pimples, spotty skin", "clear skin"),
    _amount(Group.SKIN, "capillaries.density", "broken capillaries on nose and cheeks", "broken capillaries, spider veins, thread veins, burst veins"),
    _amount(Group.SKIN, "scars.density", "scars", "scars, scarred, scar"),
    _amount(Group.SKIN, "vitiligo.coverage", "patches without pigment", "vitiligo, vitiligo patches"),
    _amount(Group.SKIN, "wrinkles.forehead", "wrinkles across the forehead", "forehead wrinkles, forehead lines, wrinkles, wrinkled, weathered, lined face", "smooth forehead"),
    _amount(Group.SKIN, "wrinkles.eyes", "wrinkles around the eyes", "crow's feet, wrinkles around the eyes, wrinkles, wrinkled, weathered, lined face"),
    _amount(Group.SKIN, "wrinkles.cheeks", "wrinkles on the cheeks", "wrinkled cheeks, nasolabial folds, wrinkles, wrinkled, weathered, lined face"),
    _amount(Group.SKIN, "wrinkles.mouth", "wrinkles around the mouth", "wrinkles around the mouth, laugh lines, smile lines, wrinkles, wrinkled, weathered"),
    _amount(Group.SKIN, "under_eyes.darkness", "dark circles under the eyes", "dark circles, tired eyes, exhausted, dark under-eyes", "rested eyes", 0.2),
    _amount(Group.SKIN, "lips.redness", "natural redness of the lips", "red lips, rosy lips, cherry lips", "pale lips, colourless lips", 0.5),
    _tint(Group.SKIN, "skin.tint", "an unnatural skin colour", "blue skin, green skin, purple skin"),
    _tint(Group.SKIN, "skin.stripes", "stripes over the skin", "stripes, striped skin, tiger stripes"),
    _tint(Group.SKIN, "skin.spots", "an animal's spots over the skin", "leopard spots, spotted skin, cheetah spots"),
    _tint(Group.SKIN, "skin.scales", "scales instead of skin", "scales, scaly skin, reptilian skin, dragon skin"),
    _tint(Group.SKIN, "skin.metal", "metal instead of skin", "metal skin, metallic skin, chrome skin, golden metal skin, silver skin"),
    Trait("iris.colour", Group.SKIN, Kind.COLOUR, "colour of the iris", default=(0.13, 0.06, 0.03),
          more=_phrases("blue eyes, green eyes, brown eyes, hazel eyes, grey eyes, amber eyes")),
    _tint(Group.SKIN, "iris.right_colour", "another colour of the right iris", "heterochromia, different coloured eyes, odd eyes"),
    _amount(Group.SKIN, "pupil.size", "size of the pupils", "large pupils, dilated pupils, wide pupils", "small pupils, pinpoint pupils", 0.4),
    _amount(Group.SKIN, "teeth.yellowness", "how yellow the teeth are", "yellow teeth, stained teeth", "white teeth, bleached teeth", 0.2),
    _amount(Group.SKIN, "teeth.gap", "gap between the upper front teeth", "gap-toothed, gap between the front teeth, diastema, gappy teeth"),
    _amount(Group.SKIN, "sclera.redness", "redness of the whites of the eyes", "bloodshot eyes, red eyes", "clear eyes", 0.1),
)  # fmt: skip

HAIR_STYLES = (
    "bald", "buzz", "short", "side_part", "slick_back", "quiff", "undercut", "mohawk", "pixie", "bob", "medium", "long", "wavy",
    "curly", "short_curly", "bangs", "ponytail", "bun", "low_bun", "braids", "crown_braid", "cornrows", "afro", "coils", "twists",
    "dreadlocks", "receding", "tonsure", "messy", "flat_top",
)  # fmt: skip
BEARD_STYLES = (
    "none", "stubble", "goatee", "moustache", "handlebar", "short", "full", "sideburns", "soul_patch", "anchor", "patchy",
)  # fmt: skip
BROW_STYLES = ("natural", "soft", "straight", "arched", "thick", "thin", "feathered", "angled")
LASH_STYLES = ("natural", "long", "doll", "short")

_HAIR = (
    Trait("hair.style", Group.HAIR, Kind.CHOICE, "how the hair is cut", default="short", choices=HAIR_STYLES, open=True),
    _amount(Group.HAIR, "hair.length", "length of the hair", "long hair", "short hair, cropped hair", 0.3),
    _amount(Group.HAIR, "hair.volume", "how far the hair stands off the head", "voluminous hair, big hair, full hair", "flat hair, lank hair, limp hair", 0.5),
    _amount(Group.HAIR, "hair.curl", "from straight (0) over wavy (0.35) and curly (0.65) to coiled (1)", "coiled hair, wavy hair, curly hair, kinky hair", "straight hair"),
    Trait("hair.parting", Group.HAIR, Kind.NUMBER, "where the hair is parted, from the person's right (-1) to the left (1)", -1.0, 1.0,
          more=_phrases("left parting, hair parted on the left"), less=_phrases("right parting, hair parted on the right")),
    _amount(Group.HAIR, "hair.fringe", "how far a fringe comes down over the forehead", "fringe, bangs", ""),
    _amount(Group.HAIR, "hair.hairline", "how far back the hairline lies", "high hairline", "low hairline", 0.3),
    _amount(Group.HAIR, "hair.melanin", "how dark the hair is", "black hair, dark hair, brown hair", "blonde hair, blond hair, fair hair, light hair, platinum hair", 0.7),
    _amount(Group.HAIR, "hair.redness", "how red the hair is", "red hair, ginger hair, auburn hair, redhead", "", 0.1),
    _amount(Group.HAIR, "hair.grey", "share of grey hairs", "grey hair, gray hair, white hair, silver hair, greying"),
    _amount(Group.HAIR, "hair.temple_grey", "share of grey hairs at the temples, where that is more", "grey temples, greying temples"),
    _tint(Group.HAIR, "hair.dye", "dyed hair", "dyed hair, blue hair, pink hair, green hair, purple hair"),
    _tint(Group.HAIR, "hair.roots", "another colour of the hair near the skin", "dark roots, blonde roots"),
    _tint(Group.HAIR, "hair.tips", "another colour of the hair's ends", "dip-dyed tips, red tips, ombre, balayage"),
    _tint(Group.HAIR, "hair.highlights", "another colour of some strands", "highlights, blonde highlights, blue streaks"),
    Trait("brows.style", Group.HAIR, Kind.CHOICE, "how the eyebrows are shaped", default="natural", choices=BROW_STYLES, open=True),
    _amount(Group.HAIR, "brows.thickness", "thickness of the eyebrows", "thick eyebrows, thick brows, bushy eyebrows", "thin eyebrows, thin brows, plucked eyebrows", 0.5),
    _amount(Group.HAIR, "brows.density", "how dense the eyebrows are", "dense eyebrows, bushy eyebrows, full brows", "sparse eyebrows, no eyebrows", 0.6),
    _tint(Group.HAIR, "brows.colour", "another colour of the eyebrows than the hair's", "bleached brows, dark eyebrows"),
    Trait("lashes.style", Group.HAIR, Kind.CHOICE, "how the lashes are shaped", default="natural", choices=LASH_STYLES, open=True),
    _amount(Group.HAIR, "lashes.length", "length of the lashes", "long lashes, long eyelashes", "short lashes, short eyelashes", 0.5),
    Trait("beard.style", Group.HAIR, Kind.CHOICE, "how the beard is cut", default="none", choices=BEARD_STYLES, open=True),
    _amount(Group.HAIR, "beard.length", "length of the beard", "long beard, big beard", "short beard, trimmed beard"),
    _amount(Group.HAIR, "beard.density", "how dense the beard is", "beard, bearded, thick beard, full beard", "clean-shaven, sparse beard"),
    _tint(Group.HAIR, "beard.colour", "another colour of the beard than the hair's", "red beard, grey beard, white beard"),
    _amount(Group.HAIR, "stubble.density", "stubble", "stubble, unshaven, five o'clock shadow", "clean-shaven"),
)  # fmt: skip

_MAKEUP = (
    _tint(Group.MAKEUP, "lipstick", "lipstick", "lipstick, painted lips"),
    _amount(Group.MAKEUP, "lipstick.gloss", "finish of the lipstick, from matte to glossy", "glossy lips, lip gloss, glossy lipstick, shiny lips", "matte lips, matte lipstick", 0.35),
    _tint(Group.MAKEUP, "eyeshadow", "eyeshadow", "eyeshadow, smoky eyes"),
    _amount(Group.MAKEUP, "eyeshadow.gloss", "finish of the eyeshadow, from matte to shimmering", "shimmering eyeshadow, glittery eyeshadow, metallic eyeshadow", "matte eyeshadow", 0.2),
    _tint(Group.MAKEUP, "eyeliner", "eyeliner", "eyeliner, kohl, winged eyeliner"),
    _amount(Group.MAKEUP, "eyeliner.gloss", "finish of the eyeliner, from matte to glossy", "glossy eyeliner, wet eyeliner", "matte eyeliner", 0.3),
    _tint(Group.MAKEUP, "blush", "blush on the cheeks", "blush, rouge, blushing cheeks"),
    _amount(Group.MAKEUP, "blush.gloss", "finish of the blush, from matte to dewy", "dewy blush, shimmering blush", "matte blush", 0.15),
    _tint(Group.MAKEUP, "foundation", "foundation, which evens the skin out; pure white takes the skin's own tone", "foundation, face powder, face paint"),
    _amount(Group.MAKEUP, "foundation.gloss", "finish of the foundation, from matte to dewy", "dewy skin, dewy foundation", "matte foundation, powdered face", 0.25),
)  # fmt: skip

ARKIT_SHAPES = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight", "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 blend shape names of Apple's ARKit (ARFaceAnchor.BlendShapeLocation), in its order."""

_EXPRESSION = tuple(
    Trait(f"expression.{name}", Group.EXPRESSION, Kind.NUMBER, f"ARKit blend shape {name} at rest")
    for name in ARKIT_SHAPES
)

VOCABULARY: Mapping[str, Trait] = MappingProxyType(
    {trait.name: trait for trait in (*_SHAPE, *_PERSON, *_SKIN, *_HAIR, *_MAKEUP, *_EXPRESSION)}
)
"""Every trait by name, in the order they are shown."""

SHAPE_TRAITS: tuple[str, ...] = tuple(trait.name for trait in _SHAPE)
ANCESTRIES: tuple[str, ...] = tuple(trait.name for trait in _PERSON if trait.name.startswith("ancestry."))


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are no traits'.

    Raises:
        BadRequest: one is not in the vocabulary.
    """
    for name in names:
        if name not in VOCABULARY:
            raise BadRequest(f"This DreamFace has no trait called {name!r}: update it, or see `dreamface traits`.")


# --------------------------------------------------------------------------------------------------------- the mapping


FITS_BETTER: Final = "the picture fits the words better"
"""Why a trait has its value that words left open, and that looking at the face has moved: the end of a sentence that
begins with "because"."""

EXPLORED: Final = "chosen among neighbours of the face"
"""The same where another person of the same words was chosen, whose shape differs in all that nobody asked for."""


@dataclass(frozen=True)
class TraitValue:
    """A trait's value, and why it has it.

    Attributes:
        value: see `Kind`.
        confidence: 0..1, how sure we are that the user asked for it; 0 means the seed drew it.
        because: the words of the prompt that caused it.
    """

    value: Value
    confidence: float = 1.0
    because: str = ""

    @property
    def is_asked(self) -> bool:
        """Whether somebody asked for it: not where the seed has drawn it, or it went along with something else."""
        return self.confidence > 0.0 and self.because not in (FITS_BETTER, EXPLORED)


class Traits(Mapping[str, TraitValue]):
    """An immutable mapping of trait names to values, checked against the vocabulary.

    Raises:
        BadRequest: a name is not in the vocabulary, or a value is out of its range.
    """

    def __init__(self, values: Mapping[str, TraitValue | Value] | None = None) -> None:
        checked: dict[str, TraitValue] = {}
        check_names(values or {})
        for name, given in (values or {}).items():
            entry = given if isinstance(given, TraitValue) else TraitValue(given)
            checked[name] = TraitValue(VOCABULARY[name].check(entry.value), entry.confidence, entry.because)
        self._values = {name: checked[name] for name in VOCABULARY if name in checked}

    def __getitem__(self, name: str) -> TraitValue:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Traits({ {name: entry.value for name, entry in self.items()} })"

    def value(self, name: str) -> Value:
        """A trait's value of whatever kind, or its default where it is not set."""
        return self._values[name].value if name in self._values else VOCABULARY[name].default

    def number(self, name: str) -> float:
        """Return a NUMBER trait's value, or its default where it is not set.

        >>> Traits({"age": 71.0}).number("age")
        71.0
        >>> Traits().number("freckles.density")
        0.0
        """
        value = self._value(name, Kind.NUMBER)
        assert isinstance(value, float | int)
        return float(value)

    def colour(self, name: str) -> tuple[float, float, float]:
        """A COLOUR trait's linear (r, g, b), or its default where it is not set."""
        red, green, blue = self._numbers(name, Kind.COLOUR)
        return red, green, blue

    def tint(self, name: str) -> tuple[tuple[float, float, float], float]:
        """A TINT trait's linear (r, g, b) and its strength, or its default where it is not set."""
        red, green, blue, strength = self._numbers(name, Kind.TINT)
        return (red, green, blue), strength

    def choice(self, name: str) -> str:
        """A CHOICE trait's value, or its default where it is not set."""
        return str(self._value(name, Kind.CHOICE))

    def asked(self) -> Traits:
        """Return only what the user asked for (confidence above 0).

        >>> Traits({"age": TraitValue(30.0, confidence=0.0), "nose.width": 1.0}).asked()
        Traits({'nose.width': 1.0})
        """
        return Traits({name: entry for name, entry in self.items() if entry.confidence > 0.0})

    def only(self, names: Collection[str]) -> Traits:
        """Return a view of these traits limited to `names`. Reading any other trait raises `KeyError`.

        >>> Traits({"age": 30.0}).only(["age"]).number("nose.width")
        Traceback (most recent call last):
        KeyError: 'nose.width is read, but not declared'
        """
        return _DeclaredTraits(self, names)

    def under(self, other: Mapping[str, TraitValue | Value]) -> Traits:
        """Return these traits with `other` laid over them.

        >>> Traits({"age": 30.0, "nose.width": 1.0}).under({"age": 60.0})
        Traits({'nose.width': 1.0, 'age': 60.0})
        """
        return Traits({**self._values, **other})

    def towards(self, other: Mapping[str, TraitValue], amount: float) -> Traits:
        """Return these traits moved towards `other` by an amount: 0 leaves them, 1 is `other`, above 1 goes beyond it.

        Numbers and colours move evenly within their ranges; a choice changes at one half. Of a tint that is not there,
        the other's colour comes with its strength.

        >>> Traits({"age": 30.0}).towards(Traits({"age": 60.0}), 0.5).number("age")
        45.0
        """
        if amount == 0.0:
            return self
        moved = {name: replace(to, value=_between(self, name, to.value, amount)) for name, to in other.items()}
        return self.under(moved)

    def to_json(self) -> dict[str, dict[str, Any]]:
        """Plain data for face.json and the HTTP API; `from_json` reads it back exactly."""
        return {
            name: {
                "value": list(entry.value) if isinstance(entry.value, tuple) else entry.value,
                "confidence": entry.confidence,
                "because": entry.because,
            }
            for name, entry in self.items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, Any]]) -> Traits:
        """The inverse of `to_json`."""
        return cls(
            {name: TraitValue(entry["value"], entry["confidence"], entry["because"]) for name, entry in data.items()}
        )

    def _value(self, name: str, kind: Kind) -> Value:
        trait = VOCABULARY[name]
        assert trait.kind is kind, f"{name} is a {trait.kind.value}"
        return self.value(name)

    def _numbers(self, name: str, kind: Kind) -> tuple[float, ...]:
        value = self._value(name, kind)
        assert isinstance(value, tuple)
        return value


def _between(traits: Traits, name: str, to: Value, amount: float) -> Value:
    """Return the value of a trait on its way from what traits have to another one."""
    trait, start = VOCABULARY[name], traits.value(name)
    if isinstance(start, str) or isinstance(to, str):
        return to if amount >= 0.5 else start
    if isinstance(start, tuple) and isinstance(to, tuple):
        if trait.kind is Kind.TINT and 0.0 in (start[-1], to[-1]):  # its colour says nothing where there is none of it
            colour = start if to[-1] == 0.0 else to
            start, to = (*colour[:-1], start[-1]), (*colour[:-1], to[-1])
        mixed = (a + amount * (b - a) for a, b in zip(start, to, strict=True))
        return tuple(min(max(value, 0.0), 1.0) for value in mixed)
    assert isinstance(start, float | int) and isinstance(to, float | int)
    return min(max(start + amount * (to - start), trait.low), trait.high)


class _DeclaredTraits(Traits):
    """What `Traits.only` gives."""

    def __init__(self, traits: Traits, names: Collection[str]) -> None:
        self._values = {name: traits[name] for name in names if name in traits}
        self._names = frozenset(names)

    def value(self, name: str) -> Value:
        if name not in self._names:
            raise KeyError(f"{name} is read, but not declared")
        return super().value(name)
