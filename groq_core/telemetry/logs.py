"""How log lines look: for people or for machines, and in either case without a key."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec

from groq_core.errors import GroqCoreError
from groq_core.redaction import redact
from groq_core.terminal import for_terminal

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and whatever the record carries beyond that."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return redact(msgspec.json.encode(line, enc_hook=str).decode())


class TextLines(logging.Formatter):
    """Time, level and message, and behind them the request's fields as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        tail = " ".join(
            f"{name}={';'.join(value) if isinstance(value, list) else value}"
            for name, value in fields.items()
            if value not in ("", None, [], 0)
        )
        text = f"{time} {record.levelname.lower():7} {record.getMessage()}{'  ' + tail if tail else ''}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return redact(text)


def is_no_end(record: logging.LogRecord) -> bool:
    """
    Whether a line tells of something else than a stream that is cut because the server ends.

    uvicorn takes that for a fault of the application, and writes a trace for every open page.
    """
    return record.exc_info is None or not isinstance(record.exc_info[1], asyncio.CancelledError)


def complain(error: GroqCoreError, *, as_json: bool) -> None:
    """Say on standard error why nothing comes of it: to people as words, to machines as a line like all others."""
    if as_json:
        record = logging.makeLogRecord(
            {"name": "groq_core", "levelname": "ERROR", "msg": error.message, "hint": error.hint}
        )
        print(JsonLines().format(record), file=sys.stderr)
        return
    for text in filter(None, (f"error: {error.message}", error.hint)):
        print(for_terminal(text), file=sys.stderr)  # a server, a model or a file may have had its part in the words


def configure(style: Literal["text", "json"], level: str) -> None:
    """
    Send this package's log lines to standard error.

    The SDKs' own loggers are held at WARNING whatever the level: at DEBUG they print whole requests.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else TextLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("groq_core").setLevel(level.upper())
    for name in ("groq", "openai", "httpx", "httpx2", "httpcore", "aiohttp", "uvicorn", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(is_no_end)
    # What goes wrong there is raised as well, and its traces quote what a stranger's server answered.
    logging.getLogger("mcp.client").setLevel(logging.CRITICAL)
