"""CLIP through open_clip: puts pictures and words in one space. It is an `Encoder` of `head.selection`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from dreamface.errors import DreamFaceError, MissingDependency
from dreamface.guidance.devices import compute
from dreamface.guidance.holding import Held
from dreamface.guidance.packages import HOW
from dreamface.guidance.single_file import begin_loading
from dreamface.models import CLIP
from dreamface.progress import Progress

_ARCHITECTURE: Final = "ViT-L-14-quickgelu"  # as OpenAI trained it
_PACKAGE: Final = "open_clip"
_WORK_BYTES: Final = 1e9  # beside the weights


@dataclass(frozen=True)
class ClipEncoder:
    """CLIP ViT-L/14 with OpenAI's weights, in single precision. Pictures can be differentiated through it.

    Attributes:
        name: which model and weights; an index of embeddings is only good for the one that made it.
        dimension: D, of an embedding.
        device: where its tensors lie.
    """

    name: str
    dimension: int
    device: torch.device
    _network: Any
    _tokenizer: Any

    @classmethod
    def load(cls, progress: Progress = Progress()) -> ClipEncoder:  # noqa: B008 - immutable
        """Load the installed one.

        Raises:
            DreamFaceError: it is not installed or damaged, or there is too little memory.
            MissingDependency: open_clip is not installed.
            Cancelled: the progress said so.
        """
        file, place, open_clip = begin_loading(CLIP, _PACKAGE, _WORK_BYTES, progress)
        network: Any = open_clip.create_model(_ARCHITECTURE, pretrained=None, load_weights=False)
        try:
            open_clip.load_checkpoint(network, str(file), strict=True)
        except Exception as error:  # damage shows in many ways
            raise DreamFaceError(f"{CLIP.title} can't be loaded: {CLIP.again}.") from error
        network.requires_grad_(False).eval().to(place.device)
        tokenizer = open_clip.get_tokenizer(_ARCHITECTURE)
        dimension = int(network.text_projection.shape[-1])
        return cls(f"{_ARCHITECTURE}, openai", dimension, place.device, network, tokenizer)

    def images(self, pictures: Tensor) -> Tensor:
        """Return [N, D] unit embeddings of [N, H, W, 3] pictures, sRGB-encoded 0..1. Differentiable."""
        visual = self._network.visual
        given = pictures.to(self.device).movedim(-1, 1)
        size = tuple(visual.image_size)
        if given.shape[-2:] != size:
            given = interpolate(given, size=size, mode="bicubic", antialias=True).clamp(0.0, 1.0)
        mean, deviation = (
            torch.tensor(three, device=self.device).reshape(1, 3, 1, 1)
            for three in (visual.image_mean, visual.image_std)
        )
        return normalize(compute(self._network.encode_image, (given - mean) / deviation).float(), dim=-1)

    def texts(self, prompts: Sequence[str]) -> Tensor:
        """Return [N, D] unit embeddings of texts; what is beyond 77 tokens is not read, see `unread`."""
        with torch.no_grad():
            tokens = self._tokenizer(list(prompts)).to(self.device)
            return normalize(compute(self._network.encode_text, tokens).float(), dim=-1)

    def unread(self, prompt: str) -> str:
        """Return the end of a text that is beyond 77 tokens, one of them its start and one its end; usually empty."""
        tokens = self._tokenizer.encode(prompt)
        return str(self._tokenizer.decode(tokens[self._tokenizer.context_length - 2 :])).strip()


def why_no_clip() -> str:
    """Return why pictures can't be compared with words here, as a sentence; empty where they can. Loads nothing."""
    if not CLIP.installed:
        return f"Comparing pictures with words needs {CLIP.title}: {CLIP.how}."
    if find_spec(_PACKAGE) is None:
        return f"Comparing pictures with words needs the package {_PACKAGE}: {HOW}."
    return ""


_held: Final = Held(ClipEncoder.load)


@contextmanager
def use_clip(progress: Progress = Progress()) -> Iterator[ClipEncoder]:  # noqa: B008 - immutable
    """Give the installed encoder to a block, from memory where it was used within the last two minutes.

    Raises:
        MissingDependency: it is not installed, or the package that it needs is not.
        DreamFaceError: it can't be loaded.
        Cancelled: the progress said so.
    """
    if sentence := why_no_clip():
        raise MissingDependency(sentence)
    with _held.use(progress) as encoder:
        yield encoder


def forget_clip() -> None:
    """Free the memory of the encoder."""
    _held.forget()
