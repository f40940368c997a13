"""Names that an artist or a newer version has changed: what they stood for keeps working."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.addon.faces import groom_entry, guides_on, with_hair


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    return with_hair(shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada"), "scalp")


@pytest.fixture
def skin(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder).skin


def test_a_lock_of_brows_and_lashes_counts_for_both(skin):
    from dreamface_addon import regions

    skin[regions.LOCKED] = json.dumps(["Brows and Lashes", "Nose", "Nowhere"])
    assert regions.locked(skin) == {"Brows", "Lashes", "Nose"}
    assert {"brows.style", "lashes.style"} <= regions.locked_traits(skin).keys()
    regions.toggle_lock(skin, "Lashes")
    assert regions.locked(skin) == {"Brows", "Nose"}


def test_every_family_that_was_divided_names_families_there_are():
    from dreamface_addon.vocabulary import FAMILIES, FORMER_FAMILIES

    assert not FORMER_FAMILIES.keys() & FAMILIES.keys()
    assert {part for parts in FORMER_FAMILIES.values() for part in parts} <= FAMILIES.keys()


def test_hair_keeps_its_sliders_when_its_node_group_is_renamed(bpy, skin, hairy_folder):
    from dreamface_addon.scene import grow_hair, hair_density, hair_of, set_hair_density
    from dreamface_addon.scene.modifiers import read_input

    scalp = hair_of(skin)["scalp"]
    (modifier,) = scalp.modifiers
    modifier.node_group.name = "My hair"
    set_hair_density(scalp, 0.5)
    assert hair_density(scalp) == 0.5
    entry = groom_entry("scalp")
    entry["look"]["hairs"] = 777
    grow_hair(skin, guides_on(hairy_folder, "scalp"), [entry])
    assert read_input(modifier, "Hairs") == 777 and list(scalp.modifiers) == [modifier]


def test_an_artists_own_nodes_are_left_alone_whatever_they_are_called(bpy, skin, hairy_folder):
    from dreamface_addon.scene import hair_density, hair_of, set_hair_density

    scalp = hair_of(skin)["scalp"]
    own = scalp.modifiers.new("Mine", "NODES")
    own.node_group = bpy.data.node_groups.new("DreamFace Hair of mine", "GeometryNodeTree")
    scalp.modifiers.move(1, 0)
    set_hair_density(scalp, 0.5)
    assert hair_density(scalp) == 0.5
