"""A made-up ICT-FaceKit of a few vertices, for the tests of installing; and a server that gives it away badly."""

from __future__ import annotations

import hashlib
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from dreamface.models import ict_facekit
from dreamface.models.contents import open_contents
from dreamface.training.ict_facekit_hashes import describe

ROOT = "ICT-FaceKit-0123456/"
VERTICES, MODES, EXPRESSIONS = 6, 3, ("eyeBlink_L", "jawOpen")


def mesh(shift: float) -> bytes:
    """An OBJ file like the archive's; vertex 2 is `shift` centimetres higher than in the neutral one."""
    vertices = [(x, y + shift * ((x, y) == (2, 0)), 10.5) for y in (0, 1) for x in (0, 1, 2)]
    lines = ["# ICT FaceKit", "", "mtllib ICTFaceModelMaterial.mtl"]
    lines += [f"v {x} {y:g} {z}" for x, y, z in vertices]
    lines += [f"vt {x / 2} {y}" for x, y, _ in vertices]
    lines += ["usemtl M_Face", "f 1/1 2/2 5/5 4/4", "f 2/2 3/3 6/6 5/5", "usemtl M_Teeth", "f 4/4 5/5 1/1"]
    return ("\n".join(lines) + "\n").encode()


def files() -> dict[str, bytes]:
    """The archive's files."""
    meshes = {"generic_neutral_mesh": 0.0} | {f"identity{mode:03d}": 0.5 + mode for mode in range(MODES)}
    meshes |= dict.fromkeys(EXPRESSIONS, -0.25)
    made = {f"FaceXModel/{name}.obj": mesh(shift) for name, shift in meshes.items()}
    made["FaceXModel/vertex_indices.json"] = json.dumps({"idx_to_landmark_verts": [0, 4, 5]}).encode()
    made["LICENSE"] = b"MIT License\n\nCopyright (c) 2020 Somebody\n"
    made["README.md"] = b"Not needed.\n"
    return made


def write_zip(target: Path, content: dict[str, bytes], root: str = ROOT) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(root + name, data)
    return target


def write_tar(target: Path, folder: Path) -> Path:
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, folder.name)
    return target


def write_folder(target: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)
    return target


def known_of(archive: Path) -> ict_facekit.Known:
    with open_contents(archive, ict_facekit.NEUTRAL, "it", "get another") as contents:
        return ict_facekit.Known(**describe(contents))


@dataclass
class Shop:
    """What a server gives away, and how.

    Attributes:
        data: of its only file.
        cuts: bytes after which each of the next answers breaks off.
        refusals: status codes of the answers before those.
        ranges: whether it gives the rest of a file.
        tag: the file's ETag; "" sends none.
        says_length: whether it says how long the file is.
        asked: the Range header of every request, "" without one.
    """

    data: bytes
    cuts: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    ranges: bool = True
    tag: str = '"first"'
    says_length: bool = True
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def sell(self, data: bytes) -> None:
        """Have another file from now on."""
        self.data, self.tag = data, f'"{hashlib.sha256(data).hexdigest()[:8]}"'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: Shop

    def do_GET(self) -> None:
        shop = self.shop
        self.close_connection = True
        wanted = self.headers.get("Range", "")
        shop.asked.append(wanted)
        if shop.refusals:
            self.send_response(shop.refusals.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = 0
        if wanted and shop.ranges and self.headers.get("If-Range") == shop.tag:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if shop.tag:
            self.send_header("ETag", shop.tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(shop.data) - 1}/{len(shop.data)}")
        body = shop.data[start:]
        self.send_header(
            *(("Content-Length", str(len(body))) if shop.says_length else ("Transfer-Encoding", "chunked"))
        )
        self.end_headers()
        self._send(body, shop.cuts.pop(0) if shop.cuts else len(body))

    def _send(self, body: bytes, until: int) -> None:
        if self.shop.says_length:
            self.wfile.write(body[:until])
            return
        self.wfile.write(b"%x\r\n%b\r\n" % (len(body[:until]), body[:until]))
        if until >= len(body):
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def shop_with(data: bytes) -> Iterator[Shop]:
    """A server on this machine that gives `data` away at `url`."""
    shop = Shop(data)
    handler = type("Handler", (_Handler,), {"shop": shop})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        shop.url = f"http://127.0.0.1:{server.server_address[1]}/tiny.zip"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()
