"""Running the local backend."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from dreamface.cli.terminal import Terminal
from dreamface.errors import BadRequest

TOKEN_VARIABLE = "DREAMFACE_TOKEN"
PORT = 8765
"""Where it listens if only a host is named."""


def run(options: Namespace, terminal: Terminal) -> bool:
    """Serve until told to end."""
    from dreamface.service.server import Options, serve

    host, port = _address(f"{options.host}:{PORT}" if options.host and options.listen is None else options.listen)
    serve(
        Options(
            store=options.store or default_store(),
            host=host,
            port=port,
            token=_token(options.token_file),
            hosts=tuple(options.allow_host),
            handover=options.handover,
            until_stdin_closes=options.until_stdin_closes,
            keep_variations=options.keep_variations,
            tls=options.tls,
        )
    )
    return True


def default_store() -> Path:
    """Where jobs and faces are kept unless another place is named."""
    import platformdirs

    return Path(platformdirs.user_data_dir("dreamface", appauthor=False))


def _address(text: str | None) -> tuple[str, int]:
    if text is None:
        return "127.0.0.1", 0
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadRequest(f"--listen takes HOST:PORT, such as 127.0.0.1:8000; got {text!r}.")
    return host.strip("[]") or "127.0.0.1", int(port)


def _token(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{file} can't be read: put the token into it as one line of text.") from error
