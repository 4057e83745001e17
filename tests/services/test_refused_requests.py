"""What a refused request held is let go of at once, without a garbage collector: ten megabytes of sound each."""

from __future__ import annotations

import asyncio
import gc
import sys

from benchmarks.loopback import answer_requests, groq_models, json_response
from groq_core.compose import assemble
from groq_core.errors import GroqCoreError
from groq_core.requests import TranscriptionRequest
from groq_core.services.sound_aside import without_frames
from groq_core.settings.settings import Settings
from tests.serving import listening

NAME = "refused-at-once.flac"


def is_held() -> bool:
    return any(isinstance(one, TranscriptionRequest) and one.filename == NAME for one in gc.get_objects())


class Upstream:
    """Lists the models, and refuses so many recordings before it takes one."""

    def __init__(self) -> None:
        self.status, self.left = 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_requests(reader, writer, self._answer)

    async def _answer(self, path: str, _: bytes, writer: asyncio.StreamWriter) -> None:
        status, body = 200, dict[str, object](text="x", duration=60.0, segments=[])
        if path.endswith("/models"):
            body = groq_models()
        elif self.left:
            self.left -= 1
            status, body = self.status, {"error": {"message": "refused", "type": "invalid_request_error"}}
        writer.write(json_response(body, status, "retry-after: 0.01"))


def settings_for(port: int) -> Settings:
    return Settings.from_env({"GROQ_API_KEY": "gsk_test", "GROQ_BASE_URL": f"http://127.0.0.1:{port}"})


async def test_a_refused_recording_is_let_go_of_at_once() -> None:
    upstream = Upstream()
    async with listening(upstream.serve) as port, assemble(settings_for(port)) as core:

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
