"""The hair of a face folder: for each region the curves of its guides, where they are rooted, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

REGIONS: Final = {"scalp": "hair", "beard": "beard", "brows": "brows", "lashes": "lashes"}
"""Region -> what its object is called."""

LOOK: Final[dict[str, float]] = {
    "hairs": 80_000, "radius": 4e-5, "tip": 0.4, "guides_each": 3, "clump": 0.3, "clump_from": 0.1, "lock": 0.0,
    "twist": 0.0, "strand_clump": 0.3, "strand_size": 8, "frizz": 0.0005, "frizz_scale": 0.02, "flyaways": 0.02,
    "scatter": 0.08,
}  # fmt: skip
"""Field of a region's look -> its usual value. Lengths are metres."""

_NO_DYE: Final = (1.0, 1.0, 1.0, 0.0)
COLOUR: Final[dict[str, float | tuple[float, ...]]] = {
    "melanin": 0.7, "redness": 0.1, "grey": 0.0, "dye": _NO_DYE, "roots": _NO_DYE, "tips": _NO_DYE,
    "highlights": _NO_DYE, "temple_grey": 0.0, "variation": 0.15,
}  # fmt: skip
"""Field of a region's colour -> its usual value; four numbers are a linear Rec. 709 colour and its strength."""

_LARGEST: Final = 1e9


@dataclass(frozen=True)
class RegionHair:
    """The hair of one region of a head, as guides.

    Attributes:
        region: one of `REGIONS`.
        style: name of its style.
        look: as `LOOK`.
        colour: as `COLOUR`.
        points: [N, P, 3] metres, in the head's space, each guide from its root to its tip.
        triangle: [N] the root's triangle: twice its face in the head, and one more for the second half of a quad.
        barycentric: [N, 3] the root's place in it.
        uv: [N, 2] the root's texture coordinates; those of the head's tile number i lie in i..i+1 along u.
        lock: [N] guides of the same lock have the same number.
    """

    region: str
    style: str
    look: dict[str, float]
    colour: dict[str, Any]
    points: NDArray[np.float32]
    triangle: NDArray[np.int32]
    barycentric: NDArray[np.float32]
    uv: NDArray[np.float32]
    lock: NDArray[np.int32]


def parse_groom(entries: Any, arrays: dict[str, NDArray[Any]], face_count: int | None = None) -> list[RegionHair]:
    """Return the hair that entries of face.json and the arrays of groom.npz describe, region by region.

    Args:
        entries: each with a region, a style, a look and a colour; a look or colour may leave out what is usual.
        arrays: `{region}_points` and so on; see `RegionHair`.
        face_count: how many faces the head has; None where that is not known.

    Raises:
        ValueError: something is missing, or does not fit; the message says what.
    """
    _need(isinstance(entries, list), "the hair is no list")
    groom = [_parse_region(entry, arrays, face_count) for entry in entries]
    names = [hair.region for hair in groom]
    _need(len(set(names)) == len(names), "a region's hair is there twice")
    return [hair for hair in groom if len(hair.points)]


def _parse_region(entry: Any, arrays: dict[str, NDArray[Any]], face_count: int | None) -> RegionHair:
    _need(isinstance(entry, dict) and entry.get("region") in REGIONS, "hair grows in a region that no head has")
    region = entry["region"]
    points = _array(arrays, f"{region}_points", "f", None, None, 3)
    count = len(points)
    _need(points.shape[1] >= 2, f"the guides of the {REGIONS[region]} have no length")
    triangle = _array(arrays, f"{region}_triangle", "i", count)
    most = 2 * face_count if face_count is not None else np.iinfo(np.int32).max
    _need(not count or (triangle.min() >= 0 and triangle.max() < most), f"the {REGIONS[region]} grow on no face")
    return RegionHair(
        region,
        str(entry.get("style", "")),
        _numbers(entry.get("look", {}), LOOK, f"the look of the {REGIONS[region]}"),
        _numbers(entry.get("colour", {}), COLOUR, f"the colour of the {REGIONS[region]}"),
        points,
        triangle,
        _array(arrays, f"{region}_barycentric", "f", count, 3),
        _array(arrays, f"{region}_uv", "f", count, 2),
        _array(arrays, f"{region}_lock", "i", count),
    )


def _array(arrays: dict[str, NDArray[Any]], name: str, kind: str, *shape: int | None) -> NDArray[Any]:
    array = arrays.get(name)
    _need(array is not None, f"{name} is missing")
    assert array is not None
    fits = array.ndim == len(shape) and all(
        want is None or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    _need(fits and array.dtype.kind == kind, f"{name} has another shape or kind")
    _need(kind == "i" or bool(np.isfinite(array).all()), f"{name} has numbers that are none")
    return array.astype(np.float32 if kind == "f" else np.int32)


def _numbers(values: Any, usual: dict[str, Any], what: str) -> dict[str, Any]:
    _need(isinstance(values, dict), f"{what} is not described")
    found = {}
    for name, default in usual.items():
        value = values.get(name, default)
        numbers = value if isinstance(value, list | tuple) else [value]
        count = len(default) if isinstance(default, tuple) else 1
        fits = len(numbers) == count and all(
            isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < _LARGEST
            for number in numbers
        )
        _need(fits, f"{what} has a {name} that is no number")
        found[name] = tuple(numbers) if isinstance(default, tuple) else value
    return found


def _need(condition: bool, problem: str) -> None:
    if not condition:
        raise ValueError(problem)
