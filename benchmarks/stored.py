"""The page of somebody who stays: 1,000 conversations in the browser's store, and one of 500 messages open."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import CDPSession, Page

from benchmarks.page import OURS, RATE, WORDS, ask_by_hand, browser, gap_ms, load_once, span
from benchmarks.processes import app, peer, upstream
from benchmarks.rows import Bench, Row, WrongTextError, median, percentile
from benchmarks.text import letters, tokens

CONVERSATIONS, MESSAGES = 1000, 500
LONG = "the-long-one"
RARE = "quetzalcoatlus"
"""Stands in one conversation alone, in the middle of its texts."""
SLOWER = 4
"""What a cheap phone's processor is to this one; Chromium's own throttle."""

SCRIPTS = Path(__file__).with_name("stored_page.js")
READY = ".gc-turns [data-role=assistant][data-state=done]"


@dataclass(frozen=True, slots=True)
class Spent:
    """What one thing took: seconds of its own, and of the main thread's CPU."""

    wall_s: float
    cpu_s: float


class Meter:
    """The main thread of a page, read over the debugging protocol."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session

    async def busy_s(self) -> float:
        """Seconds of CPU that the main thread has spent in tasks so far."""
        found = await self.session.send("Performance.getMetrics")
        return float(next(one["value"] for one in found["metrics"] if one["name"] == "TaskDuration"))

    @classmethod
    async def of(cls, tab: Page) -> Meter:
        session = await tab.context.new_cdp_session(tab)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return cls(session)


@asynccontextmanager
async def resident(url: str, *, phone: bool = False) -> AsyncIterator[Page]:
    """A page of ours in a browser that keeps many conversations; what it kept is written before it is opened."""
    async with browser() as chromium:
        size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        context = await chromium.new_context(viewport=size, permissions=["clipboard-read", "clipboard-write"])  # type: ignore[arg-type]
        tab = await context.new_page()
        await fill_store(tab, url)
        await context.add_init_script(path=SCRIPTS)
        await open_page(tab, url)
        yield tab
        await context.close()


async def fill_store(tab: Page, url: str) -> None:
    """Write the conversations from an address of the same origin that has no scripts."""
    await tab.goto(f"{url}/health")
    await tab.evaluate(
        f"async (given) => {{ {SCRIPTS.read_text()}; await seed(given); }}",
        [CONVERSATIONS, MESSAGES, LONG, "".join(tokens(160)), RARE],
    )


async def open_page(tab: Page, url: str) -> None:
    await tab.goto(url)
    await tab.locator("#conversations [data-conversation]").first.wait_for(state="attached")
    await tab.wait_for_timeout(1500)  # what the page does when it has nothing more urgent to do


async def stored(bench: Bench) -> list[Row]:
    """Open, search and ask beside 1,000 conversations."""
    async with upstream() as model, app(model) as ours, resident(ours.url) as tab:
        opened = await _open_page(tab, bench.times(9, 3))
        keys = await _searched(tab, bench.times(5, 2))
        rows = [*_opening(opened), *_searching(*keys)]
        rows += await _page_rows(tab, model, bench)
        rows += await _loaded(ours.url, bench)
    return rows


async def _loaded(url: str, bench: Bench) -> list[Row]:
    """The rows of ``load``, for somebody whose store is full and whose cache is empty."""
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "empty": []}
    async with peer("empty_blocks.py") as empty, browser() as chromium:
        for round_ in range(bench.times(3, 1) + 1):
            ours = await load_once(chromium, url, OURS[2], lambda tab: fill_store(tab, url))
            theirs = await load_once(chromium, empty.url, "gradio-app footer")
            if round_:
                found["ours"].append(ours)
                found["empty"].append(theirs)
    (bytes_, seconds), (bytes_0, seconds_0) = (
        [median([one[at] for one in found[side]]) for at in (0, 1)] for side in ("ours", "empty")
    )
    return [
        Row("first load: bytes", bytes_ / bytes_0, "×", "an empty Blocks", 1.1, detail=f"{bytes_ / 1000:.0f} kB"),
        Row("first load: time to usable", seconds / seconds_0, "×", "an empty Blocks", 1.1, detail=f"{seconds:.2f} s"),
    ]


async def _open_page(tab: Page, rounds: int) -> list[Spent]:
    """From the press on an entry to the first painted screen, another conversation being open before."""
    meter = await Meter.of(tab)
    found = []
    for _ in range(rounds):
        await tab.evaluate("() => openEntry(null)")
        await tab.wait_for_timeout(600)
        before = await meter.busy_s()
        seen = await tab.evaluate("(id) => openEntry(id)", LONG)
        after = await meter.busy_s()
        if not seen["whole"]:
            raise WrongTextError("the screen was painted without the last answer")
        found.append(Spent(seen["ms"] / 1000, after - before))
        await tab.wait_for_timeout(300)
    return found


def _opening(found: list[Spent]) -> list[Row]:
    wall, cpu = ([getattr(one, name) * 1000 for one in found] for name in ("wall_s", "cpu_s"))
    what = f"a conversation of {MESSAGES} messages among {CONVERSATIONS}, press to first painted screen"
    return [
        Row(what, median(wall), "ms", "–", 150, detail=f"runs {', '.join(f'{one:.0f}' for one in wall)}"),
        Row("the same in CPU of the main thread", median(cpu), "ms", "–", 150, detail=f"most {max(cpu):.0f}"),
    ]


async def _searched(tab: Page, rounds: int) -> tuple[list[Spent], list[float]]:
    """Key by key, each until the list shows what it finds; and the first after a reload, for which all is read."""
    meter = await Meter.of(tab)
    found, first = [], []
    for _ in range(rounds):
        await tab.reload()
        await tab.locator("#conversations [data-conversation]").first.wait_for(state="attached")
        await tab.wait_for_timeout(1500)
        first.append((await tab.evaluate("(words) => typeSearch(words)", "m"))["ms"])
        for words in ("mora velu", RARE, "the river"):
            for end in range(1, len(words) + 1):
                before = await meter.busy_s()
                seen = await tab.evaluate("(words) => typeSearch(words)", words[:end])
                found.append(Spent(seen["ms"] / 1000, await meter.busy_s() - before))
                if not seen["final"]:
                    raise WrongTextError(f"the list was painted before it showed what {words[:end]!r} finds")
            if words == RARE and seen["count"] != 1:
                raise WrongTextError(f"{seen['count']} conversations hold {RARE}")
    return found, first


def _searching(found: list[Spent], first: list[float]) -> list[Row]:
    wall, cpu = ([getattr(one, name) * 1000 for one in found] for name in ("wall_s", "cpu_s"))
    what = f"search over {CONVERSATIONS} conversations, key to painted list, p95"
    detail = f"p50 {median(wall):.0f}, most {max(wall):.0f}; {len(found)} keys"
    return [
        Row(what, percentile(wall, 0.95), "ms", "–", 50, detail=detail),
        Row("the same in CPU of the main thread", percentile(cpu, 0.95), "ms", "–", 50, detail=f"most {max(cpu):.0f}"),
        Row("the first key after a reload, for which all is read and indexed", median(first), "ms", "–"),
    ]


async def _page_rows(tab: Page, model: str, bench: Bench) -> list[Row]:
    """The rows of ``page`` and ``paint`` once more, below 500 messages."""
    words = bench.times(WORDS, 800)
    await tab.evaluate("(id) => openEntry(id)", LONG)
    await tab.wait_for_timeout(3000)
    await ask_by_hand(tab, OURS, 40, 0, model)
    seen = [await ask_by_hand(tab, OURS, words, RATE, model) for _ in range(bench.times(3, 1))]
    delays = []
    for _ in range(bench.times(20, 5)):
        one = await ask_by_hand(tab, OURS, 60, 300, model)
        delays.append(one["first"] - one["model"]["first"] * 1000)
    spans, gaps = [span(one, words, RATE) for one in seen], [gap_ms(one) for one in seen]
    peer_ = f"the model's time, below {MESSAGES} messages"
    return [
        Row(f"{words} markdown tokens at {RATE}/s, click to last word", median(spans), "×", peer_, 1.03),
        Row("longest gap between paints while the model streams evenly", median(gaps), "ms", peer_, 50),
        Row(
            "the model's first token to the first visible word, p95",
            percentile(delays, 0.95),
            "ms",
            peer_,
            40,
            detail=f"p50 {median(delays):.0f} ms",
        ),
    ]


async def phone(bench: Bench) -> list[Row]:
    """A cheap phone: a processor four times slower, 500 messages, 1,200 tokens a second."""
    words = bench.times(WORDS, 1600)
    busy, tasks, stops = [], [], []
    async with upstream() as model, app(model) as ours, resident(ours.url, phone=True) as tab:
        await tab.evaluate("(id) => openEntry(id)", LONG)
        await tab.wait_for_timeout(4000)
        await ask_by_hand(tab, OURS, 40, 0, model)
        meter = await Meter.of(tab)
        for _ in range(bench.times(3, 1)):
            await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            seen = await _streamed(tab, meter, words, model)
            await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            busy.append(seen["busy"])
            tasks.append(seen["longest"])
        await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        longest = await _longest_task_ms(tab, _streamed(tab, meter, words, model))
        await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        for _ in range(bench.times(7, 3)):
            await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            stops.append(await _stopped(tab, words, model))
            await meter.session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
            await tab.wait_for_timeout(300)
    return [
        Row(
            f"cheap phone, {MESSAGES} messages, {words} tokens at {RATE}/s: main thread busy",
            100 * median(busy),
            "%",
            "–",
            25,
        ),
        Row("longest task", max(tasks), "ms", "–", 50, detail=f"runs {', '.join(f'{one:.0f}' for one in tasks)}"),
        Row("the same in CPU of the main thread", longest, "ms", "–", 50),
        Row(
            "click to Stop, until it stands still, p95",
            percentile(stops, 0.95),
            "ms",
            "–",
            100,
            detail=f"p50 {median(stops):.0f}",
        ),
    ]


async def _streamed(tab: Page, meter: Meter, words: int, model: str) -> dict[str, float]:
    """
    How busy the main thread is between the first and the last word, and its longest task there.

    What counts is its CPU, in which Chromium's throttle waits: other work on the machine is not in it.
    """
    await tab.evaluate("() => beginTasks()")
    await tab.evaluate("(given) => askFor(given)", [words, RATE, model])
    await tab.wait_for_function("() => document.body.dataset.chat === 'busy' && lastAnswer().length > 40", polling=50)
    began, before = asyncio.get_running_loop().time(), await meter.busy_s()
    await asyncio.sleep(words / RATE - 0.6)
    after, seconds = await meter.busy_s(), asyncio.get_running_loop().time() - began
    await tab.wait_for_function("() => document.body.dataset.chat !== 'busy'", polling=100)
    await tab.wait_for_timeout(500)
    seen = await tab.evaluate("() => endTasks()")
    if letters(seen["text"]) != letters("".join(tokens(words))):
        raise WrongTextError("the answer on the screen is another")
    return {"busy": (after - before) / seconds, "longest": seen["longest"]}


async def _longest_task_ms(tab: Page, doing: Awaitable[object]) -> float:
    """The longest task of the page's main thread while something is done, in its CPU: a trace has both clocks."""
    browser_ = tab.context.browser
    assert browser_ is not None
    await browser_.start_tracing(page=tab, categories=["toplevel", "__metadata"])
    try:
        await doing
    finally:
        events = json.loads(await browser_.stop_tracing())["traceEvents"]
    mains = {(one["pid"], one["tid"]) for one in events if one.get("args", {}).get("name") == "CrRendererMain"}
    spent: dict[tuple[int, int], list[float]] = defaultdict(list)
    for one in events:
        thread = (one["pid"], one["tid"])
        if one["name"] == "ThreadControllerImpl::RunTask" and thread in mains:
            spent[thread].append(one.get("tdur", 0) / 1000)
    return max(max(spent.values(), key=sum))


async def _stopped(tab: Page, words: int, model: str) -> float:
    await tab.evaluate("(given) => askFor(given)", [words, RATE, model])
    await tab.wait_for_function("() => document.body.dataset.chat === 'busy' && lastAnswer().length > 400", polling=50)
    return float(await tab.evaluate("() => stopAndLook()"))
