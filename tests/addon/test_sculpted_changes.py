"""What the Edit page says about a head that was sculpted, at every redraw."""

from __future__ import annotations

import numpy as np
import pytest

from tests.addon.faces import vertices


@pytest.fixture
def skin(imported):
    return imported.skin


@pytest.fixture
def clock(bpy, monkeypatch):
    """The seconds that shaping sees; set `clock.now`."""
    from types import SimpleNamespace

    from dreamface_addon import shaping

    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(shaping, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(shaping, "_sculpted", {})
    return clock


def move(skin, by, keys=None):
    """Move the crown in some shape keys, or in all as brushes do on the basis."""
    for key in skin.data.shape_keys.key_blocks if keys is None else keys:
        key.points[7].co.z += by


def test_expressions_are_looked_at_once_a_second_while_a_brush_moves(skin, clock, bpy, monkeypatch):
    from dreamface_addon import scene, shaping

    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="SCULPT")
    looks = []
    seen = scene.sculpted_expressions
    monkeypatch.setattr(scene, "sculpted_expressions", lambda skin: looks.append(clock.now) or seen(skin))
    assert not shaping.sculpted(skin)
    move(skin, 0.001, [skin.data.shape_keys.key_blocks["jawOpen"]])
    for step in range(1, 10):
        clock.now += 0.1
        move(skin, 0.001)
        changes = shaping.sculpted(skin)
        assert changes.millimetres == pytest.approx(step, abs=1e-3), "this is always what it is now"
    assert changes.expressions == () and looks == [100.0]
    clock.now += 0.2
    assert shaping.sculpted(skin).expressions == ("jawOpen",)
    assert len(looks) == 2
    bpy.ops.object.mode_set(mode="OBJECT")
    shaping.sculpted(skin)
    move(skin, 0.001, [skin.data.shape_keys.key_blocks["mouthPucker"]])
    move(skin, 0.001)
    assert shaping.sculpted(skin).expressions == ("jawOpen", "mouthPucker"), "back from a mode, it is said at once"


def test_an_applied_scale_is_said_at_once_and_until_it_is_undone(skin, clock):
    from dreamface_addon import scene, shaping

    move(skin, 0.002)
    assert shaping.sculpted(skin).millimetres == pytest.approx(2.0, abs=1e-3)
    plain = vertices(skin)
    scaled = [(key, key.points) for key in skin.data.shape_keys.key_blocks]
    for factor in (10.0, 0.1):
        for _, points in scaled:
            values = np.empty(len(points) * 3, np.float32)
            points.foreach_get("co", values)
            points.foreach_set("co", values * np.float32(factor))
        changes = shaping.sculpted(skin)
        if factor > 1.0:
            assert not changes, "there is nothing to clear"
            assert (changes.millimetres, changes.expressions) == (0.0, ())
            assert changes.notice == scene.applied_transform(skin) != ""
            with pytest.raises(scene.SceneError, match="was applied to its mesh"):
                shaping.clear_sculpted(skin)
    assert changes.millimetres == pytest.approx(2.0, abs=1e-2) and changes.notice == ""
    assert len(vertices(skin)) == len(plain)


def test_what_was_joined_is_said_and_the_rest_can_be_cleared(imported, clock, bpy):
    from dreamface_addon import scene, shaping

    skin, iris = imported.skin, imported.parts["left_iris"]
    iris.data.vertices[3].co.z += 0.001
    for key in iris.data.shape_keys.key_blocks:
        key.points[3].co.z += 0.001
    bpy.ops.mesh.primitive_cube_add(size=0.1, location=(0.0, 0.0, 0.5))
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.join()
    changes = shaping.sculpted(skin)
    assert changes and changes.millimetres == pytest.approx(1.0, abs=1e-3)
    assert changes.notice == scene.edited_parts(skin) != ""
    assert not shaping.clear_sculpted(skin)
    cleared = shaping.sculpted(skin)
    assert not cleared and cleared.notice == changes.notice
