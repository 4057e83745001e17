"""The routes of the tabs Extract and Agent: files in, steps out, files back, and a clear word where it cannot be."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from PIL import Image

from groq_core.compose import assemble
from groq_core.errors import RequestError
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui import agent, extract
from groq_core.ui.agent import read_task, tools_of
from groq_core.ui.extract import read_file, read_wanted
from groq_core.ui.page_routes import Page, create_routes
from groq_core.ui.static import Assets

DOCUMENTS = Path(__file__).parents[1] / "data" / "documents"
FIELDS = [{"name": "Total", "type": "number", "required": True}, {"name": "Date", "type": "date"}]


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "white").save(file, "PNG")
    return file.getvalue()


@asynccontextmanager
async def page(simulator: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with assemble(Settings.from_env({"GROQ_CORE_OFFLINE": "1"}), simulator=simulator) as core:
        app = FastAPI()
        held = Page(core, Assets())
        for create in (create_routes, extract.create_routes, agent.create_routes):
            app.include_router(create(held))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://page", timeout=30) as client:
            pass_ = (await client.get("/ui/pass")).json()["pass"]
            client.headers["x-groq-core-page"] = pass_
            yield client


async def events(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(part.removeprefix("data: ")) for part in response.text.split("\n\n") if part]


# ── extract ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_document_comes_back_as_text_and_a_picture_as_it_will_be_sent(simulator: Simulator) -> None:
    async with page(simulator) as client:
        name = "lease_contract.pdf"
        document = (await client.post(f"/ui/document?name={name}", content=(DOCUMENTS / name).read_bytes())).json()
        picture = (await client.post("/ui/document?name=a.png", content=png())).json()
        refused = await client.post("/ui/document?name=a.exe", content=b"MZ")

    assert document["text"].startswith("COMMERCIAL LEASE")
    assert len(document["pages"]) == 3
    assert picture["picture"]["url"].startswith("data:image/")
    assert refused.status_code == 400
    assert "cannot be read" in refused.json()["detail"]


async def test_data_is_found_and_its_place_told(simulator: Simulator) -> None:
    body = {"text": "Invoice 7\nDate: 5 March 2026\nTotal: 105.50", "fields": FIELDS}
    async with page(simulator) as client:
        heard = await events(await client.post("/ui/extract", json=body))

    assert [event["e"] for event in heard] == ["open", "partly_extracted", "tried", "extracted", "receipt"]
    found = heard[3]
    assert found["data"] == {"Total": 105.5, "Date": "2026-03-05"}
    assert found["spans"]["Date"] == {
        "page": None,
        "before": "Invoice 7\nDate: ",
        "quote": "5 March 2026",
        "after": "\nTotal: 105.50",
    }
    assert found["tables"] == [{"name": "data", "columns": ["Total", "Date"], "rows": [[105.5, "2026-03-05"]]}]
    assert found["cost_usd"] > 0


async def test_a_picture_is_asked_about(simulator: Simulator) -> None:
    async with page(simulator) as client:
        url = (await client.post("/ui/document?name=a.png", content=png())).json()["picture"]["url"]
        heard = await events(await client.post("/ui/extract", json={"picture": url, "fields": [{"name": "title"}]}))

    assert heard[-2]["e"] == "extracted"
    assert heard[-2]["spans"] == {}


@pytest.mark.parametrize(
    ("form", "kind"), [("json", "application/json"), ("csv", "text/csv"), ("xlsx", "application/vnd.openxml")]
)
async def test_data_is_written_as_a_file(simulator: Simulator, form: str, kind: str) -> None:
    async with page(simulator) as client:
        response = await client.post(f"/ui/extraction/{form}", json={"a": "=1+1", "b": 2})

    assert response.headers["content-type"].startswith(kind)
    if form == "xlsx":
        sheet = load_workbook(io.BytesIO(response.content)).active
        assert [cell.data_type for cell in sheet[2]] == ["s", "n"]


async def test_another_sites_page_gets_nothing(simulator: Simulator) -> None:
    async with page(simulator) as client:
        client.headers["sec-fetch-site"] = "cross-site"
        for path in ("document", "extract", "extraction/csv", "agent"):
            assert (await client.post(f"/ui/{path}", content=b"{}")).status_code == 403


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param({"fields": FIELDS}, "there is no text", id="no text"),
        pytest.param({"text": "x"}, "at least one field", id="no fields"),
        pytest.param({"text": "x", "schema": "{"}, "the schema is not JSON", id="no JSON"),
        pytest.param({"text": "x", "schema": "[]"}, "not a JSON object", id="no object"),
        pytest.param({"text": "x", "schema": '{"type": "sting"}'}, "the schema cannot be used", id="no schema"),
        pytest.param({"text": "x", "fields": [{"name": "a", "type": "colour"}]}, "cannot be read", id="no type"),
        pytest.param({"picture": "https://x.example/a.png", "fields": FIELDS}, "not one we prepared", id="address"),
        pytest.param({"picture": "data:image/png;base64,§", "fields": FIELDS}, "cannot be read", id="no base64"),
        pytest.param(
            {"picture": "data:image/png;base64," + base64.b64encode(b"x" * 100).decode(), "fields": FIELDS},
            "picture",
            id="no picture",
        ),
    ],
)
async def test_what_cannot_be_extracted_says_why(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        await read_wanted(json.dumps(wanted).encode())


async def test_a_web_picture_and_a_word_file_are_told_apart() -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "WEBP")

    assert "picture" in await read_file(file.getvalue(), "a.webp")
    assert "text" in await read_file((DOCUMENTS / "cv_lindqvist.docx").read_bytes(), "cv.docx")


# ── agent ────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_agents_steps_come_as_they_happen_and_it_goes_on_where_it_ended(simulator: Simulator) -> None:
    async with page(simulator) as client:
        body: dict[str, Any] = {"text": "Work out 6 * 7", "tools": ["calculator"]}
        heard = await events(await client.post("/ui/agent", json=body))
        ended = next(event for event in heard if event.get("e") == "run_ended")
        again = {"text": "And what time is it?", "tools": ["clock"], "messages": ended["messages"]}
        second = await events(await client.post("/ui/agent", json=again))

    kinds = [event.get("e") for event in heard]
    assert kinds.index("step_started") < kinds.index("tool_started") < kinds.index("tool_finished")
    finished = heard[kinds.index("tool_finished")]
    assert (finished["name"], finished["result"], finished["error"]) == ("calculate", "42", None)
    assert ended["reason"] == "answered"
    assert kinds[-1] == "receipt"
    later = next(event for event in second if event.get("e") == "run_ended")
    assert later["messages"][: len(ended["messages"])] == ended["messages"]


async def test_attached_files_can_be_read_and_nothing_else_is_offered() -> None:
    task = read_task(json.dumps({"text": "x", "files": [{"name": "a.txt", "text": "hello"}]}).encode())

    assert [tool.name for tool in tools_of(task)] == ["list_files", "read_file", "search_files"]
    assert not any(tool.dangerous for tool in tools_of(task))


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ({"text": " "}, "there is no task"),
        ({"text": "x", "max_steps": 0}, "0 steps"),
        ({"text": "x", "max_seconds": 1e9}, "s are asked for"),
        ({"text": "x", "max_usd": -1}, "USD are asked for"),
        ({"text": "x", "tools": ["shell"]}, "cannot be read"),
        ({"text": "x", "messages": [{}] * 500}, "too long"),
    ],
)
def test_a_task_that_cannot_be_run_says_why(task: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        read_task(json.dumps(task).encode())
