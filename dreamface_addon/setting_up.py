"""DreamFace's engine, the backend: setting up its environment, starting it and stopping it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from . import installation, places, preferences
from .link import BackendState, is_this_machine
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session
from .setup import Setup, diffusion_problem, has_nvidia_driver, is_for_accelerator, video_problem

_OFFLINE = "Allow online access in Preferences > System > Network first"
_SETTING_UP = "DreamFace's engine is being set up"
_ELSEWHERE = "Wait until the other Blender has set DreamFace up"
_NOT_SET_UP = "Set up DreamFace's engine first, in the tab DreamFace"

ACCELERATOR_OFFER = (
    "Diffusion is made for graphics cards, and the engine computes on the processor. It has to be set up once for your "
    "NVIDIA card: 3 GB to download and 12 GB of disk."
)
"""What is said where models could use a card before the engine is set up for one."""


class SettingUp(Part):
    """The engine's set-up, start and stop.

    Attributes:
        attempt: the set-up that runs or ran last, here or in another Blender; also one from before this Blender was
            started if it did not come to its end; None without one.
    """

    def __init__(self, session: Session, wake: Callable[[], None]) -> None:
        self.attempt: Setup | None = self._unfinished_attempt()
        self._session = session
        self._wake = wake

    # ----------------------------------------------------------------------------------------------------------- set-up

    @property
    def setting_up(self) -> bool:
        """Whether the engine is being set up."""
        return self.attempt is not None and self.attempt.state in ("checking", "running")

    def why_not_set_up(self) -> str:
        """Return why the engine cannot be set up now, or nothing."""
        if self.setting_up:
            return _SETTING_UP
        if self._is_elsewhere():
            return _ELSEWHERE
        if not places.backend_wheel().is_file():
            return "This copy of the extension holds no engine: choose an existing environment instead"
        return self.why_offline()

    def start_setup(self, accelerator: bool = False, video: bool = False, diffusion: bool = False) -> None:
        """Set up the engine, or go on where an earlier attempt stopped.

        Args:
            accelerator: whether models are to compute on an NVIDIA card, which takes far more to download.
            video: whether faces in video are to be followed, whatever the preferences say.
            diffusion: whether diffusion models are to be used, whatever the preferences say.
        """
        self._session.stop()
        self.attempt = self._new_attempt(accelerator, video, diffusion)
        self.attempt.start()
        self._wake()

    def accelerator_offer(self) -> str:
        """Return what to tell who chooses diffusion while the engine leaves an NVIDIA card unused, or nothing."""
        elsewhere = preferences.get().url or installation.existing_python() is not None
        if elsewhere or not has_nvidia_driver() or is_for_accelerator(places.user_folder("environment")):
            return ""
        return ACCELERATOR_OFFER

    def video_problem(self) -> str | None:
        """Return why the engine that was set up here can't follow faces in video.

        Empty where it can, or where it was not set up here; None where it was set up without.
        """
        if preferences.get().url or installation.existing_python() is not None:
            return ""
        return video_problem(places.user_folder("environment"))

    def diffusion_problem(self) -> str | None:
        """Return why the engine that was set up here can't use diffusion models.

        Empty where it can, or where it was not set up here; None where it was set up without.
        """
        if preferences.get().url or installation.existing_python() is not None:
            return ""
        return diffusion_problem(places.user_folder("environment"))

    def _new_attempt(self, accelerator: bool = False, video: bool = False, diffusion: bool = False) -> Setup:
        folder, chosen = places.user_folder("environment"), preferences.get()
        # What was asked for once stays.
        video = video or chosen.video or video_problem(folder) is not None
        diffusion = diffusion or chosen.diffusion or diffusion_problem(folder) is not None
        return Setup(
            folder=folder,
            wheel=places.backend_wheel(),
            constraints=places.backend_constraints(),
            python=installation.blender_python(),
            online=bpy.app.online_access,
            accelerator=accelerator,
            video=places.video_packages() if video else None,
            diffusion=diffusion,
        )

    def _unfinished_attempt(self) -> Setup | None:
        """Return a set-up that another Blender has begun, now or earlier, and that has not come to its end."""
        if installation.backend_python() is not None:
            return None
        attempt = self._new_attempt()
        attempt.take_up()
        return attempt if attempt.problem else None

    def _is_elsewhere(self) -> bool:
        return self.attempt is not None and self.attempt.state == "elsewhere"

    def _follow_another(self) -> bool:
        """Look whether the other Blender has come to an end; return whether something has changed."""
        assert self.attempt is not None
        self.attempt.take_up()
        if self._is_elsewhere():
            return False
        if not self.attempt.problem:
            self.attempt = None
        self.configure()
        return True

    def cancel(self) -> None:
        """Stop setting up."""
        if self.attempt is not None:
            self.attempt.cancel()
        self._wake()

    # ------------------------------------------------------------------------------------------------------- the engine

    def configure(self) -> None:
        """Use the preferences and the environment as they are now."""
        if not self.setting_up and installation.backend_python() is not None:
            self.attempt = None  # an attempt that has stopped matters no more
        self._session.configure(installation.settings())

    def why_offline(self) -> str:
        """Return why nothing on the internet can be used, or nothing."""
        return "" if bpy.app.online_access else _OFFLINE

    def why_no_backend(self) -> str:
        """Return why the engine cannot be used, or nothing."""
        stopped = self._session.state is BackendState.STOPPED and not preferences.get().url
        waits = stopped and not preferences.get().start_by_itself
        return self._why_not_runnable() or ("Start DreamFace's engine first, in the preferences" if waits else "")

    def _why_not_runnable(self) -> str:
        """Return why the engine could not run, or be reached, if the artist started it now; or nothing."""
        chosen = preferences.get()
        if chosen.url:
            return "" if is_this_machine(chosen.url) else self.why_offline()
        existing = installation.existing_python()
        if existing is not None and not existing.is_file():
            return f"There is no {existing}: choose another Python in the preferences"
        return _NOT_SET_UP if installation.backend_python() is None else ""

    def why_not_start(self) -> str:
        """Return why the engine cannot be started now, or nothing."""
        if self.setting_up:
            return _SETTING_UP
        if self._session.state in (BackendState.STARTING, BackendState.READY):
            return "DreamFace's engine runs already"
        if preferences.get().url or installation.existing_python() is not None:
            return self._why_not_runnable()
        return _NOT_SET_UP if installation.backend_python() is None else ""

    def start(self) -> None:
        """Start the engine, or connect to the one on another machine."""
        self.configure()
        self._session.start()
        self._wake()

    def start_if_needed(self) -> str:
        """Start the engine if it is stopped and may start by itself; return why it cannot, or nothing."""
        if self._session.state is not BackendState.STOPPED:
            return ""  # a slider asks at every step, so the disk is not read here
        why_not = self.why_no_backend()
        if not why_not:
            self.configure()  # another Blender may have set the engine up meanwhile
            self._session.start()
        return why_not

    def stop(self) -> None:
        """Stop the engine."""
        self._session.stop()
        self._wake()

    # ---------------------------------------------------------------------------------------------------------- the log

    @property
    def log(self) -> Path:
        """The log of what ran last: the set-up or the engine."""
        if self.attempt is not None and self.attempt.state != "done":
            return self.attempt.log
        return self._session.backend.log

    def why_no_log(self) -> str:
        """Return why there is no log to open, or nothing."""
        return "" if self.log.is_file() else "There is no log yet: nothing has been started"

    def diagnostics(self) -> list[str]:
        """Return lines about the set-up for a bug report."""
        return [f"Set-up: {self.attempt.state} {self.attempt.problem}"] if self.attempt is not None else []

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Frequent while the engine runs or is set up."""
        ready = self._session.state is BackendState.READY
        return READY_INTERVAL if ready or self.setting_up else IDLE_INTERVAL

    def tick(self) -> bool:
        """Go on setting up, and start the engine when that is done."""
        if self._is_elsewhere():
            return self._follow_another()
        if self.attempt is None or not self.setting_up:
            return False
        self.attempt.poll()
        if self.attempt.state == "done":
            self.configure()
            self._session.start()
        return True

    def shut_down(self) -> None:
        """Stop setting up."""
        if self.attempt is not None:
            self.attempt.cancel()
