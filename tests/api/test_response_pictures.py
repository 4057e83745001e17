"""What there is to say of a picture names the item of the Responses API that it stands in."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.api.stage import Stage
from tests.api.test_chat_body import MEDIA

URL = "/v1/responses"


def shown(name: str) -> dict[str, str]:
    data = base64.b64encode((MEDIA / name).read_bytes()).decode()
    return {"type": "input_image", "image_url": f"data:image/png;base64,{data}"}


def inputs(image: dict[str, str]) -> list[Any]:
    """Where a picture may stand, each with its path: messages are made of items, and not one for one."""
    asked, thought = {"role": "user", "content": "What is this?"}, {"type": "reasoning", "summary": []}
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": [image]}
    text = {"type": "input_text", "text": "What is this?"}
    return [
        ([{"role": "user", "content": [text, image]}], "input[0].content[1].image_url"),
        ([asked, thought, {"role": "user", "content": [image]}], "input[2].content[0].image_url"),
        ([asked, {"role": "assistant", "content": "Show it."}, call, result], "input[3].output"),
    ]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("before", [{}, {"instructions": "Be brief."}, {"previous_response_id": ""}])
async def test_a_picture_is_named_as_its_sender_knows_it(place: int, before: dict[str, Any]) -> None:
    broken, path = inputs(shown("broken.png"))[place]
    animated, _ = inputs(shown("animated-5-frames.gif"))[place]
    stage = Stage()
    async with stage.served() as http:
        if "previous_response_id" in before:
            first = await http.post(URL, json={"input": "Hi"})
            before = {"previous_response_id": first.json()["id"]}
        refused = await http.post(URL, json={"input": broken} | before)
        noted = await http.post(URL, json={"input": animated} | before)

    assert refused.status_code in (400, 422)
    assert refused.json()["error"]["param"] == path
    assert [note["text"].partition(": ")[0] for note in noted.json()["notes"]] == [path]
