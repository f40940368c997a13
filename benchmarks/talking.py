"""How well talk is understood, on the test set in `benchmarks/prompts/talk.json` (see the README there).

python benchmarks/talking.py [--set FILE] [--misses]

Do not tune on the test set: `--misses`, which prints each fault, is for a last look.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dreamface import language
from dreamface.editing import context_of
from dreamface.traits import VOCABULARY, Kind, Traits, Value

PROMPTS = Path(__file__).parent / "prompts" / "talk.json"

MOVED = 1e-3
"""A number that differs by more has moved."""


def faults_of(line: Mapping[str, Any], steps: Sequence[Any], traits: Traits) -> list[str]:
    """Return what is wrong with the understanding of a line; nothing where it is right."""
    wanted = line.get("acts", [line["act"]])
    names = [type(step).__name__.lower() for step in steps]
    acts = list(dict.fromkeys(names))
    if acts != wanted:
        return [f"{' + '.join(acts)}, not {' + '.join(wanted)}"]
    faults = []
    for name, value in fields_of(line, steps).items():
        faults += [f"{name} {value}"] * bool(value)
    if "change" in wanted and line["kind"] != "places":
        faults += faults_of_traits(line, steps, traits)
    return faults


def fields_of(line: Mapping[str, Any], steps: Sequence[Any]) -> dict[str, str]:
    """Return the fields of a line that are understood otherwise, with what was understood."""
    found: dict[str, str] = {}
    for step in steps:
        kind = type(step).__name__
        if kind in ("Undo", "Redo") and step.count != line.get("count", 1):
            found["count"] = str(step.count)
        if kind == "Version" and step.number != line["number"]:
            found["number"] = str(step.number)
        if kind == "Scale":
            low, high = line.get("factor", (1.01, 10.0) if line.get("way") == "up" else (0.0, 0.99))
            if not low <= step.factor <= high:
                found["factor"] = f"{step.factor:.2f}"
        if kind in ("Restore", "Take"):
            missing = set(line["of"]) - set(language.traits_of(step.parts))
            found["of"] = ", ".join(sorted(missing))
        if kind == "Take" and step.source.lower() != line["source"].replace("other", "").lower():
            found["source"] = step.source or "other"
        if kind in ("Hold", "Release") and "held" in line:
            found["held"] = ", ".join(sorted(set(line["held"]) - set(language.traits_of(step.parts))))
        if kind == "Question":
            if step.topic not in line["about"]:
                found["about"] = step.topic
            elif "of" in line and not set(line["of"]) & set(step.traits):
                found["of"] = ", ".join(step.traits) or "nothing"
    return found


def faults_of_traits(line: Mapping[str, Any], steps: Sequence[Any], traits: Traits) -> list[str]:
    """Return what is wrong with the traits that orders come to."""
    changes = [step for step in steps if type(step).__name__ == "Change"]
    made = language.combined([language.difference(step, traits) for step in changes], traits)
    now = made.of(traits)
    faults = [f"{name} = {now.value(name)}" for name, want in line.get("traits", {}).items()
              if not is_as_wanted(name, traits.value(name), now.value(name), want)]  # fmt: skip
    for group in line.get("any", ()):
        if not any(is_as_wanted(n, traits.value(n), now.value(n), w) for one in group for n, w in one.items()):
            faults.append(f"none of {group}")
    faults += [f"{name} not held" for name in line.get("held", ()) if name not in made.held]
    for pattern in line.get("absent", ()):
        faults += [
            f"{name} changed" for name in now if fnmatchcase(name, pattern) and traits.value(name) != now.value(name)
        ]
    return faults


def is_as_wanted(name: str, before: Value, now: Value, wanted: Any) -> bool:
    """Return whether a trait came out as a line says."""
    if wanted == "changed":
        return before != now
    if VOCABULARY[name].kind is Kind.CHOICE:
        return now in wanted
    assert isinstance(before, float | int) and isinstance(now, float | int)
    if wanted in ("up", "down"):
        return now > before + MOVED if wanted == "up" else now < before - MOVED
    return bool(wanted[0] - 1e-6 <= now <= wanted[1] + 1e-6)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, default=PROMPTS, help="another set in the same format")
    parser.add_argument("--misses", action="store_true", help="print each fault; not while working on it")
    options = parser.parse_args()
    data = json.loads(options.set.read_text("utf-8"))
    given = data["context"]
    traits = Traits(
        {name: tuple(value) if isinstance(value, list) else value for name, value in given["traits"].items()}
    )
    context = context_of(traits, given["others"], given.get("thing", ""))
    language.understand("make her older", context)  # what is loaded once
    kinds: dict[str, list[bool]] = defaultdict(list)
    seconds = []
    for line in data["lines"]:
        start = time.perf_counter()
        steps = language.understand(line["say"], context)
        seconds.append(time.perf_counter() - start)
        faults = faults_of(line, steps, traits)
        kinds[line["kind"]].append(not faults)
        if options.misses and faults:
            print(f"{line['say']!r}: {'; '.join(faults)}\n    {steps}")
    for kind, right in kinds.items():
        print(f"{kind:10} {sum(right):3} of {len(right):3} right")
    every = [one for right in kinds.values() for one in right]
    print(f"{'all':10} {sum(every):3} of {len(every):3} right, {sum(every) / len(every):.1%}")
    print(f"{1e3 * statistics.median(seconds):.1f} ms a line (median), {1e3 * max(seconds):.0f} ms the slowest")


if __name__ == "__main__":
    main()
