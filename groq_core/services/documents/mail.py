"""A mail: its head, all that is text in it in the order in which it stands, what was forwarded, what is attached."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header
from email.message import Message
from typing import Final

from groq_core.services.documents.charsets import decode
from groq_core.services.documents.enclosed import Enclosures, ReadAttached, base_name
from groq_core.services.documents.html import read_page
from groq_core.services.documents.parts import ReadingLimits, ReadingWatch, ReadText, tidy, unfit

SHOWN_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")
_LONGEST_HEADER: Final = 4_000
_DEEPEST: Final = 12
_MOST_PARTS: Final = 500


def read_email(data: bytes, name: str, limits: ReadingLimits, read_attached: ReadAttached | None = None) -> ReadText:
    reading = _Reading(name, limits, read_attached)
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    text = reading.message(message, 0)
    if not reading.said:
        raise unfit(f"{name} has no text in it", "Send the file that is attached to it instead.")
    return ReadText([text], notes=[*dict.fromkeys(reading.notes), *reading.enclosures.notes()])


class _Reading:
    def __init__(self, name: str, limits: ReadingLimits, read_attached: ReadAttached | None) -> None:
        self._name = name
        self._watch = ReadingWatch(name, limits)
        self.enclosures = Enclosures(read_attached)
        self._parts = 0
        self.notes: list[str] = []
        self.said = False

    def message(self, message: Message, depth: int) -> str:
        """The head, then everything in it that is text."""
        charset = message.get_content_charset()
        head = "\n".join(
            f"{header}: {value}" for header in SHOWN_HEADERS if (value := self._header(message, header, charset))
        )
        body = "\n\n".join(filter(None, self._texts(message, depth)))
        return f"{head}\n\n{body}" if head else body

    def _header(self, message: Message, header: str, charset: str | None) -> str:
        raw = message.get(header)
        if raw is None:
            return ""
        text = str(raw)[:_LONGEST_HEADER]
        if any("\udc80" <= letter <= "\udcff" for letter in text):  # bytes that no header may hold
            text = decode(text.encode("ascii", "surrogateescape"), self._name, charset)[0]
        try:
            pieces = decode_header(text)
        except (ValueError, email.errors.HeaderParseError):
            return " ".join(text.split())
        found = "".join(
            piece if isinstance(piece, str) else decode(piece, self._name, encoding or charset)[0]
            for piece, encoding in pieces
        )
        return " ".join(found.split())

    def _texts(self, part: Message, depth: int) -> list[str]:
        self._parts += 1
        self._watch.count()
        if depth > _DEEPEST or self._parts > _MOST_PARTS:
            self.notes.append("Not read: parts of it that lie deeper, or come later, than any mail needs.")
            return []
        kind = part.get_content_type()
        if kind == "message/rfc822" or (kind.startswith("message/") and part.is_multipart()):
            return [self._forward(one, depth) for one in self._inside(part)]
        if kind == "multipart/alternative":
            return self._alternative(self._inside(part), depth)
        if part.is_multipart():
            return [text for one in self._inside(part) for text in self._texts(one, depth + 1)]
        return self._leaf(part, kind)

    def _inside(self, part: Message) -> list[Message]:
        payload = part.get_payload()
        return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []

    def _forward(self, message: Message, depth: int) -> str:
        return f"── Forwarded message ──\n{self.message(message, depth + 1)}"

    def _alternative(self, parts: list[Message], depth: int) -> list[str]:
        """The same said several times: plain if there are words in it, else the richest."""
        plain = [part for part in parts if part.get_content_type() == "text/plain"]
        for chosen in (*plain, *(part for part in reversed(parts) if part not in plain)):
            if texts := [text for text in self._texts(chosen, depth + 1) if text.strip()]:
                return texts
        return []

    def _leaf(self, part: Message, kind: str) -> list[str]:
        filename = part.get_filename()
        attached = part.get_content_disposition() == "attachment" or (filename and not kind.startswith("text/"))
        if attached or not kind.startswith("text/"):
            return self._read_attachment(part, filename)
        content = _content(part)
        text, *notes = self._decode(content, kind, part.get_content_charset())
        self.notes += filter(None, notes)
        self.said = self.said or bool(text.strip())
        return [text]

    def _decode(self, content: bytes, kind: str, charset: str | None) -> tuple[str, str, str]:
        """A text, and up to two sentences about it."""
        text, note = decode(content, self._name, charset)
        if kind != "text/html":
            return tidy(text), note, ""
        try:
            shown, unread = read_page(text)
        except ValueError:
            return tidy(text), note, ""
        return shown, note, unread

    def _read_attachment(self, part: Message, filename: str | None) -> list[str]:
        if part.get_content_maintype() == "image" and not filename:
            return []
        name = base_name(filename)
        text = self.enclosures.read(_content(part), name)
        if text is None:
            return []
        self.said = True
        return [f"── Attached: {name} ──\n{text}"]


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
