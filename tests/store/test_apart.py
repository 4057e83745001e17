"""What only a team needs costs nobody else anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from groq_core.errors import SettingsError
from groq_core.settings.settings import Settings
from groq_core.settings.team_extra import require_team

ROOT = Path(__file__).parents[2]
APART = ("sqlalchemy", "alembic", "aiosqlite", "psycopg", "redis", "authlib", "joserfc")


def test_the_app_starts_and_answers_without_the_libraries_of_a_team() -> None:
    """Really: they cannot be imported."""
    script = f"""
import asyncio, sys
from importlib.abc import MetaPathFinder
class Absent(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {APART!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
from groq_core.compose import assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
async def main():
    async with assemble(Settings(offline=True)) as core:
        create_app(core)
        reply = await core.chat.ask("Hello")
        assert reply.text
asyncio.run(main())
assert not set(sys.modules) & set({APART!r})
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_a_team_needs_and_is_not_installed_is_named_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groq_core.settings.team_extra.find_spec", lambda name: None)
    for redis, setting in ((False, "GROQ_CORE_DATABASE"), (True, "GROQ_CORE_REDIS_URL")):
        with pytest.raises(SettingsError, match=setting) as refused:
            require_team(redis=redis)
        assert "requirements-team.txt" in refused.value.hint


@pytest.mark.parametrize("text", ["mysql://x", "file.db", "sqlite", "postgresql://"])
def test_an_address_that_is_no_database_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(SettingsError, match="GROQ_CORE_DATABASE=\\(hidden\\)"):
        Settings.from_env({"GROQ_CORE_DATABASE": text})


def test_pins_are_the_same_in_both_files() -> None:
    def pins(name: str) -> dict[str, str]:
        lines = (line.partition("#")[0].partition(";")[0].strip() for line in (ROOT / name).read_text().splitlines())
        return {line.partition("==")[0].partition("[")[0].lower(): line for line in lines if "==" in line}

    shared = pins("requirements.txt").keys() & pins("requirements-team.txt").keys()
    assert not shared, f"{shared} are pinned twice"
