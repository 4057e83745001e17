"""Pictures as people have them: each sample that once came out wrong, and others of its kind made on the spot."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw

from groq_core.errors import RequestError
from groq_core.media.image import tiles
from groq_core.media.image.preparation import MAX_EDGE, PreparedImage, prepare, prepare_all
from tests.media.samples import encode_image, png_chunk, sample

CASES = Path(__file__).parents[2] / "data" / "cases"
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (240, 240, 240)


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def pixels(prepared: PreparedImage) -> Image.Image:
    return Image.open(BytesIO(prepared.data)).convert("RGB")


def corners(width: int = 200, height: int = 120) -> Image.Image:
    image = Image.new("RGB", (width, height), WHITE)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2 - 1, height // 2 - 1), RED)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), GREEN)
    draw.rectangle((0, height // 2, width // 2 - 1, height), BLUE)
    return image


def assert_upright(image: Image.Image, by: int = 30) -> None:
    width, height = image.size
    for place, wanted in (((0.2, 0.2), RED), ((0.8, 0.2), GREEN), ((0.2, 0.8), BLUE), ((0.8, 0.8), WHITE)):
        found = image.getpixel((int(place[0] * width), int(place[1] * height)))
        assert isinstance(found, tuple)
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < by, (place, found)


# ── kinds ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_photograph_from_a_phone_is_upright() -> None:
    prepared = prepare(case("o6.heic"), filename="o6.heic")

    assert (prepared.width, prepared.height, prepared.original_format) == (200, 120, "HEIC")
    assert_upright(pixels(prepared))
    assert prepared.notes == ()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_of_any_orientation_is_upright(orientation: int) -> None:
    turned = corners().transpose(
        {1: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90}.get(
            orientation, Image.Transpose.ROTATE_270
        )
    )
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = BytesIO()
    file = pillow_heif.from_pillow(turned if orientation != 1 else corners())
    file.save(buffer, exif=exif.tobytes(), quality=90)

    assert_upright(pixels(prepare(buffer.getvalue())))


KINDS = [
    pytest.param("JPEG2000", {}, "JPEG 2000", id="JPEG 2000"),
    pytest.param("ICO", {"sizes": [(200, 120)]}, "ICO", id="ICO"),
    pytest.param("TGA", {}, "TGA", id="TGA"),
    pytest.param("TGA", {"compression": "tga_rle"}, "TGA", id="TGA with RLE"),
    pytest.param("PPM", {}, "PPM", id="PPM"),
    pytest.param("PNG", {}, "PNG", id="PNG"),
    pytest.param("WEBP", {"lossless": True}, "WebP", id="WebP"),
    pytest.param("AVIF", {"quality": 90}, "AVIF", id="AVIF"),
    pytest.param("BMP", {}, "BMP", id="BMP"),
    pytest.param("TIFF", {"compression": "tiff_lzw"}, "TIFF", id="TIFF"),
]


@pytest.mark.parametrize(("format_name", "options", "named"), KINDS)
def test_every_kind_is_read(format_name: str, options: dict[str, object], named: str) -> None:
    prepared = prepare(encode_image(corners(), format_name, **options))

    assert prepared.original_format == named
    assert_upright(pixels(prepared), by=45)
    assert prepared.notes == ()


def test_a_photoshop_file_is_read() -> None:
    planes = np.asarray(corners()).transpose(2, 0, 1).tobytes()
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 120, 200, 8, 3)
    prepared = prepare(head + bytes(12) + b"\0\0" + planes)

    assert prepared.original_format == "PSD"
    assert_upright(pixels(prepared))


@pytest.mark.parametrize("data", [b"\xff\x0a\xfa\x1f\1\x90" + bytes(80), b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(80)])
def test_what_has_no_decoder_is_named(data: bytes) -> None:
    with pytest.raises(RequestError, match="JPEG XL") as refused:
        prepare(data)

    assert refused.value.status == 422


# ── light ────────────────────────────────────────────────────────────────────────────────────────────


def test_light_on_nothing_can_be_seen() -> None:
    shown = np.asarray(pixels(prepare(case("whitetext.png"))).convert("L"))

    assert shown.max() - shown.min() > 150
    assert "dark ground" in prepare(case("whitetext.png")).summary


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("colour", [255, 235, 0, 90])
def test_any_text_on_nothing_can_be_seen(mode: str, colour: int) -> None:
    image = Image.new("LA", (300, 80), (colour, 0))
    ImageDraw.Draw(image).text((20, 20), "Total 1,234.50", fill=(colour, 255), font_size=30)

    shown = np.asarray(pixels(prepare(encode_image(image.convert(mode), "PNG"))).convert("L")).astype(int)

    assert shown.max() - shown.min() > 60


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_sixteen_bits_are_stretched_to_what_they_use(bits: int) -> None:
    ramp = np.tile(np.linspace(0, 2**bits - 1, 256).astype(np.uint16), (64, 1))

    shown = np.asarray(pixels(prepare(encode_image(Image.fromarray(ramp), "PNG"))).convert("L"))

    assert (shown.min(), shown.max()) == (0, 255)


def test_twelve_bits_of_sixteen_are_not_black() -> None:
    assert np.asarray(pixels(prepare(case("g16_12bit.png")))).max() > 240


def deep_png(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a colour, which Pillow reads and does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    kind = 2 if values.shape[2] == 3 else 6
    head = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, kind, 0, 0, 0)
    chunks = (png_chunk(b"IHDR", head), png_chunk(b"IDAT", zlib.compress(rows)), png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def deep_tiff(values: np.ndarray) -> bytes:
    """A TIFF of 16 bits a colour, as a scanner writes it: no compression, one strip, lower byte first."""
    height, width, bands = values.shape
    body: bytes = values.astype("<u2").tobytes()
    fields = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, bands, 8), (259, 3, 1, 1), (262, 3, 1, 2)]
    fields += [(273, 4, 1, 8 + 2 * bands), (277, 3, 1, bands), (278, 3, 1, height), (279, 4, 1, len(body))]
    directory = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields)
    at = 8 + 2 * bands + len(body)
    return b"".join((struct.pack("<2sHI", b"II", 42, at), struct.pack("<H", 16) * bands, body, directory, bytes(4)))


@pytest.mark.parametrize("write", [deep_png, deep_tiff])
@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 15])
def test_colours_of_sixteen_bits_are_stretched_to_what_they_use(
    bits: int, write: Callable[[np.ndarray], bytes]
) -> None:
    ramp = np.linspace(0, 2**bits - 1, 256).astype(np.uint16)
    values = np.stack([np.tile(ramp, (64, 1)), np.tile(ramp[::-1], (64, 1)), np.full((64, 256), 2 ** (bits - 1))], -1)

    shown = np.asarray(pixels(prepare(write(values))).convert("RGB")).astype(int)

    wanted = np.linspace(0, 255, 256)
    assert np.abs(shown[32, :, 0] - wanted).max() <= 12
    assert np.abs(shown[32, :, 1] - wanted[::-1]).max() <= 12
    assert len(np.unique(shown[:, :, 0])) > 150


@pytest.mark.parametrize("write", [deep_png, deep_tiff])
def test_colours_that_use_all_sixteen_bits_keep_their_brightness(write: Callable[[np.ndarray], bytes]) -> None:
    values = np.full((64, 64, 3), 0x8000)
    values[:8, :8] = 0xFFFF

    assert abs(int(np.asarray(pixels(prepare(write(values))).convert("RGB"))[40, 40, 0]) - 128) <= 2


def test_a_dark_picture_of_eight_bits_stays_dark() -> None:
    shown = pixels(prepare(encode_image(Image.new("RGB", (64, 64), (9, 9, 9)), "PNG")))

    assert np.asarray(shown.convert("RGB")).max() <= 12


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.02), (-5.0, 5.0), (1000.0, 1010.0), (0.0, 1e6)])
def test_floats_are_stretched_to_what_they_use(low: float, high: float) -> None:
    ramp = np.tile(np.linspace(low, high, 256, dtype=np.float32), (64, 1))

    shown = np.asarray(pixels(prepare(encode_image(Image.fromarray(ramp), "TIFF"))).convert("L"))

    assert shown.max() - shown.min() > 240


def test_linear_light_is_shown_as_a_browser_does() -> None:
    shown = pixels(prepare(case("gama1.png")))
    raw = np.asarray(Image.open(BytesIO(case("gama1.png"))).convert("RGB")).astype(float)

    wanted = np.where(raw / 255 <= 0.0031308, raw / 255 * 12.92, 1.055 * (raw / 255) ** (1 / 2.4) - 0.055) * 255
    assert np.abs(np.asarray(shown).astype(float) - wanted).mean() < 4


def png_with(chunk: bytes, image: Image.Image) -> bytes:
    data = encode_image(image, "PNG")
    return data[:33] + chunk + data[33:]


@pytest.mark.parametrize(("gamma", "wanted"), [(1.0, 188), (0.45455, 128), (0.5, 137), (0.35, 105)])
def test_gamma_is_followed(gamma: float, wanted: int) -> None:
    data = png_with(
        png_chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000))), Image.new("RGB", (40, 40), (128,) * 3)
    )

    found = pixels(prepare(data)).getpixel((20, 20))

    assert isinstance(found, tuple)
    assert abs(found[0] - wanted) <= 3


def test_srgb_counts_more_than_gamma() -> None:
    chunks = png_chunk(b"sRGB", b"\0") + png_chunk(b"gAMA", struct.pack(">I", 100_000))
    found = pixels(prepare(png_with(chunks, Image.new("RGB", (40, 40), (128,) * 3)))).getpixel((20, 20))

    assert found == (128, 128, 128)


def test_wide_colours_are_brought_to_srgb() -> None:
    grey = Image.new("RGB", (40, 40), (100, 150, 120))
    p3 = pixels(prepare(png_with(png_chunk(b"cICP", bytes((12, 13, 0, 1))), grey))).getpixel((20, 20))
    linear = pixels(prepare(png_with(png_chunk(b"cICP", bytes((1, 8, 0, 1))), grey))).getpixel((20, 20))

    assert isinstance(p3, tuple)
    assert isinstance(linear, tuple)
    assert p3[0] < 95  # green of P3 lies outside: red is less of it in sRGB
    assert linear[0] > 160


# ── what is missing ──────────────────────────────────────────────────────────────────────────────────


def test_a_jpeg_without_its_last_byte_is_whole() -> None:
    prepared = prepare(case("trunc_1.jpg"))

    assert prepared.notes == ()
    assert (prepared.width, prepared.height) == (600, 400)


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.3])
def test_rows_that_are_missing_are_counted(kept: float) -> None:
    data = sample("kiwi.jpg")

    (note,) = prepare(data[: int(len(data) * kept)]).notes

    lost = int(note.split("lowest ")[1].split()[0])
    assert abs(lost / 566 - (1 - kept)) < 0.25


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_only_the_end_mark_missing_is_nothing_missing(progressive: bool, cut: int) -> None:
    data = encode_image(corners(), "JPEG", quality=90, progressive=progressive)

    assert prepare(data[:-cut]).notes == ()


# ── several in one ───────────────────────────────────────────────────────────────────────────────────


def test_pages_are_sent_as_pages() -> None:
    pages = prepare_all(case("multi.tif"), at_most=5)

    assert [page.notes[0] for page in pages] == ["page 1 of 3", "page 2 of 3", "page 3 of 3"]
    assert len({page.data for page in pages}) == 3
    assert "pages" in prepare(case("multi.tif")).notes[0]


@pytest.mark.parametrize(("count", "at_most"), [(2, 5), (7, 3), (12, 5)])
def test_as_many_pages_as_there_is_room_for(count: int, at_most: int) -> None:
    first, *rest = [Image.new("L", (60, 60), 10 * at) for at in range(count)]
    data = encode_image(first, "TIFF", save_all=True, append_images=rest)

    pages = prepare_all(data, at_most=at_most)

    assert len(pages) == min(count, at_most)
    assert ("not sent" in pages[-1].notes[0]) == (count > at_most)


@pytest.mark.parametrize("format_name", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("blank", [0, 1, 3])
def test_the_first_frame_that_shows_something_is_sent(format_name: str, blank: int) -> None:
    frames = [Image.new("RGB", (100, 60), (250 - at,) * 3) for at in range(blank)] + [
        corners(100, 60),
        corners(100, 60).rotate(90),
    ]
    data = encode_image(frames[0], format_name, save_all=True, append_images=frames[1:], duration=100)

    prepared = prepare(data)

    assert_upright(pixels(prepared), by=40)
    assert ("the first that shows something" in prepared.notes[0]) == (blank > 0)  # WebP joins frames that are alike


def test_a_blank_first_frame_is_passed_over() -> None:
    shown = np.asarray(pixels(prepare(case("blankfirst.gif"))))

    assert np.ptp(shown) > 50


# ── long ones ────────────────────────────────────────────────────────────────────────────────────────


def test_a_conversation_on_a_phone_stays_legible() -> None:
    parts = prepare_all(case("tall6000.png"), at_most=5)

    assert [part.width for part in parts] == [1080] * 5
    assert all(part.height <= MAX_EDGE for part in parts)
    assert "5 overlapping parts" in parts[0].summary
    assert "can't be read" in prepare(case("tall6000.png")).summary


@settings(max_examples=200, deadline=None)
@given(width=st.integers(1, 20_000), height=st.integers(1, 20_000), at_most=st.integers(1, 8))
def test_tiles_cover_every_row_and_overlap(width: int, height: int, at_most: int) -> None:
    found = tiles.boxes((width, height), MAX_EDGE, at_most)

    assert 1 <= len(found) <= at_most
    low, high, edge = (1, 3, height) if height >= width else (0, 2, width)
    assert found[0][low] == 0
    assert found[-1][high] == edge
    for before, after in pairwise(found):
        assert after[low] < before[high]
        assert after[low] > before[low]


@pytest.mark.parametrize("size", [(900, 5200), (5200, 900), (1170, 9000)])
def test_what_stands_at_every_height_is_in_some_tile(size: tuple[int, int]) -> None:
    ramp = np.zeros((size[1], size[0]), np.uint8)
    along = np.linspace(0, 255, max(size)).astype(np.uint8)
    ramp[:] = along[:, None] if size[1] > size[0] else along[None, :]

    parts = prepare_all(encode_image(Image.fromarray(ramp), "PNG"), at_most=5)

    assert len(parts) > 1
    values = [np.asarray(pixels(part).convert("L")).astype(int) for part in parts]
    assert values[0].min() <= 2
    assert values[-1].max() >= 253
    for before, after in pairwise(values):
        assert after.min() < before.max()


def test_a_long_picture_without_room_for_parts_says_so() -> None:
    note = prepare(encode_image(Image.new("L", (500, 9000), 200), "PNG")).summary

    assert "can't be read" in note
