"""Content codings of a response (RFC 9110 §8.4.1): gzip, deflate, br and zstd, undone while the bytes come."""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final, TypeAlias

import httpx

Decode: TypeAlias = Callable[[bytes], bytes]

PLAIN: Final = frozenset({"", "identity", "none", "utf-8"})
"""What servers write where nothing is coded; the last is a mistake that is met."""


def plain(coding: str) -> bool:
    """Whether a ``content-encoding`` leaves the body as it is."""
    return not coding or all(name.strip().lower() in PLAIN for name in coding.split(","))


async def decode_stream(reads: AsyncGenerator[bytes, None], coding: str) -> AsyncGenerator[bytes, None]:
    """
    The body without its codings, piece by piece.

    Raises:
        httpx.DecodingError: The coding is none we know, or the body is not what it is said to be.
    """
    decoders = [
        _decoder(name.strip().lower()) for name in reversed(coding.split(",")) if name.strip().lower() not in PLAIN
    ]
    async with aclosing(reads):
        async for data in reads:
            try:
                for decode in decoders:
                    data = decode(data)
            except Exception as error:  # each library has errors of its own
                raise httpx.DecodingError(f"the body is said to be {coding!r} and is not") from error
            yield data


def _decoder(name: str) -> Decode:
    match name:
        case "gzip" | "x-gzip":
            return _Members()
        case "deflate":
            return _Deflate()
        case "br":
            import brotli

            brotli_decoder = brotli.Decompressor()
            return lambda data: bytes(brotli_decoder.process(data))
        case "zstd":
            try:
                import zstandard
            except ImportError:
                raise httpx.DecodingError(
                    "the body is in zstd, which is not installed: pip install zstandard"
                ) from None
            zstd = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
            return lambda data: bytes(zstd.decompress(data))
        case _:
            raise httpx.DecodingError(f"the body has the coding {name!r}, which nobody asked for")


class _Members:
    """gzip, whose files may be several put together (RFC 1952 §2.2)."""

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def __call__(self, data: bytes) -> bytes:
        parts = [self._unzip.decompress(data)]
        while self._unzip.eof and (rest := self._unzip.unused_data.lstrip(b"\0")):
            self._unzip = zlib.decompressobj(zlib.MAX_WBITS | 32)
            parts.append(self._unzip.decompress(rest))
        return b"".join(parts)


class _Deflate:
    """zlib's format, as the standard means it, or raw deflate, as some servers send it."""

    def __init__(self) -> None:
        self._unzip: zlib._Decompress | None = None
        self._head = b""

    def __call__(self, data: bytes) -> bytes:
        if self._unzip is None:
            self._head += data
            if len(self._head) < 2:
                return b""
            first, second = self._head[0], self._head[1]
            wrapped = first & 0x0F == 8 and (first << 8 | second) % 31 == 0
            self._unzip = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
            data, self._head = self._head, b""
        return self._unzip.decompress(data)
