"""`python -m dreamface_addon.scene.write_blend FACE_FOLDER OUT.blend [--rig]`: a Blender file of a face, by pip's bpy.

Runs in a process of its own. Whoever starts it points BLENDER_USER_RESOURCES at an empty folder, so that the user's
preferences and add-ons stay out of it.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import bpy

from .armature import add_rig
from .errors import FaceFolderError, SceneError
from .importing import import_face
from .studio import add_studio, set_up_rendering


def write_blend(folder: Path, path: Path, rig: bool = False) -> None:
    """Write the face in `folder` with a studio around it and its textures packed.

    Blender writes to `path` with an @ appended and renames that; stopped on the way, it leaves it behind.

    Raises:
        FaceFolderError: the folder cannot be read.
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
    _pack_images()
    _show_camera()
    bpy.ops.wm.save_as_mainfile(filepath=str(path.absolute()), compress=True, check_existing=False)


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
    rig = arguments[2:] == ["--rig"]
    if len(arguments) != 2 + rig:
        print("usage: python -m dreamface_addon.scene.write_blend FACE_FOLDER OUT.blend [--rig]", file=sys.stderr)
        return 2
    try:
        write_blend(Path(arguments[0]), Path(arguments[1]), rig)
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
