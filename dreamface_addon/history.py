"""The prompts that were used last, kept between Blender's runs."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from .files import write_whole

LENGTH = 20  # prompts


def read(file: Path) -> list[str]:
    """The prompts, newest first; none where there is no readable file yet."""
    try:
        prompts = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [prompt for prompt in prompts if isinstance(prompt, str)] if isinstance(prompts, list) else []


def add(file: Path, prompt: str) -> None:
    """Put a prompt on top. A file that cannot be written loses the history, never the job."""
    prompts = [prompt, *(old for old in read(file) if old != prompt)][:LENGTH]
    with contextlib.suppress(OSError):
        write_whole(file, json.dumps(prompts, ensure_ascii=False, indent=1))
