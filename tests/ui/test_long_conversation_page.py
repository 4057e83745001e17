"""A page that somebody stays on: long conversations, a reload at the worst moment, paper, zoom and high contrast."""

from __future__ import annotations

import asyncio
import io
from contextlib import suppress

import pytest
from playwright.async_api import Error, Page, expect
from pypdf import PdfReader

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.conversations import ANSWER, KEPT, everywhere, texts
from tests.ui.kept_page import FIND_KEEPER
from tests.ui.scripts import BEGUN, DONE, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

COUNT = 60

OPEN_LONG = (
    "async (count) => {"
    + FIND_KEEPER
    + """
  const head = {
    id: "long", kind: "chat", title: "Long", titled: true, leaf: `m${count - 1}`, pinned: false,
    created: 1, updated: 1, draft: "", options: {},
  };
  const receipt = {
    e: "receipt", request_id: "r", tier: "speed", reason: "", cache: "miss", degraded: false, attempts: [],
    served_by: { provider: "groq", model: "openai/gpt-oss-20b" }, cost_usd: 0.00001,
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
  };
  const question = { role: "user", pictures: [], extra: {} };
  const answer = { role: "assistant", state: "done", receipts: [receipt], finish: "stop", keptTexts: [] };
  const text = (at) => `${at % 2 ? "answer" : "question"} number${at}, with **strong** words.`;
  const messages = Array.from({ length: count }, (_, at) => ({
    id: `m${at}`, parent: at ? `m${at - 1}` : null, created: at + 1,
    text: `${text(at)}\\n\\n${"More of it. ".repeat(30)}`, ...(at % 2 ? answer : question),
  }));
  await kept.store.put({ head, messages });
  kept.heads.push(head);
  await kept.open("long");
}"""
)
"""Put a conversation of so many messages into the store and open it, whether its keeper is there or on its way."""

SEND_AND_LEAVE = """(text) => {
  const box = document.querySelector("#chat-message textarea");
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("chat-send").click();
  location.reload();
}"""


@pytest.mark.one_page
@everywhere
async def test_far_messages_are_plain_until_somebody_comes_near(tab: Page, house: House) -> None:
    await tab.evaluate(OPEN_LONG, COUNT)
    last, first = tab.locator('[data-message="m59"]'), tab.locator('[data-message="m1"]')
    await expect(last).to_be_in_viewport()
    await expect(last.locator("strong")).to_have_text("strong")
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(COUNT)
    await expect(first.locator(".gc-plain")).to_have_count(1)
    assert "number1," in (await first.text_content() or "")
    await expect(tab.locator("#gc-spent")).to_have_text("900 tokens, $0.00030")

    await tab.evaluate("() => (document.querySelector('.gc-turns').scrollTop = 0)")
    await expect(first.locator("strong")).to_have_text("strong")
    await expect(first.locator("[data-action=copy]")).to_have_count(1)
    house.script = says("All of it was sent.")
    await ask(tab, "and now?")
    await answered(tab, COUNT // 2 + 1)
    assert len(texts(house.asked[-1])) == COUNT + 1
    await expect(tab.locator("#gc-spent")).to_have_text("937 tokens, $0.00031")


async def test_an_answer_below_a_long_one_is_followed(page: Page, house: House) -> None:
    """Who ceases to be the last message keeps its height: the list would seem to be scrolled up by its reader."""
    text = "\n\n".join(f"Paragraph {n} of it, with some words." for n in range(120))
    house.script = says(text, piece=400)
    await ask(page, "a long one")
    await answered(page)
    await page.evaluate(
        """() => {
          const list = document.querySelector(".gc-turns");
          const before = list.querySelector(".gc-turn:last-child");
          const height = before.offsetHeight;
          globalThis.heights = [];
          const look = () => {
            heights.push(Math.abs(before.offsetHeight - height));
            if (heights.length < 200) requestAnimationFrame(look);
          };
          look();
        }"""
    )
    await ask(page, "another")
    await answered(page, 2)

    assert max(await page.evaluate("heights")) < 2
    left = (
        "() => { const l = document.querySelector('.gc-turns'); return l.scrollHeight - l.scrollTop - l.clientHeight }"
    )
    assert await page.evaluate(left) < 2
    await expect(page.locator(".gc-latest")).to_be_hidden()


@pytest.mark.one_page
async def test_paper_holds_the_whole_conversation_and_nothing_of_the_page(page: Page, house: House) -> None:
    await page.evaluate(OPEN_LONG, COUNT)
    await expect(page.locator('[data-message="m59"]')).to_be_in_viewport()

    pages = PdfReader(io.BytesIO(await page.pdf())).pages
    text = " ".join("\n".join(one.extract_text() for one in pages).split())

    for at in range(0, COUNT, 2):
        assert f"question number{at}," in text
        assert f"answer number{at + 1}, with strong words" in text  # as it should look, however far away it was
    for words in ("Send", "New conversation", "Every model"):
        assert words not in text


FORMULAS = (
    "async (count) => {"
    + FIND_KEEPER
    + r"""
  const whole = await kept.store.read("long");
  const wide = "$$" + Array.from({ length: 60 }, (_, at) => "x_{" + at + "}").join(" + ") + "$$";
  whole.messages[1].text += "\n\nThe ratio is $\\frac{a}{b}$.\n\n" + wide;
  await kept.store.put(whole);
  await kept.fresh();
  await kept.open("long");
}"""
)


@pytest.mark.one_page
async def test_formulas_nobody_came_near_are_whole_on_paper(page: Page, house: House) -> None:
    await page.evaluate(OPEN_LONG, COUNT)
    await page.evaluate(FORMULAS)
    await expect(page.locator('[data-message="m59"]')).to_be_in_viewport()
    await page.wait_for_function("() => document.querySelector('[data-message=m1]') && window.katex")
    await page.wait_for_function(
        "() => document.fonts.check('1em KaTeX_Main') && document.fonts.check('italic 1em KaTeX_Math')"
    )
    assert await page.locator("[data-message=m1] .katex").count() == 0, "nobody came near"

    drawn = await page.evaluate(
        """() => {
          dispatchEvent(new Event("beforeprint")); // paper does not wait for what comes later
          const formulas = [...document.querySelectorAll("[data-message=m1] .gc-math")];
          return [formulas.length, formulas.every((one) => one.querySelector(".katex"))];
        }"""
    )
    await page.emulate_media(media="print")
    await page.set_viewport_size({"width": 700, "height": 900})
    reach = await page.locator("[data-message=m1] .gc-math[data-display] .katex-html").evaluate(
        "(node) => Math.max(...[...node.querySelectorAll('.base')].map((one) => one.getBoundingClientRect().right))"
    )
    await page.emulate_media(media="screen")

    assert drawn == [2, True]
    assert reach <= 700, "a formula wider than the sheet is set smaller"


@pytest.mark.one_page
@pytest.mark.parametrize(("width", "height"), [(720, 450), (320, 422)], ids=["desktop", "phone"])
async def test_twice_the_size_leaves_everything_in_reach(page: Page, house: House, width: int, height: int) -> None:
    """At 200 % a window has half its pixels each way; a page is no narrower than 320 (WCAG 1.4.10)."""
    house.script = says("An answer with some words in it.")
    await page.set_viewport_size({"width": width, "height": height})
    await ask(page, "a question")
    await answered(page)

    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for one in ("#chat-message textarea", "#chat-send", "#chat-model", ANSWER):
        await expect(page.locator(one)).to_be_in_viewport()
    for one in ("#chat-attach", "#chat-clear"):
        await page.locator(one).scroll_into_view_if_needed()
        await expect(page.locator(one)).to_be_in_viewport()


@pytest.mark.one_page
async def test_high_contrast_keeps_borders_and_still_pages_do_not_move(page: Page, house: House) -> None:
    await page.emulate_media(forced_colors="active", reduced_motion="reduce")
    house.script = plays(BEGUN, TextDelta("One word."), asyncio.Event().wait, DONE)
    await ask(page, "a question")
    await expect(page.locator(ANSWER)).to_contain_text("One word.")

    for one in ("#chat-stop", "#chat-attach", "#conversation-new"):
        border = await page.locator(one).evaluate("(node) => getComputedStyle(node).borderTopWidth")
        assert border != "0px", one
    moving = "document.getAnimations().filter((one) => one.playState === 'running').length"
    assert await page.evaluate(moving) == 0
    await page.click("#chat-stop")
    await page.emulate_media(forced_colors="none", reduced_motion="no-preference")


@pytest.mark.one_page
@pytest.mark.parametrize("early", [False, True], ids=["kept", "before the keeper"])
async def test_a_question_sent_in_the_moment_of_a_reload_is_asked_once(tab: Page, house: House, early: bool) -> None:
    if early:
        # What keeps conversations never comes to this page.
        await tab.route("**/chat/keeper.js", lambda route: route.abort())
        await open_page(tab, house)
    house.script = says("Here it is.")
    async with tab.expect_navigation():
        with suppress(Error):  # the page may be gone before it has said that this was done
            await tab.evaluate(SEND_AND_LEAVE, "the last thing I did")
    await tab.unroute("**/chat/keeper.js")
    if early:
        await open_page(tab, house)

    assert await answered(tab) == "Here it is."
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("the last thing I did")
    await expect(tab.locator("[data-conversation]")).to_have_count(1)
    assert [texts(one)[-1] for one in house.asked if one.model != "speed"] == ["the last thing I did"]


@pytest.mark.one_page
async def test_an_answer_that_ends_in_the_moment_of_a_reload_has_ended(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("Here it"), more.wait, TextDelta(" is."), DONE)
    await ask(tab, "a question")
    await expect(tab.locator(ANSWER)).to_contain_text("Here it")
    await tab.evaluate("() => { globalThis.requestAnimationFrame = () => 0; }")  # the screen comes to nothing any more
    more.set()
    await tab.wait_for_function(
        f"async () => (await ({KEPT})()).messages.some((one) => one.state === 'done')", polling=20
    )
    await tab.reload()

    assert await answered(tab) == "Here it is."


@pytest.mark.one_page
async def test_questions_that_wait_outlive_a_reload_and_are_asked_once(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first"), more.wait, DONE)
    await ask(tab, "one")
    await expect(tab.locator(ANSWER)).to_contain_text("The first")
    for text in ("two", "three"):
        await ask(tab, text)
    await tab.reload()
    await expect(tab.locator("#chat-queue [data-queued]")).to_contain_text(["two", "three"])
    more.set()

    await answered(tab, 3)
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text(["one", "two", "three"])
    await expect(tab.locator("#chat-queue")).to_be_hidden()


NO_ROOM = """() => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); };
}"""


async def test_a_full_store_is_told_in_the_list_whichever_tab_meets_it(tab: Page, house: House) -> None:
    await tab.click("#tab-agent-button")
    await tab.wait_for_selector("#agent-log .gc-welcome")
    await tab.evaluate(NO_ROOM)
    await tab.fill("#agent-task textarea", "Work out 6 * 7")
    await tab.press("#agent-task textarea", "Enter")
    await expect(tab.locator("#tab-agent .gc-hint", has_text="This browser takes no more")).to_be_visible()
    await tab.wait_for_selector("#agent-log .gc-run-bar")

    await tab.click("#tab-chat-button")
    await expect(tab.locator("#conversations .gc-list-note", has_text="This browser takes no more")).to_have_count(1)
    house.script = says("It works without.")
    await ask(tab, "a question")
    assert await answered(tab) == "It works without."


async def test_a_run_of_the_agent_is_seen_in_both_tabs(tab: Page, house: House) -> None:
    other = await tab.context.new_page()
    await open_page(other, house)
    await tab.click("#tab-agent-button")
    await tab.fill("#agent-task textarea", "Work out 6 * 7")
    await tab.press("#agent-task textarea", "Enter")
    await tab.wait_for_selector("#agent-log .gc-run-bar")
    await tab.wait_for_selector("body:not([data-agent])")

    await other.locator("#conversations .gc-entry-title", has_text="Work out 6 * 7").click()
    await other.wait_for_selector("#agent-log .gc-run-bar")
    assert await other.inner_text("#agent-log .gc-call") == await tab.inner_text("#agent-log .gc-call")
    await other.fill("#agent-task textarea", "Work out 6 + 1")
    await other.press("#agent-task textarea", "Enter")
    await expect(tab.locator("#agent-log .gc-run-bar")).to_have_count(2)
    await expect(tab.locator("[data-conversation]")).to_have_count(1)


@pytest.mark.one_page
async def test_the_title_tells_that_an_answer_came_behind_ones_back(page: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("One word, "), more.wait, TextDelta("and the rest."), DONE)
    await ask(page, "a question")
    await expect(page.locator(ANSWER)).to_contain_text("One word,")
    turn = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    turn += " document.dispatchEvent(new Event('visibilitychange')); }"
    before = await page.title()
    await page.evaluate(turn, True)
    more.set()

    assert await answered(page) == "One word, and the rest."
    await page.wait_for_function("(before) => document.title === `● ${before}`", arg=before)
    await page.evaluate(turn, False)
    assert await page.title() == before


RECORDINGS = """async (adds) => {
  const main = document.querySelector('script[src*="js/first.js"]').src;
  const { keep } = await import(main.replace("first.js", "microphone/kept.js"));
  if (adds) keep("microphone").add(new Blob([new Uint8Array(8)]));
  if (!(await indexedDB.databases()).some(({ name }) => name === "groq-core-recordings")) return 0; // made by the page
  const db = await new Promise((done) => {
    const asked = indexedDB.open("groq-core-recordings");
    asked.onsuccess = () => done(asked.result);
  });
  const all = db.objectStoreNames.length ? db.transaction("pieces").objectStore("pieces").getAll() : null;
  const count = await new Promise((done) => (all ? (all.onsuccess = () => done(all.result.length)) : done(0)));
  db.close();
  return count;
}"""


@pytest.mark.one_page
async def test_delete_all_takes_the_recordings_along(page: Page, house: House) -> None:
    await page.evaluate(RECORDINGS, True)
    await page.wait_for_function(f"({RECORDINGS})(false)")
    await page.click("#settings-open")
    await page.click("#clear-all")

    await page.wait_for_function(f"({RECORDINGS})(false).then((count) => count === 0)")
