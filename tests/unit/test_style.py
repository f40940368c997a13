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


SHARED = {"traits", "face", "geometry", "render", "errors", "progress", "random_streams"}
ALLOWED = {
    "language": SHARED,
    "head": SHARED | {"models"},
    "skin": SHARED,
    "render": {"face"},
    "export": SHARED | {"folder", "images", "provenance", "_files"},
    "cli": {"pipeline", "models", "service", "face", "folder", "traits", "errors", "progress", "images", "_files"},
    "service": {"pipeline", "models", "face", "folder", "traits", "limits", "errors", "progress", "_files"},
    "models": {"errors", "progress", "_files"},
    "training": {"head", "skin", "models", "face", "traits"},
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


EXTENSION = [
    ROOT / "__init__.py",
    *(file for room in ("dreamface_addon", "operators", "panels") for file in (ROOT / room).rglob("*.py")),
]
NEEDS_BPY = {
    "application", "gallery", "installation", "interface", "places", "placing", "preferences", "properties", "shaping",
    "sliders",
}  # fmt: skip
"""The add-on's files that speak with Blender, besides the room `scene`; all others can be tested without it."""


def imports(file: Path) -> set[str]:
    """Names of the modules a file imports, relative ones with their dots."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("file", EXTENSION, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_extension_keeps_to_what_blender_allows(file: Path) -> None:
    allowed = {"bpy", "bpy_extras", "blf", "mathutils", "numpy", "h11", *sys.stdlib_module_names}
    allowed -= {"threading", "multiprocessing", "pickle", "asyncio"}
    top = {name.split(".")[0] for name in imports(file) if not name.startswith(".")}
    if file.name in ("write_blend.py", "environment_check.py"):
        return  # programs of their own, in processes of their own
    assert top <= allowed, "the extension may use Blender, numpy, h11 and Python's own library, and no threads"
    assert "sys.path" not in file.read_text(encoding="utf-8")


def test_the_add_ons_layers_know_what_they_may() -> None:
    for file in (ROOT / "dreamface_addon").glob("*.py"):
        if file.stem not in NEEDS_BPY:
            assert not {"bpy", "bpy.utils", "bpy.props"} & imports(file), f"{file.name} must work without Blender"
    for file in (ROOT / "dreamface_addon/scene").glob("*.py"):
        network = {"h11", "socket", "ssl", "subprocess", "http.client", "urllib.request"}
        assert not network & imports(file), f"{file.name} must know nothing of the network"
        assert not [name for name in imports(file) if name.startswith("..")], f"{file.name} reaches out of its room"
    for room in ("operators", "panels"):
        for file in (ROOT / room).glob("*.py"):
            up = [name for name in imports(file) if name.startswith("..")]
            assert all(name.startswith("..dreamface_addon") for name in up), file.name
