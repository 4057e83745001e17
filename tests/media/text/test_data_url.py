"""Data URLs are read as clients write them, and never larger than allowed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.media.image.preparation import prepare
from groq_core.media.text.data_url import UNNAMED, decode_data_url
from tests.media.samples import sample


@given(st.binary(min_size=1, max_size=500))
def test_any_bytes_come_back(data: bytes) -> None:
    url = f"data:application/octet-stream;base64,{base64.b64encode(data).decode()}"

    assert decode_data_url(url, len(data)) == ("application/octet-stream", data)
    with pytest.raises(RequestError, match="of at most"):
        decode_data_url(url, len(data) - 1)


def test_a_prepared_picture_comes_back() -> None:
    prepared = prepare(sample("kiwi.jpg"))

    assert decode_data_url(prepared.data_url, 10_000_000) == ("image/jpeg", prepared.data)
    assert prepared.part == {"type": "image_url", "image_url": {"url": prepared.data_url}}


@pytest.mark.parametrize(
    ("url", "code", "status"),
    [
        pytest.param("https://example.org/a.png", "invalid_data_url", 400, id="link"),
        pytest.param("data:image/png", "invalid_data_url", 400, id="no comma"),
        pytest.param("data:image/png;base64,", "empty_data_url", 400, id="empty"),
        pytest.param("data:image/png;base64,aGkaa", "invalid_base64", 400, id="a letter too many"),
        pytest.param("data:image/png;base64,a*_=", "invalid_base64", 400, id="no letter of any alphabet"),
        pytest.param("data:image/png;base64,ä===", "invalid_base64", 400, id="not ASCII"),
        pytest.param("data:image/png;base64," + "A" * 4000, "data_url_too_large", 413, id="too large"),
    ],
)
def test_anything_else_is_refused_with_its_reason(url: str, code: str, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        decode_data_url(url, 1000)

    assert (refused.value.code, refused.value.status, refused.value.param) == (code, status, "image_url")


WRITERS = [
    pytest.param(lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)), id="line breaks"),
    pytest.param(lambda text: "\r\n".join(text[at : at + 64] for at in range(0, len(text), 64)) + "\r\n", id="CRLF"),
    pytest.param(lambda text: "\n    ".join(text[at : at + 60] for at in range(0, len(text), 60)), id="indented"),
    pytest.param(lambda text: text.replace("+", "-").replace("/", "_"), id="alphabet for addresses"),
    pytest.param(lambda text: text.rstrip("="), id="no padding"),
    pytest.param(lambda text: text.replace("+", "-").replace("/", "_").rstrip("="), id="both"),
    pytest.param(lambda text: quote(text, safe=""), id="percent-encoded"),
    pytest.param(lambda text: text.replace("+", " "), id="plus taken for a space"),
]
HEADS = [
    "data:image/png;base64,",
    "data:;base64,",
    "DATA:IMAGE/PNG;BASE64,",
    "data:image/png;name=a.png;charset=utf-8;base64,",
    "data:image/png; base64,",
    ' data:image/png;name="a b.png";base64,',
]


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("head", HEADS)
@given(data=st.binary(min_size=1, max_size=400))
def test_any_bytes_come_back_however_they_were_written(write: Callable[[str], str], head: str, data: bytes) -> None:
    url = head + write(base64.b64encode(data).decode())

    assert decode_data_url(url, len(data))[1] == data


def test_what_is_no_base64_is_percent_encoded() -> None:
    assert decode_data_url("data:image/svg+xml,%3Csvg/%3E", 100) == ("image/svg+xml", b"<svg/>")
    assert decode_data_url("data:;base64,aGk=", 100) == (UNNAMED, b"hi")
    with pytest.raises(RequestError):
        decode_data_url("data:,hi", 100)
