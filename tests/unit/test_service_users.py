"""Several people on one service: tokens of their own, nobody sees another's, everybody's turn comes, within limits."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
import urllib.error
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dreamface.cli import main
from dreamface.errors import BadRequest, DreamFaceError, NameTaken, UnknownName
from dreamface.service.store import JobStore, Record
from dreamface.service.users import Users, add_user, read_users, remove_user
from tests.running_backend import Backend, running_backend, wait_for
from tests.unit.test_service_naming import NAMED


class Somebody:
    """A user of a backend."""

    def __init__(self, backend: Backend, token: str) -> None:
        self._backend = backend
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self._backend.ask(method, path, body, **self._headers)

    def generate(self, prompt: str, **more: Any) -> tuple[int, Any]:
        return self.ask("POST", "/jobs", {"kind": "generate", "request": {"prompt": prompt, "resolution": 512}, **more})

    def outcome(self, job: str) -> dict[str, Any]:
        wait_for(lambda: self.ask("GET", f"/jobs/{job}")[1]["state"] not in ("queued", "running"))
        return dict(self.ask("GET", f"/jobs/{job}")[1])


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("users") / "store") as backend:
        backend.when_ready()
        yield backend


@pytest.fixture(scope="module")
def anna(backend: Backend) -> Somebody:
    return Somebody(backend, add_user(backend.store, "anna"))  # while it runs: it needs no new start


@pytest.fixture(scope="module")
def ben(backend: Backend) -> Somebody:
    return Somebody(backend, add_user(backend.store, "ben", waiting=2))


def test_nobody_sees_anothers_jobs_or_faces(backend: Backend, anna: Somebody, ben: Somebody) -> None:
    name = uuid.uuid4().hex
    status, _ = anna.generate("a man", id=name)
    assert status == 201 and anna.outcome(name)["state"] == "done"
    for path in ("", "/files", "/files/face.json", "/events"):
        assert anna.ask("GET", f"/jobs/{name}{path}")[0] == 200
        for other in (ben, backend):
            assert other.ask("GET", f"/jobs/{name}{path}")[0] == 404, path
    for path in ("/cancel", "/pick"):
        assert ben.ask("POST", f"/jobs/{name}{path}")[0] == 404
    assert ben.ask("DELETE", f"/jobs/{name}/files")[0] == 404
    assert ben.ask("POST", "/jobs", {"kind": "export", "request": {"job": name, "format": "obj"}})[0] == 404
    assert ben.generate("a man", id=name)[0] == 409
    assert name not in json.dumps([ben.ask("GET", "/jobs")[1], ben.ask("GET", "/jobs?active=false")[1]])
    assert name in json.dumps(anna.ask("GET", "/jobs?active=false")[1])
    assert "another" not in json.dumps(ben.ask("GET", "/health")[1])


def test_events_are_ones_own(backend: Backend, anna: Somebody, ben: Somebody) -> None:
    with backend.open("GET", "/events", Authorization=ben._headers["Authorization"]) as stream:
        stream.readline()
        _, hers = anna.generate("a woman")
        anna.outcome(hers["id"])
        _, his = ben.generate("a man")
        ben.outcome(his["id"])
        heard = ""
        while his["id"] not in heard:
            heard += stream.readline().decode()
        assert hers["id"] not in heard


def test_everybodys_turn_comes_and_a_queue_has_an_end(backend: Backend, anna: Somebody, ben: Somebody) -> None:
    _, first = anna.generate("slow")  # holds the worker while the others come
    wait_for(lambda: anna.ask("GET", f"/jobs/{first['id']}")[1]["state"] == "running")
    hers = [anna.generate("a woman")[1]["id"] for _ in range(4)]
    his = [ben.generate("a man")[1]["id"] for _ in range(2)]
    owners = backend.generate("an elf")
    status, answer = ben.generate("one more")
    assert status == 429 and answer["error"].startswith("You have 2 jobs waiting, and may have 2: wait until")
    assert ben.ask("GET", "/health")[1]["active_jobs"] == 2
    anna.ask("POST", f"/jobs/{first['id']}/cancel")
    done = {job: anna.outcome(job) for job in hers} | {job: ben.outcome(job) for job in his}
    done[owners] = backend.outcome(owners)
    order = sorted(done, key=lambda job: done[job]["started"])
    assert {order[0], order[1], order[2]} >= {his[0], owners}, "whoever has waited for a turn comes first"
    assert order.index(his[1]) < order.index(hers[2]) and [job for job in order if job in hers] == hers
    assert ben.generate("a man")[0] == 201


def test_a_user_has_so_much_room_and_can_make_some(backend: Backend) -> None:
    carl = Somebody(backend, add_user(backend.store, "carl", disk=1e-9))  # a byte
    _, job = carl.generate("a man")
    assert carl.outcome(job["id"])["state"] == "done"
    status, answer = carl.generate("another man")
    assert (
        status == 429
        and "GB on the machine that makes them, and may" in answer["error"]
        and "delete some" in answer["error"]
    )
    assert carl.ask("PUT", f"/uploads/{'0' * 64}", b"x")[0] == 429
    status, room = carl.ask("GET", "/room")
    assert (status, room["allowed"], room["uploads"], room["styles"]) == (200, 1, 0, 0)
    (item,) = room["items"]
    assert (item["job"], item["kind"], item["label"]) == (job["id"], "generate", "a man")
    folder = backend.store / "faces" / job["id"]
    assert room["used"] == item["size"] == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert carl.ask("DELETE", f"/jobs/{job['id']}/files")[0] == 204
    assert carl.ask("GET", f"/jobs/{job['id']}/files")[0] == 404
    assert carl.generate("another man")[0] == 201


def requests_naming(place: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return a request for each field that names something of the machine."""
    record = {"face_id": "f", "prompt": "a man", "seed": 1, "head": "anny", "resolution": 512, "traits": {}}
    job = lambda kind, request: ("POST", "/jobs", {"kind": kind, "request": request})  # noqa: E731
    return {
        "Animate.source": job("animate", {"source": place}),
        "ModelSource.path": job("install_model", {"name": "ict-facekit", "path": place}),
        "Photograph.path": job("from_photo", {"photographs": [{"path": place}], "words": "a man"}),
        "StartLive.source": ("POST", "/live", {"source": place}),
        "Talk.folder": ("POST", "/talk", {"said": "older", "face": record, "folder": place}),
    }


def test_users_name_no_file_of_the_machine(backend: Backend, anna: Somebody, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    store = backend.store
    (store / "faces" / "link").symlink_to(tmp_path)
    places = (secret, "/etc/passwd", store / "users.json", store / "faces", store / "exports", store / "uploads",
              store / "faces" / "link" / "secret.png", store / "faces" / ".." / "users.json")  # fmt: skip
    assert requests_naming("").keys() == NAMED, "a request of each of them"
    for place in places:
        for field, (method, path, body) in requests_naming(str(place)).items():
            status, answer = anna.ask(method, path, body)
            assert status == 403 and "for whoever runs it" in answer["error"], (field, place, answer)
    assert anna.ask("POST", "/live", {"source": "camera"})[0] == 403
    assert anna.ask("GET", "/cameras") == (200, [])
    for field in NAMED - {"StartLive.source"}:
        method, path, body = requests_naming(str(secret))[field]
        assert backend.ask(method, path, body)[0] in (200, 201), "the owner may"


def test_users_name_what_was_made_for_them(backend: Backend, anna: Somebody, ben: Somebody) -> None:
    name = uuid.uuid4().hex
    anna.generate("a man", id=name)
    assert anna.outcome(name)["state"] == "done"
    face = backend.store / "faces" / name
    take = backend.store / "exports" / "user-anna" / uuid.uuid4().hex / "take-1.npz"
    take.parent.mkdir(parents=True)
    take.write_bytes(b"x")
    for field, place in (("Talk.folder", face), ("Animate.source", take)):
        method, path, body = requests_naming(str(place))[field]
        assert anna.ask(method, path, body)[0] in (200, 201)
        assert ben.ask(method, path, body)[0] == 403


def test_uploads_are_ones_own(backend: Backend, anna: Somebody, ben: Somebody) -> None:
    data = b"a photograph"
    digest = hashlib.sha256(data).hexdigest()
    request = {"kind": "from_photo", "request": {"photographs": [{"upload": digest}], "words": "slow", "keep": False}}
    assert anna.ask("PUT", f"/uploads/{digest}", data)[0] == 201
    assert anna.ask("GET", f"/uploads/{digest}")[0] == 200
    for other in (ben, backend):
        assert other.ask("GET", f"/uploads/{digest}")[0] == 404
        status, answer = other.ask("POST", "/jobs", request)
        assert status == 400 and "There is no upload" in answer["error"]
    status, job = anna.ask("POST", "/jobs", request)
    assert status == 201
    assert anna.ask("DELETE", "/uploads")[0] == 204 and anna.ask("GET", f"/uploads/{digest}")[0] == 200, "it is needed"
    anna.ask("POST", f"/jobs/{job['id']}/cancel")
    assert anna.ask("GET", f"/uploads/{digest}")[0] == 404, "a photograph goes with its job"
    other = hashlib.sha256(b"a mask").hexdigest()
    anna.ask("PUT", f"/uploads/{other}", b"a mask")
    assert anna.ask("DELETE", "/uploads")[0] == 204 and anna.ask("GET", f"/uploads/{other}")[0] == 404


def test_models_are_not_for_users_to_change(ben: Somebody) -> None:
    status, answer = ben.ask("POST", "/jobs", {"kind": "remove_model", "request": {"name": "ict-facekit"}})
    assert status == 409 and "whoever runs the service" in answer["error"]


def test_who_is_removed_is_let_in_no_more(backend: Backend) -> None:
    dora = Somebody(backend, add_user(backend.store, "dora"))
    assert dora.ask("GET", "/health")[0] == 200
    remove_user(backend.store, "Dora")
    assert dora.ask("GET", "/health")[0] == 401
    with pytest.raises(urllib.error.HTTPError, match="401"):
        backend.open("GET", "/health", Authorization="Bearer ")


def test_names_and_limits_that_cannot_be(tmp_path: Path) -> None:
    add_user(tmp_path, "anna")
    for name, limits, kind, sentence in (
        ("", {}, BadRequest, "1 to 40"), ("../up", {}, BadRequest, "1 to 40"), ("Anna", {}, NameTaken, "already"),
        ("ben", {"waiting": 0}, BadRequest, "jobs waiting"), ("ben", {"disk": -1.0}, BadRequest, "gigabytes"),
    ):  # fmt: skip
        with pytest.raises(kind, match=sentence):
            add_user(tmp_path, name, **limits)
    with pytest.raises(UnknownName, match="no user called ben"):
        remove_user(tmp_path, "ben")
    listed = json.loads((tmp_path / "users.json").read_text())["users"][0]
    for damaged in (
        "{", "[]", json.dumps({"users": [{**listed, "name": ""}]}), json.dumps({"users": [{**listed, "waiting": -1}]}),
        json.dumps({"users": [{**listed, "token_sha256": "é"}]}),
    ):  # fmt: skip
        (tmp_path / "users.json").write_text(damaged)
        with pytest.raises(DreamFaceError, match="is damaged, so no user but the owner is let in"):
            read_users(tmp_path)
        assert Users(tmp_path).of("anything") is None


def test_two_who_add_somebody_at_once_lose_nobody(tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(12)]
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(partial(add_user, tmp_path), names))
    assert sorted(user.name for user in read_users(tmp_path)) == sorted(names)


def test_capital_letters_are_small_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_user(tmp_path, "Anna")
    assert [user.name for user in read_users(tmp_path)] == ["anna"]
    rows = json.loads((tmp_path / "users.json").read_text())
    rows["users"][0]["name"] = "Anna"  # as older versions kept it
    (tmp_path / "users.json").write_text(json.dumps(rows))
    assert [user.name for user in read_users(tmp_path)] == ["anna"]
    store = JobStore(tmp_path / "jobs.sqlite")
    store.add(Record("a" * 32, "generate", {}, 1.0, owner="Anna"))
    store.close()
    store = JobStore(tmp_path / "jobs.sqlite")
    assert [record.id for record in store.newest(9, "anna")] == ["a" * 32]
    store.close()
    assert main(["users", "remove", "ANNA", "--store", str(tmp_path)]) == 0 and read_users(tmp_path) == []
    for wrong, sentence in ((["list", "--waiting", "3"], "who is added"), (["list", "anna"], "leave the name away")):
        assert main(["users", *wrong, "--store", str(tmp_path)]) != 0
        assert sentence in capsys.readouterr().err


def test_who_could_not_be_looked_up_once_is_let_in_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token, users = add_user(tmp_path, "anna"), Users(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", _no_files_left)
        assert users.of(token) is None and users.of(token) is None
    assert ["users.json can't be read" in record.message for record in caplog.records] == [True], "it is logged once"
    found = users.of(token)
    assert found is not None and found.name == "anna"


def _no_files_left(*_: Any, **__: Any) -> str:
    raise OSError(errno.EMFILE, "Too many open files")


def test_the_line_of_a_user_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path)]
    (tmp_path / "address").write_text(f"192.168.1.20:8765#owner#{'ab' * 32}\n")
    assert main(["users", "add", "anna", "--waiting", "3", *store]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    address, token, fingerprint = line.split("#")
    assert address == "192.168.1.20:8765" and fingerprint == "ab" * 32
    (user,) = read_users(tmp_path)
    assert (user.name, user.waiting) == ("anna", 3) and Users(tmp_path).of(token) == user
    assert token not in (tmp_path / "users.json").read_text()
    assert (tmp_path / "users.json").stat().st_mode & 0o077 == 0
    assert main(["users", *store]) == 0 and "anna" in capsys.readouterr().out
    assert main(["users", "remove", "anna", *store]) == 0 and read_users(tmp_path) == []


def test_jobs_of_older_versions_are_the_owners(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    JobStore(file).close()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("ALTER TABLE jobs DROP COLUMN owner")
        database.execute("PRAGMA user_version=1")
        database.execute(
            "INSERT INTO jobs (id, kind, state, request, created) VALUES ('a', 'generate', 'failed', '{}', 1.0)"
        )
    store = JobStore(file)
    assert [record.id for record in store.newest(9, "")] == ["a"] and store.newest(9, "anna") == []
    store.close()
