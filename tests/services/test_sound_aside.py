"""What has to be sent once more waits on disk, and an error keeps nothing of what it was raised over."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from pathlib import Path

import pytest

from groq_core.errors import ChainError
from groq_core.services.sound_aside import SoundAside, without_frames
from groq_core.services.transcription import TranscriptionService
from tests.services.ears import Ears, numbers, recording, speak
from tests.services.test_transcription_journal import short_parts


def test_what_is_laid_aside_comes_back_in_any_order_and_is_not_in_memory() -> None:
    aside = SoundAside()
    tracemalloc.start()
    for number in range(40):
        aside.put(number, bytes([number]) * 1_000_000)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held < 2_000_000
    for number in (39, 0, 17):
        assert aside.take(number) == bytes([number]) * 1_000_000
    aside.close()


def test_where_the_disk_takes_nothing_it_stays_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    aside = SoundAside()
    aside.put(3, b"words")

    assert aside.take(3) == b"words"
    aside.close()


def test_an_error_lets_go_of_what_it_was_raised_over() -> None:
    class Sound:
        """Stands for ten megabytes."""

    def ask() -> tuple[ChainError, weakref.ref[Sound]]:
        sound = Sound()
        try:
            try:
                raise ValueError("below")
            except ValueError as error:
                raise ChainError("above") from error
        except ChainError as error:
            return error, weakref.ref(sound)

    error, sound = ask()
    gc.collect()
    assert sound() is not None

    assert without_frames(error) is error
    gc.collect()
    assert sound() is None


async def test_parts_that_failed_are_heard_in_the_end_and_only_they_are_sent_again() -> None:
    words = speak(160)
    data = recording(words)
    ears = Ears(words, data, short_parts, failing={0: 1, 2: 1, 4: 1})

    reply = await TranscriptionService(ears, prepare=short_parts).transcribe(data, "")

    assert numbers(reply.text) == list(range(160))
    assert len(ears.asked) == len(ears._parts) + 3
