"""Makes `rig/levels.npz`: coarser versions of each head model's mesh, for games.

Edges are collapsed where that costs least (Garland and Heckbert 1998, "Simplifying surfaces with color and texture
using quadric error metrics", as meshoptimizer does it), counting places, texture coordinates and how blend shapes move
the skin. A vertex that stays is one of the head's, so every head and every shape has it. The neck's ring, the seams
between parts and the landmarks stay.

Run it again, where all head models are installed, with: pip install meshoptimizer; python -m dreamface.training.levels
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Final

import meshoptimizer
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface import rig
from dreamface.arrays import IntArray
from dreamface.face import Head, Part
from dreamface.head import HeadSource, load_model

OUTPUT: Final = Path(rig.__file__).with_name("levels.npz")
MODELS: Final = ("anny", "ict")
_SEED: Final = 1

SHARES: Final = {1: 0.5, 2: 0.25, 3: 0.1}
"""Level -> share of the triangles that it keeps."""

_MOTIONS: Final = 24
"""Principal motions of the blend shapes that count; meshoptimizer takes 32 numbers a vertex."""

_MOTION_WEIGHT: Final = 1.0
"""Of a motion against the place itself, both in sizes of the head."""

_UV_WEIGHT: Final = 0.3
_ANY_ERROR: Final = 1.0  # sizes of the head: the count of triangles alone decides


def motions(head: Head, shapes: Tensor) -> NDArray[np.float32]:
    """[V, M] what blend shapes do to each vertex, by their principal components, in sizes of the head."""
    size = float((head.vertices.amax(dim=0) - head.vertices.amin(dim=0)).max())
    flat = shapes.permute(1, 0, 2).reshape(len(head.vertices), -1).double() / size
    _, values = torch.linalg.eigh(flat.T @ flat)
    return (flat @ values[:, -_MOTIONS:]).float().numpy()


def locked_vertices(head: Head) -> NDArray[np.bool_]:
    """[V] those that every level keeps: the neck's ring, seams between parts, landmarks."""
    locked = np.zeros(len(head.vertices), bool)
    locked[rig.find_neck_ring(head).numpy()] = True
    locked[list(head.topology.landmarks.values())] = True
    seen = np.zeros(len(locked), np.int64)
    for part in head.topology.parts:
        seen[torch.unique(head.topology.faces[slice(*part.faces)]).numpy()] += 1
    locked[seen > 1] = True
    return locked


def simplify(head: Head, part: Part, moved: NDArray[np.float32], locked: NDArray[np.bool_], share: float) -> IntArray:
    """Return [T, 3, 2] vertices and texture coordinates at the corners of a part's triangles at a level."""
    topology = head.topology
    run = slice(2 * part.faces[0], 2 * part.faces[1])
    corners = np.stack((topology.triangles[run].numpy(), topology.triangle_uvs[run].numpy()), axis=-1)
    corners = corners[corners[:, 1, 0] != corners[:, 2, 0]]  # the second half of a face that is a triangle
    wedges, index = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    vertices, uv = wedges[:, 0], wedges[:, 1]
    size = float((head.vertices.amax(dim=0) - head.vertices.amin(dim=0)).max())
    attributes = np.concatenate((topology.uv.numpy()[uv], moved[vertices]), axis=1).astype(np.float32)
    weights = np.array([_UV_WEIGHT] * 2 + [_MOTION_WEIGHT] * moved.shape[1], np.float32)
    indices = np.ascontiguousarray(index.reshape(-1), np.uint32)
    kept = np.zeros_like(indices)
    places = np.ascontiguousarray(head.vertices.numpy()[vertices] / size, np.float32)
    as_size = ctypes.c_size_t  # the package does not say of what types its C function is
    count = meshoptimizer.simplify_with_attributes(
        kept,
        indices,
        places,
        np.ascontiguousarray(attributes),
        weights,
        index_count=as_size(len(indices)),
        vertex_count=as_size(len(places)),
        vertex_positions_stride=as_size(places.strides[0]),
        vertex_attributes_stride=as_size(attributes.strides[0]),
        attribute_count=as_size(len(weights)),
        vertex_lock=locked[vertices].astype(np.uint8),
        target_index_count=as_size(int(share * len(indices)) // 3 * 3),
        target_error=ctypes.c_float(_ANY_ERROR),
    )
    return wedges[kept[:count]].reshape(-1, 3, 2)


def main() -> None:
    """Write the file."""
    arrays = {}
    for name in MODELS:
        model = load_model(name)
        head = model.build(HeadSource(generator=torch.Generator().manual_seed(_SEED)))
        moved, locked = motions(head, model.shapes(head)), locked_vertices(head)
        first = {part.name: group.vertices[0] for group in head.topology.objects for part in group.parts}
        for level, share in SHARES.items():
            total = 0
            for part in head.topology.parts:
                corners = simplify(head, part, moved, locked, share)
                total += len(corners)
                arrays[f"{name}.{level}.{part.name}.vertices"] = (corners[..., 0] - first[part.name]).astype(np.uint16)
                arrays[f"{name}.{level}.{part.name}.uv"] = corners[..., 1].astype(np.uint16)
            print(f"{name}, level {level}: {total} triangles")
    np.savez_compressed(OUTPUT, **arrays)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
