"""Stable Diffusion 1.5 and its family, through diffusers. Nothing of it is imported before a model is loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor

from dreamface.errors import DreamFaceError, MissingDependency
from dreamface.guidance.devices import (
    SLOW,
    Place,
    check_memory,
    choose_place,
    compute,
    is_out_of_memory,
    release_memory,
)
from dreamface.guidance.holding import Held
from dreamface.guidance.interface import Prompt
from dreamface.guidance.packages import DIFFUSION, HOW, do_not_load, reason_of
from dreamface.guidance.schedule import Prediction, Schedule
from dreamface.guidance.torchvision_operators import make_torchvision_importable
from dreamface.models import (
    CHECKPOINT,
    SCHEDULER,
    STABLE_DIFFUSION,
    Installation,
    chosen_diffusion,
    look_at_weights,
    model_folder,
)
from dreamface.progress import Progress

_Companion = TypeVar("_Companion")

_NOT_IMPORTED: Final = "Failed to import "  # how transformers and diffusers begin what they say of a module of theirs
_WORK_BYTES: Final = 1.6e9  # beside the weights, for two pictures of 512 pixels a side
_TEXT_PREFIX: Final = "cond_stage_model.transformer."
_STEPS_BEFORE: Final = 8  # the autoencoder halves a picture so often at most: 2 ** of it is too large


def why_no_diffusion() -> str:
    """Return why diffusion can't be used here, as a sentence that says what to do; empty where it can."""
    if chosen_diffusion() is None:
        return f"No diffusion model is installed: {STABLE_DIFFUSION.how}."
    if any(find_spec(package) is None for package in DIFFUSION):
        return f"Diffusion needs packages that are not installed: {HOW}."
    return ""


@dataclass(frozen=True)
class StableDiffusion:
    """A `LatentDiffusion` of Stable Diffusion 1.5's family. Its weights get no gradients.

    The autoencoder works in single precision everywhere: in half precision some give no numbers.
    """

    name: str
    device: torch.device
    schedule: Schedule
    side: int
    factor: int
    _unet: Any
    _autoencoder: Any
    _text_encoder: Any
    _tokenizer: Any
    _prediction: Prediction
    _takes_turns: bool = False
    _companions: dict[Path, tuple[int, Any]] = field(default_factory=dict, repr=False, compare=False)
    """Folder -> when something in it changed last, and the model that was loaded from it to work with this one."""

    @classmethod
    def load(cls, folder: Path, name: str, progress: Progress = Progress()) -> StableDiffusion:  # noqa: B008 - immutable
        """Load a folder in diffusers' layout, or one with a single file and the settings beside it.

        Args:
            folder: as `models` installs it.
            name: what a face remembers.
            progress: told about every part.

        Raises:
            DreamFaceError: a file is missing or damaged, or there is too little memory.
            MissingDependency: the packages are not installed.
            Cancelled: the progress said so.
        """
        make_torchvision_importable()
        try:
            return cls._load(folder, name, choose_place(look_at_weights(folder).is_bfloat16), progress)
        except ImportError as error:
            raise do_not_load("diffusion", error) from error
        except _what_damage_raises() as error:
            if is_out_of_memory(error):
                raise DreamFaceError(
                    f"There is too little memory for diffusion: close other programs, or choose {SLOW}."
                ) from error
            if _NOT_IMPORTED in str(error):
                raise do_not_load("diffusion", error) from error
            raise DreamFaceError(f"{name} can't be loaded ({reason_of(error)}): {_chosen().again}.") from error

    @classmethod
    def _load(cls, folder: Path, name: str, place: Place, progress: Progress) -> StableDiffusion:
        settings = json.loads((folder / SCHEDULER).read_text("utf-8"))
        schedule, prediction = _schedule(settings), settings.get("prediction_type", "epsilon")
        if prediction not in ("epsilon", "v_prediction"):
            raise ValueError(f"its denoiser predicts {prediction!r}, which is not known here")
        check_memory(place, _needed(folder, place), "Diffusion")
        progress.report("load", 0.0, "Loading the diffusion model")
        text_encoder, tokenizer = _load_words(folder, place.precision)
        progress.report("load", 0.2, "Loading the diffusion model")
        unet, autoencoder = _load_networks(folder, place.precision)
        progress.report("load", 0.9, "Loading the diffusion model")
        for network in (unet, autoencoder, text_encoder):
            network.requires_grad_(False).eval()
            if not place.takes_turns:
                network.to(place.device)
        autoencoder.enable_gradient_checkpointing()  # 6.0 GB of what a step back through it holds become 0.9
        factor = 2 ** (len(autoencoder.config.block_out_channels) - 1)
        if not 1 <= factor < 2**_STEPS_BEFORE:
            raise ValueError("its autoencoder is of another kind")
        side = int(unet.config.sample_size or 64) * factor
        progress.report("load", 1.0, "The diffusion model is loaded")
        return cls(
            name, place.device, schedule, side, factor, unet, autoencoder, text_encoder, tokenizer, prediction,
            place.takes_turns,
        )  # fmt: skip

    @property
    def prediction(self) -> Prediction:
        """What its denoiser says."""
        return self._prediction

    @property
    def precision(self) -> torch.dtype:
        """Of its denoiser's weights."""
        found: torch.dtype = self._unet.dtype
        return found

    def reading_on(self, device: torch.device) -> StableDiffusion:
        """Return it with the networks that read pictures and words moved to a device.

        The denoiser waits on the CPU: who trains another one needs the device's memory for that.
        """
        for network in (self._autoencoder, self._text_encoder):
            network.to(device)
        self._unet.to("cpu")
        return replace(self, device=device, _companions={})

    def companion(self, folder: Path, load: Callable[[], _Companion]) -> _Companion:
        """Return a model that works with this one; it stays in memory as long as this one does.

        Args:
            folder: that holds it; where something in it has changed, it is loaded again.
            load: loads it.
        """
        version = max(file.stat().st_mtime_ns for file in (folder, *folder.rglob("*")))
        kept = self._companions.get(folder)
        if kept is None or kept[0] != version:
            self._companions.pop(folder, None)  # before the next one takes as much memory
            self._companions[folder] = kept = (version, load())
        found: _Companion = kept[1]
        return found

    def check_room(self) -> None:
        """Refuse, before anything slow begins, where other programs have left too little of the GPU's memory.

        Raises:
            DreamFaceError: they have.
        """
        waiting = [one for one in (self._unet, self._text_encoder) if one.device.type != self.device.type]
        largest = max((sum(part.nbytes for part in one.parameters()) for one in waiting), default=0)
        check_memory(Place(self.device, self.precision), largest + _WORK_BYTES, "Diffusion")

    @property
    def autoencoder(self) -> Any:
        """Diffusers' own."""
        return self._autoencoder

    def _bring(self, network: Any) -> Any:
        """Return a network that is in the device's memory; where that is small, the others make room.

        The autoencoder, which is small, stays: gradients may still have to go back through what it made, also where
        the denoiser is asked without any.
        """
        if self._takes_turns:
            for other in (self._unet, self._text_encoder):
                if other is not network:
                    other.to("cpu")
            release_memory()
            network.to(self.device)
        return network

    def embed(self, words: str) -> Prompt:
        """Read words; those beyond the text encoder's 75 or so are cut off, and told."""
        longest = self._tokenizer.model_max_length
        tokens = self._tokenizer(
            words, padding="max_length", max_length=longest, truncation=True, return_tensors="pt"
        ).input_ids
        every = self._tokenizer(words, truncation=False).input_ids
        lost = self._tokenizer.decode(every[longest - 1 : -1]).strip() if len(every) > longest else ""
        with torch.no_grad():
            embedding = self._bring(self._text_encoder)(tokens.to(self.device))[0]
        return Prompt(embedding, lost)

    def encode(self, pictures: Tensor) -> Tensor:
        """Return the most likely latents [B, 4, h, w] of pictures [B, 3, H, W]."""
        network = self._bring(self._autoencoder)
        found = compute(lambda some: network.encode(some).latent_dist.mode(), 2.0 * pictures.to(network.dtype) - 1.0)
        latents: Tensor = network.config.scaling_factor * found
        return latents.float()

    def decode(self, latents: Tensor) -> Tensor:
        """Return pictures [B, 3, H, W] of latents."""
        network = self._bring(self._autoencoder)
        scaled = latents.to(network.dtype) / network.config.scaling_factor
        pictures: Tensor = 0.5 * compute(lambda some: network.decode(some).sample, scaled) + 0.5
        return pictures.float()

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """Return the noise [B, 4, h, w] in latents, without gradients."""
        network = self._bring(self._unet)

        def ask(some: Tensor, levels: Tensor, words: Tensor) -> Tensor:
            answer: Tensor = network(some, levels, encoder_hidden_states=words).sample
            return answer

        with torch.no_grad():
            answer = compute(ask, latents.detach().to(network.dtype), level, embedding.to(network.dtype)).float()
            return self.schedule.noise_of(answer, latents.detach().float(), level, self._prediction)


# ------------------------------------------------------------------------------------------------------------ loading


def _schedule(settings: Mapping[str, Any]) -> Schedule:
    """Return the schedule that diffusers' settings describe."""
    kind, count = settings.get("beta_schedule", "scaled_linear"), int(settings.get("num_train_timesteps", 1000))
    first, last = float(settings.get("beta_start", 0.00085)), float(settings.get("beta_end", 0.012))
    if kind != "scaled_linear" or not 0.0 < first < last < 1.0 or not 1 < count <= 10_000:
        raise ValueError(f"its noise schedule {kind!r} is not Stable Diffusion's")
    return Schedule.scaled_linear(first, last, count)


def _needed(folder: Path, place: Place) -> float:
    """Return the bytes of a device's memory that the networks and their work take."""
    counts = look_at_weights(folder).counts
    kinds = (place.precision, place.precision, torch.float32)  # see `_load_networks`
    sizes = [count * kind.itemsize for count, kind in zip(counts, kinds, strict=False)]
    held = max(sizes[:2], default=0) + sum(sizes[2:]) if place.takes_turns else sum(sizes)  # the autoencoder stays
    return held + _WORK_BYTES


def _what_damage_raises() -> tuple[type[Exception], ...]:
    """Return what loading files that are damaged, or are other files, can raise; weights have an error of their own."""
    from safetensors import SafetensorError

    return (
        OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, AssertionError,
        SafetensorError,
    )  # fmt: skip


def _quiet() -> None:
    """Keep the libraries from drawing progress bars of their own."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()


def _load_words(folder: Path, precision: torch.dtype) -> tuple[Any, Any]:
    """Return the text encoder and the tokenizer."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    _quiet()
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
    if not (folder / CHECKPOINT).is_file():
        return CLIPTextModel.from_pretrained(
            folder / "text_encoder", dtype=precision, use_safetensors=True, local_files_only=True
        ), tokenizer
    encoder: Any = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder", local_files_only=True))
    _fill_text_encoder(encoder, folder / CHECKPOINT)
    return encoder.to(precision), tokenizer


def _fill_text_encoder(encoder: Any, checkpoint: Path) -> None:
    """Give a text encoder the weights that a single file has; transformers 5 calls them without `text_model.`."""
    from safetensors import safe_open

    wanted, found = encoder.state_dict(), {}
    with safe_open(checkpoint, "pt") as file:
        for key in file.keys():  # noqa: SIM118 - it is no mapping
            if key.startswith(_TEXT_PREFIX):
                name = key.removeprefix(_TEXT_PREFIX)
                short = name.removeprefix("text_model.")
                found[name if name in wanted else short] = file.get_tensor(key)
    weights = {name: found[name] for name in wanted if name in found}
    if missing := wanted.keys() - weights.keys() - {"embeddings.position_ids"}:
        raise ValueError(f"its text encoder lacks {min(missing)}")
    encoder.load_state_dict(weights, strict=False)


def _load_networks(folder: Path, precision: torch.dtype) -> tuple[Any, Any]:
    """Return the UNet and the autoencoder."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    found = []
    for kind, part, dtype in ((UNet2DConditionModel, "unet", precision), (AutoencoderKL, "vae", torch.float32)):
        if (folder / CHECKPOINT).is_file():
            model = kind.from_single_file(
                str(folder / CHECKPOINT), config=str(folder), subfolder=part, torch_dtype=dtype, local_files_only=True
            )
        else:
            model = kind.from_pretrained(folder / part, torch_dtype=dtype, use_safetensors=True, local_files_only=True)
        found.append(model)
    return found[0], found[1]


# ---------------------------------------------------------------------------------------------------------- in memory


def _chosen() -> Installation:
    return chosen_diffusion() or STABLE_DIFFUSION  # which is then missing


def _version() -> tuple[Path, int]:
    """Return the chosen model's folder, and when it was installed, in nanoseconds; 0 where it is not."""
    folder = model_folder(_chosen().name)
    manifest = folder / "manifest.json"
    return folder, manifest.stat().st_mtime_ns if manifest.is_file() else 0


def _load_chosen(progress: Progress) -> StableDiffusion:
    model = _chosen()
    return StableDiffusion.load(model_folder(model.name), _name_of(model), progress)


_held: Final = Held(_load_chosen, _version)


def _name_of(model: Installation) -> str:
    """Return what a face remembers."""
    in_its_place = model == STABLE_DIFFUSION and (model_folder(model.name) / CHECKPOINT).is_file()
    return f"{model.name} (own checkpoint)" if in_its_place else model.name


@contextmanager
def use_diffusion(progress: Progress = Progress()) -> Iterator[StableDiffusion]:  # noqa: B008 - immutable
    """Give the installed diffusion model to a block, from memory where it was used within the last two minutes.

    Raises:
        MissingDependency: there is none, or the packages that it needs are not installed.
        DreamFaceError: it can't be loaded.
        Cancelled: the progress said so.
    """
    if sentence := why_no_diffusion():
        raise MissingDependency(sentence)
    with _held.use(progress) as model:
        model.check_room()
        yield model


def forget_diffusion() -> None:
    """Free the memory of the diffusion model."""
    _held.forget()
