"""The house's style is checked, not remembered."""

from __future__ import annotations

import ast
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


SHARED = {"traits", "face", "render", "errors", "progress", "random_streams"}
ALLOWED = {
    "language": SHARED,
    "head": SHARED,
    "skin": SHARED,
    "render": {"face"},
    "export": SHARED | {"folder", "images", "provenance", "_files"},
    "cli": {"pipeline", "service", "face", "folder", "traits", "errors", "progress", "images", "_files"},
    "service": {"pipeline", "models", "face", "folder", "traits", "limits", "errors", "progress", "_files"},
    "models": {"errors"},
    "training": {"head", "skin"},
}
"""Which of the backend's rooms and files each room may import, besides its own."""


def imported_rooms(file: Path) -> set[str]:
    """The first names after `dreamface.` in a file's imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("dreamface.")}


@pytest.mark.parametrize("room", ALLOWED)
def test_rooms_import_only_what_they_may(room: str) -> None:
    for file in (ROOT / "backend/dreamface" / room).rglob("*.py"):
        package = {"__version__"}  # of the package itself
        assert imported_rooms(file) <= ALLOWED[room] | {room} | package, file


def test_backend_and_add_on_do_not_import_each_other() -> None:
    forbidden = {"backend/dreamface": ("bpy", "dreamface_addon"), "dreamface_addon": ("dreamface",)}
    for folder, packages in forbidden.items():
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                assert not [name for name in names if name.split(".")[0] in packages], file
