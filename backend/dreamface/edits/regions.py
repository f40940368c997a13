"""Places of the face by name: what artists choose, and what words say."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

import torch
from torch import Tensor

from dreamface.edits.paths import between_name, course_name, is_course, over_skin, stops_of
from dreamface.edits.symmetry import skin_edges
from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.units import MM

Side = Literal["left", "right"] | None


@dataclass(frozen=True)
class Stroke:
    """A soft line over the skin.

    Attributes:
        points: landmarks that it goes through, without "_l" and "_r": a stroke with paired ones lies on both sides.
        radius_mm: where it has ended, on a head of usual size.
        shift_mm: of the whole line: outwards, to the back, up.
    """

    points: tuple[str, ...]
    radius_mm: float
    shift_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Limit:
    """Where a region ends: a plane through a landmark.

    Attributes:
        keep: the side that stays.
        point: the landmark, without "_l" and "_r"; of a paired one the mean.
        soft_mm: over which it ends.
        shift_mm: of the plane, to the back or up.
    """

    keep: Literal["above", "below", "front", "back"]
    point: str
    soft_mm: float = 12.0
    shift_mm: float = 0.0


@dataclass(frozen=True)
class NamedRegion:
    """A place with a name.

    Attributes:
        label: what artists read.
        regions: regions of the head models' topology, together.
        strokes: beside them, the skin along these lines.
        without: regions of the topology that are cut out.
        limits: where it ends.
        side: the person's side, where it is only one.
        words: phrases that mean it. `*` stands for articles and sides: "the", "his left", "both".
        phrase: one of them, as it reads best: "the left cheek".
        inside: whether it goes on in the mouth and in the eye sockets.
        soften: how many edges wide its border is made softer, where the mesh is coarse.
        path: names of regions: it is a band over the skin from the middle of the first to that of the last.
        between: names of two regions: it is the skin in the middle between them.
    """

    label: str
    regions: tuple[str, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    without: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    side: Side = None
    words: tuple[str, ...] = ()
    phrase: str = ""
    inside: bool = False
    soften: int = 0
    path: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


_MOUTH: Final = ("lips_upper", "lips_lower")
_EYES: Final = ("lids_upper", "lids_lower", "lids_margin", "brows")
_INSIDES: Final = ("mouth_inside", "eye_sockets")

_WHOLE: Final[Mapping[str, NamedRegion]] = {
    "between_brows": NamedRegion(
        "Between the Brows", strokes=(Stroke(("glabella",), 15.0),), phrase="the skin between the brows",
        words=("* skin between * brows", "* skin between * eyebrows", "between * brows", "between * eyebrows",
               "* glabella", "above * nose"),
    ),
    "whole_face": NamedRegion(
        "Whole Face", without=("scalp", "ears", "neck"), limits=(Limit("front", "tragion", 14.0, -3.0),),
        words=("* face", "all over * face", "* skin of * face"), phrase="the whole face", soften=2,
    ),
    "whole_head": NamedRegion(
        "Whole Head", words=("* head", "everywhere", "all over", "all over * head", "all over * skin", "* skin"),
        phrase="the whole head", inside=True,
    ),
    "upper_half": NamedRegion(
        "Upper Half of the Face", limits=(Limit("above", "rhinion", 12.0), Limit("front", "tragion", 14.0, -3.0)),
        words=("* upper half of * face", "* upper half", "* top half of * face", "* top half", "* upper face"),
        without=("ears", "scalp"), soften=2, phrase="the upper half of the face", inside=True,
    ),
    "lower_half": NamedRegion(
        "Lower Half of the Face", limits=(Limit("below", "rhinion", 12.0), Limit("front", "tragion", 14.0, -3.0)),
        words=("* lower half of * face", "* lower half", "* bottom half of * face", "* bottom half", "* lower face"),
        without=("ears", "neck"), soften=2, phrase="the lower half of the face", inside=True,
    ),
    "t_zone": NamedRegion(
        "T-Zone", ("nose",), (Stroke(("brow_arch", "metopion"), 20.0, (0.0, 0.0, 8.0)),
                              Stroke(("metopion", "nasion", "rhinion"), 17.0),
                              Stroke(("pogonion",), 22.0)),
        without=(*_EYES, *_MOUTH, "scalp"), words=("* t-zone", "* t zone"), phrase="the T-zone",
    ),
    "beard": NamedRegion(
        "Beard", ("beard",), without=(*_MOUTH, "ears"),
        limits=(Limit("front", "tragion", 6.0, -4.0),), words=("* beard area", "* beard", "* beard zone"),
        phrase="the beard area",
    ),
    "moustache": NamedRegion(
        "Above the Upper Lip",
        strokes=(Stroke(("subnasale", "labrale_superius"), 11.0), Stroke(("alar_base", "labrale_superius"), 9.0),
                 Stroke(("alar_base", "cheilion"), 8.0)),
        without=(*_MOUTH, "nose", "nostrils"),
        limits=(Limit("below", "subnasale", 4.0, 2.0), Limit("above", "cheilion", 6.0, -1.0)),
        words=("above * upper lip", "over * upper lip", "* skin above * upper lip", "* moustache area", "* moustache",
               "* mustache", "* philtrum", "above * lip", "above * lips", "above * mouth", "under * nose",
               "below * nose", "beneath * nose"),
        phrase="the moustache area",
    ),
    "around_mouth": NamedRegion(
        "Around the Mouth",
        strokes=(Stroke(("subnasale", "labrale_superius"), 15.0), Stroke(("labrale_superius", "cheilion"), 16.0),
                 Stroke(("cheilion", "sublabiale"), 16.0), Stroke(("sublabiale",), 16.0)),
        without=(*_MOUTH, "nose", "nostrils"), limits=(Limit("below", "subnasale", 5.0, 2.0),),
        words=("around * mouth", "around * lips", "* mouth area", "* skin around * mouth", "* mouth"),
        phrase="the mouth area",
    ),
    "under_chin": NamedRegion(
        "Under the Chin", strokes=(Stroke(("menton", "cervical_point"), 17.0),), without=_MOUTH,
        limits=(Limit("below", "menton", 5.0, 1.0), Limit("front", "cervical_point", 10.0, -3.0)),
        words=("under * chin", "below * chin", "beneath * chin", "* underside of * chin"),
        phrase="the underside of the chin",
    ),
    "hairline": NamedRegion(
        "Hairline", strokes=(Stroke(("trichion", "frontotemporale"), 13.0),), words=("* hairline", "* hair line"),
        phrase="the hairline",
    ),
    "throat": NamedRegion(
        "Throat", strokes=(Stroke(("cervical_point", "jugular_notch"), 30.0),),
        limits=(Limit("below", "menton", 10.0),),
        words=("* throat", "* front of * neck", "* adam's apple"), phrase="the throat",
    ),
    "scalp": NamedRegion("Scalp", ("scalp",), words=("* scalp", "* skull"), phrase="the scalp", soften=4),
    "top_of_head": NamedRegion(
        "Top of the Head", ("scalp",), limits=(Limit("above", "trichion", 16.0, 4.0),),
        words=("* top of * head", "* crown", "* crown of * head", "* bald spot"), phrase="the top of the head",
    ),
    "back_of_head": NamedRegion(
        "Back of the Head", limits=(Limit("back", "mastoid", 24.0, 8.0),), without=("ears", "neck"), soften=4,
        words=("* back of * head", "* back of * skull"), phrase="the back of the head",
    ),
    "nape": NamedRegion(
        "Nape", strokes=(Stroke(("cervicale",), 62.0),), limits=(Limit("back", "mastoid", 20.0, 4.0),),
        words=("* nape", "* back of * neck", "* nape of * neck"), phrase="the nape",
    ),
    "nose_bridge": NamedRegion(
        "Bridge of the Nose", strokes=(Stroke(("nasion", "rhinion"), 12.0),), without=("lids_upper", "lids_lower"),
        words=("* bridge of * nose", "* nose bridge", "* nasal bridge", "* bridge", "between * eyes"),
               phrase="the bridge of the nose",
    ),
    "nose_tip": NamedRegion(
        "Tip of the Nose", strokes=(Stroke(("pronasale",), 13.0),), without=("nostrils", *_MOUTH),
        limits=(Limit("above", "subnasale", 3.0, 1.0),),
        words=("* tip of * nose", "* nose tip", "* end of * nose"), phrase="the tip of the nose",
    ),
}  # fmt: skip

_SIDED: Final[Mapping[str, NamedRegion]] = {
    "forehead": NamedRegion(
        "Forehead", ("forehead",), without=("scalp", "brows"), words=("* forehead", "* brow line"),
        limits=(Limit("above", "brow_ridge", 6.0, 2.0),), phrase="the forehead",
    ),
    "upper_lip": NamedRegion(
        "Upper Lip", ("lips_upper",), words=("* upper lip", "* top lip"), phrase="the upper lip"
    ),
    "lower_lip": NamedRegion(
        "Lower Lip", ("lips_lower",), words=("* lower lip", "* bottom lip"), phrase="the lower lip"
    ),
    "lips": NamedRegion("Lips", _MOUTH, words=("* lips", "* lip"), phrase="the lips"),
    "cheeks": NamedRegion(
        "Cheeks", ("cheeks",), (Stroke(("cheek",), 24.0),), without=("nose", *_EYES, "under_eyes", *_MOUTH),
        words=("* cheek", "* cheeks", "* side of * cheeks", "apples of * cheeks"), phrase="the cheeks",
    ),
    "cheekbones": NamedRegion(
        "Cheekbones", strokes=(Stroke(("upper_cheek", "cheekbone", "zygion"), 15.0, (0.0, 0.0, -3.0)),),
        without=("ears", *_EYES, "nose"),
        limits=(Limit("front", "tragion", 26.0, -20.0),),
        words=("* cheekbone", "* cheekbones", "* cheek bone", "* cheek bones"), phrase="the cheekbones",
    ),
    "temples": NamedRegion(
        "Temples", ("temples",), (Stroke(("frontotemporale", "temple"), 20.0),),
        without=("scalp", "ears", "brows", "lids_upper", "lids_lower"),
        words=("* temple", "* temples"), phrase="the temples",
    ),
    "brows": NamedRegion(
        "Brows", ("brows",), words=("* brow", "* brows", "* eyebrow", "* eyebrows"), phrase="the brows"
    ),
    "around_eyes": NamedRegion(
        "Around the Eyes", ("lids_upper", "lids_lower", "under_eyes"),
        strokes=(Stroke(("endocanthion", "lid_crease", "exocanthion", "lid_lower", "endocanthion"), 15.0),),
        without=("brows", "nose"), limits=(Limit("below", "brow_arch", 5.0, -1.0),),
        words=("around * eye", "around * eyes", "* eye area", "* skin around * eyes", "* skin around * eye", "* eyes",
               "* eye", "* eye socket", "* eye sockets"),
        phrase="the eye area",
    ),
    "eye_corners": NamedRegion(
        "Corners of the Eyes", strokes=(Stroke(("exocanthion",), 17.0, (5.0, 2.0, 0.0)),), without=("lids_margin",),
        words=("* corners of * eyes", "* corner of * eye", "* outer corners of * eyes", "* outer corner of * eye",
               "* eye corners", "* eye corner", "* crow's feet", "beside * eye", "beside * eyes", "next to * eye",
               "next to * eyes"),
        phrase="the corners of the eyes",
    ),
    "eyelids": NamedRegion(
        "Eyelids", ("lids_upper", "lids_lower"), words=("* eyelid", "* eyelids", "* lid", "* lids"),
        phrase="the eyelids",
    ),
    "upper_eyelids": NamedRegion(
        "Upper Eyelids", ("lids_upper",), phrase="the upper eyelids",
        words=("* upper eyelid", "* upper eyelids", "* upper lid", "* upper lids"),
    ),
    "lower_eyelids": NamedRegion(
        "Lower Eyelids", ("lids_lower",), phrase="the lower eyelids",
        words=("* lower eyelid", "* lower eyelids", "* lower lid", "* lower lids"),
    ),
    "under_eyes": NamedRegion(
        "Under the Eyes", ("under_eyes",), without=("lids_margin",), phrase="the skin under the eyes",
        words=("under * eye", "under * eyes", "below * eye", "below * eyes", "beneath * eye", "beneath * eyes",
               "underneath * eyes", "* skin under * eyes", "* skin under * eye", "* undereyes", "* eye bags"),
    ),
    "nose": NamedRegion(
        "Nose", ("nose", "nostrils"), strokes=(Stroke(("nasion", "rhinion"), 12.0),
                 Stroke(("bridge_side", "nose_side", "alare"), 9.0)),
        without=(*_MOUTH, "lids_upper", "lids_lower"), limits=(Limit("above", "subnasale", 3.0, -1.0),),
        words=("* nose", "* side of * nose"), phrase="the nose",
    ),
    "nose_wings": NamedRegion(
        "Wings of the Nose", ("nostrils",), strokes=(Stroke(("alare",), 10.0),), without=_MOUTH,
        limits=(Limit("above", "subnasale", 3.0, -1.0),),
        words=("* nostril", "* nostrils", "around * nostrils", "* wing of * nose", "* wings of * nose",
               "* sides of * nose", "* nose wings"),
        phrase="the wings of the nose",
    ),
    "smile_lines": NamedRegion(
        "Smile Lines", strokes=(Stroke(("alar_base", "cheilion"), 9.0, (5.0, 0.0, 1.0)),), without=(*_MOUTH, "nose"),
        words=("* smile line", "* smile lines", "* laugh line", "* laugh lines", "* nasolabial fold",
               "* nasolabial folds"),
        phrase="the smile lines",
    ),
    "mouth_corners": NamedRegion(
        "Corners of the Mouth", strokes=(Stroke(("cheilion",), 10.0, (1.0, 0.0, 0.0)),),
        words=("* corner of * mouth", "* corners of * mouth", "* mouth corners", "* mouth corner",
               "beside * mouth", "next to * mouth", "beside * lips"),
        phrase="the corners of the mouth",
    ),
    "chin": NamedRegion(
        "Chin", ("chin",), (Stroke(("pogonion",), 20.0),), without=(*_MOUTH, "neck"),
        limits=(Limit("below", "sublabiale", 6.0),), words=("* chin", "* chin tip"), phrase="the chin"
    ),
    "jaw": NamedRegion(
        "Jaw", strokes=(Stroke(("ramus", "gonion", "chin_side", "menton"), 17.0),), without=("ears", *_MOUTH),
        words=("* jaw", "* jawline", "* jaw line", "* jaws"), phrase="the jawline",
    ),
    "ears": NamedRegion(
        "Ears", ("ears",), (Stroke(("ear_front", "ear_back"), 12.0), Stroke(("tragion", "ear_lobe"), 10.0),
                            Stroke(("ear_top", "ear_back", "ear_lobe"), 9.0)),
        without=("scalp",), limits=(Limit("below", "ear_top", 5.0, 3.0),), words=("* ear", "* ears"), phrase="the ears",
        soften=1,
    ),
    "earlobes": NamedRegion(
        "Earlobes", strokes=(Stroke(("ear_lobe",), 9.0),),
        words=("* earlobe", "* earlobes", "* ear lobe", "* ear lobes"),
        phrase="the earlobes",
    ),
    "above_brows": NamedRegion(
        "Above the Brows", strokes=(Stroke(("brow_arch", "brow_outer"), 16.0, (-2.0, 0.0, 14.0)),),
        without=("brows", "scalp"),
        words=("above * brow", "above * brows", "above * eyebrow", "above * eyebrows", "over * brow", "over * brows",
               "over * eyebrow", "over * eyebrows", "* skin above * brows", "* skin above * brow",
               "* skin above * eyebrows", "* skin above * eyebrow"),
        phrase="the skin above the brows",
    ),
    "brow_bones": NamedRegion(
        "Below the Brows", strokes=(Stroke(("brow_arch", "lid_crease"), 9.0), Stroke(("brow_arch", "brow_outer"),
        9.0, (0.0, 0.0, -5.0))),
        without=("brows", "lids_margin", "lids_lower"), limits=(Limit("above", "lid_upper", 4.0, 1.0),),
        words=("below * brow", "below * brows", "below * eyebrow", "below * eyebrows", "under * brow", "under * brows",
               "under * eyebrow", "under * eyebrows", "beneath * brow", "beneath * brows", "beneath * eyebrow",
               "beneath * eyebrows", "above * eye", "above * eyes", "* brow bone", "* brow bones"),
        phrase="the brow bones",
    ),
    "inner_eye_corners": NamedRegion(
        "Inner Corners of the Eyes", strokes=(Stroke(("endocanthion",), 9.0, (-2.0, 0.0, 0.0)),),
        without=("lids_margin",),
        words=("* inner corners of * eyes", "* inner corner of * eye", "* inner eye corner", "* inner eye corners"),
        phrase="the inner corners of the eyes",
    ),
    "beside_nose": NamedRegion(
        "Beside the Nose", strokes=(Stroke(("nose_side", "alare"), 11.0, (9.0, 3.0, -2.0)),),
        without=("nose", "nostrils", "under_eyes", *_EYES, *_MOUTH),
        words=("beside * nose", "next to * nose", "near * nose", "around * nose", "* skin beside * nose"),
        phrase="the skin beside the nose",
    ),
    "below_lips": NamedRegion(
        "Below the Lower Lip", strokes=(Stroke(("sublabiale",), 12.0), Stroke(("sublabiale", "cheilion"), 8.0, (-6.0,
        0.0, -5.0))),
        without=_MOUTH, words=("below * lip", "below * lips", "below * lower lip", "below * mouth", "under * lip",
                               "under * lips", "under * lower lip", "under * mouth", "beneath * lips",
                               "beneath * lower lip", "* skin below * lips"),
        phrase="the skin below the lips",
    ),
    "under_jaw": NamedRegion(
        "Under the Jaw", strokes=(Stroke(("gonion", "chin_side", "menton"), 15.0, (-5.0, 7.0, -11.0)),),
        without=("ears",),
        words=("under * jaw", "under * jawline", "below * jaw", "below * jawline", "beneath * jaw", "beneath * jawline",
               "* underside of * jaw", "* skin under * jaw"),
        phrase="the skin under the jaw",
    ),
    "behind_ears": NamedRegion(
        "Behind the Ears", strokes=(Stroke(("ear_behind_top", "mastoid"), 16.0, (-6.0, 12.0, 0.0)),), without=("ears",),
        limits=(Limit("back", "mastoid", 5.0, 0.0),),
        words=("behind * ear", "behind * ears", "in back of * ear", "in back of * ears", "* skin behind * ears",
               "* skin behind * ear"),
        phrase="the skin behind the ears",
    ),
    "front_of_ears": NamedRegion(
        "In Front of the Ears", strokes=(Stroke(("tragion", "ramus"), 12.0, (0.0, -12.0, 3.0)),), without=("ears",),
        words=("in front of * ear", "in front of * ears", "beside * ear", "beside * ears", "next to * ear",
               "next to * ears",
               "* sideburn", "* sideburns", "* skin in front of * ears", "* skin in front of * ear"),
        phrase="the skin in front of the ears",
    ),
    "above_ears": NamedRegion(
        "Above the Ears", strokes=(Stroke(("ear_top",), 20.0, (-8.0, 4.0, 16.0)),), without=("ears",),
        words=("above * ear", "above * ears", "over * ear", "over * ears", "* skin above * ears",
               "* skin above * ear"), phrase="the skin above the ears",
    ),
    "below_ears": NamedRegion(
        "Below the Ears", strokes=(Stroke(("ear_lobe",), 17.0, (-4.0, 6.0, -15.0)),), without=("ears",),
        words=("below * ear", "below * ears", "under * ear", "under * ears", "beneath * ear", "beneath * ears",
               "* skin below * ears", "* skin below * ear"),
        phrase="the skin below the ears",
    ),
    "cheek_hollows": NamedRegion(
        "Below the Cheekbones", strokes=(Stroke(("cheekbone", "ramus"), 14.0, (0.0, 0.0, -18.0)),), without=("ears",
        "nose", *_MOUTH),
        words=("below * cheekbone", "below * cheekbones", "under * cheekbone", "under * cheekbones",
               "beneath * cheekbones",
               "* hollow of * cheek", "* hollows of * cheeks", "* cheek hollows"),
        phrase="the hollows of the cheeks",
    ),
    "neck": NamedRegion("Neck", ("neck",), words=("* neck",), phrase="the neck", soften=3),
}  # fmt: skip
"""Regions that artists also want on one side only."""

_SINGULAR: Final = {
    "cheeks": "cheek", "cheekbones": "cheekbone", "temples": "temple", "brows": "brow", "eyelids": "eyelid",
    "upper_eyelids": "upper_eyelid", "lower_eyelids": "lower_eyelid", "ears": "ear", "earlobes": "earlobe",
    "eye_corners": "eye_corner", "nose_wings": "nose_wing", "smile_lines": "smile_line",
    "mouth_corners": "mouth_corner", "brow_bones": "brow_bone", "inner_eye_corners": "inner_eye_corner",
    "cheek_hollows": "cheek_hollow",
}  # fmt: skip
_ONE_SIDE: Final = {
    "forehead": ("{}_forehead", "{} Side of the Forehead", "the {} side of the forehead"),
    "lips": ("{}_lips", "{} Side of the Lips", "the {} side of the lips"),
    "upper_lip": ("{}_upper_lip", "{} Side of the Upper Lip", "the {} side of the upper lip"),
    "lower_lip": ("{}_lower_lip", "{} Side of the Lower Lip", "the {} side of the lower lip"),
    "above_brows": ("above_{}_brow", "Above the {} Brow", "the skin above the {} brow"),
    "inner_eye_corners": ("inner_{}_eye_corner", "Inner Corner of the {} Eye", "the inner corner of the {} eye"),
    "beside_nose": ("beside_nose_{}", "Beside the Nose, {}", "the skin beside the {} side of the nose"),
    "below_lips": ("below_lips_{}", "Below the Lower Lip, {}", "the skin below the {} side of the lips"),
    "under_jaw": ("under_{}_jaw", "Under the {} Jaw", "the skin under the {} jaw"),
    "behind_ears": ("behind_{}_ear", "Behind the {} Ear", "the skin behind the {} ear"),
    "front_of_ears": ("front_of_{}_ear", "In Front of the {} Ear", "the skin in front of the {} ear"),
    "above_ears": ("above_{}_ear", "Above the {} Ear", "the skin above the {} ear"),
    "below_ears": ("below_{}_ear", "Below the {} Ear", "the skin below the {} ear"),
    "cheek_hollows": ("{}_cheek_hollow", "Below the {} Cheekbone", "the hollow of the {} cheek"),
    "around_eyes": ("around_{}_eye", "Around the {} Eye", "the {} eye area"),
    "under_eyes": ("under_{}_eye", "Under the {} Eye", "the skin under the {} eye"),
    "nose": ("{}_nose", "{} Side of the Nose", "the {} side of the nose"),
    "chin": ("{}_chin", "{} Side of the Chin", "the {} side of the chin"),
    "jaw": ("{}_jaw", "{} Jaw", "the {} jaw"),
    "neck": ("{}_neck", "{} Side of the Neck", "the {} side of the neck"),
    "nose_wings": ("{}_nose_wing", "{} Wing of the Nose", "the {} wing of the nose"),
    "eye_corners": ("{}_eye_corner", "Corner of the {} Eye", "the corner of the {} eye"),
    "mouth_corners": ("{}_mouth_corner", "{} Corner of the Mouth", "the {} corner of the mouth"),
}
"""What regions on one side are called, where it is not simply "left_cheek", "Left Cheek" and "the left cheek"."""


_SIDES: Final[tuple[Side, Side]] = ("left", "right")


def _with_sides() -> dict[str, NamedRegion]:
    found = dict(_WHOLE)
    for name, region in _SIDED.items():
        found[name] = region
        for side in _SIDES:
            one = _SINGULAR.get(name, name)
            usual = ("{}_" + one, "{} " + one.replace("_", " ").title(), "the {} " + one.replace("_", " "))
            id_, label, phrase = _ONE_SIDE.get(name, usual)
            found[id_.format(side)] = replace(
                region, label=label.format(str(side).title()), phrase=phrase.format(side), side=side, words=()
            )
    for side in _SIDES:
        words = (f"{side} half of * face", f"{side} half", f"{side} side of * face", f"{side} side of * head",
                 f"{side} half of * head", f"{side} side")  # fmt: skip
        phrase = f"the {side} half of the face"
        found[f"{side}_half"] = NamedRegion(
            f"{str(side).title()} Half", side=side, words=words, phrase=phrase, inside=True
        )
    return found


REGIONS: Final[Mapping[str, NamedRegion]] = _with_sides()
"""Name -> region. Left and right are the person's own."""


def region_named(name: str) -> NamedRegion | None:
    """Return a region of `REGIONS`, or a course or a place between two of them; None where there is none.

    >>> region_named("from_left_brow_to_chin").label
    'From the Left Brow to the Chin'
    """
    if name in REGIONS:
        return REGIONS[name]
    side, _, whole = name.partition("_")
    if side in _SIDES and whole in _WHOLE and not whole.startswith(("whole", "upper_half", "lower_half")):
        region = _WHOLE[whole]
        phrase = f"the {side} side of {region.phrase}"
        return replace(region, label=_title(phrase).removeprefix("the "), phrase=phrase, side=_side(side), words=())
    stops = stops_of(name)
    if (
        not stops
        or len(set(stops)) < len(stops)
        or any(region_named(stop) is None for stop in stops)
        or needs_side(name)
    ):
        return None
    first, *over, last = (_known(stop).phrase for stop in stops)
    if is_course(name):
        phrase = f"from {first} {f'over {over[0]} ' if over else ''}to {last}"
        return NamedRegion(_title(phrase), path=stops, phrase=phrase)
    return NamedRegion(_title(f"between {first} and {last}"), between=stops, phrase=f"between {first} and {last}")


def _known(name: str) -> NamedRegion:
    """Return a region that is known to be there."""
    region = region_named(name)
    assert region is not None, name
    return region


def _side(name: str) -> Side:
    return "left" if name == "left" else "right"


def needs_side(name: str) -> bool:
    """Return whether a course or a place between goes to or from something that is on both sides of the face."""
    return any(stop in _SIDED and not _crosses_middle(stop) for stop in stops_of(name))


def _crosses_middle(name: str) -> bool:
    """Return whether a region with two sides is one piece: the chin, and not the cheeks."""
    return name in ("forehead", "nose", "chin", "neck", "lips", "upper_lip", "lower_lip", "below_lips")


def _title(phrase: str) -> str:
    small = ("the", "to", "of", "and", "over", "on")
    words = [word if word in small else word[:1].upper() + word[1:] for word in phrase.split()]
    return " ".join(words)


# --------------------------------------------------------------------------------------------------------- the shapes

_MIDDLE_MM: Final = 4.0  # over which a region of one side ends at the middle of the face
_BAND_MM: Final = 8.0  # half the width of the band along a course
_BETWEEN: Final = 0.35  # of the distance between two regions: radius of the skin in their middle
_CORE: Final = 0.5  # of a stroke's radius: up to there it is whole
_USUAL_MM: Final = 118.0  # from nasion to chin plus half the width of the face, of an adult
_FAINT: Final = 1.0 / 64.0  # weights below are nothing: regions end somewhere


def weights_of(region: NamedRegion, head: Head) -> Tensor:
    """Return [V] the weights 0..1 of a region on somebody's vertices; 0 on what is not skin."""
    return _Shaper(head).weights(region)


class _Shaper:
    """Lays regions out on one head."""

    def __init__(self, head: Head) -> None:
        self._head, self._points = head, head.topology.landmarks
        start, stop = next(group for group in head.topology.objects if group.name == "skin").vertices
        self._skin = slice(start, stop)
        self._scale = (self._middle("nasion") - self._middle("menton")).norm() + 0.5 * (
            head.landmark("zygion_l") - head.landmark("zygion_r")
        ).norm()
        self._mm = float(self._scale) / _USUAL_MM

    def weights(self, region: NamedRegion) -> Tensor:
        """Return [V] the weights."""
        found = torch.zeros(len(self._head.vertices))
        place = self._head.vertices[self._skin]
        weight = self._together(region.regions)
        for stroke in region.strokes:
            weight = torch.maximum(weight, self._stroke(stroke, place))
        if region.path or region.between:
            weight = self._course(region, place)
        elif not region.regions and not region.strokes:
            weight = torch.ones(len(place))
        for name in region.without:
            weight = weight * (1.0 - self._together((name,)))
        for limit in region.limits:
            weight = weight * self._limit(limit, place)
        for _ in range(region.soften):
            weight = self._softer(weight)
        if not region.inside:
            weight = weight * (1.0 - self._together(_INSIDES))
        if region.side is not None:
            left = smoothstep(place[:, 0], -_MIDDLE_MM * MM, _MIDDLE_MM * MM)
            weight = weight * (left if region.side == "left" else 1.0 - left)
        found[self._skin] = ((weight - _FAINT) / (1.0 - 2.0 * _FAINT)).clamp_(0.0, 1.0)
        return found

    def _together(self, names: tuple[str, ...]) -> Tensor:
        count = self._skin.stop - self._skin.start
        regions = self._head.topology.regions
        weights = [regions[name][self._skin] for name in names if name in regions]
        return torch.stack(weights).amax(dim=0) if weights else torch.zeros(count)

    def _stroke(self, stroke: Stroke, place: Tensor) -> Tensor:
        away = torch.full((len(place),), torch.inf)
        for side in (1.0, -1.0):
            shift = torch.tensor(stroke.shift_mm) * torch.tensor([side, 1.0, 1.0]) * self._mm
            line = torch.stack([self._point(name, side) for name in stroke.points]) + shift
            ends = line[1:] if len(line) > 1 else line
            for start, end in zip(line, ends, strict=False):
                away = torch.minimum(away, _distance(place, start, end))
        return 1.0 - smoothstep(away / (stroke.radius_mm * self._mm), _CORE, 1.0)

    def _course(self, region: NamedRegion, place: Tensor) -> Tensor:
        """Return [W] a band over the skin along a course, or a disc in the middle of it."""
        outside = self._together(_INSIDES) < 0.5
        stops = torch.stack([self._centre(_known(name), place) for name in region.path or region.between])
        line = over_skin(stops, place[outside], self._middle("tragion"), self._mm)
        radius = _BAND_MM * self._mm
        if region.between:
            middle = line[len(line) // 2]
            far = float((stops[1] - stops[0]).norm())
            line, radius = torch.stack((middle, middle)), min(max(_BETWEEN * far, radius), 3.0 * radius)
        away = torch.full((len(place),), torch.inf)
        for start, end in itertools.pairwise(line):
            away = torch.minimum(away, _distance(place, start, end))
        return 1.0 - smoothstep(away / radius, _CORE, 1.0)

    def _centre(self, region: NamedRegion, place: Tensor) -> Tensor:
        """Return [3] the place on the skin that is the middle of a region; of one on both sides the middle's."""
        weight = self.weights(region)[self._skin]
        there = weight > 0.5 * weight.max()
        mean = (place[there] * weight[there, None]).sum(dim=0) / weight[there].sum()
        if region.side is None and float(mean[0].abs()) < _MIDDLE_MM * MM:
            off = (place[there] - mean * torch.tensor([0.0, 1.0, 1.0]))[:, [0, 2]].norm(dim=1)
            near = place[there][off < off.min() + 2.0 * _MIDDLE_MM * MM]
            return near[near[:, 1].argmin()] * torch.tensor([0.0, 1.0, 1.0])
        return place[there][(place[there] - mean).norm(dim=1).argmin()]

    def _softer(self, weight: Tensor) -> Tensor:
        """Return [W] the mean of each vertex and its neighbours'."""
        edges = torch.from_numpy(skin_edges(self._head.topology)) - self._skin.start
        count = torch.ones(len(weight)).index_add_(0, edges.reshape(-1), torch.ones(2 * len(edges)))
        total = weight.index_add(0, edges.reshape(-1), weight[edges.flip(1).reshape(-1)])
        return total / count

    def _limit(self, limit: Limit, place: Tensor) -> Tensor:
        axis = 2 if limit.keep in ("above", "below") else 1
        beyond = place[:, axis] - self._middle(limit.point)[axis] - limit.shift_mm * self._mm
        share = smoothstep(beyond / (limit.soft_mm * self._mm), -0.5, 0.5)
        return share if limit.keep in ("above", "back") else 1.0 - share

    def _point(self, name: str, side: float) -> Tensor:
        return self._head.landmark(name if name in self._points else f"{name}_{'l' if side > 0.0 else 'r'}")

    def _middle(self, name: str) -> Tensor:
        return 0.5 * (self._point(name, 1.0) + self._point(name, -1.0))


def _distance(place: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return [N] distances of points [N, 3] to a line between two points."""
    along = end - start
    share = ((place - start) @ along / along.square().sum().clamp_min(1e-12)).clamp(0.0, 1.0)
    return (place - start - share[:, None] * along).norm(dim=1)


# ---------------------------------------------------------------------------------------------------------- the words

_LOOSE: Final = (
    r"(?:the|a|an|his|her|hers|their|its|my|your|both|each|all|whole|entire|left|right|of|side|half|hand|face's)"
)
_SLOT: Final = rf"((?:{_LOOSE}\s+)*)"
_PREPOSITION: Final = (
    r"(?:all\s+over|on\s+top\s+of|on|onto|upon|across|over|at|in|along|around|round|near|through|to|from|down|up|of|"
    r"covering|for)"
)
_AND: Final = r"\s*(?:,\s*and|,|and|&|\+)\s*"
_ALONE: Final = ("everywhere", "all over")


@dataclass(frozen=True)
class _Phrase:
    """One way to say where.

    Attributes:
        pattern: of the words, without a preposition before them.
        name: of the region.
        own: whether it needs no preposition.
    """

    pattern: re.Pattern[str]
    name: str
    own: bool


def read_region(words: str) -> tuple[tuple[str, ...], str]:
    """Return the regions that words name, and the words without them.

    A region counts where it is said to be a place: with a preposition, with a side, or by itself. "A bigger nose" is
    not one.

    >>> read_region("freckles across the nose and left cheek")
    (('nose', 'left_cheek'), 'freckles')
    """
    names, rest, _ = find_regions(words)
    return names, rest


def find_regions(words: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return the regions that words name, the words without them, and the words that say where.

    Args:
        words: of an edit.

    >>> find_regions("freckles across the nose and left cheek")
    (('nose', 'left_cheek'), 'freckles', ('across the nose and left cheek',))
    """
    found: list[str] = []
    said: list[str] = []
    rest, position = words, 0
    while (place := _next_place(rest, position)) is not None:
        names, start, stop, lost = place
        found += [name for name in names if name not in found]
        said.append(" ".join(rest[start:stop].split()))
        before = f"{rest[:start].rstrip(' ,:;')} {lost}".rstrip()
        rest, position = f"{before} {rest[stop:].lstrip(' ,:;')}", max(start, len(before))
    over = {stop for name in found for stop in stops_of(name)}  # "across the nose from cheek to cheek" is one course
    return tuple(name for name in found if name not in over), " ".join(rest.split()) if found else words, tuple(said)


def read_exception(words: str) -> tuple[tuple[str, ...], str, str]:
    """Return the regions that words leave out, the words without them, and those words.

    Args:
        words: of an edit.

    >>> read_exception("freckles everywhere but the forehead")
    (('forehead',), 'freckles everywhere', 'but the forehead')
    """
    for match in _EXCEPT.finditer(words):
        if match["but"] and not _EVERYWHERE.search(words[: match.start()]):
            continue
        said = _region_at(words, match.end())
        if said is None:
            continue
        names, stop = _more(words, said[0], said[1])
        rest = f"{words[: match.start()].rstrip(' ,:;')} {words[stop:].lstrip(' ,:;')}"
        return tuple(names), " ".join(rest.split()), " ".join(words[match.start() : stop].strip(" ,").split())
    return (), words, ""


def imply_region(words: str) -> tuple[tuple[str, ...], str]:
    """Return the regions that words name without saying that they are a place, and the words without them.

    Args:
        words: of an edit in which `read_region` finds none.

    >>> imply_region("a heavily bruised jaw and chin")
    (('jaw', 'chin'), 'a heavily bruised')
    """
    for match in re.finditer(r"(?<![\w'-])[\w']", words):
        said = _region_at(words, match.start())
        if said is None or said[0] in ("whole_head", "whole_face"):
            continue
        names, stop = _more(words, said[0], said[1])
        rest = f"{words[: match.start()]} {words[stop:]}"
        return tuple(names), " ".join(rest.split())
    return (), words


_EXCEPT: Final = re.compile(
    r"(?:,\s*)?\b(?:(?:but|just|only|and)\s+)?(?:not|except(?:ing)?(?:\s+for)?|excluding|excepted|apart\s+from|"
    r"other\s+than|aside\s+from|save(?:\s+for)?|never|(?P<but>but(?:\s+for)?))\s+"
    r"(?:(?:on|in|at|around|over|across|along|near)\s+(?!the\s+skin\s+around))?",
    re.IGNORECASE,
)
_EVERYWHERE: Final = re.compile(r"\b(?:everywhere|all|whole|entire|anywhere|everything)\b", re.IGNORECASE)


def _next_place(words: str, position: int) -> tuple[list[str], int, int, str] | None:
    """Return the first place from a position on: its regions, where it starts, stops, and what in it says no place."""
    for match in re.finditer(r"(?<![\w'-])[\w']", words):
        start = match.start()
        if start < position:
            continue
        if course := _course_at(words, start) or _between_at(words, start):
            return [course[0]], start, course[1], course[2]
        preposition = re.compile(rf"{_PREPOSITION}\s+", re.IGNORECASE).match(words, start)
        said, led = _region_at(words, start), _region_at(words, preposition.end()) if preposition else None
        if said is not None and not (said[2] or _by_itself(words, start, said[1])):
            said = None
        if said is None or (led is not None and led[1] > said[1]):
            said = led
        if said is not None:
            names, stop = _more(words, said[0], said[1])
            return names, start, stop, ""
    return None


_FROM: Final = re.compile(
    r"(?:(?:running|going|leading|stretching|reaching|extending|drawn|that runs|that goes|all the way)\s+)*from\s+",
    re.IGNORECASE,
)
_TO: Final = re.compile(r"(?P<between>(?:\s+[\w-]+){0,6}?)\s*,?\s+(?:to|towards?|until|into|onto)\s+", re.IGNORECASE)
_OVER: Final = re.compile(
    r"\s*,?\s+(?:(?:and|then|all|right|straight|down|up|going|passing|running|the|way)\s+)*?"
    r"(?:(?:over|across|through|via|along|around|round|past|by|near|on)\s+|"
    r"(?=(?:around|under|underneath|beneath|below|above|behind|beside|next\s+to|near)\s))",
    re.IGNORECASE,
)
_NO_STOP: Final = frozenset(
    [
        "and",
        "then",
        "on",
        "all",
        "the",
        "way",
        "right",
        "straight",
        "down",
        "up",
        "over",
        "across",
        "back",
        "along",
        "skin",
        "his",
        "her",
        "their",
        "side",
        "of",
    ]
)
"""Words between the stops of a course that change nothing."""
_OTHER: Final = re.compile(
    r"(?:the|his|her|their)\s+(?:other|opposite)(?:\s+(?:one|side)\b|(?P<again>))", re.IGNORECASE
)
_ONE: Final = re.compile(r"one\s+", re.IGNORECASE)
_MIDDLES: Final = {
    "ears": "nose", "cheeks": "nose", "cheekbones": "nose", "earlobes": "nose", "eyelids": "nose_bridge",
    "around_eyes": "nose_bridge", "under_eyes": "nose", "eye_corners": "nose_bridge", "temples": "forehead",
    "brows": "between_brows", "jaw": "chin", "mouth_corners": "below_lips", "neck": "throat",
}  # fmt: skip
"""What lies in the middle between the two sides of a region, and over which a course from one to the other goes."""


def _course_at(words: str, start: int) -> tuple[str, int, str] | None:
    """Return the course that words say from a position on, where they end, and the words in them that say no place."""
    led = _FROM.match(words, start)
    first = _stop_at(words, led.end()) if led else None
    if first is None:
        return None
    (name, stop), over = first, ""
    if there := _over_at(words, stop):
        over, stop = there
    to = _TO.match(words, stop)
    last = None
    if to is not None:
        other = _OTHER.match(words, to.end())
        again = _region_at(words, other.end() + 1) if other and other["again"] is not None else None
        last = (name, again[1] if again else other.end()) if other else _stop_at(words, to.end())
    if last is None:
        return None
    end, stop = last
    if not over and (there := _over_at(words, stop)):
        over, stop = there
    first_name, last_name, over = _sided_alike(name, end, over)
    lost = [word for word in to["between"].split() if word.lower() not in _NO_STOP] if to else []
    return (course_name(first_name, last_name, over), stop, " ".join(lost)) if first_name != last_name else None


def _over_at(words: str, stop: int) -> tuple[str, int] | None:
    """Return the region that a course goes over as words say it next, and where its name ends."""
    via = _OVER.match(words, stop)
    if via is None:
        return None
    alone = re.compile(rf"{_BESIDE}\s+", re.IGNORECASE).match(words, via.end())
    there = _region_at(words, via.end()) or (_region_at(words, alone.end()) if alone else None)
    return None if there is None else there[:2]


_BESIDE: Final = r"(?:around|under|underneath|beneath|below|above|behind|beside|next\s+to|near)"


def _between_at(words: str, start: int) -> tuple[str, int, str] | None:
    """Return the place between two regions that words say from a position on, and where they end."""
    led = re.compile(r"(?:in\s+)?between\s+", re.IGNORECASE).match(words, start)
    first = _stop_at(words, led.end()) if led else None
    link = re.compile(r"\s+and\s+", re.IGNORECASE).match(words, first[1]) if first else None
    last = _stop_at(words, link.end()) if link else None
    if first is None or last is None:
        return None
    one, other, _ = _sided_alike(first[0], last[0], "")
    return (between_name(one, other), last[1], "") if one != other else None


def _stop_at(words: str, start: int) -> tuple[str, int] | None:
    """Return the region that a course begins or ends at, and where its name ends."""
    one = _ONE.match(words, start)
    said = _region_at(words, one.end() if one else start)
    return None if said is None else said[:2]


def _sided_alike(first: str, last: str, over: str) -> tuple[str, str, str]:
    """Return the stops of a course on the side that one of them says; from both sides it goes over the middle."""
    if first == last and first in _SIDED:
        return on_side(first, "left"), on_side(first, "right"), over or _MIDDLES.get(first, "")
    sides = {_known(name).side for name in (first, last)} - {None}
    if len(sides) != 1:
        return first, last, over
    side = sides.pop()

    def beside(name: str) -> str:
        return name if name not in _SIDED or _crosses_middle(name) else on_side(name, side)

    return beside(first), beside(last), beside(over)


def _more(words: str, name: str, stop: int) -> tuple[list[str], int]:
    """Return a region and those that are listed after it."""
    names = [name]
    while comma := re.compile(rf"{_AND}(?:{_PREPOSITION}\s+)?", re.IGNORECASE).match(words, stop):
        said = _region_at(words, comma.end())
        if said is None:
            break
        names.append(said[0])
        stop = said[1]
    return names, stop


def _by_itself(words: str, start: int, stop: int) -> bool:
    """Return whether nothing but commas and colons stands around."""
    before, after = words[:start].rstrip(), words[stop:].lstrip()
    return (not before or before[-1] in ",:;.") and (not after or after[0] in ",:;.")


def _region_at(words: str, start: int) -> tuple[str, int, bool] | None:
    """Return the region that is named from a position on, where its name ends, and whether it is surely a place."""
    best: tuple[str, int, bool] | None = None
    for phrase in _phrases():
        match = phrase.pattern.match(words, start)
        if match is None or (best is not None and match.end() <= best[1]):
            continue
        said = " ".join(group for group in match.groups() if group).lower().split()
        side: Side = "left" if "left" in said else "right" if "right" in said else None
        name = on_side(phrase.name, side if "both" not in said else None)
        best = name, match.end(), phrase.own or side is not None or "whole" in said
    return best


def on_side(name: str, side: Side) -> str:
    """Return the region on one side, where there is one."""
    if side is not None and name in ("whole_face", "whole_head"):
        return f"{side}_half"
    if side is not None and name == "around_mouth":
        return f"{side}_mouth_corner"
    if side is None or name not in _SIDED:
        return name if side is None or name not in _WHOLE or "half" in name else f"{side}_{name}"
    usual = "{}_" + _SINGULAR.get(name, name)
    return _ONE_SIDE.get(name, (usual, "", ""))[0].format(side)


@cache
def _phrases() -> tuple[_Phrase, ...]:
    found = []
    for name, region in REGIONS.items():
        for words in region.words:
            parts = [_SLOT if part == "*" else rf"{re.escape(part)}\s+" for part in words.replace("*", " * ").split()]
            pattern = "".join(parts).removesuffix(r"\s+")
            pattern = (_SLOT if not words.startswith("*") and name.endswith("_half") else "") + pattern
            first = words.split()[0]
            own = first in (
                "around",
                "under",
                "below",
                "beneath",
                "underneath",
                "between",
                "above",
                "over",
                "beside",
                "behind",
                "next",
                "near",
                "in",
            )
            own = own or words in _ALONE or name.endswith("_half")
            found.append(_Phrase(re.compile(rf"{pattern}(?![\w'])(?!-\w)", re.IGNORECASE), name, own))
    return tuple(found)
