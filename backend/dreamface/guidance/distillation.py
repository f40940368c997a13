"""Score distillation: a diffusion model's opinion of a picture as a gradient of whatever the picture is made from.

Poole et al. 2022, "DreamFusion", equation 3: noise is added to the latents of a picture, the model says what noise it
finds there, and the difference is the direction in which the latents should change. Here it is handed to `backward` as
the gradient that it is. The usual detour, a loss whose gradient it would be, loses it in half precision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import SLOW, is_device_lost, is_out_of_memory, lost, release_memory
from dreamface.guidance.interface import LatentDiffusion, Prompt, guided_noise, smaller_side
from dreamface.guidance.schedule import Schedule
from dreamface.progress import Progress, time_in_words

LEAST, MOST = 0.02, 0.98
"""Share of the longest time between which carving draws."""

_REMEMBERED: Final = 0.8  # weight of earlier steps in the running mean of a step's time


@dataclass(frozen=True)
class Guide:
    """One path of guidance: a model, and what it is asked for.

    Attributes:
        model: knows pictures, or texture maps.
        words: what is wanted, read once.
        none: what guidance leads away from, read once.
        scale: how far; 1 is the words alone.
        weight: of this path, where there are two (lambda of equations 10 and 13).
    """

    model: LatentDiffusion
    words: Prompt
    none: Prompt
    scale: float
    weight: float = 1.0

    @classmethod
    def reading(
        cls, model: LatentDiffusion, words: str, against: str = "", scale: float = 100.0, weight: float = 1.0
    ) -> Guide:
        """Return a path whose model has read the words."""
        with torch.no_grad():
            return cls(model, model.embed(words), model.embed(against), scale, weight)


def score_gradient(guide: Guide, latents: Tensor, noise: Tensor, level: int) -> Tensor:
    """Return lambda w(t) (found noise - added noise) / B, the gradient of latents.

    w(t) is 1 - alpha bar, the variance of the noise. Nothing of the model is differentiated. A path of weight 0 is not
    asked.

    Args:
        guide: whose opinion.
        latents: [B, C, h, w] of pictures.
        noise: [B, C, h, w] of deviation 1.
        level: of the model's schedule.
    """
    if guide.weight == 0.0:
        return torch.zeros_like(latents)
    with torch.no_grad():
        own, schedule = latents.detach(), guide.model.schedule
        noised = schedule.noised(own, noise, level)
        found = guided_noise(guide.model, noised, level, guide.words, guide.none, guide.scale)
        weight = 1.0 - float(schedule.signal[level])
        return guide.weight * weight / len(latents) * (found - noise)


def distil(guide: Guide, latents: Tensor, random: torch.Generator, level: int) -> Tensor:
    """Send a model's gradient back from latents to whatever they are made from, and return it.

    Args:
        guide: whose opinion.
        latents: [B, C, h, w] that can be differentiated.
        random: what the noise is drawn from, on the CPU: another device would draw other numbers.
        level: of the model's schedule.
    """
    gradient = score_gradient(guide, latents, noise_like(latents, random), level)
    latents.backward(gradient)  # type: ignore[no-untyped-call]
    return gradient


def noise_like(latents: Tensor, random: torch.Generator) -> Tensor:
    """Return noise of deviation 1, of the size of latents."""
    return torch.randn(latents.shape, generator=random).to(latents)


# ------------------------------------------------------------------------------------------------------------- times


def drawn_level(schedule: Schedule, random: torch.Generator, longest: float = 1.0) -> int:
    """Return a level for carving: its time is drawn evenly from `LEAST` to `MOST` of the longest one.

    Args:
        schedule: of the model.
        random: what it is drawn from.
        longest: 0..1 of the schedule.
    """
    share = LEAST + (MOST - LEAST) * float(torch.rand((), generator=random))
    return _level(schedule, share * longest)


def falling_level(schedule: Schedule, step: int, steps: int, longest: float = 1.0) -> int:
    """Return the level of a step of texturing: the time falls evenly from the longest one to 0, where no noise is left.

    Args:
        schedule: of the model.
        step: 0 is the first, `steps` - 1 the last.
        steps: how many there are.
        longest: 0..1 of the schedule.
    """
    return _level(schedule, longest * (1.0 - step / max(1, steps - 1)))


def _level(schedule: Schedule, time: float) -> int:
    return min(max(round(time * len(schedule)) - 1, 0), len(schedule) - 1)


# -------------------------------------------------------------------------------------------------------- optimising


@dataclass(frozen=True)
class Outcome:
    """How an optimisation ended.

    Attributes:
        steps: that were made.
        stopped: why it ended early, as a sentence; else empty.
    """

    steps: int
    stopped: str = ""


def optimise(
    parameters: Mapping[str, Tensor],
    rates: Mapping[str, float],
    work: Callable[[int, bool], None],
    steps: int,
    what: str,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    seen: Callable[[int], None] | None = None,
    begun: bool = False,
) -> Outcome:
    """Move parameters by Adam, step by step, along the gradients that `work` gives them.

    Where a gradient or a parameter is no number any more, they are what they were in the last good step, and the
    outcome says so. Where memory is exhausted, the step is made once more with less of it, and so are all that follow.

    Args:
        parameters: by name; leaves that ask for gradients. Changed in place.
        rates: learning rate of each.
        work: adds gradients in a step; takes its number, and whether to save memory.
        steps: how many.
        what: name of the work for progress and messages, such as "Carving".
        progress: told about every step, with an estimate of the time left.
        seen: called after every step with its number, such as to show what has been made.
        begun: whether an earlier stage has changed the parameters already. Then what it made is kept, and no error
            raised, where the first step fails or memory is exhausted even for smaller pictures.

    Raises:
        DreamFaceError: the first step failed, or memory is exhausted even for smaller pictures; not where `begun`.
        Cancelled: the progress said so.
    """
    groups = [{"params": [tensor], "lr": rates[name]} for name, tensor in parameters.items()]
    adam = torch.optim.Adam(groups, betas=(0.9, 0.99), eps=1e-8)
    good = {name: tensor.detach().clone() for name, tensor in parameters.items()}
    saving, clock = False, Clock(steps)
    for step in range(steps):
        progress.report(what.lower(), step / steps, f"{what}, step {step + 1} of {steps}{clock.left(step)}")
        adam.zero_grad(set_to_none=True)
        try:
            saving = _step(work, step, saving, adam)
        except _Exhausted:
            if not begun:
                raise
            stopped = f"{_TOO_LITTLE.format(step + 1, steps, what.lower())}: what the steps before have made is kept."
            return Outcome(step, stopped)
        if not _all_finite([tensor.grad for tensor in parameters.values()]):
            return _stopped(parameters, good, what, step, steps, begun)
        adam.step()
        if not _all_finite(list(parameters.values())):
            return _stopped(parameters, good, what, step, steps, begun)
        good = {name: tensor.detach().clone() for name, tensor in parameters.items()}
        if seen is not None:
            seen(step)
    progress.report(what.lower(), 1.0, f"{what} is done")
    return Outcome(steps)


def _step(work: Callable[[int, bool], None], step: int, saving: bool, adam: torch.optim.Optimizer) -> bool:
    """Let `work` make a step, and return whether it has to save memory from now on."""
    try:
        work(step, saving)
        return saving
    except (RuntimeError, MemoryError) as error:
        if is_device_lost(error):
            raise lost(error) from error
        if not is_out_of_memory(error):
            raise
        if saving:
            raise _Exhausted(_EXHAUSTED) from error
    # Not while the error is being handled: it holds on to what was computed so far.
    adam.zero_grad(set_to_none=True)
    release_memory()
    return _step(work, step, True, adam)


def size_of_step(model: LatentDiffusion, batch: int, side: int, saving: bool) -> tuple[int, int]:
    """Return how many pictures a step looks at, and their pixels a side.

    Where memory is to be saved, that is half of the batch, or one smaller picture where the batch is one already.

    Args:
        model: looks at them.
        batch: pictures of a step that saves nothing.
        side: of those, in pixels.
        saving: whether to save memory.
    """
    if not saving:
        return batch, side
    return (batch // 2, side) if batch > 1 else (1, smaller_side(model, side))


class _Exhausted(DreamFaceError):
    """There is too little memory, also with less of it."""


_TOO_LITTLE: Final = "There was too little memory for step {} of {} of {}, also for a smaller picture"
_EXHAUSTED: Final = (
    "There is too little memory for diffusion, also with smaller batches: close other programs that use it, such as a "
    f"render in Blender, or choose {SLOW}."
)


def _all_finite(tensors: Sequence[Tensor | None]) -> bool:
    return all(tensor is None or bool(torch.isfinite(tensor).all()) for tensor in tensors)


def _stopped(
    parameters: Mapping[str, Tensor], good: Mapping[str, Tensor], what: str, step: int, steps: int, begun: bool
) -> Outcome:
    """Put the last good state back, and say so."""
    reason = f"The diffusion model gave no numbers (NaN) in step {step + 1} of {steps} of {what.lower()}"
    if step == 0 and not begun:
        raise DreamFaceError(f"{reason}: try another seed or less guidance, or install its checkpoint again.")
    with torch.no_grad():
        for name, tensor in parameters.items():
            tensor.copy_(good[name])
    return Outcome(step, f"{reason}: what the steps before have made is kept.")


class Clock:
    """Estimates the time left from how long steps have taken."""

    def __init__(self, steps: int) -> None:
        """Begin now, with so many steps before it."""
        self._steps, self._each, self._last = steps, 0.0, time.monotonic()

    def left(self, step: int) -> str:
        """Return how long the rest takes, as the end of a sentence; empty before anything is known."""
        now = time.monotonic()
        took, self._last = now - self._last, now
        if step == 0:
            return ""
        # The first step loads and compiles; later ones are averaged.
        self._each = took if step <= 2 else _REMEMBERED * self._each + (1.0 - _REMEMBERED) * took
        return "" if step < 2 else f", {time_in_words(self._each * (self._steps - step))} left"
