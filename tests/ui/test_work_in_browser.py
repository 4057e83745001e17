"""The tabs Extract and Agent as a visitor uses them, in a real Chromium."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from groq_core.simulator import Simulator
from tests.requires import needs
from tests.ui.conftest import House, Visiting

pytestmark = [needs("chromium"), pytest.mark.browser]

DOCUMENTS = Path(__file__).parents[1] / "data" / "documents"


@pytest.fixture
def simulator(house: House) -> Simulator:
    """That of the house which all tests share: these want nothing but its ordinary settings."""
    return house.simulator


async def test_a_document_is_dropped_in_and_its_data_taken_away(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "extract") as page:
        await page.set_input_files("#extract-input input[type=file]", DOCUMENTS / "lease_contract.pdf")
        await page.wait_for_selector("#extract-input .gc-file >> text=3 pages")
        await page.click("#extract-schema >> text=JSON Schema")
        schema = '{"type": "object", "properties": {"rent": {"type": "number"}}, "required": ["rent"]}'
        await page.fill("#extract-schema textarea", schema)
        await page.set_viewport_size({"width": 1280, "height": 500})
        await page.click("#extract-run")
        # Nobody has to look for it below what was filled in.
        await expect(page.locator("#extract-result .gc-value").first).to_be_in_viewport()
        await page.click("#extract-result .gc-value")
        place = await page.inner_text("#extract-result .gc-place")
        async with page.expect_download() as downloading:
            await page.click("#extract-result [data-form=csv]")
        file = await downloading.value

        assert "page 2" in place
        assert "1,850.00" in place
        assert file.suggested_filename == "lease_contract.csv"
        assert (await file.path()).read_text("utf-8-sig").splitlines() == ["rent", "1850"]


@pytest.mark.parametrize(
    ("tab", "hint"), [("extract", "Paste a text or choose a file first."), ("batch", "Choose a table first.")]
)
async def test_a_press_that_comes_before_the_script_of_its_tab_is_not_lost(
    visiting: Visiting, simulator: Simulator, tab: str, hint: str
) -> None:
    async def late(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    async with visiting(simulator, "chat") as page:
        await page.route(f"**/{tab}.js", late)
        await page.click(f"#tab-{tab}-button")
        await page.click(f"#{tab}-run")
        await page.wait_for_selector(f"#gc-{tab}-hint >> text={hint}")


async def test_fields_that_name_nothing_and_a_text_that_is_none_are_told(
    visiting: Visiting, simulator: Simulator
) -> None:
    async with visiting(simulator, "extract") as page:
        await page.click("#extract-run")
        await page.wait_for_selector("#gc-extract-hint >> text=Paste a text or choose a file first.")

        await page.fill("#extract-input textarea", "Total: 5")
        while await page.locator("#extract-schema tbody tr").count():
            await page.click("#extract-schema tbody tr button")
        await page.click("#extract-run")
        await page.wait_for_selector("#gc-extract-hint >> text=Name at least one field to find.")


async def test_an_agent_shows_its_call_and_goes_on_when_asked_more(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "agent") as page:
        await page.fill("#agent-task textarea", "Work out 6 * 7")
        await page.press("#agent-task textarea", "Enter")
        call = page.locator('.gc-call[data-call="calculate"]')
        await call.locator('css=[class="gc-call-state"]').wait_for()
        await page.wait_for_selector('.gc-call[data-call="calculate"][data-state="done"]')
        await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")

        await page.fill("#agent-task textarea", "Work out 6 / 0")
        await page.click("#agent-run")
        await page.wait_for_selector('.gc-call[data-state="failed"]')
        await page.wait_for_selector("body:not([data-agent])")

        assert "42" in await call.first.inner_text()
        assert await page.locator(".gc-run").count() == 2
        assert "division by zero" in (await call.nth(1).text_content() or "")


async def run(page: Page, task: str, runs: int) -> None:
    await page.fill("#agent-task textarea", task)
    await page.press("#agent-task textarea", "Enter")
    await page.wait_for_function("n => document.querySelectorAll('.gc-run-bar').length === n", arg=runs)
    await page.wait_for_selector("body:not([data-agent])")


async def test_runs_of_the_agent_are_kept_and_gone_on_with(visiting: Visiting, simulator: Simulator) -> None:
    async with visiting(simulator, "agent") as page:
        await run(page, "Work out 6 * 7", 1)
        seen = await page.inner_text("#agent-log .gc-run")
        # What is written goes into the store behind the page's back.
        await page.wait_for_function(
            """async () => {
              const all = await new Promise((done) => {
                const asked = indexedDB.open("groq-core");
                asked.onsuccess = () => {
                  const all = asked.result.transaction("messages").objectStore("messages").getAll();
                  all.onsuccess = () => done(all.result);
                  asked.result.close();
                };
              });
              return all.some((one) => one.state === "done" && one.receipts?.length);
            }"""
        )
        await page.reload()
        await page.click("#tab-agent-button")
        await page.wait_for_selector("#agent-log .gc-run-bar")
        assert await page.inner_text("#agent-log .gc-run") == seen
        assert "Work out 6 * 7" in await page.inner_text("#agent-log .gc-user")

        simulator.requests.clear()
        await run(page, "Work out 6 + 1", 2)
        assert any("Work out 6 * 7" in str(asked.body) for asked in simulator.requests)

        await page.click("#agent-clear")
        await page.wait_for_selector("#agent-log .gc-welcome")
        await page.click("#tab-chat-button")
        await page.click("#conversations .gc-entry-title >> text=Work out 6 * 7")
        await page.wait_for_selector("#agent-log .gc-run-bar")
        assert await page.locator("#agent-log .gc-run-bar").count() == 2


@pytest.mark.one_page
async def test_an_approval_of_before_asks_for_no_word_now(page: Page) -> None:
    found = await page.evaluate(
        """async () => {
          const base = document.querySelector('script[src*="js/first.js"]').src.replace(/first\\.js.*/, "");
          const { record, replay } = await import(base + "agent/kept.js");
          const events = [];
          for (const event of [
            { t: "I " }, { t: "will." },
            { e: "approval_asked", step: 1, call: "c1", name: "delete", arguments: "{}", approval: "a1" },
          ]) record(events, event);
          const view = replay({ events, state: "stopped" }, () => {});
          const call = view.element.querySelector(".gc-call");
          return [events.length, view.element.querySelectorAll("[data-word]").length, call.dataset.state];
        }"""
    )

    assert found == [2, 0, "failed"]
