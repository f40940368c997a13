"""From Photo in a window: the page, and a photograph that lies on its side in its file over the head made of it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from dreamface.traits import ARKIT_SHAPES, Traits
from tests.window.sidebar import APPLICATION, RESTING, SKIN, choose, open_sidebar, shade, turn_to

SIZE = (400, 512)
FROM_PHOTO = (933, 470)  # pixels: the heading on the first page, while no head is selected


@pytest.fixture(scope="module")
def photograph(tmp_path_factory) -> Path:
    """A photograph of one of our heads, upright by its note alone."""
    from tests.unit.test_capture import Person, portrait

    weights = torch.zeros(len(ARKIT_SHAPES))
    for name, weight in (("jawOpen", 0.3), ("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5)):
        weights[ARKIT_SHAPES.index(name)] = weight
    person = Person.of("anny", 7, Traits({"age": 40.0, "gender": 1.0, "skin.melanin": 0.25}))
    with Image.open(io.BytesIO(portrait(person, weights))) as image:
        beside = (image.width - SIZE[0]) // 2
        upright = image.crop((beside, 0, beside + SIZE[0], SIZE[1]))
    file = tmp_path_factory.mktemp("photographs") / "portrait.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(file, exif=exif, quality=95)
    return file


FRAME = """
from bpy_extras.view3d_utils import location_3d_to_region_2d
camera, home = bpy.context.scene.camera, bpy.context.scene
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
corners = [camera.matrix_world @ corner for corner in camera.data.view_frame(scene=home)]
seen = [location_3d_to_region_2d(region, area.spaces.active.region_3d, corner) for corner in corners]
across, up = ([corner[axis] for corner in seen] for axis in (0, 1))
result = [region.x + min(across), region.y + min(up), region.x + max(across), region.y + max(up)]
"""
"""Left, bottom, right and top of the camera's frame, in pixels."""

LIKE = 0.9
"""Correlation of the photograph with what the window shows of it, below the grid and the head's outline."""

BACKGROUND = "bpy.context.scene.camera.data.background_images[0]"


def test_a_head_comes_in_over_its_photograph(window, photograph, pictures):
    open_sidebar(window)
    turn_to(window, "CREATE")
    choose(window, resolution="512", seed=3, keep_seed=True)
    window.click(*FROM_PHOTO)
    window.move(330, 500)
    window.picture(pictures / "photo-first.png")
    window.run(f"bpy.ops.dreamface.choose_photographs(filepath={str(photograph)!r})")
    time.sleep(1.0)
    window.picture(pictures / "photo-chosen.png")
    window.run("bpy.ops.dreamface.agree_photographs()")
    choose(window, photo_words="older, with a scar on the left cheek")
    time.sleep(1.0)
    window.picture(pictures / "photo-agreed.png")
    choose(window, photo_words="")
    window.run("bpy.ops.dreamface.from_photo()")
    window.until(f"{APPLICATION}.making.running and {APPLICATION}.making.running[0].fraction > 0.1", timeout=120)
    window.picture(pictures / "photo-running.png")
    window.until(f"{SKIN} is not None", timeout=180)
    window.until(RESTING)
    shade(window, "SOLID")
    window.picture(pictures / "photo-over.png")
    window.run("bpy.ops.dreamface.wear_photo()")
    window.run(f"{BACKGROUND}.alpha = 0.0")
    time.sleep(4.0)
    window.picture(pictures / "photo-head.png")
    window.run(f"{BACKGROUND}.alpha = 1.0")
    left, bottom, right, top = (round(edge) for edge in window.run(FRAME))
    assert (right - left) / (top - bottom) == pytest.approx(SIZE[0] / SIZE[1], abs=0.02)
    with Image.open(photograph) as image:
        upright = ImageOps.exif_transpose(image).convert("L").resize((right - left, top - bottom))
    likeness, end = 0.0, time.monotonic() + 60.0  # without a graphics card the head behind it is long in drawing
    while likeness < LIKE and time.monotonic() < end:
        time.sleep(2.0)
        screen = np.asarray(window.picture(pictures / "photo-alone.png").convert("L"), np.float32)
        shown = screen[screen.shape[0] - top : screen.shape[0] - bottom, left:right]
        likeness = np.corrcoef(shown.ravel(), np.asarray(upright, np.float32).ravel())[0, 1]
    assert likeness > LIKE


DROP = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == {region!r})
with bpy.context.temp_override(window=window, area=area, region=region):
    done = bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory={directory!r}, files=[{{"name": {name!r}}}])
result = list(done)
"""
CHOSEN = f"[file.name for file in {APPLICATION}.photographs.chosen]"


def test_photographs_are_dropped_on_the_sidebar_alone(window, photograph):
    """Into the view itself, Blender takes pictures as it always does."""
    open_sidebar(window)
    turn_to(window, "CREATE")
    window.move(330, 500)
    where = {"directory": str(photograph.parent), "name": photograph.name}
    if window.run(DROP.format(region="UI", **where)) == ["INTERFACE"]:  # Blender 5 asks who is to take it
        window.key("c")  # of Choose Photographs
    window.until(f"{CHOSEN} == [{photograph.name!r}]")
    window.run(f"{APPLICATION}.photographs.clear()")
    window.run(DROP.format(region="WINDOW", **where))
    assert window.run(f"result = {CHOSEN}") == []
