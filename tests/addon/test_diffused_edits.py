"""What a diffusion model has made on its way into the scene, also after the Blender that asked for it died."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest

from dreamface import folder
from dreamface.images import encode_mask
from dreamface.record import EditEntry, Place


def grey(value, size=16):
    import torch

    return encode_mask(torch.full((size, size), value))


PNG = grey(0.5)
DIGEST = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def draft():
    from dreamface_addon import stack

    return stack.NEW_PLACE | {"mask": {"skin": DIGEST}}


@pytest.fixture
def with_edit(face, tmp_path):
    """A folder that has one more edit."""
    edit = EditEntry("diffusion-1", "words", "gold cracks", place=Place((), {"skin": DIGEST}, 2.0))
    edited = replace(face, record=replace(face.record, edits=(edit,)), pictures={DIGEST: PNG})
    return folder.save(edited, tmp_path / "edited")


@pytest.fixture
def skin(imported, bpy):
    from dreamface_addon import edit_sliders, scene

    edit_sliders.register(lambda skin, whole_face: None)
    scene.keep_picture(imported.skin, PNG)
    yield imported.skin
    edit_sliders.unregister()


@pytest.fixture
def placing(skin):
    from dreamface_addon.placing import Placing

    settled, diffused = [], []
    following = SimpleNamespace(look_at=lambda skin: None)
    made = Placing(following, settled.append)
    made.on_diffused = diffused.append
    made.settled, made.diffused = settled, diffused
    return made


def job_of(skin, place, path, **diffusion):
    from dreamface_addon import scene
    from dreamface_addon.placing import Purpose
    from dreamface_addon.session import Job

    sent = scene.record(skin)
    request = {"face": sent, "diffusion": {"words": "gold cracks", "place": place} | diffusion}
    purpose = Purpose(str(skin[scene.FACE_ID]), sent=sent)
    return Job("0" * 32, "edit", request, purpose, state="done", folder=path)


def test_the_edit_goes_on_top_and_its_place_is_used_up(skin, placing, draft, with_edit):
    from dreamface_addon import scene

    scene.set_draft(skin, draft)
    placing.add(job_of(skin, draft, with_edit))
    placing.tick(False)
    assert [entry["id"] for entry in scene.stack_of(skin)] == ["diffusion-1"]
    assert skin.dreamface_edit.number == 0 and scene.draft_of(skin) == {}
    assert placing.diffused == ["gold cracks"]


def test_what_was_marked_meanwhile_stays(skin, placing, draft, with_edit):
    from dreamface_addon import scene

    placing.add(job_of(skin, draft, with_edit))
    scene.set_draft(skin, draft | {"regions": ["nose"]})
    placing.tick(False)
    assert scene.draft_of(skin)["regions"] == ["nose"] and len(scene.stack_of(skin)) == 1


def test_a_folder_that_brings_nothing_changes_neither_the_choice_nor_the_place(skin, placing, draft, face_folder):
    from dreamface_addon import scene

    below = [{"id": name, "kind": "words", "label": name, "strength": 1.0} for name in ("one", "two")]
    scene.set_stack(skin, below)
    scene.set_draft(skin, draft)
    skin.dreamface_edit.number = 0
    placing.add(job_of(skin, draft, face_folder))
    placing.tick(False)
    assert skin.dreamface_edit.number == 0 and scene.draft_of(skin) == draft


def test_a_folder_that_can_not_be_read_leaves_place_and_words(skin, placing, draft, tmp_path):
    from dreamface_addon import scene

    scene.set_draft(skin, draft)
    placing.add(job_of(skin, draft, tmp_path / "nothing"))
    placing.tick(False)
    assert len(placing.left) == 1 and scene.draft_of(skin) == draft and placing.diffused == []


def test_after_a_crash_the_edit_still_comes_and_its_mask_is_sent(
    skin, placing, draft, with_edit, tmp_path, monkeypatch
):
    from dreamface_addon import places, scene
    from dreamface_addon.journal import Journal
    from dreamface_addon.recovery import Recovery

    monkeypatch.setattr(places, "user_folder", lambda name: tmp_path / name)
    submitted = []
    settings = SimpleNamespace(url="", store=tmp_path / "store")
    session = SimpleNamespace(
        backend=SimpleNamespace(settings=settings), submit=lambda *given: submitted.append(given) or job
    )
    job = replace(job_of(skin, draft, None), files={DIGEST: PNG, "f" * 64: b"a picture of the head's own"})
    Recovery(session).note(job, job.tag)
    del skin["dreamface_pictures"]  # the file was saved before the place was painted
    (entry,) = [entry for _, _, entry in Journal(tmp_path / "jobs")._read()]
    Recovery(session).job_of(entry, 0)
    _, request, purpose, files, job_id = submitted[0]
    assert files == {DIGEST: PNG} and job_id == job.id and request == job.request
    placing.add(replace(job, request=request, tag=purpose, folder=with_edit))
    placing.tick(False)
    assert [edit["id"] for edit in scene.stack_of(skin)] == ["diffusion-1"]


def test_another_face_brings_its_own_edits_and_the_artists_stay_on_top(skin, placing, face, tmp_path):
    from dreamface_addon import scene
    from dreamface_addon.placing import Purpose
    from dreamface_addon.session import Job

    def words(name, label, **fields):
        return {"id": name, "kind": "words", "label": label, "strength": 1.0, "parameters": {}} | fields

    skin["dreamface_prompt"] = "A man with a scar on  the chin"
    below = words("diffusion", "Diffusion", kind="diffusion", parameters={"under": True})
    made_later = words("later", "Diffusion", kind="diffusion")
    scene.set_stack(skin, [below, words("words-1", "a scar on the chin"), words("words-2", "older"), made_later])
    skin.dreamface_edit.number = 3
    new = (
        EditEntry("diffusion", "diffusion", "Diffusion", parameters={"under": True, "words": "a woman"}),
        EditEntry("words-1", "words", "a mole", place=Place(("chin",))),
        EditEntry("words-2", "words", "a scar", place=Place(("nose",))),
    )
    path = folder.save(replace(face, record=replace(face.record, edits=new)), tmp_path / "other")
    job = Job("0" * 32, "generate", {}, Purpose(str(skin[scene.FACE_ID])), state="done", folder=path)
    placing.add(job)
    placing.tick(False)
    assert not placing.left, placing.left
    entries = scene.stack_of(skin)
    assert [entry["label"] for entry in entries] == ["Diffusion", "a mole", "a scar", "older", "Diffusion"]
    assert entries[0]["parameters"]["words"] == "a woman" and entries[4]["id"] == "later"
    assert len({entry["id"] for entry in entries}) == 5 and entries[1]["id"] == "words-1"
