"""What the simulated OpenAI offers: ids it answers to as the backup, with what they can do (read 2026-11-23)."""

from __future__ import annotations

from groq_core.simulator.model_profiles import ModelLimits, SimModel
from groq_core.simulator.wire_format import words

_OPENAI_LIMITS = ModelLimits(rpm=5_000, tpm=2_000_000)


def _openai(id: str, *, reasoning: bool = False, speed: float = 90.0, max_output: int = 16_384) -> SimModel:
    return SimModel(
        id=id,
        owned_by="system",
        created=1721172741,
        speed=speed,
        context=1_050_000 if reasoning else 128_000,
        max_output=128_000 if reasoning else max_output,
        tools=True,
        parallel=True,
        json_schema=True,
        reasoning=reasoning,
        shows_reasoning=False,
        efforts=("medium", "none", "minimal", "low", "high", "xhigh", "max") if reasoning else (),
        images=500,
        image_tokens=765,
        image_bytes=50_000_000,
        call_id="call",
        free=_OPENAI_LIMITS,
        developer=_OPENAI_LIMITS,
    )


def _hearing(id: str) -> SimModel:
    return SimModel(
        id=id,
        kind="transcription",
        owned_by="openai-internal",
        created=1677532384,
        speed=40.0,
        translation=id == "whisper-1",
        free=ModelLimits(rpm=500),
        developer=ModelLimits(rpm=500),
    )


def _speaking(id: str) -> SimModel:
    return SimModel(
        id=id,
        kind="speech",
        owned_by="openai-internal",
        created=1681940951,
        speed=60.0,
        voices=tuple(words("alloy ash ballad coral echo fable onyx nova sage shimmer verse marin cedar")),
        free=ModelLimits(rpm=500),
        developer=ModelLimits(rpm=500),
    )


OPENAI: tuple[SimModel, ...] = (
    *map(_openai, ("gpt-4o", "gpt-4o-mini")),
    *(_openai(name, max_output=32_768) for name in ("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano")),
    *(
        _openai(name, reasoning=True, speed=120.0)
        for name in words("gpt-6-luna gpt-6-sol gpt-5.4 gpt-5.4-mini gpt-5.2 gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano")
    ),
    *map(_hearing, ("whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")),
    *map(_speaking, ("gpt-4o-mini-tts", "tts-1", "tts-1-hd")),
)
