"""Tables of tests, what is asked of their rows, and what came of each."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from groq_core.services.batch import (
    LineTemplate,
    Recipe,
)


def as_csv(path: Path, rows: list[tuple[str, str]], ids: bool) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["custom_id", "text"] if ids else ["text"])
        writer.writerows([row if ids else row[1:] for row in rows])


def recipe(**changed: Any) -> Recipe:
    return Recipe(template=LineTemplate("Q {text}"), **{"model": "speed", **changed})


def answers(path: Path) -> dict[str, str]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"] for row in rows}
    assert len(found) == len(rows), "one answer an id"
    return found
