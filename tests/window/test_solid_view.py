"""How a head looks in Solid view, where it arrives: no textures, each material in its viewport colour."""

from __future__ import annotations

import colorsys
import json
import time

import numpy as np
import pytest

import dreamface
from dreamface import folder, head
from tests.window.window import SIZE

EYES_AWAY = 0.15  # metres, from which the eyes fill the view
PROMPT = "a woman with green eyes and freckles"

LOOK = """
from mathutils import Quaternion, Vector
from bpy_extras.view3d_utils import location_3d_to_region_2d
window = bpy.context.window_manager.windows[0]
area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
region = next(r for r in area.regions if r.type == "WINDOW")
space, view = area.spaces.active, area.spaces.active.region_3d
space.show_region_toolbar = space.show_region_ui = space.overlay.show_overlays = space.show_gizmo = False
space.clip_start = 0.001
view.view_perspective = "PERSP"
view.view_rotation = Quaternion((1.0, 0.0, 0.0), 1.5707963)
view.view_location, view.view_distance = Vector({target!r}), {distance!r}
view.update()
area.tag_redraw()
"""

PLACES = (
    LOOK
    + """
places = [location_3d_to_region_2d(region, view, Vector(point)) for point in {points!r}]
result = [[region.x + place.x, region.y + place.y] for place in places]
"""
)


@pytest.fixture(params=["anny", "ict"])
def face(request, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "ict":
            patch.setenv("DREAMFACE_MODELS", str(request.getfixturevalue("ict_models")))
        head.forget()
        yield folder.save(dreamface.generate(PROMPT, seed=3, resolution=1024, head=request.param), tmp_path / "face")
    head.forget()


def test_eyes_look_like_eyes_in_solid_view(window, pictures, face):
    document = json.loads((face / "face.json").read_text("utf-8"))
    name = document["head"]["model"]
    with np.load(face / "geometry.npz") as arrays:
        vertices, faces = arrays["vertices"], arrays["faces"]
    parts = {part["name"]: vertices[np.unique(faces[slice(*part["faces"])])] for part in document["parts"]}
    window.run("bpy.data.objects.remove(bpy.data.objects['Cube'])")
    window.run(f"bpy.ops.dreamface.import_face(filepath={str(face / 'face.json')!r})")
    window.move(5, 5)
    window.run(LOOK.format(target=[0.0, 0.0, 0.1], distance=0.75))
    time.sleep(1.5)
    window.picture(pictures / f"solid-{name}.png")

    pupils = [_front(parts[f"{side}_cornea"]) for side in ("left", "right")]
    middle = ((pupils[0] + pupils[1]) / 2).tolist()
    window.run(LOOK.format(target=middle, distance=EYES_AWAY))
    time.sleep(1.5)
    beside = np.array([0.0041, 0.0, 0.0])  # metres from the pupil's middle, on the iris
    irises = [pupil + side * beside for pupil in pupils for side in (-1.0, 1.0)]
    points = [point.tolist() for point in (*pupils, *irises)]
    places = window.run(PLACES.format(target=middle, distance=EYES_AWAY, points=points))
    picture = window.picture(pictures / f"solid-{name}-eyes.png")
    pixels = np.asarray(picture, np.float64) / 255
    seen = [_patch(pixels, place) for place in places]
    for pupil in seen[:2]:
        assert pupil.max() < 0.15, "a dark pupil"
    for iris in seen[2:]:
        hue, saturation, value = colorsys.rgb_to_hsv(*iris)
        assert 0.17 < hue < 0.45 and saturation > 0.1, "green"
        assert value > 0.3
    across = places[0][0] - places[1][0]  # pixels between the eyes
    for place in places[:2]:
        eye = _patch(pixels, place, across * 0.2, across * 0.06).reshape(-1, 3)
        white = (eye.min(axis=1) > 0.6) & (np.ptp(eye, axis=1) < 0.12)
        assert white.mean() > 0.025, "whites"
    # Around the eyes, where cards of lashes and helpers lie, there is nothing but skin.
    skin = colorsys.rgb_to_hsv(*_patch(pixels, (np.mean([places[0][0], places[1][0]]), places[0][1] + across * 0.3)))
    for place in places[:2]:
        for aside, up in ((0.0, 0.2), (0.0, -0.22)):
            hue, saturation, _ = colorsys.rgb_to_hsv(
                *_patch(pixels, (place[0] + across * aside, place[1] + across * up))
            )
            assert abs(hue - skin[0]) < 0.03 and saturation > 0.7 * skin[1], "no grey goggles"


def _front(points):
    """[3] the middle of what lies foremost of a part."""
    return points[points[:, 1] < points[:, 1].min() + 0.0005].mean(axis=0)


def _patch(pixels, place, width=2.0, height=2.0):
    """The pixels so far around a place, which Blender counts from below; their median colour [3] where they are few."""
    x, y = round(place[0]), round(SIZE[1] - place[1])
    seen = pixels[y - round(height) : y + round(height) + 1, x - round(width) : x + round(width) + 1]
    return np.median(seen.reshape(-1, 3), axis=0) if seen.size < 100 else seen
