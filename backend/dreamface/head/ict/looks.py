"""Choosing a production head by its looks: the index of a pool that all seeds share (DreamFace, section 4.1)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Topology
from dreamface.head.anny.identity import mean_adult_person
from dreamface.head.ict.identity import SHARED, Choice, IctIdentity
from dreamface.head.selection.candidates import Pool, Scorer, Sum, TraitScorer, choose
from dreamface.head.selection.clip_pool import (
    PICTURES,
    ClipScorer,
    EmbeddingIndex,
    Encoder,
    IndexPlan,
    build_index,
    clay_pictures,
    open_index,
    rows_done,
)
from dreamface.models import models_folder
from dreamface.progress import Progress
from dreamface.random_streams import stream

if TYPE_CHECKING:
    from dreamface.head.ict.model import IctHead

MOST_CANDIDATES: Final = 10_000_000

_FOLDERS: Final = ".looks-{name}-{count}"  # in the models' folder; no model is called so
_TRIED: Final = 2  # candidates that are timed for an estimate, after one that warms up
_LOOKS_WEIGHT: Final = 50.0  # squared standard deviations of a shape trait that a likeness of 1 is worth
_OWN_SHARE: Final = 0.125  # of the pool, that a seed looks through at an alignment of 1: so seeds stay different people


class LooksPool:
    """The pool that all seeds share, and the index of its looks.

    Args:
        model: the production head.
        count: candidates.

    Raises:
        BadRequest: the count is out of range.
    """

    def __init__(self, model: IctHead, count: int) -> None:
        if not 1 <= count <= MOST_CANDIDATES:
            raise BadRequest(f"A pool has 1 to {MOST_CANDIDATES:,} candidates; got {count:,}.")
        self._model = model
        self.pool: Pool = model.space.shared_pool(count)

    @property
    def folder(self) -> Path:
        """Where its index lies, or would lie."""
        return models_folder() / _FOLDERS.format(name=self._model.name, count=self.pool.count)

    def plan(self, encoder: Encoder, device: torch.device, progress: Progress) -> IndexPlan:
        """Return what building the index takes here; looks at a few candidates to know.

        Args:
            encoder: what looks.
            device: where pictures are made.
            progress: told about every candidate.
        """
        topology, seconds = _on(self._model.topology, device), 0.0
        for number in range(1 + _TRIED):
            progress.report("head", number / (1 + _TRIED), "Looking at a few candidates, to know how long all take")
            start = time.perf_counter()
            encoder.images(clay_pictures(self._vertices(self.pool.candidate(number)).to(device), topology)).cpu()
            seconds = time.perf_counter() - start if number <= 1 else min(seconds, time.perf_counter() - start)
        done = rows_done(self.folder, self.pool, encoder)
        return IndexPlan(self.pool.count, PICTURES, done, seconds * max(0, self.pool.count + 1 - done))

    def build(self, encoder: Encoder, device: torch.device, progress: Progress) -> EmbeddingIndex:
        """Look at all candidates; goes on where an earlier call was stopped.

        Raises:
            BadRequest: the folder has the index of other candidates or of another encoder.
            Cancelled: the progress said so; what was done is kept.
        """
        topology = _on(self._model.topology, device)
        return build_index(
            self.folder, self.pool, lambda row: self._vertices(row).to(device), topology, encoder, progress
        )  # fmt: skip

    def choice(self, encoder: Encoder, prompt: str, seed: int, alpha: float) -> Choice:
        """Return how the likest candidate is chosen: the relative score is added to that of the traits asked for.

        Each seed looks through a share of the pool that is its own, so that not everybody becomes the same person.

        Args:
            encoder: that made the index.
            prompt: as the artist typed it.
            seed: of the face.
            alpha: 0..1 the larger the share, the likelier the candidate.

        Raises:
            BadRequest: there is no finished index of this encoder.
        """
        looks = ClipScorer.of(open_index(self.folder, self.pool, encoder), encoder, prompt)
        own = torch.rand(self.pool.count, generator=stream(seed, "looks")) < _OWN_SHARE * alpha
        own[int(own.float().argmax())] = True  # somebody there has to be

        def chosen(_: Pool, traits: TraitScorer | None) -> int:
            scorers: list[tuple[float, Scorer]] = [(_LOOKS_WEIGHT, looks), (1.0, _Own(own))]
            scorers += [(1.0, traits)] if traits is not None else []
            numbers, _scores = choose(self.pool, Sum(tuple(scorers)))
            return SHARED + int(numbers[0])

        return chosen

    def _vertices(self, coefficients: Tensor) -> Tensor:
        """Return [V, 3] metres of a candidate's head as a young adult halfway between the sexes."""
        space = self._model.space
        morphs = torch.zeros(len(space.morph_names))
        return self._model.head_of(IctIdentity(mean_adult_person(), coefficients.float(), morphs, 0)).vertices


@dataclass(frozen=True)
class _Own:
    """A scorer of which candidates a seed looks at: 0, and minus infinity for the others."""

    own: Tensor

    def score(self, first: int, candidates: Tensor) -> Tensor:
        own = self.own[first : first + len(candidates)]
        return torch.where(own, 0.0, -torch.inf)


def begun_pools(model: IctHead) -> list[LooksPool]:
    """Return the pools that an index was begun of, the largest first."""
    start = _FOLDERS.format(name=model.name, count="")
    counts = [folder.name.removeprefix(start) for folder in models_folder().glob(f"{start}*")]
    return [LooksPool(model, count) for count in sorted((int(one) for one in counts if one.isdigit()), reverse=True)]


def _on(topology: Topology, device: torch.device) -> Topology:
    """Return a topology whose faces lie on a device."""
    return topology if device.type == "cpu" else replace(topology, faces=topology.faces.to(device))
