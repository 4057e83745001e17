"""The API's description for people: every path, every field, nobody else's scripts."""

from __future__ import annotations

import re

import httpx
import pytest

from groq_core.api.openapi import PATHS, document
from groq_core.api.reference import reference
from groq_core.api.schemas import SCHEMAS
from tests.stage import staged


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_told_with_an_example(path: str) -> None:
    page = reference(document(), "http://host:1")

    assert path in page
    assert "curl http://host:1" + path.partition("{")[0] in page


@pytest.mark.parametrize(("path", "verb"), [(path, verb) for path, verbs in PATHS.items() for verb in verbs])
def test_every_operation_has_a_place_of_its_own(path: str, verb: str) -> None:
    page = reference(document(), "http://host:1")

    assert page.count(f'id="{verb}{path}"') == 1


def test_the_page_tells_of_tokens_prefix_and_refusals() -> None:
    page = reference(document(), "http://host:1")

    for word in ("Authorization: Bearer", "/openai/v1", "invalid_api_key", "foreign_origin", "limit_reached"):
        assert word in page


def test_every_field_of_a_request_is_told() -> None:
    page = reference(document(), "http://host:1")

    bodies = [verbs["post"]["requestBody"] for verbs in PATHS.values() if "requestBody" in verbs.get("post", {})]
    names = {media["schema"]["$ref"].rpartition("/")[2] for body in bodies for media in body["content"].values()}
    assert {"ChatRequest", "ResponseRequest", "ExtractRequest", "AgentRequest", "FileUpload", "BatchRequest"} <= names
    for schema in names:
        for name in SCHEMAS[schema]["properties"]:
            assert f"<code>{name}</code>" in page


def test_an_address_that_is_no_address_stays_text() -> None:
    assert "<script" not in reference(document(), "http://<script>alert(1)</script>")


async def test_it_is_served_and_loads_nothing_from_elsewhere() -> None:
    async with staged() as stage, httpx.AsyncClient(base_url=stage.url) as client:
        answer = await client.get("/docs")

    assert answer.status_code == 200
    assert f"curl {stage.url}/health" in answer.text
    assert not re.search(r"<script|<link|src=", answer.text)
