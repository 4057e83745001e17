"""Keys are planted wherever one can stand; then every output is searched for them."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from groq_core.errors import SettingsError
from groq_core.settings.settings import Settings, variables
from tests.doors.stage import house, new_pass

KEYS = {
    "GROQ_API_KEY": "gsk_PLANTED0groq0000000000000000",
    "OPENAI_API_KEY": "sk-PLANTED0openai00000000000000",
    "GROQ_CORE_API_TOKENS": "gck-PLANTED0token",
    "GROQ_CORE_SECRET": "PLANTED0secret0secret0secret",
    "GROQ_CORE_MCP_SERVERS": "lab=http://127.0.0.1:9/PLANTED0mcp",
    "GROQ_CORE_MCP_HEADERS": '{"lab": {"Authorization": "Bearer PLANTED0header"}}',
    "GROQ_CORE_OIDC_CLIENT_SECRET": "PLANTED0oidc",
}
ELSEWHERE = {"GROQ_CORE_REDIS_URL", "GROQ_CORE_DATABASE", "GROQ_CORE_MCP_OAUTH"}
"""They need servers of their own to be right; wrong ones are tried below."""

VISITORS = "gsk_PLANTED0visitor0000000000000000"
PLANTED = "PLANTED0"
TOKEN = {"authorization": f"Bearer {KEYS['GROQ_CORE_API_TOKENS']}"}
PROMPT = "PLANTED0prompt tell me of gsk_PLANTED0prompted000000000000"


async def everything(client: httpx.AsyncClient) -> dict[str, str]:
    """What each address says to somebody with a token, with a wrong one, with none, and to the page."""
    passed = await new_pass(client)
    said = {}
    reads = ["", "config", "docs", "openapi.json", "theme.css", "health", "ready", "metrics", "v1/models", "v1/status",
             "ui/models", "ui/limits", "gradio_api/info", "v1/nothing", "ui/assets/x/texts.js"]  # fmt: skip
    for name, headers in {"token": TOKEN, "wrong": {"authorization": "Bearer PLANTED0wrong"}, "page": passed}.items():
        for path in reads:
            answer = await client.get(path, headers=headers)
            said[f"{name} {path}"] = f"{answer.headers} {answer.text}"
    for path, body in {
        "v1/chat/completions": {"messages": [{"role": "user", "content": PROMPT}], "model": 7},
        "v1/audio/speech": {"input": 7, "voice": PROMPT},
        "v1/chat/completions?": {"messages": PROMPT},
    }.items():
        answer = await client.post(path, json=body, headers=TOKEN)
        said[f"refused {path}"] = f"{answer.headers} {answer.json()['error']['hint']}"
    own = await client.post("ui/own-key", headers={**passed, "x-groq-core-key": VISITORS})
    said["own key"] = f"{own.headers} {own.text}"
    if handle := own.json().get("handle"):
        held = {**passed, "x-groq-core-own-key": handle}
        said["own key's status"] = (await client.get("ui/limits", headers=held)).text
        turns = {"turns": [{"role": "user", "text": "hi"}]}
        said["own key's answer"] = (await client.post("ui/chat", json=turns, headers=held)).text
    return said


def test_every_setting_that_is_a_secret_is_hunted_for() -> None:
    assert {env.name for env in variables().values() if env.hidden} == set(KEYS) | ELSEWHERE


def text_of(folder: Path) -> str:
    """The text of every file below a folder."""
    return "".join(file.read_text("utf-8", "replace") for file in folder.rglob("*") if file.is_file())


async def test_no_output_log_metric_or_file_holds_a_planted_key(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.chdir(tmp_path)
    async with house(**KEYS, GROQ_CORE_OFFLINE="1", GROQ_CORE_BYO_KEY="on", GROQ_CORE_LOG_LEVEL="debug") as (
        client,
        core,
    ):
        own = {"messages": [{"role": "user", "content": PROMPT}], "temperature": 0}
        for body in (own, {**own, "stream": True}, {**own, "model": "groq:nothing-like-this"}):
            answered = await client.post("v1/chat/completions", json=body, headers=TOKEN)
            assert KEYS["GROQ_API_KEY"] not in answered.text
        said = await everything(client)
        said["snapshot"] = repr(core.board.snapshot())
        said["settings"] = repr(core.settings)
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "hpack"))]
    said["log"] = "\n".join(f"{record.getMessage()} {record.__dict__.get('error', '')}" for record in ours)
    out, err = capfd.readouterr()
    said["terminal"] = out + err
    said["files"] = text_of(tmp_path)

    leaks = {where: text[max(0, text.find(PLANTED) - 60) :][:200] for where, text in said.items() if PLANTED in text}
    assert leaks == {}


@pytest.mark.parametrize("name", [*KEYS, *sorted(ELSEWHERE)])
def test_a_wrong_secret_is_never_quoted(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: f"PLANTED0 é {PLANTED}", "GROQ_CORE_LIMITS": "nonsense"})

    assert PLANTED not in caught.value.message
    assert PLANTED not in caught.value.hint
