"""Trains a texture model from Stable Diffusion's family; `dreamface train texture-ldm`.

Zhang et al. 2023, "DreamFace", equation 9: the denoiser sees the mask of what is no face beside the latents (its first
convolution is widened, the new weights are zero, so that it begins as it was), and a learned prompt of each domain
behind the words: one of textures as they should be, one of all others.

OUT/
  model.json, README.md, unet/, domain_prompts.safetensors   the model, as it is installed
  validation/    pictures of fixed captions, as training goes on
  state/         what a stopped run goes on from
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from dreamface.errors import BadRequest
from dreamface.guidance import DESIRED, StableDiffusion, TextureDiffusion, need_packages, sample
from dreamface.guidance.texture_ldm import PROMPTS, UNET, with_domain, with_mask
from dreamface.images import encode_unit8, write_png
from dreamface.models.trained import TEXTURE_LDM
from dreamface.progress import Progress
from dreamface.training.looping import Loop, check_recipe, claim
from dreamface.training.texture_examples import Examples

_LORA_LAYERS: Final = ("to_q", "to_k", "to_v", "to_out.0")
_FULL_RATE, _LORA_RATE = 1e-5, 1e-4
_PROMPT_SPREAD: Final = 0.02  # of the learned prompts at the beginning
_SHOWN: Final = (
    "a very dark-skinned woman with red lipstick", "a pale old man with a grey beard", "a freckled red-haired girl",
    "an East Asian man with thick black eyebrows",
)  # fmt: skip
_SHOWN_STEPS, _SHOWN_GUIDANCE = 20, 4.0


@dataclass(frozen=True)
class Recipe:
    """How a texture model is trained.

    Attributes:
        steps: in all.
        batch: examples a step, on each GPU.
        rate: of learning; None: 1e-5, or 1e-4 with LoRA.
        rank: of LoRA (Hu et al. 2022); None: all weights are trained.
        tokens: of each domain's prompt; 0: there are none.
        mask: whether what is no face is told.
        drop: of captions that are left out, for guidance.
        seed: of what is drawn.
        save_every: steps between two states that a stopped run goes on from.
        show_every: steps between two rows of pictures; 0: none.
    """

    steps: int = 20_000
    batch: int = 8
    rate: float | None = None
    rank: int | None = None
    tokens: int = 8
    mask: bool = True
    drop: float = 0.1
    seed: int = 0
    save_every: int = 500
    show_every: int = 1000

    def check(self) -> None:
        """Refuse what can't be trained.

        Raises:
            BadRequest: a number is out of its range.
        """
        check_recipe(self, tokens=(0, 64), show_every=(0, 1_000_000))
        if self.rank is not None and not 1 <= self.rank <= 512:
            raise BadRequest("The rank of LoRA must be 1 to 512.")
        if not 0.0 <= self.drop < 1.0:
            raise BadRequest("The share of captions that are left out must be 0 or more, and less than 1.")


class Trained(nn.Module):
    """What is trained: the denoiser, and the prompts of both domains."""

    def __init__(self, unet: Any, tokens: int) -> None:
        super().__init__()
        self.unet = unet
        shape = (2, tokens, int(unet.config.cross_attention_dim))
        self.domains = nn.Parameter(_PROMPT_SPREAD * torch.randn(shape)) if tokens else None

    def forward(self, latents: Tensor, mask: Tensor | None, level: Tensor, words: Tensor, domain: Tensor) -> Tensor:
        """Return the denoiser's answer [B, 4, h, w]."""
        said = with_domain(words, self.domains, domain)
        answer: Tensor = self.unet(with_mask(latents, mask), level, encoder_hidden_states=said).sample
        return answer


def train_texture_ldm(
    out: Path,
    examples: Examples,
    base: StableDiffusion,
    recipe: Recipe = Recipe(),
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path:
    """Train a texture model, and return its folder. A run that was stopped goes on where its last state was kept.

    On several GPUs, start the command with `accelerate launch`.

    Args:
        out: folder of the model; it is made where it is not there.
        examples: to learn from.
        base: what training begins with.
        recipe: how it is trained.
        progress: told at every step.

    Raises:
        BadRequest: the recipe can't be trained, or the folder holds a model of another one.
        MissingDependency: the packages are not installed.
        DreamFaceError: training gave no numbers.
        Cancelled: the progress said so; the last state stays.
    """
    recipe.check()
    if recipe.rank is not None:
        need_packages("training", "peft")
    if not len(examples):
        raise BadRequest("There is nothing to learn from: give a folder with people.")
    claim(out, {"base": base.name, **asdict(replace(recipe, steps=0, save_every=1, show_every=0))})
    torch.manual_seed(recipe.seed)
    trained = Trained(_widened(base, recipe), recipe.tokens)
    rate = recipe.rate or (_FULL_RATE if recipe.rank is None else _LORA_RATE)
    loop = Loop.begin(out, trained, rate, base.device)
    run = _Run(examples, base.reading_on(loop.device), recipe, trained, loop)
    run.loop.run(run.loss, recipe.steps, recipe.save_every, run.after, progress)
    if run.loop.writes:
        run.write()
    progress.report("train", 1.0, "The model is trained")
    return out


def _widened(base: StableDiffusion, recipe: Recipe) -> Any:
    """Return a copy of the base's denoiser that takes a mask too; what is learned wants gradients, all else none."""
    unet = copy.deepcopy(base._unet).float().train()
    unet.requires_grad_(recipe.rank is None)
    if recipe.mask:
        old = unet.conv_in
        shape = (old.in_channels + 1, old.out_channels, old.kernel_size, old.stride, old.padding)
        new: Any = nn.Conv2d(*shape).to(old.weight)
        with torch.no_grad():
            new.weight.zero_()
            new.weight[:, : old.in_channels] = old.weight
            new.bias.copy_(old.bias)
        unet.conv_in = new
        unet.register_to_config(in_channels=new.in_channels)
    if recipe.rank is not None:
        from peft import LoraConfig

        layers = list(_LORA_LAYERS)
        unet.add_adapter(LoraConfig(r=recipe.rank, lora_alpha=recipe.rank, target_modules=layers))
    unet.conv_in.requires_grad_(True)
    if base.device.type == "cuda":
        unet.enable_gradient_checkpointing()
    return unet


@dataclass(frozen=True)
class _Run:
    """One training.

    Attributes:
        examples: to learn from.
        base: whose autoencoder and text encoder are used; they are not trained.
        recipe: how it is trained.
        trained: the networks.
        loop: that trains them.
    """

    examples: Examples
    base: StableDiffusion
    recipe: Recipe
    trained: Trained
    loop: Loop

    def loss(self, network: Any, step: int) -> Tensor:
        """Return the loss of a batch, which step, seed and process decide."""
        recipe, device = self.recipe, self.loop.device
        chance = np.random.default_rng((recipe.seed, step, self.loop.process))
        noises = torch.Generator().manual_seed(int(chance.integers(2**62)))
        people = [self.examples[int(one)] for one in chance.integers(0, len(self.examples), recipe.batch)]
        with torch.no_grad():
            shown = torch.stack([person.map("albedo", self.base.side) for person in people]).to(device)
            latents = self.base.encode(shown)
            said = [
                "" if chance.random() < recipe.drop else person.captions[int(chance.integers(len(person.captions)))]
                for person in people
            ]
            words = torch.cat([self.base.embed(one).embedding for one in said]).float()
        mask = None
        if recipe.mask:
            side = self.base.side // self.base.factor
            mask = torch.stack([person.not_face(side) for person in people]).to(device)
        domain = torch.tensor([person.domain for person in people], device=device)
        level = torch.randint(0, len(self.base.schedule), (len(people),), generator=noises).to(device)
        noise = torch.randn(latents.shape, generator=noises).to(device)
        schedule = self.base.schedule
        given = schedule.noised_each(latents, noise, level)
        wanted = noise if self.base.prediction == "epsilon" else schedule.velocity(latents, noise, level)
        return mse_loss(network(given, mask, level, words, domain).float(), wanted)

    def after(self, done: int) -> None:
        """Show how far it is."""
        if self.recipe.show_every and done % self.recipe.show_every == 0 and self.loop.writes:
            self._show(done)

    @contextmanager
    def _averaged(self) -> Iterator[TextureDiffusion]:
        """Give the model as it is by the running mean of the weights to a block."""
        with self.loop.averaged():
            domains = None if self.trained.domains is None else self.trained.domains.detach()
            unet = self.trained.unet
            if self.recipe.rank is not None:
                unet = copy.deepcopy(unet)
                unet.fuse_lora()
                unet.unload_lora()
            yield TextureDiffusion.of(self.base, unet, domains, self._mask())

    def _mask(self) -> Tensor | None:
        """Return [1, 1, h, w] the mask of the layout: that of the first desired example that has one."""
        if not self.recipe.mask:
            return None
        side = self.base.side // self.base.factor
        some = (self.examples[number] for number in range(min(len(self.examples), 256)))
        first = next((one for one in some if one.domain == DESIRED and "mask" in one.images), None)
        return torch.zeros(1, 1, side, side) if first is None else first.not_face(side)[None]

    def _show(self, done: int) -> None:
        """Write pictures of fixed captions, made with fixed noise."""
        folder, seed = self.loop.out / "validation", self.recipe.seed
        folder.mkdir(exist_ok=True)
        with self._averaged() as model:
            made = [sample(model, words, _SHOWN_STEPS, _SHOWN_GUIDANCE, seed=seed) for words in _SHOWN]
        row = torch.cat([picture[0] for picture in made], dim=2).permute(1, 2, 0)
        write_png(encode_unit8(row), folder / f"step-{done:09d}.png")

    def write(self) -> None:
        """Write the model as it is installed."""
        from safetensors.torch import save_file

        out = self.loop.out
        with self._averaged() as model:
            model._unet.save_pretrained(out / UNET, safe_serialization=True)
            learned = {"domains": model._domains, "mask": model._mask}
            kept = {name: value.contiguous().cpu() for name, value in learned.items() if value is not None}
            save_file(kept, out / PROMPTS, {"format": "pt"})
        card = _card(self.base.name, self.recipe, self.examples)
        self.loop.describe(TEXTURE_LDM.kind, self.recipe, self.base.name, self.examples.head, card)


def _card(base: str, recipe: Recipe, examples: Examples) -> str:
    """Return the model card."""
    domains = [examples[number].domain for number in range(min(len(examples), 1000))]
    desired = sum(domain == DESIRED for domain in domains) / max(len(domains), 1)
    how = f"LoRA of rank {recipe.rank}, merged into the weights" if recipe.rank else "all weights of the denoiser"
    prompts = f"a learned prompt of {recipe.tokens} tokens for each domain" if recipe.tokens else "no domain prompts"
    shown = f" ({examples.head})" if examples.head else ""
    return f"""# A texture model

Made by `dreamface train texture-ldm` from {base}, under whose licence it stays.

- Learnt from {len(examples):,} textures, {desired:.0%} of them desired ones; the rest only teach variety.
- Trained: {how}; {prompts}; {"the mask of what is no face beside the latents" if recipe.mask else "no mask"}.
- {recipe.steps:,} steps of {recipe.batch} for each GPU; {recipe.drop:.0%} of the captions were left out, for guidance.
- It makes albedo maps in the UV layout of the head that it was shown{shown}, and of nothing else.
- Textures can show only the kinds of people that were in the data: see the statistics in the data's index.json.
"""
