"""Run as a program of its own while DreamFace's engine is set up, so that Blender never waits for it.

    python -I check.py facts            prints this Python's facts as JSON
    python -I check.py size FOLDER...   prints how many bytes are in these folders
    python -I check.py clean FOLDER...  empties folders
    python -I check.py keep FOLDER WHEELS
                                        empties pip's temporary folder, but first moves the packages that had arrived
                                        whole when pip was stopped from there to the folder WHEELS
    python -I check.py mend             takes half-installed packages out of this Python's environment,
                                                    and fails where that has no pip
    python -I check.py slim             takes what only computing on a graphics card uses off the list of packages
                                                    that torch, in this Python's environment, asks pip for

It may be run by any Python, also by one that is too old: annotations with brackets are strings here.
"""

import base64
import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import zipfile
from pathlib import Path

FOR_CARDS_ONLY = ("triton", "cuda-bindings")
PARTS_FOR_CARDS_ONLY = ("cusolver", "nvtx")
"""Of what torch's CUDA build for Linux asks for, what `import torch` does not load: packages, and parts of one.

All its other NVIDIA libraries have to be there although nothing uses them, because torch is linked with them.
"""


def facts() -> "dict[str, object]":
    """Return what can be known of this Python: its version, and whether it is a 64-bit one that makes environments."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        makes_environments = False
    else:
        makes_environments = True
    return {
        "version": list(sys.version_info[:3]),
        "is_64_bit": sys.maxsize > 2**32,
        "makes_environments": makes_environments,
    }


def size(folders: "list[Path]") -> int:
    """Return the bytes in these folders; a file that has several names, as uv's cache makes them, counts once."""
    sizes = {}
    for folder in folders:
        for place, _, names in os.walk(str(folder)):
            for name in names:
                with contextlib.suppress(OSError):  # it has just gone
                    status = Path(place, name).lstat()
                    sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


def empty(folder: Path) -> None:
    """Make an empty folder of this one."""
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir(exist_ok=True)


def keep(temporary: Path, wheels: Path) -> None:
    """Move the wheels that had arrived whole when pip was stopped: not every index lets pip cache them."""
    wheels.mkdir(exist_ok=True)
    for wheel in temporary.glob("pip-*/*.whl"):
        try:
            with zipfile.ZipFile(str(wheel)) as file:
                whole = file.testzip() is None
            if whole:
                wheel.replace(wheels / wheel.name)
        except Exception:  # damage shows in many ways, such as zlib.error; what is not kept is fetched again
            whole = False
        print("kept:" if whole else "not kept:", wheel.name)


def mend(packages: Path) -> None:
    """Forget packages whose installation was interrupted, so that pip installs them again.

    pip and uv take a package for installed once its description is there, whatever became of its files.
    """
    for info in packages.glob("*.dist-info"):
        if not is_whole(packages, info):
            print("half-installed:", info.name)
            shutil.rmtree(str(info))


def is_whole(packages: Path, info: Path) -> bool:
    """Return whether every file that the package's record lists is there with its size."""
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as file:
            entries = [row for row in csv.reader(file) if row and not row[0].endswith(".pyc")]
        return bool(entries) and all(
            (packages / path).stat().st_size == int(size) if size else (packages / path).exists()
            for path, _, size in entries
        )
    except (OSError, ValueError, csv.Error):
        return False


def slim(packages: Path) -> None:
    """Take what only computing on a graphics card uses off the list of packages that torch asks for."""
    for metadata in packages.glob("torch-*.dist-info/METADATA"):
        text = metadata.read_text(encoding="utf-8")
        headers, blank, description = text.partition("\n\n")
        lines = [_slimmed(line) for line in headers.split("\n")]
        changed = "\n".join(line for line in lines if line) + blank + description
        if changed != text:
            metadata.write_bytes(changed.encode("utf-8"))
            _record(packages, metadata)


def _slimmed(header: str) -> str:
    """Return one line of a package's description without what is for graphics cards; empty where nothing is left."""
    match = re.match(r"(Requires-Dist: )([\w.-]+)(?:\[([^\]]*)\])?(.*)$", header)
    if match is None:
        return header
    before, package, parts, after = match.groups()
    if package in FOR_CARDS_ONLY:
        return ""
    kept = [part for part in (parts or "").split(",") if part.strip() not in PARTS_FOR_CARDS_ONLY]
    return before + package + (f"[{','.join(kept)}]" if any(kept) else "") + after


def _record(packages: Path, file: Path) -> None:
    """Write a changed file's hash and size into its package's record, by which `mend` judges it."""
    content, record = file.read_bytes(), file.with_name("RECORD")
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    name = file.relative_to(packages).as_posix()
    with record.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    rows = [[name, f"sha256={digest}", str(len(content))] if row and row[0] == name else row for row in rows]
    with record.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        print(json.dumps(facts()))
    elif sys.argv[1] == "size":
        print(size([Path(word) for word in sys.argv[2:]]))
    elif sys.argv[1] == "clean":
        for word in sys.argv[2:]:
            empty(Path(word))
    elif sys.argv[1] == "keep":
        try:
            keep(Path(sys.argv[2]), Path(sys.argv[3]))
        finally:
            empty(Path(sys.argv[2]))
    elif sys.argv[1] == "slim":
        slim(Path(sysconfig.get_path("purelib")))
    else:
        import pip  # noqa: F401

        mend(Path(sysconfig.get_path("purelib")))
