"""An artist at the sidebar: type, Generate, look, drag a slider, undo."""

from __future__ import annotations

import time

import pytest

from tests.window.window import BlenderWindow, Box

PROMPT = "an old fisherman with a hooked nose and freckles"

VIEW = Box(500, 250, 650, 450)  # the middle of the 3D view, where the face appears

SIDEBAR = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "UI")
area.tag_redraw()
"""
SKIN = "next((o for o in bpy.data.objects if 'dreamface_face_id' in o), None)"
SHAPE = f"[round(x, 6) for i in range(0, 9000, 97) for x in {SKIN}.data.vertices[i].co]"
APPLICATION = "__import__('sys').modules['bl_ext.user_default.dreamface.dreamface_addon.application'].get()"


@pytest.fixture
def window(installed, tmp_path):
    blender, environment = installed
    window = BlenderWindow(blender, tmp_path, environment)
    try:
        window.start()
        yield window
    finally:
        window.stop()


def open_sidebar(window: BlenderWindow) -> None:
    """The tab DreamFace, as wide as Blender makes it."""
    window.move(500, 500)
    window.run(SIDEBAR + "area.spaces.active.show_region_ui = True")
    time.sleep(1.0)
    window.run(SIDEBAR + "region.active_panel_category = 'DreamFace'")
    time.sleep(1.0)


def type_prompt(window: BlenderWindow) -> None:
    field = window.widgets("wcol_text")[0]
    window.click(*field.centre)
    window.key("ctrl+a")
    window.type(PROMPT)
    window.key("Return")
    assert window.run("result = bpy.context.window_manager.dreamface.prompt") == PROMPT


def press_generate(window: BlenderWindow) -> None:
    button = max(window.widgets("wcol_tool"), key=lambda box: box.height)
    window.click(*button.centre)


def test_from_a_prompt_to_a_face_and_back(window, pictures):
    window.run("bpy.data.objects.remove(bpy.data.objects['Cube'])")
    window.run("bpy.context.window_manager.dreamface.resolution = '2048'")
    open_sidebar(window)
    window.picture(pictures / "1-start.png")
    type_prompt(window)
    window.picture(pictures / "2-prompt.png")

    press_generate(window)
    window.until(f"{APPLICATION}.running")
    window.until(f"any(job.fraction > 0.1 for job in {APPLICATION}.running) or {SKIN}", timeout=90)
    window.picture(pictures / "3-making.png")
    window.until(f"{SKIN} is not None", timeout=120)
    window.wait(lambda: window.colours(VIEW) > 12.0, 240, "the shaders, which are compiled in software here")
    time.sleep(3.0)
    window.picture(pictures / "4-face.png")
    assert window.run(f"result = {SKIN}['dreamface_prompt']") == PROMPT
    assert window.run(f"result = len({SKIN}.data.shape_keys.key_blocks)") >= 53

    before = window.run(f"result = {SHAPE}")
    width = window.run(f"result = {SKIN}.dreamface.face_width")
    sliders = window.widgets("wcol_numslider")[0]  # they touch each other; the first is the face's width
    start = (sliders.left + 40, sliders.top + 9)
    window.drag(start, (start[0] + 70, start[1]))
    time.sleep(2.0)
    window.picture(pictures / "5-slider.png")
    assert window.run(f"result = {SKIN}.dreamface.face_width") > width + 0.5
    assert window.run(f"result = {SHAPE}") != before

    window.move(400, 500)
    window.key("ctrl+z")
    time.sleep(2.0)
    window.picture(pictures / "6-undone.png")
    assert window.run(f"result = {SKIN}.dreamface.face_width") == pytest.approx(width, abs=1e-4)
    assert window.run(f"result = {SHAPE}") == pytest.approx(before, abs=1e-5)

    window.key("ctrl+z")
    time.sleep(1.0)
    assert window.run(f"result = {SKIN} is None"), "one step back there is no face"
