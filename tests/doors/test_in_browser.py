"""What a real browser lets other pages do with this server: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from groq_core.access.passwords import hash_password
from tests.doors.stage import house
from tests.requires import find, needs
from tests.serving import listening
from tests.ui.conftest import ALONE

pytestmark = needs("chromium")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium for which every name of ``.example`` is this machine: what a rebinding attack makes of DNS."""
    names = "--host-resolver-rules=MAP *.example 127.0.0.1"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find("chromium"), args=[*ALONE, names])
        yield browser
        await browser.close()


@asynccontextmanager
async def elsewhere(html: str) -> AsyncIterator[int]:
    """Another site's page, on a port of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = html.encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    async with listening(answer) as port:
        yield port


ATTEMPTS = """async (base) => {
  const heard = {};
  const attempts = {
    pass: ["ui/pass", {}],
    config: ["config", {}],
    info: ["gradio_api/info", {}],
    models: ["v1/models", {}],
    ask: ["v1/chat/completions", { method: "POST", body: '{"messages":[{"role":"user","content":"hi"}]}',
      headers: { "content-type": "application/json" } }],
    plain: ["v1/chat/completions", { method: "POST", body: '{"messages":[{"role":"user","content":"hi"}]}' }],
    faults: ["_simulator/faults", { method: "POST", body: '{"kind":"never"}' }],
    join: ["gradio_api/queue/join", { method: "POST", body: "{}", headers: { "content-type": "application/json" } }],
    upload: ["gradio_api/upload", { method: "POST", body: new FormData() }],
  };
  for (const [name, [path, options]] of Object.entries(attempts)) {
    try {
      const response = await fetch(base + path, options);
      heard[name] = response.status;
    } catch { heard[name] = "blocked"; }
    await fetch(base + path, { ...options, mode: "no-cors", headers: {} }).catch(() => {});
  }
  return heard;
}"""


async def open_page(browser: Browser, url: str) -> Page:
    page = await browser.new_page()
    await page.goto(url)
    return page


async def test_a_name_bent_to_this_machine_gets_nothing(browser: Browser) -> None:
    async with house() as (client, core):
        page = await browser.new_page()
        bent = f"http://evil.example:{client.base_url.port}/"
        response = await page.goto(bent)
        heard = await page.evaluate(ATTEMPTS, bent)
        await page.close()
        faults = core.simulator.faults.list() if core.simulator else None

    assert response is not None
    assert response.status == 403
    assert set(heard.values()) == {403}, heard
    assert faults == []


async def test_another_origin_reads_nothing_until_it_is_named(browser: Browser) -> None:
    async with house() as (client, core), elsewhere("<h1>somebody else</h1>") as port:
        page = await open_page(browser, f"http://evil.example:{port}/")
        heard = await page.evaluate(ATTEMPTS, str(client.base_url))
        await page.close()
        asked, faults = core.log.under_way, core.simulator.faults.list() if core.simulator else None

    assert set(heard.values()) == {"blocked"}, heard
    assert (asked, faults) == (0, [])

    async with elsewhere("<h1>our app</h1>") as port:
        origin = f"http://app.example:{port}"
        async with house(GROQ_CORE_CORS_ORIGINS=origin) as (client, _):
            page = await open_page(browser, f"{origin}/")
            heard = await page.evaluate(ATTEMPTS, str(client.base_url))
            await page.close()

    assert (heard["models"], heard["ask"], heard["info"]) == (200, 200, 200)
    assert heard["pass"] == "blocked", "the page's own routes are for the page alone"


AS_AN_APP = """async ([base, token]) => {
  const ask = async (headers) => {
    const response = await fetch(base + "v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", "x-request-id": "job-7", ...headers },
      body: JSON.stringify({ messages: [{ role: "user", content: "Count from 1 to 12." }], stream: true }),
    });
    const said = [response.status, response.headers.get("x-request-id"), await response.text()];
    return [...said, response.headers.get("x-groq-core-overhead-ms") !== null];
  };
  return [await ask({ authorization: `Bearer ${token}` }), await ask({})];
}"""


async def test_an_app_of_a_named_origin_asks_with_its_token_and_reads_why_it_may_not_without(browser: Browser) -> None:
    token = "a-token-that-is-long-enough-0123456789"
    async with elsewhere("<h1>our app</h1>") as port:
        origin = f"http://app.example:{port}"
        async with house(GROQ_CORE_CORS_ORIGINS=origin, GROQ_CORE_API_TOKENS=token) as (client, _):
            page = await open_page(browser, f"{origin}/")
            good, bad = await page.evaluate(AS_AN_APP, [str(client.base_url), token])
            await page.close()

    status, request_id, text, timed = good
    assert (status, request_id, timed) == (200, "job-7", True)
    assert "data: [DONE]" in text
    assert bad[0] == 401
    assert "GROQ_CORE_API_TOKENS" in bad[2]


async def test_nobody_else_shows_the_page_in_a_frame(browser: Browser) -> None:
    async with house() as (client, _):
        frame = f'<iframe src="{client.base_url}"></iframe>'
        async with elsewhere(frame) as port:
            assert await text_in_frame(browser, f"http://evil.example:{port}/") == ""
    async with elsewhere("") as port:
        origin = f"http://friend.example:{port}"
        async with house(GROQ_CORE_FRAME_ANCESTORS=f"'self' {origin}") as (client, _):
            page = await open_page(browser, f"{origin}/")
            await page.set_content(f'<iframe src="{client.base_url}"></iframe>')
            inside = page.frame_locator("iframe")
            await inside.locator("#chat-send").wait_for(timeout=20_000)
            await page.close()


async def text_in_frame(browser: Browser, url: str) -> str:
    """What a page shows in its frame."""
    page = await open_page(browser, url)
    await page.wait_for_timeout(500)
    inside = page.frames[-1]
    text = "" if inside.url.startswith("chrome-error") else await inside.locator("body").inner_text()
    await page.close()
    return text


async def test_a_person_signs_in_and_is_known_until_signing_out(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:

    users = tmp_path_factory.mktemp("team") / "users"
    users.write_text(f"ann:{hash_password('open sesame')}\n")
    async with house(GROQ_CORE_AUTH_FILE=str(users)) as (client, _):
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(str(client.base_url))
        await page.fill("#sign-in-name", "ann")
        await page.fill("#sign-in-password", "wrong")
        await page.click("#sign-in-button")
        await page.wait_for_selector("#sign-in-error")
        await page.fill("#sign-in-name", "ann")
        await page.fill("#sign-in-password", "open sesame")
        await page.click("#sign-in-button")
        await page.wait_for_selector("#chat-send")
        assert "groq_core_session" not in await page.evaluate("document.cookie")
        await page.reload()
        await page.wait_for_selector("#chat-send")
        await page.click("#sign-out")
        await page.wait_for_selector("#sign-in-name")
        await context.close()


@pytest.mark.parametrize(
    ("width", "language", "words", "out"),
    [
        pytest.param(1440, "en-GB", "{n} of 3 today", "Sign out", id="desktop"),
        pytest.param(390, "de-DE", "{n} von 3 heute", "Abmelden", id="phone, in German"),
    ],
)
async def test_the_page_shows_what_is_left_and_the_way_out(
    browser: Browser, tmp_path: Path, width: int, language: str, words: str, out: str
) -> None:
    users = tmp_path / "users"
    users.write_text(f"ann:{hash_password('open sesame')}\n")
    async with house(GROQ_CORE_AUTH_FILE=str(users), GROQ_CORE_LIMITS="3/day") as (client, _):
        context = await browser.new_context(viewport={"width": width, "height": 844}, locale=language)
        page = await context.new_page()
        await page.goto(str(client.base_url))
        await page.fill("#sign-in-name", "ann")
        await page.fill("#sign-in-password", "open sesame")
        await page.click("#sign-in-button")
        await page.wait_for_selector(f"#limits-left >> text={words.format(n=0)}")
        await page.fill("#chat-message textarea", "Hello")
        await page.click("#chat-send")
        await page.wait_for_selector("[data-role=assistant][data-state=done]")
        used = page.locator("#limits-left")
        await page.wait_for_function("document.querySelector('#limits-left').textContent.trim()[0] !== '0'")
        assert words.format(n=(await used.inner_text()).strip()[0]) == (await used.inner_text()).strip()
        box = await used.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        await used.click()
        await page.wait_for_selector("#settings #limits li")
        await page.click(f"#settings >> text={out}")
        await page.wait_for_selector("#sign-in-name")
        await context.close()
