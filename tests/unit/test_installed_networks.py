"""CLIP and the networks that sharpen, as they are loaded: tiny ones in the real layout, through the real packages."""

from __future__ import annotations

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dreamface import models
from dreamface.errors import DreamFaceError, MissingDependency
from dreamface.guidance import ClipEncoder, Upscaler, clip
from dreamface.guidance.torchvision_operators import make_torchvision_importable
from dreamface.models import places

needs_packages = pytest.mark.skipif(
    find_spec("open_clip") is None or find_spec("spandrel") is None,
    reason='open_clip and spandrel are not installed: pip install "dreamface[diffusion]" runs these, too',
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


def test_what_is_not_installed_is_said(home: Path) -> None:
    with pytest.raises(DreamFaceError, match=r"CLIP ViT-L/14 is not installed: install it with `dreamface models inst"):
        ClipEncoder.load()
    with pytest.raises(DreamFaceError, match="Real-ESRGAN x4plus is not installed: install it with"):
        Upscaler.load(models.REALESRGAN)


@pytest.mark.parametrize(
    "fault", ["raise RuntimeError('operator torchvision::nms does not exist')", "raise OSError('libcudart.so.13: no')"]
)
def test_packages_that_do_not_load_are_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    (home / models.CLIP.name).mkdir(parents=True)
    (home / models.CLIP.name / models.CLIP.file).write_bytes(b"weights")
    (tmp_path / "open_clip.py").write_text(fault)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "open_clip", raising=False)
    with pytest.raises(MissingDependency, match=r"that CLIP ViT-L/14 needs do not load \(.*\): add them to DreamFace"):
        ClipEncoder.load()


@pytest.fixture
def tiny_clip(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CLIP of two layers, saved as open_clip keeps OpenAI's."""
    make_torchvision_importable()
    import open_clip

    config = {
        "embed_dim": 16, "quick_gelu": True,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2},
    }  # fmt: skip
    (tmp_path / "tiny-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-clip.json")
    monkeypatch.setattr(clip, "_ARCHITECTURE", "tiny-clip")
    torch.manual_seed(3)
    network = open_clip.create_model("tiny-clip", pretrained=None, load_weights=False)
    place = home / models.CLIP.name
    place.mkdir(parents=True)
    save_file(network.state_dict(), place / "open_clip_model.safetensors")
    return place


@needs_packages
def test_clip_embeds_as_open_clip_does(tiny_clip: Path) -> None:
    import open_clip

    encoder = ClipEncoder.load()
    network, _, prepare = open_clip.create_model_and_transforms("tiny-clip", pretrained=None, load_weights=False)
    network.load_state_dict(encoder._network.state_dict())
    network.eval()
    tokens = open_clip.get_tokenizer("tiny-clip")(["a pale old man", "x" * 900])
    expected = torch.nn.functional.normalize(network.encode_text(tokens), dim=-1)
    torch.testing.assert_close(encoder.texts(["a pale old man", "x" * 900]), expected.detach())
    assert encoder.unread("a pale old man") == "" == encoder.unread("nose " * 75)
    assert encoder.unread("nose " * 75 + "A green beard") == "a green beard"
    picture = torch.rand(32, 32, 3, generator=torch.Generator().manual_seed(1))
    normal = prepare.transforms[-1](picture.movedim(-1, 0))[None]
    expected = torch.nn.functional.normalize(network.encode_image(normal), dim=-1)
    torch.testing.assert_close(encoder.images(picture[None]), expected.detach(), atol=1e-5, rtol=1e-4)
    assert encoder.dimension == 16 and encoder.images(torch.rand(2, 64, 48, 3)).shape == (2, 16)
    picture.requires_grad_()
    encoder.images(picture[None]).sum().backward()
    assert picture.grad is not None and bool((picture.grad != 0.0).any())


@needs_packages
def test_a_damaged_clip_is_said(tiny_clip: Path) -> None:
    save_file({"a": torch.zeros(2)}, tiny_clip / "open_clip_model.safetensors")
    with pytest.raises(DreamFaceError, match=r"CLIP ViT-L/14 can't be loaded: install it again"):
        ClipEncoder.load()


@needs_packages
def test_a_network_enlarges_pictures(home: Path) -> None:
    make_torchvision_importable()
    from spandrel.architectures.ESRGAN import ESRGAN

    torch.manual_seed(3)
    network = ESRGAN(num_filters=8, num_blocks=1, scale=4).eval()
    place = home / models.REALESRGAN.name
    place.mkdir(parents=True)
    torch.save({"params_ema": network.state_dict()}, place / "RealESRGAN_x4plus.pth")
    upscaler = Upscaler.load(models.REALESRGAN)
    pictures = torch.rand(2, 3, 16, 24, generator=torch.Generator().manual_seed(1))
    made = upscaler.sharpen(pictures)
    assert upscaler.scale == 4 and made.shape == (2, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(made, network(pictures).clamp(0.0, 1.0), atol=1e-5, rtol=1e-4)
    with pytest.raises(DreamFaceError, match=r"realesrgan-x4plus gave no numbers \(NaN\)"):
        upscaler.sharpen(torch.full((1, 3, 16, 16), math.nan))
    (place / "RealESRGAN_x4plus.pth").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DreamFaceError, match=r"Real-ESRGAN x4plus can't be loaded: install it again"):
        Upscaler.load(models.REALESRGAN)


class _Runs:
    """What a malicious file would have: something that is called when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


@needs_packages
def test_a_pickled_file_runs_nothing(home: Path, tmp_path: Path) -> None:
    place = home / models.REALESRGAN.name
    place.mkdir(parents=True)
    torch.save({"params_ema": _Runs(tmp_path / "was-here")}, place / "RealESRGAN_x4plus.pth")
    with pytest.raises(DreamFaceError, match="can't be loaded"):
        Upscaler.load(models.REALESRGAN)
    assert not (tmp_path / "was-here").exists()
