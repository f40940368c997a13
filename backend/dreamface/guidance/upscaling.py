"""Networks that sharpen and enlarge pictures: RestoreFormer and Real-ESRGAN, through spandrel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import compute
from dreamface.guidance.single_file import begin_loading
from dreamface.models import Installation
from dreamface.progress import Progress

_WORK_BYTES: Final = 2e9  # beside the weights, for a picture of 512 pixels a side


@dataclass(frozen=True)
class Upscaler:
    """A network that makes sharper pictures of pictures. Its weights get no gradients.

    Attributes:
        name: the model's.
        device: where its tensors lie.
        scale: how many times as large a picture becomes.
    """

    name: str
    device: torch.device
    scale: int
    _network: Any

    @classmethod
    def load(cls, model: Installation, progress: Progress = Progress()) -> Upscaler:  # noqa: B008 - immutable
        """Load an installed one.

        Args:
            model: `models.RESTOREFORMER` or `models.REALESRGAN`.
            progress: told when it begins.

        Raises:
            DreamFaceError: it is not installed or damaged, or there is too little memory.
            MissingDependency: spandrel is not installed.
            Cancelled: the progress said so.
        """
        file, place, spandrel = begin_loading(model, "spandrel", _WORK_BYTES, progress)
        try:
            found = spandrel.ModelLoader(device="cpu").load_from_file(file)  # whose reader makes nothing but tensors
        except Exception as error:  # damage shows in many ways
            raise DreamFaceError(f"{model.title} can't be loaded: {model.again}.") from error
        if not isinstance(found, spandrel.ImageModelDescriptor) or found.input_channels != 3:
            raise DreamFaceError(f"{model.title} is no network for coloured pictures: {model.again}.")
        found.model.requires_grad_(False)
        precision = place.precision if found.supports_half else torch.float32
        return cls(model.name, place.device, found.scale, found.eval().to(place.device, precision))

    def sharpen(self, pictures: Tensor, progress: Progress = Progress()) -> Tensor:  # noqa: B008 - immutable
        """Return pictures [B, 3, scale H, scale W] of pictures [B, 3, H, W], sRGB-encoded 0..1.

        Args:
            pictures: what is sharpened.
            progress: asked before every layer whether to stop, as all of them take a CPU many seconds.

        Raises:
            DreamFaceError: the network gave no numbers, or the graphics card was lost.
            Cancelled: the progress said so.
        """
        with torch.no_grad(), _stoppable(self._network.model, progress):
            given = pictures.to(self.device, self._network.dtype)
            made: Tensor = compute(lambda some: self._network(some), given).float()
        if not bool(torch.isfinite(made).all()):
            raise DreamFaceError(f"{self.name} gave no numbers (NaN) for this picture: leave the sharpening out.")
        return made.clamp(0.0, 1.0)


@contextmanager
def _stoppable(network: nn.Module, progress: Progress) -> Iterator[None]:
    """Let a network be stopped between two of its layers, during a block."""
    layers = [layer for layer in network.modules() if not any(layer.children())]
    hooks = [layer.register_forward_pre_hook(lambda *_: progress.check()) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
