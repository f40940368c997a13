"""Age, sex, ancestry and build on ICT-FaceKit's head: the built-in head's morphs, carried over.

The built-in head is linear in MakeHuman's targets, so each target's displacement is carried to ICT's skin once, and a
person is a sum of them. What lies inside follows: eyeballs, teeth and tongue move by the similarities of the built-in
head's helpers, the lids keep their distance from the eyeball, and what lies on the lids moves with the lids.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import platformdirs
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from scipy.sparse.linalg import spsolve
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.head import anny_source, cage, correspondence, elf_ears, ict_loops, subdivision
from dreamface.head.anny_identity import IdentitySpace, macro_weights, mean_adult_person
from dreamface.head.bank import Bank, load_bank
from dreamface.head.cage import HELPERS
from dreamface.head.correspondence import load_correspondence
from dreamface.head.ict_eyeballs import fit_sphere
from dreamface.head.ict_parts import PAPER, parts
from dreamface.head.ict_source import IctSource
from dreamface.head.subdivision import catmull_clark, unique_edges
from dreamface.head.transforms import Similarity, fit_similarity

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FORMAT: Final = 1  # raise it when the meaning of a stored array changes

_SIDES: Final = ("left", "right")
_HELPERS: Final = ("left_eye", "right_eye", "upper_teeth", "lower_teeth")

_SMOOTHING: Final = 2  # steps that take the ripples of barycentric interpolation out of a displacement
_BEYOND: Final = 2.0e-3  # metres from the built-in bust: further out its displacement is continued, not copied
_LIPS_TOGETHER: Final = (7.5, 13.0)  # loops up to which both lips move alike, and from which each moves freely
_ON_EYE: Final = (1.0e-3, 13.0e-3)  # metres from the lid's edge: keeps its distance from the eye, moves freely
_FRONT: Final = 0.6  # the cornea bulges in directions closer to the line of sight than this cosine
_FOLLOWED: Final = 6  # lid vertices that a lash or tear follows
_JAW_REACH: Final = 0.010  # metres that a vertex moves at jawOpen when it belongs to the lower jaw


class PersonOffsets:
    """What person traits change on ICT's neutral, relative to the built-in mean adult."""

    def __init__(self, source: IctSource) -> None:
        """Load the carried targets, made first where they are missing (about a second).

        Args:
            source: the model.
        """
        self._neutral = source.neutral
        self._mirror = torch.from_numpy(ict_loops.mirror_map(source.neutral.double().numpy()))
        stored = _load(source)
        self._names = stored.names
        self._inside = _Inside(source, stored.similarity)
        self._half = torch.nonzero(self._mirror >= torch.arange(PAPER))[:, 0]
        self._macros, self._helpers, self._mean_helpers = stored.macros, stored.helpers, stored.mean_helpers
        self._mean = macro_weights(self._names, mean_adult_person())
        self._source = source

    def offsets(self, person: Mapping[str, float]) -> Tensor:
        """[26719, 3] metres: what makes ICT's neutral this person.

        Args:
            person: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1.
        """
        weights = (macro_weights(self._names, person) - self._mean).float()
        half = torch.einsum("m,mvx->vx", weights, self._macros)
        helpers = self._mean_helpers + torch.einsum("m,mvx->vx", weights, self._helpers)
        return self._inside.fill(self._unfolded(half), self._mean_helpers, helpers)

    def morph(self, slider: str) -> Tensor:
        """[26719, 3] metres: what a slider of the built-in head, such as "ear-elf", changes at 1.

        Raises:
            KeyError: there is no such slider.
        """
        bank = load_bank()
        if slider not in bank.slider_names:
            raise KeyError(slider)
        target = bank.sliders_high[bank.slider_names.index(slider)][None]
        carried = _carry(target, bank, self._source)
        helpers = self._mean_helpers + carried.helpers[0]
        return self._inside.fill(self._unfolded(carried.macros[0]), self._mean_helpers, helpers)

    def _unfolded(self, half: Tensor) -> Tensor:
        """[PAPER, 3] symmetric offsets from those of one side."""
        whole = torch.empty(PAPER, 3)
        whole[self._mirror[self._half]] = half * torch.tensor([-1.0, 1.0, 1.0])
        whole[self._half] = half
        return whole
