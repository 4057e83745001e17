"""Bodies that come packed, and paths that come with a slash too many."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from groq_core.api.content_coding import decode_body
from groq_core.errors import RequestError
from tests.stage import staged

HI = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize(("coding", "pack"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress)])
def test_a_compressed_body_is_unpacked_within_the_limit(coding: bytes, pack: Any) -> None:
    assert decode_body(pack(b"x" * 1000), coding, 1000) == b"x" * 1000
    with pytest.raises(RequestError) as caught:
        decode_body(pack(b"x" * 1001), coding, 1000)
    assert caught.value.status == 413


@pytest.mark.parametrize("cuts", [[500], [0, 1, 1, 999]])
def test_gzip_may_come_in_several_members(cuts: list[int]) -> None:
    """So it is written by who appends, or begins anew after a pause."""
    plain = b"".join(b"%04d" % number for number in range(250))
    packed = b"".join(gzip.compress(plain[start:end]) for start, end in zip([0, *cuts], [*cuts, 1000], strict=True))

    assert decode_body(packed, b"gzip", 1000) == plain
    with pytest.raises(RequestError) as caught:
        decode_body(packed, b"gzip", 999)
    assert caught.value.status == 413
    with pytest.raises(RequestError, match="ends in the middle"):
        decode_body(packed[:-9], b"gzip", 1000)


def test_a_body_of_many_members_is_bounded() -> None:
    """Each costs its beginning and a copy of what follows: a million of nothing would hold up everybody."""
    with pytest.raises(RequestError, match="members"):
        decode_body(gzip.compress(b"") * 1002, b"gzip", 1000)
    assert decode_body(gzip.compress(b"x") * 1000, b"gzip", 1000) == b"x" * 1000
    assert decode_body(gzip.compress(b"x") + gzip.compress(b"y" * 200_000), b"gzip", 10**6) == b"x" + b"y" * 200_000
    with pytest.raises(RequestError, match="more than"):
        decode_body(gzip.compress(b"x") + gzip.compress(b"y" * 10**7), b"gzip", 10**6)
    assert decode_body(gzip.compress(b"x") + gzip.compress(b"y") + b"\0\0", b"gzip", 1000) == b"xy"


def test_deflate_may_come_without_its_wrapping() -> None:
    assert decode_body(zlib.compress(b"x" * 100)[2:-4], b"deflate", 1000) == b"x" * 100


@pytest.mark.parametrize(
    ("raw", "coding", "status"),
    [
        (b"{}", b"br", 415),
        (b"{}", b"gzip", 400),
        (gzip.compress(b"{}")[:-9], b"gzip", 400),
        (gzip.compress(gzip.compress(b"{}")), b"gzip, gzip", 415),
        (b"{}", b"deflate", 400),
    ],
    ids=["br", "gzip of nothing", "gzip cut", "gzip twice", "deflate of nothing"],
)
def test_a_coding_nobody_undoes_is_refused_by_name(raw: bytes, coding: bytes, status: int) -> None:
    with pytest.raises(RequestError) as caught:
        decode_body(raw, coding, 1000)

    assert (caught.value.status, caught.value.param) == (status, "Content-Encoding")


PACKED = {
    "/v1/chat/completions": {"messages": [HI]},
    "/v1/responses": {"input": "Hi"},
    "/v1/audio/speech": {"input": "Hi"},
    "/v1/extract": {"text": "5 apples", "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    "/v1/agent/runs": {"task": "What is 2 + 2?"},
    "/v1/batches": {"input_file_id": "file_x", "endpoint": "/v1/chat/completions", "completion_window": "24h"},
}


async def test_every_body_may_come_packed_and_begin_with_a_mark_and_every_path_end_in_a_slash() -> None:
    async with staged() as stage:
        for path, body in PACKED.items():
            plain = await stage.http.post(path, json=body)
            raw = b"\xef\xbb\xbf" + json.dumps(body).encode()
            for address in (path, path + "/", path.replace("/v1/", "/v1//"), "/openai" + path + "/"):
                packed = await stage.http.post(
                    address, content=gzip.compress(raw), headers={"content-encoding": "gzip"}
                )
                assert packed.status_code == plain.status_code, (address, packed.text)
                assert packed.status_code in (200, 404), packed.text
            assert (await stage.http.post(path, content=raw, headers={"content-encoding": "br"})).status_code == 415
        for path in ("/v1/models", "/v1/files", "/v1/batches", "/v1/status", "/health", "/ready", "/metrics"):
            bare, slash = await stage.http.get(path), await stage.http.get(path + "/")
            assert bare.status_code == slash.status_code == 200, path
            assert path == "/metrics" or bare.json().keys() == slash.json().keys()
        refused = await stage.http.post(
            "/v1/audio/transcriptions", files={"file": ("a.wav", b"RIFF")}, headers={"content-encoding": "gzip"}
        )

    assert (refused.status_code, refused.json()["error"]["param"]) == (415, "Content-Encoding")


async def test_a_compressed_question_with_a_slash_behind_its_path_is_answered() -> None:
    async with staged() as stage:
        body = gzip.compress(json.dumps({"messages": [HI], "max_tokens": 0}).encode())

        response = await stage.http.post("/v1/chat/completions/", content=body, headers={"content-encoding": "gzip"})

    assert response.status_code == 200
    assert "max_tokens_left_out" in response.headers["x-groq-core-notes"]
