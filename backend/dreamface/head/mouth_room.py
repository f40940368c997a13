"""Room for the teeth: lips that stay before them, and a mouth's lining that stays behind the skin, in every shape.

Blend shapes are sums, so a shape is put right where it stands alone and on top of jawOpen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import Similarity, fit_similarity, smoothstep
from dreamface.render import RayMesh
from dreamface.units import MM

PARTS_LIPS: Final = ("noseSneer", "mouthUpperUp", "mouthLowerDown")
"""ARKit's shapes that part the lips by themselves, without their sides."""

_TURNS: Final = 49  # columns of a wall's map, over `_WIDEST` to either side
_WIDEST: Final = np.radians(100.0)
_STEP: Final = 1.0 * MM  # height of a row
_RIM: Final = 2  # rows above and below the teeth
_NOTHING: Final = -1.0  # metres; a radius that stops nobody
_BEFORE_TEETH: Final = 1.2 * MM  # of skin, where it rests that far before them or further
_LEAST_BEFORE: Final = 0.1 * MM  # of skin that moves
_FROM_CORNERS: Final = (3.0 * MM, 9.0 * MM)  # stays, is held before the teeth
_FROM_WIDE_CORNERS: Final = (1.0 * MM, 5.0 * MM)  # the same in shapes that part the lips
_BELOW_LIPS: Final = (7.0 * MM, 12.0 * MM)  # below the corners: lip, which stays closed; chin, which gives way
_SMOOTHED: Final = 4  # rounds
_GIVEN: Final = 0.8  # of what is missing: lips are to stay closed, too
_NO_MOTION: Final = 1e-7  # metres; smaller offsets are rounding
_STILL: Final = 0.01 * MM  # less is not worth a vertex
_CANDIDATES: Final = 48  # of the nearest skin, among which what lies over a vertex of the lining is looked for
_FOLLOWED: Final = 6  # vertices of the skin that a vertex of the lining goes with
_FLESH: Final = (5.0 * MM, 14.0 * MM)  # of it between lining and skin: goes with the skin, moves freely
_FROM_LIPS: Final = (0.5 * MM, 4.5 * MM)  # of the lining: moves with the lips, goes with the skin
_BEHIND_SKIN: Final = 3.0 * MM  # of the lining in an open mouth, at least
_FULL_DEPTH: Final = (0.5 * MM, 6.0 * MM)  # of the lining from the lips: may lie as near to the skin as it does, not so
_ROUNDS: Final = 2  # of measuring how deep the lining lies and moving it
_FACING: Final = 0.75  # least cosine between the skin's normal and the way to it from the lining
_PASSES: Final = 3  # of measuring lips before the teeth and moving them
_NEAR_LIPS: Final = 24.0 * MM  # of the lining and of the skin that are looked at from the front
_THROUGH: Final = 3.0 * MM  # before the skin; what lies further before it is in front of another part of the face
_HIDDEN_BY: Final = 0.7 * MM  # behind the skin where it came through
_APART, _ACROSS = 0.25, 8  # metres between faces that are looked at together, and how many stand in a row


@dataclass(frozen=True)
class Wall:
    """The front of one jaw's teeth and gums, as a distance from an upright axis behind them by angle and height.

    Attributes:
        axis: [2] x and y of the axis, metres.
        lowest: height of the map's first row, metres.
        reach: [R, T] metres from the axis; `_NOTHING` where there are no teeth.
    """

    axis: Tensor
    lowest: float
    reach: Tensor

    @classmethod
    def of(cls, points: Tensor) -> Wall:
        """Return the wall of one jaw's vertices [N, 3]."""
        axis = torch.stack((points[:, 0].mean(), points[:, 1].max()))
        lowest = float(points[:, 2].min()) - _RIM * _STEP
        rows = int((float(points[:, 2].max()) - lowest) / _STEP) + _RIM + 2
        turn, radius = _around(points, axis)
        cell = ((points[:, 2] - lowest) / _STEP).round().long() * _TURNS + turn.round().long()
        reach = torch.full((rows * _TURNS,), _NOTHING).scatter_reduce(0, cell, radius, "amax").view(1, 1, rows, _TURNS)
        # Vertices are further apart than cells; and a lip that is held off an edge is held off around it.
        filled = torch.nn.functional.max_pool2d(reach, (3, 5), stride=1, padding=(1, 2))
        soft = torch.nn.functional.avg_pool2d(filled, 3, stride=1, padding=1, count_include_pad=False)
        return cls(axis, lowest, torch.where(filled > 0.0, torch.maximum(soft, reach), _NOTHING)[0, 0])

    def before(self, points: Tensor) -> Tensor:
        """Return [..., N] metres by which points [..., N, 3] lie before the teeth; large where there are none."""
        turn, radius = _around(points, self.axis)
        rows = self.reach.shape[0]
        row = ((points[..., 2] - self.lowest) / _STEP).clamp(0.0, rows - 1.001)
        low, column = row.long(), turn.long().clamp(max=_TURNS - 2)
        place = low * _TURNS + column
        reach = self.reach.reshape(-1)
        along = turn - column
        below = torch.lerp(reach[place], reach[place + 1], along)
        above = torch.lerp(reach[place + _TURNS], reach[place + _TURNS + 1], along)
        return radius - torch.lerp(below, above, row - low)

    def steps(self, points: Tensor, least: Tensor) -> Tensor:
        """Return [..., N, 3] metres away from the axis that bring points [..., N, 3] `least` [N] before the teeth."""
        found = torch.zeros_like(points)
        short = least - self.before(points)
        missing = short > 0.0  # of few
        arm = points[missing][:, :2] - self.axis
        found[missing] = torch.nn.functional.pad(
            short[missing, None] * torch.nn.functional.normalize(arm, dim=1), (0, 1)
        )
        return found


def _around(points: Tensor, axis: Tensor) -> tuple[Tensor, Tensor]:
    """Return [...] columns of a wall's map, and metres from the axis, of points [..., 3]."""
    arm = points[..., :2] - axis
    angle = torch.atan2(arm[..., 0], -arm[..., 1]).clamp(-_WIDEST, _WIDEST)
    return (angle / _WIDEST + 1.0) * (0.5 * (_TURNS - 1)), torch.linalg.vector_norm(arm, dim=-1)


@dataclass(frozen=True)
class _Room:
    """One person's teeth, and how far before them the lips are to stay.

    Attributes:
        upper, lower: fronts of the jaws at rest.
        start: [L, 3] metres, the lips at rest.
        teeth: [T, 3] metres, the lower ones at rest.
        least: [L] metres before each jaw.
        in_open: the same on top of jawOpen: no shape makes up for what that leaves.
    """

    upper: Wall
    lower: Wall
    start: Tensor
    teeth: Tensor
    least: Sequence[Tensor]
    in_open: Sequence[Tensor]

    def before(self, lips: Tensor, teeth: Tensor) -> tuple[Tensor, Tensor]:
        """Return [L] metres by which lips that go by [L, 3] lie before the upper and the lower teeth, [T, 3]."""
        points, jaw = self.start + lips, _rigid(self.teeth, teeth)
        return self.upper.before(points), self.lower.before((points - jaw.shift) @ jaw.rotation)


class MouthRoom:
    """What may come through lips and chin on the heads of one topology."""

    def __init__(
        self,
        neutral: Tensor,
        faces: IntArray,
        lining: IntArray,
        hidden: IntArray,
        jaws: tuple[IntArray, IntArray],
        corners: IntArray,
        reach: float,
    ) -> None:
        """Find the lips, and the skin over the lining.

        Args:
            neutral: [V, 3] metres, of the average person.
            faces: [F, 4] of the skin and the lining.
            lining: vertices of the mouth's inside.
            hidden: vertices of the lips behind where they touch, and of the lining that moves with those.
            jaws: vertices of the upper and of the lower teeth with their gums.
            corners: vertices in which the lips meet, where they stay as they are.
            reach: metres from the teeth within which skin and lining are held before them.
        """
        points = neutral.double().numpy()
        self._jaws = tuple(torch.from_numpy(jaw) for jaw in jaws)
        known = np.unique(faces)
        teeth = points[np.concatenate(jaws)]
        away = cKDTree(teeth).query(points[known])[0]
        behind = points[known, 1] > teeth[:, 1].max()
        inside = np.isin(known, lining)
        self._lips = torch.from_numpy(known[(away < reach) & ~behind & ~inside & ~np.isin(known, hidden)])
        from_corners = cKDTree(points[corners]).query(points[self._lips.numpy()])[0]
        away_from = torch.from_numpy(from_corners).float()
        self._free = smoothstep(away_from, *_FROM_CORNERS)
        self._free_wide = smoothstep(away_from, *_FROM_WIDE_CORNERS)
        below = points[corners, 2].mean() - points[self._lips.numpy(), 2]
        self._chin = smoothstep(torch.from_numpy(below).float(), *_BELOW_LIPS)
        self._mean = _means(faces, self._lips.numpy())
        self._find_flesh(points, faces, np.setdiff1d(lining, hidden), known[~inside])
        self._find_front(points, faces, np.union1d(lining, hidden), points[corners])
        self._trees: dict[bool, tuple[RayMesh, Tensor]] = {}
        self._one_at_a_time = Lock()
        self._deep = torch.from_numpy(np.isin(self._behind_lips.numpy(), np.setdiff1d(lining, hidden)))

    def _find_flesh(self, points: FloatArray, faces: IntArray, lining: IntArray, skin: IntArray) -> None:
        """Note which skin lies over each vertex of the lining, and how firmly it is bound to that."""
        normals = _vertex_normals(points, faces)
        away, near = cKDTree(points[skin]).query(points[lining], k=_CANDIDATES)
        over = skin[near]
        cosine = ((points[over] - points[lining][:, None]) * normals[over]).sum(axis=2) / np.maximum(away, 1e-9)
        away = np.where(cosine > _FACING, away, np.inf)
        order = np.argsort(away, axis=1, kind="stable")[:, :_FOLLOWED]
        away, over = np.take_along_axis(away, order, axis=1), np.take_along_axis(over, order, axis=1)
        seam = np.setdiff1d(faces[np.isin(faces, lining).any(axis=1)], lining)
        from_lips = torch.from_numpy(cKDTree(points[seam]).query(points[lining])[0])
        bound = 1.0 - smoothstep(torch.from_numpy(away[:, 0]).clamp(max=1.0), *_FLESH)
        bound = bound * smoothstep(from_lips, *_FROM_LIPS)
        kept = np.isfinite(away[:, 0])
        shares = 1.0 / np.square(away[kept] + 1.0 * MM)
        self._lining = torch.from_numpy(lining[kept])
        self._bound = bound[kept].float()
        self._depth = _BEHIND_SKIN * smoothstep(from_lips[kept], *_FULL_DEPTH).float()
        around = faces[np.isin(faces, over[kept]).any(axis=1) & ~np.isin(faces, lining).any(axis=1)]
        self._skin, corners = np.unique(around, return_inverse=True)
        self._skin_faces = torch.from_numpy(corners.reshape(-1, 4))
        columns = np.searchsorted(self._skin, over[kept])
        number = np.broadcast_to(np.arange(len(columns))[:, None], columns.shape)
        self._mean_over = torch.sparse_coo_tensor(
            torch.from_numpy(np.stack((number.ravel(), columns.ravel()))),
            torch.from_numpy(shares / shares.sum(axis=1, keepdims=True)).float().reshape(-1),
            (len(columns), len(self._skin)),
            check_invariants=True,
        ).coalesce()
        self._skin = torch.from_numpy(self._skin)
        self._lining_mean = _means(faces, lining[kept])

    def _find_front(self, points: FloatArray, faces: IntArray, lining: IntArray, corners: FloatArray) -> None:
        """Note what of the lining and of the lips' hind side lies near the lips, and the skin's triangles before it."""
        away = cKDTree(points[np.setdiff1d(np.unique(faces[np.isin(faces, lining).any(axis=1)]), lining)])
        near = lining[away.query(points[lining])[0] < _NEAR_LIPS]
        skin = faces[~np.isin(faces, lining).any(axis=1)]
        middle, reach = corners.mean(axis=0), np.abs(corners - corners.mean(axis=0)).max(axis=0) + _NEAR_LIPS
        in_front = (np.abs(points[skin].mean(axis=1) - middle)[:, [0, 2]] < reach[[0, 2]]).all(axis=1)
        in_front &= points[skin].mean(axis=1)[:, 1] < points[near, 1].max()
        quads = skin[in_front]
        self._behind_lips = torch.from_numpy(near)
        front, places = np.unique(quads, return_inverse=True)
        places = places.reshape(-1, 4)
        self._front = torch.from_numpy(front)
        self._front_triangles = torch.from_numpy(np.concatenate((places[:, [0, 1, 2]], places[:, [0, 2, 3]])))
        self._behind_mean = _means(faces, near)

    def clear_teeth(
        self, rest: Tensor, deltas: Tensor, jaw_open: int, moved: Tensor, parted: Tensor, parting: Tensor
    ) -> None:
        """Hold the lips before the teeth, in place.

        Args:
            rest: [V, 3] metres, of one person.
            deltas: [S, V, 3] metres, all shapes of that person.
            jaw_open: which of them jawOpen is.
            moved: [N] the shapes that move the lips.
            parted: which of them are also looked at on top of jawOpen; the others' lips are to stay closed.
            parting: which of them part the lips by themselves: nobody minds lips that are held up to their corners.
        """
        walls = [Wall.of(rest[jaw]) for jaw in self._jaws]
        upper, lower = walls
        start, teeth = rest[self._lips], rest[self._jaws[1]]
        least = [wall.before(start).clamp(_LEAST_BEFORE, _BEFORE_TEETH) for wall in walls]
        room = _Room(upper, lower, start, teeth, least, least)
        for active in _jaw_first(moved, jaw_open):
            for number in range(_PASSES):
                wide = torch.isin(active, parting) | (active == jaw_open)
                missing = self._missing(room, deltas, active, jaw_open, parted)
                if number:
                    missing = torch.where(wide[:, None, None], missing, self._chin[:, None] * missing)
                kept = missing.abs().amax(dim=(1, 2)) > _STILL
                active, wide, missing = active[kept], wide[kept], missing[kept]
                if not len(active):
                    break
                push = missing
                for _ in range(_SMOOTHED):  # an edge of the teeth is to be no edge of the lips
                    push = torch.lerp(push, _each(self._mean, push), 0.5)
                push = push * (_GIVEN * torch.where(wide[:, None], self._free_wide, self._free))[..., None]
                if number + 1 == _PASSES:  # little is left by now
                    push = torch.lerp(push, missing, self._chin[:, None])
                deltas[active[:, None], self._lips] += torch.nn.functional.hardshrink(push, _STILL)
            if room.in_open is least:
                reached = room.before(deltas[jaw_open, self._lips], deltas[jaw_open, self._jaws[1]])
                in_open = [torch.minimum(one, other) for one, other in zip(least, reached, strict=True)]
                room = replace(room, in_open=in_open)

    def _missing(self, room: _Room, deltas: Tensor, shapes: Tensor, jaw_open: int, parted: Tensor) -> Tensor:
        """Return [N, L, 3] metres that bring the lips before the teeth in N shapes; arguments as in `clear_teeth`."""
        push = torch.zeros(len(shapes), *room.start.shape)
        open_too = torch.nonzero(torch.isin(shapes, parted))[:, 0]
        for rows, below, least in ((torch.arange(len(shapes)), 0.0, room.least), (open_too, 1.0, room.in_open)):
            if not len(rows):
                continue
            lips, teeth = (
                deltas[shapes[rows, None], places] + below * deltas[jaw_open, places]
                for places in (self._lips, self._jaws[1])
            )
            points = room.start + lips + push[rows]
            push[rows] += room.upper.steps(points, least[0])
            jaw = _rigid(room.teeth, teeth)
            back = (room.start + lips + push[rows] - jaw.shift[:, None]) @ jaw.rotation
            push[rows] += room.lower.steps(back, least[1]) @ jaw.rotation.mT
        return push

    def carry_lining(self, deltas: Tensor) -> None:
        """Let the lining go with the skin over it in shapes [S, V, 3], in place; a sum of shapes keeps that."""
        over = _each(self._mean_over, deltas[:, self._skin])
        moved = torch.lerp(deltas[:, self._lining], over, self._bound[:, None])
        deltas[:, self._lining] = torch.nn.functional.hardshrink(moved, _NO_MOTION)

    def sink_lining(self, rest: Tensor, deltas: Tensor, jaw_open: int, moved: Tensor) -> None:
        """Hold the lining behind the skin over it, in place: each shape alone and in an open mouth.

        Nobody sees how deep it lies.

        Args:
            rest: [V, 3] metres, of one person.
            deltas: [S, V, 3] metres, all shapes of that person.
            jaw_open: which of them jawOpen is.
            moved: [N] the shapes that move the mouth.
        """
        at_rest, _ = self._behind(rest[self._skin][None], rest[self._lining][None])
        usual = torch.minimum(at_rest[0], self._depth)
        for shapes in _jaw_first(moved, jaw_open):
            alone = int(shapes[0]) == jaw_open
            for below in (0.0,) if alone else (0.0, 1.0):
                least, active = self._depth if alone or below else usual, shapes
                for _ in range(_ROUNDS):
                    skin, lining = (
                        rest[rows] + deltas[active[:, None], rows] + below * deltas[jaw_open, rows]
                        for rows in (self._skin, self._lining)
                    )
                    depth, inwards = self._behind(skin, lining)
                    push = (least - depth).clamp(min=0.0)[..., None] * inwards
                    pushed = push.abs().amax(dim=(1, 2)) > _STILL
                    active, push = active[pushed], push[pushed]
                    if not len(active):
                        break
                    around = push
                    for _ in range(_SMOOTHED):
                        around = _each(self._lining_mean, around)
                    push = torch.where(around.norm(dim=2, keepdim=True) > push.norm(dim=2, keepdim=True), around, push)
                    deltas[active[:, None], self._lining] += torch.nn.functional.hardshrink(push, _STILL)

    def hide_lining(self, rest: Tensor, deltas: Tensor, jaw_open: int, mouth_close: int, moved: Tensor) -> None:
        """Draw back what of the lining stands before the skin, seen from the front, in place; see `sink_lining`.

        That knows which skin lies over the lining at rest; lips that roll and chins that are drawn up bring other skin
        over it. What is on the lips' hind side is looked at in an open mouth alone: closed lips hide it.
        """
        opened = deltas[jaw_open, self._behind_lips].clone()
        for shapes in _jaw_first(moved, jaw_open):
            alone = int(shapes[0]) == jaw_open
            for below in (0.0,) if alone else (0.0, 1.0):
                in_sight = torch.full_like(shapes, alone, dtype=torch.bool) | (below > 0.0) & (shapes != mouth_close)
                self._draw_back(rest, deltas, shapes, jaw_open, below, in_sight[:, None] | self._deep)
            if alone:  # lips that close over an open jaw meet as they would have
                drawn = deltas[jaw_open, self._behind_lips] - opened
                deltas[mouth_close, self._behind_lips] -= torch.where(self._deep[:, None], 0.0, drawn)

    def _draw_back(
        self, rest: Tensor, deltas: Tensor, shapes: Tensor, jaw_open: int, below: float, looked_at: Tensor
    ) -> None:
        """Draw the lining back in shapes [N] on top of so much of jawOpen, where it is looked at [N, M], in place."""
        active = shapes
        for _ in range(_ROUNDS):
            skin, lining = (
                rest[rows] + deltas[active[:, None], rows] + below * deltas[jaw_open, rows]
                for rows in (self._front, self._behind_lips)
            )
            back = torch.where(looked_at, self._before(skin, lining, _THROUGH), 0.0)
            through = back.amax(dim=1) > _STILL
            active, looked_at, back = active[through], looked_at[through], back[through]
            if not len(active):
                return
            back = back + torch.where(back > 0.0, _HIDDEN_BY, 0.0)
            around = back[..., None]
            for _ in range(_SMOOTHED):
                around = _each(self._behind_mean, around)
            push = torch.maximum(back, around[..., 0])
            deltas[active[:, None], self._behind_lips, 1] += torch.where(push > _STILL, push, 0.0)

    def tuck(self, rest: Tensor, rows: Tensor, room: float, furthest: float) -> Tensor:
        """Return [N, 3] offsets that draw vertices back until they lie behind the skin of a person at rest.

        Args:
            rest: [V, 3] metres.
            rows: [N] of the vertices, such as those of the gums.
            room: metres that they lie behind it, at least.
            furthest: metres before it up to which they are looked for.
        """
        found = torch.zeros(len(rows), 3)
        ahead = rest[rows] - torch.tensor([0.0, room, 0.0])
        found[:, 1] = self._before(rest[self._front][None], ahead[None], furthest)[0]
        return found

    def _before(self, skin: Tensor, asked: Tensor, furthest: float) -> Tensor:
        """Return [N, M] metres by which places lie before the skin, seen from the front; 0 behind it.

        All N faces stand side by side in one search tree, so that the rays of all of them are cast at once.

        Args:
            skin: [N, F, 3] metres, of the skin around the mouth.
            asked: [N, M, 3] metres.
            furthest: that is looked for.
        """
        number = torch.arange(len(skin))
        beside = _APART * torch.stack((number % _ACROSS, torch.zeros_like(number), number // _ACROSS), dim=1)
        points = (skin + beside[:, None]).reshape(-1, 3)
        rays = (asked + beside[:, None]).reshape(-1, 3)
        with self._one_at_a_time:
            mesh, triangles = self._side_by_side(points, len(skin))
            seen = mesh.cast(rays, torch.tensor([0.0, 1.0, 0.0]).expand_as(rays))
        corners = points[triangles[seen.triangle.clamp(min=0)]]
        normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        through = (seen.triangle >= 0) & (normal[:, 1] < 0.0) & (seen.depth < furthest)
        return torch.where(through, seen.depth, 0.0).view(asked.shape[:2])

    def _side_by_side(self, points: Tensor, count: int) -> tuple[RayMesh, Tensor]:
        """Return the search tree of so many faces with points [count * F, 3], and its triangles [T, 3].

        It is kept, as moving one is much cheaper than building it: of one face, and of as many as ever were asked for.
        """
        kept = self._trees.get(count > 1)
        if kept is None or len(kept[1]) < count * len(self._front_triangles):
            numbers = torch.arange(count)[:, None, None] * len(self._front)
            triangles = (numbers + self._front_triangles).reshape(-1, 3)
            kept = self._trees[count > 1] = RayMesh(points, triangles), triangles
        else:
            kept[0].move(points)
        return kept

    def _behind(self, skin: Tensor, lining: Tensor) -> tuple[Tensor, Tensor]:
        """Return [N, L] metres that the lining lies behind the skin over it, and [N, L, 3] ways in.

        Args:
            skin: [N, S, 3] metres.
            lining: [N, L, 3].
        """
        normals = _normals(skin, self._skin_faces)
        along = (skin * normals).sum(dim=2, keepdim=True)
        over = _each(self._mean_over, torch.cat((normals, along), dim=2))
        outwards = over[..., :3]
        depth = over[..., 3] - (lining * outwards).sum(dim=2)
        return depth, -torch.nn.functional.normalize(outwards, dim=2)


def _jaw_first(shapes: Tensor, jaw_open: int) -> Iterator[Tensor]:
    """Return jawOpen, then all other shapes [N] together, as they are looked at on top of it."""
    yield torch.tensor([jaw_open])
    others = shapes[shapes != jaw_open]
    if len(others):
        yield others


def _each(matrix: Tensor, fields: Tensor) -> Tensor:
    """Return [N, M, C]: a sparse matrix [M, L] times each of some fields [N, L, C]."""
    beside = fields.transpose(0, 1)
    return (matrix @ beside.reshape(len(beside), -1)).reshape(-1, *beside.shape[1:]).transpose(0, 1)


def _normals(points: Tensor, faces: Tensor) -> Tensor:
    """Return [..., N, 3] unit normals of vertices [..., N, 3] of quads [F, 4]."""
    corners = points[..., faces, :]
    flat = torch.linalg.cross(corners[..., 2, :] - corners[..., 0, :], corners[..., 3, :] - corners[..., 1, :], dim=-1)
    found = torch.zeros_like(points).index_add_(-2, faces.reshape(-1), flat.repeat_interleave(4, dim=-2))
    return torch.nn.functional.normalize(found, dim=-1)


def _rigid(points: Tensor, offsets: Tensor) -> Similarity:
    """Return the rigid motions of points [N, 3] that go by offsets [..., N, 3]."""
    found = fit_similarity(points, points + offsets)
    shift = (points + offsets).mean(dim=-2) - found.rotation @ points.mean(dim=0)
    return Similarity(found.rotation, torch.ones(()), shift)


def _vertex_normals(points: FloatArray, faces: IntArray) -> FloatArray:
    """Return [V, 3] unit normals."""
    corners = points[faces]
    flat = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    found = np.zeros_like(points)
    for corner in range(4):
        np.add.at(found, faces[:, corner], flat)
    normals: FloatArray = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
    return normals


def _means(faces: IntArray, rows: IntArray) -> Tensor:
    """Return [N, N] sparse: the mean of each vertex's neighbours, among some vertices [N] of quads."""
    place = np.full(int(faces.max()) + 1, -1)
    place[rows] = np.arange(len(rows))
    pairs = np.stack((place[faces], place[np.roll(faces, -1, axis=1)]), axis=-1).reshape(-1, 2)
    pairs = pairs[(pairs >= 0).all(axis=1) & (pairs[:, 0] != pairs[:, 1])]
    pairs = np.unique(np.concatenate((pairs, pairs[:, ::-1])), axis=0)
    count = np.maximum(np.bincount(pairs[:, 0], minlength=len(rows)), 1)
    values = torch.from_numpy(1.0 / count[pairs[:, 0]]).float()
    return torch.sparse_coo_tensor(
        torch.from_numpy(pairs.T.copy()), values, (len(rows), len(rows)), check_invariants=True
    ).coalesce()
