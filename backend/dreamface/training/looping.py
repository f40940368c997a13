"""A training that can be stopped at any moment and goes on as if it had not been; on one GPU, many, or none."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from dreamface._files import delete, whole_file
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.guidance import need_packages
from dreamface.guidance.distillation import Clock
from dreamface.models.trained import CARD, FORMAT, INDEX
from dreamface.progress import Progress

STATE: Final = "state"
TOLD: Final = "training.json"

_AVERAGE: Final = 0.9995  # of the weights that are kept at each step, at most (EMA)
_WARM_UP: Final = 0.75  # power with which that is neared
_LARGEST_GRADIENT: Final = 1.0
_RANK: Final = "RANK"  # what launchers call the number of a process, before anything knows of the others


@dataclass(frozen=True)
class Loop:
    """Steps of training. Make it with `begin`.

    Attributes:
        out: folder of the model that is trained; `state/` in it is what a stopped run goes on from.
        trained: what is trained: all its parameters that want gradients.
    """

    out: Path
    trained: nn.Module
    _network: Any
    _optimiser: Any
    _accelerator: Any
    _mean: Any

    @classmethod
    def begin(cls, out: Path, trained: nn.Module, rate: float, device: torch.device) -> Loop:
        """Spread a training over what there is.

        Args:
            out: folder of the model.
            trained: what is trained.
            rate: of learning.
            device: that was chosen; a CPU is taken even where there is a GPU.

        Raises:
            MissingDependency: the packages are not installed.
        """
        need_packages("training", "accelerate", "diffusers")
        from accelerate import Accelerator
        from diffusers.training_utils import EMAModel

        accelerator = Accelerator(cpu=device.type == "cpu")
        learning = _learning(trained)
        mean = EMAModel(learning, decay=_AVERAGE, use_ema_warmup=True, inv_gamma=1.0, power=_WARM_UP)
        network, optimiser = accelerator.prepare(trained, torch.optim.AdamW(learning, lr=rate))
        mean.to(accelerator.device)
        accelerator.register_for_checkpointing(mean)
        return cls(out, trained, network, optimiser, accelerator, mean)

    @property
    def device(self) -> torch.device:
        """Where this process computes."""
        device: torch.device = self._accelerator.device
        return device

    @property
    def process(self) -> int:
        """Which of the processes this is, from 0."""
        return int(self._accelerator.process_index)

    @property
    def writes(self) -> bool:
        """Whether this process writes the files."""
        return bool(self._accelerator.is_main_process)

    def run(
        self,
        loss_of: Callable[[Any, int], Tensor],
        steps: int,
        save_every: int,
        after: Callable[[int], None] = lambda _: None,
        progress: Progress = Progress(),  # noqa: B008 - immutable
    ) -> None:
        """Go on from the last state until all steps are done.

        Args:
            loss_of: returns the loss of a step: it is given the network and the step's number, which decides all.
            steps: in all.
            save_every: steps between two states.
            after: is told how many steps are done.
            progress: told at every step.

        Raises:
            DreamFaceError: there were no numbers; the last good state stays.
            Cancelled: the progress said so; the state is kept before.
        """
        begun = done = self._resume()
        clock = Clock(steps - begun)
        learning = _learning(self.trained)
        while done < steps:
            try:
                progress.report("train", done / steps, f"Step {done + 1:,} of {steps:,}{clock.left(done - begun)}")
                stopped = None
            except Cancelled as said:
                stopped = said
            if self._is_any(stopped is not None):
                self._save(done)
                raise stopped or Cancelled
            loss = loss_of(self._network, done)
            _check_numbers(loss)
            self._accelerator.backward(loss)
            steepness = self._accelerator.clip_grad_norm_(learning, _LARGEST_GRADIENT)
            if self._accelerator.scaler is None:  # which leaves out steps whose gradients are too large for fp16
                _check_numbers(steepness)
            self._optimiser.step()
            self._optimiser.zero_grad(set_to_none=True)
            self._mean.step(learning)
            done += 1
            if done % save_every == 0 or done == steps:
                self._save(done, float(loss.detach()))
            after(done)
        self._accelerator.wait_for_everyone()

    def _is_any(self, here: bool) -> bool:
        """Return whether something holds in any of the processes: all must stop at the same step, or none would end."""
        if self._accelerator.num_processes == 1:
            return here
        told: Tensor = self._accelerator.reduce(torch.tensor(float(here), device=self.device), "sum")
        return bool(told > 0.0)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let `trained` have the running mean of its weights during a block; gradients are not computed."""
        values = _learning(self.trained)
        self._mean.store(values)
        self._mean.copy_to(values)
        self.trained.train(False)
        try:
            with torch.no_grad():
                yield
        finally:
            self.trained.train()
            self._mean.restore(values)

    def describe(self, kind: str, recipe: Any, base: str, head: str, card: str) -> None:
        """Write what says what was trained, beside its weights: for the program, and for people.

        Args:
            kind: of model.
            recipe: dataclass of how it was trained.
            base: name of the model that training began with.
            head: model whose UV layout the textures have; empty: unknown.
            card: for people, in Markdown.
        """
        told = {"kind": kind, "format": FORMAT, "base": base, "head": head, "recipe": asdict(recipe)}
        with whole_file(self.out / INDEX) as path:
            path.write_text(json.dumps(told, indent=1), "utf-8")
        with whole_file(self.out / CARD) as path:
            path.write_text(card, "utf-8")

    def _resume(self) -> int:
        """Go on from the last state, and return how many steps are done."""
        states = sorted((self.out / STATE).glob("step-*"))
        if not states:
            return 0
        self._accelerator.load_state(str(states[-1]))
        self._mean.to(self.device)  # accelerate reads what it does not know itself onto the CPU
        return int(states[-1].name.removeprefix("step-"))

    def _save(self, done: int, loss: float | None = None) -> None:
        """Keep what a stopped run goes on from, in place of what was kept before."""
        folder, new = self.out / STATE, self.out / STATE / f"step-{done:09d}"
        if new.is_dir():
            return
        self._accelerator.save_state(str(folder / "new"))
        self._accelerator.wait_for_everyone()  # each has written what it draws from
        if self.writes:
            (folder / "new").rename(new)
            for old in folder.glob("step-*"):
                if old != new:
                    delete(old)
            told = json.loads((self.out / TOLD).read_text("utf-8"))
            losses = [] if loss is None else [[done, round(loss, 6)]]
            told |= {"done": done, "losses": [*told["losses"], *losses]}
            with whole_file(self.out / TOLD) as path:
                path.write_text(json.dumps(told), "utf-8")
        self._accelerator.wait_for_everyone()


def _learning(trained: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that want gradients."""
    return [value for value in trained.parameters() if value.requires_grad]


def _check_numbers(value: Tensor) -> None:
    """Refuse to learn from what is no number, which no later step would mend."""
    if not bool(torch.isfinite(value)):
        raise DreamFaceError("Training gave no numbers: start again with a smaller rate; the last good state is kept.")


def check_recipe(recipe: Any, **others: tuple[int, int]) -> None:
    """Refuse a recipe whose steps, batch, seed, rate or whole numbers of its own are out of their range.

    Args:
        recipe: with `steps`, `batch`, `save_every`, `seed` and `rate`, which may be None.
        others: name -> least and most of its own.

    Raises:
        BadRequest: one is.
    """
    for name, (low, high) in (_RANGES | others).items():
        if not low <= getattr(recipe, name) <= high:
            raise BadRequest(f"{name.replace('_', ' ').capitalize()} must be {low:,} to {high:,}.")
    if recipe.rate is not None and not 0.0 < recipe.rate < 1.0:
        raise BadRequest("The rate of learning must be more than 0, and less than 1.")


_RANGES: Final = {
    "steps": (1, 10_000_000), "batch": (1, 4096), "save_every": (1, 1_000_000), "seed": (0, 2**32 - 1),
}  # fmt: skip


def is_first_process() -> bool:
    """Return whether this is the process that speaks for all of a training; a launcher says which it is."""
    return os.environ.get(_RANK, "0") == "0"


def claim(out: Path, recipe: Mapping[str, Any]) -> None:
    """Make the folder of a training, or check that it holds the same one. Of several processes, the first does.

    Args:
        out: the folder.
        recipe: what must be the same, as plain data.

    Raises:
        BadRequest: it holds another training, or other things.
        FolderError: what it says of its training is damaged.
    """
    if not is_first_process():
        return
    file = out / TOLD
    if file.is_file():
        try:
            kept = json.loads(file.read_text("utf-8"))["recipe"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FolderError(f"{file} is damaged: choose another folder.") from error
        if kept != dict(recipe):
            raise BadRequest(f"{out} holds a model that was trained in another way: choose another folder.")
        return
    if out.is_dir() and any(out.iterdir()):
        raise BadRequest(f"{out} holds other things: choose a new or an empty folder.")
    out.mkdir(parents=True, exist_ok=True)
    with whole_file(file) as path:
        path.write_text(json.dumps({"recipe": dict(recipe), "done": 0, "losses": []}), "utf-8")
