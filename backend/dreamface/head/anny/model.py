"""The built-in head: MakeHuman's head, refined, with eyes, teeth, tongue and lashes of our own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.face import Head, Part, Topology
from dreamface.geometry import PoseTransfer, Similarity, catmull_clark, fit_similarity, linear_subdivision, smoothstep
from dreamface.head.anny.bank import Bank, load_bank
from dreamface.head.anny.eyes import CORNEA_BULGE, EyePart, eye_parts, height_over_eye
from dreamface.head.anny.identity import Identity, IdentitySpace
from dreamface.head.anny.lashes import lash_faces, lash_roots, lash_uv, lash_vertices
from dreamface.head.anny.motion import close_lids, gaze_rotations, hold_lips
from dreamface.head.anny.mouth import MouthPart, mouth_parts
from dreamface.head.anny.regions import regions
from dreamface.head.lid_room import RETREAT, Lid
from dreamface.head.measure import Points, measure
from dreamface.head.model import HeadSource, with_offset
from dreamface.head.mouth_room import PARTS_LIPS, MouthRoom
from dreamface.head.teeth_gap import gap_offsets
from dreamface.traits import ARKIT_SHAPES

_SIDES: Final = ("left", "right")
_TILES: Final = ("skin", "eyes", "mouth")
_EYE_PARTS: Final = ("sclera", "iris", "cornea")
_MOUTH_PARTS: Final = {  # name -> (material, jaw it sits in)
    "upper_teeth": ("teeth", "upper"),
    "lower_teeth": ("teeth", "lower"),
    "upper_gums": ("gums", "upper"),
    "lower_gums": ("gums", "lower"),
}
_UV_FILE: Final = Path(__file__).with_name("uv.npz")
_TONGUE_UV: Final = (0.02, 0.02, 0.98, 0.23)  # left, bottom, right, top in the mouth tile
_LASH_SEEDS: Final = (11, 12)
_MOUTH_ISLAND: Final = 2  # of `Cage.islands`
_OVER_TEETH: Final = 6e-3  # metres from the lower teeth: the mouth's lining that they go along with
_TONGUE_JAW: Final = 0.6  # how far jawOpen takes part in tongueOut: lips and teeth let the tongue through
_TONGUE_LIP: Final = 0.6  # the same of mouthLowerDown
_TONGUE_RIDES: Final = 0.75  # of the jaw's way that the tip of the tongue goes along
_TONGUE_NARROW: Final = 0.8  # of its width, where it is out
_TONGUE_LIFT: Final = 5.0e-3  # metres, of its tip
_BEFORE_TEETH: Final = 16e-3  # metres from the teeth: the lips that are held before them
_MOUTH_SHAPES: Final = ("jaw", "mouth", "nose", "cheek", "tongue")  # names begin so
_AROUND_EYE: Final = 1.5  # radii of the eyeball: how far the skin around it reaches
_LID_OFF_EYE: Final = 0.3e-3  # metres, of lids
_MARGIN_OFF_EYE: Final = -0.1e-3  # of their edges, where these hide it
_IN_SOCKET: Final = 0.5  # of the region: what lies behind lids
_LID_MOVES: Final = 0.05e-3  # metres; less is none of an eye's shapes
_NO_MOTION: Final = 1e-7  # metres; smaller deltas are rounding


class AnnyHead:
    """See `HeadModel`. The origin is the middle of the neck's base."""

    name: Final = "anny"
    shape_names: Final = ARKIT_SHAPES

    def __init__(self) -> None:
        self._bank: Bank = load_bank()
        cage = self._bank.cage
        skin_count = cage.ranges["skin"][1]
        start, stop = cage.ranges["tongue"]
        self._skin = catmull_clark(cage.skin_faces, skin_count)
        self._tongue = catmull_clark(cage.tongue_faces - start, stop - start)
        self._refine_skin = _sparse(self._skin.matrix)
        self._coarsen_skin = _sparse(_weighted_means(self._skin.matrix))
        self._refine_tongue = _sparse(self._tongue.matrix)
        self._space = IdentitySpace(self._bank, self._skin.matrix)
        self._mean = self._space.mean_adult()
        eyes, mouth = {side: eye_parts(side) for side in _SIDES}, mouth_parts()
        self._eyes = {
            side: {part: torch.from_numpy(surface.vertices).float() for part, surface in parts.items()}
            for side, parts in eyes.items()
        }
        self._mouth = {name: torch.from_numpy(part.vertices).float() for name, part in mouth.items()}
        apart = gap_offsets(self._mouth["upper_teeth"], mouth["upper_teeth"].faces, self._mouth["upper_gums"])
        self._gap = dict(zip(("upper_teeth", "upper_gums"), apart, strict=True))
        mean_skin = self._mean[:skin_count].double().numpy()
        self._lashes = [
            lash_roots(rings, mean_skin, seed) for rings, seed in zip(cage.lid_rings, _LASH_SEEDS, strict=True)
        ]
        self.topology = self._build_topology(eyes, mouth)

    # ------------------------------------------------------------------------------------------------------- identity

    def build(self, source: HeadSource) -> Head:
        """See `HeadModel.build`."""
        return self.build_all([source])[0]

    def build_all(self, sources: Sequence[HeadSource]) -> list[Head]:
        """See `HeadModel.build_all`."""
        new = [source for source in sources if source.identity is None]
        drawn = iter(
            self._space.people(
                [source.traits for source in new],
                [source.drawn_from() for source in new],
                [source.candidate for source in new],
            )
        )
        people = [
            next(drawn) if source.identity is None else self._space.from_mapping(source.identity) for source in sources
        ]
        return [
            with_offset(self._head(identity), source.offset) for identity, source in zip(people, sources, strict=True)
        ]

    def measure(self, head: Head) -> dict[str, float]:
        """See `HeadModel.measure`."""
        return measure(Points(head.vertices.double(), self.topology.landmarks), self._space.population)

    def _head(self, identity: Identity) -> Head:
        vertices = self._placed(self._space.cage_vertices(identity), identity.lash_length, identity.teeth_gap)
        return Head(self.name, self.topology, vertices, self._space.to_mapping(identity))

    def coefficients(self, head: Head) -> Tensor:
        """See `HeadModel.coefficients`."""
        return self._space.target_weights(self._space.from_mapping(head.identity))[1:].float()

    def vertices_at(self, coefficients: Tensor, person: Mapping[str, float]) -> Tensor:
        """See `HeadModel.vertices_at`."""
        cage = self._space.cage_at(coefficients.float())
        return self._placed(cage, person["lashes.length"], person["teeth.gap"])

    def skin_offsets(self, coefficients: Tensor) -> Tensor:
        """See `HeadModel.skin_offsets`."""
        cage = self._cut(self._space.cage_offsets(coefficients.float()), "skin")
        return _refine_all(self._refine_skin, cage)

    def _placed(self, cage: Tensor, lash_length: float, gap: float) -> Tensor:
        """Return [V, 3] vertices of a neutral head with the origin in the middle of the neck's base."""
        return torch.cat(list(self._neutral_parts(cage, lash_length, gap))) - self._origin(cage)

    def _origin(self, cage: Tensor) -> Tensor:
        """Return [3] middle of the neck's base: between the jugular notch and the seventh neck vertebra."""
        names = self._bank.landmarks
        return 0.5 * (cage[names["jugular_notch"]] + cage[names["cervicale"]])

    def _neutral_parts(self, cage: Tensor, lash_length: float, gap: float) -> Iterator[Tensor]:
        """Return [N, 3] vertices of every part in the topology's order, in the base mesh's own place."""
        skin = self._refine_skin @ self._cut(cage, "skin")
        for side in _SIDES:
            lid = self._lid(skin, cage, side)
            short = (lid.least - lid.height(lid.rest, torch.eye(3))).clamp(min=0.0)
            skin[self._around_eyes[side]] += short[:, None] * torch.nn.functional.normalize(
                lid.rest - lid.centre, dim=1
            )
        yield skin
        for side in _SIDES:
            centre, radius = self._eyeball(cage, side)
            for part in _EYE_PARTS:
                yield centre + radius * self._eyes[side][part]
        for name, (_, jaw) in _MOUTH_PARTS.items():
            placed = self._jaw(cage, jaw)
            # The gap is so wide on small jaws, too.
            yield placed.apply(self._mouth[name] + (gap / placed.scale) * self._gap.get(name, 0.0))
        yield self._refine_tongue @ self._cut(cage, "tongue")
        for roots in self._lashes:
            yield lash_vertices(skin, roots, lash_length)

    def _cut(self, cage: Tensor, name: str) -> Tensor:
        """Return the cage vertices [..., C, 3] of "skin" or one helper group."""
        start, stop = self._bank.cage.ranges[name]
        return cage[..., start:stop, :]

    def _eyeball(self, cage: Tensor, side: str) -> tuple[Tensor, Tensor]:
        """Return [3] centre and [] radius of an eyeball, metres, from the base mesh's helper sphere."""
        sphere = self._cut(cage, f"{side}_eye")
        centre = sphere.mean(dim=0)
        return centre, torch.linalg.vector_norm(sphere - centre, dim=1).mean()

    def _jaw(self, cage: Tensor, jaw: str) -> Similarity:
        """Return how the mean adult's upper or lower teeth are transferred to the cages [..., C, 3]."""
        helper = f"{jaw}_teeth"
        return fit_similarity(self._cut(self._mean, helper), self._cut(cage, helper))

    # ----------------------------------------------------------------------------------------------------- expression

    def shapes(self, head: Head) -> Tensor:
        """See `HeadModel.shapes`."""
        identity = self._space.from_mapping(head.identity)
        base = self._space.cage_vertices(identity)
        cage = self._with_offset(base, head)
        actions = self._actions(cage)
        skin = _refine_all(self._refine_skin, self._cut(actions, "skin"))
        neutral = head.vertices + self._origin(base)
        deltas = torch.zeros(len(ARKIT_SHAPES), len(neutral), 3)
        deltas[:, : skin.shape[1]] = skin
        for side in _SIDES:
            self._turn_eye(deltas, neutral, cage, side)
        for name, (_, jaw) in _MOUTH_PARTS.items():
            if jaw == "lower":
                teeth = self._mouth[name]
                deltas[:, self._rows(name)] = self._jaw(cage + actions, jaw).apply(teeth) - self._jaw(cage, jaw).apply(
                    teeth
                )
        deltas[:, self._rows("tongue")] = _refine_all(self._refine_tongue, self._cut(actions, "tongue"))
        self._put_out_tongue(deltas, neutral, float(self._face_size(cage) / self._face_size(self._mean)))
        rest = neutral[: skin.shape[1]]
        for side, roots in zip(_SIDES, self._lashes, strict=True):
            self._clear_eye(deltas, self._lid(rest, cage, side))
            skin = deltas[:, : skin.shape[1]]
            still, moved = (lash_vertices(posed, roots, identity.lash_length) for posed in (rest, rest + skin))
            deltas[:, self._rows(f"{side}_lashes")] = moved - still
        self._keep_mouth(deltas, neutral)
        return torch.nn.functional.hardshrink(deltas, _NO_MOTION)

    def _put_out_tongue(self, deltas: Tensor, neutral: Tensor, size: float) -> None:
        """Let jaw and lower lip make way for the tongue in tongueOut, which passes over them, in place.

        Halfway out, on a straight line from where it rests, it has to clear the lip, too. `size` is of the face, over
        the average adult's.
        """
        names = ("tongueOut", "jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight")
        out, jaw_open, left, right = (deltas[ARKIT_SHAPES.index(name)] for name in names)
        rows = self._rows("tongue")
        forwards = -out[rows, 1]
        share = smoothstep(forwards / forwards.max().clamp(min=1e-6))[:, None]
        out += _TONGUE_JAW * jaw_open + _TONGUE_LIP * (left + right)
        out[rows] -= (1.0 - _TONGUE_RIDES) * _TONGUE_JAW * share * jaw_open[rows]
        sideways = neutral[rows, :1] + out[rows, :1]
        out[rows, :1] -= (1.0 - _TONGUE_NARROW) * share * (sideways - sideways.mean())
        out[rows, 2:] += size * _TONGUE_LIFT * share

    def _keep_mouth(self, deltas: Tensor, neutral: Tensor) -> None:
        """Hold the lips before the teeth and the mouth's lining behind the skin in shapes [52, V, 3], in place."""
        room, (moved, parting) = self._mouth_room
        jaw_open = ARKIT_SHAPES.index("jawOpen")
        room.clear_teeth(neutral, deltas, jaw_open, moved, moved, parting)
        room.hide_lining(neutral, deltas, jaw_open, ARKIT_SHAPES.index("mouthClose"), moved)

    @cached_property
    def _mouth_room(self) -> tuple[MouthRoom, tuple[Tensor, Tensor]]:
        """What may come through lips and chin, and the shapes that move the mouth, and those of them that part lips."""
        cage = self._mean
        neutral = torch.cat(list(self._neutral_parts(cage, 1.0, 0.0)))
        skin = self.topology.part("skin")
        inside = self.topology.regions["mouth_inside"]
        lining, hidden = (
            torch.nonzero(chosen)[:, 0].numpy() for chosen in (inside > 0.99, (inside > 0.3) & (inside <= 0.99))
        )
        jaws = tuple(
            np.concatenate([np.arange(*self.topology.part(f"{jaw}_{what}").vertices) for what in ("teeth", "gums")])
            for jaw in ("upper", "lower")
        )
        corners = self.topology.multipie[[48, 54, 60, 64]].numpy()
        faces = self.topology.faces[slice(*skin.faces)].numpy()
        room = MouthRoom(neutral, faces, lining, hidden, (jaws[0], jaws[1]), corners, _BEFORE_TEETH)
        moved = [index for index, name in enumerate(ARKIT_SHAPES) if name.startswith(_MOUTH_SHAPES)]
        parting = [ARKIT_SHAPES.index(f"{name}{side}") for name in PARTS_LIPS for side in ("Left", "Right")]
        return room, (torch.tensor(moved), torch.tensor(parting))

    def _with_offset(self, cage: Tensor, head: Head) -> Tensor:
        """Return the cage [C, 3] with what was sculpted: the skin's offset, averaged, and where the eyeballs went."""
        if head.offset is None:
            return cage
        changed = cage.clone()
        self._cut(changed, "skin").add_(self._coarsen_skin @ head.offset[self._rows("skin")])
        for side in _SIDES:
            self._cut(changed, f"{side}_eye").add_(head.offset[self._rows(f"{side}_sclera")].mean(dim=0))
        return changed

    def _rows(self, part: str) -> slice:
        return slice(*self.topology.part(part).vertices)

    def _actions(self, cage: Tensor) -> Tensor:
        """Return [52, C, 3] facial actions of the person with this cage, with lids that shut and lips that hold."""
        size = self._face_size(cage) / self._face_size(self._mean)
        eyes = [self._eyeball(cage, side) for side in _SIDES]
        centres, radii = torch.stack([centre for centre, _ in eyes]), torch.stack([radius for _, radius in eyes])
        template = torch.from_numpy(self._bank.actions) * size
        actions = template.clone()
        change = self._transfer.corrections(self._cut(cage, "skin"), size)
        self._cut(actions, "skin").add_(change)
        actions = hold_lips(cage, template, actions, self._bank.cage.lip_rings)
        jaw = change[:, self._over_jaw].mean(dim=1, keepdim=True)
        for name in ("lower_teeth", "tongue"):
            part = self._cut(actions, name)
            part.add_(torch.where((part != 0.0).any(dim=2, keepdim=True), jaw, 0.0))
        return close_lids(cage, actions, self._bank.cage.lid_rings, centres, radii, CORNEA_BULGE)

    @cached_property
    def _transfer(self) -> PoseTransfer:
        """The skin's actions, ready for people; made when first needed because that takes a while."""
        actions = self._cut(torch.from_numpy(self._bank.actions), "skin")
        return PoseTransfer(self._cut(self._mean, "skin"), torch.from_numpy(self._bank.cage.skin_faces), actions)

    @cached_property
    def _over_jaw(self) -> Tensor:
        """[N] cage vertices of the mouth's lining over the lower teeth: the teeth go along with them."""
        cage = self._bank.cage
        inside = np.unique(cage.skin_faces[cage.islands == _MOUTH_ISLAND])
        teeth = self._cut(self._mean, "lower_teeth").numpy()
        away = cKDTree(teeth).query(self._mean[inside].numpy())[0]
        return torch.from_numpy(inside[away < _OVER_TEETH])

    def _face_size(self, cage: Tensor) -> Tensor:
        """Return [] metres: what facial motion is proportional to."""
        names = self._bank.landmarks
        width = cage[names["zygion_l"], 0] - cage[names["zygion_r"], 0]
        return width + cage[names["nasion"], 2] - cage[names["menton"], 2]

    def _turn_eye(self, deltas: Tensor, neutral: Tensor, cage: Tensor, side: str) -> None:
        centre, _ = self._eyeball(cage, side)
        for name, rotation in gaze_rotations(side).items():
            for part in _EYE_PARTS:
                rows = self._rows(f"{side}_{part}")
                arm = neutral[rows] - centre
                deltas[ARKIT_SHAPES.index(name), rows] = arm @ rotation.T - arm

    @cached_property
    def _around_eyes(self) -> dict[str, Tensor]:
        """Side -> [N] vertices of the skin around that eye."""
        skin = self._refine_skin @ self._cut(self._mean, "skin")
        found = {}
        for side in _SIDES:
            centre, radius = self._eyeball(self._mean, side)
            arms = skin - centre
            near = (torch.linalg.vector_norm(arms, dim=1) < _AROUND_EYE * radius) & (arms[:, 1] < 0.0)
            found[side] = torch.nonzero(near)[:, 0]
        return found

    def _lid(self, skin: Tensor, cage: Tensor, side: str) -> Lid:
        """Return the skin [S, 3] around an eye, and how far it stays off that."""
        centre, radius = self._eyeball(cage, side)
        rows = self._around_eyes[side]
        hidden = self.topology.regions["lids_margin"][rows]
        least = torch.lerp(torch.full_like(hidden, _LID_OFF_EYE), torch.full_like(hidden, _MARGIN_OFF_EYE), hidden)
        least = torch.where(self.topology.regions["eye_sockets"][rows] > _IN_SOCKET, -1.0, least)

        def height(points: Tensor, gaze: Tensor) -> Tensor:
            return height_over_eye((points - centre) @ gaze, float(radius))

        return Lid(side.capitalize(), skin[rows], centre, height, least)

    def _clear_eye(self, deltas: Tensor, lid: Lid) -> None:
        """Keep lids off the eyeball in all shapes [52, V, 3], which draws back from lids that shut, in place."""
        side = lid.side.lower()
        rows = self._around_eyes[side]
        names = [
            name for name in ARKIT_SHAPES if float(deltas[ARKIT_SHAPES.index(name), rows].abs().max()) > _LID_MOVES
        ]
        looked_at = [name.removesuffix(lid.side) for name in names if name.endswith(lid.side)]
        shapes = {name: deltas[ARKIT_SHAPES.index(name), rows] for name in names}
        lid.clear(shapes, [name for name in looked_at if name != "eyeBlink"])
        for name, moved in shapes.items():
            deltas[ARKIT_SHAPES.index(name), rows] = moved
        for part in _EYE_PARTS:
            deltas[ARKIT_SHAPES.index(f"eyeBlink{lid.side}"), self._rows(f"{side}_{part}"), 1] = RETREAT

    # ------------------------------------------------------------------------------------------------------- topology

    def _build_topology(self, eyes: Mapping[str, Mapping[str, EyePart]], mouth: Mapping[str, MouthPart]) -> Topology:
        surfaces = [self._skin_surface()]
        for side, parts in eyes.items():
            for part, surface in parts.items():
                surfaces.append(
                    _PartMesh(f"{side}_{part}", part, surface.faces, surface.faces, surface.uv, len(surface.uv))
                )
        for name, part_surface in mouth.items():
            faces, uv = part_surface.faces, part_surface.uv
            surfaces.append(_PartMesh(name, _MOUTH_PARTS[name][0], faces, faces, uv, len(uv)))
        surfaces.append(self._tongue_surface())
        for side, roots in zip(_SIDES, self._lashes, strict=True):
            faces, uv = lash_faces(roots), lash_uv(roots)
            surfaces.append(_PartMesh(f"{side}_lashes", "lashes", faces, faces, uv, len(uv)))
        return _join(surfaces, self._build_regions(), self._bank.landmarks)

    def _skin_surface(self) -> _PartMesh:
        layout = np.load(_UV_FILE)
        flat = linear_subdivision(layout["face_uvs"].astype(np.int64), len(layout["uv"]))
        uv = flat.matrix @ layout["uv"].astype(np.float64)
        return _PartMesh("skin", "skin", self._skin.faces, flat.faces, uv, self._skin.matrix.shape[0])

    def _tongue_surface(self) -> _PartMesh:
        vertices = (self._refine_tongue @ self._cut(self._mean, "tongue")).double().numpy()
        left, bottom, right, top = _TONGUE_UV
        low, size = vertices.min(axis=0), np.ptp(vertices, axis=0)
        u = left + (right - left) * (vertices[:, 1] - low[1]) / size[1]
        v = bottom + (top - bottom) * (vertices[:, 0] - low[0]) / size[0]
        faces = self._tongue.faces
        return _PartMesh("tongue", "tongue", faces, faces, np.stack((u, v), axis=1), len(vertices))

    def _build_regions(self) -> dict[str, FloatArray]:
        cage = self._bank.cage
        mean_skin = (self._refine_skin @ self._cut(self._mean, "skin")).double().numpy()
        found = regions(cage, mean_skin, self._bank.landmarks)
        cage_count = cage.ranges["skin"][1]
        return {
            name: np.clip(self._skin.matrix @ weights if len(weights) == cage_count else weights, 0.0, 1.0)
            for name, weights in found.items()
        }


class _PartMesh:
    """A part on its way into the topology: local quads, local texture quads and coordinates."""

    def __init__(
        self, name: str, material: str, faces: IntArray, face_uvs: IntArray, uv: FloatArray, vertex_count: int
    ) -> None:
        self.name, self.material, self.faces, self.face_uvs, self.uv = name, material, faces, face_uvs, uv
        self.vertex_count = vertex_count


def _join(surfaces: list[_PartMesh], skin_regions: Mapping[str, FloatArray], points: Mapping[str, int]) -> Topology:
    """Number all surfaces' vertices, texture coordinates and faces one after the other."""
    parts, faces, face_uvs, uv = [], [], [], []
    vertex = face = texture = 0
    for surface in surfaces:
        spans = (vertex, vertex + surface.vertex_count), (face, face + len(surface.faces))
        parts.append(Part(surface.name, surface.material, *spans))
        faces.append(surface.faces + vertex)
        face_uvs.append(surface.face_uvs + texture)
        uv.append(surface.uv)
        vertex, face, texture = spans[0][1], spans[1][1], texture + len(surface.uv)
    padded = {name: np.pad(weights, (0, vertex - len(weights))) for name, weights in skin_regions.items()}
    return Topology(
        faces=torch.from_numpy(np.concatenate(faces)),
        uv=torch.from_numpy(np.concatenate(uv)).float(),
        face_uvs=torch.from_numpy(np.concatenate(face_uvs)),
        parts=tuple(parts),
        tiles=_TILES,
        regions={name: torch.from_numpy(weights).float() for name, weights in padded.items()},
        landmarks=dict(points),
    )


def _sparse(matrix: sp.csr_matrix) -> Tensor:
    """Return the scipy operator as a float32 torch one."""
    matrix.sum_duplicates()  # also sorts, which torch requires
    indptr, indices = torch.from_numpy(matrix.indptr).long(), torch.from_numpy(matrix.indices).long()
    values = torch.from_numpy(matrix.data).float()
    with warnings.catch_warnings():  # torch announces that CSR support is in beta; the product used here is not news
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(indptr, indices, values, matrix.shape, check_invariants=True)


def _weighted_means(refine: sp.csr_matrix) -> sp.csr_matrix:
    """Return [C, V] the means of subdivided vertices by how much each cage vertex has to do with them."""
    shares = np.abs(refine).T.tocsr()
    return (sp.diags(1.0 / np.asarray(shares.sum(axis=1))[:, 0]) @ shares).tocsr()


def _refine_all(operator: Tensor, offsets: Tensor) -> Tensor:
    """Return [B, V, 3] subdivided offsets of [B, C, 3] cage offsets, in one sparse product."""
    batch, count, _ = offsets.shape
    columns = offsets.permute(1, 0, 2).reshape(count, batch * 3)
    return (operator @ columns).reshape(-1, batch, 3).permute(1, 0, 2)
