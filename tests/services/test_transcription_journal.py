"""A transcription that was killed goes on where it was."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from groq_core.events import PartDone
from groq_core.media.audio.ffmpeg import Media
from groq_core.media.audio.preparation import Preparation
from groq_core.services.transcription import TranscriptionService
from groq_core.services.transcription_journal import Journal
from tests.services.ears import Ears, numbers, recording, speak


def short_parts(data: Media, filename: str) -> Preparation:
    return Preparation(data, filename, max_part_s=20.0, overlap_s=3.0)


WORDS = speak(160)
DATA = recording(WORDS)


async def test_a_killed_run_asks_only_for_what_it_had_not_heard(tmp_path: Path) -> None:
    first, second = Ears(WORDS, DATA, short_parts), Ears(WORDS, DATA, short_parts)
    path = tmp_path / "journal"
    service = TranscriptionService(first, prepare=short_parts, parallel=1)
    heard = 0
    async with aclosing(service.through(lambda handle: Journal(handle, path)).stream(DATA, "")) as events:
        async for event in events:
            heard += isinstance(event, PartDone)
            if heard == 2:
                break

    journal: list[Journal] = []
    again = TranscriptionService(second, prepare=short_parts).through(
        lambda handle: journal.append(Journal(handle, path)) or journal[-1]  # type: ignore[func-returns-value]
    )
    reply = await again.transcribe(DATA, "")

    assert numbers(reply.text) == list(range(160))
    assert journal[0].answered >= 2
    assert len(second.asked) == len(second._parts) - journal[0].answered
    journal[0].forget()
    assert not path.exists()


@pytest.mark.parametrize("damage", [b'{"key": "a", "fin', b"\xff\xfe\n", b""])
async def test_a_journal_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, damage: bytes) -> None:
    ears, path = Ears(WORDS, DATA, short_parts), tmp_path / "journal"
    for _ in range(2):
        service = TranscriptionService(ears, prepare=short_parts).through(lambda handle: Journal(handle, path))
        assert numbers((await service.transcribe(DATA, "")).text) == list(range(160))
        with path.open("ab") as file:
            file.write(damage)

    assert len(ears.asked) == len(ears._parts)


async def test_another_question_about_the_same_recording_is_asked(tmp_path: Path) -> None:
    ears, path = Ears(WORDS, DATA, short_parts), tmp_path / "journal"
    for language in ("en", "de"):
        service = TranscriptionService(ears, prepare=short_parts).through(lambda handle: Journal(handle, path))
        await service.transcribe(DATA, "", language=language)

    assert len(ears.asked) == 2 * len(ears._parts)
