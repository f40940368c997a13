"""The production head: ICT-FaceKit's topology, identities and expressions (Li et al. 2020), 26,719 vertices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head, Topology
from dreamface.head.ict_parts import TILES, cornea_last, inside_tile, parts
from dreamface.head.ict_source import IctSource, load_source
from dreamface.traits import ARKIT_SHAPES, SHAPE_TRAITS, Traits


class IctHead:
    """See `HeadModel`."""

    name: Final = "ict"
    shape_names: Final = ARKIT_SHAPES

    def __init__(self) -> None:
        self._source = load_source()
        self.topology = _topology(self._source)

    def build(self, traits: Traits, generator: torch.Generator) -> Head:
        """See `HeadModel.build`."""
        beta = torch.randn(len(self._source.modes), generator=generator)
        return self.rebuild({f"mode.{index:03d}": float(value) for index, value in enumerate(beta)})

    def rebuild(self, identity: Mapping[str, float]) -> Head:
        """See `HeadModel.rebuild`."""
        beta = torch.tensor([identity[f"mode.{index:03d}"] for index in range(len(self._source.modes))])
        vertices = self._source.neutral + torch.einsum("m,mvx->vx", beta, self._source.modes)
        return Head(self.name, self.topology, vertices, identity)

    def shapes(self, head: Head) -> Tensor:
        """See `HeadModel.shapes`."""
        zero = torch.zeros_like(self._source.neutral)
        names = [name.replace("Left", "_L").replace("Right", "_R") for name in ARKIT_SHAPES]
        names = [name if name in ("jaw_L", "jaw_R", "mouth_L", "mouth_R") else name for name in names]
        return torch.stack([self._source.expressions.get(name, zero) for name in names])

    def measure(self, head: Head) -> dict[str, float]:
        """See `HeadModel.measure`."""
        return dict.fromkeys(SHAPE_TRAITS, 0.0)


def _topology(source: IctSource) -> Topology:
    uv = inside_tile(source.uv)
    order, cornea_faces = cornea_last(source.face_uvs, uv)
    return Topology(
        faces=source.faces[order],
        uv=uv,
        face_uvs=source.face_uvs[order],
        parts=parts(cornea_faces),
        tiles=TILES,
        regions={},
        landmarks={f"multipie_{number:02d}": int(vertex) for number, vertex in enumerate(source.multipie)},
    )
