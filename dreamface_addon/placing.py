"""Bringing finished faces into the scene: where they go, when, and as one step of undo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from . import interface, scene, shaping
from .session import Job
from .vocabulary import LAYERS


@dataclass(frozen=True)
class Purpose:
    """What a job's result is for.

    Attributes:
        face_id: the face to update in place; empty for a new one.
        file: number of the opened file that it was asked for in; see `Placing.file`.
        in_gallery: one of several to choose from, not for the scene yet.
        sent: for an edit, the face's record when it was asked for.
        sent_offset: for an edit, what was sculpted when it was asked for, as it was sent; None for nothing.
    """

    face_id: str = ""
    file: int = 0
    in_gallery: bool = False
    sent: dict[str, Any] | None = None
    sent_offset: bytes | None = None


class Placing:
    """Results on their way into the scene.

    Attributes:
        file: counts the files that were opened, so that no face lands in another file than it was asked for in.
        waiting: jobs that come in as soon as the scene may be changed.
        left: (job, why) of those that the artist has to decide about.
        notice: why a face that is ready has to wait, or nothing.
        warning: what the artist has to know about the last face that came in, until dismissed; usually nothing.
    """

    def __init__(self, following: shaping.Following) -> None:
        self._following = following
        self.file = 0
        self.waiting: list[Job] = []
        self.left: list[tuple[Job, str]] = []
        self.notice = ""
        self.warning = ""

    def add(self, job: Job) -> None:
        """Take a job that is done."""
        self.waiting.append(job)

    def tick(self, look_at_new_faces: bool) -> bool:
        """Bring in a face if one is waiting and the scene may be changed; return whether something has changed."""
        before, self.notice = self.notice, ""
        if not self.waiting:
            return bool(before)
        why_left = self._why_left(self.waiting[0])
        if why_left:
            self.left.append((self.waiting.pop(0), why_left))
            return True
        self.notice = interface.why_not_now()
        if self.notice:
            return self.notice != before
        self._bring_in(self.waiting.pop(0), look_at_new_faces)
        return True

    def bring_in_left(self, job_id: str, look_at_new_faces: bool) -> None:
        """Bring in one of `left` as a new face, as the artist has decided."""
        for entry in [entry for entry in self.left if entry[0].id == job_id]:
            self.left.remove(entry)
            self._bring_in(entry[0], look_at_new_faces, as_new=True)

    def dismiss_left(self, job_id: str) -> None:
        """Drop one of `left`; its folder stays on disk."""
        self.left = [entry for entry in self.left if entry[0].id != job_id]

    def _why_left(self, job: Job) -> str:
        purpose = job.tag
        assert isinstance(purpose, Purpose)
        if purpose.file != self.file:
            return "Made for another file:"
        if purpose.face_id and scene.find_face(purpose.face_id) is None:
            return "The face it was made for is gone:"
        return ""

    def _bring_in(self, job: Job, look_at_new_faces: bool, as_new: bool = False) -> None:
        assert job.folder is not None and isinstance(job.tag, Purpose)
        try:
            if job.tag.face_id and not as_new:
                skin = scene.find_face(job.tag.face_id)
                assert skin is not None
                self.warning = place(job.folder, skin, job.tag.sent, job.tag.sent_offset).warning
                if shaping.is_behind(skin):
                    self._following.look_at(skin)
            else:
                self.warning = place(job.folder).warning
                if look_at_new_faces:
                    look_at_selected()
        except Exception as error:
            self.left.append((job, str(error)))  # nothing that was made is lost
            if not isinstance(error, scene.SceneError):
                raise


def place(
    folder: Path,
    skin: bpy.types.Object | None = None,
    sent: dict[str, Any] | None = None,
    sent_offset: bytes | None = None,
) -> scene.ImportedFace:
    """Build a face folder in the scene, or update `skin` in place; one step of undo.

    A new face stands at the 3D cursor and is the only thing selected. Where `sent` has the record with which an update
    was asked for, what was changed since is laid over it; `sent_offset` is what was sculpted then.

    Raises:
        SceneError: it could not be done; the scene is as it was.
    """
    if skin is None:
        with interface.in_window():
            placed = scene.import_face(folder)
            skin = placed.skin
            skin.location = bpy.context.scene.cursor.location
            select(skin)
        message = "DreamFace: New Face"
        shaping.remember_built(skin)
    else:
        now, layers = shaping.traits_of(skin), {name: shaping.strength_of(skin, name) for name in LAYERS}
        placed = scene.update_face(skin, folder, sent_offset)
        message = "DreamFace: Update Face"
        shaping.remember_built(skin)
        if sent is not None:
            shaping.lay_over(skin, sent["traits"], now)
            asked = scene.strengths(sent["layers"])
            for layer, strength in layers.items():
                if strength != asked.get(layer, 1.0):
                    shaping.set_strength(skin, layer, strength)
    interface.push_undo(message)
    return placed


def select(skin: bpy.types.Object) -> None:
    """Make the skin the active object and the only selected one."""
    for object_ in bpy.context.selected_objects:
        object_.select_set(False)
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin


def look_at_selected() -> None:
    """Turn the 3D view to the new face, from the front and with its textures.

    Solid shading would show a grey head, and a head is 25 cm high: in a new scene it would be a dot.
    """
    with interface.in_window():
        area = bpy.context.area
        if area is None or area.type != "VIEW_3D":
            return
        space = area.spaces.active
        if space.region_3d.view_perspective == "CAMERA":
            return  # the artist is composing a picture
        if space.shading.type == "SOLID":
            space.shading.type = "MATERIAL"
        bpy.ops.view3d.view_axis(type="FRONT")
        space.region_3d.view_perspective = "PERSP"
        bpy.ops.view3d.view_selected()
