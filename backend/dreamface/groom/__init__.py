"""Grooms: a head and its traits to hair, as guides, strands and cards."""

from dreamface.groom.growing import grow
from dreamface.groom.hairs import hairs_of
from dreamface.groom.own_curves import Surface, from_curves, to_curves

__all__ = ["Surface", "from_curves", "grow", "hairs_of", "to_curves"]
