"""What Gradio's chat hands over, as turns of a conversation: texts, and files that are pictures or recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from groq_core.errors import RequestError

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff", ".tif", ".avif", ".heic"})
RECORDINGS: Final = frozenset({".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".mp4", ".webm", ".aac", ".mpga"})

GONE: Final = "[{} was here earlier, and is not there any more.]"
"""What stands in place of a file of the history that is gone."""

Listen = Callable[[bytes, str], Awaitable[str]]
"""From a recording and its name to what is said in it."""


@dataclass(slots=True)
class MessageTurn:
    """One message: its text, and its pictures as bytes."""

    role: str
    text: str
    pictures: list[bytes] = field(default_factory=list)


async def conversation(message: Any, history: Sequence[Any], listen: Listen) -> list[MessageTurn]:
    """
    Put what was said before and the new message into turns; the new one comes last.

    Thoughts and stories that were shown are left out. Recordings become what is said in them.

    Raises:
        RequestError: The message is empty, or a file is neither a picture nor a recording.
    """
    turns = [turn for one in history if (turn := await _turn(one, listen)) is not None]
    last = await _message(message, listen)
    if not last.text.strip() and not last.pictures:
        raise RequestError("the message is empty", param="message", hint="Type something, or add a file.")
    return [*turns, last]


async def _message(message: Any, listen: Listen) -> MessageTurn:
    if isinstance(message, str):
        return MessageTurn("user", message)
    turn = MessageTurn("user", str(message.get("text") or ""))
    for file in message.get("files") or ():
        path = _path(file)
        try:
            await _add(turn, path, listen)
        except FileNotFoundError:
            name = Path(path).name if path else "a file"
            raise RequestError(f"{name} is not there any more", param="files", hint="Add it again.") from None
    return turn


async def _turn(entry: Any, listen: Listen) -> MessageTurn | None:
    """A message of the history; None for what is only a story about an answer."""
    said = entry if isinstance(entry, dict) else vars(entry)
    metadata = said.get("metadata")
    if metadata and (metadata.get("title") if isinstance(metadata, dict) else metadata.title):
        return None
    turn = MessageTurn(str(said.get("role", "user")), "")
    content = said.get("content")
    for part in content if isinstance(content, list | tuple) else [content]:
        if isinstance(part, str):
            turn.text += part
        elif isinstance(part, dict) and part.get("type") == "text":
            turn.text += str(part.get("text", ""))
        elif (path := _path(part)) is not None and turn.role == "user":
            try:
                await _add(turn, path, listen)
            except FileNotFoundError:
                # Conversations that a browser keeps outlive the files of the app that they came from.
                turn.text = f"{turn.text}\n\n{GONE.format(Path(path).name)}".strip()
    return turn if turn.text.strip() or turn.pictures else None


def _path(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if isinstance(part, dict):
        inner = part.get("file", part)
        return inner.get("path") if isinstance(inner, dict) else None
    return getattr(part, "path", None)


async def _add(turn: MessageTurn, path: str | None, listen: Listen) -> None:
    if path is None:
        return
    file = Path(path)
    kind = file.suffix.lower()
    if kind in PICTURES:
        turn.pictures.append(await asyncio.to_thread(file.read_bytes))
    elif kind in RECORDINGS:
        said = await listen(await asyncio.to_thread(file.read_bytes), file.name)
        turn.text = f"{turn.text}\n\n{said}".strip()
    else:
        raise RequestError(
            f"{file.name} is neither a picture nor a recording", param="files", hint="Add a picture or a recording."
        )
