"""What a prompt says that is no look of the person: ages compared, things past and wished for, somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from dreamface import prompts


def value(prompt: str, trait: str) -> Any:
    traits = prompts.read(prompt).traits
    return traits.value(trait) if trait in traits else None


@pytest.mark.parametrize(
    ("prompt", "age"),
    [
        ("one hundred and three years old", 95.0),
        ("a hundred-year-old woman", 95.0),
        ("a man, 200 years old", 95.0),
        ("aged a hundred and one", 95.0),
        ("he looks younger than his 60 years", 52.0),
        ("he is older than her 20 years", 28.0),
        ("a 45-year-old who could pass for 30", 30.0),
        ("a woman of 50, often taken for forty", 40.0),
        ("a 60 year old who doesn't look a day over 45", 45.0),
        ("a 50 year old man who looks ten years younger", 40.0),
        ("a man of 40 who looks a decade older than he is", 50.0),
        ("looks younger than his age", None),
        ("a woman who looks ten years younger than she is", None),
        ("looks young for her age", None),
        ("35-45", 40.0),
        ("45 to 50", 47.5),
        ("woman aged 52 in front of a 300 year old church", 52.0),
    ],
)
def test_ages_are_those_that_are_seen(prompt, age):
    assert value(prompt, "age") == age
    assert not [note for note in prompts.read(prompt).notes if note.kind in ("company", "contradiction")]
