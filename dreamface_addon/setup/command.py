"""A program that is run to its end without anybody waiting for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

KILL_WAIT_S = 2.0
"""Longer than a killed program takes to be gone."""


class Command:
    """A program with a process group of its own, whose output goes into a log file and is read from there.

    Attributes:
        output: all that it has printed so far.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        environment: Mapping[str, str],
        *,
        keep_open: int | None = None,
        time_limit: float | None = None,
    ) -> None:
        """Start it.

        Args:
            arguments: the program and its arguments.
            log: the file that its output is added to.
            environment: its environment, all of it.
            keep_open: an open file that it holds on to (not on Windows), so that a lock on it outlives this process.
            time_limit: seconds after which it is stopped; it then counts as failed.

        Raises:
            OSError: there is no such program, or the log can't be written.
        """
        self.output = ""
        self._until = time.monotonic() + time_limit if time_limit else None
        with log.open("ab") as file:
            self._read_from = file.tell()
            self._process = subprocess.Popen(
                arguments,
                cwd=log.parent,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                **_own_group(keep_open),
            )
        self._log = log

    def poll(self) -> int | None:
        """Its exit code, or None while it runs; `output` is brought up to date."""
        code = self._process.poll()
        if code is None and self._until is not None and time.monotonic() > self._until:
            self.stop()
            code = self._process.returncode
        with contextlib.suppress(OSError), self._log.open("rb") as file:
            file.seek(self._read_from)
            new = file.read()
            # A line (or a letter) that is half written is read again when it is whole.
            whole = len(new) if code is not None else new.rfind(b"\n") + 1
            self.output += new[:whole].decode("utf-8", "replace").replace("\r\n", "\n")
            self._read_from += whole
        return code

    def stop(self) -> None:
        """End it and everything that it has started; it is gone when this returns."""
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [system_program("taskkill"), "/T", "/F", "/PID", str(self._process.pid)],
                    capture_output=True,
                    creationflags=subprocess.CREATE_NO_WINDOW,
                    timeout=KILL_WAIT_S,
                )
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_WAIT_S)


def system_program(name: str) -> str:
    """A program that comes with the system or its drivers.

    By its whole path on Windows, which looks for a bare name in the current folder first: that of an opened .blend.
    """
    if sys.platform == "win32":
        return str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / f"{name}.exe")
    return name


@cache
def has_nvidia_driver() -> bool:
    """Whether NVIDIA's driver is installed, as far as can be told without asking it.

    Panels ask at every redraw; a driver that is installed meanwhile needs Blender to be started again anyway.
    """
    return shutil.which(system_program("nvidia-smi")) is not None


def _own_group(keep_open: int | None) -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True, "pass_fds": () if keep_open is None else (keep_open,)}
