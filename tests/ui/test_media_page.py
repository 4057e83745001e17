"""The Image tab in a real browser, on the whole application; and that nobody else can leave a file with it."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import httpx
import pytest
from PIL import Image
from playwright.async_api import Page, expect

from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.scripts import files_on_disk, says

pytestmark = [pytest.mark.browser, needs("chromium")]

PICTURES = "#image-input input[type=file]"
ANSWER = "#image-answer [data-role=assistant]"


@pytest.fixture
async def image_tab(page: Page) -> Page:
    await page.get_by_role("tab", name="Image").click()
    await page.wait_for_selector(PICTURES, state="attached")
    await start_over(page)
    return page


async def start_over(page: Page) -> None:
    """Put away what a test before has left on a page that stays open: pictures, answers, words in the box."""
    pictures, over = page.locator(".gc-picture"), page.locator(".gc-templates > .gc-link")
    while await pictures.count():
        await pictures.first.locator(".gc-icon-button").click()
    if await over.count():
        await over.click()
    await expect(page.locator("#image-answer [data-role]")).to_have_count(0)
    await page.fill("#image-question textarea", "")


async def add(page: Page, *names: str) -> None:
    await page.set_input_files(PICTURES, [MEDIA / name for name in names])
    await expect(page.locator(".gc-picture[data-state=preparing]")).to_have_count(0)


@pytest.mark.one_page
async def test_photograph_is_described(image_tab: Page, house: House) -> None:
    before = files_on_disk()
    await add(image_tab, "kiwi.jpg")
    await expect(image_tab.locator(".gc-picture")).to_contain_text("tokens")
    await image_tab.fill("#image-question textarea", "What is this?")
    await image_tab.click("#image-send")
    await image_tab.wait_for_selector(f"{ANSWER}[data-state=done]")

    assert "597" in await image_tab.inner_text(ANSWER)  # the simulator tells the true width
    assert files_on_disk() == before


@pytest.mark.one_page
async def test_where_it_was_taken_never_leaves_the_page(image_tab: Page, house: House) -> None:
    house.script = says("a picture")
    await add(image_tab, "exif-gps.jpg")
    await expect(image_tab.locator(".gc-picture")).to_contain_text("GPS position")
    await image_tab.click(".gc-templates .gc-chip >> nth=0")
    await image_tab.wait_for_selector(f"{ANSWER}[data-state=done]")

    [asked] = house.asked
    assert isinstance(asked, ChatRequest)
    [part] = [part for part in asked.messages[-1]["content"] if part["type"] == "image_url"]
    sent = base64.b64decode(part["image_url"]["url"].partition(",")[2])
    assert not Image.open(BytesIO(sent)).getexif()


@pytest.mark.one_page
async def test_follow_up_asks_about_the_same_pictures_and_sends_them_once(image_tab: Page, house: House) -> None:
    house.script = says("an answer")
    await add(image_tab, "kiwi.jpg", "hopper.jpg")
    await image_tab.click(".gc-templates .gc-chip:has-text('Compare')")
    await image_tab.wait_for_selector(f"{ANSWER}[data-state=done]")
    await image_tab.fill("#image-question textarea", "And the colours?")
    await image_tab.press("#image-question textarea", "Enter")
    await expect(image_tab.locator(f"{ANSWER}[data-state=done]")).to_have_count(2)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.needs.images == 2
    assert asked.messages[-1]["content"] == "And the colours?"


@pytest.mark.one_page
async def test_other_pictures_replace_the_old_ones_which_become_a_note(image_tab: Page, house: House) -> None:
    house.script = says("an answer")
    await add(image_tab, "kiwi.jpg")
    await image_tab.click(".gc-templates .gc-chip >> nth=0")
    await image_tab.wait_for_selector(f"{ANSWER}[data-state=done]")
    await image_tab.click(".gc-picture .gc-icon-button")
    await add(image_tab, "hopper.jpg")
    await image_tab.click(".gc-templates .gc-chip >> nth=0")
    await expect(image_tab.locator(f"{ANSWER}[data-state=done]")).to_have_count(2)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.needs.images == 1
    assert "earlier picture" in asked.messages[0]["content"]


@pytest.mark.one_page
@pytest.mark.parametrize("name", ["broken.png", "huge-dimensions.gif", "jfk.wav"])
async def test_what_is_no_picture_is_refused_in_words(image_tab: Page, house: House, name: str) -> None:
    await add(image_tab, name, "hopper.jpg")

    refused = image_tab.locator(".gc-picture[data-state=refused]")
    await expect(refused).to_have_count(1)
    assert len((await refused.inner_text()).split()) > 5
    house.script = says("still usable")
    await image_tab.click(".gc-templates .gc-chip >> nth=0")
    await expect(image_tab.locator(ANSWER)).to_have_text("still usable")


async def test_fields_are_read_off_a_picture_and_come_back_as_json(image_tab: Page, house: House) -> None:
    house.script = says('```json\n{"total": 12.5, "shop": null, "more": 1}\n```')
    await add(image_tab, "hopper.jpg")
    await image_tab.get_by_role("button", name="Read fields").click()
    await image_tab.fill(".gc-reading-row >> nth=0 >> [name=name]", "total")
    await image_tab.fill(".gc-reading-row >> nth=0 >> [name=description]", "the sum in euros")
    await image_tab.get_by_role("button", name="Add a field").click()
    await image_tab.fill(".gc-reading-row >> nth=1 >> [name=name]", "shop")
    await image_tab.get_by_role("button", name="Read", exact=True).click()
    await expect(image_tab.locator(f"{ANSWER} tr")).to_have_text(["total12.5", "shopnot in the picture"])

    async with image_tab.expect_download() as downloading:
        await image_tab.click(f"{ANSWER} a.gc-chip")
    assert json.loads((await (await downloading.value).path()).read_text()) == {"total": 12.5, "shop": None}
    [asked] = house.asked
    assert isinstance(asked, ChatRequest)
    assert asked.params["response_format"] == {"type": "json_object"}
    assert asked.needs.images == 1
    text = next(part["text"] for part in asked.messages[-1]["content"] if part["type"] == "text")
    assert '- "total": the sum in euros\n- "shop"' in text
    await expect(image_tab.locator("#image-answer .gc-user-text")).to_have_text("Read off the picture: total, shop")


@pytest.mark.one_page
async def test_question_without_a_picture_is_explained(image_tab: Page, house: House) -> None:
    await image_tab.fill("#image-question textarea", "What is this?")
    await image_tab.click("#image-send")

    await expect(image_tab.locator("#gc-image-hint")).to_contain_text("Add a picture first")
    assert house.asked == []


@pytest.mark.one_page
async def test_picture_can_be_pasted_and_dropped(image_tab: Page) -> None:
    data = base64.b64encode((MEDIA / "hopper.jpg").read_bytes()).decode()
    make = """const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));"""
    await image_tab.evaluate(
        f"""(data) => {{ const name = "pasted.jpg"; {make}
            document.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData: transfer, bubbles: true }})); }}""",
        data,
    )
    await image_tab.evaluate(
        f"""(data) => {{ const name = "dropped.jpg"; {make}
            const drop = new DragEvent("drop", {{ dataTransfer: transfer, bubbles: true }});
            document.querySelector(".gc-drop").dispatchEvent(drop); }}""",
        data,
    )

    await expect(image_tab.locator(".gc-picture[data-state=ready]")).to_have_count(2)


async def test_picture_can_be_taken(image_tab: Page) -> None:
    await image_tab.get_by_role("button", name="Camera").click()
    await image_tab.wait_for_function("document.querySelector('.gc-camera video')?.videoWidth > 0")
    await image_tab.click('[aria-label="capture photo"]')

    await expect(image_tab.locator(".gc-picture[data-state=ready]")).to_have_count(1)
    await expect(image_tab.locator(".gc-camera")).to_be_hidden()


CAMERAS = """() => {
    globalThis.cameras = [];
    const really = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        await globalThis.allowed;
        const stream = await really(wanted);
        cameras.push(...stream.getTracks());
        return stream;
    };
    globalThis.allowed = new Promise((resolve) => (globalThis.allow = resolve));
}"""
"""Notes every camera that is opened; the browser asks whether one may be until `allow` is called."""
ON = "() => cameras.filter(({ readyState }) => readyState === 'live').length"


async def test_a_camera_is_on_while_it_is_seen(image_tab: Page) -> None:
    camera = image_tab.get_by_role("button", name="Camera")
    await image_tab.evaluate(CAMERAS)
    await camera.click()
    await camera.click()
    await image_tab.evaluate("allow()")
    await expect(image_tab.locator(".gc-camera video")).to_be_visible()
    assert await image_tab.evaluate(ON) == 1, "pressed twice, it is opened once"
    await image_tab.click("#tab-chat-button")
    await image_tab.wait_for_function(f"({ON})() === 0")

    await image_tab.click("#tab-image-button")
    await image_tab.evaluate("void (globalThis.allowed = new Promise((resolve) => (globalThis.allow = resolve)))")
    await camera.click()
    await image_tab.click("#tab-chat-button")
    await image_tab.evaluate("allow()")
    await image_tab.wait_for_function(f"cameras.length === 2 && ({ON})() === 0")


async def test_a_camera_that_goes_is_told(image_tab: Page) -> None:
    await image_tab.evaluate(CAMERAS)
    await image_tab.evaluate("allow()")
    await image_tab.get_by_role("button", name="Camera").click()
    await expect(image_tab.locator(".gc-camera video")).to_be_visible()
    await image_tab.evaluate("cameras.forEach((track) => track.dispatchEvent(new Event('ended')))")
    await expect(image_tab.locator(".gc-camera")).to_have_text(
        "The camera is gone: unplugged, or taken by another program."
    )
    await image_tab.get_by_role("button", name="Camera").click()
    await expect(image_tab.locator(".gc-camera video")).to_be_visible()


@pytest.mark.parametrize("path", ["gradio_api/upload", "upload"])
async def test_no_other_page_can_leave_a_file_with_gradio(house: House, path: str) -> None:
    before = files_on_disk()
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    async with httpx.AsyncClient(base_url=house.url, trust_env=False, headers=foreign) as client:
        response = await client.post(path, files={"files": ("page.html", b"<script>alert(1)</script>")})

    assert response.status_code in (403, 404)
    assert files_on_disk() == before
