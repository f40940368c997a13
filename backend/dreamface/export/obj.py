"""Wavefront OBJ with an MTL file and a folder of textures beside it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor

from dreamface import images
from dreamface._files import cannot_write, sibling, side_by_side
from dreamface.arrays import Float32Array, IntArray
from dreamface.export.cards import Dressed, HairForm, dressed
from dreamface.export.geometry import is_triangle, object_mesh, vertex_normals, y_up
from dreamface.export.levels import at_detail
from dreamface.face import Face, Material
from dreamface.progress import Progress
from dreamface.provenance import SOFTWARE, statement
from dreamface.text import printable

_STEP = "export"

_MAP_KEYWORDS = {
    "albedo": "map_Kd",
    "opacity": "map_d",
    "roughness": "map_Pr",
    "metallic": "map_Pm",
    "normal": "norm",
    "displacement": "disp",
}
"""Channel -> its MTL keyword; map_Pr, map_Pm and norm are of the physically based extension that Blender reads too."""

_FIRST_UDIM = 1001


def write_obj(
    face: Face, path: Path, progress: Progress, hair: HairForm = "cards", level: int = 0, detail: int = 0
) -> None:
    """Write `face` as `path`, an .mtl of the same name and a folder `..._textures`, metres, +Y up, looking along +Z.

    An object per object of the face and a group per part, quads kept; the face's expression is part of the vertices, as
    OBJ has no shapes. Texture coordinates are UDIM's: tile i of the topology lies at u from i to i + 1, its textures
    are `albedo.1001.png` and so on, the number being 1001 + i. The MTL, which knows no UDIM, names each material's own
    texture; as textures repeat, it finds the same texels. What is invisible is there too, all clear. Hair is cards: an
    object for each region.

    Args:
        face: what to write.
        path: the file.
        progress: told about every step.
        hair: "none" leaves the hair away.
        level: of detail of the cards, 0 is the finest.
        detail: of the head, 0 is the whole one; see `rig.reduced`.

    Raises:
        BadRequest: there is no such level of detail.
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    progress.report(_STEP, 0.0, "Writing the OBJ file")
    worn = at_detail(dressed(face, hair, level), detail)
    face = worn.face
    name = _words([path.stem])[path.stem]
    stage = sibling(path, "part")
    try:
        stage.mkdir()
        textures = stage / f"{name}_textures"
        textures.mkdir()
        _write_textures(face, textures, progress.part(0.0, 0.6))
        (stage / f"{name}.mtl").write_text(_materials(face, textures.name), "utf-8")
        (stage / path.name).write_text("\n".join(_objects(worn, f"{name}.mtl")) + "\n", "utf-8")
        progress.report(_STEP, 0.9, f"Wrote {path.name}")
        (path.parent / textures.name).mkdir(exist_ok=True)
        for file in (*textures.iterdir(), stage / f"{name}.mtl", stage / path.name):
            file.replace(path.parent / file.relative_to(stage))
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    progress.report(_STEP, 1.0, f"Wrote {path.name}")


# ----------------------------------------------------------------------------------------------------------- materials


def _write_textures(face: Face, folder: Path, progress: Progress) -> None:
    writers = [
        writer
        for tile, channels in face.maps.items()
        for channel, image in channels.items()
        if (writer := _texture_writer(channel, image, folder / _texture_name(face, tile, channel)))
    ]
    for done, _ in enumerate(side_by_side(writers), 1):
        progress.report(_STEP, done / len(writers), f"Wrote {done} of {len(writers)} textures")


def _texture_name(face: Face, tile: str, channel: str) -> str:
    udim = _FIRST_UDIM + face.head.topology.tiles.index(tile)
    return f"{channel}.{udim}.{'exr' if channel == 'displacement' else 'png'}"


def _texture_writer(channel: str, image: Tensor, path: Path) -> Callable[[], None] | None:
    if channel == "displacement":
        return lambda: images.write_exr(image, path)
    encode = {"albedo": images.encode_srgb8, "normal": images.encode_normal8}.get(channel, images.encode_unit8)
    return (lambda: images.write_png(encode(image), path)) if channel in _MAP_KEYWORDS else None


def _materials(face: Face, textures: str) -> str:
    lines = [f"# {SOFTWARE}: {statement(face.record.from_photograph)}"]
    for name, word in _material_words(face).items():
        material = face.materials[name]
        channels = face.maps.get(material.tile or "", {})
        lines += _material(material, word, "roughness" in channels)
        for channel in [channel for channel in _MAP_KEYWORDS if channel in channels]:
            texture = _texture_name(face, material.tile or "", channel)
            lines.append(f"{_MAP_KEYWORDS[channel]} {textures}/{texture}")
    return "\n".join(lines) + "\n"


def _material_words(face: Face) -> dict[str, str]:
    """Material -> its name in the file, in the order in which parts use them."""
    return _words(dict.fromkeys(part.material for part in face.head.topology.parts))


def _words(names: Iterable[str]) -> dict[str, str]:
    """Name -> a word of its own for it: to OBJ and MTL, white space ends a name, and a line break what is said."""
    words: dict[str, str] = {}
    for name in names:
        plain = word = re.sub(r"[\s\ufffd]+", "_", printable(name)) or "_"
        number = 1
        while word in words.values():
            number += 1
            word = f"{plain}_{number}"
        words[name] = word
    return words


def _material(material: Material, word: str, has_roughness: bool) -> list[str]:
    """MTL lines; glass stays a tenth opaque so that viewers without refraction show its outline.

    The second gloss (Pc, Pcr) has no map here: over a roughness map it is as rough as over the material's roughness.
    """
    opacity = 0.0 if material.invisible else 1.0 - 0.9 * material.transmission
    coat_roughness = material.coat_roughness * (material.roughness if has_roughness else 1.0)
    coat = [f"Pc {material.coat:g}", f"Pcr {coat_roughness:g}"] if material.coat > 0.0 else []
    return [
        "",
        f"newmtl {word}",
        "illum 2",
        f"Kd {_numbers(material.base_colour)}",
        f"Pr {material.roughness:g}",
        f"Pm {material.metallic:g}",
        *coat,
        f"Ni {material.ior:g}",
        f"d {opacity:g}",
    ]


# ------------------------------------------------------------------------------------------------------------ geometry


def _objects(worn: Dressed, library: str) -> Iterable[str]:
    """The lines of the OBJ file. OBJ counts from 1."""
    face = worn.face
    posed = replace(face, head=replace(face.head, vertices=face.posed(face.expression)))
    yield f"# {SOFTWARE}: {statement(face.record.from_photograph)}"
    yield f"mtllib {library}"
    yield from (f"v {_numbers(vertex)}" for vertex in y_up(posed.head.vertices).tolist())
    topology = face.head.topology
    uv, face_uvs = _udim_uvs(face)
    yield from (f"vt {_numbers(place)}" for place in uv.tolist())
    for group in topology.objects:
        given = worn.normals.get(group.name)
        normals = vertex_normals(object_mesh(posed, group)) if given is None else y_up(given)
        yield from (f"vn {_numbers(normal)}" for normal in normals.tolist())
    faces = topology.faces.cpu().numpy()
    corners = np.where(is_triangle(faces), 3, 4).tolist()
    lines = list(zip((faces + 1).tolist(), (face_uvs + 1).tolist(), corners, strict=True))
    materials = _material_words(face)
    objects = _words(group.name for group in topology.objects)
    parts = _words(part.name for part in topology.parts)
    for group in topology.objects:
        yield f"o {objects[group.name]}"
        for part in group.parts:
            yield from (f"g {parts[part.name]}", f"usemtl {materials[part.material]}", "s 1")
            for vertices, uvs, count in lines[slice(*part.faces)]:
                yield "f " + " ".join(f"{vertices[i]}/{uvs[i]}/{vertices[i]}" for i in range(count))


def _udim_uvs(face: Face) -> tuple[Float32Array, IntArray]:
    """[T, 2] texture coordinates, each moved along u to its tile's place, and [F, 4] indices into them.

    A coordinate that parts with different tiles share is there once for each. Where neither a part nor its material
    names a tile, it lies where those parts do that it is welded to, or at the first.
    """
    topology = face.head.topology
    uv, face_uvs = topology.uv.cpu().numpy(), topology.face_uvs.cpu().numpy()
    place = np.zeros((len(face_uvs), 1), np.int64)
    for group in topology.objects:
        tiles = [part.tile or face.materials[part.material].tile for part in group.parts]
        fallback = next((tile for tile in tiles if tile), topology.tiles[0])
        for part, tile in zip(group.parts, tiles, strict=True):
            place[slice(*part.faces)] = topology.tiles.index(tile or fallback)
    pairs, indices = np.unique(place * len(uv) + face_uvs, return_inverse=True)
    moved = uv[pairs % len(uv)]
    moved[:, 0] += pairs // len(uv)
    return moved, indices.reshape(face_uvs.shape)


def _numbers(values: Iterable[float]) -> str:
    """Micrometres, and texture coordinates to a millionth."""
    return " ".join(f"{value:.6f}" for value in values)
