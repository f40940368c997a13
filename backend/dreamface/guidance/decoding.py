"""From the latents of a face's texture to its specular and its relief, by trained decoders.

Zhang et al. 2023, "DreamFace", section 5.3: both maps come from z_H. What counts is how they differ from the maps that
the same decoders give for our own painted skin: pores, lines and gloss that our painter knows stay, what the decoders
lose is in both, and decoders that have learnt nothing change nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.fft import dctn, idctn
from torch import Tensor

from dreamface.errors import DreamFaceError
from dreamface.geometry import smoothstep
from dreamface.guidance.devices import is_out_of_memory, release_memory
from dreamface.guidance.pbr_decoders import PbrDecoders
from dreamface.guidance.sitter import Sitter, resized
from dreamface.skin import atlas_of, surface_of
from dreamface.units import MM

_LARGE: Final = 5.0 * MM  # of skin: relief that is much larger than this is shape, and left to that
_UPRIGHT: Final = 0.1  # least z of a decoded normal: what is steeper is noise
_STEEPEST: Final = 1.5  # slope: of change, likewise
_METRIC_SIDE: Final = 256  # texels a side on which skin is measured
_UNKNOWN: Final = ("scalp", "mouth_inside", "eye_sockets")  # regions of the face's tile that no face shows
_BORDER: Final = (0.35, 0.85)  # of a texel that a region covers, between which it fades
_FLAT: Final = 1e-4  # deviation of what decoders give over the face: below it they give one value everywhere


@dataclass(frozen=True)
class DecodedChange:
    """How the maps of the face's tile change, [S, S] each.

    Attributes:
        specular: difference, -1..1.
        height: metres of relief on top.
        known: 0..1 where decoders know the layout.
    """

    specular: Tensor
    height: Tensor
    known: Tensor


def decoded_change(decoders: PbrDecoders, sitter: Sitter, own: Tensor, new: Tensor) -> tuple[DecodedChange | None, str]:
    """Return how the face's maps change, or None; and why there is none, as a sentence.

    Args:
        decoders: of specular and normal maps.
        sitter: whose skin.
        own: [1, 4, h, w] latents of its painted texture.
        new: [1, 4, h, w] latents of the new texture.
    """
    try:
        with torch.no_grad():
            both = torch.cat((own, new))
            specular, normal = (found.float().cpu() for found in (decoders.specular(both), decoders.normal(both)))
    except DreamFaceError as error:  # the graphics card is lost: what texturing has made is not
        return None, f"{error} {_ESTIMATED.capitalize()}."
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        specular = None
    if specular is None:  # not while the error is being handled: it holds on to what was computed so far
        release_memory()
        return None, f"There was too little memory for the PBR decoders: {_ESTIMATED}."
    if not bool(torch.isfinite(specular).all() and torch.isfinite(normal).all()):
        return None, f"The PBR decoders gave no numbers (NaN): {_ESTIMATED}."
    known = known_texels(sitter, specular.shape[-1])
    inside = known > 0.5
    if float(specular[1, 0][inside].std()) < _FLAT or float(normal[1][:, inside].std(dim=1).max()) < _FLAT:
        return None, f"The PBR decoders give the same value everywhere, as untrained ones do: {_ESTIMATED}."
    change = (_slopes(normal[1]) - _slopes(normal[0])).clamp(-_STEEPEST, _STEEPEST) * known
    return DecodedChange(specular[1, 0] - specular[0, 0], relief_of_slopes(change, sitter), known), ""


_ESTIMATED: Final = "gloss and relief were estimated from the colour"


def known_texels(sitter: Sitter, side: int) -> Tensor:
    """Return [S, S] 0..1 where the face's tile shows a face."""
    atlas = atlas_of(sitter.head.topology, sitter.tiles[0], 2 * side)
    hidden = torch.maximum(atlas.region(*_UNKNOWN), (~atlas.inside).float())
    return 1.0 - smoothstep(resized(hidden.view(1, 2 * side, 2 * side), side)[0], *_BORDER)


def _slopes(normal: Tensor) -> Tensor:
    """Return [2, S, S] the rise along tangent and bitangent of unit normals [3, S, S]."""
    return -normal[:2] / normal[2:].clamp_min(_UPRIGHT)


def relief_of_slopes(slopes: Tensor, sitter: Sitter) -> Tensor:
    """Return [S, S] metres: the relief whose slopes in the face's tile come closest to slopes [2, S, S].

    Least squares by cosine transform (Frankot and Chellappa 1988, "A method for enforcing integrability", with mirrored
    borders); a weak pull to 0 keeps what is much larger than pores and lines out of it.
    """
    side = slopes.shape[-1]
    surface = surface_of(sitter.head, sitter.tiles[0], min(side, _METRIC_SIDE))
    a, b, c = resized(surface.metric, side)
    inside = atlas_of(sitter.head.topology, sitter.tiles[0], side).inside
    per_u = torch.where(inside, slopes[0] / a, 0.0)
    per_v = torch.where(inside, slopes[1] / c + b * per_u, 0.0)
    # Rows grow downwards, and v upwards.
    across, down = per_u.nan_to_num(0.0, 0.0, 0.0) / side, -per_v.nan_to_num(0.0, 0.0, 0.0) / side
    divergence = torch.zeros(side, side, dtype=torch.float64)
    between = 0.5 * (across[:, 1:] + across[:, :-1])
    divergence[:, :-1] += between
    divergence[:, 1:] -= between
    between = 0.5 * (down[1:] + down[:-1])
    divergence[:-1] += between
    divergence[1:] -= between
    texels = _LARGE * surface.typical_density * side
    waves = 2.0 - 2.0 * np.cos(math.pi * np.arange(side) / side)
    spectrum = dctn(divergence.numpy(), type=2) / -(waves[:, None] + waves[None] + texels**-2)
    return torch.from_numpy(idctn(spectrum, type=2)).float() * inside
