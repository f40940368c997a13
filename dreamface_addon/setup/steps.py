"""The steps of setting DreamFace's engine up, one program after the other; who runs them is not their concern."""

from __future__ import annotations

import json
import math
import re
import shutil
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from .command import system_program
from .folder import EnvironmentFolder
from .pip_output import DISK_FULL, explain, explain_without_diffusion, explain_without_video

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 14)
"""The engine's Pythons, as its package says too."""

DISK_CPU_GB = 4.0
DISK_LINKED_GB = 9.0  # torch's CUDA build and the NVIDIA libraries that it is linked with, unused
DISK_CUDA_GB = 12.0  # torch's CUDA build and everything it uses
DISK_AFTER_TORCH_GB = 2.0  # what is left to do once torch and all that it is linked with are there
TORCH_CPU_MB, TORCH_LINKED_MB, TORCH_CUDA_MB = 200.0, 530.0, 2800.0  # downloads
REST_MB, NVIDIA_MB, VIDEO_MB, DIFFUSION_MB = 400.0, 1800.0, 180.0, 40.0

GPU_QUESTION_S = 10.0
"""A driver that does not answer within this has no GPU for us."""

_CHECK = Path(__file__).with_name("check.py")
_TRY_VIDEO = "import imageio_ffmpeg; imageio_ffmpeg.get_ffmpeg_exe(); from mediapipe.tasks.python import vision"
_TRY_DIFFUSION = "from dreamface.guidance import import_packages; import_packages()"
_HALF_INSTALLED = "half-installed:"
"""How a line of the check begins that names a package which it has taken out."""

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

ASKING_TORCH = "Asking for PyTorch"
TORCH_SHARE = (0.08, 0.55)
"""The message and the part of the whole set-up while torch is installed."""

LOOKING = "Looking at this machine"
"""The message while nothing is changed yet."""


@dataclass(frozen=True)
class EnvironmentSteps:
    """What has to be done.

    Attributes:
        folder: where the environment is, or will be.
        wheel: the engine's package.
        constraints: the exact versions to install with it.
        python: Blender's Python.
        accelerator: whether models are to compute on an NVIDIA card, for which torch's far larger CUDA build is
            needed. Without it the CPU build is taken, unless the other one was asked for before.
        video: the list of packages that following faces in video takes, or None to do without.
        diffusion: whether the packages that diffusion models take are wanted.
    """

    folder: EnvironmentFolder
    wheel: Path
    constraints: Path
    python: Path
    accelerator: bool = False
    video: Path | None = None
    diffusion: bool = False

    def everything(self) -> Steps:
        """All of it; raises SetupError where it can't go on."""
        yield from self._look_at_python()
        cuda = yield from self._wants_cuda()
        yield self._check("keep", self.folder.temporary, self.folder.wheels)
        usable = yield from self._mend()
        yield from self._look_at_disk(DISK_CUDA_GB if cuda else DISK_CPU_GB, cuda, usable)
        if not usable:
            self.folder.video.unlink(missing_ok=True)
            self.folder.diffusion.unlink(missing_ok=True)
            making: list[str | Path] = [self.python, "-I", "-m", "venv", "--clear", self.folder.venv]
            yield from self._must(Program(making, "Making an environment with Blender's Python", (0.02, 0.06)))
        yield from self._install_kept_wheels()
        if not self._has_torch(cuda):
            yield from self._install_torch(cuda)
        if not cuda:
            yield from self._must(Program(self._environment_check("slim"), ASKING_TORCH, (0.55, 0.55)))
        megabytes = REST_MB + (NVIDIA_MB if self.folder.torch_is_linked_with_cuda() else 0.0)
        install = self._pip("install", self.wheel, "-c", self.constraints)
        yield from self._must(Program(install, "Asking for the engine's packages", (0.55, 0.87), megabytes))
        yield from self._install_video((0.87, 0.90))
        yield from self._install_diffusion((0.90, 0.94))
        yield from self._try_it()
        yield self._check("clean", self.folder.uv_cache, self.folder.pip_cache)

    def missing_additions(self) -> tuple[bool, bool]:
        """Return whether video, and whether diffusion, is wanted and not there."""
        video = self.video is not None and self.folder.video_problem() != ""
        return video, self.diffusion and self.folder.diffusion_problem() != ""

    def only_additions(self) -> Steps:
        """What following faces in video and diffusion take, as far as it is missing, in a finished environment.

        Where that environment does not work after all, everything is set up again.
        """
        video, diffusion = self.missing_additions()
        yield self._check("keep", self.folder.temporary, self.folder.wheels)
        code, output = yield Program(self._environment_check("mend"), "Looking at what is there", (0.0, 0.05))
        if code != 0:
            self.folder.stamp.unlink(missing_ok=True)
            yield from self.everything()
            return
        if _HALF_INSTALLED in output:  # and taken out, so that pip sees that it is missing
            install = self._pip("install", self.wheel, "-c", self.constraints)
            yield from self._must(Program(install, "Putting back what was damaged", (0.05, 0.05), REST_MB))
        if video:
            yield from self._install_video((0.05, 0.5 if diffusion else 1.0))
        if diffusion:
            yield from self._install_diffusion((0.5 if video else 0.05, 1.0))
        yield self._check("clean", self.folder.pip_cache, self.folder.wheels)

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
                f"This Blender's Python is {_dotted(version)} ({bits} bits) and DreamFace's engine needs "
                f"{_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)} (64 bits): use another Blender."
            )
        if not facts["makes_environments"]:
            raise SetupError(self._explain("No module named ensurepip"))

    def _wants_cuda(self) -> Question:
        """Whether torch's CUDA build is to be installed, or kept."""
        if not self.accelerator and not self.folder.accelerator.exists():
            return False
        has_gpu = yield from self._has_gpu()
        if self.accelerator and not has_gpu:
            raise SetupError(
                "No NVIDIA card was found: install NVIDIA's driver and restart Blender, or go on without a card."
            )
        return has_gpu

    def _has_gpu(self) -> Question:
        """Whether there is an NVIDIA GPU that torch can use."""
        try:
            code, output = yield Program(
                [system_program("nvidia-smi"), "-L"], LOOKING, (0.01, 0.02), time_limit=GPU_QUESTION_S
            )
        except OSError:
            return False  # there is no driver
        return code == 0 and "GPU 0:" in output

    def _look_at_disk(self, whole_gb: float, cuda: bool, usable: bool = True) -> Steps:
        """Refuse to go on without room for what is still to come.

        Args:
            whole_gb: what setting up takes in an empty folder.
            cuda: whether torch's CUDA build is to be installed, or kept.
            usable: whether the environment that is there is kept; otherwise it makes room for the new one.
        """
        folder = self.folder
        if not usable:
            needed_gb = whole_gb - (yield from self._size_gb(folder.root))
        elif not self._has_torch(cuda):
            needed_gb = whole_gb - (yield from self._size_gb(folder.uv_cache, folder.pip_cache, folder.wheels))
        elif folder.torch_lacks_libraries():
            whole_gb = DISK_CUDA_GB if cuda else DISK_LINKED_GB
            needed_gb = whole_gb - (yield from self._size_gb(folder.root))
        else:
            needed_gb = DISK_AFTER_TORCH_GB
        needed_gb = max(needed_gb, DISK_AFTER_TORCH_GB)
        free_gb = shutil.disk_usage(folder.root).free / 1e9
        if free_gb < needed_gb:
            raise SetupError(
                f"Setting up needs {math.ceil(needed_gb)} GB of disk and {folder.root} has {free_gb:.1f} GB: "
                "free some space, then set up again."
            )

    def _size_gb(self, *folders: Path) -> Generator[Program, Outcome, float]:
        """Return what is in some folders, in GB."""
        code, output = yield self._check("size", *folders)
        return int(output) / 1e9 if code == 0 else 0.0

    def _has_torch(self, cuda: bool) -> bool:
        """Whether the very torch that the constraints ask for is there, and can use a card if it has to."""
        text = self.constraints.read_text(encoding="utf-8")
        wanted = re.search(r"^torch==([\w.]+)", text, re.MULTILINE)
        there = self.folder.has("torch", wanted.group(1) if wanted else "*")
        return there and (self.folder.accelerator.exists() or not cuda)

    def _mend(self) -> Question:
        """Take up an environment that is there already; false where there is none that works."""
        if not self.folder.has_python():
            return False
        code, _ = yield Program(self._environment_check("mend"), "Looking at what is there", (0.02, 0.06))
        if code == 0 and self.folder.has("dreamface"):  # another version of the extension may have brought it
            forget = self._pip("uninstall", "--yes", "dreamface")
            yield from self._must(Program(forget, "Taking the old engine out", (0.06, 0.08)))
        return code == 0

    # ------------------------------------------------------------------------------------------------------ installing

    def _install_kept_wheels(self) -> Steps:
        """Install what an earlier try had fetched; what does not fit any more is fetched again with the rest.

        By name, so that pip picks the version that the constraints ask for. All at once if it can, because pip takes a
        second to start: it installs nothing where one of them does not fit, such as one for another Blender's Python.
        """
        kept = sorted({wheel.name.partition("-")[0] for wheel in self.folder.wheels.glob("*.whl")})
        if not kept:
            return
        code = yield from self._install_kept(kept)
        if code != 0 and len(kept) > 1:
            for name in kept:
                yield from self._install_kept([name])
        yield self._check("clean", self.folder.wheels)

    def _install_kept(self, names: list[str]) -> Generator[Program, Outcome, int]:
        options: list[str | Path] = ["--no-deps", "--no-index", "--find-links", self.folder.wheels]
        install = self._pip("install", *names, *options, "-c", self.constraints)
        code, output = yield Program(install, "Installing what had arrived", (0.06, 0.08))
        if code != 0 and re.search(DISK_FULL, output):
            raise SetupError(self._explain(output))  # they are needed once there is room again
        return code

    def _install_torch(self, cuda: bool) -> Steps:
        self.folder.accelerator.unlink(missing_ok=True)
        # On Windows and macOS pip is offered the CPU build, on Linux the CUDA build. uv knows of all builds; but it
        # does not read pip's settings, so where those name an index of the user's own, that one decides.
        if cuda or sys.platform == "linux":
            _, settings = yield Program(self._pip("config", "list"), ASKING_TORCH, (0.06, 0.08))
            if _OWN_INDEX.search(settings) or not (yield from self._install_torch_by_uv(cuda)):
                yield from self._install_torch_by_pip(cuda)
        else:
            yield from self._install_torch_by_pip(cuda)
        if cuda:
            self.folder.accelerator.touch()

    def _install_torch_by_uv(self, cuda: bool) -> Question:
        """Whether uv could install the build that is wanted; it needs the index of torch's makers."""
        code, _ = yield Program(self._pip("install", "uv", "-c", self.constraints), ASKING_TORCH, (0.06, 0.08))
        if code != 0:
            return False
        uv: list[str | Path] = [self.folder.python, "-I", "-m", "uv", "pip", "install", "torch"]
        # "auto" is the build for the card's driver.
        uv += ["--torch-backend=auto", "--reinstall-package", "torch"] if cuda else ["--torch-backend=cpu"]
        uv += ["--python", self.folder.python, "--constraint", self.constraints]
        code, _ = yield Program(uv, ASKING_TORCH, TORCH_SHARE, TORCH_CUDA_MB if cuda else TORCH_CPU_MB)
        return code == 0

    def _install_torch_by_pip(self, cuda: bool) -> Steps:
        """Install torch without its requirements, which come with the engine's once `slim` has gone through them."""
        linux = sys.platform == "linux"
        yield from self._look_at_disk(DISK_CUDA_GB if cuda else DISK_LINKED_GB if linux else DISK_CPU_GB, cuda)
        options = ["--no-deps", "--force-reinstall"] if cuda else ["--no-deps"]
        install = self._pip("install", "torch", *options, "-c", self.constraints)
        megabytes = TORCH_LINKED_MB if linux or cuda else TORCH_CPU_MB
        yield from self._must(Program(install, "Asking for PyTorch in another way", TORCH_SHARE, megabytes))

    def _install_video(self, share: tuple[float, float]) -> Steps:
        """Install what follows faces in video. Where that fails the engine is whole, and the folder says why."""
        if self.video is None:
            return
        start, end = share
        middle = start + 0.8 * (end - start)
        # Without what mediapipe itself requires: see the list.
        install = self._pip("install", "--no-deps", "-r", self.video, "-c", self.constraints)
        code, output = yield Program(install, "Asking for what follows faces in video", (start, middle), VIDEO_MB)
        if code == 0:
            code, output = yield Program([self.folder.python, "-I", "-c", _TRY_VIDEO], "Trying video", (middle, end))
        self.folder.note_video(explain_without_video(output) if code != 0 else "")

    def _install_diffusion(self, share: tuple[float, float]) -> Steps:
        """Install what diffusion models take. Where that fails the engine is whole, and the folder says why."""
        if not self.diffusion:
            return
        start, end = share
        middle = start + 0.8 * (end - start)
        install = self._pip("install", f"{self.wheel}[diffusion]", "-c", self.constraints)
        asking = "Asking for what diffusion models take"
        code, output = yield Program(install, asking, (start, middle), DIFFUSION_MB)
        if code == 0:
            code, output = yield Program(
                [self.folder.python, "-I", "-c", _TRY_DIFFUSION], "Trying diffusion", (middle, end)
            )
        self.folder.note_diffusion(explain_without_diffusion(output) if code != 0 else "")

    def _try_it(self) -> Steps:
        trying = "Trying the engine"
        yield from self._must(Program([self.folder.python, "-I", "-c", "import torch, anny"], trying, (0.94, 0.97)))
        yield from self._must(Program([self.folder.python, "-I", "-m", "dreamface", "--version"], trying, (0.97, 1.0)))

    def _must(self, program: Program) -> Steps:
        code, output = yield program
        if code != 0:
            raise SetupError(self._explain(output))

    def _check(self, verb: str, *folders: Path) -> Program:
        """Done by a program, since thousands of files take a while."""
        return Program([self.python, "-I", _CHECK, verb, *folders], "Cleaning up", (0.0, 0.0))

    def _environment_check(self, verb: str) -> list[str | Path]:
        return [self.folder.python, "-I", _CHECK, verb]

    def _pip(self, verb: str, *arguments: str | Path) -> list[str | Path]:
        pip: list[str | Path] = [self.folder.python, "-I", "-X", "utf8", "-m", "pip", verb]
        pip += ["--no-input", "--disable-pip-version-check"]
        if verb == "install":
            # The cache is named here, because the user's own settings may have turned it off.
            pip += ["--progress-bar", "off", "--cache-dir", self.folder.pip_cache]
        return [*pip, *arguments]

    def _explain(self, output: str) -> str:
        return explain(output, self.folder.root, self.folder.log)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
