"""Run as a program of its own while the backend is set up, so that Blender never waits for it.

    python -I check.py facts            prints this Python's facts as JSON
    python -I check.py clean FOLDER     empties a folder
    python -I check.py mend             takes half-installed packages out of this Python's environment,
                                                    and fails where that has no pip

It may be run by any Python, also by one that is too old: annotations with brackets are strings here.
"""

import csv
import json
import shutil
import sys
import sysconfig
from pathlib import Path


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
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        print(json.dumps(facts()))
    elif sys.argv[1] == "clean":
        shutil.rmtree(sys.argv[2], ignore_errors=True)
        Path(sys.argv[2]).mkdir(exist_ok=True)
    else:
        import pip  # noqa: F401

        mend(Path(sysconfig.get_path("purelib")))
