"""How densely a style has roots, at every vertex of a head."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.hair import Roots
from dreamface.styles.face_parts import noise, noise_number
from dreamface.styles.hairline import with_hairline
from dreamface.styles.skull import Skull
from dreamface.styles.style import BeardShape, Style
from dreamface.styles.where import size_of, weight_of
from dreamface.traits import Traits
from dreamface.units import MM

_NEVER_BEARDED: Final = ("lips_upper", "lips_lower", "mouth_inside", "nostrils", "ears")
_BARE_FROM: Final = 0.2  # weight of those regions from which no hair grows
_RED: Final = 0.4  # weight of those regions at which a root is on them
_SPARSE_PATCHES: Final = 0.35  # of a beard of no density
_ALL_COVERED: Final = 2.6  # deviations of noise that hardly any place lies below
_ALL_BARE: Final = 4.5
_PATCH_BORDER: Final = 0.9
_FINER: Final = 0.45  # of the patches' size and weight, of smaller ones

_OF_REGION: Final = {"scalp": "scalp", "beard": "beard", "brows": "brows", "lashes": "lids_margin"}


def root_density(style: Style, head: Head, traits: Traits, seed: int) -> Tensor:
    """Return [V] 0..1 how densely hair of a style grows at a head's vertices.

    Args:
        style: whose roots.
        head: with neutral vertices.
        traits: a person's; `hair.hairline` moves the border of the scalp.
        seed: of the uneven hairline, or of a beard's patches and its uneven border.

    Raises:
        BadRequest: the head has no region for such hair, or lacks a landmark that the style names.
    """
    region = hair_bearing(style, head, traits, seed)
    covered = torch.nonzero(region > 0.0)[:, 0]
    places, skull = head.vertices[covered], Skull.of(head)
    density = torch.ones(len(covered))
    if style.region == "beard":
        places = _wandering(places, (style.beard or BeardShape()).border * MM * size_of(skull), seed)
    for section in style.sections:
        if section.density is not None:
            density = torch.lerp(
                density, torch.full_like(density, section.density), weight_of(section.where, head, skull, places)
            )
    if style.region == "beard":
        density = density * _bare_of_lips(head)[covered] * _patchy(style, places, size_of(skull), traits, seed)
    found = torch.zeros_like(region)
    found[covered] = density * region[covered]
    return found


def bearded(head: Head, roots: Roots) -> Tensor:
    """Return [N] bool: roots that are not on the red of the lips or in the mouth, the nose or an ear.

    A triangle at the border of the lips is partly red; the density of its corners does not tell which part.
    """
    bare = torch.stack([head.topology.regions[name] for name in _NEVER_BEARDED], dim=1)
    return roots.on(bare, head.topology.triangles).amax(dim=1) < _RED


def hair_bearing(style: Style, head: Head, traits: Traits, seed: int) -> Tensor:
    """Return [V] 0..1 where a style's region bears hair, whether or not the style shaves it.

    Args:
        style: whose region, and whose hairline.
        head: with neutral vertices.
        traits: a person's.
        seed: of an uneven hairline.

    Raises:
        BadRequest: the head has no region for such hair.
    """
    name = _OF_REGION[style.region]
    if name not in head.topology.regions:
        raise BadRequest(f"The head model {head.model} has no region called {name!r}, where {style.region} hair grows.")
    region = head.topology.regions[name]
    if style.region != "scalp" or "trichion" not in head.topology.landmarks:
        return region
    return with_hairline(region, style.hairline, traits, head, seed)


def _wandering(places: Tensor, by: float, seed: int) -> Tensor:
    """Return places [N, 3] moved about, so that borders that are drawn by them are uneven."""
    first = noise_number(seed, "beard border")
    moves = [noise(places, scale * MM, first + axis) for axis, scale in enumerate((9.0, 9.0, 6.0))]
    return places + 0.5 * by * torch.stack(moves, dim=1)


def _bare_of_lips(head: Head) -> Tensor:
    """Return [V] 0 where no beard ever grows: lips, mouth, nostrils, nose, ears."""
    bare = torch.stack([head.topology.regions[name] for name in _NEVER_BEARDED]).amax(dim=0)
    return 1.0 - (bare / _BARE_FROM).clamp(max=1.0)


def _patchy(style: Style, places: Tensor, size: float, traits: Traits, seed: int) -> Tensor:
    """Return [N] 0..1 how densely a beard grows within its border; sparse beards are patchier."""
    shape = style.beard or BeardShape()
    bare = max(shape.patches, _SPARSE_PATCHES * (1.0 - 2.0 * traits.number("beard.density")))
    scale = shape.patch_size * MM * size
    first = noise_number(seed, "beard patches")
    field = noise(places, scale, first) + _FINER * noise(places, _FINER * scale, first + 1)
    cover = ((field + _ALL_COVERED - bare * _ALL_BARE) / _PATCH_BORDER).clamp(0.0, 1.0)
    thin = 1.0 - shape.thin * (0.5 - 0.5 * noise(places, 2.0 * scale, first + 2)).clamp(0.0, 1.0)
    return cover * thin
