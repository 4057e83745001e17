"""The API's description as other people's tools read it: a client made of it works, and no answer contradicts it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clients.where import require_python
from tests.programs import run_program
from tests.stage import Stage, staged

WANTED = os.environ.get("GROQ_CONFORMANCE_CASES")
CASES = int(WANTED or "200")
"""How many requests are made up, at least; `make conformance` takes four thousand. No test sees the variable itself."""

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "unsupported_method", "allow_header_conformance", "missing_required_header",
)  # fmt: skip

CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
from made import Client
from made.api.default import get_v1_models, post_v1_chat_completions, post_v1_files, post_v1_responses, get_health
from made.models import ChatRequest, ChatRequestMessagesItem, FileUpload, ResponseRequest
from made.types import File
import io

client = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)
assert get_health.sync(client=client).status == "ok"
assert "auto" in [model.id for model in get_v1_models.sync(client=client).data]
message = ChatRequestMessagesItem.from_dict({"role": "user", "content": "What is 17 * 23?"})
answer = post_v1_chat_completions.sync(client=client, body=ChatRequest(messages=[message], model="quality"))
assert "391" in answer.choices[0].to_dict()["message"]["content"], answer
assert answer.x_groq_core.served_by.provider == "groq"
said = post_v1_responses.sync(client=client, body=ResponseRequest(input_="What is 17 * 23?"))
assert said.status == "completed", said
refused = post_v1_chat_completions.sync_detailed(client=client, body=ChatRequest(messages=[message], temperature=9))
assert refused.status_code == 400
assert refused.parsed.error.param == "temperature"
lines = File(payload=io.BytesIO(b"{}"), file_name="lines.jsonl", mime_type="application/jsonl")
from made.models import FileUploadPurpose
kept = post_v1_files.sync(client=client, body=FileUpload(file=lines, purpose=FileUploadPurpose.BATCH))
assert kept.filename == "lines.jsonl", kept
print("ok")
"""


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged({"GROQ_CORE_STATE_DIR": str(tmp_path_factory.mktemp("state"))}) as stage:
        yield stage


async def test_a_client_made_of_the_description_works(house: Stage, tmp_path: Path) -> None:
    python = require_python("openapi_python_client")
    described = tmp_path / "openapi.json"
    described.write_text(json.dumps((await house.http.get("/openapi.json")).json()))
    config = tmp_path / "config.yaml"
    # It knows no type of lines, and would tidy up with a program of its own.
    config.write_text('content_type_overrides: {"application/jsonl": "application/octet-stream"}\npost_hooks: []\n')
    maker = str(python.with_name("openapi-python-client"))
    made = await run_program(
        maker, "generate", "--path", str(described), "--meta", "none", "--output-path", str(tmp_path / "made"),
        "--config", str(config), "--fail-on-warning", folder=tmp_path, seconds=120,
    )  # fmt: skip
    assert made.status == 0, (made.said + made.problems)[-3000:]
    used = await run_program(str(python), "-c", CLIENT, str(tmp_path), house.url, folder=tmp_path, seconds=60)

    assert used.status == 0, (used.said + used.problems)[-3000:]


@pytest.mark.timeout(1800)
async def test_no_answer_contradicts_the_description(house: Stage, tmp_path: Path) -> None:
    python = require_python("schemathesis")
    whole = CASES >= 1000
    # About twenty operations take something that can be made up; the bounds alone make eleven hundred cases.
    each = -(-(CASES - 1000 if whole else CASES) // 18)
    ended = await run_program(
        str(python.with_name("schemathesis")), "run", f"{house.url}/openapi.json", "--checks", ",".join(CHECKS),
        "--phases", "coverage,fuzzing" if whole else "fuzzing", "--max-examples", str(each), "--seed", "17",
        "--exclude-path", "/v1/status/events", "--request-timeout", "20", "--continue-on-failure", "--no-color",
        folder=tmp_path, seconds=1700,
    )  # fmt: skip
    said = ended.said + ended.problems
    if WANTED:
        print(said[-2500:])

    assert ended.status == 0, said[-6000:]
    made_up = re.search(r"(\d[\d,]*) generated", said)
    assert made_up is not None
    assert int(made_up[1].replace(",", "")) >= CASES
