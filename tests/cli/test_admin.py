"""What the admin page shows, by command and as JSON."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from groq_core.cli import main
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings
from groq_core.store.books import LedgerEntry
from groq_core.store.database import open_database
from groq_core.store.keys import ApiKeys
from groq_core.store.team import Team

Output = pytest.CaptureFixture[str]


async def _fill(url: str) -> None:
    async with open_database(Secret(url)) as database:
        team = Team(database, Settings())
        await ApiKeys(database).create("ci", who="ann")
        for day, person, key, usd in (("2026-11-01", "bob", 0, 0.5), ("2026-11-02", "bob", 1, 0.25)):
            line = LedgerEntry(day=day, person=person, key=key, model="groq:x", requests=1, tokens_in=7, usd=usd)
            team.limits.books.note(line)
            await team.limits.books.flush()
        team.sign_ins.note("198.51.100.7", person="bob")
        await team.sign_ins.flush()


def test_everything_is_told_by_command_and_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    url = f"sqlite:///{tmp_path}/team.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GROQ_CORE_DATABASE", url)
    asyncio.run(_fill(url))

    def output(*arguments: str) -> str:
        assert main(["admin", *arguments]) == 0
        return capsys.readouterr().out

    def data(*arguments: str) -> Any:
        return json.loads(output(*arguments, "--json"))

    assert [line["usd"] for line in data("spend")] == [0.5, 0.25]
    assert [line["key_name"] for line in data("spend", "--since", "2026-11-02")] == ["ci"]
    assert data("spend", "--person", "eve") == []
    assert "2026-11-02  bob     ci" in output("spend")
    assert [(line["who"], line["action"], line["subject"]) for line in data("audit")] == [("ann", "keys create", "ci")]
    assert "keys create" in output("audit")
    assert [(line["address"], line["person"]) for line in data("sign-ins")] == [("198.51.100.7", "bob")]
    assert "198.51.100.7" in output("sign-ins")
    assert data("now") == []
    assert output("now").startswith("WHO")
    output("announce", "Closed on Monday")
    assert output("announce") == "Closed on Monday\n"
    assert data("audit")[0]["action"] == "announce"
    output("announce", "")
    assert output("announce") == "\n"
    assert main(["admin", "spend", "--since", "monday"]) == 2
    assert "2026-11-01" in capsys.readouterr().err
