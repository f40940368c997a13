"""Sets the backend up: a virtual environment of Blender's own Python, with the backend from the extension in it.

Everything that takes long is a program of its own, which `Setup.poll` looks after; nothing here waits. What has been
installed stays, whatever happens: starting again goes on from there.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Generator
from pathlib import Path
from typing import IO

from .command import Command
from .environment_folder import EnvironmentFolder
from .file_lock import try_lock
from .pip_output import PipProgress, explain
from .process import environment

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
"""The backend's Pythons, as its package says too."""

DISK_CPU_GB = 5.0
DISK_CUDA_GB = 12.0  # torch's CUDA build and the libraries it brings
DISK_AFTER_TORCH_GB = 2.0  # what is left to do once torch is there
TORCH_CPU_MB, TORCH_CUDA_MB = 250.0, 3500.0  # downloads
REST_MB = 450.0

GPU_QUESTION_S = 10.0
"""A driver that does not answer within this has no GPU for us."""

_CHECK = Path(__file__).with_name("environment_check.py")
_LEAD_ASTRAY = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")  # these would install elsewhere
_OWN_INDEX = re.compile(r"\.(index-url|extra-index-url|find-links|no-index)=")


class SetupError(Exception):
    """Setting up can't go on; the message is a sentence that says what to do."""


Outcome = tuple[int, str]
"""A program's exit code and all that it printed."""

Steps = Generator[Command, Outcome, None]
"""A part of the work: yields programs and is sent the outcome of each."""

Question = Generator[Command, Outcome, bool]
"""The same, to find something out."""


class Setup:
    """Making or mending one environment.

    Attributes:
        state: "idle", "checking", "running", "done", "failed" or "cancelled".
        fraction: how much is done, 0 to 1; never goes back while it runs.
        message: what is going on, for the user.
        problem: a sentence on why it failed; empty otherwise.
        log: a file with everything that was printed.
    """

    def __init__(self, folder: Path, wheel: Path, constraints: Path, python: Path, online: bool) -> None:
        """Nothing happens before `start`.

        Args:
            folder: where the environment is, or will be.
            wheel: the backend's package, as the extension brings it.
            constraints: the exact versions to install with it.
            python: Blender's Python.
            online: whether Blender may use the network.
        """
        self.state = "idle"
        self.fraction = 0.0
        self.message = ""
        self.problem = ""
        self._folder = EnvironmentFolder(folder.absolute())
        self._wheel = wheel.absolute()
        self._constraints = constraints.absolute()
        self._python = python.absolute()
        self._online = online
        self._command: Command | None = None
        self._progress: PipProgress | None = None
        self._share = (0.0, 0.0)  # of the whole, which the present program takes
        self._steps: Steps | None = None
        self._lock: IO[bytes] | None = None

    @property
    def log(self) -> Path:
        """A file with everything that was printed."""
        return self._folder.log

    def start(self) -> None:
        """Begin, or go on where an earlier try stopped."""
        if self._steps is not None:
            return
        self.state, self.fraction, self.problem = "checking", 0.0, ""
        self.message = "Looking at this machine"
        self._steps = self._everything()
        self._advance(None)

    def cancel(self) -> None:
        """Stop at once; what has been installed stays."""
        if self._steps is not None:
            self._end("cancelled", "Set-up was cancelled; start it again to go on")

    def poll(self) -> None:
        """Look whether the present program has ended and start the next; call it a few times a second."""
        if self._steps is None or self._command is None:
            return
        code = self._command.poll()
        if code is not None:
            self._advance((code, self._command.output))
        elif self._progress is not None:
            low, high = self._share
            part = self._progress.fraction(self._command.output)
            self.fraction = max(self.fraction, low + (high - low) * part)
            self.message = self._progress.message or self.message

    def _advance(self, outcome: Outcome | None) -> None:
        assert self._steps is not None
        try:
            self._command = self._steps.send(outcome)  # type: ignore[arg-type]  # None starts it
        except StopIteration:
            self.fraction = 1.0
            self._end("done", "The backend is set up")
        except SetupError as error:
            self.problem = str(error)
            self._end("failed", "Set-up has stopped")
        except OSError as error:
            self.problem = self._explain(str(error))
            self._end("failed", "Set-up has stopped")

    def _end(self, state: str, message: str) -> None:
        self.state, self.message, self._steps = state, message, None
        if self._command is not None:
            self._command.stop()
            self._command = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # -------------------------------------------------------------------------------------------------------- the steps

    def _everything(self) -> Steps:
        self._look_at_what_is_given()
        yield from self._look_at_python()
        cuda = yield from self._has_gpu()
        self._look_at_disk(DISK_CUDA_GB if cuda else DISK_CPU_GB)
        self.state = "running"
        yield from self._clean(self._folder.temporary)
        with_pip = yield from self._has_pip()
        if with_pip:
            yield from self._mend()
        else:
            self.message = "Making an environment with Blender's Python"
            yield from self._must([self._python, "-I", "-m", "venv", "--clear", self._folder.venv])
        if not self._has_torch():
            yield from self._install_torch(cuda)
        self.message = "Asking for the backend's packages"
        yield from self._must(self._pip("install", self._wheel, "-c", self._constraints), (0.55, 0.92), REST_MB)
        yield from self._try_it()
        yield from self._clean(self._folder.uv_cache)
        self._folder.finish(self._wheel)

    def _look_at_what_is_given(self) -> None:
        if not self._online:
            raise SetupError(
                "Blender is in offline mode: allow online access in Preferences > System > Network, then set up again."
            )
        for file in (self._wheel, self._constraints):
            if not file.is_file():
                raise SetupError(f"The extension lacks {file.name}: install DreamFace's zip again, then set up again.")
        folder = self._folder
        try:
            folder.root.mkdir(parents=True, exist_ok=True)
            self._lock = try_lock(folder.lock)
            if self._lock is not None:
                folder.log.write_bytes(b"")
                folder.stamp.unlink(missing_ok=True)
                folder.temporary.mkdir(exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"The folder {folder.root} cannot be written ({error.strerror}): check who owns it, then set up again."
            ) from error
        if self._lock is None:
            raise SetupError("Another Blender is setting the backend up: wait until it has finished.")

    def _look_at_python(self) -> Steps:
        try:
            code, output = yield self._run([self._python, "-I", _CHECK, "facts"])
        except OSError as error:
            raise SetupError(f"Blender's Python {self._python} does not start: {error.strerror}.") from error
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
            code, output = yield self._run(["nvidia-smi", "-L"], time_limit=GPU_QUESTION_S)
        except OSError:
            return False  # there is no driver
        return code == 0 and "GPU 0:" in output

    def _look_at_disk(self, needed_gb: float) -> None:
        if self._has_torch():
            needed_gb = DISK_AFTER_TORCH_GB
        free_gb = shutil.disk_usage(self._folder.root).free / 1e9
        if free_gb < needed_gb:
            raise SetupError(
                f"Setting up needs {needed_gb:.0f} GB of disk and {self._folder.root} has {free_gb:.1f} GB: "
                "free some space, then set up again."
            )

    def _has_pip(self) -> Question:
        if not self._folder.has_python():
            return False
        code, _ = yield self._run([self._folder.python, "-I", "-m", "pip", "--version"])
        return code == 0

    def _mend(self) -> Steps:
        self.message = "Looking at what is there already"
        yield from self._must([self._folder.python, "-I", _CHECK, "mend"])
        if self._folder.has("dreamface"):  # another version of the extension may have brought it
            yield from self._must(self._pip("uninstall", "--yes", "dreamface"))

    def _has_torch(self) -> bool:
        """Whether the very torch that the constraints ask for is there, of whatever build."""
        text = self._constraints.read_text(encoding="utf-8")
        wanted = re.search(r"^torch==([\w.]+)", text, re.MULTILINE)
        return self._folder.has("torch", wanted.group(1) if wanted else "*")

    def _install_torch(self, cuda: bool) -> Steps:
        self.message = "Asking for PyTorch"
        share = (0.08, 0.55)
        # pip is offered one build a system. uv knows of all, and which one the driver takes; but it does not read pip's
        # settings, so where those name an index of the user's own, that one decides.
        _, settings = yield self._run(self._pip("config", "list"))
        if sys.platform != "darwin" and not _OWN_INDEX.search(settings):
            done = yield from self._install_torch_with_uv(share, TORCH_CUDA_MB if cuda else TORCH_CPU_MB)
            if done:
                return
            self._note("uv could not install PyTorch; pip does it and chooses the build.")
            if sys.platform == "linux":
                self._look_at_disk(DISK_CUDA_GB)
        # On Linux pip is offered the CUDA build, whatever GPU there is.
        expected_mb = TORCH_CUDA_MB if sys.platform == "linux" else TORCH_CPU_MB
        yield from self._must(self._pip("install", "torch", "-c", self._constraints), share, expected_mb)

    def _install_torch_with_uv(self, share: tuple[float, float], expected_mb: float) -> Question:
        code, _ = yield self._run(self._pip("install", "uv", "-c", self._constraints))
        if code != 0:
            return False
        python = self._folder.python
        options = ["--torch-backend=auto", "--python", python, "--constraint", self._constraints]
        command = [python, "-I", "-m", "uv", "pip", "install", "torch", *options]
        code, _ = yield self._run(command, share, expected_mb)
        return code == 0

    def _try_it(self) -> Steps:
        self.message = "Trying the backend"
        self.fraction = max(self.fraction, 0.92)
        yield from self._must([self._folder.python, "-I", "-c", "import torch, anny"])
        self.fraction = max(self.fraction, 0.97)
        yield from self._must([self._folder.python, "-I", "-m", "dreamface", "--version"])

    # -------------------------------------------------------------------------------------------------------- programs

    def _must(self, arguments: list, share: tuple[float, float] | None = None, expected_mb: float = 1.0) -> Steps:
        code, output = yield self._run(arguments, share, expected_mb)
        if code != 0:
            raise SetupError(self._explain(output))

    def _clean(self, folder: Path) -> Steps:
        """Empty a folder; not by ourselves, since thousands of files take a while."""
        yield from self._must([self._python, "-I", _CHECK, "clean", folder])

    def _pip(self, verb: str, *arguments: object) -> list:
        options = ["--progress-bar", "off"] if verb == "install" else []
        pip = [self._folder.python, "-I", "-X", "utf8", "-m", "pip", verb, "--no-input", "--disable-pip-version-check"]
        return [*pip, *options, *arguments]

    def _run(
        self,
        arguments: list,
        share: tuple[float, float] | None = None,
        expected_mb: float = 1.0,
        time_limit: float | None = None,
    ) -> Command:
        words = [str(argument) for argument in arguments]
        self._note(" ".join(words))
        self._progress = PipProgress(expected_mb, self._folder.packages, self._folder.temporary) if share else None
        self._share = share or self._share
        # On the environment's own disk, whose room was looked at.
        changes = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder.temporary))
        changes |= {"UV_CACHE_DIR": str(self._folder.uv_cache), "PIP_USER": "0"}
        variables = {name: value for name, value in environment(changes).items() if name.upper() not in _LEAD_ASTRAY}
        assert self._lock is not None
        return Command(words, self.log, variables, keep_open=self._lock.fileno(), time_limit=time_limit)

    def _note(self, line: str) -> None:
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n> {line}\n")

    def _explain(self, output: str) -> str:
        return explain(output, self._folder.root, self.log)


def environment_python(folder: Path) -> Path:
    """Where the Python of the environment in `folder` is, whether or not it exists."""
    return EnvironmentFolder(folder).python


def is_ready(folder: Path, wheel: Path) -> bool:
    """Whether the environment in `folder` was finished from this very wheel, and its Python is still there."""
    return EnvironmentFolder(folder).is_finished(wheel)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
