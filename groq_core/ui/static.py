"""
Scripts and styles from memory, compressed once: the page's own, and Gradio's, which Gradio itself reads from disk
and compresses anew for every visitor.

The address of every file holds a fingerprint (ours of all files together, Gradio's of the file), so a browser may
keep it for ever and never mixes two versions. Comments of our own files stay here: they are a quarter of what a first
visit would fetch of them.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import brotli
from starlette.responses import Response

from groq_core.ui.bundles import Bundler

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
    ".map": "application/json",
}
"""Ending to media type (IANA). Not from :mod:`mimetypes`: that reads the machine's own tables, and they differ."""
PACKED = (".js", ".css", ".svg", ".map")

OWN = ("js/", "css/")
"""Folders of files that we wrote; what is copied from others keeps its comments, which name its licence."""

CODINGS = ("br", "gzip")
"""In order of preference."""

QUICK, BEST, BEST_OF_LARGE = 5, 11, 9
"""Brotli's qualities: for the first who asks, for all others, and for them where the best would take seconds."""

LARGE = 1_000_000
"""Bytes."""


def without_comments(source: bytes) -> bytes:
    """
    The same lines of a script or a sheet, those of them empty that hold nothing but a comment.

    A comment beside something else stays, so that nothing has to be known of texts and expressions in a line; and no
    line is taken out, so that errors name the lines of the files.

    >>> without_comments(b"// Why.\\nlet a = 1; // ours\\n/** A number.\\n * @type {number} */\\nlet b;")
    b'\\nlet a = 1; // ours\\n\\n\\nlet b;'
    """
    lines, inside = [], False
    for line in source.split(b"\n"):
        bare = line.strip()
        if inside or bare.startswith(b"/*"):
            _, end, behind = bare.partition(b"*/")
            if inside or not behind:
                line, inside = behind, not end
        elif bare.startswith(b"//"):
            line = b""
        lines.append(line)
    return b"\n".join(lines)


class Packer:
    """
    Compresses with brotli as well as it can, behind everybody's back: the best takes ten times as long.

    One for the whole process, since files do not change while it runs and several applications may serve them.
    """

    def __init__(self) -> None:
        self._best: dict[bytes, bytes] = {}
        self._waiting: deque[tuple[bytes, bytes]] = deque()
        self._lock = threading.Lock()
        self._working = False

    def pack(self, plain: bytes) -> tuple[bytes, bool]:
        """The compressed form, and whether it is the best there will be; if not, that is begun."""
        digest = hashlib.sha256(plain).digest()
        if digest in self._best:
            return self._best[digest], True
        with self._lock:
            self._waiting.append((digest, plain))
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="compression", daemon=True).start()
        return brotli.compress(plain, quality=QUICK), False

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                digest, plain = self._waiting.popleft()
            if digest not in self._best:
                self._best[digest] = brotli.compress(plain, quality=BEST if len(plain) < LARGE else BEST_OF_LARGE)


PACKER = Packer()


PLAIN = "-plain"
"""
Behind the fingerprint in an address: the files as they are, in no bundle. For a page beside the first one (the
admin's), which would begin the first one by what it takes of its bundle.
"""


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
            body, headers["content-encoding"] = self._pack(coding), coding
        return Response(body, headers=headers, media_type=SERVED[Path(self.name).suffix])

    def _pack(self, coding: str) -> bytes:
        if coding in self.packed:
            return self.packed[coding]
        if coding == "gzip":
            packed, stays = gzip.compress(self.plain, compresslevel=9, mtime=0), True
        else:
            packed, stays = PACKER.pack(self.plain)
        if stays:
            self.packed[coding] = packed
        return packed


class Assets:
    """
    The files of a folder.

    Args:
        folder: Only files under it with an ending of :data:`SERVED` can be asked for; the list is made once.
        bundler: Makes one script of those that are needed together.
    """

    def __init__(self, folder: Path = ASSETS, bundler: Bundler | None = None) -> None:
        self.folder = folder
        self.names = frozenset(
            path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in SERVED
        )
        self._bundler = bundler
        self._unbundled = Assets(folder) if bundler is not None else self
        self._loaded: dict[str, Asset] = {}

    def add(self, name: str, content: bytes) -> None:
        """Serve something that is no file."""
        self._loaded[name] = self._unbundled._loaded[name] = Asset(name, content)

    @property
    def version(self) -> str:
        """Fingerprint of everything that can be asked for."""
        digest = hashlib.sha256()
        bundles = self._bundler.names if self._bundler else ()
        for name in sorted({*self.names, *self._loaded, *bundles}):
            asset = self._asset(name)
            digest.update(name.encode() + b"\0" + (asset.plain if asset else b""))
        return digest.hexdigest()[:12]

    def response(self, name: str, accept_encoding: str, *, plain: bool = False) -> Response:
        """The file in the best form the browser takes, or 404; see :data:`PLAIN`."""
        asset = (self._unbundled if plain else self)._asset(name)
        return asset.response(accept_encoding) if asset else Response("no such file", 404)

    def _asset(self, name: str) -> Asset | None:
        if name not in self._loaded:
            content = self._content(name)
            if content is None:
                return None
            own = name.startswith(OWN) and not name.endswith(".map")
            self._loaded[name] = Asset(name, without_comments(content) if own else content)
        return self._loaded[name]

    def _content(self, name: str) -> bytes | None:
        made = self._bundler is not None and name in self._bundler.names
        if not made and name not in self.names:
            return None
        linked = self._bundler.script(name) if self._bundler is not None else None
        return (self.folder / name).read_bytes() if linked is None else linked.encode()

    def loose(self, bundle: str) -> list[str]:
        """The scripts that a bundle imports besides."""
        return self._bundler.loose(f"js/{bundle}.js") if self._bundler is not None else []
