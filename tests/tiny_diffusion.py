"""A complete Stable Diffusion of few numbers, saved as the real one is: as a folder, and as a single file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from dreamface.guidance.torchvision_operators import make_torchvision_importable

_BLOCKS = (32, 64, 64, 64)
_WIDTH = 32  # of the text embedding


def save(folder: Path, seed: int = 0, width: int = _WIDTH, **unet: Any) -> Path:
    """Write the folder that diffusers' `save_pretrained` writes; the weights are noise.

    With a width of 768 numbers for a word, it is taken for one of Stable Diffusion's family when it is installed.
    """
    make_torchvision_importable()  # this machine's may be made for another torch
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    torch.manual_seed(seed)
    cross = "CrossAttn{}Block2D"
    parts = {
        "unet": UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=_BLOCKS,
            down_block_types=(*[cross.format("Down")] * 3, "DownBlock2D"),
            up_block_types=("UpBlock2D", *[cross.format("Up")] * 3), cross_attention_dim=width, attention_head_dim=8,
            norm_num_groups=8, **unet,
        ),
        "vae": AutoencoderKL(
            block_out_channels=(8, 8, 16, 16), down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, norm_num_groups=4,
            sample_size=64,
        ),
        "text_encoder": CLIPTextModel(
            CLIPTextConfig(
                vocab_size=514, hidden_size=width, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                max_position_embeddings=77, bos_token_id=512, eos_token_id=513, pad_token_id=513,
            )
        ),
    }  # fmt: skip
    for name, part in parts.items():
        part.save_pretrained(folder / name, safe_serialization=True)
    (folder / "scheduler").mkdir()
    scheduler = {
        "_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000, "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1,
    }  # fmt: skip
    (folder / "scheduler/scheduler_config.json").write_text(json.dumps(scheduler))
    _write_tokenizer(folder / "tokenizer")
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1"}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _write_tokenizer(folder: Path) -> None:
    """A byte-level tokenizer without any merges: every letter is a token."""
    folder.mkdir()
    letters = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    extra = (256 + number for number in range(256 - len(letters)))
    signs = [*map(chr, letters), *map(chr, extra)]
    words = [*signs, *(f"{sign}</w>" for sign in signs), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    settings = {
        "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "special_tokens_map.json").write_text(
        json.dumps({k: v for k, v in settings.items() if "token" in k[-5:]})
    )


def save_single(folder: Path, file: Path) -> Path:
    """Write a folder's weights into one file, named as the original Stable Diffusion's are."""
    from safetensors.torch import load_file

    weights = {}
    for part, prefix, rename in (
        ("unet", "model.diffusion_model.", _unet_name),
        ("vae", "first_stage_model.", _vae_name),
        ("text_encoder", "cond_stage_model.transformer.", _text_name),
    ):
        (source,) = (folder / part).glob("*.safetensors")
        for name, value in load_file(source).items():
            new = rename(name)
            if part == "vae" and "attentions" in name and value.ndim == 2:
                value = value[:, :, None, None]  # they were convolutions of 1 x 1
            weights[prefix + new] = value.contiguous()
    save_file(weights, file)
    return file


def _text_name(name: str) -> str:
    return name if name.startswith("text_model.") else f"text_model.{name}"


_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip


def _unet_name(name: str) -> str:
    start = {
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    }  # fmt: skip
    for old, new in start.items():
        if name.startswith(f"{old}."):
            return name.replace(old, new, 1)
    way, *rest = name.split(".")
    if way == "mid_block":
        kind, number, *rest = rest
        place = f"middle_block.{1 if kind == 'attentions' else 2 * int(number)}"
    else:
        block, kind, number, *rest = rest
        block, number = int(block), int(number)
        if way == "down_blocks":
            if kind == "downsamplers":
                return ".".join((f"input_blocks.{3 * block + 3}.0.op", *rest[1:]))
            place = f"input_blocks.{3 * block + number + 1}.{int(kind == 'attentions')}"
        elif kind == "upsamplers":
            return ".".join((f"output_blocks.{3 * block + 2}.{1 if block == 0 else 2}.conv", *rest[1:]))
        else:
            place = f"output_blocks.{3 * block + number}.{int(kind == 'attentions')}"
    if kind == "resnets":
        rest[0] = _RESNET[rest[0]]
    return ".".join((place, *rest))


def _vae_name(name: str) -> str:
    name = name.replace("conv_norm_out", "norm_out")
    side, *rest = name.split(".")
    if side in ("quant_conv", "post_quant_conv") or rest[0] in ("conv_in", "conv_out", "norm_out"):
        return name
    if rest[0] == "mid_block":
        if rest[1] == "attentions":
            names = {"to_q": "q", "to_k": "k", "to_v": "v", "to_out": "proj_out", "group_norm": "norm"}
            tail = [names[rest[3]], *(rest[5:] if rest[3] == "to_out" else rest[4:])]
            return ".".join((side, "mid.attn_1", *tail))
        place = f"mid.block_{int(rest[2]) + 1}"
        rest = rest[3:]
    else:
        way, block, kind, number, *rest = rest
        count = 4
        at = int(block) if way == "down_blocks" else count - 1 - int(block)
        head = f"{'down' if way == 'down_blocks' else 'up'}.{at}"
        if kind in ("downsamplers", "upsamplers"):
            return ".".join((side, head, "downsample" if kind == "downsamplers" else "upsample", *rest))
        place = f"{head}.block.{number}"
    return ".".join((side, place, *rest)).replace("conv_shortcut", "nin_shortcut")
