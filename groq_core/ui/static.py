"""
The page's own scripts and styles, from memory, compressed once.

The address holds a fingerprint of all of them, so a browser may keep them for ever and never mixes two versions.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SERVED = (".js", ".css", ".woff2", ".svg")

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and, where it shrinks, compressed."""

    media_type: str
    plain: bytes
    gzip: bytes | None


class Assets:
    """
    What the page loads.

    Args:
        folder: Only files under it with an ending of :data:`SERVED` can be asked for; the list is made once.

    Attributes:
        version: Fingerprint of all files, part of their address.
    """

    def __init__(self, folder: Path = ASSETS) -> None:
        self._paths = {
            path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.suffix in SERVED
        }
        digest = hashlib.sha256()
        for name, path in self._paths.items():
            digest.update(name.encode() + b"\0" + path.read_bytes())
        self.version = digest.hexdigest()[:12]
        self._loaded: dict[str, Asset] = {}

    def add(self, name: str, content: bytes) -> None:
        """Serve something that is no file; it has a part in the fingerprint."""
        self._loaded[name] = Asset(mimetypes.guess_type(name)[0] or "", content, gzip.compress(content, 9, mtime=0))
        self.version = hashlib.sha256(self.version.encode() + content).hexdigest()[:12]

    def _load(self, name: str) -> Asset | None:
        if name not in self._loaded:
            path = self._paths.get(name)
            if path is None:
                return None
            plain = path.read_bytes()
            self._loaded[name] = Asset(
                media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
                plain=plain,
                gzip=None if path.suffix == ".woff2" else gzip.compress(plain, 9, mtime=0),
            )
        return self._loaded[name]

    def response(self, name: str, accept_encoding: str) -> Response:
        """The file in the best form the browser takes, or 404."""
        asset = self._load(name)
        if asset is None:
            return Response("no such file", 404)
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        body = asset.plain
        if asset.gzip is not None and "gzip" in accept_encoding:
            body, headers["content-encoding"] = asset.gzip, "gzip"
        return Response(body, headers=headers, media_type=asset.media_type)
