"""What an artist meets in the first hour: pages, a second head, another scene, a crash."""

from __future__ import annotations

import time

import pytest

from tests.window.sidebar import (
    APPLICATION,
    PREFERENCES,
    RESTING,
    SKIN,
    choose,
    generate,
    open_sidebar,
    press_generate,
    turn_to,
    until_read,
)

HEADS = "[o for o in bpy.data.objects if 'dreamface_face_id' in o]"
PAGES = ("CREATE", "PERSON", "SKIN", "HAIR", "EDIT", "OUTPUT")
REST_X = 330  # pixels: the pointer lies where no button is


def test_every_page_and_two_heads_side_by_side(window, pictures):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    choose(window, resolution="512", seed=3, keep_seed=True)
    generate(window, "an elf queen with silver hair and freckles")
    window.run(f"{SKIN}.dreamface.skin_melanin = 0.8")
    window.until(RESTING)
    for page in PAGES:
        turn_to(window, page)
        window.move(REST_X, 500)
        time.sleep(0.5)
        window.picture(pictures / f"page-{page.lower()}.png")
    generate(window, "a dwarf with a beard")
    window.until(f"len({HEADS}) == 2")
    window.run("bpy.ops.object.select_all(action='DESELECT')")
    time.sleep(1.0)
    window.picture(pictures / "two-heads.png")
    names, apart = window.run(
        f"first, second = {HEADS}\n"
        "result = [sorted(o.name for o in (first, second)), (first.location - second.location).length]"
    )
    assert names == ["Dwarf skin", "Elf queen skin"] and apart > 0.3


def test_a_face_lands_where_it_was_asked_from(window):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    choose(window, prompt="a boy", resolution="512", seed=3, keep_seed=True)
    until_read(window, "a boy")
    press_generate(window)
    window.run("bpy.context.window_manager.windows[0].scene = bpy.data.scenes.new('Shot 2')")
    window.until(f"len({HEADS}) == 1", timeout=90)
    assert window.run(f"result = [scene.name for scene in {SKIN}.users_scene]") == ["Scene"]
    assert "is in the scene" in window.run(f"result = {APPLICATION}.making.placing.warning")


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "unfinished"])
def test_a_file_that_is_opened_after_a_crash_knows_its_jobs(window, pictures, tmp_path, finished):
    file = tmp_path / "shot.blend"
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    window.run(f"bpy.ops.wm.save_as_mainfile(filepath={str(file)!r})")
    choose(window, prompt="an elf queen", resolution="512", seed=3, keep_seed=True)
    until_read(window, "an elf queen")
    if finished:  # it waits for Object Mode, and Blender dies meanwhile
        window.run("bpy.ops.object.light_add(); bpy.ops.mesh.primitive_cube_add()")
        press_generate(window)
        window.run("bpy.ops.object.mode_set(mode='EDIT')")
        window.until(f"{APPLICATION}.making.placing.notice", timeout=90)
    else:
        press_generate(window)
        window.until(f"{APPLICATION}.making.running")
    window.kill()
    window.start(file)
    open_sidebar(window, cube=False)
    window.until(f"{APPLICATION}.making.recovery.offers")
    time.sleep(1.0)
    window.picture(pictures / f"after-a-crash-{'finished' if finished else 'unfinished'}.png")
    assert window.run(f"result = {APPLICATION}.making.recovery.offers[0].finished") is finished
    assert window.run(f"result = {SKIN} is None"), "nothing comes in unasked"
    window.run(f"bpy.ops.dreamface.recover(offer={APPLICATION}.making.recovery.offers[0].id)")
    window.until(f"{SKIN} is not None", timeout=90)
    assert window.run(f"result = {SKIN}['dreamface_prompt']") == "an elf queen"
