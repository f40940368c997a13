"""Names of colours: one table, by which prompts, talk and edits mean the same."""

from __future__ import annotations

import pytest

from dreamface.colour_names import NAMES_SRGB, OF_SKIN, linear
from dreamface.edits.colours import colour_of
from dreamface.language.tables import COLOURS_SRGB


@pytest.mark.parametrize("name", sorted(COLOURS_SRGB))
def test_a_colour_is_the_same_in_a_prompt_and_in_an_edit(name: str) -> None:
    assert colour_of(name) == pytest.approx(linear(COLOURS_SRGB[name]), abs=1e-6)


def test_names_that_only_edits_know_are_names() -> None:
    assert set(NAMES_SRGB) > OF_SKIN and OF_SKIN.isdisjoint(COLOURS_SRGB)
