"""Times what carving and texturing, and what comes after them, take beside the networks, and what memory.

python benchmarks/distilling.py [--head anny|ict] [--steps N] [--model | --after]

The networks are a stand-in that costs next to nothing: its latents are every eighth pixel, and it finds no noise. With
--model, the installed diffusion model takes its place: the overhead over its networks' own time, forwards and back, is
printed, and what a whole detail takes. That is what is to be measured on a graphics card. Decoders and sharpeners are
always stand-ins.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.edits import diffused_pictures
from dreamface.guidance import (
    LAYER_SIDE,
    Anchor,
    Carving,
    Guide,
    LatentDiffusion,
    Prompt,
    Schedule,
    Sharpeners,
    Sitter,
    Texturing,
    decoded_change,
    sample_texture,
    sharpened,
    skin_layer,
    use_diffusion,
    why_no_diffusion,
)
from dreamface.pipeline import build_head, stranger
from dreamface.pipeline.detailing import shape_modes
from dreamface.render import Views
from dreamface.skin import materials, paint

SIDE, FACTOR, CHANNELS = 512, 8, 4
CARVING_TARGET: Final = 0.20  # seconds of a step on two cores, without the networks
LATENT_TARGET: Final = 0.08
MEMORY_TARGET: Final = 1.5  # GB beyond the networks
OVERHEAD_TARGET: Final = 0.15  # of the networks' own time, on a GPU
WHOLE_TARGET: Final = 20.0  # seconds of all steps together, on an H200
WHOLE: Final = (300, 200, 200)  # steps of carving, and of both halves of texturing
SEED: Final = 3


@dataclass
class FreeNetworks:
    """A `LatentDiffusion` that costs next to nothing."""

    name: str = "free networks"
    side: int = SIDE
    factor: int = FACTOR
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    schedule: Schedule = field(default_factory=Schedule.scaled_linear)

    def embed(self, words: str) -> Prompt:
        """See `LatentDiffusion`."""
        return Prompt(torch.zeros(1, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """See `LatentDiffusion`."""
        small = pictures[..., ::FACTOR, ::FACTOR]
        return torch.cat((small, small[:, :1]), dim=1)

    def decode(self, latents: Tensor) -> Tensor:
        """See `LatentDiffusion`."""
        return latents[:, :3].repeat_interleave(FACTOR, dim=2).repeat_interleave(FACTOR, dim=3)

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        """See `LatentDiffusion`."""
        return torch.zeros_like(latents)


class FreeDecoders:
    """`PbrDecoders` that cost next to nothing."""

    def specular(self, latents: Tensor) -> Tensor:
        """See `PbrDecoders`."""
        return latents[:, :1].repeat_interleave(FACTOR, dim=2).repeat_interleave(FACTOR, dim=3)

    def normal(self, latents: Tensor) -> Tensor:
        """See `PbrDecoders`."""
        flat = self.specular(latents)
        return torch.cat((0.1 * flat, torch.zeros_like(flat), torch.ones_like(flat)), dim=1)


@dataclass
class FreeUpscaler:
    """An `Upscaler` that costs next to nothing."""

    scale: int
    name: str = "free upscaler"

    def sharpen(self, pictures: Tensor) -> Tensor:
        """See `Upscaler`."""
        return interpolate(pictures, scale_factor=self.scale)


class Watched:
    """Any `LatentDiffusion`, with the seconds that were spent in it."""

    def __init__(self, model: LatentDiffusion) -> None:
        """Begin at 0."""
        self._model, self.spent, self._since = model, 0.0, 0.0

    def __getattr__(self, name: str) -> object:
        found = getattr(self._model, name)
        if name not in ("encode", "decode", "predict_noise"):
            return found

        def timed(first: Tensor, *rest: Tensor) -> Tensor:
            if first.requires_grad:  # what goes back through the network comes to an end here
                first = first.view_as(first)
                first.register_hook(lambda _: self._stop())
            self._start()
            given: Tensor = found(first, *rest)
            self._stop()
            if given.requires_grad:
                given.register_hook(lambda _: self._start())
            return given

        return timed

    def _start(self) -> None:
        self._since = now()

    def _stop(self) -> None:
        self.spent += now() - self._since


def now() -> float:
    """Seconds, once a GPU has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def median_of(step: Callable[[int], None], count: int) -> tuple[float, float]:
    """Seconds that a step takes, and those of a processor; the first one, which compiles, is left out."""
    step(0)
    taken, worked = [], []
    for number in range(count):
        start, busy = now(), time.process_time()
        step(number)
        taken.append(now() - start)
        worked.append(time.process_time() - busy)
    return statistics.median(taken), statistics.median(worked)


def measure_after(sitter: Sitter) -> None:
    """Time the fast way, and what follows all ways: decoded maps, sharpening, and the layer that a face keeps."""
    begun = sample_texture(FreeNetworks(), sitter, "", 1, 1.0, SEED)  # compiles
    large = sharpened(begun, sitter, Sharpeners(enlarger=FreeUpscaler(4)))  # type: ignore[arg-type]
    decoded = decoded_change(FreeDecoders(), sitter, begun.own, begun.latents)[0]  # type: ignore[arg-type]
    topology = sitter.head.topology
    tiles = dict.fromkeys(sitter.tiles, torch.ones(LAYER_SIDE, LAYER_SIDE))

    def lay_on(side: int) -> None:
        textured = begun if side == LAYER_SIDE else large
        diffused_pictures(skin_layer(sitter, textured, side, decoded), topology, tiles)

    stages: dict[str, Callable[[int], object]] = {
        "sampling a texture, 30 steps": lambda _: sample_texture(FreeNetworks(), sitter, "", 30, 1.0, SEED),
        "specular and relief by decoders": lambda _: decoded_change(
            FreeDecoders(),
            sitter,
            begun.own,
            begun.latents,  # type: ignore[arg-type]
        ),
        "enlarging the textures": lambda _: sharpened(
            begun,
            sitter,
            Sharpeners(enlarger=FreeUpscaler(4)),  # type: ignore[arg-type]
        ),
        "restoring the face": lambda _: sharpened(
            begun,
            sitter,
            Sharpeners(restorer=FreeUpscaler(1)),  # type: ignore[arg-type]
        ),
        f"the layer, {LAYER_SIDE} texels a side": lambda _: lay_on(LAYER_SIDE),
        f"the layer, {2 * LAYER_SIDE} texels a side": lambda _: lay_on(2 * LAYER_SIDE),
    }
    for what, work in stages.items():
        seconds, worked = median_of(lambda number, work=work: work(number), 1)  # type: ignore[misc]
        print(f"{what:<44} {seconds:8.3f} s     {worked:.3f} of all cores together", flush=True)


def peak() -> float:
    """GB that this process has taken at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def line(what: str, value: float, unit: str, target: float) -> None:
    """Print a figure beside its target."""
    print(f"{what:<44} {value:8.3f} {unit:<5} target {target:g}  {'met' if value <= target else 'MISSED'}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--head", default="anny")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--after", action="store_true", help="the fast way, and what follows all ways, instead")
    options = parser.parse_args()
    traits = stranger(SEED)
    head = build_head(options.head, traits, SEED)
    maps = paint(head, traits, resolution=1024, seed=SEED)
    sitter, modes = Sitter(head, materials(head, traits), maps, maps), shape_modes(head)
    if options.model and (why := why_no_diffusion()):
        sys.exit(why)
    if options.after:
        measure_after(sitter)
        print(f"{'memory in all':<44} {peak():8.3f} GB")
        return
    with use_diffusion() if options.model else nullcontext(FreeNetworks()) as model:
        measure(sitter, modes, Watched(model), options.steps, options.model)


def measure(sitter: Sitter, modes: Tensor, model: Watched, steps: int, real: bool) -> None:
    """Time both stages of texturing, and carving."""
    print(f"{sitter.head.model} head, {torch.get_num_threads()} threads, {model.name}, on {model.device}")
    before = peak()
    guide = Guide.reading(model, "", "", 100.0)  # type: ignore[arg-type]
    carving = Carving(sitter, guide, modes, SEED)
    random = torch.Generator().manual_seed(SEED)

    def carve(_: int) -> None:
        for tensor in carving.parameters.values():
            tensor.grad = None
        views = Views.of(sitter.arc.draw(1, random), carving.vertices().detach())
        carving.step(views, model.side, 500)  # type: ignore[arg-type]

    texturing = Texturing(sitter, guide, lambda own: Anchor.of(sitter, own), SEED)
    stages = {
        "a step of carving": (carve, CARVING_TARGET),
        "a step of texturing in latent space": (lambda n: texturing.latent_step(n, 400), LATENT_TARGET),
        "a step of texturing in image space": (lambda n: texturing.image_step(n, 400), None),
    }
    whole = alone = 0.0
    for (what, (step, target)), count in zip(stages.items(), WHOLE, strict=True):
        spent: list[float] = []

        def watched(number: int, step: Callable[[int], None] = step, spent: list[float] = spent) -> None:
            before = model.spent
            step(number)
            spent.append(model.spent - before)

        seconds, worked = median_of(watched, steps)
        if real:
            networks = statistics.median(spent[1:])
            whole, alone = whole + count * seconds, alone + count * networks
            print(f"{what:<44} {seconds:8.3f} s     of which networks, forwards and back: {networks:.3f}")
        elif target is not None:
            line(what, seconds, "s", target)
            print(f"{'':<44} {worked:8.3f} s     of all cores together")
        else:
            print(f"{what:<44} {seconds:8.3f} s     {worked:.3f} of all cores together")
    if not real:
        line("memory beyond the networks", peak() - before, "GB", MEMORY_TARGET)
    else:
        line("overhead over the networks' own time", whole / alone - 1.0, "", OVERHEAD_TARGET)
        line(f"{' + '.join(map(str, WHOLE))} steps", whole, "s", WHOLE_TARGET)
    if not torch.cuda.is_available():
        print(f"No GPU here: the overhead over the networks' own time (target {OVERHEAD_TARGET:.0%}) was not measured.")


if __name__ == "__main__":
    main()
