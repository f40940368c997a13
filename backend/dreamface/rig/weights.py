"""How much each vertex of a head goes along with each bone."""

from __future__ import annotations

from typing import Final

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.bones import BONES
from dreamface.face import Head
from dreamface.geometry import fit_similarity, pieces, rotation_about, smoothstep
from dreamface.rig.joints import EYE_LAYERS, SIDES, Landmarks
from dreamface.rig.ring import edges_of

_NECK, _HEAD, _JAW = (BONES.index(name) for name in ("neck", "head", "jaw"))

_OPENING: Final = 0.35  # radians by which the jaw opens where no shape says it

_NEAR_HINGE: Final = 2e-3
"""Metres: what a turn of the jaw moves by less goes with the head, as the fit knows too little there."""

_ROUNDS: Final = 4  # of smoothing
_PACE: Final = 0.5  # of the way to the mean of the neighbours, in a round

_STIFF_ENDINGS: Final = ("teeth",)
"""What the names of parts end with whose connected pieces do not bend: each tooth goes with one bone or two as a
whole."""

_MOUTH: Final = (*_STIFF_ENDINGS, "gums", "tongue")
"""What the names of parts end with that lie in the mouth: the skin closest to an upper tooth may be the lower lip's."""

_CLEAR: Final = 0.02  # of a weight: less is nothing, and as close to one is all
_LOWER_END: Final = 0.35
"""Share of the neck's height, from its base, that goes with the neck bone alone."""


def make_weights(head: Head, joints: Tensor, jaw_open: Tensor | None, ring: Tensor) -> Tensor:
    """Return [V, B] weights; a row sums to 1.

    The neck bone carries the lower neck and the ring at its end, the head the rest. The jaw takes of each vertex so
    much that turning its bone does what the shape jawOpen does, as nearly as a share of one rotation can.

    Args:
        head: neutral.
        joints: [B, 3] metres.
        jaw_open: [V, 3] metres, the shape; None where the head has none.
        ring: [R] vertices of the neck's open end.
    """
    jaw = _jaw_share(head, joints[_JAW], jaw_open)
    weights = torch.zeros(len(head.vertices), len(BONES))
    skin = _skin(head)
    jaw[skin] = _smoothed(jaw, head)[skin]
    skull = _skull_share(head)
    skull[ring] = 0.0
    weights[:, _JAW] = _clear(jaw)
    weights[ring, _JAW] = 0.0
    weights[:, _HEAD] = (1.0 - weights[:, _JAW]) * skull
    weights[:, _NECK] = 1.0 - weights[:, _JAW] - weights[:, _HEAD]
    _carry_parts(head, weights, skin)
    return weights / weights.sum(dim=1, keepdim=True)


def _skin(head: Head) -> slice:
    return next(slice(*group.vertices) for group in head.topology.objects if group.name == "skin")


def _clear(weights: Tensor) -> Tensor:
    """Weights with what is nearly nothing or nearly all made so, and no step between."""
    return ((weights - _CLEAR) / (1.0 - 2.0 * _CLEAR)).clamp(0.0, 1.0)


def _jaw_share(head: Head, hinge: Tensor, shape: Tensor | None) -> Tensor:
    """[V] what share of the jaw's turn brings each vertex nearest to where jawOpen does: w = <u, d> / <u, u>."""
    if shape is None or not float(shape.abs().max()) > 0.0:
        return torch.zeros(len(head.vertices))
    arm = head.vertices.double() - hinge.double()
    turned = arm @ opening(head, hinge, shape).T - arm
    delta = shape.double()
    share = (turned * delta).sum(dim=1) / (turned.square().sum(dim=1) + _NEAR_HINGE**2)
    return share.clamp(0.0, 1.0).float()


def opening(head: Head, hinge: Tensor, shape: Tensor) -> Tensor:
    """Return [3, 3] the rotation about the hinge that comes nearest to what jawOpen does to the lower teeth.

    Where there are no teeth that it moves, to what it moves most.
    """
    length = shape.norm(dim=1)
    hard = torch.zeros(len(length), dtype=torch.bool)
    for part in head.topology.parts:
        if part.name.endswith(_STIFF_ENDINGS):
            hard[slice(*part.vertices)] = True
    moved = hard & (length > 0.5 * length.max())
    if int(moved.sum()) < 3:
        moved = length > 0.5 * length.max()
    arm = head.vertices[moved].double() - hinge.double()
    reached = arm + shape[moved].double()
    # About a fixed point: points and their mirror images have their middle there.
    fit = fit_similarity(torch.cat((arm, -arm)), torch.cat((reached, -reached)))
    angle = float(torch.acos(((fit.rotation.trace() - 1.0) / 2.0).clamp(-1.0, 1.0)))
    return fit.rotation if angle > 1e-3 else rotation_about(0, _OPENING).double()


def _smoothed(weights: Tensor, head: Head) -> Tensor:
    """[V] weights, each drawn towards the mean of its neighbours along edges."""
    edges = torch.from_numpy(edges_of(head.topology.faces.numpy())[0])
    both = torch.cat((edges, edges.flip(1)))
    count = torch.zeros(len(weights)).index_add_(0, both[:, 0], torch.ones(len(both))).clamp_min(1.0)
    for _ in range(_ROUNDS):
        mean = torch.zeros(len(weights)).index_add_(0, both[:, 0], weights[both[:, 1]]) / count
        weights = torch.lerp(weights, mean, _PACE)
    return weights


def _skull_share(head: Head) -> Tensor:
    """[V] 0 at the neck's base, 1 from the floor of the mouth and the skull's lower edge upwards."""
    marks = Landmarks(head)
    x, y, z = head.vertices.double().unbind(1)
    low = _plane(marks.at("jugular_notch"), marks.at("cervicale"), y)
    nape = torch.stack((marks.at("mastoid_l"), marks.at("mastoid_r"))).mean(dim=0)
    high = _plane(marks.at("cervical_point"), torch.stack((x.mean(), marks.at("opisthocranion")[1], nape[2])), y)
    height = (z - low) / (high - low).clamp_min(1e-3)
    return smoothstep((height - _LOWER_END) / (1.0 - _LOWER_END)).float()


def _plane(front: Tensor, back: Tensor, y: Tensor) -> Tensor:
    """[V] heights at depths y of the plane that rises from one point to another, level from side to side."""
    slope = (back[2] - front[2]) / (back[1] - front[1]).clamp_min(1e-3)
    return front[2] + slope * (y - front[1])


def _carry_parts(head: Head, weights: Tensor, skin: slice) -> None:
    """Give what is no skin its weights: eyeballs turn as a whole, teeth do not bend, the rest goes with skin nearby."""
    tree = cKDTree(head.vertices[skin].numpy())
    for group in head.topology.objects:
        if group.name == "skin":
            continue
        run = slice(*group.vertices)
        bone = _eye_bone(group.name)
        if bone is not None:
            weights[run] = torch.eye(len(BONES))[bone]
        elif group.name.endswith(_MOUTH):
            weights[run, _HEAD] += weights[run, _NECK]
            weights[run, _NECK] = 0.0
            _stiffen(head, weights, group.faces, stiff=group.name.endswith(_STIFF_ENDINGS))
        else:
            nearest = torch.from_numpy(tree.query(head.vertices[run].numpy())[1])
            weights[run] = weights[skin][nearest]


def _eye_bone(name: str) -> int | None:
    for bone, side in SIDES.items():
        if name in {f"{side}_{layer}" for layer in EYE_LAYERS}:
            return BONES.index(bone)
    return None


def _stiffen(head: Head, weights: Tensor, faces: tuple[int, int], *, stiff: bool) -> None:
    """Let each connected piece that does not bend go with its bones as a whole, and smooth the others."""
    quads = head.topology.faces[slice(*faces)]
    number = torch.from_numpy(pieces(quads.numpy()))
    for piece in range(int(number.max()) + 1):
        own = torch.unique(quads[number == piece])
        jaw = weights[own, _JAW]
        mean, spread = float(jaw.mean()), float(jaw.std()) if len(own) > 1 else 0.0
        if stiff or spread < _UNIFORM:
            jaw = torch.full_like(jaw, 1.0 if mean > 0.5 else 0.0)
        weights[own, _JAW], weights[own, _HEAD] = jaw, 1.0 - jaw


_UNIFORM: Final = 0.08  # standard deviation of the jaw's weight in a piece that is taken for one that does not bend
