"""Pictures are measured, not guessed: real files, their true size, format and colours."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from groq_core.simulator import Simulator, images
from tests.simulator.http import CHAT, QWEN, SCOUT, ask, error, text_of

MEDIA = Path(__file__).parent.parent / "data" / "media"


def part(data: bytes, kind: str = "jpeg") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{base64.b64encode(data).decode()}"}}


def plain(colour: str, size: tuple[int, int] = (40, 30), format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kiwi.jpg", ("JPEG", 860, 860)),
        ("hopper.jpg", ("JPEG", 128, 128)),
        ("diamond.png", ("PNG", 1000, 700)),
        ("cmyk-adobe.jpg", ("JPEG", 100, 100)),
        ("one-pixel.png", ("PNG", 1, 1)),
        ("png-16bit-gray-trns.png", ("PNG", 32, 32)),
    ],
)
def test_real_pictures_are_measured(name: str, expected: tuple[str, int, int]) -> None:
    with Image.open(MEDIA / name) as image:
        size = image.size
    picture = images.measure((MEDIA / name).read_bytes())

    assert (picture.format, picture.width, picture.height) == (expected[0], *size)
    assert picture.colours


def test_a_picture_stored_sideways_is_measured_upright() -> None:
    with Image.open(MEDIA / "exif-orientation-6.jpg") as image:
        stored = image.size
    picture = images.measure((MEDIA / "exif-orientation-6.jpg").read_bytes())

    assert (picture.height, picture.width) == stored
    assert picture.turned


def test_an_animation_is_told_by_its_frames() -> None:
    assert images.measure((MEDIA / "animated-5-frames.gif").read_bytes()).frames == 5


@pytest.mark.parametrize("colour", ["red", "green", "blue", "white", "black", "yellow", "orange"])
def test_one_colour_is_named(colour: str) -> None:
    ((name, share),) = images.measure(plain(colour)).colours

    assert colour in name
    assert share == 1.0


def test_transparency_is_seen_on_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(file, "PNG")

    picture = images.measure(file.getvalue())
    assert picture.transparent
    assert picture.colours == (("white", 1.0),)


@pytest.mark.parametrize("name", ["broken.png", "truncated.jpg", "huge-dimensions.gif"])
async def test_a_broken_picture_is_refused(http: httpx.AsyncClient, name: str) -> None:
    status, refused = await error(http, ask([part((MEDIA / name).read_bytes())], QWEN))

    assert (status, refused["message"]) == (400, "invalid image data")


async def test_answer_tells_question_size_and_colours(http: httpx.AsyncClient) -> None:
    question = [{"type": "text", "text": "What is this?"}, part((MEDIA / "kiwi.jpg").read_bytes())]

    answer = await text_of(http, ask(question, QWEN))

    with Image.open(MEDIA / "kiwi.jpg") as image:
        assert f"{image.width} × {image.height} pixels" in answer
    for expected in ("What is this?", "no model has seen this picture", "JPEG", "Main colours"):
        assert expected in answer


async def test_each_of_several_pictures_is_told(http: httpx.AsyncClient) -> None:
    question = [part(plain("red"), "png"), part(plain("blue", (8, 90)), "png")]

    answer = await text_of(http, ask(question, QWEN))

    first, second = answer.split("**Image 2.**")
    assert "red (100%)" in first
    assert "blue (100%)" in second
    assert "8 × 90 pixels, portrait" in second


async def test_a_linked_picture_is_not_fetched(http: httpx.AsyncClient) -> None:
    question = [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/cat.png"}}]

    assert "fetches nothing" in await text_of(http, ask(question, QWEN))


async def test_pictures_count_as_tokens(http: httpx.AsyncClient) -> None:
    answer = (await http.post(CHAT, json=ask([part(plain("red"), "png")], QWEN))).json()

    assert answer["usage"]["prompt_tokens"] > 2_048


async def test_scout_takes_five_pictures_of_33_megapixels(simulator: Simulator, http: httpx.AsyncClient) -> None:
    simulator.use("reference")
    file = io.BytesIO()
    Image.new("1", (6_000, 5_600)).save(file, "PNG")

    assert "**Image 5.**" in await text_of(http, ask([part(plain("red"), "png")] * 5, SCOUT))
    assert (await error(http, ask([part(plain("red"), "png")] * 6, SCOUT)))[0] == 400
    status, refused = await error(http, ask([part(file.getvalue(), "png")], SCOUT))
    assert status == 400
    assert "33600000 pixels" in refused["message"]


async def test_a_request_of_more_than_four_megabytes_of_picture_is_413_for_scout(
    simulator: Simulator, http: httpx.AsyncClient
) -> None:
    simulator.use("reference")

    assert (await error(http, ask([part(b"\0" * 5_000_000)], SCOUT)))[0] == 413


async def test_pictures_are_not_kept_with_the_requests(simulator: Simulator, http: httpx.AsyncClient) -> None:
    await http.post(CHAT, json=ask([part((MEDIA / "kiwi.jpg").read_bytes())], QWEN))

    seen = simulator.requests[-1]
    assert len(str(seen.body)) < 500
    assert "authorization" not in seen.headers
