"""Hair that grows anew on a head, and styles that artists have combed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dreamface.edits import hair_of
from dreamface.face import Face, Head
from dreamface.groom import Surface, grow, to_curves, unanswered
from dreamface.hair import REGIONS, Groom, Region
from dreamface.pipeline.people import pictures_of, remembered, shaped_head, shown_traits
from dreamface.record import EditEntry, FaceRecord
from dreamface.styles import Style, find_style, parse_style, style_name, styles
from dreamface.traits import VOCABULARY, Traits

if TYPE_CHECKING:
    from torch import Tensor


_USUAL_LOOK: Mapping[Region, str] = {"scalp": "medium", "beard": "short", "brows": "natural", "lashes": "natural"}
"""The styles whose hairs between the guides a combed style has, where nobody says which."""


def grow_hair(
    head: Head,
    traits: Traits,
    seed: int,
    regions: Collection[Region] | None = None,
    *,
    edits: Sequence[EditEntry] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> Groom:
    """Return the hair of a head that `build_head` gave; quick enough to follow a slider.

    Args:
        head: with neutral vertices.
        traits: all of the person's.
        seed: the face's.
        regions: only of these; None is all.
        edits: the face's, some of which let hair grow in places, or shave it.
        pictures: SHA-256 -> PNG of painted places.

    Raises:
        BadRequest: a style is unknown, or a place can't be read.
    """
    traits, marks = hair_of(edits, head, traits, pictures or {})
    return grow(head, traits, seed, REGIONS if regions is None else regions, surface=Surface(head, marks))


def style_of_guides(
    name: str,
    label: str,
    region: Region,
    guides: Iterable[Tensor],
    face: Face | FaceRecord,
    *,
    offset: Tensor | None = None,
    like: str | None = None,
    summary: str = "",
    pictures: Mapping[str, bytes] | None = None,
) -> Style:
    """Return a style of guides that were combed on a head, which then fits any head; `save_style` keeps it.

    Args:
        name: what the trait of its region will call it: small letters, digits and _.
        label: what artists read.
        region: what it is for.
        guides: of each [P, 3] from its root to its tip, metres, in the head's space.
        face: on whose head; of its traits the style keeps the length and curl that it was combed at.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        like: name of a style whose hairs between the guides it has, too; None is the usual ones.
        summary: one sentence.
        pictures: SHA-256 -> PNG of places that edits of the shape lie on, beside the face's own.

    Raises:
        BadRequest: there are no guides, they do not start on the head's skin, or a text or name can't be.
    """
    record, kept_offset = remembered(face)
    built = shaped_head(record, kept_offset if offset is None else offset, {**pictures_of(face), **(pictures or {})})
    curves = to_curves(guides, built)
    data: dict[str, object] = {
        "name": style_name(name, region), "label": label, "region": region, "summary": summary,
        "curves": curves.model_dump(), "guides": len(curves.points), "points": len(curves.points[0]),
    }  # fmt: skip
    usual = styles().of(region).get(style_name(_USUAL_LOOK[region], region))
    alike = usual if like is None else find_style(style_name(like, region), region)
    if alike is not None:
        data["look"] = alike.look.model_dump()
    for field in ("length", "curl", "volume", "fringe"):
        trait = f"{'beard' if region == 'beard' else 'hair'}.{field}"
        if region in ("scalp", "beard") and trait in VOCABULARY:
            data[field] = shown_traits(record).number(trait)
    return parse_style(data)


def not_grown(traits: Traits) -> tuple[str, ...]:
    """Return the words that asked for something of the hair which its style can't show."""
    return tuple(dict.fromkeys(traits[name].because for name in unanswered(traits) if traits[name].because))
