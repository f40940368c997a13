"""Lets torchvision be imported beside a torch that its own operators were not built for.

The torchvision that package indexes have for Linux is built for CUDA. Beside a CPU build of torch its library does not
load, so the operators that its Python half gives fake implementations of do not exist, and `import torchvision` fails.
With it fail open_clip and spandrel, which need it, and transformers and diffusers, which use it where it is installed.
None of them calls those two operators here: it is enough to declare that they exist.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from importlib.util import find_spec
from typing import Final

from torch.library import Library

_OPERATORS: Final = ("nms", "qnms")
_ARGUMENTS: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_MISSING: Final = "torchvision::"  # in the error of a torchvision whose operators do not exist

_alone: Final = threading.Lock()
_declared: Library | None = None  # operators exist as long as the library that declares them


def make_torchvision_importable() -> None:
    """Import torchvision, where it is installed; declare its operators only where that fails for the lack of them.

    Call it before the first import of transformers, diffusers, open_clip or spandrel. A torchvision that fails for
    another reason is left to them: they say what is wrong.
    """
    with _alone:
        if "torchvision" in sys.modules or find_spec("torchvision") is None:
            return
        if _fails_for_operators() and _declared is None:
            _declare()
            _fails_for_operators()


def _fails_for_operators() -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it can't read picture files, which we never have it do
            importlib.import_module("torchvision")
    except (RuntimeError, OSError, ImportError) as error:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]  # half of it is no use to the next import
        return _MISSING in str(error)
    return False


def _declare() -> None:
    global _declared
    _declared = Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in _OPERATORS:
        _declared.define(name + _ARGUMENTS)  # type: ignore[no-untyped-call]
