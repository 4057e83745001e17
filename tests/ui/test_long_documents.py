"""Questions in the chat about a document of 300 pages: within a plan of 8,000 tokens a minute, with the right pages."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from PIL import Image, ImageDraw

from groq_core.events import Finished, TextDelta
from groq_core.requests import ChatRequest, estimate_tokens
from groq_core.services.documents.index import MOST_TOKENS, count_tokens
from groq_core.services.documents.parts import PAGE_BREAK
from groq_core.ui.chat_request import PageQuestion, PageTurn
from groq_core.ui.context import safely, whole_of, with_passages
from tests.services.papers import pdf
from tests.services.test_attached import attach
from tests.services.test_document_index import book
from tests.ui.conftest import House, new_house
from tests.ui.scripts import plays, says


@pytest.fixture(scope="module")
async def application() -> AsyncIterator[House]:
    """One of its own: what a model takes is learnt from every answer."""
    async with new_house() as house:
        yield house


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=60) as client:
        client.headers["x-groq-core-page"] = (await client.get("/ui/pass")).json()["pass"]
        yield client


def events_of(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]


def print_pdf(document_text: str) -> bytes:
    return pdf([textwrap.fill(page, 100) for page in document_text.split(PAGE_BREAK)])


def scan(*texts: str) -> bytes:
    """A PDF of pictures of pages."""
    pages = []
    for text in texts:
        page = Image.new("L", (600, 800), 255)
        ImageDraw.Draw(page).text((40, 40), text, fill=0)
        pages.append(page)
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file.getvalue()


async def test_a_book_goes_through_the_page_and_its_facts_are_found_on_their_pages(
    house: House, client: httpx.AsyncClient
) -> None:
    document, facts = book(300, 200)
    answer = await client.post("/ui/document", params={"name": "report.pdf"}, content=print_pdf(document.text))
    read = answer.json()
    assert len(read["pages"]) == 300

    right = 0
    for question, value, page in facts:
        turns = (PageTurn(role="user", text=attach(question, ("report.pdf", read["text"]))),)
        chosen = with_passages(house.core, PageQuestion(turns=turns))
        assert chosen is not None
        sent, left_out, choice = chosen
        right += any(quote.page == page and value in quote.text for quote in choice.quotes)
        assert value in sent.turns[-1].text or page not in {quote.page for quote in choice.quotes}
        assert left_out == 0
        assert sum(map(safely, sent.turns)) <= MOST_TOKENS

    assert right >= 190


async def test_the_answer_tells_which_passages_went_along_and_what_was_asked_fits(
    house: House, client: httpx.AsyncClient
) -> None:
    document, facts = book(300, 3)
    question, value, page = facts[0]
    house.script = says(f"It is {value} (p. {page}).")

    response = await client.post(
        "/ui/chat", json={"turns": [{"role": "user", "text": attach(question, ("report.pdf", document.text))}]}
    )

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert value in asked.messages[-1]["content"]
    assert estimate_tokens(asked.messages) <= count_tokens(asked.messages[-1]["content"]) + 8 <= MOST_TOKENS
    lines = events_of(response)
    quoted = next(line for line in lines if line.get("e") == "quoted")
    assert (quoted["documents"], quoted["pages"], quoted["whole"]) == (["report.pdf"], 300, False)
    assert any(quote["page"] == page and value in quote["text"] for quote in quoted["quotes"])
    assert any("too long to be sent whole" in note for note in lines[-1]["notes"])


async def test_a_short_document_is_sent_whole_and_nothing_is_said(house: House, client: httpx.AsyncClient) -> None:
    house.script = says("heron")
    text = attach("What is the code word?", ("notes.txt", "The code word is heron."))

    response = await client.post("/ui/chat", json={"turns": [{"role": "user", "text": text}]})

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.messages[-1]["content"] == text
    assert not any(line.get("e") in ("quoted", "note") for line in events_of(response))


async def test_a_long_conversation_makes_room_for_the_document(house: House, client: httpx.AsyncClient) -> None:
    document, facts = book(100, 3)
    house.script = says("42")
    older = [
        {"role": role, "text": f"{number}: " + "words of before " * 200}
        for number in range(6)
        for role in ("user", "assistant")
    ]
    text = attach(facts[0][0], ("report.pdf", document.text))

    response = await client.post(
        "/ui/chat", json={"turns": [{"role": "system", "text": "Be brief."}, *older, {"role": "user", "text": text}]}
    )

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert asked.messages[0] == {"role": "system", "content": "Be brief."}
    assert facts[0][1] in asked.messages[-1]["content"]
    assert sum(count_tokens(message["content"]) + 8 for message in asked.messages) <= MOST_TOKENS
    assert any("older messages were not sent" in line.get("text", "") for line in events_of(response))


async def test_an_answer_that_goes_on_keeps_its_passages(house: House, client: httpx.AsyncClient) -> None:
    document, facts = book(100, 3)
    house.script = plays(TextDelta("euros"), Finished(provider="groq", model="m", finish_reason="stop"))
    turns = [
        {"role": "user", "text": attach(facts[0][0], ("report.pdf", document.text))},
        {"role": "assistant", "text": "It is 42"},
    ]

    await client.post("/ui/chat", json={"turns": turns, "continues": True})

    asked = house.asked[-1]
    assert isinstance(asked, ChatRequest)
    assert facts[0][1] in asked.messages[0]["content"]
    assert asked.messages[1] == {"role": "assistant", "content": "It is 42"}


async def test_a_plan_known_to_take_more_takes_more_whole(house: House) -> None:
    question = PageQuestion(turns=(PageTurn(role="user", text="x"),))
    assert whole_of(house.core, question) < MOST_TOKENS

    class Board:
        target = house.core.board.target

        def snapshot(self, credential: str = "server") -> Any:
            snapshot = house.core.board.snapshot(credential)
            first = next(target for target in snapshot.targets if target.name in {t.target for t in snapshot.tiers})
            from groq_core.ratelimit.limit_status import LimitStatus

            limit = LimitStatus(kind="tokens", window_s=60, limit=250_000, remaining=250_000, full_in_s=0)
            return msgspec.structs.replace(snapshot, targets=(msgspec.structs.replace(first, limits=(limit,)),))

    class Richer:
        board = Board()
        catalogue = house.core.catalogue

    richer: Any = Richer()
    assert MOST_TOKENS < whole_of(richer, question) <= 131_072 // 4


async def test_a_short_scan_becomes_pictures_of_its_pages_in_their_order(client: httpx.AsyncClient) -> None:
    response = await client.post("/ui/document", params={"name": "scan.pdf", "room": 3}, content=scan("one", "two"))

    body = response.json()
    pictures = [body["picture"], *body["picture"]["more"]]
    assert [picture["notes"][0] for picture in pictures] == ["page 1 of 2", "page 2 of 2"]
    assert body["text"] == "Pages 1 to 2 go along as pictures, in this order."


async def test_a_scan_with_more_pages_than_pictures_are_taken_is_written_down_page_by_page(
    house: House, client: httpx.AsyncClient
) -> None:
    house.script = says("Invoice 17")

    response = await client.post("/ui/document", params={"name": "scan.pdf", "room": 1}, content=scan("one", "two"))

    body = response.json()
    assert "picture" not in body
    assert len(body["pages"]) == 2
    assert any("Pages 1–2 had no text" in note and "vision model" in note for note in body["notes"])
