"""A head's rig, from its geometry and its blend shapes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dreamface.face import Face, Head
from dreamface.rig.joints import anchor, find_joints
from dreamface.rig.ring import find_neck_ring
from dreamface.rig.weights import make_weights
from dreamface.rigging import Rig


def make_rig(head: Head, shapes: Tensor, names: Sequence[str]) -> Rig:
    """Return the bones of a head and how they move it.

    Args:
        head: neutral, with what was sculpted on it.
        shapes: [S, V, 3] its blend shapes, metres.
        names: [S] what they are called; those of ARKit that open the jaw and turn the eyes are looked at.
    """
    looked_at = {name: shapes[index] for index, name in enumerate(names) if name.startswith(("jawOpen", "eyeLook"))}
    ends = find_joints(head, looked_at)
    ring = find_neck_ring(head)
    joints = torch.stack([joint.place for joint, _ in ends]).float()
    anchors, anchor_weights = anchor(head, ends)
    return Rig(anchors, anchor_weights, make_weights(head, joints, looked_at.get("jawOpen"), ring), ring)


def rig_of(face: Face) -> Rig:
    """Return a face's rig, made now where it has none, as those of older versions."""
    return face.rig if face.rig is not None else make_rig(face.head, face.shapes, face.shape_names)
