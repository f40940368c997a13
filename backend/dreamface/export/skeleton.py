"""The bones of a face in glTF: joints, the matrices that undo their rest pose, and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pygltflib as gltf
import torch
from numpy.typing import NDArray

from dreamface.arrays import IntArray
from dreamface.bones import BONES, NAMES, PARENTS, BoneNames
from dreamface.export.geometry import y_up
from dreamface.face import Face
from dreamface.rig import rig_of
from dreamface.rigging import Rig

INFLUENCES = 4
"""Bones that glTF has room for at a vertex, of which a head's never needs more."""

ROOT = "root"
"""The node that carries the joints; a joint is called head."""


@dataclass(frozen=True)
class Skeleton:
    """The bones that go into a file.

    Attributes:
        names: of the joints, in the order of `BONES`.
        joints: [B, 3] metres, Y up.
        rig: for the vertices of the face that is written.
    """

    names: tuple[str, ...]
    joints: NDArray[np.float32]
    rig: Rig

    def nodes(self, first: int) -> list[gltf.Node]:
        """The joints' nodes, whose indices in the file begin at `first`; only the neck hangs on nothing of ours."""
        nodes = []
        for index, bone in enumerate(BONES):
            parent = PARENTS.get(bone)
            origin = np.zeros(3) if parent is None else self.joints[BONES.index(parent)]
            children = [first + BONES.index(child) for child in BONES if PARENTS.get(child) == bone]
            place = (self.joints[index] - origin).tolist()
            nodes.append(gltf.Node(name=self.names[index], translation=place, children=children))
        return nodes

    def inverse_bind_matrices(self) -> NDArray[np.float32]:
        """[B, 16] column-major: they take a vertex from the head's space to the joint's, which is only shifted."""
        matrices = np.tile(np.eye(4, dtype=np.float32), (len(BONES), 1, 1))
        matrices[:, 3, :3] = -self.joints
        return matrices.reshape(-1, 16)

    def attributes(self, vertices: IntArray) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """[M, 4] joints and [M, 4] weights of vertices [M] of the face, the heaviest first."""
        weights = self.rig.weights[torch.from_numpy(np.ascontiguousarray(vertices))].numpy()
        order = np.argsort(-weights, axis=1, kind="stable")[:, :INFLUENCES]
        heaviest = np.take_along_axis(weights, order, axis=1)
        heaviest /= heaviest.sum(axis=1, keepdims=True)
        joints = np.where(heaviest > 0.0, order, 0).astype(np.uint8)  # joints without weight are 0 by the specification
        return joints, heaviest.astype(np.float32)


def rigged(face: Face) -> Face:
    """Return the face with its rig, which those of older versions do not have."""
    return replace(face, rig=rig_of(face))


def skeleton_of(face: Face, names: BoneNames) -> Skeleton:
    """Return the bones of a face under the names of some other software."""
    rig = rig_of(face)
    return Skeleton(NAMES[names], y_up(rig.joints(face.head.vertices)), rig)


def add_skin(document: gltf.GLTF2, skeleton: Skeleton, add_matrices: Callable[[NDArray[np.float32]], int]) -> None:
    """Add joints under the document's first node, and a skin that has them.

    Args:
        document: of nothing but its root node so far.
        skeleton: the bones.
        add_matrices: stores [B, 16] and returns the accessor.
    """
    first = len(document.nodes)
    document.nodes[0].name = ROOT
    document.nodes[0].children.append(first)
    document.nodes.extend(skeleton.nodes(first))
    document.skins.append(
        gltf.Skin(
            name="head",
            joints=list(range(first, first + len(BONES))),
            skeleton=0,
            inverseBindMatrices=add_matrices(skeleton.inverse_bind_matrices()),
        )
    )
