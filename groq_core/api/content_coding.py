"""Bodies that come compressed: gzip and deflate are undone within the bound for plain ones, others refused by name."""

from __future__ import annotations

import zlib
from typing import Final

from groq_core.errors import RequestError

WINDOWS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def decode_body(raw: bytes, coding: bytes | None, limit: int) -> bytes:
    """
    Undo a body's content coding.

    Args:
        coding: The header ``Content-Encoding``, if there was one.
        limit: Bytes the plain body may have.

    Raises:
        RequestError: 415 for a coding nobody undoes here, 400 for bytes that are not what it says, 413 beyond the
            limit.
    """
    word = (coding or b"").decode("latin-1").strip().lower()
    if word in ("", "identity"):
        return raw
    if word not in WINDOWS:
        raise RequestError(
            f"the content coding `{word[:40]}` is not undone here",
            status=415,
            param="Content-Encoding",
            code="unsupported_content_coding",
            hint="Send the body as it is, or with gzip.",
        )
    inflate = zlib.decompressobj(WINDOWS[word])
    try:
        plain = inflate.decompress(raw, limit + 1)
    except zlib.error:
        raise RequestError(f"the body is not {word}, though its header says so", param="Content-Encoding") from None
    if len(plain) > limit:
        raise RequestError(f"the body has more than {limit} bytes when unpacked", status=413, code="request_too_large")
    return plain
