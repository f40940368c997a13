"""Hair that goes along with a head that was sculpted: its guides follow when the artist is back in Object Mode."""

from __future__ import annotations

import bpy

from . import interface, scene
from .part import IDLE_INTERVAL, READY_INTERVAL, Part

_SHAPING = ("SCULPT", "EDIT_MESH")
"""Modes in which an artist moves a head's vertices."""


class Settling(Part):
    """Watches for heads in Sculpt and Edit Mode, and takes their hair along once they are left.

    Only then, and not whenever hair and skin differ: undo brings back the moment between sculpting and following, and
    hair that followed again by itself would take away the way forward, and every step further back.
    """

    def __init__(self) -> None:
        self._shaped: set[int] = set()
        self._interval = IDLE_INTERVAL

    @property
    def interval(self) -> float:
        """Short while a head is selected: a mode may be left soon after it was entered."""
        return self._interval

    def tick(self) -> bool:
        """Note which heads are being shaped; take hair along where that has ended."""
        with interface.in_window():
            mode, objects = bpy.context.mode, {bpy.context.active_object, *bpy.context.selected_objects}
        skins = [skin for skin in map(scene.skin_of, objects) if skin is not None]
        self._interval = READY_INTERVAL if skins or self._shaped else IDLE_INTERVAL
        if mode in _SHAPING:
            self._shaped |= {skin.session_uid for skin in skins}
        elif self._shaped and interface.hindrance() is None:
            return self._settle()
        return False

    def file_opened(self) -> None:
        """Forget the heads of the file that was open before; bring hair of older files to what it is today."""
        self._shaped.clear()
        for skin in scene.skins():
            scene.renew_hair_map(skin)

    def _settle(self) -> bool:
        """Take the hair of heads along that were shaped, as one step of undo; return whether any moved."""
        shaped, self._shaped = self._shaped, set()
        skins = [skin for skin in scene.skins() if skin.session_uid in shaped]
        moved = [moves(skin) for skin in skins for moves in (scene.settle_hair, scene.settle_rig)]
        if any(moved):
            interface.push_undo("DreamFace: Hair and Bones Follow")
        return any(moved)
