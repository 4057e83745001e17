"""
Tell what kind of recording some bytes are, by content.

Groq goes by the extension of the file name alone, and refuses ``.oga`` or none at all however right the content
is; so the name that is sent is made here, and the name that came counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from groq_core.errors import RequestError
from groq_core.media.image import signatures

EXTENSIONS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "opus", "wav", "webm")
"""What Groq accepts: its validator's own list, 2026-10."""

ENDINGS = (
    *EXTENSIONS,
    *("3g2", "3gp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dff", "dsf", "dts"),
    *("eac3", "flv", "gsm", "m2ts", "m4b", "m4v", "mka", "mkv", "mov", "mp2", "mpg", "mpc", "mts", "mxf", "oga", "ogv"),
    *("ra", "rm", "snd", "spx", "tak", "ts", "tta", "voc", "vob", "w64", "wma", "wmv", "wv"),
)
"""How the names of recordings and films end that are read here, for whoever lets people choose one; content decides."""

HINT = "Record again, or save it as WAV, MP3, FLAC, OGG, M4A or WebM."
_TEXT = bytes(range(0x20, 0x100)) + b"\t\n\r\f"


@dataclass(frozen=True, slots=True)
class Container:
    """
    How sound is packed in a file.

    Attributes:
        name: As people call it.
        extension: Under which Groq accepts it as it is; empty where it does not.
        demuxer: ffmpeg's name. It is always told, so that a file can't choose one that opens other files.
        reader: What decodes it; ffmpeg also steps in for what soundfile can't.
    """

    name: str
    extension: str
    demuxer: str
    reader: Literal["soundfile", "ffmpeg"] = "ffmpeg"


WAV = Container("WAV", "wav", "wav", "soundfile")
FLAC = Container("FLAC", "flac", "flac", "soundfile")
MP3 = Container("MP3", "mp3", "mp3", "soundfile")
MPGA = Container("MPEG audio", "mpga", "mp3", "soundfile")
OGG = Container("OGG", "ogg", "ogg", "soundfile")
OPUS = Container("Opus", "ogg", "ogg", "soundfile")
M4A = Container("M4A", "m4a", "mov")
MP4 = Container("MP4", "mp4", "mov")
WEBM = Container("WebM", "webm", "matroska")
MPEG = Container("MPEG", "mpeg", "mpeg")
MATROSKA = Container("Matroska", "", "matroska")
AIFF = Container("AIFF", "", "aiff", "soundfile")
W64 = Container("Wave64", "", "w64", "soundfile")
AU = Container("AU", "", "au", "soundfile")
CAF = Container("CAF", "", "caf", "soundfile")
AMR = Container("AMR", "", "amr")
AAC = Container("AAC", "", "aac")
WMA = Container("WMA", "", "asf")
AVI = Container("AVI", "", "avi")
FLV = Container("FLV", "", "flv")
MPEG_TS = Container("MPEG-TS", "", "mpegts")

_SIGNATURES: tuple[tuple[int, bytes, Container], ...] = (
    (0, b"fLaC", FLAC),
    (8, b"WAVE", WAV),
    (8, b"AVI ", AVI),
    (8, b"AIFF", AIFF),
    (8, b"AIFC", AIFF),
    (0, b"riff\x2e\x91\xcf\x11", W64),
    (0, b".snd", AU),
    (0, b"caff", CAF),
    (0, b"#!AMR", AMR),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMA),
    (0, b"FLV\x01", FLV),
    (0, b"\0\0\x01\xba", MPEG),
    (0, b"\0\0\x01\xb3", MPEG),
    (0, b"ADIF", AAC),
)
"""Offset, bytes, and what they mean; containers with inner differences are looked at below."""


def unsupported_error(
    message: str, code: str = "unsupported_audio_format", *, status: int = 422, hint: str = HINT
) -> RequestError:
    """An error about the recording, for the caller to raise."""
    return RequestError(message, status=status, param="file", code=code, hint=hint)


def container_of(data: bytes) -> Container:
    """
    Name the container of a recording or film by its content.

    Raises:
        RequestError: ``param="file"``; it is empty (400), or holds no sound anybody can decode (422).

    >>> container_of(b"RIFF\\0\\0\\0\\0WAVEfmt ").name
    'WAV'
    """
    found = find_container(data)
    if found is None:
        raise unsupported_error("This is not a recording: its first bytes belong to no known format.")
    return found


def check_head(head: bytes) -> None:
    """
    Refuse early, by its first bytes, what is surely no recording: ffmpeg knows more kinds than have a signature here.

    Raises:
        RequestError: As :func:`find_container`; also 422 for nothing but zeros, which no kind begins with.
    """
    if find_container(head) is None and not head.strip(b"\0"):
        raise unsupported_error("This is not a recording: its first bytes are all zero.")


def find_container(data: bytes) -> Container | None:
    """
    The container, or None where the first bytes are no signature known here.

    Raises:
        RequestError: ``param="file"``; it is empty (400), or a picture, a document or a text (422).
    """
    if not data:
        raise unsupported_error(
            "The recording is empty: 0 bytes.", "empty_file", status=400, hint="Record or choose it again."
        )
    for offset, signature, container in _SIGNATURES:
        if data.startswith(signature, offset):
            return container
    if data.startswith(b"OggS"):
        return OPUS if b"OpusHead" in data[:200] else OGG
    if data[4:8] == b"ftyp":
        return _iso_media(data)
    if data.startswith(b"\x1aE\xdf\xa3"):
        return WEBM if b"webm" in data[:64] else MATROSKA
    if b"\x47" == data[:1] == data[188:189] or b"\x47" == data[4:5] == data[196:197]:
        return MPEG_TS  # cameras put four bytes of time before every packet
    found = _mpeg_audio(data)
    if found is None:
        _refuse(data)
    return found


def _iso_media(data: bytes) -> Container:
    """M4A, MP4, QuickTime and 3GP share a container; so do HEIC and AVIF, which are silent."""
    brand = data[8:12]
    if brand in (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"):
        raise unsupported_error("This is a picture, not a recording.", hint="The Image tab takes pictures.")
    return M4A if brand in (b"M4A ", b"M4B ") else MP4


def _mpeg_audio(data: bytes) -> Container | None:
    """
    MP3 and its older layers have no signature: a tag may come first, then every frame starts with 11 set bits.

    Source:
        ISO/IEC 11172-3, frame header; the layer bits are 00 in AAC's ADTS frames.
    """
    at = _tag_length(data)
    head = data[at : at + 3]
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[2] >> 4 == 0xF:
        return MP3 if at else None
    return (AAC, MP3, MPGA, MPGA)[head[1] >> 1 & 3]


def _tag_length(data: bytes) -> int:
    """Bytes of the ID3v2 tag and its padding at the start; 0 without one."""
    if not data.startswith(b"ID3") or len(data) < 10:
        return 0
    length = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    return length + next((at for at, byte in enumerate(data[length : length + 4096]) if byte), 0)


def _refuse(data: bytes) -> None:
    head = data[:1024]
    if signatures.signature(head):
        raise unsupported_error("This is a picture, not a recording.", hint="The Image tab takes pictures.")
    if head.startswith(b"%PDF"):
        raise unsupported_error("This is a PDF, not a recording.")
    if not head.translate(None, _TEXT):
        raise unsupported_error("This is a text file, not a recording.")
