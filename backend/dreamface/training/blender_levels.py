"""Makes `dreamface_addon/scene/levels.npz`: the levels of detail of `rig/levels.npz`, as Blender's meshes have them.

A corner of a level's triangle is one of the whole mesh's: from it Blender has vertex, texture coordinates and material.

Run it again after `training.levels`, where all head models are installed, with:
python -m dreamface.training.blender_levels
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from dreamface.face import Topology
from dreamface.head import HeadSource, load_model
from dreamface.rig.levels import LEVELS, _faces, _table

OUTPUT: Final = Path(__file__).parents[3] / "dreamface_addon" / "scene" / "levels.npz"
MODELS: Final = ("anny", "ict")
_SEED: Final = 1


def corners_of(topology: Topology) -> NDArray[np.int64]:
    """Return [F, 4] the number of each face's corners among all of its object; of a triangle's last two it is one."""
    numbers = np.zeros((len(topology.faces), 4), np.int64)
    is_triangle = (topology.faces[:, 2] == topology.faces[:, 3]).numpy()
    for group in topology.objects:
        run = slice(*group.faces)
        sizes = np.where(is_triangle[run], 3, 4)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        numbers[run] = starts[:, None] + np.minimum(np.arange(4), sizes[:, None] - 1)
    return numbers


def describe(model: str, topology: Topology, level: int) -> dict[str, NDArray[Any]]:
    """Return, by object, [T, 3] the corners of the whole mesh's faces that are those of a level's triangles."""
    faces, uvs, counts = (np.asarray(each) for each in _faces(topology, _table(model, level), model))
    numbers, found, start = corners_of(topology), [], 0
    for part, count in zip(topology.parts, counts.tolist(), strict=True):
        run, own = slice(*part.faces), slice(start, start + count)
        start += count
        whole = zip(topology.faces[run].flatten().tolist(), topology.face_uvs[run].flatten().tolist(), strict=True)
        known = dict(zip(whole, numbers[run].reshape(-1).tolist(), strict=True))
        wanted = zip(faces[own].reshape(-1).tolist(), uvs[own].reshape(-1).tolist(), strict=True)
        corners = np.array([known[corner] for corner in wanted], np.int64).reshape(-1, 4)
        halves = np.concatenate((corners[:, :3], corners[:, (0, 2, 3)]))
        found.append((part.object_name, halves[halves[:, 1] != halves[:, 2]]))
    names = dict.fromkeys(name for name, _ in found)
    return {name: _small(np.concatenate([each for other, each in found if other == name])) for name in names}


def _small(values: NDArray[np.int64]) -> NDArray[Any]:
    return values.astype(np.uint16 if values.max(initial=0) < 2**16 else np.uint32)


def main() -> None:
    """Write the file."""
    arrays: dict[str, NDArray[Any]] = {}
    for name in MODELS:
        topology = load_model(name).build(HeadSource(generator=torch.Generator().manual_seed(_SEED))).topology
        numbers = corners_of(topology)
        for group in topology.objects:
            arrays[f"{name}.{group.name}.corners"] = np.array(numbers[slice(*group.faces)].max() + 1, np.int32)
        for level in range(1, LEVELS):
            for part, corners in describe(name, topology, level).items():
                arrays[f"{name}.{level}.{part}"] = corners
    np.savez_compressed(OUTPUT, **arrays)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
