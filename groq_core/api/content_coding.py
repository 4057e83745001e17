"""Bodies that come compressed: gzip and deflate are undone within the bound for plain ones, others refused by name."""

from __future__ import annotations

import zlib
from typing import Final

from groq_core.errors import RequestError

MEMBER: Final = b"\x1f\x8b"
"""How one of gzip begins."""

MOST_MEMBERS: Final = 1000
PIECE: Final = 2**16
"""Of a body at a time: behind each member zlib copies what is left of what it was given."""

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
            if window > zlib.MAX_WBITS and inflate.unused_data.startswith(MEMBER) and len(plain) <= limit:
                more, inflate = _further_members(inflate.unused_data, window, limit - len(plain))
                plain += more
        except zlib.error:
            continue
        if len(plain) > limit:
            message = f"the body has more than {limit} bytes when unpacked"
            raise RequestError(message, status=413, code="request_too_large")
        if not inflate.eof:
            raise RequestError(f"the body's {word} ends in the middle", param="Content-Encoding", hint="Send it whole.")
        return plain
    raise RequestError(f"the body is not {word}, though its header says so", param="Content-Encoding")


def _further_members(rest: bytes, window: int, room: int) -> tuple[bytes, zlib._Decompress]:
    """
    Undo what follows gzip's first member: a writer that is flushed or goes on later makes several, which are one body
    (RFC 1952 §2.2).

    Args:
        room: Bytes they may have together.

    Returns:
        They, one byte too many at most, and what has undone the last of them.

    Raises:
        RequestError: 400; there are more than anybody writes.
    """
    view, at, parts, size = memoryview(rest), 0, list[bytes](), 0
    inflate, members = zlib.decompressobj(window), 1
    while at < len(view) and size <= room:
        piece = view[at : at + PIECE]
        part = inflate.decompress(piece, room + 1 - size)
        parts.append(part)
        size, at = size + len(part), at + len(piece)
        if not inflate.eof:
            continue
        at -= len(inflate.unused_data)
        if bytes(view[at : at + 2]) != MEMBER:
            break
        members += 1
        if members > MOST_MEMBERS:
            message = f"the body's gzip has more than {MOST_MEMBERS} members"
            raise RequestError(message, param="Content-Encoding", hint="Pack it in one.")
        inflate = zlib.decompressobj(window)
    return b"".join(parts), inflate


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
