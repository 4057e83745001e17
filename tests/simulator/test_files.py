"""Files and batches: a batch really answers every line, in another order, and its objects have the recorded shape."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import groq
import httpx
import openai
import pytest

from groq_core.simulator import Simulator
from tests.recordings import recordings
from tests.simulator.http import OSS, ask
from tests.simulator.shapes import differences

GROQ, OPENAI = "/openai/v1", "/v1"


def line(number: int, **body: Any) -> dict[str, Any]:
    return {
        "custom_id": f"line-{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {**ask(f"What is {number} * 2?"), **body},
    }


def jsonl(*lines: Any) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in lines)


async def upload(http: httpx.AsyncClient, data: bytes, base: str = GROQ, name: str = "in.jsonl") -> httpx.Response:
    return await http.post(f"{base}/files", data={"purpose": "batch"}, files={"file": (name, data)})


async def begin(http: httpx.AsyncClient, data: bytes, base: str = GROQ) -> dict[str, Any]:
    file = (await upload(http, data, base)).json()
    body = {"input_file_id": file["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    answer = await http.post(f"{base}/batches", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def wait_for_end(http: httpx.AsyncClient, job: dict[str, Any], base: str = GROQ) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while job["status"] not in ("completed", "failed", "cancelled"):
            await asyncio.sleep(0)
            job = (await http.get(f"{base}/batches/{job['id']}")).json()
    return job


async def content(http: httpx.AsyncClient, ident: str, base: str = GROQ) -> list[Any]:
    answer = await http.get(f"{base}/files/{ident}/content")
    return [json.loads(entry) for entry in answer.text.splitlines()]


async def test_every_line_is_answered(http: httpx.AsyncClient) -> None:
    job = await wait_for_end(http, await begin(http, jsonl(*(line(n) for n in range(20)))))

    results = await content(http, job["output_file_id"])
    answers = {r["custom_id"]: r["response"]["body"]["choices"][0]["message"]["content"] for r in results}
    assert answers == {f"line-{n}": f"{n} * 2 = **{2 * n}**" for n in range(20)}
    assert job["request_counts"] == {"total": 20, "completed": 20, "failed": 0}
    assert [r["custom_id"] for r in results] != [f"line-{n}" for n in range(20)]


async def test_lines_that_fail_are_in_the_error_file(http: httpx.AsyncClient) -> None:
    job = await wait_for_end(http, await begin(http, jsonl(line(1), line(2, model="nobody"), line(3, n=4))))

    failed = await content(http, job["error_file_id"])
    assert {(r["custom_id"], r["response"]["status_code"]) for r in failed} == {("line-2", 404), ("line-3", 400)}
    assert len(await content(http, job["output_file_id"])) == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{not json}\n", "invalid_json_line"),
        (jsonl(line(1), line(1)), "duplicate_custom_id"),
        (jsonl({**line(1), "custom_id": None}), "missing_required_parameter"),
        (jsonl({**line(1), "url": "/v1/embeddings"}), "mismatched_url"),
        (jsonl({**line(1), "body": 3}), "missing_required_parameter"),
        (b"[1]\n", "missing_required_parameter"),
    ],
)
async def test_a_bad_input_file_fails_the_batch_with_the_line(http: httpx.AsyncClient, data: bytes, code: str) -> None:
    job = await wait_for_end(http, await begin(http, data))

    assert job["status"] == "failed"
    assert job["errors"]["data"][-1]["code"] == code
    assert job["errors"]["data"][-1]["line"] >= 1


async def test_batches_do_not_use_up_the_limits_of_direct_requests(http: httpx.AsyncClient) -> None:
    await wait_for_end(http, await begin(http, jsonl(*(line(n) for n in range(50)))))

    answer = await http.post(f"{GROQ}/chat/completions", json=ask())
    assert answer.headers["x-ratelimit-remaining-requests"] == str(
        int(answer.headers["x-ratelimit-limit-requests"]) - 1
    )


async def test_a_batch_can_be_cancelled() -> None:
    from tests.simulator.http import connect

    async with Simulator(pace=1, limits="off") as simulator, connect(simulator) as http:
        job = await begin(http, jsonl(*(line(n) for n in range(5))))
        cancelled = (await http.post(f"{GROQ}/batches/{job['id']}/cancel")).json()

    assert cancelled["status"] == "cancelling"


@pytest.mark.parametrize(
    ("data", "name", "purpose"), [(b"", "in.jsonl", "batch"), (b"x", "in.txt", "batch"), (b"x", "in.jsonl", "fun")]
)
async def test_bad_files_are_refused(http: httpx.AsyncClient, data: bytes, name: str, purpose: str) -> None:
    answer = await http.post(f"{GROQ}/files", data={"purpose": purpose}, files={"file": (name, data)})

    assert answer.status_code == 400


async def test_files_are_listed_read_and_deleted(http: httpx.AsyncClient) -> None:
    data = jsonl(line(1))
    file = (await upload(http, data)).json()

    assert [f["id"] for f in (await http.get(f"{GROQ}/files")).json()["data"]] == [file["id"]]
    assert (await http.get(f"{GROQ}/files/{file['id']}/content")).content == data
    assert (await http.get(f"{GROQ}/files/{file['id']}")).json() == file
    assert (await http.delete(f"{GROQ}/files/{file['id']}")).json()["deleted"] is True
    assert (await http.get(f"{GROQ}/files/{file['id']}")).status_code == 404


async def test_nobody_sees_another_s_files(simulator: Simulator, http: httpx.AsyncClient) -> None:
    from tests.simulator.http import connect

    file = (await upload(http, jsonl(line(1)))).json()

    async with connect(simulator, key="gsk_another") as other:
        assert (await other.get(f"{GROQ}/files/{file['id']}")).status_code == 404
        assert (await other.get(f"{GROQ}/files")).json()["data"] == []


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────


async def test_groq_s_batch_and_results_have_the_recorded_shape(http: httpx.AsyncClient) -> None:
    recorded = {r.name.rpartition("-")[2]: r for r in recordings("batch")}
    job = await wait_for_end(http, await begin(http, jsonl(*(line(n, seed=1014) for n in range(4)))))
    results = await content(http, job["output_file_id"])

    found = differences(json.loads(recorded["completed"].body), job)
    # The recording is anonymous in places, and the simulator has no projects.
    assert found == ["$.project_id: string and not null"]
    told = json.loads(recorded["file"].body.splitlines()[0])
    assert set(differences(told, results[0])) <= {
        "$.id: null and not string",
        "$.custom_id: null and not string",
        # llama-3.1-8b-instant does not think, gpt-oss does.
        "$.response.body.choices[].message.reasoning: only simulated",
        "$.response.body.usage.completion_tokens_details: only simulated",
    }
    assert results[0]["response"]["body"]["service_tier"] == told["response"]["body"]["service_tier"] == "batch"


async def test_openai_s_file_and_batch_have_the_recorded_shape(http: httpx.AsyncClient) -> None:
    file, job = [
        json.loads(r.body) for r in recordings("openai-files", "openai-batch") if r.name.endswith("request-resu")
    ]
    if file["object"] == "batch":
        file, job = job, file

    sent = (await upload(http, jsonl(line(1, model="gpt-4o-mini")), OPENAI)).json()
    begun = await begin(http, jsonl(line(1, model="gpt-4o-mini")), OPENAI)

    assert differences(file, sent) == []
    assert differences(job, begun) == []


async def test_official_sdks_run_a_batch(simulator: Simulator) -> None:
    data = jsonl(line(1), line(2))
    async with groq.AsyncGroq(api_key="gsk_x", base_url=simulator.groq_url, max_retries=0) as client:
        sent = await client.files.create(file=("in.jsonl", data), purpose="batch")
        assert sent.id is not None
        batch = await client.batches.create(
            input_file_id=sent.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        assert batch.status == "validating"
        assert [b.id for b in (await client.batches.list()).data] == [batch.id]
    async with openai.AsyncOpenAI(api_key="sk-x", base_url=simulator.openai_url, max_retries=0) as backup:
        file = await backup.files.create(file=("in.jsonl", jsonl(line(1, model="gpt-4o-mini"))), purpose="batch")
        other = await backup.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        async with asyncio.timeout(10):
            while other.status != "completed":
                other = await backup.batches.retrieve(other.id)
        assert other.output_file_id is not None
        result = (await backup.files.content(other.output_file_id)).text

    assert "1 * 2 = **2**" in result
    assert OSS not in result
