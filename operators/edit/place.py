"""Marking a place: painted, from a selection, by name, from a picture."""

from pathlib import Path
from typing import ClassVar

import bpy
from bpy_extras.io_utils import ImportHelper

from ...dreamface_addon import application, edit_sliders, interface, scene, stack
from ...dreamface_addon.vocabulary import REGIONS


def why_not_mark(context: bpy.types.Context) -> str:
    """Return why no place can be marked on the selected head, or nothing; Edit Mode is as good as any."""
    skin = scene.skin_of(context.active_object)
    if skin is None:
        return interface.why_no_face(context)
    return "" if skin.is_editable else "The head is linked from another file: make it local first (Object > Relations)"


def lay_mask(skin: bpy.types.Object, pictures: dict[str, bytes], adds: bool) -> None:
    """Mark a place with masks, tile -> PNG.

    Args:
        skin: the head's.
        pictures: the masks.
        adds: whether what is marked already stays.
    """
    place = edit_sliders.marked_place(skin)
    if adds and place.get("mask"):
        before = {tile: scene.read_picture(skin, digest) for tile, digest in place["mask"].items()}
        pictures = scene.joined([{tile: png for tile, png in before.items() if png is not None}, pictures])
    mask = {tile: scene.keep_picture(skin, png) for tile, png in pictures.items()}
    edit_sliders.set_marked_place(skin, place | {"mask": mask})


class _Begins:
    """What operators share that go into Texture Paint."""

    bl_options: ClassVar[set[str]] = {"REGISTER"}  # the painting makes its steps of undo itself

    kind: ClassVar[str]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head that is not painted on."""
        return interface.allow(cls, why_not_mark(context) or _why_painted(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go into Texture Paint."""
        return _begin(self, context, self.kind)


class DREAMFACE_OT_paint_mask(_Begins, bpy.types.Operator):
    """Paint the place on the head with Blender's brushes; press Done, or leave Texture Paint, when it is marked"""

    bl_idname = "dreamface.paint_mask"
    bl_label = "Paint Mask"
    kind = scene.MASK


class DREAMFACE_OT_new_sketch(_Begins, bpy.types.Operator):
    """Draw on the head in colour with Blender's brushes, over its skin; then make something of it"""

    bl_idname = "dreamface.new_sketch"
    bl_label = "New Sketch"
    kind = scene.SKETCH_KIND


class _WhilePainting:
    """What operators share that are for a head which is painted on."""

    bl_options: ClassVar[set[str]] = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it while a head is painted on."""
        return interface.allow(
            cls, why_not_mark(context) or ("" if _why_painted(context) else "Nothing is painted now")
        )


class DREAMFACE_OT_end_painting(_WhilePainting, bpy.types.Operator):
    """Keep what was painted, and go back to what was before"""

    bl_idname = "dreamface.end_painting"
    bl_label = "Done"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go back."""
        application.get().marking.finish(scene.skin_of(context.active_object))
        return {"FINISHED"}


class DREAMFACE_OT_go_on_painting(_WhilePainting, bpy.types.Operator):
    """Go back into Texture Paint, which undo has left"""

    bl_idname = "dreamface.go_on_painting"
    bl_label = "Paint On"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go on."""
        application.get().marking.go_on(scene.skin_of(context.active_object))
        return {"FINISHED"}


def _why_painted(context: bpy.types.Context) -> str:
    painted = scene.painted_kind(scene.skin_of(context.active_object))
    return "The head is being painted on: press Done first" if painted else ""


def _begin(operator: bpy.types.Operator, context: bpy.types.Context, kind: str) -> set[str]:
    try:
        application.get().marking.begin(scene.skin_of(context.active_object), kind)
    except scene.SceneError as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    if context.scene.tool_settings.image_paint.brush is None:
        operator.report({"WARNING"}, "Choose a brush to paint with: Blender has none chosen")
    return {"FINISHED"}


class DREAMFACE_OT_mark_faces(bpy.types.Operator):
    """Mark the faces of the skin that are selected in Edit Mode, with lasso or box for example"""

    bl_idname = "dreamface.mark_faces"
    bl_label = "Selected Faces"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    adds: bpy.props.BoolProperty(name="Add", description="Keep what is marked already")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context) or _why_painted(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark them, and leave Edit Mode."""
        skin = scene.skin_of(context.active_object)
        try:
            pictures = scene.mask_of_faces(skin)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        lay_mask(skin, pictures, self.adds)
        return {"FINISHED"}


class DREAMFACE_OT_mark_box(bpy.types.Operator):
    """Drag a box in the 3D view to mark the skin that is seen in it; Shift adds to what is marked already"""

    bl_idname = "dreamface.mark_box"
    bl_label = "Box in View"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO", "BLOCKING"}

    _start: tuple[int, int] | None
    _frame: scene.Frame

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context) or _why_painted(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Wait for the drag."""
        self._start, self._frame = None, scene.Frame()
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set("Drag a box over the skin    Shift: add    Esc: leave it")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the drag; mark what is in the box when it ends."""
        with interface.in_window():
            region = bpy.context.region
            here = (event.mouse_x - region.x, event.mouse_y - region.y)
        if event.type in ("ESC", "RIGHTMOUSE"):
            return self._end(context, {"CANCELLED"})
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            self._start = here
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE" and self._start is not None:
            return self._end(context, self._mark(context, self._start, here, event.shift))
        elif self._start is not None:
            self._frame.show((*self._start, *here))
            interface.redraw_views()
        elif event.type != "MOUSEMOVE":
            return {"PASS_THROUGH"}
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it."""
        self._end(context, {"CANCELLED"})

    def _mark(self, context: bpy.types.Context, one: tuple[int, int], other: tuple[int, int], adds: bool) -> set[str]:
        skin = scene.skin_of(context.active_object)
        with interface.in_window():
            region, matrix = bpy.context.region, bpy.context.region_data.perspective_matrix.copy()
        across = sorted(2.0 * place[0] / region.width - 1.0 for place in (one, other))
        up = sorted(2.0 * place[1] / region.height - 1.0 for place in (one, other))
        try:
            pictures = scene.mask_of_view(skin, matrix, (across[0], up[0], across[1], up[1]))
        except (scene.SceneError, AttributeError) as error:
            self.report({"ERROR"}, str(error) if isinstance(error, scene.SceneError) else "The head is gone")
            return {"CANCELLED"}
        lay_mask(skin, pictures, adds)
        return {"FINISHED"}

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        self._frame.remove()
        context.workspace.status_text_set(None)
        interface.redraw_views()
        return result


class DREAMFACE_OT_mark_group(bpy.types.Operator):
    """Mark a vertex group of the skin, as strong as its weights"""

    bl_idname = "dreamface.mark_group"
    bl_label = "Vertex Group"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    group: bpy.props.StringProperty(name="Vertex Group", options={"SKIP_SAVE"})
    adds: bpy.props.BoolProperty(name="Add", description="Keep what is marked already")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context) or _why_painted(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the group that is active on the skin, unless one is given."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # poll has looked
        if not self.group and skin.vertex_groups.active is not None:
            self.group = skin.vertex_groups.active.name
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it."""
        skin = scene.skin_of(context.active_object)
        try:
            pictures = scene.mask_of_group(skin, self.group)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        lay_mask(skin, pictures, self.adds)
        return {"FINISHED"}


class DREAMFACE_OT_mark_region(bpy.types.Operator):
    """Mark this part of the face, or take the mark off it"""

    bl_idname = "dreamface.mark_region"
    bl_label = "Mark Region"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    region: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it, or not any more."""
        skin = scene.skin_of(context.active_object)
        place = edit_sliders.marked_place(skin)
        regions = [name for name in place["regions"] if name != self.region]
        if self.region not in REGIONS:
            self.report({"ERROR"}, f"There is no part of the face called {self.region}")
            return {"CANCELLED"}
        if len(regions) == len(place["regions"]):
            regions.append(self.region)
        edit_sliders.set_marked_place(skin, place | {"regions": regions})
        return {"FINISHED"}


class DREAMFACE_OT_mark_everywhere(bpy.types.Operator):
    """Mark all of the skin"""

    bl_idname = "dreamface.mark_everywhere"
    bl_label = "All of the Skin"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark everything: all but nothing."""
        skin = scene.skin_of(context.active_object)
        edit_sliders.set_marked_place(skin, stack.NEW_PLACE | {"inverted": True, "feather": 0.0})
        return {"FINISHED"}


class DREAMFACE_OT_clear_place(bpy.types.Operator):
    """Mark nothing any more for the next edit"""

    bl_idname = "dreamface.clear_place"
    bl_label = "Clear Marks"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where something is marked for the next edit."""
        why_not = why_not_mark(context) or _why_painted(context)
        if not why_not:
            skin = scene.skin_of(context.active_object)
            why_not = "" if scene.draft_of(skin) or scene.sketch_of(skin) else "Nothing is marked for the next edit"
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        skin = scene.skin_of(context.active_object)
        scene.set_draft(skin, None)
        scene.set_sketch(skin, None)
        return {"FINISHED"}


class DREAMFACE_OT_import_mask(bpy.types.Operator, ImportHelper):
    """Mark a place with a greyscale picture in the layout of the skin's texture: white is marked"""

    bl_idname = "dreamface.import_mask"
    bl_label = "Import Mask"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(
        default="*.png;*.jpg;*.jpeg;*.tif;*.tiff;*.exr;*.webp;*.bmp;*.tga", options={"HIDDEN"}
    )
    tile: bpy.props.StringProperty(
        name="Tile", description="Texture tile whose layout it has; empty is the face's", options={"SKIP_SAVE"}
    )
    adds: bpy.props.BoolProperty(name="Add", description="Keep what is marked already")

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it on a head."""
        return interface.allow(cls, why_not_mark(context) or _why_painted(context))

    def draw(self, context: bpy.types.Context) -> None:
        """Draw which tile it is for."""
        skin = scene.skin_of(context.active_object)
        if skin is not None and len(scene.skin_tiles(skin)) > 1:
            for tile in scene.skin_tiles(skin):
                self.layout.label(text=f"Tile: {tile}")
            self.layout.prop(self, "tile")
        self.layout.prop(self, "adds")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mark it."""
        skin = scene.skin_of(context.active_object)
        tiles = list(scene.skin_tiles(skin))
        tile = self.tile or (tiles[0] if tiles else "")
        if tile not in tiles:
            self.report({"ERROR"}, f"This head has no tile {tile or 'of skin'}: its tiles are {', '.join(tiles)}")
            return {"CANCELLED"}
        try:
            pictures = scene.mask_of_picture(str(Path(self.filepath)), tile)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        lay_mask(skin, pictures, self.adds)
        return {"FINISHED"}
