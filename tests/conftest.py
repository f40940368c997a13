"""What the tests under pip's bpy share."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile

import pytest

# Before the first `import bpy`: nobody's Blender preferences or add-ons take part.
_USER_RESOURCES = tempfile.mkdtemp(prefix="dreamface-bpy-")
os.environ["BLENDER_USER_RESOURCES"] = _USER_RESOURCES

_STATUS = pytest.StashKey[int]()


@pytest.fixture(scope="session")
def bpy():
    return pytest.importorskip("bpy", reason="pip's bpy is not installed: pip install dreamface[blender]")


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
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
