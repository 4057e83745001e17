"""Data URLs are read strictly, and never larger than allowed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.errors import RequestError
from groq_core.media.image.preparation import prepare
from groq_core.media.text.data_url import decode_data_url
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
        pytest.param("data:image/png,raw", "invalid_data_url", 400, id="not base64"),
        pytest.param("data:;base64,aGk=", "invalid_data_url", 400, id="no type"),
        pytest.param("data:image/png;base64,", "empty_data_url", 400, id="empty"),
        pytest.param("data:image/png;base64,aGk", "invalid_base64", 400, id="no padding"),
        pytest.param("data:image/png;base64,aG\nk=", "invalid_base64", 400, id="line break"),
        pytest.param("data:image/png;base64,a-_=", "invalid_base64", 400, id="other alphabet"),
        pytest.param("data:image/png;base64,ä===", "invalid_base64", 400, id="not ASCII"),
        pytest.param("data:image/png;base64," + "A" * 4000, "data_url_too_large", 413, id="too large"),
    ],
)
def test_anything_else_is_refused_with_its_reason(url: str, code: str, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        decode_data_url(url, 1000)

    assert (refused.value.code, refused.value.status, refused.value.param) == (code, status, "image_url")
