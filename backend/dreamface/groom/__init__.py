"""Grooms: a head and its traits to hair, as guides, strands and cards."""

from dreamface.groom.asked import unanswered
from dreamface.groom.cards import card_shapes, make_cards
from dreamface.groom.choosing import StyleScorer, best_style
from dreamface.groom.growing import grow
from dreamface.groom.hairs import RootedHairs, hairs_of, rooted_hairs, strands_on
from dreamface.groom.own_curves import from_curves, to_curves
from dreamface.groom.surface import Surface

__all__ = [
    "RootedHairs",
    "StyleScorer",
    "Surface",
    "best_style",
    "card_shapes",
    "from_curves",
    "grow",
    "hairs_of",
    "make_cards",
    "rooted_hairs",
    "strands_on",
    "to_curves",
    "unanswered",
]
