"""A hundred answers, and something breaks in each: the server, the network, the tab, or a person stops it."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Page

from benchmarks.page import browser
from benchmarks.processes import environment, free_port, spawn, upstream, wait_until_answered
from benchmarks.rows import Bench, Row
from benchmarks.text import letters, tokens
from benchmarks.upstream import order

WORDS, RATE = 320, 160
ACCIDENTS = ("reload", "reload twice", "network", "tab", "stop", "server")
ANSWER = "#chat-log [data-role=assistant]"
OVER = "[data-state=done], [data-state=stopped], [data-state=broken], [data-state=cut]"
WITHIN_MS = 120_000

SEEN = """(stops) => {
  const seen = [...document.querySelectorAll("#chat-log [data-role=assistant]")].at(-1)?.innerText ?? "";
  if (stops) document.getElementById("chat-stop").click();
  return seen;
}"""
"""What stands there, and the press on Stop in the same moment."""


class Server:
    """``python app.py`` at one address, which can be killed and started once more."""

    def __init__(self, model: str, folder: str) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._env = environment(
            GRADIO_SERVER_PORT=str(self._port),
            GROQ_API_KEY="gsk_bench",
            GROQ_BASE_URL=model,
            GROQ_CORE_LOG_LEVEL="warning",
            GROQ_CORE_SECRET="secret-of-this-benchmark-alone-0123456789",
            GROQ_CORE_STATE_DIR=folder,
        )

    def start(self) -> None:
        self._popen = spawn([sys.executable, "app.py"], self._env)
        wait_until_answered(self._popen, self.url)

    def kill(self) -> None:
        self._popen.send_signal(signal.SIGKILL)
        self._popen.wait()


@asynccontextmanager
async def serving(model: str) -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(model, folder)
        await asyncio.to_thread(server.start)
        try:
            yield server
        finally:
            await asyncio.to_thread(server.kill)


@dataclass(slots=True)
class Found:
    """What became of the answers, by accident."""

    answers: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    whole: Counter[str] = field(default_factory=Counter)

    def judge(self, accident: str, seen: str, text: str) -> None:
        """Take in what was seen before the accident, and what stands there in the end."""
        said, was, expected = letters(text), letters(seen), letters("".join(tokens(WORDS)))
        self.answers[accident] += 1
        self.whole[accident] += said == expected
        if not said.startswith(was) or (accident not in ("stop", "server") and said != expected):
            self.lost.append(f"{accident}: {len(said)} letters of {len(expected)}, {len(was)} seen")
        if not expected.startswith(said) or (accident == "stop" and said != was):
            self.doubled.append(f"{accident}: {text[-60:]!r}")


async def accidents(bench: Bench) -> list[Row]:
    """Kill the server, the network and the tab at random moments of 100 answers."""
    found, dice = Found(), random.Random(13)
    async with upstream() as model, serving(model) as server, browser() as chromium:
        context = await chromium.new_context()
        tab = await _opened(context, server.url)
        rounds = bench.times(100, 12)
        for number in range(1, rounds + 1):
            accident = ACCIDENTS[number % len(ACCIDENTS)]
            await tab.fill("#chat-message textarea", order(WORDS, RATE, f"a{number}"))
            await tab.click("#chat-send")
            await tab.wait_for_timeout(dice.choice([0, dice.randint(10, 2200)]))
            seen = str(await tab.evaluate(SEEN, accident == "stop"))
            tab = await _happen(accident, context, tab, server, dice)
            text = await _ended(tab, number)
            found.judge(accident, seen, text)
        questions = await tab.locator("#chat-log [data-role=user]").all_text_contents()
    return _rows(found, rounds, len(questions), len(set(questions)))


async def _opened(context: BrowserContext, url: str) -> Page:
    tab = await context.new_page()
    tab.set_default_timeout(WITHIN_MS)
    await tab.goto(url)
    await tab.locator("#chat-send").wait_for()
    return tab


async def _happen(accident: str, context: BrowserContext, tab: Page, server: Server, dice: random.Random) -> Page:
    """Let it happen; gives the tab in which the answer is looked for afterwards."""
    if accident.startswith("reload"):
        await tab.reload()
        if accident.endswith("twice"):
            await tab.wait_for_timeout(dice.randint(10, 400))
            await tab.reload()
    elif accident == "network":
        await context.set_offline(True)
        await tab.wait_for_timeout(dice.randint(10, 1500))
        await context.set_offline(False)
    elif accident == "tab":
        await tab.close()
        tab = await _opened(context, server.url)
        await tab.locator("[data-conversation]").first.click()
    elif accident == "server":
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    return tab


async def _ended(tab: Page, count: int) -> str:
    """The text of an answer that has ended, as it stands there after one more reload."""
    answer = tab.locator(ANSWER).nth(count - 1)
    await answer.and_(tab.locator(OVER)).wait_for(state="attached")
    await tab.wait_for_timeout(300)
    await tab.reload()
    await answer.and_(tab.locator(OVER)).wait_for(state="attached")
    await tab.locator(f"{ANSWER} >> nth={count - 1}").locator(".gc-plain").wait_for(state="detached")
    return await answer.locator(".gc-text").first.inner_text()


def _rows(found: Found, rounds: int, questions: int, different: int) -> list[Row]:
    told = ", ".join(f"{name} {many}" for name, many in found.answers.items())
    whole = ", ".join(f"{name} {found.whole[name]} of {many}" for name, many in found.answers.items())
    return [
        Row(f"{rounds} answers, each with an accident: something that was seen is lost", len(found.lost), "", "–", 0,
            detail=f"{told}; {'; '.join(found.lost)}".rstrip("; ")),
        Row("something stands there twice, or something else", len(found.doubled), "", "–", 0,
            detail="; ".join(found.doubled)),
        Row("questions lost or doubled", abs(rounds - questions) + questions - different, "", "–", 0,
            detail=f"whole in the end: {whole}"),
    ]  # fmt: skip
