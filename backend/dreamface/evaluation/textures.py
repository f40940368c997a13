"""How near a texture model's textures are to those it learnt from: the table of DreamFace's figure 13.

KID is the squared maximum mean discrepancy of Inception features (Binkowski et al. 2018), as clean-fid computes it
(Parmar et al. 2022): lower is better, and 0 is what two halves of one set have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.errors import BadRequest, MissingDependency
from dreamface.guidance import DESIRED, LatentDiffusion, need_packages, sample
from dreamface.progress import Progress
from dreamface.training import Examples

Features = NDArray[np.float64]
"""[N, D]."""

FeaturesOf = Callable[[Tensor], Features]
"""Features of pictures [N, 3, H, W], sRGB-encoded 0..1."""

FEWEST: Final = 10
"""Number of textures below which nothing is compared."""

_SUBSETS: Final = 100
_LARGEST_SUBSET: Final = 1000
_SIDE: Final = 299  # pixels that Inception looks at


@dataclass(frozen=True)
class TextureRow:
    """One model of the table.

    Attributes:
        name: of the model.
        all: KID to all textures.
        desired: KID to the desired ones.
    """

    name: str
    all: float
    desired: float


def evaluate_textures(
    models: Mapping[str, LatentDiffusion],
    examples: Examples,
    features_of: FeaturesOf,
    *,
    count: int = 500,
    steps: int = 30,
    guidance: float = 4.0,
    seed: int = 0,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> list[TextureRow]:
    """Return a row for each model.

    Args:
        models: name -> model; each is asked for the same captions with the same noise.
        examples: whose textures are compared with, and whose captions are asked for.
        features_of: as `inception_features` gives it.
        count: of textures on either side, at most as many as there are examples.
        steps: of denoising.
        guidance: how far it is led by the words.
        seed: of what is drawn.
        progress: told about every texture.

    Raises:
        BadRequest: there are too few textures, or too few desired ones.
        MissingDependency: clean-fid is not installed.
        Cancelled: the progress said so.
    """
    if count < FEWEST or len(examples) < FEWEST:
        raise BadRequest(f"At least {FEWEST} textures are needed to compare; ask for more, or give more data.")
    chance = np.random.default_rng(seed)
    order = chance.permutation(len(examples))
    chosen = [examples[int(number)] for number in order[:count]]
    every = (examples[int(number)] for number in order)  # read one by one, and no more than are wanted
    desired = list(islice((one for one in every if one.domain == DESIRED), count))
    if len(desired) < FEWEST:
        raise BadRequest(f"At least {FEWEST} desired textures are needed to compare; give more data.")
    side = next(iter(models.values())).side
    everything, wanted = (
        np.concatenate([features_of(one.map("albedo", side)[None]) for one in some]) for some in (chosen, desired)
    )
    rows = []
    for number, (name, model) in enumerate(models.items()):
        part = progress.part(number / len(models), (number + 1) / len(models))
        made = []
        for place, example in enumerate(chosen):
            part.report("evaluate", place / len(chosen), f"{name}: texture {place + 1} of {len(chosen)}")
            picture = sample(model, example.captions[place % len(example.captions)], steps, guidance, seed=seed + place)
            made.append(features_of(picture.clamp(0.0, 1.0).cpu()))
        found = np.concatenate(made)
        rows.append(TextureRow(name, kernel_distance(everything, found, seed), kernel_distance(wanted, found, seed)))
    return rows


def kernel_distance(one: Features, other: Features, seed: int = 0) -> float:
    """Return the KID of two sets of features, by clean-fid.

    Raises:
        MissingDependency: clean-fid is not installed.
    """
    fid = _clean_fid()
    state = np.random.get_state()
    np.random.seed(seed)  # it draws its subsets from there
    try:
        return float(fid.kernel_distance(one, other, _SUBSETS, _LARGEST_SUBSET))
    finally:
        np.random.set_state(state)


def inception_features(device: torch.device) -> FeaturesOf:
    """Return what finds clean-fid's features; its network is downloaded when it is first needed, 91 MB.

    Raises:
        MissingDependency: clean-fid is not installed, or its network can't be had.
    """
    fid = _clean_fid()
    try:
        network = fid.build_feature_extractor("clean", device, use_dataparallel=False)
    except OSError as error:
        raise MissingDependency(
            f"The network that KID needs can't be downloaded ({error}): connect to the internet once."
        ) from error
    resize = fid.make_resizer("PIL", False, "bicubic", (_SIDE, _SIDE))

    def features_of(pictures: Tensor) -> Features:
        bytes_ = (255.0 * pictures).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        given = torch.from_numpy(np.stack([resize(one) for one in bytes_])).permute(0, 3, 1, 2)
        found: Features = fid.get_batch_features(given, network, device).astype(np.float64)
        return found

    return features_of


def _clean_fid() -> Any:
    need_packages("KID")
    try:
        from cleanfid import fid
    except ImportError as error:
        raise MissingDependency(
            "KID needs the package clean-fid: install DreamFace with its extra 'training'."
        ) from error
    return fid
