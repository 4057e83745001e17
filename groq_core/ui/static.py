"""
Scripts and styles from memory, compressed once: the page's own, and Gradio's, which Gradio itself reads from disk
and compresses anew for every visitor.

The address of every file holds a fingerprint (ours of all files together, Gradio's of the file), so a browser may
keep it for ever and never mixes two versions.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import brotli
from starlette.responses import Response

PACKAGE = Path(__file__).resolve().parents[1]
ASSETS = next(folder for folder in (PACKAGE / "_assets", PACKAGE.parent / "assets") if folder.is_dir())
"""An installed package carries the files inside; in a checkout they stand beside it."""

SERVED = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".safetensors": "application/octet-stream",
}
"""Ending to media type (IANA). Not from :mod:`mimetypes`: that reads the machine's own tables, and they differ."""
PACKED = (".js", ".css", ".svg")

LARGE = 1_000_000
"""Bytes above which the best compression would hold the server up for half a second."""

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, quality=9 if len(plain) < LARGE else 4),
    "gzip": partial(gzip.compress, compresslevel=9, mtime=0),
}
"""In order of preference. The best compression costs time once and saves it for every visitor."""


@dataclass(slots=True)
class Asset:
    """One file, and the compressed forms somebody has asked for."""

    name: str
    plain: bytes
    packed: dict[str, bytes] = field(default_factory=dict)

    def response(self, accept_encoding: str) -> Response:
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        body = self.plain
        coding = next((coding for coding in CODINGS if coding in accept_encoding), None)
        if coding is not None and self.name.endswith(PACKED):
            if coding not in self.packed:
                self.packed[coding] = CODINGS[coding](self.plain)
            body, headers["content-encoding"] = self.packed[coding], coding
        return Response(body, headers=headers, media_type=SERVED[Path(self.name).suffix])


class Assets:
    """
    The files of a folder.

    Args:
        folder: Only files under it with an ending of :data:`SERVED` can be asked for; the list is made once.
    """

    def __init__(self, folder: Path = ASSETS) -> None:
        self.folder = folder
        self.names = frozenset(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in SERVED
        )
        self._loaded: dict[str, Asset] = {}

    def add(self, name: str, content: bytes) -> None:
        """Serve something that is no file."""
        self._loaded[name] = Asset(name, content)

    @property
    def version(self) -> str:
        """Fingerprint of everything that can be asked for."""
        digest = hashlib.sha256()
        for name in sorted(self.names | self._loaded.keys()):
            asset = self._asset(name)
            digest.update(name.encode() + b"\0" + (asset.plain if asset else b""))
        return digest.hexdigest()[:12]

    def response(self, name: str, accept_encoding: str) -> Response:
        """The file in the best form the browser takes, or 404."""
        asset = self._asset(name)
        return asset.response(accept_encoding) if asset else Response("no such file", 404)

    def _asset(self, name: str) -> Asset | None:
        if name not in self._loaded:
            if name not in self.names:
                return None
            self._loaded[name] = Asset(name, (self.folder / name).read_bytes())
        return self._loaded[name]
