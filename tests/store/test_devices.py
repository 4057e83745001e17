"""Conversations of one person on several devices, of which one deletes, is slow, or was away for a moment."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.requires import needs
from tests.store.devices import Devices, sign_in, wait_until_kept
from tests.store.stage import TeamStage, eventually

pytestmark = [needs("chromium"), pytest.mark.browser]


@pytest.mark.parametrize("reloaded", [False, True])
@pytest.mark.parametrize("asked_first", [True, False])
async def test_what_was_asked_before_a_deletion_goes_with_it_and_what_is_asked_after_it_brings_it_back(
    devices: Devices, stage: TeamStage, asked_first: bool, reloaded: bool
) -> None:
    page = await sign_in(devices, stage, "bob")
    entries = page.locator("#conversations [data-conversation]")
    answers = page.locator('#chat-log [data-role="assistant"][data-state="done"]')
    await page.fill("#chat-message textarea", "What is a fox?")
    await page.click("#chat-send")
    await expect(answers).to_have_count(1)
    away = True

    async def may_be_away(route: Route) -> None:
        if away and route.request.method == "PUT":
            return await route.fulfill(status=503, headers={"retry-after": "1"})
        return await route.continue_()

    async with stage.client("bob") as bob:

        async def kept() -> list[list[str]]:
            found = (await bob.get("/ui/conversations/export")).json()["conversations"]
            return [[one.get("text", "") for one in whole["messages"] if one["role"] == "user"] for whole in found]

        async def first_is_kept() -> bool:
            return await kept() == [["What is a fox?"]] and bool(await entries.count())

        assert await eventually(first_is_kept, 20)
        await page.route("**/ui/conversations/**", may_be_away)
        id = await entries.get_attribute("data-conversation")

        async def delete() -> None:
            assert (await bob.delete(f"/ui/conversations/{id}")).status_code == 200

        if not asked_first:
            await delete()
        await page.fill("#chat-message textarea", "And a vixen?")
        async with page.expect_response(lambda response: response.status == 503):
            await page.click("#chat-send")
        if asked_first:
            await delete()
        if reloaded:
            await page.reload()
        async with page.expect_response(lambda response: "/messages/" in response.url and response.status == 410):
            away = False

        async def has_settled() -> bool:
            last = [] if asked_first else [["And a vixen?"]] if reloaded else [["What is a fox?", "And a vixen?"]]
            return await kept() == last

        assert await eventually(has_settled, 20), await kept()
        await expect(entries).to_have_count(0 if asked_first else 1)


async def test_who_deleted_a_conversation_that_another_device_brought_back_asks_on_in_it_and_is_kept(
    devices: Devices, stage: TeamStage
) -> None:
    page = await sign_in(devices, stage, "bob")
    entries = page.locator("#conversations [data-conversation]")
    await page.fill("#chat-message textarea", "What is a fox?")
    await page.click("#chat-send")
    await expect(page.locator('#chat-log [data-role="assistant"][data-state="done"]')).to_have_count(1)
    await expect(entries).to_have_count(1)
    await wait_until_kept(page)
    async with stage.client("bob") as bob:
        whole = (await bob.get("/ui/conversations/export")).json()["conversations"][0]
        id = whole["head"]["id"]
        await entries.hover()
        await entries.locator("[data-action=menu]").click()
        await entries.locator("[data-action=delete]").click()
        await expect(entries).to_have_count(0)
        await wait_until_kept(page)
        assert (await bob.put(f"/ui/conversations/{id}", json=whole)).status_code == 204
        await page.evaluate("dispatchEvent(new Event('focus'))")
        await entries.locator(".gc-entry-title").click()
        await page.fill("#chat-message textarea", "And a vixen?")
        await page.click("#chat-send")

        async def asked() -> bool:
            found = (await bob.get(f"/ui/conversations/{id}")).json()["messages"]
            return [one["text"] for one in found if one["role"] == "user"] == ["What is a fox?", "And a vixen?"]

        assert await eventually(asked, 20)


async def test_the_conversation_pressed_last_is_shown_with_what_was_typed_meanwhile(
    devices: Devices, stage: TeamStage
) -> None:
    page = await sign_in(devices, stage, "bob")
    box, log = page.locator("#chat-message textarea"), page.locator("#chat-log [data-role=user]")
    entries = page.locator("#conversations [data-conversation]")
    ids = dict[str, str | None]()
    for count, text in enumerate(("first", "second"), 1):
        await page.click("#conversation-new")
        await box.fill(text)
        await page.click("#chat-send")
        await expect(page.locator('#chat-log [data-role="assistant"][data-state="done"]')).to_have_count(1)
        await expect(entries).to_have_count(count)
        ids[text] = await entries.first.get_attribute("data-conversation")
    await page.click("#conversation-new")
    # By their ids, since they are given titles sooner or later.
    first, second = (page.locator(f"[data-conversation='{id}'] .gc-entry-title") for id in ids.values())
    comes = asyncio.Event()

    async def come_late(route: Route) -> None:
        await comes.wait()
        await route.continue_()

    await page.route(f"**/ui/conversations/{ids['first']}", come_late)
    await first.click()
    await second.click()
    await expect(log).to_contain_text("second")
    async with page.expect_response(f"**/ui/conversations/{ids['first']}"):
        comes.set()
    await second.click()
    await expect(log).to_contain_text("second")

    comes.clear()
    await first.click()
    await second.click()
    async with page.expect_response(f"**/ui/conversations/{ids['first']}"):
        comes.set()
    await page.evaluate("new Promise(requestAnimationFrame)")
    await expect(log).to_contain_text("second")

    comes.clear()
    await first.click()
    await box.press_sequentially("typed meanwhile")
    await page.wait_for_timeout(600)  # longer than it takes until what stands in the box is kept as a draft
    comes.set()
    await expect(log).to_contain_text("first")
    await expect(box).to_have_value("typed meanwhile")
    await second.click()
    await expect(log).to_contain_text("second")
    await expect(box).to_have_value("")
