"""The extension as an artist has it: built, installed by Blender into a fresh user folder, with a real backend.

The backend runs in the Python that DREAMFACE_BACKEND_PYTHON names, otherwise in this one: a bpy of another version than
the project's own needs neither torch nor a backend beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "bl_ext.user_default.dreamface"
BACKEND_PYTHON = os.environ.get("DREAMFACE_BACKEND_PYTHON", sys.executable)
PATIENCE = 60.0  # seconds; the machine may be busy


@pytest.fixture(scope="session", autouse=True)
def own_styles(tmp_path_factory):
    """A folder of the artist's own styles that is only the tests': every backend is to be started with it."""
    folder = tmp_path_factory.mktemp("styles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_HAIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory):
    path = tmp_path_factory.mktemp("zip") / "dreamface.zip"
    done = subprocess.run(
        [sys.executable, ROOT / "tools/build_extension.py", "-o", path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


class Blender:
    """pip's bpy with the extension; what its timer would do, `tick` does."""

    def __init__(self, bpy, store: Path) -> None:
        self.bpy = bpy
        self.store = store
        self._made: dict[tuple[str, int], str] = {}

    @property
    def app(self):
        return self.module("application").get()

    def module(self, name):
        return sys.modules[f"{PACKAGE}.dreamface_addon.{name}"]

    def package(self, name):
        return sys.modules[f"{PACKAGE}.{name}"]

    @property
    def fields(self):
        return self.bpy.context.window_manager.dreamface

    @property
    def faces(self):
        return [object_ for object_ in self.bpy.data.objects if "dreamface_face_id" in object_]

    def tick(self) -> None:
        time.sleep(min(self.app.tick(), 0.02))

    def until(self, condition, patience=PATIENCE):
        """Tick until the condition holds."""
        end = time.monotonic() + patience
        while not condition():
            assert time.monotonic() < end, f"{self.app.error!r} {self.app.session.problem!r} {self.app.diagnostics()}"
            self.tick()

    def rest(self) -> None:
        """Tick until nothing is under way any more."""
        self.until(
            lambda: not (self.app.making.running or self.app.making.placing.waiting or self.app.following.active)
        )

    def generate(self, prompt="a man with freckles", **fields):
        """Type, choose, press Generate."""
        defaults = {"prompt": prompt, "resolution": "512", "variations": 1, "keep_seed": True}
        for name, value in (defaults | fields).items():
            setattr(self.fields, name, value)
        assert self.bpy.ops.dreamface.generate() == {"FINISHED"}

    def face(self, prompt="a woman", seed=5):
        """A face, for what can be done with any: generated once, and brought in from its folder after that."""
        folder = self._made.get((prompt, seed))
        if folder is None:
            face = self.new_face(prompt, seed=seed)
            self._made[prompt, seed] = face["dreamface_folder"]
            return face
        before = set(self.faces)
        assert self.bpy.ops.dreamface.import_face(filepath=f"{folder}/face.json") == {"FINISHED"}
        self.rest()
        (face,) = set(self.faces) - before
        return face

    def new_face(self, prompt="a man with freckles", **fields):
        """A face that was generated and has come in."""
        before = set(self.faces)
        self.generate(prompt, update_selected=False, **fields)
        self.rest()
        assert self.app.error == ""
        (face,) = set(self.faces) - before
        return face


@pytest.fixture(scope="session")
def installed(bpy, extension_zip, tmp_path_factory):
    """The extension, installed and enabled in this bpy."""
    import addon_utils

    bpy.ops.wm.read_factory_settings(use_empty=True)
    wheels = _prefer_bundled_wheels(bpy)
    done = bpy.ops.extensions.package_install_files(
        filepath=str(extension_zip), repo="user_default", enable_on_install=True
    )
    assert done == {"FINISHED"} and PACKAGE in bpy.context.preferences.addons
    assert Path(sys.modules["h11"].__file__).is_relative_to(wheels)
    store = tmp_path_factory.mktemp("Лица и люди") / "store"
    _prefer(bpy, store)
    yield Blender(bpy, store)
    addon_utils.disable(PACKAGE, default_set=True)
    sys.path.remove(str(wheels))


def _prefer(bpy, store: Path) -> None:
    """Choose the backend that the tests have, and a place for its faces."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    preferences.python, preferences.store = BACKEND_PYTHON, str(store)


def _prefer_bundled_wheels(bpy) -> Path:
    """Have the zip's h11 found before one that is installed beside bpy; the folder it will be in."""
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    wheels = extensions / ".local" / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    wheels.mkdir(parents=True)  # Python would go on taking a folder on its path for empty that was not there at first
    sys.path.insert(0, str(wheels))
    for name in [name for name in sys.modules if name.partition(".")[0] == "h11"]:
        del sys.modules[name]
    return wheels


@pytest.fixture
def blender(installed):
    """An empty file and nothing under way; the backend goes on running from test to test."""
    import addon_utils

    if PACKAGE not in installed.bpy.context.preferences.addons:  # another file's test has gone back to factory settings
        addon_utils.enable(PACKAGE, default_set=True)
        _prefer(installed.bpy, installed.store)
    installed.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    installed.app.dismiss_error()
    installed.app.making.placing.left.clear()
    return installed
