"""Keys in URLs, headers, bodies and exception texts: none gets out, by log, error or repr."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest

from groq_core.failures.classify import from_response
from groq_core.redaction import Secret, redact
from groq_core.requests import Caller
from groq_core.settings.settings import Settings
from groq_core.telemetry.logs import JsonLines, TextLines
from tests.stage import staged

GROQ_KEY = "gsk_Zx9Qw8Er7Ty6Ui5Op4As3Df2"
OPENAI_KEY = "sk-proj-aBcDeFgHiJkLmNoPqRsTuV"

LEAKS = [
    pytest.param(f"GET https://api.groq.com/openai/v1/models?api_key={GROQ_KEY}", id="URL parameter"),
    pytest.param(f"https://user:{OPENAI_KEY}@proxy.example:8080/x", id="URL credentials"),
    pytest.param(f"Authorization: Bearer {GROQ_KEY}", id="header"),
    pytest.param(f'{{"headers": {{"authorization": "Bearer {GROQ_KEY}"}}}}', id="JSON of headers"),
    pytest.param(f"x-api-key: {GROQ_KEY}", id="another header"),
    pytest.param(f'{{"api_key": "{OPENAI_KEY}", "model": "m"}}', id="body"),
    pytest.param(f"AuthenticationError('Incorrect API key provided: {OPENAI_KEY}.')", id="exception"),
    pytest.param("Incorrect API key provided: " + OPENAI_KEY[:8] + "*" * 12 + OPENAI_KEY[-4:], id="half hidden"),
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_key_survives(text: str) -> None:
    clean = redact(text)

    assert GROQ_KEY[6:] not in clean
    assert OPENAI_KEY[6:] not in clean
    assert OPENAI_KEY[-4:] not in clean
    assert "…" in clean


def test_what_is_no_key_is_left_alone() -> None:
    text = "the token limit of 8000 tokens per minute (TPM): Limit 8000, Used 6670; see the key points of task-42"

    assert redact(text) == text


def test_an_organisations_id_stays_with_us() -> None:
    body = '{"error":{"message":"Rate limit reached for model `m` in organization `org_01abcdefgh12345678` on ..."}}'

    error = from_response(429, {}, body)

    assert "org_01" not in error.message


def test_a_secret_hides_in_whatever_holds_it() -> None:
    settings = Settings.from_env({"GROQ_API_KEY": GROQ_KEY, "GROQ_CORE_API_TOKENS": "token-one,token-two"})
    caller = Caller(credential="visitor:1", groq_key=Secret(GROQ_KEY))

    shown = f"{settings!r} {settings} {caller!r} {[settings.groq_api_key]} %s" % settings.groq_api_key

    assert GROQ_KEY not in shown
    assert "token-one" not in shown


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelno": logging.INFO, "levelname": "INFO", "name": "groq_core"})
    vars(made).update(extra)
    return made


@pytest.mark.parametrize("line", [JsonLines(), TextLines()], ids=["json", "text"])
def test_log_lines_hide_keys_in_message_and_fields(line: logging.Formatter) -> None:
    text = line.format(record(f"asked with Bearer {GROQ_KEY}", url=f"https://h/?api_key={GROQ_KEY}"))

    assert GROQ_KEY not in text


def test_a_json_line_is_json_with_the_requests_fields() -> None:
    text = JsonLines().format(record("chat answered", request_id="gc_1", attempts=["groq:a answered 0.1s"]))

    line = json.loads(text)
    assert line["message"] == "chat answered"
    assert line["attempts"] == ["groq:a answered 0.1s"]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)

    def everything() -> str:
        return "\n".join(f"{one.getMessage()} {vars(one)}" for one in caplog.records)

    return everything


async def test_neither_prompt_nor_answer_nor_key_is_logged_measured_or_shown(logged: Callable[[], str]) -> None:
    async with staged({"GROQ_API_KEY": GROQ_KEY, "OPENAI_API_KEY": OPENAI_KEY}) as stage:
        stage.fault("status", provider="groq", preset="401", times=1, operation="chat")
        stage.fault("status", provider="openai", preset="401", times=1, operation="chat")
        for model in ("auto", "tell nobody about zanzibar"):
            await stage.chat("My secret is zanzibar.", model=model)
            await stage.stream("My secret is zanzibar.", model=model)
        surfaces = [
            logged(),
            (await stage.http.get("/metrics")).text,
            (await stage.http.get("/v1/status")).text,
        ]

    for text in surfaces:
        assert GROQ_KEY not in text
        assert OPENAI_KEY not in text
        assert "zanzibar" not in text.lower()


async def test_every_request_has_one_line_with_every_attempt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="groq_core.request")
    async with staged() as stage:
        stage.fault("status", provider="groq", model="openai/gpt-oss-20b", preset="429_tpd", operation="chat")
        await stage.stream()

    lines = [vars(one) for one in caplog.records if one.name == "groq_core.request"]
    assert len(lines) == 1
    assert lines[0]["outcome"] == "answered"
    assert [attempt.split()[1] for attempt in lines[0]["attempts"]] == ["failed", "answered"]
