"""
A process of its own for every document a stranger sends: it can be ended, and takes no memory from anybody else.

`python -m groq_core.services.documents.worker` reads what is wanted as a line of JSON from standard input, then the
file, and writes what it found as a line of JSON to standard output; behind it stand the bytes of a table.
"""

from __future__ import annotations

import json
import os
import sys
from base64 import b64decode, b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from groq_core.connections.bytes import hold_process
from groq_core.errors import RequestError
from groq_core.services.documents.parts import Document, ReadingLimits, size_error, slow

_GRACE: Final = 5.0
"""Seconds beyond a document's own in which the process starts and answers."""

_ROOT: Final = Path(__file__).parents[3]


async def run(data: bytes, filename: str, limits: ReadingLimits) -> Document:
    """
    Read a document in a process of its own.

    Raises:
        RequestError: As :func:`groq_core.services.documents.readers.read`; also 413 when it was ended, since it
            took too long or too much memory.
    """
    found = await _ask({"what": "read", "name": filename}, data, filename, limits)
    return msgspec.convert(found["document"], Document)


async def read_with_unread_pages(data: bytes, filename: str, limits: ReadingLimits) -> Document:
    """The same, but a PDF none of whose pages can be read is no error: all of them are ``unread``."""
    found = await _ask({"what": "partly", "name": filename}, data, filename, limits)
    return msgspec.convert(found["document"], Document)


async def pictures_of(data: bytes, filename: str, pages: tuple[int, ...], limits: ReadingLimits) -> list[bytes]:
    """Pages of a PDF, counted from 1, as PNG files."""
    found = await _ask({"what": "pictures", "name": filename, "pages": list(pages)}, data, filename, limits)
    return [b64decode(one) for one in found["pictures"]]


async def table_of(data: bytes, filename: str, limits: ReadingLimits) -> bytes:
    """The first sheet of a spreadsheet as CSV; errors as for :func:`run`."""
    found = await _ask({"what": "table", "name": filename}, data, filename, limits)
    rows: bytes = found["rest"]
    return rows


async def _ask(wanted: dict[str, Any], data: bytes, filename: str, limits: ReadingLimits) -> dict[str, Any]:
    name = Path(filename.replace("\\", "/")).name or "document"
    head = json.dumps(wanted | {"limits": msgspec.to_builtins(limits), "size": len(data)}).encode() + b"\n"
    with hold_process(len(data)):
        out = await _answer_of(head + data, name, limits)
    said, _, rest = out.partition(b"\n")
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        raise size_error(
            f"{name} takes more memory to read than it may",
            "Send only the pages that matter, or its text.",
        ) from None
    if (error := found.get("error")) is not None:
        raise RequestError(
            error["message"], status=error["status"], param="file", code=error["code"], hint=error["hint"]
        )
    return found | {"rest": rest}


async def _answer_of(sent: bytes, name: str, limits: ReadingLimits) -> bytes:
    """What the process answers; it is ended when nobody waits for it any more."""
    import asyncio  # a third of what the process itself would load, and it has no use for it

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "groq_core.services.documents.worker"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        env=_environment(),
    )
    try:
        async with asyncio.timeout(limits.seconds + _GRACE):
            out, _ = await process.communicate(sent)
    except TimeoutError:
        raise slow(name, limits) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return out


def _environment() -> dict[str, str]:
    """Nothing of the parent's but what Python needs: no key is in reach of a document."""
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    own = {key: os.environ[key] for key in kept if key in os.environ}
    return own | {
        "PYTHONPATH": str(_ROOT),
        "PYTHONIOENCODING": "utf-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


# ── the other side ───────────────────────────────────────────────────────────────────────────────────


def _limit_memory(limit: int) -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(wanted: dict[str, Any], data: bytes) -> dict[str, Any]:
    from groq_core.services.documents import readers as reading

    limits = msgspec.convert(wanted["limits"], ReadingLimits)
    if wanted["what"] == "table":
        from groq_core.services.documents.first_sheet import csv_of

        return {"rest": csv_of(data, wanted["name"], limits)}
    if wanted["what"] == "pictures":
        from groq_core.services.documents.rendering import pages_as_png

        pictures = pages_as_png(data, wanted["name"], wanted["pages"])
        return {"pictures": [b64encode(picture).decode() for picture in pictures]}
    if wanted["what"] == "partly":
        document = reading.document_of(*reading.read_as_far_as_possible(data, wanted["name"], limits), limits)
    else:
        document = reading.read(data, wanted["name"], limits)
    return {"document": msgspec.to_builtins(document)}


def main() -> None:
    wanted = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(wanted["size"])
    _limit_memory(wanted["limits"]["memory_bytes"])
    try:
        answer = _answer(wanted, data)
    except RequestError as error:
        answer = {"error": {"message": error.message, "status": error.status, "code": error.code, "hint": error.hint}}
    except (MemoryError, RecursionError):
        return  # what cannot be said any more is silence, and understood
    rest = answer.pop("rest", b"")
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + rest)


if __name__ == "__main__":
    main()
