"""What else the sidebar, the menus and the preferences show; the photographs are for people to look at."""

from __future__ import annotations

import time

from tests.window.sidebar import (
    APPLICATION,
    PREFERENCES,
    RESTING,
    SKIN,
    VIEW,
    choose,
    generate,
    open_sidebar,
    press_generate,
    shade,
    until_read,
)

LONG_PROMPT = (
    "a middle aged woman with curly red hair, green eyes, full lips, freckles, high cheekbones, a small upturned nose "
    "and a xylophone"
)
FACES = "sum('dreamface_face_id' in o for o in bpy.data.objects)"
FILE, IMPORT, EXPORT = (42, 14), (77, 311), (77, 332)  # where they are in 4.3 and 5.2
CHOOSE_FILE = """
window = bpy.context.window_manager.windows[0]
area = next(area for area in window.screen.areas if area.type == "FILE_BROWSER")
area.spaces.active.params.directory = {folder!r}.encode()
area.spaces.active.params.filename = "face.json"
with bpy.context.temp_override(window=window, area=area):
    bpy.ops.file.execute()
"""
CLOSE_SECOND_WINDOW = """
with bpy.context.temp_override(window=bpy.context.window_manager.windows[1]):
    bpy.ops.wm.window_close()
"""
PACKAGE = "bl_ext.user_default.dreamface"
PREFERENCES_BOX = (272, 286, 970, 582)  # without the place where this Blender's extensions lie


def test_variations_words_and_mishaps(window, pictures):
    open_sidebar(window)
    choose(window, prompt=LONG_PROMPT, variations=4, resolution="512", seed=20, keep_seed=True)
    until_read(window, LONG_PROMPT)
    window.picture(pictures / "long-prompt.png")
    press_generate(window)
    window.until(f"sum(job.state == 'done' for job in {APPLICATION}.making.gallery.jobs) == 2")
    time.sleep(0.5)
    window.picture(pictures / "gallery-making.png")
    window.until(RESTING)
    time.sleep(1.0)
    window.picture(pictures / "gallery.png")

    window.run(f"{APPLICATION}.making.close_gallery()")
    generate(window, "a pale young woman", variations=1, seed=3)
    window.wait(lambda: window.colours(VIEW) > 12.0, 240, "the shaders, which are compiled in software here")
    window.run(f"{SKIN}.dreamface.skin_melanin = 0.8; {SKIN}.dreamface.face_width = 2.0")
    window.until(RESTING)
    time.sleep(4.0)
    window.picture(pictures / "textures-old.png")
    shade(window, "SOLID")

    choose(window, resolution="1024", update_selected=True)
    press_generate(window)
    go_to_mode(window, "SCULPT")
    window.until(f"{APPLICATION}.making.placing.notice")
    time.sleep(1.0)
    window.picture(pictures / "sculpt-mode.png")
    go_to_mode(window, "OBJECT")
    window.until(RESTING)
    assert window.run(f"result = [{FACES}, {APPLICATION}.error]") == [1, ""]

    window.run(f"{PREFERENCES}.python = '/opt/studio/dreamface/bin/python'")
    time.sleep(1.0)
    window.picture(pictures / "wrong-python.png")
    window.run(f"{PREFERENCES}.python = ''; bpy.context.view_layer.objects.active = None")
    window.run("[area.tag_redraw() for area in bpy.context.window_manager.windows[0].screen.areas]")
    time.sleep(1.0)
    window.picture(pictures / "not-set-up.png")


def test_menus_and_preferences(window, pictures):
    open_sidebar(window)
    window.run(f"{PREFERENCES}.look_at_new_faces = False")
    window.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    generate(window, "a boy", resolution="512")
    folder = window.run(f"result = {SKIN}['dreamface_folder']")
    open_menu(window, EXPORT)
    window.picture(pictures / "export-menu.png")
    window.key("Escape", "Escape", "Escape")
    for faces in (2, 3):  # it asks every time
        open_menu(window, IMPORT)
        window.picture(pictures / "import-menu.png")
        window.key("Right", "Up", "Return")  # into the menu, and round to its last entry
        window.until("bpy.context.window_manager.windows[0].screen.areas[0].type == 'FILE_BROWSER'")
        window.run(CHOOSE_FILE.format(folder=folder))
        window.until(f"{FACES} == {faces}")

    window.run(f"{PREFERENCES}.python, {PREFERENCES}.look_at_new_faces = '', True")
    window.run(f"bpy.ops.preferences.addon_show(module={PACKAGE!r})")
    time.sleep(1.0)
    window.place("Preferences", 100, 60, 875, 760)
    window.picture(pictures / "preferences.png", PREFERENCES_BOX)
    window.run(CLOSE_SECOND_WINDOW)


def open_menu(window, entry) -> None:
    window.click(*FILE)
    window.click(*entry)


def go_to_mode(window, mode) -> None:
    window.run(f"bpy.ops.object.mode_set(mode={mode!r})")
