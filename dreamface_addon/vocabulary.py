"""The traits and the layers of the skin that sliders are made from.

`traits.json` and `layers.json` are what the backend says of them (`dreamface traits --json` and `dreamface layers
--json`), `edits.json` what words of an edit can say (`dreamface edits --json`). They are kept here so that the sliders
are there before any backend runs; a test compares them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIVE_GROUPS = ("shape", "person")
"""Groups whose traits move the mesh while the slider moves."""

TEXTURE_GROUPS = ("person", "skin", "hair", "makeup")
"""Groups whose traits show in the maps, which are painted when the artist asks for it."""

_FAMILIES = {
    "face": "Face", "forehead": "Forehead", "temples": "Forehead", "brow": "Brow", "eyes": "Eyes", "nose": "Nose",
    "cheeks": "Cheeks", "cheekbones": "Cheeks", "mouth": "Mouth", "lips": "Mouth", "philtrum": "Mouth",
    "jaw": "Jaw and Chin", "chin": "Jaw and Chin", "ears": "Ears", "neck": "Neck", "asymmetry": "Face",
}  # fmt: skip
_SKIN_FAMILIES = {
    "freckles": "Marks", "moles": "Marks", "age_spots": "Marks", "blemishes": "Marks", "capillaries": "Marks",
    "scars": "Marks", "vitiligo": "Marks", "wrinkles": "Wrinkles", "iris": "Eyes and Teeth",
    "pupil": "Eyes and Teeth", "sclera": "Eyes and Teeth", "teeth": "Eyes and Teeth",
}  # fmt: skip
_HAIR_FAMILIES = {"brows": "Brows", "lashes": "Lashes", "beard": "Beard", "stubble": "Beard"}
_HAIR_COLOURS = (
    "hair.melanin", "hair.redness", "hair.grey", "hair.temple_grey", "hair.dye", "hair.roots", "hair.tips",
    "hair.highlights",
)  # fmt: skip
_FANTASY = ("skin.tint", "skin.stripes", "skin.spots", "skin.scales", "skin.metal")
_GROUPS = {"person": "Person", "skin": "Tone", "hair": "Hair", "makeup": "Make-up"}

PAGES = {
    "PERSON": (
        "Person", "Face", "Forehead", "Brow", "Eyes", "Nose", "Cheeks", "Mouth", "Jaw and Chin", "Ears", "Neck",
    ),
    "SKIN": ("Tone", "Marks", "Wrinkles", "Make-up", "Eyes and Teeth", "Fantasy"),
    "HAIR": ("Hair", "Hair Colour", "Beard", "Brows", "Lashes"),
}  # fmt: skip
"""Page of the sidebar -> its families of traits, in their order; a test finds every family on one page."""

STYLE_OF = {"scalp": "hair.style", "beard": "beard.style", "brows": "brows.style", "lashes": "lashes.style"}
"""Region of a head -> the trait that says which style its hair has."""

FORMER_FAMILIES = {"Brows and Lashes": ("Brows", "Lashes")}
"""Name of a family in files of older versions -> the families that it was divided into."""

_LABELS = {
    "asymmetry": "Asymmetry",
    "gender": "Sex",
    "skin.melanin": "Darkness",
    "hair.melanin": "Darkness",
    "hair.dye": "Dye",
    "beard.density": "Density",
    "brows.density": "Density",
    "body.weight": "Weight",
    "body.muscle": "Muscle",
    "iris.colour": "Iris Colour",
    "sclera.redness": "Bloodshot",
    "teeth.gap": "Gap in Teeth",
    "vitiligo.coverage": "Vitiligo",
    "under_eyes.darkness": "Dark Circles",
}
"""Where the trait's own name would read badly."""


@dataclass(frozen=True)
class Trait:
    """One trait as a slider shows it.

    `low` and `high` are a number's range, `more` and `less` what people call a high and a low value of it; `choices` is
    what a choice may be.
    """

    name: str
    kind: str
    group: str
    unit: str
    family: str
    label: str
    description: str
    low: float
    high: float
    default: Any
    choices: tuple[str, ...]
    more: str = ""
    less: str = ""

    @property
    def attribute(self) -> str:
        """Its name as a Python identifier."""
        return self.name.replace(".", "_")

    @property
    def is_style(self) -> bool:
        """Whether it names a hair style, which may be one of the artist's own, too."""
        return self.name in STYLE_OF.values()

    @property
    def live(self) -> bool:
        """Whether the mesh follows its slider."""
        return self.group in LIVE_GROUPS

    @property
    def textured(self) -> bool:
        """Whether it shows in the maps."""
        return self.group in TEXTURE_GROUPS


@dataclass(frozen=True)
class Layer:
    """One layer of the skin as a slider shows it."""

    name: str
    label: str
    description: str

    @property
    def attribute(self) -> str:
        """Its name among the traits' attributes."""
        return f"layer_{self.name}"


@dataclass(frozen=True)
class Swatch:
    """A natural colour to choose.

    Attributes:
        name: what people call it.
        traits: trait -> value that give it.
        srgb: how it looks, three values 0..1.
    """

    name: str
    traits: dict[str, Any]
    srgb: tuple[float, float, float]


def _read_swatches() -> dict[str, tuple[Swatch, ...]]:
    file = Path(__file__).parent.parent / "presets" / "swatches.json"
    kinds = json.loads(file.read_text("utf-8")).items()
    return {
        kind: tuple(Swatch(entry["name"], entry["traits"], tuple(entry["srgb"])) for entry in entries)
        for kind, entries in kinds
    }


def _read_layers() -> dict[str, Layer]:
    entries = json.loads((Path(__file__).parent / "layers.json").read_text("utf-8"))
    return {
        entry["name"]: Layer(
            entry["name"], entry["name"].replace("_", " ").title(), _capital(entry["description"]) + ": 0 takes it off"
        )
        for entry in entries
    }


def _read() -> dict[str, Trait]:
    entries = json.loads((Path(__file__).parent / "traits.json").read_text("utf-8"))
    return {
        entry["name"]: Trait(
            name=entry["name"],
            kind=entry["kind"],
            group=entry["group"],
            unit=entry["unit"],
            family=_family(entry),
            label=_label(entry["name"], _family(entry)),
            description=_tooltip(entry),
            low=entry["low"],
            high=entry["high"],
            default=entry["default"],
            choices=tuple(entry["choices"]),
            more=next(iter(entry["more"]), ""),
            less=next(iter(entry["less"]), ""),
        )
        for entry in entries
        if entry["group"] != "expression"  # those are the shape keys
    }


def _family(entry: dict[str, Any]) -> str:
    first = entry["name"].split(".")[0]
    if entry["group"] == "shape":
        return _FAMILIES[first]
    if entry["name"] in _FANTASY:
        return "Fantasy"
    if entry["name"] in _HAIR_COLOURS:
        return "Hair Colour"
    if entry["group"] == "hair":
        return _HAIR_FAMILIES.get(first, "Hair")
    return _SKIN_FAMILIES.get(first, _GROUPS[entry["group"]]) if entry["group"] == "skin" else _GROUPS[entry["group"]]


def _label(name: str, family: str) -> str:
    """Such as "Bridge Width" for nose.bridge_width under "Nose", or "Freckles" for freckles.density."""
    first, _, rest = name.removesuffix(".density").partition(".")
    is_said_above = first.title() == family.removesuffix(" Colour") or first in ("ancestry", "skin")
    words = rest if rest and is_said_above else f"{first} {rest}"
    return _LABELS.get(name) or words.strip().replace("_", " ").title()


def _tooltip(entry: dict[str, Any]) -> str:
    text = _capital(entry["description"])
    if entry["unit"] == "sd":
        text += ", in standard deviations: 0 is average, 3 very rare"
    return text


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


_EDIT_FAMILIES = {
    "effects": "On the Skin", "skin": "Skin", "makeup": "Make-up", "person": "Person", "hair": "Hair", "shape": "Shape",
}  # fmt: skip

_WORDS_OF_ONE = 2
"""Phrases that a menu shows of one thing; the others mean the same, or less of it."""

EditWords = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Families of what words can ask for: (family, ((words, what they ask for), ...))."""


def read_edit_words(said: dict[str, Any]) -> EditWords:
    """Return what words of an edit can ask for, as `edits.json` or the backend says it.

    Raises:
        KeyError, TypeError, ValueError: it says something else.
    """
    found = []
    for family in said["families"]:
        words = [
            (str(phrase), str(entry["description"]))
            for entry in family["words"]
            for phrase in (*entry["words"][:_WORDS_OF_ONE], *entry["variants"])
        ]
        name = str(family["name"])
        found.append((_EDIT_FAMILIES.get(name, name.replace("_", " ").title()), tuple(words)))
    return tuple(entry for entry in found if entry[1])


def read_regions(said: dict[str, Any]) -> dict[str, str]:
    """Return the places of the face by name: what a place of an edit calls it -> what artists read.

    Raises:
        KeyError, TypeError, ValueError: `said` is no such list.
    """
    return {str(entry["name"]): str(entry["label"]) for entry in said["regions"]}


def _read_edits() -> dict[str, Any]:
    said: dict[str, Any] = json.loads((Path(__file__).parent / "edits.json").read_text("utf-8"))
    return said


def label_of_region(name: str) -> str:
    """Return what artists read for a place of the face."""
    return REGIONS.get(name, name.replace("_", " ").title())


EDIT_WORDS = read_edit_words(_read_edits())
"""What words of an edit can ask for."""

REGIONS = read_regions(_read_edits())
"""Places of the face by name."""

SWATCHES = _read_swatches()
"""Colours of "skin", "hair" and "iris", from light or dark to the other end."""

LAYERS = _read_layers()
"""Every layer of the skin, from below."""

TRAITS = _read()
"""Every trait that has a slider, in the order of the sliders."""

FAMILIES: dict[str, tuple[Trait, ...]] = {
    family: tuple(trait for trait in TRAITS.values() if trait.family == family)
    for family in dict.fromkeys(trait.family for trait in TRAITS.values())
}
"""Traits by the heading they stand under."""
