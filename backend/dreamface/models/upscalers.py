"""Networks that sharpen pictures, which spandrel loads: each is the one file that its makers have published.

Both are pickled, so only these very bytes are taken; spandrel's own reader makes nothing but tensors of them, too.
"""

from __future__ import annotations

from typing import Final

from dreamface.models.remote import KnownFile

RESTOREFORMER_PAGE: Final = "https://github.com/wzhouxiff/RestoreFormer"
RESTOREFORMER: Final = KnownFile(
    name="RestoreFormer.pth",
    url="https://github.com/TencentARC/GFPGAN/releases/download/v1.3.4/RestoreFormer.pth",
    size=290_785_322,
    sha256="07404d446d62ca3d5ed38b1de09a947a1e77d46dbccec961a74d713a8f24ace0",
    title="RestoreFormer",
)

REALESRGAN_PAGE: Final = "https://github.com/xinntao/Real-ESRGAN"
REALESRGAN: Final = KnownFile(
    name="RealESRGAN_x4plus.pth",
    url="https://github.com/xinntao/Real-ESRGAN/releases/download/v0.1.0/RealESRGAN_x4plus.pth",
    size=67_040_989,
    sha256="4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
    title="Real-ESRGAN x4plus",
)
