"""A face as GLB, FBX, USD or OBJ, by Blender's own exporters."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bpy

from .card_view import shows_cards
from .errors import SceneError
from .lending import bone_options, lent_rig
from .levels import at_level
from .packing import packed_gloss
from .performing import motion_range
from .records import PART, PUBLIC, cards_of, hair_of, lost_properties, parts_of
from .staging import (
    copied_textures,
    materials_of,
    object_mode,
    only_frames,
    only_properties,
    only_selected,
    plain_materials,
    unposed,
    whole_materials,
    without_hair_map,
)
from .visemes import lent_visemes

_ADD_ON_IS_OFF = "Blender's {} add-on is off: turn it on under Edit > Preferences > Add-ons."
_BUILT_WITHOUT = "This Blender was built without {}: export another format, or use a Blender from blender.org."

_REMEDIES = {
    ".glb": _ADD_ON_IS_OFF.format("glTF 2.0 format"),
    ".fbx": _ADD_ON_IS_OFF.format("FBX format"),
    ".usdc": _BUILT_WITHOUT.format("USD"),
    ".usda": _BUILT_WITHOUT.format("USD"),
    ".usd": _BUILT_WITHOUT.format("USD"),
    ".obj": _BUILT_WITHOUT.format("OBJ"),
}
"""Suffix -> what to do where Blender has no exporter for it."""

_EMBEDDING = (".glb", ".fbx")
"""Suffixes of formats that hold their textures."""

_WITH_CURVES = (".usdc", ".usda", ".usd")
"""Suffixes of formats that hold hair as curves; the others know meshes alone."""

_OUT = "out"

_USD_OPTIONS = {
    "selected_objects_only": True,
    "export_animation": True,  # without, Blender writes shape keys and not what they are set to
    "export_custom_properties": True,
    "export_shapekeys": True,
    "evaluation_mode": "RENDER",
    "export_textures": False,  # they lie where the images point; up to 4.5
    "export_textures_mode": "KEEP",  # the same, from 4.4 on
    "relative_paths": True,
    "convert_orientation": False,
    "convert_world_material": False,  # the scene's world is no part of the face
}

_OPTIONS: dict[str, dict[str, Any]] = {
    ".glb": {
        "export_format": "GLB",
        "use_selection": True,
        "use_active_scene": True,
        "export_extras": True,
        "export_tangents": True,  # without, each viewer makes its own, and normal maps look different in each
        "export_apply": False,  # applied modifiers would cost the morph targets
        # One animation of everything as it plays, parts whose shape keys are driven among it.
        "export_animation_mode": "SCENE",
        "export_anim_scene_split_object": False,
        "export_frame_range": True,
        "export_morph_animation": True,
        "export_optimize_animation_size": True,
        "export_bake_animation": False,
    },
    ".fbx": {
        "use_selection": True,
        "object_types": {"MESH"},
        "use_mesh_modifiers": False,  # applied modifiers would cost the shape keys
        "use_custom_props": True,
        "bake_anim_use_nla_strips": False,  # what plays, as one take
        "bake_anim_use_all_actions": False,
        "bake_anim_force_startend_keying": True,
        "bake_anim_simplify_factor": 0.0,
        # Axes and centimetres go into vertices and shape keys: Unity and Unreal show a root at 0 degrees and scale 1.
        "bake_space_transform": True,
        "apply_unit_scale": True,
        "apply_scale_options": "FBX_SCALE_NONE",
        "path_mode": "COPY",
        "embed_textures": True,
    },
    ".usdc": _USD_OPTIONS,
    ".usda": _USD_OPTIONS,
    ".usd": _USD_OPTIONS,
    ".obj": {"export_selected_objects": True, "path_mode": "RELATIVE", "export_pbr_extensions": True},
}
"""Suffix -> what the exporter is told."""

_ANIMATION_SWITCH = {".glb": "export_animations", ".fbx": "bake_anim"}
"""Suffix -> the option that puts animation into the file. USD always has some: a frame, or all of them."""


def can_export(suffix: str) -> str:
    """Why files of that suffix (".glb") cannot be written here, as a sentence; nothing where they can."""
    suffix = suffix.lower()
    if suffix not in _REMEDIES:
        return f"End the file's name in one of {', '.join(_REMEDIES)}: DreamFace exports nothing else."
    try:
        _exporter(suffix).get_rna_type()
    except KeyError:
        return _REMEDIES[suffix]
    return ""


def export_face(
    skin: bpy.types.Object,
    path: Path,
    animation: bool = True,
    *,
    rig: str | None = None,
    visemes: bool = False,
    level: int = 0,
) -> None:
    """Write a face to `path` in the format of its suffix, whatever else is selected or hidden.

    Hair is in the file as cards where the head has some. GLB and FBX hold everything else but hair; USD has that, too,
    as curves, as many as rendered, unless the head shows its cards. USD and OBJ have their textures in a folder
    `..._textures` beside them, and OBJ, which knows no shape keys, has the head as it looks now. The others have it
    with its shape keys, set as they are, and with all that plays in them: takes, NLA, own keys, and what drivers make
    of those on eyes, teeth and lashes. What a rig or another modifier does to it is left out, for hair as well;
    bones that are in the file move everything there, cards and hair, too.
    Objects and shape keys keep their names. Files that exist are replaced once the new ones are whole.

    Args:
        skin: the face's.
        path: of the file.
        rig: whose names the bones of a head with a rig have there, a key of `rigs.NAMES`; None leaves them away, and
            OBJ has none.
        visemes: whether the file has the visemes of lip sync, also where the head has none.
        animation: whether it holds what plays; otherwise the head as it is now.
        level: of detail of the head, 0 is the whole one, 1 to 3 have fewer triangles. Cards have levels of their own.

    Raises:
        SceneError: it cannot be written; what was there is untouched, and so is the scene.
    """
    path = Path(path).absolute()
    problem = can_export(path.suffix)
    if problem:
        raise SceneError(problem)
    if not path.parent.is_dir():
        raise SceneError(f"{path.parent} is not there: choose a folder that exists.")
    objects = parts_of(skin)
    if skin not in objects or "dreamface_statement" not in skin:
        raise lost_properties(skin)
    try:
        with TemporaryDirectory(prefix=".dreamface-", dir=path.parent) as folder:
            curves = path.suffix.lower() in _WITH_CURVES and not shows_cards(skin)
            hair = list(hair_of(skin).values()) if curves else []
            cards = {} if curves else cards_of(skin)
            if "lashes" in cards:  # instead of the head's own
                objects = [part for part in objects if not str(part[PART]).endswith("lashes")]
            objects += cards.values()
            frames = motion_range(objects) if animation else None
            with lent_visemes(skin, visemes), lent_rig(skin, rig, path.suffix.lower()) as bones:
                _write(objects, hair, bones, Path(folder), path, frames, level)
            _move(Path(folder) / _OUT, path)
    except OSError as error:
        reason = error.strerror or error
        raise SceneError(f"{path} cannot be written ({reason}): choose another folder, or free some space.") from error


def _write(
    objects: list[bpy.types.Object],
    hair: list[bpy.types.Object],
    bones: list[bpy.types.Object],
    folder: Path,
    path: Path,
    frames: tuple[int, int] | None,
    level: int,
) -> None:
    """Export all into an empty folder; in its folder `_OUT` everything lies as it will beside `path`.

    Args:
        objects: the parts, the skin first.
        hair: curves.
        bones: the armature, where the file has it.
        folder: empty.
        path: where the file is to be in the end.
        frames: the first and the last that something plays in; None for a head that stands still.
        level: of detail of the parts.
    """
    suffix = path.suffix.lower()
    name = "_".join(path.stem.split())  # many readers of OBJ and MTL files end a file's name at a space
    file = folder / _OUT / (name + suffix if suffix == ".obj" else path.name)
    file.parent.mkdir()
    textures = folder / "embedded" if suffix in _EMBEDDING else file.parent / f"{name}_textures"
    with (
        object_mode(),
        only_selected([*objects, *hair, *bones]),
        only_frames(frames),
        _as_written(objects[0], suffix, bool(hair), bones),
        at_level(objects, [*hair, *(each for each in objects if PART not in each)], level),
        whole_materials(objects),
        only_properties([*objects, *hair, *bones], PUBLIC),
        plain_materials(objects),
        copied_textures(objects, textures),
        packed_gloss(materials_of(objects) if suffix == ".glb" else [], textures),
    ):
        options = _OPTIONS[suffix] | bone_options(suffix, bool(bones)) | {"filepath": str(file)}
        if suffix in _ANIMATION_SWITCH:
            options[_ANIMATION_SWITCH[suffix]] = frames is not None
        _run(_exporter(suffix), options, path)
    if not file.is_file():
        raise SceneError(f"Blender could not write {path.name}: its system console says why.")
    if suffix == ".obj":
        statement = " ".join(objects[0]["dreamface_statement"].split())
        (file.parent / path.name).write_bytes(f"# {statement}\n".encode() + file.read_bytes())
        if file.name != path.name:
            file.unlink()


def _as_written(
    skin: bpy.types.Object, suffix: str, has_hair: bool, bones: list[bpy.types.Object]
) -> AbstractContextManager[None]:
    """The skin as a file has it: without the UV map of hair, unless hair or cards follow it by that."""
    if has_hair:
        return unposed(skin, but=bones)
    return nullcontext() if suffix == ".obj" else without_hair_map(skin)  # which has the active map alone


def _run(exporter: Any, options: dict[str, Any], path: Path) -> None:
    known = exporter.get_rna_type().properties.keys()  # options come and go from one Blender to the next
    try:
        exporter(**{option: value for option, value in options.items() if option in known}, check_existing=False)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].removeprefix("Error: ").rstrip(".")
        raise SceneError(f"Blender could not write {path.name} ({reason}).") from error


def _move(folder: Path, path: Path) -> None:
    """Move the files in `folder` beside `path`, in place of older ones; `path`, which refers to them, comes last."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    for file in sorted(files, key=lambda file: file.name == path.name):
        target = path.parent / file.relative_to(folder)
        target.parent.mkdir(exist_ok=True)
        file.replace(target)


def _exporter(suffix: str) -> Any:
    """Blender's operator; asking for one that does not exist raises nothing until it is used."""
    if suffix == ".glb":
        return bpy.ops.export_scene.gltf
    if suffix == ".fbx":
        return bpy.ops.export_scene.fbx
    return bpy.ops.wm.obj_export if suffix == ".obj" else bpy.ops.wm.usd_export
