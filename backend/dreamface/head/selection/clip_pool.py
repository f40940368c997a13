"""Choosing by looks: candidates of a pool are pictured and embedded once, and compared with prompts ever after.

DreamFace (Zhang et al. 2023), section 4.1. The encoder is CLIP or anything else that puts pictures and texts in one
space.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.errors import BadRequest
from dreamface.face import Topology
from dreamface.head.selection.candidates import Pool
from dreamface.progress import Progress, time_in_words
from dreamface.render import Camera, interpolate, portrait_camera, rasterise, unit, vertex_normals

VIEWS: Final = (-0.5, 0.0, 0.5)
"""Where the camera stands, radians around the head."""

LIGHTS: Final = 10

PICTURES: Final = len(VIEWS) * LIGHTS
"""Of one candidate (Eq. 2)."""

_ON_GPU, _ON_CPU = 1_000_000, 16_384  # candidates of a pool, where nobody says how many

ANCHOR: Final = "the face"
"""The prompt that says nothing; pictures are compared with it as the mean head is (Eq. 3)."""

_SIZE: Final = 224
_CLAY: Final = 0.75
_AMBIENT: Final = 0.25
_FORMAT: Final = 1
_NOTES: Final = "index.json"
_EMBEDDINGS: Final = "embeddings.f16"
_SAVED_EVERY: Final = 16  # candidates; what is lost when the building is stopped


def usual_count(device: torch.device) -> int:
    """Return how many candidates are looked at where nobody says it."""
    return _ON_CPU if device.type == "cpu" else _ON_GPU


@dataclass(frozen=True)
class IndexPlan:
    """What building an index takes.

    Attributes:
        count: candidates.
        pictures: of each candidate.
        done: candidates that an earlier try has looked at.
        seconds: that are left until all are looked at, estimated from a few candidates.
    """

    count: int
    pictures: int
    done: int
    seconds: float


class Encoder(Protocol):
    """Puts pictures and texts in one space, where what belongs together is near."""

    @property
    def name(self) -> str:
        """Which model and weights; an index is only good for the encoder that made it."""
        ...

    @property
    def dimension(self) -> int:
        """D, of an embedding."""
        ...

    def images(self, pictures: Tensor) -> Tensor:
        """Return [N, D] unit embeddings of [N, H, W, 3] pictures, sRGB-encoded 0..1."""
        ...

    def texts(self, prompts: Sequence[str]) -> Tensor:
        """Return [N, D] unit embeddings."""
        ...


def clay_pictures(vertices: Tensor, topology: Topology) -> Tensor:
    """Return [3 * 10, 224, 224, 3] sRGB-encoded pictures of a head in clay: `VIEWS`, each in ten lights from the front.

    Args:
        vertices: [V, 3] metres, the base of the neck at the origin.
        topology: the head's.
    """
    normals = vertex_normals(vertices, topology.triangles)
    lights = _light_directions(vertices)
    return torch.cat([_view(vertices, topology, normals, lights, yaw) for yaw in VIEWS])


def _light_directions(like: Tensor) -> Tensor:
    """Return [10, 3] unit directions to the lights: a spiral over the hemisphere in front, from above to below."""
    steps = (torch.arange(LIGHTS, device=like.device) + 0.5) / LIGHTS
    turn = steps * LIGHTS * math.pi * (3.0 - math.sqrt(5.0))
    height = 0.9 - 1.2 * steps
    around = torch.sqrt(1.0 - height**2)
    return torch.stack((around * torch.cos(turn), -around * torch.sin(turn).abs(), height), dim=1)


def _view(vertices: Tensor, topology: Topology, normals: Tensor, lights: Tensor, yaw: float) -> Tensor:
    """Return [10, 224, 224, 3] pictures from one side."""
    camera: Camera = portrait_camera(vertices, yaw=yaw)
    seen = rasterise(vertices, topology.triangles, camera, _SIZE)
    hit = seen.triangle.view(-1) >= 0
    corners = topology.triangles[seen.triangle.view(-1)[hit]]
    normal = unit(interpolate(normals, corners, seen.barycentric.view(-1, 3)[hit]))
    light = _AMBIENT + (1.0 - _AMBIENT) * (lights @ normal.T).clamp_min(0.0)
    pictures = torch.ones(len(lights), _SIZE * _SIZE, device=vertices.device)
    pictures[:, hit] = (_CLAY * light) ** (1.0 / 2.2)
    return pictures.view(-1, _SIZE, _SIZE, 1).expand(-1, -1, -1, 3)


@dataclass(frozen=True)
class EmbeddingIndex:
    """The embeddings of a pool, mapped from disk.

    Attributes:
        encoder: name of the encoder that made them.
        embeddings: [N + 1, D] half precision: mean over a candidate's pictures; the last row is the mean head's.
    """

    encoder: str
    embeddings: np.memmap[Any, np.dtype[np.float16]]

    @property
    def mean_head(self) -> Tensor:
        """[D] embedding of the mean head."""
        return torch.from_numpy(np.array(self.embeddings[-1], dtype=np.float32))

    def rows(self, first: int, count: int) -> Tensor:
        """Return [count, D] embeddings of candidates first, first + 1, ..."""
        return torch.from_numpy(np.array(self.embeddings[first : first + count], dtype=np.float32))


def build_index(
    folder: Path,
    pool: Pool,
    head: Callable[[Tensor], Tensor],
    topology: Topology,
    encoder: Encoder,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> EmbeddingIndex:
    """Picture and embed every candidate; goes on where an earlier call was stopped.

    Args:
        folder: where the index lies; made where it is missing.
        pool: the candidates.
        head: [K] coefficients -> [V, 3] vertices, metres.
        topology: of these heads.
        encoder: what embeds.
        progress: told how far it is.

    Raises:
        BadRequest: the folder has the index of another pool or encoder.
        Cancelled: the progress said so; what was done is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes = _notes(pool, encoder)
    done = _started(folder, notes)
    rows = pool.count + 1
    shape = (rows, encoder.dimension)
    embeddings = np.memmap(folder / _EMBEDDINGS, np.float16, "r+" if done is not None else "w+", shape=shape)
    start = done or 0
    begun = time.monotonic()
    people = chain(pool.candidates(start), (torch.zeros(pool.modes),))
    for row, coefficients in zip(range(start, rows), people, strict=False):  # none is left where all is done
        left = ""
        if row > start:
            each = (time.monotonic() - begun) / (row - start)
            left = f", about {time_in_words(each * (rows - row))} left"
        progress.report("head", row / rows, f"Looking at candidate {row + 1:,} of {rows:,}{left}")
        seen = encoder.images(clay_pictures(head(coefficients), topology))
        embeddings[row] = normalize(seen.mean(dim=0), dim=0).half().cpu().numpy()
        if row + 1 == rows or (row + 1) % _SAVED_EVERY == 0:
            embeddings.flush()
            _write_notes(folder, notes | {"done": row + 1})
    return open_index(folder, pool, encoder)


def rows_done(folder: Path, pool: Pool, encoder: Encoder) -> int:
    """Return how many candidates an earlier try has looked at.

    Raises:
        BadRequest: the folder has the index of another pool or encoder.
    """
    return _started(folder, _notes(pool, encoder)) or 0


def open_index(folder: Path, pool: Pool, encoder: Encoder) -> EmbeddingIndex:
    """Return a finished index.

    Raises:
        BadRequest: there is none, it is unfinished or damaged, or it belongs to another pool or encoder.
    """
    done = _started(folder, _notes(pool, encoder))
    if done is None or done <= pool.count:
        raise BadRequest(f"{folder} has no finished index of the candidates' looks: build it first.")
    shape = (pool.count + 1, encoder.dimension)
    try:
        return EmbeddingIndex(encoder.name, np.memmap(folder / _EMBEDDINGS, np.float16, "r", shape=shape))
    except (OSError, ValueError) as error:  # cut short, or not to be read
        raise BadRequest(f"{folder / _EMBEDDINGS} is damaged: remove the folder and build the index again.") from error


def _notes(pool: Pool, encoder: Encoder) -> dict[str, Any]:
    """Return what an index depends on."""
    return {
        "format": _FORMAT,
        "pool": pool.mark,
        "count": pool.count,
        "encoder": encoder.name,
        "dimension": encoder.dimension,
        "views": list(VIEWS),
        "lights": LIGHTS,
    }


def _started(folder: Path, notes: dict[str, Any]) -> int | None:
    """Return how many rows are done; None where nothing was begun.

    Raises:
        BadRequest: what was begun is something else.
    """
    file = folder / _NOTES
    if not file.is_file() or not (folder / _EMBEDDINGS).is_file():
        return None
    try:
        found = json.loads(file.read_text("utf-8"))
        done = int(found.pop("done"))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise BadRequest(f"{file} is damaged: remove the folder and build the index again.") from error
    if found != notes:
        raise BadRequest(f"{folder} has the index of other candidates or of another encoder: remove it first.")
    return done


def _write_notes(folder: Path, notes: dict[str, Any]) -> None:
    part = folder / f"{_NOTES}.part"
    part.write_text(json.dumps(notes, indent=1), "utf-8")
    part.replace(folder / _NOTES)


@dataclass(frozen=True)
class ClipScorer:
    """score = lambda_d s_d + lambda_r s_r (DreamFace, Eq. 2 and 3); see `selection.Scorer`.

    s_d is the likeness of a candidate's pictures to the prompt; s_r that of the ways from the mean head to the
    candidate and from `ANCHOR` to the prompt, which leaves out what all heads and all prompts have in common.

    Attributes:
        index: of the pool that is scored.
        prompt, anchor: [D] unit embeddings of the prompt and of `ANCHOR`.
        direct, relative: lambda_d and lambda_r.
    """

    index: EmbeddingIndex
    prompt: Tensor
    anchor: Tensor
    direct: float = 0.5
    relative: float = 0.5

    @classmethod
    def of(cls, index: EmbeddingIndex, encoder: Encoder, prompt: str) -> ClipScorer:
        """For a prompt.

        Raises:
            BadRequest: the index was made by another encoder.
        """
        if index.encoder != encoder.name:
            raise BadRequest(f"The index was made with {index.encoder}, not with {encoder.name}: build it again.")
        text, anchor = encoder.texts((prompt, ANCHOR))
        return cls(index, text.cpu().float(), anchor.cpu().float())

    def score(self, first: int, candidates: Tensor) -> Tensor:
        """Return [N] of candidates first, first + 1, ...; their coefficients [N, K] only say how many they are."""
        seen = self.index.rows(first, len(candidates))
        weights = self.direct, self.relative
        return prompt_likeness(seen, self.index.mean_head, self.prompt, self.anchor, weights)


def prompt_likeness(
    seen: Tensor, mean: Tensor, prompt: Tensor, anchor: Tensor, weights: tuple[float, float] = (0.5, 0.5)
) -> Tensor:
    """Return [N] lambda_d s_d + lambda_r s_r (DreamFace, Eq. 2 and 3): how alike pictures and a prompt are.

    Args:
        seen: [N, D] embeddings of the pictures.
        mean: [D] what all such pictures have in common.
        prompt: [D] unit embedding of the prompt.
        anchor: [D] unit embedding of a prompt that says nothing.
        weights: lambda_d and lambda_r.
    """
    likeness: Tensor = normalize(seen, dim=1) @ prompt
    relative: Tensor = normalize(seen - mean, dim=1) @ normalize(prompt - anchor, dim=0)
    return weights[0] * likeness + weights[1] * relative
