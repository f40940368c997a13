"""The folder that the environment of DreamFace's engine is in, and what can be seen from its files alone."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EnvironmentFolder:
    """An environment and what belongs to it; none of it need exist.

    Attributes:
        root: the folder.
    """

    root: Path

    @property
    def venv(self) -> Path:
        """The virtual environment itself."""
        return self.root / "venv"

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def packages(self) -> Path:
        """Where packages are installed; a folder that does not exist before there is an environment."""
        if os.name == "nt":
            return self.venv / "Lib/site-packages"
        return next(self.venv.glob("lib/python3.*/site-packages"), self.venv / "lib")

    @property
    def temporary(self) -> Path:
        """Where pip unpacks what it downloads."""
        return self.root / "tmp"

    @property
    def uv_cache(self) -> Path:
        """Where uv keeps its downloads until they are installed."""
        return self.root / "uv-cache"

    @property
    def pip_cache(self) -> Path:
        """Where pip keeps its downloads until all is installed, so that a cancelled set-up does not lose them."""
        return self.root / "pip-cache"

    @property
    def wheels(self) -> Path:
        """Packages that had arrived whole when an earlier set-up was stopped, until everything is installed."""
        return self.root / "wheels"

    @property
    def accelerator(self) -> Path:
        """A file that is there if torch was installed for a graphics card."""
        return self.root / "accelerator"

    @property
    def video(self) -> Path:
        """A file that is there if following faces in video was asked for: empty, or why it can't be had."""
        return self.root / "video"

    @property
    def diffusion(self) -> Path:
        """A file that is there if diffusion was asked for: empty, or why it can't be had."""
        return self.root / "diffusion"

    @property
    def log(self) -> Path:
        """Everything that was printed while setting up."""
        return self.root / "setup.log"

    @property
    def lock(self) -> Path:
        """The file that is locked while something sets up."""
        return self.root / "lock"

    @property
    def stamp(self) -> Path:
        """The file that says what a finished environment was made from."""
        return self.root / "finished.json"

    def has_python(self) -> bool:
        """Whether there is a Python that starts: the one it was made with may have gone with an older Blender."""
        try:
            text = (self.venv / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return False
        made_with = re.search(r"^executable\s*=\s*(.+)$", text, re.MULTILINE)
        return self.python.exists() and made_with is not None and Path(made_with.group(1).strip()).exists()

    def has(self, package: str, version: str = "*") -> bool:
        """Whether a package is installed, in whatever build of the version (1.2.3, 1.2.3+cpu)."""
        return any(any(self.packages.glob(f"{package}-{version}{build}.dist-info")) for build in ("", "+*"))

    def torch_is_linked_with_cuda(self) -> bool:
        """Whether the torch that is there is the CUDA build, which needs NVIDIA's libraries even to start."""
        return any(self.packages.glob("torch/lib/*torch_cuda.*"))

    def torch_lacks_libraries(self) -> bool:
        """Whether the torch that is there asks for libraries of NVIDIA's that have not been installed yet.

        pip installs a package after everything that it asks for, so only those that torch itself names are looked for.
        """
        for metadata in self.packages.glob("torch-*.dist-info/METADATA"):
            headers = metadata.read_text(encoding="utf-8").partition("\n\n")[0]
            asked = re.findall(r"^Requires-Dist: ((?:nvidia|cuda|triton)[\w.-]*)", headers, re.MULTILINE)
            if not all(self.has(re.sub(r"[-_.]+", "_", name)) for name in asked):
                return True
        return False

    def note_video(self, problem: str) -> None:
        """Write down that faces in video can be followed, or a sentence on why not."""
        self.video.write_text(problem, encoding="utf-8")

    def video_problem(self) -> str | None:
        """Return why faces in video can't be followed; empty where they can, None where nobody has asked for it."""
        try:
            return self.video.read_text(encoding="utf-8")
        except OSError:
            return None

    def note_diffusion(self, problem: str) -> None:
        """Write down that diffusion can be used, or a sentence on why not."""
        self.diffusion.write_text(problem, encoding="utf-8")

    def diffusion_problem(self) -> str | None:
        """Return why diffusion can't be used; empty where it can, None where nobody has asked for it."""
        try:
            return self.diffusion.read_text(encoding="utf-8")
        except OSError:
            return None

    def finish(self, wheel: Path) -> None:
        """Write down that everything from this wheel is installed."""
        self.stamp.write_text(json.dumps({"wheel": _hash(wheel)}), encoding="utf-8")

    def was_interrupted(self) -> bool:
        """Whether setting up has put something here and has not come to its end."""
        return self.venv.exists() and not self.stamp.exists()

    def is_finished(self, wheel: Path) -> bool:
        """Whether everything was installed from this very wheel, and Python is still there."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
            return stamp["wheel"] == _hash(wheel) and self.has_python()
        except (OSError, ValueError, KeyError):
            return False


def _hash(wheel: Path) -> str:
    status = wheel.stat()
    return _hash_of(wheel, status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=4)
def _hash_of(wheel: Path, _changed: int, _size: int) -> str:
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
