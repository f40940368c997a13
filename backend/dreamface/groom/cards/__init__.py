"""Cards: hair as ribbons for games and files, from the same guides as single hairs."""

from dreamface.groom.cards.making import card_shapes, make_cards

__all__ = ["card_shapes", "make_cards"]
