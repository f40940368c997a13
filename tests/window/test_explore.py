"""Explore in a window: neighbours appear one after the other, a click goes to one, and one Ctrl-Z comes back."""

from __future__ import annotations

import time

from tests.window.sidebar import (
    APPLICATION,
    PREFERENCES,
    RESTING,
    SHAPE,
    SKIN,
    choose,
    generate,
    open_sidebar,
    shade,
    turn_to,
    undo,
)

PATIENCE = 180.0  # seconds
HEADING = 13  # pixels, half a button's height: the group's heading is as far above Repaint Skin while it is closed
WIDER = 260  # pixels
EXPLORING = f"{APPLICATION}.exploring"
NOSE = f"result = {SKIN}.dreamface.nose_width"


def test_neighbours_come_in_and_a_click_goes_to_one(window, pictures):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    choose(window, resolution="512", seed=3, keep_seed=True)
    generate(window, "a young woman with short hair")
    shade(window, "SOLID")
    choose(window, explore_right="nose.width", explore_up="identity")
    turn_to(window, "PERSON", search="zz")
    window.picture(pictures / "explore-closed.png")
    repaint = window.widgets("wcol_tool")[-1]
    window.click(repaint.left + 40, repaint.top - HEADING)
    sidebar = window.region("VIEW_3D", "UI")
    window.drag((sidebar.left, sidebar.top + 200), right=-WIDER)
    window.move(330, 500)
    time.sleep(1.0)
    window.picture(pictures / "explore-open.png")
    found = window.widgets("wcol_tool")
    # Explore and Repaint Skin almost touch, and are one box where they do.
    buttons = found[-1] if found[-1].height > 3 * HEADING else found[-2]
    window.click(buttons.centre[0], buttons.top + HEADING)
    window.until(f"{EXPLORING}.running is not None")
    window.until(f"len({EXPLORING}.cells) >= 4", 100)
    assert window.run(f"result = {EXPLORING}.running is not None"), "pictures are there before the last one"
    time.sleep(0.5)
    window.picture(pictures / "explore-running.png")
    window.until(f"{EXPLORING}.running is None and len({EXPLORING}.cells) == 25", PATIENCE)
    time.sleep(1.0)
    window.picture(pictures / "explore-all.png")
    nose, shape = window.run(NOSE), window.run(f"result = {SHAPE}")
    row = next(box for box in window.widgets("wcol_tool") if box.top > buttons.top + 2 * HEADING)
    window.click(row.right - 15, row.centre[1])  # below the picture in the upper right corner
    window.until(f"{EXPLORING}.picked == (0, 4)")
    window.until(RESTING, PATIENCE)
    assert window.run(NOSE) > nose + 0.4
    assert window.run(f"result = {SHAPE}") != shape
    time.sleep(1.0)
    window.picture(pictures / "explore-picked.png")
    undo(window)
    window.until(f"{APPLICATION}.following.active == False", PATIENCE)
    assert abs(window.run(NOSE) - nose) < 1e-6
