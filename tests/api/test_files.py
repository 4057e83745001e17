"""Files of the OpenAI wire: listed in either order, and kept for as long as was wanted."""

from __future__ import annotations

import time
from glob import glob
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import openai
import pytest

from groq_core.services.batch import batch_store
from tests.api.stage import Stage, says
from tests.api.test_batches import client_of, jsonl, line, settings, wait_for_end


async def test_files_come_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    async with client_of(Stage(says("Hello"), settings(tmp_path))) as client:
        for number in range(3):
            await client.files.create(file=jsonl(line(f"l{number}")), purpose="batch")
        down = [file.id async for file in client.files.list(limit=2)]
        up = [file.id async for file in client.files.list(limit=2, order="asc")]
        with pytest.raises(openai.BadRequestError) as caught:
            await client.files.list(order="upwards")  # type: ignore[arg-type]

    assert len(down) == 3
    assert up == down[::-1]
    assert caught.value.param == "order"


async def test_a_file_is_gone_when_its_owner_wanted_it_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hour: Any = {"anchor": "created_at", "seconds": 3600}
    async with client_of(Stage(says("Hello"), settings(tmp_path))) as client:
        kept = await client.files.create(file=jsonl(line("a")), purpose="batch")
        short = await client.files.create(file=jsonl(line("b")), purpose="batch", expires_after=hour)
        begun_batch = await client.batches.create(
            input_file_id=kept.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            output_expires_after=hour,
        )
        output = (await wait_for_end(client, begun_batch.id)).output_file_id
        assert output is not None
        ends = {file.id: (file.expires_at or 0) - file.created_at async for file in client.files.list()}
        wrongs: list[Any] = [{**hour, "seconds": 5}, {**hour, "anchor": "now"}]
        for wrong in wrongs:
            with pytest.raises(openai.BadRequestError, match="expires_after"):
                await client.files.create(file=jsonl(line("c")), purpose="batch", expires_after=wrong)
        later = time.time() + 3601
        monkeypatch.setattr(batch_store, "time", SimpleNamespace(time=lambda: later))
        left = [file.id async for file in client.files.list()]
        with pytest.raises(openai.NotFoundError):
            await client.files.content(output)

    assert ends == {kept.id: 30 * 86_400, short.id: 3600, output: 3600}
    assert left == [kept.id]
    assert len(glob(f"{tmp_path}/**/file_*.jsonl", recursive=True)) == 1


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("gone", [(1,), (0, 1), (0,), ()])
async def test_the_next_page_begins_behind_a_file_that_is_gone(
    tmp_path: Path, order: Literal["asc", "desc"], gone: tuple[int, ...]
) -> None:
    """What of a page is deleted before the next one is asked for neither doubles anything nor hides it."""
    async with client_of(Stage(says("Hello"), settings(tmp_path))) as client:
        names = [(await client.files.create(file=jsonl(line("a")), purpose="batch")).id for _ in range(7)]
        seen = list[str]()
        async for file in client.files.list(limit=2, order=order):
            if len(seen) % 2 in gone:
                await client.files.delete(file.id)
            seen.append(file.id)

    assert seen == (names if order == "asc" else names[::-1])


async def test_a_place_that_no_list_has_is_named(tmp_path: Path) -> None:
    """It was taken for the beginning, so that a client that goes from page to page never came to an end."""
    async with client_of(Stage(says("Hello"), settings(tmp_path))) as client:
        response = await client.responses.create(model="auto", input="Hi")
        for listed in (client.files.list, client.batches.list):
            with pytest.raises(openai.BadRequestError) as caught:
                await listed(after="file_that_never_was")
            assert caught.value.param == "after"
        with pytest.raises(openai.BadRequestError, match="after"):
            await client.responses.input_items.list(response.id, after="in_9")
