"""Settings in a real browser: the visitor's own key, the theme, and the page by keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, expect

from groq_core.compose import assemble
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from tests.requires import needs
from tests.ui.conftest import House, open_page, served
from tests.ui.kept_page import fresh_page
from tests.ui.scripts import answered, ask, says
from tests.ui.talk.talking import chat

pytestmark = [pytest.mark.browser, needs("chromium")]

KEY = "gsk_visitors_very_own_key_1234"


@pytest.fixture(scope="module")
async def real(kept_port: list[int]) -> AsyncIterator[tuple[str, Simulator]]:
    """A server without a key, and a Groq that knows the visitor's key alone."""
    groq = Simulator(pace=0, limits="off", seed=1, keys={KEY})
    await groq.start()
    environ = {"GROQ_BASE_URL": groq.groq_url.removesuffix("/openai/v1")}
    async with assemble(Settings.from_env(environ)) as core, served(core, *kept_port) as url:
        kept_port[:] = [urlsplit(url).port or 0]
        yield url, groq
    await groq.stop()


@pytest.fixture
async def visit(
    real: tuple[str, Simulator], shared_context: BrowserContext, kept_pages: list[Page]
) -> AsyncIterator[Page]:
    """A visitor's empty page before that server."""
    async with fresh_page(shared_context, kept_pages, real[0]) as page:
        yield page


async def open_settings(page: Page) -> None:
    await page.click("#settings-open")
    await expect(page.locator("#settings")).to_be_visible()


async def test_own_key_is_checked_shown_by_its_end_and_asked_with(visit: Page, real: tuple[str, Simulator]) -> None:
    url, groq = real
    page, addresses = visit, list[str]()

    def note_address(request: Request) -> None:
        addresses.append(request.url)

    page.on("request", note_address)
    await page.goto(url)
    await page.wait_for_selector("#chat-send")
    await expect(page.locator("#mode-banner")).to_be_visible()
    await open_settings(page)
    await page.fill("#own-key", KEY)
    await page.press("#own-key", "Enter")
    await expect(page.locator("#settings")).to_contain_text("your key ending in 1234")
    assert await page.input_value("#own-key") == ""
    await page.keyboard.press("Escape")
    await expect(page.locator("#mode-banner")).to_be_hidden()
    before = len(groq.requests)
    await ask(page, "What is a hash table?")
    await answered(page)

    assert any(request.path.endswith("/chat/completions") for request in list(groq.requests)[before:])
    assert not [address for address in addresses if KEY in address]
    stores = await page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage})")
    assert KEY not in stores
    page.remove_listener("request", note_address)


async def test_own_key_is_gone_with_its_tab_unless_it_is_kept(visit: Page, real: tuple[str, Simulator]) -> None:
    url, _ = real
    context = visit.context
    for keep in (False, True):
        page = await context.new_page()
        await page.goto(url)
        await open_settings(page)
        await expect(page.locator("#settings")).not_to_contain_text("ending in")
        if keep:
            await page.check("#settings input[type=checkbox]")
        await page.fill("#own-key", KEY)
        await page.press("#own-key", "Enter")
        await expect(page.locator("#settings")).to_contain_text("ending in 1234")
        await page.close()
    page = await context.new_page()
    await page.goto(url)
    await expect(page.locator(".gc-own-key-chip")).to_contain_text("1234")


async def test_refused_key_is_told_in_its_field(visit: Page, real: tuple[str, Simulator]) -> None:
    page = visit
    await page.goto(real[0])
    await open_settings(page)
    await page.fill("#own-key", "gsk_somebody_elses_key_12345")
    await page.press("#own-key", "Enter")

    await expect(page.locator("#gc-own-key-state")).to_contain_text("Groq refuses this key")
    await expect(page.locator("#own-key")).to_have_attribute("aria-invalid", "true")


@pytest.mark.one_page
async def test_what_any_tab_asks_for_is_done_by_the_room_that_can(page: Page, house: House) -> None:
    house.script = chat(house, says("A hash table maps keys to values. " * 3))  # read aloud long enough to be stopped
    await ask(page, "What is a hash table?")
    await answered(page)
    speaker = page.locator("#chat-log [data-action=speak]").last
    await speaker.click()
    await expect(speaker).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")
    await expect(speaker).to_have_attribute("aria-pressed", "false")

    await page.evaluate("document.dispatchEvent(new CustomEvent('gc:open-settings'))")
    await expect(page.locator("#settings")).to_be_visible()
    await page.keyboard.press("Escape")


async def test_theme_is_switched_and_kept(page: Page, house: House) -> None:
    await open_settings(page)
    await page.select_option("#theme", "dark")
    await expect(page.locator("body.dark")).to_have_count(1)
    await open_page(page, house)
    await expect(page.locator("body.dark")).to_have_count(1)
    await open_settings(page)
    await page.select_option("#theme", "light")
    await expect(page.locator("body.dark")).to_have_count(0)


async def test_page_speaks_german_and_keeps_to_it(page: Page, house: House) -> None:
    await open_settings(page)
    await page.select_option("#language", "de")
    await expect(page.locator("#chat-send")).to_have_text("Senden")
    await expect(page.get_by_role("tab", name="Bild", exact=True)).to_be_visible()
    await expect(page.locator("#status-panel")).to_contain_text("wurde im August abgeschaltet")
    assert await page.evaluate("document.documentElement.lang") == "de"
    await page.get_by_role("tab", name="Bild", exact=True).click()
    await expect(page.locator("#image-send")).to_have_text("Senden")
    await open_page(page, house)
    await open_settings(page)
    await expect(page.locator("#settings h2")).to_have_text("Einstellungen")
    await page.select_option("#language", "en")
    await expect(page.locator("#chat-send")).to_have_text("Send")


async def test_a_key_pressed_before_its_script_is_there_is_not_lost(unopened: Page, house: House) -> None:
    page, may_come = unopened, asyncio.Event()

    async def come_late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.route("**/js/soon.js", come_late)
    await open_page(page, house)
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("/")
    await page.keyboard.press("?")
    assert await page.evaluate("document.activeElement === document.body")
    may_come.set()
    await expect(page.locator("#gc-keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#chat-message textarea")).to_be_focused()
    assert await page.input_value("#chat-message textarea") == ""


@pytest.mark.one_page
async def test_keys_lead_to_the_box_and_tell_what_they_do(page: Page) -> None:
    await expect(page.locator("#chat-message textarea")).to_be_focused()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("?")
    await expect(page.locator("#gc-keys")).to_contain_text("sends")
    await page.keyboard.press("Escape")
    await expect(page.locator("#gc-keys")).to_be_hidden()
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("/")
    await expect(page.locator("#chat-message textarea")).to_be_focused()
    assert await page.input_value("#chat-message textarea") == ""


@pytest.mark.one_page
async def test_arrow_up_in_the_empty_box_edits_the_last_question(page: Page, house: House) -> None:
    house.script = says("fine")
    await ask(page, "first words")
    await answered(page)
    await page.wait_for_timeout(300)
    await page.focus("#chat-message textarea")
    await page.keyboard.press("ArrowUp")

    await expect(page.locator(".gc-edit-box")).to_have_value("first words")


@pytest.mark.one_page
async def test_enter_that_ends_a_composition_sends_nothing(page: Page, house: House) -> None:
    await page.fill("#chat-message textarea", "にほん")
    await page.evaluate(
        """() => document.querySelector('#chat-message textarea').dispatchEvent(
            new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))"""
    )
    await page.wait_for_timeout(200)

    assert house.asked == []


async def test_question_in_the_address_waits_in_the_box_or_is_asked(context: BrowserContext, house: House) -> None:
    house.script = says("An answer.")
    page = await context.new_page()
    await page.goto(f"{house.url}?q=What+is+TCP%3F")
    await expect(page.locator("#chat-message textarea")).to_have_value("What is TCP?")
    assert house.asked == []
    await page.goto(f"{house.url}?q=What+is+TCP%3F&send=1")
    await answered(page)
    assert "q=" not in page.url
    assert len(house.asked) == 1
    await page.close()


@pytest.mark.one_page
async def test_wrong_option_is_refused_in_its_field(page: Page, house: House) -> None:
    house.script = says("fine")
    await page.click(".gc-options-fold summary")
    field = page.locator(".gc-field", has_text="Temperature")
    await field.locator("input").fill("99")
    await expect(field).to_contain_text("From 0 to 2")
    await ask(page, "go")
    await answered(page)

    assert "temperature" not in house.asked[0].params  # type: ignore[union-attr]


@pytest.mark.parametrize("height", [844, 480])
async def test_phone_has_one_row_every_tab_and_room_for_fingers(unopened: Page, house: House, height: int) -> None:
    page = unopened
    await page.set_viewport_size({"width": 390, "height": height})
    await open_page(page, house)
    await page.wait_for_selector("#gc-tabs [role=tab]")
    for name in ("Chat", "Image", "Microphone", "Extract", "Agent", "Batch"):
        await expect(page.get_by_role("tab", name=name, exact=True)).to_have_count(1)
    await page.get_by_role("tab", name="Batch", exact=True).click()
    await expect(page.locator("#batch-file")).to_be_visible()
    await page.get_by_role("tab", name="Chat", exact=True).click()
    small = await page.evaluate(
        """() => [...document.querySelectorAll('#gc-composer button, #gc-header button, .gc-suggestion')]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width)
            .map((one) => [one.id || one.className, one.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"""
    )
    sizes = await page.evaluate(
        """() => [...document.querySelectorAll('#tab-chat :is(input, textarea, select)')]
            .filter((one) => one.checkVisibility() && one.type !== 'checkbox' && one.type !== 'file')
            .map((one) => parseFloat(getComputedStyle(one).fontSize))"""
    )
    assert small == []
    assert min(sizes) >= 16
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    box = await page.locator("#gc-composer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height


async def test_prompts_stand_behind_the_slash(page: Page, house: House) -> None:
    await open_settings(page)
    await page.fill("#gc-prompt-name", "Haiku")
    await page.fill("#gc-prompt-text", "Write a haiku about …")
    await page.get_by_text("Add the prompt").click()
    await page.keyboard.press("Escape")
    await page.focus("#chat-message textarea")
    await page.keyboard.type("/")
    await expect(page.locator("#gc-prompts [role=option]").first).to_contain_text("Haiku")
    await page.keyboard.type("hai")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chat-message textarea")).to_have_value("Write a haiku about …")
    assert house.asked == []


@pytest.mark.one_page
async def test_preset_writes_its_text_where_it_can_be_read(page: Page, house: House) -> None:
    house.script = says("fine")
    await page.click(".gc-options-fold summary")
    await page.focus(".gc-options textarea")
    await page.locator(".gc-presets").get_by_text("Short").click()
    await expect(page.locator(".gc-options textarea").first).to_have_value("Answer in at most three sentences.")
    await ask(page, "go")
    await answered(page)

    assert house.asked[0].messages[0]["role"] == "system"  # type: ignore[union-attr]


@pytest.mark.one_page
async def test_page_can_be_installed(page: Page, house: House) -> None:
    manifest = await page.evaluate(
        """async () => {
            const link = document.querySelector('link[rel=manifest]');
            const manifest = await (await fetch(link.href)).json();
            const icons = manifest.icons.map((icon) => fetch(new URL(icon.src, link.href)).then((got) => got.status));
            const start = new URL(manifest.start_url, link.href).href;
            return [manifest.name, manifest.display, start, await Promise.all(icons)];
        }"""
    )

    assert manifest == ["groq-core", "standalone", house.url, [200, 200, 200]]
    card = await page.locator('meta[property="og:image"]').get_attribute("content") or ""
    assert card.startswith(house.url)
    assert (await page.request.get(card)).headers["content-type"] == "image/png"
    assert (await page.request.get(f"{house.url}favicon.ico")).headers["content-type"] == "image/svg+xml"
