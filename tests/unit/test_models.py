"""Installing models: from archives, folders and a network that breaks; checking and removing them."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from dreamface import _files, models
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.models import catalogue, contents, download, face_landmarker, ict_facekit, installing, places
from dreamface.progress import Progress, Step
from tests import tiny_ict
from tests.tiny_ict import Shop, shop_with, write_folder, write_tar, write_zip

ROOT = Path(__file__).parents[2]
NAME = "ict-facekit"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty models' folder."""
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def archive(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny archive that passes for the real one."""
    made = write_zip(tmp_path / "tiny.zip", tiny_ict.files())
    known = tiny_ict.known_of(made)
    monkeypatch.setattr(ict_facekit, "known", lambda: known)
    return made


@pytest.fixture
def shop(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A server that has the tiny archive, where the model is downloaded from."""
    monkeypatch.setattr(download, "PAUSE", 0.01)
    monkeypatch.setattr(download, "_CHUNK", 100)
    with shop_with(archive.read_bytes()) as shop:
        model = replace(catalogue.ICT_FACEKIT, archive=shop.url, archive_size=len(shop.data))
        monkeypatch.setattr(installing, "find", lambda name: model)
        yield shop


def rests(home: Path) -> set[str]:
    """What lies in the models' folder besides models and locks."""
    return {path.name for path in home.iterdir() if path.name.startswith(".") and path.suffix != ".lock"}


def without_room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(installing.shutil, "disk_usage", lambda folder: usage._replace(free=free))


def changed(name: str, change: Callable[[bytes], bytes]) -> dict[str, bytes]:
    content = tiny_ict.files()
    return content | {name: change(content[name])}


# ------------------------------------------------------------------------------------------------ archives and folders


def test_an_archive_becomes_one_compact_file(archive: Path, home: Path) -> None:
    steps: list[Step] = []
    folder = models.install(NAME, archive, Progress(steps.append))
    assert folder == home / NAME
    assert {file.name for file in folder.iterdir()} == {"ict-facekit.safetensors", "LICENSE", "manifest.json"}
    assert (folder / "LICENSE").read_bytes() == tiny_ict.files()["LICENSE"]
    arrays = load_file(folder / "ict-facekit.safetensors")
    assert arrays["neutral"][3].tolist() == pytest.approx([0.0, -0.105, 0.01])  # metres, Z up, looking along -Y
    lifted = arrays["modes"][1]
    assert lifted[2].tolist() == pytest.approx([0.0, 0.0, 0.015], abs=1e-7)
    assert not lifted[[0, 1, 3, 4, 5]].any()
    assert arrays["expressions"].shape == (2, tiny_ict.VERTICES, 3)
    assert arrays["faces"].tolist() == [[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 0, 0]]
    assert arrays["multipie"].tolist() == [0, 4, 5]
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert steps[3].stage == "check"
    assert rests(home) == set()
    models.verify(NAME)


def test_the_manifest_says_what_is_installed(archive: Path, home: Path) -> None:
    folder = models.install(NAME, archive)
    manifest = models.read_manifest(folder)
    assert manifest["commit"] == "da5f95a607f5e6b37755b38d3385d7f2853732e5"
    assert manifest["format"] == ict_facekit.FORMAT
    assert manifest["files"]["ict-facekit.safetensors"]["size"] == (folder / ict_facekit.FILE).stat().st_size
    assert manifest["installed"].startswith("20")


@pytest.mark.parametrize("kind", ["folder", "its parent", "its meshes", "tar", "crlf", "deep zip", "no root"])
def test_every_form_of_the_same_thing_is_taken(archive: Path, home: Path, tmp_path: Path, kind: str) -> None:
    folder = write_folder(tmp_path / "unpacked" / "ICT", tiny_ict.files())
    windows = {name: data.replace(b"\n", b"\r\n") for name, data in tiny_ict.files().items()}
    source = {
        "folder": lambda: folder,
        "its parent": lambda: folder.parent,
        "its meshes": lambda: folder / "FaceXModel",
        "tar": lambda: write_tar(tmp_path / "tiny.tar.gz", folder),
        "crlf": lambda: write_zip(tmp_path / "crlf.zip", windows),
        "deep zip": lambda: write_zip(tmp_path / "deep.zip", tiny_ict.files(), "my/downloads/"),
        "no root": lambda: write_zip(tmp_path / "flat.zip", tiny_ict.files(), ""),
    }[kind]()
    models.install(NAME, archive)
    expected = load_file(home / NAME / ict_facekit.FILE)
    models.install(NAME, source)
    found = load_file(home / NAME / ict_facekit.FILE)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def refusal(source: Path) -> str:
    with pytest.raises(DreamFaceError) as refused:
        models.install(NAME, source)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(("content", "words"), [
    (changed("FaceXModel/jawOpen.obj", lambda data: data.replace(b"10.5", b"10.6", 1)),
     "FaceXModel/jawOpen.obj in {} is not as in ICT-FaceKit's commit da5f95a"),
    (changed("FaceXModel/identity001.obj", lambda data: data.replace(b"f 1/1 2/2", b"f 2/2 1/1")),
     "FaceXModel/identity001.obj in {} is not as in"),
    (changed("FaceXModel/vertex_indices.json", lambda data: data.replace(b"4", b"3")),
     "FaceXModel/vertex_indices.json in {} is not as in"),
    (changed("LICENSE", lambda data: b"Do what you like."), "LICENSE in {} is not as in"),
    (changed("FaceXModel/identity000.obj", lambda data: data.replace(b"v 0 0 10.5\n", b"")),
     "FaceXModel/identity000.obj in it has 5 vertices and 3 faces instead of 6 and 3"),
    (changed("FaceXModel/identity000.obj", lambda data: data[:-40]), "has 6 vertices and 2 faces instead of 6 and 3"),
    (changed("FaceXModel/identity000.obj", lambda data: data.replace(b"v 2 1 10.5", b"v 2 one 10.5")),
     "FaceXModel/identity000.obj in it is no whole mesh"),
    (changed("FaceXModel/identity000.obj", lambda data: b""), "has 0 vertices"),
    ({name: data for name, data in tiny_ict.files().items() if name != "FaceXModel/identity002.obj"},
     "{} is not complete: FaceXModel/identity002.obj is missing"),
    ({name: data for name, data in tiny_ict.files().items() if "identity" not in name},
     "FaceXModel/identity000.obj and 2 more is missing"),
    ({"README.md": b"Something else"}, "There is no FaceXModel/generic_neutral_mesh.obj in {}"),
])  # fmt: skip
def test_what_is_wrong_in_an_archive_is_named(
    archive: Path, home: Path, tmp_path: Path, content: dict[str, bytes], words: str
) -> None:
    models.install(NAME, archive)
    before = (home / NAME / "manifest.json").read_bytes()
    for source in (write_zip(tmp_path / "bad.zip", content), write_folder(tmp_path / "bad", content)):
        sentence = refusal(source)
        assert words.format(source) in sentence
        assert "https://github.com/ICT-VGL/ICT-FaceKit/archive/da5f95a6" in sentence
    assert (home / NAME / "manifest.json").read_bytes() == before  # the old one is still there
    models.verify(NAME)
    assert rests(home) == set()


def test_a_truncated_archive_is_refused(archive: Path, home: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.zip"
    short.write_bytes(archive.read_bytes()[:-300])
    assert "is neither a whole .zip or .tar.gz nor a folder" in refusal(short)
    packed = write_tar(tmp_path / "tiny.tar.gz", write_folder(tmp_path / "ICT", tiny_ict.files()))
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    assert f"{packed} is damaged or cut short" in refusal(packed)
    assert not (home / NAME).exists()


def test_a_damaged_member_of_an_archive_is_named(archive: Path, tmp_path: Path) -> None:
    data = bytearray(archive.read_bytes())
    place = data.index(b"jawOpen.obj") + len(b"jawOpen.obj")
    data[place + 20 : place + 40] = bytes(20)
    bad = tmp_path / "bad.zip"
    bad.write_bytes(data)
    assert f"{bad} is damaged: FaceXModel/jawOpen.obj in it can't be read" in refusal(bad)


def test_a_file_too_large_to_be_true_is_not_unpacked(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "_LARGEST", 100_000)
    bomb = write_zip(tmp_path / "bomb.zip", changed("FaceXModel/jawOpen.obj", lambda data: data + bytes(200_000)))
    assert "(FaceXModel/jawOpen.obj: it has a file of 0 MB)" in refusal(bomb)


AT_ONCE = 5.0  # seconds


@pytest.mark.parametrize("size", [15 * 2**20, 250 * 2**20])
def test_millions_of_vertices_are_not_read(archive: Path, tmp_path: Path, size: int) -> None:
    lines = b"v 0.125 0.125 0.125\n" * (size // 20)
    bomb = write_zip(tmp_path / "bomb.zip", changed("FaceXModel/jawOpen.obj", lambda data: lines))
    started = time.monotonic()
    assert "FaceXModel/jawOpen.obj" in refusal(bomb)
    assert time.monotonic() - started < AT_ONCE


def tar_bomb(file: Path, kind: bytes, content: int) -> Path:
    """A .tar.gz of one member, which says that it has `content` bytes and has nearly as many."""
    header = tarfile.TarInfo("bomb")
    header.size, header.type = content, kind
    zeros = gzip.compress(bytes(2**26))
    with file.open("wb") as archive:
        archive.write(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT)))
        for _ in range(content // 2**26):
            archive.write(zeros)  # streams may follow each other
    return file


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.DIRTYPE])
def test_gigabytes_in_a_tar_are_not_unpacked(home: Path, tmp_path: Path, kind: bytes) -> None:
    """Not as a file, and not as a note about the next one, which Python reads whole."""
    bomb = tar_bomb(tmp_path / "bomb.tar.gz", kind, 6 * 2**30)
    started = time.monotonic()
    sentence = refusal(bomb)
    assert time.monotonic() - started < AT_ONCE
    assert "bomb.tar.gz is not the archive that it should be" in sentence


def test_many_files_of_a_tar_are_not_unpacked_for_ever(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "_LARGEST_CONTENT", 2**27)
    header = tarfile.TarInfo("bomb")
    header.size = 2**26
    member = gzip.compress(header.tobuf(tarfile.USTAR_FORMAT)) + gzip.compress(bytes(2**26))
    (tmp_path / "bomb.tar.gz").write_bytes(member * 96)
    started = time.monotonic()
    assert "it unpacks to more than" in refusal(tmp_path / "bomb.tar.gz")
    assert time.monotonic() - started < AT_ONCE * 2


def test_nothing_is_written_under_the_names_in_an_archive(archive: Path, home: Path, tmp_path: Path) -> None:
    content = tiny_ict.files() | {"../../../escaped.txt": b"here", "/escaped.txt": b"here"}
    models.install(NAME, write_zip(tmp_path / "slip.zip", content))
    assert not list(tmp_path.rglob("escaped.txt"))
    assert {file.name for file in (home / NAME).iterdir()} == {"ict-facekit.safetensors", "LICENSE", "manifest.json"}


@pytest.mark.parametrize(("make", "words"), [
    (lambda place: place, "There is no file or folder"),
    (lambda place: write_folder(place, {"notes.txt": b"mine"}), "There is no FaceXModel/generic_neutral_mesh.obj in"),
    (lambda place: place.write_bytes(b"not an archive") and place, "is neither a whole .zip or .tar.gz nor a folder"),
    (lambda place: place.with_name("x" * 300), "can't be looked at"),
    (lambda place: place.write_bytes(b"") or place, "is neither a whole .zip or .tar.gz nor a folder"),
])  # fmt: skip
def test_what_is_no_archive_is_refused(archive: Path, tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    assert words in refusal(make(tmp_path / "thing"))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices are files of POSIX")
def test_a_pipe_or_a_device_is_refused_and_not_read(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(source: Path) -> bool:
        raise AssertionError(f"{source} may never end")

    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(contents.zipfile, "is_zipfile", read)
    for source in (tmp_path / "pipe", Path("/dev/zero")):
        assert refusal(source).startswith(f"{source} is neither a file nor a folder: ")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows read everything")
def test_an_archive_that_may_not_be_read_is_refused(archive: Path) -> None:
    archive.chmod(0)
    assert "is not readable: change its permissions" in refusal(archive)


# -------------------------------------------------------------------------------------------------------- whole or not


def test_a_disk_without_room_is_said_before_writing(archive: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_room(monkeypatch, 20_000_000)
    assert "takes 57 MB and" in (sentence := refusal(archive))
    assert "has 20 MB left: free some space" in sentence


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_disk_that_fills_up_meanwhile_is_said(archive: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(contents: contents.Contents, target: Path, progress: Progress) -> None:
        (target / ict_facekit.FILE).symlink_to("/dev/full")
        ict_facekit.convert(contents, target, progress)

    models.install(NAME, archive)
    full = replace(catalogue.ICT_FACEKIT, convert=convert)
    with monkeypatch.context() as patch:
        patch.setattr(installing, "find_to_install", lambda name: full)
        assert refusal(archive) == "The disk is full: free some space, then try again."
    models.verify(NAME)
    assert rests(home) == set()


LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from dreamface import models
from dreamface.errors import FolderError
from dreamface.models import ict_facekit
from tests import tiny_ict
known = tiny_ict.known_of(Path(sys.argv[1]))
ict_facekit.known = lambda: known
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
try:
    models.install("ict-facekit", Path(sys.argv[1]))
except FolderError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no files")
def test_a_disk_that_takes_no_more_is_said(archive: Path, home: Path) -> None:
    models.install(NAME, archive)
    program = LIMITED.format(root=str(Path(__file__).parents[2]))
    done = subprocess.run([sys.executable, "-c", program, str(archive)], capture_output=True, text=True)
    assert done.stderr.strip().endswith("could not be written: File too large.")
    assert "Traceback" not in done.stderr
    models.verify(NAME)
    assert rests(home) == set()


def test_a_stopped_install_leaves_the_old_copy(archive: Path, home: Path) -> None:
    models.install(NAME, archive)
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    with pytest.raises(Cancelled):
        models.install(NAME, archive, Progress(cancelled=soon))
    models.verify(NAME)
    assert rests(home) == set()


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from dreamface import models
from dreamface.models import ict_facekit, installing
from tests import tiny_ict
known = tiny_ict.known_of(Path(sys.argv[1]))
ict_facekit.known = lambda: known
def die(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)
def die_between(self, target, rename=Path.rename):
    if self.suffix == ".new":
        die()
    return rename(self, target)
{fault}
models.install("ict-facekit", Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("fault", ["installing._write_manifest = die", "Path.rename = die_between"])
def test_a_killed_install_leaves_the_old_copy_and_is_swept_by_the_next(archive: Path, home: Path, fault: str) -> None:
    models.install(NAME, archive)
    program = KILLED.format(root=str(Path(__file__).parents[2]), fault=fault)
    done = subprocess.run([sys.executable, "-c", program, str(archive)], capture_output=True)
    assert done.returncode == -9, done.stderr
    assert rests(home) != set()
    models.verify(NAME)  # found even between the two renames
    assert models.find(NAME).installed
    models.install(NAME, archive)
    assert rests(home) == set()
    models.verify(NAME)


def test_two_installs_do_not_collide(archive: Path, home: Path) -> None:
    home.mkdir()
    with _files.hold(home / ".ict-facekit.lock"):
        program = "from dreamface import models; models.remove('ict-facekit')"
        sentence = refusal(archive)
        (home / NAME).mkdir()
        other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert sentence == f"Process {os.getpid()} is installing or removing ICT-FaceKit: wait until it is done."
    assert sentence in other.stderr
    models.install(NAME, archive)


def test_a_disk_without_locks_is_said(archive: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, *, blocking: bool) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_files, "lock_descriptor", refuse)
    how = "choose a folder on another disk with DREAMFACE_MODELS."
    assert refusal(archive) == f"{home} can't be locked (No locks available): {how}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_studio_can_share_its_models(archive: Path, home: Path) -> None:
    before = os.umask(0o002)
    try:
        folder = models.install(NAME, archive)
    finally:
        os.umask(before)
    for path in (folder, home / ".ict-facekit.lock", *folder.iterdir()):
        assert path.stat().st_mode & 0o060 == 0o060, path


def test_a_folder_that_can_not_be_written_to_is_said(
    archive: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "file" / "models"))
    assert "could not be written" in refusal(archive) or "is not a folder" in refusal(archive)


# -------------------------------------------------------------------------------------------------------- the network


def test_a_download_is_installed_and_its_archive_thrown_away(shop: Shop, home: Path) -> None:
    steps: list[Step] = []
    models.install(NAME, progress=Progress(steps.append))
    models.verify(NAME)
    assert rests(home) == set()
    assert shop.asked == [""]
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert any(step.message.startswith("Downloading ICT-FaceKit: ") for step in steps)


def test_a_download_that_is_cut_goes_on_where_it_was(shop: Shop, home: Path) -> None:
    shop.cuts = [500, 400, 0, 300]
    models.install(NAME)
    models.verify(NAME)
    assert shop.asked == ["", "bytes=500-", "bytes=900-", "bytes=900-", "bytes=1200-"]


@pytest.mark.parametrize("tag", ['"first"', 'W/"weak"', ""])
def test_a_server_that_gives_no_parts_is_asked_for_the_whole_again(shop: Shop, home: Path, tag: str) -> None:
    shop.ranges, shop.tag, shop.cuts = False, tag, [500, 900]
    models.install(NAME)
    models.verify(NAME)
    assert len(shop.asked) == 3
    assert all(asked == "" for asked in shop.asked) or tag == '"first"'


def test_a_server_that_does_not_say_the_length_is_fine(shop: Shop, home: Path) -> None:
    shop.says_length, shop.cuts = False, [700]
    models.install(NAME)
    models.verify(NAME)
    assert shop.asked == ["", "bytes=700-"]


def test_a_stopped_download_goes_on_another_day(shop: Shop, home: Path) -> None:
    shop.data += bytes(2_000_000)  # a zip may have anything in front, but not behind: it is stopped before that matters
    seen: list[Step] = []
    with pytest.raises(Cancelled, match="the next try goes on there"):
        models.install(NAME, progress=Progress(seen.append, lambda: len(seen) > 3))
    part = home / ".downloads" / f"{NAME}-tiny.zip.part"
    kept = part.stat().st_size
    assert 0 < kept < len(shop.data)
    with pytest.raises(contents.BadContents):
        models.install(NAME)
    assert shop.asked == ["", f"bytes={kept}-"]
    assert rests(home) == set()  # the whole of it was no archive, so it is thrown away


def test_a_file_that_changed_on_the_server_is_fetched_anew(shop: Shop, home: Path) -> None:
    good = shop.data
    shop.sell(bytes(3000))
    shop.cuts = [1000]
    seen: list[Step] = []

    def swap(step: Step) -> None:
        seen.append(step)
        if "was lost" in step.message:
            shop.sell(good)

    models.install(NAME, progress=Progress(swap))
    assert shop.asked[1] == "bytes=1000-"
    models.verify(NAME)


def test_a_wrong_archive_from_the_network_is_not_kept(shop: Shop, home: Path, tmp_path: Path) -> None:
    bad = changed("FaceXModel/jawOpen.obj", lambda data: data.replace(b"10.5", b"10.6", 1))
    good = shop.data
    shop.sell(write_zip(tmp_path / "bad.zip", bad).read_bytes())
    with pytest.raises(BadRequest, match=r"FaceXModel/jawOpen.obj in the download is not as in .*; install again\."):
        models.install(NAME)
    assert rests(home) == set()
    shop.sell(good)
    models.install(NAME)


def test_a_download_that_is_whole_is_not_fetched_twice(shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object) -> None:
        raise Cancelled

    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(installing, "_convert", stop)
        models.install(NAME)
    models.install(NAME)
    assert shop.asked == [""]


@pytest.mark.parametrize("code", [503, 429])
def test_a_busy_server_is_asked_again(shop: Shop, home: Path, code: int) -> None:
    shop.refusals = [code, code]
    models.install(NAME)
    assert len(shop.asked) == 3


@pytest.mark.parametrize(("how", "words"), [
    ({"refusals": [404]}, r"127.0.0.1 refuses http://127.0.0.1:\d+/tiny.zip \(it answered 404\): "),
    ({"refusals": [502] * 9}, r"127.0.0.1 is too busy \(it answered 502\): try again later, or "),
    ({"cuts": [0] * 9}, "The connection to 127.0.0.1 keeps breaking: try again later, or "),
])  # fmt: skip
def test_what_a_server_can_not_give_is_had_another_way(
    shop: Shop, home: Path, how: dict[str, list[int]], words: str
) -> None:
    vars(shop).update(how)
    browser = r"fetch http://\S+ with a browser and install that file \(`dreamface models install ict-facekit --from"
    with pytest.raises(download.DownloadFailed, match=words + browser):
        models.install(NAME)
    assert len(shop.asked) <= download.TRIES
    assert not (home / NAME).exists()


def test_without_a_network_it_is_said_at_once(shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:  # bound, but not listening
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/tiny.zip"
        offline = replace(catalogue.ICT_FACEKIT, archive=url)
        monkeypatch.setattr(installing, "find", lambda name: offline)
        monkeypatch.setattr(download, "PAUSE", 60.0)
        start = time.monotonic()
        with pytest.raises(
            download.DownloadFailed, match=r"can't be reached: check .* online, or fetch .* --from FILE"
        ):
            models.install(NAME)
    assert time.monotonic() - start < 5.0


def test_a_pause_between_two_tries_can_be_cancelled(shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 60.0)
    shop.cuts = [500]
    seen: list[Step] = []
    start = time.monotonic()
    with pytest.raises(Cancelled):
        models.install(NAME, progress=Progress(seen.append, lambda: bool(seen) and "was lost" in seen[-1].message))
    assert time.monotonic() - start < 5.0


def test_a_disk_too_small_for_the_download_is_said(shop: Shop, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_room(monkeypatch, 1000)
    with pytest.raises(FolderError, match="free some space"):
        models.install(NAME)
    assert shop.asked == []


# ----------------------------------------------------------------------------------------------------- installed models


def test_verifying_names_the_file_that_is_wrong(archive: Path, home: Path) -> None:
    folder = models.install(NAME, archive)
    file = folder / ict_facekit.FILE
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(models.DamagedModel, match=r"ict-facekit.safetensors is missing, or not what was installed"):
        models.verify(NAME)
    (folder / "LICENSE").unlink()
    with pytest.raises(models.DamagedModel, match="LICENSE is missing"):
        models.verify(NAME)
    manifest = models.read_manifest(folder)
    (folder / "manifest.json").write_text(json.dumps(manifest | {"commit": "0" * 40}))
    with pytest.raises(models.DamagedModel, match="of another version"):
        models.verify(NAME)
    for text in ("", "[]", "{}", '{"files": 3}'):
        (folder / "manifest.json").write_text(text)
        with pytest.raises(models.DamagedModel, match="install"):
            models.verify(NAME)
    models.install(NAME, archive)
    models.verify(NAME)


def test_removing_takes_it_away_while_it_is_in_use(archive: Path, home: Path) -> None:
    from safetensors import safe_open

    models.install(NAME, archive)
    with safe_open(str(home / NAME / ict_facekit.FILE), framework="pt") as data:
        neutral = data.get_tensor("neutral")
        before = neutral.clone()
        if sys.platform == "win32":
            with pytest.raises(DreamFaceError, match="in use: quit Blender"):
                models.remove(NAME)
            return
        models.remove(NAME)
        assert torch.equal(neutral, before)
    assert not (home / NAME).exists()
    assert rests(home) == set()
    assert not models.find(NAME).installed
    with pytest.raises(BadRequest, match="is not installed: install it with"):
        models.remove(NAME)


def test_what_is_not_there_is_said(home: Path) -> None:
    with pytest.raises(BadRequest, match="no model 'nix' to install; there is ict-facekit, face-landmarker"):
        models.install("nix")
    with pytest.raises(BadRequest, match="ICT-FaceKit is not installed: install it with `dreamface models install"):
        models.verify(NAME)


def test_a_head_that_is_missing_says_how_it_is_installed(archive: Path, home: Path) -> None:
    how = "install it with `dreamface models install ict-facekit`, or under Models in DreamFace's preferences"
    with pytest.raises(BadRequest, match=how):
        models.check_head("ict")
    with pytest.raises(BadRequest, match="There is no head model 'nix' here; there is auto, anny"):
        models.check_head("nix")
    models.install(NAME, archive)
    models.check_head("ict")
    models.check_head("auto")


def test_the_catalogue_describes_every_model(archive: Path, home: Path) -> None:
    before = {model.name: model.to_json() for model in models.HEADS}["ict"]
    assert (before["installed"], before["installed_size"], before["folder"]) == (False, 0, str(home / NAME))
    assert before["install_name"] == NAME
    assert "MIT" in before["licence"]
    folder = models.install(NAME, archive)
    after = {model.name: model.to_json() for model in models.HEADS}["ict"]
    assert after["installed_size"] == sum(file.stat().st_size for file in folder.iterdir())
    built_in = models.HEADS[0].to_json()
    assert (built_in["install_name"], built_in["folder"], built_in["download_size"]) == ("", "", 0)


# ------------------------------------------------------------------------------------------- a model that is one file

LANDMARKER = "face-landmarker"


@pytest.fixture
def task(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A downloaded file that passes for FaceLandmarker."""
    file = tmp_path / "Downloads" / "face_landmarker (1).task"
    file.parent.mkdir()
    file.write_bytes(b"a network")
    monkeypatch.setattr(face_landmarker, "SHA256", hashlib.sha256(b"a network").hexdigest())
    return file


def test_a_model_of_one_file_is_installed_whatever_the_file_is_called(task: Path, home: Path) -> None:
    folder = models.install(LANDMARKER, task)
    assert folder == home / LANDMARKER
    assert {file.name for file in folder.iterdir()} == {"face_landmarker.task", "manifest.json"}
    assert (folder / "face_landmarker.task").read_bytes() == b"a network"
    assert models.read_manifest(folder)["version"] == face_landmarker.VERSION
    assert models.FACE_LANDMARKER.installed
    models.verify(LANDMARKER)
    assert rests(home) == set()


def test_a_folder_that_has_the_file_will_do(task: Path, home: Path) -> None:
    task.rename(task.with_name("face_landmarker.task"))
    models.install(LANDMARKER, task.parent)
    models.verify(LANDMARKER)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            "wrong.task",
            "wrong.task is not face_landmarker.task of version float16/1, or is damaged: get it from https://",
        ),
        ("empty", "There is no face_landmarker.task in "),
        ("nowhere.task", "There is no file or folder "),
    ],
)
def test_another_file_is_refused_and_the_old_one_stays(
    task: Path, home: Path, tmp_path: Path, source: str, words: str
) -> None:
    (tmp_path / "wrong.task").write_bytes(b"a netwrok")
    (tmp_path / "empty").mkdir()
    models.install(LANDMARKER, task)
    with pytest.raises(DreamFaceError) as refused:
        models.install(LANDMARKER, tmp_path / source)
    assert words in str(refused.value) and "\n" not in str(refused.value)
    models.verify(LANDMARKER)
    assert rests(home) == set()


def test_a_file_that_is_too_large_is_not_read(task: Path, tmp_path: Path) -> None:
    with (tmp_path / "film.mp4").open("wb") as film:
        film.truncate(2**25)
    with pytest.raises(BadRequest, match="it has a file of 32 MB"):
        models.install(LANDMARKER, tmp_path / "film.mp4")


def test_a_changed_file_is_found_and_a_removed_one_is_gone(task: Path, home: Path) -> None:
    folder = models.install(LANDMARKER, task)
    (folder / "face_landmarker.task").write_bytes(b"a netwrok")
    with pytest.raises(models.DamagedModel, match=r"face_landmarker\.task is missing, or not what was installed"):
        models.verify(LANDMARKER)
    models.install(LANDMARKER, task)
    models.verify(LANDMARKER)
    models.remove(LANDMARKER)
    assert not models.FACE_LANDMARKER.installed and not folder.exists()
    with pytest.raises(BadRequest, match="FaceLandmarker is not installed: install it with `dreamface models install"):
        models.verify(LANDMARKER)


def test_the_file_is_fetched_where_there_is_a_network(task: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop_with(task.read_bytes()) as shop:
        model = replace(models.FACE_LANDMARKER, archive=shop.url, archive_size=len(shop.data))
        monkeypatch.setattr(installing, "find", lambda name: model)
        models.install(LANDMARKER)
    models.verify(LANDMARKER)
    assert {path.name for path in (home / LANDMARKER).iterdir()} == {"face_landmarker.task", "manifest.json"}


def test_the_catalogue_says_what_the_file_is_for(task: Path) -> None:
    (said,) = (model.to_json() for model in models.MODELS if model.name == LANDMARKER)
    assert said["download_size"] == face_landmarker.SIZE
    assert "Apache-2.0" in said["licence"] and "Follows a face in footage" in said["description"]
    assert said["install_name"] == LANDMARKER and not said["installed"]


REAL_LANDMARKER = ROOT.parent / "shared/data/models/face_landmarker.task"


@pytest.mark.skipif(not REAL_LANDMARKER.is_file(), reason=f"Google's file is not here (looked for {REAL_LANDMARKER})")
def test_the_real_file_is_the_one_that_is_known(home: Path) -> None:
    folder = models.install(LANDMARKER, REAL_LANDMARKER)
    assert (folder / "face_landmarker.task").stat().st_size == face_landmarker.SIZE
    models.verify(LANDMARKER)


# ---------------------------------------------------------------------------------------------------- the real archive


def test_the_real_archive_is_small_and_whole(ict_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VARIABLE, str(ict_models))
    models.verify(NAME)
    file = ict_models / NAME / ict_facekit.FILE
    assert file.stat().st_size <= 70_000_000
    assert "USC Institute for Creative Technologies" in (ict_models / NAME / "LICENSE").read_text()
    arrays = load_file(file)
    assert arrays["neutral"].shape == (26719, 3)
    assert arrays["faces"].shape == arrays["face_uvs"].shape == (26384, 4)
    assert arrays["modes"].shape == (100, 26719, 3)
    assert arrays["expressions"].shape == (57, 26719, 3)


def test_one_changed_number_in_the_real_model_is_found(ict_unpacked: Path, home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ict_unpacked, copy, copy_function=os.link)
    mesh = copy / "FaceXModel" / "identity007.obj"
    data = mesh.read_bytes()
    place = data.rindex(b"\nv ")
    mesh.unlink()
    mesh.write_bytes(data[: place + 5] + bytes([data[place + 5] ^ 1]) + data[place + 6 :])
    assert "FaceXModel/identity007.obj in" in refusal(copy)
