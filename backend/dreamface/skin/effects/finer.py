"""What is finer than the texels of small maps: drawn on smaller texels, of which each of the maps' shows the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from dreamface.skin.canvas.overlay import Patch, Site, Spot
from dreamface.skin.effects.effect import Drawing, Look

_MOST: Final = 4  # times finer

_SUMS: Final = ("melanin", "blood", "stain", "flat", "height")
_GLOSS: Final = ("roughness", "specular", "subsurface", "metallic")


def drawn_finer(draw: Drawing, site: Site, look: Look, texel_mm: float) -> Sequence[Patch]:
    """Return what an effect draws, worked out on texels that are no larger than it needs.

    Args:
        draw: the effect.
        site: where.
        look: how it is wanted.
        texel_mm: of the largest texels that show it.
    """
    factor = 1
    while site.texel / factor > texel_mm and factor < _MOST:
        factor *= 2
    if factor == 1:
        return draw(site, look)
    large = interpolate(site.mask[None, None], scale_factor=float(factor), mode="nearest")[0, 0]
    spot = Spot(site.window.scaled(factor), large)
    finer = replace(site, subject=replace(site.subject, size=factor * site.subject.size), spot=spot)
    return [_mean(patch, site, factor) for patch in draw(finer, look)]


def _mean(patch: Patch, site: Site, factor: int) -> Patch:
    """Return a patch on the maps' own texels: what hides or shines is weighed by how much there is of it."""
    sums = {name: getattr(patch, name) for name in _SUMS}
    found: dict[str, Any] = {name: _pooled(image, factor) for name, image in sums.items() if image is not None}
    for amount, values in (("cover", ("colour",)), ("gloss", _GLOSS)):
        weight: Tensor | None = getattr(patch, amount)
        found[amount] = None if weight is None else _pooled(weight, factor)
        for name in values:
            value: Tensor | float | None = getattr(patch, name)
            if isinstance(value, Tensor) and value.dim() > 1 and weight is not None:
                value = _pooled(value * weight, factor) / _pooled(weight, factor).clamp_min(1e-6)
            found[name] = value
    return Patch(site.window, **found)


def _pooled(image: Tensor, factor: int) -> Tensor:
    planes = image if image.dim() == 3 else image[None]
    small = avg_pool2d(planes[None], factor)[0]
    return small if image.dim() == 3 else small[0]
