"""The examples in docstrings are right."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Final

import pytest

import dreamface

_ROOM: Final = Path(dreamface.__file__).parent
_WITH_EXAMPLES: Final = sorted(
    ".".join(("dreamface", *file.relative_to(_ROOM).with_suffix("").parts))
    for file in _ROOM.rglob("*.py")
    if ">>> " in file.read_text(encoding="utf-8")
)


def test_there_are_examples() -> None:
    assert len(_WITH_EXAMPLES) > 10


@pytest.mark.parametrize("name", _WITH_EXAMPLES)
def test_the_examples_give_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
    assert result.attempted and not result.failed
