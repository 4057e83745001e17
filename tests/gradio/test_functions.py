"""The functions for stock Gradio, called as Gradio calls them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from groq_core.events import Events, TextDelta
from groq_core.gradio import Chain
from groq_core.gradio.functions import LETTERS_PER_S, UPDATES_PER_S, messages_of, show
from groq_core.gradio.messages import conversation
from groq_core.gradio.panel import panel
from groq_core.reply import Reply
from groq_core.settings.settings import Settings
from groq_core.simulator import Fault, Simulator
from tests.media.samples import tone, wav


@asynccontextmanager
async def chain() -> AsyncIterator[tuple[Chain, Simulator]]:
    simulator = Simulator(pace=0, limits="off", seed=1)
    await simulator.start()
    made = Chain(
        Settings.from_env(
            {
                "GROQ_API_KEY": "gsk_x",
                "GROQ_BASE_URL": simulator.groq_url,
                "OPENAI_API_KEY": "sk-x",
                "OPENAI_BASE_URL": simulator.openai_url,
            }
        )
    )
    try:
        yield made, simulator
    finally:
        await made.close()
        await simulator.stop()


async def test_a_chat_streams_and_ends_in_the_whole_answer() -> None:
    async with chain() as (made, _):
        updates = [one async for one in made.chat({"text": "Count from 1 to 50.", "files": []}, [])]

    assert "50" in updates[-1][-1]["content"]
    assert all(update[-1]["role"] == "assistant" for update in updates)


async def test_a_plain_text_is_a_message_too_and_history_goes_along() -> None:
    history = [
        {"role": "user", "content": [{"type": "text", "text": "My name is Ada."}]},
        {"role": "assistant", "content": "thoughts", "metadata": {"title": "Thinking"}},
        {"role": "assistant", "content": "Hello Ada."},
    ]
    async with chain() as (made, simulator):
        _ = [one async for one in made.chat("What is my name?", history)]
        asked = [seen for seen in simulator.requests if "chat" in seen.path][-1].body

    assert [message["content"] for message in asked["messages"]] == [
        "My name is Ada.",
        "Hello Ada.",
        "What is my name?",
    ]


async def test_a_fallback_is_told_above_the_answer() -> None:
    async with chain() as (made, simulator):
        simulator.faults.add(Fault(kind="status", preset="503_over_capacity", provider="groq", operation="chat"))
        updates = [one async for one in made.chat("Count from 1 to 9.", [])]

    story, answer = updates[-1][-2:]
    assert "failed, answered by" in story["metadata"]["title"]
    assert "over_capacity" in story["content"]
    assert "9" in answer["content"]


async def test_files_are_pictures_and_recordings(tmp_path: Path) -> None:
    picture, recording, other = tmp_path / "red.png", tmp_path / "a.wav", tmp_path / "a.exe"
    Image.new("RGB", (40, 20), "red").save(picture)
    recording.write_bytes(wav(tone(1.0)))
    other.write_bytes(b"MZ")
    async with chain() as (made, _):
        seen = [one async for one in made.chat({"text": "Which colour?", "files": [str(picture)]}, [])][-1]
        heard = [one async for one in made.chat({"text": "", "files": [{"path": str(recording)}]}, [])][-1]
        with pytest.raises(gr.Error, match="neither"):
            _ = [one async for one in made.chat({"text": "x", "files": [str(other)]}, [])]

    assert "red" in seen[-1]["content"].lower()
    assert heard[-1]["content"]


@pytest.mark.parametrize("kind", ["path", "pil", "numpy"])
async def test_every_kind_of_picture_is_asked_about(kind: str, tmp_path: Path) -> None:
    image = Image.new("RGB", (40, 20), "red")
    image.save(tmp_path / "red.png")
    given: Any = {"path": str(tmp_path / "red.png"), "pil": image, "numpy": np.asarray(image)}[kind]
    async with chain() as (made, _):
        answer = [one async for one in made.ask_image(given, "Which colour?")][-1]

    assert "red" in answer.lower()


@pytest.mark.parametrize("kind", ["path", "int16", "float32"])
async def test_every_kind_of_recording_is_written_down(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(wav(tone(1.0)))
    samples = tone(1.0).astype("float32")
    given: Any = {
        "path": str(tmp_path / "a.wav"),
        "int16": (16_000, (samples * 32767).astype("int16")),
        "float32": (16_000, samples),
    }[kind]
    async with chain() as (made, simulator):
        assert isinstance(await made.transcribe(given), str)
        assert any("transcriptions" in seen.path for seen in simulator.requests)


async def test_what_is_missing_is_told_in_words() -> None:
    async with chain() as (made, _):
        for work in (made.chat("", []), made.ask_image(None, "x")):
            with pytest.raises(gr.Error):
                _ = [one async for one in work]
        with pytest.raises(gr.Error, match="recording"):
            await made.transcribe(None)


async def test_the_panel_shows_every_target_and_its_state() -> None:
    async with chain() as (made, _):
        snapshot = (await made.core()).board.snapshot()
        drawn = panel(snapshot)

    for target in snapshot.targets:
        assert f'data-target="{target.name}" data-state="{target.state}"' in drawn


async def test_updates_are_gathered_and_a_long_answer_is_drawn_less_often() -> None:
    now = 0.0

    async def events() -> Events:
        nonlocal now
        for number in range(4_000):
            now += 1 / 1_200
            yield TextDelta(f"{number:04} ")

    drawn = [(now, len(update[-1]["content"])) async for update in show(events(), clock=lambda: now)]

    assert drawn[-1][1] == 20_000
    for since, _ in drawn[:-1]:
        second = [letters for at, letters in drawn[:-1] if since <= at < since + 1]
        assert len(second) <= UPDATES_PER_S + 1
        assert sum(second) <= LETTERS_PER_S + second[-1]
    assert len(drawn) > 3 * 7, "a reader still sees it grow"


def test_an_empty_reply_shows_an_empty_answer() -> None:
    assert messages_of(Reply()) == [{"role": "assistant", "content": ""}]


async def test_a_recording_in_the_history_counts_once_it_was_said() -> None:
    async def listen(data: bytes, name: str) -> str:
        raise AssertionError("nobody listens to what an assistant sent")

    history = [{"role": "assistant", "content": {"type": "file", "file": {"path": "gone.wav"}}}]
    assert len(await conversation("Hi", history, listen)) == 1


async def test_a_conversation_outlives_the_files_it_came_with() -> None:
    """A browser keeps conversations (`save_history=True`); the app's files are gone with its restart."""

    async def listen(recording: bytes, name: str) -> str:
        return "said"

    gone = [{"role": "user", "content": {"path": f"/nowhere/{name}"}} for name in ("cat.png", "talk.wav")]
    turns = await conversation("And now?", [*gone, {"role": "assistant", "content": "A cat."}], listen)

    assert [turn.text for turn in turns] == [
        "[cat.png was here earlier, and is not there any more.]",
        "[talk.wav was here earlier, and is not there any more.]",
        "A cat.",
        "And now?",
    ]


async def test_a_file_that_is_gone_is_told_as_that() -> None:
    async with chain() as (made, _):
        for ask in (
            made.chat({"text": "What is it?", "files": ["/nowhere/cat.png"]}, []),
            made.ask_image("/nowhere/cat.png"),
        ):
            with pytest.raises(gr.Error, match=r"cat\.png is not there any more"):
                await anext(ask)
        with pytest.raises(gr.Error, match=r"talk\.wav is not there any more"):
            await made.transcribe("/nowhere/talk.wav")


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "HSV", "LAB", "F", "I", "1", "P", "LA"])
async def test_a_picture_of_any_mode_of_gradios_is_seen(mode: str) -> None:
    async with chain() as (made, _):
        updates = [one async for one in made.ask_image(Image.new(mode, (40, 40)), None)]

    assert "40 × 40" in updates[-1]
