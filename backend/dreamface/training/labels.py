"""What each pixel of a picture shows, and where landmarks are in it: labels that need no annotator.

All maps are taken at the pixels' centres, without filtering. Depth, normals and texture coordinates are those of the
head's surface, also where hair lies over it; only the segmentation knows of hair.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dreamface.face import Head, Topology
from dreamface.hair import REGIONS, Strands
from dreamface.images import png_bytes
from dreamface.render import face_normals, interpolate, rasterise, unit
from dreamface.render.samples import GRID
from dreamface.render.scene import Scene
from dreamface.render.strands import draw, has_length, project
from dreamface.skin import TopologyCache
from dreamface.training.sittings import rounded


@dataclass(frozen=True)
class Kind:
    """What a pixel shows.

    Attributes:
        name: such as "upper_lip"; left is the person's left.
        colour: sRGB codes in the indexed picture's palette.
    """

    name: str
    colour: tuple[int, int, int]


KINDS: Final = (
    Kind("background", (0, 0, 0)),
    Kind("skin", (222, 168, 140)),
    Kind("neck", (176, 122, 98)),
    Kind("left_ear", (240, 120, 90)),
    Kind("right_ear", (200, 70, 60)),
    Kind("nose", (250, 205, 120)),
    Kind("upper_lip", (230, 40, 90)),
    Kind("lower_lip", (160, 20, 110)),
    Kind("mouth", (90, 10, 20)),
    Kind("teeth", (255, 255, 255)),
    Kind("left_eye", (60, 130, 255)),
    Kind("right_eye", (20, 60, 190)),
    Kind("left_brow", (90, 200, 90)),
    Kind("right_brow", (30, 120, 40)),
    Kind("hair", (150, 90, 220)),
    Kind("beard", (240, 230, 40)),
)
"""By their number in the picture. "mouth" is its inside but the teeth."""

_NUMBER: Final = {kind.name: number for number, kind in enumerate(KINDS)}

_PARTS: Final = (
    ("sclera", "eye"), ("iris", "eye"), ("cornea", "eye"), ("eye_socket", "eye"), ("gums", "mouth"),
    ("tongue", "mouth"), ("mouth_socket", "mouth"), ("teeth", "teeth"),
)  # fmt: skip
"""Pieces of a part's name, and what its surface is; the first that fits counts. All else is skin."""

_SKIN_REGIONS: Final = (
    ("lips_upper", "upper_lip"), ("lips_lower", "lower_lip"), ("mouth_inside", "mouth"), ("eye_sockets", "eye"),
    ("nose", "nose"), ("ears", "ear"), ("neck", "neck"),
)  # fmt: skip
"""Regions of the skin, and what they are; the first that weighs half or more counts."""

_SIDED: Final = ("eye", "ear", "brow")
_IN_REGION: Final = 0.5
_HAIRY: Final = 0.5  # share of a pixel that hair hides, from which on it shows hair
_THIN: Final = {"scalp": 0.35, "beard": 0.25, "brows": 0.2}  # the same where hairs stand apart, taken together
_STUBBLE: Final = 0.08  # the same on average where it grows, up to which it is stubble and shows skin
_GROWS: Final = 0.4  # density of roots, 0..1, from which on hair grows
_GROWING: Final = ("scalp", "beard")
_TOGETHER: Final = 100  # over one pixel in so many of the picture's side

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
"""Whether a landmark is seen, as in COCO: not in the picture, hidden by the head itself, visible."""

_NEARER: Final = 0.004  # metres by which what hides a landmark is nearer to the camera, at least
_DEPTH_STEP: Final = 1e-4  # metres
_DEEPEST: Final = 65535


@dataclass(frozen=True)
class Labels:
    """What a picture of S x S pixels shows.

    Attributes:
        kind: [S, S] uint8 number of `KINDS`.
        normals: [S, S, 3] unit, in the camera's space (x right, y down, z away from it); 0 where there is nothing.
        depth: [S, S] z in the camera's space, metres; 0 where there is nothing.
        uv: [S, S, 2] texture coordinates 0..1, v up; 0 where there is nothing.
        tile: [S, S] uint8 number of the tile that they lie on, from 1; 0 where there is nothing.
        landmarks: of each name: 2-D in pixels, 3-D in metres, and whether it is seen.
    """

    kind: NDArray[np.uint8]
    normals: Tensor
    depth: Tensor
    uv: Tensor
    tile: NDArray[np.uint8]
    landmarks: dict[str, Any]

    def files(self, wanted: tuple[str, ...]) -> dict[str, bytes]:
        """Return extension -> contents of what is wanted, `synthesising.LABELS` but landmarks."""
        found: dict[str, bytes] = {}
        if "segmentation" in wanted:
            found["segmentation.png"] = indexed_png(self.kind)
        if "normals" in wanted:
            found["normals.npz"] = _npz(normals=self.normals.half().numpy())
        if "depth" in wanted:
            steps = (self.depth / _DEPTH_STEP).round().clamp(0, _DEEPEST).numpy().astype(np.uint16)
            found["depth.png"] = png_bytes(steps)
        if "uv" in wanted:
            codes = (self.uv * 65535.0).round().clamp(0, 65535).numpy().astype(np.uint16)
            found["uv.npz"] = _npz(uv=codes, tile=self.tile)
        return found


def label(scene: Scene, head: Head, strands: Strands | None, roots: Mapping[str, Tensor] | None = None) -> Labels:
    """Look at a scene once more, and say what is where.

    Args:
        scene: as the picture shows it: its vertices wear an expression.
        head: the same head, neutral.
        strands: the hair on it.
        roots: "scalp" and "beard" -> [V] 0..1 how densely it grows there.
    """
    size, topology = scene.size, scene.topology
    seen = rasterise(scene.vertices, scene.triangles[scene.solid], scene.camera, size)
    hit = seen.triangle >= 0
    triangle, weights = scene.solid[seen.triangle[hit]], seen.barycentric[hit]
    shares = _hair(scene, strands)
    kind = torch.zeros(size, size, dtype=torch.int64)
    across = torch.zeros(size, size)
    across[hit] = interpolate(head.vertices, scene.triangles[triangle], weights)[:, 0]
    kind[hit] = surface_kinds(topology, triangle, weights, across[hit])
    if shares is not None:
        grows = torch.zeros(size, size, len(_GROWING), dtype=torch.bool)
        none = torch.zeros(topology.vertex_count)
        density = torch.stack([(roots or {}).get(region, none) for region in _GROWING], dim=1)
        grows[hit] = interpolate(density, scene.triangles[triangle], weights) > _GROWS
        _lay_hair_over(kind, shares, hit, across, grows)
    depth, normals, uv = torch.zeros(size, size), torch.zeros(size, size, 3), torch.zeros(size, size, 2)
    tile = torch.zeros(size, size, dtype=torch.uint8)
    depth[hit] = seen.depth[hit]
    normals[hit] = _normals(scene, triangle, weights) @ scene.camera.axes(scene.vertices).T
    uv[hit] = interpolate(scene.uv, scene.triangle_uvs[triangle], weights)
    tile[hit] = _tiles(scene)[scene.part_of_triangle[triangle]]
    points = landmark_labels(scene, kind)
    return Labels(kind.to(torch.uint8).numpy(), normals, depth, uv, tile.numpy(), points)


def _normals(scene: Scene, triangle: Tensor, weights: Tensor) -> Tensor:
    """[N, 3] smooth unit normals in the head's space, of the side that is seen: the bust is open below."""
    corners = scene.triangles[triangle]
    towards = scene.vertices.new_tensor(scene.camera.position) - interpolate(scene.vertices, corners, weights)
    facing = (face_normals(scene.vertices, scene.triangles)[triangle] * towards).sum(dim=1, keepdim=True)
    return unit(interpolate(scene.normals, corners, weights)) * torch.where(facing < 0.0, -1.0, 1.0)


def _tiles(scene: Scene) -> Tensor:
    """[P] uint8: the number of each part's tile, from 1; 0 for what has none."""
    topology = scene.topology
    names = [part.tile or scene.materials[part.material].tile for part in topology.parts]
    numbers = [topology.tiles.index(name) + 1 if name in topology.tiles else 0 for name in names]
    return torch.tensor(numbers, dtype=torch.uint8)


# -------------------------------------------------------------------------------------------------------- segmentation


_kinds: Final = TopologyCache[tuple[Tensor, Tensor]](2)


def surface_kinds(topology: Topology, triangle: Tensor, weights: Tensor, across: Tensor) -> Tensor:
    """Return [N] numbers of `KINDS` of points on the surface.

    Args:
        topology: the head's.
        triangle: [N] of its triangles.
        weights: [N, 3] barycentric.
        across: [N] x on the neutral head, metres: above 0 is the person's left.
    """

    def made() -> tuple[Tensor, Tensor]:
        parts = torch.tensor([_part_number(part.name) for part in topology.parts])
        counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in topology.parts])
        regions = torch.stack([topology.regions[name] for name, _ in _SKIN_REGIONS], dim=1)
        return parts.repeat_interleave(counts), regions

    of_triangle, regions = _kinds.get(topology, "kinds", made)
    found = of_triangle[triangle]
    skin = found == _NUMBER["skin"]
    inside = interpolate(regions, topology.triangles[triangle], weights) >= _IN_REGION
    for column, (_, name) in reversed(list(enumerate(_SKIN_REGIONS))):
        found = torch.where(skin & inside[:, column], _sided(name, across), found)
    return found


def _part_number(name: str) -> int:
    side = name.split("_")[0]
    for piece, kind in _PARTS:
        if piece in name:
            return _NUMBER[f"{side}_{kind}" if kind in _SIDED else kind]
    return _NUMBER["skin"]


def _sided(name: str, across: Tensor) -> Tensor:
    """Return [N] the number of something that may be on the left or the right."""
    if name not in _SIDED:
        return torch.full(across.shape, _NUMBER[name])
    return torch.where(across > 0.0, _NUMBER[f"left_{name}"], _NUMBER[f"right_{name}"])


def _hair(scene: Scene, strands: Strands | None) -> Tensor | None:
    """Return [S, S, 3] how much of each pixel hair of the scalp, the beard and the brows hides; None: there is none."""
    if strands is None or not has_length(strands):
        return None
    fine = GRID * scene.size
    depth = rasterise(scene.vertices, scene.triangles[scene.solid], scene.camera, fine).depth
    places, seen = project(strands, scene.camera, depth)
    # Hair is drawn in colours that stand for its region, so that what is in front hides what is behind.
    regions = torch.zeros(len(REGIONS), 3)
    for channel, name in enumerate(("scalp", "beard", "brows")):
        regions[REGIONS.index(name), channel] = 1.0
    colours = regions[strands.region][:, None].expand(*seen.shape, 3).contiguous()
    drawn = draw(places, seen, colours, depth)[..., :3]
    return avg_pool2d(drawn.permute(2, 0, 1)[None], GRID)[0].permute(1, 2, 0)


def _lay_hair_over(kind: Tensor, shares: Tensor, hit: Tensor, across: Tensor, grows: Tensor) -> None:
    """Write hair into numbers of kinds [S, S].

    Args:
        kind: of what lies under it.
        shares: as `_hair` gives them.
        hit: [S, S] bool: where the head is.
        across: [S, S] x on the neutral head, metres.
        grows: [S, S, 2] bool: where hair of the scalp and the beard has its roots.
    """
    reach = 2 * (len(kind) // (2 * _TOGETHER)) + 1
    together = avg_pool2d(shares.permute(2, 0, 1)[None], reach, 1, reach // 2, count_include_pad=False)[0]
    scalp, beard, brows = (
        (shares[..., number] > _HAIRY) | ((together[number] > thin) & hit) for number, thin in enumerate(_THIN.values())
    )
    # Hair that points at the camera hides little, but nobody sees skin between its roots.
    scalp, beard = (
        whole | grown if bool(grown.any()) and float(share[grown].mean()) > _STUBBLE else whole & ~grown
        for whole, grown, share in ((scalp, grows[..., 0], together[0]), (beard, grows[..., 1], together[1]))
    )
    kind[:] = torch.where(brows, _sided("brow", across), kind)
    kind[beard] = _NUMBER["beard"]
    kind[scalp & ~(beard & (shares[..., 1] > shares[..., 0]))] = _NUMBER["hair"]


# ----------------------------------------------------------------------------------------------------------- landmarks


def landmark_names(topology: Topology) -> tuple[str, ...]:
    """Return the names of the landmarks, in order: Multi-PIE's 68, then anthropometric ones."""
    return tuple(sorted(topology.landmarks, key=lambda name: (not name.startswith("multipie_"), name)))


def landmark_labels(scene: Scene, kind: Tensor) -> dict[str, Any]:
    """Return where landmarks are, in the order of `landmark_names`.

    Args:
        scene: with a head.
        kind: [S, S] numbers of `KINDS`.

    Returns:
        pixels: [L, 2] x and y, the first pixel's centre is (0.5, 0.5). metres: [L, 3] in the camera's space. head: the
        same in the head's. seen: [L] `OUTSIDE`, `HIDDEN` or `VISIBLE`; under_hair: [L] 1 where hair hides it, else 0.
    """
    size = scene.size
    vertices = scene.vertices[[scene.topology.landmarks[name] for name in landmark_names(scene.topology)]]
    places = scene.camera.to_pixels(vertices, size)
    inside = ((places[:, :2] >= 0.0) & (places[:, :2] < size)).all(dim=1) & (places[:, 2] > 0.0)
    eye = vertices.new_tensor(scene.camera.position)
    ways = vertices - eye
    nearest = scene.solid_surface.cast(eye, ways).depth  # 1 at the landmark
    hidden = (1.0 - nearest) * torch.linalg.vector_norm(ways, dim=1) > _NEARER
    seen = torch.where(inside, torch.where(hidden, HIDDEN, VISIBLE), OUTSIDE)
    column, row = places[:, :2].long().clamp(0, size - 1).unbind(1)
    hairy = (kind[row, column] == _NUMBER["hair"]) | (kind[row, column] == _NUMBER["beard"])
    return {
        "pixels": rounded(places[:, :2], 2),
        "metres": rounded(scene.camera.to_camera(vertices), 5),
        "head": rounded(vertices, 5),
        "seen": seen.tolist(),
        "under_hair": (hairy & inside).int().tolist(),
    }


# --------------------------------------------------------------------------------------------------------------- files


def indexed_png(kind: NDArray[np.uint8]) -> bytes:
    """Return numbers of `KINDS` [S, S] as a PNG with their palette."""
    return png_bytes(kind, [code for one in KINDS for code in one.colour])


def _npz(**arrays: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()
