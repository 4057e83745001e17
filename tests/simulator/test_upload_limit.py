"""Groq takes recordings of up to 25 MiB, on every plan (measured 2026-08-21); what is larger goes by address alone."""

from __future__ import annotations

import httpx
import pytest

from groq_core.models.registry import MODELS
from groq_core.simulator import Simulator

LIMIT = 26_214_400


def wav(size: int) -> bytes:
    """A silent recording of so many bytes."""
    data = size - 44
    head = b"RIFF" + (size - 8).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = (1).to_bytes(2, "little") * 2 + (16_000).to_bytes(4, "little") + (32_000).to_bytes(4, "little")
    return head + form + b"\x02\x00\x10\x00data" + data.to_bytes(4, "little") + bytes(data)


@pytest.mark.parametrize("limits", ["free", "developer", "off"])
@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (26_738_688, 413)])
async def test_an_uploaded_recording_has_25_mib_at_most(limits: str, size: int, status: int) -> None:
    simulator = Simulator(pace=0, limits=limits)  # type: ignore[arg-type]
    await simulator.start()
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            response = await http.post(
                f"{simulator.groq_url}/openai/v1/audio/transcriptions",
                headers={"authorization": "Bearer gsk_test"},
                data={"model": "whisper-large-v3-turbo"},
                files={"file": ("a.wav", wav(size))},
            )
    finally:
        await simulator.stop()

    assert response.status_code == status, response.text[:200]
    if status == 413:
        assert response.json()["error"]["code"] == "request_too_large"


def test_the_registry_knows_it() -> None:
    hearing = [spec for spec in MODELS.values() if spec.id.startswith("whisper-large")]

    assert {spec.max_file_bytes for spec in hearing} == {LIMIT}
