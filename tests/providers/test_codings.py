"""Whatever coding a body comes in, and wherever it is cut, its bytes are the same."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncGenerator

import brotli
import httpx
import pytest
import zstandard

from groq_core.providers.codings import decode_stream, plain

BODY = 'data: {"text": "Grüße, 世界"}\n\n'.encode() * 40


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


CODED = {
    "gzip": gzip.compress(BODY),
    "GZip": gzip.compress(BODY),
    "x-gzip": gzip.compress(BODY[:100]) + gzip.compress(BODY[100:]),
    "identity, gzip": gzip.compress(BODY[:7]) + gzip.compress(b"") + gzip.compress(BODY[7:]) + b"\0" * 8,
    "deflate": zlib.compress(BODY),
    "Deflate ": raw_deflate(BODY),
    "br": brotli.compress(BODY),
    "zstd": zstandard.compress(BODY[:50]) + zstandard.compress(BODY[50:]),
    "gzip, br": brotli.compress(gzip.compress(BODY)),
}


async def pieces(body: bytes, size: int) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def read(body: bytes, coding: str, size: int) -> bytes:
    return b"".join([data async for data in decode_stream(pieces(body, size), coding)])


@pytest.mark.parametrize("coding", ["", "identity", "Identity", "none", " identity , none "])
def test_what_is_not_coded_is_left_as_it_is(coding: str) -> None:
    assert plain(coding)


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("size", [1, 2, 3, 17, 100_000])
async def test_a_body_is_whole_wherever_it_is_cut(coding: str, size: int) -> None:
    assert not plain(coding)
    assert await read(CODED[coding], coding, size) == BODY


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", b"hello"), ("br", b"\xff" * 9), ("deflate", b"hello"), ("zstd", b"hello"), ("lzma", b"x")],
)
async def test_a_body_that_is_not_what_it_says_is_an_error_that_names_the_coding(coding: str, body: bytes) -> None:
    with pytest.raises(httpx.DecodingError, match=coding):
        await read(body, coding, 3)
