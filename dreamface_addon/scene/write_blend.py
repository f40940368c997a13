"""`python -m dreamface_addon.scene.write_blend FACE_FOLDER OUT.blend [--rig] [--take TAKE.npz]`: a face's Blender file.

With a take the face performs it. By pip's bpy.

Runs in a process of its own. Whoever starts it points BLENDER_USER_RESOURCES at an empty folder, so that the user's
preferences and add-ons stay out of it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NoReturn

import bpy
import numpy as np

from .armature import add_rig
from .errors import FaceFolderError, SceneError
from .head_motion import pivot_places
from .importing import ImportedFace, import_face
from .studio import add_studio, set_up_rendering

_SHAPING: Final = json.dumps({"smoothing": 0.0})  # the engine has smoothed the take
_TOLERANCE: Final = 0.0005  # of a curve, as takes have it that are brought into Blender
_RATES: Final = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 120.0)


def write_blend(folder: Path, path: Path, take: Path | None = None, rig: bool = False) -> None:
    """Write the face in `folder` with a studio around it and its textures packed; with a take, as an action of it.

    Blender writes to `path` with an @ appended and renames that; stopped on the way, it leaves it behind.

    Raises:
        FaceFolderError: the folder cannot be read.
        SceneError: the take cannot be put on the face.
        OSError, RuntimeError: the file cannot be written.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    face = import_face(folder)
    if face.warning:
        print(face.warning, file=sys.stderr)
    if rig:
        add_rig(face.skin)
    del face.skin["dreamface_folder"]  # it may be temporary, and its path is private
    add_studio(bpy.context.scene, face)
    set_up_rendering(bpy.context.scene)
    if take is not None:
        _perform(face, take)
    _pack_images()
    _show_camera()
    bpy.ops.wm.save_as_mainfile(filepath=str(path.absolute()), compress=True, check_existing=False)


def _perform(face: ImportedFace, file: Path) -> None:
    """Have the face perform a take from frame 1 on, at the take's own rate."""
    try:
        performing: Any = import_module(".performing", __package__)
    except ModuleNotFoundError as error:
        raise SceneError("This DreamFace cannot put takes into Blender files: write a .glb instead.") from error
    with np.load(file, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    times, scene = arrays["times"], bpy.context.scene
    rate = _set_rate(scene, float(arrays["rate"]))
    moments = times[0] + np.arange(int(np.floor((times[-1] - times[0]) * rate + 1e-6)) + 1) / rate
    frames = 1.0 + np.arange(len(moments))
    weights, head, place = (_at(moments, times, arrays[name]) for name in ("weights", "head", "position"))
    place = pivot_places(face.skin, head, place)
    source = str(arrays["source"])
    action = performing.new_take(
        face.skin, Path(source).stem or "take", file.read_bytes(), _SHAPING, float(times[-1] - times[0])
    )
    shapes = tuple(str(name) for name in arrays["shapes"])
    performing.bake_take(
        face.skin, action, frames, weights, shapes, head, place - place[0], _TOLERANCE, f"{rate:.5f} {_SHAPING}"
    )
    performing.wear_take(face.skin, action)
    scene.frame_start, scene.frame_end = 1, int(frames[-1])


def _set_rate(scene: bpy.types.Scene, rate: float) -> float:
    """Give a scene a take's rate, to Blender's exactness; returns the frames a second that it has then."""
    whole = min(_RATES, key=lambda usual: abs(usual - rate))
    fits = abs(whole - rate) < 0.01 * whole
    scene.render.fps = int(whole) if fits else max(1, min(240, round(rate)))
    scene.render.fps_base = scene.render.fps / rate if abs(scene.render.fps - rate) > 1e-3 else 1.0
    return float(scene.render.fps / scene.render.fps_base)


def _at(moments: Any, times: Any, values: Any) -> Any:
    """[N, C] values [T, C] at other moments: straight lines between their own."""
    return np.stack([np.interp(moments, times, column) for column in values.T.astype(np.float64)], axis=1)


def _pack_images() -> None:
    """Pack every texture, and forget where it came from: the folder may be temporary, and its path is private."""
    for image in bpy.data.images:
        if image.source == "FILE":
            image.pack()
            name = f"//textures/{Path(image.filepath).name}"
            image.filepath_raw = name
            for packed in image.packed_files:
                packed.filepath = name


def _show_camera() -> None:
    """Let 3D views open on the portrait, with materials."""
    for screen in bpy.data.screens:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                area.spaces.active.shading.type = "MATERIAL"
                area.spaces.active.region_3d.view_perspective = "CAMERA"


def main(arguments: list[str]) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m dreamface_addon.scene.write_blend")
    parser.add_argument("folder", type=Path, metavar="FACE_FOLDER")
    parser.add_argument("path", type=Path, metavar="OUT.blend")
    parser.add_argument("--take", type=Path, metavar="TAKE.npz")
    parser.add_argument("--rig", action="store_true")
    asked = parser.parse_args(arguments)
    try:
        write_blend(asked.folder, asked.path, asked.take, asked.rig)
    except (FaceFolderError, SceneError, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _leave(status: int) -> NoReturn:
    """Exit without Python's own clean-up, in which bpy hangs or crashes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        _leave(main(sys.argv[1:]))
    except BaseException:
        traceback.print_exc()
        _leave(1)
