"""A Linux machine without the libraries that bpy loads: its tests are skipped there, and fail where CI runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROKEN = 'raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")'
NEEDS_BPY = "tests/addon/test_scene_studio.py"


@pytest.mark.parametrize(
    ("ci", "code", "said"), [("", 0, "bpy does not load (ImportError: libGL.so.1"), ("true", 1, "")]
)
def test_bpy_that_does_not_load(tmp_path: Path, ci: str, code: int, said: str) -> None:
    (tmp_path / "bpy").mkdir()
    (tmp_path / "bpy" / "__init__.py").write_text(BROKEN)
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", NEEDS_BPY],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": path, "CI": ci, "COLUMNS": "300"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    assert said in done.stdout
    assert "libGL.so.1" in done.stdout
