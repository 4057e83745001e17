"""The page in a real browser: from the click to the last word, paint by paint, and its first load."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.processes import app, fetch_json, peer, upstream
from benchmarks.rows import Bench, Row, WrongTextError, check, median, percentile
from benchmarks.text import letters, tokens
from benchmarks.upstream import order

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WORDS, RATE = 4000, 1200
_names = count()

WATCH = """([selector, send, expected]) => new Promise((resolve) => {
  const base = document.querySelectorAll(selector).length;
  const seen = {click: performance.timeOrigin + performance.now(), paints: [], first: 0, last: 0};
  let length = 0, since = performance.now();
  const look = () => {
    const found = document.querySelectorAll(selector);
    const node = found.length > base ? found[found.length - 1] : null;
    const now = performance.now(), text = node ? node.textContent : "";
    if (text.length !== length && text.trim()) {
      length = text.length; since = now;
      seen.first ||= performance.timeOrigin + now;
      seen.last = performance.timeOrigin + now;
      seen.paints.push(now);
    }
    if (node && now - since > 100 && text.replace(/[^\\p{L}\\p{N}]/gu, "").length >= expected) {
      seen.text = text; return resolve(seen);
    }
    if (now - since > 30000) { seen.text = text; return resolve(seen); }
    requestAnimationFrame(look);
  };
  document.querySelector(send).click();
  requestAnimationFrame(look);
})"""
"""Clicks, then looks at the answer's visible text in every frame until it is whole and stands still."""

OURS = ("#chat-log [data-role=assistant]", "#chat-send", "#chat-message textarea")
PICTURED = ("#image-answer [data-role=assistant]", "#image-send", "#image-question textarea")
STOCK = ("[data-testid=bot]", ".submit-button", "textarea")


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield chromium
        finally:
            await chromium.close()


async def _open_page(chromium: Browser, url: str, box: str) -> Page:
    context = await chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    await page.goto(url)
    await page.locator(box).first.wait_for()
    return page


async def ask_by_hand(page: Page, where: tuple[str, str, str], words: int, rate: int, model: str) -> dict[str, Any]:
    """Ask by hand, and give when it was clicked, painted, and what stood there in the end."""
    selector, send, box = where
    name, sent = f"b{next(_names)}", "".join(tokens(words))
    field = page.locator(box).first
    await field.fill(order(words, rate, name))
    await field.dispatch_event("input")
    await page.wait_for_timeout(300)
    seen: dict[str, Any] = await page.evaluate(WATCH, [selector, send, len(letters(sent))])
    if letters(seen["text"]) != letters(sent):
        raise WrongTextError(f"{len(letters(seen['text']))} letters on the screen of {len(letters(sent))}")
    seen["model"] = await asyncio.to_thread(fetch_json, f"{model}/played/{name}")
    return seen


async def _check_copy(page: Page, words: int) -> None:
    """The answer's copy button gives what was on the wire."""
    await page.locator('#chat-log [data-role="assistant"] [data-action="copy"]').last.click()
    text = await page.evaluate("navigator.clipboard.readText()")
    check(text, "".join(tokens(words)), "the copy button")


def span(seen: dict[str, Any], words: int, rate: int) -> float:
    return float((seen["last"] - seen["click"]) / 1000 / (words / rate))


def gap_ms(seen: dict[str, Any]) -> float:
    """The longest time between two paints, in milliseconds, up to the model's last word."""
    return float(max(b - a for a, b in zip(seen["paints"], seen["paints"][1:], strict=False)))


async def page(bench: Bench) -> list[Row]:
    """4000 tokens at 1200/s, click to last word: alone, after a long conversation, and in stock Gradio."""
    words, rounds = bench.times(WORDS, 800), bench.times(3, 1)
    spans: dict[str, list[float]] = {"empty": [], "long": []}
    spent: dict[str, list[float]] = {"empty": [], "long": []}
    gaps: list[float] = []
    async with upstream() as model, app(model) as ours, browser() as chromium:
        for _ in range(rounds):
            for kind in spans:
                tab = await _open_page(chromium, ours.url, OURS[2])
                await ask_by_hand(tab, OURS, 40, 0, model)  # the renderer is loaded with the first answer
                where = OURS
                if kind == "long":
                    where = PICTURED
                    await _talk_of_pictures(tab, model)
                before = ours.cpu_s()
                await ask_by_hand(tab, where, 1, 0, model)
                asking_s = ours.cpu_s() - before
                seen = await ask_by_hand(tab, where, words, RATE, model)
                spent[kind].append(ours.cpu_s() - before - 2 * asking_s)
                spans[kind].append(span(seen, words, RATE))
                gaps += [gap_ms(seen)] if kind == "empty" else []
                await tab.context.close()
        stock = await _stock(chromium, model, words)
    told = f"runs {', '.join(f'{one:.3f}' for one in spans['empty'])}"
    peer_ = f"stock `gr.ChatInterface` ({stock[0]:.2f} ×, longest gap {stock[1]:.0f} ms)"
    ratio = median(spent["long"]) / median(spent["empty"])
    cpu = f"{median(spent['long']):.2f} s against {median(spent['empty']):.2f}, without what asking costs"
    return [
        Row(
            f"page: {words} markdown tokens at {RATE}/s, click to last word",
            median(spans["empty"]),
            "×",
            peer_,
            1.02,
            detail=told,
        ),
        Row("the same after 60 messages with 6 images", median(spans["long"]), "×", peer_, 1.03),
        Row("server CPU for its updates", ratio, "×", "an empty conversation", 1.05, detail=cpu),
        Row(
            "page: longest gap between paints while the model streams evenly",
            median(gaps),
            "ms",
            peer_,
            50,
            detail=f"runs {', '.join(f'{one:.0f}' for one in gaps)}",
        ),
    ]


async def _talk_of_pictures(tab: Page, model: str) -> None:
    """Thirty short exchanges in the Image tab, by hand, about three pictures and then about three others."""
    await tab.get_by_role("tab", name="Image").click()
    await tab.wait_for_selector("#image-input input[type=file]", state="attached")
    for half in range(2):
        while await tab.locator("#image-input .gc-picture button").count():
            await tab.locator("#image-input .gc-picture button").first.click()
        files = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": _picture(3 * half + n)} for n in range(3)]
        await tab.set_input_files("#image-input input[type=file]", files)  # type: ignore[arg-type]
        await tab.wait_for_function("() => document.querySelectorAll('#image-input .gc-picture img').length === 3")
        for _ in range(15):
            await ask_by_hand(tab, PICTURED, 60, 0, model)


def _picture(number: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((512, 512), 40 + number).convert("RGB").save(out, "JPEG")
    return out.getvalue()


async def interface(bench: Bench) -> list[Row]:
    """4000 tokens at 1200/s in somebody else's `gr.ChatInterface`: with `groq_core.gradio`, and without."""
    words, rounds = bench.times(WORDS, 800), bench.times(3, 1)
    async with upstream() as model, browser() as chromium:
        runs = [await _stock(chromium, model, words, "chain_chat.py") for _ in range(rounds)]
        alone = await _stock(chromium, model, words)
    spans = [taken for taken, _ in runs]
    return [
        Row(
            f"`groq_core.gradio` in stock `gr.ChatInterface`: {words} tokens at {RATE}/s, click to last word",
            median(spans),
            "×",
            f"the model's time (`gr.ChatInterface` alone {alone[0]:.2f} ×)",
            1.15,
            detail=f"runs {', '.join(f'{one:.3f}' for one in spans)}",
        )
    ]


async def _stock(chromium: Browser, model: str, words: int, script: str = "stock_chat.py") -> tuple[float, float]:
    async with peer(script, model) as stock:
        tab = await _open_page(chromium, stock.url, STOCK[2])
        await ask_by_hand(tab, STOCK, 40, 0, model)
        seen = await ask_by_hand(tab, STOCK, words, RATE, model)
        await tab.context.close()
    return span(seen, words, RATE), gap_ms(seen)


async def paint(bench: Bench) -> list[Row]:
    """From the model's first token to the first visible word."""
    delays: list[float] = []
    async with upstream() as model, app(model) as ours, browser() as chromium:
        tab = await _open_page(chromium, ours.url, OURS[2])
        for round_ in range(bench.times(40, 8) + 2):
            seen = await ask_by_hand(tab, OURS, 60, 300, model)
            if round_ >= 2:
                delays.append(seen["first"] - seen["model"]["first"] * 1000)
        await _check_copy(tab, 60)
    detail = f"p50 {median(delays):.0f} ms, {len(delays)} answers"
    what = "page: the model's first token to the first visible word, p95"
    return [Row(what, percentile(delays, 0.95), "ms", "stock (80–150 ms)", 40, detail=detail)]


async def load(bench: Bench) -> list[Row]:
    """The first load of the page: bytes over the wire, and time until it can be used."""
    rounds = bench.times(5, 2)
    sizes: dict[str, list[float]] = {"ours": [], "empty": []}
    times: dict[str, list[float]] = {"ours": [], "empty": []}
    async with upstream() as model, app(model) as ours, peer("empty_blocks.py") as empty, browser() as chromium:
        for round_ in range(rounds + 1):
            for side, url, ready in (("ours", ours.url, OURS[2]), ("empty", empty.url, "gradio-app footer")):
                received, usable = await load_once(chromium, url, ready)
                if round_:
                    sizes[side].append(received)
                    times[side].append(usable)
    size, seconds = ({side: median(values) for side, values in what.items()} for what in (sizes, times))
    return [
        Row(
            "first load of the page: bytes",
            size["ours"] / size["empty"],
            "×",
            "an empty Blocks",
            1.1,
            detail=f"{size['ours'] / 1000:.0f} kB against {size['empty'] / 1000:.0f}",
        ),
        Row(
            "first load of the page: time to usable",
            seconds["ours"] / seconds["empty"],
            "×",
            "an empty Blocks",
            1.1,
            detail=f"{seconds['ours']:.2f} s against {seconds['empty']:.2f}",
        ),
    ]


async def load_once(
    chromium: Browser, url: str, ready: str, prepare: Callable[[Page], Awaitable[None]] | None = None
) -> tuple[float, float]:
    """Bytes and seconds of a first load, with nothing in the cache; what `prepare` leaves in the store is there."""
    context = await chromium.new_context()
    tab = await context.new_page()
    if prepare is not None:
        await prepare(tab)
    meter = await context.new_cdp_session(tab)
    await meter.send("Network.enable")
    received = 0.0

    def on_finish(event: dict[str, Any]) -> None:
        nonlocal received
        received += event["encodedDataLength"]

    meter.on("Network.loadingFinished", on_finish)
    began = asyncio.get_running_loop().time()
    await tab.goto(url, wait_until="commit")
    await tab.locator(ready).first.wait_for(state="attached")
    seconds = asyncio.get_running_loop().time() - began
    await tab.wait_for_timeout(4000)  # what a page at rest fetches ahead counts too
    await context.close()
    return received, seconds
