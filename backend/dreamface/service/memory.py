"""Whether memory ran out: what Linux counts when it kills a process for it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_GROUPS: Final = Path("/sys/fs/cgroup")
_MINE: Final = Path("/proc/self/cgroup")
_ALL: Final = Path("/proc/vmstat")


def count_kills() -> int | None:
    """Return how many processes were killed so far because memory ran out, or None where the system does not tell.

    What counts is our own control group where it has such a counter, as other containers' processes do not concern us;
    else the whole machine.
    """
    for file in (*_counters(_MINE), _ALL):
        count = _read(file)
        if count is not None:
            return count
    return None


def _counters(groups: Path) -> list[Path]:
    """The files in which control groups, version 2 and 1, count for this process; they may not be there."""
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            files.append(_GROUPS / path.lstrip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            files.append(_GROUPS / "memory" / path.lstrip("/") / "memory.oom_control")
    return files


def _read(file: Path) -> int | None:
    """The number after `oom_kill` in a file of names and numbers."""
    try:
        for line in file.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    except (OSError, ValueError):
        pass
    return None
