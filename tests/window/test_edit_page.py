"""The Edit page in a window: a painted place, words on it, and what the skin shows; a sketch; the page's own height."""

from __future__ import annotations

import time

import pytest

from tests.window.sidebar import APPLICATION, RESTING, SKIN, VIEW, generate, look, open_sidebar, shade, turn_to

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
OVERLAYS = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
area.spaces.active.overlay.show_overlays = True
"""
CANVAS = f"""
canvases = {SKIN}["dreamface_canvases"]
values = {{}}
for tile, image in dict(canvases).items():
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    values[tile] = float(pixels.reshape(-1, 4)[:, :3].sum() / 3)
result = values
"""


@pytest.fixture(params=["anny"])
def head(request, window):
    open_sidebar(window)
    generate(window, "a pale bald woman", resolution="1024", seed=3, keep_seed=True, patience=240)
    shade(window, "MATERIAL")
    turn_to(window, "EDIT")
    look(window, "skin", 0.7)
    time.sleep(4.0)
    return window


def call(window, operator):
    assert window.run(IN_VIEW.format(call=f"bpy.ops.dreamface.{operator}")) == ["FINISHED"]


def stroke(window, *, steps=12):
    """Draw with the mouse over the middle of the head."""
    left, top, bottom = VIEW.left, VIEW.top, VIEW.bottom
    window.move(left + 20, (top + bottom) // 2)
    window._xdotool("mousedown", "1")
    for step in range(steps):
        window.move(left + 20 + step * 8, (top + bottom) // 2 + 10 * (step % 3))
    window._xdotool("mouseup", "1")
    time.sleep(2.0)


def test_paint_a_place_and_say_what_is_there(head, pictures):
    window = head
    window.picture(pictures / "edit-1-page.png")
    window.run(OVERLAYS)
    call(window, "paint_mask()")
    assert window.run(f"result = {SKIN}.mode") == "TEXTURE_PAINT"
    time.sleep(3.0)
    before = window.run(CANVAS)
    stroke(window)
    painted = window.run(CANVAS)
    window.picture(pictures / "edit-2-painting.png")
    assert sum(painted.values()) > sum(before.values()) + 50
    call(window, "end_painting()")
    assert window.run(f"result = {SKIN}.mode") == "OBJECT"
    assert window.run(f"result = 'dreamface_canvases' in {SKIN}") is False
    assert window.run(f"result = __import__('json').loads({SKIN}['dreamface_draft'])['mask']")
    time.sleep(2.0)
    window.picture(pictures / "edit-3-marked.png")
    window.run("bpy.context.window_manager.dreamface.edit_words = 'a bruise'")
    window.until(f"len({EDITS}) == 1", timeout=120)
    window.until(SETTLED, timeout=120)
    time.sleep(4.0)
    window.picture(pictures / "edit-4-bruise.png")
    print("patched in", window.run(f"result = {APPLICATION}.repainting.seconds"))
    window.until(f"{APPLICATION}.repainting.is_whole({SKIN})", timeout=180)
    window.until(RESTING)
    time.sleep(3.0)
    window.picture(pictures / "edit-5-whole.png")
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(f"len({EDITS}) == 0")
    window.until(SETTLED, timeout=120)
    time.sleep(3.0)
    window.picture(pictures / "edit-6-undone.png")
