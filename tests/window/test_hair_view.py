"""Hair in a real window: it stands on the head, and there are single hairs to be seen."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import dreamface
from dreamface import folder
from tests.window.test_solid_view import LOOK, PLACES
from tests.window.window import SIZE

GUIDES, POINTS = 500, 16
LENGTH = 0.12  # metres
AWAY = 0.9  # metres
TO_THE_SIDE = "view.view_rotation = Quaternion((0.5, 0.5, 0.5, 0.5))\nview.update()\narea.tag_redraw()"
PATIENCE = 120.0  # seconds, until software has drawn it
SKIN = "skin = next(o for o in bpy.data.objects if 'dreamface_face_id' in o)\n"
EVALUATED = (
    SKIN
    + """
hair = next(o for o in bpy.data.objects if o.get("dreamface_hair") == "scalp")
evaluated = hair.evaluated_get(bpy.context.evaluated_depsgraph_get())
result = [len(hair.data.curves), len(evaluated.data.curves)]
"""
)


def with_long_hair(path: Path) -> Path:
    """Give a face folder dark hair that falls from its scalp."""
    document = json.loads((path / "face.json").read_text("utf-8"))
    with np.load(path / "geometry.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    vertices, faces = arrays["vertices"], arrays["faces"]
    number = arrays["region_names"].tolist().index("scalp")
    run = slice(*arrays["region_offsets"][number : number + 2])
    on_scalp = np.zeros(len(vertices))
    on_scalp[arrays["region_vertices"][run]] = arrays["region_weights"][run]
    first, last = document["parts"][0]["faces"]
    generator = np.random.default_rng(1)
    chosen = first + np.flatnonzero((on_scalp[faces[first:last]] > 0.5).all(axis=1))
    face = generator.choice(chosen, GUIDES)
    corners = vertices[faces[face, :3]]
    barycentric = generator.dirichlet([1.0, 1.0, 1.0], GUIDES)
    root = np.einsum("nkx,nk->nx", corners, barycentric)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = np.linspace(0.0, 1.0, POINTS)[:, None] * LENGTH
    outwards = (root - vertices[first:last].mean(axis=0)) * [1.0, 1.0, 0.0]
    points = root[:, None] + 0.35 * along * normal[:, None] + 1.5 * along**2 * outwards[:, None]
    points[..., 2] -= 0.9 * along[:, 0] ** 1.3
    uv = np.einsum("nkx,nk->nx", arrays["uv"][arrays["face_uvs"][face, :3]], barycentric)
    np.savez(
        path / "groom.npz",
        scalp_points=points.astype(np.float32),
        scalp_triangle=(2 * face).astype(np.int32),
        scalp_barycentric=barycentric.astype(np.float32),
        scalp_uv=uv.astype(np.float32),
        scalp_lock=np.arange(GUIDES, dtype=np.int32),
    )
    document["groom"] = [{"region": "scalp", "style": "test", "look": {"hairs": 60_000}, "colour": {"melanin": 0.75}}]
    (path / "face.json").write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def face(tmp_path):
    ready = os.environ.get("DREAMFACE_HAIRY_FACE")
    if ready:
        return shutil.copytree(ready, tmp_path / "face")
    made = dreamface.generate("a blond woman", seed=3, resolution=512, head="anny")
    return with_long_hair(folder.save(made, tmp_path / "face"))


def test_hair_looks_like_hair_in_solid_view(window, pictures, face):
    window.run("bpy.data.objects.remove(bpy.data.objects['Cube'])")
    window.run(f"bpy.ops.dreamface.import_face(filepath={str(face / 'face.json')!r})")
    window.move(5, 5)
    guides, hairs = window.run(EVALUATED)
    assert guides >= GUIDES and hairs > 10_000
    with np.load(face / "geometry.npz") as arrays:
        vertices = arrays["vertices"]
    crown = vertices[vertices[:, 2].argmax()]
    middle = [0.0, 0.0, float(crown[2]) - 0.13]
    window.run(LOOK.format(target=middle, distance=AWAY))
    window.wait(lambda: _drawn(window), PATIENCE, "the head to be drawn")
    points = [(crown + np.array([0.035, -0.02, -0.025])).tolist()]
    places = window.run(PLACES.format(target=middle, distance=AWAY, points=points))
    time.sleep(1.0)
    with_hair = np.asarray(window.picture(pictures / "hair-solid.png"), np.float64) / 255
    window.run(LOOK.format(target=middle, distance=AWAY) + TO_THE_SIDE)
    time.sleep(8.0)
    window.picture(pictures / "hair-solid-side.png")
    x, y = round(places[0][0]), round(SIZE[1] - places[0][1])
    top = with_hair[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3)
    assert np.median(top.mean(axis=1)) < 0.35, "dark hair covers the head beside the crown"
    assert top.std() > 0.004, "there are hairs, no cap"


def _drawn(window):
    """Whether the middle of the view shows colours."""
    pixels = np.asarray(window.picture(), np.float64)[250:650, 300:800]
    return (np.ptp(pixels, axis=2) > 30.0).mean() > 0.01
