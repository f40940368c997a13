"""The papers' tables by one command."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from functools import partial

from dreamface import models
from dreamface.cli.terminal import Terminal, table
from dreamface.cli.train import load_base
from dreamface.errors import BadRequest

KINDS = ("texture-ldm", "prompts")


def run(options: Namespace, terminal: Terminal) -> bool:
    """Measure a texture model, or faces made of prompts."""
    return _textures(options, terminal) if options.kind == "texture-ldm" else _prompts(options, terminal)


def _textures(options: Namespace, terminal: Terminal) -> bool:
    from dreamface.evaluation import evaluate_textures, inception_features
    from dreamface.guidance import TextureDiffusion
    from dreamface.training import open_examples

    if not options.data:
        raise BadRequest("Say with --data which textures to compare with.")
    folder = options.file or models.model_folder(models.TEXTURE_LDM.name)
    folders = {
        "without mask and prompts": options.without_both, "without prompts": options.without_prompts, "full": folder,
    }  # fmt: skip
    examples = open_examples(options.data)
    with terminal.progress() as progress:
        base = load_base(options.base)
        found = {name: TextureDiffusion.load(place, base) for name, place in folders.items() if place is not None}
        rows = evaluate_textures(
            found, examples, inception_features(base.device), count=options.count, seed=options.seed, progress=progress
        )
    terminal.result([asdict(row) for row in rows])
    shown = table("KID x 1000, lower is better", "model", "all textures", "desired ones")
    for row in rows:
        shown.add_row(row.name, f"{1000.0 * row.all:.1f}", f"{1000.0 * row.desired:.1f}")
    terminal.show(shown)
    return True


def _prompts(options: Namespace, terminal: Terminal) -> bool:
    from dreamface import pipeline
    from dreamface.evaluation import evaluate_prompts, read_prompts
    from dreamface.guidance import ClipEncoder

    if options.file is None:
        raise BadRequest("Give a text file of prompts, one a line: dreamface evaluate prompts FILE.")
    prompts = read_prompts(options.file)
    make = partial(pipeline.generate, detail=options.detail)
    with terminal.progress() as progress:
        encoder = ClipEncoder.load(progress.part(0.0, 0.05))
        found = evaluate_prompts(
            prompts, encoder, seed=options.seed, resolution=options.resolution, make=make,
            progress=progress.part(0.05, 1.0),
        )  # fmt: skip
    terminal.result(asdict(found))
    shown = table("", "measured", "value")
    for name, value in (
        ("CLIP score", f"{found.clip_score:.1f}"), ("R-precision", f"{found.precision:.0%}"),
        ("agreement of views", f"{found.consistency:.3f}"), ("seconds a face", f"{found.seconds:.1f}"),
    ):  # fmt: skip
        shown.add_row(name, value)
    terminal.show(shown)
    return True
