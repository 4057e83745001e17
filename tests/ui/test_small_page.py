"""The page where there is little room, and in German: all of it is in reach, and in one language."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Waiting
from tests.requires import needs
from tests.services import offices
from tests.services.papers import pdf
from tests.ui.conftest import MEDIA, House
from tests.ui.kept_page import open_page
from tests.ui.scripts import ask, plays, says
from tests.ui.test_attachments_page import attach

pytestmark = [needs("chromium"), pytest.mark.browser]

TABS = ["chat", "image", "microphone", "extract", "agent", "batch"]

SIDEWAYS = """() => [document.scrollingElement, ...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .filter((one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX) || one === document.scrollingElement)
  .filter((one) => !one.matches("[role=tablist], .gc-table-box, pre, .gc-status *"))
  .map((one) => `${one.tagName} ${one.id} ${one.className}`)"""
"""What would have to be moved sideways to be seen, but for tables and code."""


@pytest.fixture
async def page(request: pytest.FixtureRequest, browser: Browser, house: House) -> AsyncIterator[Page]:
    """In a small window, where one wants the page in German."""
    width, height = getattr(request, "param", (320, 640))
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="de-DE")
    page = await context.new_page()
    await open_page(page, house.url)
    yield page
    await context.close()


@pytest.mark.parametrize("tab", TABS)
async def test_nothing_ends_beside_a_narrow_screen(page: Page, tab: str) -> None:
    await page.click(f"#tab-{tab}-button")
    await page.wait_for_selector(f"#tab-{tab} button >> visible=true")
    await page.wait_for_timeout(300)
    assert await page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("page", [(320, 480), (720, 450)], indirect=True, ids=["phone", "enlarged"])
@pytest.mark.parametrize("tab", ["chat", "agent"])
async def test_what_invites_begins_with_its_beginning(page: Page, tab: str) -> None:
    await page.click(f"#tab-{tab}-button")
    heading = page.locator(f"#tab-{tab} .gc-welcome h2")
    await expect(heading).to_be_in_viewport(ratio=1)
    # Room that comes and goes, as with a phone's keyboard, moves nothing.
    await page.set_viewport_size({"width": 320, "height": 420})
    await expect(heading).to_be_in_viewport(ratio=1)
    await expect(page.locator(f"#tab-{tab} .gc-latest")).to_be_hidden()


async def test_a_german_page_asks_of_pictures_in_german(page: Page, house: House) -> None:
    house.script = says("Ein Mann.")
    await page.click("#tab-image-button")
    await page.set_input_files("#image-input input[type=file]", [MEDIA / "hopper.jpg", MEDIA / "diamond.png"])
    await expect(page.locator("#image-input [data-state=ready]")).to_have_count(2)
    chips = page.locator("#gc-image-templates .gc-templates .gc-chip")
    await expect(chips).to_have_text(
        ["Beschreiben", "Text abschreiben", "Als Tabelle", "Vergleichen", "Alternativtext", "Felder lesen"]
    )
    await chips.first.click()
    await expect(page.locator("#image-answer [data-role=user]")).to_contain_text("Beschreibe dieses Bild")


async def test_a_german_page_names_languages_in_german(page: Page) -> None:
    await page.click("#tab-microphone-button")
    box = page.locator("#mic-language input")
    await expect(box).to_have_attribute("placeholder", "Herausfinden")
    await expect(page.get_by_label("Sprache")).to_be_visible()
    names = await page.locator("#gc-languages option").evaluate_all("all => all.map(({ value }) => value)")
    assert {"Deutsch", "Französisch", "Ukrainisch"} <= set(names)


async def test_a_german_page_says_in_german_what_the_server_says(page: Page) -> None:
    files = [("leer.txt", b""), ("lied.mp3", b"no music at all"), ("bild.png", (MEDIA / "broken.png").read_bytes())]
    for name, data in files:
        file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        await page.set_input_files("#gc-attach-input", file)
    said = [
        "leer.txt ist leer: 0 Bytes. Wähle die Datei noch einmal.",
        "Das ist eine Textdatei und keine Aufnahme. Nimm noch einmal auf, oder speichere es als WAV, MP3, FLAC, OGG, "
        "M4A oder WebM.",
        "Das Bild ist kaputt und nicht zu lesen. Öffne es woanders und speichere es neu.",
    ]
    await expect(page.locator("[data-attachment] .gc-attachment-facts span")).to_have_text(said)


@pytest.mark.parametrize("page", [(390, 844)], indirect=True, ids=["phone"])
async def test_what_is_said_of_documents_is_german_and_to_be_read(page: Page) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Angebot"
    mail.set_content("Siehe Anhang.")
    mail.add_attachment(pdf(["Nägel und Seil", ""]), maintype="application", subtype="pdf", filename="Q1 and Q2.pdf")
    mail.add_attachment(b"\xff\xd8", maintype="image", subtype="jpeg", filename="today.jpg")
    await attach(
        page,
        FilePayload(name="costs and dates.eml", mimeType="message/rfc822", buffer=mail.as_bytes()),
        FilePayload(name="all and more.zip", mimeType="application/zip", buffer=offices.zip_of({"a.txt": "words"})),
    )

    noted = page.locator('[data-attachment="costs and dates.eml"][data-state=ready] .gc-attachment-facts span')
    await expect(noted).to_contain_text(
        "Angehängt, aber nicht gelesen: today.jpg. · Q1 and Q2.pdf: Kein Text auf Seite 2: eingescannt oder leer."
    )
    refused = "all and more.zip ist ein Archiv und kein Dokument. Sende eine von .txt"
    await expect(page.locator('[data-attachment="all and more.zip"][data-state=refused]')).to_contain_text(refused)
    hint = page.locator("#gc-hint")
    await expect(hint).to_contain_text(refused)
    for said, width, height in ((noted, 100, 100), (hint, 350, 60)):
        box = await said.bounding_box()
        assert box
        assert box["width"] > width
        assert 2 * 15 <= box["height"] <= height


async def test_a_german_page_says_in_german_what_became_of_each_attempt(page: Page, house: House) -> None:
    failures = [
        ProviderError(Kind.EMPTY_ANSWER, "the answer has nothing in it", provider="groq", model="openai/gpt-oss-20b"),
        ProviderError(Kind.AUTH, "Invalid API Key, and try again", provider="openai", model="gpt-6-luna"),
    ]
    waiting = Waiting(seconds=7.0, reason="every target is cooling down; this one is back first", target="groq:x")
    more = asyncio.Event()
    house.script = plays(waiting, more.wait, ChainError("no model could answer: all of them", failures=failures))
    await ask(page, "Was ist los?")
    await expect(page.locator("#chat-log")).to_contain_text("jedes Ziel ruht; dieses ist zuerst zurück")
    more.set()
    card = page.locator("#chat-log .gc-card")
    await expect(card).to_contain_text("Kein Modell konnte antworten.", ignore_case=True)
    await expect(card).to_contain_text("leere Antwort: in der Antwort steht nichts")
    await expect(card).to_contain_text("Schlüssel abgelehnt: Invalid API Key, and try again")


@pytest.mark.parametrize("page", [(1440, 900)], indirect=True, ids=["desktop"])
async def test_a_recording_is_asked_for_in_one_row(page: Page) -> None:
    await page.click("#tab-microphone-button")
    middles = []
    for part in ("#mic-prompt input", "#gc-mic-options", "#mic-transcribe"):
        box = await page.locator(part).bounding_box()
        assert box
        middles.append(box["y"] + box["height"] / 2)

    assert max(middles) - min(middles) < 10
