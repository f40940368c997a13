"""Stable Diffusion 1.5, or an artist's own checkpoint of that family, as a folder in diffusers' layout.

A single file has no tokenizer and no configuration: those are taken from the installed model, or fetched (2 MB).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dreamface.models.contents import BadContents
from dreamface.models.remote import RemoteFile
from dreamface.models.safetensors_header import (
    WANTED,
    NotSafetensors,
    family_of,
    is_pickled,
    lacks,
    misfit,
    read_header,
)
from dreamface.models.taking import Offer, copy_files, pickled, reading

NAME: Final = "stable-diffusion-v1-5"
REPOSITORY: Final = "stable-diffusion-v1-5/stable-diffusion-v1-5"
REVISION: Final = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
PAGE: Final = f"https://huggingface.co/{REPOSITORY}"
FORMAT: Final = 1
INDEX: Final = "model_index.json"
CHECKPOINT: Final = "checkpoint.safetensors"
"""A single file, where the model is an artist's own."""

WIDTHS: Final = (768,)
"""Numbers of the text embedding that are taken."""

SCHEDULER: Final = "scheduler/scheduler_config.json"

_KNOWN_SCHEDULER: Final = {
    "_class_name": "PNDMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
}
"""Stable Diffusion 1.5's noise. A single file says nothing of its own, and that of another checkpoint may differ."""


_FILES_AT: Final = f"{PAGE}/resolve/{REVISION}"

_WEIGHTS: Final = {
    "unet": ("diffusion_pytorch_model", 1_719_125_304),
    "text_encoder": ("model", 246_144_152),
    "vae": ("diffusion_pytorch_model", 167_335_342),
}
"""Part -> the name of its weights, and bytes in half precision."""

SETTINGS: Final = tuple(
    RemoteFile(name, name, size, _FILES_AT)
    for name, size in (
        (INDEX, 541),
        (SCHEDULER, 308),
        ("text_encoder/config.json", 617),
        ("tokenizer/merges.txt", 524_619),
        ("tokenizer/special_tokens_map.json", 472),
        ("tokenizer/tokenizer_config.json", 806),
        ("tokenizer/vocab.json", 1_059_962),
        ("unet/config.json", 743),
        ("vae/config.json", 547),
    )
)
"""All that is no weights; an own checkpoint needs these, too."""

_NEEDED: Final = (
    *(one.name for one in SETTINGS if "tokenizer/" not in one.name),
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
)

FILES: Final = (
    *SETTINGS,
    *(
        RemoteFile(f"{part}/{name}.fp16.safetensors", f"{part}/{name}.safetensors", size, _FILES_AT)
        for part, (name, size) in _WEIGHTS.items()
    ),
)
"""All that is installed."""

SIZE: Final = sum(one.size for one in FILES)


def take(offer: Offer) -> None:
    """Check a folder in diffusers' layout or a single .safetensors file, and copy what is needed of it; see `Take`."""
    offer.progress.report("check", 0.0, f"Looking into {offer.title}")
    with reading(offer.title):
        is_folder = offer.source.is_dir()
        if is_folder:
            copies = _of_folder(offer.source, offer.title, offer.again)
        else:
            _check_file(offer.source, offer.title, offer.again)
    if not is_folder:
        copies = {offer.source: CHECKPOINT}
        place = offer.settings(offer.progress.part(0.0, 0.05))
        copies |= {place / one.name: one.name for one in SETTINGS if (place / one.name).is_file()}
    copy_files(offer, copies, offer.progress.part(0.05, 1.0))
    if not is_folder:
        (offer.target / SCHEDULER).parent.mkdir(parents=True, exist_ok=True)
        (offer.target / SCHEDULER).write_text(json.dumps(_KNOWN_SCHEDULER, indent=1) + "\n", "utf-8")
    _check_settings(offer.target, offer.title, offer.again)


@dataclass(frozen=True)
class Weights:
    """What the header of an installed model's files says of its weights.

    Attributes:
        counts: numbers of the UNet, the text encoder and the autoencoder; none where a file is damaged.
        is_bfloat16: whether the UNet is kept in bfloat16, of which half precision may make infinities.
    """

    counts: tuple[int, ...]
    is_bfloat16: bool


def look_at_weights(folder: Path) -> Weights:
    """Look at an installed model without loading it."""
    single = (folder / CHECKPOINT).is_file()
    parts = ("model.diffusion_model.", "cond_stage_model.", "first_stage_model.")  # which the EMA's copy is none of
    files = (folder / f"{part}/{name}.safetensors" for part, (name, _) in _WEIGHTS.items())
    sources = [(folder / CHECKPOINT, part) for part in parts] if single else [(file, "") for file in files]
    try:
        found = [[one for name, one in read_header(file).items() if name.startswith(start)] for file, start in sources]
    except (NotSafetensors, OSError):
        return Weights((), False)  # loading it says what is wrong
    counts = tuple(sum(math.prod(one["shape"]) for one in part) for part in found)
    return Weights(counts, any(one["dtype"] == "BF16" for one in found[0]))


def _check_file(source: Path, title: str, again: str) -> None:
    if not source.is_file():
        raise BadContents(f"There is no file or folder {source}: check the path.")
    if is_pickled(source):
        raise pickled(title)
    header = _header(source, title, again)
    family = family_of(header)
    if family != WANTED:
        raise BadContents(
            f"{title} is {family or 'no checkpoint that is known here'}: choose a checkpoint of {WANTED}'s family."
        )
    if missing := lacks(header):
        raise BadContents(f"{title} has no {missing}: choose a whole checkpoint.")
    if (numbers := misfit(header)) is not None:
        raise _misfit(title, *numbers, again)


def _header(file: Path, title: str, again: str) -> Any:
    try:
        return read_header(file)
    except NotSafetensors as error:
        raise BadContents(f"{title} {error}: {again}.") from error


def _of_folder(source: Path, title: str, again: str) -> dict[Path, str]:
    """Return file -> where it is installed, of a folder in diffusers' layout."""
    places = (source, *sorted(place for place in source.iterdir() if place.is_dir()))
    root = next((place for place in places if (place / INDEX).is_file()), None)
    if root is None:
        files = sorted(source.glob("*.safetensors"))
        hint = f": install the file {files[0].name} itself" if files else f"; {again}"
        raise BadContents(f"There is no {INDEX} in {title}{hint}.")
    _check_kind(root, title)
    copies = {root / one.name: one.name for one in SETTINGS if (root / one.name).is_file()}
    for part, (name, _) in _WEIGHTS.items():
        found = next((file for file in _weights(root / part, name) if file.is_file()), None)
        if found is None:
            if any((root / part).glob("*.bin")):
                raise pickled(f"{part} in {title}")
            raise BadContents(f"{title} is not complete: there is no {part}/{name}.safetensors; {again}.")
        _header(found, f"{part}/{found.name} in {title}", again)
        copies[found] = f"{part}/{name}.safetensors"
    if missing := next((name for name in _NEEDED if name not in copies.values()), ""):
        raise BadContents(f"{title} is not complete: there is no {missing}; {again}.")
    return copies


def _weights(folder: Path, name: str) -> tuple[Path, ...]:
    return folder / f"{name}.fp16.safetensors", folder / f"{name}.safetensors"


def _check_kind(root: Path, title: str) -> None:
    """Refuse a folder of another family."""
    kind = str(_read(root / INDEX, title).get("_class_name", ""))
    known = {
        "StableDiffusionXL": "Stable Diffusion XL", "StableDiffusion3": "Stable Diffusion 3", "Flux": "FLUX",
        "StableDiffusionControlNet": "a ControlNet",
        "StableDiffusionInpaint": "a Stable Diffusion model for in-painting",
    }  # fmt: skip
    family = next((name for start, name in known.items() if kind.startswith(start)), "")
    unet = _read(root / "unet/config.json", title) if not family and (root / "unet/config.json").is_file() else {}
    if not family and unet.get("in_channels", 4) != 4:
        family = "a Stable Diffusion model for in-painting"
    if not family and unet.get("cross_attention_dim") == 1024:
        family = "Stable Diffusion 2"
    if family or kind != "StableDiffusionPipeline":
        raise BadContents(f"{title} is {family or kind or 'no model'}: choose one of {WANTED}'s family.")


def _read(file: Path, title: str) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadContents(f"{file.name} in {title} can't be read: get the model again.") from error
    return found if isinstance(found, dict) else {}


def _check_settings(folder: Path, title: str, again: str) -> None:
    """Refuse a text encoder that the UNet can't read."""
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise BadContents(f"{title} is not complete: there is no {name}; {again}.")
    words, unet = (_read(folder / part / "config.json", title) for part in ("text_encoder", "unet"))
    says, hears = words.get("hidden_size"), unet.get("cross_attention_dim")
    if says != hears:
        raise _misfit(title, says, hears, again)
    if hears not in WIDTHS:
        raise BadContents(
            f"{title} reads words of {hears} numbers, and {WANTED} of {WIDTHS[0]}: choose a checkpoint of {WANTED}'s "
            "family."
        )


def _misfit(title: str, says: object, hears: object, again: str) -> BadContents:
    return BadContents(f"The text encoder in {title} does not fit its UNet ({says} and {hears} numbers): {again}.")
