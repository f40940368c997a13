"""CLIP ViT-L/14 with OpenAI's weights as open_clip keeps them, and TAESD, a small stand-in for an autoencoder."""

from __future__ import annotations

from typing import Final

from dreamface.models.remote import KnownFile

CLIP_REVISION: Final = "18d0535469bb561bf468d76c1d73aa35156c922b"
CLIP_PAGE: Final = "https://huggingface.co/timm/vit_large_patch14_clip_224.openai"
CLIP: Final = KnownFile(
    name="open_clip_model.safetensors",
    url=f"{CLIP_PAGE}/resolve/{CLIP_REVISION}/open_clip_model.safetensors",
    size=1_710_517_724,
    sha256="9ce2e8a8ebfff3793d7d375ad6d3c35cb9aebf3de7ace0fc7308accab7cd207e",
    title="CLIP ViT-L/14",
)

TAESD_REVISION: Final = "614f76814bbe30edbe2e627ace1c2234c81a2c0e"
TAESD_PAGE: Final = "https://huggingface.co/madebyollin/taesd"
TAESD: Final = KnownFile(
    name="taesd.safetensors",
    url=f"{TAESD_PAGE}/resolve/{TAESD_REVISION}/diffusion_pytorch_model.safetensors",
    size=9_793_292,
    sha256="db169d69145ec4ff064e49d99c95fa05d3eb04ee453de35824a6d0f325513549",
    title="TAESD",
)
