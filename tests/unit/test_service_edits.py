"""The calls of the service that edits are made with."""

from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamface.service import schemas
from dreamface.service.schemas import needed_files
from tests import fake_backend
from tests.running_backend import Backend, running_backend, wait_for

DIGEST = hashlib.sha256(b"a mask").hexdigest()
FACE = {"face_id": "f", "prompt": "a man", "seed": 1, "resolution": 512, "head": "anny", "traits": {}}
BRUISE = {"id": "a", "kind": "words", "label": "a bruise", "parameters": {"effects": [{"name": "bruise"}]}}
PAINTED = BRUISE | {"place": {"mask": {"skin": DIGEST}}}


def put(backend: Backend, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    status, _ = backend.ask("PUT", f"/uploads/{digest}", data, **{"Content-Type": "application/octet-stream"})
    assert status in (200, 201)
    return digest


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("edits")) as backend:
        backend.when_ready()
        yield backend


# ----------------------------------------------------------------------------------------------- what is let through


def edit(**changes: Any) -> dict[str, Any]:
    return {"face": {**FACE, "edits": [BRUISE | changes]}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "face is missing"),
        ({"face": FACE, "shown": 5}, "shown"),
        ({"face": FACE, "shown": [{}]}, "The edits can't be read"),
        ({"face": FACE, "shown": [BRUISE, BRUISE]}, "an id of its own"),
        ({"face": FACE, "shown": [BRUISE | {"id": str(number)} for number in range(201)]}, "at most 200 edits"),
        ({"face": FACE, "resolution": 1000}, "resolution"),
        ({"face": FACE, "offset": "x"}, "64 hexadecimal digits"),
        ({"face": FACE, "offset": "0" * 64}, "There is no upload"),
        ({"face": FACE, "colour": 1}, "colour"),
        (edit(strength=3.0), "edits.0.strength"),
        (edit(strength=True), "edits.0.strength"),
        (edit(kind="spell"), "edits.0.kind"),
        (edit(label="x" * 501), "edits.0.label"),
        (edit(traits={"nose.widht": {"value": 1.0, "confidence": 1.0, "because": ""}}), "nose.widht"),
        (edit(place={"mask": {"skin": "x"}}), "edits.0.place.mask.skin"),
        (edit(place={"feather": 41.0}), "edits.0.place.feather"),
        (edit(pictures={"skin": "0" * 64}), "There is no upload"),
        ({"face": FACE, "shown": [BRUISE | {"place": {"mask": {"skin": "0" * 64}}}]}, "There is no upload"),
        (edit(parameters={"a": float("nan")}), "stored"),
        (edit(parameters={"a": json.loads("[" * 70 + "]" * 70)}), "too deeply"),
    ],
)
def test_edits_that_make_no_sense_are_refused_in_a_sentence(backend: Backend, body: Any, words: str) -> None:
    status, answer = backend.ask("POST", "/paint", body)
    assert status == 400, answer
    assert words in answer["error"] and answer["error"].endswith(".") and "\n" not in answer["error"]
    if "face" in body and body["face"] != FACE:  # a job refuses the same
        status, answer = backend.ask("POST", "/jobs", {"kind": "edit", "request": {**body, "traits": {}}})
        assert status == 400 and words in answer["error"], answer


def test_a_job_and_a_painting_need_the_pictures_of_all_edits(backend: Backend) -> None:
    face = {**FACE, "edits": [PAINTED]}
    assert needed_files("edit", {"face": face}) == (DIGEST,)
    job = {"kind": "edit", "request": {"face": face, "traits": {}}}
    (backend.store / "uploads" / DIGEST).unlink(missing_ok=True)
    for path, body in (("/jobs", job), ("/paint", {"face": face}), ("/paint", {"face": FACE, "shown": [PAINTED]})):
        status, answer = backend.ask("POST", path, body)
        assert (status, DIGEST in answer["error"]) == (400, True)
    assert put(backend, b"a mask") == DIGEST
    assert backend.ask("POST", "/paint", {"face": face}) == (200, b"a mask")
    assert backend.ask("POST", "/paint", {"face": FACE, "shown": [PAINTED]}) == (200, b"a mask")
    assert backend.outcome(backend.ask("POST", "/jobs", job)[1]["id"])["state"] == "done"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"words": ""}, "words"),
        ({"steps": 0}, "steps"),
        ({"steps": 251}, "steps"),
        ({"guidance": -1}, "guidance"),
        ({"keep": 1.0}, "keep"),
        ({"seed": -1}, "seed"),
        ({"strength": 2.5}, "strength"),
        ({"place": {"feather": 99.0}}, "feather"),
        ({"place": {"mask": {"skin": "0" * 64}}}, "There is no upload"),
        ({"sketch": {"skin": "0" * 64}}, "There is no upload"),
        ({"colour": 1}, "colour"),
    ],
)
def test_diffusion_that_makes_no_sense_is_refused_in_a_sentence(
    backend: Backend, changes: dict[str, Any], words: str
) -> None:
    request = {"face": FACE, "traits": {}, "diffusion": {"words": "gold"} | changes}
    status, answer = backend.ask("POST", "/jobs", {"kind": "edit", "request": request})
    assert status == 400 and words in answer["error"], answer
    assert answer["error"].endswith(".") and "\n" not in answer["error"]


def test_diffusion_needs_the_pictures_of_its_place_and_sketch() -> None:
    other = "1" * 64
    diffusion = {"words": "gold", "place": {"mask": {"skin": DIGEST}}, "sketch": {"skin": other}}
    assert set(needed_files("edit", {"face": FACE, "diffusion": diffusion})) == {DIGEST, other}
    assert needed_files("edit", {"face": FACE, "diffusion": None}) == ()


def test_a_painter_that_is_busy_is_409_and_a_sentence(backend: Backend) -> None:
    status, answer = backend.ask("POST", "/paint", {"face": {**FACE, "prompt": "a busy man"}})
    assert (status, answer) == (409, {"error": "It is being painted: try again."})


def test_a_stack_may_be_longer_than_other_requests_but_not_endless(backend: Backend) -> None:
    long = {"history": [{"note": "x" * (2**20 + 2**19)}]}
    assert backend.ask("POST", "/paint", {"face": FACE | long}) == (200, b"bytes")
    connection = http.client.HTTPConnection(backend.url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/paint")
    connection.putheader("Authorization", f"Bearer {backend.token}")
    connection.putheader("Content-Length", str(5 * 2**20))
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert (answer.status, "at most 4 MB" in json.loads(answer.read())["error"]) == (413, True)


def test_the_words_and_regions_are_told(backend: Backend) -> None:
    status, known = backend.ask("GET", "/edits")
    assert status == 200 and known["families"][0]["words"][0]["name"] == "scar"
    status, reading = backend.ask("POST", "/edits/read", {"words": "a scar", "place": True})
    assert (status, reading["not_understood"], reading["effects"][0]["colour"]) == (200, ["a scar"], None)
    assert backend.ask("POST", "/edits/read", {"words": "x" * 2001})[0] == 400
    assert backend.ask("POST", "/edits/read", {"words": "a scar", "place": 1})[0] == 400


def test_a_picture_becomes_an_upload_that_edits_can_have(backend: Backend) -> None:
    sent = put(backend, b"any file")
    status, kept = backend.ask("POST", "/edits/picture", {"picture": sent, "kind": "mask"})
    made = hashlib.sha256(b"made of any file").hexdigest()
    coded = base64.b64encode(b"made of any file").decode()
    assert (status, kept) == (200, {"sha": made, "png": coded, "width": 3, "height": 2})
    assert (backend.store / "uploads" / made).read_bytes() == b"made of any file"
    assert backend.ask("POST", "/edits/picture", {"picture": sent, "kind": "mask"}) == (status, kept)
    for body in ({"picture": "0" * 64, "kind": "mask"}, {"picture": sent, "kind": "song"}, {"picture": sent}):
        assert backend.ask("POST", "/edits/picture", body)[0] == 400


def test_edits_are_carried_only_with_their_pictures(backend: Backend) -> None:
    body = {"edits": [BRUISE], "from": FACE, "to": FACE}
    assert backend.ask("POST", "/edits/carry", body) == (200, {"edits": [BRUISE], "pictures": {}})
    lost = BRUISE | {"pictures": {"skin": "1" * 64}}
    assert backend.ask("POST", "/edits/carry", body | {"edits": [lost]})[0] == 400
    assert backend.ask("POST", "/edits/carry", {"edits": [], "from": FACE})[1]["error"] == "to is missing."


# ------------------------------------------------------------------------------------------------ both fakes are true


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and token of the backend that tests of the Blender side have."""
    store = tmp_path_factory.mktemp("fake")
    environment = os.environ | fake_backend.install(store / "python")
    command = [sys.executable, "-m", "dreamface", "serve", "--store", str(store / "s"), "--until-stdin-closes"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        wait_for((store / "s" / "backend.json").exists)
        handover = json.loads((store / "s" / "backend.json").read_text())
        yield handover["url"], handover["token"]
        assert process.stdin
        process.stdin.close()


def ask(fake: tuple[str, str], method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(fake[0] + path, data, {"Authorization": f"Bearer {fake[1]}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_the_fake_backend_answers_as_the_real_one_does(fake: tuple[str, str]) -> None:
    """Its answers pass the service's own schemas, and it takes what they take."""
    schemas.EditVocabulary.model_validate_json(ask(fake, "GET", "/edits")[1])
    words = {"words": "a scar on the left cheek xyz", "place": False}
    schemas.EditWords.model_validate(words)
    reading = schemas.EditReading.model_validate_json(ask(fake, "POST", "/edits/read", words)[1])
    assert (reading.region, reading.not_understood) == ("left_cheek", ["xyz"])
    carry = {"edits": [BRUISE], "from": FACE, "to": FACE}
    schemas.Carry.model_validate(carry)
    schemas.CarriedEdits.model_validate_json(ask(fake, "POST", "/edits/carry", carry)[1])
    paint = {"face": {**FACE, "edits": [PAINTED]}, "shown": [BRUISE], "offset": None, "resolution": 1024}
    schemas.Paint.model_validate(paint)
    assert ask(fake, "POST", "/paint", paint)[0] == 400  # its mask was not sent
    assert ask(fake, "PUT", f"/uploads/{DIGEST}", b"a mask")[0] == 201
    picture = {"picture": DIGEST, "kind": "mask"}
    schemas.EditPicture.model_validate(picture)
    schemas.KeptPicture.model_validate_json(ask(fake, "POST", "/edits/picture", picture)[1])
    status, answer = ask(fake, "POST", "/paint", paint)
    changes = arrays_of(answer)
    assert status == 200 and set(changes) == {"skin/albedo", "skin/albedo/at", "whole", "gone"}
    assert changes["skin/albedo"].dtype == np.uint8 and changes["skin/albedo/at"].dtype == np.int32
    assert changes["whole"].tolist() == changes["gone"].tolist() == []


def arrays_of(answer: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(answer), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


# ---------------------------------------------------------------------------------------------------------------- talk


def test_what_is_said_goes_to_the_worker_with_the_other_faces(backend: Backend) -> None:
    asked = {"said": "older", "face": {**FACE, "edits": [BRUISE]}, "others": [{"name": "Anna", "record": FACE}]}
    status, answer = backend.ask("POST", "/talk", asked)
    assert status == 200 and answer["answer"] == "Heard beside Anna."
    assert answer["edits"] == [BRUISE] and answer["talk"][0]["said"] == "older"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "said is missing"),
        ({"said": "older"}, "face is missing"),
        ({"said": "x" * 2001, "face": FACE}, "said"),
        ({"said": "older", "face": {**FACE, "talk": [{"said": "a"}]}}, "talk.0"),
        ({"said": "older", "face": {**FACE, "talk": [{"said": "a", "answer": "b", "did": "dance"}]}}, "talk.0.did"),
        ({"said": "older", "face": FACE, "others": [{"name": "", "record": FACE}]}, "name"),
        ({"said": "older", "face": FACE, "others": [{"name": "Eve", "record": {}}]}, "record"),
        ({"said": "older", "face": FACE, "colour": 1}, "colour"),
    ],
)
def test_talk_that_makes_no_sense_is_refused_in_a_sentence(backend: Backend, body: Any, words: str) -> None:
    status, answer = backend.ask("POST", "/talk", body)
    assert status == 400 and words in answer["error"] and answer["error"].endswith("."), answer


def test_a_worker_follows_what_is_said_and_answers_questions() -> None:
    from dreamface.service import tasks

    face = {**FACE, "traits": {"age": 40.0, "nose.width": 0.2}}
    changed, _ = tasks.talk("wider nose", face, [], None)
    assert changed["changed"] and changed["edits"][0]["label"] == "wider nose"
    assert {k: v for k, v in changed["changes"][0].items() if k != "after"} == {"trait": "nose.width", "before": 0.2}
    schemas.TalkReply.model_validate(changed)
    later = {**face, "edits": changed["edits"], "talk": changed["talk"]}
    asked, _ = tasks.talk("why is the nose wide?", later, [], "/nowhere/at/all")
    assert not asked["changed"] and "you said “wider nose”" in asked["answer"] and asked["edits"] == changed["edits"]
    back, _ = tasks.talk("undo that", later, [], None)
    assert back["edits"] == [] and len(back["talk"]) == 2
    taken, _ = tasks.talk(
        "take the nose of Eve", face, [{"name": "Eve", "record": {**FACE, "traits": {"nose.width": 2.0}}}], None
    )
    assert taken["edits"][0]["traits"]["nose.width"]["value"] == 2.0


@pytest.mark.slow
def test_a_worker_looks_at_the_folder_where_that_is_the_face_as_it_is(tmp_path: Path) -> None:
    from dreamface import folder, pipeline
    from dreamface.service import tasks

    made = pipeline.generate("a woman of 60", seed=3, resolution=512, head="anny")
    place = folder.save(made, tmp_path / "face")
    face = made.record.to_json()
    seen, _ = tasks.talk("how old does she look?", face, [], str(place))
    assert "By shape and skin she looks about" in seen["answer"]
    other, _ = tasks.talk("how old does she look?", {**face, "edits": [BRUISE]}, [], str(place))
    assert other["answer"] == "Her age is set to 60 years, because the prompt says “of 60”."


def test_a_question_after_an_order_is_answered_from_the_changed_face(monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamface.service import tasks

    seen: list[list[str]] = []

    def look_at(record: Any, folder: str | None) -> dict[str, Any]:
        seen.append([edit.label for edit in record.edits])
        return {}

    monkeypatch.setattr(tasks, "_look_at", look_at)
    line = "make her 70. how old does she look?"
    said, _ = tasks.talk(line, FACE | {"edits": []}, [], None)
    assert seen == [[line]] and said["understood"] and len(said["talk"]) == 2
