"""What signs page passes where the operator has set no secret: made once, and kept for the next start."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from groq_core.redaction import Secret

FILE = "page-secret"
LEAST = 32
"""Characters; a file that is shorter was never finished."""


def kept_secret(folder: Path) -> Secret | None:
    """
    The secret of a state folder, made when there is none; None where none can be kept.

    With it a page finds after a restart what it left, and nobody else does. It opens nothing else.
    """
    path = folder / FILE
    with suppress(OSError):
        if found := _read(path):
            return Secret(found)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = folder / f"{FILE}.{os.getpid()}"
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(LEAST))
            with suppress(FileExistsError):
                _move(new, path)
        finally:
            new.unlink(missing_ok=True)
        if found := _read(path):
            return Secret(found)
    return None


def _read(path: Path) -> str:
    try:
        text = path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return text if len(text) >= LEAST else ""


def _move(new: Path, path: Path) -> None:
    """Put it there, unless another process was first; what was never finished is replaced."""
    if path.exists() and not _read(path):
        new.replace(path)
    else:
        os.link(new, path)
