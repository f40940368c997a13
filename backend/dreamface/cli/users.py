"""People who share the service on this machine."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Final

from dreamface.cli.serve import default_store
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest
from dreamface.service.encryption import ADDRESS
from dreamface.service.users import DISK, WAITING, add_user, read_users, remove_user

ACTIONS: Final = ("list", "add", "remove")


def run(options: Namespace, terminal: Terminal) -> bool:
    """List the users, add one or remove one; a service that runs knows of it at once."""
    store = (options.store or default_store()).absolute()
    if options.action != "add" and (options.waiting, options.disk) != (None, None):
        raise BadRequest("--waiting and --disk say what somebody may have who is added: `dreamface users add NAME`.")
    if options.action == "list":
        if options.name:
            raise BadRequest("`dreamface users list` lists everybody: leave the name away.")
        return _list(store, terminal)
    if not options.name:
        raise BadRequest(f"Name the person to {options.action}, such as `dreamface users {options.action} anna`.")
    name = options.name.lower()
    if options.action == "remove":
        remove_user(store, name)
        terminal.result({"removed": name})
        terminal.show(f"{name} is not let in any more. Their jobs and faces stay in {store}.")
        return True
    waiting = WAITING if options.waiting is None else options.waiting
    disk = DISK if options.disk is None else options.disk
    token = add_user(store, name, waiting, disk)
    line = _line(store, token)
    terminal.result({"added": name, "token": token, "line": line})
    terminal.show(f"{name} may have {waiting:,} jobs waiting, and {disk:g} GB of faces.")
    if line:
        terminal.show("The line to paste in Blender, which is shown this once:")
    else:
        terminal.show(
            "The token, which is shown this once; once the service has run with --tls, there is a whole line:"
        )
    if not terminal.as_json:
        print(line or token)  # in one piece, however wide the terminal is
    return True


def _list(store: Path, terminal: Terminal) -> bool:
    users = read_users(store)
    terminal.result({"users": [{"name": one.name, "waiting": one.waiting, "disk": one.disk} for one in users]})
    if not users:
        terminal.show("There are no users but the owner: `dreamface users add NAME` adds one.")
        return True
    rows = table("", "user", "jobs that may wait", "GB of faces")
    for user in users:
        rows.add_row(user.name, *("any" if limit is None else f"{limit:,g}" for limit in (user.waiting, user.disk)))
    terminal.show(rows)
    return True


def _line(store: Path, token: str) -> str:
    """Return the line that a person pastes in Blender; empty where the service has not said yet where it listens."""
    try:
        address, _, print_ = (store / ADDRESS).read_text("ascii").strip().split("#")
    except (OSError, ValueError):
        return ""
    return f"{address}#{token}#{print_}"
