"""Hair in the sidebar: styles, sliders, combed hair, styles of one's own, cards."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.e2e.test_panels import drawn


def hair(blender, face, region="scalp"):
    return blender.module("scene").hair_of(face).get(region)


def guides(object_):
    return read(object_.data.position_data)


def read(data):
    values = np.empty(3 * len(data), np.float32)
    data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def off_the_skin(face, object_):
    """How far a root is from the nearest vertex of the skin, metres."""
    offsets = np.zeros(len(object_.data.curves) + 1, np.int32)
    object_.data.curve_offset_data.foreach_get("value", offsets)
    vertices = np.empty(3 * len(face.data.vertices), np.float32)
    face.data.vertices.foreach_get("co", vertices)
    roots, vertices = guides(object_)[offsets[:-1]], vertices.reshape(-1, 3)
    return max(np.linalg.norm(vertices - root, axis=1).min() for root in roots)


def comb(object_):
    points = guides(object_)
    points[:, 0] += 0.01
    object_.data.position_data.foreach_set("vector", points.reshape(-1))


def rest(blender):
    blender.rest()
    blender.until(lambda: not blender.app.growing.active and not blender.app.styles.busy)


@pytest.fixture
def face(blender):
    face = blender.face("a young woman with short brown hair", 5)
    rest(blender)
    return face


def test_a_style_grows_at_once_with_its_own_length(blender, face):
    before = guides(hair(blender, face)).copy()
    face.dreamface.hair_style = "long"
    rest(blender)
    after = guides(hair(blender, face))
    assert json.loads(face["dreamface_traits"])["hair.style"]["value"] == "long"
    long = blender.app.styles.find("scalp", "long").values["hair.length"]
    assert face.dreamface.hair_length == pytest.approx(long)
    assert after[:, 2].min() < before[:, 2].min() - 0.05, "it hangs down"
    face.dreamface.hair_length = 0.35
    face.dreamface.hair_style = "wavy"
    assert face.dreamface.hair_length == pytest.approx(0.35), "what an artist has set stays"
    face.dreamface.hair_style = "bald"
    rest(blender)
    assert hair(blender, face) is None
    assert not blender.module("scene").deleted_hair(face)


@pytest.mark.slow
def test_hair_follows_its_sliders_and_the_shape_of_the_head(blender, face):
    first = guides(hair(blender, face))
    face.dreamface.hair_length = 0.6
    rest(blender)
    longer = guides(hair(blender, face))
    assert longer.shape != first.shape or np.abs(longer - first).max() > 0.01
    assert off_the_skin(face, hair(blender, face)) < 0.009
    face.dreamface.face_width = 2.5
    face.dreamface.jaw_width = 2.5
    rest(blender)
    wider = guides(hair(blender, face))
    assert wider.shape != longer.shape or np.abs(wider - longer).max() > 0.001
    assert off_the_skin(face, hair(blender, face)) < 0.009
    assert not blender.module("growing").stale_regions(face)


@pytest.mark.slow
def test_undo_brings_the_hair_back(blender, face):
    bpy = blender.bpy
    name, before = face.name, guides(hair(blender, face))
    face.dreamface.hair_style = "long"
    bpy.ops.ed.undo_push(message="as choosing in the menu does")
    rest(blender)
    assert not np.array_equal(guides(hair(blender, face)), before)
    bpy.ops.ed.undo()
    rest(blender)
    face = bpy.data.objects[name]
    np.testing.assert_array_equal(guides(hair(blender, face)), before)


@pytest.mark.slow
def test_combed_hair_stays_until_grow(blender, face):
    bpy = blender.bpy
    scalp = hair(blender, face)
    comb(scalp)
    combed = guides(scalp)
    face.dreamface.hair_style = "curly"
    face.dreamface.hair_melanin = 0.1
    rest(blender)
    np.testing.assert_array_equal(guides(hair(blender, face)), combed)
    bpy.ops.ed.undo_push(message="combed")
    name = face.name
    bpy.ops.dreamface.grow_hair()
    rest(blender)
    assert blender.module("scene").edited_hair(face) == []
    assert not np.array_equal(guides(hair(blender, face)).shape, combed.shape)
    bpy.ops.ed.undo()
    rest(blender)
    np.testing.assert_array_equal(guides(hair(blender, bpy.data.objects[name])), combed)


@pytest.mark.slow
def test_deleted_hair_stays_away_until_it_is_asked_for(blender, face):
    blender.bpy.data.objects.remove(hair(blender, face))
    assert blender.module("scene").deleted_hair(face) == ["scalp"]
    face.dreamface.hair_length = 0.7
    rest(blender)
    assert hair(blender, face) is None
    blender.bpy.ops.dreamface.grow_hair()
    rest(blender)
    assert hair(blender, face) is not None


@pytest.mark.slow
def test_grow_refuses_a_head_whose_scale_was_applied(blender, face):
    bpy = blender.bpy
    face.scale = (10.0, 10.0, 10.0)
    for object_ in bpy.context.selectable_objects:
        object_.select_set(True)
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    with pytest.raises(RuntimeError, match=r"The scale of .* was applied"):
        bpy.ops.dreamface.grow_hair()
    with pytest.raises(RuntimeError, match=r"The scale of .* was applied"):
        bpy.ops.dreamface.grow_hair("INVOKE_DEFAULT")
    assert not blender.app.growing.active


@pytest.mark.slow
def test_a_style_of_ones_own(blender, face, own_styles):
    comb(hair(blender, face))
    assert blender.bpy.ops.dreamface.save_style(name="Blown away", region="scalp") == {"FINISHED"}
    rest(blender)
    blender.until(lambda: "blown_away" in blender.app.styles.all)
    assert (own_styles / "blown_away.json").is_file()
    other = blender.new_face("a man with long hair", seed=8)
    other.dreamface.hair_style = "blown_away"
    rest(blender)
    assert blender.app.growing.problem == ""
    assert json.loads(hair(blender, other)["dreamface_hair_style"])["style"] == "blown_away"
    blender.bpy.ops.dreamface.remove_style(style="blown_away")
    rest(blender)
    blender.until(lambda: "blown_away" not in blender.app.styles.all)
    assert other.dreamface.hair_style == "blown_away", "the head remembers"
    other.dreamface.hair_length = 0.2
    rest(blender)
    assert "blown_away" in blender.app.growing.problem


@pytest.mark.slow
def test_cards_of_combed_hair_move_with_the_face_and_are_exported(blender, face, tmp_path):
    bpy, scene = blender.bpy, blender.module("scene")
    comb(hair(blender, face))
    assert "GLB, FBX and OBJ files hold hair only as cards" in drawn(blender, "hair")
    assert bpy.ops.dreamface.make_cards() == {"FINISHED"}
    blender.until(lambda: scene.cards_of(face))
    assert blender.app.error == ""
    cards = scene.cards_of(face)["scalp"]
    assert cards.parent == face and len(cards.data.polygons) > 1000
    assert scene.shows_cards(face) and hair(blender, face).hide_viewport
    corners = np.array([vertex.co for vertex in cards.data.vertices])
    combed = guides(hair(blender, face))
    np.testing.assert_allclose(corners.mean(axis=0), combed.mean(axis=0), atol=0.015)
    keys = cards.data.shape_keys
    assert keys is None or keys.animation_data.drivers
    assert scene.cards_of(face)["brows"].data.shape_keys.key_blocks["browInnerUp"]
    assert not scene.cards_are_old(face)
    path = tmp_path / "head.glb"
    bpy.ops.dreamface.export_face(filepath=str(path), format=".glb")
    content = path.read_bytes()
    assert f"{cards.name}".encode() in content
    bpy.ops.dreamface.show_cards(shown=False)
    assert not scene.shows_cards(face) and not hair(blender, face).hide_viewport
    bpy.ops.dreamface.show_cards(shown=True)
    face.dreamface.hair_length = 0.5
    bpy.ops.dreamface.grow_hair()
    assert "The hair is shown again when it has grown" in drawn(blender, "hair")
    rest(blender)
    assert scene.cards_are_old(face)
    assert not scene.shows_cards(face) and not hair(blender, face).hide_viewport
    assert "The cards are older than the hair or the head: make them again." in drawn(blender, "hair")
    again = tmp_path / "again.glb"
    assert bpy.ops.dreamface.export_face(filepath=str(again), format=".glb") == {"FINISHED"}
    assert not again.exists()
    blender.until(again.exists)
    assert not scene.cards_are_old(face) and blender.app.error == ""
    assert not scene.shows_cards(face) and not hair(blender, face).hide_viewport, "what was shown is shown"
    assert scene.cards_of(face)["scalp"].name.encode() in again.read_bytes()


def test_the_choice_of_nodes_keeps_the_share_of_hairs_and_what_was_combed(blender, face, monkeypatch):
    bpy, scene = blender.bpy, blender.module("scene")
    if not scene.has_hair_library():
        pytest.skip("this Blender comes without its library of hair nodes")
    face.dreamface.hair_in_view = 0.125
    assert bpy.ops.dreamface.use_node_assets(blenders=True) == {"FINISHED"}
    assert "Interpolate Hair Curves" in hair(blender, face).modifiers
    assert face.dreamface.hair_in_view == pytest.approx(0.125)
    bpy.ops.dreamface.grow_hair()
    rest(blender)
    assert "Interpolate Hair Curves" in hair(blender, face).modifiers
    comb(hair(blender, face))
    combed = guides(hair(blender, face))
    assert bpy.ops.dreamface.use_node_assets(blenders=False) == {"FINISHED"}
    assert [modifier.name for modifier in hair(blender, face).modifiers] == ["DreamFace Hair"]
    np.testing.assert_array_equal(guides(hair(blender, face)), combed)
    monkeypatch.setattr(blender.module("scene.node_assets"), "library", lambda: None)
    assert not bpy.ops.dreamface.use_node_assets.poll(), "a Blender without the library"
