"""
What the simulated providers offer: models with speed, limits and abilities, in dated profiles.

``2026-11`` is what a self-serve key sees now; ``reference`` holds the four ids of 2025 that many a program was
written for. Figures: GroqCloud's pages on models, rate limits and deprecations, read 2026-10-01; developer
limits from a digest of 2026-09-23; the 2025 limits from the rate-limit page of that time.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from groq_core.simulator.wire_format import Json

Kind: TypeAlias = Literal["chat", "transcription", "speech", "guard"]
Plan: TypeAlias = Literal["free", "developer"]


class ModelLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Per organisation and model. Requests, tokens and audio seconds; None: not limited in this dimension."""

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None
    itpm: int | None = None
    otpm: int | None = None
    ash: int | None = None
    asd: int | None = None


class SimModel(msgspec.Struct, frozen=True, kw_only=True):
    """
    One simulated model.

    Attributes:
        speed: Tokens a second; for transcription, seconds of audio a second.
        channel: Its reasoning deltas carry ``channel``.
        shows_reasoning: False: it thinks, and the tokens count, but the text is never sent.
        efforts: Values ``reasoning_effort`` may take; the first is what an absent one means.
        images: Pictures in one request; 0 for a text model.
        image_tokens: Input tokens billed for one picture.
        builtin: Has Groq's own browser search and code interpreter.
        prefill: Goes on from an assistant message that stands last.
        call_id: Form of its tool-call ids: ``fc`` (``fc_<uuid>``), ``short`` (nine characters), ``call``.
        usd: Prices per token as ``/models`` prints them: prompt, completion, cached prompt.
    """

    id: str
    kind: Kind = "chat"
    name: str = ""
    owned_by: str = ""
    hugging_face_id: str | None = None
    created: int = 0
    speed: float = 500.0
    context: int = 131072
    max_output: int = 65536
    tools: bool = False
    parallel: bool = False
    json_schema: bool = False
    builtin: bool = False
    reasoning: bool = False
    channel: bool = False
    shows_reasoning: bool = True
    efforts: tuple[str, ...] = ()
    images: int = 0
    image_tokens: int = 2048
    image_megapixels: float | None = None
    image_bytes: int = 20_000_000
    prefill: bool = False
    translation: bool = False
    call_id: Literal["fc", "short", "call"] = "short"
    voices: tuple[str, ...] = ()
    usd: tuple[str | None, str | None, str | None] = (None, None, None)
    features: tuple[str, ...] = ()
    free: ModelLimits = ModelLimits()
    developer: ModelLimits = ModelLimits()

    def limits(self, plan: Plan) -> ModelLimits:
        return self.free if plan == "free" else self.developer


_GPT_OSS_FREE = ModelLimits(rpm=30, rpd=1_000, tpm=8_000, tpd=200_000)
_GPT_OSS_DEVELOPER = ModelLimits(rpm=1_000, rpd=500_000, tpm=250_000)


def _orpheus(id: str, name: str, created: int, voices: tuple[str, ...], prompt: str, cached: str) -> SimModel:
    return SimModel(
        id=id,
        kind="speech",
        name=name,
        owned_by="Canopy Labs",
        created=created,
        speed=90.0,
        context=4_000,
        max_output=50_000,
        voices=voices,
        usd=(prompt, None, cached),
        free=ModelLimits(rpm=10, rpd=100, tpm=1_200, tpd=3_600),
        developer=ModelLimits(rpm=250, rpd=100_000, tpm=50_000),
    )


def _prompt_guard(id: str, name: str, created: int, price: str, cached: str, features: tuple[str, ...]) -> SimModel:
    return SimModel(
        id=id,
        kind="guard",
        name=name,
        owned_by="Meta",
        created=created,
        speed=1_000.0,
        context=512,
        max_output=512,
        usd=(price, price, cached),
        features=features,
        free=ModelLimits(rpm=30, rpd=14_400, tpm=15_000, tpd=500_000),
        developer=ModelLimits(rpm=100, rpd=50_000, tpm=30_000),
    )


GPT_OSS_120B = SimModel(
    id="openai/gpt-oss-120b",
    name="GPT OSS 120B",
    owned_by="OpenAI",
    hugging_face_id="openai/gpt-oss-120b",
    created=1754408224,
    speed=500.0,
    tools=True,
    json_schema=True,
    builtin=True,
    reasoning=True,
    channel=True,
    efforts=("medium", "low", "high"),
    call_id="fc",
    usd=("0.00000015", "0.0000006", "0.000000075"),
    features=("tools", "json_mode", "structured_outputs", "reasoning"),
    free=_GPT_OSS_FREE,
    developer=_GPT_OSS_DEVELOPER,
)
GPT_OSS_20B = SimModel(
    id="openai/gpt-oss-20b",
    name="GPT OSS 20B",
    owned_by="OpenAI",
    hugging_face_id="openai/gpt-oss-20b",
    created=1754407957,
    speed=1_000.0,
    tools=True,
    json_schema=True,
    builtin=True,
    reasoning=True,
    channel=True,
    efforts=("medium", "low", "high"),
    call_id="fc",
    usd=("0.000000075", "0.0000003", "0.0000000375"),
    features=("tools", "json_mode", "structured_outputs", "reasoning"),
    free=_GPT_OSS_FREE,
    developer=_GPT_OSS_DEVELOPER,
)
SAFEGUARD = SimModel(
    id="openai/gpt-oss-safeguard-20b",
    name="Safety GPT OSS 20B",
    owned_by="OpenAI",
    hugging_face_id="openai/gpt-oss-safeguard-20b",
    created=1761708789,
    speed=1_000.0,
    tools=True,
    json_schema=True,
    reasoning=True,
    channel=True,
    efforts=("medium", "low", "high"),
    call_id="fc",
    usd=("0.000000075", "0.0000003", "0.0000000375"),
    features=("tools", "json_mode", "structured_outputs", "reasoning"),
    free=_GPT_OSS_FREE,
    developer=ModelLimits(rpm=1_000, rpd=500_000, tpm=150_000),
)
QWEN = SimModel(
    id="qwen/qwen3.8-27b",
    name="Qwen/Qwen3.8-27B",
    owned_by="Alibaba Cloud",
    hugging_face_id="Qwen/Qwen3.8-27B",
    created=1786924800,
    speed=450.0,
    context=131_042,
    max_output=16_384,
    tools=True,
    parallel=True,
    json_schema=True,
    reasoning=True,
    efforts=("none", "default", "low", "medium", "high"),
    images=3,
    usd=("0.0000008", "0.000004", None),
    features=("tools", "json_mode", "reasoning"),
    free=ModelLimits(rpm=30, rpd=1_000, tpm=8_000, tpd=200_000, itpm=7_000, otpm=1_000),
    developer=_GPT_OSS_DEVELOPER,
)
WHISPER = SimModel(
    id="whisper-large-v3",
    kind="transcription",
    name="Whisper",
    owned_by="OpenAI",
    hugging_face_id="openai/whisper-large-v3",
    created=1693721698,
    speed=189.0,
    context=448,
    max_output=448,
    translation=True,
    free=ModelLimits(rpm=20, rpd=2_000, ash=7_200, asd=28_800),
    developer=ModelLimits(rpm=300, rpd=200_000, ash=200_000, asd=4_000_000),
)
WHISPER_TURBO = SimModel(
    id="whisper-large-v3-turbo",
    kind="transcription",
    name="Whisper Large V3 Turbo",
    owned_by="OpenAI",
    hugging_face_id="openai/whisper-large-v3-turbo",
    created=1728413088,
    speed=216.0,
    context=448,
    max_output=448,
    free=ModelLimits(rpm=20, rpd=2_000, ash=7_200, asd=28_800),
    developer=ModelLimits(rpm=400, rpd=200_000, ash=400_000, asd=4_000_000),
)
ORPHEUS_ENGLISH = _orpheus(
    "canopylabs/orpheus-v1-english",
    "Canopy Labs Orpheus V1 English",
    1766186316,
    ("autumn", "diana", "hannah", "austin", "daniel", "troy"),
    "0.000022",
    "0.000011",
)
ORPHEUS_ARABIC = _orpheus(
    "canopylabs/orpheus-arabic-saudi",
    "Canopy Labs Orpheus Arabic Saudi",
    1765926439,
    ("abdullah", "fahad", "sultan", "lulwa", "noura", "aisha"),
    "0.00004",
    "0.00002",
)
GUARD_22M = _prompt_guard(
    "meta-llama/llama-prompt-guard-2-22m", "Llama Prompt Guard 2 22M", 1748632101, "0.00000003", "0.000000015", ()
)
GUARD_86M = _prompt_guard(
    "meta-llama/llama-prompt-guard-2-86m", "Prompt Guard 2 86M", 1748632165, "0.00000004", "0.00000002", ("json_mode",)
)
LLAMA_8B = SimModel(
    id="llama-3.1-8b-instant",
    name="Llama 3.1 8B",
    owned_by="Meta",
    hugging_face_id="meta-llama/Llama-3.1-8B-Instruct",
    created=1693721698,
    speed=560.0,
    max_output=8_192,
    tools=True,
    parallel=True,
    prefill=True,
    usd=("0.00000005", "0.00000008", "0.000000025"),
    features=("tools", "json_mode"),
    free=ModelLimits(rpm=30, rpd=14_400, tpm=6_000, tpd=500_000),
    developer=ModelLimits(rpm=1_000, rpd=500_000, tpm=250_000),
)
LLAMA_70B = SimModel(
    id="llama-3.3-70b-versatile",
    name="Llama 3.3 70B",
    owned_by="Meta",
    hugging_face_id="meta-llama/Llama-3.3-70B-Instruct",
    created=1733447754,
    speed=280.0,
    max_output=32_768,
    tools=True,
    parallel=True,
    prefill=True,
    usd=("0.00000059", "0.00000079", "0.000000295"),
    features=("tools", "json_mode"),
    free=ModelLimits(rpm=30, rpd=1_000, tpm=12_000, tpd=100_000),
    developer=ModelLimits(rpm=1_000, rpd=500_000, tpm=300_000),
)
SCOUT = SimModel(
    id="meta-llama/llama-4-scout-17b-16e-instruct",
    name="Llama 4 Scout 17B 16E",
    owned_by="Meta",
    hugging_face_id="meta-llama/Llama-4-Scout-17B-16E-Instruct",
    created=1743874824,
    speed=460.0,
    max_output=8_192,
    tools=True,
    parallel=True,
    json_schema=True,
    prefill=True,
    images=5,
    image_tokens=700,
    image_megapixels=33.1776,
    image_bytes=4 * 1024 * 1024,
    usd=("0.00000011", "0.00000034", None),
    features=("tools", "json_mode", "structured_outputs"),
    free=ModelLimits(rpm=30, rpd=1_000, tpm=30_000, tpd=500_000),
    developer=ModelLimits(rpm=1_000, rpd=500_000, tpm=300_000),
)

PROFILES: dict[str, tuple[SimModel, ...]] = {
    "2026-11": (
        WHISPER_TURBO,
        ORPHEUS_ENGLISH,
        GPT_OSS_20B,
        GUARD_86M,
        GPT_OSS_120B,
        SAFEGUARD,
        WHISPER,
        QWEN,
        ORPHEUS_ARABIC,
        GUARD_22M,
    ),
    "reference": (LLAMA_8B, LLAMA_70B, SCOUT, WHISPER_TURBO),
}

DECOMMISSIONED = frozenset(
    {
        "llama3-70b-8192",
        "llama3-8b-8192",
        "llama-guard-3-8b",
        "gemma-7b-it",
        "gemma2-9b-it",
        "mixtral-8x7b-32768",
        "deepseek-r1-distill-llama-70b",
        "distil-whisper-large-v3-en",
        "mistral-saba-24b",
        "qwen-qwq-32b",
        "playai-tts",
        "playai-tts-arabic",
    }
)
"""Ids the API still knows as retired: 400 ``model_decommissioned``. Later ones answer 404 like unknown ids."""


def listing(model: SimModel) -> Json:
    """One entry of ``GET /openai/v1/models``, old keys first, then those of 2026 (recorded 2026-08)."""
    prompt, completion, cached = model.usd
    entry: Json = {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "active": True,
        "context_window": model.context,
        "public_apps": None,
        "max_completion_tokens": model.max_output,
        "name": model.name,
    }
    if model.hugging_face_id:
        entry["hugging_face_id"] = model.hugging_face_id
    entry |= {
        "context_length": model.context,
        "max_output_length": model.max_output,
        "input_modalities": _inputs(model),
        "output_modalities": {"transcription": ["transcription"], "speech": ["speech"]}.get(model.kind, ["text"]),
    }
    if prompt is not None:
        prices = {"prompt": prompt, "completion": completion, "image": "0", "request": "0", "input_cache_read": cached}
        entry["pricing"] = {name: price for name, price in prices.items() if price is not None}
    if model.features:
        entry["supported_features"] = list(model.features)
    if model.kind in ("chat", "guard"):
        entry["supported_sampling_parameters"] = ["temperature", "top_p", "stop", "seed", "max_tokens"]
    return entry


def _inputs(model: SimModel) -> list[str]:
    if model.kind == "transcription":
        return ["audio"]
    return ["text", "image"] if model.images else ["text"]
