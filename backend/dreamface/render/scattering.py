"""Light under the surface: it comes out again some way off, red further than blue.

How far is Burley's normalised diffusion (Christensen and Burley 2015, "Approximate reflectance profiles for efficient
subsurface scattering"), R(r) = (exp(-r / d) + exp(-r / 3d)) / (8 pi d r). Each of its two terms is exactly a mixture of
Gaussians: exp(-r / d) / (2 pi d r) is the Gaussian whose standard deviation is itself half-normal, |N(0, d)|. So the
irradiance in the picture is blurred by a ladder of Gaussians (d'Eon and Luebke 2007, "Advanced techniques for realistic
real-time skin rendering"), made one from the other, and every channel takes its share of each rung in closed form.

Distances count in depth as well as across the picture, so that light does not leap over a silhouette (edge-avoiding
a-trous wavelets: Dammertz et al. 2010).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SPLINE = (6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0)
"""The cubic B-spline, close to a Gaussian of one pixel: middle, next and last tap."""

MOST_RUNGS = 7
"""Blurs at most: the widest spans 74 pixels."""

DEEP = 0.004
"""Metres that samples of a pixel may lie behind the nearest one and still be of the same surface."""

APART = 10.0
"""Metres that are put between things that light does not go between; and behind everything, where there is nothing."""


def diffusion_length(radius: Tensor, albedo: Tensor) -> Tensor:
    """[3] metres, d in the profile, from diffuse mean free paths [3] and the albedo [3] (the paper's equation 8)."""
    return radius / (3.5 + 100.0 * (albedo - 0.33) ** 4)


def rungs(widest: float) -> int:
    """How many blurs there are until the widest is twice the profile's longest reach, 3d = `widest` pixels."""
    count = 1
    while count < MOST_RUNGS and rung_width(count) < 2.0 * widest:
        count += 1
    return count


def rung_width(number: int) -> float:
    """Standard deviation in pixels after `number` blurs: their variances 1, 4, 16.. add up."""
    return math.sqrt((4.0**number - 1.0) / 3.0)


def rung_shares(length: Tensor, pixel: float, count: int) -> Tensor:
    """How much of a profile each blur stands for.

    A Gaussian between two rungs is made of both, so that its variance is kept; what is wider than the widest is given
    to that.

    Args:
        length: [C] metres, d in the profile.
        pixel: metres that a pixel spans.
        count: of blurs.

    Returns:
        [1 + count, C]; the first is what is not blurred. Sums to 1.
    """
    edges = length.new_tensor([pixel * rung_width(number) for number in range(count + 1)])[:, None]
    below, moment = _half_normal(edges, length.clamp(min=1.0e-9))
    near, moment_near = _half_normal(edges, 3.0 * length.clamp(min=1.0e-9))
    below, moment = 0.25 * below + 0.75 * near, 0.25 * moment + 0.75 * moment_near
    variance = edges * edges
    mass, moment, span = below.diff(dim=0), moment.diff(dim=0), variance.diff(dim=0)
    to_upper = (moment - variance[:-1] * mass) / span
    shares = length.new_zeros(count + 1, length.shape[0])
    shares[:-1] += mass - to_upper
    shares[1:] += to_upper
    shares[-1] += 1.0 - below[-1]
    return shares


def _half_normal(edges: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Share and second moment of |N(0, scale)| below `edges`."""
    reach = edges / (math.sqrt(2.0) * scale)
    share = torch.erf(reach)
    return share, scale**2 * (share - 2.0 / math.sqrt(math.pi) * reach * torch.exp(-reach * reach))


def transmittance(thickness: Tensor, length: Tensor) -> Tensor:
    """[N, 3] share of the light that falls on the back of a sheet and comes out in front.

    The profile, integrated over a plane at a distance (as Jimenez et al. 2010, "Real-time realistic skin translucency",
    do with a sum of Gaussians).

    Args:
        thickness: [N, 1] metres.
        length: [3] or [N, 3] metres, d in the profile.
    """
    reach = thickness / length.clamp(min=1.0e-6)
    return 0.25 * torch.exp(-reach) + 0.75 * torch.exp(-reach / 3.0)


def blur(image: Tensor, depth: Tensor, step: int, pixel: float) -> Tensor:
    """One more blur by a Gaussian of `step` pixels, which light does not leap over a gap in depth with.

    Every pixel becomes a mean of those around it, so even light stays as it is.

    Args:
        image: [C, H, W].
        depth: [H, W] metres.
        step: pixels between the taps, and the Gaussian's standard deviation.
        pixel: metres that a pixel spans.

    Returns:
        [C, H, W].
    """
    for axis in (1, 2):
        image = _blur_along(image, depth, step, pixel, axis)
    return image


def _blur_along(image: Tensor, depth: Tensor, step: int, pixel: float, axis: int) -> Tensor:
    middle, *taps = SPLINE
    length = image.shape[axis]
    blurred, total = middle * image, torch.full_like(depth, middle)
    falloff = -0.5 / (step * pixel) ** 2
    for number, tap in enumerate(taps, start=1):
        offset = number * step
        if offset >= length:
            break
        here, there = slice(0, length - offset), slice(offset, length)
        apart = depth.narrow(axis - 1, offset, length - offset) - depth.narrow(axis - 1, 0, length - offset)
        weight = tap * torch.exp(falloff * apart * apart)
        for to, source in ((here, there), (there, here)):
            at, from_ = _along(axis, to), _along(axis, source)
            blurred[(slice(None), *at)] += weight * image[(slice(None), *from_)]
            total[at] += weight
    return blurred / total


def _along(axis: int, part: slice) -> tuple[slice, slice]:
    """The part of a picture [H, W] along rows (1) or columns (2)."""
    return (part, slice(None)) if axis == 1 else (slice(None), part)


@dataclass(frozen=True)
class Places:
    """Where N samples of a picture lie.

    Attributes:
        pixel: [N] the pixel, row * size + column.
        share: [N] of that pixel.
        depth: [N] metres.
        body: [N] number of what they lie on, which light stays within; below 0 where none goes under the surface.
        size: side of the picture in pixels.
        span: metres that a pixel spans.
    """

    pixel: Tensor
    share: Tensor
    depth: Tensor
    body: Tensor
    size: int
    span: float


def spread(arriving: Tensor, places: Places, lengths: Tensor, medium: Tensor, weight: Tensor) -> Tensor:
    """Irradiance after it has spread under the surface.

    Args:
        arriving: [N, 3] irradiance at samples of a picture.
        places: where the samples lie.
        lengths: [M, 3] metres, d in the profile, of each medium.
        medium: [N] which of them is under the sample.
        weight: [N, 1] 0..1 how much of the light spreads at all.

    Returns:
        [N, 3].
    """
    pixel, size, span = places.pixel, places.size, places.span
    place = torch.where(places.body >= 0, places.depth + APART * places.body, torch.inf)
    nearest = place.new_full((size * size,), torch.inf).scatter_reduce_(0, pixel, place, "amin")
    # What lies further back in the same pixel, beyond a silhouette, keeps its light to itself.
    inside = place - nearest[pixel] < max(DEEP, 3.0 * span)
    spreading = torch.nonzero(inside)[:, 0]
    if not len(spreading):
        return arriving
    pixel, medium = pixel[spreading], medium[spreading]
    window = _window(pixel, size)
    image, back = _picture_of(arriving[spreading], pixel, places.share[spreading], place[spreading], size)
    count = rungs(3.0 * float(lengths.max()) / span)
    shares = torch.stack([rung_shares(each, span, count) for each in lengths], dim=1)
    found = shares[0][medium] * arriving[spreading]
    light, back = image[:, window[0], window[1]], back[window]
    for number in range(count):
        light = blur(light, back, 2**number, span)
        image[:, window[0], window[1]] = light
        found += shares[number + 1][medium] * image.view(3, -1).T[pixel]
    result = arriving.clone()
    result[spreading] = torch.lerp(arriving[spreading], found, weight[spreading])
    return result


def _picture_of(values: Tensor, pixel: Tensor, share: Tensor, place: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Means over pixels, weighted: [3, size, size] of the values, and [size, size] of the place in depth."""
    gathered = torch.cat((values, place[:, None], torch.ones_like(place[:, None])), dim=1) * share[:, None]
    totals = values.new_zeros(size * size, 5).index_add_(0, pixel, gathered)
    means = totals[:, :4] / totals[:, 4:].clamp(min=1.0e-6)
    # Where there is nothing, it lies apart from everything.
    back = torch.where(totals[:, 4] > 0.0, means[:, 3], -APART)
    return means[:, :3].T.reshape(3, size, size).contiguous(), back.view(size, size)


def _window(pixel: Tensor, size: int) -> tuple[slice, slice]:
    """Rows and columns around pixels."""
    row, column = pixel // size, pixel % size
    return slice(int(row.min()), int(row.max()) + 1), slice(int(column.min()), int(column.max()) + 1)
