"""Builds the zip that artists install: `python3 run.py extension [-o OUT] [--repository DIR] [--blender PATH]`.

The zip holds the Blender side, the wheel that Blender gives it (h11, fetched by pip) and the backend as a package of
its own, which set-up installs outside Blender. Beside it goes a repository: a folder to put on a web server as it is,
whose address is given to Blender, which then offers updates by itself. Blender's own extension tool makes both: that of
--blender, or else the one inside the package bpy, or else that of DREAMFACE_BLENDER or of a Blender on PATH. After
`npm install`, the 3D view of pages is built into it, too. Nothing else is left in the checkout.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ADD_ON = ("__init__.py", "LICENSE", "blender_manifest.toml", "dreamface_addon", "operators", "panels", "presets")
BACKEND = ("LICENSE", "README.md", "backend/dreamface", "dreamface_addon", "presets", "pyproject.toml", "setup.py")
"""What goes into the zip, and what the backend's wheel is built from."""

H11_SHA256 = "63cf8bbe7522de3bf65932fda1d9c2772064ffb3dae62d55932da54b31cb6c86"
LARGEST_ZIP_MB = 60.0
SETUPTOOLS = 77  # the oldest major version that builds the backend

EPOCH = 1577836800
"""2020-01-01, the time that every file in the zip has: the same sources give the same zip."""


class BuildError(Exception):
    """The zip can't be built; the message says what to do."""


def main(arguments: list[str]) -> int:
    """Build the zip and the repository and say where they are; returns the exit code."""
    parser = argparse.ArgumentParser(prog="run.py extension", description="Builds the zip that artists install.")
    parser.add_argument("-o", "--output", type=Path, help="the zip to write; otherwise dist/dreamface-<version>.zip")
    parser.add_argument("--repository", type=Path, help="the repository to write; dist/repository without -o")
    parser.add_argument("--blender", type=Path, help="a Blender to build with, instead of the one in the package bpy")
    options = parser.parse_args(arguments)
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text("utf-8"))
    output = (options.output or ROOT / "dist" / f"dreamface-{manifest['version']}.zip").resolve()
    repository = options.repository or (None if options.output else ROOT / "dist" / "repository")
    try:
        with tempfile.TemporaryDirectory(prefix="dreamface-extension-", ignore_cleanup_errors=True) as temporary:
            tool = blender_tool(options.blender)
            build(manifest, Path(temporary), output, tool)
            if repository is not None:
                write_repository(output, f"{manifest['id']}-{manifest['version']}.zip", repository.resolve(), tool)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The zip could not be built: {error}.", file=sys.stderr)
        return 1
    print(f"{output} ({output.stat().st_size / 1e6:.1f} MB)")
    if repository is not None:
        print(f"{repository.resolve()} (put it on a web server; Blender is given the address of its index.json)")
    return 0


def build(manifest: dict, temporary: Path, output: Path, tool: list[str]) -> None:
    """Build the zip.

    Args:
        manifest: the extension's manifest.
        temporary: an empty folder to work in.
        output: the zip, which is replaced where there is one.
        tool: the command line of Blender's extension tool.

    Raises:
        BuildError: something is missing, or a program failed.
    """
    stage = temporary / "extension"
    copy(ADD_ON, stage)
    fetch_wheels(manifest["wheels"], stage)
    build_backend(temporary / "source", stage / "backend")
    for name in ("constraints.txt", "video.txt"):
        shutil.copy2(ROOT / name, stage / "backend")
    for path in (stage, *stage.rglob("*")):
        os.utime(path, (EPOCH, EPOCH))

    made = temporary / "extension.zip"
    run([*tool, "build", "--source-dir", str(stage), "--output-filepath", str(made)], "Blender's builder")
    run([*tool, "validate", str(made)], "Blender's validation")
    megabytes = made.stat().st_size / 1e6
    if megabytes > LARGEST_ZIP_MB:
        raise BuildError(f"The zip has {megabytes:.0f} MB, more than {LARGEST_ZIP_MB:.0f}; it is not kept.")
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, output)


def write_repository(package: Path, name: str, repository: Path, tool: list[str]) -> None:
    """Write a folder from which Blender installs and updates the extension once a web server offers it.

    Nothing in the folder changes before Blender's tool has succeeded.

    Args:
        package: the zip, which may be in the folder itself and stays.
        name: the zip's name in the repository.
        repository: the folder; zips of other versions in it are removed, because Blender offers one version of each.
            Zips of other extensions stay, and are offered too.
        tool: the command line of Blender's extension tool.

    Raises:
        BuildError: Blender's tool failed.
    """
    repository.mkdir(parents=True, exist_ok=True)
    others = set(repository.glob("dreamface-[0-9]*.zip")) - {package, repository / name}
    with tempfile.TemporaryDirectory(prefix=".dreamface-", dir=repository, ignore_cleanup_errors=True) as temporary:
        stage = Path(temporary)
        for file in set(repository.glob("*.zip")) - others - {package}:
            shutil.copyfile(file, stage / file.name)
        shutil.copyfile(package, stage / name)
        run([*tool, "server-generate", "--repo-dir", str(stage), "--html"], "Writing the repository")
        for file in sorted(stage.iterdir(), key=lambda file: file.suffix != ".zip"):  # the index after what it names
            file.replace(repository / file.name)
    for old in others:
        old.unlink()


def copy(names: tuple[str, ...], folder: Path) -> None:
    """Copy files and folders of the checkout, without what Python and tools leave around.

    Raises:
        BuildError: one of them is missing.
    """
    for name in names:
        source, target = ROOT / name, folder / name
        if not source.exists():
            raise BuildError(f"{name} is missing in {ROOT}, so the zip can't be built; is this a whole checkout?")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*", "*.egg-info"))
        else:
            shutil.copy2(source, target)


def fetch_wheels(wheels: list[str], stage: Path) -> None:
    """Fetch the wheels that the manifest names, which is h11's.

    Raises:
        BuildError: pip can't get it, or it is not the one that we know.
    """
    folder, wanted = stage / "wheels", f"h11=={pinned('h11')}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    run([*command, "--disable-pip-version-check", "--dest", str(folder), wanted], "Fetching h11")
    fetched = sorted(folder.iterdir())
    if [f"./wheels/{file.name}" for file in fetched] != wheels:
        raise BuildError(f"blender_manifest.toml names {', '.join(wheels)}, constraints.txt {wanted}; make them agree.")
    if hashlib.sha256(fetched[0].read_bytes()).hexdigest() != H11_SHA256:
        raise BuildError(f"{fetched[0].name} is not the file that H11_SHA256 in this script stands for; look into why.")


def build_page(backend: Path) -> None:
    """Build the 3D view of pages into a copy of the backend, where npm has fetched what that takes.

    Without it a page shows pictures and says how the view is built; one that the checkout has goes in as it is.

    Args:
        backend: the copy's folder `dreamface`.
    """
    node, bundle = shutil.which("node"), backend / "webpage" / "page.js"
    if node is not None and (ROOT / "node_modules" / "three").is_dir():
        try:
            run([node, str(ROOT / "tools" / "build_page.mjs"), str(bundle)], "Building the 3D view of pages")
        except BuildError as error:
            print(error, file=sys.stderr)
    if not bundle.exists():
        print("Pages will have no 3D view: run `npm install` in the checkout first to have it.", file=sys.stderr)


def build_backend(source: Path, folder: Path) -> None:
    """Build the backend's wheel from a copy, since building leaves files around.

    Raises:
        BuildError: pip could not build it, or its data is missing.
    """
    copy(BACKEND, source)
    build_page(source / "backend" / "dreamface")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--disable-pip-version-check"]
    if find_spec("setuptools") and int(version("setuptools").partition(".")[0]) >= SETUPTOOLS:
        command.append("--no-build-isolation")  # then nothing is downloaded
    run([*command, "--wheel-dir", str(folder), str(source)], "Building the backend")
    (wheel,) = folder.glob("dreamface-*.whl")
    with zipfile.ZipFile(wheel) as file:
        packed = set(file.namelist())
    places = {"dreamface": source / "backend/dreamface", "dreamface_addon": source / "dreamface_addon"}
    for place, folder in (places | {"dreamface/presets": source / "presets"}).items():
        files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        wanted = {f"{place}/{path.as_posix()}" for path in files}
        if missing := sorted(wanted - packed):
            raise BuildError(
                f"The backend's wheel lacks {', '.join(missing)}; add them to package-data in pyproject.toml."
            )


def pinned(package: str) -> str:
    """The version of a package in constraints.txt."""
    found = re.search(rf"^{package}==(\S+)$", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise BuildError(f"constraints.txt does not name a version of {package}; add it.")
    return found.group(1)


def blender_tool(blender: Path | None) -> list[str]:
    """The command line of Blender's extension tool, to which its verbs are added.

    Raises:
        BuildError: there is none.
    """
    if blender is not None:
        if shutil.which(blender) is None:
            raise BuildError(f"{blender} is no program; name Blender itself with --blender.")
        return [str(blender), "--command", "extension"]
    bpy = find_spec("bpy")  # never imported: its tool is a script of its own
    package = Path(bpy.origin).parent if bpy and bpy.origin else None
    tools = sorted(package.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")) if package else []
    if tools:
        return [sys.executable, str(tools[-1])]
    named = [path for path in os.environ.get("DREAMFACE_BLENDER", "").split(os.pathsep) if path]
    for program in (*named, "blender"):
        if found := shutil.which(program):
            return [found, "--command", "extension"]
    raise BuildError("There is no bpy here to build the zip with, and no Blender; name a Blender with --blender.")


def run(command: list[str], what: str) -> None:
    """Run a program to its end.

    Raises:
        BuildError: it failed; the message ends with its last line that speaks of an error.
    """
    # UTC, since a zip holds local times.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()]
        reason = (errors or lines or [f"exit code {done.returncode}"])[-1]
        raise BuildError(f"{what} failed: {reason.rstrip('.')}.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
