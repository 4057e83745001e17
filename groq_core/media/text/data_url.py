"""Read pictures and recordings that come inside a request as data URLs."""

from __future__ import annotations

import base64
import binascii
import re

from groq_core.errors import RequestError
from groq_core.media.text.phrases import size_in_words

_HEAD = re.compile(r"data:(?P<mime>[a-z]+/[a-z0-9.+-]{1,80})(?:;[a-z0-9-]+=[^;,]{0,80}){0,4};base64,", re.IGNORECASE)


def decode_data_url(url: str, limit: int, *, param: str = "image_url") -> tuple[str, bytes]:
    """
    Take a data URL apart.

    Args:
        url: ``data:image/png;base64,…``. Standard alphabet, padded; line breaks are not accepted.
        limit: Bytes the content may have; checked before it is decoded.
        param: Wire name of the field it stands in, for the error.

    Returns:
        The media type in lower case and the bytes.

    Raises:
        RequestError: 413 when it is too large, else 400.

    >>> decode_data_url("data:text/plain;charset=utf-8;base64,aGk=", 10)
    ('text/plain', b'hi')
    """
    head = _HEAD.match(url[:500])
    if head is None:
        raise RequestError(
            "This is not a data URL with base64 content.",
            param=param,
            code="invalid_data_url",
            hint="Write it as data:image/jpeg;base64,… with the file's bytes in base64.",
        )
    encoded = len(url) - head.end()
    size = encoded * 3 // 4 - url[-2:].count("=")
    if size > limit:
        raise RequestError(
            f"The data URL holds {size_in_words(size)} of at most {size_in_words(limit)}.",
            status=413,
            param=param,
            code="data_url_too_large",
            hint="Send a smaller file.",
        )
    try:
        data = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            "The base64 content of the data URL is broken.",
            param=param,
            code="invalid_base64",
            hint="Encode the file again, with the standard alphabet, padding and no line breaks.",
        ) from error
    if not data:
        raise RequestError("The data URL is empty.", param=param, code="empty_data_url", hint="Send the file's bytes.")
    return head["mime"].lower(), data
