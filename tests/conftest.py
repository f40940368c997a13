"""What the tests under pip's bpy share."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before the first `import bpy`: nobody's Blender preferences or add-ons take part.
_USER_RESOURCES = tempfile.mkdtemp(prefix="dreamface-bpy-")
os.environ["BLENDER_USER_RESOURCES"] = _USER_RESOURCES

# Models that whoever runs the tests has installed take no part: "auto" is the built-in head, unless a test asks for
# ICT-FaceKit.
_NO_MODELS = tempfile.mkdtemp(prefix="dreamface-no-models-")
os.environ["DREAMFACE_MODELS"] = _NO_MODELS

# Neither do their own hair styles.
os.environ["DREAMFACE_HAIR"] = str(Path(_NO_MODELS, "hair"))

ICT_ARCHIVE = Path(
    os.environ.get("DREAMFACE_ICT_ARCHIVE")
    or Path(__file__).parents[2] / "shared" / "data" / "models" / "ict-facekit-da5f95a.zip"
)

_STATUS = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def ict_archive():
    """The downloaded archive of ICT-FaceKit; tests that need it skip where it is not."""
    if not ICT_ARCHIVE.is_file():
        pytest.skip(f"ICT-FaceKit's archive is not here: set DREAMFACE_ICT_ARCHIVE (looked for {ICT_ARCHIVE})")
    return ICT_ARCHIVE


@pytest.fixture(scope="session")
def ict_unpacked(ict_archive, tmp_path_factory):
    """The archive's only folder, unpacked."""
    folder = tmp_path_factory.mktemp("ict")
    shutil.unpack_archive(ict_archive, folder)
    return next(folder.iterdir())


@pytest.fixture(scope="session")
def ict_models(ict_archive, tmp_path_factory):
    """A models folder with ICT-FaceKit in it."""
    from dreamface import models

    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(folder))
        models.install("ict-facekit", ict_archive)
    return folder


@pytest.fixture
def with_ict(ict_models, monkeypatch):
    """ICT-FaceKit is installed for this test."""
    from dreamface import head

    monkeypatch.setenv("DREAMFACE_MODELS", str(ict_models))
    head.forget()
    yield ict_models
    monkeypatch.undo()
    head.forget()


@pytest.fixture(scope="session")
def ict_head(ict_models):
    """The loaded head model of ICT-FaceKit."""
    from dreamface.head.ict.model import IctHead

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        return IctHead()


@pytest.fixture(scope="session")
def bpy():
    """pip's bpy. Where it does not load the test is skipped with the doctor's sentence; with CI=true it fails."""
    try:
        import bpy
    except ModuleNotFoundError as missing:
        if missing.name != "bpy":
            raise
        pytest.skip("pip's bpy is not installed: pip install dreamface[blender]")
    except (ImportError, OSError):
        if os.environ.get("CI") == "true":
            raise
        from dreamface.cli.doctor import check_bpy

        found = check_bpy()
        pytest.skip(f"bpy does not load ({found.found}): {found.advice}")
    return bpy


@pytest.fixture
def scene(bpy):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    result = yield
    session.config.stash[_STATUS] = int(session.exitstatus)  # after every other plugin has had its say
    return result


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Leave without Python's own clean-up, in which bpy hangs or crashes; the summary is printed by now."""
    if "bpy" in sys.modules and _STATUS in config.stash:
        shutil.rmtree(sys.modules["bpy"].app.tempdir, ignore_errors=True)
        shutil.rmtree(_USER_RESOURCES, ignore_errors=True)
        shutil.rmtree(_NO_MODELS, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
