"""An artist at the sidebar: type, Generate, look, drag a slider, undo."""

from __future__ import annotations

import time

import pytest

from tests.window.sidebar import (
    APPLICATION,
    PROMPT,
    RESTING,
    SHAPE,
    SKIN,
    VIEW,
    choose,
    face_width_slider,
    open_sidebar,
    press_generate,
    shade,
    undo,
    until_read,
)


def test_from_a_prompt_to_a_face_and_back(window, pictures):
    open_sidebar(window)
    choose(window, resolution="2048", seed=6, keep_seed=True)
    window.picture(pictures / "1-start.png")
    type_prompt(window)
    window.picture(pictures / "2-prompt.png")

    press_generate(window)
    window.until(f"{APPLICATION}.making.running")
    window.until(f"any(job.fraction > 0.1 for job in {APPLICATION}.making.running) or {SKIN}", timeout=90)
    window.picture(pictures / "3-making.png")
    window.until(f"{SKIN} is not None", timeout=120)
    window.wait(lambda: window.colours(VIEW) > 12.0, 240, "the shaders, which are compiled in software here")
    time.sleep(3.0)
    window.picture(pictures / "4-face.png")
    assert window.run(f"result = {SKIN}['dreamface_prompt']") == PROMPT
    assert window.run(f"result = len({SKIN}.data.shape_keys.key_blocks)") >= 53

    before = window.run(f"result = {SHAPE}")
    width = window.run(f"result = {SKIN}.dreamface.face_width")
    shade(window, "SOLID")
    window.drag(face_width_slider(window), 70)
    window.until(RESTING)
    shade(window, "MATERIAL")
    time.sleep(4.0)
    window.picture(pictures / "5-slider.png")
    assert window.run(f"result = {SKIN}.dreamface.face_width") > width + 0.5
    assert window.run(f"result = {SHAPE}") != before

    undo(window)
    time.sleep(2.0)
    window.picture(pictures / "6-undone.png")
    assert window.run(f"result = {SKIN}.dreamface.face_width") == pytest.approx(width, abs=1e-4)
    assert window.run(f"result = {SHAPE}") == pytest.approx(before, abs=1e-5)

    undo(window)
    assert window.run(f"result = {SKIN} is None"), "one step back there is no face"


def type_prompt(window) -> None:
    field = window.widgets("wcol_text")[0]
    window.click(*field.centre)
    window.key("ctrl+a")
    window.type(PROMPT)
    window.key("Return")
    assert window.run("result = bpy.context.window_manager.dreamface.prompt") == PROMPT
    until_read(window, PROMPT)
