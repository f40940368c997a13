"""The chips below the prompt: guesses are outlines, a click offers other meanings, and Generate asks."""

from __future__ import annotations

import time

from tests.window.sidebar import APPLICATION, RESTING, SKIN, choose, open_sidebar, press_generate, until_read

PROMPT = (
    "a weathered fisherman with green eyes and cheekbones you could cut yourself on, a scar on the left cheek, "
    "gold earrings and a red hat, looks like Brad Pitt"
)
GERMAN = "ein alter Mann mit Bart"
POINTER = "bpy.ops.dreamface.chip('INVOKE_DEFAULT', words='fisherman')"
IN_WINDOW = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "UI")
with bpy.context.temp_override(window=window, area=area, region=region):
    {}
"""


def test_a_guess_is_corrected_and_kept_with_the_head(window, pictures):
    open_sidebar(window)
    choose(window, resolution="512", seed=6, keep_seed=True, prompt=PROMPT)
    until_read(window, PROMPT)
    window.picture(pictures / "chips-1-read.png")
    window.move(900, 400)
    window.run(IN_WINDOW.format(POINTER))
    time.sleep(1.0)
    window.picture(pictures / "chips-2-menu.png")
    window.key("Escape")
    window.run("bpy.ops.dreamface.correct_words(words='fisherman', said='woman')")
    window.run("bpy.ops.dreamface.toggle_words(words='a scar on the left cheek')")
    window.run("[a.tag_redraw() for a in bpy.context.window_manager.windows[0].screen.areas]")
    time.sleep(1.0)
    window.picture(pictures / "chips-3-corrected.png")
    press_generate(window)
    window.until(f"{SKIN} is not None", timeout=120)
    window.until(RESTING, timeout=60)
    assert window.run(f"import json; result = json.loads({SKIN}['dreamface_traits'])['gender']['value']") == -1.0
    choose(window, prompt="a tall woman")
    until_read(window, "a tall woman")
    window.picture(pictures / "chips-4-made.png")


def test_generate_asks_before_it_makes_anybody_of_another_language(window, pictures):
    open_sidebar(window)
    choose(window, resolution="512", seed=6, keep_seed=True, prompt=GERMAN)
    until_read(window, GERMAN)
    window.picture(pictures / "chips-5-german.png")
    press_generate(window)
    time.sleep(1.0)
    window.picture(pictures / "chips-6-asked.png")
    assert not window.run(f"result = bool({APPLICATION}.session.jobs)")
    window.key("Escape")
    time.sleep(0.5)
    assert not window.run(f"result = bool({APPLICATION}.session.jobs)"), "whoever does not want it gets nobody"
    press_generate(window)
    time.sleep(1.0)
    window.key("Return")
    window.until(f"{SKIN} is not None", timeout=120)
    window.until(RESTING, timeout=60)
