"""What a refused request held is let go of at once, without a garbage collector: ten megabytes of sound each."""

from __future__ import annotations

import asyncio
import gc
import json
import re

from groq_core.compose import assemble
from groq_core.errors import GroqCoreError
from groq_core.models.registry import MODELS
from groq_core.requests import TranscriptionRequest
from groq_core.services.sound_aside import without_frames
from groq_core.settings.settings import Settings

NAME = "refused-at-once.flac"


def is_held() -> bool:
    return any(isinstance(one, TranscriptionRequest) and one.filename == NAME for one in gc.get_objects())


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lists the models, and takes no recording."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"content-length: *(\d+)", head, re.I)
            await reader.readexactly(int(found[1]) if found else 0)
            ids = [spec.id for spec in MODELS.values() if spec.provider == "groq"]
            body: object = {"object": "list", "data": [{"id": id, "object": "model", "active": True} for id in ids]}
            listed = b"/models" in head
            if not listed:
                body = {"error": {"message": "could not process file", "type": "invalid_request_error"}}
            data = json.dumps(body).encode()
            start = f"HTTP/1.1 {200 if listed else 400} X\r\ncontent-type: application/json\r\n"
            writer.write(f"{start}content-length: {len(data)}\r\n\r\n".encode() + data)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def test_a_refused_recording_is_let_go_of_at_once() -> None:
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with assemble(Settings.from_env({"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": address})) as core:

        async def ask() -> GroqCoreError:
            request = TranscriptionRequest(audio=bytes(1000), filename=NAME, duration_s=60.0)
            try:  # pytest's own catcher would keep the frames
                async for _ in core.transcription._handle(request):
                    pass
            except GroqCoreError as error:
                assert is_held()
                return error
            raise AssertionError("it was taken")

        gc.collect()
        gc.disable()
        try:
            error = await asyncio.create_task(ask())
            without_frames(error)
            await asyncio.sleep(0)

            assert not is_held()
        finally:
            gc.enable()
    server.close()
