"""After a model was installed or removed nobody goes on with the old one, and nobody waits long for that."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from dreamface import head
from dreamface.service import jobs
from dreamface.service.jobs import Workers
from dreamface.service.store import Record
from dreamface.service.worker_process import WorkerProcess


@pytest.fixture(autouse=True)
def fresh():
    head.forget()
    yield
    head.forget()


def test_a_model_that_is_being_loaded_when_it_is_replaced_is_not_kept(monkeypatch):
    installed, loading, go_on = ["old"], threading.Event(), threading.Event()

    def make(name):
        read = installed[0]
        loading.set()
        assert go_on.wait(5.0)
        return SimpleNamespace(read=read)

    monkeypatch.setattr(head, "_make", make)
    thread = threading.Thread(target=head.load_model, args=("anny",))
    thread.start()
    assert loading.wait(5.0)
    installed[0] = "new"
    head.forget()
    go_on.set()
    thread.join(5.0)
    assert head.load_model("anny").read == "new"
    assert head.load_model("anny") is head.load_model("anny")


def test_a_model_is_loaded_once(monkeypatch):
    made = []
    monkeypatch.setattr(head, "_make", lambda name: made.append(name) or SimpleNamespace())
    assert head.load_model("anny") is head.load_model("auto") is head.load_model("anny")
    head.forget()
    head.load_model("anny")
    assert made == ["anny", "anny"]


DEAF = """
import sys
from dreamface.service import frames
sys.stdout.buffer.write(frames.pack({"type": "ready", "device": "cpu"}))
sys.stdout.flush()
while (frame := frames.read(sys.stdin.buffer)) is not None:
    print(frame.header["name"], file=sys.stderr, flush=True)
"""


def test_a_model_is_installed_soon_though_the_worker_for_faces_is_too_busy_to_answer(monkeypatch, capfd):
    monkeypatch.setattr(jobs, "_FORGET_PATIENCE", 0.1)

    async def install() -> float:
        command = (sys.executable, "-c", DEAF)
        workers = Workers(WorkerProcess(command), WorkerProcess(command))
        async with workers.faces.alive():
            await workers.faces.ready()
            begin = time.monotonic()
            async with workers.ready_for(Record("0" * 32, "install_model", {"name": "x"}, 0.0)):
                pass
            took = time.monotonic() - begin
            await asyncio.sleep(0.1)
            return took

    assert asyncio.run(asyncio.wait_for(install(), 20.0)) < 5.0
    assert capfd.readouterr().err.count("forget") == 2, "it does so when it comes to it"
