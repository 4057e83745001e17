"""
Tell what kind of picture some bytes are, and open it without decoding a pixel.

The content decides, never the file name: a camera's ``.png`` may be a JPEG, and a ``.jpg`` may be a letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pillow_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    PsdImagePlugin,
    QoiImagePlugin,
    TgaImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from groq_core.errors import RequestError
from groq_core.media.image.signatures import is_raw_photograph, signature, unread_kind

FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "GIF": "GIF",
    "WEBP": "WebP",
    "AVIF": "AVIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "HEIF": "HEIC",
    "JPEG2000": "JPEG 2000",
    "ICO": "ICO",
    "PSD": "PSD",
    "TGA": "TGA",
    "PPM": "PPM",
    "QOI": "QOI",
}
"""What may be opened: Pillow's name and the name people use."""

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    # For JPEG not the factory: it goes on to the further pictures of a multi-picture file.
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "HEIF": pillow_heif.as_plugin.HeifImageFile,
    "JPEG2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
    "ICO": IcoImagePlugin.IcoImageFile,
    "PSD": PsdImagePlugin.PsdImageFile,
    "TGA": TgaImagePlugin.TgaImageFile,
    "PPM": PpmImagePlugin.PpmImageFile,
    "QOI": QoiImagePlugin.QoiImageFile,
}

EXTENSIONS = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "avif": "AVIF",
    "bmp": "BMP",
    "tif": "TIFF",
    "tiff": "TIFF",
    "heic": "HEIF",
    "heif": "HEIF",
    "hif": "HEIF",
    "jp2": "JPEG2000",
    "j2k": "JPEG2000",
    "jpx": "JPEG2000",
    "ico": "ICO",
    "psd": "PSD",
    "tga": "TGA",
    "ppm": "PPM",
    "pgm": "PPM",
    "pbm": "PPM",
    "pnm": "PPM",
    "pfm": "PPM",
    "apng": "PNG",
    "jfif": "JPEG",
    "qoi": "QOI",
}
"""What a file name promises."""

_SAVE_AS_JPEG = "Save it as JPEG or PNG and try again."
_TEXT = bytes(range(0x20, 0x100)) + b"\t\n\r\f"


def invalid(message: str, code: str = "invalid_image", *, status: int = 400, hint: str = _SAVE_AS_JPEG) -> RequestError:
    """An error about the picture, for the caller to raise."""
    return RequestError(message, status=status, param="image", code=code, hint=hint)


def format_of(data: bytes) -> str:
    """
    Name the format of a picture by its first bytes.

    Returns:
        A key of :data:`FORMATS`.

    Raises:
        RequestError: It is empty (400), or something that can't be sent as a picture (422), and what.

    >>> format_of(b"GIF89a")
    'GIF'
    """
    if not data:
        raise invalid("The picture is empty: 0 bytes.", "empty_image", hint="Choose the file again.")
    found = signature(data) or ("TGA" if _is_targa(data) else None)
    if found is None or (found == "TIFF" and is_raw_photograph(data)):
        raise _refusal(data)
    return found


def check_head(head: bytes) -> None:
    """
    Refuse early, by its first bytes, what is surely no picture; a Targa may show only at its end that it is one.

    Raises:
        RequestError: As :func:`format_of`.
    """
    if not _begins_targa(head):
        format_of(head)


def _is_targa(data: bytes) -> bool:
    """A Targa has no signature but, if it is new, one at its end; in an old one every field must make sense."""
    if data[-18:-2] == b"TRUEVISION-XFILE":
        return True
    if not _begins_targa(data):
        return False
    palette, kind, depth = data[1], data[2], data[16]
    width, height = int.from_bytes(data[12:14], "little"), int.from_bytes(data[14:16], "little")
    return kind >= 9 or (palette == 0 and len(data) >= 18 + data[0] + width * height * (depth + 7) // 8)


def _begins_targa(data: bytes) -> bool:
    if len(data) < 18:
        return False
    palette, kind, depth = data[1], data[2], data[16]
    width, height = int.from_bytes(data[12:14], "little"), int.from_bytes(data[14:16], "little")
    return (
        palette in (0, 1)
        and (kind, depth) in _TARGA_KINDS
        and (kind in (1, 9)) == (palette == 1)
        and bool(width and height)
        and data[17] & 0xC0 == 0
        and data[:3].translate(None, b"\0\1\2\3\x09\x0a\x0b") == b""
    )


_TARGA_KINDS = frozenset(
    {(1, 8), (2, 16), (2, 24), (2, 32), (3, 8), (3, 16), (9, 8), (10, 16), (10, 24), (10, 32), (11, 8), (11, 16)}
)


def is_picture(data: bytes) -> bool:
    """Whether some bytes are a picture that can be read here."""
    try:
        format_of(data)
    except RequestError:
        return False
    return True


def _refusal(data: bytes) -> RequestError:
    if (kind := unread_kind(data)) is not None:
        return invalid(
            f"{kind[0].upper()}{kind[1:]} can't be read here.",
            "unsupported_image_format",
            status=422,
            hint="Save it as JPEG or PNG.",
        )
    if data[4:8] == b"ftyp":
        return invalid("This is a video, not a picture.", "unsupported_image_format", status=422)
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf"):
        return invalid(
            "This is a PDF, not a picture.",
            "unsupported_image_format",
            status=422,
            hint="Send a screenshot of the page, or read the PDF in the Extract tab.",
        )
    if b"<svg" in head:
        return invalid(
            "SVG drawings can't be read by a vision model.",
            "unsupported_image_format",
            status=422,
            hint="Export it as PNG.",
        )
    if head.startswith((b"<!doctype", b"<html")):
        return invalid("This is a web page, not a picture.", "unsupported_image_format", status=422)
    if data.startswith((b"RIFF", b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\x1aE\xdf\xa3")):
        return invalid(
            "This is a recording, not a picture.",
            "unsupported_image_format",
            status=422,
            hint="The Microphone tab takes recordings.",
        )
    if not data[:1024].translate(None, _TEXT):
        return invalid("This is a text file, not a picture.", "unsupported_image_format", status=422)
    return invalid("This is not a picture: its first bytes belong to no known format.")


@contextmanager
def reading() -> Iterator[None]:
    """
    Turn whatever a decoder raises on hostile bytes into one sentence about the file.

    Decoders for eight formats raise a dozen types between them, documented nowhere; all of them mean that the
    file is broken, since the code around them does nothing but call them.
    """
    try:
        yield
    except RequestError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise invalid(
            "The picture claims more pixels than can be read here.",
            "too_many_pixels",
            status=413,
            hint="Send a smaller picture.",
        ) from error
    except Exception as error:
        if "truncated" in str(error).lower() or isinstance(error, EOFError):
            raise invalid(
                "The picture is cut off: its end is missing.", "truncated_image", hint="Copy or download it again."
            ) from error
        raise invalid("The picture is broken and can't be read.", hint="Open it elsewhere and save it anew.") from error


def open_image(data: bytes, format_name: str) -> ImageFile.ImageFile:
    """
    Read the header: size, mode and metadata, no pixels.

    Goes to the format's own class, since ``Image.open`` warns about size before it can be asked what the size is.
    """
    return _READERS[format_name](BytesIO(data), "")
