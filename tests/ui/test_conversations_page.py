"""Conversations that last, in a real browser: kept, branched, searched and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.events import TextDelta
from groq_core.requests import ChatRequest, Request
from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.conversations import ANSWER, CUT, choose, do, everywhere, kept, number_answers, show_list, texts
from tests.ui.scripts import BEGUN, Hung, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

# ── kept ──


@pytest.mark.one_page
@everywhere
async def test_a_conversation_is_there_again_after_a_reload(tab: Page, house: House) -> None:
    house.script = says("An answer with **words**.")
    await ask(tab, "What is kept?")
    await answered(tab)
    await tab.reload()

    await answered(tab)
    await expect(tab.locator(ANSWER)).to_have_text("An answer with words.")
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("What is kept?")
    await expect(tab.locator("#chat-log .gc-receipt summary")).to_contain_text("gpt-oss-20b")
    await expect(tab.locator(f"{ANSWER} strong")).to_have_text("words")
    await show_list(tab)
    entry = tab.locator("#conversations [data-conversation]")
    await expect(entry).to_have_attribute("aria-current", "true")
    await expect(entry).to_contain_text("What is kept?")
    await ask_again_in(tab, house)


async def ask_again_in(tab: Page, house: House) -> None:
    await tab.keyboard.press("Escape")
    await ask(tab, "And then?")
    await answered(tab, 2)
    assert texts(house.asked[-1]) == ["What is kept?", "An answer with **words**.", "And then?"]


@pytest.mark.one_page
@everywhere
async def test_new_search_rename_pin_and_back(tab: Page, house: House) -> None:
    house.script = says("Rivers flow to the sea.")
    await ask(tab, "first question")
    await answered(tab)
    await show_list(tab)
    await tab.click("#conversation-new")
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)
    house.script = says("Mountains stand still.")
    await ask(tab, "second question")
    await answered(tab)
    await kept(tab, 2)
    await show_list(tab)

    await tab.fill("#conversation-search", "river")
    await kept(tab, 1)
    await expect(tab.locator("#conversations")).to_contain_text("first question")
    await tab.fill("#conversation-search", "nothing like it")
    await expect(tab.locator("#conversations")).to_contain_text("No conversation holds these words.")
    await tab.fill("#conversation-search", "")
    await kept(tab, 2)

    await choose(tab, "rename", 1)
    await tab.keyboard.type("About rivers")
    await tab.keyboard.press("Enter")
    await expect(tab.locator("[data-conversation]").nth(1)).to_contain_text("About rivers")
    await choose(tab, "pin", 1)
    await expect(tab.locator("[data-conversation]").nth(0)).to_contain_text("About rivers")
    await expect(tab.locator("#conversations h2").first).to_have_text("Pinned")
    await tab.locator("[data-conversation]").nth(0).click()
    await expect(tab.locator(ANSWER)).to_have_text("Rivers flow to the sea.")
    await tab.reload()
    assert await answered(tab) == "Rivers flow to the sea."
    await expect(tab.locator("[data-conversation]").nth(0)).to_contain_text("About rivers")


@pytest.mark.one_page
@everywhere
async def test_a_deleted_conversation_can_be_taken_back(tab: Page, house: House) -> None:
    house.script = says("An answer.")
    await ask(tab, "a question")
    await answered(tab)
    await kept(tab)
    await show_list(tab)
    await choose(tab, "delete")
    await kept(tab, 0)
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)

    await expect(tab.locator("#chat-undo")).to_contain_text("Conversation deleted.")
    await tab.click("#chat-undo")
    await kept(tab)
    assert await answered(tab) == "An answer."
    await expect(tab.locator("#chat-undo")).to_have_count(0)
    await tab.reload()
    assert await answered(tab) == "An answer."


@pytest.mark.one_page
async def test_a_temporary_chat_leaves_nothing(tab: Page, house: House) -> None:
    house.script = says("A secret answer.")
    await tab.click("#conversation-temporary")
    await expect(tab.locator("#conversation-temporary")).to_have_attribute("aria-pressed", "true")
    await expect(tab.locator("#gc-temporary-mark")).to_be_visible()
    await ask(tab, "a secret")
    await answered(tab)
    await expect(tab.locator("#conversations")).to_contain_text("Nothing here yet")
    await tab.reload()

    await expect(tab.locator(".gc-welcome")).to_be_visible()
    await expect(tab.locator("#conversations")).to_contain_text("Nothing here yet")


@pytest.mark.one_page
async def test_draft_model_and_instructions_belong_to_the_conversation(tab: Page, house: House) -> None:
    house.script = says("ok")
    await tab.click("#chat-model input")
    await tab.get_by_role("option", name="Quality").click()
    await tab.click(".gc-options-fold summary")
    await tab.fill(".gc-options textarea", "Be short.")
    await ask(tab, "one")
    await answered(tab)
    await tab.fill("#chat-message textarea", "half a tho")
    await tab.click("#conversation-new")
    await expect(tab.locator("#chat-message textarea")).to_have_value("")
    await expect(tab.locator("#chat-model input")).to_have_value("Auto · picks for each question")
    await ask(tab, "two")
    await answered(tab)
    await tab.locator("[data-conversation]", has_text="one").click()

    await expect(tab.locator("#chat-message textarea")).to_have_value("half a tho")
    await expect(tab.locator("#chat-model input")).to_have_value("Quality · strongest")
    await expect(tab.locator(".gc-options textarea")).to_have_value("Be short.")
    assert [request.model for request in house.asked if isinstance(request, ChatRequest)] == ["quality", "auto"]
    await tab.reload()
    await expect(tab.locator("#chat-message textarea")).to_have_value("half a tho")
    await expect(tab.locator("#chat-model input")).to_have_value("Quality · strongest")


async def test_the_speed_tier_finds_a_title(tab: Page, house: House) -> None:
    async def script(request: Request) -> Any:
        text = "Warm Words For Winter" if request.model == "speed" else "An answer."
        async for event in says(text)(request):
            yield event

    house.script = script
    await ask(tab, "please write me something for my aunt who is cold")
    await answered(tab)
    await expect(tab.locator("[data-conversation]")).to_contain_text("please write me something")

    await expect(tab.locator("[data-conversation]")).to_contain_text("Warm Words For Winter", timeout=15_000)


async def test_where_the_browser_keeps_nothing_it_works_and_says_so_once(visitor: BrowserContext, house: House) -> None:
    tab = await visitor.new_page()
    await tab.add_init_script(
        """for (const name of ["indexedDB", "localStorage", "sessionStorage"])
             Object.defineProperty(globalThis, name, { get() { throw new DOMException("no", "SecurityError") } })"""
    )
    await open_page(tab, house)
    house.script = says("An answer.")
    await ask(tab, "a question")
    await answered(tab)
    await kept(tab)
    await expect(tab.get_by_text("This browser keeps nothing for this page")).to_have_count(1)
    await tab.click("#conversation-new")
    await expect(tab.locator(ANSWER)).to_have_count(0)
    await tab.locator("[data-conversation]").click()

    assert await answered(tab) == "An answer."


# ── branches ──


@pytest.mark.one_page
@everywhere
async def test_an_edited_question_keeps_the_old_branch(tab: Page, house: House) -> None:
    house.script = number_answers()
    await ask(tab, "one")
    await answered(tab)
    await ask(tab, "two")
    await answered(tab, 2)
    first = "#chat-log [data-message] >> nth=0"
    await do(tab, first, "edit")
    await tab.fill(".gc-edit-box", "one, better")
    await tab.press(".gc-edit-box", "Enter")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 3"])
    await expect(tab.locator(first)).to_have_attribute("data-branch", "2/2")
    assert texts(house.asked[-1]) == ["one, better"]

    await do(tab, first, "previous")
    await expect(tab.locator(first)).to_have_attribute("data-branch", "1/2")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 1", "answer 2"])
    await tab.reload()
    await expect(tab.locator(ANSWER)).to_have_text(["answer 1", "answer 2"])
    await expect(tab.locator(first)).to_have_attribute("data-branch", "1/2")
    await do(tab, first, "next")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 3"])


@pytest.mark.one_page
async def test_another_answer_stands_beside_the_first(tab: Page, house: House) -> None:
    house.script = number_answers()
    await ask(tab, "question")
    await answered(tab)
    for count in (2, 3):
        await do(tab, ANSWER, "again")
        await expect(tab.locator(ANSWER)).to_have_text([f"answer {count}"])
        await answered(tab)
        await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", f"{count}/{count}")
    await do(tab, ANSWER, "previous")

    await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/3")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 2"])
    await ask(tab, "and?")
    await answered(tab, 2)
    assert texts(house.asked[-1]) == ["question", "answer 2", "and?"]


@pytest.mark.one_page
@everywhere
async def test_a_deleted_message_can_be_taken_back(tab: Page, house: House) -> None:
    house.script = number_answers()
    await ask(tab, "one")
    await answered(tab)
    await ask(tab, "two")
    await answered(tab, 2)
    await do(tab, f"{ANSWER} >> nth=0", "delete")
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(["one", "two", "answer 2"])
    await expect(tab.locator("#chat-undo")).to_contain_text("Message deleted.")
    await tab.click("#chat-undo")

    everything = ["one", "answer 1", "two", "answer 2"]
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(everything)
    await tab.reload()
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(everything)


@pytest.mark.one_page
async def test_a_cleared_conversation_can_be_taken_back_for_ten_seconds(tab: Page, house: House) -> None:
    house.script = number_answers()
    await ask(tab, "one")
    await answered(tab)
    await tab.click("#chat-clear")
    await expect(tab.locator("#chat-log [data-message]")).to_have_count(0)
    await tab.click("#chat-undo")
    await expect(tab.locator("#chat-log [data-message]")).to_have_text(["one", "answer 1"])
    await tab.click("#chat-clear")
    await tab.wait_for_timeout(8000)
    await expect(tab.locator("#chat-undo")).to_be_visible()
    await expect(tab.locator("#chat-undo")).to_have_count(0, timeout=5000)

    await tab.reload()
    await expect(tab.locator(".gc-welcome")).to_be_visible()


# ── ends ──


@pytest.mark.one_page
@everywhere
async def test_an_answer_cut_at_its_limit_says_so_and_goes_on(tab: Page, house: House) -> None:
    house.script = plays(BEGUN, TextDelta("The beginning of it"), CUT)
    await ask(tab, "go")
    await answered(tab, state="cut")
    await expect(tab.locator(".gc-cut")).to_contain_text("Cut at the limit of 30 tokens.")
    house.script = says(", and its end.")
    await do(tab, ANSWER, "continue")

    assert await answered(tab) == "The beginning of it, and its end."
    assert [message["role"] for message in house.asked[-1].messages] == ["user", "assistant", "user"]  # type: ignore[union-attr]
    await expect(tab.locator(".gc-receipt")).to_have_count(2)
    await expect(tab.locator(".gc-cut")).to_have_count(0)
    await tab.reload()
    assert await answered(tab) == "The beginning of it, and its end."


@pytest.mark.one_page
async def test_a_stopped_answer_has_a_receipt_and_can_go_on(tab: Page, house: House) -> None:
    house.script = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await tab.click("#chat-stop")
    assert await answered(tab, state="stopped") == "The beginning"
    await expect(tab.locator(".gc-receipt summary")).to_contain_text("Not finished")
    house.script = says(" and the end")
    await tab.click(".gc-continue")

    assert await answered(tab) == "The beginning and the end"


@pytest.mark.one_page
async def test_what_was_not_sent_is_a_line_in_the_conversation(tab: Page, house: House) -> None:
    long = "word " * 40_000
    house.script = says(long, piece=20_000)
    for count in range(1, 5):
        await ask(tab, f"question {count}")
        await answered(tab, count)

    line = tab.locator(".gc-left-out")
    await expect(line.last).to_contain_text("were not sent")
    await expect(tab.locator(".gc-notes").last).to_contain_text("were not sent")

    house.asked.clear()
    house.script = says("What was said before, in short.")
    await tab.locator(".gc-shorten").last.click()
    await expect(tab.locator(ANSWER).last).to_have_attribute("data-branch", "2/2")
    await answered(tab, 4)
    # A title may be asked for at any time; what counts is the question.
    sent = next(said for request in reversed(house.asked) if (said := texts(request))[-1] == "question 4")
    assert "What was said before, in short." in sent[0]
    assert sum(map(len, sent)) < 4 * len(long)
    await expect(tab.locator(ANSWER).last).to_contain_text("in short")
