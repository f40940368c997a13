"""Shape traits as measurements between landmarks.

A measurement is a length, an angle or a ratio taken on named landmarks, so it means the same on every head model.
Lengths are divided by the size of the skull, which makes them independent of how big the whole person is. `Population`
turns raw measurements into standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dreamface.traits import SHAPE_TRAITS

X, Y, Z = 0, 1, 2  # right to left, front (negative) to back, up

PAIRED = (
    "zygion", "cheekbone", "cheek", "gonion", "ramus", "chin_side", "temple", "frontotemporale",
    "brow_inner", "brow_arch", "brow_outer", "endocanthion", "exocanthion", "lid_upper", "lid_lower",
    "alare", "tip_side", "cheilion", "ear_top", "ear_back", "ear_lobe",
)  # fmt: skip
"""Landmarks whose left and right are compared for asymmetry."""


class Points:
    """Landmark positions by name, each [..., 3], with any leading batch dimensions."""

    def __init__(self, positions: Tensor, names: Mapping[str, int]) -> None:
        """Name the rows of `positions`.

        Args:
            positions: [..., L, 3] metres.
            names: landmark -> index into L.
        """
        self._positions = positions
        self._names = names
        self._coordinates: dict[tuple[str, int], Tensor] = {}  # the measures share most of them
        self._skull: Tensor | None = None

    def __getitem__(self, name: str) -> Tensor:
        return self._positions[..., self._names[name], :]

    def x(self, name: str) -> Tensor:
        """Return [...] half the distance between left and right, metres.

        >>> ears = Points(torch.tensor([[0.08, 0.0, 0.0], [-0.06, 0.0, 0.02]]), {"tragion_l": 0, "tragion_r": 1})
        >>> round(float(ears.x("tragion")), 3)
        0.07
        """
        if (name, X) not in self._coordinates:
            self._coordinates[name, X] = 0.5 * (self[f"{name}_l"][..., X] - self[f"{name}_r"][..., X])
        return self._coordinates[name, X]

    def y(self, name: str) -> Tensor:
        """Return [...] depth, front negative; mean of left and right where the point is paired."""
        return self._mean(name, Y)

    def z(self, name: str) -> Tensor:
        """Return [...] the height, metres; the mean of left and right where the point is paired.

        >>> ears = Points(torch.tensor([[0.08, 0.0, 0.0], [-0.06, 0.0, 0.02]]), {"tragion_l": 0, "tragion_r": 1})
        >>> round(float(ears.z("tragion")), 3)
        0.01
        """
        return self._mean(name, Z)

    def _mean(self, name: str, axis: int) -> Tensor:
        if name in self._names:
            return self[name][..., axis]
        if (name, axis) not in self._coordinates:
            self._coordinates[name, axis] = 0.5 * (self[f"{name}_l"][..., axis] + self[f"{name}_r"][..., axis])
        return self._coordinates[name, axis]

    def skull(self) -> Tensor:
        """Return [...] size of the skull, metres: mean of its width, depth and height above the ears."""
        if self._skull is None:
            width = 2.0 * self.x("euryon")
            depth = self.y("opisthocranion") - self.y("glabella")
            height = self.z("crown") - self.z("tragion")
            self._skull = (width + depth + height) / 3.0
        return self._skull


def _length(part: Callable[[Points], Tensor]) -> Callable[[Points], Tensor]:
    """Return the measurement as a share of the skull's size."""
    return lambda p: part(p) / p.skull()


def _fullness(p: Points) -> Tensor:
    """Return how far the lower face fills the rectangle under the cheekbones: mean lower width over upper width."""
    return (p.x("ramus") + p.x("gonion") + p.x("cheek")) / (3.0 * p.x("zygion"))


def _eye_tilt(p: Points) -> Tensor:
    return torch.atan2(p.z("exocanthion") - p.z("endocanthion"), p.x("exocanthion") - p.x("endocanthion"))


def _opening(p: Points) -> Tensor:
    return (p.z("lid_upper") - p.z("lid_lower")) / (p.x("exocanthion") - p.x("endocanthion"))


def _hump(p: Points) -> Tensor:
    """Return how far the bridge's middle stands in front of the line from nasion to tip."""
    share = (p.z("nasion") - p.z("rhinion")) / (p.z("nasion") - p.z("pronasale"))
    line = p.y("nasion") + share * (p.y("pronasale") - p.y("nasion"))
    return line - p.y("rhinion")


def _tip_angle(p: Points) -> Tensor:
    """Nasolabial inclination: angle of the line from under the nose to its tip above the horizontal."""
    return torch.atan2(p.z("pronasale") - p.z("subnasale"), p.y("subnasale") - p.y("pronasale"))


def _cheek_fullness(p: Points) -> Tensor:
    """Return how far the cheek stands outwards and forwards of the line from mouth corner to jaw."""
    across = p.x("cheek") - 0.5 * (p.x("cheilion") + p.x("ramus"))
    ahead = 0.5 * (p.y("cheilion") + p.y("ramus")) - p.y("cheek")
    return 0.7 * across + 0.7 * ahead


def _cheekbone_prominence(p: Points) -> Tensor:
    """Return how far the cheekbone stands outwards and forwards of the cheek below it."""
    return 0.7 * (p.x("cheekbone") - p.x("cheek")) + 0.7 * (p.y("cheek") - p.y("cheekbone"))


def _jaw_angle(p: Points) -> Tensor:
    """Mandibular plane: how steeply the lower border rises from chin to jaw corner."""
    return torch.atan2(p.z("gonion") - p.z("menton"), p.y("gonion") - p.y("menton"))


def _pointedness(p: Points) -> Tensor:
    """Return how far the ear's top stands above its neighbours on the rim, as a share of the ear's height.

    No human ear is an elf's, so the scale is compressed: asinh is linear around the mean and logarithmic far from it.
    """
    share = (p.z("ear_top") - 0.5 * (p.z("ear_front") + p.z("ear_behind_top"))) / (p.z("ear_top") - p.z("ear_lobe"))
    return torch.asinh((share - _ROUND_EAR) / _EAR_SPREAD)


def _asymmetry(p: Points) -> Tensor:
    """Mean distance between the left landmarks and the mirrored right ones."""
    mirror = torch.tensor([-1.0, 1.0, 1.0], dtype=p["crown"].dtype, device=p["crown"].device)
    gaps = [torch.linalg.vector_norm(p[f"{name}_l"] - p[f"{name}_r"] * mirror + 1e-9, dim=-1) for name in PAIRED]
    return torch.stack(gaps).mean(dim=0)


_ROUND_EAR, _EAR_SPREAD = 0.1014, 0.0022  # of the height: the mean over people, and where compression sets in

_MEASURES: Mapping[str, Callable[[Points], Tensor]] = {
    "face.width": _length(lambda p: 2.0 * p.x("zygion")),
    "face.length": _length(lambda p: p.z("trichion") - p.z("menton")),
    "face.roundness": _fullness,
    "forehead.height": _length(lambda p: p.z("trichion") - p.z("glabella")),
    "forehead.width": _length(lambda p: 2.0 * p.x("frontotemporale")),
    "temples.width": _length(lambda p: 2.0 * p.x("temple")),
    "brow.ridge": _length(lambda p: 0.5 * (p.y("metopion") + p.y("nasion")) - p.y("brow_ridge")),
    "brow.height": _length(lambda p: p.z("brow_arch") - p.z("lid_upper")),
    "brow.angle": lambda p: torch.atan2(p.z("brow_outer") - p.z("brow_inner"), p.x("brow_outer") - p.x("brow_inner")),
    "eyes.size": _length(lambda p: p.x("exocanthion") - p.x("endocanthion")),
    "eyes.spacing": _length(lambda p: 2.0 * p.x("endocanthion")),
    "eyes.depth": _length(lambda p: 0.5 * (p.y("endocanthion") + p.y("exocanthion")) - p.y("brow_ridge")),
    "eyes.tilt": _eye_tilt,
    "eyes.openness": _opening,
    "eyes.fold": _length(lambda p: p.z("lid_upper") - p.z("lid_crease") + p.y("lid_upper") - p.y("lid_crease")),
    "eyes.bags": _length(lambda p: 0.5 * (p.y("lid_lower") + p.y("upper_cheek")) - p.y("eye_bag")),
    "nose.length": _length(lambda p: p.z("nasion") - p.z("subnasale")),
    "nose.width": _length(lambda p: 2.0 * p.x("alare")),
    "nose.bridge_width": _length(lambda p: p.x("bridge_side") + p.x("nose_side")),
    "nose.bridge_height": _length(lambda p: p.y("endocanthion") - p.y("nasion")),
    "nose.hump": _length(_hump),
    "nose.tip_up": _tip_angle,
    "nose.tip_width": _length(lambda p: 2.0 * p.x("tip_side")),
    "nose.nostrils": _length(lambda p: 2.0 * p.x("nostril") - p.x("alare")),
    "cheeks.volume": _length(_cheek_fullness),
    "cheekbones.prominence": _length(_cheekbone_prominence),
    "cheekbones.height": _length(lambda p: p.z("cheekbone") - p.z("subnasale")),
    "mouth.width": _length(lambda p: 2.0 * p.x("cheilion")),
    "lips.upper": _length(lambda p: p.z("labrale_superius") - p.z("stomion_superius")),
    "lips.lower": _length(lambda p: p.z("stomion_inferius") - p.z("labrale_inferius")),
    "mouth.corners": _length(lambda p: p.z("cheilion") - p.z("stomion_superius")),
    "philtrum.length": _length(lambda p: p.z("subnasale") - p.z("labrale_superius")),
    "jaw.width": _length(lambda p: 2.0 * p.x("gonion")),
    "jaw.length": _length(lambda p: torch.hypot(p.y("gonion") - p.y("pogonion"), p.z("gonion") - p.z("pogonion"))),
    "jaw.angle": _jaw_angle,
    "chin.width": _length(lambda p: 2.0 * p.x("chin_side")),
    "chin.height": _length(lambda p: p.z("sublabiale") - p.z("menton")),
    "chin.prominence": _length(lambda p: p.y("sublabiale") - p.y("pogonion")),
    "chin.cleft": _length(lambda p: p.y("chin_dimple") - p.y("chin_pad")),
    "ears.size": _length(lambda p: p.z("ear_top") - p.z("ear_lobe")),
    "ears.protrusion": _length(lambda p: p.x("ear_back") - p.x("mastoid")),
    "ears.pointed": _pointedness,
    "neck.width": _length(lambda p: 2.0 * p.x("neck_side")),
    "neck.length": _length(lambda p: p.z("menton") - p.z("jugular_notch")),
    "asymmetry": _length(_asymmetry),
}
assert tuple(_MEASURES) == SHAPE_TRAITS


def measure_raw(points: Points, names: tuple[str, ...] = SHAPE_TRAITS) -> Tensor:
    """Return [..., T] raw measurements of the given shape traits: shares of the skull's size, ratios and radians."""
    return torch.stack([_MEASURES[name](points) for name in names], dim=-1)


@dataclass(frozen=True)
class Population:
    """Mean and spread of every raw measurement over the people a head model makes.

    Attributes:
        mean, spread: [T] in the order of `SHAPE_TRAITS`.
    """

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, points: Points) -> Population:
        """Of a sample: `points` has one leading dimension of people."""
        raw = measure_raw(points)
        return cls(raw.mean(dim=0), raw.std(dim=0))

    def standardise(self, raw: Tensor) -> Tensor:
        """Turn [..., T] raw measurements into standard deviations from the mean.

        >>> people = Population(mean=torch.tensor([10.0, 1.0]), spread=torch.tensor([2.0, 0.5]))
        >>> people.standardise(torch.tensor([14.0, 0.5])).tolist()
        [2.0, -1.0]
        """
        return (raw - self.mean) / self.spread


def measure(points: Points, population: Population) -> dict[str, float]:
    """Return every shape trait of one head, in standard deviations of the population."""
    deviations = population.standardise(measure_raw(points))
    return {name: float(value) for name, value in zip(SHAPE_TRAITS, deviations, strict=True)}
