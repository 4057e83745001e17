"""Bodies that come compressed: gzip and deflate are undone within the bound for plain ones, others refused by name."""

from __future__ import annotations

import zlib
from typing import Final

from groq_core.errors import RequestError

MEMBER: Final = b"\x1f\x8b"
"""How one of gzip begins."""

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
    # Some leave out what deflate should be wrapped in, so that it is tried without as well.
    for window in (WINDOWS[word], -zlib.MAX_WBITS) if word == "deflate" else (WINDOWS[word],):
        inflate = zlib.decompressobj(window)
        try:
            plain = inflate.decompress(raw, limit + 1)
            # A writer that is flushed or goes on later makes several members, which are one body (RFC 1952 §2.2).
            while inflate.unused_data.startswith(MEMBER) and window > zlib.MAX_WBITS and len(plain) <= limit:
                rest, inflate = inflate.unused_data, zlib.decompressobj(window)
                plain += inflate.decompress(rest, limit + 1 - len(plain))
        except zlib.error:
            continue
        if len(plain) > limit:
            message = f"the body has more than {limit} bytes when unpacked"
            raise RequestError(message, status=413, code="request_too_large")
        if not inflate.eof:
            raise RequestError(f"the body's {word} ends in the middle", param="Content-Encoding", hint="Send it whole.")
        return plain
    raise RequestError(f"the body is not {word}, though its header says so", param="Content-Encoding")


def refuse_coding(coding: bytes | None) -> None:
    """
    Take no coded body where it is read as it arrives.

    Raises:
        RequestError: 415 that says so.
    """
    if coding and coding.strip().lower() != b"identity":
        raise RequestError(
            "a form is taken as it is, without a content coding",
            status=415,
            param="Content-Encoding",
            code="unsupported_content_coding",
            hint="Recordings hardly shrink: send the form unpacked.",
        )
