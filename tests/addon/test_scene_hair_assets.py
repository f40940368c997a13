"""Hair by the node groups that come with Blender, instead of ours."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import LOOK, POINTS, groom_entry, other_face, other_head, read, vertices, with_hair
from tests.addon.hair import UP, check_follows_placing, check_survives_saving, comb, guides, names, shown

CHAIN = [
    "Interpolate Hair Curves",
    "Trim Hair Curves",
    "Clump Hair Curves",
    "Frizz Hair Curves",
    "Set Hair Curve Profile",
    "Surface Deform",
]
HAIRS = LOOK["hairs"]


@pytest.fixture
def hairy(scene, hairy_folder):
    from dreamface_addon.scene import has_hair_library, import_face, use_blender_nodes

    if not has_hair_library():
        pytest.skip("this Blender comes without its library of hair nodes")
    imported = import_face(hairy_folder)
    use_blender_nodes(imported.skin)
    return imported


def input_of(object_, asset, name):
    from dreamface_addon.scene.modifiers import read_input

    return read_input(next(found for found in object_.modifiers if found.node_group.name == asset), name)


def set_input(object_, asset, name, value):
    from dreamface_addon.scene.modifiers import write_input

    write_input(next(found for found in object_.modifiers if found.node_group.name == asset), name, value)
    object_.update_tag()


def widths(bpy, object_):
    evaluated = object_.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return read(evaluated.data.attributes["radius"].data, "value").reshape(-1, POINTS)


def grow(skin, path, *regions, **look):
    from dreamface_addon.scene import grow_hair

    entries = [groom_entry(region) for region in regions]
    for entry in entries:
        entry["look"] |= look
    with np.load(path / "groom.npz") as arrays:
        grow_hair(skin, dict(arrays), entries)


def test_hair_has_blenders_nodes_and_as_many_hairs_as_with_ours(bpy, scalp):
    assert names(scalp) == CHAIN
    assert len(shown(bpy, scalp)) == pytest.approx(HAIRS, rel=0.1)
    assert scalp.modifiers[-1].use_pin_to_last, "what an artist adds runs before the hair is bent"
    hairs = shown(bpy, scalp)
    assert widths(bpy, scalp)[:, 0] == pytest.approx(LOOK["radius"], rel=0.01)
    assert widths(bpy, scalp)[:, -1] == pytest.approx(LOOK["radius"] * LOOK["tip"], rel=0.01)
    radius = np.linalg.norm(hairs[:, 0] - [0.0, 0.0, 0.3], axis=1)
    assert radius.max() < 0.1005 and radius.min() > 0.09
    lengths = np.linalg.norm(np.diff(hairs, axis=1), axis=2).sum(axis=1)
    assert 0.8 < np.median(lengths) / 0.08 < 1.05
    assert input_of(scalp, "Clump Hair Curves", "Factor") == pytest.approx(LOOK["clump"])
    assert input_of(scalp, "Interpolate Hair Curves", "Interpolation Guides") == LOOK["guides_each"]


@pytest.mark.slow
def test_frizz_moves_hairs_as_far_as_ours_does(bpy, hairy, scalp, hairy_folder):
    from dreamface_addon.scene import use_blender_nodes

    moved = []
    for blenders in (True, False):
        use_blender_nodes(hairy.skin, blenders)
        grow(hairy.skin, hairy_folder, "scalp", frizz=0.0, flyaways=0.0)
        before = shown(bpy, scalp)
        grow(hairy.skin, hairy_folder, "scalp", frizz=0.001, flyaways=0.0)
        moved.append(np.sqrt(((shown(bpy, scalp) - before)[:, POINTS // 2 :] ** 2).mean()))
    assert moved[0] == pytest.approx(moved[1], rel=0.3) and moved[0] > 0.0003


def test_no_hair_lies_across_a_parting(hairy, scalp, hairy_folder, tmp_path):
    """Blender's nodes would mix hairs of guides on both sides."""
    parted = shutil.copytree(hairy_folder, tmp_path / "parted")
    with np.load(parted / "groom.npz") as stored:
        arrays = dict(stored)
    points = arrays["scalp_points"]
    side = np.sign(points[:, :1, 0])
    points[..., 0] += side * np.linspace(0.0, 0.1, POINTS)
    np.savez(parted / "groom.npz", **arrays)
    grow(hairy.skin, parted, "scalp")
    assert input_of(scalp, "Interpolate Hair Curves", "Interpolation Guides") == 1
    grow(hairy.skin, hairy_folder, "scalp")
    assert input_of(scalp, "Interpolate Hair Curves", "Interpolation Guides") == LOOK["guides_each"]


def test_the_view_and_a_render_draw_the_shares_that_are_wanted(bpy, scalp):
    from dreamface_addon.scene import hair_density, set_hair_density

    assert (hair_density(scalp), hair_density(scalp, render=True)) == pytest.approx((1.0, 1.0))
    set_hair_density(scalp, 0.5)
    assert len(shown(bpy, scalp)) == pytest.approx(0.5 * HAIRS, rel=0.15)
    assert (hair_density(scalp), hair_density(scalp, render=True)) == pytest.approx((0.5, 1.0))
    set_hair_density(scalp, 0.25, render=True)
    assert (hair_density(scalp), hair_density(scalp, render=True)) == pytest.approx((0.25, 0.25))
    set_hair_density(scalp, 0.0, render=True)
    assert hair_density(scalp) == 0.0 and len(shown(bpy, scalp)) == 0
    set_hair_density(scalp, 1.0)
    assert (hair_density(scalp), hair_density(scalp, render=True)) == pytest.approx((1.0, 1.0))


def test_hair_follows_expressions_within_a_fifth_of_a_millimetre(bpy, hairy, scalp):
    before = shown(bpy, scalp)
    key = hairy.skin.shape_key_add(name="up")
    key.points.foreach_set("co", (vertices(hairy.skin) + UP).astype(np.float32).reshape(-1))
    key.value = 1.0
    hairy.skin.data.update()
    np.testing.assert_allclose(shown(bpy, scalp), before + UP, atol=2e-4)


def test_hair_follows_a_head_that_is_moved_turned_and_scaled(bpy, hairy, scalp):
    check_follows_placing(bpy, hairy.skin, scalp, atol=4e-4)


@pytest.mark.slow
def test_hair_goes_along_with_a_slider(bpy, hairy, scalp):
    from dreamface_addon.scene import edited_hair, reshape

    before = guides(scalp)
    head = np.concatenate([vertices(part) for part in hairy.parts.values()]) + UP
    reshape(hairy.skin, {"vertices": head.astype(np.float32)}, {"expression.jawOpen": 0.25})
    np.testing.assert_allclose(guides(scalp), before + UP, atol=1e-5)
    roots = shown(bpy, scalp)[:, 0]
    assert np.linalg.norm(roots - UP - [0.0, 0.0, 0.3], axis=1) == pytest.approx(0.1, abs=0.006)
    assert edited_hair(hairy.skin) == []


def test_changing_the_nodes_loses_nothing_of_the_artists(bpy, hairy, scalp):
    from dreamface_addon.scene import edited_hair, set_hair_density, use_blender_nodes

    comb(scalp)
    combed, material = guides(scalp), scalp.active_material
    set_hair_density(scalp, 0.5)
    set_input(scalp, "Clump Hair Curves", "Factor", 0.9)
    added = scalp.modifiers.new("mine", "NODES")
    added.node_group = bpy.data.node_groups.new("mine", "GeometryNodeTree")
    use_blender_nodes(hairy.skin, False)
    assert sorted(names(scalp)) == ["DreamFace Hair", "mine"]
    set_input(scalp, "DreamFace Hair", "Frizz", 0.003)
    use_blender_nodes(hairy.skin)
    assert input_of(scalp, "Clump Hair Curves", "Factor") == pytest.approx(0.9)
    assert sorted(names(scalp)) == sorted([*CHAIN, "mine"])
    use_blender_nodes(hairy.skin, False)
    assert input_of(scalp, "DreamFace Hair", "Frizz") == pytest.approx(0.003)
    assert input_of(scalp, "DreamFace Hair", "Viewport Amount") == pytest.approx(0.5)
    np.testing.assert_array_equal(guides(scalp), combed)
    assert edited_hair(hairy.skin) == ["scalp"] and scalp.active_material == material


def test_hair_that_grows_anew_keeps_blenders_nodes(bpy, hairy, scalp, hairy_folder, tmp_path):
    from dreamface_addon.scene import hair_density, hair_of, set_hair_density

    set_hair_density(scalp, 0.5)
    set_input(scalp, "Frizz Hair Curves", "Distance", 0.004)
    grow(hairy.skin, hairy_folder, "scalp", hairs=2000, clump=0.6, frizz=0.001)
    assert names(scalp) == CHAIN and len(shown(bpy, scalp)) == pytest.approx(1000, rel=0.15)
    assert hair_density(scalp) == pytest.approx(0.5, rel=1e-3)
    assert input_of(scalp, "Clump Hair Curves", "Factor") == pytest.approx(0.6)
    assert input_of(scalp, "Frizz Hair Curves", "Distance") == pytest.approx(0.004), "an artist has set it"
    grow(hairy.skin, with_hair(shutil.copytree(hairy_folder, tmp_path / "eve"), "scalp", "beard"), "scalp", "beard")
    assert names(hair_of(hairy.skin)["beard"]) == CHAIN, "so has hair that was not there before"


def test_what_an_artist_has_removed_stays_away(bpy, hairy, scalp, hairy_folder):
    from dreamface_addon.scene import hair_density, set_hair_density

    scalp.modifiers.remove(scalp.modifiers[2])
    grow(hairy.skin, hairy_folder, "scalp")
    assert names(scalp) == [name for name in CHAIN if name != "Clump Hair Curves"]
    scalp.modifiers.remove(scalp.modifiers[0])
    set_hair_density(scalp, 0.5)
    assert hair_density(scalp) == 0.0


def test_node_groups_are_appended_once_and_are_not_assets(bpy, hairy, hairy_folder):
    from dreamface_addon.scene import hair_of, import_face, use_blender_nodes

    groups = {group.name for group in bpy.data.node_groups}
    second = import_face(hairy_folder)
    use_blender_nodes(second.skin)
    assert {group.name for group in bpy.data.node_groups} == groups
    assert [name for name in groups if name[-4:-3] == "."] == []
    assert not any(group.library or group.asset_data for group in bpy.data.node_groups)
    assert not bpy.data.libraries
    of_both = [hair_of(skin)["scalp"].modifiers[0] for skin in (hairy.skin, second.skin)]
    assert of_both[0].node_group == of_both[1].node_group


def test_hair_is_there_after_saving_and_opening_the_file(bpy, scalp, tmp_path):
    from dreamface_addon.scene import use_blender_nodes

    assert names(scalp) == CHAIN
    skin, hair = check_survives_saving(bpy, scalp, tmp_path / "scene.blend")
    use_blender_nodes(skin, False)
    assert names(hair) == ["DreamFace Hair"]


def test_a_copy_of_a_head_grows_hair_on_its_own_skin(bpy, hairy, scalp):
    from dreamface_addon.scene import hair_of, separate_copies

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = hairy.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    separate_copies("face-1")
    theirs = hair_of(copy)["scalp"]
    before = shown(bpy, theirs)
    key = copy.shape_key_add(name="up")
    key.points.foreach_set("co", (vertices(copy) + UP).astype(np.float32).reshape(-1))
    key.value = 1.0
    np.testing.assert_allclose(shown(bpy, theirs), before + UP, atol=2e-4)
    assert names(theirs) == CHAIN
    for modifier in theirs.modifiers:
        assert hairy.skin not in [value for value in dict(modifier.items()).values() if isinstance(value, bpy.types.ID)]


@pytest.mark.slow
def test_another_person_of_the_same_topology_keeps_them(bpy, hairy, scalp, face, tmp_path):
    from dreamface_addon.scene import update_face

    eve = with_hair(folder.save(other_face(face), tmp_path / "eve"), "scalp")
    update_face(hairy.skin, eve)
    assert names(scalp) == CHAIN and len(shown(bpy, scalp)) == pytest.approx(HAIRS, rel=0.1)


def test_another_head_model_keeps_them(bpy, hairy, scalp, tmp_path):
    from dreamface_addon.scene import hair_of, update_face

    update_face(hairy.skin, with_hair(other_head(tmp_path), "beard"))
    beard = hair_of(hairy.skin)["beard"]
    assert names(beard) == CHAIN and len(shown(bpy, beard)) == pytest.approx(HAIRS, rel=0.15)


def test_one_step_of_undo_brings_our_nodes_back(bpy, hairy):
    from dreamface_addon.scene import find_face, hair_of, use_blender_nodes, wants_blender_nodes

    use_blender_nodes(hairy.skin, False)
    bpy.ops.ed.undo_push(message="before")
    use_blender_nodes(hairy.skin)
    bpy.ops.ed.undo_push(message="changed")
    bpy.ops.ed.undo()
    skin = find_face("face-1")
    assert names(hair_of(skin)["scalp"]) == ["DreamFace Hair"] and not wants_blender_nodes(skin)


@pytest.mark.slow
def test_hair_without_guides_breaks_nothing(bpy, hairy, scalp):
    from dreamface_addon.scene import use_blender_nodes

    scalp.data.remove_curves()
    for blenders in (False, True):
        use_blender_nodes(hairy.skin, blenders)
    assert len(shown(bpy, scalp)) == 0


def test_a_file_of_usd_holds_the_hair(bpy, hairy, scalp, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(hairy.skin, tmp_path / "ada.usda")
    text = (tmp_path / "ada.usda").read_text("utf-8")
    hairs = [len(counts.split(",")) for counts in re.findall(r"curveVertexCounts = \[(.*?)\]", text)]
    assert sorted(hairs) == pytest.approx([HAIRS, HAIRS], rel=0.15)


def test_a_blender_without_the_library_keeps_our_nodes(bpy, scene, hairy_folder, monkeypatch):
    from dreamface_addon.scene import SceneError, hair_of, import_face, node_assets, use_blender_nodes

    monkeypatch.setattr(node_assets, "library", lambda: None)
    imported = import_face(hairy_folder)
    with pytest.raises(SceneError, match="comes without its library of hair nodes: the hair keeps DreamFace's nodes"):
        use_blender_nodes(imported.skin)
    scalp = hair_of(imported.skin)["scalp"]
    assert names(scalp) == ["DreamFace Hair"] and len(shown(bpy, scalp)) == pytest.approx(HAIRS, rel=0.1)
    grow(imported.skin, hairy_folder, "scalp")
    assert names(scalp) == ["DreamFace Hair"]
