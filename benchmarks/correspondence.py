"""How exactly the built-in head and ICT-FaceKit lie on each other, and the pictures of docs/correspondence.md.

Needs ICT-FaceKit to be installed.

python benchmarks/correspondence.py
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Material, Topology
from dreamface.head import HeadSource, load_model
from dreamface.head.anny.bank import load_bank
from dreamface.head.anny.identity import PERSON_TRAITS, mean_adult_person
from dreamface.head.ict.person import PersonOffsets
from dreamface.head.ict.source import load_source
from dreamface.head.transfer.correspondence import load_correspondence
from dreamface.head.transfer.textures import SkinTextures
from dreamface.render import Camera, preview
from dreamface.skin.canvas.atlas import atlas_of
from dreamface.training.ict_correspondence import anny_surface, ict_surface

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CELL = 320  # pixels
SIZE = 1024  # of carried textures

ANCESTRIES = ("african", "east_asian", "south_asian", "european")
PEOPLE = (
    {"age": 6.0},
    {"age": 14.0},
    {"gender": -1.0},
    {"gender": 1.0},
    {"age": 70.0, "gender": -1.0},
    {"age": 70.0, "gender": 1.0},
    *({f"ancestry.{one}": float(one == name) for one in ANCESTRIES} for name in ANCESTRIES),
    {"body.weight": 0.0},
    {"body.weight": 1.0},
)
PAINT = {  # region -> colour, linear
    "lips_upper": (0.5, 0.03, 0.05),
    "lips_lower": (0.6, 0.08, 0.06),
    "lids_upper": (0.05, 0.1, 0.5),
    "lids_lower": (0.05, 0.35, 0.4),
    "nostrils": (0.05, 0.4, 0.05),
    "brows": (0.05, 0.03, 0.02),
    "ears": (0.6, 0.4, 0.05),
}
CLAY = (0.55, 0.42, 0.36)
COLOURS = {"sclera": (0.75, 0.73, 0.7), "iris": (0.09, 0.13, 0.16), "teeth": (0.7, 0.65, 0.55), "": (0.4, 0.12, 0.1)}
SKINS = ("skin", "back_of_head")
CLEAR = ("cornea", "lashes", "lacrimal_fluid", "eye_blend", "eye_occlusion")


def main() -> None:
    """Print the figures and make the pictures."""
    for line in contour_figures():
        print(line)
    PICTURES.mkdir(exist_ok=True)
    anny, ict, painted, carried = painting()
    _save(painting_picture(anny, ict, painted, carried), "correspondence-paint.jpg")
    _save(people_picture(anny, ict), "correspondence-people.jpg")


# -------------------------------------------------------------------------------------------------------------- figures


def contour_figures() -> list[str]:
    """Per contour: how far the built-in head's, carried, lies from ICT's own."""
    _, loops = anny_surface(load_bank())
    ict, curves = ict_surface(load_source())
    carried = load_correspondence().to_anny(torch.from_numpy(ict.vertices)).numpy()
    lines = ["contour: mean and largest distance in mm of the carried one from ICT's own"]
    for name, loop in loops.items():
        closed = np.concatenate((curves[name], curves[name][:1]))
        steps = np.linspace(0.0, len(closed) - 1.0, 40 * len(closed))
        dense = np.stack([np.interp(steps, np.arange(len(closed)), closed[:, axis]) for axis in range(3)], axis=1)
        away = 1000.0 * cKDTree(dense).query(carried[loop])[0]
        lines.append(f"  {name}: {away.mean():.2f} {away.max():.2f}")
    return lines


# ------------------------------------------------------------------------------------------------------------- pictures


def painting() -> tuple[Topology, Topology, dict[str, Tensor], dict[str, Tensor]]:
    """A chequered texture with coloured features in the built-in layout, and what it is in ICT's."""
    anny, ict = load_model("anny").topology, load_model("ict").topology
    atlas = atlas_of(anny, "skin", SIZE)
    weights = atlas.spread(torch.stack([anny.regions[name] for name in PAINT], dim=1))
    steps = torch.arange(SIZE) // (SIZE // 64)
    chequers = 0.25 + 0.35 * ((steps[:, None] + steps) % 2).float()
    image = chequers[..., None].expand(-1, -1, 3).clone()
    for weight, colour in zip(weights[..., None], PAINT.values(), strict=True):
        image = image * (1.0 - weight) + weight * torch.tensor(colour) * (0.6 + chequers[..., None])
    start = time.perf_counter()
    textures = SkinTextures(anny, ict, SIZE)
    between = time.perf_counter()
    carried = textures.to_ict({"skin": image})
    print(f"textures of {SIZE}: {between - start:.2f} s once, {time.perf_counter() - between:.2f} s each")
    back = textures.to_anny(carried)["skin"]
    print(f"there and back: mean difference {float((back - image).abs()[atlas.inside].mean()):.4f}")
    return anny, ict, {"skin": image}, carried


def painting_picture(
    anny: Topology, ict: Topology, painted: Mapping[str, Tensor], carried: Mapping[str, Tensor]
) -> Image.Image:
    """Both heads with it: as a whole, from the side, an eye, mouth and nose."""
    person = PersonOffsets(load_source()).offsets(mean_adult_person())
    rows = []
    for topology, vertices, images in (
        (anny, _built_in(mean_adult_person()), painted),
        (ict, load_source().neutral + person, carried),
    ):
        views = []
        for place, width, yaw in ((_middle, 0.3, 0.2), (_ear, 0.11, 1.3), (_eye, 0.06, 0.3), (_mouth, 0.09, 0.3)):
            camera = _camera(place(topology, vertices), width, yaw)
            views.append(_render(topology, vertices, images, camera))
        rows.append(torch.cat(views, dim=1))
    return _picture(torch.cat(rows))


def people_picture(anny: Topology, ict: Topology) -> Image.Image:
    """The same people on both heads: the built-in one above, ICT's below."""
    source = load_source()
    offsets = PersonOffsets(source)
    rows: list[Tensor] = []
    for first in range(0, len(PEOPLE), 6):
        built_in, ours = [], []
        for change in PEOPLE[first : first + 6]:
            person = mean_adult_person() | change
            for topology, vertices, row in (
                (anny, _built_in(person), built_in),
                (ict, source.neutral + offsets.offsets(person), ours),
            ):
                row.append(_render(topology, vertices, {}, _camera(_middle(topology, vertices), 0.29, 0.45)))
        rows += [torch.cat(built_in, dim=1), torch.cat(ours, dim=1)]
    return _picture(torch.cat(rows))


def _built_in(person: Mapping[str, float]) -> Tensor:
    """[V, 3] the built-in head of a person, every slider at 0."""
    traits = dict.fromkeys(PERSON_TRAITS, 0.5) | dict(person)
    return load_model("anny").build(HeadSource(identity=traits)).vertices


def _render(topology: Topology, vertices: Tensor, images: Mapping[str, Tensor], camera: Camera) -> Tensor:
    materials = {part.material: _material(part.material, part.material in images) for part in topology.parts}
    return preview(vertices, topology, materials, {tile: {"albedo": image} for tile, image in images.items()},
                   size=CELL, camera=camera)  # fmt: skip


def _material(name: str, painted: bool) -> Material:
    if name in SKINS:
        return Material(name, name if painted else None, (1.0, 1.0, 1.0) if painted else CLAY, roughness=0.55)
    if name.startswith(CLEAR):
        return Material(name, transmission=1.0, ior=1.38 if name == "cornea" else 1.0, roughness=0.05)
    return Material(name, base_colour=next(colour for part, colour in COLOURS.items() if part in name))


def _camera(target: Tensor, width: float, yaw: float) -> Camera:
    """Looks at `target` so that `width` metres fill the picture; yaw in radians to the person's left."""
    away = 1.6
    x, y, z = target.tolist()
    position = (x + away * math.sin(yaw), y - away * math.cos(yaw), z)
    return Camera(position, (x, y, z), 2.0 * math.atan(0.5 * width / away))


def _middle(topology: Topology, vertices: Tensor) -> Tensor:
    points = vertices[[topology.landmarks[name] for name in ("crown", "menton")]]
    return points.mean(dim=0) + torch.tensor([0.0, 0.03, -0.015])


def _eye(topology: Topology, vertices: Tensor) -> Tensor:
    return vertices[[topology.landmarks[name] for name in ("endocanthion_l", "exocanthion_l")]].mean(dim=0)


def _ear(topology: Topology, vertices: Tensor) -> Tensor:
    return vertices[[topology.landmarks[name] for name in ("ear_top_l", "ear_lobe_l")]].mean(dim=0)


def _mouth(topology: Topology, vertices: Tensor) -> Tensor:
    return vertices[[topology.landmarks[name] for name in ("pronasale", "sublabiale")]].mean(dim=0)


def _picture(image: Tensor) -> Image.Image:
    return Image.fromarray((image * 255.0).round().to(torch.uint8).numpy())


def _save(image: Image.Image, name: str) -> None:
    image.save(PICTURES / name, quality=84, comment=b"Generated by DreamFace; not a real person.")


if __name__ == "__main__":
    main()
