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
