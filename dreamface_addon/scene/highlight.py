"""A mask as a tint over the skin in the 3D view, and a sketch over it, in whatever way the view is shaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from .masks import skin_tiles
from .meshes import UV_MAP

TINT = (1.0, 0.32, 0.05, 0.55)
"""Colour and strength of what is marked."""

_LOOKS = ("colour", "tint", "outline")

_VERTEX = """
void main()
{
    uv_of_fragment = uv;
    gl_Position = to_view * vec4(position, 1.0);
    gl_Position.z -= 0.0002 * gl_Position.w;
}
"""

_FRAGMENT = """
void main()
{
    vec4 seen = texture(picture, uv_of_fragment);
    float pixels_to_border = abs(seen.r - 0.5) / max(fwidth(seen.r), 0.0001);
    float border = 1.0 - smoothstep(0.7, 1.7, pixels_to_border);
    vec4 as_colour = vec4(seen.rgb / max(seen.a, 0.0001), seen.a);
    vec4 as_tint = vec4(tint.rgb, tint.a * seen.r);
    colour = look < 0.5 ? as_colour : look < 1.5 ? as_tint : vec4(tint.rgb, border);
}
"""


@dataclass(frozen=True)
class Shown:
    """What lies over a head in the view.

    Attributes:
        skin: the head.
        images: tile -> image; its red says where a mask lies, its colour and alpha are a sketch's.
        look: "colour" of a sketch, or a mask's "tint" or "outline".
    """

    skin: bpy.types.Object
    images: Mapping[str, bpy.types.Image]
    look: Literal["colour", "tint", "outline"]


@dataclass
class _Drawn:
    """What a head's triangles were when they were last sent to the graphics card."""

    positions: NDArray[np.float32]
    batches: dict[str, Any] = field(default_factory=dict)


class Highlight:
    """Draws what a function says, in every 3D view; nothing where there is no window."""

    def __init__(self, what: Callable[[], list[Shown]]) -> None:
        """Draw from now on what `what` returns at each redraw."""
        self._what = what
        self._drawn: dict[int, _Drawn] = {}
        self._shader: Any = None
        self._handle: object | None = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_VIEW")

    def remove(self) -> None:
        """Draw nothing any more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        shown = self._what()
        if not shown or not bpy.context.space_data.overlay.show_overlays:
            return
        self._shader = self._shader or _new_shader()
        gpu.state.depth_test_set("LESS_EQUAL")
        gpu.state.depth_mask_set(False)
        gpu.state.face_culling_set("BACK")
        gpu.state.blend_set("ALPHA")
        try:
            for one in shown:
                if one.skin.visible_get():
                    self._draw_one(one)
        finally:
            gpu.state.blend_set("NONE")
            gpu.state.face_culling_set("NONE")
            gpu.state.depth_mask_set(True)
            gpu.state.depth_test_set("NONE")

    def _draw_one(self, shown: Shown) -> None:
        batches = self._batches(shown.skin)
        self._shader.bind()
        matrix = bpy.context.region_data.perspective_matrix @ shown.skin.matrix_world
        self._shader.uniform_float("to_view", matrix)
        self._shader.uniform_float("tint", TINT)
        self._shader.uniform_float("look", float(_LOOKS.index(shown.look)))
        for tile, image in shown.images.items():
            if tile in batches:
                self._shader.uniform_sampler("picture", gpu.texture.from_image(image))
                batches[tile].draw(self._shader)

    def _batches(self, skin: bpy.types.Object) -> dict[str, Any]:
        """Return the triangles of each tile as they are posed now; made anew when a vertex has moved."""
        # As it was evaluated last: nothing may be evaluated while a view is drawn.
        mesh = skin.evaluated_get(bpy.context.view_layer.depsgraph).data
        positions = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", positions)
        known = self._drawn.get(skin.session_uid)
        if known is None or not np.array_equal(known.positions, positions):
            known = _Drawn(positions, self._new_batches(skin, mesh, positions.reshape(-1, 3)))
            self._drawn = {skin.session_uid: known}
        return known.batches

    def _new_batches(
        self, skin: bpy.types.Object, mesh: bpy.types.Mesh, positions: NDArray[np.float32]
    ) -> dict[str, Any]:
        layer = mesh.uv_layers.get(UV_MAP)
        if layer is None:
            return {}
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        loops, corners, slots = np.empty(count * 3, np.int32), np.empty(count * 3, np.int32), np.empty(count, np.int32)
        mesh.loop_triangles.foreach_get("loops", loops)
        mesh.loop_triangles.foreach_get("vertices", corners)
        mesh.loop_triangles.foreach_get("material_index", slots)
        uv = np.empty(len(layer.uv) * 2, np.float32)
        layer.uv.foreach_get("vector", uv)
        uv = uv.reshape(-1, 2)
        batches = {}
        for tile, own in skin_tiles(skin).items():
            chosen = np.repeat(np.isin(slots, own), 3)
            if chosen.any():
                content = {"position": positions[corners[chosen]], "uv": uv[loops[chosen]]}
                batches[tile] = batch_for_shader(self._shader, "TRIS", content)
        return batches


class Outline:
    """A closed line in every 3D view, such as where a picture would lie; its first side is thicker, its top."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._corners: list[Any] = []
        self._handle: object | None = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_VIEW")

    def show(self, corners: list[Any]) -> None:
        """Show a line through these places in the world; none shows nothing."""
        self._corners = corners

    def remove(self) -> None:
        """Show nothing any more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        if not self._corners:
            return
        shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("color", (*TINT[:3], 1.0))
        gpu.state.blend_set("ALPHA")
        closed = [*self._corners, self._corners[0]]
        for width, places in ((2.0, closed), (5.0, self._corners[:2])):
            shader.uniform_float("lineWidth", width)
            batch_for_shader(shader, "LINE_STRIP", {"pos": [tuple(place) for place in places]}).draw(shader)
        gpu.state.blend_set("NONE")


class Frame:
    """A box in every 3D view that an artist drags."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._box: tuple[float, ...] = ()
        self._handle: object | None = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def show(self, box: tuple[float, ...]) -> None:
        """Show a box between two corners: their x and y in pixels of the region."""
        self._box = box

    def remove(self) -> None:
        """Show nothing any more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        if not self._box:
            return
        left, bottom, right, top = self._box
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        shader.bind()
        shader.uniform_float("color", (*TINT[:3], 1.0))
        corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        batch_for_shader(shader, "LINE_STRIP", {"pos": [(*corner, 0.0) for corner in corners]}).draw(shader)


def _new_shader() -> Any:
    between = gpu.types.GPUStageInterfaceInfo("dreamface_highlight")
    between.smooth("VEC2", "uv_of_fragment")
    about = gpu.types.GPUShaderCreateInfo()
    about.push_constant("MAT4", "to_view")
    about.push_constant("VEC4", "tint")
    about.push_constant("FLOAT", "look")
    about.sampler(0, "FLOAT_2D", "picture")
    about.vertex_in(0, "VEC3", "position")
    about.vertex_in(1, "VEC2", "uv")
    about.vertex_out(between)
    about.fragment_out(0, "VEC4", "colour")
    about.vertex_source(_VERTEX)
    about.fragment_source(_FRAGMENT)
    return gpu.shader.create_from_info(about)
