"""What a refused request held is let go of at once, without a garbage collector: ten megabytes of sound each."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import sys

from groq_core.compose import assemble
from groq_core.errors import GroqCoreError
from groq_core.models.registry import MODELS
from groq_core.requests import TranscriptionRequest
from groq_core.services.sound_aside import without_frames
from groq_core.settings.settings import Settings

NAME = "refused-at-once.flac"


def is_held() -> bool:
    return any(isinstance(one, TranscriptionRequest) and one.filename == NAME for one in gc.get_objects())


class Upstream:
    """Lists the models, and refuses so many recordings before it takes one."""

    def __init__(self) -> None:
        self.status, self.left = 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"content-length: *(\d+)", head, re.I)
        await reader.readexactly(int(found[1]) if found else 0)
        status, body = 200, dict[str, object](text="x", duration=60.0, segments=[])
        if b"/models" in head:
            ids = [spec.id for spec in MODELS.values() if spec.provider == "groq"]
            body = {"object": "list", "data": [{"id": id, "object": "model", "active": True} for id in ids]}
        elif self.left:
            self.left -= 1
            status, body = self.status, {"error": {"message": "refused", "type": "invalid_request_error"}}
        data = json.dumps(body).encode()
        start = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nretry-after: 0.01\r\n"
        writer.write(f"{start}content-length: {len(data)}\r\n\r\n".encode() + data)
        await writer.drain()


async def test_a_refused_recording_is_let_go_of_at_once() -> None:
    upstream = Upstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with assemble(Settings.from_env({"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": address})) as core:

        async def ask() -> None:
            request = TranscriptionRequest(audio=audio, filename=NAME, duration_s=60.0, no_store=True)
            try:  # pytest's own catcher would keep the frames
                async for _ in core.transcription._handle(request):
                    assert is_held()
            except GroqCoreError as error:
                refusals.append(without_frames(error))

        refusals: list[BaseException] = []
        audio = b"fLaC" * 250
        held = sys.getrefcount(audio)
        gc.collect()
        gc.freeze()  # of half a million objects that were there before nobody need be asked, again and again
        gc.disable()
        try:
            for upstream.status, upstream.left in ((413, 1), (400, 1), (429, 1), (500, 1)):
                await asyncio.create_task(ask())
                await asyncio.sleep(0)

                assert not is_held(), upstream.status
                assert sys.getrefcount(audio) == held, upstream.status
                assert not upstream.left
        finally:
            gc.enable()
        assert len(refusals) == 1
    server.close()
