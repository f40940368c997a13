"""Painting a place or a sketch on a head with Blender's brushes: into Texture Paint with one click, and back with one.

Whichever way an artist leaves the mode, and whatever was saved meanwhile, what was painted is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy

from . import edit_sliders, interface, scene, stack
from .part import IDLE_INTERVAL, READY_INTERVAL, Part

_MODE = "TEXTURE_PAINT"
_SOFT_BRUSH = "brushes/essentials_brushes-mesh_texture.blend/Brush/Paint Soft"
_SIZE = 60  # pixels on the screen: about a cheek
_STRENGTH = 0.6
_INK = (0.02, 0.03, 0.06)
_WHITE = (1.0, 1.0, 1.0)


@dataclass
class _Before:
    """How Blender was set when the painting began.

    Attributes:
        face_id: whose head is painted.
        brush: the brush that was chosen: its library's type and name, and its own; empty where that is not known.
        settings: (what holds a setting, its name, its value), to be set back in the opposite order.
    """

    face_id: str
    brush: tuple[str, str, str] = ("", "", "")
    settings: list[tuple[Any, str, Any]] = field(default_factory=list)

    def set(self, holder: Any, name: str, value: Any) -> None:
        """Change a setting, and remember how it was; settings that this Blender has not got are left out."""
        if holder is None or not hasattr(holder, name):
            return
        was = getattr(holder, name)
        was = tuple(was) if hasattr(was, "__len__") and not isinstance(was, str) else was
        try:
            setattr(holder, name, value)
        except (AttributeError, TypeError):
            return  # it can't be set
        self.settings.append((holder, name, was))

    def put_back(self) -> None:
        """Set everything back."""
        for holder, name, was in reversed(self.settings):
            try:
                setattr(holder, name, was)
            except (ReferenceError, AttributeError, TypeError):
                continue  # what held it is gone
        self.settings.clear()


class Marking(Part):
    """Watches over heads that are painted on."""

    def __init__(self) -> None:
        """Nothing is painted yet."""
        self._before: _Before | None = None
        self._undone: set[str] = set()
        """Ids of faces to whose painting undo went back, which leaves Texture Paint: not that the artist is done."""

    @property
    def interval(self) -> float:
        """Short while a head is painted: its mode may be left at any moment."""
        return READY_INTERVAL if self._before is not None or _painted() else IDLE_INTERVAL

    def begin(self, skin: bpy.types.Object, kind: str) -> None:
        """Let an artist paint a mask or a sketch on a head.

        Raises:
            SceneError: it has no skin textures.
        """
        self.finish_all()
        if bpy.context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        before = edit_sliders.marked_place(skin).get("mask") if kind == scene.MASK else scene.sketch_of(skin)
        pictures = {tile: scene.read_picture(skin, digest) for tile, digest in (before or {}).items()}
        scene.open_canvases(skin, kind, {tile: png for tile, png in pictures.items() if png is not None})
        bpy.context.view_layer.objects.active = skin
        skin.select_set(True)
        # Steps of undo of strokes hold no datablocks: the canvases have to be in a step before them.
        interface.push_undo(f"DreamFace: Paint {kind.capitalize()}")
        self.go_on(skin)

    def go_on(self, skin: bpy.types.Object) -> None:
        """Go into Texture Paint on a head that has canvases."""
        self._undone.discard(str(skin[scene.FACE_ID]))
        bpy.ops.object.mode_set(mode=_MODE)
        scene.choose_canvases(skin)
        if self._before is None:
            self._before = _Before(str(skin[scene.FACE_ID]))
            self._choose_brush(self._before)
            self._set_tool(self._before, scene.painted_kind(skin))
            self._set_views(self._before)

    def finish(self, skin: bpy.types.Object) -> None:
        """Keep what was painted on a head, and go back to what was before; one step of undo."""
        kind = scene.painted_kind(skin)
        pictures = scene.canvas_pictures(skin)
        if skin.mode == _MODE:
            if self._before is not None and self._before.brush[2]:
                _activate(*self._before.brush)
            with interface.in_window(), bpy.context.temp_override(active_object=skin, object=skin):
                bpy.ops.object.mode_set(mode="OBJECT")
        digests = {tile: scene.keep_picture(skin, png) for tile, png in pictures.items()}
        if kind == scene.MASK:
            edit_sliders.set_marked_place(skin, edit_sliders.marked_place(skin) | {"mask": digests or None})
        elif kind == scene.SKETCH_KIND:
            scene.set_sketch(skin, digests)
        scene.close_canvases(skin)
        self._put_back()
        interface.push_undo(f"DreamFace: {kind.capitalize()}")

    def after_undo(self) -> None:
        """Leave heads alone to whose painting undo went back: who undoes wants to go on undoing, or to paint on."""
        self._undone = {str(skin[scene.FACE_ID]) for skin in _painted() if skin.mode != _MODE}

    def finish_all(self) -> bool:
        """Finish every head that is painted; return whether there was one."""
        painted = _painted()
        for skin in painted:
            self.finish(skin)
        return bool(painted)

    def before_save(self) -> None:
        """Put what is painted so far into the file."""
        for skin in _painted():
            scene.pack_canvases(skin)

    # --------------------------------------------------------------------------------------- what the application calls

    def tick(self) -> bool:
        """Keep what was painted where its mode was left in another way; after undo of all of it set Blender back."""
        painted = _painted()
        left = [skin for skin in painted if skin.mode != _MODE and str(skin[scene.FACE_ID]) not in self._undone]
        if left and interface.hindrance() in (None, interface.Hindrance.MODE):
            for skin in left:
                self.finish(skin)
            return True
        if self._before is not None and not painted:
            self._put_back()
            return True
        return False

    def file_opened(self) -> None:
        """Forget how Blender was set for the file that was open before."""
        self._before = None

    def shut_down(self) -> None:
        """Set Blender back."""
        self._put_back()

    def _put_back(self) -> None:
        if self._before is not None:
            self._before.put_back()
            self._before = None

    @staticmethod
    def _set_tool(before: _Before, kind: str) -> None:
        """Let brushes be of a sensible size, and paint white, or in the colour of ink.

        By the settings that all brushes share: brushes are assets, and an artist's own stay as they are.
        """
        tools = bpy.context.scene.tool_settings
        paint, is_mask = tools.image_paint, kind == scene.MASK
        before.set(paint, "mode", "MATERIAL")
        shared = getattr(paint, "unified_paint_settings", None) or getattr(tools, "unified_paint_settings", None)
        for name in ("use_unified_size", "use_unified_strength", "use_unified_color"):
            before.set(shared, name, True)
        before.set(shared, "size", _SIZE if is_mask else _SIZE // 4)
        before.set(shared, "strength", _STRENGTH if is_mask else 1.0)
        before.set(shared, "color", _WHITE if is_mask else _INK)

    @staticmethod
    def _choose_brush(before: _Before) -> None:
        """Take Blender's own soft brush, where it has brushes as assets."""
        reference = getattr(bpy.context.scene.tool_settings.image_paint, "brush_asset_reference", None)
        if reference is None:
            return
        was = (reference.asset_library_type, reference.asset_library_identifier, reference.relative_asset_identifier)
        if _activate("ESSENTIALS", "", _SOFT_BRUSH):
            before.brush = was

    @staticmethod
    def _set_views(before: _Before) -> None:
        """Show the skin below: Solid view would show the canvas alone."""
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D" and area.spaces.active.shading.type in ("SOLID", "WIREFRAME"):
                    before.set(area.spaces.active.shading, "type", "MATERIAL")


def _activate(library: str, library_name: str, brush: str) -> bool:
    """Choose a brush that is an asset; return whether Blender has it."""
    try:
        with interface.in_window():
            done = bpy.ops.brush.asset_activate(
                asset_library_type=library, asset_library_identifier=library_name, relative_asset_identifier=brush
            )
    except (RuntimeError, AttributeError, TypeError):
        return False
    return "FINISHED" in done


def _painted() -> list[bpy.types.Object]:
    """Return the heads that are painted on."""
    return [skin for skin in scene.skins() if scene.painted_kind(skin)]


def seen(skin: bpy.types.Object | None, is_on: bool) -> list[scene.Shown]:
    """Return what lies over the selected head in the view: what is being painted, or else the place that is marked.

    Args:
        skin: the selected head.
        is_on: whether the place is to be shown.
    """
    if skin is None:
        return []
    canvases = scene.canvases_of(skin)
    if canvases:
        return [scene.Shown(skin, canvases, "tint" if scene.painted_kind(skin) == scene.MASK else "colour")]
    if not is_on:
        return []
    shown = []
    sketch = _images(skin, scene.sketch_of(skin))
    if sketch:
        shown.append(scene.Shown(skin, sketch, "colour"))
    draft, active = scene.draft_of(skin), edit_sliders.active_edit(skin)
    place = draft or (active[1].get("place") if active is not None else None) or stack.NEW_PLACE
    mask = _images(skin, place.get("mask") or {})
    # What an edit has made is not to be covered: there the border alone is shown.
    return [*shown, scene.Shown(skin, mask, "tint" if draft else "outline")] if mask else shown


def _images(skin: bpy.types.Object, digests: dict[str, str]) -> dict[str, bpy.types.Image]:
    found = {tile: scene.picture_image(skin, digest) for tile, digest in digests.items()}
    return {tile: image for tile, image in found.items() if image is not None}
