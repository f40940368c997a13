"""Guides follow the skin by triangles that are noted, as they do where Blender looks their roots up."""

from __future__ import annotations

import numpy as np
import pytest

from tests.addon.faces import POINTS, read, vertices
from tests.addon.hair import UP, guides, names, shown


@pytest.fixture
def hairy(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder)


def bend(skin):
    """Bend a head by a shape key, each place by another way, and turn it in the world."""
    places = vertices(skin)
    key = skin.shape_key_add(name="bent")
    key.points.foreach_set("co", _bent(places).astype(np.float32).reshape(-1))
    key.value = 1.0
    skin.matrix_world[0][3] = 0.5
    skin.data.update()


def _bent(places):
    bent = places.copy()
    bent[..., 0] += 3.0 * places[..., 2] ** 2
    bent[..., 2] += 0.3 * places[..., 0]
    return bent


def shown_both_ways(bpy, hair):
    """The hairs by noted triangles, and as they are while they are combed, by Blender's own node."""
    from dreamface_addon.scene.hair_look import mark_combed

    quick = shown(bpy, hair)
    mark_combed(hair, True)
    looked_up = shown(bpy, hair)
    mark_combed(hair, False)
    return quick, looked_up


def is_quick(bpy, hair):
    """Whether hair follows without the surface, which Blender's own node needs."""
    surface, before = hair.data.surface, shown(bpy, hair)
    hair.data.surface = None
    without = shown(bpy, hair)
    hair.data.surface = surface
    return bool(np.allclose(without, before, atol=1e-5))


def add_curve(hair):
    """What Blender's brush does that adds hair: a copy of the first guide's shape, rooted where the second is."""
    curves, before = hair.data, guides(hair)
    curves.add_curves([POINTS])
    added = before[0] - before[0, 0] + before[1, 0]
    curves.position_data.foreach_set("vector", np.concatenate((before, added[None])).reshape(-1))
    places = read(curves.attributes["surface_uv_coordinate"].data, "vector", 2).reshape(-1, 2)
    places[-1] = places[1]
    curves.attributes["surface_uv_coordinate"].data.foreach_set("vector", places.reshape(-1))
    curves.attributes[".dreamface_triangle"].data[len(before)].value = 0
    curves.update_tag()


def test_noted_triangles_bend_hair_as_blender_does(bpy, hairy, scalp):
    still = shown(bpy, scalp)
    bend(hairy.skin)
    quick, looked_up = shown_both_ways(bpy, scalp)
    assert np.abs(quick - still).max() > 0.01
    assert is_quick(bpy, scalp)
    np.testing.assert_allclose(quick, looked_up, atol=5e-5)


@pytest.mark.parametrize("kind", ["SUBSURF", "TRIANGULATE"])
def test_hair_follows_a_skin_whose_faces_a_modifier_cuts_anew(bpy, hairy, scalp, kind):
    hairy.skin.modifiers.new("cut", kind)
    bend(hairy.skin)
    quick, looked_up = shown_both_ways(bpy, scalp)
    assert not is_quick(bpy, scalp)
    np.testing.assert_allclose(quick, looked_up, atol=5e-5)


def test_hair_that_an_artist_adds_follows_at_once_and_quickly_later(bpy, hairy, scalp):
    from dreamface_addon.scene import edited_hair
    from dreamface_addon.settling import Settling

    settling = Settling()
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = scalp
    bpy.ops.object.mode_set(mode="SCULPT_CURVES")
    settling.tick()
    add_curve(scalp)
    before = shown(bpy, scalp)
    bend(hairy.skin)
    combed = shown(bpy, scalp)
    assert np.abs(combed - before).max() > 0.01
    bpy.ops.object.mode_set(mode="OBJECT")
    assert edited_hair(hairy.skin) == ["scalp"]
    settling.tick()
    assert is_quick(bpy, scalp)
    np.testing.assert_allclose(shown(bpy, scalp), combed, atol=5e-5)


def test_added_hair_follows_without_any_help(bpy, hairy, scalp):
    add_curve(scalp)
    bend(hairy.skin)
    assert not is_quick(bpy, scalp)
    quick, looked_up = shown_both_ways(bpy, scalp)
    np.testing.assert_allclose(quick, looked_up, atol=1e-6)


def test_brushes_know_how_guides_are_turned_while_they_comb(bpy, hairy, scalp):
    from dreamface_addon.settling import Settling

    bend(hairy.skin)
    settling = Settling()
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = scalp
    assert is_quick(bpy, scalp)
    bpy.ops.object.mode_set(mode="SCULPT_CURVES")
    settling.tick()
    assert not is_quick(bpy, scalp)
    bpy.ops.object.mode_set(mode="OBJECT")
    settling.tick()
    assert is_quick(bpy, scalp)


@pytest.mark.parametrize("changed", [False, True])
def test_hair_of_an_older_file_gets_todays_nodes_when_it_is_opened(bpy, hairy, scalp, tmp_path, monkeypatch, changed):
    """Nodes that an artist has changed stay."""
    from dreamface_addon.scene import find_face, hair_nodes, hair_of
    from dreamface_addon.scene.modifiers import has_input, read_input, write_input
    from dreamface_addon.settling import Settling

    old = scalp.modifiers[0].node_group.copy()
    old["dreamface_hair_nodes"] = 1
    for socket in [item for item in old.interface.items_tree if item.name in ("Skin", "Being Combed")]:
        old.interface.remove(socket)
    monkeypatch.setattr(hair_nodes, "_OLD_SIZES", {1: (len(old.nodes), len(old.links))})
    if changed:
        old.nodes.new("NodeReroute")
    scalp.modifiers[0].node_group = old
    write_input(scalp.modifiers[0], "Frizz", 0.003)
    path, before = str(tmp_path / "old.blend"), names(scalp)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    Settling().file_opened()
    skin = find_face("face-1")
    hair = hair_of(skin)["scalp"]
    assert (names(hair) == before) == changed
    assert read_input(hair.modifiers[0], "Frizz") == pytest.approx(0.003)
    assert has_input(hair.modifiers[0], "Skin") != changed
    if not changed:
        still = shown(bpy, hair)
        for vertex in skin.data.shape_keys.reference_key.points:
            vertex.co.z += UP[2]
        bpy.context.view_layer.update()
        assert is_quick(bpy, hair) and len(still) == len(shown(bpy, hair))


def test_fewer_and_wider_hairs_are_drawn_while_an_animation_plays(bpy, scalp):
    from dreamface_addon.application import _HANDLERS
    from dreamface_addon.settling import Settling

    assert {"animation_playback_pre", "animation_playback_post"} <= {name for name, _ in _HANDLERS}
    settling, modifier = Settling(), scalp.modifiers[0]
    few = len(shown(bpy, scalp))
    settling.playing(True)
    assert len(shown(bpy, scalp)) == few, "so few hairs keep up"
    from dreamface_addon.scene.modifiers import write_input

    write_input(modifier, "Hairs", 60_000)
    write_input(modifier, "Viewport Amount", 1.0)
    scalp.update_tag()
    played, wide = len(shown(bpy, scalp)), widest(bpy, scalp)
    settling.playing(False)
    still, thin = len(shown(bpy, scalp)), widest(bpy, scalp)
    assert still == pytest.approx(60_000, rel=0.05) and played * POINTS == pytest.approx(320_000, rel=0.05)
    assert played * wide == pytest.approx(still * thin, rel=0.05)


def widest(bpy, hair):
    """The largest radius of the hairs that the view draws."""
    evaluated = hair.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return float(read(evaluated.data.attributes["radius"].data, "value").max())
