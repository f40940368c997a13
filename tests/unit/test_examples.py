"""The examples in docstrings are right."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from dreamface import prior, traits
from dreamface.head import measure
from dreamface.skin.canvas import pigments


@pytest.mark.parametrize("module", [measure, pigments, prior, traits], ids=lambda module: module.__name__)
def test_the_examples_give_what_they_say(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0
