"""Read pictures and recordings that come inside a request as data URLs, as clients write them."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from groq_core.errors import RequestError
from groq_core.media.text.phrases import size_in_words

_HEAD = re.compile(
    r"\s*+data:\s*+(?P<mime>[a-z0-9.+*-]{1,80}/[a-z0-9.+*-]{1,80})?"
    r"(?:\s*+;\s*+[a-z0-9-]++=(?:\"[^\"]{0,80}+\"|[^;,]{0,80}+)){0,6}\s*+(?P<base64>;\s*+base64\s*+)?,",
    re.IGNORECASE,
)
_BLANKS: Final = re.compile(r"[\t\r\n\f\v]+ *")
_ALPHABET: Final = re.compile(r"[A-Za-z0-9+/]*")
UNNAMED: Final = "application/octet-stream"


def decode_data_url(url: str, limit: int, *, param: str = "image_url") -> tuple[str, bytes]:
    """
    Take a data URL apart.

    Base64 may have line breaks, the alphabet for addresses, no padding, or be percent-encoded; the media type may
    be left out; with one but without ``;base64`` the content is percent-encoded (RFC 2397).

    Args:
        url: ``data:image/png;base64,…``.
        limit: Bytes the content may have; checked before it is decoded.
        param: Wire name of the field it stands in, for the error.

    Returns:
        The media type in lower case (:data:`UNNAMED` where there is none) and the bytes.

    Raises:
        RequestError: 413 when it is too large, else 400.

    >>> decode_data_url("data:text/plain;charset=utf-8;base64,aGk", 10)
    ('text/plain', b'hi')
    """
    head = _HEAD.match(url[:1000])
    if head is None or not (head["mime"] or head["base64"]):
        raise RequestError(
            "This is not a data URL.",
            param=param,
            code="invalid_data_url",
            hint="Write it as data:image/jpeg;base64,… with the file's bytes in base64.",
        )
    # Percent-encoding takes three letters for one, and a line break stands after 60 letters at the least.
    if len(url) - head.end() > 4 * limit + 100:
        raise _too_large(len(url) * 3 // 4, limit, param)
    body = url[head.end() :]
    data = _from_base64(body, limit, param) if head["base64"] else unquote_to_bytes(body)
    if len(data) > limit:
        raise _too_large(len(data), limit, param)
    if not data:
        raise RequestError("The data URL is empty.", param=param, code="empty_data_url", hint="Send the file's bytes.")
    return (head["mime"] or UNNAMED).lower(), data


def _from_base64(body: str, limit: int, param: str) -> bytes:
    if "%" in body:
        body = unquote_to_bytes(body).decode("latin-1")
    # What was a plus before somebody took the address for a form is a space now; after a line break it is none,
    # and at either end only where the length asks for it.
    body = _BLANKS.sub("", body)
    body = (body if len(body) % 4 == 0 else body.strip()).replace(" ", "+").translate(_STANDARD).rstrip("=")
    if len(body) * 3 // 4 > limit:
        raise _too_large(len(body) * 3 // 4, limit, param)
    try:
        if not _ALPHABET.fullmatch(body):
            raise ValueError("letters that are none of base64's")
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(
            "The base64 content of the data URL is broken.",
            param=param,
            code="invalid_base64",
            hint="Encode the file again.",
        ) from error


_STANDARD: Final = str.maketrans("-_", "+/")


def _too_large(size: int, limit: int, param: str) -> RequestError:
    return RequestError(
        f"The data URL holds {size_in_words(size)} of at most {size_in_words(limit)}.",
        status=413,
        param=param,
        code="data_url_too_large",
        hint="Send a smaller file.",
    )
