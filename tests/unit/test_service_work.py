"""The service with the real worker."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dreamface import folder, images, pipeline
from dreamface.errors import DreamFaceError
from dreamface.motion import write_live_link
from dreamface.performance import load_performance
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.record import EditEntry, FaceRecord, Place, write_edits
from dreamface.service import tasks
from dreamface.service.schemas import Diffusion, FromPhoto
from dreamface.traits import Traits
from tests.running_backend import Backend, is_alive, running_backend, wait_for
from tests.takes import a_take
from tests.unit.test_stable_diffusion import folder as stable_diffusion_folder

PROMPT = "an elderly man with a broad nose and freckles, as old as the hills, wearing a zorgon"


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("work"), worker=()) as backend:
        backend.when_ready()
        yield backend


@pytest.fixture(scope="module")
def made(backend: Backend) -> dict[str, Any]:
    """A done job."""
    return backend.outcome(backend.generate(PROMPT, seed=7, without=["freckles.density"], traits={"nose.hump": 1.5}))


def record_of(made: dict[str, Any]) -> dict[str, Any]:
    """As an older version would send it: it knew neither candidates nor layers."""
    record = folder.read_document(made["result"]["folder"]).record.to_json()
    return {name: value for name, value in record.items() if name not in ("candidate", "layers")}


def arrays_of(answer: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(answer), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def test_a_generated_face_is_as_asked(made: dict[str, Any]) -> None:
    assert made["state"] == "done", made
    face = folder.load(made["result"]["folder"])
    assert (face.prompt, face.seed, face.resolution) == (PROMPT, 7, 512)
    assert face.face_id == made["result"]["face_id"]
    assert face.traits["age"].value > 60
    assert face.traits["nose.hump"].value == 1.5
    assert face.traits["freckles.density"].confidence == 0.0  # the prompt's was taken out
    assert made["result"]["not_understood"] == list(face.record.not_understood)
    assert "zorgon" in face.record.not_understood


def test_a_glance_shows_the_person_who_is_made(backend: Backend, made: dict[str, Any]) -> None:
    asked = {name: made["request"][name] for name in ("prompt", "seed", "without", "traits")}
    status, job = backend.ask("POST", "/jobs", {"kind": "glance", "request": {**asked, "size": 64}})
    assert status == 201, job
    job = backend.outcome(job["id"])
    assert job["state"] == "done", job
    picture = Path(job["result"]["file"])
    told = json.loads((picture.parent / "glance.json").read_text())
    assert images.read_png(picture).shape == (64, 64, 3)
    assert told["traits"] == folder.read_document(made["result"]["folder"]).record.traits.to_json()
    assert (told["prompt"], told["seed"]) == (PROMPT, 7)


def test_a_prompt_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read: list[str] = []
    own = pipeline.making.read

    def counted(prompt: str) -> Any:
        read.append(prompt)
        return own(prompt)

    def built(*_: Any) -> None:
        raise DreamFaceError("far enough")

    for module in (tasks.pipeline, pipeline.making):
        monkeypatch.setattr(module, "read", counted)
    monkeypatch.setattr(pipeline.making, "build_head", built)
    request = {
        "prompt": PROMPT, "seed": 7, "resolution": 512, "head": "anny", "traits": {}, "without": [], "corrections": [],
        "anyway": False, "align": 0.0, "face_id": None,
    }  # fmt: skip
    with pytest.raises(DreamFaceError, match="far enough"):
        tasks.generate({"request": request, "id": "f" * 32}, tmp_path / "face", Progress())
    assert read == [PROMPT]


def test_diffusion_works_on_the_face_as_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[FaceRecord] = []

    def diffusion_edit(face: FaceRecord, *_: Any, **more: Any) -> None:
        shown.append(face)
        raise DreamFaceError("far enough")

    monkeypatch.setattr(tasks.editing, "diffusion_edit", diffusion_edit)
    traits = complete(Traits({"age": 30.0}), 3)
    record = FaceRecord("f", "somebody", 3, 512, "anny", traits, candidate=0)
    request = {
        "face": record.to_json(), "traits": {"age": 80.0}, "layers": {"freckles": 0.25}, "resolution": None,
        "diffusion": Diffusion(words="gold", place={"regions": ["nose"]}).model_dump(),
    }  # fmt: skip
    with pytest.raises(DreamFaceError, match="far enough"):
        tasks.edit({"request": request}, tmp_path / "face", Progress())
    assert shown[0].traits["age"].value == 80.0 and shown[0].strengths["freckles"] == 0.25
    assert shown[0].traits == pipeline.changed_record(record, {"age": 80.0}).traits  # and what hangs together with it


def test_a_take_becomes_a_performance(backend: Backend, tmp_path: Path) -> None:
    write_live_link(a_take(), tmp_path / "take.csv")

    def animated(source: Path, **more: Any) -> dict[str, Any]:
        request = {"source": str(source), **more}
        status, job = backend.ask("POST", "/jobs", {"kind": "animate", "request": request})
        assert status == 201, job
        return backend.outcome(job["id"])

    done = animated(tmp_path / "take.csv", mirror=True, smoothing=0.0, gains={"jaw": 0.5})
    assert done["state"] == "done", done
    result, file = done["result"], Path(done["result"]["file"])
    assert file == backend.store / "exports" / done["id"] / "take.npz"
    take = load_performance(file)
    assert take.channel("mouthRight") == pytest.approx(0.25)
    assert take.channel("jawOpen") == pytest.approx(0.5 * a_take().channel("jawOpen"), abs=1e-6)
    assert {name: result[name] for name in ("source", "moments", "seconds", "seen", "rate", "notes")} == {
        "source": "take.csv", "moments": 60, "seconds": pytest.approx(59 / 30, abs=1e-3), "seen": 1.0, "rate": 30.0,
        "notes": [],
    }  # fmt: skip
    for source, words in ((tmp_path / "gone.mp4", "is not there"), (tmp_path / "bad.csv", "no column Timecode")):
        (tmp_path / "bad.csv").write_text("a,b")
        failed = animated(source)
        assert failed["state"] == "failed"
        assert words in failed["error"]
        assert not (backend.store / "exports" / failed["id"]).exists()


def test_photographs_become_a_face_and_are_kept_only_where_asked(
    made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    face = folder.load(made["result"]["folder"])
    shown = {"from": "photograph", "photographs": [], "notes": ["The face is small."]}
    face = replace(face, record=replace(face.record, history=(shown,)))
    given: list[Any] = []

    def from_photo(*arguments: Any, **more: Any) -> Any:
        given.append((*arguments, more))
        return face

    monkeypatch.setattr(tasks.editing, "from_photo", from_photo)
    mine, sent = tmp_path / "me.JPG", tmp_path / ("0" * 64)
    mine.write_bytes(b"front")
    sent.write_bytes(b"side")
    photographs = [
        {"path": str(mine), "upload": None, "name": ""},
        {"path": None, "upload": sent.name, "name": "s.png"},
    ]
    asked = {"photographs": photographs, "words": "older", "seed": 3, "traits": {"age": 40.0}}
    request = FromPhoto.model_validate(asked).model_dump()
    job = {"id": "f" * 32, "request": request, "files": {sent.name: str(sent)}}
    result = tasks.from_photo(job, tmp_path / "face", Progress())
    assert result["notes"] == ["The face is small."] and result["face_id"] == face.face_id
    pictures, words, more = given[0]
    assert (pictures, words) == ([mine, b"side"], "older")
    assert more["traits"]["age"].value == 40.0 and more["face_id"] == "ffffffff-ffff-ffff-ffff-ffffffffffff"
    assert not (tmp_path / "face" / "photographs").exists()
    tasks.from_photo({**job, "request": {**request, "keep": True}}, tmp_path / "kept", Progress())
    copies = {file.name: file.read_bytes() for file in (tmp_path / "kept" / "photographs").iterdir()}
    assert copies == {"1.jpg": b"front", "2.png": b"side"}
    assert folder.load(tmp_path / "kept").record.from_photograph

    def unplugged(*arguments: Any, **more: Any) -> Any:
        mine.unlink()
        return face

    monkeypatch.setattr(tasks.editing, "from_photo", unplugged)
    tasks.from_photo({**job, "request": {**request, "keep": True}}, tmp_path / "later", Progress())
    assert (tmp_path / "later" / "photographs" / "1.jpg").read_bytes() == b"front"


def test_a_photograph_that_is_not_there_is_a_sentence(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    for name, words in (("gone.jpg", "There is no photograph gone.jpg"), ("half.jpg", "half.jpg")):
        request = {"photographs": [{"path": str(tmp_path / name)}], "resolution": 512}
        status, job = backend.ask("POST", "/jobs", {"kind": "from_photo", "request": request})
        assert status == 201, job
        failed = backend.outcome(job["id"])
        assert failed["state"] == "failed" and words in failed["error"] and failed["error"].endswith(".")
        assert not (backend.store / "faces" / job["id"]).exists()


def test_the_worker_goes_first_where_memory_runs_out(backend: Backend) -> None:
    score = Path(f"/proc/{backend.health()['worker_pid']}/oom_score_adj")
    if not score.exists():
        pytest.skip("this system has no such score")
    assert int(score.read_text()) > int(Path(f"/proc/{backend.process.pid}/oom_score_adj").read_text())


def test_reading_says_which_words_did_it(backend: Backend) -> None:
    status, reading = backend.ask("POST", "/read", {"prompt": PROMPT})
    assert status == 200
    assert reading["traits"]["freckles.density"]["because"] == "freckles"
    assert "zorgon" in reading["not_understood"]


def test_reshaping_gives_the_same_head_even_while_a_job_runs(backend: Backend, made: dict[str, Any]) -> None:
    record = record_of(made)
    with np.load(Path(made["result"]["folder"]) / "geometry.npz") as archive:
        geometry = dict(archive)
    busy = backend.generate("a woman", resolution=2048)
    backend.when_running(busy)
    candidate = folder.read_document(made["result"]["folder"]).record.candidate
    body = {"head": record["head"], "seed": record["seed"], "traits": record["traits"], "shapes": True}
    body["candidate"] = candidate
    status, answer = backend.ask("POST", "/reshape", body)
    assert backend.job(busy)["state"] == "running"
    assert status == 200
    arrays = arrays_of(answer)
    measured = dict(zip(arrays.pop("measured_names").tolist(), arrays.pop("measured").tolist(), strict=True))
    assert measured["nose.width"] > 1.0  # a broad nose
    assert set(arrays) == {"vertices", "shape_offsets", "shape_vertices", "shape_deltas"}
    for name, array in arrays.items():
        assert array.dtype == geometry[name].dtype
        assert np.array_equal(array, geometry[name]), name
    wider = {**body, "traits": {**record["traits"], "nose.width": -2.0}, "shapes": False}
    moved = arrays_of(backend.ask("POST", "/reshape", wider)[1])
    assert set(moved) == {"vertices", "measured_names", "measured"}
    assert moved["measured"][moved["measured_names"].tolist().index("nose.width")] < -1.0
    assert 0.001 < float(np.abs(moved["vertices"] - geometry["vertices"]).max()) < 0.05
    backend.ask("POST", f"/jobs/{busy}/cancel")


def test_the_live_hair_is_the_faces_own(backend: Backend, made: dict[str, Any]) -> None:
    place = Path(made["result"]["folder"])
    document = folder.read_document(place)
    record = document.record
    with np.load(place / "groom.npz") as archive:
        saved = dict(archive)
    body = {"head": record.head, "seed": record.seed, "candidate": record.candidate, "traits": record.traits.to_json()}
    status, answer = backend.ask("POST", "/groom", body)
    assert status == 200
    arrays = arrays_of(answer)
    said = json.loads(arrays.pop("groom").tobytes())
    assert said == json.loads((place / "face.json").read_text("utf-8"))["groom"] and said[0]["region"] == "scalp"
    assert arrays.keys() == saved.keys()
    for name, array in arrays.items():
        assert array.dtype == saved[name].dtype and np.array_equal(array, saved[name]), name
    brows = arrays_of(backend.ask("POST", "/groom", body | {"regions": ["brows"]})[1])
    assert not [name for name in brows if name.startswith("scalp")]
    assert backend.ask("POST", "/groom", body | {"regions": ["tail"]})[0] == 400
    missing = backend.ask("POST", "/groom", body | {"offset": "0" * 64})
    assert (missing[0], "send the file" in missing[1]["error"]) == (400, True)


def test_cards_are_made_of_hair_as_it_grows_and_as_it_was_combed(backend: Backend, made: dict[str, Any]) -> None:
    place = Path(made["result"]["folder"])
    record = folder.read_document(place).record.to_json()
    groom = json.loads((place / "face.json").read_text("utf-8"))["groom"]
    with np.load(place / "groom.npz") as archive:
        arrays = dict(archive)

    def cards(**more: Any) -> dict[str, Any]:
        request = {"face": record, "level": 2, "resolution": 512} | more
        status, job = backend.ask("POST", "/jobs", {"kind": "cards", "request": request})
        assert status == 201, job
        done = backend.outcome(job["id"])
        if done["state"] == "failed":
            return {"error": done["error"]}
        file = Path(done["result"]["file"])
        assert (file.name, file.parent) == ("cards.npz", backend.store / "exports" / job["id"])
        assert (file.parent / "cards" / "albedo.png").is_file()
        with np.load(file) as archive:
            return dict(archive)

    grown = cards()
    np.testing.assert_array_equal(
        cards(hair=upload(backend, packed(arrays)), groom=groom)["vertices"], grown["vertices"]
    )
    arrays["scalp_points"] = arrays["scalp_points"] + np.float32([0.0, 0.0, 0.02])
    combed = cards(hair=upload(backend, packed(arrays)), groom=groom)
    first, last = grown["region_vertices"][0]
    assert combed["vertices"][:, 2].max() > grown["vertices"][first:last, 2].max() + 0.01
    del arrays["scalp_lock"]
    assert "scalp_lock" in cards(hair=upload(backend, packed(arrays)), groom=groom)["error"]
    alone = {"kind": "cards", "request": {"face": record, "groom": groom}}
    assert backend.ask("POST", "/jobs", alone)[0] == 400


@pytest.mark.slow
def test_neighbours_can_be_seen_while_they_are_made(backend: Backend, made: dict[str, Any]) -> None:
    record = folder.read_document(Path(made["result"]["folder"])).record.to_json()
    axes = [{"name": "nose.width"}, {"name": "identity", "towards": 9}]
    request = {"face": record, "axes": axes, "size": 64}
    status, job = backend.ask("POST", "/jobs", {"kind": "explore", "request": request})
    assert status == 201, job
    staging, seen = backend.store / "staging", 0
    while backend.ask("GET", f"/jobs/{job['id']}")[1]["state"] in ("queued", "running"):
        with suppress(OSError, StopIteration):  # not there yet, or in its last place by now
            file = next(staging.glob(f"{job['id']}-*/neighbours.json"))
            listed = json.loads(file.read_text("utf-8"))["neighbours"]
            if len(listed) < 25:
                seen = max(seen, len(listed))
                assert listed[0]["is_face"] and next(staging.glob(f"{job['id']}-*/{listed[-1]['picture']}")).is_file()
        time.sleep(0.05)
    done = backend.outcome(job["id"])
    assert done["state"] == "done" and 0 < seen < 25, (done, seen)
    file = Path(done["result"]["file"])
    assert file == backend.store / "exports" / job["id"] / "neighbours.json"
    neighbours = json.loads(file.read_text("utf-8"))["neighbours"]
    assert len({(one["row"], one["column"]) for one in neighbours}) == 25
    assert all(images.size_of(file.with_name(one["picture"])) == (64, 64) for one in neighbours)
    assert not list(staging.iterdir())
    beside = next(one for one in neighbours if not one["is_face"])
    asked = {"face": record, "traits": beside["traits"], "resolution": 512}
    edited = backend.outcome(backend.ask("POST", "/jobs", {"kind": "edit", "request": asked})[1]["id"])
    assert edited["state"] == "done", edited


def test_neighbours_that_can_not_be_are_refused(backend: Backend, made: dict[str, Any]) -> None:
    record = folder.read_document(Path(made["result"]["folder"])).record.to_json()
    for axes, sentence in (
        ([{"name": "age"}], "2 items"),
        ([{"name": "age"}, {"name": "age"}], "Both axes are age"),
        ([{"name": "age"}, {"name": "hair.style"}], "no axis"),
        ([{"name": "age", "step": 90.0}, {"name": "gender"}], "at most"),
    ):
        status, answer = backend.ask("POST", "/jobs", {"kind": "explore", "request": {"face": record, "axes": axes}})
        assert status == 400 and sentence in answer["error"], answer


def packed(arrays: dict[str, Any]) -> bytes:
    """The bytes of an .npz."""
    archive = io.BytesIO()
    np.savez(archive, **arrays)
    return archive.getvalue()


def test_hair_that_was_combed_becomes_a_style_of_ones_own(backend: Backend, made: dict[str, Any]) -> None:
    face = folder.load(made["result"]["folder"])
    guides = face.groom["scalp"].points[:40].tolist()
    asked = {"name": "combed", "label": "Combed", "guides": guides, "record": face.record.to_json()}
    try:
        status, saved = backend.ask("POST", "/styles", asked)
        assert (status, saved["name"], saved["own"], saved["region"]) == (201, "combed", True, "scalp")
        assert [style for style in backend.ask("GET", "/styles")[1]["styles"] if style["own"]] == [saved]
        status, answer = backend.ask("POST", "/styles", asked)
        assert status == 409 and answer["error"].startswith("There is a hair style called combed already")
        assert backend.ask("POST", "/styles", asked | {"replace": True})[0] == 201
        lifted = [[[x, y, z + 1.0] for x, y, z in guide] for guide in guides]
        status, answer = backend.ask("POST", "/styles", asked | {"guides": lifted, "replace": True})
        assert status == 400 and "do not start on the head's skin" in answer["error"]
    finally:
        assert backend.ask("DELETE", "/styles/combed")[0] == 204
    status, answer = backend.ask("DELETE", "/styles/combed")
    assert status == 404 and answer["error"] == "There is no hair style of your own called 'combed'."


def test_a_whole_style_is_kept_under_its_name(backend: Backend) -> None:
    asked = {"name": "mine", "label": "Mine", "summary": "All mine.", "style": {"length": 0.7, "sections": [{}]}}
    try:
        status, saved = backend.ask("POST", "/styles", asked | {"region": "beard"})
        assert (status, saved["length"], saved["region"], saved["summary"]) == (201, 0.7, "beard", "All mine.")
        assert (saved["name"], saved["value"]) == ("beard_mine", "mine")
    finally:
        assert backend.ask("DELETE", "/styles/beard_mine")[0] == 204
    status, answer = backend.ask("POST", "/styles", asked | {"style": {"length": 7}})
    assert status == 400 and "length" in answer["error"]
    long = asked | {"style": {"summary": "x" * (3 * 2**20)}}
    assert backend.ask("POST", "/styles", long)[0] == 400, (
        "longer than other requests may be, and wrong for another reason"
    )


def test_an_edit_that_an_older_version_queued_is_made(made: dict[str, Any], tmp_path: Path) -> None:
    request = {"face": record_of(made), "traits": {"nose.width": 1.0}, "resolution": 512}
    assert "candidate" not in request["face"], "older versions know of none"
    result = tasks.edit({"request": request}, tmp_path / "face", Progress())
    assert result["face_id"] == made["result"]["face_id"]
    assert folder.load(tmp_path / "face").traits["nose.width"].value == 1.0


def test_an_edit_keeps_the_person_and_may_change_the_resolution(backend: Backend, made: dict[str, Any]) -> None:
    request = {"face": record_of(made), "traits": {"nose.width": -1.5}, "resolution": 1024}
    status, job = backend.ask("POST", "/jobs", {"kind": "edit", "request": request})
    assert status == 201
    edited = backend.outcome(job["id"])
    assert edited["state"] == "done", edited
    face = folder.load(edited["result"]["folder"])
    assert (face.face_id, face.resolution) == (made["result"]["face_id"], 1024)
    assert face.record.history[-1]["changed"]["nose.width"]["value"] == -1.5
    assert face.traits["nose.hump"].value == 1.5


def test_a_face_is_exported_into_a_folder_of_its_own(backend: Backend, made: dict[str, Any]) -> None:
    body = {"kind": "export", "request": {"job": made["id"], "format": "glb"}}
    exported = backend.outcome(backend.ask("POST", "/jobs", body)[1]["id"])
    assert exported["state"] == "done", exported
    file = Path(exported["result"]["file"])
    assert file.parent == backend.store / "exports" / exported["id"]
    assert file.read_bytes()[:4] == b"glTF"
    assert backend.ask("GET", f"/jobs/{exported['id']}/files")[1]["files"] == [
        {"path": file.name, "size": file.stat().st_size}
    ]


def test_a_file_has_the_bones_visemes_and_level_that_were_asked_for(backend: Backend, made: dict[str, Any]) -> None:
    request = {"job": made["id"], "format": "glb", "rig": "unity", "lod": 3, "visemes": True}
    exported = backend.outcome(backend.ask("POST", "/jobs", {"kind": "export", "request": request})[1]["id"])
    assert exported["state"] == "done", exported
    data = Path(exported["result"]["file"]).read_bytes()
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    assert "LeftEye" in {node["name"] for node in document["nodes"]}
    skin = next(mesh for mesh in document["meshes"] if mesh["name"] == "skin")
    assert "viseme_aa" in skin["extras"]["targetNames"]
    whole = len(folder.load(made["result"]["folder"]).head.topology.triangles)
    corners = sum(document["accessors"][each["indices"]]["count"] for each in skin["primitives"])
    assert 0 < corners / 3 < 0.12 * whole


def model_job(backend: Backend, kind: str, **request: Any) -> dict[str, Any]:
    """How a job about ICT-FaceKit ends."""
    status, job = backend.ask("POST", "/jobs", {"kind": kind, "request": {"name": "ict-facekit", **request}})
    assert status == 201, job
    return backend.outcome(job["id"], 60.0)


def ict_of(backend: Backend) -> dict[str, Any]:
    return next(head for head in backend.ask("GET", "/models")[1]["heads"] if head["name"] == "ict")


def test_a_model_is_installed_checked_used_and_removed(backend: Backend, ict_archive: Path, tmp_path: Path) -> None:
    before = ict_of(backend)
    assert not before["installed"]
    asking = {"kind": "generate", "request": {"prompt": "a man", "resolution": 512, "head": "ict"}}
    status, answer = backend.ask("POST", "/jobs", asking)
    assert status == 400
    assert "install it with `dreamface models install ict-facekit`, or under Models" in answer["error"]
    assert "is not installed" in model_job(backend, "verify_model")["error"]
    missing = model_job(backend, "install_model", path=str(tmp_path / "nowhere.zip"))
    assert (missing["state"], missing["result"]) == ("failed", None)
    assert "There is no file or folder" in missing["error"]
    installed = model_job(backend, "install_model", path=str(ict_archive))
    assert installed["state"] == "done", installed
    assert installed["result"] == {"message": f"ICT-FaceKit is installed in {before['folder']}."}
    try:
        after = ict_of(backend)
        assert after["installed"]
        assert 40e6 < after["installed_size"] <= 70e6
        assert model_job(backend, "verify_model")["result"] == {"message": "ICT-FaceKit is as it was installed."}
        body = {"head": "ict", "seed": 1, "traits": {}, "shapes": False}
        reshaped = backend.ask("POST", "/reshape", body)
        assert reshaped[0] == 200, reshaped
        assert arrays_of(reshaped[1])["vertices"].shape == (26719, 3)
    finally:
        removed = model_job(backend, "remove_model")
    assert removed["result"] == {"message": "ICT-FaceKit is removed."}
    assert not ict_of(backend)["installed"]
    assert backend.ask("GET", f"/jobs/{removed['id']}/files")[0] == 409
    assert backend.outcome(backend.generate("a man"))["state"] == "done"  # "auto" is the built-in head again


def test_the_worker_is_killed_mid_way_and_the_queue_goes_on(backend: Backend) -> None:
    killed, after = backend.generate("a man", resolution=2048), backend.generate("a woman")
    backend.when_running(killed)
    os.kill(backend.health()["worker_pid"], signal.SIGKILL)
    outcome = backend.outcome(killed)
    assert outcome["state"] == "failed"
    assert "SIGKILL" in outcome["error"] and "memory" not in outcome["error"]
    assert not (backend.store / "faces" / killed).exists()
    folder.load(backend.outcome(after)["result"]["folder"])
    assert not list((backend.store / "staging").iterdir())


def test_a_cancelled_job_is_answered_at_once_and_stops(backend: Backend) -> None:
    job = backend.generate("a man", resolution=4096)
    backend.when_running(job)
    start = time.monotonic()
    assert backend.ask("POST", f"/jobs/{job}/cancel")[1]["state"] == "cancelled"
    assert time.monotonic() - start < 0.5
    assert backend.outcome(backend.generate("a woman"))["state"] == "done"
    assert not (backend.store / "faces" / job).exists()


def test_the_service_is_killed_mid_way_and_makes_the_same_face_again(tmp_path: Path) -> None:
    with running_backend(tmp_path, worker=()) as backend:
        job = backend.generate("a man", resolution=1024)
        backend.when_running(job)
        seed, worker = backend.job(job)["request"]["seed"], backend.health()["worker_pid"]
        backend.kill()
        wait_for(lambda: not is_alive(worker), 5.0)
        assert not (tmp_path / "faces" / job).exists()
    with running_backend(tmp_path, worker=()) as backend:
        outcome = backend.outcome(job)
        assert (outcome["state"], outcome["attempts"]) == ("done", 2)
        assert folder.load(outcome["result"]["folder"]).seed == seed


def upload(backend: Backend, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    assert backend.ask("PUT", f"/uploads/{digest}", data)[0] in (200, 201)
    return digest


def test_an_edit_brings_its_masks_and_its_offset_along(backend: Backend, made: dict[str, Any]) -> None:
    face = folder.load(made["result"]["folder"])
    mask = torch.zeros(64, 64)
    digest = upload(backend, images.encode_mask(mask))
    offset = torch.zeros_like(face.head.vertices)
    offset[100:120, 2] = 0.03
    archive = io.BytesIO()
    np.savez(archive, **folder.pack_offset(offset))
    sculpted = upload(backend, archive.getvalue())
    record = face.record.to_json()
    record["layers"] = [
        entry | ({"mask": {"skin": digest}} if entry["id"] == "moles" else {}) for entry in record["layers"]
    ]
    request = {"face": record, "traits": {"age": 40.0}, "offset": sculpted}
    status, job = backend.ask("POST", "/jobs", {"kind": "edit", "request": request})
    assert status == 201, job
    done = backend.outcome(job["id"])
    assert done["state"] == "done", done
    edited = folder.load(done["result"]["folder"])
    assert edited.head.offset is not None and torch.equal(edited.head.offset, offset)
    assert edited.pictures == {digest: images.encode_mask(mask)}
    # The live shape has it too.
    shape = {"head": face.record.head, "seed": 7, "traits": edited.traits.to_json(), "candidate": edited.head.candidate}
    plain = arrays_of(backend.ask("POST", "/reshape", shape)[1])["vertices"]
    raised = arrays_of(backend.ask("POST", "/reshape", shape | {"offset": sculpted})[1])["vertices"]
    np.testing.assert_allclose(raised - plain, offset.numpy(), atol=1e-6)


def painted(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    """What changes; as the add-on does, it asks again while something else is painted."""
    end = time.monotonic() + 60.0
    while True:
        status, answer = backend.ask("POST", "/paint", body)
        if status != 409 or time.monotonic() > end:
            assert status == 200, answer
            return arrays_of(answer)
        time.sleep(0.1)


def test_a_viewport_follows_an_edit_to_the_byte_that_a_job_saves(backend: Backend, made: dict[str, Any]) -> None:
    place = Path(made["result"]["folder"])
    mask = torch.zeros(128, 128)
    mask[50:70, 50:80] = 1.0
    effect = {"effects": [{"name": "bruise"}]}
    where = Place(mask={"skin": upload(backend, images.encode_mask(mask))})
    edits = write_edits((EditEntry("a", "words", "a bruise", place=where, parameters=effect),))
    record = folder.read_document(place).record.to_json()
    new = painted(backend, {"face": record | {"edits": edits}, "shown": []})
    assert {name for name in new if "/" in name} == {"skin/albedo", "skin/albedo/at"}  # a bruise is in no other map
    weaker = [edits[0] | {"strength": 0.4}]
    moved = painted(backend, {"face": record | {"edits": weaker}, "shown": edits})
    viewport = images.read_png(place / "maps" / "skin_albedo.png")
    before = viewport.copy()
    for changes in (new, moved):
        (top, left), pixels = changes["skin/albedo/at"], changes["skin/albedo"]
        viewport[top : top + len(pixels), left : left + pixels.shape[1]] = pixels
    request = {"face": record | {"edits": weaker}, "traits": {}}
    done = backend.outcome(backend.ask("POST", "/jobs", {"kind": "edit", "request": request})[1]["id"], 120.0)
    assert done["state"] == "done", done
    saved = Path(done["result"]["folder"])
    assert folder.read_document(saved).record.to_json()["edits"] == weaker
    assert not np.array_equal(viewport, before)
    assert np.array_equal(viewport, images.read_png(saved / "maps" / "skin_albedo.png"))
    unknown = [edits[0] | {"parameters": {"effects": [{"name": "zorgon"}]}}]
    status, answer = backend.ask("POST", "/paint", {"face": record | {"edits": unknown}})
    assert (status, "no effect called 'zorgon'" in answer["error"]) == (400, True)


def test_the_words_of_edits_are_read_and_edits_copied(backend: Backend, made: dict[str, Any]) -> None:
    status, known = backend.ask("GET", "/edits")
    assert status == 200 and "left_cheek" in [region["name"] for region in known["regions"]]
    status, reading = backend.ask("POST", "/edits/read", {"words": "a bruise on the left cheek"})
    assert status == 200 and reading["region"] == "left_cheek" and reading["effects"][0]["name"] == "bruise"
    status, answer = backend.ask("POST", "/edits/read", {"words": " "})
    assert (status, "Say what should be there" in answer["error"]) == (400, True)
    png = images.encode_mask(torch.full((4, 6), 0.5))
    digest, black = upload(backend, png), upload(backend, images.encode_mask(torch.zeros(4, 6)))
    kept = backend.ask("POST", "/edits/picture", {"picture": digest, "kind": "mask"})[1]
    assert (kept["width"], kept["height"]) == (6, 6)  # a mask is as square as its tile
    status, answer = backend.ask("POST", "/edits/picture", {"picture": black, "kind": "mask"})
    assert (status, "Nothing is marked" in answer["error"]) == (400, True)
    record = record_of(made)
    edit = {"id": "a", "kind": "words", "place": {"mask": {"skin": digest}}}
    body = {"edits": [edit], "from": record, "to": record | {"seed": 5}}
    status, carried = backend.ask("POST", "/edits/carry", body)
    assert status == 200 and base64.b64decode(carried["pictures"][digest]) == png
    assert carried["edits"][0]["place"]["mask"] == {"skin": digest}


@pytest.mark.parametrize("data", [b"no archive", b"PK\x03\x04"])
def test_an_offset_that_is_damaged_is_a_sentence(backend: Backend, made: dict[str, Any], data: bytes) -> None:
    request = {"face": record_of(made), "traits": {}, "offset": upload(backend, data)}
    done = backend.outcome(backend.ask("POST", "/jobs", {"kind": "edit", "request": request})[1]["id"])
    assert done["state"] == "failed"
    assert "offset" in done["error"]


def test_an_own_checkpoint_is_installed_chosen_and_removed(backend: Backend, tmp_path: Path) -> None:
    def job(kind: str, **request: Any) -> dict[str, Any]:
        status, made = backend.ask("POST", "/jobs", {"kind": kind, "request": {"name": "dreamy", **request}})
        assert status == 201, made
        return backend.outcome(made["id"], 60.0)["result"]

    place = job("install_model", path=str(stable_diffusion_folder(tmp_path / "dreamy")))["message"]
    assert place.startswith("dreamy is installed in ")
    try:
        listed = {model["name"]: model for model in backend.ask("GET", "/models")[1]["models"]}
        assert listed["dreamy"]["installed"] and listed["dreamy"]["diffuses"] and not listed["taesd"]["diffuses"]
        assert job("choose_model") == {"message": "Diffusion works with dreamy from now on."}
        listed = {model["name"]: model for model in backend.ask("GET", "/models")[1]["models"]}
        assert [name for name, model in listed.items() if model["chosen"]] == ["dreamy"]
        assert job("verify_model") == {"message": "dreamy is as it was installed."}
    finally:
        assert job("remove_model") == {"message": "dreamy is removed."}
    assert "dreamy" not in [model["name"] for model in backend.ask("GET", "/models")[1]["models"]]
