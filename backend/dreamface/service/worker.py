"""A worker process: does one job at a time, and answers calls beside it.

`python -m dreamface.service.worker` makes faces; with the argument `models` it installs and removes models, and answers
no calls. It speaks `frames` over its standard input and output. It ends at once when its input ends: then the service
is gone.

    to it       job {id, kind, request, place, source?, files?} | cancel {id} | call {call, name, arguments}
    from it     ready {device} | started {id} | progress {id, stage, fraction, message}
                done {id, result} | failed {id, error}
                answer {call, result} + bytes | answer {call, error, bug, kind}
"""

from __future__ import annotations

import ctypes
import gc
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from dreamface.errors import Cancelled, DreamFaceError
from dreamface.progress import Progress, Step
from dreamface.service import frames

Jobs = Mapping[Any, Callable[[dict[str, Any], Path, Progress], dict[str, Any]]]
Calls = Mapping[str, Callable[..., tuple[dict[str, Any], bytes]]]

_SLOW_CALLS = ("paint", "carry_edits", "talk")
"""Calls that may take a second and more."""

_KILLED_FIRST = "500"  # of -1000, never, to 1000
_REPORT_EVERY = 0.1  # seconds

_PAUSES = (2.0, 150.0)  # seconds: by the end of the second, the pipeline has let go of the last face, too
_OUT_OF_MEMORY = "There is not enough memory for this: choose a lower resolution or close other programs."
_BUG = "DreamFace met a bug ({}): please report it with the backend's log."


class Worker:
    """Reads commands in one thread and does jobs in the one that it was started in.

    Two more answer calls: one those that are quick, one those that paint, so that sliders wait for no painting.
    """

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._writing = threading.Lock()
        self._jobs: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._calls: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._slow_calls: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled: set[str] = set()

    def make_faces(self) -> None:
        """Work until the process is ended."""
        self._start_listening()
        try:
            from dreamface.service import tasks  # seconds: the thread above must be listening already
        except (ImportError, OSError) as error:
            traceback.print_exception(error)
            sys.exit(frames.BROKEN)

        tasks.warm_up()
        for waiting in (self._calls, self._slow_calls):
            threading.Thread(target=self._answer_calls, args=(waiting, tasks.CALLS), daemon=True).start()
        _give_memory_back()
        self._send({"type": "ready", "device": "cpu"})
        self._rehearse(tasks.rehearse)
        self._do_all(tasks.JOBS)

    def keep_models(self) -> None:
        """Work until the process is ended."""
        self._start_listening()
        from dreamface.service import model_tasks

        self._send({"type": "ready", "device": "cpu"})
        self._do_all(model_tasks.JOBS)

    def _start_listening(self) -> None:
        threading.Thread(target=self._listen, daemon=True).start()

    def _do_all(self, jobs: Jobs) -> NoReturn:
        while True:
            job = self._next_job()
            self._do(job, jobs)
            self._cancelled.discard(job["id"])

    def _rehearse(self, rehearse: Callable[[Progress], None]) -> None:
        """Get ready for the first job while none is there; what is left undone when it comes, it does itself."""
        try:
            rehearse(Progress(cancelled=lambda: not self._jobs.empty()))
        except Cancelled:
            pass
        except Exception as error:
            _explain(error)  # a job that meets the same will say so

    def _next_job(self) -> dict[str, Any]:
        """Wait for a job; give memory back in longer pauses only, as the next job would ask for it again."""
        for pause in _PAUSES:
            try:
                return self._jobs.get(timeout=pause)
            except queue.Empty:
                _give_memory_back()
        return self._jobs.get()

    def _listen(self) -> None:
        try:
            while (frame := frames.read(self._commands)) is not None:
                command = frame.header
                if command["type"] == "job":
                    self._jobs.put(command)
                elif command["type"] == "call":
                    (self._slow_calls if command["name"] in _SLOW_CALLS else self._calls).put(command)
                elif command["type"] == "cancel":
                    self._cancelled.add(command["id"])
        finally:
            _end()

    def _do(self, job: dict[str, Any], jobs: Jobs) -> None:
        name = job["id"]
        self._send({"type": "started", "id": name})
        progress = Progress(_Reporter(self, name), lambda: name in self._cancelled)
        try:
            result = jobs[job["kind"]](job, Path(job["place"]), progress)
        except Exception as error:
            sentence, _ = _explain(error)
            code = error.code if isinstance(error, DreamFaceError) else ""
            self._send({"type": "failed", "id": name, "error": sentence, "code": code})
        else:
            self._send({"type": "done", "id": name, "result": result})

    def _answer_calls(self, waiting: queue.SimpleQueue[dict[str, Any]], calls: Calls) -> None:
        while True:
            command = waiting.get()
            answer = {"type": "answer", "call": command["call"]}
            try:
                result, payload = calls[command["name"]](**command["arguments"])
            except Exception as error:
                sentence, bug = _explain(error)
                self._send({**answer, "error": sentence, "bug": bug, "kind": type(error).__name__})
            else:
                self._send({**answer, "result": result}, payload)

    def _send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        head = frames.pack_head(header, len(payload))
        try:
            with self._writing:
                self._answers.write(head)
                self._answers.write(payload)  # not put together first: it may be hundreds of megabytes
                self._answers.flush()
        except OSError:
            _end()  # nobody listens any more

    def report(self, job: str, step: Step) -> None:
        """Tell the service how far a job is."""
        self._send({"type": "progress", "id": job, **vars(step)})


class _Reporter:
    """Passes on a job's steps: every new stage, and otherwise ten a second."""

    def __init__(self, worker: Worker, job: str) -> None:
        self._worker = worker
        self._job = job
        self._stage = ""
        self._next = 0.0

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.stage != self._stage or now >= self._next:
            self._worker.report(self._job, step)
            self._stage, self._next = step.stage, now + _REPORT_EVERY


def _explain(error: Exception) -> tuple[str, bool]:
    """The sentence for what went wrong, and whether it was nobody's fault but ours; that is logged."""
    if isinstance(error, DreamFaceError):
        return str(error), False
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "allocate memory" in str(error)):
        return _OUT_OF_MEMORY, False
    traceback.print_exception(error)
    return _BUG.format(f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")), True


def _give_memory_back() -> None:
    """Return what the allocator keeps to the system; glibc would hold on to the largest job's for ever."""
    gc.collect()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except AttributeError:  # musl has none
            return


def _offer_to_be_killed() -> None:
    """Where memory runs out, have Linux take this process rather than the service, or Blender: it costs one job."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_KILLED_FIRST)


def _end() -> None:
    """End this process and those it started."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Work for the service on the other end of standard input and output."""
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints goes to the log, not between the frames
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    _offer_to_be_killed()
    worker = Worker(commands, answers)
    if sys.argv[1:] == ["models"]:
        worker.keep_models()
    else:
        worker.make_faces()


if __name__ == "__main__":
    main()
