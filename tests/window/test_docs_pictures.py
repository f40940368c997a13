r"""Makes the window's pictures in docs/pictures anew, with hair and materials as an artist sees them in Blender.

DREAMFACE_BLENDER=/path/to/blender DREAMFACE_DOCS_PICTURES=docs/pictures \
    python -m pytest -n 0 -m slow tests/window/test_docs_pictures.py

DREAMFACE_MODELS names a folder where ICT-FaceKit is installed, for the picture of its head. Software draws a picture
with materials in about a minute.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.window.sidebar import APPLICATION, RESTING, SKIN, choose, generate, open_sidebar, press_generate, turn_to
from tests.window.window import BlenderWindow, Box

WIDTH = 286  # pixels, of the sidebar
QUALITY = 88
PATIENCE = 600.0  # seconds, until software has drawn all samples of a view
SAMPLES = 10  # of a view that have to be seen, at least: the first ones of hair are coarse
STILL = 25.0  # seconds without a change, after which a view is taken for finished
ROW = 21  # pixels from one closed group of a page to the next
FISHERMAN = ("an old fisherman with a hooked nose and deep wrinkles", 28)
VARIATIONS = ("a Scandinavian man with wavy hair and a full beard", 20)
NIGERIAN = ("a young Nigerian woman with high cheekbones and full lips", 25)

_AREA = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
space = area.spaces.active
"""
CLOSE_TIMELINE = """
window = bpy.context.window_manager.windows[0]
timeline = next(a for a in window.screen.areas if a.type == "DOPESHEET_EDITOR")
with bpy.context.temp_override(window=window, area=timeline):
    bpy.ops.screen.area_close()
"""
NO_BARS = (
    _AREA
    + """
space.show_region_header = space.show_region_tool_header = space.show_region_toolbar = False
space.overlay.show_overlays = False
"""
)
PORTRAIT = (
    _AREA
    + """
from math import radians
from mathutils import Euler, Vector
head = next(o for o in bpy.context.view_layer.objects if "dreamface_face_id" in o and o.visible_get())
hair = [o for o in bpy.data.objects if o.get("dreamface_hair") == "scalp" and o.parent == head]
high = max((head.matrix_world @ Vector(corner)).z for corner in head.bound_box)
view = space.region_3d
view.view_location = (-{aside}, 0.0, high - {below})
view.view_rotation = Euler((radians(90), 0, radians(-32))).to_quaternion()
view.view_perspective, view.view_distance = "PERSP", {distance}
space.lens, space.clip_start, space.shading.type = 85, 0.01, {shading!r}
area.tag_redraw()
result = len(hair)
"""
)


@pytest.fixture(scope="module")
def docs() -> Path:
    """The folder where the pictures are to go."""
    folder = os.environ.get("DREAMFACE_DOCS_PICTURES")
    if not folder:
        pytest.skip("set DREAMFACE_DOCS_PICTURES to the folder for the docs' pictures")
    return Path(folder).resolve()


def test_a_head_with_its_materials(window, docs):
    prepare(window)
    prompt, seed = FISHERMAN
    generate(window, prompt, PATIENCE, seed=seed, keep_seed=True, variations=1, resolution="2048")
    assert portrait(window) == 1, "a head of hair"
    until_still(window)
    save(window, docs / "blender-face.jpg", 917, 810)


def test_pages_and_the_library(window, docs):
    prepare(window)
    prompt, seed = FISHERMAN
    generate(window, prompt, PATIENCE, seed=seed, keep_seed=True, variations=1, resolution="2048")
    window.run(f"{SKIN}.dreamface.nose_width = 1.2; {SKIN}.dreamface.nose_hump = 2.4")
    window.until(RESTING, timeout=PATIENCE)
    open_group(window, "PERSON", 5)
    save(window, docs / "blender-person.jpg", WIDTH, 795)
    open_group(window, "SKIN", 6)
    save(window, docs / "blender-skin.jpg", WIDTH, 823)

    prompt, seed = VARIATIONS
    choose(window, prompt=prompt, seed=seed, variations=4, resolution="1024")
    press_generate(window)
    window.until(f"{APPLICATION}.making.running")
    window.until(RESTING, timeout=PATIENCE)
    turn_to(window, "CREATE")
    save(window, docs / "blender-variations.jpg", WIDTH, 776)

    window.run(f"{APPLICATION}.making.close_gallery()")
    row = open_library(window)
    save(window, docs / "blender-library.jpg", WIDTH, 312, row - 17)


def test_a_head_of_ict_facekit(ict_installed, window, docs):
    prepare(window)
    prompt, seed = NIGERIAN
    generate(window, prompt, PATIENCE, seed=seed, keep_seed=True, variations=1, resolution="2048")
    assert window.run(PORTRAIT.format(aside=0.02, below=0.14, distance=1.1, shading="MATERIAL")) == 1, "a head of hair"
    open_library(window)
    until_still(window)
    save(window, docs / "blender-ict.jpg", 902, 811)


@pytest.fixture
def ict_installed(tmp_path) -> None:
    """Let the window's engine find the models in DREAMFACE_MODELS."""
    models = Path(os.environ.get("DREAMFACE_MODELS", "nowhere"))
    if not (models / "ict-facekit").is_dir():
        pytest.skip("set DREAMFACE_MODELS to a folder with ICT-FaceKit")
    (tmp_path / "models").symlink_to(models)


def prepare(window: BlenderWindow) -> None:
    """Show nothing but the 3D view and the sidebar."""
    open_sidebar(window)
    for change in (CLOSE_TIMELINE, NO_BARS):  # one after the other, or Blender dies of it
        window.run(change)
        time.sleep(2.0)


def portrait(window: BlenderWindow) -> int:
    """Look at the head with its materials, left of the sidebar; return how many objects of hair it has."""
    return int(window.run(PORTRAIT.format(aside=0.03, below=0.165, distance=0.8, shading="MATERIAL")))


def open_group(window: BlenderWindow, page: str, number: int) -> None:
    """Open the group that is so many rows below the first one of a page."""
    turn_to(window, page)
    time.sleep(3.0)
    sidebar = window.region("VIEW_3D", "UI")
    first = {"PERSON": 390 - ROW, "SKIN": 418 - ROW}[page]
    for _ in range(3):  # a window that is busy drawing may miss one
        closed = pixels(window)
        window.click(sidebar.left + 30, sidebar.top + first + number * ROW)
        time.sleep(2.0)
        below = np.s_[sidebar.top + first + (number + 2) * ROW : sidebar.bottom, sidebar.left : sidebar.right]
        if np.abs(pixels(window) - closed)[below].max() > 60:
            return
    raise AssertionError(f"group {number} of the page {page} did not open")


def open_library(window: BlenderWindow) -> int:
    """Open the list of all faces on the Create page; return how many pixels below the screen's top its title is."""
    turn_to(window, "CREATE")
    generate_button = [box for box in window.widgets("wcol_tool") if box.height > 24][-1]
    row = generate_button.bottom + 17
    window.click(generate_button.left + 20, row)
    time.sleep(3.0)
    return row


def until_still(window: BlenderWindow) -> None:
    """Wait until the view shows a head, and then no longer changes."""
    sidebar = window.region("VIEW_3D", "UI")
    middle = Box(sidebar.left - 450, 250, sidebar.left - 150, 650)
    time.sleep(3.0)
    window.wait(lambda: window.colours(middle) > 20.0, PATIENCE, "the shaders, which are compiled in software here")
    end, since, samples, before = time.monotonic() + PATIENCE, time.monotonic(), 0, pixels(window)
    while time.monotonic() < end and (samples < SAMPLES or time.monotonic() < since + STILL):
        time.sleep(0.3)
        now = pixels(window)
        if np.abs(now - before).max() > 2:
            since, samples, before = time.monotonic(), samples + 1, now


def pixels(window: BlenderWindow) -> np.ndarray:
    return np.asarray(window.picture(), np.int16)


def save(window: BlenderWindow, path: Path, width: int, height: int, top: int | None = None) -> None:
    """Keep so much of the screen, from the sidebar's right edge to the left, and from its top down or from `top`."""
    window.move(5, 5)
    time.sleep(1.0)
    sidebar = window.region("VIEW_3D", "UI")
    top = sidebar.top if top is None else top
    box = (sidebar.right - width, top, sidebar.right, top + height)
    picture = window.picture(box=box)
    assert picture.size == (width, height)
    picture.save(path, quality=QUALITY, optimize=True)
