"""What chips say."""

from __future__ import annotations

import pytest

from dreamface_addon.chips import in_words


@pytest.mark.parametrize(
    ("name", "value", "words", "said"),
    [
        ("age", 70.0, "old", "70 years"),
        ("gender", 1.0, "fisherman", "man"),
        ("gender", -1.0, "woman", ""),
        ("gender", 1.0, "woman-like", "man"),
        ("stubble.density", 0.36, "unshaven", "36 % stubble"),
        ("freckles.density", 0.6, "freckles", "60 %"),
        ("nose.hump", 1.8, "hooked nose", "+1.8"),
        ("nose.width", -1.1, "small nose", "-1.1"),
        ("hair.style", "curly", "curly hair", ""),
        ("beard.style", "full", "viking", "full"),
        ("hair.style", "side_part", "dapper", "side part"),
        ("hair.style", "low_bun", "a low-bun", ""),
        ("hair.parting", -0.6, "parted over one eye", "right"),
        ("hair.parting", 0.6, "left parting", ""),
        ("brows.style", "natural", "plain brows", ""),
        ("hair.melanin", 0.9, "dark hair", ""),
        ("iris.colour", [0.1, 0.2, 0.1], "green eyes", ""),
        ("ancestry.african", 1.0, "Nigerian", ""),
        ("wrinkles.eyes", 0.48, "fisherman", "48 % wrinkles"),
        ("expression.jawOpen", 0.5, "shouting", "50 %"),
        ("no.such", 1.0, "x", ""),
        ("beard.style", "none", "an elf", ""),
        ("hair.length", 0.0, "shaved head", ""),
        ("skin.pores", 0.62, "fisherman", ""),
    ],
)
def test_a_value_is_said_as_an_artist_would(name, value, words, said):
    assert in_words(name, value, words) == said
