"""What an animator and an engine move a head with: bones, their weights, visemes and levels of detail."""

from __future__ import annotations

from dreamface.rig.levels import LEVELS, reduced
from dreamface.rig.making import make_rig, rig_of
from dreamface.rig.ring import find_neck_ring
from dreamface.rig.visemes import VISEMES, with_visemes

__all__ = ["LEVELS", "VISEMES", "find_neck_ring", "make_rig", "reduced", "rig_of", "with_visemes"]
