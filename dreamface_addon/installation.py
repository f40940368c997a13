"""Where the backend is installed, and how it is reached: the preferences and the set-up, taken together."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

from . import places, preferences
from .link import Settings
from .setup import environment_python, is_ready, was_interrupted

DEVICE_VARIABLE = "DREAMFACE_DIFFUSION_DEVICE"
"""Environment variable by which the engine is told where diffusion models compute."""


def blender_python() -> Path:
    """The Python inside Blender."""
    return Path(sys.executable)


def backend_python() -> Path | None:
    """The Python that the backend runs in: the artist's own choice, or the one set up here; None without either."""
    existing = existing_python()
    if existing is not None:
        return existing if existing.is_file() else None
    folder = places.user_folder("environment")
    return environment_python(folder) if is_ready(folder, places.backend_wheel()) else None


def existing_python() -> Path | None:
    """The Python that the artist has chosen, or None."""
    chosen = preferences.get().python
    return Path(bpy.path.abspath(chosen)) if chosen else None


def needs_update() -> bool:
    """Whether a backend was set up here to its end, but for another version of the extension."""
    folder = places.user_folder("environment")
    return backend_python() is None and environment_python(folder).exists() and not was_interrupted(folder)


def settings() -> Settings:
    """The session's settings."""
    chosen = preferences.get()
    store = Path(bpy.path.abspath(chosen.store)) if chosen.store else places.default_store()
    return Settings(
        python=backend_python(),
        store=store,
        url=chosen.url.strip(),
        token=chosen.token.strip(),
        fingerprint=chosen.fingerprint.strip(),
        keep_variations=chosen.keep_variations,
        environment={DEVICE_VARIABLE: chosen.compute_on} if chosen.compute_on != "auto" else {},
    )
