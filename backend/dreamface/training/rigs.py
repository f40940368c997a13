"""Makes `dreamface_addon/scene/rigs.npz`: the rig of each head model, for faces that were saved without one.

The topology of a head model is fixed, so what one head of it is carried by carries all; where the joints are follows
from each head's own vertices.

Run it again, where all head models are installed, with: python -m dreamface.training.rigs
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from dreamface.head import HeadSource, load_model
from dreamface.packing import pack_rig
from dreamface.rig import make_rig

OUTPUT: Final = Path(__file__).parents[3] / "dreamface_addon" / "scene" / "rigs.npz"
MODELS: Final = ("anny", "ict")
_SEED: Final = 1


def describe(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of one head model, as geometry.npz has them, and `vertices`, how many its heads have."""
    model = load_model(name)
    head = model.build(HeadSource(generator=torch.Generator().manual_seed(_SEED)))
    arrays = pack_rig(make_rig(head, model.shapes(head), model.shape_names))
    return {"vertex_count": np.array(len(head.vertices), np.int32), **arrays}


def main() -> None:
    """Write the file."""
    arrays = {f"{name}.{key}": array for name in MODELS for key, array in describe(name).items()}
    np.savez_compressed(OUTPUT, **arrays)
    print(f"{OUTPUT}: {OUTPUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
