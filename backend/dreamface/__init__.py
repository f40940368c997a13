"""DreamFace: from a prompt to a head that a production can use.

    import dreamface

    face = dreamface.generate("an old fisherman with a hooked nose", seed=7)
    dreamface.save(face, "fisherman")

The names below are loaded when they are first used, so that importing the package is quick.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dreamface.editing import add_edit, from_photo
    from dreamface.errors import DreamFaceError
    from dreamface.face import Face
    from dreamface.folder import load, save
    from dreamface.pipeline import edit, generate, generate_many, refit
    from dreamface.progress import Progress
    from dreamface.record import EditEntry, Place
    from dreamface.traits import Traits

# OpenMP's threads spin while they wait, unless told not to before torch loads. Beside a busy Blender that costs five
# times what it saves.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"

__all__ = [
    "DreamFaceError",
    "EditEntry",
    "Face",
    "Place",
    "Progress",
    "Traits",
    "__version__",
    "add_edit",
    "edit",
    "from_photo",
    "generate",
    "generate_many",
    "load",
    "refit",
    "save",
]

_HOME = {
    "DreamFaceError": "errors",
    "EditEntry": "record",
    "Face": "face",
    "Place": "record",
    "Progress": "progress",
    "Traits": "traits",
    "add_edit": "editing",
    "edit": "pipeline",
    "from_photo": "editing",
    "generate": "pipeline",
    "generate_many": "pipeline",
    "load": "folder",
    "refit": "pipeline",
    "save": "folder",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
