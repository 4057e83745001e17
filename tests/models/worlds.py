"""Catalogues that were and catalogues that may come, and a Groq and a backup in this process that have them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

import msgspec

from groq_core.compose import Core, assemble
from groq_core.models.catalogue import Entry
from groq_core.models.registry import MODELS
from groq_core.models.spec import Capability, ModelSpec
from groq_core.requests import Caller
from groq_core.settings.settings import Settings

# ── every month there was ────────────────────────────────────────────────────────────────────────────

FIRST: Final[Mapping[str, date]] = {
    "openai/gpt-oss-20b": date(2025, 8, 5),
    "openai/gpt-oss-120b": date(2025, 8, 5),
    "openai/gpt-oss-safeguard-20b": date(2025, 10, 29),
    "canopylabs/orpheus-arabic-saudi": date(2025, 12, 16),
    "canopylabs/orpheus-v1-english": date(2025, 12, 19),
    "qwen/qwen3.8-27b": date(2026, 8, 17),
    # No list that was kept tells these days: month by the announcements of the time.
    "moonshotai/kimi-k2-instruct": date(2025, 7, 14),
    "moonshotai/kimi-k2-instruct-0905": date(2025, 9, 5),
    "groq/compound": date(2025, 9, 4),
    "groq/compound-mini": date(2025, 9, 4),
    "qwen/qwen3-32b": date(2025, 6, 11),
    "qwen/qwen3.6-27b": date(2026, 6, 15),
}
"""Day an id first stood in the list (its ``created``); who is not here was there before June 2025."""

MODALITIES_SINCE: Final = date(2026, 8, 1)
"""Before, an entry had no name, no modalities and no price."""

MONTHS: Final = [date(2025 + month // 12, month % 12 + 1, 1) for month in range(5, 23)]
"""June 2025 to November 2026."""


def list_of_day(day: date) -> list[Entry]:
    """The list a self-serve key saw on a day, by the registry's days of shutdown."""
    return [entry(spec, modern=day >= MODALITIES_SINCE) for spec in MODELS.values() if _alive(spec, day)]


def _alive(spec: ModelSpec, day: date) -> bool:
    if spec.provider != "groq" or FIRST.get(spec.id, day) > day:
        return False
    return day < spec.shutdown if spec.shutdown else spec.status == "active"


def entry(spec: ModelSpec, *, modern: bool = True) -> Entry:
    """One object of ``GET /models`` in the form of 2025 or of autumn 2026."""
    old = {"id": spec.id, "object": "model", "created": 1_750_000_000, "owned_by": "x", "active": True,
           "context_window": spec.context_window or 8192, "public_apps": None,
           "max_completion_tokens": spec.max_output or 8192}  # fmt: skip
    if not modern:
        return old
    sees = spec.can(Capability.VISION) or spec.id == "qwen/qwen3.6-27b"
    inputs = ["audio"] if spec.can(Capability.TRANSCRIPTION) else ["text", "image"] if sees else ["text"]
    speaks, hears = spec.can(Capability.SPEECH), spec.can(Capability.TRANSCRIPTION)
    price = {"prompt": f"{(spec.usd_in or 1) / 1e6:.12f}", "completion": f"{(spec.usd_out or 1) / 1e6:.12f}"}
    return old | {
        "name": spec.label,
        "input_modalities": inputs,
        "output_modalities": ["speech"] if speaks else ["transcription"] if hears else ["text"],
        "pricing": price,
    }


# ── and those to come ────────────────────────────────────────────────────────────────────────────────

RENAMED: Final[Mapping[str, str]] = {
    "context_window": "context_length",
    "max_completion_tokens": "max_output_length",
    "input_modalities": "modalities",
    "output_modalities": "outputs",
    "pricing": "price",
    "active": "is_active",
    "name": "display_name",
}


def future(dice: random.Random) -> list[Entry]:
    """A list of some day to come: ids gone and new, fields renamed, absent or of another type, other modalities."""
    entries = [item for item in list_of_day(MONTHS[-1]) if dice.random() < 0.6]
    entries += [newcomer(dice, number) for number in range(dice.randrange(4))]
    renamed = {field for field in RENAMED if dice.random() < 0.15}
    dropped = {field for field in RENAMED if dice.random() < 0.15}
    told = [{RENAMED[k] if k in renamed else k: v for k, v in item.items() if k not in dropped} for item in entries]
    for item in told:
        if dice.random() < 0.2:
            item["shutdown_date"] = dice.choice(["2026-12-31", "2027-06-01T00:00:00Z", 1_800_000_000, "soon", None, []])
        if dice.random() < 0.1:
            item[dice.choice([*RENAMED, "supported_features"])] = dice.choice([None, [], {}, "", -1, "many", [None]])
        if dice.random() < 0.1:
            item["input_modalities"] = [*_words(item), dice.choice(["video", "smell", "audio"])]
    dice.shuffle(told)
    return told


def _words(item: Entry) -> list[Any]:
    words = item.get("input_modalities")
    return words if isinstance(words, list) else []


def newcomer(dice: random.Random, number: int) -> Entry:
    inputs = dice.choice([["text"], ["text", "image"], ["text", "video"], ["audio"], ["video"], []])
    outputs = dice.choice([["text"], ["speech"], ["transcription"], ["video"], ["embedding"], []])
    return entry(MODELS["groq:openai/gpt-oss-20b"]) | {
        "id": f"new/model-{number}", "input_modalities": inputs, "output_modalities": outputs,
    }  # fmt: skip


# ── who has them ─────────────────────────────────────────────────────────────────────────────────────


class Answer(msgspec.Struct):
    """A response as the adapters read one."""

    status_code: int
    body: bytes
    headers: dict[str, str] = msgspec.field(default_factory=lambda: {"content-type": "application/json"})
    held: int = 0

    async def aiter_bytes(self) -> AsyncIterator[bytes]:
        yield self.body

    async def aread(self) -> bytes:
        return self.body

    async def aclose(self) -> None: ...


class Upstream:
    """
    Both providers, in this process.

    Attributes:
        entries: What Groq lists; None where the list cannot be read.
        alive: Groq's ids that answer, whatever is listed.
        wasted: Groq's dead ids to the calls they got.
        asked: Everybody who was asked, ``provider:id``.
    """

    def __init__(self, entries: list[Entry] | None, alive: set[str], refusal: int = 404) -> None:
        self.entries = entries
        self.alive = alive
        self.refusal = refusal
        self.wasted: Counter[str] = Counter()
        self.asked: list[str] = []

    def wire(self, provider: str) -> Wire:
        return Wire(self, provider)

    def answer(self, provider: str, path: str, body: bytes) -> Answer:
        if path.endswith("/models"):
            entries = self.entries if provider == "groq" else []
            return _json(500, {}) if entries is None else _json(200, {"object": "list", "data": entries})
        model = str(json.loads(body)["model"])
        self.asked.append(f"{provider}:{model}")
        if provider == "groq" and model not in self.alive:
            self.wasted[model] += 1
            code = "model_not_found" if self.refusal == 404 else "model_decommissioned"
            message = f"The model `{model}` does not exist or you do not have access to it."
            return _json(self.refusal, {"error": {"message": message, "type": "invalid_request_error", "code": code}})
        if path.endswith("/speech"):
            return Answer(200, b"RIFF$\0\0\0WAVEfmt ", {"content-type": "audio/wav"})
        if path.endswith("/transcriptions"):
            return _json(200, {"text": "Good day.", "duration": 3.0})
        said = {"role": "assistant", "content": "Good day."}
        return _json(200, {"id": "c", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})


class Wire(msgspec.Struct):
    """What an adapter asks over, without a connection."""

    upstream: Upstream
    provider: str

    async def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        return self.upstream.answer(self.provider, path, body)

    async def upload(self, path: str, caller: Caller, form: Mapping[str, Any], files: object) -> Answer:
        """What the SDK's client is for: a form with a file."""
        return self.upstream.answer(self.provider, path, json.dumps(dict(form)).encode())

    def close(self) -> None: ...


def _json(status: int, body: object) -> Answer:
    return Answer(status, json.dumps(body).encode())


@asynccontextmanager
async def house(upstream: Upstream, *, backup: bool) -> AsyncIterator[Core]:
    """The whole application, its two wires ending in this process; the list has been read, where it can be."""
    nobody = "http://127.0.0.1:9/v1"
    env = {"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": nobody, "GROQ_CORE_CACHE_SIZE": "0"}
    if backup:
        env |= {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": nobody}
    async with assemble(Settings.from_env(env)) as core:
        for name, provider in core.clients.by_name.items():
            provider._wire.close()  # type: ignore[attr-defined]
            wire = upstream.wire(name)
            provider._wire, provider._upload = wire, wire.upload  # type: ignore[attr-defined]
        await core.catalogue.refresh()
        yield core
