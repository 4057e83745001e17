"""A team's pages in a real browser: the admin page fills, a conversation is found on another device and shared."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

from groq_core.simulator import Fault, Simulator
from groq_core.ui.texts_de_admin import ADMIN
from tests.requires import needs
from tests.store.conftest import Postgres
from tests.store.devices import PHONE, WIDE, Devices, sign_in, wait_until_kept
from tests.store.stage import TeamStage, ask, eventually, team_stage

pytestmark = [needs("chromium"), pytest.mark.browser]


ANSWER_OVERVIEW = """(status) => {
    const asks = (globalThis.reallyAsk ??= fetch);
    globalThis.putBack = () => (globalThis.fetch = asks);
    globalThis.fetch = (what, given) => {
        if (!String(what).endsWith("/ui/admin") || given.method !== "GET") return asks(what, given);
        return status ? Promise.resolve(new Response("", { status })) : Promise.reject(new TypeError("no line"));
    };
}"""
"""What the admin page hears when it asks how things stand: a status, or nothing where there is no line."""


ALL_WORDS = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode())
        if (!walker.currentNode.parentElement.closest("#audit td")) found.push(walker.currentNode.data.trim());
    const named = [...document.querySelectorAll("[placeholder], svg[aria-label]")];
    return [...found, ...named.flatMap((one) => [one.placeholder, one.getAttribute("aria-label")])].filter(Boolean);
}"""
"""What stands on the admin page, but for the commands that were given."""


async def test_the_admin_page_shows_and_changes(devices: Devices, stage: TeamStage) -> None:
    page = await sign_in(devices, stage, "ann")
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    await page.goto(f"{stage.url}/admin")
    await expect(page.locator("#people table")).to_contain_text("bob")
    asked = await page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in asked if name.endswith("first.js")], "the chat's page begins with it"
    await expect(page.locator("#gc-shell")).to_have_count(0)
    form = page.locator('form[data-action="keys create"]')
    await form.locator("[name=name]").fill("ci")
    await form.locator("[name=value]").fill("5/minute")
    await form.locator("button").click()
    key = await page.locator("#new-key").inner_text()
    async with stage.client(key=key) as http:
        assert (await ask(http)).status_code == 200
    await expect(page.locator("#keys table")).to_contain_text("ci")
    complaints = len(wrong)
    for answer, words in ((503, "The server answers 503."), (None, "The server cannot be reached.")):
        await page.evaluate(ANSWER_OVERVIEW, answer)
        await expect(page.locator("#stale")).to_have_text(f"What stands here may be old. {words}", timeout=20_000)
        await expect(page.locator("#new-key")).to_have_text(key)
    await page.evaluate("putBack()")
    await expect(page.locator("#stale")).to_have_text("", timeout=20_000)
    del wrong[complaints:]
    await expect(page.locator("#audit table")).to_contain_text("keys create")
    await expect(page.locator("#spend table")).to_contain_text("ci", timeout=15_000)
    page.on("dialog", lambda dialog: dialog.accept())
    await page.locator("#keys").get_by_role("button", name="Revoke").click()
    await expect(page.locator("#keys table")).to_contain_text("revoked")
    assert wrong == []


async def test_the_admin_page_is_german_for_who_reads_german(devices: Devices, stage: TeamStage) -> None:
    page = await sign_in(devices, stage, "ann")
    await page.evaluate("localStorage.setItem('groq-core-language', 'de')")
    await page.goto(f"{stage.url}/admin")
    await expect(page.locator("#people table")).to_contain_text("bob")
    await page.wait_for_selector('html[lang="de"][data-shown="yes"]')
    said = await page.evaluate(ALL_WORDS)

    assert {text for text in said if ADMIN.get(text, text) != text} == set()
    assert {"Verwaltung", "Wer was geändert hat", "Noch übrig", "Limits setzen", "angemeldet als"} <= set(said)

    limits = page.locator('form[data-action="people limit"]')
    await limits.locator("[name=name]").fill("bob")
    await limits.locator("[name=value]").fill("20 a minute")
    await limits.locator("button").click()
    await expect(page.locator("#said.wrong")).to_contain_text("Limits sind so zu schreiben: ", timeout=20_000)


async def test_what_an_admin_types_stays_until_it_is_done(devices: Devices, stage: TeamStage) -> None:
    page = await sign_in(devices, stage, "ann")
    await page.goto(f"{stage.url}/admin")
    limits = page.locator('form[data-action="people limit"]')
    await limits.locator("[name=name]").fill("bob")
    await limits.locator("[name=value]").fill("20 a minute")
    # News come while another part is worked in.
    await page.locator('form[data-action="keys create"] [name=name]').focus()
    async with page.expect_response("**/ui/admin", timeout=20_000):
        pass
    async with page.expect_response("**/ui/admin", timeout=20_000):
        pass
    await expect(limits.locator("[name=value]")).to_have_value("20 a minute")

    await limits.locator("button").click()
    await expect(page.locator("#said.wrong")).to_be_visible(timeout=20_000)
    await expect(limits.locator("[name=name]")).to_have_value("bob")
    await limits.locator("[name=value]").fill("20/minute")
    await limits.locator("button").click()
    await expect(page.locator("#said")).to_have_text("Done.", timeout=20_000)
    await expect(limits.locator("[name=name]")).to_have_value("")


async def test_a_conversation_is_there_on_a_second_device_and_shared_by_link(
    devices: Devices, stage: TeamStage
) -> None:
    first = await sign_in(devices, stage, "bob")
    refused: set[str] = set()

    async def refuse_once(route: Route) -> None:
        """The database is away for a moment, whatever is to be kept."""
        again = route.request.url in refused or route.request.method != "PUT"
        refused.add(route.request.url)
        await (route.continue_() if again else route.fulfill(status=503, headers={"retry-after": "1"}))

    await first.route("**/ui/conversations/**", refuse_once)
    deleted = asyncio.Event()

    async def come_late(route: Route) -> None:
        """The first device finds a title when the second one has deleted the conversation."""
        await deleted.wait()
        await route.continue_()

    await first.route("**/ui/title", come_late)
    await first.fill("#chat-message textarea, textarea#chat-message", "What is a fox?")
    await first.click("#chat-send")
    answer = first.locator('#chat-log [data-role="assistant"][data-state="done"]')
    await expect(answer).to_be_visible(timeout=20_000)
    await expect(first.locator("#conversations [data-conversation]")).to_have_count(1, timeout=20_000)
    await wait_until_kept(first)  # the answer too, which was refused once: a page opens faster than that

    second = await sign_in(devices, stage, "bob")
    entry = second.locator("#conversations [data-conversation]")
    await expect(entry).to_have_count(1, timeout=20_000)
    await entry.locator(".gc-entry-title").click()
    await expect(second.locator("#chat-log")).to_contain_text("What is a fox?")
    await expect(second.locator('#chat-log [data-role="assistant"]')).to_have_count(1)
    assert refused

    # What one device adds is seen on the other when somebody comes back to it.
    await second.fill("#chat-message textarea, textarea#chat-message", "What does it eat?")
    await second.click("#chat-send")
    await expect(second.locator('#chat-log [data-role="assistant"][data-state="done"]')).to_have_count(
        2, timeout=20_000
    )
    await expect(answer).to_have_count(1)

    async def is_seen() -> bool:
        await first.evaluate("dispatchEvent(new Event('focus'))")
        return await answer.count() == 2

    assert await eventually(is_seen, 20)

    await second.click("#settings-open")
    await expect(second.locator("#kept-where")).to_contain_text("kept on this server")
    async with second.expect_download() as saved:
        await second.click("#export-all")
    assert (await saved.value).suggested_filename.endswith(".json")
    await second.locator("#settings").press("Escape")

    await entry.locator('[data-action="menu"]').click(force=True)
    await entry.locator('[data-action="share"]').click()
    link = await second.locator("#share-link").input_value()
    stranger = await devices.take(stage, WIDE)
    await stranger.goto(link)
    await expect(stranger.locator("main")).to_contain_text("What is a fox?")
    await second.click("#share-stop")
    await expect(second.locator("#share-dialog")).to_have_count(0)
    await stranger.reload()
    await expect(stranger.locator("main")).to_contain_text("nothing here")

    await second.click("#settings-open")
    await second.click("#clear-all")
    await expect(entry).to_have_count(0)
    async with stage.client("bob") as bob:

        async def is_gone() -> bool:
            return bool((await bob.get("/ui/conversations")).json() == {"heads": []})

        assert await is_gone(), "deleted by their owner, on the server too"
        async with first.expect_response(lambda response: response.status == 410):
            deleted.set()
        await expect(first.locator("#conversations [data-conversation]")).to_have_count(0)
        assert await is_gone(), "and not brought back by what another device writes late"
        # Whoever asks on in it there wants it after all.
        await first.fill("#chat-message textarea, textarea#chat-message", "And a vixen?")
        await first.click("#chat-send")
        await expect(answer).to_have_count(3, timeout=20_000)

        async def is_back() -> bool:
            found = (await bob.get("/ui/conversations/export")).json()["conversations"]
            return [len(one["messages"]) for one in found] == [6]

        assert await eventually(is_back, 20)

    other = await sign_in(devices, stage, "ann")
    await expect(other.locator("#chat-send")).to_be_visible(timeout=20_000)
    await expect(other.locator("#conversations [data-conversation]")).to_have_count(0)


async def test_what_two_devices_do_to_one_conversation_is_all_kept(devices: Devices, stage: TeamStage) -> None:
    """Neither hears of the other before somebody comes back to it."""
    first, second = [await sign_in(devices, stage, "bob") for _ in range(2)]
    done = '#chat-log [data-role="assistant"][data-state="done"]'
    box, entry = "#chat-message textarea", "#conversations [data-conversation]"
    await first.fill(box, "What is a fox?", timeout=20_000)
    await first.click("#chat-send")
    await expect(first.locator(done)).to_have_count(1, timeout=20_000)
    await wait_until_kept(first)  # the second looks once, when somebody comes back to it
    await second.evaluate("dispatchEvent(new Event('focus'))")
    await second.locator(f"{entry} .gc-entry-title").click(timeout=20_000)
    await expect(second.locator(done)).to_have_count(1, timeout=20_000)

    await second.locator(entry).hover()
    await second.locator('[data-action="menu"]').click()
    await second.locator('[data-action="rename"]').click()
    await second.keyboard.type("Ours")
    await second.keyboard.press("Enter")
    async with stage.client("bob") as bob:

        async def is_renamed() -> bool:
            return [one["title"] for one in (await bob.get("/ui/conversations")).json()["heads"]] == ["Ours"]

        assert await eventually(is_renamed, 20)
        for page, text in ((first, "What does it eat?"), (second, "Where does it live?")):
            await page.fill(box, text)
            await page.click("#chat-send")
        for page in (first, second):
            await expect(page.locator(done)).to_have_count(2, timeout=20_000)

        async def is_all_kept() -> bool:
            (whole,) = (await bob.get("/ui/conversations/export")).json()["conversations"]
            asked = {one["text"] for one in whole["messages"] if one["role"] == "user"}
            return (
                asked == {"What is a fox?", "What does it eat?", "Where does it live?"} and len(whole["messages"]) == 6
            )

        assert await eventually(is_all_kept, 20)
        assert await is_renamed(), "a device that did not hear of the new name leaves it as it is"
    await first.evaluate("dispatchEvent(new Event('focus'))")
    await expect(first.locator(".gc-branch")).to_have_count(1, timeout=20_000)
    await expect(first.locator(entry)).to_contain_text("Ours")


async def test_what_an_admin_announces_is_read_by_everybody(devices: Devices, stage: TeamStage) -> None:
    page = await sign_in(devices, stage, "bob")
    await expect(page.locator("#status-panel")).to_be_attached(timeout=20_000)
    async with stage.client("ann") as ann:
        told = await ann.post("/ui/admin", json={"action": "announce", "value": "Closed on <b>Monday</b>"})
        assert told.status_code == 200
        await expect(page.locator("#announcement")).to_have_text("Closed on <b>Monday</b>", timeout=15_000)
        await ann.post("/ui/admin", json={"action": "announce", "value": ""})
        await expect(page.locator("#announcement")).to_be_hidden(timeout=15_000)


async def test_runs_of_the_agent_are_there_on_a_second_device_and_go_on(devices: Devices, stage: TeamStage) -> None:
    first = await sign_in(devices, stage, "bob")
    await run_agent(first, "Work out 6 * 7", 1)
    seen = await first.inner_text("#agent-log .gc-run")
    await wait_for_runs(stage, 1)

    second = await sign_in(devices, stage, "bob")
    await second.locator("#conversations .gc-entry-title", has_text="Work out 6 * 7").click(timeout=20_000)
    await expect(second.locator("#agent-log .gc-run-bar")).to_have_count(1)
    assert await second.inner_text("#agent-log .gc-run") == seen, "its calls and its receipt too"
    stage.simulator.requests.clear()
    await run_agent(second, "Work out 6 + 1", 2)
    assert any("Work out 6 * 7" in str(asked.body) for asked in stage.simulator.requests), "it goes on from there"

    await wait_for_runs(stage, 2)
    await first.reload()
    await first.click("#tab-agent-button")
    await expect(first.locator("#agent-log .gc-run-bar")).to_have_count(2, timeout=20_000)


async def run_agent(page: Page, task: str, runs: int) -> None:
    await page.click("#tab-agent-button", timeout=20_000)
    await page.fill("#agent-task textarea", task)
    await page.press("#agent-task textarea", "Enter")
    await expect(page.locator("#agent-log .gc-run-bar")).to_have_count(runs, timeout=20_000)


async def wait_for_runs(stage: TeamStage, runs: int) -> None:
    """Wait until so many are in the database, with their receipts."""
    async with stage.client("bob") as bob:

        async def are_kept() -> bool:
            kept = (await bob.get("/ui/conversations/export")).json()["conversations"]
            return sum(bool(message.get("receipts")) for whole in kept for message in whole["messages"]) == runs

        assert await eventually(are_kept, 20)


async def test_a_run_is_kept_while_it_is_under_way(devices: Devices, stage: TeamStage) -> None:
    """A page that is closed has no time to tell the server what was seen."""
    stage.simulator.faults.add(Fault(kind="slow_first_token", seconds=3, operation="chat"))
    page = await sign_in(devices, stage, "bob")
    await page.click("#tab-agent-button", timeout=20_000)
    await page.fill("#agent-task textarea", "Work out 6 * 7")
    await page.press("#agent-task textarea", "Enter")
    async with stage.client("bob") as bob:

        async def is_kept() -> bool:
            kept = (await bob.get("/ui/conversations/export")).json()["conversations"]
            under_way = [one for whole in kept for one in whole["messages"] if one.get("state") == "writing"]
            return any(event.get("e") == "tool_finished" for one in under_way for event in one["events"])

        assert await eventually(is_kept, 20)


SEEN = """() => {
    const place = document.getElementById("database-away").getBoundingClientRect();
    const there = document.elementFromPoint(place.x + place.width / 2, place.y + place.height / 2);
    return there?.id === "database-away" && place.width > 200 && place.right <= innerWidth;
}"""


async def test_that_the_database_is_away_is_seen_however_the_panel_stands(
    devices: Devices, postgres: Postgres, simulator: Simulator, kept_port: list[int]
) -> None:
    async with team_stage(postgres.new_url(), simulator, at_port=sum(kept_port)) as stage:
        wide = await sign_in(devices, stage, "bob")
        phone = await sign_in(devices, stage, "ann", PHONE)
        for page in (wide, phone):
            await expect(page.locator("#status-panel [data-target]").first).to_be_attached(timeout=30_000)
        await asyncio.to_thread(postgres.stop, "immediate")
        try:
            for page in (wide, phone):
                await expect(page.locator("#database-away")).to_contain_text("database is away", timeout=20_000)
                for is_open in (True, False, True, False):
                    await page.evaluate("open => document.querySelector('.gc-status').open = open", is_open)
                    await page.wait_for_function(SEEN, timeout=5_000)
            await wide.fill("#chat-message textarea, textarea#chat-message", "And while it is away?")
            await wide.click("#chat-send")
            answer = wide.locator('#chat-log [data-role="assistant"][data-state="done"]')
            await expect(answer).to_have_count(1, timeout=20_000)
        finally:
            await asyncio.to_thread(postgres.start)
        for page in (wide, phone):
            await expect(page.locator("#database-away")).to_be_hidden(timeout=20_000)
        async with stage.client("bob") as bob:

            async def is_kept() -> bool:
                answered = await bob.get("/ui/conversations/export")
                found = answered.json()["conversations"] if answered.status_code == 200 else []
                return [len(one["messages"]) for one in found] == [2]

            assert await eventually(is_kept, 20)


async def test_what_is_shared_is_what_is_seen(devices: Devices, stage: TeamStage) -> None:
    page = await sign_in(devices, stage, "bob")
    there = asyncio.Event()

    async def come_late(route: Route) -> None:
        if route.request.method == "PUT":
            await there.wait()
        await route.continue_()

    answers = page.locator('#chat-log [data-role="assistant"][data-state="done"]')
    for at, question in enumerate(("What is a fox?", "What does it eat?")):
        await page.fill("#chat-message textarea, textarea#chat-message", question)
        await page.click("#chat-send")
        await expect(answers).to_have_count(at + 1, timeout=20_000)
        if not at:
            await wait_until_kept(page)
            await page.route("**/ui/conversations/**", come_late)
    entry = page.locator("#conversations [data-conversation]").first
    await entry.hover()
    await entry.locator("[data-action=menu]").click()
    await entry.locator("[data-action=share]").click()
    await page.wait_for_timeout(300)  # in which the link was there already
    early = await page.locator("#share-link").count()
    there.set()
    link = await page.locator("#share-link").input_value(timeout=20_000)
    async with stage.client() as http:
        shown = (await http.get(link)).text
    assert "What does it eat?" in shown
    assert not early
