"""The built-in head's morph targets on ICT-FaceKit's skin, in one file of the user's cache.

Displacements are taken relative to the neck's base, transferred by the stored correspondence, and turned and scaled
from one head to the other. Targets are mirror images of themselves, so one half of the skin is kept.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import platformdirs
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import catmull_clark, fit_similarity, unique_edges
from dreamface.head.anny import elf_ears
from dreamface.head.anny.bank import Bank, load_bank
from dreamface.head.anny.identity import IdentitySpace
from dreamface.head.anny.own_targets import PREFIX
from dreamface.head.ict.openings import (
    LIP_CONTACT,
    NOSTRIL_RIM,
    PAPER_FACES,
    PARTS,
    SOCKETS,
    Loops,
    mirror_map,
    mouth_loops,
    nostril_levels,
)
from dreamface.head.ict.parts import PAPER, SKIN
from dreamface.head.ict.source import IctSource
from dreamface.head.transfer.correspondence import load_correspondence

_LOCAL_KINDS: Final = ("eyebrows-", "eye-", "nose-", "cheek-", "mouth-", "chin-", "ear-")
_NOT_LOCAL: Final = frozenset({elf_ears.SLIDER, "ear-shape-pointed", "mouth-laugh-lines-out", "chin-jaw-drop"})

_BROAD: Final = frozenset({"head-fat", "head-age", "head-round", "neck-double", "forehead-temple"})

HELPERS: Final = ("left_eye", "right_eye", "upper_teeth", "lower_teeth")

_FORMAT: Final = 2  # raise it when the meaning of a stored array changes
_CACHE: Final = "ict-people-{}.safetensors"
_PACKAGE: Final = Path(__file__).parents[2]
_MAKERS: Final = (
    "geometry/subdivision.py", "geometry/transforms.py", "head/anny/bank.py", "head/anny/cage.py",
    "head/anny/elf_ears.py", "head/anny/identity.py", "head/anny/landmarks.py", "head/anny/own_targets.py",
    "head/anny/source.py",
    "head/ict/openings.py", "head/ict/parts.py", "head/transfer/correspondence.py",
    "head/transfer/ict_correspondence.npz", "head/transfer/morphs.py",
)  # fmt: skip
_NECK: Final = -0.09  # metres: the similarity between the heads is fitted above the neck
_ON_BORDER: Final = 0.999  # least weight on the bust's border of a vertex that lies beyond it
# By loop of the lips, below 0 in the mouth's socket: how far it moves as the line of contact does, and how far what
# parts the lips there is taken from it.
_WITH_CONTACT: Final = ((-7.0, 0.0), (0.0, 1.0))
_ALIKE: Final = ((7.0, 13.0), (1.0, 0.0))
_INMOST, _OUTMOST = -6, 13  # the loops between which these are not 0
_NOSE: Final = 0.016  # metres around a nostril: what its inside moves with
_WITH_NOSE: Final = ((5.0, 10.0), (1.0, 0.0))  # by loop of the nostril: how far it does
_FACE_POINTS: Final = 160  # of the face, that a vertex of the mouth's socket moves with
_FACE_STRIDE: Final = 4  # every so many of the face's vertices is one
_FACE_REACH: Final = 0.012  # metres
_STEADY: Final = 0.02  # keeps deep inside from being thrown far by a slope outside
_MIDLINE: Final = 1.0e-4  # metres
_CONTACT_SMOOTHING: Final = 2  # steps along the line of contact

_FLIP: Final = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class TransferredMorphs:
    """Targets as they move ICT's head, metres.

    Attributes:
        skin: [T, H, 3] offsets at weight 1 of one half of the skin; see `half_of`.
        helpers: [T, K, 3] the same of the helper vertices in `spans`' order.
    """

    skin: Tensor
    helpers: Tensor

    def rows(self, numbers: Sequence[int]) -> TransferredMorphs:
        """Return some of the targets."""
        return TransferredMorphs(self.skin[list(numbers)], self.helpers[list(numbers)])

    def joined(self, others: TransferredMorphs) -> TransferredMorphs:
        """Return these targets and others."""
        return TransferredMorphs(torch.cat((self.skin, others.skin)), torch.cat((self.helpers, others.helpers)))


@dataclass(frozen=True)
class People:
    """What age, sex, ancestry and build are made of.

    Attributes:
        names: [M] of MakeHuman's macro targets.
        targets: the macro targets.
        helpers: [K, 3] the mean adult's helper vertices, in ICT's axes and scale.
        spans: helper -> [start, stop) in the helper vertices.
        sliders: targets of `slider_names`: pointed ears, those that each move one part of the face, `broad_sliders`.
        slider_names: [S].
    """

    names: tuple[str, ...]
    targets: TransferredMorphs
    sliders: TransferredMorphs
    slider_names: tuple[str, ...]
    helpers: Tensor
    spans: dict[str, tuple[int, int]]


def half_of(mirror: Tensor) -> Tensor:
    """Return [H] the skin vertices of one side and of the midline, by the mirror map [PAPER]."""
    return torch.nonzero(mirror >= torch.arange(len(mirror)))[:, 0]


def unfold(half: Tensor, mirror: Tensor) -> Tensor:
    """Return [..., PAPER, 3] offsets of the whole skin from those of one half [..., H, 3]."""
    rows = half_of(mirror)
    whole = half.new_empty(*half.shape[:-2], len(mirror), 3)
    whole[..., mirror[rows], :] = half * half.new_tensor(_FLIP)
    whole[..., rows, :] = half
    return whole


class MorphTransfer:
    """Carries displacements of the built-in head's cage to ICT's skin."""

    def __init__(self, source: IctSource, bank: Bank) -> None:
        """Join subdivision, correspondence and mending into one linear operator.

        Args:
            source: ICT's model.
            bank: the built-in head's.
        """
        self._bank = bank
        count = bank.cage.ranges["skin"][1]
        fine = catmull_clark(bank.cage.skin_faces, count)
        mean = IdentitySpace(bank, fine.matrix).mean_adult()
        neutral = source.neutral[:PAPER].double().numpy()
        faces = source.faces[:PAPER_FACES].numpy()
        mouth = mouth_loops(faces, source.multipie.numpy())
        self._mirror = mirror_map(neutral)
        places = load_correspondence().ict
        corners, weights = places.corners.numpy(), places.weights.double().numpy()
        rows = np.repeat(np.arange(PAPER), 3)
        transfer = sp.csr_matrix((weights.ravel(), (rows, corners.ravel())), shape=(PAPER, fine.matrix.shape[0]))
        edges, _, uses = unique_edges(fine.faces)
        border = np.isin(corners, edges[uses == 1])
        beyond = np.flatnonzero((weights * border).sum(axis=1) > _ON_BORDER)
        self._operator = (
            _inside_nostrils(neutral, faces, self._mirror)
            @ _lips_together(neutral, mouth)
            @ _mouth_socket(neutral, mouth)
            @ _continued(faces, beyond)
            @ transfer
            @ fine.matrix
        ).tocsr()
        self.half = half_of(torch.from_numpy(self._mirror)).numpy()
        head = neutral[:, 2] > _NECK
        there = (transfer @ fine.matrix) @ mean[:count].double().numpy()
        self._similarity = fit_similarity(torch.from_numpy(there[head]), torch.from_numpy(neutral[head]))
        self.helpers = self._similarity.apply(self._helper_rows(mean[None].double()))[0].float()

    @property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Helper -> [start, stop) in the helper vertices."""
        ranges = self._bank.cage.ranges
        sizes = np.cumsum([0, *(ranges[name][1] - ranges[name][0] for name in HELPERS)]).tolist()
        return dict(zip(HELPERS, pairwise(sizes), strict=True))

    def transfer(self, targets: NDArray[np.float32]) -> TransferredMorphs:
        """Targets [T, C, 3] in metres on the cage, transferred."""
        points = self._bank.landmarks
        base = 0.5 * (targets[:, points["jugular_notch"]] + targets[:, points["cervicale"]])
        moved = torch.from_numpy(np.asarray(targets - base[:, None], dtype=np.float64))
        turn = self._similarity.scale * self._similarity.rotation.T
        count = self._operator.shape[1]
        columns = moved[:, :count].permute(1, 0, 2).reshape(count, -1).numpy()
        skin = (self._operator @ columns).reshape(PAPER, -1, 3).transpose(1, 0, 2)
        skin = 0.5 * (skin + skin[:, self._mirror] * _FLIP)[:, self.half]
        return TransferredMorphs((torch.from_numpy(skin) @ turn).float(), (self._helper_rows(moved) @ turn).float())

    def _helper_rows(self, cages: Tensor) -> Tensor:
        """Return [T, K, 3] the helper vertices of cages [T, C, 3]."""
        ranges = self._bank.cage.ranges
        return torch.cat([cages[:, slice(*ranges[name])] for name in HELPERS], dim=1)


# ------------------------------------------------------------------------------------------------------------- mending


def _continued(faces: IntArray, beyond: IntArray) -> sp.csr_matrix:
    """[PAPER, PAPER] that goes on smoothly, with the least bending, over the vertices `beyond` the built-in bust."""
    edges, _, _ = unique_edges(faces)
    edges = edges[edges[:, 0] != edges[:, 1]]
    both = np.concatenate((edges, edges[:, ::-1]))
    graph = sp.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(PAPER, PAPER))
    bend = sp.csr_matrix(sp.identity(PAPER) - sp.diags(1.0 / np.asarray(graph.sum(axis=1)).ravel()) @ graph)
    energy = (bend.T @ bend).tocsr()
    known = np.setdiff1d(np.arange(PAPER), beyond)
    near = known[np.asarray(abs(energy[beyond][:, known]).sum(axis=0)).ravel() > 0.0]
    shares = splu(energy[beyond][:, beyond].tocsc()).solve(-energy[beyond][:, near].toarray())
    operator = sp.identity(PAPER, format="lil")
    operator[beyond, beyond] = 0.0
    operator = operator.tocsr()
    rows, columns = np.meshgrid(beyond, near, indexing="ij")
    return operator + sp.csr_matrix((shares.ravel(), (rows.ravel(), columns.ravel())), shape=(PAPER, PAPER))


def _lips_together(neutral: FloatArray, mouth: Loops) -> sp.csr_matrix:
    """Return [PAPER, PAPER] that moves the lips' line of contact as one, and the lips' insides with it.

    The built-in head's insides of the lips are shaped otherwise; copied onto ICT's they would come through.
    """
    contact = mouth.ring(LIP_CONTACT)
    count = len(contact)
    turn = np.arange(count)
    facing = (np.flatnonzero(np.abs(neutral[contact, 0]) < _MIDLINE).sum() - turn) % count
    mean = np.zeros((count, count))  # of both lips' lines of contact, from the lines themselves
    mean[turn, turn] += 0.5
    mean[turn, facing] += 0.5
    ripple = 0.5 * np.eye(count) + 0.25 * (np.roll(np.eye(count), 1, axis=0) + np.roll(np.eye(count), -1, axis=0))
    mean = np.linalg.matrix_power(ripple, _CONTACT_SMOOTHING) @ mean
    together = sp.csr_matrix(mean)
    apart = sp.csr_matrix(mean - np.eye(count))
    pick = sp.csr_matrix((np.ones(count), (turn, contact)), shape=(count, PAPER))
    operator = sp.identity(PAPER, format="csr")
    for level in range(_INMOST, LIP_CONTACT):
        ring, share = mouth.ring(level), float(np.interp(level, *_WITH_CONTACT))
        place = sp.csr_matrix((np.full(count, share), (ring, turn)), shape=(PAPER, count))
        own = sp.csr_matrix((np.full(count, share), (ring, ring)), shape=(PAPER, PAPER))
        operator = operator + place @ together @ pick - own
    for level in range(LIP_CONTACT, _OUTMOST):
        share = float(np.interp(level, *_ALIKE))
        place = sp.csr_matrix((np.full(count, share), (mouth.ring(level), turn)), shape=(PAPER, count))
        operator = operator + place @ apart @ pick
    return sp.csr_matrix(operator)


def _mouth_socket(neutral: FloatArray, mouth: Loops) -> sp.csr_matrix:
    """Return [PAPER, PAPER] that moves the mouth's socket as the face in front of it.

    Moving least squares: at each vertex the affine map that fits the face best, the nearest of it most (Schaefer,
    McPhail and Warren 2006, "Image deformation using moving least squares"). The built-in head's mouth is shaped too
    differently to be copied.
    """
    start, stop = PARTS[SOCKETS["mouth"]].vertices
    outside = np.setdiff1d(np.arange(*PARTS[SKIN].vertices), mouth.rings[: mouth.seam + LIP_CONTACT + 1])
    face = outside[::_FACE_STRIDE]
    socket = neutral[start:stop]
    away, near = cKDTree(neutral[face]).query(socket, k=_FACE_POINTS)
    arms = np.concatenate((np.ones((*near.shape, 1)), (neutral[face][near] - socket[:, None]) / _FACE_REACH), axis=2)
    pull = np.exp(-np.square(away / (away[:, :1] + _FACE_REACH)))
    normal = np.einsum("nkp,nk,nkq->npq", arms, pull, arms) + _STEADY * np.eye(4)
    first = np.linalg.inv(normal)[:, 0]  # the affine map's value at the vertex itself
    shares = np.einsum("np,nkp,nk->nk", first, arms, pull)
    shares /= shares.sum(axis=1, keepdims=True)
    rows = np.repeat(np.arange(start, stop), _FACE_POINTS)
    fitted = sp.csr_matrix((shares.ravel(), (rows, face[near].ravel())), shape=(PAPER, PAPER))
    kept = np.ones(PAPER)
    kept[start:stop] = 0.0
    return sp.csr_matrix(sp.diags(kept) + fitted)


def _inside_nostrils(neutral: FloatArray, faces: IntArray, mirror: IntArray) -> sp.csr_matrix:
    """[PAPER, PAPER] that moves the nostrils' insides as the nose around them, by the affine map that fits it best.

    The built-in head has only dimples there.
    """
    affine = np.concatenate((np.ones((PAPER, 1)), neutral), axis=1)
    operator = sp.identity(PAPER, format="csr")
    for side in ("left", "right"):
        level = nostril_levels(faces, mirror, side)
        inside = np.flatnonzero(level < NOSTRIL_RIM)
        middle = neutral[level == NOSTRIL_RIM].mean(axis=0)
        near = np.linalg.norm(neutral - middle, axis=1) < _NOSE
        around = np.flatnonzero(near & (level >= NOSTRIL_RIM) & (np.arange(PAPER) < PARTS[SKIN].vertices[1]))
        share = np.interp(level[inside], *_WITH_NOSE)[:, None]
        fit = share * (affine[inside] @ np.linalg.pinv(affine[around]))
        rows, columns = np.meshgrid(inside, around, indexing="ij")
        change = sp.csr_matrix((fit.ravel(), (rows.ravel(), columns.ravel())), shape=(PAPER, PAPER))
        own = sp.csr_matrix((share[:, 0], (inside, inside)), shape=(PAPER, PAPER))
        operator = operator + change - own
    return sp.csr_matrix(operator)


# --------------------------------------------------------------------------------------------------------- on disk


def load_people(source: IctSource) -> People:
    """Return the macro targets from the cache, transferred first where it has none (about a second)."""
    file = _cache_file(source)
    if file.exists():
        try:
            return _read(file)
        except (OSError, KeyError, ValueError, SafetensorError):
            file.unlink(missing_ok=True)  # cut short or foreign: make it again
    bank = load_bank()
    morphs = MorphTransfer(source, bank)
    names = (elf_ears.SLIDER, *local_sliders(bank.slider_names), *broad_sliders(bank.slider_names))
    sliders = morphs.transfer(np.concatenate([slider(bank, name) for name in names]))
    people = People(bank.macro_names, morphs.transfer(bank.macros), sliders, names, morphs.helpers, morphs.spans)
    _write(people, file)
    return people


def local_sliders(names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the built-in head's sliders that each move one part of the face, and go to either side."""
    return tuple(name for name in names if name.startswith(_LOCAL_KINDS) and name not in _NOT_LOCAL)


def broad_sliders(names: Sequence[str]) -> tuple[str, ...]:
    """Return our own sliders and others that go with age, sex, ancestry and build and are never fitted."""
    return tuple(name for name in names if name.startswith(PREFIX) or name in _BROAD)


def slider(bank: Bank, name: str) -> NDArray[np.float32]:
    """Return [1, C, 3] what a slider changes on the cage at 1; KeyError where there is none of that name.

    A slider that goes to either side has a target for each; here they are made one line, and -1 is the other side.
    """
    if name not in bank.slider_names:
        raise KeyError(name)
    row = bank.slider_names.index(name)
    high = bank.sliders_high[row][None]
    names = bank.slider_names
    even = name in local_sliders(names) or name in broad_sliders(names)
    return 0.5 * (high - bank.sliders_low[row][None]) if even else high


def _cache_file(source: IctSource) -> Path:
    """Named after everything the content depends on, so that an update never reads an old file."""
    key = hashlib.sha256(f"{_FORMAT} {version('anny')}".encode())
    for name in _MAKERS:
        key.update((_PACKAGE / name).read_bytes())
    for tensor in (source.neutral[:PAPER], source.faces[:PAPER_FACES], source.multipie):
        key.update(tensor.numpy().tobytes())
    return Path(platformdirs.user_cache_dir("dreamface")) / _CACHE.format(key.hexdigest()[:16])


def _write(people: People, file: Path) -> None:
    """Write atomically, in place of older ones; a cache that cannot be written is only a slower start."""
    tensors = {
        "skin": people.targets.skin,
        "target_helpers": people.targets.helpers,
        "slider_skin": people.sliders.skin,
        "slider_helpers": people.sliders.helpers,
        "helpers": people.helpers,
    }
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    notes = {
        "names": json.dumps(people.names), "spans": json.dumps(people.spans),
        "slider_names": json.dumps(people.slider_names),
    }  # fmt: skip
    with suppress(OSError, SafetensorError):  # a full disk is the latter's
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, ignore_cleanup_errors=True) as temporary:
            whole = Path(temporary) / file.name
            save_file(tensors, whole, notes)
            whole.replace(file)
        for old in set(file.parent.glob(_CACHE.format("*"))) - {file}:
            with suppress(OSError):  # another DreamFace may be reading it
                old.unlink()


def _read(file: Path) -> People:
    with safe_open(str(file), framework="pt") as data:
        notes = data.metadata()
        return People(
            names=tuple(json.loads(notes["names"])),
            targets=TransferredMorphs(data.get_tensor("skin"), data.get_tensor("target_helpers")),
            sliders=TransferredMorphs(data.get_tensor("slider_skin"), data.get_tensor("slider_helpers")),
            slider_names=tuple(json.loads(notes["slider_names"])),
            helpers=data.get_tensor("helpers"),
            spans={name: (start, stop) for name, (start, stop) in json.loads(notes["spans"]).items()},
        )
