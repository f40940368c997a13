"""Hair in Blender: guides on the skin, the hairs between them, and what an artist does to them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from dreamface import folder
from dreamface.hair import HairColour
from dreamface.skin import strand_colours
from dreamface.skin.canvas.pigments import hair_colour, white_hair_colour
from dreamface.traits import Traits
from tests.addon.faces import GUIDES, POINTS, groom_entry, other_face, other_head, read, vertices, with_hair
from tests.addon.hair import UP, check_follows_placing, check_survives_saving, comb, guides, shown
from tests.support import welded_face


@pytest.fixture
def hairy(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder)


def stored(path, region="scalp"):
    with np.load(path / "groom.npz") as arrays:
        return arrays[f"{region}_points"]


def test_each_region_is_curves_on_the_skin(hairy, hairy_folder):
    from dreamface_addon.scene import hair_of

    hair = hair_of(hairy.skin)
    assert [object_.name for object_ in hair.values()] == ["Round stranger hair", "Round stranger brows"]
    for region, object_ in hair.items():
        assert object_.parent == hairy.skin and object_.users_collection == (hairy.collection,)
        assert object_.data.surface == hairy.skin and object_.data.surface_uv_map == "DreamFace Hair"
        np.testing.assert_array_equal(guides(object_), stored(hairy_folder, region))
    assert hairy.skin.data.uv_layers.active.name == "UVMap"


def test_hairs_grow_between_the_guides_and_stay_on_the_skin(bpy, hairy, scalp):
    hairs = shown(bpy, scalp)
    assert len(hairs) == pytest.approx(1200, rel=0.1)
    radius = np.linalg.norm(hairs[:, 0] - [0.0, 0.0, 0.3], axis=1)
    assert radius.max() < 0.1005 and radius.min() > 0.09
    assert len(np.unique(hairs[:, 0].round(6), axis=0)) > 1000, "hairs have roots of their own"
    widths = read(scalp.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.attributes["radius"].data, "value")
    assert widths.max() == pytest.approx(0.0001, rel=0.01)


def test_fewer_hairs_in_the_view_are_wider(bpy, scalp):
    from dreamface_addon.scene import hair_density, set_hair_density

    assert (hair_density(scalp), hair_density(scalp, render=True)) == (1.0, 1.0), "few hairs are all drawn"
    set_hair_density(scalp, 0.5)
    assert len(shown(bpy, scalp)) == pytest.approx(600, rel=0.15)
    widths = read(scalp.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.attributes["radius"].data, "value")
    assert widths.max() == pytest.approx(0.0002, rel=0.01)


def test_hair_follows_expressions(bpy, hairy, scalp):
    before = shown(bpy, scalp)
    mesh = hairy.skin.data
    key = hairy.skin.shape_key_add(name="up")
    moved = vertices(hairy.skin) + UP
    key.points.foreach_set("co", moved.astype(np.float32).reshape(-1))
    key.value = 1.0
    mesh.update()
    np.testing.assert_allclose(shown(bpy, scalp), before + UP, atol=2e-5)


def test_hair_follows_a_head_that_is_moved_turned_and_scaled(bpy, hairy, scalp):
    check_follows_placing(bpy, hairy.skin, scalp, atol=1e-4)


@pytest.mark.parametrize("mode", ["NEAREST", "DEFORM"])
def test_blenders_snap_to_the_surface_finds_the_roots_where_they_are(bpy, hairy, scalp, mode):
    """Curves in another space than their surface's look right, and jump as soon as they are edited."""
    hairy.skin.matrix_world[0][3] = 0.5
    hairy.skin.scale = (2.0, 2.0, 2.0)
    bpy.context.view_layer.update()
    before = guides(scalp)
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = scalp
    scalp.select_set(True)
    assert bpy.ops.curves.snap_curves_to_surface(attach_mode=mode) == {"FINISHED"}
    np.testing.assert_allclose(guides(scalp), before, atol=5e-4)


def test_hair_goes_along_with_a_slider(bpy, hairy, scalp):
    from dreamface_addon.scene import edited_hair, reshape

    before, hairs = guides(scalp), shown(bpy, scalp)
    head = np.concatenate([vertices(part) for part in hairy.parts.values()]) + UP
    reshape(hairy.skin, {"vertices": head.astype(np.float32)}, {"expression.jawOpen": 0.25})
    np.testing.assert_allclose(guides(scalp), before + UP, atol=1e-5)
    np.testing.assert_allclose(shown(bpy, scalp), hairs + UP, atol=2e-5)
    assert edited_hair(hairy.skin) == []


def test_guides_turn_with_the_skin_below_them(hairy, scalp):
    from dreamface_addon.scene import carry_hair

    before = guides(scalp)
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    skin = vertices(hairy.skin)
    carry_hair(hairy.skin, skin, skin @ quarter.T)
    np.testing.assert_allclose(guides(scalp), before @ quarter.T, atol=1e-5)
    carry_hair(hairy.skin, skin, skin * 2.0)
    np.testing.assert_allclose(lengths(guides(scalp)), 0.08, rtol=1e-3, err_msg="hair does not grow with the head")


def lengths(points):
    return np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)


def test_hair_settles_on_a_head_that_was_sculpted(hairy, scalp):
    from dreamface_addon.scene import settle_hair

    before = guides(scalp)
    mesh = hairy.skin.data
    moved = (vertices(hairy.skin) + UP).astype(np.float32).reshape(-1)
    mesh.vertices.foreach_set("co", moved)
    mesh.shape_keys.reference_key.points.foreach_set("co", moved)
    mesh.update()
    settle_hair(hairy.skin)
    np.testing.assert_allclose(guides(scalp), before + UP, atol=1e-5)
    settle_hair(hairy.skin)
    np.testing.assert_allclose(guides(scalp), before + UP, atol=1e-5)


def test_an_update_brings_the_new_faces_hair(hairy, scalp, face, tmp_path):
    from dreamface_addon.scene import hair_of, update_face

    eve = with_hair(folder.save(other_face(face), tmp_path / "eve"), "scalp", "beard", length=0.05)
    updated = update_face(hairy.skin, eve)
    hair = hair_of(hairy.skin)
    assert list(hair) == ["scalp", "beard"] and hair["scalp"] == scalp and updated.warning == ""
    np.testing.assert_array_equal(guides(scalp), stored(eve))
    assert scalp.name == "Someone else hair" and scalp.data.name == "Someone else hair"
    assert scalp.active_material.name == "Someone else hair"


def test_hair_of_a_folder_that_does_not_say_goes_along(hairy, scalp, face, tmp_path):
    from dreamface_addon.scene import update_face

    eve = folder.save(other_face(face), tmp_path / "eve")
    document = json.loads((eve / "face.json").read_text("utf-8"))
    del document["groom"]
    (eve / "face.json").write_text(json.dumps(document), "utf-8")
    update_face(hairy.skin, eve)
    roots = np.linalg.norm((guides(scalp)[:, 0] - [0.0, 0.0, 0.33]) / [0.8, 1.0, 1.1], axis=1)
    np.testing.assert_allclose(roots, 0.1, atol=0.004)
    assert scalp.name == "Someone else hair"


def test_what_an_artist_has_combed_survives_all_but_growing(hairy, scalp, face, hairy_folder, tmp_path):
    from dreamface_addon.scene import edited_hair, grow_hair, hair_of, reshape, update_face

    comb(scalp)
    assert edited_hair(hairy.skin) == ["scalp"]
    combed = guides(scalp)
    head = np.concatenate([vertices(part) for part in hairy.parts.values()]) + UP
    reshape(hairy.skin, {"vertices": head.astype(np.float32)}, {})
    np.testing.assert_allclose(guides(scalp), combed + UP, atol=1e-5)
    assert edited_hair(hairy.skin) == ["scalp"]
    update_face(hairy.skin, with_hair(folder.save(face, tmp_path / "again"), "brows"))
    np.testing.assert_allclose(guides(scalp), combed, atol=1e-5)
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp")])
    assert list(hair_of(hairy.skin)) == ["scalp"] and edited_hair(hairy.skin) == []
    np.testing.assert_array_equal(guides(scalp), stored(hairy_folder))


def test_curves_that_an_artist_adds_are_carried_too(hairy, scalp):
    from dreamface_addon.scene import carry_hair, edited_hair

    before = guides(scalp)
    curves = scalp.data
    curves.add_curves([POINTS])
    points = np.concatenate((before, before[:1] + np.float32(0.001)))
    curves.position_data.foreach_set("vector", points.reshape(-1))
    assert edited_hair(hairy.skin) == ["scalp"]
    skin = vertices(hairy.skin)
    carry_hair(hairy.skin, skin, skin + UP)
    np.testing.assert_allclose(guides(scalp), points + UP, atol=1e-5)


def test_nothing_breaks_where_an_artist_has_deleted_hair(bpy, hairy, scalp, face_folder, hairy_folder):
    from dreamface_addon.scene import edited_hair, grow_hair, hair_curves_of, hair_of, reshape, update_face

    scalp.data.remove_curves()
    head = np.concatenate([vertices(part) for part in hairy.parts.values()])
    reshape(hairy.skin, {"vertices": head}, {})
    assert edited_hair(hairy.skin) == [] and hair_curves_of(scalp).shape[0] == 0
    assert len(shown(bpy, scalp)) == 0
    bpy.data.objects.remove(scalp)
    reshape(hairy.skin, {"vertices": head}, {})
    assert list(hair_of(hairy.skin)) == ["brows"]
    update_face(hairy.skin, face_folder)
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp")])
    assert list(hair_of(hairy.skin)) == ["scalp"]
    np.testing.assert_array_equal(guides(hair_of(hairy.skin)["scalp"]), stored(hairy_folder))


def test_hair_that_does_not_fit_changes_nothing(hairy, scalp):
    from dreamface_addon.scene import SceneError, grow_hair

    before = guides(scalp)
    with pytest.raises(SceneError, match="scalp_points is missing"):
        grow_hair(hairy.skin, {}, [groom_entry("scalp")])
    np.testing.assert_array_equal(guides(scalp), before)


def test_a_damaged_groom_is_refused_before_anything_is_built(scene, bpy, hairy_folder, tmp_path):
    from dreamface_addon.scene import FaceFolderError, import_face

    path = shutil.copytree(hairy_folder, tmp_path / "other")
    arrays = dict(np.load(path / "groom.npz"))
    arrays["scalp_triangle"][0] = 10**6
    np.savez(path / "groom.npz", **arrays)
    with pytest.raises(FaceFolderError, match=r"is damaged \(the hair grow on no face\)"):
        import_face(path)
    (path / "groom.npz").unlink()
    with pytest.raises(FaceFolderError, match="is damaged"):
        import_face(path)
    assert not bpy.data.objects and not bpy.data.hair_curves


def test_guides_for_a_style_are_evenly_spaced(hairy, scalp):
    from dreamface_addon.scene import hair_curves_of

    assert hair_curves_of(scalp).shape == (GUIDES, POINTS, 3)
    resampled = hair_curves_of(scalp, 5)
    steps = np.linalg.norm(np.diff(resampled, axis=1), axis=2)
    np.testing.assert_allclose(steps, 0.02, rtol=1e-3)
    np.testing.assert_allclose(resampled[:, -1], guides(scalp)[:, -1], atol=1e-6)


def test_lashes_of_hair_hide_those_of_the_head(scene, tmp_path):
    from dreamface_addon.scene import grow_hair, import_face

    path = with_hair(folder.save(welded_face(), tmp_path / "ada"), "lashes")
    imported = import_face(path)
    cards = imported.parts["lashes"]
    assert cards.hide_viewport and cards.hide_render
    grow_hair(imported.skin, {}, [])
    assert not cards.hide_viewport and not cards.hide_render


def test_tiles_that_lie_on_each_other_are_told_apart(bpy, scene, tmp_path):
    """Skin and neck of this head have the same texture coordinates in tiles of their own."""
    from dreamface_addon.scene import hair_of, import_face

    path = with_hair(folder.save(welded_face(), tmp_path / "ada"), "lashes")
    with np.load(path / "groom.npz") as arrays:
        tiles = np.floor(arrays["lashes_uv"][:, 0])
    assert len(np.unique(tiles)) == 2
    imported = import_face(path)
    hair = hair_of(imported.skin)["lashes"]
    before = shown(bpy, hair)
    key = imported.skin.shape_key_add(name="up")
    key.points.foreach_set("co", (vertices(imported.skin) + UP).astype(np.float32).reshape(-1))
    key.value = 1.0
    np.testing.assert_allclose(shown(bpy, hair), before + UP, atol=2e-5)


def test_a_copy_of_a_head_has_its_own_hair(bpy, hairy, scalp):
    from dreamface_addon.scene import FACE_ID, hair_of, separate_copies

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = hairy.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    separate_copies("face-1")
    theirs = hair_of(copy)["scalp"]
    assert hair_of(hairy.skin)["scalp"] == scalp != theirs
    assert theirs.data.surface == copy and theirs["dreamface_of"] == copy[FACE_ID]


def test_another_head_brings_its_own_hair_and_keeps_what_was_combed(hairy, scalp, bpy, tmp_path):
    from dreamface_addon.scene import hair_of, update_face

    comb(scalp)
    combed = guides(scalp)
    other = with_hair(other_head(tmp_path), "beard")
    updated = update_face(hairy.skin, other)
    assert list(hair_of(hairy.skin)) == ["beard"]
    assert "The hair that you have edited does not fit the new head" in updated.warning
    kept = bpy.data.hair_curves["Round stranger hair before"]
    np.testing.assert_array_equal(read(kept.position_data, "vector", 3), combed.reshape(-1, 3))
    np.testing.assert_array_equal(guides(hair_of(hairy.skin)["beard"]), stored(other, "beard"))


def test_a_new_colour_reaches_the_material_but_for_what_the_artist_has_set(hairy, scalp, hairy_folder):
    from dreamface_addon.scene import grow_hair

    pigments = scalp.active_material.node_tree.nodes["DreamFace Hair Colour"]
    assert pigments.inputs["Melanin"].default_value == pytest.approx(0.6)
    pigments.inputs["Redness"].default_value = 0.9
    with np.load(hairy_folder / "groom.npz") as arrays:
        red = groom_entry("scalp", {"melanin": 0.2, "redness": 0.4, "dye": [0.0, 0.0, 1.0, 0.5]})
        grow_hair(hairy.skin, dict(arrays), [red])
    assert pigments.inputs["Melanin"].default_value == pytest.approx(0.2)
    assert pigments.inputs["Redness"].default_value == pytest.approx(0.9)
    assert pigments.inputs["Dye Strength"].default_value == pytest.approx(0.5)


def test_solid_view_shows_the_hairs_colour(scene, hairy_folder, tmp_path):
    from dreamface_addon.scene import hair_of, import_face

    blond = shutil.copytree(hairy_folder, tmp_path / "blond")
    with_hair(blond, "scalp", colour={"melanin": 0.05})
    shades = [
        sum(hair_of(import_face(path).skin)["scalp"].active_material.diffuse_color[:3])
        for path in (hairy_folder, blond)
    ]
    assert shades[1] > 4.0 * shades[0]


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".usda"])
def test_files_hold_curves_where_their_format_does(hairy, scalp, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    export_face(hairy.skin, tmp_path / f"head{suffix}")
    text = (tmp_path / f"head{suffix}").read_bytes()
    assert (b"BasisCurves" in text) == (suffix == ".usda")
    assert b"TEXCOORD_1" not in text, "the hair's own UV map is of use in Blender alone"
    assert "DreamFace Hair" in hairy.skin.data.uv_layers and hairy.skin.data.uv_layers.active.name == "UVMap"


def test_an_asset_holds_the_hair(hairy, scalp, bpy):
    from dreamface_addon.scene import mark_as_asset

    bpy.data.collections.remove(hairy.collection)
    for object_ in (*hairy.parts.values(), scalp):
        bpy.context.scene.collection.objects.link(object_)
    mark_as_asset(hairy.skin)
    home = next(collection for collection in bpy.data.collections if collection.asset_data)
    assert scalp.name in home.objects


def test_hair_is_changed_only_in_object_mode(bpy, hairy, scalp):
    from dreamface_addon.scene import SceneError, reshape

    bpy.context.view_layer.objects.active = scalp
    bpy.ops.object.mode_set(mode="EDIT")
    head = np.concatenate([vertices(part) for part in hairy.parts.values()])
    with pytest.raises(SceneError, match="Round stranger hair is in Edit Mode"):
        reshape(hairy.skin, {"vertices": head}, {})


BLACK, BROWN, RED, BLOND, GREY, BLUE = (
    {"melanin": 1.0},
    {"melanin": 0.6, "redness": 0.1},
    {"melanin": 0.5, "redness": 0.9},
    {"melanin": 0.1, "redness": 0.3},
    {"melanin": 0.6, "grey": 1.0},
    {"melanin": 0.6, "dye": [0.0, 0.1, 0.6, 1.0]},
)


@pytest.mark.parametrize("colour", [BLACK, BROWN, RED, BLOND, GREY, BLUE])
def test_hair_has_the_colour_that_the_backend_paints_it_in(scene, bpy, tmp_path, colour):
    """A luminous wall in the colour that the material's pigments and dyes come to, rendered."""
    from dreamface_addon.scene.grooms import COLOUR
    from dreamface_addon.scene.hair_material import mass_colour, new_hair_material

    wanted = COLOUR | {"redness": 0.0, "variation": 0.0} | colour
    traits = Traits({"hair.melanin": wanted["melanin"], "hair.redness": wanted["redness"]})
    expected = white_hair_colour() if wanted["grey"] else hair_colour(traits)
    expected = np.array(wanted["dye"][:3]) if wanted["dye"][3] else expected.numpy()
    np.testing.assert_allclose(mass_colour(wanted), expected, atol=1e-5)
    material = new_hair_material("hair", wanted)
    np.testing.assert_allclose(_seen(bpy, scene, material, tmp_path), expected, rtol=0.02, atol=0.002)


@pytest.mark.parametrize(
    "colour",
    [
        {"melanin": 0.5, "roots": [1.0, 0.0, 0.0, 1.0], "tips": [0.0, 0.0, 1.0, 1.0], "variation": 0.0},
        {"melanin": 1.0, "highlights": [0.0, 1.0, 0.0, 1.0], "variation": 0.0},
        {"melanin": 0.5, "variation": 1.0},
        {"melanin": 0.9, "grey": 0.5, "variation": 0.0},
    ],
    ids=["roots and tips", "highlights", "unlike hairs", "greying"],
)
def test_hairs_are_dyed_and_unlike_as_the_backend_has_them(scene, bpy, tmp_path, colour):
    """A wall of hairs: each row is a hair, from its root on the left to its tip."""
    from dreamface_addon.scene.grooms import COLOUR
    from dreamface_addon.scene.hair_material import new_hair_material

    rows, places = 128, 16
    wanted = COLOUR | {"redness": 0.0} | colour
    material = new_hair_material("hair", wanted)
    seen = _wall_of_hairs(bpy, scene, material, (places, rows), tmp_path)
    along = (torch.arange(places) + 0.5) / places
    random = torch.rand(2000, 2, generator=torch.Generator().manual_seed(1))
    expected = strand_colours(HairColour(**{name: _tuple(value) for name, value in wanted.items()}), random, along)
    # What a hair reflects beyond its pigments is up to Blender's light.
    tints = [torch.nn.functional.normalize(each, p=1.0, dim=2) for each in (torch.from_numpy(seen), expected)]
    for share in (0.02, 0.5, 0.98) if wanted["variation"] else ():
        own, others = (tint[..., 0].quantile(share) for tint in tints)
        assert own == pytest.approx(float(others), abs=0.01)
    own, others = (tint.mean(dim=0) for tint in tints)
    torch.testing.assert_close(own, others, atol=0.12 if wanted["highlights"][3] else 0.02, rtol=0.0)


def _tuple(value):
    return tuple(value) if isinstance(value, list) else value


def _wall_of_hairs(bpy, scene, material, size, tmp_path):
    """[rows, places, 3] the material's pigments where a hair's place and its random number are those of a picture."""
    group = material.node_tree.nodes["DreamFace Hair Colour"].node_tree
    info = next(node for node in group.nodes if node.type == "HAIR_INFO")
    place = group.nodes.new("ShaderNodeSeparateXYZ")
    group.links.new(group.nodes.new("ShaderNodeTexCoord").outputs["UV"], place.inputs[0])
    for output, stand_in in (("Intercept", "X"), ("Random", "Y")):
        for link in list(info.outputs[output].links):
            group.links.new(place.outputs[stand_in], link.to_socket)
    return _rendered(bpy, scene, material, size, tmp_path)


def _seen(bpy, scene, material, tmp_path):
    """[3] the colour of the material's pigments, as Cycles works it out."""
    return _rendered(bpy, scene, material, (4, 4), tmp_path).mean(axis=(0, 1))


def _rendered(bpy, scene, material, size, tmp_path):
    """[H, W, 3] a square that shines in the colour of a material's pigments, seen from straight before it."""
    tree = material.node_tree
    light = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(tree.nodes["DreamFace Hair Colour"].outputs[0], light.inputs["Color"])
    tree.links.new(light.outputs[0], tree.nodes["DreamFace Cycles"].inputs["Surface"])
    bpy.ops.mesh.primitive_plane_add(size=1.0)
    plane = bpy.context.object
    plane.data.materials.append(material)
    plane.scale.x = size[0] / size[1]
    bpy.ops.object.camera_add(location=(0.0, 0.0, 5.0))
    scene.camera = bpy.context.object
    scene.camera.data.type, scene.camera.data.ortho_scale = "ORTHO", max(1.0, size[0] / size[1])
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.cycles.pixel_filter_type = "BOX"
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format, scene.render.filepath = "OPEN_EXR", str(tmp_path / "seen.exr")
    bpy.ops.render.render(write_still=True)
    pixels = read_pixels(bpy.data.images.load(str(tmp_path / "seen.exr")))
    return pixels[:, :3].reshape(size[1], size[0], 3)


def read_pixels(image):
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(-1, 4)


def test_undo_takes_the_whole_hair_back(bpy, hairy, scalp, hairy_folder):
    from dreamface_addon.scene import find_face, grow_hair, hair_of

    before = guides(scalp)
    bpy.ops.ed.undo_push(message="before")
    with np.load(hairy_folder / "groom.npz") as arrays:
        shorter = dict(arrays) | {"scalp_points": arrays["scalp_points"][:, ::-1].copy()}
    grow_hair(hairy.skin, shorter, [groom_entry("scalp")])
    bpy.ops.ed.undo_push(message="grown")
    bpy.ops.ed.undo()
    hair = hair_of(find_face("face-1"))
    assert list(hair) == ["scalp", "brows"]
    np.testing.assert_array_equal(guides(hair["scalp"]), before)


def test_hair_is_there_after_saving_and_opening_the_file(bpy, scalp, tmp_path):
    check_survives_saving(bpy, scalp, tmp_path / "scene.blend")


def test_hair_is_drawn_only_where_the_modifier_is_left(hairy, scalp, hairy_folder):
    from dreamface_addon.scene import grow_hair, hair_density, set_hair_density

    scalp.modifiers.clear()
    assert hair_density(scalp) == 0.0
    set_hair_density(scalp, 0.5)
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp")])
    assert not scalp.modifiers, "what an artist has removed stays away"


def test_a_written_file_holds_the_hair(bpy, hairy_folder, tmp_path):
    from dreamface_addon.scene import find_face, hair_of
    from dreamface_addon.scene.write_blend import write_blend

    write_blend(hairy_folder, tmp_path / "ada.blend")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "ada.blend"))
    hair = hair_of(find_face("face-1"))
    np.testing.assert_array_equal(guides(hair["scalp"]), stored(hairy_folder))
    assert len(shown(bpy, hair["scalp"])) > 1000


def test_combed_hair_is_rooted_in_a_mesh_that_takes_the_place_of_an_edited_one(hairy, scalp, face, tmp_path):
    from dreamface_addon.scene import edited_hair, update_face

    comb(scalp)
    hairy.skin.data.vertices.add(1)
    update_face(hairy.skin, with_hair(folder.save(other_face(face), tmp_path / "eve"), "scalp"))
    assert edited_hair(hairy.skin) == ["scalp"]
    roots = np.linalg.norm((guides(scalp)[:, 0] - [0.0, 0.0, 0.33]) / [0.8, 1.0, 1.1], axis=1)
    np.testing.assert_allclose(roots, 0.1, atol=0.002)


def test_hair_that_was_deleted_stays_away_until_it_is_grown(bpy, hairy, scalp, hairy_folder):
    from dreamface_addon.growing import remember_grown
    from dreamface_addon.scene import deleted_hair, grow_hair, hair_of, update_face

    remember_grown(hairy.skin)
    bpy.data.objects.remove(scalp)
    for _ in range(2):  # what is remembered after an update counts in the next
        update_face(hairy.skin, hairy_folder)
        remember_grown(hairy.skin)
        assert list(hair_of(hairy.skin)) == ["brows"] and deleted_hair(hairy.skin) == ["scalp"]
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp")], ["scalp"])
    remember_grown(hairy.skin)
    assert "scalp" in hair_of(hairy.skin) and deleted_hair(hairy.skin) == []


def test_hair_that_an_update_takes_away_was_not_deleted(hairy, scalp, face_folder, hairy_folder, tmp_path):
    from dreamface_addon.growing import remember_grown
    from dreamface_addon.scene import deleted_hair, hair_of, update_face

    remember_grown(hairy.skin)
    for bare in (with_hair(shutil.copytree(face_folder, tmp_path / "brows"), "brows"), other_head(tmp_path)):
        update_face(hairy.skin, bare)
        remember_grown(hairy.skin)
        assert "scalp" not in hair_of(hairy.skin) and deleted_hair(hairy.skin) == []
    update_face(hairy.skin, hairy_folder)
    assert "scalp" in hair_of(hairy.skin)


def test_a_backup_copy_does_not_take_the_hairs_place(bpy, hairy, scalp, hairy_folder, tmp_path):
    from dreamface_addon.scene import find_face, grow_hair, hair_of

    comb(scalp)
    combed = guides(scalp)
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = scalp
    scalp.select_set(True)
    bpy.ops.object.duplicate()
    backup = bpy.context.view_layer.objects.active
    backup.name = "A backup"
    assert hair_of(hairy.skin)["scalp"] == scalp
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp")], ["scalp"])
    np.testing.assert_array_equal(guides(backup), combed)
    np.testing.assert_array_equal(guides(scalp), stored(hairy_folder))
    name = scalp.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    assert hair_of(find_face("face-1"))["scalp"].name == name


@pytest.mark.parametrize("linked", [True, False])
def test_another_colour_on_a_copy_leaves_the_original_as_it_is(bpy, hairy, scalp, hairy_folder, linked):
    from dreamface_addon.scene import grow_hair, hair_of, separate_copies

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = hairy.skin
    bpy.ops.object.duplicate(linked=linked)
    copy = bpy.context.view_layer.objects.active
    separate_copies("face-1")
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(copy, dict(arrays), [groom_entry("scalp", {"melanin": 0.1})], ["scalp"])
    assert _melanin(hair_of(copy)["scalp"]) == pytest.approx(0.1)
    assert _melanin(scalp) == pytest.approx(0.6)
    material = scalp.active_material
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp", {"melanin": 0.9})], ["scalp"])
    assert scalp.active_material == material and _melanin(hair_of(copy)["scalp"]) == pytest.approx(0.1)


def _melanin(object_):
    return object_.active_material.node_tree.nodes["DreamFace Hair Colour"].inputs["Melanin"].default_value


def _edit_topology(bpy, skin, how):
    """Cut a skin's faces anew, or take some away, as an artist does in Edit Mode; the shape stays."""
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    if how == "subdivided":
        bpy.ops.mesh.subdivide(smoothness=0.0)
    elif how == "sorted":
        bpy.ops.mesh.sort_elements(type="RANDOMIZE", elements={"FACE"}, seed=1)
    else:
        bpy.ops.mesh.select_all(action="DESELECT")
        bpy.ops.object.mode_set(mode="OBJECT")
        for polygon in skin.data.polygons:
            polygon.select = polygon.center.z < 0.25
        bpy.ops.object.mode_set(mode="EDIT")
        bpy.ops.mesh.delete(type="FACE")
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("how", ["subdivided", "sorted", "cut off"])
@pytest.mark.parametrize("combed", [True, False])
def test_hair_follows_a_skin_whose_faces_were_edited(bpy, hairy, scalp, how, combed):
    from dreamface_addon.scene import edited_hair, settle_hair

    if combed:
        comb(scalp)
    before = guides(scalp)
    _edit_topology(bpy, hairy.skin, how)
    mesh = hairy.skin.data
    leaned = vertices(hairy.skin)
    leaned[:, 0] += 0.2 * (leaned[:, 2] - 0.3)  # moves each place of the head by another way
    mesh.vertices.foreach_set("co", leaned.astype(np.float32).reshape(-1))
    mesh.shape_keys.reference_key.points.foreach_set("co", leaned.astype(np.float32).reshape(-1))
    settle_hair(hairy.skin)
    wanted = before[:, 0].copy()
    wanted[:, 0] += 0.2 * (wanted[:, 2] - 0.3)
    np.testing.assert_allclose(guides(scalp)[:, 0], wanted, atol=2e-4)
    assert edited_hair(hairy.skin) == (["scalp"] if combed else [])
    np.testing.assert_allclose(lengths(guides(scalp)), lengths(before), rtol=1e-3)


def test_a_root_that_was_pulled_off_the_skin_is_looked_for_once(hairy, scalp, monkeypatch):
    from dreamface_addon.scene import carry_hair, hair

    points = guides(scalp)
    outwards = points[:5, :1] - [0.0, 0.0, 0.3]
    points[:5] += 0.004 * outwards / np.linalg.norm(outwards, axis=2, keepdims=True)
    scalp.data.position_data.foreach_set("vector", points.astype(np.float32).reshape(-1))
    looked_for, nearest = [], hair.nearest_on
    monkeypatch.setattr(hair, "nearest_on", lambda *a: looked_for.append(len(a[2])) or nearest(*a))
    skin = vertices(hairy.skin)
    for step in range(3):
        carry_hair(hairy.skin, skin + step * UP, skin + (step + 1) * UP)
    assert looked_for == [5]
    np.testing.assert_allclose(guides(scalp), points + 3 * UP, atol=1e-5)


def test_hair_stays_where_it_is_without_a_skin_under_it(bpy, hairy, scalp):
    from dreamface_addon.scene import settle_hair

    before = guides(scalp)
    hairy.skin.data.clear_geometry()
    settle_hair(hairy.skin)
    np.testing.assert_array_equal(guides(scalp), before)


def _lift_by_hand(bpy, skin, settling, mode):
    """Move a head's vertices up, as an artist does in a mode, and go back to Object Mode."""
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode=mode)
    settling.tick()
    if mode == "EDIT":
        bpy.ops.mesh.select_all(action="SELECT")
        bpy.ops.transform.translate(value=UP.tolist())
    else:
        moved = (vertices(skin) + UP).astype(np.float32).reshape(-1)
        skin.data.vertices.foreach_set("co", moved)
        for key in skin.data.shape_keys.key_blocks:
            key.points.foreach_set("co", (read(key.points, "co", 3) + UP).astype(np.float32).reshape(-1))
        skin.data.update()
    settling.tick()
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.parametrize("mode", ["EDIT", "SCULPT"])
def test_hair_follows_when_sculpting_has_ended(bpy, hairy, scalp, mode):
    from dreamface_addon.scene import edited_hair
    from dreamface_addon.settling import Settling

    before, hairs, settling = guides(scalp), shown(bpy, scalp), Settling()
    _lift_by_hand(bpy, hairy.skin, settling, mode)
    np.testing.assert_array_equal(guides(scalp), before)
    assert settling.tick()
    np.testing.assert_allclose(guides(scalp), before + UP, atol=1e-5)
    np.testing.assert_allclose(shown(bpy, scalp), hairs + UP, atol=1e-4)
    assert edited_hair(hairy.skin) == [] and not settling.tick()


def test_undo_passes_by_hair_that_has_followed(bpy, hairy, scalp):
    from dreamface_addon.scene import find_face, hair_of
    from dreamface_addon.settling import Settling

    before, settling = guides(scalp), Settling()
    bpy.ops.ed.undo_push(message="imported")
    _lift_by_hand(bpy, hairy.skin, settling, "EDIT")
    bpy.ops.ed.undo_push(message="left Edit Mode")
    assert settling.tick()
    bpy.ops.ed.undo()
    assert not settling.tick(), "it would be there again after every undo"
    np.testing.assert_array_equal(guides(hair_of(find_face("face-1"))["scalp"]), before)
    bpy.ops.ed.redo()
    np.testing.assert_allclose(guides(hair_of(find_face("face-1"))["scalp"]), before + UP, atol=1e-5)


def test_a_style_is_saved_as_the_hair_lies_on_the_sculpted_head(hairy, scalp):
    from types import SimpleNamespace

    from dreamface_addon.styling import Styling

    before, sent = guides(scalp), []
    taller = vertices(hairy.skin)
    taller[taller[:, 2] > 0.3] += UP
    hairy.skin.data.vertices.foreach_set("co", taller.astype(np.float32).reshape(-1))
    hairy.skin.data.shape_keys.reference_key.points.foreach_set("co", taller.astype(np.float32).reshape(-1))
    styles = SimpleNamespace(find=lambda *_: None, save=lambda request, files: sent.append(request))
    Styling(styles, None, None, SimpleNamespace(start_if_needed=lambda: None)).save(hairy.skin, "scalp", "mop", "Mop")
    high = before[:, 0, 2] > 0.33
    np.testing.assert_allclose(np.array(sent[0]["guides"])[high], before[high] + UP, atol=1e-5)


def test_an_artists_own_map_called_hair_stays_as_it_is(scene, face_folder, hairy_folder):
    from dreamface_addon.scene import grow_hair, hair_of, import_face, settle_hair

    skin = import_face(face_folder).skin
    theirs = np.full(2 * len(skin.data.loops), 0.123, np.float32)
    skin.data.uv_layers.new(name="Hair").uv.foreach_set("vector", theirs)
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(skin, dict(arrays), [groom_entry("scalp")], ["scalp"])
    settle_hair(skin)
    np.testing.assert_array_equal(read(skin.data.uv_layers["Hair"].uv, "vector", 2).reshape(-1), theirs)
    assert hair_of(skin)["scalp"].data.surface_uv_map in skin.data.uv_layers


@pytest.mark.parametrize("whose", ["ours", "the artist's"])
def test_the_map_of_an_older_file_gets_its_name_of_today(bpy, hairy, scalp, whose):
    from dreamface_addon.settling import Settling

    layers = hairy.skin.data.uv_layers
    layers["DreamFace Hair"].name = scalp.data.surface_uv_map = "Hair"
    if whose != "ours":
        layers["Hair"].uv.foreach_set("vector", np.full(2 * len(hairy.skin.data.loops), 0.123, np.float32))
    before = shown(bpy, scalp)
    Settling().file_opened()
    name = "DreamFace Hair" if whose == "ours" else "Hair"
    assert scalp.data.surface_uv_map == name and name in layers and len(layers) == 2
    np.testing.assert_allclose(shown(bpy, scalp), before, atol=1e-6)


def test_a_skin_without_room_for_the_hairs_map_says_so(scene, face_folder, hairy_folder):
    from dreamface_addon.scene import SceneError, grow_hair, hair_of, import_face, update_face

    skin = import_face(face_folder).skin
    while len(skin.data.uv_layers) < 8:
        skin.data.uv_layers.new(name="Mine")
    with np.load(hairy_folder / "groom.npz") as arrays, pytest.raises(SceneError, match="remove one, then grow the"):
        grow_hair(skin, dict(arrays), [groom_entry("scalp")], ["scalp"])
    assert hair_of(skin) == {}
    assert "remove one, then grow the hair" in update_face(skin, hairy_folder).warning
    skin.data.uv_layers.remove(skin.data.uv_layers[-1])
    assert update_face(skin, hairy_folder).warning == "" and "scalp" in hair_of(skin)
    skin.data.uv_layers["UVMap"].name = "Mine too"
    assert "rename it back" in update_face(skin, hairy_folder).warning


def test_what_an_artist_has_set_up_is_there_again_after_a_style_without_hair(bpy, hairy, scalp, hairy_folder):
    from dreamface_addon.scene import grow_hair, hair_of, use_blender_nodes

    scalp.modifiers.new("Mine", "NODES")
    material, name = scalp.active_material, scalp.name
    material.node_tree.nodes["DreamFace Strand"].inputs["Roughness"].default_value = 0.9
    grow_hair(hairy.skin, {}, [], ["scalp"])
    assert "scalp" not in hair_of(hairy.skin) and len(shown(bpy, scalp)) == 0
    use_blender_nodes(hairy.skin, False)
    with np.load(hairy_folder / "groom.npz") as arrays:
        grow_hair(hairy.skin, dict(arrays), [groom_entry("scalp", {"melanin": 0.1})], ["scalp"])
    assert hair_of(hairy.skin)["scalp"] == scalp and scalp.name == scalp.data.name == name
    assert scalp.modifiers[-1].name == "Mine" and scalp.active_material == material
    assert material.node_tree.nodes["DreamFace Strand"].inputs["Roughness"].default_value == pytest.approx(0.9)
    assert _melanin(scalp) == pytest.approx(0.1) and len(shown(bpy, scalp)) > 1000


def test_guides_that_are_all_deleted_are_deleted_hair(hairy, scalp, hairy_folder):
    from dreamface_addon.growing import remember_grown
    from dreamface_addon.scene import deleted_hair, hair_of, update_face

    remember_grown(hairy.skin)
    scalp.data.remove_curves()
    update_face(hairy.skin, hairy_folder)
    remember_grown(hairy.skin)
    assert "scalp" not in hair_of(hairy.skin) and deleted_hair(hairy.skin) == ["scalp"]


@pytest.mark.parametrize("grown", [True, False])
def test_hair_of_a_linked_copy_follows_once(bpy, hairy, scalp, hairy_folder, grown):
    """Both heads wear one mesh; their hair is one as well until the copy's is grown anew."""
    from dreamface_addon.scene import grow_hair, hair_of, reshape, separate_copies

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = hairy.skin
    bpy.ops.object.duplicate(linked=True)
    copy = bpy.context.view_layer.objects.active
    separate_copies("face-1")
    if grown:
        with np.load(hairy_folder / "groom.npz") as arrays:
            grow_hair(copy, dict(arrays), [groom_entry("scalp")], ["scalp"])
    theirs, before = hair_of(copy)["scalp"], guides(scalp)
    assert (theirs.data == scalp.data) != grown
    head = np.concatenate([vertices(part) for part in hairy.parts.values()]) + UP
    reshape(hairy.skin, {"vertices": head.astype(np.float32)}, {})
    for object_ in (scalp, theirs):
        np.testing.assert_allclose(guides(object_), before + UP, atol=1e-5)
