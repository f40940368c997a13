"""The production head: ICT-FaceKit's topology, identities and expressions (Li et al. 2020), 26,719 vertices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from torch import Tensor

from dreamface.face import Head, Topology
from dreamface.head.ict.identity import IctIdentity, IctSpace
from dreamface.head.ict.lashes import with_curled_lashes
from dreamface.head.ict.motion import SHAPE_NAMES, Motion
from dreamface.head.ict.parts import TILES, cornea_last, inside_tile, parts
from dreamface.head.ict.person import PersonOffsets
from dreamface.head.ict.regions import landmarks, regions
from dreamface.head.ict.source import IctSource, load_source
from dreamface.head.measure import Points, measure
from dreamface.head.model import HeadSource, with_offset


class IctHead:
    """See `HeadModel`. The origin is the middle of the neck's base.

    Attributes:
        space: all people it can be.
    """

    name: Final = "ict"
    shape_names: Final = SHAPE_NAMES

    def __init__(self) -> None:
        """Map the installed model into memory and measure its population.

        Raises:
            MissingDependency: it is not installed, or its file is damaged.
        """
        source = with_curled_lashes(load_source())
        self.topology = _topology(source)
        self._motion = Motion(source, self.topology)
        self.space = IctSpace(source, PersonOffsets(source), self.topology.landmarks, self._motion.settle)

    def build(self, source: HeadSource) -> Head:
        """See `HeadModel.build`."""
        return self.build_all([source])[0]

    def build_all(self, sources: Sequence[HeadSource]) -> list[Head]:
        """See `HeadModel.build_all`."""
        drawn = iter(self.space.build([source for source in sources if source.identity is None]))
        people = [
            next(drawn) if source.identity is None else self.space.from_mapping(source.identity) for source in sources
        ]
        return [
            with_offset(self.head_of(identity), source.offset) for identity, source in zip(people, sources, strict=True)
        ]

    def head_of(self, identity: IctIdentity) -> Head:
        """Return the head that coefficients mean."""
        vertices = self._placed(self.space.vertices(identity))
        return Head(self.name, self.topology, vertices, self.space.to_mapping(identity))

    def _placed(self, vertices: Tensor) -> Tensor:
        """Return vertices [V, 3] with the origin in the middle of the neck's base."""
        names = self.topology.landmarks
        origin = 0.5 * (vertices[names["jugular_notch"]] + vertices[names["cervicale"]])
        origin[0] = 0.0  # the model's own middle, from which asymmetry is measured
        return vertices - origin

    def coefficients(self, head: Head) -> Tensor:
        """See `HeadModel.coefficients`."""
        return self.space.coefficients(self.space.from_mapping(head.identity))

    def vertices_at(self, coefficients: Tensor, person: Mapping[str, float]) -> Tensor:
        """See `HeadModel.vertices_at`."""
        return self._placed(self.space.vertices_at(coefficients.float(), person["teeth.gap"]))

    def skin_offsets(self, coefficients: Tensor) -> Tensor:
        """See `HeadModel.skin_offsets`."""
        return self.space.skin_offsets(coefficients.float())

    def shapes(self, head: Head) -> Tensor:
        """See `HeadModel.shapes`."""
        return self._motion.shapes(head.vertices)

    def measure(self, head: Head) -> dict[str, float]:
        """See `HeadModel.measure`."""
        return measure(Points(head.vertices.double(), self.topology.landmarks), self.space.population)


def _topology(source: IctSource) -> Topology:
    uv = inside_tile(source.uv)
    order, cornea_faces = cornea_last(source.face_uvs, uv)
    bare = Topology(
        faces=source.faces[order],
        uv=uv,
        face_uvs=source.face_uvs[order],
        parts=parts(cornea_faces),
        tiles=TILES,
    )
    multipie = {f"multipie_{number:02d}": int(vertex) for number, vertex in enumerate(source.multipie)}
    return replace(bare, landmarks={**landmarks(source), **multipie}, regions=regions(len(source.neutral)))
