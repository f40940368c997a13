"""The hairs between guides, in metres and for the size of a head."""

from __future__ import annotations

from dataclasses import replace

from dreamface.groom.surface import Surface
from dreamface.hair import HairLook
from dreamface.styles import Style, size_of
from dreamface.units import MM


def look_of(style: Style, surface: Surface) -> HairLook:
    """Return how a style's hairs look on a head."""
    spec, unit = style.look, MM * size_of(surface.skull)
    return HairLook(
        hairs=spec.hairs, radius=spec.radius * MM, tip=spec.tip, guides_each=spec.guides_each, clump=spec.clump,
        clump_from=spec.clump_from, lock=spec.lock * unit, twist=spec.twist / size_of(surface.skull),
        strand_clump=spec.strand_clump, strand_size=spec.strand_size, frizz=spec.frizz * unit,
        frizz_scale=spec.frizz_scale * unit, flyaways=spec.flyaways, scatter=spec.scatter,
    )  # fmt: skip


def thinned(look: HairLook, share: float) -> HairLook:
    """Return the look with only a share of its hairs."""
    return replace(look, hairs=round(share * look.hairs))
