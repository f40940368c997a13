"""What to send along with a report of trouble."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path

from .link import Backend

LOG_LINES = 40


def describe(backend: Backend) -> str:
    """Versions, state, and the end of the log, without tokens, addresses and names of the user's folders."""
    settings = backend.settings
    lines = [
        f"system: {platform.platform()}",
        f"Blender's Python: {sys.version.split()[0]}",
        f"backend: {'elsewhere' if settings.url else 'here'}",
        f"state: {backend.state.value}",
        f"problem: {backend.problem or 'none'}",
        f"health: {json.dumps(backend.health, ensure_ascii=False, sort_keys=True)}",
        "the last lines of its log:",
        *backend.log_tail(LOG_LINES),
    ]
    return discreet("\n".join(lines), backend)


def discreet(text: str, backend: Backend) -> str:
    """A text without what is nobody's business."""
    settings = backend.settings
    private = dict.fromkeys(backend.secrets, "<token>") | {settings.url: "<address>"}
    private |= {str(settings.store): "<faces>", str(settings.python): "<python>", str(Path.home()): "~"}
    for secret, name in private.items():
        for written in (secret, secret.replace("\\", "\\\\"), secret.replace("\\", "/")):
            if len(written) > 1:
                text = text.replace(written, name)
    return text
