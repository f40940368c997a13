"""People who share a service: each has a token, jobs and faces of their own, and as much room as they were given.

Whoever has the service's own token is the owner, and has no limits; the others stand in `users.json` in the store,
with the SHA-256 of their tokens, never the tokens themselves.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from dreamface._files import cannot_write, whole_file
from dreamface.errors import BadRequest, DreamFaceError, NameTaken, UnknownName

USERS: Final = "users.json"
LOCK: Final = "users.lock"
WAITING, DISK = 50, 20.0
"""Jobs that a user may have waiting, and gigabytes that their faces and files may take, where nobody says otherwise."""

GIGABYTE: Final = 10**9  # bytes
MOST_WAITING, MOST_DISK = 100_000, 1_000_000.0
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

_PATIENCE: Final = 10.0
"""Seconds that somebody else who changes the list is waited for."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class User:
    """Somebody who asks.

    Attributes:
        name: of small letters; empty for the owner.
        token_sha256: of the token, as hexadecimal digits; empty for the owner, whose token the service has.
        waiting: jobs that may wait at a time; None: any number.
        disk: gigabytes that faces and files may take; None: all there are.
    """

    name: str = ""
    token_sha256: str = ""
    waiting: int | None = None
    disk: float | None = None

    @property
    def room(self) -> int | None:
        """Bytes that faces and files may take; None: all there are."""
        return None if self.disk is None else round(self.disk * GIGABYTE)


OWNER: Final = User()

asking: Final[ContextVar[User]] = ContextVar("asking", default=OWNER)
"""Whose request is being answered. `Access` sets it; what works for nobody in particular is the owner's."""


class Users:
    """Those of a store. The file is read again where it has changed, so that adding somebody needs no new start."""

    def __init__(self, store: Path) -> None:
        self._file = store / USERS
        self._seen: tuple[int, int] | None = None  # when the file that was read last was written, and its inode
        self._told = ""  # the problem that was logged last
        self._users: tuple[User, ...] = ()

    def of(self, token: str) -> User | None:
        """Return whose token it is; None: nobody's."""
        digest = _digest(token)
        found = [user for user in self._all() if hmac.compare_digest(user.token_sha256, digest)]
        return found[0] if found else None

    def _all(self) -> tuple[User, ...]:
        try:
            status = self._file.stat()
        except OSError:
            return ()
        seen = status.st_mtime_ns, status.st_ino
        if seen != self._seen:
            try:
                self._users, self._seen = tuple(read_users(self._file.parent)), seen
            except DreamFaceError as error:  # lets nobody in; tried again each time, because files may have run out
                self._users, self._seen = (), None
                self._tell(str(error))
                return ()
            self._told = ""
        return self._users

    def _tell(self, problem: str) -> None:
        """Log why no user is let in, once."""
        if problem != self._told:
            log.error("%s", problem)
            self._told = problem


def read_users(store: Path) -> list[User]:
    """Return the users of a store by name; capital letters of older lists become small ones.

    Raises:
        DreamFaceError: the list is damaged, or may not be read.
    """
    file = store / USERS
    try:
        rows = json.loads(file.read_text("utf-8"))["users"]
        users = [User(row["name"].lower(), row["token_sha256"], row["waiting"], row["disk"]) for row in rows]
        for user in users:
            if not (_NAME.fullmatch(user.name) and _DIGEST.fullmatch(user.token_sha256)):
                raise ValueError(user.name)  # an empty name would be the owner's
            _check_limits(user.waiting, user.disk)
        return users
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DreamFaceError(
            f"{file} can't be read ({error.strerror}), so no user but the owner is let in: it must belong to the "
            "user that the service runs as."
        ) from error
    except (BadRequest, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DreamFaceError(
            f"{file} is damaged, so no user but the owner is let in: mend it, or delete it and add the users again."
        ) from error


def add_user(store: Path, name: str, waiting: int | None = WAITING, disk: float | None = DISK) -> str:
    """Add somebody, and return their token, which is kept nowhere.

    Args:
        store: the service's folder.
        name: of letters, digits, dots, dashes and underscores; capital letters become small ones.
        waiting: jobs that may wait at a time.
        disk: gigabytes that faces and files may take.

    Raises:
        BadRequest: the name or a limit can't be.
        NameTaken: there is somebody of that name.
        DreamFaceError: the list is damaged, or the disk refused.
    """
    name = name.lower()
    if not _NAME.fullmatch(name):
        raise BadRequest("A user's name has 1 to 40 letters, digits, dots, dashes and underscores, such as anna.k.")
    _check_limits(waiting, disk)
    token = secrets.token_urlsafe(24)
    with _changing(store) as users:
        if any(user.name == name for user in users):
            raise NameTaken(f"There is a user called {name} already: remove them first, or choose another name.")
        users.append(User(name, _digest(token), waiting, disk))
    return token


def remove_user(store: Path, name: str) -> None:
    """Let somebody in no more; their jobs and faces stay.

    Raises:
        UnknownName: there is nobody of that name.
        DreamFaceError: the list is damaged, or the disk refused.
    """
    if not store.is_dir():
        raise UnknownName(f"There is no user called {name}: there is no store {store}.")
    with _changing(store) as users:
        found = [user for user in users if user.name == name.lower()]
        if not found:
            raise UnknownName(f"There is no user called {name}: `dreamface users` lists them.")
        users.remove(found[0])


@contextmanager
def _changing(store: Path) -> Iterator[list[User]]:
    """Give the users as a list, and write what the block makes of it; nobody else changes it meanwhile.

    Raises:
        DreamFaceError: somebody else holds the list, it is damaged, or the disk refused.
    """
    lock = FileLock(store / LOCK, timeout=_PATIENCE, mode=0o600)
    try:
        store.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise DreamFaceError(f"Another program is changing {store / USERS}: try again in a moment.") from error
    except OSError as error:
        raise cannot_write(store / LOCK, error) from error
    try:
        users = read_users(store)
        yield users
        _write(store, users)
    finally:
        lock.release()


def _write(store: Path, users: list[User]) -> None:
    rows = [asdict(user) for user in sorted(users, key=lambda user: user.name)]
    with whole_file(store / USERS) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({"users": rows}, stream, indent=1)


def _check_limits(waiting: object, disk: object) -> None:
    if waiting is not None and not (isinstance(waiting, int) and 1 <= waiting <= MOST_WAITING):
        raise BadRequest(f"A user may have 1 to {MOST_WAITING:,} jobs waiting; got {waiting}.")
    if disk is not None and not (isinstance(disk, int | float) and 0.0 < disk <= MOST_DISK):
        raise BadRequest(
            f"A user's disk space is a number of gigabytes above 0 and up to {MOST_DISK:,.0f}; got {disk}."
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
