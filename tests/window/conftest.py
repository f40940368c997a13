"""Checks in a real Blender window, for machines that have one.

DREAMFACE_BLENDER names the Blender executables to try, separated like PATH; Xvfb and xdotool must be there. With
DREAMFACE_PICTURES, a folder, the window's photographs are kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.window.window import BlenderWindow

ROOT = Path(__file__).parents[2]
BLENDERS = [path for path in os.environ.get("DREAMFACE_BLENDER", "").split(os.pathsep) if path]

COMPLAINT = re.compile(r"dreamface|traceback|error|warning", re.IGNORECASE)
"""What Blender's console must not show."""

SETTINGS = """
import bpy
addon = bpy.context.preferences.addons["bl_ext.user_default.dreamface"]
addon.preferences.python = {python!r}
view = bpy.context.preferences.view
view.show_splash = False
bpy.context.preferences.use_preferences_save = False  # what one test changes is not the next one's
bpy.ops.wm.save_userpref()
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", params=BLENDERS or [None])
def installed(request, tmp_path_factory):
    """(Blender's executable, its environment with the extension installed in a fresh user folder)."""
    if request.param is None:
        pytest.skip("no Blender with a window: set DREAMFACE_BLENDER")
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("user")
    package = folder / "dreamface.zip"
    subprocess.run([sys.executable, ROOT / "tools/build_extension.py", "-o", package], check=True, cwd=ROOT)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BLENDER_USER"))}
    environment |= {"BLENDER_USER_RESOURCES": str(folder / "blender"), "HOME": str(folder)}
    command = [request.param, "--command", "extension", "install-file", "-r", "user_default", "--enable", package]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    settings = SETTINGS.format(python=str(_python_with_this_backend(folder)))
    command = [request.param, "--background", "--python-exit-code", "1", "--python-expr", settings]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return request.param, environment


def _python_with_this_backend(folder: Path) -> Path:
    """A Python that imports this checkout's backend, whichever one is installed beside it."""
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "backend"}" exec "{sys.executable}" "$@"\n', "utf-8")
    python.chmod(0o755)
    return python


@pytest.fixture
def pictures(tmp_path, installed):
    """Where the photographs go."""
    kept = os.environ.get("DREAMFACE_PICTURES")
    folder = Path(kept) / Path(installed[0]).name if kept else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def window(installed, tmp_path):
    """A Blender in a window of its own, whose backend finds models in the folder `models` of the test's own.

    At the end its console must show nothing of ours.
    """
    blender, environment = installed
    window = BlenderWindow(blender, tmp_path, environment | {"DREAMFACE_MODELS": str(tmp_path / "models")})
    try:
        window.start()
        yield window
        window.quit()
    finally:
        window.stop()
    assert not COMPLAINT.search(window.log()), window.log()
