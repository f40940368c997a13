"""Training models that nobody publishes."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from dreamface import models
from dreamface.cli.terminal import Terminal
from dreamface.errors import BadRequest

KINDS = ("texture-ldm", "pbr-decoders")


def run(options: Namespace, terminal: Terminal) -> bool:
    """Train a texture model, or decoders that go with one; a run that was stopped goes on."""
    from dreamface.training import (
        DecoderRecipe,
        Recipe,
        is_first_process,
        open_examples,
        train_pbr_decoders,
        train_texture_ldm,
    )

    examples = open_examples(options.data)
    shared = {"steps": options.steps, "batch": options.batch, "seed": options.seed, "save_every": options.save_every}
    given = {name: value for name, value in shared.items() if value is not None}
    if options.kind == "pbr-decoders":
        for name in ("lora", "no_mask", "no_prompts"):
            if getattr(options, name):
                raise BadRequest(f"--{name.replace('_', '-')} goes with `dreamface train texture-ldm`.")
        decoders = DecoderRecipe(**given, **({} if options.rate is None else {"rate": options.rate}))
        decoders.check()
    else:
        recipe = Recipe(
            **given, rate=options.rate, rank=options.lora, mask=not options.no_mask,
            **({"tokens": 0} if options.no_prompts else {}),
        )  # fmt: skip
        recipe.check()
    with terminal.progress() as progress:
        if not is_first_process():  # the first one tells
            progress = replace(progress, watcher=lambda step: None)
        base = load_base(options.base)
        if options.kind == "pbr-decoders":
            train_pbr_decoders(options.output, examples, base, decoders, progress=progress)
        else:
            train_texture_ldm(options.output, examples, base, recipe, progress=progress)
    if not is_first_process():
        return True
    terminal.result({"kind": options.kind, "folder": str(options.output)})
    terminal.show(
        f"The model is in {options.output}",
        f"To install it: dreamface models install {options.kind} --from {options.output}",
        "Detail by diffusion uses it on heads of its layout, once it is installed.",
    )
    return True


def load_base(name: str | None):  # type: ignore[no-untyped-def] # diffusion is not imported before it is asked for
    """Return Stable Diffusion or an own checkpoint by its name, a folder in diffusers' layout, or what is chosen.

    Raises:
        BadRequest: it is not installed.
    """
    from dreamface.guidance import StableDiffusion

    if name is not None and Path(name).is_dir():
        return StableDiffusion.load(Path(name), Path(name).name)
    model = models.chosen_diffusion() if name is None else models.find(name)
    if model is None or not model.installed or not model.diffuses:
        raise BadRequest(
            f"{name or 'No diffusion model'} is not installed: {models.STABLE_DIFFUSION.how}, or give the folder of a "
            "model in diffusers' layout with --base."
        )
    return StableDiffusion.load(models.model_folder(model.name), model.name)
