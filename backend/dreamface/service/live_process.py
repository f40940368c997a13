"""A process for one live session: reads faces as a camera or a phone sends them. It has nothing to do with the jobs.

`python -m dreamface.service.live_process` speaks `frames` over its standard input and output; with the argument
`cameras` it prints this machine's cameras as JSON, and ends. It ends when its input does, and keeps what is recorded.

    to it       start {source, face, adjustments, folder}, first of all; then
                record {call, on} | neutral {call} | adjust {call, adjustments} | stop {call}
    from it     ready {name} or failed {error, kind}; then
                moment {...} | answer {call, take} | answer {call, error, kind} | ended {reason, take}
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

from dreamface.errors import DreamFaceError
from dreamface.motion import Adjustments, Live, Recorded, Shown, list_cameras
from dreamface.service import frames

_BUG: Final = "DreamFace met a bug ({}): please report it with the backend's log."
_DECIMALS: Final = 5


def to_message(shown: Shown) -> dict[str, Any]:
    """Return a moment as clients get it."""
    moment = shown.moment
    return {
        "time": round(moment.time, _DECIMALS),
        "weights": [round(weight, _DECIMALS) for weight in moment.weights.tolist()],
        "head": [round(angle, _DECIMALS) for angle in moment.head.tolist()],
        "position": [round(metres, _DECIMALS) for metres in moment.position.tolist()],
        "eyes": [round(angle, _DECIMALS) for angle in moment.eyes.reshape(-1).tolist()],
        "seen": bool(moment.seen),
        "rate": round(shown.rate, 2),
        "latency_ms": round(shown.latency * 1000.0, 2),
        "dropped": shown.dropped,
    }


def _to_take(recorded: Recorded | None) -> dict[str, Any] | None:
    if recorded is None:
        return None
    return {"file": str(recorded.file), "seconds": recorded.seconds, "moments": recorded.moments}


class _Session:
    """Takes commands in one thread, and reads faces in the one that it was started in."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands = commands
        self._answers = answers
        self._writing = threading.Lock()
        self._obeying = threading.Lock()

    def run(self) -> None:
        """Work until the source or the service ends."""
        first = frames.read(self._commands)
        if first is None:
            return
        try:
            live = _open(first.header)
        except Exception as error:
            self._send({"type": "failed", **_explain(error)})
            return
        self._send({"type": "ready", "name": live.name})
        threading.Thread(target=self._listen, args=(live,), daemon=True).start()
        reason = ""
        try:
            for shown in live.moments():
                self._send({"type": "moment", **to_message(shown)})
            reason = live.ending
        except Exception as error:
            reason = _explain(error)["error"]
        self._end(live, reason)
        with self._obeying:  # an answer that is on its way goes out first
            _leave()

    def _listen(self, live: Live) -> None:
        with suppress(frames.FrameError):
            while (frame := frames.read(self._commands)) is not None:
                with self._obeying:
                    self._obey(frame.header, live)
        self._finish(live)  # the service is gone
        _leave()

    def _obey(self, command: dict[str, Any], live: Live) -> None:
        answer: dict[str, Any] = {"type": "answer", "call": command["call"]}
        try:
            match command["type"]:
                case "record":
                    answer["take"] = _to_take(live.record(command["on"]))
                case "neutral":
                    live.take_neutral()
                case "adjust":
                    live.adjust(Adjustments(**command["adjustments"]))
                case "stop":
                    answer["take"] = _to_take(live.stop())
        except Exception as error:
            answer |= _explain(error)
        self._send(answer)

    def _finish(self, live: Live) -> Recorded | None:
        with suppress(DreamFaceError):  # what the disk refuses lies there in rows
            return live.stop()
        return None

    def _end(self, live: Live, reason: str) -> None:
        self._send({"type": "ended", "reason": reason, "take": _to_take(self._finish(live))})

    def _send(self, header: dict[str, Any]) -> None:
        packed = frames.pack(header)
        with suppress(OSError), self._writing:  # nobody listens any more; `_listen` sees that, too
            self._answers.write(packed)
            self._answers.flush()


def _open(start: dict[str, Any]) -> Live:
    return Live(start["source"], start["face"], Adjustments(**start["adjustments"]), Path(start["folder"]))


def _explain(error: Exception) -> dict[str, str]:
    """Return the sentence for what went wrong, and its kind; what was nobody's fault but ours is logged."""
    if isinstance(error, DreamFaceError):
        return {"error": str(error), "kind": type(error).__name__}
    traceback.print_exception(error)
    return {"error": _BUG.format(f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")), "kind": "bug"}


def _leave() -> NoReturn:
    """End this process; what reads a camera for it ends with the pipe between them."""
    os._exit(0)


def main() -> None:
    """Work for the service on the other end of standard input and output."""
    if sys.argv[1:] == ["cameras"]:
        print(json.dumps([{"id": camera.id, "name": camera.name} for camera in list_cameras()]))
        return
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints goes to the log, not between the frames
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    _Session(commands, answers).run()
    _leave()


if __name__ == "__main__":
    main()
