"""How well faces show what their prompts say, by CLIP: score, R-precision, agreement of views, and run time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor

from dreamface.errors import BadRequest, FolderError
from dreamface.face import Face
from dreamface.pipeline import generate, portraits
from dreamface.progress import Progress

VIEWS: Final = (0.0, math.radians(15.0), math.radians(-15.0))
"""Radians that the camera walks around the head."""

MOST_PROMPTS: Final = 10_000

_SIZE: Final = 512  # pixels a side of a picture
_AT_ONCE: Final = 64  # prompts that are read together
_COSINE: Final = 100.0  # CLIP score is 100 times the cosine (Hessel et al. 2021)


class Encoder(Protocol):
    """What puts pictures and words in one space."""

    def images(self, pictures: Tensor) -> Tensor:
        """Return [N, D] unit embeddings of pictures [N, H, W, 3]."""
        ...

    def texts(self, prompts: Sequence[str]) -> Tensor:
        """Return [N, D] unit embeddings of texts."""
        ...


@dataclass(frozen=True)
class PromptScores:
    """Scores of a set of prompts.

    Attributes:
        clip_score: 100 times the mean cosine of pictures and their prompts.
        precision: share of the pictures whose own prompt is the nearest of all (Park et al. 2021, R-precision).
        consistency: mean cosine of the views of one face with each other.
        seconds: mean time to make a face.
        count: number of prompts.
    """

    clip_score: float
    precision: float
    consistency: float
    seconds: float
    count: int


def read_prompts(file: Path) -> tuple[str, ...]:
    """Return the prompts of a text file, one a line; empty lines and those that begin with # are left out.

    Raises:
        FolderError: the file can't be read.
        BadRequest: there are none, too many, or the same twice.
    """
    try:
        lines = [line.strip() for line in file.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise FolderError(f"{file} can't be read: give a text file in UTF-8, a prompt a line.") from error
    prompts = tuple(line for line in lines if line and not line.startswith("#"))
    if not 2 <= len(prompts) <= MOST_PROMPTS:
        raise BadRequest(f"{file} has {len(prompts):,} prompts: give 2 to {MOST_PROMPTS:,}, one a line.")
    if len(set(prompts)) < len(prompts):
        raise BadRequest(f"{file} has a prompt twice: it could not be told which a picture belongs to.")
    return prompts


def evaluate_prompts(
    prompts: Sequence[str],
    encoder: Encoder,
    *,
    seed: int = 0,
    resolution: int = 1024,
    head: str = "auto",
    make: Callable[..., Face] = generate,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> PromptScores:
    """Make a face of each prompt, look at it from three sides, and measure.

    Args:
        prompts: all different.
        encoder: CLIP, or what does the same.
        seed: of all faces.
        resolution: of their maps.
        head: model.
        make: makes a face, as `generate`.
        progress: told about every face.

    Raises:
        BadRequest: a prompt is too long, or a value is out of its range.
        Cancelled: the progress said so.
    """
    seen, spent = [], 0.0
    for number, prompt in enumerate(prompts):
        progress.report("evaluate", number / len(prompts), f"Face {number + 1} of {len(prompts)}")
        begun = time.perf_counter()
        face = make(prompt, seed=seed, resolution=resolution, head=head, anyway=True)
        spent += time.perf_counter() - begun
        with torch.no_grad():
            seen.append(encoder.images(torch.stack(portraits(face, VIEWS, _SIZE))).cpu())
    progress.report("evaluate", 1.0, "Reading the prompts")
    with torch.no_grad():
        starts = range(0, len(prompts), _AT_ONCE)
        words = torch.cat([encoder.texts(prompts[start : start + _AT_ONCE]).cpu() for start in starts])
    pictures = torch.stack(seen)
    progress.report("evaluate", 1.0, "Measured")
    return scores(pictures, words, spent / len(prompts))


def scores(pictures: Tensor, words: Tensor, seconds: float) -> PromptScores:
    """Return the scores of embeddings.

    Args:
        pictures: [N, V, D] unit embeddings of V views of N faces.
        words: [N, D] unit embeddings of their prompts.
        seconds: mean time to make a face.
    """
    likeness = torch.einsum("nvd,md->nvm", pictures, words)
    own = torch.diagonal(likeness, dim1=0, dim2=2)
    nearest = likeness.argmax(dim=2) == torch.arange(len(words))[:, None]
    count = pictures.shape[1]
    between = torch.einsum("nvd,nwd->nvw", pictures, pictures).sum(dim=(1, 2)) - count
    return PromptScores(
        clip_score=_COSINE * float(own.mean()),
        precision=float(nearest.float().mean()),
        consistency=float((between / (count * (count - 1))).mean()),
        seconds=seconds,
        count=len(words),
    )
