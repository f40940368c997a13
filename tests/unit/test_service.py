"""The HTTP service and its queue, with a worker that misbehaves on demand."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dreamface.cli import main
from dreamface.service.schemas import needed_files
from tests.running_backend import Backend, is_alive, running_backend

EDITED = {
    "face_id": "f", "prompt": "a man", "seed": 1, "resolution": 1024, "head": "anny",
    "traits": {"age": {"value": 40.0, "confidence": 0.0, "because": ""}}, "not_understood": [], "history": [],
}  # fmt: skip


def nested(depth: int) -> Any:
    """Lists within each other."""
    data: list[Any] = []
    for _ in range(depth - 1):
        data = [data]
    return data


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("Имя with spaces") / "store") as backend:
        backend.when_ready()
        yield backend


# ------------------------------------------------------------------------------------------------------------ the door


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/jobs", "/events", "/nowhere"])
@pytest.mark.parametrize("header", [{"Authorization": "Bearer wrong"}, {"Authorization": ""}, {"Authorization": "é"}])
def test_nothing_is_answered_without_the_token(backend: Backend, path: str, header: dict[str, str]) -> None:
    status, answer = backend.ask("GET", path, **header)
    assert status == 401
    assert "token" in answer["error"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", "", "127.0.0.2", "a@127.0.0.1"]
)
def test_another_sites_host_name_is_refused(backend: Backend, host: str) -> None:
    status, answer = backend.ask("GET", "/health", Host=host)
    assert status == 421
    assert "--allow-host" in answer["error"]


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_our_own_names_are_let_in_through_any_tunnel(backend: Backend, host: str) -> None:
    assert backend.ask("GET", "/health", Host=host)[0] == 200


def test_both_sides_speak_one_version() -> None:
    """Of version 1 the extension sends what an engine of version 1 refuses: the variations that a face is one of."""
    from dreamface.service.app import API
    from dreamface_addon.link import backend as link
    from tests import fake_backend

    assert API == link.API == fake_backend.API == 10


def test_health_says_how_it_is_and_where(backend: Backend) -> None:
    health = backend.health()
    assert (health["name"], health["api"], health["state"], health["device"]) == ("DreamFace", 10, "ready", "cpu")
    assert Path(health["store"]) == backend.store
    assert (backend.store / "store_id").read_text().strip() == health["store_id"]
    assert health["pid"] == backend.process.pid
    assert is_alive(health["worker_pid"])


def test_the_handover_file_is_for_the_user_alone(backend: Backend) -> None:
    assert (backend.store / "backend.json").stat().st_mode & 0o777 == 0o600


def test_the_http_process_never_loads_torch() -> None:
    modules = "dreamface.service.server, dreamface.service.model_tasks"  # nor does the process that installs models
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_openapi_describes_everything(backend: Backend) -> None:
    status, document = backend.ask("GET", "/openapi.json")
    assert status == 200
    asked = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert asked == {
        ("get", "/health"), ("get", "/traits"), ("get", "/models"), ("post", "/read"), ("post", "/reshape"),
        ("post", "/groom"), ("get", "/styles"), ("post", "/styles"), ("delete", "/styles/{name}"),
        ("post", "/pins"), ("post", "/paint"), ("get", "/edits"), ("post", "/edits/read"), ("post", "/edits/carry"),
        ("post", "/edits/picture"),
        ("post", "/jobs"), ("get", "/jobs"), ("get", "/jobs/{job}"), ("post", "/jobs/{job}/cancel"), ("get", "/events"),
        ("get", "/jobs/{job}/events"), ("get", "/jobs/{job}/files"), ("get", "/jobs/{job}/files/{path}"),
        ("delete", "/jobs/{job}/files"), ("post", "/jobs/{job}/pick"), ("post", "/talk"),
        ("put", "/uploads/{sha256}"), ("get", "/uploads/{sha256}"), ("delete", "/uploads"), ("get", "/room"),
        ("get", "/cameras"), ("post", "/live"), ("get", "/live/{session}/events"), ("post", "/live/{session}/record"),
        ("post", "/live/{session}/neutral"), ("patch", "/live/{session}"), ("delete", "/live/{session}"),
    }  # fmt: skip
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for methods in document["paths"].values():
        for described in methods.values():
            assert described["summary"]
            assert described["security"] == [{"HTTPBearer": []}]
            assert described["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem")
    assert backend.ask("GET", "/docs")[0] == 404


def test_traits_are_those_of_the_command_line(backend: Backend, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traits", "--json"]) == 0
    assert backend.ask("GET", "/traits")[1] == json.loads(capsys.readouterr().out)


def test_models_are_those_that_the_pipeline_takes(backend: Backend) -> None:
    from dreamface.pipeline import HEADS

    models = backend.ask("GET", "/models")[1]
    assert ("auto", *(head["name"] for head in models["heads"])) == HEADS
    for model in (*models["heads"], *models["models"]):
        assert model["licence"]
        assert model["description"]
        assert bool(model["install_name"]) == bool(model["folder"])
        is_published = model["name"] not in ("texture-ldm", "pbr-decoders", "talk-model")
        assert bool(model["download_size"]) == bool(model["install_name"] and is_published)
    ict = next(head for head in models["heads"] if head["name"] == "ict")
    assert (ict["install_name"], ict["installed"], ict["installed_size"]) == ("ict-facekit", False, 0)


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(("body", "words"), [
    (b"{", "JSON"), (b"[]", "request"), (b"", "request"), ({}, "kind"), ({"kind": "paint", "request": {}}, "kind"),
    ({"kind": "generate"}, "request is missing"), ({"kind": "generate", "request": {}}, "prompt is missing"),
    ({"kind": "generate", "request": {"prompt": " "}}, "empty"),
    ({"kind": "generate", "request": {"prompt": "x" * 2001}}, "2,000"),
    ({"kind": "generate", "request": {"prompt": 3}}, "prompt"),
    ({"kind": "generate", "request": {"prompt": "a \ud800"}}, "stored"),
    ({"kind": "generate", "request": {"prompt": "a", "seed": -1}}, "seed"),
    ({"kind": "generate", "request": {"prompt": "a", "seed": 2**32}}, "seed"),
    ({"kind": "generate", "request": {"prompt": "a", "seed": 1.5}}, "seed"),
    ({"kind": "generate", "request": {"prompt": "a", "seed": True}}, "seed"),
    ({"kind": "generate", "request": {"prompt": "a", "resolution": 1000}}, "resolution"),
    ({"kind": "generate", "request": {"prompt": "a", "head": "ogre"}}, "ogre"),
    ({"kind": "generate", "request": {"prompt": "a", "head": "ict"}}, "dreamface models install ict-facekit"),
    ({"kind": "install_model", "request": {"name": "nix"}}, "there is ict-facekit"),
    ({"kind": "install_model", "request": {"name": "ict-facekit", "path": ""}}, "path"),
    ({"kind": "install_model", "request": {"name": "my faces", "path": "/x"}}, "can't be called 'my faces'"),
    ({"kind": "choose_model", "request": {"name": "nix"}}, "there is ict-facekit"),
    ({"kind": "remove_model", "request": {}}, "name is missing"),
    ({"kind": "verify_model", "request": {"name": "ict-facekit", "path": None}}, "path is not known"),
    ({"kind": "generate", "request": {"prompt": "a", "colour": 1}}, "colour"),
    ({"kind": "generate", "request": {"prompt": "a", "traits": {"nose.widht": 1}}}, "nose.widht"),
    ({"kind": "generate", "request": {"prompt": "a", "traits": {"nose.width": 9}}}, "nose.width"),
    ({"kind": "generate", "request": {"prompt": "a", "traits": {"nose.width": 10**400}}}, "nose.width"),
    ({"kind": "generate", "request": {"prompt": "a", "traits": {"nose.width": float("nan")}}}, "stored"),
    ({"kind": "generate", "request": {"prompt": "a", "traits": {"nose.width": {"value": 1, "sure": 1}}}}, "nose.width"),
    ({"kind": "generate", "request": {"prompt": "a", "without": ["nose"]}}, "nose"),
    ({"kind": "generate", "id": "1", "request": {"prompt": "a"}}, "id"),
    ({"kind": "edit", "request": {"face": EDITED, "traits": {"nose.width": 9}}}, "nose.width"),
    ({"kind": "edit", "request": {"face": {**EDITED, "head": "ogre"}, "traits": {}}}, "ogre"),
    ({"kind": "edit", "request": {"face": {**EDITED, "traits": {"age": {"because": ""}}}, "traits": {}}}, "age takes"),
    ({"kind": "edit", "request": {"face": {**EDITED, "traits": {"age": {"value": 1, "a": 1}}}, "traits": {}}}, "age t"),
    ({"kind": "edit", "request": {"face": {**EDITED, "history": [{"x": float("inf")}]}, "traits": {}}}, "stored"),
    ({"kind": "edit", "request": {"face": {**EDITED, "history": [{"x": nested(61)}]}, "traits": {}}}, "too deeply"),
    ({"kind": "edit", "request": {"face": {**EDITED, "history": [{"x": nested(253)}]}, "traits": {}}}, "too deeply"),
    ({"kind": "edit", "request": {"face": {**EDITED, "history": [{"x": nested(900)}]}, "traits": {}}}, "too deeply"),
    (b"[" * 100_000, "too deeply"), (b'{"kind": "generate", "request": ' + b'{"a":' * 100_000, "too deeply"),
    ({"kind": "export", "request": {"job": "0" * 32, "format": "fbx"}}, "format"),
    ({"kind": "export", "request": {"job": "0" * 32, "format": "glb", "lod": 4}}, "lod"),
    ({"kind": "export", "request": {"job": "0" * 32, "format": "glb", "rig": "maya"}}, "rig"),
    ({"kind": "export", "request": {"job": "0" * 32, "format": "obj", "visemes": True}}, "write a .glb or a .blend"),
    ({"kind": "export", "request": {"job": "0" * 32, "format": "blend", "lod": 1}}, "hold the whole head"),
    ({"kind": "animate", "request": {}}, "source is missing"),
    ({"kind": "animate", "request": {"source": ""}}, "whole path"),
    ({"kind": "animate", "request": {"source": "film.mp4"}}, "whole path"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "tracker": "eyes"}}, "tracker is one of auto"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "smoothing": 1.5}}, "smoothing"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "gains": {"nose": 1}}}, "no region 'nose'"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "gains": {"jaw": 4}}}, "0 to 3"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "start": 2, "end": 1}}, "end must come after start"),
    ({"kind": "animate", "request": {"source": "/a.mp4", "neutral": -1}}, "neutral"),
    ({"kind": "from_photo", "request": {"photographs": []}}, "photographs"),
    ({"kind": "from_photo", "request": {"photographs": [{"path": "/a.jpg"}] * 13}}, "12"),
    ({"kind": "from_photo", "request": {"photographs": [{}]}}, "either a path or an upload"),
    ({"kind": "from_photo", "request": {"photographs": [{"path": "me.jpg"}]}}, "whole path"),
    ({"kind": "from_photo", "request": {"photographs": [{"path": "/a", "upload": "0" * 64}]}}, "either a path"),
    ({"kind": "from_photo", "request": {"photographs": [{"upload": "0" * 64}]}}, "There is no upload"),
    ({"kind": "from_photo", "request": {"photographs": [{"path": "/a.jpg"}], "words": "x" * 2001}}, "words"),
    ({"kind": "from_photo", "request": {"photographs": [{"path": "/a.jpg"}], "tracker": "eyes"}}, "tracker is one of"),
])  # fmt: skip
def test_bad_jobs_get_one_sentence_and_leave_nothing(backend: Backend, body: Any, words: str) -> None:
    before = backend.ask("GET", "/jobs?limit=10000")[1]
    status, answer = backend.ask("POST", "/jobs", body)
    assert status == 400
    assert words in answer["error"]
    assert "\n" not in answer["error"]
    assert answer["error"].endswith(".")
    assert backend.ask("GET", "/jobs?limit=10000")[1] == before


def test_what_is_nested_as_deeply_as_allowed_comes_back_whole(backend: Backend) -> None:
    request = {"face": {**EDITED, "history": [{"x": nested(59)}]}, "traits": {}}
    status, job = backend.ask("POST", "/jobs", {"kind": "edit", "request": request})
    assert (status, job["request"]["face"]["history"]) == (201, [{"x": nested(59)}])
    backend.outcome(job["id"])
    assert job["id"] in [listed["id"] for listed in backend.ask("GET", "/jobs")[1]["jobs"]]


@pytest.mark.parametrize("path", ["/read", "/reshape", "/groom", "/pins", "/styles"])
def test_calls_take_no_deeper_requests_than_jobs(backend: Backend, path: str) -> None:
    status, answer = backend.ask("POST", path, {"seed": 1, "prompt": nested(70), "traits": {}})
    assert (status, "too deeply" in answer["error"]) == (400, True)


STYLE = {"name": "bob", "label": "Bob", "style": {}}
GUIDES = {"name": "bob", "label": "Bob", "guides": [[[0, 0, 0], [0, 0, 1]]]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (STYLE | {"name": "Bob"}, "small letters"),
        (STYLE | {"name": "../bob"}, "small letters"),
        (STYLE | {"name": "bob\n"}, "small letters"),
        (STYLE | {"label": ""}, "label"),
        (STYLE | {"label": "x" * 61}, "label"),
        (STYLE | {"region": "tail"}, "region"),
        (STYLE | {"replace": 1}, "replace"),
        (STYLE | {"surprise": 1}, "surprise"),
        (STYLE | {"style": None}, "either style or guides"),
        (STYLE | GUIDES | {"record": EDITED}, "either style or guides"),
        (STYLE | {"record": EDITED}, "Guides need the record"),
        (GUIDES, "Guides need the record"),
        (GUIDES | {"record": {}}, "record"),
        (GUIDES | {"record": EDITED, "guides": [[[0, 0]]]}, "guides"),
        (GUIDES | {"record": EDITED, "guides": [[[0, 0, 1e300]]]}, "guides"),
        (GUIDES | {"record": EDITED, "guides": [[["0", 0, 0]]]}, "guides"),
        (GUIDES | {"record": EDITED, "offset": "0" * 64}, "There is no upload"),
    ],
)
def test_styles_that_make_no_sense_are_refused_in_a_sentence(backend: Backend, body: Any, words: str) -> None:
    status, answer = backend.ask("POST", "/styles", body)
    assert status == 400, answer
    assert words in answer["error"] and answer["error"].endswith(".") and "hexadecimal" not in answer["error"]


def test_a_style_may_be_longer_than_other_requests_but_not_endless(backend: Backend) -> None:
    connection = http.client.HTTPConnection(backend.url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/styles")
    connection.putheader("Authorization", f"Bearer {backend.token}")
    connection.putheader("Content-Length", str(9 * 2**20))
    connection.endheaders(b"{")
    answer = connection.getresponse()
    assert (answer.status, "The hair style is too long" in json.loads(answer.read())["error"]) == (413, True)
    assert backend.ask("POST", "/styles", STYLE | {"name": "B" * 2**21})[0] == 400
    assert backend.ask("DELETE", "/styles/B%0A")[0] == 400


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", f"/jobs/{'0' * 32}", 404), ("GET", "/jobs/x%00y", 404), ("POST", f"/jobs/{'0' * 32}/cancel", 404),
    ("GET", f"/jobs/{'0' * 32}/files", 404), ("GET", f"/jobs/{'0' * 32}/events", 404), ("GET", "/nowhere", 404),
    ("DELETE", "/health", 405), ("GET", "/jobs?limit=0", 400), ("GET", "/jobs?active=perhaps", 400),
])  # fmt: skip
def test_what_is_not_there_gets_a_sentence(backend: Backend, method: str, path: str, status: int) -> None:
    got, answer = backend.ask(method, path)
    assert got == status
    assert answer["error"].endswith(".")


def test_a_request_of_megabytes_is_refused(backend: Backend) -> None:
    connection = http.client.HTTPConnection(backend.url.removeprefix("http://"), timeout=5)
    connection.putrequest("POST", "/jobs")
    connection.putheader("Authorization", f"Bearer {backend.token}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(2**21))
    connection.endheaders(b'{"kind"')
    answer = connection.getresponse()
    assert answer.status == 413
    assert "1 MB" in json.load(answer)["error"]
    connection.close()
    megabytes = (b"[" * 2**18 for _ in range(8))  # without a length
    assert "1 MB" in backend.ask("POST", "/jobs", megabytes)[1]["error"]


# ---------------------------------------------------------------------------------------------------------------- jobs


def test_a_job_goes_from_asked_for_to_done(backend: Backend) -> None:
    status, job = backend.ask("POST", "/jobs", {"kind": "generate", "request": {"prompt": "a man", "seed": None}})
    assert status == 201
    assert (job["state"], job["attempts"], job["error"]) == ("queued", 0, None)
    assert 0 <= job["request"]["seed"] < 2**32
    done = backend.outcome(job["id"])
    assert (done["state"], done["fraction"], done["attempts"]) == ("done", 1.0, 1)
    assert job["created"] <= done["started"] <= done["finished"]
    folder = Path(done["result"]["folder"])
    assert folder == backend.store / "faces" / job["id"]
    assert done["result"]["seed"] == job["request"]["seed"]
    assert not list((backend.store / "staging").iterdir())
    listed = backend.ask("GET", f"/jobs/{job['id']}/files")[1]["files"]
    assert {file["path"]: file["size"] for file in listed} == {
        path: (folder / path).stat().st_size for path in ("face.json", "maps/skin.png")
    }
    assert backend.ask("GET", f"/jobs/{job['id']}/files/maps/skin.png") == (200, b"\x89PNG")


@pytest.mark.parametrize("path", [
    "nothing.png", "maps", "../../jobs.sqlite", "%2e%2e/%2e%2e/jobs.sqlite", "..%2f..%2fjobs.sqlite",
    "/etc/passwd", "%2fetc%2fpasswd", "link", "maps%00", "",
])  # fmt: skip
def test_no_path_leads_out_of_a_result(backend: Backend, path: str) -> None:
    job = backend.generate("a man")
    folder = Path(backend.outcome(job)["result"]["folder"])
    (folder / "link").symlink_to("/etc/passwd")
    status, answer = backend.ask("GET", f"/jobs/{job}/files/{path}")
    assert status == 404
    assert answer["error"]


def test_links_that_lead_out_of_a_result_are_not_listed(backend: Backend, tmp_path: Path) -> None:
    job = backend.generate("a man")
    folder = Path(backend.outcome(job)["result"]["folder"])
    (tmp_path / "secret").write_text("secret")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "folder out").symlink_to(tmp_path, target_is_directory=True)
    (folder / "nowhere").symlink_to(tmp_path / "nothing")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "inside").symlink_to(folder / "face.json")
    status, answer = backend.ask("GET", f"/jobs/{job}/files")
    assert status == 200
    assert [file["path"] for file in answer["files"]] == ["face.json", "inside", "maps/skin.png"]
    for path in ("out", "folder out/secret", "nowhere", "circle"):
        assert backend.ask("GET", f"/jobs/{job}/files/{path.replace(' ', '%20')}")[0] == 404


def test_the_same_id_twice_is_the_same_job(backend: Backend) -> None:
    body = {"id": os.urandom(16).hex(), "kind": "generate", "request": {"prompt": "a man"}}
    first, second = backend.ask("POST", "/jobs", body), backend.ask("POST", "/jobs", body)
    assert (first[0], second[0]) == (201, 200)
    assert first[1]["request"] == second[1]["request"]
    backend.outcome(body["id"])
    assert backend.ask("POST", "/jobs", body)[1]["state"] == "done"
    other = backend.ask("POST", "/jobs", {**body, "request": {"prompt": "a woman"}})
    assert other[0] == 409
    assert len([job for job in backend.ask("GET", "/jobs")[1]["jobs"] if job["id"] == body["id"]]) == 1


def test_jobs_are_done_in_turn_and_can_be_listed(backend: Backend) -> None:
    first = backend.generate("a slow man")
    second, third = backend.generate("a man"), backend.generate("a woman")
    backend.when_running(first)
    listed = backend.ask("GET", "/jobs?active=true")[1]["jobs"]
    assert [(job["id"], job["state"]) for job in listed] == [
        (third, "queued"), (second, "queued"), (first, "running"),
    ]  # fmt: skip
    assert backend.health()["active_jobs"] == 3
    backend.ask("POST", f"/jobs/{first}/cancel")
    assert backend.outcome(third)["started"] >= backend.outcome(second)["finished"]
    over = backend.ask("GET", "/jobs?active=false&limit=2")[1]["jobs"]
    assert [job["id"] for job in over] == [third, second]
    assert backend.ask("GET", "/jobs?active=true")[1]["jobs"] == []


def test_events_follow_a_job_to_its_end(backend: Backend) -> None:
    job = backend.generate("a man")
    with backend.open("GET", f"/jobs/{job}/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.read().decode().splitlines()  # ends by itself
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert lines.count("event: job") == len(told)
    assert told[-1] == backend.job(job)
    assert told[-1]["state"] == "done"
    with backend.open("GET", f"/jobs/{job}/events") as answer:  # one that is over has one event
        assert answer.read().decode().count("event: job") == 1


def test_all_events_begin_with_what_is_active_and_go_on(backend: Backend) -> None:
    slow = backend.generate("a slow man")
    with backend.open("GET", "/events") as stream:
        told = (json.loads(line.removeprefix(b"data: ")) for line in stream if line.startswith(b"data: "))
        assert next(told)["id"] == slow
        other = backend.generate("a woman")
        backend.ask("POST", f"/jobs/{slow}/cancel")
        states: dict[str, list[str]] = {slow: [], other: []}
        while "done" not in states[other]:
            job = next(told)
            states[job["id"]].append(job["state"])
    assert states[slow][-1] == "cancelled"


def test_silence_is_broken_so_that_listeners_know_it_lives(tmp_path: Path) -> None:
    setup = "import dreamface.service.events as events; events.ALIVE_EVERY = 0.1"
    with running_backend(tmp_path, setup=setup) as backend, backend.open("GET", "/events") as stream:
        assert [stream.readline() for _ in range(6)] == [b": alive\n", b"\n"] * 3


def test_time_left_is_guessed_from_jobs_like_it(backend: Backend) -> None:
    job = backend.generate("a slow man")  # the median of those before is a few milliseconds, so its own speed counts
    backend.when_running(job)
    time.sleep(0.3)
    gone = 0.25  # the fake worker says a quarter is done
    eta = backend.job(job)["eta"]
    assert 0.3 / gone * (1 - gone) <= eta < 20.0
    backend.ask("POST", f"/jobs/{job}/cancel")


def test_nothing_is_guessed_after_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    setup = f"import time; now = time.time; time.time = lambda: now() - 9000.0 * Path({str(clock)!r}).exists()"
    with running_backend(tmp_path / "store", setup=setup) as backend:
        job = backend.generate("a slow man")
        backend.when_running(job)
        clock.touch()
        assert backend.job(job)["eta"] is None
        backend.ask("POST", f"/jobs/{job}/cancel")


def test_calls_are_answered_while_a_job_runs(backend: Backend) -> None:
    job = backend.generate("a slow man")
    backend.when_running(job)
    assert backend.ask("POST", "/read", {"prompt": "a zorgon"}) == (
        200,
        {"traits": {}, "not_understood": ["a zorgon"], "note": "", "nothing_read": False, "text": "", "marks": []}
        | {"notes": [], "alternatives": {}},
    )
    assert backend.ask("POST", "/reshape", {"seed": 1, "traits": {}}) == (200, b"bytes")
    assert backend.job(job)["state"] == "running"
    backend.ask("POST", f"/jobs/{job}/cancel")
    assert backend.ask("POST", "/read", {"prompt": ""})[0] == 400
    assert backend.ask("POST", "/read", {"prompt": "a bug"}) == (500, {"error": "DreamFace met a bug."})


def test_a_prompt_of_which_nothing_is_read_fails_with_a_code_and_is_made_anyway(backend: Backend) -> None:
    failed = backend.outcome(backend.generate("ein Mann"))
    assert (failed["state"], failed["error_code"], failed["result"]) == ("failed", "nothing_read", None)
    assert failed["error"] == "DreamFace reads English only."
    assert backend.outcome(backend.generate("an impossible man"))["error_code"] == ""
    assert backend.outcome(backend.generate("ein Mann", anyway=True))["state"] == "done"


def test_corrections_are_checked(backend: Backend) -> None:
    def ask(**correction: object) -> tuple[int, dict[str, str]]:
        request = {"prompt": "a man", "corrections": [correction]}
        return backend.ask("POST", "/jobs", {"kind": "generate", "request": request})

    good = {"gender": {"value": -1.0, "confidence": 1.0, "because": ""}}
    assert ask(words="fisherman", traits=good, without=["age"])[0] == 201
    assert "corrections" in ask(words="fisherman", traits={"nose": 1.0})[1]["error"]
    assert "corrections" in ask(words="fisherman", without=["nose"])[1]["error"]
    assert "corrections" in ask(traits={})[1]["error"]


def test_only_a_done_face_can_be_exported(backend: Backend) -> None:
    failed = backend.generate("an impossible man")
    assert backend.outcome(failed)["error"] == "That can't be done: ask for something else."
    for job, status in ((failed, 409), ("0" * 32, 404)):
        body = {"kind": "export", "request": {"job": job, "format": "glb"}}
        assert backend.ask("POST", "/jobs", body)[0] == status
    assert backend.ask("GET", f"/jobs/{failed}/files")[0] == 409


def test_only_a_face_can_be_picked(backend: Backend) -> None:
    made = backend.generate("a man")
    folder = Path(backend.outcome(made)["result"]["folder"])
    (folder / "variation.json").write_text("{}")
    for _ in range(2):
        with backend.open("POST", f"/jobs/{made}/pick") as answer:
            assert answer.status == 204
    assert not (folder / "variation.json").exists()
    asking = {"kind": "install_model", "request": {"name": "ict-facekit", "path": None}}
    install = backend.ask("POST", "/jobs", asking)[1]["id"]
    backend.outcome(install)
    status, answer = backend.ask("POST", f"/jobs/{install}/pick")
    assert (status, "made no face" in answer["error"]) == (409, True)
    assert backend.ask("POST", f"/jobs/{'0' * 32}/pick")[0] == 404


# -------------------------------------------------------------------------------------------------------------- uploads


def put(backend: Backend, data: bytes, digest: str = "") -> tuple[int, Any]:
    digest = digest or hashlib.sha256(data).hexdigest()
    return backend.ask("PUT", f"/uploads/{digest}", data, **{"Content-Type": "application/octet-stream"})


def test_a_file_is_sent_once_and_found_again(backend: Backend) -> None:
    data = b"a picture" * 1000
    digest = hashlib.sha256(data).hexdigest()
    assert backend.ask("GET", f"/uploads/{digest}")[0] == 404
    assert put(backend, data) == (201, {"sha256": digest})
    assert put(backend, data) == (200, {"sha256": digest})
    assert backend.ask("GET", f"/uploads/{digest}") == (200, {"sha256": digest})
    assert (backend.store / "uploads" / digest).read_bytes() == data


def test_a_file_of_fifty_megabytes_goes_through_little_memory(tmp_path: Path) -> None:
    data = bytes(50 * 2**20)
    with running_backend(tmp_path) as backend:  # a fresh one: what is compared is the most that it ever had
        assert put(backend, b"something small")[0] == 201
        before = peak_memory(backend.process.pid)
        assert put(backend, data)[0] == 201
        assert peak_memory(backend.process.pid) - before < 25 * 2**20


def peak_memory(pid: int) -> int:
    """Bytes, where Linux tells."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        pytest.skip("this system does not tell how much memory a process has had")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def test_other_bytes_than_announced_are_refused_and_leave_nothing(backend: Backend) -> None:
    wrong = hashlib.sha256(b"something else").hexdigest()
    status, answer = put(backend, b"a picture", wrong)
    assert status == 400 and "SHA-256" in answer["error"]
    assert not [file for file in (backend.store / "uploads").iterdir() if wrong in file.name]


@pytest.mark.parametrize("digest", ["0", "G" * 64, "..%2Fjobs.sqlite", "A" * 64])
def test_a_name_that_is_no_digest_is_refused(backend: Backend, digest: str) -> None:
    status, answer = put(backend, b"a picture", digest)
    assert status in (400, 404) and answer["error"]


def test_a_file_that_is_too_long_is_refused(backend: Backend) -> None:
    long = iter([bytes(2**20)] * 65)  # an iterator states no length: it is counted as it comes
    path = f"/uploads/{'0' * 64}"
    announced = backend.ask("PUT", path, b"x", **{"Content-Length": str(64 * 2**20 + 1)})
    assert announced == (413, {"error": "The file is too long: send at most 64 MB."})
    outcome = "hung up"
    with suppress(urllib.error.URLError, ConnectionError):  # while we were still sending
        outcome = str(backend.ask("PUT", path, long)[0])
    assert outcome in ("413", "hung up")
    assert not any((backend.store / "uploads").glob("*0000*"))
    assert backend.health()["state"] == "ready"


def test_a_file_needs_the_token(backend: Backend) -> None:
    digest = hashlib.sha256(b"unasked").hexdigest()
    assert backend.ask("PUT", f"/uploads/{digest}", b"unasked", Authorization="Bearer no")[0] == 401
    assert backend.ask("GET", f"/uploads/{digest}")[0] == 404


def test_an_edit_whose_picture_was_not_sent_is_refused(backend: Backend) -> None:
    digest = hashlib.sha256(b"a mask").hexdigest()
    face = {"face_id": "a", "prompt": "a man", "seed": 1, "resolution": 512, "head": "anny", "traits": {}}
    masked = face | {"layers": [{"id": "freckles", "kind": "freckles", "mask": {"skin": digest}}]}
    for request in ({"face": masked, "traits": {}}, {"face": face, "traits": {}, "offset": digest}):
        status, answer = backend.ask("POST", "/jobs", {"kind": "edit", "request": request})
        assert status == 400 and digest in answer["error"], answer
    put(backend, b"a mask")
    assert backend.ask("POST", "/jobs", {"kind": "edit", "request": {"face": masked, "traits": {}}})[0] == 201


def test_files_that_nobody_asked_for_are_deleted_after_a_month(tmp_path: Path) -> None:
    old, new = hashlib.sha256(b"old").hexdigest(), hashlib.sha256(b"new").hexdigest()
    with running_backend(tmp_path) as backend:
        assert put(backend, b"old")[0] == put(backend, b"new")[0] == 201
    month_ago = time.time() - 31 * 24 * 3600
    os.utime(tmp_path / "uploads" / old, (month_ago, month_ago))
    (tmp_path / "uploads" / f".{new}.0123abcd-1-01234567.part").write_bytes(b"half")
    with running_backend(tmp_path) as backend:
        assert [file.name for file in (backend.store / "uploads").iterdir()] == [new]


@pytest.mark.parametrize("face", [{}, {"layers": 5}, {"layers": [5, {"mask": "x"}]}, {"head": "of another version"}])
def test_what_a_queued_job_of_another_version_needs_does_not_stop_the_start(face: dict[str, Any]) -> None:
    digest = hashlib.sha256(b"offset").hexdigest()
    assert needed_files("edit", {"face": face}) == ()
    assert needed_files("edit", {"face": face, "offset": digest}) == (digest,)


def test_photographs_are_deleted_when_nobody_needs_them_any_more(backend: Backend) -> None:
    """Other uploads stay; so does one that another job waits for."""
    data, other = b"a photograph", b"an offset"
    digest, kept = (hashlib.sha256(one).hexdigest() for one in (data, other))
    place = backend.store / "uploads"

    def asked(words: str) -> str:
        request = {"photographs": [{"upload": digest, "name": "me.jpg"}], "words": words}
        status, job = backend.ask("POST", "/jobs", {"kind": "from_photo", "request": request})
        assert status == 201, job
        assert 0 <= job["request"]["seed"] < 2**32
        return str(job["id"])

    for one in (data, other):
        put(backend, one)
    slow, waiting = asked("slow"), asked("older")
    backend.when_running(slow)
    backend.ask("POST", f"/jobs/{slow}/cancel")
    assert (place / digest).exists()
    done = backend.outcome(waiting)
    assert done["state"] == "done", done
    assert not (place / digest).exists()
    assert (place / kept).exists()
    put(backend, data)
    assert backend.outcome(asked("impossible"))["state"] == "failed"
    assert not (place / digest).exists()
    put(backend, data)  # the answer was lost: a client sends everything again, and asks with the same id
    again = {"id": waiting, "kind": "from_photo", "request": done["request"]}
    assert backend.ask("POST", "/jobs", again)[0] == 200
    assert not (place / digest).exists()
