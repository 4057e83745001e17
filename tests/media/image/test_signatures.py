"""What tells a picture from something else stands in one place, and every part of the house asks there."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from PIL import Image

from groq_core.errors import RequestError
from groq_core.media.audio.container import container_of
from groq_core.media.image.format import format_of, is_picture
from groq_core.media.image.signatures import MEDIA_TYPES, SENDABLE, signature
from groq_core.services.agent.results import picture_urls, to_text
from tests.media.samples import encode_image

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "JPEG2000", "ICO", "PPM", "QOI")
SQUARE = Image.new("RGB", (32, 32), "teal")


@pytest.mark.parametrize("name", FORMATS)
def test_every_part_knows_a_picture_when_it_sees_one(name: str) -> None:
    data = encode_image(SQUARE, name)

    assert signature(data) == format_of(data) == name
    with pytest.raises(RequestError, match="picture, not a recording"):
        container_of(data)
    assert to_text(data).startswith(f"[a picture, {MEDIA_TYPES[name]}, ")
    (url,) = picture_urls(data)
    assert url.partition(";")[0].removeprefix("data:") in SENDABLE, "what cannot be sent is drawn anew"


@pytest.mark.parametrize("kind", ["1", "L", "P", "RGB"])
def test_a_bmp_of_every_depth_is_one(kind: str) -> None:
    assert signature(encode_image(SQUARE.convert(kind), "BMP")) == "BMP"


@pytest.mark.parametrize("start", ["BM", "BMW sold more cars than ever before in its history", "BM" + 60 * " "])
def test_a_text_that_begins_as_a_bmp_does_is_none(start: str) -> None:
    for length in range(2, 100):
        data = (start + 100 * "x")[:length].encode()
        assert signature(data) is None
        assert not is_picture(data)
        assert to_text(data) == data.decode()


@pytest.mark.parametrize("kind", ["DDS", "PCX", "SGI", "ICNS"])
def test_a_picture_that_is_not_read_is_named(kind: str) -> None:
    with pytest.raises(RequestError, match=f"{kind} [a-z]+ can't be read here") as refused:
        format_of(encode_image(SQUARE, kind))

    assert (refused.value.status, refused.value.hint) == (422, "Save it as JPEG or PNG.")


@pytest.mark.parametrize(
    ("tags", "raw"),
    [
        ([(50706, 0x01040000)], True),
        ([(254, 1), (330, 8)], True),
        ([(254, 1)], False),
        ([(254, 0), (330, 8)], False),
    ],
    ids=["DNG", "preview", "small", "pyramid"],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_preview_of_a_raw_photograph_is_not_taken_for_it(
    tags: list[tuple[int, int]], raw: bool, order: str
) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    data = start + struct.pack(f"{order}IH", 8, len(tags)) + entries + bytes(4)

    if not raw:
        assert format_of(data) == "TIFF"
        return
    with pytest.raises(RequestError, match="Raw photographs of a camera can't be read here"):
        format_of(data)


def test_signatures_stand_nowhere_else() -> None:
    signs = re.compile(r"x89PNG|GIF8|\\xff\\xd8\\xff|b\"BM\"")
    package = Path(__file__).parents[3] / "groq_core"
    holders = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if "simulator" not in path.parts and signs.search(path.read_text("utf-8").split(">>>")[0])
    }

    assert holders == {"media/image/signatures.py"}
