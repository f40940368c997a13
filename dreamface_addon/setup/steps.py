"""The steps of setting the backend up, one program after the other; who runs them is not their concern."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from .command import system_program
from .folder import EnvironmentFolder
from .pip_output import explain

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
"""The backend's Pythons, as its package says too."""

DISK_CPU_GB = 5.0
DISK_CUDA_GB = 12.0  # torch's CUDA build and the libraries it brings
DISK_AFTER_TORCH_GB = 2.0  # what is left to do once torch is there
TORCH_CPU_MB, TORCH_CUDA_MB = 250.0, 3500.0  # downloads
REST_MB = 450.0

GPU_QUESTION_S = 10.0
"""A driver that does not answer within this has no GPU for us."""

_CHECK = Path(__file__).with_name("check.py")
_OWN_INDEX = re.compile(r"\.(index-url|extra-index-url|find-links|no-index)=")


class SetupError(Exception):
    """Setting up can't go on; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Program:
    """A program to run.

    Attributes:
        arguments: the program and its arguments.
        message: what is going on, for the user.
        share: the part of the whole set-up, from 0 to 1, that it begins and ends at.
        download_mb: about how many megabytes it downloads, where it installs something.
        time_limit: seconds after which it has failed; None for as long as it takes.
    """

    arguments: list[str | Path]
    message: str
    share: tuple[float, float]
    download_mb: float = 0.0
    time_limit: float | None = None


Outcome = tuple[int, str]
"""A program's exit code and all that it printed."""

Steps = Generator[Program, Outcome, None]
"""A part of the work: yields programs and is sent the outcome of each, or an OSError where one does not start."""

Question = Generator[Program, Outcome, bool]
"""The same, to find something out."""

LOOKING = "Looking at this machine"
"""The message while nothing is changed yet."""


@dataclass(frozen=True)
class EnvironmentSteps:
    """What has to be done.

    Attributes:
        folder: where the environment is, or will be.
        wheel: the backend's package.
        constraints: the exact versions to install with it.
        python: Blender's Python.
    """

    folder: EnvironmentFolder
    wheel: Path
    constraints: Path
    python: Path

    def everything(self) -> Steps:
        """All of it; raises SetupError where it can't go on."""
        yield from self._look_at_python()
        cuda = yield from self._has_gpu()
        self._look_at_disk(DISK_CUDA_GB if cuda else DISK_CPU_GB)
        yield self._check("clean", self.folder.temporary)
        usable = yield from self._mend()
        if not usable:
            making: list[str | Path] = [self.python, "-I", "-m", "venv", "--clear", self.folder.venv]
            yield from self._must(Program(making, "Making an environment with Blender's Python", (0.02, 0.06)))
        if not self._has_torch():
            yield from self._install_torch(cuda)
        install = self._pip("install", self.wheel, "-c", self.constraints)
        yield from self._must(Program(install, "Asking for the backend's packages", (0.55, 0.92), REST_MB))
        yield from self._try_it()
        yield self._check("clean", self.folder.uv_cache)

    # --------------------------------------------------------------------------------------------------------- looking

    def _look_at_python(self) -> Steps:
        try:
            code, output = yield Program([self.python, "-I", _CHECK, "facts"], LOOKING, (0.0, 0.01))
        except OSError as error:
            raise SetupError(f"Blender's Python {self.python} does not start: {error.strerror}.") from error
        if code != 0:
            raise SetupError(self._explain(output))
        facts = json.loads(output)
        version = tuple(facts["version"])
        if not OLDEST_PYTHON <= version[:2] <= NEWEST_PYTHON or not facts["is_64_bit"]:
            bits = 64 if facts["is_64_bit"] else 32
            raise SetupError(
                f"This Blender's Python is {_dotted(version)} ({bits} bits) and the backend needs "
                f"{_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)} (64 bits): use another Blender."
            )
        if not facts["makes_environments"]:
            raise SetupError(self._explain("No module named ensurepip"))

    def _has_gpu(self) -> Question:
        """Whether there is an NVIDIA GPU that torch can use."""
        try:
            code, output = yield Program(
                [system_program("nvidia-smi"), "-L"], LOOKING, (0.01, 0.02), time_limit=GPU_QUESTION_S
            )
        except OSError:
            return False  # there is no driver
        return code == 0 and "GPU 0:" in output

    def _look_at_disk(self, needed_gb: float) -> None:
        if self._has_torch():
            needed_gb = DISK_AFTER_TORCH_GB
        free_gb = shutil.disk_usage(self.folder.root).free / 1e9
        if free_gb < needed_gb:
            raise SetupError(
                f"Setting up needs {needed_gb:.0f} GB of disk and {self.folder.root} has {free_gb:.1f} GB: "
                "free some space, then set up again."
            )

    def _has_torch(self) -> bool:
        """Whether the very torch that the constraints ask for is there, of whatever build."""
        text = self.constraints.read_text(encoding="utf-8")
        wanted = re.search(r"^torch==([\w.]+)", text, re.MULTILINE)
        return self.folder.has("torch", wanted.group(1) if wanted else "*")

    def _mend(self) -> Question:
        """Take up an environment that is there already; false where there is none that works."""
        if not self.folder.has_python():
            return False
        code, _ = yield Program([self.folder.python, "-I", _CHECK, "mend"], "Looking at what is there", (0.02, 0.06))
        if code == 0 and self.folder.has("dreamface"):  # another version of the extension may have brought it
            forget = self._pip("uninstall", "--yes", "dreamface")
            yield from self._must(Program(forget, "Taking the old backend out", (0.06, 0.08)))
        return code == 0

    # ------------------------------------------------------------------------------------------------------ installing

    def _install_torch(self, cuda: bool) -> Steps:
        asking, share = "Asking for PyTorch", (0.08, 0.55)
        # pip is offered one build a system. uv knows of all, and which one the driver takes; but it does not read pip's
        # settings, so where those name an index of the user's own, that one decides.
        _, settings = yield Program(self._pip("config", "list"), asking, (0.06, 0.08))
        if sys.platform != "darwin" and not _OWN_INDEX.search(settings):
            code, _ = yield Program(self._pip("install", "uv", "-c", self.constraints), asking, (0.06, 0.08))
            if code == 0:
                uv: list[str | Path] = [self.folder.python, "-I", "-m", "uv", "pip", "install", "torch"]
                uv += ["--torch-backend=auto", "--python", self.folder.python, "--constraint", self.constraints]
                code, _ = yield Program(uv, asking, share, TORCH_CUDA_MB if cuda else TORCH_CPU_MB)
            if code == 0:
                return
            asking = "Asking for PyTorch in another way"
            if sys.platform == "linux":
                self._look_at_disk(DISK_CUDA_GB)
        # On Linux pip is offered the CUDA build, whatever GPU there is.
        megabytes = TORCH_CUDA_MB if sys.platform == "linux" else TORCH_CPU_MB
        yield from self._must(Program(self._pip("install", "torch", "-c", self.constraints), asking, share, megabytes))

    def _try_it(self) -> Steps:
        trying = "Trying the backend"
        yield from self._must(Program([self.folder.python, "-I", "-c", "import torch, anny"], trying, (0.92, 0.97)))
        yield from self._must(Program([self.folder.python, "-I", "-m", "dreamface", "--version"], trying, (0.97, 1.0)))

    def _must(self, program: Program) -> Steps:
        code, output = yield program
        if code != 0:
            raise SetupError(self._explain(output))

    def _check(self, verb: str, folder: Path) -> Program:
        """Done by a program, since thousands of files take a while."""
        return Program([self.python, "-I", _CHECK, verb, folder], "Cleaning up", (0.0, 0.0))

    def _pip(self, verb: str, *arguments: str | Path) -> list[str | Path]:
        options = ["--progress-bar", "off"] if verb == "install" else []
        pip = ["-I", "-X", "utf8", "-m", "pip", verb, "--no-input", "--disable-pip-version-check"]
        return [self.folder.python, *pip, *options, *arguments]

    def _explain(self, output: str) -> str:
        return explain(output, self.folder.root, self.folder.log)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
