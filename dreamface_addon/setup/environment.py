"""Sets DreamFace's engine up: a virtual environment of Blender's own Python, with the package from the extension.

Everything that takes long is a program of its own, which `Setup.poll` looks after; nothing here waits. What has been
installed stays, whatever happens: starting again goes on from there.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from ..link import child_environment
from .command import Command
from .file_lock import is_locked, try_lock
from .folder import EnvironmentFolder
from .pip_output import PipProgress, explain
from .steps import LOOKING, EnvironmentSteps, Outcome, Program, SetupError, Steps

_KEPT = "what is there already is kept, and the next try goes on from there."

_ELSEWHERE = "Another Blender is setting DreamFace up"

_LEAD_ASTRAY = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_NO_CACHE_DIR")  # elsewhere, or every download twice


class Setup:
    """Making or mending one environment.

    Attributes:
        state: "idle", "checking", "running", "done", "failed", "cancelled", or "elsewhere" (another Blender does it).
        fraction: how much is done, 0 to 1; never goes back while it runs.
        message: what is going on, for the user.
        problem: a sentence on why it has stopped before its end; empty otherwise.
    """

    def __init__(
        self,
        folder: Path,
        wheel: Path,
        constraints: Path,
        python: Path,
        online: bool,
        accelerator: bool = False,
        video: Path | None = None,
        diffusion: bool = False,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            folder: where the environment is, or will be.
            wheel: the engine's package, as the extension brings it.
            constraints: the exact versions to install with it.
            python: Blender's Python.
            online: whether Blender may use the network.
            accelerator: whether models are to compute on an NVIDIA card.
            video: the list of packages that following faces in video takes, or None to do without. Where all else is
                set up, they are added to it.
            diffusion: whether the packages that diffusion models take are wanted; these are added likewise.
        """
        self.state = "idle"
        self.fraction = 0.0
        self.message = ""
        self.problem = ""
        self._folder = EnvironmentFolder(folder.absolute())
        self._work = EnvironmentSteps(
            self._folder,
            wheel.absolute(),
            constraints.absolute(),
            python.absolute(),
            accelerator,
            video.absolute() if video else None,
            diffusion,
        )
        self._only_adds = False
        self._online = online
        self._steps: Steps | None = None
        self._lock: IO[bytes] | None = None
        self._program: Program | None = None
        self._command: Command | None = None
        self._progress: PipProgress | None = None

    @property
    def log(self) -> Path:
        """A file with everything that was printed."""
        return self._folder.log

    def start(self) -> None:
        """Begin, or go on where an earlier try stopped."""
        if self._steps is not None:
            return
        self.state, self.fraction, self.message, self.problem = "checking", 0.0, LOOKING, ""
        try:
            alone = self._begin()
        except SetupError as error:
            self._fail(str(error))
            return
        if alone:
            self._steps = self._work.only_additions() if self._only_adds else self._work.everything()
            self._advance(None)
        else:
            self._leave_to_another()

    def cancel(self) -> None:
        """Stop at once; what has been installed stays."""
        if self._steps is not None:
            self.problem = f"Set-up was cancelled: {_KEPT}"
            self._end("cancelled", "Set-up was cancelled")

    def take_up(self) -> None:
        """Look at what others have done in the folder; call it again while that is going on.

        Another Blender that sets up right now is waited for; a set-up that did not come to its end is as one that was
        cancelled here.
        """
        if self.state not in ("idle", "elsewhere"):
            return
        if is_locked(self._folder.lock):
            self._leave_to_another()
        elif self._folder.was_interrupted():
            self.state, self.message = "cancelled", "Set-up was not finished"
            self.problem = f"Set-up was not finished: {_KEPT}"
        else:
            self.state, self.message, self.problem = "idle", "", ""

    def _leave_to_another(self) -> None:
        self.state, self.message = "elsewhere", _ELSEWHERE
        self.problem = f"{_ELSEWHERE}: wait until it has finished."

    def poll(self) -> None:
        """Look whether the present program has ended and start the next; call it a few times a second."""
        if self._command is None or self._program is None:
            return
        code = self._command.poll()
        if code is not None:
            self._advance((code, self._command.output))
        elif self._progress is not None:
            low, high = self._program.share
            part = self._progress.fraction(self._command.output)
            self.fraction = max(self.fraction, low + (high - low) * part)
            self.message = self._progress.message or self.message

    def _begin(self) -> bool:
        """Look at what is given, and keep others out of the folder; return whether no other is at work there."""
        if not self._online:
            raise SetupError(
                "Blender is in offline mode: allow online access in Preferences > System > Network, then set up again."
            )
        for file in (self._work.wheel, self._work.constraints, self._work.video):
            if file is not None and not file.is_file():
                raise SetupError(f"The extension lacks {file.name}: install DreamFace's zip again, then set up again.")
        folder = self._folder
        try:
            folder.root.mkdir(parents=True, exist_ok=True)
            self._lock = try_lock(folder.lock)
            if self._lock is None:
                return False
            folder.log.write_bytes(b"")
            self._only_adds = self._is_for_additions_only()
            if not self._only_adds:
                folder.stamp.unlink(missing_ok=True)
            folder.temporary.mkdir(exist_ok=True)
            return True
        except OSError as error:
            raise SetupError(
                f"The folder {folder.root} cannot be written ({error.strerror}): check who owns it, then set up again."
            ) from error

    def _is_for_additions_only(self) -> bool:
        """Whether all else is set up, so that a failure must leave it as it is."""
        work, folder = self._work, self._folder
        wants_card = work.accelerator and not folder.accelerator.exists()
        return any(work.missing_additions()) and not wants_card and folder.is_finished(work.wheel)

    def _advance(self, outcome: Outcome | None) -> None:
        """Tell the steps how the last program ended, and start the next one."""
        assert self._steps is not None
        try:
            program = self._steps.send(outcome)  # type: ignore[arg-type]  # None begins
            while refusal := self._start(program):
                program = self._steps.throw(refusal)
        except StopIteration:
            self._folder.finish(self._work.wheel)
            self.fraction = 1.0
            self._end("done", "DreamFace's engine is set up")
        except SetupError as error:
            self._fail(str(error))
        except OSError as error:
            self._fail(explain(str(error), self._folder.root, self.log))

    def _start(self, program: Program) -> OSError | None:
        """Start a program; gives the reason where that can't be done."""
        words = [str(argument) for argument in program.arguments]
        # On the environment's own disk, whose room was looked at.
        changes = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder.temporary))
        changes |= {"UV_CACHE_DIR": str(self._folder.uv_cache), "PIP_USER": "0"}
        variables = {
            name: value for name, value in child_environment(changes).items() if name.upper() not in _LEAD_ASTRAY
        }
        assert self._lock is not None
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n> {' '.join(words)}\n")
        try:
            self._command = Command(
                words, self.log, variables, keep_open=self._lock.fileno(), time_limit=program.time_limit
            )
        except OSError as error:
            return error
        self._program = program
        installs, places = program.download_mb > 0, (self._folder.packages, self._folder.temporary)
        self._progress = PipProgress(program.download_mb, *places) if installs else None
        self.message = program.message
        self.fraction = max(self.fraction, program.share[0])
        if program.message != LOOKING:
            self.state = "running"
        return None

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self._end("failed", "Set-up has stopped")

    def _end(self, state: str, message: str) -> None:
        self.state, self.message, self._steps = state, message, None
        if self._command is not None:
            self._command.stop()
            self._command = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def environment_python(folder: Path) -> Path:
    """Where the Python of the environment in `folder` is, whether or not it exists."""
    return EnvironmentFolder(folder).python


def is_ready(folder: Path, wheel: Path) -> bool:
    """Whether the environment in `folder` was finished from this very wheel, and its Python is still there."""
    return EnvironmentFolder(folder).is_finished(wheel)


def was_interrupted(folder: Path) -> bool:
    """Whether setting up has put something into `folder` and has not come to its end."""
    return EnvironmentFolder(folder).was_interrupted()


def is_for_accelerator(folder: Path) -> bool:
    """Whether the environment in `folder` can compute on an NVIDIA card."""
    return EnvironmentFolder(folder).accelerator.exists()


def video_problem(folder: Path) -> str | None:
    """Return why the environment in `folder` can't follow faces in video; empty where it can, None if not asked for."""
    return EnvironmentFolder(folder).video_problem()


def diffusion_problem(folder: Path) -> str | None:
    """Return why the environment in `folder` can't use diffusion; empty where it can, None if not asked for."""
    return EnvironmentFolder(folder).diffusion_problem()
