"""The Chat tab and the status panel in a real browser, on the whole application."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import AttemptFailed, AttemptStarted, Continued, ReasoningDelta, Restarted, Routed, TextDelta
from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.scripts import BEGUN, DONE, Hung, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]


@pytest.mark.one_page
async def test_question_is_answered_with_a_receipt(page: Page) -> None:
    await ask(page, "What is a hash table?")
    text = await answered(page)

    assert "hash table" in text
    await expect(page.locator(".gc-receipt summary")).to_contain_text("tok/s")
    await page.click(".gc-receipt summary")
    await expect(page.locator(".gc-receipt-body [data-outcome=answered]").first).to_be_visible()
    assert await page.input_value("#chat-message textarea") == ""


@pytest.mark.one_page
async def test_simulator_is_unmistakable(page: Page) -> None:
    await expect(page.locator("#mode-banner")).to_contain_text("not a model's")


@pytest.mark.one_page
async def test_enter_sends_and_shift_enter_breaks_the_line(page: Page, house: House) -> None:
    house.script = says("fine")
    box = page.locator("#chat-message textarea")
    await box.fill("one")
    await box.press("Shift+Enter")
    await box.press_sequentially("two")
    await box.press("Enter")
    await answered(page)

    await expect(page.locator("#chat-log [data-role=user]")).to_have_text("one\ntwo")


@pytest.mark.one_page
async def test_empty_message_is_not_sent_but_explained(page: Page, house: House) -> None:
    await ask(page, "  ")

    await expect(page.locator("#gc-hint")).to_contain_text("Type a message first")
    assert house.asked == []


@pytest.mark.one_page
@pytest.mark.parametrize("way", ["button", "escape"])
async def test_stop_hangs_up_upstream_and_keeps_what_was_said(page: Page, house: House, way: str) -> None:
    house.script = hung = Hung("The beginning")
    await ask(page, "go")
    await expect(page.locator("#chat-log [data-role=assistant]")).to_contain_text("The beginning")
    await (page.click("#chat-stop") if way == "button" else page.keyboard.press("Escape"))

    async with asyncio.timeout(10):
        await hung.closed.wait()
    assert await answered(page, state="stopped") == "The beginning"
    await expect(page.locator("#chat-send")).to_be_visible()


async def test_closed_tab_leaves_the_answer_to_the_server(context: BrowserContext, house: House) -> None:
    house.script = hung = Hung("The beginning")
    tab = await context.new_page()
    await open_page(tab, house)
    await ask(tab, "go")
    await expect(tab.locator("#chat-log [data-role=assistant]")).to_contain_text("The beginning")
    await tab.close()
    await asyncio.sleep(0.3)

    assert not hung.closed.is_set()


@pytest.mark.one_page
async def test_conversation_goes_along_with_each_question(page: Page, house: House) -> None:
    house.script = says("first answer")
    await ask(page, "first")
    await answered(page)
    house.script = says("second answer")
    await ask(page, "second")
    await answered(page, 2)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert [message["content"] for message in asked.messages] == ["first", "first answer", "second"]


@pytest.mark.one_page
async def test_edited_question_replaces_what_came_after_it(page: Page, house: House) -> None:
    house.script = says("old answer")
    await ask(page, "old question")
    await answered(page)
    house.script = says("new answer")
    await page.hover("#chat-log [data-role=user]")
    await page.click(".gc-edit")
    await page.fill(".gc-edit-box", "new question")
    await page.press(".gc-edit-box", "Enter")
    await expect(page.locator("#chat-log [data-role=assistant]")).to_have_text("new answer")

    await expect(page.locator("#chat-log [data-role=user]")).to_have_text("new question")
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert len(asked.messages) == 1


@pytest.mark.one_page
async def test_another_answer_takes_the_place_of_the_first(page: Page, house: House) -> None:
    house.script = says("one")
    await ask(page, "question")
    await answered(page)
    house.script = says("two")
    await page.click(".gc-bar-row .gc-again")

    await expect(page.locator("#chat-log [data-role=assistant]")).to_have_text("two")


@pytest.mark.one_page
async def test_clear_forgets_the_conversation(page: Page, house: House) -> None:
    house.script = says("one")
    await ask(page, "question")
    await answered(page)
    await page.click("#chat-clear")

    await expect(page.locator("#chat-log [data-role]")).to_have_count(0)
    await ask(page, "again")
    await answered(page)
    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert len(asked.messages) == 1


@pytest.mark.one_page
async def test_two_visitors_see_their_own_conversation_only(page: Page, stranger: Page, house: House) -> None:
    house.script = says("for the first")
    await ask(page, "a secret")
    await answered(page)
    await open_page(stranger, house)
    await ask(stranger, "hello")
    await answered(stranger)

    assert "a secret" not in await stranger.content()
    # What asks for titles asks for the same visitors.
    assert len({asked.caller.user for asked in house.asked}) == 2


@pytest.mark.one_page
async def test_broken_answer_is_kept_and_explained(page: Page, house: House) -> None:
    failures = [ProviderError(Kind.RATE_LIMITED, "30 requests a minute", provider="groq", model="openai/gpt-oss-20b")]
    error = ChainError("no model could answer", failures=failures, retry_after=30, hint="Try again later.")
    house.script = plays(BEGUN, TextDelta("It began well and"), error)
    await ask(page, "go")

    assert await answered(page, state="broken") == "It began well and"
    card = page.locator(".gc-card")
    await expect(card).to_contain_text("no model could answer")
    await expect(card).to_contain_text("Try again later.")
    await expect(card.locator(".gc-countdown")).to_contain_text("best in")
    await card.locator("summary").click()
    await expect(card).to_contain_text("rate limit: 30 requests a minute")

    house.script = says("recovered")
    await card.locator("button").click()
    await expect(page.locator("#chat-log [data-role=assistant]")).to_have_text("recovered")


@pytest.mark.one_page
async def test_restarted_answer_is_clean_and_the_old_text_folded_away(page: Page, house: House) -> None:
    cut = AttemptFailed(
        number=1, provider="groq", model="openai/gpt-oss-20b", kind=Kind.STREAM_CUT, message="cut", rest_s=15
    )
    house.script = plays(
        BEGUN,
        TextDelta("# Old title\n\nold words"),
        cut,
        AttemptStarted(number=2, provider="groq", model="openai/gpt-oss-120b"),
        Restarted(provider="groq", model="openai/gpt-oss-120b", kept="# Old title\n\nold words"),
        TextDelta("New words"),
        DONE,
    )
    await ask(page, "go")

    assert await answered(page) == "New words"
    fold = page.locator(".gc-kept details")
    await expect(fold.locator("h1")).to_be_hidden()
    await fold.locator("summary").click()
    await expect(fold.locator("h1")).to_have_text("Old title")


@pytest.mark.one_page
async def test_continued_answer_shows_its_seam_outside_the_text(page: Page, house: House) -> None:
    house.script = plays(
        BEGUN,
        TextDelta("First paragraph.\n\nSecond "),
        Continued(provider="groq", model="openai/gpt-oss-120b", at=25),
        TextDelta("paragraph.\n\nThird."),
        DONE,
    )
    await ask(page, "go")
    text = await answered(page)

    assert text.split() == ["First", "paragraph.", "Second", "paragraph.", "Third."]
    await expect(page.locator("[data-seam]")).to_have_attribute("data-seam", "continued by gpt-oss-120b")


@pytest.mark.one_page
async def test_thinking_stands_beside_the_answer(page: Page, house: House) -> None:
    house.script = plays(BEGUN, ReasoningDelta("hmm, let me see"), TextDelta("Yes."), DONE)
    await ask(page, "go")

    assert await answered(page) == "Yes."
    await expect(page.locator(".gc-thought")).to_have_text("hmm, let me see")


async def test_queue_answers_where_the_direct_way_is_blocked(page: Page, house: House) -> None:
    async def block(route: Route) -> None:
        await route.abort()

    await page.route("**/ui/chat", block)
    house.script = says("Through the queue, **all** of it.")
    await ask(page, "go")

    assert await answered(page) == "Through the queue, all of it."
    await expect(page.locator(".gc-card")).to_have_count(0)
    await ask(page, "and again")
    assert await answered(page, 2) == "Through the queue, all of it."


async def test_stop_works_through_the_queue_too(page: Page, house: House) -> None:
    async def block(route: Route) -> None:
        await route.fulfill(status=404, body="no such page")

    await page.route("**/ui/chat", block)
    house.script = hung = Hung("The beginning")
    await ask(page, "go")
    await expect(page.locator("#chat-log [data-role=assistant]")).to_contain_text("The beginning")
    await page.click("#chat-stop")

    async with asyncio.timeout(10):
        await hung.closed.wait()
    assert await answered(page, state="stopped") == "The beginning"


@pytest.mark.one_page
async def test_long_answer_is_followed_until_the_reader_scrolls_up(page: Page, house: House) -> None:
    more = asyncio.Event()
    lines = "".join(f"Line {number} of many.\n\n" for number in range(80))
    house.script = plays(BEGUN, TextDelta(lines), more.wait, TextDelta("The last line."), DONE)
    await ask(page, "go")
    await expect(page.locator("#chat-log")).to_contain_text("Line 79 of many.")
    bottom = (
        "() => { const l = document.querySelector('.gc-turns'); return l.scrollHeight - l.scrollTop - l.clientHeight }"
    )
    await page.wait_for_function(f"({bottom})() < 60")

    await page.hover(".gc-turns")
    await page.mouse.wheel(0, -600)
    await page.wait_for_function(f"({bottom})() > 300")
    before = await page.evaluate(bottom)
    more.set()
    await answered(page)
    assert await page.evaluate(bottom) >= before - 1

    await page.click(".gc-latest")
    await page.wait_for_function(f"({bottom})() < 60")


@pytest.mark.one_page
async def test_finished_answers_are_not_touched_while_another_is_written(page: Page, house: House) -> None:
    house.script = says("First answer with `code`.\n\n- and\n- a list")
    await ask(page, "one")
    await answered(page)
    await page.evaluate(
        """() => {
            globalThis.touched = 0;
            new MutationObserver((changes) => (globalThis.touched += changes.length)).observe(
                document.querySelector("#chat-log [data-role=assistant]"),
                { childList: true, subtree: true, characterData: true, attributes: true },
            );
        }"""
    )
    house.script = says("Second answer. " * 100)
    await ask(page, "two")
    await answered(page, 2)

    assert await page.evaluate("globalThis.touched") == 0


@pytest.mark.one_page
async def test_model_and_instructions_go_along(page: Page, house: House) -> None:
    house.script = says("ok")
    await page.click("#chat-model input")
    await page.get_by_role("option", name="Quality").click()
    await page.click(".gc-options-fold summary")
    await page.fill(".gc-options textarea", "Be short.")
    await page.get_by_label("Temperature").fill("0.5")
    await page.get_by_label("Always a fresh answer").check()
    await ask(page, "hello")
    await answered(page)

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert (asked.model, asked.params, asked.no_store) == ("quality", {"temperature": 0.5}, True)
    assert asked.messages[0] == {"role": "system", "content": "Be short."}


async def test_before_the_first_question_the_chain_stands_in_the_order_of_the_route(page: Page, house: House) -> None:
    events = house.core.handle(ChatRequest(model="speed", messages=({"role": "user", "content": "hi"},)))
    routed = await anext(events)
    await events.aclose()
    assert isinstance(routed, Routed)
    nodes = page.locator("#status-panel .gc-node-name[title]")
    await expect(nodes).to_have_count(len(routed.candidates))
    assert await nodes.evaluate_all("(all) => all.map((node) => node.title)") == list(routed.candidates)


async def test_fault_is_seen_in_the_panel_and_the_answer_comes_from_the_next(page: Page) -> None:
    target = page.locator("[data-target='groq:openai/gpt-oss-20b']")
    await expect(target).to_have_attribute("data-state", "healthy")
    await target.locator("select").select_option("rate_limited:always")
    await expect(page.locator(".gc-faults")).to_contain_text("1 target is broken on purpose")
    await ask(page, "What now?")
    await answered(page)

    await expect(target).to_have_attribute("data-state", "resting")
    await expect(target).to_contain_text("rests")
    await expect(page.locator(".gc-node[data-outcome=failed]")).to_contain_text("gpt-oss-20b")
    await expect(page.locator(".gc-node[data-outcome=answered]")).to_have_count(1)

    await page.click(".gc-faults button")
    await expect(page.locator(".gc-faults")).to_be_hidden()


@pytest.mark.one_page
async def test_status_shows_every_target_and_tier(page: Page, house: House) -> None:
    states = {"healthy", "resting", "probing", "gone", "no_key"}
    targets = page.locator("#status-panel [data-target]")

    assert await targets.count() == len(house.core.board.snapshot().targets)
    assert {await one.get_attribute("data-state") for one in await targets.all()} <= states
    for tier in ("speed", "quality", "vision", "audio"):
        await expect(page.locator(".gc-tier", has_text=tier).first).to_be_visible()


async def test_panel_folds_away_on_a_phone(unopened: Page, house: House) -> None:
    page = unopened
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_page(page, house)

    await expect(page.locator(".gc-status-body")).to_be_hidden()
    await page.click(".gc-status-head")
    await expect(page.locator(".gc-status-body")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.one_page
async def test_panel_folds_away_when_the_window_gets_narrow(page: Page) -> None:
    await expect(page.locator(".gc-status-body")).to_be_visible()

    await page.set_viewport_size({"width": 390, "height": 844})

    await expect(page.locator(".gc-status-body")).to_be_hidden()


async def test_the_chosen_tab_comes_into_a_phones_row(unopened: Page, house: House) -> None:
    page = unopened
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_page(page, house)
    tab = page.locator("#tab-batch-button")
    await expect(tab).not_to_be_in_viewport(ratio=0.9)

    await tab.evaluate("tab => tab.click()")

    await expect(tab).to_be_in_viewport(ratio=0.9)


async def test_one_can_ask_before_gradio_has_laid_out_the_page(context: BrowserContext, house: House) -> None:
    house.script = says("An early answer.")
    page, held = await context.new_page(), asyncio.Event()

    async def later(route: Route) -> None:
        await held.wait()
        await route.continue_()

    await page.route("**/assets/index-*.js", later)
    await page.goto(house.url, wait_until="commit")
    await ask(page, "hello")
    assert await answered(page) == "An early answer."
    await page.locator("#chat-message textarea").press_sequentially("half a sen")
    before = await page.locator("#gc-composer").bounding_box()

    held.set()
    await page.locator("#tab-chat #gc-composer").wait_for()

    await page.keyboard.type("tence")
    await expect(page.locator("#chat-message textarea")).to_have_value("half a sentence")
    await expect(page.locator("#gc-shell")).to_have_count(0)
    assert await page.locator("#gc-composer").bounding_box() == before
    assert await answered(page) == "An early answer."
    await page.close()


TWICE = """() => {
    globalThis.twice = new Set();
    const look = () => {
        const seen = new Set();
        for (const { id } of document.querySelectorAll("[id]")) seen.has(id) ? twice.add(id) : seen.add(id);
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
}"""


async def test_nothing_stands_twice_while_gradio_lays_out_the_page(context: BrowserContext, house: House) -> None:
    page = await context.new_page()
    await page.add_init_script(f"({TWICE})()")
    session = await context.new_cdp_session(page)
    # As on a phone, where the header is there some frames before the chat.
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    await page.goto(house.url)
    await page.locator("#tab-chat #gc-composer").wait_for()
    await expect(page.locator("#gc-shell")).to_have_count(0)

    # The shell's four boxes are Gradio's, empty until what is in them moves.
    boxes = {"gc-header", "gc-layout", "gc-brand", "gc-side"}
    assert set(await page.evaluate("[...twice].filter(Boolean)")) <= boxes
    await page.close()
