"""The lids of ICT-FaceKit: they shut, stay out of the eyeball, and take along what lies on their edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.face import Topology
from dreamface.geometry import pieces
from dreamface.head.ict.contact import Edge, EdgeGraph, Seam, linear_weights, padded
from dreamface.head.ict.eyeballs import Pose, TurningEye
from dreamface.head.ict.openings import Loops
from dreamface.head.lid_room import Lid

OVERLAP: Final = 0.5e-3  # metres by which shut lids are pressed into each other

_HIND_RINGS: Final = (1, 2)  # of the loops behind the caruncle: where the lid's edge bends out of the socket
_EDGE_RINGS: Final = (-1, 0, 1, 2)  # of them, what moves as one with the lid's edge
_SOCKET_RINGS: Final = range(-4, 1)  # of them, what could be seen through the pupil if it cut into the eyeball
_CONTACT: Final = 2  # of the hind rings and the front ones together: the one along which the lids touch
_REACH: Final = 0.014  # metres along the skin that a correction of the upper lid fades over
_REACH_INSIDE: Final = 0.010  # the same in the socket
_GUARDED: Final = 0.011  # metres along the skin from the lids' edge within which they are kept off the eyeball
# Metres off the eyeball, inside to outside so that one lies over the other: least, and where it rests further out.
_SOCKET_CLEARANCE: Final = (0.03e-3, 0.03e-3)
_EDGE_CLEARANCE: Final = (0.12e-3, 0.25e-3)
_SKIN_CLEARANCE: Final = (0.35e-3, 0.45e-3)
# The same on the way to a shape; what is below 0 lies in the eyeball, where the lid's edge hides it.
_SOCKET_ON_THE_WAY: Final = -1.0e-3
_EDGE_ON_THE_WAY: Final = -0.15e-3
_SKIN_ON_THE_WAY: Final = 0.2e-3
ON_THE_WAY: Final = ("eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide", "cheekSquint")
_EDGE_OFF_SHUT: Final = 2.3e-3  # how much further out the hind edge of shut lids may lie: halfway it clears the cornea
_WET: Final = 0.15e-3  # metres off the eyeball: what lines the lids, where it rests further out
_WET_PARTS: Final = ("lacrimal_fluid", "eye_blend", "eye_occlusion")
_ROUNDS: Final = 1  # of meeting and keeping off the eyeball, each of which disturbs the other a little
_SHUT_ROUNDS: Final = 5  # as many more where the lids shut
_NEIGHBOURS: Final = 6  # skin vertices that a vertex on the lids' edge follows


class Lids:
    """One eye's lids."""

    def __init__(
        self,
        topology: Topology,
        neutral: Tensor,
        skin: EdgeGraph,
        loops: tuple[Loops, Loops],
        eyeball: TurningEye,
        side: str,
    ) -> None:
        """Find what takes part.

        Args:
            topology: ICT-FaceKit's.
            neutral: [V, 3] metres, of the average person.
            skin: that person's.
            loops: the hind and the front edge of the lids.
            eyeball: between them.
            side: "left" or "right", of the person.
        """
        welded = topology.objects[0]
        hind, front = loops
        self._eyeball = eyeball
        arms = skin.points - eyeball.fit(neutral).centre.double().numpy()
        around = np.arctan2(arms[:, 0], -arms[:, 1])
        self._seam = _lid_seam(skin, around, hind, front)
        rim = np.concatenate([front.rings.ravel(), *(hind.ring(step) for step in _HIND_RINGS)])
        self.edge = torch.from_numpy(np.unique(rim))
        """[N] the skin's vertices on the lids' edges."""
        near = skin.distances(np.unique(front.rings), _GUARDED).min(axis=0) < _GUARDED
        near[welded.parts[0].vertices[1] :] = False
        near[rim] = True
        near[np.concatenate([hind.ring(step) for step in _SOCKET_RINGS])] = True
        guarded = np.flatnonzero(near)
        clearance = np.tile(_SKIN_CLEARANCE, (len(skin.points), 1))
        clearance[np.concatenate([hind.ring(step) for step in _HIND_RINGS])] = _EDGE_CLEARANCE
        clearance[np.concatenate([hind.ring(step) for step in _SOCKET_RINGS])] = _SOCKET_CLEARANCE
        self._clearance = torch.from_numpy(clearance[guarded]).float()
        lining = np.full(len(skin.points), np.inf)
        lining[np.concatenate([hind.ring(step) for step in _HIND_RINGS])] = _EDGE_OFF_SHUT
        lining[np.concatenate([hind.ring(step) for step in _SOCKET_RINGS])] = 0.0
        self._lining = torch.from_numpy(lining[guarded]).float()
        eased = np.full(len(skin.points), _SKIN_ON_THE_WAY)
        eased[np.concatenate([hind.ring(step) for step in _HIND_RINGS])] = _EDGE_ON_THE_WAY
        eased[np.concatenate([hind.ring(step) for step in _SOCKET_RINGS])] = _SOCKET_ON_THE_WAY
        self._on_the_way = torch.from_numpy(eased[guarded]).float()
        skin_vertices = np.union1d(guarded, self._seam.known.numpy())
        self._skin = torch.from_numpy(skin_vertices)
        self._guarded = torch.from_numpy(np.searchsorted(skin_vertices, guarded))
        self._known = torch.searchsorted(self._skin, self._seam.known)
        riders, weights = _riders(topology, neutral, side, (hind, front), skin_vertices, around)
        self._weights = torch.from_numpy(weights).float()
        self._wet = int((riders < topology.part(f"{side}_lashes").vertices[0]).sum())
        self.riders = torch.from_numpy(riders)
        """[M] what lies on the lids' edges."""
        self.vertices = torch.cat((self._skin, self.riders))
        """[K] what a correction moves: the skin around the eye, then the riders on the lids' edges."""
        blend = topology.part(f"{side}_eye_blend").vertices
        riding = (riders >= blend[0]) & (riders < blend[1])
        self.blend = torch.from_numpy(riders[riding])
        """[N] vertices of the eye blend, which the archive leaves behind when the lids move."""
        self._blend_weights = self._weights[torch.from_numpy(riding)]

    def blend_offsets(self, offsets: Tensor) -> Tensor:
        """Return [B, N, 3] how the eye blend follows offsets [B, V, 3] of the skin."""
        return _apply(self._blend_weights, offsets[:, self._skin])

    def rider_offsets(self, offsets: Tensor) -> Tensor:
        """Return [B, M, 3] how `riders` follow offsets [B, V, 3] of the skin."""
        return _apply(self._weights, offsets[:, self._skin])

    def openings(self, vertices: Tensor, pose: Pose) -> Tensor:
        """Return [S] metres that the lids of [V, 3] stand apart, from corner to corner; below 0 they cross."""
        return self._seam.openings(self._seen_from(pose.centre, vertices[self._seam.known])[None])[0]

    def correct(self, rest: Tensor, posed: Tensor, pose: Pose, gazes: Tensor, close: Tensor) -> Tensor:
        """Return [B, K, 3] offsets of `vertices` that make lids meet, not cross, and stay out of the eyeball.

        Args:
            rest: [K, 3] metres, `vertices` of the person at rest: where they lie closer to the eyeball then, they may
                in a pose.
            posed: [B, K, 3] metres.
            pose: of the person's eyeball.
            gazes: [B, 3, 3] rotation of the eyeball in each pose.
            close: [B] whether the lids are to shut.
        """
        count = len(self._skin)
        at_rest = self._eyeball.height(rest[: count + self._wet], pose, torch.eye(3))
        least = at_rest[self._guarded].clamp(*self._clearance.unbind(1))
        lids = posed[:, :count].clone()
        self._fit(lids, least, pose, gazes, close, _ROUNDS)
        shut = close.nonzero()[:, 0]
        if len(shut):
            both = lids[shut]
            self._fit(both, least, pose, gazes[shut], close[shut], _SHUT_ROUNDS)
            self._draw_in_lining(both, torch.maximum(at_rest[self._guarded], least), pose, gazes[shut])
            lids[shut] = both
        moved = lids - posed[:, :count]
        found = torch.cat((moved, _apply(self._weights, moved)), dim=1)
        wet = slice(count, count + self._wet)
        kept = posed[:, wet] + found[:, wet]
        height = self._eyeball.height(kept, pose, gazes)
        low = at_rest[wet].clamp(0.0, _WET)
        # Shut lids lie over what lines them.
        high = torch.where(close[:, None], _WET, torch.inf)
        found[:, wet] += _outwards(kept, pose, height.clamp(low, high) - height)
        return found

    def clear_on_the_way(self, rest: Tensor, shapes: Mapping[str, Tensor], pose: Pose, side: str) -> Tensor:
        """Return [B, K, 3] offsets of `vertices` that keep lids off the eyeball at every weight of every shape.

        Args:
            rest: [K, 3] metres, `vertices` of the person at rest.
            shapes: name -> [K, 3] offsets at weight 1.
            pose: of the person's eyeball.
            side: "left" or "right", of the person.
        """
        rows = self._guarded
        at_rest = self._eyeball.height(rest[rows], pose, torch.eye(3))
        lid = Lid(
            side.capitalize(),
            rest[rows],
            pose.centre,
            lambda points, gaze: self._eyeball.height(points, pose, gaze),
            torch.minimum(at_rest, self._on_the_way),
        )
        moved = {name: offsets[rows].clone() for name, offsets in shapes.items()}
        lid.clear(moved, [name for name in ON_THE_WAY if name + lid.side in moved])
        found = torch.zeros(len(shapes), len(self._skin), 3)
        for number, (name, offsets) in enumerate(shapes.items()):
            found[number, rows] = moved[name] - offsets[rows]
        return torch.cat((found, _apply(self._weights, found)), dim=1)

    def _fit(self, lids: Tensor, least: Tensor, pose: Pose, gazes: Tensor, close: Tensor, rounds: int) -> None:
        """Make lids [B, N, 3] meet and keep `least` [G] metres off the eyeball, in turns and in place."""
        for _ in range(rounds):
            points = self._seen_from(pose.centre, lids[:, self._known])
            lids[:, self._known, 2] += self._seam.rise(points, self._seam.openings(points), close, OVERLAP)
            kept = lids[:, self._guarded]
            missing = (least - self._eyeball.height(kept, pose, gazes)).clamp(min=0.0)
            lids[:, self._guarded] += _outwards(kept, pose, missing)

    def _draw_in_lining(self, lids: Tensor, most: Tensor, pose: Pose, gazes: Tensor) -> None:
        """Keep what lines shut lids [B, N, 3] near the `most` [G] metres that it is off the eyeball, in place.

        It lies on the eyeball in people; further out it would come through the skin before it.
        """
        kept = lids[:, self._guarded]
        height = self._eyeball.height(kept, pose, gazes)
        lids[:, self._guarded] += _outwards(kept, pose, torch.minimum(height, most + self._lining) - height)

    @staticmethod
    def _seen_from(centre: Tensor, points: Tensor) -> Tensor:
        """Return [..., 3] angle, distance and height of points [..., 3]; see `_lid_seam`."""
        arms = points - centre
        angle = torch.atan2(arms[..., 0], -arms[..., 1])
        return torch.stack((angle, torch.linalg.vector_norm(arms, dim=-1), arms[..., 2]), dim=-1)


def _outwards(points: Tensor, pose: Pose, distance: Tensor) -> Tensor:
    """Return [B, N, 3] steps of points [B, N, 3] away from the eyeball's centre by distances [B, N]."""
    return distance[..., None] * torch.nn.functional.normalize(points - pose.centre, dim=-1)


def _apply(weights: Tensor, offsets: Tensor) -> Tensor:
    """Return [B, M, X] of weights [M, N] and offsets [B, N, X], in one product."""
    batch, count, size = offsets.shape
    columns = offsets.permute(1, 0, 2).reshape(count, batch * size)
    return (weights @ columns).reshape(-1, batch, size).permute(1, 0, 2)


def _lid_seam(skin: EdgeGraph, around: FloatArray, hind: Loops, front: Loops) -> Seam:
    """Return where the lids meet: the upper one sinks to close a gap, the lower one gives way where that sinks too far.

    Its points are the angle around the eyeball's vertical axis, larger to the person's left, the distance from its
    centre, and Z.

    Args:
        skin: of the average person.
        around: [V] that angle.
        hind: the lids' edge on the eyeball.
        front: the lids' edge with the lashes.
    """
    upper, lower = (_lid(skin, around, (hind, front), upper=which) for which in (True, False))
    return Seam(upper, lower, around)


def _lid(skin: EdgeGraph, around: FloatArray, edges: tuple[Loops, Loops], *, upper: bool) -> Edge:
    hind, front = edges
    behind, before = (loops.upper if upper else loops.lower for loops in edges)
    rings = [hind.ring(step)[np.concatenate(([0], behind, [hind.left]))] for step in _HIND_RINGS]
    rings += [ring[np.concatenate(([0], before, [front.left]))] for ring in front.rings]
    inner, outer = np.stack([hind.ring(step)[behind] for step in _EDGE_RINGS]), front.rings[:, before]
    knots = around[front.rings[0, before]]
    follow = skin.follow(outer, _REACH, _REACH_INSIDE)
    inside = skin.follow(inner, _REACH, _REACH_INSIDE) @ linear_weights(around[inner[0]], knots)
    nearer = inside.sum(axis=1) > follow.sum(axis=1)
    follow[nearer] = inside[nearer]
    follow[inner.ravel()] = linear_weights(around[inner.ravel()], knots)
    for loops, steps in ((hind, _EDGE_RINGS), (front, range(len(front.rings)))):
        others = loops.lower if upper else loops.upper
        follow[np.stack([loops.ring(step)[others] for step in steps]).ravel()] = 0.0
    share = float(upper)
    return Edge(padded(rings), rings[_CONTACT], follow, closing=share, parting=1.0 - share)


def _riders(
    topology: Topology, neutral: Tensor, side: str, edges: tuple[Loops, Loops], skin: IntArray, around: FloatArray
) -> tuple[IntArray, FloatArray]:
    """Return what lies on the lids' edges: [M] its vertices and [M, N] how far each follows the skin's vertices [N]."""
    points = neutral.double().numpy()
    hind, front = edges
    wet = np.concatenate([np.arange(*topology.part(f"{side}_{name}").vertices) for name in _WET_PARTS])
    rim = np.unique(np.concatenate((front.rings.ravel(), *(hind.ring(step) for step in (0, *_HIND_RINGS)))))
    away, nearest = cKDTree(points[rim]).query(points[wet], k=_NEIGHBOURS)
    near = 1.0 / np.maximum(away, 0.2e-3) ** 2
    weights = np.zeros((len(wet), len(skin)))
    columns = np.searchsorted(skin, rim[nearest])
    np.add.at(weights, (np.arange(len(wet))[:, None], columns), near / near.sum(axis=1, keepdims=True))
    lashes, lash_weights = _lash_riders(topology, points, side, front, skin)
    return np.concatenate((wet, lashes)), np.concatenate((weights, lash_weights))


def _lash_riders(
    topology: Topology, points: FloatArray, side: str, front: Loops, skin: IntArray
) -> tuple[IntArray, FloatArray]:
    """The lashes' vertices [M] and [M, N] how far each follows the skin's vertices [N]: the lid's edge below it."""
    part = topology.part(f"{side}_lashes")
    first, last = part.vertices
    faces = topology.faces[slice(*part.faces)].numpy() - first
    strip = pieces(faces)
    edge_ring = front.rings[-1]
    lids = [edge_ring[columns] for columns in (front.upper, front.lower)]
    weights = np.zeros((last - first, len(skin)))
    for number in range(strip.max() + 1):
        own = np.unique(faces[strip == number])
        away = [cKDTree(points[lid]).query(points[first + own])[0] for lid in lids]
        lid = lids[int(np.quantile(away[0], 0.2) > np.quantile(away[1], 0.2))]
        share = linear_weights(points[first + own, 0], points[lid, 0])
        weights[own[:, None], np.searchsorted(skin, lid)] = share
    return np.arange(first, last), weights
