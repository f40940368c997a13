"""ICT-FaceKit as it is installed: one file, mapped into memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dreamface.errors import MissingDependency
from dreamface.models import find, ict_facekit, model_folder

MODEL = "ict-facekit"

_VERTICES, _FACES, _UVS = 26719, 26384, 28911
_ARRAYS = {
    "neutral": (torch.float32, (_VERTICES, 3)),
    "modes": (torch.float32, (100, _VERTICES, 3)),
    "expressions": (torch.float32, (57, _VERTICES, 3)),
    "faces": (torch.int32, (_FACES, 4)),
    "face_uvs": (torch.int32, (_FACES, 4)),
    "uv": (torch.float32, (_UVS, 2)),
    "multipie": (torch.int32, (68,)),
}
_LIMITS = {"faces": _VERTICES, "face_uvs": _UVS, "multipie": _VERTICES}
"""What the numbers of an array stay below: one beyond would have native code read, or crash, elsewhere."""


@dataclass(frozen=True)
class IctSource:
    """See `models.ict_facekit.convert` for what the arrays mean.

    Attributes:
        neutral: [V, 3] metres.
        modes: [100, V, 3] offsets at coefficient 1.
        expressions: ICT's name -> [V, 3] offsets at weight 1.
        faces, face_uvs: [F, 4] int64.
        uv: [T, 2] as in the archive.
        multipie: [68] int64.
    """

    neutral: Tensor
    modes: Tensor
    expressions: dict[str, Tensor]
    faces: Tensor
    face_uvs: Tensor
    uv: Tensor
    multipie: Tensor


def installed_file() -> Path:
    """Return where the model's file is, or would be."""
    return model_folder(MODEL) / ict_facekit.FILE


def load_source() -> IctSource:
    """Return the installed model.

    Raises:
        MissingDependency: it is not installed, or its file is damaged or of another DreamFace.
    """
    file, model = installed_file(), find(MODEL)
    if not file.is_file():
        raise MissingDependency(f"{model.title} is not installed: {model.how}.")
    try:
        arrays = _read_arrays(file)
    except (OSError, SafetensorError, ValueError) as error:
        raise MissingDependency(
            f"The installed {model.title} is damaged or of another version ({error}): {model.again}."
        ) from error
    return IctSource(
        neutral=arrays["neutral"],
        modes=arrays["modes"],
        expressions=dict(zip(ict_facekit.expression_names(), arrays["expressions"], strict=True)),
        faces=arrays["faces"].to(torch.int64),
        face_uvs=arrays["face_uvs"].to(torch.int64),
        uv=arrays["uv"],
        multipie=arrays["multipie"].to(torch.int64),
    )


def _read_arrays(file: Path) -> dict[str, Tensor]:
    """The file's arrays, such that none leads beyond another. Single wrong offsets are what `models.verify` finds.

    Raises:
        OSError, SafetensorError, ValueError: the file is not what was installed.
    """
    with safe_open(str(file), framework="pt") as data:
        notes = data.metadata() or {}
        names = json.dumps(ict_facekit.expression_names())
        if notes != {"format": str(ict_facekit.FORMAT), "expression_names": names}:
            raise ValueError("its header is another one")
        arrays = {name: data.get_tensor(name) for name in _ARRAYS}
    for name, array in arrays.items():
        if (array.dtype, tuple(array.shape)) != _ARRAYS[name]:
            raise ValueError(f"its {name} are {array.dtype} {list(array.shape)}")
    for name, limit in _LIMITS.items():
        low, high = torch.aminmax(arrays[name])
        if low < 0 or high >= limit:
            raise ValueError(f"its {name} lead beyond its arrays")
    return arrays
