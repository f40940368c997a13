"""What a .safetensors file holds, by its header alone: which family of models, and whether it is whole."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeGuard

_LENGTH: Final = struct.Struct("<Q")
_LONGEST: Final = 100 * 2**20  # bytes of a header; the format's own limit
_MOST_SIDES: Final = 16  # of a tensor
_TOO_MUCH: Final = 2**63  # bytes or numbers
_PICKLES: Final = (b"PK\x03\x04", b"\x80")  # how torch's own files begin: zip archives, and bare pickles
_LONGEST_NAME: Final = 80  # characters of a tensor's name that a sentence shows
_PICKLED_NAMES: Final = (".ckpt", ".bin", ".pt", ".pth")

WANTED: Final = "Stable Diffusion 1.5"
"""The family that is taken."""

_ATTENTION: Final = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
_FIRST: Final = "model.diffusion_model.input_blocks.0.0.weight"
_EMBEDDING: Final = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
_LATENTS: Final = 4  # channels

_CHECKPOINT_PARTS: Final = {"model", "first_stage_model", "cond_stage_model"}
_PARTS: Final[Mapping[str, str]] = {
    "model.diffusion_model.input_blocks.": "UNet",
    "model.diffusion_model.middle_block.": "middle of the UNet",
    "model.diffusion_model.output_blocks.": "second half of the UNet",
    "first_stage_model.encoder.": "encoder of the autoencoder",
    "first_stage_model.decoder.": "decoder of the autoencoder",
    "cond_stage_model.transformer.": "text encoder",
}
"""How the names of a part's tensors begin -> the part of a checkpoint, as a sentence names it."""
_WORDS: Final = {768: WANTED, 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}  # width of the text embedding

_BITS: Final[Mapping[str, int]] = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
    "C64": 64,
}  # fmt: skip
"""Kind of number -> bits of one. Those below a byte hold no weights that are used here."""

_MARKS: Final[tuple[tuple[str, str], ...]] = (
    ("lora_", "a LoRA"),
    (".lora.", "a LoRA"),
    ("hada_w1", "a LoRA (LoHa)"),
    ("lokr_w1", "a LoRA (LoKr)"),
    ("oft_blocks", "a LoRA (OFT)"),
    ("control_model.", "a ControlNet"),
    ("controlnet_", "a ControlNet"),
    ("zero_convs.", "a ControlNet"),
    ("ip_adapter.", "an IP-Adapter"),
    ("image_proj.", "an IP-Adapter"),
    ("adapter.body.", "a T2I-Adapter"),
    ("joint_blocks.", "Stable Diffusion 3"),
    ("pos_embed.proj.", "Stable Diffusion 3"),
    ("double_blocks.", "FLUX"),
    ("single_transformer_blocks.", "FLUX"),
    ("conditioner.embedders.", "Stable Diffusion XL"),
    ("label_emb.", "Stable Diffusion XL"),
    ("add_embedding.", "Stable Diffusion XL"),
    ("motion_modules.", "a motion module (AnimateDiff)"),
    ("cond_stage_model.model.transformer.", "Stable Diffusion 2"),
)
"""Part of a tensor's name -> the family it gives away; the first that is found counts."""

_ALONE: Final[tuple[tuple[str, str], ...]] = (
    ("emb_params", "a textual inversion"),
    ("string_to_param", "a textual inversion"),
    ("clip_l", "a textual inversion"),
    ("clip_g", "a textual inversion"),
    ("first_stage_model.", "an autoencoder (VAE)"),
    ("decoder.conv_in.", "an autoencoder (VAE)"),
    ("text_model.", "a text encoder alone"),
    ("cond_stage_model.", "a text encoder alone"),
    ("down_blocks.", "a UNet alone"),
    ("input_blocks.", "a UNet alone"),
)
"""How a tensor's name begins -> what a file without a whole checkpoint is; the first that is found counts."""


class NotSafetensors(ValueError):
    """A file is not what its name says, or is cut short; the message is a clause."""


def is_pickled(file: Path) -> bool:
    """Return whether a file is one of those that run code when they are opened, by its name or its first bytes."""
    if file.suffix.lower() in _PICKLED_NAMES:
        return True
    if file.suffix.lower() == ".safetensors":
        return False
    with file.open("rb") as data:
        start = data.read(4)
    return start.startswith(_PICKLES)


def read_header(file: Path) -> Mapping[str, Any]:
    """Return name -> dtype, shape and place of each tensor.

    Raises:
        NotSafetensors: it is no such file, is not as long as its header says, or the header contradicts itself.
        OSError: it can't be read.
    """
    size = file.stat().st_size
    with file.open("rb") as data:
        start = data.read(_LENGTH.size)
        length = _LENGTH.unpack(start)[0] if len(start) == _LENGTH.size else 0
        if not 2 <= length <= min(_LONGEST, size - _LENGTH.size):
            raise NotSafetensors("is no .safetensors file")
        text = data.read(length)
    try:
        header = json.loads(text)
        tensors = {str(name): one for name, one in header.items() if name != "__metadata__"}
    except (ValueError, AttributeError, RecursionError) as error:
        raise NotSafetensors("is no .safetensors file") from error
    end = _end(tensors)
    if size < _LENGTH.size + length + end:
        raise NotSafetensors("is cut short")
    if size > _LENGTH.size + length + end:
        raise NotSafetensors("is damaged (there is more in it than it says)")
    return tensors


def _end(tensors: Mapping[str, Any]) -> int:
    """Return the bytes of all tensors' numbers, which follow each other without gaps.

    Raises:
        NotSafetensors: they do not, or there is no such kind of number.
    """
    spans = []
    for name, one in tensors.items():
        entry = one if isinstance(one, dict) else {}
        kind, shape, span = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
        bits = _BITS.get(kind, 0) if isinstance(kind, str) else 0
        if not bits:
            raise NotSafetensors(f"is damaged ({_short(name)} has numbers of no kind that is known)")
        if not (_whole(shape) and _whole(span) and len(span) == 2):
            raise NotSafetensors(f"is damaged (it is not said how large {_short(name)} is)")
        if span[1] - span[0] != math.prod(shape) * bits // 8:
            raise NotSafetensors(f"is damaged ({_short(name)} has another size than its shape)")
        spans.append((span[0], span[1]))
    end = 0
    for first, last in sorted(spans):
        if first != end:
            raise NotSafetensors("is damaged (its parts do not follow each other)")
        end = last
    return end


def _whole(numbers: object) -> TypeGuard[list[int]]:
    """Return whether something is a short list of whole numbers from 0."""
    return (
        isinstance(numbers, list)
        and len(numbers) <= _MOST_SIDES
        and all(type(one) is int and 0 <= one < _TOO_MUCH for one in numbers)
    )


def _short(name: str) -> str:
    return repr(name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}...")


def family_of(header: Mapping[str, Any]) -> str:
    """Return which family of models a single file belongs to; empty where nothing tells."""
    for mark, family in _MARKS:
        if any(mark in name for name in header):
            return family
    if _FIRST not in header:
        parts = {name.partition(".")[0] for name in header}
        if len(parts & _CHECKPOINT_PARTS) > 1:
            return WANTED  # `lacks` says that its UNet is missing
        return next((what for start, what in _ALONE if any(name.startswith(start) for name in header)), "")
    if _shape(header, _FIRST)[1:2] not in ([], [_LATENTS]):
        return "a Stable Diffusion model for in-painting"
    attention = _shape(header, _ATTENTION)
    width = attention[1] if len(attention) > 1 else 0
    return _WORDS.get(width, "")


def lacks(header: Mapping[str, Any]) -> str:
    """Return which part of a whole checkpoint is missing, in words; nothing where all are there."""
    return next((what for start, what in _PARTS.items() if not any(name.startswith(start) for name in header)), "")


def misfit(header: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return how many numbers the text encoder gives and the UNet takes for a word, where these differ."""
    gives, takes = (_shape(header, name)[1:2] for name in (_EMBEDDING, _ATTENTION))
    return (gives[0], takes[0]) if gives and takes and gives != takes else None


def _shape(header: Mapping[str, Any], name: str) -> list[int]:
    return list(header[name]["shape"]) if name in header else []
