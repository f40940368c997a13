"""What a face's materials do with its maps, in both engines, and when another face comes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from dreamface import folder
from tests.addon.faces import edit_document, maps_of
from tests.support import synthetic_face

SURFACE = "DreamFace Surface"
NEW_VALUES = ("metallic", "coat", "coat_roughness", "coat_ior")


@pytest.fixture(scope="module")
def face():
    plain = synthetic_face()
    oily = replace(plain.materials["skin"], coat=0.3, coat_roughness=0.6, coat_ior=1.44)
    wet = replace(plain.materials["cornea"], coat=1.0, coat_roughness=0.01, coat_ior=1.336)
    return replace(plain, materials=plain.materials | {"skin": oily, "cornea": wet})


@pytest.fixture(scope="module")
def metal(face):
    """The same face, with gold on it."""
    return replace(face, maps={**face.maps, "skin": {**face.maps["skin"], "metallic": torch.ones(64, 64, 1)}})


@pytest.fixture
def wear(tmp_path):
    """Puts another face into an imported one."""
    from dreamface_addon.scene import update_face

    count = iter(range(10))
    return lambda imported, face: update_face(imported.skin, folder.save(face, tmp_path / f"other-{next(count)}"))


def test_the_second_gloss_is_the_maps_of_the_first_times_the_materials_values(imported):
    inputs = _surface(imported.skin)
    for socket, channel, factor in (("Coat Weight", "specular", 0.3 / 0.5), ("Coat Roughness", "roughness", 0.6)):
        product = inputs[socket].links[0].from_node
        assert (product.operation, product.use_clamp) == ("MULTIPLY", True)
        assert product.inputs[0].links[0].from_node.image.name == f"Round stranger skin {channel}"
        assert product.inputs[1].default_value == pytest.approx(factor)
    assert inputs["Coat IOR"].default_value == pytest.approx(1.44)
    assert inputs["Coat Normal"].links[0].from_node == inputs["Normal"].links[0].from_node


def test_without_maps_the_second_gloss_has_plain_values(imported):
    for node in imported.parts["left_cornea"].active_material.node_tree.nodes:
        if node.type == "BSDF_PRINCIPLED":  # the one that Cycles shows, and the one that EEVEE shows
            values = [node.inputs[f"Coat {name}"].default_value for name in ("Weight", "Roughness", "IOR")]
            assert values == pytest.approx([1.0, 0.01, 1.336])


def test_what_is_not_metal_has_no_map_of_it(imported):
    metallic = _surface(imported.skin)["Metallic"]
    assert not metallic.is_linked and metallic.default_value == 0.0


def test_cavities_are_dark_in_eevee_alone_and_by_the_same_shader(imported):
    for part in ("skin", "left_iris", "upper_teeth"):
        tree = imported.parts[part].active_material.node_tree
        cycles, mix = (
            tree.get_output_node(engine).inputs["Surface"].links[0].from_node for engine in ("CYCLES", "EEVEE")
        )
        assert cycles == tree.nodes[SURFACE]
        assert not mix.inputs[1].is_linked and mix.inputs[2].links[0].from_node == cycles
        seen = mix.inputs[0].links[0].from_node.inputs["Value"].links[0].from_node
        assert seen.type == "AMBIENT_OCCLUSION"
    assert not [node for node in _nodes(imported.parts["left_cornea"]) if node.type == "AMBIENT_OCCLUSION"]


def test_whites_are_shaded_by_the_lids_in_both_engines(imported):
    tree = imported.parts["left_sclera"].active_material.node_tree
    shade = tree.nodes["DreamFace Lid Shade"]
    assert shade.inputs[2].links[0].from_node == tree.nodes[SURFACE]
    assert shade.inputs[0].links[0].from_node.inputs["Value"].links[0].from_node.type == "AMBIENT_OCCLUSION"
    assert tree.get_output_node("CYCLES").inputs["Surface"].links[0].from_node == shade
    assert tree.get_output_node("EEVEE").inputs["Surface"].links[0].from_node.inputs[2].links[0].from_node == shade
    shaded = [name for name, part in imported.parts.items() for node in _nodes(part) if node.name == shade.name]
    assert sorted(shaded) == ["left_sclera", "right_sclera"]


def test_cycles_looks_through_every_layer_of_lashes(scene, face, tmp_path):
    from dreamface_addon.scene import import_face

    for before, after in ((8, 48), (100, 100)):  # an artist's larger number stays
        scene.cycles.transparent_max_bounces = before
        import_face(folder.save(face, tmp_path / f"face-{before}"))
        assert scene.cycles.transparent_max_bounces == after


def test_light_walks_below_the_skin_as_eevees_profile_has_it(imported):
    assert imported.skin.active_material.node_tree.nodes[SURFACE].subsurface_method == "RANDOM_WALK_SKIN"


def test_metal_comes_and_goes(imported, wear, metal, face, bpy):
    wear(imported, metal)
    metallic = _surface(imported.skin)["Metallic"]
    image = metallic.links[0].from_node.image
    assert (image.name, image.colorspace_settings.name) == ("Round stranger skin metallic", "Non-Color")
    wear(imported, face)
    assert not metallic.is_linked
    assert "skin_metallic" not in bpy.data.images
    wear(imported, metal)
    assert metallic.is_linked


def test_a_metal_map_that_the_artist_has_removed_stays_removed(scene, wear, metal, tmp_path):
    from dreamface_addon.scene import import_face

    imported = import_face(folder.save(metal, tmp_path / "gold"))
    tree = imported.skin.active_material.node_tree
    tree.nodes.remove(_surface(imported.skin)["Metallic"].links[0].from_node)
    wear(imported, metal)
    assert "metallic" not in maps_of(imported.skin)


def test_the_second_gloss_is_renewed_unless_the_artist_has_changed_it(imported, wear, face):
    dry = replace(face.materials["skin"], coat=0.1, coat_roughness=0.9, coat_ior=1.5)
    tree = imported.skin.active_material.node_tree
    tree.nodes["DreamFace Second Gloss"].inputs[1].default_value = 0.77
    wear(imported, replace(face, materials=face.materials | {"skin": dry}))
    assert tree.nodes["DreamFace Second Gloss"].inputs[1].default_value == pytest.approx(0.77)
    assert tree.nodes["DreamFace Second Roughness"].inputs[1].default_value == pytest.approx(0.9)
    assert _surface(imported.skin)["Coat IOR"].default_value == pytest.approx(1.5)


def test_a_face_that_knows_no_second_gloss_has_none(scene, face, tmp_path):
    from dreamface_addon.scene import import_face

    path = folder.save(face, tmp_path / "old")
    edit_document(path, _forget)
    inputs = _surface(import_face(path).skin)
    assert inputs["Coat Weight"].links[0].from_node.inputs[1].default_value == 0.0
    assert inputs["Metallic"].default_value == 0.0


@pytest.mark.parametrize("touched", [False, True])
def test_materials_of_the_first_release_are_repainted(imported, wear, face, touched):
    _make_first_release(imported.skin.active_material)
    tree = imported.skin.active_material.node_tree
    if touched:
        tree.nodes[SURFACE].inputs["Subsurface Scale"].default_value = 0.02
    for _ in range(2):
        wear(imported, face)
        inputs = _surface(imported.skin)
        assert inputs["Coat Weight"].default_value == pytest.approx(0.3)
        scattering = (tree.nodes[SURFACE].subsurface_method, inputs["Subsurface Scale"].default_value)
        assert scattering[0] == ("RANDOM_WALK" if touched else "RANDOM_WALK_SKIN")
        assert scattering[1] == pytest.approx(0.02 if touched else 2.0 * 0.0037)
    assert maps_of(imported.skin)["albedo"].parent.parent.name == "other-1"


def test_a_coat_that_is_no_number_is_refused(scene, face, tmp_path):
    from dreamface_addon.scene import FaceFolderError, import_face

    path = folder.save(face, tmp_path / "bad")
    edit_document(path, lambda document: document["materials"]["skin"].update(coat="thick"))
    with pytest.raises(FaceFolderError, match="the material skin has a coat that is no number"):
        import_face(path)


@pytest.mark.slow
def test_oil_shines_and_its_cavities_do_not(scene, face, tmp_path, bpy):
    """A picture by Cycles, of a black head under a lamp: what is seen is the gloss."""
    shiny, dull = (_brightest(bpy, face, tmp_path / f"{gloss}", gloss) for gloss in (0.5, 0.0))
    assert shiny > 1.5 * dull and dull < 0.01


def _brightest(bpy, face, path, gloss):
    from dreamface_addon.scene import import_face

    still = torch.zeros(64, 64, 1)
    maps = {"albedo": torch.zeros(64, 64, 3), "specular": still + gloss, "roughness": still + 0.3}
    imported = import_face(folder.save(replace(face, maps={**face.maps, "skin": maps}), path))
    for part in imported.parts.values():
        part.hide_render = part != imported.skin
    imported.skin.name = path.name
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    camera.location = lamp.location = (0.0, -0.5, 0.3)
    camera.rotation_euler, lamp.data.energy, lamp.data.shadow_soft_size = (np.pi / 2, 0.0, 0.0), 5.0, 0.05
    scene.collection.objects.link(camera), scene.collection.objects.link(lamp)
    scene.camera, scene.render.engine, scene.cycles.samples = camera, "CYCLES", 16
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.view_settings.view_transform = "Raw"
    scene.render.filepath = str(path / "picture.png")
    bpy.ops.render.render(write_still=True)
    picture = bpy.data.images.load(scene.render.filepath)
    for thing in (camera, lamp, imported.skin):
        bpy.data.objects.remove(thing)
    return float(np.array(picture.pixels[:]).reshape(-1, 4)[:, :3].max())


def _make_first_release(material):
    """As the extension built it before there was a second gloss."""
    tree, shader = material.node_tree, material.node_tree.nodes[SURFACE]
    for node in [node for node in tree.nodes if node.name.startswith("DreamFace Second")]:
        tree.nodes.remove(node)
    tree.nodes.remove(tree.get_output_node("EEVEE"))
    tree.get_output_node("CYCLES").target = "ALL"
    for link in list(shader.inputs["Coat Normal"].links):
        tree.links.remove(link)
    plain = {"Coat Weight": 0.0, "Coat Roughness": 0.03, "Coat IOR": 1.5, "Subsurface Scale": 0.0037}
    for name, value in plain.items():
        shader.inputs[name].default_value = value
    shader.subsurface_method = "RANDOM_WALK"
    values = {"materials": {"skin": json.loads(material["dreamface_material"])}}
    _forget(values)
    material["dreamface_material"] = json.dumps(values["materials"]["skin"])
    del material["dreamface_channels"]


def _forget(document):
    for values in document["materials"].values():
        for name in NEW_VALUES:
            values.pop(name, None)


def _surface(object_):
    return object_.active_material.node_tree.nodes[SURFACE].inputs


def _nodes(object_):
    return list(object_.active_material.node_tree.nodes)
