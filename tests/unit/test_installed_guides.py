"""Detail by diffusion with everything that can be installed beside it: tiny ones in the real files."""

from __future__ import annotations

import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from dreamface import models, pipeline
from dreamface.errors import DreamFaceError
from dreamface.face import Face
from dreamface.guidance import forget_diffusion, stable_diffusion, use_diffusion
from dreamface.guidance.devices import Place
from dreamface.pipeline import Detail, FastDetail
from dreamface.progress import Progress, Step
from tests import tiny_guides
from tests.running_backend import running_backend, wait_for

pytestmark = [
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("diffusers", "transformers")),
        reason='diffusers is not installed: pip install "dreamface[diffusion]" runs these, too',
    ),
    pytest.mark.slow,
]
needs_spandrel = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("spandrel", "torchvision")), reason="spandrel is not installed"
)


@pytest.fixture
def unsharpened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    base = tiny_guides.install_diffusion(tmp_path)
    tiny_guides.install_texture_model(tmp_path, base)
    tiny_guides.install_decoders(tmp_path, base)
    forget_diffusion()
    return tmp_path


@pytest.fixture
def home(unsharpened: Path) -> Path:
    tiny_guides.install_enlarger(unsharpened)
    tiny_guides.install_restorer(unsharpened)
    return unsharpened


def make(detail: Detail | FastDetail, prompt: str = "a pale old man", **more: Any) -> Face:
    return pipeline.generate(prompt, seed=5, resolution=512, head="anny", detail=detail, **more)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_all_of_it_runs_with_networks_of_half_precision(
    precision: torch.dtype, unsharpened: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a card; renderer, optimiser and autoencoder compute in single precision beside them."""
    monkeypatch.setattr(stable_diffusion, "choose_place", lambda _: Place(torch.device("cpu"), precision))
    with use_diffusion() as model:
        assert model.precision is precision and model.autoencoder.dtype is torch.float32
    told: list[Step] = []
    for detail in (Detail(2), FastDetail(2)):
        face = make(detail, progress=Progress(told.append))
        said = face.record.edits[0].parameters
        assert said["texture_model"] == "texture-ldm" and said["pbr_decoders"] == "pbr-decoders"
        assert pipeline.detail_remarks(face.record) == []
        assert bool(torch.isfinite(face.head.vertices).all())
        assert all(bool(torch.isfinite(image).all()) for maps in face.maps.values() for image in maps.values())
    messages = [step.message for step in told]
    assert [messages.count(f"Loading the {name}") for name in ("texture model", "PBR decoders")] == [1, 1]
    forget_diffusion()


def test_of_500_words_what_is_not_read_is_said(unsharpened: Path) -> None:
    prompt = "a pale old man " + " ".join(("hm", "oh", "so")[number % 3] for number in range(500))
    face = make(Detail(1, carves=False), prompt)
    (note,) = pipeline.detail_remarks(face.record)
    assert note.startswith("The prompt is longer than the diffusion model reads; it has not read: “")
    assert note.count("hm") > 50 and "pale" not in note
    forget_diffusion()


def test_a_killed_worker_leaves_no_half_face_and_the_job_can_be_run_again(unsharpened: Path, tmp_path: Path) -> None:
    with running_backend(tmp_path / "store", worker=()) as backend:
        wait_for(lambda: backend.health()["state"] == "ready", 180.0)
        wish = {"seed": 5, "head": "anny", "detail": {"steps": 30, "guidance": 3.0}}
        job = backend.generate("a pale old man", **wish)
        wait_for(lambda: "step 2" in backend.job(job)["message"] or backend.job(job)["state"] == "failed", 240.0)
        assert backend.job(job)["state"] == "running", backend.job(job)
        os.kill(backend.health()["worker_pid"], signal.SIGKILL)
        lost = backend.outcome(job, 60.0)
        assert lost["state"] == "failed" and "try again" in lost["error"], lost
        assert not (tmp_path / "store/faces" / job).exists()
        wish["detail"] = {"steps": 1, "guidance": 3.0}
        done = backend.outcome(backend.generate("a pale old man", **wish), 300.0)
        assert done["state"] == "done", done
        assert [face.name for face in (tmp_path / "store/faces").iterdir()] == [done["id"]]
        assert not list((tmp_path / "store/staging").iterdir())


@needs_spandrel
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


@needs_spandrel
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
