"""Khronos' glTF validator, where Node.js and the package are installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VALIDATOR = Path(__file__).with_name("gltf_validator.js")


def validate_glb(path):
    """The validator's report on a .glb file; skips the test where it is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed, so Khronos' glTF validator cannot run.")
    search = [str(Path(__file__).parents[1] / "node_modules"), os.environ.get("NODE_PATH", "")]
    run = subprocess.run(
        [node, str(VALIDATOR), str(path)],
        env={**os.environ, "NODE_PATH": os.pathsep.join(filter(None, search))},
        capture_output=True,
        text=True,
        check=False,
    )
    if "Cannot find module 'gltf-validator'" in run.stderr:
        pytest.skip("Khronos' glTF validator is not installed: run `npm install` in the repository.")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)
