"""Orders for things that DreamFace makes no more than a prompt can have: glasses, jewellery, hats, clothes."""

from __future__ import annotations

import re
from typing import Final

from dreamface.language.lexicon import lexicon
from dreamface.language.unmade import ONLY_BESIDE, REASONS
from dreamface.language.words import canonical

_ENDS: Final = frozenset({
    "on", "in", "with", "and", "or", "for", "around", "over", "to", "too", "please", "instead", "that", "made", "of",
    "off", "back", "now", "again", "like", "from",
})  # fmt: skip
"""Words before which a noun phrase ends."""

_WORN: Final = ("glasses", "jewellery", "hats", "clothes", "hold", "horns")
"""Of the reasons, those for things: light, surroundings and styles are said of prompts alone."""

_KNOWN: Final = re.compile(r"\b(?:crown of (?:the|her|his) head|glass skin|silk\w* skin|velvet\w* skin)\b")


def reason_of(clause: str) -> str:
    """Return why nothing can be made of the thing that a clause asks for; nothing where it asks for none.

    >>> reason_of("give her a gold nose ring")
    'DreamFace makes no jewellery yet.'
    >>> reason_of("hooded eyes")
    ''
    """
    words = re.findall(r"[\w'-]+", clause)
    if _KNOWN.search(clause):
        return ""
    for number, word in enumerate(words):
        plain = word.removesuffix("'s")
        reason = REASONS.get(plain) or REASONS.get(canonical(plain), "")
        is_head = number + 1 == len(words) or words[number + 1] in _ENDS
        if reason and is_head and plain not in ONLY_BESIDE and any(kind in reason for kind in _WORN):
            before = words[number - 1] if number else ""
            if f"{before} {plain}" not in lexicon().entries:
                return reason
    if re.match(r"(?:dress|clothe) (?:her|him|them|it)\b|(?:let|make|have) (?:her|him|them) wear\b", clause):
        return next(reason for reason in REASONS.values() if "clothes" in reason)
    return ""
