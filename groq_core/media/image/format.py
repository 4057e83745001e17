"""
Tell what kind of picture some bytes are, and open it without decoding a pixel.

The content decides, never the file name: a camera's ``.png`` may be a JPEG, and a ``.jpg`` may be a letter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from groq_core.errors import RequestError

FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "GIF": "GIF",
    "WEBP": "WebP",
    "AVIF": "AVIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "HEIF": "HEIC",
}
"""What may be opened: Pillow's name and the name people use. HEIC only where a plug-in brings a decoder."""

_READERS: dict[str, type[ImageFile.ImageFile]] = {
    # For JPEG not the factory: it goes on to the further pictures of a multi-picture file.
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
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
}
"""What a file name promises."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

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
    head = data[:64]
    if not data:
        raise invalid("The picture is empty: 0 bytes.", "empty_image", hint="Choose the file again.")
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith((b"II*\0", b"MM\0*")):
        return "TIFF"
    if head.startswith(b"BM") and len(data) > 26:
        return "BMP"
    if head[4:8] == b"ftyp":
        return _format_of_iso_media(data)
    raise _refusal(data)


def _format_of_iso_media(data: bytes) -> str:
    """AVIF, HEIC and films share a container; the brands at its start tell them apart."""
    brands = data[8 : min(64, int.from_bytes(data[:4], "big"))]
    if b"avif" in brands or b"avis" in brands:
        return "AVIF"
    if not any(brand in brands for brand in _HEIC_BRANDS):
        raise invalid("This is a video, not a picture.", "unsupported_image_format", status=422)
    if "HEIF" in Image.OPEN:
        return "HEIF"
    raise invalid(
        "HEIC pictures can't be read here.",
        "unsupported_image_format",
        status=422,
        hint="Save it as JPEG; on an iPhone, Settings › Camera › Formats › Most Compatible takes JPEGs from the start.",
    )


def _refusal(data: bytes) -> RequestError:
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


def opened(data: bytes, format_name: str) -> ImageFile.ImageFile:
    """
    Read the header: size, mode and metadata, no pixels.

    Goes to the format's own class, since ``Image.open`` warns about size before it can be asked what the size is.
    """
    reader = _READERS.get(format_name) or Image.OPEN[format_name][0]
    return reader(BytesIO(data), "")
