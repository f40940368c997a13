"""The Hair page in a window: hair follows a slider under the mouse, and one Ctrl-Z takes it back."""

from __future__ import annotations

import time

from tests.window.sidebar import (
    APPLICATION,
    PREFERENCES,
    RESTING,
    SKIN,
    choose,
    generate,
    open_sidebar,
    shade,
    turn_to,
    undo,
)

GUIDES = f"""
import numpy as np
curves = next(child for child in {SKIN}.children if child.get("dreamface_hair") == "scalp").data
places = np.empty(3 * len(curves.points), np.float32)
curves.position_data.foreach_get("vector", places)
result = [len(curves.points), *(round(float(x), 5) for x in places.reshape(-1, 3).mean(axis=0))]
"""
LENGTH = f"result = {SKIN}.dreamface.hair_length"
PATIENCE = 120.0  # seconds


def test_hair_follows_the_mouse_and_one_step_back_is_enough(window, pictures):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    choose(window, resolution="512", seed=3, keep_seed=True)
    generate(window, "a young woman with short hair")
    shade(window, "SOLID")
    turn_to(window, "HAIR")
    window.until(RESTING, PATIENCE)
    window.until(f"{APPLICATION}.session.state.name == 'READY'", PATIENCE)
    window.picture(pictures / "hair-page.png")
    first, length = window.run(GUIDES), window.run(LENGTH)
    turn_to(window, "HAIR", search="hair length")
    slider = window.widgets("wcol_numslider")[0]
    window.press(slider.left + 40, slider.top + 9)
    during = []
    for _ in range(20):
        window.slide(4)
        time.sleep(0.3)
        during.append(window.run(GUIDES))
    window.release()
    window.until(RESTING, PATIENCE)
    assert window.run(LENGTH) > length + 0.05
    dragged = window.run(GUIDES)
    assert dragged != first
    assert any(hair not in (first, dragged) for hair in during), "it follows while the mouse moves"
    turn_to(window, "HAIR")
    window.picture(pictures / "hair-dragged.png")
    undo(window)
    assert window.run(GUIDES) == first and abs(window.run(LENGTH) - length) < 1e-6
