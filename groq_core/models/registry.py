"""The registry: every model we know of, with its figures, their source and the day they were read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from groq_core.models.spec import Capability, ModelSpec

_C = Capability
_CHAT = frozenset({_C.CHAT, _C.TOOLS, _C.JSON_OBJECT})
_LLAMA = _CHAT | {_C.PARALLEL_TOOLS, _C.PREFILL}
_LLAMA_4 = _LLAMA | {_C.VISION, _C.JSON_SCHEMA}
_SCHEMA = _CHAT | {_C.JSON_SCHEMA, _C.REASONING}
_GPT_OSS = _SCHEMA | {_C.STRICT_SCHEMA, _C.BROWSER_SEARCH, _C.CODE_INTERPRETER}
_QWEN = _SCHEMA | {_C.STRICT_SCHEMA, _C.VISION, _C.PARALLEL_TOOLS}
_WHISPER = frozenset({_C.TRANSCRIPTION, _C.TIMESTAMPS})
_VOICE = frozenset({_C.SPEECH})

_MODELS_PAGE = "https://console.groq.com/docs/models"
_DEPRECATIONS = "https://console.groq.com/docs/deprecations"
_OPENAI_DEPRECATIONS = "https://developers.openai.com/api/docs/deprecations"
_READ = date(2026, 10, 1)
_UPLOAD = 25 * 1024 * 1024
"""Bytes a free key may upload; a developer key's 100 MB go by URL only."""


def _retire(
    id: str, shutdown: date | None, replacement: str | None = None, capabilities: frozenset[Capability] = _CHAT
) -> ModelSpec:
    """Keep a name people still have in their scripts, so that it is answered and they read what became of it."""
    return ModelSpec(
        id=id,
        capabilities=capabilities,
        status="retired",
        shutdown=shutdown,
        replacement=replacement,
        source=_DEPRECATIONS,
        checked=_READ,
    )


_REFERENCE = (
    ModelSpec(
        id="llama-3.1-8b-instant",
        title="Llama 3.1 8B",
        capabilities=_LLAMA,
        context_window=131_072,
        max_output=8_192,
        tokens_per_s=560,
        usd_in=0.05,
        usd_out=0.08,
        status="enterprise",
        shutdown=date(2026, 8, 16),
        replacement="openai/gpt-oss-20b",
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="llama-3.3-70b-versatile",
        title="Llama 3.3 70B",
        capabilities=_LLAMA,
        context_window=131_072,
        max_output=32_768,
        tokens_per_s=280,
        usd_in=0.59,
        usd_out=0.79,
        status="enterprise",
        shutdown=date(2026, 8, 16),
        replacement="openai/gpt-oss-120b",
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="meta-llama/llama-4-scout-17b-16e-instruct",
        title="Llama 4 Scout",
        capabilities=_LLAMA_4,
        context_window=131_072,
        max_output=8_192,
        tokens_per_s=460,
        usd_in=0.11,
        usd_out=0.34,
        max_images=5,
        status="enterprise",
        shutdown=date(2026, 7, 17),
        replacement="qwen/qwen3.8-27b",
        source=_DEPRECATIONS,
        checked=_READ,
    ),
    ModelSpec(
        id="whisper-large-v3-turbo",
        title="Whisper Large v3 Turbo",
        capabilities=_WHISPER,
        context_window=448,
        max_output=448,
        usd_hour=0.04,
        max_file_bytes=_UPLOAD,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
)

_CURRENT = (
    ModelSpec(
        id="openai/gpt-oss-120b",
        title="GPT-OSS 120B",
        capabilities=_GPT_OSS,
        context_window=131_072,
        max_output=65_536,
        tokens_per_s=500,
        usd_in=0.15,
        usd_cached=0.075,
        usd_out=0.60,
        efforts=("low", "medium", "high"),
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="openai/gpt-oss-20b",
        title="GPT-OSS 20B",
        capabilities=_GPT_OSS,
        context_window=131_072,
        max_output=65_536,
        tokens_per_s=1000,
        usd_in=0.075,
        usd_cached=0.0375,
        usd_out=0.30,
        efforts=("low", "medium", "high"),
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="qwen/qwen3.8-27b",
        title="Qwen 3.8 27B",
        capabilities=_QWEN,
        context_window=131_042,
        max_output=16_384,
        tokens_per_s=450,
        usd_in=0.80,
        usd_out=4.00,
        max_images=3,
        efforts=("none", "default", "low", "medium", "high"),
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="whisper-large-v3",
        title="Whisper Large v3",
        capabilities=_WHISPER | {_C.TRANSLATION},
        context_window=448,
        max_output=448,
        usd_hour=0.111,
        max_file_bytes=_UPLOAD,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="canopylabs/orpheus-v1-english",
        title="Orpheus English",
        capabilities=_VOICE,
        context_window=4_000,
        max_output=50_000,
        usd_characters=22.0,
        voices=("autumn", "diana", "hannah", "austin", "daniel", "troy"),
        one_speed=True,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="canopylabs/orpheus-arabic-saudi",
        title="Orpheus Arabic (Saudi)",
        capabilities=_VOICE,
        context_window=4_000,
        max_output=50_000,
        usd_characters=40.0,
        voices=("abdullah", "fahad", "sultan", "lulwa", "noura", "aisha"),
        one_speed=True,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="openai/gpt-oss-safeguard-20b",
        title="GPT-OSS Safeguard 20B",
        capabilities=_SCHEMA,
        context_window=131_072,
        max_output=65_536,
        tokens_per_s=1000,
        usd_in=0.075,
        usd_cached=0.037,
        usd_out=0.30,
        efforts=("low", "medium", "high"),
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="meta-llama/llama-prompt-guard-2-22m",
        title="Prompt Guard 2 22M",
        capabilities=frozenset({_C.CLASSIFY}),
        context_window=512,
        max_output=512,
        usd_in=0.03,
        usd_out=0.03,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="meta-llama/llama-prompt-guard-2-86m",
        title="Prompt Guard 2 86M",
        capabilities=frozenset({_C.CLASSIFY}),
        context_window=512,
        max_output=512,
        usd_in=0.04,
        usd_out=0.04,
        source=_MODELS_PAGE,
        checked=_READ,
    ),
    ModelSpec(
        id="minimaxai/minimax-m2.7",
        title="MiniMax M2.7",
        capabilities=_CHAT | {_C.REASONING},
        context_window=196_608,
        max_output=131_072,
        tokens_per_s=260,
        status="enterprise",
        source=_MODELS_PAGE,
        checked=_READ,
    ),
)

_SMALL, _LARGE, _EYES = "openai/gpt-oss-20b", "openai/gpt-oss-120b", "qwen/qwen3.8-27b"

_RETIRED = (
    _retire("groq/compound", date(2026, 9, 21)),
    _retire("groq/compound-mini", date(2026, 9, 21)),
    _retire("qwen/qwen3.6-27b", date(2026, 9, 14), "qwen/qwen3.8-27b"),
    _retire("qwen/qwen3-32b", date(2026, 7, 17), "openai/gpt-oss-120b"),
    _retire("moonshotai/kimi-k2-instruct-0905", date(2026, 4, 15), "openai/gpt-oss-120b"),
    ModelSpec(
        id="meta-llama/llama-4-maverick-17b-128e-instruct",
        title="Llama 4 Maverick",
        capabilities=_LLAMA_4,
        context_window=131_072,
        max_output=8_192,
        max_images=5,
        status="retired",
        shutdown=date(2026, 3, 9),
        replacement="openai/gpt-oss-120b",
        source=_DEPRECATIONS,
        checked=_READ,
    ),
    _retire("meta-llama/llama-guard-4-12b", date(2026, 3, 5), "openai/gpt-oss-safeguard-20b"),
    _retire("playai-tts", date(2025, 12, 31), "canopylabs/orpheus-v1-english", _VOICE),
    _retire("playai-tts-arabic", date(2025, 12, 31), "canopylabs/orpheus-arabic-saudi", _VOICE),
    _retire("moonshotai/kimi-k2-instruct", date(2025, 10, 10), "openai/gpt-oss-120b"),
    _retire("gemma2-9b-it", date(2025, 10, 8), "openai/gpt-oss-20b"),
    _retire("deepseek-r1-distill-llama-70b", date(2025, 10, 2), "openai/gpt-oss-120b"),
    _retire("llama3-70b-8192", date(2025, 8, 30), "openai/gpt-oss-120b"),
    _retire("llama3-8b-8192", date(2025, 8, 30), "openai/gpt-oss-20b"),
    _retire("distil-whisper-large-v3-en", date(2025, 8, 23), "whisper-large-v3-turbo", _WHISPER),
    _retire("mistral-saba-24b", date(2025, 7, 30)),
    _retire("qwen-qwq-32b", date(2025, 7, 14)),
    _retire("llama-guard-3-8b", date(2025, 6, 6)),
    # Of what is older the exact day is no matter any more: scripts have these ids, no key does.
    *(_retire(id, None, _SMALL) for id in (
        "gemma-7b-it", "llama-3.2-1b-preview", "llama-3.2-3b-preview", "llama-3.2-11b-text-preview",
        "llama3-groq-8b-8192-tool-use-preview",
    )),
    *(_retire(id, None, _LARGE) for id in (
        "deepseek-r1-distill-llama-70b-specdec", "deepseek-r1-distill-qwen-32b", "llama-3.1-405b-reasoning",
        "llama-3.1-70b-specdec", "llama-3.1-70b-versatile", "llama-3.2-90b-text-preview", "llama-3.3-70b-specdec",
        "llama2-70b-4096", "llama3-groq-70b-8192-tool-use-preview", "mixtral-8x7b-32768", "qwen-2.5-32b",
        "qwen-2.5-coder-32b",
    )),
    *(_retire(id, None, _EYES, _CHAT | {_C.VISION}) for id in (
        "llama-3.2-11b-vision-preview", "llama-3.2-90b-vision-preview", "llava-v1.5-7b-4096-preview",
    )),
)  # fmt: skip

_BACKUP = (
    ModelSpec(
        id="gpt-6-luna",
        provider="openai",
        title="GPT-6 Luna",
        capabilities=_SCHEMA | {_C.STRICT_SCHEMA, _C.VISION, _C.PARALLEL_TOOLS},
        context_window=1_050_000,
        max_output=128_000,
        usd_in=0.10,
        usd_cached=0.01,
        usd_out=0.50,
        efforts=("none", "low", "medium", "high", "xhigh", "max"),
        effort_with_tools="none",
        source="https://vercel.com/ai-gateway/models/gpt-6-luna",
        checked=date(2026, 11, 23),
    ),
    ModelSpec(
        id="gpt-4o-mini",
        provider="openai",
        title="GPT-4o mini",
        capabilities=_CHAT | {_C.JSON_SCHEMA, _C.STRICT_SCHEMA, _C.VISION, _C.PARALLEL_TOOLS},
        context_window=128_000,
        max_output=16_384,
        status="announced",
        shutdown=date(2027, 1, 14),
        replacement="gpt-6-luna",
        source=_OPENAI_DEPRECATIONS,
        checked=date(2026, 11, 23),
    ),
    ModelSpec(
        id="whisper-1",
        provider="openai",
        title="Whisper",
        capabilities=_WHISPER | {_C.TRANSLATION},
        max_file_bytes=_UPLOAD,
        status="announced",
        shutdown=date(2027, 2, 26),
        replacement="gpt-transcribe",
        source=_OPENAI_DEPRECATIONS,
        checked=date(2026, 11, 23),
    ),
    ModelSpec(
        id="gpt-transcribe",
        provider="openai",
        title="GPT-Transcribe",
        capabilities=frozenset({_C.TRANSCRIPTION}),
        usd_hour=0.27,
        max_file_bytes=_UPLOAD,
        source="https://developers.openai.com/api/docs/models/gpt-transcribe",
        checked=date(2026, 11, 23),
    ),
    ModelSpec(
        id="gpt-4o-mini-tts",
        provider="openai",
        title="GPT-4o mini TTS",
        capabilities=_VOICE,
        context_window=2_000,
        voices=("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"),
        status="announced",
        shutdown=date(2027, 1, 6),
        source=_OPENAI_DEPRECATIONS,
        checked=date(2026, 11, 23),
    ),
)

MODELS: Final[Mapping[str, ModelSpec]] = MappingProxyType(
    {spec.name: spec for spec in (*_REFERENCE, *_CURRENT, *_RETIRED, *_BACKUP)}
)
"""Name to model, both providers, living and dead."""
