"""The README's table of the kinds of files that are read, written from what the code reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from groq_core.media.audio.container import ENDINGS
from groq_core.media.image.format import EXTENSIONS as PICTURES
from groq_core.media.image.format import FORMATS
from groq_core.services.documents.parts import EXTENSIONS as DOCUMENTS

_ALONE: Final = ("wav", "flac", "aif", "aifc", "aiff", "au", "snd", "mp3", "mpga", "ogg", "oga", "opus")
"""Recordings that are read where ffmpeg is missing, too."""

_HEARD: Final = ("recording", "Microphone, Chat", "`/v1/audio/*`", "`transcribe`, `batch`", "`core.transcription`")
_SEEN: Final = (
    *("picture", "Image, Chat, Extract", "`image_url` data URLs, `/v1/extract`", "`extract`"),
    "`core.vision`, `prepare_all`",
)
_READ: Final = ("document", "Chat, Extract, Agent", "`/v1/extract`", "`extract`, `agent`", "`read_and_look`")

_WORDS: Final = {
    "text": "Text in any encoding",
    "markdown": "Markdown",
    "email": "Mail, with what is forwarded and attached",
    "html": "Web pages, as they are shown",
    "pdf": (
        "PDF with forms, remarks and portfolios; pages without text, or with most of it in pictures, "
        "are shown to a vision model"
    ),
    "docx": "Word",
    "pptx": "PowerPoint, with notes",
    "xlsx": "Excel",
    "odt": "OpenDocument text",
    "ods": "OpenDocument sheets",
    "odp": "OpenDocument slides",
    "rtf": "Rich text",
    "msg": "Outlook's messages, with what is forwarded and attached",
    "xml": "XML",
}

HEAD: Final = ("kind", "read as", "page", "HTTP API", "command line", "Python")


def rows() -> Iterator[tuple[str, ...]]:
    """A row for every kind: its endings, and where it is read; `tests/test_every_surface.py` tries each."""
    yield (_endings("Recordings", _ALONE), *_HEARD)
    others = (ending for ending in ENDINGS if ending not in _ALONE)
    yield (_endings("Recordings and films, with ffmpeg, and all else it reads", others), *_HEARD)
    formats = ", ".join(sorted(set(FORMATS.values())))
    yield (_endings(f"Pictures ({formats})", PICTURES), *_SEEN)
    for kind in dict.fromkeys(DOCUMENTS.values()):
        yield (_endings(_WORDS[kind], (ending[1:] for ending, one in DOCUMENTS.items() if one == kind)), *_READ)


def _endings(words: str, endings: Iterable[str]) -> str:
    return f"{words}: {', '.join(f'`.{ending}`' for ending in endings)}"
