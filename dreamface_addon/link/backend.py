"""The backend that this Blender works with: another Blender's, one started here, or one on another machine.

    STOPPED --start--> STARTING --/health says ready--> READY --lost--> STARTING ... --> FAILED

A backend hands over its address and token in <store>/backend.json. Such a file may be left from one that was killed, so
it counts for nothing until /health has answered there.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from .client import Client, Exchange
from .process import Process, tail
from .transport import WatchedTime

API = 10
SLOW_START = 15.0  # seconds after which the wait is explained
START_LIMIT = 120.0  # seconds until something must have answered
WARM_UP_LIMIT = 240.0  # seconds until what answers must be ready; longer than the backend itself gives its worker
CHECK_EVERY = 0.1  # seconds between questions during a start
CHECK_TIMEOUT = 3.0  # seconds for the answer of a process on this machine; another's is left to the client's
LOST_LIMIT = 10.0  # seconds for a lost backend on this machine to answer again
REMOTE_LOST_LIMIT = 30.0  # seconds for one elsewhere
IN_USE_WAIT = 8.0  # seconds for the backend that has the store to answer, or to leave
IN_USE_RETRY = 1.0  # seconds between tries meanwhile
STABLE_AFTER = 60.0  # seconds after which a crash is the first one again

_IN_USE = "is using"
"""In what a backend says that ends because another one has the store."""

_TOO_NEW = "The engine is newer than this extension: update the extension."
_TOO_OLD = "The engine is older than this extension: set up the engine again."


class BackendState(Enum):
    """What can be expected of the backend."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Settings:
    """Which backend.

    Attributes:
        python: interpreter of the environment that has dreamface; None while there is none.
        store: the backend's folder on this machine; also holds what is fetched from a backend elsewhere. It is made
            absolute, since the backend runs in another folder than Blender.
        url: of a backend elsewhere; then nothing is started here.
        token: what that one wants to see.
        fingerprint: of the certificate that it must show; empty: one that this computer trusts.
        keep_variations: whether variations that nobody picks stay for longer than a week.
        environment: variables for the process, laid over Blender's own.
    """

    python: Path | None
    store: Path
    url: str = ""
    token: str = ""
    fingerprint: str = ""
    keep_variations: bool = field(default=False, compare=False)  # holds from the next start on
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "store", self.store.absolute())


class Backend:
    """Finds, starts, watches and ends it; `poll` must be called all the time, also after `stop`.

    Attributes:
        settings: which backend.
        state: what can be expected of it.
        problem: a sentence about what is wrong, or why it takes so long; "" if nothing is.
        client: speaks to it; None unless something may answer.
        health: what it last said about itself.
        log: what it prints.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state = BackendState.STOPPED
        self.problem = ""
        self.client: Client | None = None
        self.health: dict[str, Any] = {}
        self.log = settings.store / "backend.log"
        self._clock = WatchedTime()
        self._process: Process | None = None
        self._leaving: list[Process] = []
        self._token = settings.token
        self._handover = ""  # what the client was made from
        self._check: Exchange | None = None
        self._check_at = self._checked_at = 0.0
        self._began = 0.0  # when the present start, or the present loss, began
        self._lost = self._restarted = False
        self._in_use_since: float | None = None
        self._launch_at = 0.0
        self._refusal = ""  # what the last question was answered with

    # ------------------------------------------------------------------------------------------------ what users may do

    def start(self) -> None:
        """Begin: a live backend of this store is joined, otherwise one is started."""
        if self.state in (BackendState.STARTING, BackendState.READY):
            return
        self._restarted = False
        self._begin()

    def stop(self) -> None:
        """End the backend, if it was started here, or leave it. `poll` sees to it that it really ends."""
        self._let_go()
        self.health = {}
        self.state, self.problem = BackendState.STOPPED, ""

    def shutdown(self, patience: float = 0.2) -> None:
        """Stop without later polls, as when Blender quits; takes at most `patience` seconds."""
        self.stop()
        until = time.monotonic() + patience
        while self.ending and time.monotonic() < until:
            time.sleep(0.01)
            self._see_off()

    def connection_lost(self) -> None:
        """Whoever uses the client says that it no longer works: look what has become of the backend."""
        if self.state is BackendState.READY:
            self.state, self.problem = (
                BackendState.STARTING,
                "The connection to the engine was lost; connecting again.",
            )
            self._forgive()
            self._lost = True
            self._began = self._check_at = self._clock.seconds

    def fail(self, problem: str) -> None:
        """Give the backend up."""
        self._let_go()
        self.state, self.problem = BackendState.FAILED, problem

    @property
    def ending(self) -> bool:
        """Whether a process that was stopped is still there."""
        return bool(self._leaving)

    @property
    def secrets(self) -> list[str]:
        """Tokens that must not be shown to anybody."""
        return [token for token in (self.settings.token, self._token) if token]

    def poll(self, budget: float = 0.005) -> None:
        """Move everything on, the client too; takes little longer than `budget` seconds."""
        now = self._clock.tick()
        self._see_off()
        if self.client is not None:
            self.client.poll(budget)
        if self.state not in (BackendState.STARTING, BackendState.READY):
            return
        if self._process is not None and self._process.exit_code() is not None:
            self._process_ended(self._process)
        elif self.state is BackendState.STARTING:
            self._keep_starting(now)

    # --------------------------------------------------------------------------------------------------------- starting

    def _begin(self) -> None:
        self.state, self.problem = BackendState.STARTING, ""
        self.health = {}
        self._lost, self._in_use_since, self._launch_at, self._refusal = False, None, 0.0, ""
        self._began = self._check_at = self._clock.tick()
        if self.settings.url:
            self._talk_to(self.settings.url, self.settings.token, self.settings.fingerprint)
        elif self._leaving or not self._follow_handover():  # one that is leaving is not worth joining
            self._launch()

    def _launch(self) -> None:
        """Start our own, as soon as the one before is gone."""
        self._hang_up()
        if self._leaving:
            return
        if self.settings.python is None:
            self.fail("The engine is not set up yet: press Set Up DreamFace.")
            return
        store = self.settings.store
        command = [str(self.settings.python), "-m", "dreamface", "serve", "--store", str(store), "--until-stdin-closes"]
        if self.settings.keep_variations:
            command.append("--keep-variations")
        try:
            store.mkdir(parents=True, exist_ok=True)
            (store / "backend.log").open("ab").close()
        except OSError as error:
            self.fail(f"{store} cannot be written ({error.strerror}): choose another faces folder in the preferences.")
            return
        try:
            self._process = Process(command, self.log, store, self.settings.environment)
        except OSError as error:
            self.fail(f"{self.settings.python} cannot be started ({error.strerror}): set up the engine again.")

    def _follow_handover(self) -> bool:
        """Turn to whoever has written backend.json; False if there is none to follow."""
        try:
            text = (self.settings.store / "backend.json").read_text(encoding="utf-8")
            content = json.loads(text)
            url, token = str(content["url"]), str(content["token"])
            fingerprint = str(content.get("fingerprint", ""))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        if text != self._handover or self.client is None:
            self._talk_to(url, token, fingerprint)
            self._handover = text
        return True

    def _talk_to(self, url: str, token: str, fingerprint: str) -> None:
        self._hang_up()
        self.client = Client(url, token, fingerprint)
        self._token = token

    def _hang_up(self) -> None:
        if self.client is not None:
            self.client.close()
        self.client = self._check = None
        self._handover = ""

    def _keep_starting(self, now: float) -> None:
        waited = now - self._began
        if self._process is None and self.client is None:
            if (self._in_use_since is None or not self._follow_handover()) and now >= self._launch_at:
                self._launch()  # the one before may have gone by now
        elif self._check is not None:
            self._look_at_check(self._check, now)
        elif now >= self._check_at:
            self._ask(now)
        if self.state is not BackendState.STARTING or self._lost:
            return
        limit = WARM_UP_LIMIT if self.health else START_LIMIT
        if waited > limit:
            self.fail(f"The engine did not start within {limit:.0f} seconds: start it again. {self._refusal}".strip())
        elif waited > SLOW_START:
            self.problem = "The engine is still starting. The first time can be slow: an antivirus checks every file."

    def _ask(self, now: float) -> None:
        if not self.settings.url:
            self._follow_handover()
        self._check_at = now + CHECK_EVERY
        if self.client is not None:
            self._check, self._checked_at = self.client.send("GET", "/health"), now

    def _look_at_check(self, check: Exchange, now: float) -> None:
        if not check.done and not self.settings.url and now - self._checked_at > CHECK_TIMEOUT:
            check.cancel("It does not answer.")
        if not check.done:
            return
        self._check, self._check_at = None, now + CHECK_EVERY
        health = check.json()
        if check.error is not None or health.get("name") != "DreamFace":
            self._no_answer(check, now)
        elif health.get("api") != API:
            self.fail(_TOO_NEW if isinstance(health.get("api"), int) and health["api"] > API else _TOO_OLD)
        else:
            self._lost = False
            self.health = health
            if health.get("state") == "ready":
                self.state, self.problem = BackendState.READY, ""
                self._began = now
            elif health.get("problem"):
                self.fail(str(health["problem"]))

    # ---------------------------------------------------------------------------------------------------- what happens

    def _no_answer(self, check: Exchange, now: float) -> None:
        """/health has not answered, or something else has."""
        waited = now - self._began
        if check.error is None or check.status == 404:
            url = self.client.url if self.client else ""
            self._refusal = f"What answers at {url} is not DreamFace: check the engine's address in the preferences."
        else:
            self._refusal = check.error
        if self.settings.url:
            self._no_answer_elsewhere(check, waited)
        elif self._process is None:
            if now >= self._launch_at:
                self._launch()  # nobody is there: an old file, or another Blender that has quit
        elif self._lost and waited > LOST_LIMIT:
            self._process.kill_hanging()  # it hangs; its end is dealt with as any other
        # Otherwise it is still on its way, and the file may be an old one that it is about to replace.

    def _no_answer_elsewhere(self, check: Exchange, waited: float) -> None:
        if check.status == 401:
            self.fail("The engine refused the token: check the token in the preferences.")
        elif not self._lost or waited > REMOTE_LOST_LIMIT:
            self.fail(self._refusal)

    def _process_ended(self, process: Process) -> None:
        now, code, reason = self._clock.seconds, process.exit_code(), process.why_it_ended()
        was_ready = self.state is BackendState.READY or self._lost
        self._forgive()
        self._let_go()
        if was_ready and not self._restarted:
            self._begin()
            self._restarted = True
            if self.state is BackendState.STARTING:
                self.problem = f"{reason} It is being started again."
        elif not was_ready and code == 1 and _IN_USE in reason:
            # Another Blender starts one at this moment, or has quit and its backend is on its way out.
            self._in_use_since = self._in_use_since or now
            self._launch_at = now + IN_USE_RETRY
            if now - self._in_use_since >= IN_USE_WAIT:
                self.fail(
                    f"Another engine, which does not answer, has {self.settings.store}: close other Blenders, "
                    "or choose another faces folder in the preferences."
                )
        else:
            self.fail(reason)

    def _forgive(self) -> None:
        """After a long good time a crash counts as the first again."""
        if self.state is BackendState.READY and self._clock.seconds - self._began > STABLE_AFTER:
            self._restarted = False

    # ---------------------------------------------------------------------------------------------------------- the end

    def _let_go(self) -> None:
        self._hang_up()
        if self._process is not None:
            self._process.leave()
            self._leaving.append(self._process)
            self._process = None

    def _see_off(self) -> None:
        self._leaving = [process for process in self._leaving if not process.gone()]

    def log_tail(self, lines: int = 40) -> list[str]:
        """The last lines of the log."""
        return tail(self.log, lines)
