"""ICT-FaceKit as it is installed: one file, mapped into memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dreamface.errors import MissingDependency
from dreamface.models import ict_facekit, model_folder

MODEL = "ict-facekit"


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
    """Where the model's file is, or would be."""
    return model_folder(MODEL) / ict_facekit.FILE


def load_source() -> IctSource:
    """The installed model.

    Raises:
        MissingDependency: it is not installed, or its file is damaged or of another DreamFace.
    """
    file = installed_file()
    if not file.is_file():
        raise MissingDependency("ICT-FaceKit is not installed: run `dreamface models install ict-facekit`.")
    try:
        with safe_open(str(file), framework="pt") as data:
            notes = data.metadata()
            if notes["format"] != str(ict_facekit.FORMAT):
                raise KeyError(notes["format"])
            names = json.loads(notes["expression_names"])
            expressions = data.get_tensor("expressions")
            return IctSource(
                neutral=data.get_tensor("neutral"),
                modes=data.get_tensor("modes"),
                expressions=dict(zip(names, expressions, strict=True)),
                faces=data.get_tensor("faces").to(torch.int64),
                face_uvs=data.get_tensor("face_uvs").to(torch.int64),
                uv=data.get_tensor("uv"),
                multipie=data.get_tensor("multipie").to(torch.int64),
            )
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise MissingDependency(
            f"The installed ICT-FaceKit is damaged or of another version ({error}): "
            "run `dreamface models install ict-facekit` again."
        ) from error
