"""Lashes: tapered ribbons of three quads each, rooted on the lid margin and turning with the lid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.arrays import IntArray
from dreamface.geometry import ways_around

_UPPER_COUNT: Final = 90  # per eye
_LOWER_COUNT: Final = 48
_ROWS: Final = 4  # vertex pairs along a ribbon
_SHORTEST, _LONGEST = 0.0045, 0.0115  # metres, upper lashes at lashes.length 0 and 1
_LOWER_SHARE: Final = 0.55  # lower lashes' length over the upper ones'
_ROOT_WIDTH: Final = 0.00020  # metres; thicker than a hair, so that a few read as a full row
_BUNDLES: Final = 0.42  # bundles per lash
_DRAWN: Final = 0.045  # lean towards the bundle's middle, per lash between them
_YOUNG: Final = 0.2  # share of shorter lashes
_MARGIN_RING, _INNER_RING, _OUTER_RING = 3, 1, 6  # lid loops that give root, outward and upward directions


@dataclass(frozen=True)
class Roots:
    """Where the lashes of one eye grow, as blends of skin vertices.

    Attributes:
        indices: [K, 2] skin vertices of the lid margin at both ends of the root's edge.
        share: [K] how far along that edge.
        inner, outer: [K, 2] the same columns one loop inside and outside.
        length: [K] relative length.
        lean: [K] sideways lean, - towards the nose.
        bend: [K] how much the ribbon curls.
    """

    indices: Tensor
    inner: Tensor
    outer: Tensor
    share: Tensor
    length: Tensor
    lean: Tensor
    bend: Tensor


def lash_roots(rings: IntArray, positions: NDArray[np.float64], seed: int) -> Roots:
    """Spread lashes along both lids of one eye.

    Args:
        rings: [R, N] lid loops of skin vertices, inner margin first.
        positions: [Cs, 3] skin vertices of the mean adult.
        seed: of the small irregularities, fixed per eye.
    """
    generator = np.random.default_rng(seed)
    margin = rings[_MARGIN_RING]
    x = np.abs(positions[margin, 0])
    inner, outer = int(np.argmin(x)), int(np.argmax(x))
    chains = ways_around(inner, outer, len(margin))
    is_upper = [positions[margin[chain], 2].mean() for chain in chains]
    upper, lower = (chains[0], chains[1]) if is_upper[0] > is_upper[1] else (chains[1], chains[0])
    parts = [_along(upper, _UPPER_COUNT, generator, 1.0), _along(lower, _LOWER_COUNT, generator, _LOWER_SHARE)]
    pairs, share, length, lean = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Roots(
        indices=torch.from_numpy(margin[pairs]),
        inner=torch.from_numpy(rings[_INNER_RING][pairs]),
        outer=torch.from_numpy(rings[_OUTER_RING][pairs]),
        share=torch.from_numpy(share).float(),
        length=torch.from_numpy(length).float(),
        lean=torch.from_numpy(lean).float(),
        bend=torch.from_numpy(generator.uniform(0.75, 1.1, len(share))).float(),
    )


def lash_faces(roots: Roots) -> IntArray:
    """Return [3K, 4] quads of an eye's ribbons."""
    count = len(roots.share)
    row = np.arange(_ROWS - 1)
    one = np.stack((2 * row, 2 * row + 1, 2 * row + 3, 2 * row + 2), axis=1)
    return (one[None] + 2 * _ROWS * np.arange(count)[:, None, None]).reshape(-1, 4)


def lash_vertices(skin: Tensor, roots: Roots, length: float) -> Tensor:
    """Return [..., 8K, 3] ribbons for skin vertices [..., V, 3]; `length` is the trait lashes.length, 0..1."""
    root = _blend(skin, roots.indices, roots.share)
    out = _unit(root - _blend(skin, roots.inner, roots.share))
    up = _unit(_blend(skin, roots.outer, roots.share) - root)
    along = _unit(skin[..., roots.indices[:, 1], :] - skin[..., roots.indices[:, 0], :])
    reach = (_SHORTEST + (_LONGEST - _SHORTEST) * length) * roots.length[:, None]
    rows = []
    for step in torch.linspace(0.0, 1.0, _ROWS).tolist():
        curl = 0.55 * roots.bend[:, None] * step * step
        point = root + reach * (step * (out + roots.lean[:, None] * along) + curl * up)
        half = 0.5 * _ROOT_WIDTH * (1.0 - 0.85 * step)
        rows.append(torch.stack((point - half * along, point + half * along), dim=-2))
    ribbons = torch.stack(rows, dim=-3)
    return ribbons.reshape(*skin.shape[:-2], -1, 3)


def lash_uv(roots: Roots) -> NDArray[np.float64]:
    """Return [8K, 2] texture coordinates: u across each ribbon, v from root to tip."""
    one = np.stack((np.tile([0.0, 1.0], _ROWS), np.repeat(np.linspace(0.0, 1.0, _ROWS), 2)), axis=1)
    return np.tile(one, (len(roots.share), 1))


def _along(
    chain: IntArray, count: int, generator: np.random.Generator, length: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Column pairs [K, 2], shares, lengths and leans of lashes spread from the inner to the outer corner."""
    place = np.linspace(0.06, 0.985, count) + generator.uniform(-0.4, 0.4, count) / count
    at = np.clip(place, 0.0, 0.999) * (len(chain) - 1)
    first = at.astype(np.int64)
    pairs = np.stack((chain[first], chain[first + 1]), axis=1)
    profile = 0.45 + 0.55 * np.sin(np.pi * np.clip(place, 0.0, 1.0) ** 1.4 * 0.93)
    # Neighbours' tips draw together, and some lashes are still growing.
    bundle = np.cumsum(generator.uniform(0.0, 1.0, count) < _BUNDLES)
    middle = (np.bincount(bundle, place) / np.bincount(bundle).clip(1))[bundle]
    lean = (place - 0.42) * 0.9 + _DRAWN * (middle - place) * count + generator.normal(0.0, 0.07, count)
    grown = np.where(generator.uniform(0.0, 1.0, count) < _YOUNG, 0.62, 1.0) * generator.uniform(0.80, 1.08, count)
    return pairs, at - first, length * profile * grown, lean


def _blend(skin: Tensor, indices: Tensor, share: Tensor) -> Tensor:
    first, second = skin[..., indices[:, 0], :], skin[..., indices[:, 1], :]
    return first + share[:, None] * (second - first)


def _unit(vectors: Tensor) -> Tensor:
    return vectors / torch.linalg.vector_norm(vectors, dim=-1, keepdim=True).clamp_min(1e-9)
