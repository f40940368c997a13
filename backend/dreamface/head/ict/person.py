"""Age, sex, ancestry and build on ICT-FaceKit's head: the built-in head's morphs, transferred.

The built-in head is linear in MakeHuman's targets, so each target's displacement is transferred to ICT's skin once (see
`transfer.morphs`), and a person is a sum of them. What lies inside follows: eyeballs, teeth and tongue move by the
similarities of the built-in head's helpers, the lids keep their distance from the eyeball, and what lies on the lids
moves with the lids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.geometry import fit_similarity, fit_sphere
from dreamface.head.anny import elf_ears
from dreamface.head.anny.bank import load_bank
from dreamface.head.anny.identity import macro_weights, mean_adult_person
from dreamface.head.ict.openings import LID_ANTERIOR, LID_CONTOUR, PARTS, lid_levels, mirror_map
from dreamface.head.ict.parts import LOWER_TEETH, PAPER
from dreamface.head.ict.source import IctSource
from dreamface.head.teeth_gap import gap_offsets
from dreamface.head.transfer import morphs
from dreamface.head.transfer.morphs import MorphTransfer, TransferredMorphs, broad_sliders, load_people, unfold

_SIDES: Final = ("left", "right")
_RIDING: Final = ("lacrimal_fluid", "eye_blend", "eye_occlusion", "lashes")  # parts that lie on the lids
_WHITE: Final = 0.8  # least cosine to the line of sight of the eyeball's front, which is no sphere
_ON_EYE: Final = (0.5e-3, 8.0e-3)  # metres from the lid's edge: keeps its distance from the eye, moves freely
_WITH_LIDS: Final = 0.75  # how far the eyeball goes with lids that move off it: else a gaze would wander with age
_FOLLOWED: Final = 6  # lid vertices that a riding vertex follows
_JAW_REACH: Final = 0.010  # metres that what belongs to the lower jaw moves at jawOpen, at least
_UPPER: Final = 0.1  # of what the lower jaw moves: gum that moves less is the upper jaw's


class PersonOffsets:
    """What person traits change on ICT's neutral, relative to the built-in mean adult."""

    def __init__(self, source: IctSource) -> None:
        """Load the transferred targets, made first where they are missing (about a second).

        Args:
            source: the model.
        """
        self._source = source
        self._people = load_people(source)
        rows = [self._people.slider_names.index(name) for name in self.broad_sliders]
        self._together = self._people.targets.joined(self._people.sliders.rows(rows))
        self._mirror = torch.from_numpy(mirror_map(source.neutral.double().numpy()))
        self._mean = macro_weights(self._people.names, mean_adult_person())
        self._rows = _rows()
        self._eyes = [_Eye.of(source, self._rows, side) for side in _SIDES]
        self._jaw = _jaw_shares(source, self._rows)
        self._gap = _gap(source, self._rows["gums_and_tongue"][self._jaw["gums_and_tongue"] < _UPPER])

    def offsets(self, person: Mapping[str, float], broad: Mapping[str, float] = MappingProxyType({})) -> Tensor:
        """Return [26719, 3] metres: what makes ICT's neutral this person.

        Args:
            person: age in years, gender -1..1, ancestry weights, body.weight and body.muscle 0..1, teeth.gap 0..1.
            broad: amounts of `broad_sliders`.
        """
        return self.offsets_at(self.coefficients(person, broad), person.get("teeth.gap", 0.0))

    @property
    def coefficient_count(self) -> int:
        """How many `coefficients` there are."""
        return len(self._people.names) + len(self.broad_sliders)

    def coefficients(self, person: Mapping[str, float], broad: Mapping[str, float] = MappingProxyType({})) -> Tensor:
        """Return [T] how far a person is from the mean adult: macro targets, then `broad_sliders`.

        Arguments as `offsets`.
        """
        weights = (macro_weights(self._people.names, person) - self._mean).float()
        return torch.cat((weights, torch.tensor([broad.get(name, 0.0) for name in self.broad_sliders])))

    def offsets_at(self, coefficients: Tensor, gap: float = 0.0) -> Tensor:
        """Return [26719, 3] metres: what makes ICT's neutral somebody with coefficients [T] and a gap between teeth."""
        found = self._whole(self._together, coefficients)
        for rows, apart in self._gap:
            found[rows] += gap * apart
        return found

    def skin_offsets(self, coefficients: Tensor) -> Tensor:
        """Return [..., PAPER, 3] metres that coefficients [..., T] move the skin by; lids do not keep off the eyes."""
        half = coefficients @ self._together.skin.flatten(1)
        return unfold(half.view(*half.shape[:-1], *self._together.skin.shape[1:]), self._mirror)

    def morph(self, slider: str) -> Tensor:
        """Return [26719, 3] metres: what a slider of the built-in head, such as "ear-elf", changes at 1.

        Raises:
            KeyError: there is no such slider.
        """
        if slider in self._people.slider_names:
            chosen = [float(name == slider) for name in self._people.slider_names]
            return self._whole(self._people.sliders, torch.tensor(chosen))
        bank = load_bank()
        target = morphs.slider(bank, slider)
        return self._whole(MorphTransfer(self._source, bank).transfer(target), torch.ones(1))

    def mirrored(self, skin: Tensor) -> Tensor:
        """Return [..., PAPER, 3] offsets of the skin with left and right exchanged."""
        return skin[..., self._mirror, :] * skin.new_tensor((-1.0, 1.0, 1.0))

    @property
    def local_sliders(self) -> tuple[str, ...]:
        """Sliders of the built-in head that each move one part of the face, to either side: -1 to 1."""
        return tuple(name for name in self._people.slider_names if name not in (elf_ears.SLIDER, *self.broad_sliders))

    @property
    def broad_sliders(self) -> tuple[str, ...]:
        """Sliders that go with age, sex, ancestry and build: -1 to 1."""
        return broad_sliders(self._people.slider_names)

    def _whole(self, targets: TransferredMorphs, weights: Tensor) -> Tensor:
        """Return [26719, 3] offsets of every part for a sum of targets."""
        neutral = self._source.neutral
        offsets = torch.zeros_like(neutral)
        offsets[:PAPER] = unfold(torch.einsum("t,tvx->vx", weights, targets.skin), self._mirror)
        before = self._people.helpers
        after = before + torch.einsum("t,tkx->kx", weights, targets.helpers)
        for side, eye in zip(_SIDES, self._eyes, strict=True):
            span = slice(*self._people.spans[f"{side}_eye"])
            eye.move(offsets, neutral, before[span], after[span])
        self._move_mouth(offsets, before, after)
        return offsets

    def _move_mouth(self, offsets: Tensor, before: Tensor, after: Tensor) -> None:
        """Teeth, gums and tongue: by the upper or the lower jaw's helper, or something between."""
        for part, share in self._jaw.items():
            points = self._source.neutral[self._rows[part]]
            moved = torch.zeros_like(points)
            for jaw, weight in (("upper", 1.0 - share), ("lower", share)):
                span = slice(*self._people.spans[f"{jaw}_teeth"])
                similarity = fit_similarity(before[span], after[span])
                middle = (points * weight[:, None]).sum(dim=0) / weight.sum()
                arm = points - middle
                turned = similarity.scale * arm @ similarity.rotation.T
                shift = after[span].mean(dim=0) - before[span].mean(dim=0)
                moved += weight[:, None] * (turned - arm + shift)
            offsets[self._rows[part]] = moved


@dataclass(frozen=True)
class _Eye:
    """One eyeball and what lies around it.

    Attributes:
        ball: [B] vertices that move with the eyeball.
        centre: [3] of the eyeball's white, metres.
        lids: [L] skin vertices around the eye, and how much each keeps its distance from the eyeball.
        hold: [L] 0..1.
        opening: [O] skin vertices of the lids' edges.
        riders: [N] vertices of tears, shadow and lashes.
        followed: [N, K] indices into `lids` of the skin that each follows.
        shares: [N, K] weights.
        wet: [N] bool: lies on the eyeball.
    """

    ball: Tensor
    centre: Tensor
    lids: Tensor
    hold: Tensor
    opening: Tensor
    riders: Tensor
    followed: Tensor
    shares: Tensor
    wet: Tensor

    @classmethod
    def of(cls, source: IctSource, rows: Mapping[str, Tensor], side: str) -> _Eye:
        """Return the "left" or "right" eye of ICT's neutral."""
        neutral = source.neutral
        shell = neutral[rows[f"{side}_sclera"]]
        ahead = torch.nn.functional.normalize(shell - shell.mean(dim=0), dim=1) @ torch.tensor([0.0, -1.0, 0.0])
        centre, _ = fit_sphere(shell[ahead < _WHITE])
        level = torch.from_numpy(lid_levels(source.faces.numpy(), side))
        edge = cKDTree(neutral[:PAPER][level <= LID_ANTERIOR].numpy())
        away = torch.from_numpy(edge.query(neutral[:PAPER].numpy())[0]).float()
        hold = _fade(away, *_ON_EYE)
        lids = torch.nonzero(hold > 0.0)[:, 0]
        names = [f"{side}_{part}" for part in _RIDING]
        riders = torch.cat([rows[name] for name in names])
        distance, followed = cKDTree(neutral[lids].numpy()).query(neutral[riders].numpy(), k=_FOLLOWED)
        shares = 1.0 / (np.square(distance) + 1.0e-7)
        wet = torch.cat([torch.full((len(rows[name]),), not name.endswith("lashes")) for name in names])
        return cls(
            ball=torch.cat((rows[f"{side}_sclera"], rows[f"{side}_iris"])),
            centre=centre,
            lids=lids,
            hold=hold[lids],
            opening=torch.nonzero(level == LID_CONTOUR)[:, 0],
            riders=riders,
            followed=torch.from_numpy(followed.astype(np.int64)),
            shares=torch.from_numpy(shares / shares.sum(axis=1, keepdims=True)).float(),
            wet=wet,
        )

    def move(self, offsets: Tensor, neutral: Tensor, before: Tensor, after: Tensor) -> None:
        """Fill in the offsets [V, 3] of eyeball and riders, and mend those of the lids, in place.

        Args:
            offsets: [V, 3] metres; the skin's are given.
            neutral: [V, 3] metres.
            before: [K, 3] the built-in head's helper sphere of the mean adult.
            after: [K, 3] the same of the person.
        """
        shift = after.mean(dim=0) - before.mean(dim=0)
        growth = float(_radius(after) / _radius(before))
        edge = neutral[self.opening] - self.centre
        left_behind = (offsets[self.opening] - shift - (growth - 1.0) * edge).mean(dim=0)
        shift = shift + _WITH_LIDS * left_behind * torch.tensor([1.0, 0.0, 1.0])
        offsets[self.ball] = shift + (growth - 1.0) * (neutral[self.ball] - self.centre)
        offsets[self.lids] = self._held(offsets[self.lids], neutral[self.lids], self.hold, shift, growth)
        ridden = (offsets[self.lids][self.followed] * self.shares[..., None]).sum(dim=1)
        offsets[self.riders] = self._held(ridden, neutral[self.riders], self.wet.float(), shift, growth)

    def _held(self, offsets: Tensor, points: Tensor, hold: Tensor, shift: Tensor, growth: float) -> Tensor:
        """[N, 3] offsets that keep each point's distance from the eyeball's centre, in radii, as far as it is held."""
        arm = points + offsets - self.centre - shift
        distance = torch.linalg.vector_norm(arm, dim=1)
        wanted = growth * torch.linalg.vector_norm(points - self.centre, dim=1)
        return offsets + (hold * (wanted / distance - 1.0))[:, None] * arm


def _radius(sphere: Tensor) -> Tensor:
    return torch.linalg.vector_norm(sphere - sphere.mean(dim=0), dim=1).mean()


def _fade(values: Tensor, low: float, high: float) -> Tensor:
    """1 up to `low`, 0 from `high` on, smooth between."""
    share = ((high - values) / (high - low)).clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _gap(source: IctSource, gums: Tensor) -> tuple[tuple[Tensor, Tensor], ...]:
    """Return vertices [N] and offsets [N, 3] that open the gap of the upper teeth, for these and for their gums."""
    part = PARTS["teeth"]
    faces = source.faces[slice(*part.faces)].numpy()
    faces = faces[(faces < LOWER_TEETH[0]).all(axis=1)]
    teeth = torch.arange(part.vertices[0], LOWER_TEETH[0])
    moved = gap_offsets(source.neutral[teeth], faces - part.vertices[0], source.neutral[gums])
    return (teeth, moved[0]), (gums, moved[1])


def _rows() -> dict[str, Tensor]:
    """Part -> its vertices."""
    return {name: torch.arange(*part.vertices) for name, part in PARTS.items()}


def _jaw_shares(source: IctSource, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Part -> [N] 0..1: how far a vertex of the teeth, gums or tongue belongs to the lower jaw."""
    reach = torch.linalg.vector_norm(source.expressions["jawOpen"], dim=1) / _JAW_REACH
    return {part: reach[rows[part]].clamp(0.0, 1.0) for part in ("gums_and_tongue", "teeth")}
