"""Where the bones of a head turn, found from its landmarks and from how its blend shapes move it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.bones import BONES
from dreamface.face import Head
from dreamface.geometry import fit_similarity

SIDES: Final = {"eye.L": "left", "eye.R": "right"}

EYE_LAYERS: Final = ("sclera", "iris", "cornea")
"""What the name of a part ends with that turns with the eye."""

_ANCHORS: Final = 24  # vertices that each end of a bone follows, at most

_SPINE: Final = 0.3
"""Share of the way from the nape to the jugular notch at which the spine lies."""

_BELOW_EARS: Final = 0.08
"""Share of the head's height by which the skull turns on the spine below the middle of ear canals and mastoids."""

_HINGE: Final = (0.75, 0.25)
"""Weights of the ear canals and the jaw's angles where the jaw's hinge lies, for a head that no shape opens."""

_MOVES: Final = 0.5  # share of the largest motion from which a vertex counts as moved all the way
_STIFF: Final = 1e-3  # metres, root mean square, that a turning part may change its form by

_HEIGHTS: Final = {
    "jugular_notch": (0.5, 0.25, 0.0), "cervicale": (0.5, 0.75, 0.1), "cervical_point": (0.5, 0.3, 0.2),
    "menton": (0.5, 0.1, 0.2), "gnathion": (0.5, 0.05, 0.2), "crown": (0.5, 0.5, 1.0),
    "opisthocranion": (0.5, 1.0, 0.6), "tragion_l": (1.0, 0.5, 0.5), "tragion_r": (0.0, 0.5, 0.5),
    "mastoid_l": (0.9, 0.6, 0.45), "mastoid_r": (0.1, 0.6, 0.45), "gonion_l": (0.8, 0.4, 0.3),
    "gonion_r": (0.2, 0.4, 0.3),
}  # fmt: skip
"""Landmark -> where in the skin's box it is looked for on a head that does not name it: shares of its width, depth and
height."""


@dataclass(frozen=True)
class End:
    """One end of a bone.

    Attributes:
        place: [3] metres.
        near: [N] the vertices that say where it is, whatever becomes of the head.
    """

    place: Tensor
    near: Tensor


def find_joints(head: Head, shapes: Mapping[str, Tensor]) -> list[tuple[End, End]]:
    """Return for each of `BONES` where it turns and where it points.

    Args:
        head: neutral.
        shapes: name -> [V, 3] metres, of blend shapes that open the jaw and turn the eyes, where there are any.
    """
    marks = Landmarks(head)
    skull = _skull(marks)
    ends = {
        "neck": (_spine(marks), skull),
        "head": (skull, marks.end("crown")),
        "jaw": (_hinge(head, marks, shapes), marks.end("gnathion")),
    }
    for bone, side in SIDES.items():
        ends[bone] = _eye(head, side, shapes, skull)
    return [ends[bone] for bone in BONES]


class Landmarks:
    """The places on a head that bones are found by."""

    def __init__(self, head: Head) -> None:
        self.vertices = head.vertices.double()
        self._index = dict(head.topology.landmarks)
        first, last = head.topology.objects[0].vertices
        for group in head.topology.objects:
            if group.name == "skin":
                first, last = group.vertices
        skin = self.vertices[first:last]
        low, high = skin.amin(dim=0), skin.amax(dim=0)
        for name, share in _HEIGHTS.items():
            if name not in self._index:
                wanted = low + (high - low) * torch.tensor(share, dtype=torch.float64)
                self._index[name] = first + int((skin - wanted).square().sum(dim=1).argmin())

    def at(self, name: str) -> Tensor:
        """[3] metres."""
        return self.vertices[self._index[name]]

    def indices(self, names: Sequence[str]) -> Tensor:
        """[N] their vertices."""
        return torch.tensor([self._index[name] for name in names])

    def end(self, name: str) -> End:
        """The landmark itself."""
        return End(self.at(name), self.indices([name]))


def _spine(marks: Landmarks) -> End:
    place = torch.lerp(marks.at("cervicale"), marks.at("jugular_notch"), _SPINE)
    return End(place, marks.indices(["cervicale", "jugular_notch"]))


def _skull(marks: Landmarks) -> End:
    """Where the skull turns on the spine."""
    names = ("mastoid_l", "mastoid_r", "tragion_l", "tragion_r")
    middle = torch.stack([marks.at(name) for name in names]).mean(dim=0)
    place = middle + _BELOW_EARS * (marks.at("menton") - marks.at("crown"))
    return End(place, marks.indices([*names, "menton", "crown"]))


def _hinge(head: Head, marks: Landmarks, shapes: Mapping[str, Tensor]) -> End:
    """The axis about which jawOpen turns what moves without changing its form, the lower teeth; else by landmarks."""
    names = ("tragion_l", "tragion_r", "gonion_l", "gonion_r", "menton", "crown")
    near = marks.indices(names)
    usual = sum(
        (share / 2.0 * (marks.at(f"{name}_l") + marks.at(f"{name}_r")))
        for name, share in zip(("tragion", "gonion"), _HINGE, strict=True)
    )
    assert isinstance(usual, Tensor)
    moved = _stiffly_moved(head, shapes.get("jawOpen"), ("teeth",))
    axis = None if moved is None else _turning_axis(*moved)
    if axis is None:
        return End(usual, near)
    place, direction = axis
    beside = (usual - place) @ direction
    place = place + beside * direction  # of the axis' points, the one between the ears
    height = float((marks.at("crown") - marks.at("menton")).norm())
    return End(place if float((place - usual).norm()) < 0.5 * height else usual, near)


def _stiffly_moved(head: Head, shape: Tensor | None, endings: tuple[str, ...]) -> tuple[Tensor, Tensor] | None:
    """[N, 3] places before and after a shape, of those vertices of some parts that it moves all the way."""
    if shape is None:
        return None
    chosen = torch.zeros(len(head.vertices), dtype=torch.bool)
    for part in head.topology.parts:
        if part.name.endswith(endings):
            chosen[slice(*part.vertices)] = True
    length = shape.norm(dim=1)
    most = float(length[chosen].max()) if chosen.any() else 0.0
    if most <= 0.0:
        return None
    chosen &= length > _MOVES * most
    before = head.vertices[chosen].double()
    return before, before + shape[chosen].double()


def _turning_axis(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor] | None:
    """[3] a point and [3] the direction of the axis of the rotation from points [N, 3] to others; None where none."""
    if len(before) < 3:
        return None
    fit = fit_similarity(before, after)
    turn = fit.rotation
    direction = torch.stack((turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]))
    if float(direction.norm()) < 1e-3:
        return None
    direction = direction / direction.norm()
    shift = after.mean(dim=0) - turn @ before.mean(dim=0)
    across = shift - (shift @ direction) * direction
    return torch.linalg.lstsq(torch.eye(3).double() - turn, across[:, None]).solution[:, 0], direction


def _eye(head: Head, side: str, shapes: Mapping[str, Tensor], skull: End) -> tuple[End, End]:
    """The centre that the gaze shapes turn an eyeball about, and the place straight before it."""
    white = _corners(head, f"{side}_sclera")
    if white is None:
        return skull, skull
    vertices = head.vertices.double()
    ball = vertices[white]
    turns_about = _centre(head, side, shapes, white)
    middle = (ball.amin(dim=0) + ball.amax(dim=0)) / 2.0
    centre = middle if turns_about is None else turns_about
    radius = (ball - centre).norm(dim=1).median()
    return End(centre, white), End(centre + radius * _AHEAD.double(), white)


_AHEAD: Final = torch.tensor([0.0, -1.0, 0.0])
"""Where eyes at rest look. Not where their corneas point, which is a few degrees outwards in people (the angle kappa),
as in ICT-FaceKit: eyes that were aimed by that would look crossed."""


def _corners(head: Head, name: str) -> Tensor | None:
    """[N] the vertices that a part's faces have; None where there is no such part."""
    for part in head.topology.parts:
        if part.name == name:
            corners: Tensor = torch.unique(head.topology.faces[slice(*part.faces)])
            return corners
    return None


def _centre(head: Head, side: str, shapes: Mapping[str, Tensor], white: Tensor) -> Tensor | None:
    """[3] the point that all gaze shapes of an eye leave where it is, by least squares: (R_i - 1) c = -t_i."""
    ball, rows, sides = head.vertices[white].double(), [], []
    for name, delta in shapes.items():
        if not (name.startswith("eyeLook") and name.lower().endswith(side)) or float(delta[white].abs().max()) == 0.0:
            continue
        after = ball + delta[white].double()
        fit = fit_similarity(ball, after)
        shift = after.mean(dim=0) - fit.rotation @ ball.mean(dim=0)
        left = after - ball @ fit.rotation.T - shift
        if float(left.square().sum(dim=1).mean().sqrt()) < _STIFF:
            rows.append(torch.eye(3).double() - fit.rotation)
            sides.append(shift)
    if not rows:
        return None
    found: Tensor = torch.linalg.lstsq(torch.cat(rows), torch.cat(sides)[:, None]).solution[:, 0]
    inside = bool(((found > ball.amin(dim=0)) & (found < ball.amax(dim=0))).all())
    return found if inside else None


# ---------------------------------------------------------------------------------------------------------- anchoring


def anchor(head: Head, ends: Sequence[tuple[End, End]]) -> tuple[Tensor, Tensor]:
    """Write the ends of bones as sums of vertices, so that they follow a head that changes.

    Of all weights that sum to 1 and give the place, those closest to equal ones.

    Returns:
        [A] the vertices, and [2 B, A] the weights.
    """
    flat = [end for bone in ends for end in bone]
    near = [_spread(end.near) for end in flat]
    return _as_sums(head.vertices, [end.place for end in flat], near)


def anchor_places(vertices: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Write places [N, 3] as sums of those of some vertices [V, 3] that lie closest to each; see `anchor`."""
    count = min(_ANCHORS, len(vertices))
    near = [(vertices - place).square().sum(dim=1).topk(count, largest=False).indices for place in places]
    return _as_sums(vertices, list(places), near)


def _as_sums(vertices: Tensor, places: Sequence[Tensor], near: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """[A] vertices and [N, A] their weights in each of N places."""
    anchors = torch.unique(torch.cat([*near]))
    weights = torch.zeros(len(places), len(anchors))
    for row, (place, chosen) in enumerate(zip(places, near, strict=True)):
        points = vertices[chosen].double()
        middle = points.mean(dim=0)
        centred = points - middle
        spread = centred.T @ centred + _SOFT * torch.eye(3).double()
        share = torch.linalg.lstsq(spread, (place.double() - middle)[:, None]).solution[:, 0]
        own = 1.0 / len(chosen) + centred @ share
        weights[row].index_add_(0, torch.searchsorted(anchors, chosen.contiguous()), own.float())
    return anchors, weights


_SOFT: Final = 1e-9  # square metres: how far apart anchors must be to tell a direction


def _spread(vertices: Tensor) -> Tensor:
    """At most `_ANCHORS` of them, evenly."""
    step = max(1, len(vertices) // _ANCHORS)
    return vertices[::step][:_ANCHORS]
