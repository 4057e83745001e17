"""Pictures, settings and files of conversations, in a real browser: out, in again, and away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from groq_core.requests import ChatRequest
from tests.requires import needs
from tests.ui.conftest import MEDIA, House
from tests.ui.conversations import ANSWER, AS_BLOBS, NO_BLOBS, choose, do, kept, number_answers
from tests.ui.scripts import Hung, answered, ask, says

pytestmark = [pytest.mark.browser, needs("chromium")]

# ── other tabs ──

PICTURED = "#image-answer [data-role=assistant]"


async def show_pictures(tab: Page) -> None:
    await tab.get_by_role("tab", name="Image").click()
    await tab.wait_for_selector("#image-input input[type=file]", state="attached")


@pytest.mark.parametrize("earlier", [False, True])
async def test_a_picture_and_its_conversation_are_there_again(tab: Page, house: House, earlier: bool) -> None:
    """Also where the browser stores no blobs, and where it was kept as one by an earlier version."""
    await show_pictures(tab)
    await tab.evaluate(NO_BLOBS)
    await tab.set_input_files("#image-input input[type=file]", MEDIA / "kiwi.jpg")
    await expect(tab.locator(".gc-picture[data-state=ready]")).to_have_count(1)
    house.script = says('{"total": "12"}')
    await tab.get_by_role("button", name="Read fields").click()
    await tab.fill(".gc-reading-row >> nth=0 >> [name=name]", "total")
    await tab.get_by_role("button", name="Read", exact=True).click()
    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    await tab.reload()
    if earlier:
        await tab.evaluate(AS_BLOBS)
        await tab.reload()
    await tab.locator("[data-conversation]").click()

    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    picture = tab.locator("#image-answer [data-role=user] img")
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    await do(tab, "#image-answer [data-role=user]", "edit")
    await tab.fill("#image-answer .gc-edit-box", "Once more")
    await tab.press("#image-answer .gc-edit-box", "Enter")
    await expect(tab.locator(PICTURED)).to_have_attribute("data-state", "done")
    await expect(tab.locator(f"{PICTURED} table")).to_contain_text("12")
    first, second = (request for request in house.asked if isinstance(request, ChatRequest))
    assert second.params == first.params
    assert second.needs.images == first.needs.images == 1


@pytest.mark.one_page
async def test_escape_stops_only_what_is_seen(tab: Page, house: House) -> None:
    house.script = hung = Hung("The beginning")
    await ask(tab, "go")
    await expect(tab.locator(ANSWER)).to_contain_text("The beginning")
    for name in ("Image", "Agent", "Extract", "Batch", "Microphone"):
        await tab.get_by_role("tab", name=name).click()
        await tab.keyboard.press("Escape")
    assert not hung.closed.is_set()
    await tab.get_by_role("tab", name="Chat").click()
    await expect(tab.locator(ANSWER)).to_have_attribute("data-state", "writing")
    await tab.keyboard.press("Escape")

    await asyncio.wait_for(hung.closed.wait(), 10)


@pytest.mark.one_page
async def test_settings_take_everything_out_in_and_away(tab: Page, house: House, tmp_path: Path) -> None:
    house.script = number_answers()
    await ask(tab, "one")
    await answered(tab)
    await tab.click("#conversation-new")
    await ask(tab, "two")
    await answered(tab)
    await kept(tab, 2)
    await tab.click("#settings-open")
    async with tab.expect_download() as download:
        await tab.click("#export-all")
    await (await download.value).save_as(tmp_path / "all.json")
    async with tab.expect_download() as download:
        await tab.click("#export-all-markdown")
    await (await download.value).save_as(tmp_path / "all.md")
    await tab.click("#clear-all")
    await kept(tab, 0)
    await tab.click("#chat-undo")
    await kept(tab, 2)
    await tab.click("#settings-open")
    await tab.set_input_files("#import-all", tmp_path / "all.json")
    await expect(tab.locator("#settings")).to_contain_text("2 conversations are in the list now.")
    await kept(tab, 4)
    await tab.set_input_files("#import-all", tmp_path / "all.md")
    await kept(tab, 6)


# ── files ──


@pytest.mark.one_page
async def test_a_conversation_is_exported(tab: Page, house: House, tmp_path: Path) -> None:
    house.script = says("An answer with **words**.")
    await ask(tab, "What is kept?")
    await answered(tab)
    await kept(tab)
    files = {}
    for form in ("markdown", "json"):
        async with tab.expect_download() as download:
            await choose(tab, f"export-{form}")
        await (await download.value).save_as(tmp_path / form)
        files[form] = (tmp_path / form).read_text()

    assert files["markdown"].startswith(
        "# What is kept? <!-- conversation -->\n\n## You <!-- question -->\n\nWhat is kept?\n\n"
        "## openai/gpt-oss-20b <!-- answer -->\n\nAn answer"
    )
    data = json.loads(files["json"])
    assert [message["text"] for message in data["conversations"][0]["messages"]] == [
        "What is kept?",
        "An answer with **words**.",
    ]


CHATGPT = [
    {
        "title": "From ChatGPT",
        "create_time": 1700000000.5,
        "update_time": 1700000100.0,
        "current_node": "d",
        "mapping": {
            "root": {"id": "root", "message": None, "parent": None, "children": ["s"]},
            "s": {"message": {"author": {"role": "system"}, "content": {"parts": [""]}}, "parent": "root"},
            "a": {
                "message": {"author": {"role": "user"}, "create_time": 1, "content": {"parts": ["question"]}},
                "parent": "s",
            },
            "b": {
                "message": {"author": {"role": "assistant"}, "create_time": 2, "content": {"parts": ["old"]}},
                "parent": "a",
            },
            "t": {
                "message": {"author": {"role": "tool"}, "create_time": 3, "content": {"parts": ["x"]}},
                "parent": "a",
            },
            "d": {
                "message": {"author": {"role": "assistant"}, "create_time": 4, "content": {"parts": ["new"]}},
                "parent": "t",
            },
        },
    }
]
OPEN_WEBUI = [
    {
        "title": "From Open WebUI",
        "created_at": 1700000000,
        "updated_at": 1700000100,
        "chat": {
            "history": {
                "currentId": "b",
                "messages": {
                    "a": {"id": "a", "parentId": None, "role": "user", "content": "question", "timestamp": 1},
                    "b": {"id": "b", "parentId": "a", "role": "assistant", "content": "new", "timestamp": 2},
                },
            }
        },
    }
]
IMPORT = """(text) => {
  const part = (name) => import(new URL(`chat/${name}`, document.querySelector("script[src*='js/first.js']").src).href);
  return Promise.all([part("exchange.js"), part("chat.js")])
    .then(async ([{ takeIn }, { conversations }]) => takeIn(await conversations(), new Blob([text])))
    .catch((error) => error.message);
}"""


@pytest.mark.one_page
@pytest.mark.parametrize(("data", "title"), [(CHATGPT, "From ChatGPT"), (OPEN_WEBUI, "From Open WebUI")])
async def test_exports_of_other_applications_are_taken_in(tab: Page, data: list[Any], title: str) -> None:
    assert await tab.evaluate(IMPORT, json.dumps(data)) == 1
    await tab.locator("[data-conversation]", has_text=title).click()

    assert await answered(tab) == "new"
    await expect(tab.locator("#chat-log [data-role=user]")).to_have_text("question")
    if data is CHATGPT:
        await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/2")


@pytest.mark.one_page
async def test_what_is_no_export_is_refused_in_words(tab: Page) -> None:
    assert "no export" in await tab.evaluate(IMPORT, "no json")
    assert "no conversations" in await tab.evaluate(IMPORT, '{"a": 1}')


@pytest.mark.one_page
async def test_what_was_exported_comes_back_whole(
    tab: Page, visitor: BrowserContext, house: House, tmp_path: Path
) -> None:
    house.script = number_answers()
    await ask(tab, "question")
    await answered(tab)
    await do(tab, ANSWER, "again")
    await expect(tab.locator(ANSWER)).to_have_text(["answer 2"])
    await answered(tab)
    async with tab.expect_download() as download:
        await choose(tab, "export-json")
    await (await download.value).save_as(tmp_path / "one.json")
    await choose(tab, "delete")
    await kept(tab, 0)

    assert await tab.evaluate(IMPORT, (tmp_path / "one.json").read_text()) == 1
    await tab.locator("[data-conversation]").click()
    assert await answered(tab) == "answer 2"
    await expect(tab.locator(ANSWER)).to_have_attribute("data-branch", "2/2")
    await expect(tab.locator(".gc-receipt summary")).to_contain_text("gpt-oss-20b")
    await ask(tab, "asked on in it")
    await answered(tab)
    await tab.reload()
    await expect(tab.locator("#chat-log")).to_contain_text("asked on in it")
