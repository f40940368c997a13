"""A head in Solid view, which shows no textures: each material in its map's colour, and eyes that are eyes.

A material has one colour there. So pupils, and what an iris' mesh has of the white, wear copies of the iris' material
that differ in nothing but this colour; renders are the same.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .colours import to_scene
from .eyes import WHITES
from .materials import values_of
from .nodes import is_invisible
from .reading import FaceFolder, FaceObject
from .records import GIVEN, PART

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

SHADE = "dreamface_shade"
"""Custom property of a copy of a material that exists for Solid view only: which faces wear it."""

SOLID = "dreamface_solid"
"""Custom property of a material: the viewport colour that it was given, [4]."""

PUPIL, WHITE = "pupil", "white"

IRIS = "iris"
"""What the name of an iris' material ends with."""

_SIDE = 256  # pixels of a map that is looked at: a face of an iris is some ten of them wide
_PUPIL_COLOUR = np.array((0.003, 0.003, 0.003), np.float32)
_BLACK = 0.006  # luminance, linear, of the darkest iris; what is darker is a pupil
_LIGHT = 0.32  # luminance, linear, from which a face of an iris shows the white around it
_BRIGHTEST = (
    75.0  # percentile by luminance from which faces stand for a material: the rest is hair, corners and insides
)
_EXPOSURE, _WHITES_EXPOSURE = 1.5, 1.9  # Solid view's lights give back less of a colour than a studio's
_SOFT = 0.55  # roughness in Solid view of the rest
_DARK = 0.05  # what is darker in all channels does not shine in Solid view: pupils and lashes
_DULL = 1.0  # roughness in Solid view of irises and pupils, whose shine would hide what they are
_NEW_COLOUR = (0.8, 0.8, 0.8)  # Blender's, of new materials
_LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)  # Rec. 709


def colour_solid(objects: list[bpy.types.Object], face: FaceFolder) -> None:
    """Give the materials of a face's objects their colours in Solid view, and eyes their pupils.

    Colours that an artist has chosen stay.

    Args:
        objects: with the face's materials.
        face: the face that they show. An eye whose faces are no longer the head model's stays in one colour.
    """
    by_part = {object_[PART]: object_ for object_ in reversed(objects)}
    tiles: dict[str, Array] = {}
    seen: dict[str, list[Array]] = {}
    for piece in face.objects.values():
        colours = [_face_colours(face, part, tiles) for part in piece.parts]
        for part, of_part in zip(piece.parts, colours, strict=True):
            seen.setdefault(part["material"], []).append(of_part)
        if piece.name in by_part:
            _shade(by_part[piece.name].data, _shades(piece, np.concatenate(colours)))
    for name, of_parts in seen.items():
        values = face.document["materials"][name]
        for material in _made_from(objects, values):
            _give(material, _typical(values, np.concatenate(of_parts), material.get(SHADE)), _opacity(face, values))


def without_shades(mesh: bpy.types.Mesh) -> NDArray[np.int32]:
    """[F] slots of a mesh's faces as they are for renders and files: those of copies are the material's own."""
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    names = [_name(material) for material in mesh.materials]
    for index, material in enumerate(mesh.materials):
        if material is not None and SHADE in material:
            slots[slots == index] = names.index(names[index])  # the first is no copy
    return slots


def _opacity(face: FaceFolder, values: dict[str, Any]) -> float:
    """How much of a material is drawn, 0..1: what is clear would hide the iris, and cards with hairs would be bands."""
    has_opacity = values["tile"] is not None and "opacity" in face.maps(values["tile"])
    return 0.0 if is_invisible(values) or values["transmission"] > 0.0 or has_opacity else 1.0


def _typical(values: dict[str, Any], colours: Array, shade: str | None) -> Array:
    """[3] what stands for all of a material's faces."""
    luminance = colours @ _LUMINANCE
    if shade == PUPIL:
        return _PUPIL_COLOUR
    chosen = luminance >= np.percentile(luminance, _BRIGHTEST)
    if values["name"].endswith(IRIS) and shade is None:
        chosen = (luminance >= _BLACK) & (luminance < _LIGHT)
    colour = colours[chosen if chosen.any() else slice(None)].mean(axis=0)
    is_white = shade == WHITE or values["name"].endswith(WHITES)
    exposure = 1.0 if values["tile"] is None else _WHITES_EXPOSURE if is_white else _EXPOSURE
    return np.asarray(np.minimum(colour * exposure, 1.0), np.float32)


def _made_from(objects: list[bpy.types.Object], values: dict[str, Any]) -> list[bpy.types.Material]:
    """The materials of ours that the objects wear and that were built from those values, each once."""
    slots = [slot for object_ in objects for slot in object_.material_slots]
    materials = dict.fromkeys(slot.material for slot in slots if slot.material and slot.material.is_editable)
    return [material for material in materials if _name(material) == values["name"]]


def _name(material: bpy.types.Material | None) -> str | None:
    """A material's name in face.json; None where it is not ours."""
    return values_of(material).get("name")


def _give(material: bpy.types.Material, colour: Array, opacity: float) -> None:
    """Set a material's viewport colour, unless an artist has set it."""
    now = np.array(material.diffuse_color)
    if SOLID in material:
        given = [np.array(material[SOLID])]
    else:  # a new material, or one of the first release, which had its base colour
        base = values_of(material).get("base_colour", _NEW_COLOUR)
        given = [np.array((*rgb, now[3])) for rgb in (base, _NEW_COLOUR)]
    if not any(np.allclose(now, old, atol=1e-4) for old in given):
        return
    wanted = (*to_scene([float(channel) for channel in colour]), opacity)
    material.diffuse_color = material[SOLID] = wanted
    dark = material.get(SHADE) == PUPIL or (opacity and max(wanted[:3]) < _DARK)
    material.metallic = float(dark)  # without: even black shines
    material.roughness = _DULL if dark or str(_name(material)).endswith(IRIS) else _SOFT


def _shades(piece: FaceObject, colours: Array) -> dict[str, Mask]:
    """Shade -> [F] the faces of an object that wear it, which have `colours` [F, 3]."""
    luminance = colours @ _LUMINANCE
    is_iris = piece.materials[0].endswith(IRIS)
    return {PUPIL: luminance < _BLACK, WHITE: luminance >= _LIGHT} if is_iris else {}


def _shade(mesh: bpy.types.Mesh, shades: dict[str, Mask]) -> None:
    """Let faces of a mesh wear copies of its first material of ours."""
    own = [index for index, material in enumerate(mesh.materials) if _name(material)]
    fits = all(len(mask) == len(mesh.polygons) for mask in shades.values())
    if not (shades and own and fits and mesh.is_editable):
        return
    slots = without_shades(mesh)
    for shade, mask in shades.items():
        chosen = mask & (slots == own[0])
        if chosen.any():
            slots[chosen] = _slot_of(mesh, mesh.materials[own[0]], shade)
    mesh.polygons.foreach_set("material_index", slots)
    mesh.update()


def _slot_of(mesh: bpy.types.Mesh, material: bpy.types.Material, shade: str) -> int:
    """The slot of a mesh with a material's copy for a shade; a new one where it has none."""
    for index, other in enumerate(mesh.materials):
        if other is not None and other.get(SHADE) == shade and _name(other) == _name(material):
            return index
    copy = material.copy()
    copy.name, copy[SHADE] = f"{material.name} {shade}", shade
    for mark in (SOLID, GIVEN):
        copy.pop(mark, None)
    mesh.materials.append(copy)
    return len(mesh.materials) - 1


def _face_colours(face: FaceFolder, part: dict[str, Any], tiles: dict[str, Array]) -> Array:
    """[F, 3] linear Rec. 709 colours of a part's faces, each from the map at its middle; `tiles` is a cache."""
    values = face.document["materials"][part["material"]]
    base, tile = np.array(values["base_colour"], np.float32), values["tile"]
    uv = face.arrays["uv"][face.arrays["face_uvs"][slice(*part["faces"])]].mean(axis=1)
    file, _ = face.maps(tile).get("albedo", (None, True)) if tile else (None, True)
    if file is None:
        return np.tile(base, (len(uv), 1))
    if tile not in tiles:
        tiles[tile] = _small(str(file))
    x, y = np.clip((uv * _SIDE).astype(int), 0, _SIDE - 1).T
    return base * tiles[tile][y, x]


def _small(file: str) -> Array:
    """[_SIDE, _SIDE, 3] linear colours of an sRGB picture, row 0 at v = 0."""
    image = bpy.data.images.load(file, check_existing=False)
    try:
        image.scale(_SIDE, _SIDE)
        pixels = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(image)
    encoded = pixels.reshape(_SIDE, _SIDE, -1)[..., :3]
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)
