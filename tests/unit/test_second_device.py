"""Detail by diffusion on a device that is not the CPU, where none is: no two devices' tensors may meet."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("diffusers", "transformers")),
        reason='diffusers is not installed: pip install "dreamface[diffusion]" runs these, too',
    ),
    pytest.mark.slow,
]


def test_all_ways_of_detail_run_on_another_device(tmp_path: Path) -> None:
    """With networks in bfloat16, as on a card."""
    command = [sys.executable, "-m", "tests.second_device", str(tmp_path), "bfloat16"]
    paths = [str(ROOT / "backend"), str(ROOT)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    )
    made = [line.removeprefix("made ") for line in done.stdout.splitlines() if line.startswith("made ")]
    assert made == [
        "pictures in clay", "carved and textured beside a texture model", "textured beside the painted skin", "at once",
        "on a place", "of words alone",
    ], done.stderr[-3000:]  # fmt: skip
    assert done.returncode == 0
