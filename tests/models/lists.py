"""Lists of models as Groq gave them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from groq_core.models.catalogue import Entry
from groq_core.models.registry import MODELS

NOW = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
RECORDED: list[Entry] = json.loads((Path(__file__).parents[1] / "data/models/groq-2026-08.json").read_text())["data"]
SELF_SERVE: list[Entry] = [
    {"id": spec.id, "active": True} for spec in MODELS.values() if spec.provider == "groq" and spec.status == "active"
]
