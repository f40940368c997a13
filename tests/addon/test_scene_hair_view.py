"""How the 3D view draws hair: as thin as it is, and as many of the hairs as it can."""

from __future__ import annotations

import shutil

import pytest

from tests.addon.faces import POINTS, edit_document, with_hair


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, "scalp", "brows", "lashes")


@pytest.fixture
def other_hair(bpy, scene):
    object_ = bpy.data.objects.new("fur", bpy.data.hair_curves.new("fur"))
    scene.collection.objects.link(object_)
    return object_


def test_hair_is_drawn_as_thin_as_it_is(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    assert scene.render.hair_type == "STRAND", "lines, unless a face with hair comes"
    import_face(hairy_folder)
    assert scene.render.hair_type == "STRIP"


def test_a_face_without_hair_changes_nothing(scene, face_folder):
    from dreamface_addon.scene import import_face

    import_face(face_folder)
    assert scene.render.hair_type == "STRAND"


def test_an_artist_can_go_back_to_lines(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    import_face(hairy_folder)
    scene.render.hair_type = "STRAND"
    import_face(hairy_folder)
    assert scene.render.hair_type == "STRAND"


def test_a_scene_with_other_hair_keeps_its_lines(scene, other_hair, hairy_folder):
    from dreamface_addon.scene import import_face

    import_face(hairy_folder)
    assert scene.render.hair_type == "STRAND"


@pytest.mark.parametrize(("hairs", "share"), [(26_000, 1.0), (60_000, 640 / 720), (400_000, 0.25)])
def test_short_hair_is_drawn_whole(scene, hairy_folder, tmp_path, hairs, share):
    from dreamface_addon.scene import hair_density, hair_of, import_face

    path = shutil.copytree(hairy_folder, tmp_path / "face")
    edit_document(path, lambda document: document["groom"][0]["look"].update(hairs=hairs))
    scalp = hair_of(import_face(path).skin)["scalp"]
    assert POINTS == 12
    assert hair_density(scalp) == pytest.approx(share, rel=1e-3)
    assert hair_density(scalp, render=True) == 1.0


def test_lashes_mirror_less_of_the_sky_than_hair(hairy_folder, scene):
    from dreamface_addon.scene import hair_of, import_face

    hair = hair_of(import_face(hairy_folder).skin)
    gloss = {
        region: object_.data.materials[0].node_tree.nodes["DreamFace Sheen"].inputs["Specular IOR Level"].default_value
        for region, object_ in hair.items()
    }
    assert gloss["lashes"] < gloss["brows"] < gloss["scalp"]
