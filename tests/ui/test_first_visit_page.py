"""What somebody does who is here for the first time: every example that a tab offers, keys, and a file that misses."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.requires import needs
from tests.ui.conftest import House

pytestmark = [pytest.mark.browser, needs("chromium")]

TABS = ("Chat", "Image", "Microphone", "Extract", "Agent", "Batch")

MISSED = """() => {
  const files = new DataTransfer();
  files.items.add(new File(["words"], "beside.txt", { type: "text/plain" }));
  const told = (name) => {
    const event = new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true });
    document.querySelector("#gc-side, body").dispatchEvent(event);
    return event.defaultPrevented;
  };
  return [told("dragover"), told("drop")];
}"""
"""Drops a file on what is no target; the browser opens it in place of the page unless both are prevented."""


@pytest.mark.one_page
async def test_every_example_of_the_chat_is_answered(page: Page, house: House) -> None:
    await expect(page.locator("#chat-log .gc-suggestion")).to_have_count(4)
    for at in range(4):
        await page.locator("#chat-log .gc-suggestion").nth(at).click()
        await expect(page.locator("#chat-log [data-role=assistant][data-state=done]")).to_have_count(1)
        await expect(page.locator("#chat-log .gc-card")).to_have_count(0)
        await page.click("#conversation-new")


async def test_every_example_of_the_agent_is_carried_out_by_its_tools(page: Page, house: House) -> None:
    await page.get_by_role("tab", name="Agent").click()
    await expect(page.locator("#agent-log .gc-suggestion")).to_have_count(4)
    examples = await page.locator("#agent-log .gc-suggestion").all_inner_texts()
    for example in examples:
        await page.locator("#agent-log .gc-suggestion", has_text=example).click()
        await page.wait_for_selector("body:not([data-agent]) #agent-log .gc-run-bar")
        states = await page.locator("#agent-log .gc-call").evaluate_all(
            "(calls) => calls.map((one) => one.dataset.state)"
        )
        assert states, example
        assert set(states) == {"done"}, example
        await expect(page.locator("#agent-log .gc-card")).to_have_count(0)
        await page.click("#agent-clear")
        await page.wait_for_selector("#agent-log .gc-welcome")


async def test_the_examples_of_extract_and_batch_run_to_their_ends(page: Page, house: House) -> None:
    await page.get_by_role("tab", name="Extract").click()
    await page.click("#extract-input >> text=Try an example")
    await page.click("#extract-run")
    await expect(page.locator("#extract-result .gc-value").first).to_be_visible()

    await page.get_by_role("tab", name="Batch").click()
    await page.click("#batch-file >> text=Try an example")
    await page.wait_for_selector("#batch-file td >> text=Tides")
    await page.click("#batch-run")
    await page.wait_for_selector("#batch-progress [data-over]")
    await expect(page.locator("#batch-progress")).to_contain_text("3 of 3")


@pytest.mark.one_page
async def test_arrows_go_from_tab_to_tab(page: Page, house: House) -> None:
    await page.get_by_role("tab", name="Chat").focus()
    for name in TABS[1:]:
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tab", name=name)).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#batch-file")).to_be_visible()


@pytest.mark.one_page
async def test_a_file_that_misses_its_place_opens_nothing_on_any_tab(page: Page, house: House) -> None:
    for name in TABS:
        await page.get_by_role("tab", name=name).click()
        assert await page.evaluate(MISSED) == [True, True], name
    assert page.url == house.url


@pytest.mark.one_page
async def test_what_is_read_stays_where_it_is_when_a_receipt_or_the_options_open(page: Page, house: House) -> None:
    for _ in range(3):
        await page.fill("#chat-message textarea", "Derive the quadratic formula step by step")
        await page.click("#chat-send")
        await expect(page.locator("#chat-log [data-state=done]").last).to_be_visible()
        await expect(page.locator("#chat-stop")).to_be_hidden()
    receipt = page.locator("#chat-log .gc-receipt summary").first
    await receipt.scroll_into_view_if_needed()
    before = await receipt.bounding_box()
    await receipt.click()
    after = await receipt.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    await receipt.click()

    last = page.locator("#chat-log .gc-message").last
    await page.locator("#chat-log .gc-turns").evaluate("(list) => list.scrollTo(0, list.scrollHeight)")
    await page.wait_for_timeout(100)
    await page.click("#gc-chat-tools .gc-options-fold summary")
    options, end = page.locator(".gc-options").first, page.locator("#chat-log .gc-receipt").last
    await expect(options).to_be_visible()
    await expect(end).to_be_in_viewport()
    await expect(last).to_be_in_viewport()
    seen, above = await end.bounding_box(), await options.bounding_box()
    assert seen is not None
    assert above is not None
    assert seen["y"] + seen["height"] <= above["y"] + 1
