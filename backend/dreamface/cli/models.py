"""Installing, choosing, checking and removing models."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from dreamface import models
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest

ACTIONS = ("list", "install", "choose", "verify", "remove", "index")

_MEGABYTE = 1e6


def run(options: Namespace, terminal: Terminal) -> bool:
    """List the models, or do something with one."""
    if options.source is not None and options.action != "install":
        raise BadRequest("--from goes with `dreamface models install NAME`.")
    if options.action != "index" and (options.count is not None or options.yes):
        raise BadRequest("--count and --yes go with `dreamface models index`.")
    if options.action == "list":
        return _list(terminal)
    if options.action == "index":
        return _index(options, terminal)
    if not options.name:
        raise BadRequest(f"Name the model to {options.action}; `dreamface models` lists them.")
    if options.action == "install":
        return _install(options.name, options.source, terminal)
    return {"choose": _choose, "verify": _verify, "remove": _remove}[options.action](options.name, terminal)


def _list(terminal: Terminal) -> bool:
    listed = [model.to_json() for model in models.all_models()]
    terminal.result(listed)
    rows = table("", "model", "what for", "licence", "size", "installed")
    for entry in listed:
        rows.add_row(
            entry["install_name"] or entry["name"], entry["description"], entry["licence"], _size(entry), _where(entry)
        )
    terminal.show(rows)
    missing = [entry["install_name"] for entry in listed if entry["download_size"] and not entry["installed"]]
    terminal.show(*(f"To have it: dreamface models install {name}" for name in missing))
    return True


def _install(name: str, source: Path | None, terminal: Terminal) -> bool:
    with terminal.progress() as progress:
        folder = models.install(name, source, progress)
    terminal.result({"name": name, "folder": str(folder)})
    terminal.show(f"Installed {models.find(name).title} in {folder}")
    if models.find(name).diffuses and models.chosen_diffusion() != models.find(name):
        terminal.show(f"To use it: dreamface models choose {name}")
    return True


def _choose(name: str, terminal: Terminal) -> bool:
    model = models.choose(name)
    terminal.result({"name": name, "chosen": True})
    terminal.show(f"Diffusion works with {model.title} from now on.")
    return True


def _verify(name: str, terminal: Terminal) -> bool:
    with terminal.progress() as progress:
        models.verify(name, progress)
    terminal.result({"name": name, "whole": True})
    terminal.show(f"{models.find(name).title} is as it was installed.")
    return True


def _remove(name: str, terminal: Terminal) -> bool:
    title = models.find(name).title
    models.remove(name)
    terminal.result({"name": name, "removed": True})
    terminal.show(f"Removed {title}")
    return True


def _index(options: Namespace, terminal: Terminal) -> bool:
    """Have CLIP look at the candidates of the production head, after saying how long that takes."""
    from dreamface import pipeline
    from dreamface.pipeline import IndexPlan
    from dreamface.progress import time_in_words

    if options.name:
        raise BadRequest("`dreamface models index` takes no NAME: it looks at the production head's candidates.")
    said: list[str] = []

    def agree(plan: IndexPlan) -> bool:
        seen = f", of which {plan.done:,} have been looked at" if plan.done else ""
        said.append(
            f"{plan.count:,} candidates with {plan.pictures} pictures each{seen}: about "
            f"{time_in_words(plan.seconds)} on this machine. It may be stopped, and goes on where it was."
        )
        terminal.show(said[0])
        return bool(options.yes)

    with terminal.progress() as progress:
        folder = pipeline.index_looks(options.count, agree=agree, progress=progress)
    terminal.result({"folder": str(folder) if folder is not None else None, "estimate": said[0]})
    terminal.show(f"The index is in {folder}" if folder is not None else "Add --yes to begin.")
    return True


def _size(entry: dict[str, Any]) -> str:
    if not entry["install_name"]:
        return ""
    if entry["installed"]:
        return f"{entry['installed_size'] / _MEGABYTE:.0f} MB"
    if not entry["download_size"]:
        return "a file of your own"
    return f"about {entry['download_size'] / _MEGABYTE:.0f} MB to download"


def _where(entry: dict[str, Any]) -> str:
    if not entry["install_name"]:
        return "with DreamFace" if entry["installed"] else "no; set DreamFace up again"
    if not entry["installed"]:
        return "no"
    return f"{entry['folder']} (diffusion works with it)" if entry["chosen"] else entry["folder"]
