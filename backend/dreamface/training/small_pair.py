"""Makes `guidance/small_pair.npz`: a small pair of text-to-image models, of texture maps and of pictures of heads.

One autoencoder for both, to 16 x 16 latents, and two denoisers of those that read MiniLM's token states. They are
trained on people that `dreamface synthesise` has made and on nothing else. They stand in for Stable Diffusion and a
texture model where those can't be had: in tests, and to prove that what is built on such models works.

Run it with: dreamface synthesise FOLDER --count 2000 --resolution 128
and: python -m dreamface.training.small_pair --data FOLDER --work FOLDER [--steps 2000 4000]
What is shipped has seen 640 steps of the autoencoder, 1,320 of its decoder alone, and 6,800 of each denoiser.
A run that was stopped goes on where it was, a minute or so back.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, mse_loss

from dreamface._files import whole_file
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.small_networks import SIDE, TOKENS, Autoencoder, Denoiser
from dreamface.guidance.small_pair import KINDS, WEIGHTS, pack
from dreamface.language import token_states
from dreamface.training.synthesising import read_index

STAGES: Final = ("autoencoder", "decoder", "prepare", *KINDS, "pack")
SEED: Final = 11
LATENT_NOISE: Final = 0.06  # that the decoder has to bear
AUTOENCODER_RATE: Final = 1.5e-3
EDGES: Final = 1.0  # weight of differences of neighbours in the loss
BATCH: Final = 16
RATE: Final = 8e-4
BETAS: Final = (0.9, 0.99)  # of AdamW
WEIGHT_DECAY: Final = 0.01
WARM_UP: Final = 100  # steps until the full rate
COOL_DOWN: Final = 0.3  # of the steps, at the end, in which the rate falls to nothing
DROP: Final = 0.12  # of captions that are left out, for guidance
AVERAGE: Final = 0.996  # of the weights that are kept at each step (EMA)
CAPTIONS: Final = 4  # of each person
SAVE_EVERY: Final = 60.0  # seconds
HELD_OUT: Final = 50  # one person in so many is not learnt from

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class People:
    """What is learnt from.

    Attributes:
        albedo: [N, S, S, 3] sRGB, S is the networks' side.
        pictures: [N, P, S, S, 3].
        labels: of each person.
    """

    albedo: Pictures
    pictures: Pictures
    labels: list[dict[str, Any]]


def load_people(folder: Path, work: Path) -> People:
    """Return the people that `dreamface synthesise` has put into a folder.

    Args:
        folder: with shards and an index.
        work: gets a copy [shard].npz of what is needed of each shard, which the next run reads at once.

    Raises:
        FolderError: there are none, or the index is damaged.
    """
    albedo, pictures, labels = [], [], []
    for shard in read_index(folder)["shards"]:
        file = work / f"{Path(shard['name']).stem}-{SIDE}.npz"
        if not file.is_file():
            _keep_shard(folder / shard["name"], file)
        with np.load(file, allow_pickle=False) as kept:
            albedo.append(kept["albedo"])
            pictures.append(kept["pictures"])
            labels += [json.loads(str(label)) for label in kept["label"]]
    return People(np.concatenate(albedo), np.concatenate(pictures), labels)


def _keep_shard(shard: Path, file: Path) -> None:
    """Write what is needed of a shard into a file that is read at once."""
    import webdataset

    albedo, pictures, labels = [], [], []
    for sample in webdataset.WebDataset(str(shard), shardshuffle=False):
        names = sorted(name for name in sample if re.fullmatch(r"picture\d+\.png", name))
        albedo.append(smaller(_image(sample["albedo.png"])))
        pictures.append(np.stack([smaller(_image(sample[name])) for name in names]))
        labels.append(sample["json"].decode())
    with whole_file(file) as path:
        np.savez(path, albedo=np.stack(albedo), pictures=np.stack(pictures), label=np.array(labels))


def _image(png: bytes) -> Pictures:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def smaller(pictures: Pictures) -> Pictures:
    """Return pictures [..., S, S, 3] on the side that the networks work on: means of squares of pixels."""
    step = pictures.shape[-2] // SIDE
    if step == 1:
        return pictures
    *rest, _, _, _ = pictures.shape
    squares = pictures.reshape(*rest, SIDE, step, SIDE, step, 3)
    found: Pictures = squares.mean(axis=(-4, -2), dtype=np.float32).round().astype(np.uint8)
    return found


def as_network_takes(pictures: Pictures) -> Tensor:
    """Return [B, 3, S, S] float -1..1 of [B, S, S, 3] bytes."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1.0


# --------------------------------------------------------------------------------------------------------- the trainer


class Trainer:
    """Trains one network for some time, keeps a running mean of its weights, and goes on where it stopped.

    Args:
        network: to train.
        file: where its state is kept.
        steps: of training in all. A run that was stopped may go on with another number.
        rate: of learning, at its highest.

    Attributes:
        steps: that are done.
    """

    def __init__(self, network: nn.Module, file: Path, steps: int, rate: float) -> None:
        self.network: nn.Module = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._file, self._all, self._rate = file, steps, rate
        self._optimiser = torch.optim.AdamW(
            network.parameters(), lr=rate, betas=BETAS, weight_decay=WEIGHT_DECAY, fused=True
        )
        self._mean = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.steps = 0
        if file.is_file():
            kept = torch.load(file, weights_only=True)
            network.load_state_dict(kept["network"])
            self._optimiser.load_state_dict(kept["optimiser"])
            self._mean, self.steps = kept["mean"], kept["steps"]

    def run(self, step: Callable[[np.random.Generator], Tensor]) -> None:
        """Train until all steps are done.

        Args:
            step: returns the loss of a batch that is drawn with the generator.
        """
        saved, losses = time.monotonic(), []
        while self.steps < self._all:
            chance = np.random.default_rng((SEED, self.steps))
            torch.manual_seed(SEED * 1_000_003 + self.steps)
            for group in self._optimiser.param_groups:
                group["lr"] = self._rate * self._share()
            with torch.autocast("cpu", torch.bfloat16):
                loss = step(chance)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self._optimiser.step()
            self.steps += 1
            kept = min(AVERAGE, (1.0 + self.steps) / (10.0 + self.steps))
            torch._foreach_lerp_(list(self._mean.values()), list(self.network.state_dict().values()), 1.0 - kept)
            losses.append(float(loss.detach()))
            if time.monotonic() - saved > SAVE_EVERY:
                self.save()
                saved = time.monotonic()
                print(f"{self._file.stem}: step {self.steps} of {self._all}, loss {np.mean(losses):.4f}", flush=True)
                losses = []
        self.save()
        self.network.load_state_dict(self._mean)

    def _share(self) -> float:
        """Return what the rate is multiplied by now."""
        left = (self._all - self.steps) / (COOL_DOWN * self._all)
        return min(1.0, (1 + self.steps) / WARM_UP, max(left, 0.01))

    def save(self) -> None:
        """Write the state, whole or not at all."""
        new = self._file.with_suffix(".new")
        torch.save(
            {
                "network": self.network.state_dict(), "optimiser": self._optimiser.state_dict(), "mean": self._mean,
                "steps": self.steps,
            },
            new,
        )  # fmt: skip
        new.replace(self._file)


# ----------------------------------------------------------------------------------------------------- the autoencoder


def train_autoencoder(people: People, work: Path, steps: int) -> Autoencoder:
    """Return an autoencoder of albedo maps and pictures, half and half."""
    torch.manual_seed(SEED)
    network = Autoencoder()
    trainer = Trainer(network, work / "autoencoder.pt", steps, AUTOENCODER_RATE)

    def step(chance: np.random.Generator) -> Tensor:
        pictures = as_network_takes(_some(people, chance)).to(memory_format=torch.channels_last)
        latents = network.raw(pictures)
        return _difference(network.from_raw(latents + LATENT_NOISE * torch.randn_like(latents)).float(), pictures)

    trainer.run(step)
    return network.train(False)


def refine_decoder(network: Autoencoder, people: People, work: Path, steps: int) -> None:
    """Train the decoder alone: it needs longer than the encoder, and denoisers can learn the latents meanwhile."""
    trainer = Trainer(network.decoder, work / "decoder.pt", steps, AUTOENCODER_RATE)

    def step(chance: np.random.Generator) -> Tensor:
        pictures = as_network_takes(_some(people, chance)).to(memory_format=torch.channels_last)
        with torch.no_grad():
            latents = network.raw(pictures)
        return _difference(network.from_raw(latents + LATENT_NOISE * torch.randn_like(latents)).float(), pictures)

    trainer.run(step)


def _difference(found: Tensor, wanted: Tensor) -> Tensor:
    """Return how far pictures [B, 3, H, W] are from others: their colours, and their edges of three sizes."""
    loss = (found - wanted).abs().mean()
    for _ in range(3):
        loss = loss + EDGES * (_edges(found) - _edges(wanted)).abs().mean()
        found, wanted = avg_pool2d(found, 2), avg_pool2d(wanted, 2)
    return loss


def _some(people: People, chance: np.random.Generator) -> Pictures:
    """Return [B, S, S, 3] albedo maps and pictures of people that are drawn."""
    who = chance.integers(0, len(people.albedo), BATCH // 2)
    which = chance.integers(0, people.pictures.shape[1], BATCH // 2)
    return np.concatenate((people.albedo[who], people.pictures[who, which]))


def _edges(pictures: Tensor) -> Tensor:
    """Return differences of neighbours, across and down."""
    across = pictures[..., 1:, 1:] - pictures[..., 1:, :-1]
    down = pictures[..., 1:, 1:] - pictures[..., :-1, 1:]
    return torch.cat((across, down), dim=1)


def measure_latents(network: Autoencoder, people: People) -> None:
    """Set the scale of an autoencoder's latents, so that they have mean 0 and deviation 1."""
    step = max(1, len(people.albedo) // 256)
    with torch.no_grad():
        shown = (people.albedo[::step], people.pictures[::step, 0])
        latents = torch.cat([network.raw(as_network_takes(some)) for some in shown])
    network.mean.copy_(latents.mean(dim=(0, 2, 3)))
    network.deviation.copy_(latents.std(dim=(0, 2, 3)))


# ------------------------------------------------------------------------------------------------------- the denoisers


@dataclass(frozen=True)
class Learnt:
    """What a denoiser learns from.

    Attributes:
        latents: [N, P, 4, h, w] half precision: of each person P pictures.
        states: [T, 384] half precision: token states of all captions, one after the other.
        spans: [N, C, 2] first and last row + 1 of each person's captions.
        silent: [L, 384] states of no words.
    """

    latents: Tensor
    states: Tensor
    spans: NDArray[np.int64]
    silent: Tensor


def read_captions(people: People, work: Path) -> tuple[Tensor, NDArray[np.int64], Tensor]:
    """Return token states of all captions, the spans of each person's, and the states of no words."""
    file = work / f"captions-{len(people.labels)}.pt"
    if not file.is_file():
        texts = [text for label in people.labels for text in label["captions"][:CAPTIONS]]
        rows, spans, start = [], [], 0
        for some in _batches(texts, 64):
            with torch.autocast("cpu", torch.bfloat16):
                found = token_states(some, TOKENS)
            for states in found:
                rows.append(states.half())
                spans.append((start, start + len(states)))
                start += len(states)
        torch.save(
            {"states": torch.cat(rows), "spans": torch.tensor(spans), "silent": token_states([""], TOKENS)[0]}, file
        )
    kept = torch.load(file, weights_only=True)
    silent = torch.zeros(TOKENS, kept["silent"].shape[1])
    silent[: len(kept["silent"])] = kept["silent"]
    return kept["states"], kept["spans"].view(len(people.labels), -1, 2).numpy(), silent


def _batches(items: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]


def encode_people(network: Autoencoder, people: People, kind: str, work: Path) -> Tensor:
    """Return [N, P, 4, h, w] latents of everybody's maps or pictures."""
    file = work / f"latents-{kind}-{len(people.labels)}.pt"
    if not file.is_file():
        shown = people.albedo[:, None] if kind == "texture" else people.pictures
        rows = []
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            for some in shown:
                rows.append(network.encode(as_network_takes(some).to(memory_format=torch.channels_last)).half())
        torch.save(torch.stack(rows), file)
    found: Tensor = torch.load(file, weights_only=True)
    return found


def train_denoiser(learnt: Learnt, kind: str, work: Path, steps: int) -> Denoiser:
    """Return a denoiser that predicts velocities."""
    torch.manual_seed(SEED + KINDS.index(kind))
    network = Denoiser()
    schedule = Schedule.scaled_linear()
    people = torch.tensor([number for number in range(len(learnt.latents)) if number % HELD_OUT])
    trainer = Trainer(network, work / f"{kind}.pt", steps, RATE)

    def step(chance: np.random.Generator) -> Tensor:
        who = people[torch.from_numpy(chance.integers(0, len(people), BATCH))].numpy()
        latents = learnt.latents[who, chance.integers(0, learnt.latents.shape[1], BATCH)].float()
        states = torch.stack([_states(learnt, int(one), chance) for one in who])
        level = torch.from_numpy(chance.integers(0, len(schedule), BATCH))
        noise = torch.randn_like(latents)
        given = schedule.noised_each(latents, noise, level).to(memory_format=torch.channels_last)
        velocity = schedule.velocity(latents, noise, level)
        # Of velocities, all levels count alike: what the words say is decided where there is most noise.
        return mse_loss(network(given, level, states).float(), velocity)

    trainer.run(step)
    return network.train(False)


def _states(learnt: Learnt, who: int, chance: np.random.Generator) -> Tensor:
    """Return [L, 384] states of one of a person's captions, or of no words."""
    if chance.random() < DROP:
        return learnt.silent
    start, end = learnt.spans[who, chance.integers(learnt.spans.shape[1])]
    found = torch.zeros(TOKENS, learnt.states.shape[1])
    found[: end - start] = learnt.states[start:end]
    return found


def averaged(kind: str, work: Path) -> Denoiser:
    """Return a denoiser with the running mean of its weights, as far as it was trained."""
    network = Denoiser()
    network.load_state_dict(torch.load(work / f"{kind}.pt", weights_only=True)["mean"])
    return network.train(False)


# --------------------------------------------------------------------------------------------------------- the command


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is not trained yet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="people of `dreamface synthesise`")
    parser.add_argument("--work", type=Path, required=True, help="folder of what a stopped run goes on from")
    parser.add_argument("--steps", type=int, nargs=2, default=(2000, 4000), help="of the autoencoder, of each denoiser")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="the file that is shipped")
    parser.add_argument("--stage", choices=STAGES, action="append", help="only these stages")
    given = parser.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    stages = given.stage or STAGES
    people = load_people(given.data, given.work)
    print(f"{len(people.labels)} people", flush=True)
    network = Autoencoder()
    scaled = given.work / "autoencoder-scaled.pt"
    if "autoencoder" in stages:
        network = train_autoencoder(people, given.work, given.steps[0])
        measure_latents(network, people)
        torch.save(network.state_dict(), scaled)
    network.load_state_dict(torch.load(scaled, weights_only=True))
    network.train(False)
    for kind in KINDS:
        if {"prepare", kind} & set(stages):
            latents = encode_people(network, people, kind, given.work)
            learnt = Learnt(latents, *read_captions(people, given.work))
            if kind in stages:
                train_denoiser(learnt, kind, given.work, given.steps[1])
    if "decoder" in stages:
        refine_decoder(network, people, given.work, given.steps[1])
    if "pack" in stages:
        network.decoder.load_state_dict(torch.load(given.work / "decoder.pt", weights_only=True)["mean"])
        denoisers = [averaged(kind, given.work) for kind in KINDS]
        np.savez_compressed(given.output, **pack(network, *denoisers))


if __name__ == "__main__":
    main()
