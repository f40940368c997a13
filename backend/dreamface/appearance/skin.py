"""Numbers read off finished skin: its tone, its spots, and how deep its folds are.

Fine differences of the albedo are explained by pigments (the slopes that the skin's own painter uses), so that a brown
spot and a red one are told apart on any skin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.colour import lab
from dreamface.face import Head, Maps
from dreamface.skin import atlas_of, pigment_slopes, pigments_of, surface_of
from dreamface.traits import Traits
from dreamface.units import MM

_TILE: Final = "skin"
_LARGEST: Final = 1024  # texels a side that are looked at
_SMALLEST: Final = 128  # texels a side in which anything can be told
_GRID: Final = 512  # texels a side on which regions lie
_BLUR_MM: Final = 2.5  # what is larger belongs to the complexion
_LEAST: Final = 1e-3  # of an albedo, whose logarithm is taken
_SPOT: Final = 0.05  # steps of melanin that a spot has more than the skin around it, at least
_RED: Final = 0.22  # the same of blood
_SPECK_MM2, _BLOTCH_MM2 = 0.25, 60.0  # what is smaller is no spot, and what is larger no spot any more
_MOLE: Final = 0.33  # steps of melanin that the darkest of a mole has more, at least
_BLEMISH_MM2: Final = 1.2  # from which a red one is a blemish
_LARGE_MM2: Final = 7.0  # from which it is an age spot
_WIDTHS_MM: Final = (0.5, 2.0)  # half widths of lines, between pores and the form of the face
_DEEPEST: Final = 0.97  # share of a region's texels that are less deep than what counts as its depth

_AREAS: Final[Mapping[str, tuple[tuple[str, ...], float]]] = {
    "forehead": (("metopion", "trichion"), 34.0),
    "glabella": (("glabella",), 13.0),
    "eye_corners": (("exocanthion_l", "exocanthion_r"), 22.0),
    "under_eyes": (("eye_bag_l", "eye_bag_r"), 13.0),
    "cheeks": (("cheek_l", "cheek_r"), 16.0),
    "cheekbones": (("cheekbone_l", "cheekbone_r"), 16.0),
    "beside_nose": (("nose_side_l", "nose_side_r", "alar_base_l", "alar_base_r"), 12.0),
    "beside_mouth": (("cheilion_l", "cheilion_r"), 14.0),
    "upper_lip": (("subnasale",), 12.0),
    "chin": (("pogonion",), 14.0),
}
"""Where folds are looked for: landmarks, and millimetres around them."""


@dataclass(frozen=True)
class Spots:
    """How many spots the face has on a square centimetre.

    Attributes:
        freckles: small brown ones.
        moles: dark ones.
        age_spots: large brown ones.
        blemishes: red ones.
        brown, red: how much melanin and blood all spots together have more, steps times shares of the area.
    """

    freckles: float
    moles: float
    age_spots: float
    blemishes: float
    brown: float
    red: float


class Painted(Protocol):
    """As much of a face as is looked at."""

    @property
    def head(self) -> Head:
        """Whose skin it is."""

    @property
    def maps(self) -> Maps:
        """Its textures."""


def can_be_seen(face: Painted) -> bool:
    """Return whether a face has maps of its skin that are large enough to be looked at, and the regions to do so."""
    maps, regions = face.maps.get(_TILE, {}), face.head.topology.regions
    there = {"albedo", "displacement"} <= maps.keys() and {"forehead", "cheeks", "nose", "chin"} <= regions.keys()
    return there and min(maps["albedo"].shape[:2]) >= _SMALLEST


class SkinSeen:
    """What the maps of a face's skin show."""

    def __init__(self, face: Painted) -> None:
        maps = face.maps[_TILE]
        self._head = face.head
        self._albedo = _at_most(maps["albedo"].permute(2, 0, 1), _LARGEST)
        self._height = _at_most(maps["displacement"].permute(2, 0, 1), _LARGEST)[0]
        self._size = self._albedo.shape[-1]
        self._surface = surface_of(face.head, _TILE, _GRID)

    # ------------------------------------------------------------------------------------------------------------ tone

    @cached_property
    def tone(self) -> Tensor:
        """[3] linear Rec. 709 of the forehead and the cheeks: their median."""
        return self._albedo[:, self._region("forehead", "cheeks")].median(dim=1).values

    @cached_property
    def lightness(self) -> float:
        """CIE L* of the tone, under D65."""
        return float(lab(self.tone)[0])

    @cached_property
    def pigments(self) -> Traits:
        """The melanin, redness and yellowness whose skin is nearest to the tone."""
        return pigments_of(self.tone)

    # ----------------------------------------------------------------------------------------------------------- spots

    @cached_property
    def spots(self) -> Spots:
        """How many there are of each kind."""
        where = self._region("cheeks", "nose", "forehead", "chin").numpy()
        melanin, blood = self._pigments_beside(where)
        texel = self._texel_mm(where)
        area = float(where.sum()) * texel * texel / 100.0
        sizes, depths = _blobs(melanin, where, _SPOT, texel)
        moles, large = depths >= _MOLE, sizes >= _LARGE_MM2
        red_sizes, _ = _blobs(blood, where, _RED, texel)
        counts = (~moles & ~large, moles, large & ~moles, red_sizes >= _BLEMISH_MM2)
        freckles, dark, brown, red = (float(kind.sum()) / area for kind in counts)
        more = [float(one[where].clip(least, None).mean()) - least for one, least in ((melanin, _SPOT), (blood, _RED))]
        return Spots(freckles, dark, brown, red, *more)

    def _pigments_beside(self, where: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return [S, S] steps of melanin and of blood that texels have more than the skin around them."""
        logarithm = self._albedo.clamp_min(_LEAST).log().numpy()
        sigma = _BLUR_MM / self._texel_mm(where)
        weight = ndimage.gaussian_filter(where.astype(np.float32), sigma) + 1e-6
        around = np.stack([ndimage.gaussian_filter(one * where, sigma) / weight for one in logarithm])
        slopes = torch.stack(pigment_slopes(self.pigments), dim=1).numpy()  # [3, 2]
        found = np.tensordot(np.linalg.pinv(slopes), (logarithm - around) * where, axes=1)
        return found[0].astype(np.float32), found[1].astype(np.float32)

    # ----------------------------------------------------------------------------------------------------------- folds

    @cached_property
    def depths_mm(self) -> dict[str, float]:
        """Millimetres that the deeper lines are deep, by area."""
        texel = self._texel_mm(self._region("cheeks").numpy())
        narrow, wide = (width / texel for width in _WIDTHS_MM)
        height = ndimage.gaussian_filter(self._height.numpy(), 0.5 * narrow)
        depth = (ndimage.gaussian_filter(height, wide) - height) / MM
        areas = {name: self._around(landmarks, radius * MM).numpy() for name, (landmarks, radius) in _AREAS.items()}
        return {name: float(np.quantile(depth[where], _DEEPEST)) for name, where in areas.items() if where.any()}

    # --------------------------------------------------------------------------------------------------------- regions

    def _region(self, *names: str) -> Tensor:
        """Return [S, S] bool: texels well inside some regions and without brows and beard's borders."""
        atlas = atlas_of(self._head.topology, _TILE, _GRID)
        chosen = (atlas.region(*names) > 0.5) & (atlas.region("brows", "scalp", "lids_upper", "nostrils") < 0.2)
        return self._full(chosen & atlas.inside)

    def _around(self, landmarks: tuple[str, ...], radius: float) -> Tensor:
        """Return [S, S] bool: skin near landmarks, but no lips, lids and brows."""
        atlas, near = self._surface.atlas, torch.zeros(_GRID, _GRID, dtype=torch.bool)
        for name in landmarks:
            away = self._surface.position - self._head.landmark(name)[:, None, None]
            near |= away.norm(dim=0) < radius
        kept_out = atlas.region(
            "lips_upper", "lips_lower", "lids_upper", "lids_lower", "brows", "mouth_inside", "nostrils"
        )
        return self._full(near & (kept_out < 0.1) & atlas.inside)

    def _full(self, chosen: Tensor) -> Tensor:
        large = interpolate(chosen[None, None].float(), size=(self._size, self._size), mode="nearest")
        return large[0, 0] > 0.5

    def _texel_mm(self, where: NDArray[np.bool_]) -> float:
        """Return the median side of some texels in millimetres."""
        density = interpolate(self._surface.density[None, None], size=(self._size, self._size), mode="nearest")[0, 0]
        return 1.0 / (float(density[torch.from_numpy(where)].median()) * self._size * MM)


def _blobs(
    image: NDArray[np.float32], where: NDArray[np.bool_], least: float, texel: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return [B] square millimetres of the spots in an image, and [B] how much the strongest of each has."""
    labels, count = ndimage.label((image > least) & where)
    if not count:
        return np.empty(0), np.empty(0)
    index = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(np.ones_like(image), labels, index) * texel * texel
    most = ndimage.maximum(image, labels, index)
    spots = (sizes >= _SPECK_MM2) & (sizes <= _BLOTCH_MM2)
    return sizes[spots], most[spots]


def _at_most(image: Tensor, size: int) -> Tensor:
    """Return [C, S, S] an image no larger than this; texels are averaged."""
    factor = image.shape[-1] // size
    return torch.nn.functional.avg_pool2d(image[None], factor)[0] if factor > 1 else image
