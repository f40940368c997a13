"""Where networks compute, in which precision, and whether there is room for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import torch
from torch import Tensor

from dreamface.errors import BadRequest, DreamFaceError

Made = TypeVar("Made")

VARIABLE: Final = "DREAMFACE_DIFFUSION_DEVICE"
"""Environment variable that says where diffusion computes: "auto", which is the default, or "cpu", however slow."""

_ROOM: Final = 8e9
"""Bytes of a card's memory, below which its networks take turns in it; cards sold as 8 GB have a little more."""

_GIGABYTE: Final = 1e9
_AMPERE: Final = (8, 0)  # the first of NVIDIA's generations that computes in bfloat16
_TURING: Final = (7, 5)
_NO_HALF: Final = "GTX 16"  # the cards of that generation whose half precision gives no numbers in many networks


@dataclass(frozen=True)
class Place:
    """Where networks compute.

    Attributes:
        device: the device.
        precision: of the large networks' weights.
        takes_turns: whether networks are brought into the device's memory one after the other, as it is small.
    """

    device: torch.device
    precision: torch.dtype
    takes_turns: bool = False


def choose_place(is_bfloat16: bool = False) -> Place:
    """Return where to compute: on CUDA in half precision where that is safe, else on Apple's GPU or the CPU in single.

    Args:
        is_bfloat16: whether the weights are kept in bfloat16: they may be too large for half precision.

    Raises:
        BadRequest: the environment variable asks for something else.
    """
    asked = os.environ.get(VARIABLE, "").strip().lower() or "auto"
    if asked not in ("auto", "cpu"):
        raise BadRequest(f"{VARIABLE} is {asked[:40]!r}: set it to auto or cpu.")
    if asked == "auto" and torch.cuda.is_available():
        number = os.environ.get(_NUMBER, "")
        device = torch.device("cuda", int(number) % torch.cuda.device_count()) if number.isdecimal() else _CUDA
        _, total = torch.cuda.mem_get_info(device)
        return Place(device, _cuda_precision(is_bfloat16, device), total < _ROOM)
    if asked == "auto" and torch.backends.mps.is_available():
        return Place(torch.device("mps"), torch.float32, torch.mps.recommended_max_memory() < _ROOM)
    return Place(torch.device("cpu"), torch.float32)


_NUMBER: Final = "LOCAL_RANK"
"""Environment variable of launchers: which of this machine's training processes this is, and so which card it has."""

_CUDA: Final = torch.device("cuda")


def _cuda_precision(is_bfloat16: bool, device: torch.device) -> torch.dtype:
    generation = torch.cuda.get_device_capability(device)
    if is_bfloat16:
        return torch.bfloat16 if generation >= _AMPERE else torch.float32
    no_half = generation == _TURING and _NO_HALF in torch.cuda.get_device_name(device)
    return torch.float32 if no_half else torch.float16


def check_memory(place: Place, needed: float, what: str) -> None:
    """Refuse before anything is loaded where a GPU has too little memory left.

    Args:
        place: where it would be loaded.
        needed: bytes.
        what: takes them; how the sentence begins.

    Raises:
        DreamFaceError: there are fewer.
    """
    free = _free(place.device)
    if free is not None and free < needed:
        raise DreamFaceError(
            f"{what} needs {_gigabytes(needed)} GB of GPU memory, {_gigabytes(free)} are free: close other programs "
            f"that use it, such as a render in Blender, or choose {SLOW}."
        )


SLOW: Final = f"Slow (CPU) in DreamFace's preferences ({VARIABLE}=cpu where there is no Blender)"
"""How computing on the CPU is asked for: the end of a sentence."""


def _gigabytes(size: float) -> str:
    return f"{size / _GIGABYTE:.1f}".removesuffix(".0")


def _free(device: torch.device) -> float | None:
    """Return the bytes of a device's memory that can still be had; None where that is not looked at."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # torch keeps what it has let go of for itself.
        return float(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    if device.type == "mps":
        return float(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return None


def release_memory() -> None:
    """Give what torch has let go of back to the GPU."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that a device's or this machine's memory is exhausted."""
    text = str(error).lower()
    return (
        isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "out of memory" in text or "can't allocate" in text
    )


def is_device_lost(error: BaseException) -> bool:
    """Return whether an error says that the graphics card or its driver has stopped working."""
    return isinstance(error, torch.AcceleratorError) or (isinstance(error, RuntimeError) and "CUDA error" in str(error))


def within_memory(make: Callable[[int], Made], amounts: Sequence[int], too_little: str) -> Made:
    """Make something with the first amount of work at once that does not take too much memory.

    Args:
        make: does it with an amount.
        amounts: to be tried, the largest first.
        too_little: what to say where none of them fits.

    Raises:
        DreamFaceError: none fits, or the graphics card has stopped working.
    """
    for amount in amounts:
        try:
            return make(amount)
        except (RuntimeError, MemoryError) as error:
            if is_device_lost(error):
                raise lost(error) from error
            if not is_out_of_memory(error):
                raise
        release_memory()  # not while the error is being handled: it holds on to what was computed so far
    raise DreamFaceError(too_little)


def compute(work: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """Return what `work` makes of inputs [B, ...]; where that takes too much memory, one after the other instead.

    Args:
        work: treats each of a batch by itself.
        inputs: all of the same B.

    Raises:
        DreamFaceError: the graphics card has stopped working.
        RuntimeError, MemoryError: it takes too much memory also one after the other, see `is_out_of_memory`; or else.
    """
    try:
        return work(*inputs)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            if is_device_lost(error):
                raise lost(error) from error
            raise
        if len(inputs[0]) < 2:
            raise
    # Not while the error is being handled: it holds on to what was computed so far.
    release_memory()
    return torch.cat([work(*one) for one in zip(*(torch.split(given, 1) for given in inputs), strict=True)])


def lost(error: BaseException) -> DreamFaceError:
    """Return what to say about a graphics card that has stopped working."""
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120].rstrip(".")
    return DreamFaceError(
        f"The graphics card has stopped working ({reason}): stop DreamFace's engine and start it again, or choose "
        f"{SLOW}."
    )
