"""Answers under way, in a real browser: questions wait for them, and nothing of them is lost."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import BrowserContext, Page, Request, Route, expect

from groq_core.events import TextDelta
from tests.requires import needs
from tests.ui.conftest import House, open_page
from tests.ui.conversations import ANSWER, CUT, choose, everywhere, kept, open_in, texts
from tests.ui.scripts import BEGUN, DONE, Hung, answered, ask, plays, says

pytestmark = [pytest.mark.browser, needs("chromium")]

# ── questions that wait ──


@pytest.mark.one_page
@everywhere
async def test_questions_wait_are_edited_and_taken_back(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first answer"), more.wait, DONE)
    await ask(tab, "one")
    await expect(tab.locator(ANSWER)).to_contain_text("The first answer")
    for text in ("two", "three", "four"):
        await ask(tab, text)
    queued = tab.locator("#chat-queue [data-queued]")
    await expect(queued).to_contain_text(["two", "three", "four"])
    await queued.nth(1).locator("[data-action=delete]").click()
    await queued.nth(1).locator("[data-action=edit]").click()
    await expect(tab.locator("#chat-message textarea")).to_have_value("four")
    await tab.fill("#chat-message textarea", "")
    await expect(queued).to_contain_text(["two"])
    more.set()
    await answered(tab, 2)

    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text(["one", "two"])
    await expect(tab.locator("#chat-queue")).to_be_hidden()


@pytest.mark.one_page
async def test_an_answer_that_ends_while_another_conversation_is_shown_stays_in_its_own(
    tab: Page, house: House
) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first answer"), more.wait, DONE)
    await ask(tab, "first")
    await expect(tab.locator(ANSWER)).to_contain_text("The first answer")
    await ask(tab, "and then")  # waits
    await tab.click("#conversation-new")
    house.script = says("The second answer.")
    await ask(tab, "second")
    await answered(tab)
    more.set()
    await expect(tab.locator("[data-conversation] [data-running], [data-conversation][data-running]")).to_have_count(0)

    for _ in ("as the page has it", "as it is kept"):
        await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("second")
        await expect(tab.locator(ANSWER)).to_have_text("The second answer.")
        await tab.reload()
    house.script = says("The third answer.")
    await tab.locator("[data-conversation]", has_text="first").click()
    await expect(tab.locator(ANSWER).nth(0)).to_have_text("The first answer")
    assert await answered(tab, 2) == "The third answer."
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text(["first", "and then"])
    await kept(tab, 2)


@pytest.mark.one_page
async def test_steering_stops_the_answer_where_it_is(tab: Page, house: House) -> None:
    house.script = hung = Hung("The beginning")
    await ask(tab, "one")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await ask(tab, "no, this")
    house.script = says("As you say.")
    await tab.click("#chat-queue [data-action=steer]")

    assert await answered(tab, 2) == "As you say."
    await expect(tab.locator(ANSWER).nth(0)).to_have_attribute("data-state", "stopped")
    await asyncio.wait_for(hung.closed.wait(), 10)
    assert texts(house.asked[-1]) == ["one", "The beginning", "no, this"]


# ── nothing is lost ──

MORE = ", three, and so on for longer than what a model may say again of what stood there before,"


@pytest.mark.one_page
@everywhere
async def test_a_reload_finds_the_running_answer(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await tab.reload()
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await expect(tab.locator(ANSWER)).to_have_attribute("data-state", "writing")
    more.set()

    assert await answered(tab) == "The beginning, and the end."
    assert len(house.asked) == 1


async def test_a_reload_finds_an_answer_that_goes_on_behind_what_stood_there(tab: Page, house: House) -> None:
    house.script = plays(BEGUN, TextDelta("One two"), CUT)
    await ask(tab, "go")
    await answered(tab, state="cut")
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta(MORE), more.wait, TextDelta(" four"), DONE)
    await tab.click(".gc-continue")
    for _ in range(2):
        await expect(tab.locator(ANSWER)).to_contain_text("One two" + MORE)
        await tab.reload()
    more.set()

    assert await answered(tab) == f"One two{MORE} four"
    await expect(tab.locator("#chat-log .gc-receipt")).to_have_count(2)
    await tab.reload()
    assert await answered(tab) == f"One two{MORE} four"


async def test_what_was_seen_stays_where_a_reload_finds_the_answer_no_more(tab: Page, house: House) -> None:
    house.script = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")

    async def know_nothing(route: Route) -> None:
        await route.fulfill(status=404, body="{}")

    await tab.route("**/ui/answers/*", know_nothing)
    for _ in range(2):
        await tab.reload()
        assert await answered(tab, state="broken") == "The beginning"


async def test_a_closed_tab_finds_its_answer_in_the_next(visitor: BrowserContext, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The beginning, "), more.wait, TextDelta("and the end."), DONE)
    tab = await open_in(visitor, house)
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning,")
    await kept(tab)
    await tab.close()
    more.set()

    tab = await open_in(visitor, house)
    await tab.locator("[data-conversation]").click()
    assert await answered(tab) == "The beginning, and the end."
    assert len(house.asked) == 1


@pytest.mark.one_page
async def test_a_dropped_network_is_found_again_at_the_exact_character(
    tab: Page, visitor: BrowserContext, house: House
) -> None:
    steps = [asyncio.Event() for _ in range(2)]
    house.script = plays(
        BEGUN, TextDelta("one "), steps[0].wait, TextDelta("two "), steps[1].wait, TextDelta("three"), DONE
    )
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("one")
    await visitor.set_offline(True)
    steps[0].set()
    await tab.wait_for_timeout(500)
    await visitor.set_offline(False)
    await expect(tab.locator(ANSWER)).to_contain_text("one two")
    steps[1].set()

    assert await answered(tab) == "one two three"
    assert len(house.asked) == 1


@pytest.mark.one_page
async def test_an_answer_that_was_lost_with_its_server_is_asked_for_anew(tab: Page, house: House) -> None:
    names = []

    async def die(route: Route) -> None:
        names.append(route.request.headers["x-groq-core-answer"])
        begun = 'data: {"e":"open"}\n\ndata: {"t":"The beginning"}\n\n'
        await route.fulfill(status=200, content_type="text/event-stream", body=begun)

    async def know_nothing(route: Route) -> None:
        await route.fulfill(status=404, body="{}")

    await tab.route("**/ui/chat", die)
    await tab.route("**/ui/answers/*", know_nothing)
    house.script = says("The whole answer.")
    async with tab.expect_request("**/ui/chat?at=1") as anew:
        await ask(tab, "go")

    assert await answered(tab) == "The whole answer."
    names.append((await anew.value).headers["x-groq-core-answer"])
    assert len({*names}) == 2, "a server that comes back may still give the one of the first name"
    fold = tab.locator(".gc-kept details")
    await fold.locator("summary").click()
    await expect(fold).to_contain_text("The beginning")
    assert len(house.asked) == 1


async def test_two_tabs_see_one_list_and_one_answer(visitor: BrowserContext, house: House) -> None:
    one, other = await open_in(visitor, house), await open_in(visitor, house)
    house.script = hung = Hung("The beginning")
    await ask(one, "go")
    await expect(one.locator(ANSWER)).to_contain_text("The beginning")
    await kept(other)
    await other.locator("[data-conversation]").click()
    await expect(other.locator(ANSWER)).to_contain_text("The beginning")
    await expect(other.locator(ANSWER)).to_have_attribute("data-state", "writing")
    await one.click("#chat-stop")

    assert await answered(other, state="stopped") == "The beginning"
    await asyncio.wait_for(hung.closed.wait(), 10)
    house.script = says("Another answer.")
    await ask(one, "again")
    await answered(one, 2)
    assert await answered(other, 2) == "Another answer."
    await choose(other, "rename")
    await other.keyboard.type("Ours")
    await other.keyboard.press("Enter")
    await expect(one.locator("[data-conversation]")).to_contain_text("Ours")
    assert len(house.asked) == 2


async def test_any_of_three_tabs_stops_the_answer_that_all_watch(visitor: BrowserContext, house: House) -> None:
    """A browser has six connections to one host, and each of these pages holds two open."""
    tabs = [await open_in(visitor, house) for _ in range(3)]
    house.script = hung = Hung("The beginning")
    await ask(tabs[0], "go")
    for tab in tabs[1:]:
        await tab.locator("[data-conversation]").click()
    for tab in tabs:
        await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    await choose(tabs[1], "rename")
    await tabs[1].keyboard.type("Ours")
    await tabs[1].keyboard.press("Enter")
    await expect(tabs[0].locator("[data-conversation]")).to_contain_text("Ours")
    await tabs[2].click("#chat-stop")

    await asyncio.wait_for(hung.closed.wait(), 10)
    for tab in tabs:
        assert await answered(tab, state="stopped") == "The beginning"
    assert len(house.asked) == 1


@pytest.mark.parametrize("clearing", [False, True])
async def test_what_one_tab_deletes_another_does_not_bring_back(
    visitor: BrowserContext, house: House, clearing: bool
) -> None:
    one, other = await open_in(visitor, house), await open_in(visitor, house)
    house.script = hung = Hung("The beginning")
    await ask(one, "go")
    await expect(one.locator(ANSWER)).to_contain_text("The beginning")
    await one.fill("#chat-message textarea", "not sent yet")
    await kept(other)
    if clearing:
        await other.click("#settings-open")
        await other.click("#clear-all")
    else:
        await choose(other, "delete")

    await expect(one.locator("#chat-log [data-message]")).to_have_count(0)
    await asyncio.wait_for(hung.closed.wait(), 10)
    await expect(one.locator("#chat-message textarea")).to_have_value("not sent yet")
    await kept(one, 0)
    await other.click("#chat-undo")
    await kept(one)
    await one.locator("[data-conversation]").click()
    await expect(one.locator(ANSWER)).to_contain_text("The beginning")
    await choose(one, "delete")
    await kept(other, 0)
    await other.reload()
    await expect(other.locator("#conversations")).to_contain_text("Nothing here yet")


@pytest.mark.one_page
async def test_an_answer_that_was_left_is_kept_whole_though_the_page_is_loaded_again(tab: Page, house: House) -> None:
    more = asyncio.Event()
    house.script = plays(BEGUN, TextDelta("The first answer"), more.wait, TextDelta(" has an end."), DONE)
    await ask(tab, "first")
    await expect(tab.locator(ANSWER)).to_contain_text("The first answer")
    await tab.click("#conversation-new")
    house.script = says("The second answer.")
    await ask(tab, "second")
    await answered(tab)
    await tab.reload()
    await answered(tab)
    running = tab.locator("[data-conversation][data-running]")
    await expect(running).to_contain_text("first")
    more.set()
    await expect(running).to_have_count(0)
    house.script = None  # nobody could be asked again

    await tab.locator("[data-conversation]", has_text="first").click()
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("first")  # the second stands there until then
    assert await answered(tab) == "The first answer has an end."


async def test_five_windows_with_an_answer_each_leave_a_connection_for_their_news(
    visitor: BrowserContext, house: House
) -> None:
    """A browser has six connections to one host: the windows share one stream of news."""
    tabs, hung = [await open_in(visitor, house) for _ in range(5)], []
    for at, tab in enumerate(tabs):
        house.script = one = Hung(f"The beginning {at}")
        hung.append(one)
        await ask(tab, f"question {at}")
        await expect(tab.locator(ANSWER)).to_contain_text(f"The beginning {at}")
    await tabs[0].close()  # whichever reads the news: another one does then
    for tab in tabs[1:]:
        await expect(tab.locator("#status-panel [data-target]").first).to_be_attached()
        await expect(tab.locator("#gc-gone")).to_be_hidden()
        await tab.click("#chat-stop")

    for at, tab in [*enumerate(tabs)][1:]:
        assert await answered(tab, state="stopped") == f"The beginning {at}"
        await asyncio.wait_for(hung[at].closed.wait(), 10)
    assert len(house.asked) == len(tabs)


NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })"
"""As on an address without a certificate that is not this machine's own."""


@pytest.mark.parametrize("secure", [True, False], ids=["secure", "not secure"])
async def test_seven_windows_hear_an_answer_each_at_the_same_time(
    visitor: BrowserContext, house: House, *, secure: bool
) -> None:
    """A browser has six connections to one host: some windows read streams, the others ask for more in short."""
    tabs, more = [await visitor.new_page() for _ in range(7)], asyncio.Event()
    for tab in tabs:
        if not secure:
            await tab.add_init_script(NO_LOCKS)
        await open_page(tab, house)
    for at, tab in enumerate(tabs):
        middle, end = TextDelta(f"The beginning {at}"), TextDelta(f" and the end {at}.")
        house.script = plays(BEGUN, middle, more.wait, end, DONE)
        await ask(tab, f"question {at}")
        await expect(tab.locator(ANSWER)).to_contain_text(f"The beginning {at}")
    await tabs[5].click("#chat-stop")
    assert await answered(tabs[5], state="stopped") == "The beginning 5"
    house.script = says("Asked while all others listen.")
    await ask(tabs[5], "and now?")
    assert await answered(tabs[5], 2) == "Asked while all others listen."
    more.set()

    for at, tab in enumerate(tabs):
        if at != 5:
            assert await answered(tab) == f"The beginning {at} and the end {at}."
    assert len(house.asked) == len(tabs) + 1


TAKE_NEWS = """async () => {
  const { held } = await navigator.locks.query();
  const { name } = held.find(({ name }) => name.startsWith("gc-news"));
  navigator.locks.request(name, { steal: true }, () => new Promise((giveBack) => (globalThis.giveBack = giveBack)));
}"""
"""What a window does that has heard nothing of the one that reads the news for long."""


async def test_a_window_from_which_the_news_were_taken_holds_no_connection_for_them(
    visitor: BrowserContext, house: House
) -> None:
    def is_news(request: Request) -> bool:
        return request.url.endswith("/status/events")

    one, other = await open_in(visitor, house), await open_in(visitor, house)
    await expect(other.locator("#status-panel [data-target]").first).to_be_attached()
    async with one.expect_event("requestfailed", is_news):
        await other.evaluate(TAKE_NEWS)
    async with visitor.expect_event("request", is_news):
        await other.evaluate("giveBack()")

    for tab in (one, other):
        await expect(tab.locator("#gc-gone")).to_be_hidden()
