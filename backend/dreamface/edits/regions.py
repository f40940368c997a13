"""Places of the face by name: what artists choose, and what words say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

import torch
from torch import Tensor

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


_MOUTH: Final = ("lips_upper", "lips_lower")
_EYES: Final = ("lids_upper", "lids_lower", "lids_margin", "brows")
_INSIDES: Final = ("mouth_inside", "eye_sockets")

_WHOLE: Final[Mapping[str, NamedRegion]] = {
    "forehead": NamedRegion(
        "Forehead", ("forehead",), without=("scalp", "brows"), words=("* forehead", "* brow line"),
        limits=(Limit("above", "brow_ridge", 6.0, 2.0),), phrase="the forehead",
    ),
    "between_brows": NamedRegion(
        "Between the Brows", strokes=(Stroke(("glabella",), 15.0),), phrase="the skin between the brows",
        words=("* skin between * brows", "* skin between * eyebrows", "between * brows", "between * eyebrows",
               "* glabella"),
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
               "* mustache", "* philtrum"),
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
        words=("* bridge of * nose", "* nose bridge", "* nasal bridge", "* bridge"), phrase="the bridge of the nose",
    ),
    "nose_tip": NamedRegion(
        "Tip of the Nose", strokes=(Stroke(("pronasale",), 13.0),), without=("nostrils", *_MOUTH),
        limits=(Limit("above", "subnasale", 3.0, 1.0),),
        words=("* tip of * nose", "* nose tip", "* end of * nose"), phrase="the tip of the nose",
    ),
    "lips": NamedRegion("Lips", _MOUTH, words=("* lips", "* lip"), phrase="the lips"),
    "upper_lip": NamedRegion(
        "Upper Lip", ("lips_upper",), words=("* upper lip", "* top lip"), phrase="the upper lip"
    ),
    "lower_lip": NamedRegion(
        "Lower Lip", ("lips_lower",), words=("* lower lip", "* bottom lip"), phrase="the lower lip"
    ),
}  # fmt: skip

_SIDED: Final[Mapping[str, NamedRegion]] = {
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
               "* eye corners", "* eye corner", "* crow's feet"),
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
        words=("* corner of * mouth", "* corners of * mouth", "* mouth corners", "* mouth corner"),
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
    "neck": NamedRegion("Neck", ("neck",), words=("* neck",), phrase="the neck", soften=3),
}  # fmt: skip
"""Regions that artists also want on one side only."""

_SINGULAR: Final = {
    "cheeks": "cheek", "cheekbones": "cheekbone", "temples": "temple", "brows": "brow", "eyelids": "eyelid",
    "upper_eyelids": "upper_eyelid", "lower_eyelids": "lower_eyelid", "ears": "ear", "earlobes": "earlobe",
    "eye_corners": "eye_corner", "nose_wings": "nose_wing", "smile_lines": "smile_line",
    "mouth_corners": "mouth_corner",
}  # fmt: skip
_ONE_SIDE: Final = {
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


# --------------------------------------------------------------------------------------------------------- the shapes

_MIDDLE_MM: Final = 4.0  # over which a region of one side ends at the middle of the face
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
        if not region.regions and not region.strokes:
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

_LOOSE: Final = r"(?:the|a|an|his|her|hers|their|its|my|your|both|each|all|whole|entire|left|right|of|side|hand|face's)"
_SLOT: Final = rf"((?:{_LOOSE}\s+)*)"
_PREPOSITION: Final = (
    r"(?:all\s+over|on\s+top\s+of|on|onto|upon|across|over|at|in|along|around|round|near|through|to|from|down|up|of|"
    r"above|beside|behind|covering|for)"
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
        names, start, stop = place
        found += [name for name in names if name not in found]
        said.append(" ".join(rest[start:stop].split()))
        rest, position = f"{rest[:start].rstrip(' ,:;')} {rest[stop:].lstrip(' ,:;')}", start
    return tuple(found), " ".join(rest.split()) if found else words, tuple(said)


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


def read_course(words: str) -> str:
    """Return the words that say a course from one region to another; nothing where they say none.

    >>> read_course("a scar from the left eyebrow down to the chin")
    'from the left eyebrow down to the chin'
    """
    for match in re.finditer(r"\bfrom\s+", words, re.IGNORECASE):
        start = _region_at(words, match.end())
        to = start and re.compile(r"(?:\s+\w+){0,3}?\s+(?:to|towards?|until|into)\s+", re.IGNORECASE).match(
            words, start[1]
        )
        end = _region_at(words, to.end()) if to else None
        if end:
            return " ".join(words[match.start() : end[1]].split())
    return ""


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


def _next_place(words: str, position: int) -> tuple[list[str], int, int] | None:
    """Return the first place from a position on: its regions, and where it starts and stops."""
    for match in re.finditer(r"(?<![\w'-])[\w']", words):
        start = match.start()
        if start < position:
            continue
        preposition = re.compile(rf"{_PREPOSITION}\s+", re.IGNORECASE).match(words, start)
        said, led = _region_at(words, start), _region_at(words, preposition.end()) if preposition else None
        if said is not None and not (said[2] or _by_itself(words, start, said[1])):
            said = None
        if said is None or (led is not None and led[1] > said[1]):
            said = led
        if said is not None:
            names, stop = _more(words, said[0], said[1])
            return names, start, stop
    return None


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
        name = _on_side(phrase.name, side if "both" not in said else None)
        best = name, match.end(), phrase.own or side is not None or "whole" in said
    return best


def _on_side(name: str, side: Side) -> str:
    """Return the region on one side, where there is one."""
    if side is not None and name in ("whole_face", "whole_head"):
        return f"{side}_half"
    if side is None or name not in _SIDED:
        return name
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
            own = first in ("around", "under", "below", "beneath", "underneath", "between", "above", "over")
            own = own or words in _ALONE or name.endswith("_half")
            found.append(_Phrase(re.compile(rf"{pattern}(?![\w'])(?!-\w)", re.IGNORECASE), name, own))
    return tuple(found)
