"""The backend: setting up its environment, starting it and stopping it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from . import installation, places, preferences
from .link import BackendState, is_this_machine
from .part import IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session
from .setup import Setup

_OFFLINE = "Allow online access in Preferences > System > Network first"
_SETTING_UP = "The backend is being set up"


class SettingUp(Part):
    """The backend's set-up, start and stop.

    Attributes:
        attempt: the set-up that runs or ran last; None before the artist has started one.
    """

    def __init__(self, session: Session, wake: Callable[[], None]) -> None:
        self.attempt: Setup | None = None
        self._session = session
        self._wake = wake

    # ----------------------------------------------------------------------------------------------------------- set-up

    @property
    def setting_up(self) -> bool:
        """Whether the backend is being set up."""
        return self.attempt is not None and self.attempt.state in ("checking", "running")

    def why_not_set_up(self) -> str:
        """Return why the backend cannot be set up now, or nothing."""
        if self.setting_up:
            return _SETTING_UP
        if not places.backend_wheel().is_file():
            return "This copy of the extension holds no backend: choose an existing environment instead"
        return self.why_offline()

    def start_setup(self) -> None:
        """Set up the backend, or go on where an earlier attempt stopped."""
        self._session.stop()
        self.attempt = Setup(
            folder=places.user_folder("environment"),
            wheel=places.backend_wheel(),
            constraints=places.backend_constraints(),
            python=installation.blender_python(),
            online=bpy.app.online_access,
        )
        self.attempt.start()
        self._wake()

    def cancel(self) -> None:
        """Stop setting up."""
        if self.attempt is not None:
            self.attempt.cancel()
        self._wake()

    # ------------------------------------------------------------------------------------------------------ the backend

    def configure(self) -> None:
        """Use the preferences and the environment as they are now."""
        self._session.configure(installation.settings())

    def why_offline(self) -> str:
        """Return why nothing on the internet can be used, or nothing."""
        return "" if bpy.app.online_access else _OFFLINE

    def why_no_backend(self) -> str:
        """Return why the backend cannot be used, or nothing."""
        stopped = self._session.state is BackendState.STOPPED and not preferences.get().url
        waits = stopped and not preferences.get().start_by_itself
        return self._why_not_runnable() or ("Start the backend first, in the Backend panel" if waits else "")

    def _why_not_runnable(self) -> str:
        """Return why the backend could not run, or be reached, if the artist started it now; or nothing."""
        chosen = preferences.get()
        if chosen.url:
            return "" if is_this_machine(chosen.url) else self.why_offline()
        existing = installation.existing_python()
        if existing is not None and not existing.is_file():
            return f"There is no {existing}: choose another Python in the Backend panel"
        return "Set up the backend first, in the Backend panel" if installation.backend_python() is None else ""

    def why_not_start(self) -> str:
        """Return why the backend cannot be started now, or nothing."""
        if self.setting_up:
            return _SETTING_UP
        if self._session.state in (BackendState.STARTING, BackendState.READY):
            return "The backend runs already"
        if preferences.get().url or installation.existing_python() is not None:
            return self._why_not_runnable()
        return "Set up the backend first" if installation.backend_python() is None else ""

    def start(self) -> None:
        """Start the backend, or connect to the one on another machine."""
        self.configure()
        self._session.start()
        self._wake()

    def start_if_needed(self) -> str:
        """Start the backend if it is stopped and may start by itself; return why it cannot, or nothing."""
        if self._session.state is not BackendState.STOPPED:
            return ""  # a slider asks at every step, so the disk is not read here
        why_not = self.why_no_backend()
        if not why_not:
            self._session.start()
        return why_not

    def stop(self) -> None:
        """Stop the backend."""
        self._session.stop()
        self._wake()

    # ---------------------------------------------------------------------------------------------------------- the log

    @property
    def log(self) -> Path:
        """The log of what ran last: the set-up or the backend."""
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
        """Frequent while the backend runs or is set up."""
        ready = self._session.state is BackendState.READY
        return READY_INTERVAL if ready or self.setting_up else IDLE_INTERVAL

    def tick(self) -> bool:
        """Go on setting up, and start the backend when that is done."""
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
