"""The Animate page in a window: a take plays, a camera moves a head without stutter, and undo stays the artist's."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from dreamface import folder
from tests import fake_backend
from tests.performances import saved
from tests.support import synthetic_face
from tests.window.sidebar import APPLICATION, PREFERENCES, SKIN, VIEW, choose, look, open_sidebar, shade, turn_to

JAW = f"{SKIN}.data.shape_keys.key_blocks['jawOpen'].value"
LOOKS = 60  # at the running camera
EXPRESSION_ROW = 162  # pixels below the top of the sidebar: where the first group of the page is, or above it


@pytest.fixture
def head(window, tmp_path):
    """A head in the 3D view, on the page Animate."""
    made = folder.save(synthetic_face(side=24), tmp_path / "ada") / "face.json"
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    window.run(f"bpy.ops.dreamface.import_face(filepath={str(made)!r})")
    shade(window, "SOLID")
    turn_to(window, "ANIMATE")
    look(window, "skin", 0.8)
    return window


@pytest.fixture
def with_double(window, tmp_path):
    """The engine's double, with a camera."""
    python = tmp_path / "python"
    variables = fake_backend.install(tmp_path / "module")
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{variables["PYTHONPATH"]}" exec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    window.run(f"{PREFERENCES}.python = {str(python)!r}\n{PREFERENCES}.store = {str(tmp_path / 'store')!r}")
    return window


def test_a_take_comes_in_plays_and_is_taken_back_by_one_step(head, tmp_path, pictures):
    window = head
    choose(window, page="ANIMATE")
    before = window.run(f"result = {JAW}")
    file = saved(tmp_path, seconds=2.0)
    window.run(f"bpy.ops.dreamface.track(filepath={str(file)!r})")
    window.until(f"{SKIN}.data.shape_keys.animation_data and {SKIN}.data.shape_keys.animation_data.action")
    window.run("bpy.context.scene.frame_set(13)")
    window.picture(pictures / "animate-take.png")
    assert window.run(f"result = {JAW}") > 0.9
    still = window.colours(VIEW)
    assert still > 5.0, "a head is seen"
    window.run("bpy.context.scene.frame_set(1)\nbpy.ops.screen.animation_play()")
    seen = {round(window.run(f"result = {JAW}"), 2) for _ in range(20)}
    window.run("bpy.ops.screen.animation_cancel()")
    assert len(seen) > 5, "it plays"
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(f"not {SKIN}.data.shape_keys.animation_data or not {SKIN}.data.shape_keys.animation_data.action")
    assert window.run(f"result = {JAW}") == pytest.approx(before, abs=1e-6)
    window.key("ctrl+shift+z")
    window.until(f"{SKIN}.data.shape_keys.animation_data and {SKIN}.data.shape_keys.animation_data.action")


def test_a_sliders_drag_is_one_step_of_undo(head, tmp_path):
    window = head
    window.run(f"bpy.ops.dreamface.track(filepath={str(saved(tmp_path))!r})")
    action = f"{SKIN}.data.shape_keys.animation_data.action"
    window.until(f"{SKIN}.data.shape_keys.animation_data and {action}")
    turn_to(window, "ANIMATE")
    smoothing = window.run(f"result = {action}.dreamface.smoothing")
    slider = window.widgets("wcol_numslider")[0]
    window.drag((slider.left + 20, slider.top + 9), 60)
    window.until(f"not {APPLICATION}.animating._changed")
    dragged = window.run(f"result = {action}.dreamface.smoothing")
    assert dragged != pytest.approx(smoothing, abs=0.02)
    assert window.run(f"result = {APPLICATION}.animating.why_old({SKIN}, {action})") == ""
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(f"abs({action}.dreamface.smoothing - {smoothing}) < 1e-4")
    window.until(f"not {APPLICATION}.animating.why_old({SKIN}, {action})")


def test_expressions_are_chosen_by_their_pictures_and_taken_back_by_one_step(head, pictures):
    window = head
    window.run("bpy.context.window_manager.dreamface.expression_level = 'strong'")
    turn_to(window, "ANIMATE")
    sidebar = window.region("VIEW_3D", "UI")
    before = len(window.widgets("wcol_tool"))
    for row in range(EXPRESSION_ROW, EXPRESSION_ROW + 200, 10):
        window.click(sidebar.left + 30, sidebar.top + row)
        time.sleep(1.0)
        if len(window.widgets("wcol_tool")) > before + 2:
            break
    buttons = [box for box in window.widgets("wcol_tool") if box.height < 24]
    assert len(buttons) > before + 2, "the group is open"
    turn_to(window, "ANIMATE")
    window.picture(pictures / "animate-expression.png")
    smiles = f"{SKIN}.data.shape_keys.key_blocks['mouthSmileLeft'].value"
    at_first = window.run(f"result = [key.value for key in {SKIN}.data.shape_keys.key_blocks]")
    window.run("bpy.ops.dreamface.use_expression('EXEC_DEFAULT', True, expression='joy')")
    window.until(f"{smiles} > 0.9")
    turn_to(window, "ANIMATE")
    window.picture(pictures / "animate-expression-joy.png")
    window.move(400, 500)
    window.key("ctrl+z")
    window.until(f"{smiles} < 0.1")
    assert window.run(f"result = [key.value for key in {SKIN}.data.shape_keys.key_blocks]") == at_first


def test_a_camera_moves_the_head_at_its_rate_and_leaves_nothing_behind(head, with_double, pictures):
    window = head
    before = window.run(f"result = {JAW}")
    window.run(f"{APPLICATION}.setup.configure()\nbpy.ops.dreamface.look_for_cameras()")
    window.until(f"{APPLICATION}.session.feed.cameras")
    choose(window, camera="camera:0")
    window.run("bpy.ops.dreamface.start_camera()")
    window.until(f"{APPLICATION}.living.shown > 5")
    turn_to(window, "ANIMATE")
    window.picture(pictures / "animate-camera.png")
    window.run(_WATCH)
    window.until(f"{APPLICATION}.living.watched")
    watched = window.run(f"result = {APPLICATION}.living.watched")
    assert watched["moments"] == pytest.approx(watched["seconds"], abs=1.0 + watched["longest"]), (
        "however slow the window is, it shows what the camera sees now"
    )
    assert watched["shown"] > 0.5 * min(fake_backend.LIVE_RATE * watched["seconds"], watched["ticks"])
    assert watched["cost"] < 0.02, "seconds of the timer that the network, and moving the head, take"
    seen = [window.run(f"result = {JAW}") for _ in range(LOOKS)]
    assert np.ptp(seen) > 0.5, "the jaw moves"
    window.run("bpy.ops.dreamface.record_camera()")
    window.until(f"{APPLICATION}.living.recorded_seconds > 1")
    turn_to(window, "ANIMATE")
    window.picture(pictures / "animate-recording.png")
    window.run("bpy.ops.dreamface.stop_camera()")
    assert window.run(f"result = {JAW}") == pytest.approx(before, abs=1e-6)
    window.until(f"{SKIN}.data.shape_keys.animation_data and {SKIN}.data.shape_keys.animation_data.action")
    window.move(400, 500)
    window.key("ctrl+z")  # one step takes the take; no step is a moment of the camera
    window.until(f"not {SKIN}.data.shape_keys.animation_data or not {SKIN}.data.shape_keys.animation_data.action")
    assert window.run(f"result = {JAW}") == pytest.approx(before, abs=1e-6)


_WATCH = f"""
import time
app = {APPLICATION}
part, tick = app.living, app.tick
part.watched, costs, calls = None, [], []
began, shown, first = time.monotonic(), part.shown, part.newest.time
def watched_tick():
    calls.append(time.monotonic())
    start = time.perf_counter()
    interval = tick()
    costs.append(time.perf_counter() - start)
    return interval
def look():
    if time.monotonic() - began < 5.0:
        return 0.1
    app.tick = tick
    part.watched = dict(
        seconds=time.monotonic() - began, moments=part.newest.time - first, shown=part.shown - shown,
        ticks=len(costs), cost=sorted(costs)[len(costs) // 2],
        longest=max(later - call for call, later in zip(calls, calls[1:])),
    )
app.tick = watched_tick
bpy.app.timers.register(look, first_interval=0.1)
"""
