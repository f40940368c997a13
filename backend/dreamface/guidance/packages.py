"""The packages that models need and DreamFace does not: the extra `diffusion`."""

from __future__ import annotations

import importlib
from typing import Final

from dreamface.errors import MissingDependency
from dreamface.guidance.torchvision_operators import make_torchvision_importable

DIFFUSION: Final = ("diffusers", "transformers", "accelerate")
"""Those that diffusion can't do without."""

_OTHERS: Final = ("peft", "open_clip", "spandrel")

HOW: Final = (
    'add them to DreamFace\'s own Python environment with `pip install "dreamface[diffusion]"`, or with Add Diffusion '
    "in the extension's preferences"
)
"""How they are had: the end of a sentence."""


def import_packages() -> None:
    """Import all that the extra `diffusion` brings, to see whether it works.

    Raises:
        ImportError, RuntimeError: it does not.
    """
    make_torchvision_importable()
    for package in (*DIFFUSION, *_OTHERS):
        importlib.import_module(package)


_DO_NOT_IMPORT: Final = (ImportError, RuntimeError, OSError, AttributeError, TypeError, ValueError, SyntaxError)
"""What is raised where a package can't be imported: it is not there, a library of it does not load, or it does not fit
the version of another."""

_LONGEST_REASON: Final = 200  # characters


def need_packages(what: str, *names: str) -> None:
    """Import packages that something needs.

    Args:
        what: needs them, as a sentence names it.
        names: of the packages.

    Raises:
        MissingDependency: one can't be imported.
    """
    make_torchvision_importable()
    try:
        for name in names:
            importlib.import_module(name)
    except _DO_NOT_IMPORT as error:
        raise do_not_load(what, error) from error


def do_not_load(what: str, error: BaseException) -> MissingDependency:
    """Return what to say where packages that a model needs can't be imported."""
    reason = reason_of(error).rstrip(".:")
    return MissingDependency(f"The packages that {what} needs do not load ({reason}): {HOW}.")


def reason_of(error: BaseException) -> str:
    """Return the first line of an error's message, at most 200 characters of it; its type where it has no message."""
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:_LONGEST_REASON]
