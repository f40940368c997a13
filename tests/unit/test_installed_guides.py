"""Detail by diffusion with everything that can be installed beside it: tiny ones in the real files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from dreamface import models, pipeline
from dreamface.errors import DreamFaceError
from dreamface.face import Face
from dreamface.guidance import forget_diffusion
from dreamface.pipeline import Detail, FastDetail
from tests import tiny_guides

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("diffusers", "transformers", "spandrel")),
        reason='diffusers or spandrel is not installed: pip install "dreamface[diffusion]" runs these, too',
    ),
    pytest.mark.slow,
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    base = tiny_guides.install_diffusion(tmp_path)
    tiny_guides.install_texture_model(tmp_path, base)
    tiny_guides.install_decoders(tmp_path, base)
    tiny_guides.install_enlarger(tmp_path)
    tiny_guides.install_restorer(tmp_path)
    forget_diffusion()
    return tmp_path


def make(detail: Detail | FastDetail) -> Face:
    return pipeline.generate("a pale old man", seed=5, resolution=512, head="anny", detail=detail)


@pytest.mark.parametrize("detail", [FastDetail(2), Detail(1, carves=False)])
def test_all_of_them_have_a_part_in_it(home: Path, detail: Detail | FastDetail) -> None:
    face = make(detail)
    said = face.record.edits[0].parameters
    assert said["texture_model"] == "texture-ldm" and said["pbr_decoders"] == "pbr-decoders"
    assert said["sharpened_by"] == ["realesrgan-x4plus", "restoreformer"]
    assert pipeline.detail_remarks(face.record) == [] and said.get("fast", False) is isinstance(detail, FastDetail)
    maps = face.maps["skin"]
    assert all(bool(torch.isfinite(image).all()) for image in maps.values())
    assert float(maps["specular"].std()) > 0.01 and float(maps["normal"][..., :2].std()) > 0.01


def test_what_is_half_there_is_said(home: Path) -> None:
    """Before anything slow begins where it is needed; at the end where it only makes things better."""
    (home / models.REALESRGAN.name / models.REALESRGAN.file).write_bytes(b"PK\x03\x04 and no more")
    face = make(FastDetail(1))
    assert face.record.edits[0].parameters["sharpened_by"] == ["restoreformer"]
    (note,) = pipeline.detail_remarks(face.record)
    assert note.startswith("The skin was not sharpened by Real-ESRGAN x4plus: ") and "install it again" in note
    (home / models.PBR_DECODERS.name / "normal/decoder.safetensors").unlink()
    with pytest.raises(DreamFaceError, match=r"The PBR decoders in .* can't be loaded"):
        make(FastDetail(1))
    (home / models.TEXTURE_LDM.name / "domain_prompts.safetensors").write_bytes(b"no")
    with pytest.raises(DreamFaceError, match=r"The texture model in .* can't be loaded"):
        make(FastDetail(1))
