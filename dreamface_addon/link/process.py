"""The backend as a process of the operating system: its environment, its log, its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

LARGEST_LOG = 5 << 20  # bytes; a log that has grown beyond begins anew
TERMINATE_AFTER = 2.0  # seconds that it gets to end by itself
KILL_AFTER = 4.0  # seconds, from the same moment
_TAIL = 65536  # bytes of the log that its last lines are looked for in
_FULL = 1 << 20  # bytes; a disk with less room is full

_ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt)(: |$)")
"""The last line of a traceback."""

_AGAIN = "start it again, and send us the log if it stays so"

_LISTENS = "DreamFace is listening"

_OURS = ("PYTHON", "BLENDER_", "__PYVENV")
"""Variables that Blender, or a Python around it, has set for itself."""

_ITS_OWN = {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}
"""Set rather than given as options, so that the backend's worker process has them too."""


def child_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables for a child process: Blender's, without those for its own Python, with `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OURS)}
    return kept | _ITS_OWN | dict(extra)


class Process:
    """A backend that this Blender has started.

    Args:
        command: the program and its arguments.
        log: the file that everything it prints is added to.
        folder: where it runs.
        extra: environment variables laid over Blender's.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: list[str], log: Path, folder: Path, extra: Mapping[str, str]) -> None:
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            os.truncate(log, 0)
        with log.open("ab") as output:
            self._log, self._log_start = log, output.tell()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=child_environment(extra),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # only Windows has it
                start_new_session=sys.platform != "win32",  # Ctrl-C in Blender's terminal is for Blender alone
            )
        self._leaving_since: float | None = None
        self._hung = False

    def exit_code(self) -> int | None:
        """How it ended, below 0 where a signal ended it; None while it runs."""
        return self._process.poll()

    def leave(self) -> None:
        """Ask it to end, by the end of its input; `gone` insists."""
        if self._leaving_since is None:
            self._leaving_since = time.monotonic()
            if self._process.stdin is not None:
                self._process.stdin.close()

    def gone(self) -> bool:
        """Whether it has ended after `leave`; makes it end when its time is up."""
        if self._process.poll() is not None:
            self.leave()  # closes our end of its input
            return True
        waited = time.monotonic() - self._leaving_since if self._leaving_since is not None else 0.0
        if waited > KILL_AFTER:
            self._process.kill()
        elif waited > TERMINATE_AFTER:
            self._process.terminate()
        return False

    def kill_hanging(self) -> None:
        """End it at once because it no longer answers."""
        self._hung = True
        self._process.kill()

    def last_words(self) -> str:
        """The last line that it printed itself, or the error just before it; "" if it said nothing."""
        lines = [line.strip() for line in tail(self._log, 4, self._log_start)]
        if self.exit_code():  # one that listens has not failed: another engine, which is on its way out, has said that
            lines = [line for line in lines if not line.startswith(_LISTENS)] or lines
        lines = lines[-2:]
        return next((line for line in reversed(lines) if _ERROR.match(line)), lines[-1] if lines else "")

    def why_it_ended(self) -> str:
        """A sentence about an end that nobody asked for."""
        code, words = self.exit_code(), self.last_words()
        if self._hung:
            return "The engine no longer answered and was ended."
        if sys.platform != "win32" and code == -signal.SIGKILL:
            return (
                "The engine was killed, by another program or because memory ran out: start it again, and if that "
                "repeats, close other programs or choose a lower resolution."
            )
        if "No module named dreamface" in words or "No module named 'dreamface'" in words:
            return "DreamFace is not installed in the engine's environment: set up the engine again."
        if self._disk_is_full():
            return f"The disk with {self._log.parent} is full: free some space, then start the engine again."
        if words.startswith(("ImportError: ", "ModuleNotFoundError: ")):
            return f"The engine's environment is damaged ({words.rstrip('.')}): set up the engine again."
        if words:
            return words if words.endswith((".", "!", "?")) else f"The engine stopped ({words}): {_AGAIN}."
        return f"The engine crashed: {_AGAIN}." if (code or 0) < 0 else f"The engine stopped at once: {_AGAIN}."

    def _disk_is_full(self) -> bool:
        """Then its last words may be missing from the log."""
        try:
            return shutil.disk_usage(self._log.parent).free < _FULL
        except OSError:
            return False


def tail(log: Path, lines: int, start: int = 0) -> list[str]:
    """The last lines, blank ones left out, of what a log holds after byte `start`; empty if it cannot be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(min(start, size), size - _TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-lines:]
