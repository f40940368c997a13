"""Edits in the .blend file: the stack, what is marked, and the pictures of both."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from dreamface import folder
from dreamface.images import encode_mask
from dreamface.record import EditEntry, Place
from tests.addon.faces import edit_document


def grey(value, size=16):
    import torch

    return encode_mask(torch.full((size, size), value))


def painted(scene, skin, png, name="a scar"):
    """Give a face an edit on a painted place; return the entry."""
    digest = scene.keep_picture(skin, png)
    entry = {
        "id": "one",
        "kind": "words",
        "label": name,
        "strength": 1.0,
        "visible": True,
        "place": {"mask": {"skin": digest}},
    }
    scene.set_stack(skin, [*scene.stack_of(skin), entry])
    return entry


@pytest.fixture
def with_edits(face, tmp_path):
    png = grey(0.5)
    digest = hashlib.sha256(png).hexdigest()
    edit = EditEntry("one", "words", "a scar", 1.5, place=Place(("nose",), {"skin": digest}, 2.0))
    edited = replace(face, record=replace(face.record, edits=(edit,)), pictures={digest: png})
    return folder.save(edited, tmp_path / "edited"), png


@pytest.fixture
def api(bpy):
    from dreamface_addon import scene

    return scene


def test_a_face_brings_its_edits_and_their_pictures(scene, api, with_edits):
    path, png = with_edits
    skin = api.import_face(path).skin
    assert (
        api.stack_of(skin) == json.loads((path / "face.json").read_text("utf-8"))["edits"] == api.record(skin)["edits"]
    )
    assert api.built_edits(skin) == api.stack_of(skin)
    shutil.rmtree(path)
    files, _ = api.files_of(skin, api.record(skin))
    assert list(files.values()) == [png], "the .blend file works without the face's folder"


def test_a_new_mask_goes_along_with_an_edit(scene, api, imported):
    png = grey(0.25)
    painted(api, imported.skin, png)
    files, offset = api.files_of(imported.skin, api.record(imported.skin))
    assert files == {hashlib.sha256(png).hexdigest(): png} and offset is None


def test_pictures_survive_saving_copying_renaming_and_appending(scene, api, imported, bpy, tmp_path):
    png = grey(0.75)
    entry = painted(api, imported.skin, png)
    digest = entry["place"]["mask"]["skin"]
    copy = imported.skin.copy()
    bpy.context.scene.collection.objects.link(copy)
    copy.name = "Someone"
    next(image for image in bpy.data.images if "dreamface_digest" in image).name = "renamed"
    assert sum("dreamface_digest" in image for image in bpy.data.images) == 1, "both heads share it"
    api.set_stack(imported.skin, [])
    file = tmp_path / "heads.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.open_mainfile(filepath=str(file))
    assert api.read_picture(bpy.data.objects["Someone"], digest) == png
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(file)) as (_, wanted):
        wanted.objects = ["Someone"]
    assert api.read_picture(bpy.data.objects["Someone"], digest) == png
    assert api.stack_of(bpy.data.objects["Someone"]) == [entry]


def test_pictures_that_nothing_shows_are_gone_from_a_saved_file(scene, api, imported, bpy, tmp_path):
    painted(api, imported.skin, grey(0.1))
    api.set_stack(imported.skin, [])
    file = tmp_path / "head.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.open_mainfile(filepath=str(file))
    assert not [image for image in bpy.data.images if "dreamface_digest" in image]


def test_what_is_marked_for_the_next_edit_keeps_its_picture(scene, api, imported):
    digest = api.keep_picture(imported.skin, grey(0.3))
    api.set_draft(imported.skin, {"regions": [], "mask": {"skin": digest}})
    api.set_stack(imported.skin, [])
    assert api.read_picture(imported.skin, digest) is not None
    api.set_draft(imported.skin, None)
    assert api.read_picture(imported.skin, digest) is None


def test_an_unpacked_picture_is_read_from_where_the_artist_put_it(scene, api, imported, bpy, tmp_path):
    png = grey(0.6)
    digest = api.keep_picture(imported.skin, png)
    image = next(image for image in bpy.data.images if "dreamface_digest" in image)
    image.filepath = str(tmp_path / "mask.png")
    (tmp_path / "mask.png").write_bytes(png)
    image.unpack(method="REMOVE")
    assert api.read_picture(imported.skin, digest) == png
    (tmp_path / "mask.png").write_bytes(b"other")
    assert api.read_picture(imported.skin, digest) is None


def test_damaged_stacks_say_so_when_they_are_sent(scene, api, imported):
    imported.skin["dreamface_edits"] = "[3]"
    assert api.stack_of(imported.skin) == []
    with pytest.raises(api.SceneError, match="lost its DreamFace properties"):
        api.record(imported.skin)
    imported.skin["dreamface_edits"] = json.dumps([{"id": "a", "place": {"mask": {"skin": "../x"}}}])
    with pytest.raises(api.SceneError, match="changed by hand"):
        api.files_of(imported.skin, api.record(imported.skin))


def test_an_update_takes_over_the_new_faces_edits(scene, api, imported, with_edits):
    path, png = with_edits
    painted(api, imported.skin, grey(0.2))
    api.update_face(imported.skin, path)
    assert [entry["label"] for entry in api.stack_of(imported.skin)] == ["a scar"]
    assert list(api.files_of(imported.skin, api.record(imported.skin))[0].values()) == [png]


@pytest.mark.parametrize("edits", [{}, [3], [{"id": "a", "strength": "much", "kind": "words"}]])
def test_folders_with_damaged_edits_are_refused(scene, api, face_folder, tmp_path, edits):
    path = shutil.copytree(face_folder, tmp_path / "damaged")
    edit_document(path, lambda document: document.update(edits=edits))
    with pytest.raises(api.FaceFolderError):
        api.import_face(path)
