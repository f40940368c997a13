"""`dreamface jobs`: the running backend's jobs from a terminal."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamface.cli import main
from tests.running_backend import Backend, running_backend

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("jobs")) as backend:
        backend.when_ready()
        yield backend


@pytest.fixture
def run(backend: Backend, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str, store: Path = backend.store) -> tuple[int, str, str]:
        code = main(["jobs", *words, "--store", str(store)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_list_says_what_every_job_is_and_how_it_went(backend: Backend, run: Run) -> None:
    done, failed = backend.generate("a bearded man"), backend.generate("an impossible man")
    backend.outcome(failed)
    code, out, _ = run()
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "a bearded man" in lines[done[:8]]
    assert "done" in lines[done[:8]]
    assert "That can't be done" in lines[failed[:8]]
    listed = json.loads(run("list", "--json")[1])
    assert listed["running"] is True
    assert [job["id"] for job in listed["jobs"][:2]] == [failed, done]


def test_following_ends_with_the_job(backend: Backend, run: Run) -> None:
    slow = backend.generate("a slow man")
    job = backend.generate("a man")
    backend.when_running(slow)
    threading.Timer(0.3, backend.ask, ("POST", f"/jobs/{slow}/cancel")).start()
    code, out, err = run("follow", job)
    assert code == 0
    assert str(backend.store / "faces" / job) in out
    assert "queued" in err
    code, out, _ = run("follow", slow[:8])
    assert code == 1
    assert "Cancelled" in out


def test_a_failed_job_is_an_exit_code(backend: Backend, run: Run) -> None:
    code, out, _ = run("follow", backend.generate("an impossible man"), "--json")
    assert code == 1
    assert json.loads(out)["error"].startswith("That can't be done")


def test_a_job_is_stopped(backend: Backend, run: Run) -> None:
    job = backend.generate("a slow man")
    backend.when_running(job)
    code, out, _ = run("cancel", job[:12])
    assert code == 0
    assert "was stopped" in out
    assert backend.job(job)["state"] == "cancelled"
    assert "cancelled already" not in out
    assert "was done already" in run("cancel", _done(backend))[1]


@pytest.mark.parametrize(("words", "sentence"), [
    (("cancel", "0" * 32), "There is no job"), (("follow", "0" * 32), "There is no job"),
    (("follow", "xyz"), "No job's id begins"), (("follow", ""), "Name the job"), (("cancel",), "Name the job"),
])  # fmt: skip
def test_a_job_that_is_not_there_gets_a_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert sentence in err


def test_without_a_backend_the_store_can_still_be_read(tmp_path: Path, run: Run) -> None:
    assert "There are no jobs" in run(store=tmp_path / "none")[1]
    assert not (tmp_path / "none").exists()
    with running_backend(tmp_path) as backend:
        job = _done(backend)
        backend.kill()
    code, out, _ = run(store=tmp_path)
    assert code == 0
    assert job[:8] in out
    assert "No backend is running" in out
    data = json.loads(run("--json", store=tmp_path)[1])
    assert data["running"] is False
    assert data["jobs"][0]["result"]["folder"] == str(tmp_path / "faces" / job)
    code, _, err = run("cancel", job, store=tmp_path)
    assert code == 1
    assert "dreamface serve" in err


def test_a_backend_that_ends_while_it_is_followed_is_said(tmp_path: Path, run: Run) -> None:
    with running_backend(tmp_path) as backend:
        job = backend.generate("a slow man")
        backend.when_running(job)
        threading.Timer(0.3, backend.kill).start()
        code, _, err = run("follow", job, store=tmp_path)
    assert code == 1
    assert "The backend ended" in err


def _done(backend: Backend) -> Any:
    return backend.outcome(backend.generate("a man"))["id"]
