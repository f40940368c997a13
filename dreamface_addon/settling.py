"""What goes along with a head by itself: hair and bones when it was sculpted, its parts when it was rigged."""

from __future__ import annotations

import bpy

from . import interface, scene
from .part import IDLE_INTERVAL, READY_INTERVAL, Part

_SHAPING = ("SCULPT", "EDIT_MESH")
"""Modes in which an artist moves a head's vertices."""

_COMBING = ("SCULPT_CURVES", "EDIT_CURVES")
"""Modes in which an artist combs, cuts and adds hair."""

_WEIGHING = "PAINT_WEIGHT"
"""The mode in which an artist changes how much bones move it."""


class Settling(Part):
    """Watches for heads in Sculpt and Edit Mode, and takes their hair and bones along once they are left.

    Only then, and not whenever hair and skin differ: undo brings back the moment between sculpting and following, and
    hair that followed again by itself would take away the way forward, and every step further back. For the same
    reason a head's parts follow an armature when it is new on the skin, and not whenever they do not.
    """

    def __init__(self) -> None:
        self._shaped: set[int] = set()
        self._weighed: set[int] = set()
        self._combs = False
        self._armatures: dict[int, tuple[int, ...]] = {}
        self._plays = False
        self._live = ""
        self._interval = IDLE_INTERVAL

    @property
    def interval(self) -> float:
        """Short while a head is selected: a mode may be left soon after it was entered."""
        return self._interval

    def tick(self) -> bool:
        """Note which heads are being shaped; take along what follows where that has ended."""
        with interface.in_window():
            mode, active = bpy.context.mode, bpy.context.active_object
            objects = {active, *bpy.context.selected_objects}
        self._comb(active if mode in _COMBING else None)
        skins = [skin for skin in map(scene.skin_of, objects) if skin is not None]
        self._interval = READY_INTERVAL if skins or self._shaped else IDLE_INTERVAL
        if mode in _SHAPING:
            self._shaped |= {skin.session_uid for skin in skins}
        elif mode == _WEIGHING:
            self._weighed |= {skin.session_uid for skin in skins}
        elif interface.hindrance() is None:
            return (bool(self._shaped) and self._settle()) | self._follow()
        return False

    def file_opened(self) -> None:
        """Forget the heads of the file that was open before; bring hair of older files to what it is today."""
        self._shaped.clear()
        self._weighed.clear()
        self._combs = False
        self._armatures.clear()
        for skin in scene.skins():
            scene.renew_hair_map(skin)
            scene.renew_hair_nodes(skin)
            scene.mark_combed_hair(skin, None)
        self._plays, self._live = False, ""
        self.thin_hair()

    def playing(self, playing: bool) -> None:
        """Let the 3D view draw fewer hairs while an animation plays, so that it keeps up."""
        self._plays = playing
        self.thin_hair()

    def live(self, face_id: str) -> None:
        """Let it do the same on the head that a camera moves; with an empty id none moves any more."""
        if face_id != self._live:
            self._live = face_id
            self.thin_hair()

    def thin_hair(self) -> None:
        """Have every head's hair drawn as is right now: a step of undo may bring it back as it was in between."""
        for skin in scene.skins():
            scene.mark_playing_hair(skin, self._plays or skin[scene.FACE_ID] == self._live)

    def _comb(self, hair: bpy.types.Object | None) -> None:
        """Let hair lie as brushes need it while it is combed; note where new hair is rooted once that has ended."""
        combed, self._combs = self._combs, hair is not None
        if not combed and hair is None:
            return
        for skin in scene.skins():
            scene.mark_combed_hair(skin, hair)
            if hair is None:
                scene.note_roots(skin)

    def _settle(self) -> bool:
        """Take hair and bones of heads along that were shaped, as one step of undo; return whether any moved."""
        shaped, self._shaped = self._shaped, set()
        skins = [skin for skin in scene.skins() if skin.session_uid in shaped]
        moved = [moves(skin) for skin in skins for moves in (scene.settle_hair, scene.settle_rig)]
        if any(moved):
            interface.push_undo("DreamFace: Hair and Bones Follow")
        return any(moved)

    def _follow(self) -> bool:
        """Let parts follow armatures that are new on a skin, as one step of undo; return whether any does."""
        weighed, self._weighed = self._weighed, set()
        changed = False
        for skin in scene.skins():
            uid, armatures = skin.session_uid, scene.armatures_of(skin)
            if armatures != self._armatures.get(uid, ()) or (armatures and uid in weighed):
                changed |= scene.follow_armatures(skin, renew=uid in weighed)
            self._armatures[uid] = armatures
        if changed:
            interface.push_undo("DreamFace: Parts Follow the Rig")
        return changed
