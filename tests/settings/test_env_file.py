"""What stands in a `.env` file and takes no effect is told, with its place and without its words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from groq_core.errors import SettingsError
from groq_core.settings.env_file import load
from groq_core.settings.settings import Settings

KEY = "gsk_abcdefghij0123456789"


def read(folder: Path, data: bytes) -> tuple[str | None, str]:
    """The key that is found, and all warnings."""
    file = folder / ".env"
    file.write_bytes(data)
    found = load(file, {})
    return found.groq_api_key.reveal() if found.groq_api_key else None, "\n".join(found.warnings)


@pytest.mark.parametrize(
    "line",
    [
        f"GROQ_API_KEY={KEY}",
        f"GROQ_API_KEY={KEY}\r\n",
        f"\ufeffGROQ_API_KEY={KEY}\r\n",
        f"export GROQ_API_KEY={KEY}",
        f"  GROQ_API_KEY  =  {KEY}  ",
        f'GROQ_API_KEY="{KEY}"',
        f"GROQ_API_KEY='{KEY}' # mine",
        f"# the key\nGROQ_API_KEY={KEY} # mine\n\n",
    ],
)
def test_a_key_is_found_however_it_is_written(tmp_path: Path, line: str) -> None:
    assert read(tmp_path, line.encode()) == (KEY, "")


@pytest.mark.parametrize(
    "line", [f"GROQ_API_KEY: {KEY}", f"GROQ_API_KEY {KEY}", f"set GROQ_API_KEY={KEY}", f'GROQ_API_KEY="{KEY}', KEY]
)
def test_a_line_that_says_nothing_is_named_by_its_number(
    tmp_path: Path, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    key, warnings = read(tmp_path, f"\n# mine\n\n{line}\nGROQ_CORE_HEDGE=1\n".encode())

    assert key is None
    assert warnings == f"{tmp_path / '.env'}, line 4: not NAME=VALUE, so it is left out"
    assert not caplog.records


@pytest.mark.parametrize("name", ["groq_api_key", "GROQ_APIKEY", "GROQ_KEY", "GROK_API_KEY"])
def test_a_name_that_is_misspelt_is_told_with_the_right_one(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, f"{name}={KEY}".encode()) == (None, f"{name} is not a setting; did you mean GROQ_API_KEY?")


@pytest.mark.parametrize("name", ["PORT", "OPENAI_ORG_ID", "XAI_API_KEY", "OPENROUTER_API_KEY", "HF_TOKEN"])
def test_what_other_programs_read_is_nothing_to_tell(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, f"{name}=x".encode()) == (None, "")


@pytest.mark.parametrize(
    "name", ["GRADIO_MCP_SERVER", "OTEL_EXPORTER_OTLP_ENDPOINT", "HTTPS_PROXY", "https_proxy", "XDG_STATE_HOME"]
)
def test_what_only_the_environment_can_set_is_told(tmp_path: Path, name: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{name}=1\nGRADIO_SERVER_PORT=1234\n")

    assert load(file, {}).warnings == (f"{name} has no effect in a .env file: set it in the environment",)
    assert load(file, {name: "1"}).warnings == ()


def test_a_path_whose_backslashes_were_taken_for_signs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"GROQ_CORE_STATE_DIR.*within double quotes"):
        read(tmp_path, rb'GROQ_CORE_STATE_DIR="C:\new\table"')


def test_a_file_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise PermissionError(13, os.strerror(13))

    (tmp_path / ".env").touch()
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingsError, match=r"\.env cannot be read: Permission denied"):
        load(tmp_path / ".env", {})


@pytest.mark.parametrize("name", ["GROQ_API_KEY", "OPENAI_API_KEY", "GROQ_CORE_SECRET", "GROQ_CORE_API_TOKENS"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_key_in_quotes_is_refused_where_nobody_takes_them_away(name: str, quote: str) -> None:
    """As `docker run --env-file` passes on what stands in the file."""
    with pytest.raises(SettingsError, match=f"{name}=.hidden.: allowed is the same without the quotes"):
        Settings.from_env({name: f"{quote}{KEY}{quote}"})


@pytest.mark.parametrize("quotes", ["", "'", '"'])
def test_what_refers_to_a_variable_that_is_set_nowhere_is_named(tmp_path: Path, quotes: str) -> None:
    """It became an empty text in silence: without a key the simulator answered."""
    line = f"\nGROQ_API_KEY={quotes}${{MINE}}{quotes}"
    told = f"{tmp_path / '.env'}, line 2: MINE is set nowhere, so nothing stands for ${{MINE}}"
    assert read(tmp_path, line.encode()) == (None, told)
    assert read(tmp_path, f"MINE={KEY}{line}".encode()) == (KEY, "")
    assert read(tmp_path, f"GROQ_API_KEY=${{MINE:-{KEY}}}".encode()) == (KEY, "")
