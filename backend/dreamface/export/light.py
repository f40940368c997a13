"""A small GLB for looking at: fewer triangles, numbers of one and two bytes, small pictures.

It is the same document as `write_glb` writes, with KHR_mesh_quantization: normals are bytes, texture coordinates two
bytes each, and what shapes add to positions is in steps of 1/32,767 m, 0.03 mm. Pictures are JPEGs, and WebPs where
they have an opacity (EXT_texture_webp).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final

import numpy as np
import pygltflib as gltf
from numpy.typing import NDArray
from PIL import Image

from dreamface import images
from dreamface.arrays import Float32Array
from dreamface.errors import BadRequest
from dreamface.export.cards import dressed
from dreamface.export.geometry import object_mesh
from dreamface.export.glb import GlbDocument, Picture, encoders
from dreamface.export.levels import at_detail
from dreamface.face import Face, TileMaps
from dreamface.progress import Progress

DETAIL: Final = {"anny": 2, "ict": 1}
"""The head's level of detail, by model: a quarter of the triangles; half of the production head's, whose teeth break
up beyond that. Models that are not here stay whole."""

CARDS: Final = 0
"""The cards' level of detail: coarser ones look like paper from close by, and save little."""

CARD_TEXELS: Final = 512
"""Texels a side of the cards' pictures."""

_STEPS: Final = {"POSITION": (np.int16, 32767.0), "NORMAL": (np.int8, 127.0)}
"""Type and steps of what shapes add."""

_SIDES: Final = {"albedo": 512, "normal": 512, "metallic_roughness": 256}
"""Texels a side at most of the textures that are there; the others are left out."""

_QUALITY: Final = {"albedo": 85, "normal": 88, "metallic_roughness": 75}
"""Of JPEG and WebP."""

_WEBP: Final = "EXT_texture_webp"
_QUANTISED: Final = "KHR_mesh_quantization"


def light_glb(face: Face, progress: Progress = Progress()) -> bytes:  # noqa: B008 - immutable
    """Return `face` as a small .glb file with its hair as cards and all its blend shapes.

    Raises:
        Cancelled: the user asked to stop.
    """
    worn = dressed(face, "cards", CARDS, CARD_TEXELS)
    with suppress(BadRequest):  # somebody has changed the mesh
        worn = at_detail(worn, DETAIL.get(face.head.model, 0))
    document = _LightDocument(worn)
    document.add_materials(progress.part(0.1, 0.5))
    for group in worn.face.head.topology.objects:
        document.add_object(object_mesh(worn.face, group))
    pictured = {name for texture in document.gltf.textures for name in texture.extensions or {}}
    extensions = {*document.gltf.extensionsUsed, _QUANTISED, *pictured}
    document.gltf.extensionsUsed = sorted(extensions)
    document.gltf.extensionsRequired = sorted(extensions & {_QUANTISED, _WEBP})
    return document.to_bytes()


class _LightDocument(GlbDocument):
    """A document with small numbers and small pictures."""

    still: ClassVar[float] = 4e-5
    shade_rays: ClassVar[int] = 32
    has_tangents: ClassVar[bool] = False

    def _directions(self, vectors: Float32Array) -> int:
        return self._padded(np.round(vectors * 127.0).astype(np.int8), gltf.BYTE, normalized=True)

    def _coordinates(self, uv: Float32Array) -> int:
        codes = np.round(np.clip(uv, 0.0, 1.0) * 65535.0).astype(np.uint16)
        return self._padded(codes, gltf.UNSIGNED_SHORT, normalized=True)

    def _colours(self, shade: Float32Array) -> int:
        return self._padded(np.round(shade * 255.0).astype(np.uint8), gltf.UNSIGNED_BYTE, normalized=True)

    def _padded(self, codes: NDArray[Any], kind: int, normalized: bool) -> int:
        """The accessor of [M, C] whole numbers, each row of which begins at a multiple of four bytes."""
        stride = -(-codes.shape[1] * codes.itemsize // 4) * 4
        rows = np.zeros((len(codes), stride // codes.itemsize), codes.dtype)
        rows[:, : codes.shape[1]] = codes
        view = self._view(rows, gltf.ARRAY_BUFFER)
        self.gltf.bufferViews[view].byteStride = stride
        vectors = {2: gltf.VEC2, 3: gltf.VEC3}[codes.shape[1]]
        return self._append(
            gltf.Accessor(bufferView=view, componentType=kind, normalized=normalized, type=vectors, count=len(codes))
        )

    def _offsets(self, name: str, values: Float32Array) -> NDArray[Any]:
        kind, steps = _STEPS[name]
        codes: NDArray[Any] = np.round(np.clip(values, -1.0, 1.0) * steps).astype(kind)
        return codes

    def _pictures(self, maps: TileMaps) -> Sequence[Picture]:
        if "opacity" in maps:  # of cards: viewers make a tangent space of their own, in which single hairs turn black
            return [Picture(name, "image/webp", partial(_encode, name, pixels)) for name, pixels in encoders(maps)[:1]]
        return [
            Picture(name, "image/jpeg", partial(_encode, name, pixels))
            for name, pixels in encoders(maps)
            if name in _SIDES
        ]

    def _new_texture(self, name: str, mime: str, file: bytes) -> int:
        index = super()._new_texture(name, mime, file)
        if mime == "image/webp":
            texture = self.gltf.textures[index]
            texture.extensions, texture.source = {_WEBP: {"source": texture.source}}, None
        return index


def _encode(name: str, pixels: Callable[[], images.Pixels]) -> bytes:
    """A small picture: JPEG, or WebP where there is an opacity."""
    picture = Image.fromarray(pixels())
    side = _SIDES[name]
    if picture.width > side:
        picture = picture.resize((side, side), Image.Resampling.BOX)
    file = io.BytesIO()
    if picture.mode == "RGBA":
        picture.save(file, "WEBP", quality=_QUALITY[name], method=1, exact=True)
    else:
        picture.save(file, "JPEG", quality=_QUALITY[name], subsampling=0 if name == "normal" else 2)
    return file.getvalue()
