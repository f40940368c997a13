"""ICT-FaceKit's expressions as ARKit's shapes, for any person: lids and lips that meet, eyeballs that turn, a tongue.

The archive's expressions fit the average face. Deformation transfer carries them onto a person's own neutral. Lids
still gape or pass each other a little, and the eyeball comes through; what is measured on the person puts that right.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import IntArray
from dreamface.face import Topology
from dreamface.geometry import PoseTransfer
from dreamface.head.anny.motion import gaze_rotations
from dreamface.head.ict import lips as lip_contact
from dreamface.head.ict.contact import EdgeGraph
from dreamface.head.ict.eyeballs import TurningEye
from dreamface.head.ict.lids import Lids
from dreamface.head.ict.lips import lip_seam
from dreamface.head.ict.muscles import muscle_pulls
from dreamface.head.ict.openings import LIP_CONTACT, loops
from dreamface.head.ict.parts import LOWER_TEETH
from dreamface.head.ict.source import IctSource
from dreamface.head.ict.tongue import JAW, LIP, Tongue
from dreamface.head.lid_room import RETREAT
from dreamface.head.mouth_room import PARTS_LIPS, MouthRoom
from dreamface.traits import ARKIT_SHAPES

EXTRAS: Final = (
    "browInnerUp_L", "browInnerUp_R", "cheekPuff_L", "cheekPuff_R",
    "cheekRaiser_L", "cheekRaiser_R", "PupilDilate_L", "PupilDilate_R",
)  # fmt: skip
"""What ICT-FaceKit offers beyond ARKit's shapes, by its own names; _L is the person's left."""

SHAPE_NAMES: Final = ARKIT_SHAPES + EXTRAS

_SIDES: Final = ("left", "right")
_JOINED: Final = ("browInnerUp", "cheekPuff")  # one shape of ARKit's, two halves here
_NOISE: Final = 2e-6  # metres; the archive's files round to about that
_AT_REST: Final = 60e-6  # metres; where the lids move less, what the archive moves on them is an accident
_NO_MOTION: Final = 1e-7  # metres; smaller offsets are rounding

_JAWS: Final = ("jawOpen", "jawForward", "jawLeft", "jawRight")  # what moves gums, teeth and tongue
_OPENS_MOUTH: Final = ("jawOpen", "tongueOut")  # lips so far apart that they need no look
_CLOSED_LIPS: Final = (
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthPressLeft", "mouthPressRight",
    "mouthShrugLower", "cheekPuff", "cheekPuff_L", "cheekPuff_R", "cheekSquintLeft", "cheekSquintRight",
)  # fmt: skip
"""Shapes in which lips that are closed at rest stay closed."""
_LID_SHAPES: Final = (
    "eyeBlink", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide", "cheekSquint",
    "noseSneer", "browDown", "browOuterUp",
)  # fmt: skip

_LID_ROUNDS: Final = 2
_LOWER: Final = 0.5  # of the way that the teeth go at jawOpen: more belongs to the lower jaw
_BEFORE_TEETH: Final = 16e-3  # metres from the teeth: the lips and the lining that are held before them
_BEHIND_SKIN, _BEFORE_SKIN = 2.5e-3, 9.0e-3  # metres: where gums are to lie, and as far as they come through
_OVER_TEETH: Final = 4e-3  # metres from the lower teeth: the lining of the mouth that they go along with

# Metres: the middle of the skin between chin and neck on the average person, and how far around it is ironed.
_THROAT: Final = (0.0, -0.062, -0.086)
_THROAT_REACH: Final = 0.060
_THROAT_ROUNDS: Final = 60


def _still(offsets: Tensor) -> Tensor:
    """Return the offsets with those that are only rounding at 0, which keeps files small."""
    return torch.nn.functional.hardshrink(offsets, _NO_MOTION)


def ict_name(name: str) -> str:
    """Return what the archive calls one of `SHAPE_NAMES` that it has as a whole."""
    if name.startswith(("jaw", "mouthLeft", "mouthRight")):
        return name
    for ours, theirs in (("Left", "_L"), ("Right", "_R")):
        if name.endswith(ours):
            return name.removesuffix(ours) + theirs
    return name


class Motion:
    """Blend shapes of one model for every person."""

    def __init__(self, source: IctSource, topology: Topology) -> None:
        """Find lids, lips, eyeballs and tongue.

        Args:
            source: the installed model.
            topology: its topology.
        """
        self._topology = topology
        neutral = self._neutral = source.neutral
        welded = topology.objects[0]
        skin = EdgeGraph(neutral[: welded.vertices[1]].double().numpy(), topology.faces[: welded.faces[1]].numpy())
        around = loops(topology.faces.numpy(), topology.multipie.numpy())
        self.eyeballs = {side: TurningEye(topology, neutral, side) for side in _SIDES}
        self.lids = {
            side: Lids(topology, neutral, skin, (around[f"{side}_eye"], around[f"{side}_lids"]), eyeball, side)
            for side, eyeball in self.eyeballs.items()
        }
        self.lips = lip_seam(around["mouth"], skin)
        self.tongue = Tongue(topology, neutral, around["mouth"])
        self._size = self._face_size(neutral)
        self._gaze = {name: turn for side in _SIDES for name, turn in gaze_rotations(side).items()}
        rings = np.stack([around["mouth"].ring(step) for step in range(lip_contact.OUTMOST + 1)])
        self._base = self._average_shapes(source, muscle_pulls(neutral, rings, LIP_CONTACT))
        self._iron_throat(skin)
        self._close_mouth(neutral)
        reach = self._base[:, self.lips.known].abs().amax(dim=(1, 2))
        moved = [index for index in range(len(SHAPE_NAMES)) if float(reach[index]) > _AT_REST]
        self._lip_shapes = [index for index in moved if SHAPE_NAMES[index] not in _OPENS_MOUTH]
        self._held_lips = [index for index in self._lip_shapes if SHAPE_NAMES[index] in _CLOSED_LIPS]
        self._find_jaw(neutral)
        self._room = self._mouth_room(
            np.concatenate([around["mouth"].ring(step) for step in range(lip_contact.INMOST, LIP_CONTACT - 1)])
        )
        mouth = [index for index in moved if SHAPE_NAMES[index] != "tongueOut"]
        parted = self._lip_shapes
        parting = [SHAPE_NAMES.index(f"{name}{side.capitalize()}") for name in PARTS_LIPS for side in _SIDES]
        self._mouth_shapes = torch.tensor(mouth), torch.tensor(parted), torch.tensor(parting)
        self._closed = torch.tensor([SHAPE_NAMES[index] in (*_CLOSED_LIPS, "mouthClose") for index in self._lip_shapes])

    # ------------------------------------------------------------------------------------------------------- at rest

    def settle(self, vertices: Tensor) -> Tensor:
        """Offsets that put a new person's rest right: lips closed, lids off the eyeballs, eyes ahead, gums inside.

        Args:
            vertices: [V, 3] metres, of one person as identity modes give it.

        Returns:
            [V, 3] metres. A face that they were added to needs none.
        """
        settled = vertices.clone()
        for side in _SIDES:
            self._face_ahead(settled, side)
            pose = self.eyeballs[side].fit(settled)
            lids = self.lids[side]
            rest = settled[lids.vertices]
            settled[lids.vertices] += lids.correct(rest, rest[None], pose, torch.eye(3)[None], torch.tensor([False]))[0]
        lips = settled[self.lips.known]
        settled[self.lips.known, 2] += self.lips.meet(lips[None], torch.tensor([True]), lip_contact.OVERLAP)[0]
        settled[self._gums] += self._room.tuck(settled, self._gums, _BEHIND_SKIN, _BEFORE_SKIN)
        return settled - vertices

    def _face_ahead(self, vertices: Tensor, side: str) -> None:
        """Turn the eyeball so that it looks where the average person's does; scans caught each one as it was."""
        pose = self.eyeballs[side].fit(vertices)
        rows = self.eyeballs[side].rows
        vertices[rows] = (vertices[rows] - pose.centre) @ pose.turn + pose.centre

    # ---------------------------------------------------------------------------------------------------- expressions

    def shapes(self, vertices: Tensor) -> Tensor:
        """One person's blend shapes.

        Args:
            vertices: [V, 3] metres, settled; any origin.

        Returns:
            [60, V, 3] offsets in metres at weight 1, in the order of `SHAPE_NAMES`.
        """
        scale = self._face_size(vertices) / self._size
        deltas = self._base * scale
        self._make_personal(deltas, vertices, scale)
        for side in _SIDES:
            self._move_eye(deltas, vertices, side)
        self._room.clear_teeth(vertices, deltas, SHAPE_NAMES.index("jawOpen"), *self._mouth_shapes)
        self._move_lips(deltas, vertices)
        self._room.carry_lining(deltas)
        self._room.sink_lining(vertices, deltas, SHAPE_NAMES.index("jawOpen"), self._mouth_shapes[0])
        closing = SHAPE_NAMES.index("jawOpen"), SHAPE_NAMES.index("mouthClose")
        self._room.hide_lining(vertices, deltas, *closing, self._mouth_shapes[0])
        jaw_open, out = (deltas[SHAPE_NAMES.index(name)] for name in ("jawOpen", "tongueOut"))
        torch.mul(jaw_open, JAW, out=out)
        for side in _SIDES:
            out += LIP * deltas[SHAPE_NAMES.index(f"mouthLowerDown{side.capitalize()}")]
        out.copy_(_still(out))
        last = torch.tensor([SHAPE_NAMES.index("tongueOut")])
        self._room.hide_lining(vertices, deltas, *closing, last)
        out[self.tongue.vertices] = _still(self.tongue.out(vertices, jaw_open))
        return deltas

    @cached_property
    def _transfer(self) -> PoseTransfer:
        """The skin's motion, ready for people; made when first needed because that takes a while."""
        vertices, faces = self._topology.objects[0].vertices[1], self._topology.objects[0].faces[1]
        return PoseTransfer(self._neutral[:vertices], self._topology.faces[:faces], self._base[:, :vertices])

    def _make_personal(self, deltas: Tensor, vertices: Tensor, scale: Tensor) -> None:
        """Carry the skin's motion onto the person's neutral, in place, and take along what goes with the skin."""
        count = self._topology.objects[0].vertices[1]
        change = self._transfer.corrections(vertices[:count], scale)
        rows = self.lips.known
        for index in self._held_lips:  # what is closed at rest moves as one
            moved = change[index, rows]
            change[index, rows] = moved + self.lips.together(vertices[rows], moved)
        deltas[:, :count] = _still(deltas[:, :count] + change)
        for lids in self.lids.values():
            deltas[:, lids.riders] += lids.rider_offsets(change)
        shift = torch.where(self._moves_jaw[:, None], change[:, self._over_jaw].mean(dim=1), 0.0)
        deltas[:, self._in_mouth] += self._on_jaw[:, None] * shift[:, None]

    def _move_eye(self, deltas: Tensor, vertices: Tensor, side: str) -> None:
        """Turn the eyeball and fit the lids to it, in place."""
        eyeball, lids = self.eyeballs[side], self.lids[side]
        pose = eyeball.fit(vertices)
        for name, turn in gaze_rotations(side).items():
            arm = vertices[eyeball.rows] - pose.centre
            deltas[SHAPE_NAMES.index(name), eyeball.rows] = _still(arm @ turn.T - arm)
        names = [f"{name}{side.capitalize()}" for name in _LID_SHAPES] + [f"cheekRaiser_{side[0].upper()}"]
        indices = torch.tensor([SHAPE_NAMES.index(name) for name in names])
        gazes = torch.stack([self._gaze.get(name, torch.eye(3)) for name in names])
        shut = torch.tensor([name.startswith("eyeBlink") for name in names])
        rest, moved = vertices[lids.vertices], deltas[indices[:, None], lids.vertices]
        moved += lids.correct(rest, rest + moved, pose, gazes, shut)
        for _ in range(_LID_ROUNDS):  # what clears the eyeball on the way parts shut lids a little
            moved += lids.clear_on_the_way(rest, dict(zip(names, moved, strict=True)), pose, side)
            moved[shut] += lids.correct(rest, rest + moved[shut], pose, gazes[shut], shut[shut])
        deltas[indices[:, None], lids.vertices] = _still(moved)
        deltas[SHAPE_NAMES.index(f"eyeBlink{side.capitalize()}"), eyeball.rows, 1] = RETREAT

    def _move_lips(self, deltas: Tensor, vertices: Tensor) -> None:
        """Keep lips from crossing, and closed where they are to be, in place."""
        rows, indices = self.lips.known, torch.tensor(self._lip_shapes)
        moved = deltas[indices[:, None], rows]
        posed = vertices[rows] + moved
        close = self._lip_shapes.index(SHAPE_NAMES.index("mouthClose"))
        posed[close] += deltas[SHAPE_NAMES.index("jawOpen"), rows]  # closes lips that jawOpen parted
        moved[..., 2] += self.lips.meet(posed, self._closed, lip_contact.OVERLAP)
        deltas[indices[:, None], rows] = _still(moved)

    def _face_size(self, vertices: Tensor) -> Tensor:
        """Return [] metres: what facial motion is proportional to."""
        right, left, nasion, chin = vertices[self._topology.multipie[[1, 15, 27, 8]]]
        return torch.linalg.vector_norm(left - right) + torch.linalg.vector_norm(nasion - chin)

    # ----------------------------------------------------------------------------------------------- the average face

    def _average_shapes(self, source: IctSource, pulls: Mapping[str, Tensor]) -> Tensor:
        """Return [60, V, 3] the archive's expressions in our order, without its accidents; what it lacks is 0.

        Args:
            source: the installed model.
            pulls: shape -> [N, 3] metres that muscles add to it on the first N vertices.
        """
        found = torch.zeros(len(SHAPE_NAMES), *source.neutral.shape)
        for index, name in enumerate(SHAPE_NAMES):
            halves = (f"{name}_L", f"{name}_R") if name in _JOINED else (ict_name(name),)
            if name != "tongueOut":
                found[index] = sum(self._clean(source.expressions, half) for half in halves)
        for name, pull in pulls.items():
            found[SHAPE_NAMES.index(name), : len(pull)] += pull
        for side in _SIDES:
            lids = self.lids[side]
            found[:, lids.blend] = lids.blend_offsets(found)
        return torch.where(found.abs() < _NOISE, 0.0, found)

    def _iron_throat(self, skin: EdgeGraph) -> None:
        """Spread what jawOpen does to the skin under the chin, in place: on a short chin it folds over itself."""
        count = len(skin.points)
        jaw_open = self._base[SHAPE_NAMES.index("jawOpen"), :count]
        middle = np.array([np.linalg.norm(skin.points - _THROAT, axis=1).argmin()])
        ironed = skin.smoothed(jaw_open.double().numpy(), middle, _THROAT_REACH, _THROAT_ROUNDS)
        jaw_open.copy_(torch.from_numpy(np.where(np.abs(ironed) < _NOISE, 0.0, ironed)))

    def _close_mouth(self, neutral: Tensor) -> None:
        """Let jawOpen and mouthClose in equal parts move both lips alike, in place: then they stay closed on the way.

        The archive's mouthClose lifts the lower lip past the upper one.
        """
        jaw_open, close = (self._base[SHAPE_NAMES.index(name), self.lips.known] for name in ("jawOpen", "mouthClose"))
        change = self.lips.together(neutral[self.lips.known], jaw_open + close)
        self._base[SHAPE_NAMES.index("mouthClose"), self.lips.known] = _still(close + change)

    def _find_jaw(self, neutral: Tensor) -> None:
        """Note what lies on the lower jaw, how far each vertex does, and the lining of the mouth over it."""
        self._in_mouth = self._rows("gums_and_tongue", "teeth")
        opened = torch.linalg.vector_norm(self._base[SHAPE_NAMES.index("jawOpen")], dim=1)
        teeth = slice(*LOWER_TEETH)
        self._on_jaw = (opened[self._in_mouth] / opened[teeth].mean()).clamp(0.0, 1.0)
        self._moves_jaw = torch.tensor([name in _JAWS for name in SHAPE_NAMES])
        lining = self._rows("mouth_socket")
        away = cKDTree(neutral[teeth].numpy()).query(neutral[lining].numpy())[0]
        self._over_jaw = lining[torch.from_numpy(away < _OVER_TEETH)]

    def _mouth_room(self, hidden: IntArray) -> MouthRoom:
        """Teeth and gums of both jaws before which the lips stay, and the lining that stays behind the skin."""
        inside = self._in_mouth[~torch.isin(self._in_mouth, self.tongue.vertices)]
        gums = self._rows("gums_and_tongue")
        self._gums = gums[~torch.isin(gums, self.tongue.vertices)]
        lower = self._on_jaw[~torch.isin(self._in_mouth, self.tongue.vertices)] > _LOWER
        skin = self._topology.faces[: self._topology.part("mouth_socket").faces[1]].numpy()
        jaws = inside[~lower].numpy(), inside[lower].numpy()
        corners = self._topology.multipie[[48, 54, 60, 64]].numpy()
        lining = self._rows("mouth_socket").numpy()
        return MouthRoom(self._neutral, skin, lining, hidden, jaws, corners, _BEFORE_TEETH)

    def _clean(self, expressions: Mapping[str, Tensor], name: str) -> Tensor:
        """[V, 3] the archive's offsets without what it moves by accident: a shape of one eye moves only that eye."""
        offsets = expressions[name].clone()
        rest = torch.ones(len(offsets), dtype=torch.bool)
        if name.startswith("PupilDilate"):
            rest[self.eyeballs["left" if name.endswith("_L") else "right"].iris] = False
            offsets[rest] = 0.0
            return offsets
        if name not in _JAWS:
            offsets[self._rows("gums_and_tongue", "teeth")] = 0.0
        for side in _SIDES:
            lids = self.lids[side]
            offsets[self.eyeballs[side].rows] = 0.0
            if float(offsets[lids.edge].abs().max()) < _AT_REST:
                offsets[self._rows(*(f"{side}_{part}" for part in _EYE_PARTS))] = 0.0
        return offsets

    def _rows(self, *parts: str) -> Tensor:
        return torch.cat([torch.arange(*self._topology.part(part).vertices) for part in parts])


_EYE_PARTS: Final = ("eye_socket", "lacrimal_fluid", "eye_blend", "eye_occlusion", "lashes")
