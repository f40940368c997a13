"""What one Ctrl-Z takes back, in a window with Blender's own undo."""

from __future__ import annotations

import time

import pytest

from tests.window.sidebar import (
    PREFERENCES,
    RESTING,
    SHAPE,
    SKIN,
    choose,
    face_width_slider,
    generate,
    open_sidebar,
    undo,
)

LOOK = f"""
nodes = {SKIN}.data.materials[0].node_tree.nodes
image = next(n.image for n in nodes if n.type == "TEX_IMAGE" and n.image.name.endswith("skin albedo"))
middle = len(image.pixels) // 2
result = sum(image.pixels[middle : middle + 8000])
"""
PROMPT = f"{SKIN}['dreamface_prompt']"
WIDTH = f"{SKIN}.dreamface.face_width"
FACES = "sum('dreamface_face_id' in o for o in bpy.data.objects)"

IN_VIEW = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
with bpy.context.temp_override(window=window, area=area, region=region):
    result = list({call})
"""


def test_each_action_is_one_step_back(window):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")  # drawn solid, a head moves at once without a graphics card
    choose(window, resolution="512", seed=3, keep_seed=True)
    generate(window, "a pale young woman")
    window.run(f"{SKIN}.name = 'Hero'")
    window.run("bpy.ops.ed.undo_push(message='Rename')")
    first = state(window)

    generate(window, "an old man with dark skin", update_selected=True, page="CREATE")
    assert window.run(f"result = [{FACES}, {SKIN}.name, {PROMPT}]") == [1, "Hero", "an old man with dark skin"]
    second = state(window)
    assert second["look"] != pytest.approx(first["look"], rel=0.05)
    undo(window)
    assert window.run(f"result = [{FACES}, {SKIN}.name, {PROMPT}]") == [1, "Hero", "a pale young woman"]
    same(state(window), first)

    window.drag(face_width_slider(window), 60, pause=2.0)
    window.until(RESTING)
    dragged = state(window)
    assert dragged["width"] > first["width"] + 0.5 and dragged["shape"] != first["shape"]
    undo(window)
    same(state(window), first)
    window.key("ctrl+shift+z")
    window.until(RESTING)
    same(state(window), dragged)
    undo(window)

    window.drag(face_width_slider(window), 60)
    window.key("ctrl+z")  # while the mesh is still on its way
    window.until(RESTING)
    same(state(window), first)


def test_a_face_that_is_dropped_into_the_view_goes_with_one_undo(window):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    generate(window, "a boy", resolution="512")
    folder = window.run(f"result = {SKIN}['dreamface_folder']")
    drop = f"bpy.ops.wm.drop_import_file('INVOKE_DEFAULT', directory={folder!r}, files=[{{'name': 'face.json'}}])"
    assert window.run(IN_VIEW.format(call=drop)) == ["FINISHED"]
    time.sleep(1.0)
    assert window.run(f"result = {FACES}") == 2
    undo(window)
    assert window.run(f"result = {FACES}") == 1


def state(window):
    """What an artist would notice: the slider, the mesh and the skin."""
    return {
        "width": window.run(f"result = {WIDTH}"),
        "shape": window.run(f"result = {SHAPE}"),
        "look": window.run(LOOK),
    }


def same(now, before):
    assert now["width"] == pytest.approx(before["width"], abs=1e-4)
    assert now["shape"] == pytest.approx(before["shape"], abs=1e-5)
    assert now["look"] == pytest.approx(before["look"], rel=1e-4)
