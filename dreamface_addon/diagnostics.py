"""What to send along with a report of trouble."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from .backend import Backend

LOG_LINES = 40


def describe(backend: Backend) -> str:
    """Versions, settings, state, and the end of the log, without tokens and without the home folder's name."""
    settings = backend.settings
    where = settings.url or f"{settings.python}"
    lines = [
        f"system: {platform.platform()}",
        f"Blender's Python: {sys.version.split()[0]}",
        f"backend: {where}",
        f"store: {settings.store}",
        f"state: {backend.state.value}",
        f"problem: {backend.problem or 'none'}",
        f"health: {json.dumps(backend.health, ensure_ascii=False, sort_keys=True)}",
        f"the last lines of {backend.log}:",
        *backend.log_tail(LOG_LINES),
    ]
    return _discreet("\n".join(lines), backend.secrets)


def _discreet(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "<token>")
    home = str(Path.home())
    for written in (home, home.replace("\\", "\\\\"), home.replace("\\", "/")):
        if len(written) > 1:
            text = text.replace(written, "~")
    return text
