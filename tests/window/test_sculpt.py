"""An artist sculpts on a head with Blender's own brush, and goes on with the sliders."""

from __future__ import annotations

import time

import pytest

from tests.window.sidebar import (
    APPLICATION,
    PREFERENCES,
    RESTING,
    SKIN,
    choose,
    face_width_slider,
    generate,
    look,
    open_sidebar,
    undo,
)

FOREHEAD = (560, 330)
"""Where a stroke begins, in pixels of the window; `look` has the head in the middle of the 3D view."""

FOLLOWING = f"{APPLICATION}.following"

BRUSH_SIZE = """
settings = bpy.context.tool_settings
owner = settings.sculpt if bpy.app.version >= (5, 0, 0) else settings
owner.unified_paint_settings.size = 45
"""

PULL = f"""
mesh = {SKIN}.data
for points in (mesh.vertices, *(key.points for key in mesh.shape_keys.key_blocks)):
    for vertex in range(200, 240):
        points[vertex].co.z += 0.01
"""
"""What a brush does to the basis, and to the shape keys with it."""

SHAPES = f"""
import numpy as np
mesh = {SKIN}.data
count = len(mesh.vertices)
def read(data, name):
    values = np.empty(3 * count, np.float32)
    data.foreach_get(name, values)
    return values.reshape(-1, 3)
basis = read(mesh.shape_keys.reference_key.points, "co")
rest = read(mesh.attributes[".dreamface_rest"].data, "vector")
def place(values):
    return [round(float(value), 6) for value in values[::151].reshape(-1)]
offset = np.linalg.norm(basis - rest, axis=1)
jaw = read(mesh.shape_keys.key_blocks["jawOpen"].points, "co") - basis
result = {{
    "rest": place(rest),
    "offset": [round(float(value), 6) for value in offset[np.argsort(offset)[-40:]]],
    "at": np.argsort(offset)[-5:].tolist(),
    "in step": bool(np.array_equal(read(mesh.vertices, "co"), basis)),
    "jaw": float(np.abs(jaw).max()),
}}
"""


def test_sculpt_then_slider(window, pictures):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    choose(window, resolution="512", seed=3, keep_seed=True)
    generate(window, "a pale young woman")
    look(window, "skin", 0.55)
    time.sleep(1.0)
    before = window.run(SHAPES)
    assert before["offset"][-1] == 0.0 and before["in step"]

    mode(window, "SCULPT")
    if window.run("result = bpy.app.version >= (5, 0, 0)"):
        stroke(window)
    else:  # Debian packs 4.3 without its brushes
        window.run(PULL)
    window.picture(pictures / "sculpt-1-stroke.png")
    sculpted = window.run(SHAPES)
    assert sculpted["offset"][-1] > 0.0005, "the brush has moved the skin"
    assert sculpted["in step"] and sculpted["rest"] == before["rest"]

    window.drag(face_width_slider(window), 70)
    window.until(f"{FOLLOWING}.notice")
    time.sleep(0.5)
    window.picture(pictures / "sculpt-2-waits.png")
    assert window.run(f"result = {FOLLOWING}.notice") == (
        "The head follows the sliders when you are back in Object Mode."
    )
    assert window.run(SHAPES)["rest"] == before["rest"]
    mode(window, "OBJECT")
    window.until(f"not {FOLLOWING}.notice")
    window.until(RESTING)
    followed = window.run(SHAPES)
    window.picture(pictures / "sculpt-3-followed.png")
    same_sculpture(followed, sculpted)
    assert followed["rest"] != before["rest"]

    window.run("bpy.ops.ed.undo_push(message='Here')")
    width = window.run(f"result = {SKIN}.dreamface.face_width")
    window.drag(face_width_slider(window), -90, pause=2.0)
    window.until(RESTING)
    dragged = window.run(SHAPES)
    same_sculpture(dragged, sculpted)
    assert dragged["rest"] != followed["rest"]
    undo(window)
    assert window.run(f"result = {SKIN}.dreamface.face_width") == pytest.approx(width, abs=1e-4)
    undone = window.run(SHAPES)
    same_sculpture(undone, sculpted)
    assert undone["rest"] == pytest.approx(followed["rest"], abs=1e-5)

    generate(window, "an old man with dark skin", update_selected=True)
    someone = window.run(SHAPES)
    window.picture(pictures / "sculpt-4-someone-else.png")
    same_sculpture(someone, sculpted)
    assert someone["rest"] != followed["rest"]

    assert window.run("result = list(bpy.ops.dreamface.clear_sculpt())") == ["FINISHED"]
    window.until(RESTING)
    cleared = window.run(SHAPES)
    assert cleared["offset"][-1] == 0.0 and cleared["in step"]
    assert cleared["rest"] == pytest.approx(someone["rest"], abs=1e-6)


def stroke(window):
    """Draw with the brush that is active at first."""
    window.run(BRUSH_SIZE)
    time.sleep(1.0)
    window.drag(FOREHEAD, 90, steps=15)
    time.sleep(1.0)


def mode(window, name):
    window.run(f"bpy.context.view_layer.objects.active = {SKIN}; bpy.ops.object.mode_set(mode={name!r})")
    time.sleep(0.5)


def same_sculpture(now, sculpted):
    assert now["offset"] == pytest.approx(sculpted["offset"], abs=2e-6)
    assert now["in step"] and now["jaw"] < 0.08
