"""Pictures come out upright, in sRGB, small enough, and with nothing else in them."""

from __future__ import annotations

import resource
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageDraw, PngImagePlugin, TiffImagePlugin

from groq_core.errors import RequestError
from groq_core.media.image.compression import MIN_EDGE
from groq_core.media.image.preparation import MAX_BYTES, MAX_EDGE, PreparedImage, prepare
from tests.media.image.drawn import BLUE, GREEN, RED, WHITE, close, corners, reopen
from tests.media.samples import FOLDER, bmp_bomb, encode_image, jpeg_bomb, png_bomb, png_chunk, sample, webp_bomb

TRACES = (
    b"Exif",
    b"ICC_PROFILE",
    b"iCCP",
    b"eXIf",
    b"ns.adobe.com",
    b"Photoshop",
    b"tEXt",
    b"iTXt",
    b"zTXt",
    b"tIME",
    b"\xff\xfe",
)
"""What metadata looks like in a JPEG or a PNG."""

GPS = {1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 0.0)}


def private_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera maker"
    exif[ExifTags.Base.Artist] = "Somebody"
    exif[ExifTags.Base.DateTime] = "2026:11:23 12:00:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(GPS)
    return exif


def private_block(format_name: str, orientation: int = 1) -> dict[str, Any]:
    """The same metadata as options of ``Image.save``: in a TIFF, EXIF is not a block but the file itself."""
    exif = private_exif()
    exif[ExifTags.Base.Orientation] = orientation
    if format_name != "TIFF":
        return {"exif": exif}
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in exif.items():
        directory[tag] = value
    directory[ExifTags.IFD.GPSInfo] = GPS
    return {"tiffinfo": directory}


REFUSED = [
    pytest.param(b"", 400, "empty_image", id="empty"),
    pytest.param(sample("broken.png"), 400, "invalid_image", id="not even a signature"),
    pytest.param(sample("kiwi.jpg")[:700], 400, "truncated_image", id="JPEG of which nothing is left"),
    pytest.param(sample("diamond.png")[:30000], 400, "truncated_image", id="cut PNG"),
    pytest.param(sample("huge-dimensions.gif"), 413, "too_many_pixels", id="GIF frame of 4 gigapixels"),
    pytest.param(png_bomb(60000, 60000), 413, "too_many_pixels", id="PNG of 3.6 gigapixels"),
    pytest.param(webp_bomb(16384), 413, "too_many_pixels", id="WebP canvas of 268 megapixels in 44 bytes"),
    pytest.param(bmp_bomb(100_000, 100_000), 413, "too_many_pixels", id="BMP of 10 gigapixels in 54 bytes"),
    pytest.param(jpeg_bomb(65535, 65535, progressive=False), 413, "too_many_pixels", id="JPEG of 4.3 gigapixels"),
    pytest.param(jpeg_bomb(12000, 12000, progressive=True), 413, "too_many_pixels", id="progressive JPEG"),
    pytest.param(b"Dear model,\nplease look at this.", 422, "unsupported_image_format", id="text named .png"),
    pytest.param(b'<?xml version="1.0"?>\n<svg xmlns="x"/>', 422, "unsupported_image_format", id="SVG"),
    pytest.param(b"%PDF-1.7\n%\xe2\xe3", 422, "unsupported_image_format", id="PDF"),
    pytest.param(b"<!DOCTYPE html><p>404", 422, "unsupported_image_format", id="web page"),
    pytest.param(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99, 400, "invalid_image", id="HEIC"),
    pytest.param(b"\0\0\0\x18ftypisom\0\0\0\0mp42isom" + b"\0" * 99, 422, "unsupported_image_format", id="film"),
    pytest.param(sample("jfk.mp3"), 422, "unsupported_image_format", id="recording"),
    pytest.param(b"\xff\xd8\xff" + bytes(3_000_000), 400, "invalid_image", id="JPEG full of nothing"),
    pytest.param(b"\xff\xd8" + b"\xff" * 3_000_000, 400, "invalid_image", id="JPEG full of fill bytes"),
    pytest.param(b"\xff\xd8" + b"\xff\xe1\0\2" * 9_000_000, 400, "invalid_image", id="JPEG of nine million segments"),
    pytest.param(png_bomb(8, 8)[:33] + png_chunk(b"tEXt", b"a\0b") * 2_000_000, 400, "invalid_image", id="PNG chunks"),
    pytest.param(b"\x89PNG\r\n\x1a\n", 400, "invalid_image", id="PNG signature alone"),
    pytest.param(b"\xff\xd8\xff\xe0", 400, "invalid_image", id="JPEG signature alone"),
    pytest.param(b"RIFF\x24\0\0\0WEBPVP8 ", 400, "invalid_image", id="WebP signature alone"),
]


@pytest.mark.parametrize(("data", "status", "code"), REFUSED)
def test_what_cannot_be_sent_is_refused_in_one_sentence(data: bytes, status: int, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        prepare(data, filename="picture.png")

    assert (refused.value.status, refused.value.code, refused.value.param) == (status, code, "image")
    assert refused.value.message.endswith(".")
    assert refused.value.hint.endswith(".")


def test_a_file_too_large_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(RequestError, match="too large: 5 KB of at most 1 KB") as refused:
        prepare(bytes(5000), max_input_bytes=1000)

    assert refused.value.status == 413


@pytest.mark.parametrize("data", [case.values[0] for case in REFUSED if case.values[2] == "too_many_pixels"])
def test_a_bomb_takes_no_memory(data: bytes) -> None:
    prepare(sample("hopper.jpg"))  # whatever is loaded once is loaded now
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with pytest.raises(RequestError):
            prepare(data)
        _, python_peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert python_peak < 5_000_000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 50_000_000


@pytest.mark.parametrize(
    "name",
    [
        "hopper.jpg",
        "exif-orientation-6.jpg",
        "cmyk-adobe.jpg",
        "exif-gps.jpg",
        "png-16bit-gray-trns.png",
        "transparent.png",
        "one-pixel.png",
        "animated-5-frames.gif",
        "hopper.avif",
        "kiwi.jpg",
        "diamond.png",
    ],
)
def test_real_pictures_come_out_clean(name: str) -> None:
    prepared = prepare(sample(name), filename=name)

    image = reopen(prepared.data)
    assert image.mode in ("RGB", "L")
    assert image.size == (prepared.width, prepared.height)
    assert Image.MIME[image.format or ""] == prepared.mime
    assert not image.getexif()
    assert not [trace for trace in TRACES if trace in prepared.data]
    assert prepared.data_url.startswith(f"data:{prepared.mime};base64,")
    assert prepared.summary.startswith(f"{prepared.original_width}×{prepared.original_height} ")


def outcome(data: bytes, filename: str = "") -> PreparedImage | RequestError:
    try:
        return prepare(data, filename=filename)
    except RequestError as refused:
        return refused


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_every_file_ends_in_a_picture_or_in_a_sentence(path: Path) -> None:
    found = outcome(path.read_bytes(), path.name)

    assert isinstance(found, PreparedImage) or found.param == "image"


def test_the_position_is_named_and_gone() -> None:
    data = sample("exif-gps.jpg")

    prepared = prepare(data)

    assert reopen(data).getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert prepared.removed[0] == "GPS position"
    assert "GPS position" in prepared.summary
    assert not reopen(prepared.data).getexif()
    assert b"Exif" not in prepared.data


@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_whatever_a_format_carries_is_named_and_left_out(format_name: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a secret note")
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a secret note</x:xmpmeta>"
    options: dict[str, Any] = {"xmp": xmp} if format_name in ("JPEG", "WEBP", "AVIF") else {}
    if format_name == "JPEG":
        options["comment"] = b"a secret note"
    elif format_name == "PNG":
        options["pnginfo"] = text
    data = encode_image(corners(), format_name, **private_block(format_name), icc_profile=profile, **options)

    prepared = prepare(data)

    assert {"GPS position", "owner's name", "date", "camera data", "ICC profile"} <= set(prepared.removed)
    assert len(prepared.removed) > 5 or format_name == "TIFF"
    for trace in (*TRACES, b"secret", b"Somebody", b"Camera maker"):
        assert trace not in prepared.data


def test_a_second_picture_hidden_behind_the_first_is_left_out() -> None:
    data = encode_image(
        corners(), "MPO", save_all=True, append_images=[Image.effect_noise((64, 48), 90).convert("RGB")]
    )

    prepared = prepare(data + b"and a film behind both")

    assert "further pictures" in prepared.removed
    assert prepared.original_format == "JPEG"
    assert b"film" not in prepared.data
    assert close(reopen(prepared.data).getpixel((2, 2)), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_stands_upright_whatever_way_it_was_held(format_name: str, orientation: int) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the transpose whose inverse the orientation asks for
    stored = corners().transpose(Image.Transpose(undo[orientation])) if orientation > 1 else corners()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation

    prepared = prepare(encode_image(stored, format_name, exif=exif), max_edge=40)

    image = reopen(prepared.data).convert("RGB")
    assert (prepared.width, prepared.height) == (40, 30)
    assert (prepared.original_width, prepared.original_height) == (64, 48)
    for place, colour in (((4, 4), RED), ((35, 4), GREEN), ((4, 25), BLUE), ((35, 25), WHITE)):
        assert close(image.getpixel(place), colour, 40)


def test_an_orientation_that_is_none_leaves_the_picture_as_it_is() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 77

    prepared = prepare(encode_image(corners(), "JPEG", exif=exif))

    assert (prepared.width, prepared.height) == (64, 48)


def test_an_animation_sends_its_first_frame_and_says_so() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in (RED, GREEN, BLUE)]

    prepared = prepare(encode_image(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    assert prepared.notes == ("only the first of its frames is sent",)
    assert close(reopen(prepared.data).convert("RGB").getpixel((9, 9)), RED)


def test_a_name_that_promises_another_format_is_noted() -> None:
    prepared = prepare(sample("hopper.jpg"), filename="hopper.PNG")

    assert prepared.notes == ("it is a JPEG file although its name ends in .png",)


def test_a_photograph_goes_as_jpeg_and_a_drawing_as_png() -> None:
    drawing = Image.new("L", (900, 700), 255)
    ImageDraw.Draw(drawing).rectangle((100, 100, 500, 500), 0, 128, 9)

    assert prepare(encode_image(drawing, "BMP")).mime == "image/png"
    assert prepare(sample("kiwi.jpg")).mime == "image/jpeg"


def test_noise_is_pressed_under_the_byte_limit() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((1500, 1500), 200) for _ in range(3)])

    prepared = prepare(encode_image(noise, "BMP"), max_bytes=200_000)

    assert len(prepared.data) <= 200_000
    assert prepared.width == prepared.height < 1500


def test_a_limit_nothing_fits_under_is_refused() -> None:
    with pytest.raises(RequestError, match="can't be made to fit 60 bytes"):
        prepare(sample("hopper.jpg"), max_bytes=60)


def test_a_huge_photograph_is_decoded_reduced() -> None:
    data = encode_image(Image.new("RGB", (14_000, 9_000), RED), "JPEG")

    prepared = prepare(data)

    assert (prepared.width, prepared.height) == (1568, 1008)
    assert (prepared.original_width, prepared.original_height) == (14_000, 9_000)


def test_threads_do_not_disturb_each_other() -> None:
    names = ["hopper.jpg", "cmyk-adobe.jpg", "transparent.png", "hopper.avif"] * 6
    alone = [prepare(sample(name)).data for name in names]
    start = threading.Barrier(4)

    def together(name: str) -> bytes:
        if not start.broken and start.n_waiting < 4:
            start.wait(5)
        return prepare(sample(name)).data

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(together, names)) == alone


MODES = {
    "JPEG": ["L", "RGB", "CMYK"],
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "WEBP": ["RGB", "RGBA"],
    "GIF": ["L", "P", "RGB"],
    "BMP": ["1", "L", "P", "RGB"],
    "TIFF": ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "LAB"],
}


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from([(name, mode) for name, modes in MODES.items() for mode in modes]),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    orientation=st.integers(1, 8),
    max_edge=st.integers(MIN_EDGE, 200),
    max_bytes=st.integers(1500, 100_000),
    seed=st.integers(0, 255),
)
def test_any_picture_comes_out_valid_within_limits_and_without_metadata(
    kind: tuple[str, str], width: int, height: int, orientation: int, max_edge: int, max_bytes: int, seed: int
) -> None:
    format_name, mode = kind
    base = Image.effect_noise((width, height), seed).convert("RGB")
    image = (
        base.convert("L").convert(mode)
        if mode in ("I;16", "F", "1")
        else base.convert("RGBA").convert(mode)
        if mode == "RGBA"
        else _in(base, mode)
    )
    carried = private_block(format_name, orientation) if format_name in ("JPEG", "PNG", "WEBP", "TIFF") else {}

    prepared = prepare(encode_image(image, format_name, **carried), max_edge=max_edge, max_bytes=max_bytes)

    found = reopen(prepared.data)
    turned = bool(carried) and orientation >= 5
    assert (prepared.original_width, prepared.original_height) == ((height, width) if turned else (width, height))
    assert found.size == (prepared.width, prepared.height)
    assert max(found.size) <= max_edge
    assert len(prepared.data) <= max_bytes
    assert found.mode in ("RGB", "L")
    assert not found.getexif()
    assert not [trace for trace in (*TRACES[:-1], b"Somebody") if trace in prepared.data]
    if carried:
        assert prepared.removed[0] == "GPS position"


def _in(image: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":
        return (
            ImageCms.profileToProfile(
                image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
            )
            or image
        )
    return image.convert("L").convert(mode) if mode in ("L", "LA") else image.convert(mode)


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(
        ["hopper.jpg", "exif-gps.jpg", "hopper.avif", "animated-5-frames.gif", "png-16bit-gray-trns.png"]
    ),
    damage=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6),
    kept=st.floats(0.05, 1),
)
@pytest.mark.filterwarnings("ignore")  # Pillow warns of damage it repairs
def test_damage_ends_in_a_picture_or_in_a_sentence(name: str, damage: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(sample(name))
    for place, value in damage:
        data[int(place * len(data))] = value

    found = outcome(bytes(data[: int(kept * len(data))]))

    match found:
        case PreparedImage():
            assert max(found.width, found.height) <= MAX_EDGE
            assert len(found.data) <= MAX_BYTES
        case RequestError():
            assert found.param == "image"
