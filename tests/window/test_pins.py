"""Pins in a window: a point is dragged in the view through a photograph, and the head follows."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

import dreamface
from dreamface.traits import ARKIT_SHAPES, Traits
from tests.window.sidebar import APPLICATION, RESTING, SKIN, open_sidebar, shade, turn_to
from tests.window.window import SLOW_REDRAW

SCENE = "__import__('sys').modules['bl_ext.user_default.dreamface.dreamface_addon.scene']"
PINNING = f"{APPLICATION}.pinning"

IMPORT = """
from pathlib import Path
scene = {scene}
skin = scene.import_face(Path({folder!r})).skin
scene.add_photographs(skin, [Path({photograph!r})], bpy.context.scene, False, True)
bpy.context.view_layer.objects.active = skin
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
area.spaces.active.region_3d.view_perspective = "CAMERA"
bpy.ops.ed.undo_push(message="Head")
"""

PRESS = """
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "UI")
with bpy.context.temp_override(window=window, area=area, region=region):
    result = list(bpy.ops.dreamface.{operator}("INVOKE_DEFAULT"))
"""

POINT = """
area = next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
pinning = {pinning}
board = pinning._board
frame = {scene}.PhotographFrame.of(bpy.context.scene.camera, bpy.context.scene, region, area.spaces.active.region_3d)
index = board.head.points.names.index({name!r})
place = frame.to_region(board.head.in_photograph(board.number)[index])
result = [region.x + place[0], region.y + place[1]]
"""
"""Where the head has a point, in pixels of the window from its lower left corner."""

STEPS = f"[step['from'] for step in __import__('json').loads({SKIN}['dreamface_history'])]"
SHAPE = f"[round(x, 5) for i in range(0, 9000, 97) for x in {SKIN}.data.vertices[i].co]"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """A photograph of one of our heads, and the face that was made from it."""
    from tests.unit.test_capture import Person, portrait

    weights = torch.zeros(len(ARKIT_SHAPES))
    for name, weight in (("jawOpen", 0.3), ("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5)):
        weights[ARKIT_SHAPES.index(name)] = weight
    person = Person.of("anny", 7, Traits({"age": 40.0, "gender": 1.0, "skin.melanin": 0.25}))
    home = tmp_path_factory.mktemp("made")
    picture = portrait(person, weights)
    with Image.open(io.BytesIO(picture)) as image:
        image.save(home / "portrait.jpg", quality=95)
    face = dreamface.from_photo(picture, seed=3, resolution=512, head="anny")
    return home / "portrait.jpg", dreamface.save(face, home / "face")


def where(window, name: str) -> tuple[float, float]:
    """Return where the head has a point, in pixels of the screen."""
    left, up = window.run(POINT.format(pinning=PINNING, scene=SCENE, name=name))
    return left, window.picture(None).height - up


def drag_to(window, start: tuple[float, float], end: tuple[float, float]) -> None:
    window.press(*start)
    for step in range(1, 9):
        window.move(*(one + (other - one) * step / 8 for one, other in zip(start, end, strict=True)))
    window.release()


def test_a_head_follows_a_point(window, made, pictures):
    photograph, folder = made
    open_sidebar(window)
    turn_to(window, "CREATE")
    window.run(IMPORT.format(scene=SCENE, folder=str(folder), photograph=str(photograph)), timeout=120)
    window.until(RESTING, timeout=120)
    shade(window, "SOLID")
    assert window.run(PRESS.format(operator="pins")) == ["RUNNING_MODAL"]
    window.until(f"{PINNING}.is_ready", timeout=120)
    time.sleep(2.0)
    window.picture(pictures / "pins-points.png")
    before = window.run(f"result = {SHAPE}")
    start = where(window, "nose.tip")
    end = start[0] + 12.0, start[1] + 14.0
    drag_to(window, start, end)
    window.until(f"not {PINNING}.is_following", timeout=30)
    time.sleep(2.0)
    window.picture(pictures / "pins-dragged.png")
    there = where(window, "nose.tip")
    assert abs(there[0] - end[0]) < 3.0 and abs(there[1] - end[1]) < 3.0
    window.key("Escape")
    window.until(f"not {PINNING}.is_on")
    assert window.run(f"result = {SHAPE}") == before
    assert window.run(f"result = {STEPS}") == ["photograph"]

    assert window.run(PRESS.format(operator="pins")) == ["RUNNING_MODAL"]
    window.until(f"{PINNING}.is_ready", timeout=120)
    drag_to(window, start, end)
    corner = where(window, "mouth.corner.left")
    drag_to(window, corner, (corner[0] + 10.0, corner[1] - 6.0))
    window.until(f"not {PINNING}.is_following", timeout=30)
    window.key("Return")
    window.until(f"not {PINNING}.is_on")
    time.sleep(SLOW_REDRAW)
    window.picture(pictures / "pins-kept.png")
    after = window.run(f"result = {SHAPE}")
    assert after != before
    assert window.run(f"result = {STEPS}") == ["photograph", "pins"]
    pins = window.run(f"result = __import__('json').loads({SKIN}['dreamface_history'])[-1]['pins']")
    assert len(pins) == 2, json.dumps(pins)
    window.run(PRESS.format(operator="pins").replace("dreamface.pins", "ed.undo").replace('"INVOKE_DEFAULT"', ""))
    window.until(f"{STEPS} == ['photograph']")
    assert window.run(f"result = {SHAPE}") == before
