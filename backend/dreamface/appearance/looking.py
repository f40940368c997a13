"""From a face to what it shows of its traits.

Most of it is measured: the skin's tone, the iris, the hair that has grown. What has no single measure (age, sex, how
wrinkled a cheek is) is read out by a ridge regression on all measures together; `training.appearance` makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from torch import Tensor

from dreamface.appearance.skin import Painted, SkinSeen, can_be_seen
from dreamface.colour import encode_srgb, lab
from dreamface.hair import Groom
from dreamface.skin import atlas_of, painted_parts
from dreamface.traits import VOCABULARY, Value
from dreamface.units import MM

READOUTS: Final = Path(__file__).with_name("readouts.npz")
_IRISES: Final = ("iris", "left_iris")  # materials; the right one has the same unless somebody wants two colours
_RING: Final = 0.45  # share of an iris's texels that are darker: pupil and limbus
READ_OUT: Final = (
    "age", "gender", "freckles.density", "moles.density", "age_spots.density", "blemishes.density",
    "wrinkles.forehead", "wrinkles.eyes", "wrinkles.cheeks", "wrinkles.mouth", "skin.redness", "skin.yellowness",
)  # fmt: skip
"""Traits that have no single measure."""


@dataclass(frozen=True)
class Seen:
    """What a face shows of one trait.

    Attributes:
        value: in the trait's own units; None where only the note can say it.
        note: the measure behind it, in a few words.
    """

    value: Value | None
    note: str = ""


class Looked(Painted, Protocol):
    """As much of a face as is looked at, with its hair."""

    @property
    def groom(self) -> Groom:
        """Its hair."""


def look_at(face: Looked, measured: Mapping[str, float]) -> dict[str, Seen]:
    """Return what a face shows, by trait; traits that nothing can be seen of are left out.

    Args:
        face: finished, or as much of it as is looked at.
        measured: its shape traits, as `pipeline.measure` gives them.
    """
    found = {name: Seen(value) for name, value in measured.items()}
    if not can_be_seen(face):
        return found | _hair(face.groom)
    skin = SkinSeen(face)
    values = read_out(features(skin, measured, face.groom))
    spots, depths = skin.spots, skin.depths_mm
    counted = {
        "freckles.density": spots.freckles, "moles.density": spots.moles,
        "age_spots.density": spots.age_spots, "blemishes.density": spots.blemishes,
    }  # fmt: skip
    for name, value in values.items():
        note = f"{counted[name]:.1f} on a square centimetre" if name in counted else ""
        if name in _DEEPEST_IN:
            note = f"{max(depths.get(area, 0.0) for area in _DEEPEST_IN[name]):.2f} mm deep"
        found[name] = Seen(value, note)
    lightness, red, yellow = lab(skin.tone).tolist()
    tone = f"{_hex(skin.tone)}, L* {lightness:.0f}, a* {red:.0f}, b* {yellow:.0f}"
    found["skin.melanin"] = Seen(skin.pigments.number("skin.melanin"), tone)
    if (iris := _iris(face)) is not None:
        found["iris.colour"] = Seen(tuple(iris.tolist()), _hex(iris))
    return found | _hair(face.groom)


_DEEPEST_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "wrinkles.forehead": ("forehead", "glabella"),
    "wrinkles.eyes": ("eye_corners", "under_eyes"),
    "wrinkles.cheeks": ("cheeks", "cheekbones"),
    "wrinkles.mouth": ("beside_nose", "beside_mouth", "upper_lip"),
}
"""Areas in which each kind of wrinkle is deepest."""


def features(skin: SkinSeen, measured: Mapping[str, float], groom: Groom) -> dict[str, float]:
    """Return everything that can be measured on a face, by name."""
    spots, pigments = skin.spots, skin.pigments
    scalp = groom.get("scalp")
    return {
        **measured,
        **{f"depth/{area}": depth for area, depth in skin.depths_mm.items()},
        "spots/freckles": spots.freckles**0.5,
        "spots/moles": spots.moles**0.5,
        "spots/age": spots.age_spots**0.5,
        "spots/blemishes": spots.blemishes**0.5,
        "spots/brown": spots.brown**0.5,
        "spots/red": spots.red**0.5,
        **{f"tone/{name}": float(value) for name, value in zip("Lab", lab(skin.tone).tolist(), strict=True)},
        **{f"tone/{name}": pigments.number(name) for name in ("skin.melanin", "skin.redness", "skin.yellowness")},
        "grey": 0.0 if scalp is None else scalp.colour.grey,
    }


def read_out(measures: Mapping[str, float]) -> dict[str, float]:
    """Return the traits that a regression reads out of measures, each within its range."""
    names, targets, mean, scale, weights = _regression()
    row = (torch.tensor([measures.get(name, float(mean[i])) for i, name in enumerate(names)]) - mean) / scale
    row = row.clamp(-_FARTHEST, _FARTHEST)
    values = torch.cat((row, row.square(), torch.ones(1))) @ weights
    found = {}
    for name, value in zip(targets, values.tolist(), strict=True):
        trait = VOCABULARY[name]
        found[name] = min(max(value, trait.low), trait.high)
    return found


_FARTHEST: Final = 4.0  # deviations at which a measure counts as no further


@cache
def _regression() -> tuple[list[str], list[str], Tensor, Tensor, Tensor]:
    """Return names of the measures and of the traits, [F] mean and [F] deviation, and [2 F + 1, T] weights."""
    with np.load(READOUTS) as stored:
        arrays = [torch.from_numpy(stored[name].astype(np.float32)) for name in ("mean", "scale", "weights")]
        return stored["measures"].tolist(), stored["traits"].tolist(), arrays[0], arrays[1], arrays[2]


def _iris(face: Painted) -> Tensor | None:
    """Return [3] linear Rec. 709 of the left iris, without pupil and limbus."""
    topology = face.head.topology
    for tile, maps in face.maps.items():
        indices = [topology.parts.index(part) for part in painted_parts(topology, tile) if part.material in _IRISES]
        if not indices or "albedo" not in maps:
            continue
        albedo, index = maps["albedo"], indices[0]
        atlas = atlas_of(topology, tile, albedo.shape[0])
        own = albedo[atlas.inside & (atlas.part.view(atlas.size, atlas.size) == index)]
        light = own.sum(dim=1)
        return own[light > light.quantile(_RING)].median(dim=0).values
    return None


def _hair(groom: Groom) -> dict[str, Seen]:
    """Return what has grown."""
    found = {}
    for region, trait, none in (("scalp", "hair.style", "bald"), ("beard", "beard.style", "none")):
        hair = groom.get(region)  # type: ignore[call-overload]
        if hair is None:
            found[trait] = Seen(none, "no hair has grown")
            continue
        lengths = (hair.points[:, 1:] - hair.points[:, :-1]).norm(dim=-1).sum(dim=1)
        found[trait] = Seen(hair.style, f"{float(lengths.median()) / MM / 10.0:.1f} cm long")
        if region == "scalp":
            colour = hair.colour
            found |= {"hair.melanin": Seen(colour.melanin), "hair.redness": Seen(colour.redness)}
            found["hair.grey"] = Seen(colour.grey)
    return found


def _hex(colour: Tensor) -> str:
    """Return #rrggbb of linear Rec. 709."""
    return "#" + "".join(f"{round(255.0 * value):02x}" for value in encode_srgb(colour).tolist())
