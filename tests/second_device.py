"""A second device that computes on the CPU: whatever mixes its tensors with the CPU's fails, as on a graphics card.

python tests/second_device.py FOLDER PRECISION: makes whole details on it, with tiny models in a new folder, and prints
what was made. It is for a process of its own, as torch knows a device like this until it ends.

Its tensors are empty ones of torch's device for others' hardware (PrivateUse1); the numbers lie in tensors on the CPU,
one for each storage. Every operation is done with those, and refused where one of its tensors lies on the CPU itself.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

NAME: Final = "card"
_MAY_MIX: Final = (
    "aten::copy_",
    "aten::_to_copy",
    "aten::_copy_from",
    "aten::index.Tensor",
    "aten::_local_scalar_dense",
)
"""Operations that take tensors of a card and of the CPU: those that copy, and indices."""

_numbers: Final[dict[int, Tensor]] = {}
"""Address of a storage -> its numbers; of a process that ends soon, so nothing is forgotten."""


class OnCard(Tensor):
    """A tensor of the second device."""

    @staticmethod
    def __new__(cls, numbers: Tensor) -> OnCard:
        made = torch._C._acc.create_empty_tensor(tuple(numbers.shape), numbers.dtype)
        made.__class__ = cls
        _numbers[made.untyped_storage()._cdata] = numbers
        return made


def _is_on_card(value: Any) -> bool:
    return isinstance(value, Tensor) and value.device.type == NAME


def _numbers_of(tensor: Tensor) -> Tensor:
    numbers = _numbers[tensor.untyped_storage()._cdata]
    if numbers.shape == tensor.shape:
        return numbers
    if numbers.numel() == tensor.numel():  # torch has made another view of the same memory by itself
        return numbers.reshape(tensor.shape)
    return numbers.contiguous().as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())


def _compute(operation: Any, *arguments: Any, **named: Any) -> Any:
    """Do an operation with the numbers on the CPU; refuse one of both devices."""
    name = operation.name()
    tensors = [one for one in tree_leaves((arguments, named)) if isinstance(one, Tensor)]
    if any(one.dim() > 0 and not _is_on_card(one) for one in tensors) and not name.startswith(_MAY_MIX):
        raise RuntimeError(f"Expected all tensors to be on the same device, in {name}")
    if name == "aten::_local_scalar_dense":
        return _numbers_of(arguments[0]).item()
    if name == "aten::_copy_from":
        source, target = (_numbers_of(one) if _is_on_card(one) else one for one in arguments[:2])
        target.copy_(source)
        return arguments[1]
    leaves = name == "aten::_to_copy" and torch.device(named.get("device") or NAME).type != NAME
    given: dict[int, tuple[Tensor, Tensor]] = {}

    def on_cpu(value: Any) -> Any:
        if _is_on_card(value):
            numbers = _numbers_of(value)
            given[id(numbers)] = (numbers, value)
            return numbers
        return torch.device("cpu") if isinstance(value, torch.device) else value

    arguments, named = tree_map(on_cpu, (arguments, named))
    arguments = tuple(
        torch.tensor(one) if isinstance(one, int | float) and str(known.type) == "Tensor" else one
        for one, known in zip(arguments, operation._schema.arguments, strict=False)
    )
    if name in ("aten::view", "aten::_unsafe_view", "aten::_reshape_alias"):
        found = arguments[0].reshape(arguments[1])
    elif name == "aten::as_strided":
        found = arguments[0].contiguous().as_strided(*arguments[1:], **named)
    else:
        found = operation(*arguments, **named)
    if leaves:
        return found
    for numbers, one in given.values():  # it was given to be filled, and has another size now
        if one.shape != numbers.shape:
            one.data = OnCard(numbers)

    def on_card(value: Any) -> Any:
        if id(value) in given:
            return given[id(value)][1]
        return OnCard(value) if isinstance(value, Tensor) and not _is_on_card(value) else value

    return tree_map(on_card, found)


def install() -> list[torch.library.Library]:
    """Make the device known; it is there as long as what is returned."""
    torch.utils.backend_registration._setup_privateuseone_for_python_backend(NAME)
    every, few = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    every.fallback(_compute, "PrivateUse1")
    forwards, back = torch.ops.aten.convolution.default, torch.ops.aten.convolution_backward.default

    def convolve_back(gradient: Tensor, given: Tensor, weight: Tensor, *rest: Any) -> Any:
        return _compute(back, gradient, given, weight, [weight.shape[0]], *rest)

    few.impl("convolution_overrideable", lambda *given: _compute(forwards, *given), "PrivateUse1")
    few.impl("convolution_backward_overrideable", convolve_back, "PrivateUse1")
    return [every, few]


def make_details(folder: Path, precision: torch.dtype) -> None:
    """Make the detail of a head in all ways, with tiny models on the device."""
    from dreamface import models
    from dreamface.guidance import Mixed, StableDiffusion, Wish, sample, stable_diffusion
    from dreamface.guidance.blending import blend
    from dreamface.guidance.devices import Place
    from dreamface.guidance.pbr_decoders import installed_pbr_decoders
    from dreamface.guidance.texture_ldm import installed_texture_model
    from dreamface.head.ict.looks import _on
    from dreamface.head.selection.clip_pool import clay_pictures
    from dreamface.pipeline import Detail, FastDetail, build_head, stranger
    from dreamface.pipeline.detailing import make_detail
    from dreamface.record import FaceRecord
    from tests import tiny_guides

    os.environ["DREAMFACE_MODELS"] = str(folder)
    base = tiny_guides.install_diffusion(folder)
    tiny_guides.install_texture_model(folder, base)
    tiny_guides.install_decoders(folder, base)
    stable_diffusion.choose_place = lambda *_: Place(torch.device(NAME, 0), precision)  # type: ignore[assignment]
    model = StableDiffusion.load(folder / models.STABLE_DIFFUSION.name, "tiny")
    model.autoencoder.disable_gradient_checkpointing()  # torch asks the device for random numbers' state there
    texture, decoders = installed_texture_model(model, "anny"), installed_pbr_decoders(model, "anny")
    assert texture is not None and model.precision is precision and model.device.type == NAME
    traits = stranger(3)
    head = build_head("anny", traits, 3, 0)
    record = FaceRecord("", "a blue man", 3, 512, "anny", traits, ())
    card = torch.device(NAME, 0)
    on_card = clay_pictures(head.vertices.to(card), _on(head.topology, card))
    assert float((on_card.cpu() - clay_pictures(head.vertices, head.topology)).abs().max()) < 1e-4
    print("made pictures in clay", flush=True)
    ways: dict[str, Callable[[], object]] = {
        "carved and textured beside a texture model": lambda: make_detail(
            head, record, Detail(1), model, texture, forming=_finite, decoders=decoders
        ),
        "textured beside the painted skin": lambda: make_detail(head, record, Detail(1, carves=False), model),
        "at once": lambda: make_detail(head, record, FastDetail(1), model, texture, decoders=decoders),
        "on a place": lambda: blend(
            Mixed(model, texture), torch.rand(3, 64, 64), torch.ones(64, 64), Wish("a", steps=2)
        ),
        "of words alone": lambda: sample(model, "a man", 2),
    }
    for name, work in ways.items():
        made = work()
        if dataclasses.is_dataclass(made) and hasattr(made, "head"):
            _finite(made.head.vertices)
        print("made", name, flush=True)


def _finite(values: Tensor) -> None:
    assert values.device.type == "cpu" and bool(torch.isfinite(values).all())


if __name__ == "__main__":
    torch.set_num_threads(1)
    _kept = install()
    make_details(Path(sys.argv[1]), getattr(torch, sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)  # torch's own threads for the device do not end
