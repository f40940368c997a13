"""How well the built-in head meets what is asked for: 200 random requests of 3 to 8 shape traits within +-2.

python benchmarks/traits_reached.py
"""

from __future__ import annotations

import random
import time

import numpy as np

from dreamface.head import load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import SHAPE_TRAITS, Traits

REQUESTS = 200
NEAR = 0.3  # standard deviations


def main() -> None:
    """Print the share of asked-for traits met, the worst traits and the time a head takes."""
    model = load_model("anny")
    draw = random.Random(0)
    missed: dict[str, list[float]] = {}
    seconds = []
    for seed in range(REQUESTS):
        names = draw.sample(SHAPE_TRAITS, draw.randint(3, 8))
        asked = Traits({name: draw.uniform(0.0 if name == "asymmetry" else -2.0, 2.0) for name in names})
        person = complete(asked, seed)
        start = time.perf_counter()
        head = model.build(person, stream(seed, "head"))
        seconds.append(time.perf_counter() - start)
        measured = model.measure(head)
        for name in names:
            missed.setdefault(name, []).append(abs(measured[name] - asked.number(name)))
    everything = np.concatenate([np.array(values) for values in missed.values()])
    print(f"asked-for traits within {NEAR} sd: {100.0 * (everything <= NEAR).mean():.1f} % of {len(everything)}")
    print(f"median miss {np.median(everything):.3f} sd, 95th percentile {np.percentile(everything, 95):.2f} sd")
    print(f"median time per head {1000.0 * np.median(seconds):.0f} ms")
    worst = sorted(missed, key=lambda name: -float(np.mean(missed[name])))[:8]
    print("hardest:", ", ".join(f"{name} ({np.mean(missed[name]):.2f})" for name in worst))


if __name__ == "__main__":
    main()
