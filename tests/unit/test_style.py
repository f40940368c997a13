"""The house's style is checked, not remembered."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def outcome(tool: str, *arguments: str) -> str:
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed; it comes with the extra `dev`")
    done = subprocess.run([sys.executable, "-m", tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_no_lint() -> None:
    assert outcome("ruff", "check", "--output-format", "concise") == ""


def test_everything_is_formatted() -> None:
    assert outcome("ruff", "format", "--check") == ""


def test_types_are_right() -> None:
    assert outcome("mypy") == ""


def test_rooms_import_only_what_they_may() -> None:
    """The add-on never imports the backend, the backend never imports bpy, and only the pipeline knows all stages."""
    forbidden = {
        "dreamface_addon": ("import dreamface", "from dreamface ", "from dreamface."),
        "backend/dreamface": ("import bpy", "from bpy", "import dreamface_addon", "from dreamface_addon"),
        "backend/dreamface/cli": tuple(
            f"from dreamface.{room}" for room in ("head", "skin", "language", "render", "rig")
        ),
        "backend/dreamface/language": tuple(f"from dreamface.{room}" for room in ("head", "skin", "rig", "pipeline")),
        "backend/dreamface/skin": tuple(f"from dreamface.{room}" for room in ("language", "rig", "pipeline", "export")),
    }
    for folder, imports in forbidden.items():
        for file in (ROOT / folder).rglob("*.py"):
            lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
            assert not [line for line in lines if line.startswith(imports)], file
