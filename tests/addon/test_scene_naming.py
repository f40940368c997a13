"""What a face's datablocks are called."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("an elf queen with pointed ears and silver hair", "Elf queen"),
        ("The old fisherman, weathered", "Old fisherman"),
        ("portrait of a boy", "Boy"),
        ("a", "A"),
        ("...", "Face"),
        ("старик", "Старик"),
        ("a very long description without any pause at all", "Very long description without"),
        ("x" * 100, "X" + "x" * 31),
    ],
)
def test_a_short_name_from_a_prompt(bpy, prompt, name):
    from dreamface_addon.scene import name_from

    assert name_from(prompt) == name


def folder_with(face_folder, tmp_path, prompt):
    other = shutil.copytree(face_folder, tmp_path / prompt.replace(" ", "-"))
    document = json.loads((other / "face.json").read_text())
    (other / "face.json").write_text(json.dumps(document | {"prompt": prompt}))
    return other


def names(bpy):
    kinds = ("objects", "collections", "meshes", "materials", "images")
    return {block.name for kind in kinds for block in getattr(bpy.data, kind)}


def test_every_datablock_is_called_after_the_face(scene, bpy, face_folder, tmp_path):
    from dreamface_addon.scene import import_face

    folder = folder_with(face_folder, tmp_path, "an elf queen with silver hair")
    first, second = import_face(folder), import_face(folder)
    assert (first.collection.name, first.skin.name) == ("Elf queen", "Elf queen skin")
    assert (second.collection.name, second.skin.name) == ("Elf queen 2", "Elf queen 2 skin")
    assert all(name.startswith("Elf queen") for name in names(bpy))
    assert not [name for name in names(bpy) if name[-4:] == ".001"]
    third = import_face(folder, name="Mira")
    assert (third.collection.name, third.parts["left_iris"].name) == ("Mira", "Mira left iris")


def test_a_deleted_face_leaves_its_name_to_the_next(scene, bpy, face_folder, tmp_path):
    from dreamface_addon.scene import import_face

    folder = folder_with(face_folder, tmp_path, "an elf queen")
    first = import_face(folder)
    for part in list(first.parts.values()):
        bpy.data.objects.remove(part)
    bpy.data.collections.remove(first.collection)
    second = import_face(folder)
    assert second.skin.name == second.skin.data.name == "Elf queen skin"


def test_updating_renames_what_was_not_renamed_by_hand(scene, bpy, face_folder, tmp_path):
    from dreamface_addon.scene import import_face, name_of, update_face

    imported = import_face(folder_with(face_folder, tmp_path, "an elf queen"))
    imported.parts["left_iris"].name = "Magic eye"
    image = next(image for image in bpy.data.images if image.name == "Elf queen skin albedo")
    image.name = "My paint"
    update_face(imported.skin, folder_with(face_folder, tmp_path, "a dwarf with a beard"))
    assert name_of(imported.skin) == "Dwarf"
    assert (imported.skin.name, imported.collection.name) == ("Dwarf skin", "Dwarf")
    assert imported.parts["left_iris"].name == "Magic eye"
    assert "My paint" in bpy.data.images and "Dwarf skin normal" in bpy.data.images


def test_a_name_of_ones_own_stays_whatever_the_prompt_becomes(scene, bpy, face_folder, tmp_path):
    from dreamface_addon.scene import import_face, rename_face, update_face

    imported = import_face(folder_with(face_folder, tmp_path, "an elf queen"))
    rename_face(imported.skin, "Mira")
    assert imported.skin.name == "Mira skin" and imported.collection.name == "Mira"
    update_face(imported.skin, folder_with(face_folder, tmp_path, "a dwarf"))
    assert imported.skin.name == "Mira skin"
    rename_face(imported.skin, "  ")
    assert imported.skin.name == "Mira skin", "an empty name is none"


def duplicate(bpy, skin):
    """Copy a head as Shift+D does: meshes are copied, materials are shared, and both lie in one collection."""
    from dreamface_addon.scene import parts_of

    for object_ in bpy.data.objects:
        object_.select_set(False)
    for part in parts_of(skin):
        part.hide_viewport = False
        part.select_set(True)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.duplicate()
    return bpy.context.view_layer.objects.active


def test_renaming_a_duplicate_leaves_its_original_alone(scene, bpy, imported):
    from dreamface_addon.scene import name_of, parts_of, rename_face

    copy = duplicate(bpy, imported.skin)
    before = {block: block.name for block in (*parts_of(imported.skin), *bpy.data.collections)}
    before |= {block: block.name for block in (*bpy.data.materials, *bpy.data.images)}
    rename_face(copy, "Bob")
    assert {block: block.name for block in before} == before
    assert (name_of(copy), copy.name, copy.data.name) == ("Bob", "Bob skin", "Bob skin")
    assert {part.name for part in parts_of(copy)} >= {"Bob left iris", "Bob upper teeth"}


def test_updating_a_duplicate_names_what_is_its_own(scene, bpy, imported, face_folder, tmp_path):
    from dreamface_addon.scene import parts_of, update_face

    copy = duplicate(bpy, imported.skin)
    theirs = {slot.material for part in parts_of(imported.skin) for slot in part.material_slots}
    before = {block: block.name for block in (*parts_of(imported.skin), *bpy.data.collections, *theirs)}
    update_face(copy, folder_with(face_folder, tmp_path, "a dwarf"))
    assert {block: block.name for block in before} == before
    assert copy.name == "Dwarf skin"
    own = {slot.material.name for part in parts_of(copy) for slot in part.material_slots}
    assert own and all(name.startswith("Dwarf") for name in own)


def test_a_head_that_was_moved_into_anothers_collection_does_not_rename_it(scene, bpy, imported, face_folder):
    from dreamface_addon.scene import import_face, rename_face

    home, guest = imported.collection, import_face(face_folder, name="Guest")
    for part in guest.parts.values():
        guest.collection.objects.unlink(part)
        home.objects.link(part)
    called = home.name
    rename_face(guest.skin, "Zoe")
    assert home.name == called and guest.skin.name == "Zoe skin"


def test_correcting_capitals_adds_no_number(scene, bpy, face_folder):
    from dreamface_addon.scene import import_face, name_of, rename_face

    first, second = import_face(face_folder, name="Middle aged woman"), import_face(face_folder, name="Ada")
    rename_face(first.skin, "middle aged woman")
    assert name_of(first.skin) == first.collection.name == "middle aged woman"
    assert first.skin.name == "middle aged woman skin"
    rename_face(second.skin, "MIDDLE aged woman")
    assert name_of(second.skin) == "MIDDLE aged woman 2", "that is another head's name"


@pytest.mark.parametrize("damage", ["{", "[]", "null", '{"name": null}', 7])
def test_a_material_whose_property_was_damaged_hinders_no_renaming(scene, bpy, imported, face_folder, damage):
    from dreamface_addon.scene import rename_face, update_face

    material = imported.skin.material_slots[0].material
    material["dreamface_material"] = damage
    called = material.name
    rename_face(imported.skin, "Mira")
    assert (imported.skin.name, material.name) == ("Mira skin", called)
    update_face(imported.skin, face_folder)
    assert imported.skin.name == "Mira skin"


def test_a_duplicate_that_gets_new_textures_leaves_the_originals_names(scene, bpy, imported, face_folder):
    from dreamface_addon.scene import parts_of, update_face

    copy = duplicate(bpy, imported.skin)
    theirs = {slot.material for part in parts_of(imported.skin) for slot in part.material_slots}
    before = {block: block.name for block in (*parts_of(imported.skin), *bpy.data.collections, *theirs)}
    update_face(copy, face_folder)
    assert {block: block.name for block in before} == before
    assert copy.name == "Round stranger skin.001"
