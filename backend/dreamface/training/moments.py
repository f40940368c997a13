"""Makes `language/moments.npz`: small networks that tell which moment a prompt tells, beside the reader's own.

They see what all-MiniLM-L6-v2, as it is, makes of a prompt at each of its seven levels: the means over the tokens,
computed once. They learn from the moments of the corpus, from its sentences that tell none, and from composed
descriptions, which tell none either. One entry in ten is held out, as in `training.reader`.

Run it again with: python -m dreamface.training.moments --work FOLDER
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dreamface.language import encoder
from dreamface.language.network import FAMILIES, MomentReaders, means_of_levels
from dreamface.training.reader import band
from dreamface.training.reader_prompts import Composer, Corpus, Entry, Prompt, load_corpus

OUTPUT: Final = Path(__file__).parent.parent / "language" / "moments.npz"

SEED: Final = 11
READERS: Final = 4
WIDTH: Final = 256
DESCRIPTIONS: Final = 2500  # composed prompts that tell no moment
ACT_COPIES: Final = 2  # of a moment that gets somebody who does it, each time another
EPOCHS: Final = 12
BATCH: Final = 64
LONGEST: Final = 96  # tokens
RATE: Final = 1e-3
DROPOUT: Final = (0.4, 0.5)
WEIGHT_DECAY: Final = 0.1
SMOOTHING: Final = 0.05  # of a moment's shares of feeling, spread evenly over all
STRENGTH_WEIGHS: Final = 2.0  # in the loss, beside the feelings
LEAST_SPREAD: Final = 1e-4  # of a number over all prompts
LEAST_TOLD: Final = 0.08  # strength from which a moment suggests an expression


def prompts_of(corpus: Corpus, descriptions: int, seed: int) -> list[Prompt]:
    """Return prompts that tell the corpus's moments or none, and composed descriptions."""
    composer = Composer(corpus, seed)
    prompts: list[Prompt] = []
    for entry in (*corpus.situations, *corpus.not_situations):
        copies = ACT_COPIES if entry.get("form") == "act" else 1
        prompts += [composer.moment(entry, plain=True) for _ in range(copies)]
    named = (composer.prompt() for _ in range(descriptions))
    prompts += [prompt for prompt in named if not _names_expression(prompt)]
    return prompts


def _names_expression(prompt: Prompt) -> bool:
    return any(trait.startswith("expression.") for span in prompt.spans for trait in span.traits)


def labels_of(prompts: Sequence[Prompt]) -> Tensor:
    """[N, 10]: whether each tells a moment, how much of it shows, and its shares of FAMILIES."""
    rows = [
        [0.0] * (2 + len(FAMILIES))
        if prompt.moment is None or not is_told(prompt.moment)
        else [1.0, prompt.moment["strength"], *(prompt.moment["mixture"].get(family, 0.0) for family in FAMILIES)]
        for prompt in prompts
    ]
    return torch.tensor(rows)


def is_told(entry: Entry) -> bool:
    """Return whether an entry of the corpus suggests an expression."""
    return "details" in entry or entry["strength"] > LEAST_TOLD


def means_of(texts: Sequence[str]) -> Tensor:
    """[N, 7, 384], what MiniLM makes of texts at each level."""
    tokenizer, model = encoder.tokenizer_and_model()
    ids = [tokenizer.encode(text).ids[:LONGEST] for text in texts]
    means = torch.zeros(len(ids), 7, 384)
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for first in range(0, len(order), 32):
        chosen = order[first : first + 32]
        longest = len(ids[chosen[-1]])
        tokens, mask = torch.zeros(len(chosen), longest, dtype=torch.int64), torch.zeros(len(chosen), longest)
        for row, index in enumerate(chosen):
            tokens[row, : len(ids[index])] = torch.tensor(ids[index])
            mask[row, : len(ids[index])] = 1.0
        with torch.inference_mode():
            means[chosen] = means_of_levels(model.levels(tokens, mask), mask)
    return means


def loss_of(told: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of what the readers tell, [K, N, 10]: whether there is a moment, its feelings and strength."""
    labels = labels.expand_as(told)
    gate = nn.functional.binary_cross_entropy_with_logits(told[..., 0], labels[..., 0])
    shares = (1 - SMOOTHING) * labels[..., 2:] + SMOOTHING / len(FAMILIES)
    mixture = -(shares * told[..., 2:].log_softmax(dim=-1)).sum(dim=-1)
    strength = (told[..., 1].sigmoid() - labels[..., 1]).abs()
    rest = (mixture + STRENGTH_WEIGHS * strength) * labels[..., 0]
    return gate + rest.sum() / labels[..., 0].sum().clamp(min=1)


def train(work: Path, output: Path = OUTPUT, readers: int = READERS, epochs: int = EPOCHS) -> None:
    """Train the readers, print their figures on what was held out, and write their weights.

    Args:
        work: folder where what MiniLM makes of the prompts is kept for the next run.
        output: the file to write.
        readers: how many.
        epochs: how often each sees every prompt.
    """
    torch.manual_seed(SEED)
    learnt, held = prompts_of(load_corpus(False), DESCRIPTIONS, SEED), prompts_of(load_corpus(True), 300, SEED + 1)
    means, tests = _kept(work / "learnt-means.npz", learnt), _kept(work / "held-out-means.npz", held)
    labels = labels_of(learnt)
    network = MomentReaders(readers, WIDTH, DROPOUT)
    network.centre.copy_(means.mean(dim=0))
    network.spread.copy_(means.std(dim=0).clamp(min=LEAST_SPREAD))
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * math.ceil(len(learnt) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    began = time.process_time()
    for epoch in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(learnt)).split(BATCH):
            loss = loss_of(network.each(means[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        if epoch % 5 == 4 or epoch == epochs - 1:
            spent = time.process_time() - began
            print(f"epoch {epoch + 1}: loss {total / len(learnt):.3f}, {spent:.0f} s of CPU", flush=True)
            print("  " + figures(network, tests, held), flush=True)
    save(network, output)


def _kept(path: Path, prompts: Sequence[Prompt]) -> Tensor:
    """The means of prompts, from a file if it has those of the same texts."""
    texts = np.array([prompt.text for prompt in prompts])
    if path.is_file():
        with np.load(path) as known:
            if np.array_equal(known["texts"], texts):
                return torch.from_numpy(known["means"].astype(np.float32))
    means = means_of([prompt.text for prompt in prompts]).half()
    np.savez(path, texts=texts, means=means.numpy())
    return means.float()


def figures(network: MomentReaders, means: Tensor, prompts: Sequence[Prompt]) -> str:
    """Return the scores on moments that were held out, and on prompts that tell none."""
    network.train(False)
    with torch.inference_mode():
        told = network(means)
    family = near = both = count = apart = 0
    for row, prompt in enumerate(prompts):
        is_moment = prompt.moment is not None and is_told(prompt.moment)
        apart += (float(told[row, 0]) > 0) == is_moment
        if is_moment and prompt.moment is not None:
            good = prompt.moment["mixture"].get(FAMILIES[int(told[row, 2:].argmax())], 0.0) >= 0.4
            right = band(float(told[row, 1].sigmoid())) == band(prompt.moment["strength"])
            family, near, both, count = family + good, near + right, both + (good and right), count + 1
    of = max(1, count)
    return (
        f"moments: family {family / of:.3f} of {count}, band {near / of:.3f}, both {both / of:.3f};"
        f" told apart {apart / len(prompts):.3f} of {len(prompts)}"
    )


def save(network: MomentReaders, output: Path) -> None:
    """Write the weights, those of the wide layers as bytes with a scale a row."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in network.state_dict().items():
        weights = value.numpy()
        if name.startswith("moment.") and weights.ndim == 2:
            scale = np.abs(weights).max(axis=1, keepdims=True) / 127
            arrays[name] = np.round(weights / scale).astype(np.int8)
            arrays[f"{name}.scale"] = scale.astype(np.float32)
        else:
            arrays[name] = weights.astype(np.float32 if name in ("centre", "spread") else np.float16)
    with output.open("wb") as file:
        np.savez_compressed(file, **arrays)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for what MiniLM makes of the prompts")
    parser.add_argument("--readers", type=int, default=READERS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments.work, readers=arguments.readers, epochs=arguments.epochs)


if __name__ == "__main__":
    main()
