"""
A team of five on two replicas behind nginx, with one PostgreSQL and one Redis, which fails in the middle.

Nothing is sticky: nginx deals requests out one by one, so that each person is on both all the time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from benchmarks.processes import free_port
from groq_core.compose import Core, assemble
from groq_core.redaction import Secret
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.store.database import open_database
from groq_core.store.people import PeopleStore
from tests.api.stage import serving
from tests.requires import find, needs
from tests.store.conftest import Postgres, postgres, redis
from tests.store.replicas import Redis
from tests.store.stage import PASSWORD, ask, eventually, password_hash
from tests.stories.processes import nginx
from tests.ui.conftest import ALONE

__all__ = ["postgres", "redis"]

pytestmark = [needs("chromium", "nginx", "redis-server"), pytest.mark.browser, pytest.mark.timeout(300)]

OTHERS = ("bob", "cy", "dee", "eve")
DONE = '#chat-log [data-role="assistant"][data-state="done"]'
PATIENCE_MS = 90_000


@dataclass
class House:
    """Both replicas, their common address, and each one's own."""

    url: str
    each: list[str]
    cores: list[Core]

    async def ready(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_MS / 1000) as http:
            return [(await http.get(f"{url}/ready")).json() for url in self.each]

    async def in_step(self) -> bool:
        return all(one.get("shared") == "in step" and one.get("replicas") == 2 for one in await self.ready())

    async def alone(self) -> bool:
        return all(str(one.get("shared")).startswith("away") for one in await self.ready())

    @asynccontextmanager
    async def program(self, key: str) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=90, trust_env=False) as http:
            yield http


@pytest.fixture
async def house(tmp_path: Path, postgres: Postgres, redis: Redis, simulator: Simulator) -> AsyncIterator[House]:
    address = postgres.new_url()
    async with open_database(Secret(address)) as database:
        await PeopleStore(database).add("ann", who="command line", role="admin", password=password_hash())
    settings = Settings.from_env(
        {
            "GROQ_CORE_OFFLINE": "1",
            "GROQ_CORE_DATABASE": address,
            "GROQ_CORE_REDIS_URL": redis.url,
            "GROQ_CORE_SECRET": "the-same-for-both-replicas",
        }
    )
    async with AsyncExitStack() as stack:
        cores = [await stack.enter_async_context(assemble(settings, simulator=simulator)) for _ in range(2)]
        each = [f"http://127.0.0.1:{await stack.enter_async_context(serving(create_app(core)))}" for core in cores]
        port = free_port()
        upstreams = "".join(f"server {url.removeprefix('http://')};" for url in each)
        servers = (
            f"upstream app {{ {upstreams} }}\nserver {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; "
            "proxy_http_version 1.1; proxy_buffering off; proxy_set_header Host $http_host; "
            "proxy_set_header X-Forwarded-For $remote_addr; } }"
        )
        await stack.enter_async_context(nginx(servers, tmp_path, port))
        running = House(f"http://127.0.0.1:{port}", each, cores)
        assert await eventually(running.in_step, 60)
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=find("chromium"), args=list(ALONE))
        yield running
        await running.close()


async def sign_in(browser: Browser, house: House, person: str) -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    await page.goto(house.url)
    await page.fill("#sign-in-name", person)
    await page.fill("#sign-in-password", PASSWORD)
    await page.click("#sign-in-button")
    await expect(page.locator("#chat-send")).to_be_visible(timeout=PATIENCE_MS)
    return page


async def shows(where: Locator, text: str | re.Pattern[str]) -> None:
    """Wait until it can be read there: on two cores that others need too, that takes as long as it takes."""
    await expect(where).to_contain_text(text, timeout=PATIENCE_MS)


async def lists(admin: Page, section: str, name: str) -> None:
    """Wait until a name has a line of its own: eve is found in "everybody" long before she is added."""
    await expect(admin.locator(section).get_by_role("cell", name=name, exact=True).first).to_be_visible(
        timeout=PATIENCE_MS
    )


async def question(page: Page, text: str, answers: int) -> None:
    await page.fill("#chat-message textarea", text)
    await page.click("#chat-send")
    await expect(page.locator(DONE)).to_have_count(answers, timeout=PATIENCE_MS)


async def test_five_people_and_a_program_on_two_replicas(browser: Browser, house: House, redis: Redis) -> None:
    admin = await sign_in(browser, house, "ann")
    await admin.goto(f"{house.url}/admin")
    await lists(admin, "#people", "ann")
    for person in OTHERS:
        await admin.locator('form[data-action="people add"] [name=name]').fill(person)
        await admin.locator('form[data-action="people add"] [name=password]').fill(PASSWORD)
        await admin.locator('form[data-action="people add"] button').click()
        await lists(admin, "#people", person)
    limit = admin.locator('form[data-action="people limit"]')
    await limit.locator("[name=name]").fill("eve")
    await limit.locator("[name=value]").fill("2/day")
    await limit.locator("button").click()
    await shows(admin.locator("#people table").first, "2/day")
    create = admin.locator('form[data-action="keys create"]')
    await create.locator("[name=name]").fill("ci")
    await create.locator("[name=value]").fill("500/day, 2 usd/day")
    await create.locator("button").click()
    key = await admin.locator("#new-key").inner_text()

    pages = {person: await sign_in(browser, house, person) for person in OTHERS}
    await asyncio.gather(*(question(page, f"Tell {person} about foxes", 1) for person, page in pages.items()))
    async with house.program(key) as program:
        assert (await ask(program)).status_code == 200

        # Redis fails in the middle of the day.
        redis.kill()
        assert await eventually(house.alone, 60)
        await asyncio.gather(*(question(page, f"And about badgers, {person}?", 2) for person, page in pages.items()))
        assert (await ask(program)).status_code == 200
        await shows(pages["bob"].locator("#status-panel"), re.compile("alone", re.IGNORECASE))
        redis.start()
        assert await eventually(house.in_step, 60)

        # Whose limit is used up is told, and the others go on.
        await pages["eve"].fill("#chat-message textarea", "A third one")
        await pages["eve"].click("#chat-send")
        await shows(pages["eve"].locator("#chat-log"), "your 2 requests today are used up")
        await question(pages["dee"], "A third one", 3)

        # A second device, on whichever replica, and a link for somebody else.
        second = await sign_in(browser, house, "bob")
        entry = second.locator("#conversations [data-conversation]")
        await expect(entry).to_have_count(1, timeout=PATIENCE_MS)
        await entry.locator(".gc-entry-title").click()
        await shows(second.locator("#chat-log"), "badgers, bob")
        await entry.locator('[data-action="menu"]').click(force=True)
        await entry.locator('[data-action="share"]').click()
        link = await second.locator("#share-link").input_value()
        stranger = await (await browser.new_context()).new_page()
        await stranger.goto(link, timeout=PATIENCE_MS)
        await shows(stranger.locator("main"), "badgers, bob")

        # The admin sees who spent what, and takes the key back, at once on both.
        await lists(admin, "#spend", "cy")
        await lists(admin, "#spend", "ci")
        admin.on("dialog", lambda dialog: dialog.accept())
        await admin.locator("#keys").get_by_role("button", name="Revoke").click()
        await shows(admin.locator("#keys table"), "revoked")
        assert {(await ask(program)).status_code for _ in range(4)} == {401}
