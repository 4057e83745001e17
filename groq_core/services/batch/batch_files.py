"""The files of a batch: what of one that was handed in cannot be part of it, and the two that come back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from groq_core.errors import RequestError
from groq_core.services.batch.lines import URLS, LineFault
from groq_core.services.batch.seen_ids import IdSet
from groq_core.services.batch.sources import LineSource

MAX_LINES: Final = 50_000
MAX_ERRORS: Final = 20


ENDPOINTS: Final = {url: operation for url, operation in URLS.items() if operation == "chat"}
"""Where the lines of a batch that is handed in are answered."""


def check_endpoint(endpoint: str) -> None:
    """
    Raises:
        RequestError: No batch that is handed in is answered there.
    """
    operation = URLS.get(endpoint.removeprefix("/openai"))
    if operation is None:
        known = ", ".join(ENDPOINTS)
        raise RequestError(f"no batch is answered at {endpoint[:80]}", param="endpoint", hint=f"Use {known}.")
    if operation not in ENDPOINTS.values():
        # A line's address is not fetched, and files of this machine are none of a stranger's business.
        raise RequestError(
            "no recording can be reached from a batch here",
            param="endpoint",
            hint=f"Send each to POST {endpoint[:80]}; `groq-core batch` takes those of a folder.",
        )


def look_through(source: LineSource, endpoint: str) -> tuple[int, list[dict[str, Any]]]:
    """Count the lines, and say which cannot be part of this batch."""
    wanted = URLS[endpoint.removeprefix("/openai")]
    count, errors, ids = 0, list[dict[str, Any]](), IdSet()
    for entry in source:
        count += 1
        code = "invalid_line"
        if isinstance(entry, LineFault) and entry.asked is None:
            problem = (entry.error.message, entry.error.param)
        elif wanted != (entry.asked if isinstance(entry, LineFault) else entry.operation):
            problem = (f"the line's url is not the batch's {endpoint}", "url")
        elif not ids.add(entry.custom_id):
            code, problem = "duplicate_custom_id", ("an earlier line has the same custom_id", "custom_id")
        else:
            continue
        if len(errors) < MAX_ERRORS:
            message, param = problem
            errors.append({"code": code, "message": message, "line": entry.number, "param": param})
    if count > MAX_LINES:
        errors.append({"code": "too_many_lines", "message": f"at most {MAX_LINES} lines", "line": None, "param": None})
    if not count:
        errors.append({"code": "empty_file", "message": "the file has no lines", "line": None, "param": None})
    return count, errors


def part_answers(answers: Path) -> tuple[bytes, bytes]:
    """What was answered and what failed, as two files; nothing where there is none."""
    good, bad = bytearray(), bytearray()
    with suppress(FileNotFoundError), answers.open("rb") as file:
        for line in file:
            (good if msgspec.json.decode(line)["error"] is None else bad).extend(line)
    return bytes(good), bytes(bad)
