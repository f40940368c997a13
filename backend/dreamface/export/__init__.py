"""A Face as a file for other software: GLB, OBJ or a Blender file."""

from __future__ import annotations

from pathlib import Path

from dreamface import folder
from dreamface.bones import BoneNames
from dreamface.errors import BadRequest
from dreamface.export.blend import write_blend
from dreamface.export.cards import HairForm, write_cards
from dreamface.export.glb import write_glb
from dreamface.export.light import light_glb
from dreamface.export.obj import write_obj
from dreamface.face import Face
from dreamface.limits import check_export
from dreamface.performance import Performance
from dreamface.progress import Progress
from dreamface.rig import with_visemes

__all__ = ["FORMATS", "HairForm", "export", "light_glb", "write_blend", "write_cards", "write_glb", "write_obj"]

FORMATS = (".glb", ".obj", ".blend")
"""Suffixes that `export` knows."""


def export(
    face: Face,
    path: Path | str,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    face_folder: Path | None = None,
    *,
    hair: HairForm = "cards",
    level: int = 0,
    rig: BoneNames | None = None,
    detail: int = 0,
    visemes: bool = False,
    take: Performance | None = None,
) -> Path:
    """Write `face` in the format that the suffix of `path` names, and return `path`.

    Args:
        face: what to write.
        path: the file.
        progress: told about every step.
        face_folder: where `face` is saved already, if it is: a Blender file is made from a face folder.
        hair: what GLB and OBJ have of the hair: "cards", or "none".
        level: of detail of the cards, 0 is the finest.
        rig: whose names the bones have that GLB and a Blender file then have; None leaves bones away. In Blender they
            have Blender's, and those of other software when it exports.
        detail: of the head, 0 is the whole one, 1 to 3 have fewer triangles.
        visemes: whether the visemes of lip sync are there as further blend shapes.
        take: what the face does, in a GLB or a Blender file.

    Raises:
        BadRequest: there is no such format, or it does not hold what is asked for.
        FolderError: the disk refused.
        MissingDependency: a Blender file was asked for, and bpy is not installed.
        Cancelled: the user asked to stop; nothing was written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    check_export(suffix, rig is not None, detail, visemes)
    folder.sweep(path.parent)
    if visemes:
        face, face_folder = with_visemes(face), None
    match suffix:
        case ".glb":
            write_glb(face, path, progress, hair, level, rig, detail, take)
        case ".obj" if take is not None:
            raise BadRequest("OBJ files hold no movement: end the name in .glb or .blend.")
        case ".obj":
            write_obj(face, path, progress, hair, level, detail)
        case ".blend":
            write_blend(face, path, progress, face_folder, rig=rig is not None, take=take)
        case _:
            raise BadRequest(f"{path.name} has no format that DreamFace writes: end it in {', '.join(FORMATS)}.")
    return path
