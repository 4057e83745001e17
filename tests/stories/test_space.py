"""
A visitor of a Space: in the frame of huggingface.co behind TLS, first without and then with an account.

The names are the real ones, bent to this machine inside the browser; the hub is as much of it as the page meets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, FrameLocator, Page, async_playwright, expect

from benchmarks.processes import free_port
from tests.requires import find, needs
from tests.serving import port_of, serving, url_of
from tests.stories.hub import CLIENT, SECRET, Hub
from tests.stories.processes import Program, app, certificate, nginx
from tests.ui.conftest import ALONE
from tests.ui.microphone import clock_from

pytestmark = [needs("chromium-browser", "nginx"), pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=30_000)

HOST = "ann-demo.hf.space"
HUB = "https://huggingface.co/spaces/ann/demo"
ANSWER = '#chat-log [data-role="assistant"]'
PATIENCE_MS = 30_000


@dataclass
class Space:
    """What the story plays in."""

    hub: Hub
    tls: int
    port: int
    folder: Path

    @asynccontextmanager
    async def awake(self, home: str) -> AsyncIterator[Program]:
        """The app as a Space starts it, with a disk of its own that nothing survives."""
        folder = self.folder / home
        folder.mkdir()
        environ = {"SYSTEM": "spaces", "SPACE_ID": "ann/demo", "SPACE_HOST": HOST, "GRADIO_SERVER_PORT": str(self.port)}
        environ |= {"OAUTH_CLIENT_ID": CLIENT, "OAUTH_CLIENT_SECRET": SECRET, "OAUTH_SCOPES": "openid profile"}
        environ |= {"OPENID_PROVIDER_URL": self.hub.url, "GROQ_CORE_LIMITS": "3/day", "GRADIO_SSR_MODE": "true"}
        async with app(folder, **environ) as running:
            yield running


@pytest.fixture
async def space(tmp_path: Path) -> AsyncIterator[Space]:
    hub, tls, port = Hub(HOST), free_port(), free_port()
    chain, key = certificate(tmp_path, HOST, "huggingface.co")
    async with serving(hub.app) as serves:
        hub.url = url_of(serves)
        secure = f"listen 127.0.0.1:{tls} ssl http2; ssl_certificate {chain}; ssl_certificate_key {key};"
        forwarded = (
            "proxy_http_version 1.1; proxy_buffering off; proxy_set_header Host $host; "
            "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;"
        )
        servers = (
            f"server {{ {secure} server_name {HOST}; "
            f"location / {{ proxy_pass http://127.0.0.1:{port}; {forwarded} }} }}\n"
            f"server {{ {secure} server_name huggingface.co; "
            f"location / {{ proxy_pass http://127.0.0.1:{port_of(serves)}; }} }}"
        )
        async with nginx(servers, tmp_path, tls):
            yield Space(hub, tls, port, tmp_path)


@asynccontextmanager
async def browser(space: Space, *, stores: bool = True) -> AsyncIterator[tuple[BrowserContext, list[str]]]:
    """A browser for which both names are this machine, and what it complains about."""
    names = ", ".join(f"MAP {name}:443 127.0.0.1:{space.tls}" for name in (HOST, "huggingface.co"))
    arguments = [*ALONE, f"--host-resolver-rules={names}", "--test-third-party-cookie-phaseout"]
    profile = space.folder / f"profile-{stores}"
    (profile / "Default").mkdir(parents=True)
    if not stores:
        settings = '{"profile": {"default_content_setting_values": {"cookies": 2}}}'
        (profile / "Default" / "Preferences").write_text(settings)
    complaints: list[str] = []
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=find("chromium-browser"),
            args=arguments,
            headless=True,
            ignore_https_errors=True,
            accept_downloads=True,
            locale="en-GB",
            viewport={"width": 1440, "height": 900},
        )
        context.set_default_timeout(PATIENCE_MS)

        def listen(page: Page) -> None:
            page.on(
                "console",
                lambda said: complaints.append(f"{said.text} {said.location}") if said.type == "error" else None,
            )
            page.on("pageerror", lambda error: complaints.append(str(error)))

        context.on("page", listen)
        yield context, complaints
        await context.close()


async def ask(page: Page | FrameLocator, text: str) -> None:
    await page.locator("#chat-message textarea").fill(text)
    await page.locator("#chat-send").click()


async def test_a_visitor_in_the_frame(space: Space) -> None:
    async with browser(space) as (context, complaints):
        page = await context.new_page()
        async with space.awake("first") as running:
            await page.goto(HUB)
            inside = page.frame_locator("iframe")
            await expect(inside.locator("#mode-banner")).to_be_visible()
            await ask(inside, "What is a fox?")
            await expect(inside.locator(f'{ANSWER}[data-state="done"]')).to_be_visible()

            # Downloads: a conversation as Markdown.
            entry = inside.locator("[data-conversation]").first
            await entry.locator('[data-action="menu"]').click(force=True)
            async with page.expect_download() as saved:
                await entry.locator('[data-action="export-markdown"]').click()
            await (await saved.value).save_as(space.folder / "fox.md")
            assert b"What is a fox?" in (space.folder / "fox.md").read_bytes()

            # The microphone, whose permission the frame hands on.
            await inside.get_by_role("tab", name="Microphone").click()
            await inside.locator("#mic-input .record-button").click()
            await expect(inside.locator(".gc-clock")).to_contain_text(clock_from(1))
            await inside.locator("#mic-input .stop-button").click()
            await inside.locator("#mic-transcribe").click()
            await expect(inside.locator("#mic-transcript .gc-segment").first).to_be_visible()
            await inside.get_by_role("tab", name="Chat").click()

            await inside.locator("#settings-open").click()
            await expect(inside.locator("#duplicate-space")).to_have_attribute("href", f"{HUB}?duplicate=true")
            await inside.locator("#settings").press("Escape")

            assert space.hub.asked, "Gradio's page asks the hub which Space it is on"
            assert complaints == []

            # With an account, in a tab of its own: the frame of another site keeps no cookies.
            async with context.expect_page() as opened:
                await inside.locator("#sign-in").click()
            account = await opened.value
            await expect(account.locator("#signed-in")).to_have_text("eve")
            assert account.url.startswith(f"https://{HOST}/")
            await expect(account.locator("#limits-left")).to_have_text("0 of 3 today")
            await ask(account, "What is a badger?")
            await expect(account.locator(f'{ANSWER}[data-state="done"]')).to_be_visible()
            await expect(account.locator("#limits-left")).to_have_text("1 of 3 today")
            await account.reload()
            await expect(account.locator("#signed-in")).to_have_text("eve")
            await account.locator("#sign-out").click()
            await expect(account.locator("#sign-in")).to_be_visible()
            assert complaints == []
            await account.close()

        # The Space falls asleep with the page open, and wakes up on an empty disk.
        assert await running.end() == 0
        assert "Traceback" not in running.said, running.said
        async with space.awake("second"):
            complaints.clear()
            await ask(inside, "And a hedgehog?")
            await expect(inside.locator(f'{ANSWER}[data-state="done"]')).to_have_count(2)


async def test_in_a_frame_that_may_store_nothing(space: Space) -> None:
    async with browser(space, stores=False) as (context, complaints), space.awake("first"):
        page = await context.new_page()
        await page.goto(HUB)
        inside = page.frame_locator("iframe")
        await expect(inside.locator("#mode-banner")).to_be_visible()
        frame = page.frames[-1]
        refused = await frame.evaluate("() => { try { localStorage; return false } catch { return true } }")
        assert refused
        await ask(inside, "What is a fox?")
        await expect(inside.locator(f'{ANSWER}[data-state="done"]')).to_be_visible()
        assert complaints == []
