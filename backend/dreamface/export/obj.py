"""Wavefront OBJ with an MTL file and a folder of textures beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from dreamface import images
from dreamface._files import cannot_write, sibling, side_by_side
from dreamface.export.geometry import part_mesh, vertex_normals, y_up
from dreamface.face import Face, Material, TileMaps
from dreamface.progress import Progress
from dreamface.provenance import SOFTWARE, STATEMENT

_STEP = "export"

_MAP_KEYWORDS = {"albedo": "map_Kd", "roughness": "map_Pr", "normal": "norm", "displacement": "disp"}
"""Channel -> its MTL keyword; map_Pr and norm are the physically based extension that Blender and others read."""


def write_obj(face: Face, path: Path, progress: Progress) -> None:
    """Write `face` as `path`, an .mtl of the same name and a folder `..._textures`, metres, +Y up, looking along +Z.

    An object and group per part, quads kept; the face's expression is part of the vertices, as OBJ has no shapes.

    Raises:
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    progress.report(_STEP, 0.0, "Writing the OBJ file")
    name = "_".join(path.stem.split())  # many readers end a file name at a space
    stage = sibling(path, "part")
    try:
        stage.mkdir()
        textures = stage / f"{name}_textures"
        textures.mkdir()
        _write_textures(face.maps, textures, progress.part(0.0, 0.6))
        (stage / f"{name}.mtl").write_text(_materials(face, textures.name), "utf-8")
        (stage / path.name).write_text("\n".join(_objects(face, f"{name}.mtl")) + "\n", "utf-8")
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


def _write_textures(maps: Mapping[str, TileMaps], folder: Path, progress: Progress) -> None:
    writers = [
        writer
        for tile, channels in maps.items()
        for channel, image in channels.items()
        if (writer := _texture_writer(channel, image, folder / _texture_name(tile, channel)))
    ]
    for done, _ in enumerate(side_by_side(writers), 1):
        progress.report(_STEP, done / len(writers), f"Wrote {done} of {len(writers)} textures")


def _texture_name(tile: str, channel: str) -> str:
    return f"{tile}_{channel}.{'exr' if channel == 'displacement' else 'png'}"


def _texture_writer(channel: str, image: Tensor, path: Path) -> Callable[[], None] | None:
    if channel == "displacement":
        return lambda: images.write_exr(image, path)
    encode = {"albedo": images.encode_srgb8, "normal": images.encode_normal8}.get(channel, images.encode_unit8)
    return (lambda: images.write_png(encode(image), path)) if channel in _MAP_KEYWORDS else None


def _materials(face: Face, textures: str) -> str:
    used = dict.fromkeys(part.material for part in face.head.topology.parts)
    lines = [f"# {SOFTWARE}: {STATEMENT}"]
    for name in used:
        material = face.materials[name]
        lines += _material(material, face.maps.get(material.tile or "", {}), textures)
    return "\n".join(lines) + "\n"


def _material(material: Material, maps: TileMaps, textures: str) -> list[str]:
    """MTL lines; glass stays a tenth opaque so that viewers without refraction show its outline."""
    opacity = 1.0 - 0.9 * material.transmission
    lines = [
        "",
        f"newmtl {material.name}",
        "illum 2",
        f"Kd {_numbers(material.base_colour)}",
        f"Pr {material.roughness:g}",
        f"Ni {material.ior:g}",
        f"d {opacity:g}",
    ]
    for channel, keyword in _MAP_KEYWORDS.items():
        if channel in maps:
            lines.append(f"{keyword} {textures}/{_texture_name(material.tile or '', channel)}")
    return lines


# ------------------------------------------------------------------------------------------------------------ geometry


def _objects(face: Face, library: str) -> Iterable[str]:
    """The lines of the OBJ file. OBJ counts from 1."""
    posed = replace(face, head=replace(face.head, vertices=face.posed(face.expression)))
    yield f"# {SOFTWARE}: {STATEMENT}"
    yield f"mtllib {library}"
    yield from (f"v {_numbers(vertex)}" for vertex in y_up(posed.head.vertices).tolist())
    yield from (f"vt {_numbers(uv)}" for uv in face.head.topology.uv.tolist())
    for part in face.head.topology.parts:
        yield from (f"vn {_numbers(normal)}" for normal in vertex_normals(part_mesh(posed, part)).tolist())
    faces, face_uvs = (face.head.topology.faces + 1).tolist(), (face.head.topology.face_uvs + 1).tolist()
    for part in face.head.topology.parts:
        yield from (f"o {part.name}", f"g {part.name}", f"usemtl {part.material}", "s 1")
        for quad, uvs in zip(faces[slice(*part.faces)], face_uvs[slice(*part.faces)], strict=True):
            yield "f " + " ".join(f"{vertex}/{uv}/{vertex}" for vertex, uv in zip(quad, uvs, strict=True))


def _numbers(values: Iterable[float]) -> str:
    """Micrometres, and texture coordinates to a millionth."""
    return " ".join(f"{value:.6f}" for value in values)
