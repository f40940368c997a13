"""How true the skin's colours are: `python benchmarks/skin_tones.py [--heads anny ict] [--people 12]`.

Prints the distance of each tone of the Monk scale (Monk 2019, skintone.google) to the nearest skin that the traits
reach; how far the albedo follows any light that could be baked into it; and how far it differs across the seams.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import colour
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.render.shading import sample_texture, vertex_normals
from dreamface.skin import paint
from dreamface.skin.canvas.atlas import atlas_of
from dreamface.skin.canvas.layout import painted_parts, skin_tiles
from dreamface.skin.canvas.pigments import resting_colour
from dreamface.skin.layers.hair import HAIR
from dreamface.skin.layers.makeup import MAKEUP
from dreamface.traits import Traits, Value

MONK: Final = (
    "#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420",
)  # fmt: skip
STEPS: Final = {"skin.melanin": 61, "skin.redness": 11, "skin.yellowness": 6}
"""How finely the traits are gone through."""

NO_SKIN: Final = ("scalp", "brows", "mouth_inside", "eye_sockets", "lids_margin", "lips_upper", "lips_lower")
"""Regions that are hair, or no skin, or have a border of their own."""

LUMINANCE: Final = torch.tensor([0.2126, 0.7152, 0.0722])
SIZE: Final = 1024
WORN: Final[Mapping[str, Mapping[str, Value]]] = {
    "cropped hair": {"hair.style": "short"},
    "a beard": {"hair.style": "bald", "beard.style": "full", "beard.density": 0.8},
    "stripes": {"hair.style": "bald", "skin.stripes": (0.1, 0.4, 0.1, 1.0)},
    "spots": {"hair.style": "bald", "skin.spots": (0.1, 0.4, 0.1, 1.0)},
    "scales": {"hair.style": "bald", "skin.scales": (0.1, 0.4, 0.1, 1.0)},
}
"""What runs on from one tile to the next."""

BARE: Final = {layer.name: 0.0 for layer in (*HAIR, *MAKEUP)}  # what lies on the skin


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heads", nargs="+", default=["anny"], choices=("anny", "ict"))
    parser.add_argument("--people", type=int, default=12)
    chosen = parser.parse_args()
    for tone, (distance, nearest) in zip(MONK, monk_distances(), strict=True):
        where = ", ".join(f"{name.removeprefix('skin.')} {value:.2f}" for name, value in nearest.items())
        print(f"{tone}  CIEDE2000 {distance:4.2f}  at {where}")
    for name in chosen.heads:
        lights, seams, borders = [], [], []
        for seed in range(chosen.people):
            person = complete(Traits(), seed)
            head = load_model(name).build(HeadSource(person, torch.Generator().manual_seed(seed)))
            maps = paint(head, person, resolution=SIZE, seed=seed, layers=BARE)
            albedo = {tile: maps[tile]["albedo"] for tile in skin_tiles(head.topology)}
            lights.append(baked_light(head, albedo["skin"]))
            within, between = seam_differences(head, albedo)
            seams.append(within)
            borders.append(between)
        print(f"{name}: the albedo follows a light by r = {np.mean(lights):.3f} (mean), {max(lights):.3f} (largest)")
        print(f"{name}: across seams {255 * np.mean(seams):.2f} / 255 (mean), {255 * max(seams):.2f} (largest)")
        if max(borders) > 0.0:  # the head has several tiles of skin
            print(
                f"{name}: between tiles {255 * np.mean(borders):.2f} / 255 (mean), {255 * max(borders):.2f} (largest)"
            )
            for what, worn in WORN.items():
                _, between = seam_differences(head, _albedo(head, person.under(worn), chosen.people - 1))
                print(f"{name}: between tiles with {what} {255 * between:.2f} / 255")


def monk_distances() -> list[tuple[float, Mapping[str, float]]]:
    """CIEDE2000 from each Monk tone to the nearest reachable skin under D65, and that skin's traits."""
    axes = [np.linspace(0.0, 1.0, count) for count in STEPS.values()]
    amounts = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
    skins = torch.stack([resting_colour(_traits(row)) for row in amounts]).double().numpy()
    encoded = np.array([[int(tone[start : start + 2], 16) / 255.0 for start in (1, 3, 5)] for tone in MONK])
    tones = to_lab(np.asarray(colour.cctf_decoding(encoded, "sRGB")))
    found = []
    for tone in tones:
        distance = np.asarray(colour.delta_E(to_lab(skins), tone, method="CIE 2000"))
        nearest = int(distance.argmin())
        found.append((float(distance[nearest]), dict(zip(STEPS, amounts[nearest].tolist(), strict=True))))
    return found


def to_lab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., 3] CIE L*a*b* (D65) of linear Rec. 709."""
    space = colour.RGB_COLOURSPACES["ITU-R BT.709"]
    return np.asarray(colour.XYZ_to_Lab(linear @ space.matrix_RGB_to_XYZ.T, space.whitepoint))


def baked_light(head: Head, albedo: Tensor) -> float:
    """Largest correlation, over all directions l, of the albedo's luminance with n . l over the bare skin's texels.

    It is the multiple correlation of the luminance with the normals' three components. Nothing is taken out before:
    darker lids, red noses and pale necks count as light if together they look like one.

    Args:
        head: whose skin.
        albedo: [H, W, 3] of the face's tile.
    """
    atlas = atlas_of(head.topology, "skin", len(albedo))
    normals = vertex_normals(head.vertices, head.topology.triangles)
    normal = torch.nn.functional.normalize(atlas.spread(normals).view(3, -1), dim=0)
    skin = (atlas.inside & (atlas.region(*NO_SKIN) < 0.05)).view(-1)
    x, y = normal[:, skin].double(), (albedo @ LUMINANCE).view(-1)[skin].double()
    x, y = x - x.mean(dim=1, keepdim=True), y - y.mean()
    explained = (x @ y) @ torch.linalg.solve(x @ x.T, x @ y)
    return float((explained / (y @ y)).clamp_min(0.0).sqrt())


def _albedo(head: Head, person: Traits, seed: int) -> dict[str, Tensor]:
    """Of every tile of skin, with all that lies on it."""
    maps = paint(head, person, resolution=SIZE, seed=seed)
    return {tile: maps[tile]["albedo"] for tile in skin_tiles(head.topology)}


def seam_differences(head: Head, albedo: Mapping[str, Tensor]) -> tuple[float, float]:
    """Mean over seam vertices that are seen, and channels, of the two sides' difference in linear albedo.

    Returns:
        Where both sides lie in one tile, and where they lie in two; 0 where there is no such seam.
    """
    topology = head.topology
    hidden = torch.maximum(topology.regions["mouth_inside"], topology.regions["eye_sockets"]) > 0.05
    places: dict[int, dict[tuple[str, int], Tensor]] = {}
    for tile, image in albedo.items():
        for part in painted_parts(topology, tile):
            faces = slice(*part.faces)
            corners = torch.stack((topology.faces[faces].reshape(-1), topology.face_uvs[faces].reshape(-1)), dim=1)
            corners = torch.unique(corners, dim=0)
            values = sample_texture(image, topology.uv[corners[:, 1]])
            for (vertex, uv), value in zip(corners.tolist(), values, strict=True):
                places.setdefault(vertex, {})[tile, uv] = value
    apart: dict[bool, list[Tensor]] = {False: [], True: []}
    for vertex, sides in places.items():
        if not hidden[vertex]:
            for ((first, _), one), ((second, _), other) in itertools.pairwise(sides.items()):
                apart[first != second].append((one - other).abs().mean())
    within, between = (float(torch.stack(found).mean()) if found else 0.0 for found in apart.values())
    return within, between


def _traits(amounts: Sequence[float] | NDArray[np.float64]) -> Traits:
    return Traits(dict(zip(STEPS, (float(amount) for amount in amounts), strict=True)))


if __name__ == "__main__":
    main()
