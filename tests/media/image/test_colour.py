"""Whatever colours a picture is stored in, it is shown in the ones it has: sRGB, eight bits, on white."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from groq_core.media.image.preparation import prepare
from tests.media.image.drawn import BLUE, RED, close, corners, reopen
from tests.media.samples import encode_image, sample


def test_adobe_cmyk_is_not_shown_as_a_negative() -> None:
    image = reopen(prepare(sample("cmyk-adobe.jpg")).data)

    # Black paper with the word RED on it, in red.
    assert close(image.getpixel((50, 90)), (0, 0, 0), 24)
    assert close(image.getpixel((5, 1)), (240, 10, 25), 40)


def test_another_colour_space_is_brought_to_srgb() -> None:
    # Display P3 stands for any wide space here: a profile that swaps red and blue shows it was followed.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    table = {srgb[at : at + 4]: at for at in range(132, 132 + 12 * int.from_bytes(srgb[128:132], "big"), 12)}
    swapped = bytearray(srgb)
    red, blue = table[b"rXYZ"], table[b"bXYZ"]
    swapped[red + 4 : red + 12], swapped[blue + 4 : blue + 12] = srgb[blue + 4 : blue + 12], srgb[red + 4 : red + 12]
    profile = bytes(swapped).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")).replace(b"sRGB", b"swap")

    prepared = prepare(encode_image(Image.new("RGB", (64, 64), RED), "PNG", icc_profile=profile))

    assert close(reopen(prepared.data).convert("RGB").getpixel((9, 9)), BLUE)
    assert "ICC profile" in prepared.removed


def test_a_broken_profile_is_ignored_with_a_note() -> None:
    prepared = prepare(encode_image(corners(), "PNG", icc_profile=b"no profile at all"))

    assert "its colour profile is broken and was ignored" in prepared.notes
    assert close(reopen(prepared.data).convert("RGB").getpixel((2, 2)), RED)


def test_sixteen_bit_grey_keeps_its_brightness_and_its_transparency() -> None:
    values = np.full((64, 64), 0x8000, np.uint16)
    values[:, :32] = 0x1234

    found = reopen(prepare(encode_image(Image.fromarray(values), "PNG", transparency=0x1234)).data).convert("L")

    assert found.getpixel((50, 9)) in range(0x7E, 0x83)
    assert found.getpixel((9, 9)) in range(252, 256)


@pytest.mark.parametrize(
    ("low", "high"),
    [pytest.param(0.0, 1.0, id="0…1"), pytest.param(0.0, 255.0, id="0…255"), pytest.param(-3e9, 7e9, id="any")],
)
def test_a_float_picture_keeps_its_range(low: float, high: float) -> None:
    image = Image.new("F", (64, 64), low)
    image.paste(high, (0, 0, 32, 64))

    found = reopen(prepare(encode_image(image, "TIFF")).data).convert("L")

    assert found.getpixel((5, 5)) in range(250, 256)
    assert found.getpixel((60, 5)) in range(6)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
def test_what_is_transparent_turns_white(mode: str) -> None:
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((200, 200, 200, 255), (0, 0, 32, 64))
    data = encode_image(image.convert(mode) if mode != "P" else image.quantize(4), "PNG")

    found = reopen(prepare(data).data).convert("L")

    assert found.getpixel((60, 5)) in range(250, 256)
    assert found.getpixel((5, 5)) in range(190, 210)
