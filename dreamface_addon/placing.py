"""Bringing finished faces into the scene: where they go, when, and as one step of undo."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from . import edit_sliders, growing, interface, scene, shaping, stack
from .session import Job
from .vocabulary import LAYERS

_BESIDE, _ROOM = 0.35, 0.3
"""Metres from one head to the next, and between two heads that do not touch; a head is 0.2 m wide."""

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Purpose:
    """What a job's result is for.

    Attributes:
        face_id: the face to update in place; empty for a new one.
        file: number of the opened file that it was asked for in; see `Placing.file`.
        scene: `session_uid` of the scene that it was asked for in; 0 where any will do.
        name: what a new face is called; empty takes a name from its prompt.
        in_gallery: one of several to choose from, not for the scene yet.
        is_quiet: made behind the artist's back, so that the face's folder shows its edits: no step of undo.
        sent: for an edit, the face's record when it was asked for.
        sent_offset: for an edit, what was sculpted when it was asked for, as it was sent; None for nothing.
        photographs: that the face is made from.
        keep: whether the photographs become part of the .blend file.
    """

    face_id: str = ""
    file: int = 0
    scene: int = 0
    name: str = ""
    in_gallery: bool = False
    is_quiet: bool = False
    sent: dict[str, Any] | None = None
    sent_offset: bytes | None = None
    photographs: tuple[Path, ...] = ()
    keep: bool = False


class Placing:
    """Results on their way into the scene.

    Attributes:
        file: counts the files that were opened, so that no face lands in another file than it was asked for in.
        waiting: jobs that come in as soon as the scene may be changed.
        left: (job, why) of those that the artist has to decide about.
        notice: why a face that is ready has to wait, or nothing.
        warning: what the artist has to know about the last face that came in, until dismissed; usually nothing.
        on_update: called with a face's skin when a folder has come into it, and the record of what it was before.
        on_diffused: called with the words of an edit by diffusion that has come in.
    """

    def __init__(self, following: shaping.Following, settled: Callable[[Job], None]) -> None:
        """Hold nothing yet; `settled` is called with each job that has come in or is not wanted."""
        self._following = following
        self._settled = settled
        self.file = 0
        self.waiting: list[Job] = []
        self.left: list[tuple[Job, str]] = []
        self.notice = ""
        self.warning = ""
        self.on_update: Callable[[bpy.types.Object, dict[str, Any]], None] = lambda skin, before: None
        self.on_diffused: Callable[[str], None] = lambda words: None

    def add(self, job: Job) -> None:
        """Take a job that is done."""
        self.waiting.append(job)

    def tick(self, look_at_new_faces: bool) -> bool:
        """Bring in a face if one is waiting and the scene may be changed; return whether something has changed."""
        before, self.notice = self.notice, ""
        if not self.waiting:
            return bool(before)
        job = self.waiting[0]
        why_left = self._why_left(job)
        if _is_quiet(job) and (why_left or _is_outdated(job)):
            self._settled(self.waiting.pop(0))
            return True
        if why_left:
            self.left.append((self.waiting.pop(0), why_left))
            return True
        why_not = interface.why_not_now()
        if why_not:
            self.notice = "" if _is_quiet(job) else why_not
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
        for job in [job for job, _ in self.left if job.id == job_id]:
            self._settled(job)
        self.left = [entry for entry in self.left if entry[0].id != job_id]

    def _why_left(self, job: Job) -> str:
        purpose = job.tag
        assert isinstance(purpose, Purpose)
        if purpose.file != self.file:
            return "Made for another file:"
        if purpose.face_id and scene.find_face(purpose.face_id) is None:
            return "The head it was made for is gone:"
        if not purpose.face_id and purpose.scene and find_scene(purpose.scene) is None:
            return "The scene it was made for is gone:"
        return ""

    def _bring_in(self, job: Job, look_at_new_faces: bool, as_new: bool = False) -> None:
        assert job.folder is not None and isinstance(job.tag, Purpose)
        try:
            if job.tag.face_id and not as_new:
                skin = scene.find_face(job.tag.face_id)
                assert skin is not None
                before = scene.record(skin)
                if job.tag.is_quiet and _only_paints(job, before) and _adopt(skin, job):
                    self.on_update(skin, before)
                    self._settled(job)
                    return
                placed = place(
                    job.folder, skin, job.tag.sent, job.tag.sent_offset, undo=True, diffusion=_diffusion_of(job),
                    photographs=_photographs_of(job.tag),
                )  # fmt: skip
                self.warning = placed.warning
                if shaping.is_behind(skin):
                    self._following.look_at(skin)
                self.on_update(skin, before)
            else:
                self.warning = self._bring_in_new(job.folder, job.tag, look_at_new_faces)
        except Exception as error:
            self.left.append((job, str(error)))  # nothing that was made is lost
            if not isinstance(error, scene.SceneError):
                raise
        else:
            self._settled(job)
            if (diffusion := _diffusion_of(job)) is not None:
                self.on_diffused(str(diffusion.get("words", "")))

    @staticmethod
    def _bring_in_new(folder: Path, purpose: Purpose, look_at_new_faces: bool) -> str:
        """Build a new face where it was asked for; return what the artist has to know about it, or nothing."""
        home = find_scene(purpose.scene)
        with interface.in_window():
            elsewhere = home is not None and home != bpy.context.scene
        photographs = _photographs_of(purpose, look_at_new_faces and not elsewhere)
        placed = place(folder, home=home, name=purpose.name, photographs=photographs)
        if elsewhere and home is not None:
            return (
                f"{scene.name_of(placed.skin)} is in the scene “{home.name}”, where you asked for it. {placed.warning}"
            )
        if photographs is not None and photographs.through:
            look_through_camera()
        elif look_at_new_faces:
            look_at_selected()
        return placed.warning


@dataclass(frozen=True)
class Photographs:
    """Photographs that come in with a head.

    Attributes:
        files: where they lie.
        pack: whether they become part of the .blend file.
        through: whether the scene looks at the head as the first one shows it; where it does so already, it goes on.
    """

    files: tuple[Path, ...]
    pack: bool = False
    through: bool = False


def _photographs_of(purpose: Purpose, look_at_new_faces: bool = False) -> Photographs | None:
    """Return the photographs of a face that was made from some; an artist who composes a picture goes on with it."""
    if not purpose.photographs:
        return None
    return Photographs(purpose.photographs, purpose.keep, look_at_new_faces and not _is_composing())


def _is_composing() -> bool:
    """Whether the view shows what the scene's camera sees, unless that only shows another head's photograph."""
    with interface.in_window():
        area = bpy.context.area
        looks = area is not None and area.type == "VIEW_3D" and _view_of(area).view_perspective == "CAMERA"
        return looks and not scene.sees_photograph(bpy.context.scene)


def _view_of(area: bpy.types.Area) -> bpy.types.RegionView3D:
    return area.spaces.active.region_3d


def _diffusion_of(job: Job) -> dict[str, Any] | None:
    """Return what a diffusion model was asked for in a job, or None."""
    diffusion = job.request.get("diffusion")
    return diffusion if isinstance(diffusion, dict) else None


def _is_quiet(job: Job) -> bool:
    return isinstance(job.tag, Purpose) and job.tag.is_quiet


def _only_paints(job: Job, record: dict[str, Any]) -> bool:
    """Whether a face's folder was made for nothing but edits of the skin, which its textures show already."""
    assert isinstance(job.tag, Purpose) and job.tag.sent is not None
    edits = [*job.tag.sent["edits"], *record.get("edits", [])]
    changed = job.request.get("traits") or job.request.get("layers")
    return not changed and all(stack.only_paints(edit) for edit in edits)


def _adopt(skin: bpy.types.Object, job: Job) -> bool:
    """Take a folder over whose textures the face shows already; no step of undo, as nothing changes to be seen."""
    assert job.folder is not None and isinstance(job.tag, Purpose) and job.tag.sent is not None
    now, layers = shaping.traits_of(skin), {name: shaping.strength_of(skin, name) for name in LAYERS}
    if not scene.adopt_face(skin, job.folder, scene.stack_of(skin)):
        return False
    shaping.remember_built(skin)
    _lay_over(skin, job.tag.sent, now, layers)
    return True


def _is_outdated(job: Job) -> bool:
    """Whether a face's edits were changed since its folder was asked for."""
    assert isinstance(job.tag, Purpose) and job.tag.sent is not None
    skin = scene.find_face(job.tag.face_id)
    return skin is None or stack.looks(scene.stack_of(skin)) != stack.looks(job.tag.sent["edits"])


def find_scene(session_uid: int) -> bpy.types.Scene | None:
    """Return the scene of that `session_uid`, whatever it is called by now, or None."""
    return next((scene_ for scene_ in bpy.data.scenes if scene_.session_uid == session_uid), None)


def place(
    folder: Path,
    skin: bpy.types.Object | None = None,
    sent: dict[str, Any] | None = None,
    sent_offset: bytes | None = None,
    home: bpy.types.Scene | None = None,
    name: str = "",
    undo: bool = True,
    diffusion: dict[str, Any] | None = None,
    photographs: Photographs | None = None,
) -> scene.ImportedFace:
    """Build a face folder in a scene, or update `skin` in place; one step of undo.

    A new face stands at the 3D cursor, or beside the heads that are there, and is the only thing selected.

    Args:
        folder: a face folder.
        skin: the face to update; None for a new one.
        sent: the record with which an update was asked for: what was changed since is laid over it.
        sent_offset: what was sculpted then, as it was sent; None for nothing.
        home: the scene of a new face; None is the one that the window shows.
        name: what a new face is called; empty takes a name from its prompt.
        undo: whether it is a step of undo.
        diffusion: what a diffusion model was asked for: edits that the folder has, and that were not sent, go on top of
            the face's stack, and the place that they were marked for is used up.
        photographs: that the face is made from; its scene gets a camera for each.

    Raises:
        SceneError: it could not be done; the scene is as it was.
    """
    if skin is None:
        with interface.in_window():
            home = home or bpy.context.scene
            taken = [tuple(other.matrix_world.translation) for other in scene.skins() if home in other.users_scene]
            placed = scene.import_face(folder, home.collection, name)
            skin = placed.skin
            scene.separate_copies(skin[scene.FACE_ID])  # the same folder may have come in before
            skin.location = free_place(tuple(home.cursor.location), taken)
            if home == bpy.context.scene:
                select(skin)
        message = "DreamFace: New Face"
        shaping.remember_built(skin)
        if placed.face.groom is not None:  # a folder of an older version does not know what hair it has
            growing.remember_grown(skin)
    else:
        now, layers = shaping.traits_of(skin), {name: shaping.strength_of(skin, name) for name in LAYERS}
        edits, brought = scene.stack_of(skin), []
        if sent is None:  # somebody else than who stood there
            edits = _renewed(skin, scene.read_face_folder(folder).document.get("edits", []))
        elif diffusion is not None:
            brought = _brought(folder, {str(edit["id"]) for edit in (*sent.get("edits", []), *edits)})
        placed = scene.update_face(skin, folder, sent_offset, [*edits, *brought])
        edit_sliders.fit_rows(skin)
        if sent is None:
            skin.dreamface_edit.number = max(0, min(skin.dreamface_edit.number, len(edits) - 1))
        if brought and diffusion is not None:
            skin.dreamface_edit.number = len(edits) + len(brought) - 1
            if stack.NEW_PLACE | scene.draft_of(skin) == diffusion.get("place"):  # not what was marked meanwhile
                scene.set_draft(skin, None)
        message = "DreamFace: Update Face"
        shaping.remember_built(skin)
        if placed.face.groom is not None:
            growing.remember_grown(skin)
        if sent is not None:
            _lay_over(skin, sent, now, layers)
        if photographs is None and not scene.shots_of(skin):
            scene.put_photographs_away(skin)
    if photographs is not None:
        home = home or _scene_of(skin)
        through = photographs.through or scene.seen_photograph(skin, home) is not None
        said = scene.add_photographs(skin, photographs.files, home, photographs.pack, through)
        placed = replace(placed, warning=f"{placed.warning} {said}".strip())
    if undo:
        interface.push_undo(message)
    return placed


def _scene_of(skin: bpy.types.Object) -> bpy.types.Scene:
    """Return the scene that the window shows, or another one where the head is not in that."""
    with interface.in_window():
        shown = bpy.context.scene
    return shown if shown in skin.users_scene else next(iter(skin.users_scene), shown)


def _brought(folder: Path, known: set[str]) -> list[stack.Entry]:
    """Return the edits of a face's folder that are not among known ones."""
    entries = scene.read_face_folder(folder).document.get("edits", [])
    return [entry for entry in entries if str(entry["id"]) not in known]


def _renewed(skin: bpy.types.Object, own: list[stack.Entry]) -> list[stack.Entry]:
    """Return a face's edits once it is made from another prompt: the new face's own, and the artist's on top.

    Args:
        skin: the face's, as it was before.
        own: edits of the new face's folder: its detail by diffusion, and what its prompt marks.
    """
    prompt, taken = str(skin.get("dreamface_prompt", "")), {str(edit["id"]) for edit in own}
    kept = [edit for edit in scene.stack_of(skin) if not stack.came_with(edit, prompt)]
    return [*own, *(edit if str(edit["id"]) not in taken else edit | {"id": stack.new_id()} for edit in kept)]


def _lay_over(skin: bpy.types.Object, sent: dict[str, Any], now: dict[str, Any], layers: dict[str, float]) -> None:
    """Lay what an artist has changed since a record was sent over what came back."""
    shaping.lay_over(skin, sent["traits"], now)
    asked = scene.strengths(sent["layers"])
    for layer, strength in layers.items():
        if strength != asked.get(layer, 1.0):
            shaping.set_strength(skin, layer, strength)


def free_place(wanted: Point, taken: Sequence[Point]) -> Point:
    """Return the place nearest to `wanted`, along X, where a head stands in no other; metres."""
    steps = [0.0] + [sign * step * _BESIDE for step in range(1, len(taken) + 2) for sign in (1.0, -1.0)]
    places = ((wanted[0] + step, wanted[1], wanted[2]) for step in steps)
    return next(free for free in places if all(math.dist(free, other) > _ROOM for other in taken))


def select(skin: bpy.types.Object) -> None:
    """Make the skin the active object and the only selected one."""
    for object_ in bpy.context.selected_objects:
        object_.select_set(False)
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin


def look_through_camera() -> None:
    """Turn the 3D view to what the scene's camera sees, with textures."""
    with interface.in_window():
        area = bpy.context.area
        if area is None or area.type != "VIEW_3D":
            return
        _show_textures(area)
        _view_of(area).view_perspective = "CAMERA"


def look_freely() -> None:
    """Turn the 3D view away from what the scene's camera sees."""
    with interface.in_window():
        area = bpy.context.area
        if area is not None and area.type == "VIEW_3D":
            _view_of(area).view_perspective = "PERSP"


def _show_textures(area: bpy.types.Area) -> None:
    shading = area.spaces.active.shading
    if shading.type == "SOLID":
        shading.type = "MATERIAL"


def look_at_selected() -> None:
    """Turn the 3D view to the new face, from the front and with its textures.

    Solid shading would show a grey head, and a head is 25 cm high: in a new scene it would be a dot.
    """
    with interface.in_window():
        area = bpy.context.area
        if area is None or area.type != "VIEW_3D":
            return
        if _is_composing():
            return
        _show_textures(area)
        bpy.ops.view3d.view_axis(type="FRONT")
        _view_of(area).view_perspective = "PERSP"
        bpy.ops.view3d.view_selected()
