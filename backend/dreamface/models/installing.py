"""Installing, checking and removing models. A model's folder is whole or not there, whatever is killed when.

In the models' folder, beside one folder for each model:
    .NAME.lock           held while the model is installed or removed.
    .NAME.HEX.new        being made.
    .NAME.old            the folder that is being replaced, see `places.model_folder`.
    .NAME.HEX.gone       being deleted.
    .downloads           archives, and parts of them.
The next install of the model sweeps what a killed one has left.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

from dreamface._files import Held, NoLocks, cannot_write, hold, sibling
from dreamface.errors import BadRequest, DreamFaceError, FolderError
from dreamface.models import places
from dreamface.models.catalogue import STABLE_DIFFUSION, Installation, find, find_to_install, own_names
from dreamface.models.contents import BadContents, open_contents
from dreamface.models.download import Download
from dreamface.models.remote import RemoteFile
from dreamface.models.taking import Offer
from dreamface.progress import Progress

MANIFEST: Final = "manifest.json"
"""In every installed model's folder: which version it is, when it came, and size and SHA-256 of its files."""

_DOWNLOADED: Final = 0.85  # of an install from the network: when the archive is here
_CONVERTED: Final = 0.85  # of making a model's folder: when its files are there, and their hashes are left
_ROOM: Final = 1.1  # times the space that is needed, to be free before anything is written
_CHUNK: Final = 2**20  # bytes
_MEGABYTE: Final = 1e6


class DamagedModel(DreamFaceError):
    """An installed model's files are not what was installed."""


def install(name: str, source: Path | None = None, progress: Progress = Progress()) -> Path:  # noqa: B008 - immutable
    """Install a model, or put a fresh copy in the place of the installed one, which stays until that is whole.

    Args:
        name: the model's.
        source: what was downloaded already, or a folder it was unpacked into; None downloads it.
        progress: told about every step.

    Returns:
        The model's folder.

    Raises:
        BadRequest: there is no such model, or `source` is not it; the message names the file that is wrong.
        DreamFaceError: the network or the disk refused, or another process is at it.
        Cancelled: the progress said so; the installed copy stays, and so does what was downloaded.
    """
    model = find(name) if source is None else find_to_install(name)
    if source is None and model.is_brought:
        command = f"dreamface models install {name} --from {model.brought}"
        raise BadRequest(f"{model.title} can't be downloaded: {model.where} (`{command}`).")
    with _alone_with(model):
        _sweep(model)
        if source is not None:
            if model.take is None:  # which says itself how much it copies
                _check_room(model, model.size)
            _convert(model, source, str(source), model.source, progress)
            if not model.archive_size and model.files:  # an own checkpoint, whose settings may have been fetched
                _forget_download(model)
        elif model.files:
            with _fetched(model, progress.part(0.0, _DOWNLOADED)) as folder:
                _convert(model, folder, "the download", "install again", progress.part(_DOWNLOADED, 1.0))
        else:
            with _downloaded(model, progress.part(0.0, _DOWNLOADED)) as archive:
                _convert(model, archive, "the download", "install again", progress.part(_DOWNLOADED, 1.0))
    return places.model_folder(name)


def verify(name: str, progress: Progress = Progress()) -> None:  # noqa: B008 - immutable
    """Compare an installed model's files with its manifest.

    Raises:
        BadRequest: there is no such model, or it is not installed.
        DamagedModel: a file is missing or was changed; the message names it.
        Cancelled: the progress said so.
    """
    model = find(name)
    _check_installed(model)
    folder = places.model_folder(name)
    try:
        manifest = read_manifest(folder)
        files = {str(file): (int(about["size"]), str(about["sha256"])) for file, about in manifest["files"].items()}
        old = {key: manifest.get(key) for key in model.details} != dict(model.details)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedModel(f"{folder / MANIFEST} is missing or damaged: {model.again}.") from error
    if old:
        raise DamagedModel(
            f"The installed {model.title} is of another version than this DreamFace uses: {model.again}."
        )
    for index, (file, expected) in enumerate(files.items()):
        if _measured(folder / file, progress.part(index / len(files), (index + 1) / len(files))) != expected:
            raise DamagedModel(f"{folder / file} is missing, or not what was installed: {model.again}.")


def remove(name: str) -> None:
    """Delete an installed model, and what is left of its download.

    On Linux and macOS a program that has it loaded goes on with its copy; Windows refuses, and the error says so.

    Raises:
        BadRequest: there is no such model, or it is not installed.
        DreamFaceError: it is in use or may not be deleted, or another process is at it.
    """
    model = find(name)
    folder = places.model_folder(name)
    if not folder.is_dir():
        _check_installed(model)
    with _alone_with(model):
        gone = sibling(places.models_folder() / name, "gone")
        try:
            folder.rename(gone)
        except OSError as error:
            raise _cannot_move(model, folder, error) from error
        _sweep(model)
        _forget_download(model)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What `MANIFEST` says.

    Raises:
        OSError, ValueError: it is not there or damaged.
    """
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    if not isinstance(manifest, dict):
        raise ValueError("it is no object")
    return manifest


def _check_installed(model: Installation) -> None:
    if not model.installed:
        raise BadRequest(f"{model.title} is not installed: {model.how}.")


# --------------------------------------------------------------------------------------------------------- the archive


@contextmanager
def _downloaded(model: Installation, progress: Progress) -> Iterator[Path]:
    """The model's archive. It goes when the block succeeds, or finds that it is no good; if it is stopped it stays."""
    archive = _download_place(model)
    download = _download_of(model)
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(archive.parent, error) from error
    _forget_others(model, archive)
    _check_room(model, model.size + download.left)
    download.run(progress)
    try:
        yield archive
    except BadContents:
        download.forget()
        raise
    download.forget()


@contextmanager
def _fetched(model: Installation, progress: Progress) -> Iterator[Path]:
    """A folder with the files of a model that is no archive; see `_downloaded`."""
    folder = _download_place(model)
    _forget_others(model, folder)
    left = [(one, _download_of_file(model, folder, one)) for one in model.files]
    _check_room(model, model.size + sum(download.left for _, download in left))
    _run_all(left, progress)
    try:
        yield folder
    except BadContents:
        _forget_download(model)
        raise
    _forget_download(model)


def _settings_of(model: Installation, progress: Progress) -> Path:
    """A folder with the model's small files: that of an installed one of its family, or what is fetched.

    The published model's come first: another artist's checkpoint may have changed its own.
    """
    for name in (STABLE_DIFFUSION.name, model.name, *own_names()):
        if find_to_install(name).installed:
            return places.model_folder(name)
    folder = _download_place(model)
    _run_all([(one, _download_of_file(model, folder, one, _SETTINGS_OTHERWISE)) for one in model.settings], progress)
    return folder


_SETTINGS_OTHERWISE: Final = (
    "install Stable Diffusion 1.5 first, from a folder that was fetched elsewhere "
    f"(`dreamface models install {STABLE_DIFFUSION.name} --from FOLDER`): a single file takes its tokenizer and "
    "settings from there, and a checkpoint that is a folder in diffusers' layout has its own"
)
"""What to do without a network, where an own checkpoint is installed from a file: the end of a sentence."""


def _run_all(left: list[tuple[RemoteFile, Download]], progress: Progress) -> None:
    total, done = sum(one.size for one, _ in left), 0
    for one, download in left:
        download.run(progress.part(done / total, (done + one.size) / total))
        done += one.size


def _download_of_file(model: Installation, folder: Path, one: RemoteFile, otherwise: str = "") -> Download:
    file = folder / one.name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(file.parent, error) from error
    otherwise = otherwise or (
        f"fetch the files of {model.archive} with a browser and install their folder "
        f"(`dreamface models install {model.name} --from FOLDER`, or Models in DreamFace's preferences)"
    )
    return Download(one.url, file, one.size, f"{model.title}, {one.name}", otherwise)


def _download_place(model: Installation) -> Path:
    """Return where a model's archive, or the folder of its files, is downloaded to."""
    return places.models_folder() / ".downloads" / f"{model.name}-{PurePosixPath(urlsplit(model.archive).path).name}"


def _forget_others(model: Installation, own: Path) -> None:
    """Remove what another version's download has left."""
    for other in own.parent.glob(f"{model.name}-*"):
        if other.is_dir():
            if other != own:
                shutil.rmtree(other, ignore_errors=True)
        elif not other.name.startswith(own.name):
            other.unlink(missing_ok=True)


def _forget_download(model: Installation) -> None:
    if not model.archive:
        return
    if model.files:
        shutil.rmtree(_download_place(model), ignore_errors=True)
        with suppress(OSError):  # another's download is in it
            _download_place(model).parent.rmdir()
    else:
        _download_of(model).forget()


def _download_of(model: Installation) -> Download:
    otherwise = (
        f"fetch {model.archive} with a browser and install that file "
        f"(`dreamface models install {model.name} --from FILE`, or Models in DreamFace's preferences)"
    )
    return Download(model.archive, _download_place(model), model.archive_size, model.title, otherwise)


def _check_room(model: Installation, size: int) -> None:
    folder = places.models_folder()
    free, needed = shutil.disk_usage(folder).free, size * _ROOM
    if free < needed:
        raise FolderError(
            f"Installing {model.title} takes {needed / _MEGABYTE:.0f} MB and {folder} has {free / _MEGABYTE:.0f} MB "
            f"left: free some space, or choose another disk with {places.VARIABLE}."
        )


# ---------------------------------------------------------------------------------------------------------- the folder


def _convert(model: Installation, source: Path, title: str, again: str, progress: Progress) -> None:
    """Make the model's folder of an archive or a folder, and put it in the place of the old one."""
    new, making = sibling(places.models_folder() / model.name, "new"), progress.part(0.0, _CONVERTED)
    try:
        new.mkdir()
        if model.take is not None:
            settings, check_room = partial(_settings_of, model), partial(_check_room, model)
            model.take(Offer(source, title, again, new, settings, check_room, making))
        else:
            with open_contents(source, model.anchor, title, again, model.bare) as contents:
                model.convert(contents, new, making)
        _write_manifest(model, new, progress.part(_CONVERTED, 1.0))
        _swap(model, new)
    except OSError as error:
        raise cannot_write(new, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(places.replaced_folder(model.name), ignore_errors=True)


def _write_manifest(model: Installation, folder: Path, progress: Progress = Progress()) -> None:  # noqa: B008
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file != folder / MANIFEST)
    sizes = [file.stat().st_size for file in files]
    ends, total = list(accumulate(sizes, initial=0)), max(1, sum(sizes))
    measured = {
        file.relative_to(folder).as_posix(): _measured(file, progress.part(first / total, last / total))
        for file, first, last in zip(files, ends[:-1], ends[1:], strict=True)
    }
    manifest = {
        "name": model.name,
        **model.details,
        "source": model.page,
        "installed": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {name: {"size": size, "sha256": digest} for name, (size, digest) in measured.items()},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")


def _measured(file: Path, progress: Progress = Progress()) -> tuple[int, str]:  # noqa: B008 - immutable
    """Size and SHA-256 of a file; (0, "") where it is not there."""
    digest, size, done = hashlib.sha256(), 0, 0
    try:
        size = file.stat().st_size
        with file.open("rb") as data:
            while chunk := data.read(_CHUNK):
                digest.update(chunk)
                done += len(chunk)
                progress.report("verify", min(done / max(size, 1), 1.0), f"Checking {file.name}")
    except OSError:
        return 0, ""
    return size, digest.hexdigest()


def _swap(model: Installation, new: Path) -> None:
    """Put a new folder in the place of the old one."""
    folder, before = places.models_folder() / model.name, places.replaced_folder(model.name)
    if folder.exists():
        try:
            folder.rename(before)
        except OSError as error:
            raise _cannot_move(model, folder, error) from error
    try:
        new.rename(folder)
    except OSError:
        if before.exists():
            before.rename(folder)
        raise


def _cannot_move(model: Installation, folder: Path, error: OSError) -> DreamFaceError:
    if sys.platform == "win32" and isinstance(error, PermissionError):
        return DreamFaceError(
            f"{model.title} is in use: quit Blender and every other program that runs DreamFace, then try again."
        )
    return cannot_write(folder, error)


def _sweep(model: Installation) -> None:
    """Put right what a killed install or removal has left."""
    folder, before = places.models_folder() / model.name, places.replaced_folder(model.name)
    if before.is_dir() and not folder.is_dir():
        before.rename(folder)
    _drop(before)
    for purpose in ("new", "gone"):
        for rest in places.models_folder().glob(f".{model.name}.*.{purpose}"):
            _drop(rest)


def _drop(folder: Path) -> None:
    """Delete a folder as far as it can be; of one that is a link to another disk, the link."""
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone_with(model: Installation) -> Iterator[None]:
    """Nobody else installs or removes a model during the block."""
    folder = places.models_folder()
    lock = folder / f".{model.name}.lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = hold(lock, mode=0o666)  # as the umask lets: a studio may share its models
    except Held as other:
        raise DreamFaceError(
            f"{other.owner.capitalize()} is installing or removing {model.title}: wait until it is done."
        ) from other
    except NoLocks as error:
        raise FolderError(
            f"{folder} can't be locked ({error.strerror}): choose a folder on another disk with {places.VARIABLE}."
        ) from error
    except OSError as error:
        raise cannot_write(lock, error) from error
    with held:
        yield
