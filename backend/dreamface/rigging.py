"""The noun of a rig: the weights with which bones move a head, and the ring of vertices that ends its neck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dreamface.bones import BONES, ENDS, PARENTS


@dataclass(frozen=True)
class Rig:
    """How bones move a head; B is the number of `BONES`.

    Attributes:
        anchors: [A] int64 vertices of the head from which the bones' places follow.
        anchor_weights: [2 B, A] float32: each bone's joint and tip, bone by bone, as sums of the anchors; a row sums to
            1. So joints move with a head that is sculpted or reshaped.
        weights: [V, B] float32, 0..1, how much a vertex goes along with each bone; a row sums to 1.
        neck_ring: [R] int64 vertices of the neck's open end in order, counter-clockwise seen from above, beginning in
            front; each is joined to the next by an edge, and the last to the first. All of them go with the neck alone.
    """

    anchors: Tensor
    anchor_weights: Tensor
    weights: Tensor
    neck_ring: Tensor

    def places(self, vertices: Tensor) -> Tensor:
        """Return [B, 2, 3] where each bone turns and where it points, metres, on a head of vertices [V, 3]."""
        ends = self.anchor_weights.to(vertices) @ vertices[self.anchors]
        return ends.reshape(-1, ENDS, 3)

    def joints(self, vertices: Tensor) -> Tensor:
        """Return [B, 3] where each bone turns, metres."""
        return self.places(vertices)[:, 0]


def bend(vertices: Tensor, rig: Rig, turns: Mapping[str, Tensor]) -> Tensor:
    """Return vertices [V, 3] as bones move them, by linear blend skinning.

    Args:
        vertices: at rest, with blend shapes applied where the head wears any.
        rig: the head's.
        turns: bone -> [3, 3] rotation about its joint, in the head's axes at rest; what hangs on it goes along.
    """
    rest = rig.joints(vertices)
    return bend_about(vertices, rig.weights, rest, turns)


def bend_about(vertices: Tensor, weights: Tensor, joints: Tensor, turns: Mapping[str, Tensor]) -> Tensor:
    """Return vertices [V, 3] moved by weights [V, B] about joints [B, 3]; see `bend`."""
    moves: dict[str, tuple[Tensor, Tensor]] = {}
    moved = torch.zeros_like(vertices)
    for index, bone in enumerate(BONES):
        turn = turns.get(bone, torch.eye(3)).to(vertices)
        shift = joints[index] - turn @ joints[index]
        if bone in PARENTS:
            parent_turn, parent_shift = moves[PARENTS[bone]]
            turn, shift = parent_turn @ turn, parent_turn @ shift + parent_shift
        moves[bone] = turn, shift
        moved += weights[:, index, None] * (vertices @ turn.T + shift)
    return moved
