"""What an artist does in DreamFace's sidebar, and what Blender knows afterwards."""

from __future__ import annotations

import time

from tests.window.window import BlenderWindow, Box

PROMPT = "an old fisherman with a hooked nose and freckles"

VIEW = Box(500, 250, 650, 450)  # the middle of the 3D view, where the face appears

SKIN = "next((o for o in bpy.data.objects if 'dreamface_face_id' in o), None)"
SHAPE = f"[round(x, 6) for i in range(0, 9000, 97) for x in {SKIN}.data.vertices[i].co]"
PREFERENCES = "bpy.context.preferences.addons['bl_ext.user_default.dreamface'].preferences"
APPLICATION = "__import__('sys').modules['bl_ext.user_default.dreamface.dreamface_addon.application'].get()"
RESTING = (
    f"not ({APPLICATION}.making.running or {APPLICATION}.making.placing.waiting or {APPLICATION}.following.active"
    f" or {APPLICATION}.growing.active)"
)

_SIDEBAR = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "UI")
area.tag_redraw()
"""


def open_sidebar(window: BlenderWindow, cube: bool = True) -> None:
    """The tab DreamFace, as wide as Blender makes it, in a scene without the cube."""
    if cube:
        window.run("bpy.data.objects.remove(bpy.data.objects['Cube'])")
    window.move(500, 500)
    window.run(_SIDEBAR + "area.spaces.active.show_region_ui = True")
    time.sleep(1.0)
    window.run(_SIDEBAR + "region.active_panel_category = 'DreamFace'")
    time.sleep(1.0)


def choose(window: BlenderWindow, **fields: object) -> None:
    """Set fields of the tab."""
    for name, value in fields.items():
        window.run(f"bpy.context.window_manager.dreamface.{name} = {value!r}")


def shade(window: BlenderWindow, shading: str) -> None:
    """How the 3D view draws; without a graphics card a solid head is drawn at once, one with materials in a second."""
    window.run(_SIDEBAR + f"area.spaces.active.shading.type = {shading!r}")


def until_read(window: BlenderWindow, prompt: str) -> None:
    """Wait until the words that were understood stand under the prompt, and what is below has moved down."""
    reading = f"{APPLICATION}.session.reading"
    window.until(f"{reading} and {reading}.prompt == {prompt!r}")
    window.run(_SIDEBAR)
    time.sleep(1.0)


def turn_to(window: BlenderWindow, page: str, search: str = "") -> None:
    """Turn to a page of the sidebar, with these letters in its search field."""
    choose(window, page=page, search=search)
    window.run(_SIDEBAR)
    time.sleep(0.7)


def press_generate(window: BlenderWindow) -> None:
    """The lowest of the high and wide buttons; rows of chips, which touch and may be as high, are above it."""
    turn_to(window, "CREATE")
    high = [box for box in window.widgets("wcol_tool") if 24 < box.height < 42 and box.right - box.left > 150]
    window.click(*high[-1].centre)


def open_preferences(window: BlenderWindow) -> None:
    """Show the extension's preferences in place of the 3D view."""
    window.run(_PREFERENCES_IN_VIEW)
    time.sleep(1.5)


_PREFERENCES_IN_VIEW = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
area.type = "PREFERENCES"
bpy.context.preferences.active_section = "ADDONS"
bpy.context.window_manager.addon_search = "DreamFace"
import addon_utils
addon_utils.modules_refresh()
module = addon_utils.addons_fake_modules["bl_ext.user_default.dreamface"]
addon_utils.module_bl_info(module)["show_expanded"] = True
area.tag_redraw()
"""


def generate(window: BlenderWindow, prompt: str, patience: float = 90.0, **fields: object) -> None:
    """Press Generate and wait until everything has come in, `patience` seconds at most."""
    choose(window, prompt=prompt, **fields)
    until_read(window, prompt)
    asked = window.run(f"result = len({APPLICATION}.session.jobs)")
    press_generate(window)
    window.until(f"len({APPLICATION}.session.jobs) > {asked}")
    window.until(RESTING, timeout=patience)


def generate_over_selected(window: BlenderWindow, **fields: object) -> None:
    """Press Generate with Change Selected Head, and wait until the selected face is another."""
    choose(window, update_selected=True, **fields)
    time.sleep(1.0)
    press_generate(window)
    window.until(f"{APPLICATION}.making.running")
    window.until(RESTING, timeout=120)


def look(window: BlenderWindow, name: str, distance: float, turned: float = 0.0) -> None:
    """Turn the 3D view to the middle of an object, without grid and outlines.

    Args:
        name: the object's in the head model.
        distance: metres.
        turned: degrees to the face's right; 0 is from the front.
    """
    window.run(_LOOK.format(area=_SIDEBAR, name=name, distance=distance, turned=turned))


_LOOK = """{area}
from math import radians
from mathutils import Euler, Vector
object_ = next(o for o in bpy.data.objects if o.get("dreamface_part") == {name!r})
space = area.spaces.active
corners = [object_.matrix_world @ Vector(corner) for corner in object_.bound_box]
space.region_3d.view_location = sum(corners, Vector()) / 8
space.region_3d.view_rotation = Euler((radians(90), 0, radians(-{turned}))).to_quaternion()
space.region_3d.view_perspective = "PERSP"
space.region_3d.view_distance = {distance}
space.lens, space.clip_start, space.overlay.show_overlays = 85, 0.001, False
"""


def face_width_slider(window: BlenderWindow) -> tuple[int, int]:
    """Where the slider Width of the region Face is."""
    turn_to(window, "PERSON", search="face width")
    sliders = window.widgets("wcol_numslider")[0]
    return sliders.left + 40, sliders.top + 9


def undo(window: BlenderWindow) -> None:
    """Ctrl-Z over the 3D view."""
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(RESTING)
