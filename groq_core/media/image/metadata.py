"""Name what a picture tells besides its pixels, so that its owner can be told what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image, ImageFile

_ORIENTATION = ExifTags.Base.Orientation

# Tags that say nothing about anybody: the form of the pixels, and pointers to the blocks named on their own.
_FORM = frozenset(
    {
        *range(0x0100, 0x0108),
        _ORIENTATION,
        ExifTags.Base.StripOffsets,
        ExifTags.Base.SamplesPerPixel,
        ExifTags.Base.RowsPerStrip,
        ExifTags.Base.StripByteCounts,
        ExifTags.Base.XResolution,
        ExifTags.Base.YResolution,
        ExifTags.Base.PlanarConfiguration,
        ExifTags.Base.ResolutionUnit,
        ExifTags.Base.Predictor,
        ExifTags.Base.ColorMap,
        ExifTags.Base.TileWidth,
        ExifTags.Base.TileLength,
        ExifTags.Base.TileOffsets,
        ExifTags.Base.TileByteCounts,
        ExifTags.Base.ExtraSamples,
        ExifTags.Base.SampleFormat,
        ExifTags.Base.YCbCrPositioning,
        ExifTags.Base.ExifOffset,
        ExifTags.Base.GPSInfo,
        *(0x02BC, 0x83BB, 0x8649, 0x8773),  # XMP, IPTC, Photoshop and ICC inside a TIFF
    }
)
_OWNER = frozenset(
    {
        ExifTags.Base.Artist,
        ExifTags.Base.Copyright,
        ExifTags.Base.XPAuthor,
        ExifTags.Base.CameraOwnerName,
        ExifTags.Base.HostComputer,
    }
)
_DATES = frozenset({ExifTags.Base.DateTime, ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized})

_BLOCKS = {
    "icc_profile": "ICC profile",
    "xmp": "XMP",
    "photoshop": "IPTC",
    "comment": "comment",
    "mp": "further pictures",
}
_TIFF_BLOCKS = {0x8773: "ICC profile", 0x02BC: "XMP", 0x83BB: "IPTC", 0x8649: "IPTC"}
_JPEG_SEGMENTS_NAMED_ELSEWHERE = ("APP0", "APP1", "APP14", "COM")


def orientation_of(image: Image.Image) -> int:
    """How the picture has to be turned, 1 to 8 as in EXIF; 1 (upright) when it does not say."""
    value = _exif(image).get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def metadata_of(image: ImageFile.ImageFile) -> tuple[str, ...]:
    """
    Name every kind of metadata in a picture that has been loaded, most private first.

    Returns:
        E.g. ``("GPS position", "camera data", "thumbnail", "ICC profile")``.
    """
    found = dict.fromkeys(_exif_kinds(image))
    found.update(dict.fromkeys(word for key, word in _BLOCKS.items() if image.info.get(key)))
    tags = getattr(image, "tag_v2", {})
    found.update(dict.fromkeys(word for tag, word in _TIFF_BLOCKS.items() if tag in tags))
    if getattr(image, "text", None):
        found["text notes"] = None
    segments = {name for name, _ in getattr(image, "applist", ())}
    if segments.difference(_JPEG_SEGMENTS_NAMED_ELSEWHERE) and not found.keys() & {"ICC profile", "IPTC"}:
        found["application data"] = None
    return tuple(found)


def _exif(image: Image.Image) -> Mapping[int, Any]:
    try:
        return image.getexif()
    # A broken block of metadata must not keep anybody from the picture, which is read without it.
    except Exception:
        return {}


def _exif_kinds(image: Image.Image) -> list[str]:
    kinds: list[str] = []
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        if exif.get_ifd(ExifTags.IFD.GPSInfo):
            kinds.append("GPS position")
        tags = set(exif) | set(details)
        if tags & _OWNER:
            kinds.append("owner's name")
        if tags & _DATES:
            kinds.append("date")
        if tags - _OWNER - _DATES - _FORM:
            kinds.append("camera data")
        # What comes second in a TIFF is its second page.
        if image.format != "TIFF" and exif.get_ifd(ExifTags.IFD.IFD1):
            kinds.append("thumbnail")
    except Exception:
        kinds.append("broken EXIF data")
    return kinds
