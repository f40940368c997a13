"""From a picture before and after diffusion to what has changed on the skin: its colour, its relief and its gloss.

The colour is de-lit by the ratio to our own rendering of the same view: light and shadow are in both. What light has
done beyond that is taken apart by scale: small bright peaks that the rendering has not are gloss, and what is finely
darker is taken for deeper, a little of it.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from dreamface.colour import decode_srgb
from dreamface.edits import LARGEST_RATIO
from dreamface.geometry import smoothstep
from dreamface.render import CloseUp

CHANNELS: Final = 6
"""Of `changes`: the log ratio of the albedo (3), fine relief, gloss, and what hides the skin."""

_LUMINANCE: Final = (0.2126, 0.7152, 0.0722)
_DARKEST: Final = 0.004  # linear: below it there is nothing but noise
_GLOSS_LEFT: Final = 0.8  # of a pixel's light at most is taken for gloss of our own rendering
_FINE: Final = 1.0 / 60.0  # of the picture's side: what is larger is shape or colour, and neither relief nor gloss
_PEAK: Final = (0.25, 0.9)  # log luminance above its surroundings from which, and at which all of it, is gloss
_OF_PEAK: Final = 0.8  # of a peak that is taken out of the colour
_SOFT: Final = 0.5  # log luminance at which relief has reached most of its depth
_CHANGED: Final = (0.06, 0.3)  # log ratio around a pixel from which anything is taken for relief or gloss
_HIDES: Final = (0.45, 1.3)  # log ratio from which the skin is hidden, and at which all of it is


def changes(before: Tensor, after: Tensor, light: Tensor, gloss: Tensor) -> Tensor:
    """Return what has changed on the skin between two pictures of it.

    Args:
        before: [3, H, W] sRGB-encoded 0..1.
        after: [3, H, W] the same place with what diffusion made.
        light: [3, H, W] what falls on the skin; only whether there is any matters.
        gloss: [3, H, W] linear light that our own rendering mirrors.

    Returns:
        [6, H, W]: log ratio of the albedo (3), relief -1..1, gloss 0..1, and 0..1 how much of the skin is hidden. All
        are 0 where the pictures are the same.
    """
    old, new = decode_srgb(before), decode_srgb(after)
    fine = max(1.0, _FINE * before.shape[-1])
    detail = _detail(new, fine) - _detail(old, fine)
    mirrored = torch.minimum(gloss, _GLOSS_LEFT * old)
    ratio = ((new - mirrored).clamp_min(_DARKEST) / (old - mirrored).clamp_min(_DARKEST)).log()
    ratio = ratio * (light.amax(dim=0) > 0.0)
    changed = smoothstep(blurred(ratio.abs().amax(dim=0), fine), *_CHANGED)
    peaks = (detail - _PEAK[0]).clamp_min(0.0) * changed
    ratio = (ratio - _OF_PEAK * peaks).clamp(-LARGEST_RATIO, LARGEST_RATIO)
    shine = smoothstep(blurred(peaks, 0.5 * fine), 0.0, _PEAK[1] - _PEAK[0])
    relief = torch.tanh((detail - peaks) / _SOFT) * changed
    hides = smoothstep(blurred(ratio.abs().amax(dim=0), 0.5 * fine), *_HIDES)
    return torch.cat((ratio, relief[None], shine[None], hides[None]))


def changes_in(view: CloseUp, before: Tensor, after: Tensor) -> Tensor:
    """Return `changes` in the pixels of a view."""
    return changes(before, after, view.light.permute(2, 0, 1), view.gloss.permute(2, 0, 1))


def _detail(linear: Tensor, fine: float) -> Tensor:
    """Return [H, W] log luminance without what is larger than `fine` pixels."""
    luminance = torch.einsum("chw,c->hw", linear, linear.new_tensor(_LUMINANCE)).clamp_min(_DARKEST).log()
    return luminance - blurred(luminance, 2.0 * fine)


def blurred(image: Tensor, deviation: float) -> Tensor:
    """Return [H, W] after a Gaussian filter; the deviation is in pixels."""
    reach = min(max(1, round(3.0 * deviation)), min(image.shape) - 1)
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / deviation) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, -1)
    rows = conv1d(pad(image[None], (reach, reach), mode="reflect").permute(1, 0, 2), kernel)[:, 0]
    found: Tensor = conv1d(pad(rows.T[None], (reach, reach), mode="reflect").permute(1, 0, 2), kernel)[:, 0].T
    return found
