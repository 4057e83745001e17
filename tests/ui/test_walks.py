"""
Random walks through conversations in two tabs of one browser: whatever is done in whatever order, every question stands
in its own conversation once, with its own answer below it, on the screen and in the store.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from playwright.async_api import Error as PlaywrightError

from groq_core.events import Events, Routed, TextDelta
from groq_core.requests import Request
from groq_core.simulator import Simulator
from tests.requires import needs
from tests.store.stage import PASSWORD, eventually, team_stage
from tests.ui.conftest import House, context_of
from tests.ui.conversations import KEPT, open_in, texts
from tests.ui.scripts import BEGUN, CANDIDATES, DONE

pytestmark = [pytest.mark.browser, needs("chromium")]

# More of them: WALKS=60 pytest tests/ui/test_walks.py
WALKS = int(os.environ.get("WALKS", "2"))
STEPS = 24
SETTLED_S = 20.0

REFUSE_SOME = """() => {
  const ask = fetch;
  const refused = () => Promise.resolve(new Response("", { status: 503, headers: { "retry-after": "1" } }));
  globalThis.fetch = (address, given) =>
    String(address).includes("/ui/conversations/") && (given?.method ?? "GET") !== "GET" && Math.random() < 0.15
      ? refused()
      : ask(address, given);
}"""
"""
A server that is away for moments, whatever is to be kept.

In the page, since a browser whose requests are looked at from outside keeps no files: each reload would load them all.
"""
WAITING = "() => JSON.parse(sessionStorage['gc-queue'] ?? '[]').map(({ text }) => text)"


async def shows(tab: Page, first: str) -> None:
    """Wait until the conversation that began with these words is shown."""
    await expect(tab.locator("[data-conversation][aria-current=true]")).to_contain_text(first)


class Echo:
    """
    Answers that tell their question; now and then one waits in the middle until it is let go. One at a time: whoever
    listens holds one of the six connections that a browser has to one host.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.held: list[asyncio.Event] = []

    async def __call__(self, request: Request) -> Events:
        if request.model == "speed":  # a title: there is none better than the question
            yield DONE
            return
        yield Routed(request_id=request.request_id, tier="speed", reason="a walk", candidates=CANDIDATES)
        yield BEGUN
        yield TextDelta("echo ")
        if self._dice.random() < 0.5 and not self.held:
            go = asyncio.Event()
            self.held.append(go)
            await go.wait()
        yield TextDelta(f"of {texts(request)[-1]}.")
        yield DONE

    def let_go(self) -> None:
        while self.held:
            self.held.pop().set()


@dataclass
class Walk:
    """What somebody does, and what they may expect of it."""

    dice: random.Random
    tabs: list[Page]
    echo: Echo
    read: Callable[[], Awaitable[dict[str, Any]]]
    """What the store holds: ``heads`` and ``messages``."""
    at: list[str] = field(default_factory=lambda: ["", ""])
    """Which conversation each tab shows, by its first question."""
    asked: dict[str, list[str]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    """Conversations in which an answer was stopped: what waits there goes on waiting."""
    done: list[str] = field(default_factory=list)
    numbers: int = 0

    async def go(self) -> None:
        try:
            for _ in range(STEPS):
                await self.step()
            await self.end()
            await self.settle()
            for tab, first in zip(self.tabs, self.at, strict=True):
                await tab.reload()
                if first:
                    await shows(tab, first)
        except (AssertionError, PlaywrightError) as error:
            raise AssertionError("\n".join([*self.done, str(error)])) from error
        finally:
            self.echo.let_go()

    async def step(self) -> None:
        number = self.dice.randrange(len(self.tabs))
        tab = self.tabs[number]
        action = self.dice.choices(
            ["ask", "new", "open", "stop", "delete", "let go", "reload", "edit", "again"], [8, 2, 4, 1, 1, 3, 2, 1, 1]
        )[0]
        self.done.append(f"tab {number}: {action}, in {self.at[number] or 'a new one'}")
        await getattr(self, action.replace(" ", "_"))(number, tab)

    async def ask(self, number: int, tab: Page) -> None:
        self.numbers += 1
        text = f"q{self.numbers}!"
        await tab.fill("#chat-message textarea", text)
        await tab.click("#chat-send")
        await expect(tab.locator("#chat-log, #chat-queue").filter(has_text=text)).to_have_count(1)
        self.at[number] = self.at[number] or text
        self.asked.setdefault(self.at[number], []).append(text)

    async def new(self, number: int, tab: Page) -> None:
        await tab.click("#conversation-new")
        await expect(tab.locator(".gc-welcome")).to_be_visible()
        self.at[number] = ""

    async def open(self, number: int, tab: Page) -> None:
        if not self.asked:
            return
        first = self.dice.choice(list(self.asked))
        await tab.locator("[data-conversation]", has_text=first).locator(".gc-entry-title").click()
        await shows(tab, first)
        self.at[number] = first

    async def stop(self, number: int, tab: Page) -> None:
        stop = tab.locator("#chat-stop")
        if await stop.is_visible():
            self.stopped.add(self.at[number])
            with suppress(PlaywrightError):  # its answer may end in this moment
                await stop.click(timeout=500)

    async def delete(self, number: int, tab: Page) -> None:
        if not self.asked:
            return
        first = self.dice.choice(list(self.asked))
        entry = tab.locator("[data-conversation]", has_text=first)
        await entry.hover()
        await entry.locator("[data-action=menu]").click()
        await entry.locator("[data-action=delete]").click()
        await expect(entry).to_have_count(0)
        if self.dice.random() < 0.4:
            await tab.click("#chat-undo")
            await expect(entry).to_have_count(1)
            await shows(tab, first)
            self.stopped.add(first)
            self.at = [first if one == number else "" if was == first else was for one, was in enumerate(self.at)]
        else:
            del self.asked[first]
            self.at = ["" if was == first else was for was in self.at]
        for one, was in zip(self.tabs, self.at, strict=True):
            if not was:
                await expect(one.locator(".gc-welcome")).to_be_visible()

    async def let_go(self, number: int, tab: Page) -> None:
        self.echo.let_go()

    async def reload(self, number: int, tab: Page) -> None:
        await tab.reload()
        if first := self.at[number]:
            await shows(tab, first)

    async def edit(self, number: int, tab: Page) -> None:
        """The last question becomes another one, which stands beside it in the tree."""
        if not self.at[number] or await tab.locator("#chat-stop").is_visible():
            return
        self.numbers += 1
        text = f"q{self.numbers}!"
        last = tab.locator("#chat-log [data-role=user]").last
        await last.hover()
        await last.locator("[data-action=edit]").click()
        await tab.fill(".gc-edit-box", text)
        box, sent = tab.locator(".gc-edit-box"), tab.locator("#chat-log").filter(has_text=text)
        while not await sent.count():
            if not await box.count() and not await sent.count():
                return  # the other tab's branch is shown by now, and the edit stays in its own
            with suppress(PlaywrightError):  # or its answer has begun in this one, and is to be over first
                await box.press("Enter", timeout=500)
            self.echo.let_go()
            await tab.wait_for_timeout(20)
        self.asked[self.at[number]].append(text)

    async def again(self, number: int, tab: Page) -> None:
        if not self.at[number] or await tab.locator("#chat-stop").is_visible():
            return
        last = tab.locator("#chat-log [data-role=assistant]").last
        await last.hover()
        await last.locator("[data-action=again]").click()

    async def end(self) -> None:
        """Come to rest: every answer over, and everything that waited asked where nothing stands against it."""
        for _ in range(8):
            for number, tab in enumerate(self.tabs):
                for first in self.asked:
                    self.echo.let_go()
                    await tab.locator("[data-conversation]", has_text=first).locator(".gc-entry-title").click()
                    await shows(tab, first)
                    self.at[number] = first
                    while await tab.locator("#chat-stop").is_visible():
                        self.echo.let_go()
                        await tab.wait_for_timeout(20)
            if not any([await tab.evaluate(WAITING) for tab in self.tabs]):
                break

    async def settle(self) -> None:
        """What the store refused for a moment, also several times, is written again: it is right in the end."""
        refusal: AssertionError | None = None

        async def is_right() -> bool:
            nonlocal refusal
            try:
                await self.judge()
            except (AssertionError, KeyError) as error:
                refusal = error if isinstance(error, AssertionError) else AssertionError(f"no message {error}")
                return False
            return True

        if not await eventually(is_right, SETTLED_S):
            assert refusal is not None
            raise refusal

    async def judge(self) -> None:
        kept = await self.read()
        waiting = [text for tab in self.tabs for text in await tab.evaluate(WAITING)]
        by_id = {message["id"]: message for message in kept["messages"]}
        questions = [message for message in kept["messages"] if message["role"] == "user"]
        story = "\n".join(self.done)
        expected = sorted(text for conversation in self.asked.values() for text in conversation)
        here = {text: first for first, conversation in self.asked.items() for text in conversation}
        may_wait = [text for text in waiting if here.get(text) in self.stopped]
        assert sorted([one["text"] for one in questions] + may_wait) == expected, story
        ids = {first: {by["conversation"] for by in questions if here[by["text"]] == first} for first in self.asked}
        assert all(len(found) == 1 for found in ids.values()), (ids, story)
        assert len({id for found in ids.values() for id in found}) == len(self.asked), (ids, story)
        assert {head["id"] for head in kept["heads"] if head["kind"] == "chat"} == {
            id for found in ids.values() for id in found
        }, story
        for message in kept["messages"]:
            if message["role"] != "assistant":
                continue
            question = by_id[message["parent"]]
            assert message["conversation"] == question["conversation"], story
            whole = f"echo of {question['text']}."
            first = here[question["text"]]
            told = (message["text"], message["state"], question["text"], story)
            assert whole.startswith(message["text"]) if first in self.stopped else message["text"] == whole, told
            assert message["state"] == "done" or first in self.stopped, told


@pytest.mark.parametrize("seed", range(WALKS))
async def test_whatever_is_done_in_whatever_order_nothing_is_lost_or_strays(
    visitor: BrowserContext, house: House, seed: int
) -> None:
    dice = random.Random(seed)
    echo = Echo(dice)
    house.script = echo
    tabs = [await open_in(visitor, house), await open_in(visitor, house)]
    await Walk(dice, tabs, echo, lambda: tabs[0].evaluate(KEPT)).go()


@pytest.mark.parametrize("seed", range(WALKS))
async def test_nor_where_the_server_keeps_them_and_is_away_for_moments(
    browser: Browser, simulator: Simulator, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    echo = Echo(dice)

    async with (
        team_stage(f"sqlite:///{tmp_path}/team.db", simulator, handle=echo) as stage,
        context_of(browser) as context,
        stage.client("bob") as bob,
    ):
        tabs = [await context.new_page() for _ in range(2)]
        await tabs[0].goto(stage.url)
        await tabs[0].fill("#sign-in-name", "bob")
        await tabs[0].fill("#sign-in-password", PASSWORD)
        await tabs[0].click("#sign-in-button")
        await expect(tabs[0].locator("#chat-send")).to_be_visible()
        await tabs[1].goto(stage.url)
        await context.add_init_script(f"({REFUSE_SOME})()")
        for tab in tabs:
            await tab.evaluate(REFUSE_SOME)

        async def read() -> dict[str, Any]:
            found = (await bob.get("/ui/conversations/export")).json()["conversations"]
            messages = [{"conversation": one["head"]["id"], **by} for one in found for by in one["messages"]]
            return {"heads": [one["head"] for one in found], "messages": messages}

        await Walk(dice, tabs, echo, read).go()
