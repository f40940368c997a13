"""The Edit page in a window: a place painted with a brush, words on it, and what the skin shows; undo of it."""

from __future__ import annotations

import time

import pytest

import dreamface
from dreamface import folder, head
from tests.window.sidebar import APPLICATION, RESTING, SKIN, VIEW, look, open_sidebar, turn_to

EDITS = f"__import__('json').loads({SKIN}['dreamface_edits'])"
SETTLED = (
    f"not ({APPLICATION}.editing.doing or {APPLICATION}.editing._answers or {APPLICATION}.repainting.is_behind({SKIN}))"
)
IN_VIEW = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
with bpy.context.temp_override(window=window, area=area, region=region):
    result = list({call})
"""
TEXTURED = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
area.spaces.active.shading.color_type = "TEXTURE"
area.spaces.active.overlay.show_overlays = True
area.spaces.active.overlay.show_floor = False
"""
ALBEDO = f"""
for material in {SKIN}.data.materials:
    nodes = material.node_tree.nodes
    nodes.active = next((node for node in nodes if node.label == "albedo"), nodes.active)
"""
IN_SOLID = f"type({APPLICATION}.marking)._set_views = staticmethod(lambda before: None)"
"""Without a graphics card a view with materials is drawn in a minute; the skin's texture in Solid view at once."""

CANVAS = f"""
import numpy as np
values = {{}}
for tile, image in dict({SKIN}["dreamface_canvases"]).items():
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    values[tile] = float(pixels.reshape(-1, 4)[:, :3].sum() / 3)
result = values
"""
DRAFT = f"__import__('json').loads({SKIN}['dreamface_draft'])"


@pytest.fixture(params=["anny", "ict"])
def edited(request, tmp_path, monkeypatch):
    """A window with a head of each model, turned to the Edit page."""
    if request.param == "ict":  # for the engine that this window starts, too
        models = request.getfixturevalue("ict_models")
        monkeypatch.setenv("DREAMFACE_MODELS", str(models))
        (tmp_path / "models").symlink_to(models, target_is_directory=True)
    window = request.getfixturevalue("window")
    head.forget()
    made = dreamface.generate("a pale bald woman", seed=3, resolution=1024, head=request.param)
    path = folder.save(made, tmp_path / "face")
    head.forget()
    open_sidebar(window)
    window.run(f"bpy.ops.dreamface.import_face(filepath={str(path / 'face.json')!r})")
    window.run("bpy.ops.ed.undo_push(message='Import')")
    turn_to(window, "EDIT")
    look(window, "skin", 0.7)
    window.run(TEXTURED)
    window.run(ALBEDO)
    window.run(IN_SOLID)
    time.sleep(2.0)
    return window, request.param


def call(window, operator):
    assert window.run(IN_VIEW.format(call=f"bpy.ops.dreamface.{operator}")) == ["FINISHED"]


def stroke(window, steps=10):
    """Draw with the mouse over the middle of the head."""
    left, height = VIEW.left - 60, (VIEW.top + VIEW.bottom) // 2
    window.move(left, height)
    window._xdotool("mousedown", "1")
    for step in range(steps):
        window.move(left + step * 14, height + 6 * (step % 3))
    window._xdotool("mouseup", "1")
    time.sleep(1.5)


def test_a_place_is_painted_and_words_change_the_skin_there(edited, pictures):
    window, model = edited
    window.picture(pictures / f"edit-{model}-1-page.png")
    call(window, "paint_mask()")
    assert window.run(f"result = {SKIN}.mode") == "TEXTURE_PAINT"
    time.sleep(1.5)
    has_brush = window.run("result = bpy.context.scene.tool_settings.image_paint.brush is not None")
    if not has_brush:
        pytest.skip("this Blender comes without brushes")
    before = window.run(CANVAS)
    stroke(window)
    painted = window.run(CANVAS)
    window.picture(pictures / f"edit-{model}-2-painting.png")
    assert sum(painted.values()) > sum(before.values()) + 50
    call(window, "end_painting()")
    assert window.run(f"result = {SKIN}.mode") == "OBJECT"
    assert window.run(f"result = 'dreamface_canvases' in {SKIN}") is False
    assert window.run(f"result = list({DRAFT}['mask'])")
    window.run(ALBEDO)
    time.sleep(1.5)
    window.picture(pictures / f"edit-{model}-3-marked.png")
    window.run("bpy.context.window_manager.dreamface.edit_words = 'a bruise'")
    window.until(f"len({EDITS}) == 1", timeout=120)
    window.until(SETTLED, timeout=120)
    time.sleep(1.5)
    window.picture(pictures / f"edit-{model}-4-made.png")
    print(f"{model}: put into the images in {window.run(f'result = {APPLICATION}.repainting.seconds'):.3f} s")
    window.until(f"{APPLICATION}.repainting.is_whole({SKIN})", timeout=180)
    window.until(RESTING)
    window.run(ALBEDO)
    time.sleep(1.5)
    window.picture(pictures / f"edit-{model}-5-whole.png")
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(f"len({EDITS}) == 0")
    window.until(SETTLED, timeout=120)
    time.sleep(1.5)
    window.picture(pictures / f"edit-{model}-6-undone.png")
    window.key("ctrl+shift+z")
    window.until(f"len({EDITS}) == 1")
    window.until(SETTLED, timeout=120)
