"""Grooms: a head and its traits to hair, as guides, strands and cards."""

from dreamface.groom.cards import card_shapes, make_cards
from dreamface.groom.growing import grow
from dreamface.groom.hairs import hairs_of

__all__ = ["card_shapes", "grow", "hairs_of", "make_cards"]
