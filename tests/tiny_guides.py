"""All models that detail by diffusion can use, tiny and complete, installed as the real ones are."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from dreamface import models
from dreamface.guidance import Decoder, StableDiffusion
from dreamface.guidance.torchvision_operators import make_torchvision_importable
from tests import tiny_diffusion


def install_diffusion(home: Path) -> StableDiffusion:
    """Install a tiny Stable Diffusion, and return it; `home` is what the environment variable names."""
    place = home / models.STABLE_DIFFUSION.name
    if not place.is_dir():
        tiny_diffusion.save(place)
    return StableDiffusion.load(place, models.STABLE_DIFFUSION.name)


def install_texture_model(home: Path, base: StableDiffusion, head: str = "anny", seed: int = 1) -> Path:
    """Install a texture model whose denoiser is noise, in the files that training writes."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    torch.manual_seed(seed)
    place, config = home / models.TEXTURE_LDM.name, dict(base._unet.config)
    unet = UNet2DConditionModel.from_config({**config, "in_channels": 5})
    unet.save_pretrained(place / "unet", safe_serialization=True)
    width = int(unet.config.cross_attention_dim)
    learned = {"domains": 0.02 * torch.randn(2, 3, width), "mask": torch.zeros(1, 1, 8, 8)}
    save_file(learned, place / "domain_prompts.safetensors")
    return _describe(place, models.TEXTURE_LDM.name, head)


def install_decoders(home: Path, base: StableDiffusion, head: str = "anny", seed: int = 2) -> Path:
    """Install decoders whose weights are those of the autoencoder, somewhat changed."""
    torch.manual_seed(seed)
    place = home / models.PBR_DECODERS.name
    for channel in ("specular", "normal"):
        (place / channel).mkdir(parents=True)
        weights = {
            name: (value + 0.05 * torch.randn_like(value)).contiguous()
            for name, value in Decoder(base.autoencoder).state_dict().items()
        }
        save_file(weights, place / channel / "decoder.safetensors")
    return _describe(place, models.PBR_DECODERS.name, head)


def _describe(place: Path, kind: str, head: str) -> Path:
    (place / "model.json").write_text(json.dumps({"kind": kind, "format": 1, "head": head}))
    (place / "README.md").write_text("Made of noise.\n")
    return place


def install_enlarger(home: Path) -> None:
    """Install a Real-ESRGAN of one block."""
    make_torchvision_importable()
    from spandrel.architectures.ESRGAN import ESRGAN

    torch.manual_seed(3)
    place = home / models.REALESRGAN.name
    place.mkdir(parents=True)
    torch.save(
        {"params_ema": ESRGAN(num_filters=8, num_blocks=1, scale=4).state_dict()}, place / models.REALESRGAN.file
    )


def install_restorer(home: Path) -> None:
    """Install a RestoreFormer of few numbers."""
    make_torchvision_importable()
    from spandrel.architectures.RestoreFormer import RestoreFormer

    torch.manual_seed(4)
    place = home / models.RESTOREFORMER.name
    place.mkdir(parents=True)
    network = RestoreFormer(
        n_embed=16, embed_dim=32, ch=32, ch_mult=(1, 1, 1, 1, 1, 1), num_res_blocks=1, z_channels=32,
    )  # fmt: skip
    torch.save({"state_dict": network.state_dict()}, place / models.RESTOREFORMER.file)
