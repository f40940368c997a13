"""Makes `language/moments.npz`: networks that tell which moment a prompt tells, beside the reader's own.

The small ones see what all-MiniLM-L6-v2, as it is, makes of a prompt at each of its seven levels: the means over the
tokens, computed once. The tuned one is a version of MiniLM's last layers, trained further on moments alone. All learn
from the moments of the corpus, from its sentences that tell none, and from composed descriptions, which tell none
either. One entry in ten is held out, as in `training.reader`.

Run it again with: python -m dreamface.training.moments --work FOLDER
A run that was stopped goes on after the last epoch of the tuned network that it finished.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dreamface.language import encoder
from dreamface.language.network import FAMILIES, MomentNetwork, MomentReaders, Told, means_of_levels
from dreamface.training.reader import States, band, resume, start_from_encoder
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
TUNED: Final = 4  # epochs of the tuned network, and what else is its own
TUNED_LAYERS: Final = 3
TUNED_BATCH: Final = 32
TUNED_RATE: Final = 2e-4  # of MiniLM's layers; what is new learns at RATE
TUNED_DROPOUT: Final = 0.12
LARGE: Final = 100_000  # numbers, from which a matrix is kept as bytes
LEAST_SPREAD: Final = 1e-4  # of a number over all prompts
LEAST_TOLD: Final = 0.08  # strength from which a moment suggests an expression


def prompts_of(corpus: Corpus, descriptions: int, seed: int) -> list[Prompt]:
    """Return prompts that tell the corpus's moments or none, and composed descriptions."""
    composer = Composer(corpus, seed)
    prompts: list[Prompt] = []
    for entry in (*corpus.situations, *corpus.not_situations):
        copies = ACT_COPIES if entry.get("form") == "act" else 1
        prompts += [composer.moment(entry, plain=True) for _ in range(copies)]
    for grid in corpus.grids:
        prompts += [composer.moment(entry, plain=True) for entry in composer.grid(grid)]
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
    model = encoder.tokenizer_and_model()[1]
    means = torch.zeros(len(texts), 7, 384)
    for chosen, tokens, mask in _encoded(texts):
        with torch.inference_mode():
            means[chosen] = means_of_levels(model.levels(tokens, mask), mask)
    return means


def _encoded(texts: Sequence[str]) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Texts of similar length together: their places, their tokens' ids, and 1 where there is a token."""
    tokenizer, _ = encoder.tokenizer_and_model()
    ids = [tokenizer.encode(text).ids[:LONGEST] for text in texts]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for first in range(0, len(order), 32):
        chosen = order[first : first + 32]
        longest = len(ids[chosen[-1]])
        tokens, mask = torch.zeros(len(chosen), longest, dtype=torch.int64), torch.zeros(len(chosen), longest)
        for row, index in enumerate(chosen):
            tokens[row, : len(ids[index])] = torch.tensor(ids[index])
            mask[row, : len(ids[index])] = 1.0
        yield chosen, tokens, mask


def loss_of(told: Tensor, labels: Tensor) -> Tensor:
    """Return the loss of what the readers tell, [K, N, 10]: whether there is a moment, its feelings and strength."""
    labels = labels.expand_as(told)
    gate = nn.functional.binary_cross_entropy_with_logits(told[..., 0], labels[..., 0])
    shares = (1 - SMOOTHING) * labels[..., 2:] + SMOOTHING / len(FAMILIES)
    mixture = -(shares * told[..., 2:].log_softmax(dim=-1)).sum(dim=-1)
    strength = (told[..., 1].sigmoid() - labels[..., 1]).abs()
    rest = (mixture + STRENGTH_WEIGHS * strength) * labels[..., 0]
    return gate + rest.sum() / labels[..., 0].sum().clamp(min=1)


def train(work: Path, output: Path = OUTPUT, readers: int = READERS, epochs: int = EPOCHS, tuned: int = TUNED) -> None:
    """Train all networks, print their figures on what was held out, and write their weights.

    Args:
        work: folder where what MiniLM makes of the prompts, and finished epochs, are kept.
        output: the file to write.
        readers: how many small ones.
        epochs: how often each small one sees every prompt.
        tuned: how often the tuned one does.
    """
    torch.manual_seed(SEED)
    learnt, held = prompts_of(load_corpus(False), DESCRIPTIONS, SEED), prompts_of(load_corpus(True), 300, SEED + 1)
    small = train_small(work, learnt, held, readers, epochs)
    large = train_tuned(work, learnt, held, tuned)
    save(small, large, output)


def train_small(
    work: Path, learnt: Sequence[Prompt], held: Sequence[Prompt], readers: int, epochs: int
) -> MomentReaders:
    """Return the small networks, trained."""
    means, tests = _kept(work / "learnt-means.npz", learnt), _kept(work / "held-out-means.npz", held)
    labels = labels_of(learnt)
    network = MomentReaders(readers, WIDTH, DROPOUT)
    network.centre.copy_(means.mean(dim=0))
    network.spread.copy_(means.std(dim=0).clamp(min=LEAST_SPREAD))
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * math.ceil(len(learnt) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    began, total = time.process_time(), 0.0
    for _ in range(epochs):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(learnt)).split(BATCH):  # type: ignore[no-untyped-call]
            loss = loss_of(network.each(means[chosen]), labels[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
    network.train(False)
    with torch.inference_mode():
        told = network(tests)
    print(f"small ones: loss {total / len(learnt):.3f}, {time.process_time() - began:.0f} s of CPU", flush=True)
    print("  " + figures(told, held), flush=True)
    return network


def train_tuned(work: Path, learnt: Sequence[Prompt], held: Sequence[Prompt], epochs: int) -> MomentNetwork:
    """Return the network of MiniLM's last layers, trained, going on after the last epoch that was finished."""
    torch.manual_seed(SEED)
    network = MomentNetwork(TUNED_LAYERS, 0, TUNED_DROPOUT)
    start_from_encoder(network)
    states, tests = states_of(learnt, network.lower_layers), states_of(held, network.lower_layers)
    labels = labels_of(learnt)
    old = list(network.layers.parameters())
    new = [parameter for part in (network.query, network.moment, network.told) for parameter in part.parameters()]
    rates = [TUNED_RATE, RATE]
    optimiser = torch.optim.AdamW([{"params": old}, {"params": new}], RATE, weight_decay=0.01)
    steps = epochs * math.ceil(len(learnt) / TUNED_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rates, steps, pct_start=0.1)
    parts: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
    for epoch in range(resume(work / "tuned.pt", parts), epochs):
        torch.manual_seed(SEED + epoch)
        network.train()
        began, total = time.process_time(), 0.0
        for chosen in _batches(states, TUNED_BATCH, random.Random(SEED + epoch)):
            loss = loss_of(_told(network, [states[index] for index in chosen])[None], labels[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        network.train(False)
        with torch.inference_mode():
            told = torch.cat([_told(network, tests[first : first + 32]) for first in range(0, len(tests), 32)])
        spent = time.process_time() - began
        print(f"tuned, epoch {epoch + 1}: loss {total / len(learnt):.3f}, {spent:.0f} s of CPU", flush=True)
        print("  " + figures(told, held), flush=True)
        kept = {"epoch": epoch + 1, **{name: part.state_dict() for name, part in parts.items()}}
        torch.save(kept, work / "tuned.pt")
    return network


def _batches(states: Sequence[States], size: int, generator: random.Random) -> Iterator[list[int]]:
    """Return the places of all prompts once, in batches of similar length."""
    order = sorted(range(len(states)), key=lambda index: len(states[index]) + 3 * generator.random())
    made = [order[first : first + size] for first in range(0, len(order), size)]
    generator.shuffle(made)
    yield from made


def _told(network: MomentNetwork, states: Sequence[States]) -> Tensor:
    """[N, 10], what the tuned network tells of prompts, as `MomentReaders.each` orders it."""
    longest = max(len(rows) for rows in states)
    padded, mask = torch.zeros(len(states), longest, 384), torch.zeros(len(states), longest)
    for row, rows in enumerate(states):
        padded[row, : len(rows)] = torch.from_numpy(rows.astype(np.float32))
        mask[row, : len(rows)] = 1.0
    told: Told = network(padded, mask)
    return told.together


def states_of(prompts: Sequence[Prompt], lower: int) -> list[States]:
    """Return each prompt's token states above MiniLM's lower layers, [T, 384]."""
    found: dict[int, States] = {}
    for chosen, tokens, mask in _encoded([prompt.text for prompt in prompts]):
        with torch.inference_mode():
            states = encoder.tokenizer_and_model()[1].lower_states(tokens, mask, lower).numpy().astype(np.float16)
        for row, index in enumerate(chosen):
            found[index] = states[row, : int(mask[row].sum())].copy()
    return [found[index] for index in range(len(prompts))]


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


def figures(told: Tensor, prompts: Sequence[Prompt]) -> str:
    """Return the scores of what was told, [N, 10], of moments that were held out and of prompts that tell none."""
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


def save(small: MomentReaders, tuned: MomentNetwork, output: Path) -> None:
    """Write the weights, those of wide layers as bytes with a scale a row."""
    arrays: dict[str, NDArray[Any]] = {}
    for whole, network in (("small", small), ("tuned", tuned)):
        for name, value in network.state_dict().items():
            weights, key = value.numpy(), f"{whole}.{name}"
            if weights.ndim == 2 and weights.size >= LARGE:
                scale = np.abs(weights).max(axis=1, keepdims=True) / 127
                arrays[key] = np.round(weights / scale).astype(np.int8)
                arrays[f"{key}.scale"] = scale.astype(np.float32)
            else:
                arrays[key] = weights.astype(np.float32 if name in ("centre", "spread") else np.float16)
    with output.open("wb") as file:
        np.savez_compressed(file, **arrays)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for what MiniLM makes of the prompts")
    parser.add_argument("--readers", type=int, default=READERS)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of the small networks")
    parser.add_argument("--tuned", type=int, default=TUNED, help="epochs of the tuned network")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments.work, readers=arguments.readers, epochs=arguments.epochs, tuned=arguments.tuned)


if __name__ == "__main__":
    main()
