"""The API's description against the API itself: the routing table, what is read, what is answered."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from groq_core.api.absent_paths import MISPLACED
from groq_core.api.app import OPEN_PATHS, routes
from groq_core.api.dispatch import GROQ_PREFIX
from groq_core.api.openapi import ABOUT, PATHS, document
from groq_core.api.schemas import SCHEMAS
from groq_core.api.speech import TYPES
from groq_core.incoming.parameters import KNOWN
from groq_core.services.batch.batch_store import BatchStore
from groq_core.services.batch.places import BatchFolder
from tests.stage import Stage, staged

NOT_DESCRIBED = {*MISPLACED, "/_simulator/"}
"""Answers that only say where to ask instead, and the simulator's own pages."""

OPERATIONS = [(path, verb) for path, verbs in PATHS.items() for verb in verbs]


def routing_table(stage: Stage, folder: Path) -> dict[str, set[str]]:
    table = routes(stage.core, asyncio.Event(), BatchStore(BatchFolder(folder), stage.core.handle))
    return {path: {method.lower() for method in methods} for path, methods in table.items()}


def differences(table: Mapping[str, set[str]], paths: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Routes nobody describes, and descriptions nobody answers."""
    described: dict[str, set[str]] = {}
    for path, verbs in paths.items():
        # A name at the end is what a path that ends in `/` stands for; one in the middle stands as `{}`.
        described.setdefault(re.sub(r"{\w+}(?=/)", "{}", re.sub(r"{\w+}$", "", path)), set()).update(verbs)
    for path in {*table, *described} - NOT_DESCRIBED:
        for verb in table.get(path, set()) ^ described.get(path, set()):
            yield f"{verb} {path}"


async def test_every_route_is_described_and_every_description_has_a_route(tmp_path: Path) -> None:
    async with staged() as stage:
        table = routing_table(stage, tmp_path)

    assert not sorted(differences(table, PATHS))


async def test_a_route_that_nobody_describes_is_found(tmp_path: Path) -> None:
    async with staged() as stage:
        table = routing_table(stage, tmp_path)

    assert list(differences(table | {"/v1/rerank": {"post"}}, PATHS)) == ["post /v1/rerank"]
    assert list(differences(table | {"/v1/batches/": {"get", "put"}}, PATHS)) == ["put /v1/batches/"]
    fewer = {path: verbs for path, verbs in PATHS.items() if path != "/v1/extract"}
    assert list(differences(table, fewer)) == ["post /v1/extract"]


async def test_every_operation_is_there_under_both_prefixes() -> None:
    async with staged() as stage:
        for path, verb in OPERATIONS:
            if path == "/v1/status/events":
                continue  # never ends; its route has been seen to above
            for prefix in ("", GROQ_PREFIX) if path.startswith("/v1/") else ("",):
                answer = await stage.http.request(verb, prefix + re.sub(r"{\w+}", "nobody", path))

                assert answer.status_code != 405, (path, verb)
                if answer.status_code != 200:
                    assert answer.json()["error"]["code"] != "unknown_url", (path, verb)
                    assert {str(answer.status_code), "default"} & PATHS[path][verb]["responses"].keys()
    assert f"{GROQ_PREFIX}/v1" in ABOUT


async def test_whoever_needs_a_token_is_refused_as_described() -> None:
    async with staged({"GROQ_CORE_API_TOKENS": "a-token-that-is-long-enough-0123456789"}) as stage:
        for path, verb in OPERATIONS:
            answer = await stage.http.request(verb, re.sub(r"{\w+}", "nobody", path))

            described = PATHS[path][verb]
            assert (answer.status_code == 401) == ("401" in described["responses"]), (path, verb)
            assert (described.get("security") == []) == (path in OPEN_PATHS)
            if answer.status_code == 401:
                assert answer.headers["www-authenticate"] == "Bearer"


async def test_another_name_is_refused_as_described() -> None:
    async with staged() as stage:
        for path, verb in OPERATIONS:
            url = re.sub(r"{\w+}", "nobody", path)
            answer = await stage.http.request(verb, url, headers={"host": "elsewhere.example"})

            assert (answer.status_code == 403) == ("403" in PATHS[path][verb]["responses"]), (path, verb)


async def test_an_allowance_used_up_is_refused_as_described() -> None:
    async with staged({"GROQ_CORE_LIMITS": "1/day"}) as stage:
        assert (await stage.chat("One.")).status_code == 200
        answer = await stage.chat("Two.")

    described = document()["components"]["responses"]["TooMany"]
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "limit_reached"
    assert described["headers"].keys() == {"retry-after"} <= answer.headers.keys()


def test_every_parameter_of_a_chat_is_named() -> None:
    assert SCHEMAS["ChatRequest"]["properties"].keys() >= KNOWN


def test_every_format_of_speech_is_described() -> None:
    content = PATHS["/v1/audio/speech"]["post"]["responses"]["200"]["content"]

    assert SCHEMAS["SpeechRequest"]["properties"]["response_format"]["anyOf"][0]["enum"] == list(TYPES)
    assert {media.decode() for media in TYPES.values()} <= content.keys()


def test_every_reference_leads_somewhere() -> None:
    whole = document()

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from walk(one)

    for reference in set(walk(whole)):
        room, name = reference.removeprefix("#/components/").split("/")
        assert name in whole["components"][room], reference


def test_every_name_in_a_path_is_a_parameter() -> None:
    for path, verb in OPERATIONS:
        given = {one["name"] for one in PATHS[path][verb].get("parameters", ()) if one["in"] == "path"}

        assert given == set(re.findall(r"{(\w+)}", path)), (path, verb)


async def test_it_is_served() -> None:
    async with staged() as stage:
        answer = await stage.http.get("/openapi.json")

    assert answer.json() == json.loads(json.dumps(document()))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(SCHEMAS[name])))


def misfits(schema: str, value: Any) -> list[str]:
    components = json.loads(json.dumps(document()["components"]))
    whole = {"$ref": f"#/components/schemas/{schema}", "components": components}
    return [f"{fault.json_path}: {fault.message}" for fault in Draft202012Validator(whole).iter_errors(value)]


BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Hello"}]},
    "/v1/responses": {"input": "Hello"},
    "/v1/agent/runs": {"task": "What is 17 times 23?", "tools": ["calculator"]},
}


@pytest.mark.parametrize("path", BODIES)
async def test_what_is_answered_fits_its_description(path: str) -> None:
    async with staged() as stage:
        answer = await stage.http.post(path, json=BODIES[path])

    operation = PATHS[path]["post"]
    asked = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    given = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert answer.status_code == 200
    assert not misfits(asked, BODIES[path])
    assert not misfits(given, answer.json())
    assert answer.json().keys() & SCHEMAS[given]["properties"].keys()


@pytest.mark.parametrize("path", ["/v1/models", "/v1/status", "/health", "/ready", "/v1/files", "/v1/batches"])
async def test_what_is_read_fits_its_description(path: str, tmp_path: Path) -> None:
    async with staged({"GROQ_CORE_STATE_DIR": str(tmp_path)}) as stage:
        if path in ("/v1/files", "/v1/batches"):
            line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": []}}
            sent = {"file": ("lines.jsonl", json.dumps(line).encode())}
            file = (await stage.http.post("/v1/files", data={"purpose": "batch"}, files=sent)).json()
            batch = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
            assert not misfits("FileObject", file)
            assert not misfits("BatchRequest", batch)
            assert not misfits("Batch", (await stage.http.post("/v1/batches", json=batch)).json())
        answer = await stage.http.get(path)

    given = PATHS[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert not misfits(given, answer.json())


async def test_errors_fit_their_description() -> None:
    async with staged() as stage:
        refused = [
            await stage.http.post("/v1/extract", json={"text": "", "schema": {}}),
            await stage.http.get("/v1/responses/nobody"),
            await stage.http.put("/v1/files"),
            await stage.http.get("/v1/models", headers={"host": "elsewhere.example"}),
        ]

    assert [answer.status_code for answer in refused] == [400, 404, 405, 403]
    assert not [fault for answer in refused for fault in misfits("Error", answer.json())]


def test_the_fields_of_an_upload_are_those_that_are_read() -> None:
    assert SCHEMAS["ExtractUpload"]["properties"].keys() > {"file", "schema"}
