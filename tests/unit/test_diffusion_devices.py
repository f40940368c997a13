"""Where diffusion computes, whether there is room, and what happens where there is not; its cards are stand-ins."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from dreamface.errors import BadRequest, DreamFaceError
from dreamface.guidance import Guide, Prompt, StableDiffusion, devices, stable_diffusion, torchvision_operators
from dreamface.guidance.devices import Place, check_memory, choose_place, compute
from dreamface.guidance.distillation import score_gradient
from dreamface.guidance.schedule import Schedule
from dreamface.models import look_at_weights
from tests.unit.test_stable_diffusion import checkpoint, safetensors
from tests.unit.test_stable_diffusion import folder as installed_folder

GB = 10**9
CPU = torch.device("cpu")


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A graphics card that is said to be there."""
    card = SimpleNamespace(name="NVIDIA RTX 4090", generation=(8, 9), free=20 * GB, total=24 * GB, kept=0)
    for name, answer in {
        "is_available": lambda: True,
        "get_device_capability": lambda *_: card.generation,
        "get_device_name": lambda *_: card.name,
        "mem_get_info": lambda *_: (card.free, card.total),
        "memory_reserved": lambda *_: card.kept,
        "memory_allocated": lambda *_: 0,
        "empty_cache": lambda: None,
    }.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    return card


# ------------------------------------------------------------------------------------------------------------ choosing


@pytest.mark.parametrize(
    ("name", "generation", "is_brain", "precision"),
    [
        ("NVIDIA RTX 4090", (8, 9), False, torch.float16),
        ("NVIDIA RTX 4090", (8, 9), True, torch.bfloat16),
        ("NVIDIA GeForce RTX 2070", (7, 5), False, torch.float16),
        ("NVIDIA GeForce RTX 2070", (7, 5), True, torch.float32),
        ("NVIDIA GeForce GTX 1660 Ti", (7, 5), False, torch.float32),
        ("NVIDIA GeForce GTX 1080", (6, 1), False, torch.float16),
    ],
)
def test_a_card_computes_in_half_precision_where_that_is_safe(
    card: SimpleNamespace, name: str, generation: tuple[int, int], is_brain: bool, precision: torch.dtype
) -> None:
    card.name, card.generation = name, generation
    assert choose_place(is_brain) == Place(torch.device("cuda"), precision)


@pytest.mark.parametrize(("total", "takes_turns"), [(4, True), (6, True), (8.2, False), (24, False)])
def test_networks_take_turns_in_a_card_of_less_than_8_gb(
    card: SimpleNamespace, total: float, takes_turns: bool
) -> None:
    card.total = int(total * GB)
    assert choose_place().takes_turns is takes_turns


def test_each_process_of_a_training_has_a_card_of_its_own(
    card: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else all of them would load their models onto the first card."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for number, wanted in (("0", 0), ("1", 1), ("2", 0)):
        monkeypatch.setenv("LOCAL_RANK", number)
        assert choose_place().device == torch.device("cuda", wanted)


def test_apples_gpu_and_the_cpu_compute_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_place() == Place(CPU, torch.float32)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 12 * GB)
    assert choose_place() == Place(torch.device("mps"), torch.float32)


def test_the_slow_cpu_can_be_chosen(card: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(devices.VARIABLE, " CPU ")
    assert choose_place(True) == Place(CPU, torch.float32)
    monkeypatch.setenv(devices.VARIABLE, "tpu")
    with pytest.raises(BadRequest, match="is 'tpu': set it to auto or cpu"):
        choose_place()


@pytest.mark.parametrize("kind", ["F16", "BF16"])
def test_the_kind_of_numbers_is_read_from_the_unet(tmp_path: Path, kind: str) -> None:
    file = safetensors(tmp_path / "checkpoint.safetensors", checkpoint())
    file.write_bytes(file.read_bytes().replace(b'"F16"', b'"BF16"') if kind == "BF16" else file.read_bytes())
    if kind == "BF16":  # the header has grown
        data = file.read_bytes()
        length = data.index(b"}}") + 2 - 8
        file.write_bytes(length.to_bytes(8, "little") + data[8:])
    assert look_at_weights(tmp_path).is_bfloat16 is (kind == "BF16")
    file.write_bytes(b"damaged")
    assert look_at_weights(tmp_path).counts == ()


# ------------------------------------------------------------------------------------------------------------- memory


def test_too_little_memory_is_said_before_anything_is_loaded(card: SimpleNamespace) -> None:
    place = choose_place()
    check_memory(place, 6 * GB, "Diffusion")
    card.free = 3_100_000_000
    sentence = r"^Diffusion needs 6 GB of GPU memory, 3\.1 are free: close other programs .* or choose Slow \(CPU\) in"
    with pytest.raises(DreamFaceError, match=sentence):
        check_memory(place, 6 * GB, "Diffusion")
    card.kept = 3 * GB
    check_memory(place, 6 * GB, "Diffusion")  # torch has it already
    check_memory(Place(CPU, torch.float32), 10**18, "Diffusion")  # the system gives it, however slowly


def test_memory_is_looked_at_again_where_the_model_is_loaded_already(card: SimpleNamespace) -> None:
    """Another program, such as a render, may have taken it since; networks that wait on the CPU need room, too."""
    cuda = torch.device("cuda")
    large, small = (SimpleNamespace(device=CPU, dtype=torch.float16, parameters=list) for _ in range(2))
    large.parameters = lambda: [torch.empty(10**9, dtype=torch.float16, device="meta")]
    parts = (Schedule.scaled_linear(), 64, 8, large, Network(), small, None, "epsilon", True)
    model = StableDiffusion("x", cuda, *parts)
    card.free = int(2 * GB + stable_diffusion._WORK_BYTES)
    model.check_room()
    card.free -= 1
    with pytest.raises(DreamFaceError, match=r"Diffusion needs 3\.6 GB of GPU memory, 3\.6 are free"):
        model.check_room()
    large.device = cuda  # it is in there already
    model.check_room()


@pytest.mark.parametrize("single", [True, False])
def test_what_is_needed_is_counted_in_the_precision_that_is_loaded(tmp_path: Path, single: bool) -> None:
    if single:
        copies = {"model_ema.diffusion_model.input_blocks.0.0.weight": [9, 9]}  # which nobody loads
        safetensors(tmp_path / "checkpoint.safetensors", checkpoint() | copies)
        unet, words, autoencoder = 8 * 4 * 9 + 8 * 768 + 16, 8 * 768, 8 * 27 + 8 * 36
    else:
        installed_folder(tmp_path, half=False)
        unet = words = autoencoder = 16
    assert look_at_weights(tmp_path).counts == (unet, words, autoencoder)
    rest = stable_diffusion._WORK_BYTES
    half, card = Place(torch.device("cuda"), torch.float16), Place(torch.device("cuda"), torch.float16, True)
    assert stable_diffusion._needed(tmp_path, half) == rest + 2 * unet + 2 * words + 4 * autoencoder
    assert stable_diffusion._needed(tmp_path, card) == rest + max(2 * unet, 2 * words) + 4 * autoencoder
    whole = Place(CPU, torch.float32)
    assert stable_diffusion._needed(tmp_path, whole) == rest + 4 * (unet + words + autoencoder)


def test_apples_memory_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10 * GB)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 8 * GB)
    with pytest.raises(DreamFaceError, match="2 are free"):
        check_memory(Place(torch.device("mps"), torch.float32), 4 * GB, "Diffusion")


def exhausted(largest: int) -> Callable[[Tensor], Tensor]:
    """Something that takes too much memory for more than so many at once."""

    def work(some: Tensor) -> Tensor:
        if len(some) > largest:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return 2.0 * some

    return work


def test_what_takes_too_much_memory_is_done_one_after_the_other_once() -> None:
    batch = torch.arange(6.0).reshape(3, 2).requires_grad_()
    made = compute(exhausted(1), batch)
    assert torch.equal(made, 2.0 * batch)
    made.sum().backward()
    assert batch.grad is not None and torch.equal(batch.grad, torch.full((3, 2), 2.0))
    with pytest.raises(torch.OutOfMemoryError):
        compute(exhausted(0), batch)
    with pytest.raises(torch.OutOfMemoryError):
        compute(exhausted(0), batch[:1])


def test_a_lost_card_is_said_and_other_errors_are_themselves() -> None:
    def fail(words: str) -> Callable[[Tensor], Tensor]:
        def work(some: Tensor) -> Tensor:
            raise RuntimeError(words)

        return work

    with pytest.raises(DreamFaceError, match=r"has stopped working \(CUDA error: unspecified launch failure\): stop"):
        compute(fail("CUDA error: unspecified launch failure\nCompile with ..."), torch.zeros(2))
    with pytest.raises(RuntimeError, match="shapes"):
        compute(fail("shapes do not fit"), torch.zeros(2))


# ------------------------------------------------------------------------------------------------------- taking turns


class Network:
    """Stands in for a network of diffusers, and remembers where it was brought."""

    def __init__(self, largest: int = 99) -> None:
        self.dtype = torch.float32
        self.at = "cpu"
        self.config = SimpleNamespace(scaling_factor=0.5)
        self.sizes: list[int] = []
        self._largest = largest

    def to(self, device: object) -> Network:
        self.at = str(device)
        return self

    def encode(self, pictures: Tensor) -> Any:
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: self._work(pictures[:, :, ::8, ::8])))

    def decode(self, latents: Tensor) -> Any:
        return SimpleNamespace(sample=self._work(latents))

    def __call__(self, latents: Tensor, *_: Tensor, **__: Tensor) -> Any:
        return SimpleNamespace(sample=self._work(latents))

    def _work(self, some: Tensor) -> Tensor:
        assert self.at == "meta", "it is used where it is not"
        self.sizes.append(len(some))
        return exhausted(self._largest)(some)


@pytest.fixture
def model() -> StableDiffusion:
    """A model of stand-ins on a device that is none, in whose memory its networks take turns."""
    unet, autoencoder, words = Network(1), Network(), Network()
    return StableDiffusion(
        "x", torch.device("meta"), Schedule.scaled_linear(), 64, 8, unet, autoencoder, words, None, "epsilon", True
    )


def test_networks_leave_a_small_memory_to_the_one_that_works(model: StableDiffusion) -> None:
    with torch.no_grad():
        latents = model.encode(torch.rand(1, 3, 64, 64))
        assert (model._autoencoder.at, model._unet.at, model._text_encoder.at) == ("meta", "cpu", "cpu")
        model.predict_noise(latents, torch.tensor([3]), torch.zeros(1, 77, 8))
        assert model._unet.at == "meta"
        model.decode(latents)
        assert (model._autoencoder.at, model._unet.at) == ("meta", "cpu")


def test_a_denoiser_that_another_is_trained_from_leaves_the_card_to_that(model: StableDiffusion) -> None:
    for network in (model._unet, model._autoencoder, model._text_encoder):
        network.to("meta")
    reading = model.reading_on(torch.device("meta"))
    assert [one.at for one in (reading._unet, reading._autoencoder, reading._text_encoder)] == ["cpu", "meta", "meta"]


def test_the_autoencoder_stays_while_gradients_may_go_back_through_it(model: StableDiffusion) -> None:
    pictures = torch.rand(1, 3, 64, 64, requires_grad=True)
    latents = model.encode(pictures)
    words = Prompt(torch.zeros(1, 77, 8))
    noise = score_gradient(Guide(model, words, words, 7.5), latents, torch.zeros_like(latents), 3)
    assert (model._autoencoder.at, model._unet.at) == ("meta", "meta")
    latents.backward(gradient=noise)
    assert pictures.grad is not None


def test_a_batch_that_is_too_large_for_the_card_gives_the_same_noise(model: StableDiffusion) -> None:
    latents = torch.rand(2, 4, 8, 8)
    made = model.predict_noise(latents, torch.tensor([3, 3]), torch.zeros(2, 77, 8))
    assert model._unet.sizes == [2, 1, 1]
    torch.testing.assert_close(made, 2.0 * latents)


# -------------------------------------------------------------------------------------------------------- torchvision

FOR_CUDA = """
import torch
@torch.library.register_fake("torchvision::nms")
def nms(dets, scores, iou_threshold): ...
@torch.library.register_fake("torchvision::qnms")
def qnms(dets, scores, iou_threshold): ...
"""
"""How a torchvision begins whose own library does not load."""


@pytest.fixture
def torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts another torchvision in the place of the one that may be installed."""
    if "torchvision" in sys.modules or torchvision_operators._declared is not None:
        pytest.skip("the real torchvision is in use")
    monkeypatch.syspath_prepend(tmp_path)

    def write(code: str) -> None:
        (tmp_path / "torchvision").mkdir()
        (tmp_path / "torchvision/__init__.py").write_text(code)
        (tmp_path / "torchvision/other.py").write_text("")

    yield write
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    if torchvision_operators._declared is not None:
        torchvision_operators._declared._destroy()
        torchvision_operators._declared = None


def test_a_torchvision_for_cuda_is_imported_beside_a_torch_for_the_cpu(torchvision: Callable[[str], None]) -> None:
    torchvision("from torchvision import other" + FOR_CUDA)
    with pytest.raises(RuntimeError, match=r"operator torchvision::nms does not exist"):
        importlib.import_module("torchvision")
    torchvision_operators.make_torchvision_importable()
    assert torchvision_operators._declared is not None
    assert importlib.import_module("torchvision").nms is not None
    torchvision_operators.make_torchvision_importable()  # and again is nothing


@pytest.mark.parametrize("code", ["version = 1", "raise RuntimeError('the disk')", "raise OSError('libx.so')"])
def test_another_torchvision_is_left_alone(torchvision: Callable[[str], None], code: str) -> None:
    torchvision(code)
    torchvision_operators.make_torchvision_importable()
    assert torchvision_operators._declared is None
    assert ("torchvision" in sys.modules) is (code == "version = 1")


def test_without_torchvision_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_operators, "find_spec", lambda name: None)
    torchvision_operators.make_torchvision_importable()
    assert torchvision_operators._declared is None or find_spec("torchvision") is not None
