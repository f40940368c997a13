"""Makes `language/reader.npz`: the network that reads what the tables don't know, and moments.

MiniLM's first three layers stay as they are: their token states are computed once. Its last three layers are trained
further, with linear layers above that say, at every token, which columns (`language.columns`) its words state, and
what moment the whole prompt tells. The prompts are composed from the corpus (`reader_prompts`); one phrase in ten is
held out, and the figures are those of prompts made of held-out phrases alone.

Run it again with: python -m dreamface.training.reader [--work FOLDER]
A run that was stopped goes on after the last epoch it finished.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dreamface.language import encoder
from dreamface.language.columns import Column, column_of, encode_value, parse_column
from dreamface.language.minilm import LAYERS
from dreamface.language.network import FAMILIES, MomentNetwork, ReaderNetwork, Seen, Told
from dreamface.training.reader_prompts import Composer, Corpus, Entry, Prompt, load_corpus
from dreamface.traits import ARKIT_SHAPES

OUTPUT: Final = Path(__file__).parent.parent / "language" / "reader.npz"

States = NDArray[np.float16]
"""[T, 384], token states."""

SEED: Final = 7
COMPOSED: Final = 4000  # prompts
DEVELOPMENT: Final = 500
UPPER_LAYERS: Final = 3  # of MiniLM, that are trained further
MOMENT_COPIES: Final = 2  # of each moment, with different slips and descriptions
EPOCHS: Final = 4
BATCH: Final = 16
FAREST: Final = 96  # tokens of a training prompt
RAREST: Final = 3  # times that a column must be stated to be learnt
RATE: Final = 2e-4  # of the layers; HEAD_RATE of what is new
HEAD_RATE: Final = 3e-3
DROPOUT: Final = 0.1


@dataclass
class Item:
    """A prompt as the network learns it.

    Attributes:
        prompt: the prompt.
        start, end: where its token states are.
        spans: first and last token + 1, columns, and their numbers with their places, of each span.
    """

    prompt: Prompt
    start: int
    end: int
    spans: list[tuple[int, int, list[int], list[int], list[float]]]


class Layout:
    """The columns, and where their numbers are."""

    def __init__(self, names: Sequence[str]) -> None:
        self.columns: list[Column] = [parse_column(name) for name in names]
        self.index = {name: number for number, name in enumerate(names)}
        self.starts = np.cumsum([0, *(column.width for column in self.columns)])

    def label(self, traits: dict[str, Any]) -> tuple[list[int], list[int], list[float]]:
        """Return the columns that traits state, the places of their numbers, and the numbers."""
        columns: list[int] = []
        places: list[int] = []
        numbers: list[float] = []
        for trait, value in traits.items():
            column = column_of(trait, value)
            if column.name in self.index:
                number = self.index[column.name]
                encoded = encode_value(column, value)
                columns.append(number)
                places += range(self.starts[number], self.starts[number] + len(encoded))
                numbers += encoded
        return columns, places, numbers


def column_names(corpus: Corpus) -> list[str]:
    """Return the columns that the corpus states often enough."""
    counts: Counter[str] = Counter({"age*": RAREST})
    listed = [entry for kind in (corpus.phrases, corpus.people) for entries in kind.values() for entry in entries]
    for entry in listed:
        counts.update(column_of(trait, value).name for trait, value in entry["traits"].items())
    return sorted(name for name, count in counts.items() if count >= RAREST)


def compose(corpus: Corpus, count: int, seed: int) -> list[Prompt]:
    """Return composed prompts, and those that tell moments or none."""
    composer = Composer(corpus, seed)
    prompts = [composer.prompt() for _ in range(count)]
    for entry in (*corpus.situations, *corpus.not_situations):
        prompts.append(composer.moment(entry, plain=True))
        prompts += [composer.moment(entry) for _ in range(MOMENT_COPIES - 1)]
    return prompts


def precompute(prompts: Sequence[Prompt], layout: Layout, lower: int, path: Path) -> tuple[list[Item], States]:
    """Return the prompts' items and all their token states above the lower layers, kept in a file."""
    tokenizer, model = encoder.tokenizer_and_model()
    items: list[Item] = []
    position = 0
    for prompt in prompts:
        encoded = tokenizer.encode(prompt.text)
        length = min(FAREST, sum(encoded.attention_mask))
        spans = []
        for span in prompt.spans:
            inside = [
                place for place, (start, end) in enumerate(encoded.offsets[:length])
                if end > start and start < span.end and end > span.start
            ]  # fmt: skip
            if inside:
                spans.append((inside[0], inside[-1] + 1, *layout.label(dict(span.traits))))
        items.append(Item(prompt, position, position + length, spans))
        position += length
    if path.is_file():
        known: States = np.load(path, mmap_mode="r")
        if len(known) == position:
            return items, known
    states = np.zeros((position, 384), np.float16)
    order = sorted(range(len(items)), key=lambda index: items[index].end - items[index].start)
    for first in range(0, len(order), BATCH):
        chosen = [items[index] for index in order[first : first + BATCH]]
        batch = tokenizer.encode_batch([item.prompt.text for item in chosen])
        ids = torch.tensor([text.ids[:FAREST] for text in batch])
        mask = torch.tensor([text.attention_mask[:FAREST] for text in batch])
        with torch.inference_mode():
            made = model.lower_states(ids, mask, lower).numpy()
        for item, rows in zip(chosen, made, strict=True):
            states[item.start : item.end] = rows[: item.end - item.start]
    np.save(path, states)
    return items, states


@dataclass
class Batch:
    """Prompts of similar length with their labels; `tags` and `moments` say which of those they have."""

    states: Tensor
    mask: Tensor
    stated: Tensor
    known: Tensor  # [N, L, C], which labels to learn from
    values: Tensor
    has_value: Tensor
    moments: Tensor  # [N, 1 + 8 + 1]: gate, families, strength
    weights: Tensor  # [N, 2]: of the gate and of the rest
    details: Tensor  # [N, 2, D]


def make_batch(items: Sequence[Item], states: States, layout: Layout) -> Batch:
    """Return a padded batch."""
    longest = max(item.end - item.start for item in items)
    count, columns, numbers = len(items), len(layout.columns), int(layout.starts[-1])
    about_expression = torch.tensor([column.trait.startswith("expression.") for column in layout.columns])
    batch = Batch(
        torch.zeros(count, longest, 384), torch.zeros(count, longest),
        torch.zeros(count, longest, columns), torch.ones(count, longest, columns),
        torch.zeros(count, longest, numbers), torch.zeros(count, longest, numbers),
        torch.zeros(count, 10), torch.zeros(count, 2), torch.zeros(count, 2, len(ARKIT_SHAPES)),
    )  # fmt: skip
    for row, item in enumerate(items):
        length = item.end - item.start
        batch.states[row, :length] = torch.from_numpy(np.asarray(states[item.start : item.end], np.float32))
        batch.mask[row, :length] = 1
        batch.known[row, length:] = 0
        for first, last, stated, places, values in item.spans:
            batch.stated[row, first:last, stated] = 1.0
            if places:
                batch.values[row, first:last, places] = torch.tensor(values)
                batch.has_value[row, first:last, places] = 1.0
        _add_moment(batch, row, item.prompt, about_expression)
    return batch


def _add_moment(batch: Batch, row: int, prompt: Prompt, about_expression: Tensor) -> None:
    if prompt.moment is None:
        smiles = any(name.startswith("expression.") for span in prompt.spans for name in span.traits)
        batch.weights[row, 0] = 0.0 if smiles else 0.5
        return
    told = "details" in prompt.moment or prompt.moment["strength"] > 0.08
    if told and prompt.is_alone:
        batch.known[row, :, about_expression] = 0.0
        batch.known[row] *= 0.3  # some moments say who lives them
    else:
        batch.known[row] = 0.0
    batch.weights[row] = torch.tensor([1.0, 1.0 if told else 0.0])
    batch.moments[row, 0] = float(told)
    for place, family in enumerate(FAMILIES):
        batch.moments[row, 1 + place] = prompt.moment["mixture"].get(family, 0.0)
    batch.moments[row, 9] = prompt.moment["strength"]
    for name, weight in prompt.moment.get("details", {}).items():
        place = ARKIT_SHAPES.index(name.removeprefix("expression."))
        batch.details[row, 0, place] = 1.0
        batch.details[row, 1, place] = weight


def loss_of(seen: Seen, batch: Batch) -> Tensor:
    """Return the loss: of the columns, their numbers, and the moments."""
    bce = nn.functional.binary_cross_entropy_with_logits
    stated = (bce(seen.stated, batch.stated, reduction="none") * batch.known).sum() / batch.mask.sum()
    wrong = (seen.values.sigmoid() - batch.values).abs() * batch.has_value
    return stated + 2.0 * wrong.sum() / batch.has_value.sum().clamp(min=1) + moment_loss(seen.told, batch)


def moment_loss(told: Told, batch: Batch) -> Tensor:
    """Return the loss of the moments: whether there is one, its feelings, their strength, and its own shapes."""
    bce = nn.functional.binary_cross_entropy_with_logits
    gate = (bce(told.is_moment, batch.moments[:, 0], reduction="none") * batch.weights[:, 0]).mean()
    rest = batch.weights[:, 1]
    mixture = -(batch.moments[:, 1:9] * told.families.log_softmax(dim=1)).sum(dim=1)
    strength = (told.strength.sigmoid() - batch.moments[:, 9]).abs()
    own = bce(told.details[:, 0], batch.details[:, 0], reduction="none").sum(dim=1)
    amount = ((told.details[:, 1].sigmoid() - batch.details[:, 1]).abs() * batch.details[:, 0]).sum(dim=1)
    return gate + ((mixture + 2.0 * strength + 0.15 * own + 0.3 * amount) * rest).sum() / rest.sum().clamp(min=1)


def batches(items: Sequence[Item], generator: random.Random) -> Iterator[list[Item]]:
    """Return all items once, in batches of similar length, moments among them more often than their share."""
    shuffled = sorted(items, key=lambda item: (item.end - item.start) + 3 * generator.random())
    made = [shuffled[first : first + BATCH] for first in range(0, len(shuffled), BATCH)]
    generator.shuffle(made)
    yield from made


def train(work: Path, layers: int, epochs: int, composed: int, output: Path = OUTPUT) -> None:
    """Train, going on after the last epoch that was finished, and write the weights and the figures."""
    torch.manual_seed(SEED)
    learnt, held = load_corpus(False), load_corpus(True)
    layout = Layout(column_names(learnt))
    lower = LAYERS - layers
    items, states = precompute(compose(learnt, composed, SEED), layout, lower, work / "learnt.npy")
    tests, test_states = precompute(compose(held, DEVELOPMENT, SEED + 1), layout, lower, work / "held-out.npy")
    print(f"{len(items)} prompts, {len(states)} tokens, {len(layout.columns)} columns", flush=True)
    network = ReaderNetwork(layers, len(layout.columns), int(layout.starts[-1]), len(ARKIT_SHAPES), DROPOUT)
    _start(network)
    old = [*network.moments.layers.parameters()]
    known = {id(parameter) for parameter in old}
    new = [parameter for parameter in network.parameters() if id(parameter) not in known]
    optimiser = torch.optim.AdamW([{"params": old, "lr": RATE}, {"params": new, "lr": HEAD_RATE}], weight_decay=0.01)
    steps = epochs * math.ceil(len(items) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], steps, pct_start=0.1)
    parts: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
    for epoch in range(resume(work / "run.pt", parts), epochs):
        torch.manual_seed(SEED + epoch)
        network.train()
        began, total, count = time.process_time(), 0.0, 0
        for chosen in batches(items, random.Random(SEED + epoch)):
            batch = make_batch(chosen, states, layout)
            loss = loss_of(network(batch.states, batch.mask), batch)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + float(loss.detach()), count + 1
        print(f"epoch {epoch + 1}: loss {total / count:.3f}, {time.process_time() - began:.0f} s of CPU", flush=True)
        print("  " + figures(network, tests, test_states, layout), flush=True)
        kept = {"epoch": epoch + 1, **{name: part.state_dict() for name, part in parts.items()}}
        torch.save(kept, work / "run.pt")
    save(network, layout, output)


def _start(network: ReaderNetwork) -> None:
    """Start from MiniLM's own last layers, and from stating nothing."""
    start_from_encoder(network.moments)
    nn.init.constant_(network.stated.bias, -4.0)


def start_from_encoder(network: MomentNetwork) -> None:
    """Give a network's layers the weights of MiniLM's own last ones."""
    _, model = encoder.tokenizer_and_model()
    for ours, theirs in zip(network.layers.layers, list(model.layers.layers)[network.lower_layers :], strict=True):
        ours.load_state_dict(theirs.state_dict())


def resume(path: Path, parts: dict[str, Any]) -> int:
    """Give a run's parts the state that a file keeps, and return how many epochs were finished; 0 without the file."""
    if not path.is_file():
        return 0
    kept = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    return int(kept["epoch"])


def figures(network: ReaderNetwork, items: Sequence[Item], states: States, layout: Layout) -> str:
    """Return the scores on held-out phrases: of the columns of each span, and of the moments."""
    network.train(False)
    right: Counter[float] = Counter()
    said: Counter[float] = Counter()
    stated = 0
    moments: Counter[str] = Counter()
    ordered = sorted(items, key=lambda item: item.end - item.start)
    for first in range(0, len(ordered), BATCH):
        chosen = ordered[first : first + BATCH]
        batch = make_batch(chosen, states, layout)
        with torch.inference_mode():
            seen = network(batch.states, batch.mask)
        for row, item in enumerate(chosen):
            if item.prompt.moment is not None:
                _score_moment(moments, item.prompt.moment, seen.told, row)
            else:
                likely = seen.stated[row, : item.end - item.start].sigmoid().amax(dim=0)
                wanted = {column for span in item.spans for column in span[2]}
                stated += len(wanted)
                for threshold in (0.5, 0.7, 0.9):
                    found = set(torch.nonzero(likely > threshold).flatten().tolist())
                    right[threshold] += len(found & wanted)
                    said[threshold] += len(found)
    columns = ", ".join(
        f"from {level}: precision {right[level] / max(1, said[level]):.3f} recall {right[level] / max(1, stated):.3f}"
        for level in (0.5, 0.7, 0.9)
    )
    count = max(1, moments["told"])
    return (
        f"{columns}; moments: family {moments['family'] / count:.3f} of {count}, band {moments['band'] / count:.3f},"
        f" both {moments['both'] / count:.3f}; told apart {moments['gate'] / max(1, moments['all']):.3f}"
    )


def band(strength: float) -> int:
    """Return 0, 1 or 2: slight, clear or strong."""
    return int(strength >= 0.38) + int(strength >= 0.68)


def _score_moment(moments: Counter[str], entry: Entry, told: Told, row: int) -> None:
    is_told = "details" in entry or entry["strength"] > 0.08
    moments.update(all=1, gate=int((float(told.is_moment[row]) > 0) == is_told))
    if is_told:
        family = FAMILIES[int(told.families[row].argmax())]
        shares = entry["mixture"]
        good = shares.get(family, 0.0) >= 0.4
        near = band(float(told.strength[row].sigmoid())) == band(entry["strength"])
        moments.update(told=1, family=int(good), band=int(near), both=int(good and near))


def save(network: ReaderNetwork, layout: Layout, output: Path = OUTPUT) -> None:
    """Write the weights, those of the layers as bytes with a scale a row, with the names of the columns."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, value in network.state_dict().items():
        weights = value.numpy()
        if ".layers." in name and weights.ndim == 2:
            scale = np.abs(weights).max(axis=1, keepdims=True) / 127
            arrays[name] = np.round(weights / scale).astype(np.int8)
            arrays[f"{name}.scale"] = scale.astype(np.float32)
        else:
            arrays[name] = weights.astype(np.float16)
    names = json.dumps([column.name for column in layout.columns])
    with output.open("wb") as file:
        np.savez_compressed(file, columns=np.array(names), **arrays)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for token states and finished epochs")
    parser.add_argument("--layers", type=int, default=UPPER_LAYERS, help="of MiniLM that are trained further")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--composed", type=int, default=COMPOSED)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    train(arguments.work, arguments.layers, arguments.epochs, arguments.composed)


if __name__ == "__main__":
    main()
