"""The house's style is checked, not remembered."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def outcome(tool: str, *arguments: str, folder: Path = ROOT) -> str:
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed; it comes with the extra `dev`")
    done = subprocess.run([sys.executable, "-m", tool, *arguments], cwd=folder, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_no_lint() -> None:
    assert outcome("ruff", "check", "--output-format", "concise") == ""


def test_everything_is_formatted() -> None:
    assert outcome("ruff", "format", "--check") == ""


@pytest.mark.slow
def test_types_are_right() -> None:
    assert outcome("mypy") == ""


@pytest.mark.slow
def test_types_of_the_extension_are_right(tmp_path: Path) -> None:
    # In Blender the checkout is a package, and operators and panels import from it; here it is one by a link.
    (tmp_path / "dreamface_extension").symlink_to(ROOT, target_is_directory=True)
    rooms = ("operators", "panels", "dreamface_addon")
    packages = [word for room in rooms for word in ("--package", f"dreamface_extension.{room}")]
    settings = ("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache" / "extension"))
    assert outcome("mypy", *settings, "--module", "dreamface_extension", *packages, folder=tmp_path) == ""


BACKEND = ROOT / "backend/dreamface"
SHARED = {
    "arrays",
    "bones",
    "traits",
    "face",
    "hair",
    "performance",
    "styles",
    "geometry",
    "render",
    "errors",
    "progress",
    "random_streams",
    "rigging",
    "units",
    "wrinkles",
}
LATER = ("rig", "groom", "edits", "guidance", "capture", "motion")
"""Rooms that may use head, skin, and those before them in this order."""

ALLOWED = {
    "language": {"colour_names", "errors", "limits", "text", "traits"},
    "head": SHARED | {"models"},
    "skin": SHARED | {"colour"},
    **{room: SHARED | {"models", "head", "skin", *LATER[:number]} for number, room in enumerate(LATER)},
    "edits": SHARED | {"_reading", "colour_names", "head", "images", "limits", "record", "rig", "groom", "skin"},
    "guidance": SHARED | {"colour", "edits", "head", "language", "models", "skin"},
    "capture": SHARED | {"models", "head", "skin", "edits", "images", "prior", "_reading"},
    "motion": SHARED | {"models", "head", "skin", *LATER[:-1], "_files", "_reading"},
    "geometry": {"arrays"},
    "hair": set(),
    "styles": {"_files", "_reading", "errors", "face", "geometry", "hair", "random_streams", "text", "traits", "units"},
    "render": {"colour", "face", "hair"},
    "export": SHARED | {"folder", "groom", "rig", "images", "limits", "provenance", "text", "_files"},
    "batch": {
        "_files", "_reading", "errors", "export", "face", "folder", "images", "library", "limits", "map_changes",
        "pipeline", "prior", "progress", "provenance", "record", "skin", "text", "traits", "webpage", "writing",
    },
    "cli": {
        "batch", "bones", "editing", "expressions", "language", "pipeline", "models", "service", "face", "folder",
        "traits", "errors", "evaluation", "guidance", "progress", "images", "library", "limits", "performance",
        "record", "text", "training", "webpage", "writing", "_files",
    },
    "service": {
        "axes", "bones", "editing", "pipeline", "models", "face", "folder", "library", "record", "traits", "limits",
        "errors", "progress", "_files", "_reading", "images", "motion",
    },
    "models": {"arrays", "errors", "progress", "_archives", "_files"},
    "training": SHARED | {
        "expressions",
        "appearance", "capture", "colour", "colour_names", "groom", "guidance", "head", "images", "language", "models",
        "motion", "packing", "pipeline", "prior", "rig", "skin", "_files",
    },
    "evaluation": SHARED | {"guidance", "pipeline", "training"},
    "_files": {"errors"},
    "_archives": set(),
    "_reading": {"_archives", "text"},
    "arrays": set(),
    "axes": {"errors", "limits", "traits"},
    "bones": set(),
    "colour": set(),
    "colour_names": set(),
    "editing": {
        "edits", "errors", "face", "images", "language", "models", "pipeline", "progress", "record", "skin", "text",
        "traits",
    },
    "errors": set(),
    "expressions": {"errors", "traits"},
    "face": {"hair", "record", "rigging", "traits"},
    "document": {"_reading", "errors", "face", "hair", "limits", "record", "text", "traits"},
    "folder": {
        "_files", "_reading", "document", "errors", "face", "hair", "images", "library", "map_changes", "packing",
        "progress", "provenance", "record", "text", "wrinkles",
    },
    "images": {"_reading", "colour", "errors", "limits", "provenance"},
    "library": {"_files", "_reading", "errors", "provenance", "record"},
    "limits": {"errors", "random_streams", "text"},
    "map_changes": {"face", "images"},
    "performance": {"_files", "_reading", "arrays", "errors", "text", "traits"},
    "packing": {"_reading", "bones", "document", "errors", "face", "hair", "rigging"},
    "appearance": {"colour", "face", "hair", "skin", "traits", "units"},
    "pipeline": SHARED | {
        "appearance", "axes", "capture", "edits", "export", "expressions", "folder", "groom", "guidance", "head",
        "images", "language", "limits", "motion", "prior", "prompts", "record", "rig", "skin", "text",
    },
    "prompts": {"edits", "errors", "language", "record", "traits"},
    "prior": {"prior_hair", "random_streams", "styles", "traits"},
    "prior_hair": {"hair", "styles", "traits"},
    "progress": {"errors"},
    "provenance": set(),
    "record": {"errors", "traits"},
    "rigging": {"bones"},
    "random_streams": set(),
    "text": set(),
    "traits": {"errors"},
    "units": set(),
    "webpage": {
        "_files", "colour", "document", "errors", "export", "expressions", "face", "folder", "language", "progress",
        "provenance", "text", "traits",
    },
    "wrinkles": set(),
    "writing": {"_files", "errors", "face", "folder", "library", "pipeline", "progress"},
}  # fmt: skip
"""Which of the backend's rooms and files each room and file may import, besides its own. A new one must be put here."""

LOOKS_IN = {"training"}
"""Rooms that may use what others don't export: they make what those rooms ship."""


def rooms() -> list[Path]:
    """The backend's folders and root files."""
    skipped = {"__init__", "__main__", "__pycache__"}
    return sorted(
        path for path in BACKEND.iterdir() if path.stem not in skipped and (path.is_dir() or path.suffix == ".py")
    )


def files_of(room: Path) -> list[Path]:
    """A room's Python files."""
    return sorted(room.rglob("*.py")) if room.is_dir() else [room]


def imported_modules(file: Path) -> set[str]:
    """What a file imports of ours: modules, and names of modules, after `dreamface.`."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.removeprefix("dreamface.") for name in names if name.startswith("dreamface.")}


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.stem)
def test_rooms_import_only_what_they_may(room: Path) -> None:
    assert room.stem in ALLOWED, f"{room.name} is a new room: say in ALLOWED what it may import"
    for file in files_of(room):
        above = {name.split(".")[0] for name in imported_modules(file)} - {room.stem, "__version__"}
        assert above <= ALLOWED[room.stem], file


def exported(room: Path) -> set[str]:
    """The names that a room gives to others: `__all__` of its `__init__.py`."""
    for node in ast.parse((room / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {str(name) for name in ast.literal_eval(node.value)}
    return set()


@pytest.mark.parametrize("room", [room for room in rooms() if room.is_dir()], ids=lambda room: room.stem)
def test_what_a_room_does_not_export_is_used_only_in_it(room: Path) -> None:
    public = exported(room)
    for other in rooms():
        if other.stem == room.stem or other.stem in LOOKS_IN:
            continue
        for file in files_of(other):
            used = {name.split(".")[1] for name in imported_modules(file) if name.startswith(f"{room.stem}.")}
            assert used <= public, f"{file.relative_to(ROOT)} looks into {room.stem}"


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
    "animating", "application", "carding", "edit_sliders", "editing", "exploring", "gallery", "growing", "installation",
    "interface", "living", "making", "marking", "photographing", "pictures", "pinning", "places", "placing",
    "preferences", "properties", "recovery", "regions", "repainting", "setting_up", "settling", "shaping", "sliders",
    "styling", "take_sliders",
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


PROGRAMS = ("dreamface_addon/scene/write_blend.py", "dreamface_addon/setup/check.py")
"""Run in processes of their own."""


@pytest.mark.parametrize("file", EXTENSION, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_the_extension_keeps_to_what_blender_allows(file: Path) -> None:
    blenders = {"bmesh", "bpy", "bpy_extras", "blf", "gpu", "gpu_extras", "mathutils", "numpy"}
    allowed = {*blenders, "h11", *sys.stdlib_module_names}
    allowed -= {"threading", "multiprocessing", "pickle", "asyncio"}
    top = {name.split(".")[0] for name in imports(file) if not name.startswith(".")}
    if file.relative_to(ROOT).as_posix() in PROGRAMS:
        return
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
    for room in ("link", "setup"):
        public = exported(ROOT / "dreamface_addon" / room)
        for file in (ROOT / "dreamface_addon" / room).glob("*.py"):
            assert not {"bpy", "bpy.utils", "bpy.props"} & imports(file), f"{file.name} must work without Blender"
            up = {name for name in imports(file) if name.startswith("..")}
            assert up <= ({"..link"} if room == "setup" else set()), f"{file.name} reaches out of its room"
        for file in EXTENSION:
            if file.parent != ROOT / "dreamface_addon" / room:
                taken = taken_from(file, room)
                assert taken <= public, f"{file} takes what {room} does not export"


def taken_from(file: Path, room: str) -> set[str]:
    """What a file imports from one of the add-on's rooms: names, and modules below the room's `__init__`."""
    inside = (ROOT / "dreamface_addon") in file.parents
    of_room = re.compile(rf"{'' if inside else 'dreamface_addon[.]'}{room}([.]|$)")
    return {
        alias.name if node.module.endswith(room) else node.module
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level and node.module and of_room.match(node.module)
        for alias in node.names
    }


def test_the_add_ons_parts_do_not_know_the_application() -> None:
    for file in (ROOT / "dreamface_addon").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {node.module, *(alias.name for alias in node.names)}
                assert "application" not in names, f"{file.name}: hand it what it needs in its constructor"


def test_operators_and_panels_reach_only_into_the_add_on() -> None:
    for room in ("operators", "panels"):
        for file in (ROOT / room).rglob("*.py"):
            up = "." * len(file.relative_to(ROOT).parts) + "dreamface_addon"
            outside = [name for name in imports(file) if name.startswith("..")]
            assert all(name == up or name.startswith(f"{up}.") for name in outside), file.name
