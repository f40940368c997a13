"""The zip that artists install: what is in it, and that Blender takes it."""

from __future__ import annotations

import functools
import hashlib
import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import dreamface

ROOT = Path(__file__).parents[2]
BUILD = [sys.executable, str(ROOT / "tools" / "build_extension.py")]
BLENDERS = [path for path in os.environ.get("DREAMFACE_BLENDER", "").split(os.pathsep) if path]

INSTALL = """
import os, sys
import bpy

try:
    bpy.ops.extensions.package_install_files(filepath=sys.argv[1], repo="user_default", enable_on_install=True)
    name = "bl_ext.user_default.dreamface"
    assert name in bpy.context.preferences.addons, "not enabled"
    import h11
    extensions = bpy.utils.user_resource("EXTENSIONS")
    assert any(entry.startswith(extensions) for entry in sys.path), "its wheels are not on the path"
    for _ in range(2):
        assert hasattr(bpy.types, "DREAMFACE_OT_generate") and hasattr(bpy.types, "DREAMFACE_PT_create")
        assert bpy.ops.preferences.addon_disable(module=name) == {"FINISHED"}
        assert not [kind for kind in dir(bpy.types) if "dreamface" in kind.lower()], "something stayed"
        assert not hasattr(bpy.types.WindowManager, "dreamface")
        assert bpy.ops.preferences.addon_enable(module=name) == {"FINISHED"}
    print("DONE", flush=True)
except BaseException:
    import traceback
    traceback.print_exc()
finally:
    sys.stderr.flush()
    os._exit(0)  # bpy may hang while Python ends
"""


@pytest.fixture(scope="module")
def package(bpy: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("мой zip") / "dreamface.zip"
    before = litter()
    done = subprocess.run([*BUILD, "-o", str(path)], cwd=path.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout and "MB" in done.stdout
    assert litter() == before, "the checkout stays as it was"
    return path


def load_builder() -> ModuleType:
    """tools/build_extension.py as a module."""
    spec = importlib.util.spec_from_file_location("dreamface_build_extension", ROOT / "tools/build_extension.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_bpy_a_blender_on_this_machine_builds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builder = load_builder()
    monkeypatch.setattr(builder, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DREAMFACE_BLENDER", raising=False)
    with pytest.raises(builder.BuildError, match="name a Blender with --blender"):
        builder.blender_tool(None)
    for name in ("blender", "blender-5.2"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    assert Path(builder.blender_tool(None)[0]).stem == "blender"
    monkeypatch.setenv("DREAMFACE_BLENDER", os.pathsep.join(["/no/blender", str(tmp_path / "blender-5.2")]))
    assert Path(builder.blender_tool(None)[0]).name == "blender-5.2"


def litter() -> set[Path]:
    """What building may leave behind."""
    places = (ROOT, ROOT / "backend")
    return {path for place in places for path in place.iterdir() if path.name in ("build", "dist", "wheels")} | {
        path for place in places for path in place.glob("*.egg-info")
    }


def test_it_holds_what_it_needs_and_nothing_else(package: Path) -> None:
    with zipfile.ZipFile(package) as file:
        names = file.namelist()
    top = {name.split("/")[0] for name in names}
    assert top == {
        "LICENSE", "__init__.py", "backend", "blender_manifest.toml", "dreamface_addon", "operators", "panels",
        "presets", "wheels",
    }  # fmt: skip
    assert [name for name in names if name.startswith("wheels/")] == ["wheels/h11-0.16.0-py3-none-any.whl"]
    wheel = f"backend/dreamface-{dreamface.__version__}-py3-none-any.whl"
    assert sorted(name for name in names if name.startswith("backend/")) == [
        "backend/constraints.txt",
        wheel,
        "backend/video.txt",
    ]
    assert not [name for name in names if re.search(r"test|__pycache__|numpy|\.egg-info|/\.", name)]
    assert package.stat().st_size < 60e6


def test_the_readme_says_how_large_it_is(package: Path) -> None:
    said = re.search(r"dreamface-[\d.]+\.zip` \(([\d.]+) MB\)", (ROOT / "README.md").read_text("utf-8"))
    assert said is not None
    assert float(said.group(1)) == pytest.approx(package.stat().st_size / 1e6, rel=0.3)


def test_the_backend_inside_is_whole(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as file:
        (name,) = (name for name in file.namelist() if name.startswith("backend/dreamface-"))
        wheel = Path(file.extract(name, tmp_path))
    with zipfile.ZipFile(wheel) as file:
        packed = set(file.namelist())
        metadata = file.read(f"dreamface-{dreamface.__version__}.dist-info/METADATA").decode()
    for room in ("backend/dreamface", "dreamface_addon"):
        parent = (ROOT / room).parent
        files = {path.relative_to(parent).as_posix() for path in (ROOT / room).rglob("*") if path.is_file()}
        assert {path for path in files if "__pycache__" not in path} <= packed
    presets = {
        path.relative_to(ROOT / "presets").as_posix() for path in (ROOT / "presets").rglob("*") if path.is_file()
    }
    assert presets and {f"dreamface/presets/{name}" for name in presets} <= packed
    assert "Requires-Python: <3.15,>=3.11" in metadata


def test_no_place_of_this_machine_is_in_it(package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(package) as file:
        file.extractall(tmp_path / "zip")
    for wheel in (tmp_path / "zip").rglob("*.whl"):
        with zipfile.ZipFile(wheel) as file:
            file.extractall(tmp_path / "wheels" / wheel.name)
    places = [str(place).encode() for place in (ROOT, Path.home(), Path(sys.prefix)) if len(place.parts) > 1]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [place for place in places if place + b"/" in content], path


def test_the_same_sources_give_the_same_zip(package: Path, tmp_path: Path) -> None:
    subprocess.run([*BUILD, "-o", str(tmp_path / "again.zip")], check=True, capture_output=True)
    assert (tmp_path / "again.zip").read_bytes() == package.read_bytes()


def test_manifest_and_package_are_of_one_version() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert manifest["version"] == dreamface.__version__


def test_a_part_that_is_missing_is_a_sentence(bpy: ModuleType, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "tools").mkdir(parents=True)
    for name in (
        "tools/build_extension.py",
        "blender_manifest.toml",
        "__init__.py",
        "LICENSE",
        "constraints.txt",
        "video.txt",
    ):
        shutil.copy(ROOT / name, checkout / name)
    command = [sys.executable, str(checkout / "tools/build_extension.py"), "-o", str(tmp_path / "x.zip")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("dreamface_addon is missing") and done.stderr.count("\n") == 1
    assert not (tmp_path / "x.zip").exists()


def test_a_blender_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    command = [*BUILD, "-o", str(tmp_path / "x.zip"), "--blender", str(tmp_path / "blender")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "name Blender itself" in done.stderr and done.stderr.count("\n") == 1


def test_the_repository_is_what_blender_asks_a_server_for(package: Path, tmp_path: Path) -> None:
    repository = tmp_path / "my site" / "repository"
    repository.mkdir(parents=True)
    (repository / "dreamface-0.0.9.zip").write_bytes(b"of an earlier build")
    name = f"dreamface-{dreamface.__version__}.zip"
    builder = load_builder()
    builder.write_repository(package, name, repository, builder.blender_tool(None))
    assert sorted(path.name for path in repository.iterdir()) == [name, "index.html", "index.json"]
    index = json.loads((repository / "index.json").read_text("utf-8"))
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    assert index["version"] == "v1" and index["blocklist"] == []
    (entry,) = index["data"]
    assert {key: entry[key] for key in entry.keys() & manifest.keys()} == {
        key: value for key, value in manifest.items() if key not in ("wheels", "build")
    }
    content = (repository / name).read_bytes()
    assert content == package.read_bytes()
    assert entry["archive_url"] == f"./{name}" and entry["archive_size"] == len(content)
    assert entry["archive_hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def zips(tmp_path: Path) -> Path:
    """A folder with zips of several builds, which is to become a repository as well."""
    for name in ("dreamface-1.0.0.zip", "dreamface-0.9.0.zip", "dreamface-1.0.0-test.zip", "dreamface-looks.zip"):
        (tmp_path / name).write_text(f"zip {name}")
    return tmp_path


def listing_tool(zips: Path, seen: list[set[str]], fails: bool = False) -> Callable[[list[str], str], None]:
    """Stands in for running Blender's tool: lists the zips of the folder that it is given."""

    def run(command: list[str], what: str) -> None:
        folder = Path(command[command.index("--repo-dir") + 1])
        seen.append({path.name for path in folder.glob("*.zip")})
        assert (zips / "dreamface-0.9.0.zip").exists(), "nothing is removed before Blender's tool has succeeded"
        (folder / "index.json").write_text("new")
        if fails:
            raise RuntimeError("the tool")

    return run


@pytest.mark.parametrize("built", ["dreamface-1.0.0.zip", "dreamface-1.0.0-test.zip"])
def test_a_repository_beside_the_zip_leaves_the_zip_alone(
    zips: Path, monkeypatch: pytest.MonkeyPatch, built: str
) -> None:
    builder, seen = load_builder(), []
    monkeypatch.setattr(builder, "run", listing_tool(zips, seen))
    builder.write_repository(zips / built, "dreamface-1.0.0.zip", zips, [])
    assert (zips / built).read_text() == (zips / "dreamface-1.0.0.zip").read_text() == f"zip {built}"
    assert (zips / "index.json").read_text() == "new"
    left = {path.name for path in zips.glob("*.zip")}
    assert left == {"dreamface-1.0.0.zip", built, "dreamface-looks.zip"}
    assert seen == [{"dreamface-1.0.0.zip", "dreamface-looks.zip"}], "one version of DreamFace, and other extensions"


def test_a_repository_that_cannot_be_written_stays_as_it_was(zips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (zips / "index.json").write_text("old")
    before = {path.name: path.read_text() for path in zips.iterdir()}
    builder = load_builder()
    monkeypatch.setattr(builder, "run", listing_tool(zips, [], fails=True))
    with pytest.raises(RuntimeError):
        builder.write_repository(zips / "dreamface-1.0.0-test.zip", "dreamface-1.0.0.zip", zips, [])
    assert {path.name: path.read_text() for path in zips.iterdir()} == before


@pytest.mark.slow
@pytest.mark.parametrize("blender", BLENDERS or [None])
def test_blender_installs_it_from_a_server(tmp_path: Path, blender: str | None) -> None:
    if blender is None:
        pytest.skip("no Blender: set DREAMFACE_BLENDER")
    repository = tmp_path / "repository"
    subprocess.run([*BUILD, "-o", str(tmp_path / "x.zip"), "--repository", str(repository)], check=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(repository))
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "user")}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/index.json"
        for words in (
            ["repo-add", "--name", "DreamFace", "--url", url, "dreamface"],
            ["sync"],
            ["install", "--enable", "dreamface.dreamface"],
        ):
            command = [blender, "--online-mode", "--command", "extension", *words]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stdout + done.stderr
        server.shutdown()
    (manifest,) = (tmp_path / "user").glob("extensions/dreamface/dreamface/blender_manifest.toml")
    assert tomllib.loads(manifest.read_text("utf-8"))["version"] == dreamface.__version__


def test_blender_installs_enables_and_forgets_it(package: Path, tmp_path: Path) -> None:
    resources = tmp_path / "Пользователь Б"
    resources.mkdir()
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(resources)}
    environment.pop("PYTHONPATH", None)  # Blender finds nothing of the checkout's
    done = subprocess.run(
        [sys.executable, "-P", "-c", INSTALL, str(package)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "DONE" in done.stdout.splitlines(), done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "Error" not in done.stdout, done.stdout + done.stderr
    installed = resources / "extensions" / "user_default" / "dreamface"
    with zipfile.ZipFile(package) as file:
        expected = set(file.namelist())
    there = {path.relative_to(installed).as_posix() for path in installed.rglob("*") if path.is_file()}
    assert {path for path in there if not path.endswith(".pyc")} == expected, "nothing is written into its folder"
    assert list((resources / "extensions" / ".local").rglob("h11/__init__.py"))
