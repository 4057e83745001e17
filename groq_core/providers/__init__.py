"""
Who answers: Groq, and any server that speaks OpenAI's dialect.

Only this package imports an SDK. The SDK makes the request (address, key, multipart, errors, connection pool); our
decoder reads the bytes, which costs a thirtieth of what the SDK's own stream does.

- ``bodies``: Messages and parameters in the form a server accepts: what it would refuse is mended here, and said in a
  note.
- ``codings``: Content codings of a response (RFC 9110 §8.4.1): gzip, deflate, br and zstd, undone while the bytes
  come.
- ``common``: What the adapters share: how they ask, and the events of a chat, a transcript and a voice.
- ``connection``: One connection to a provider: llhttp takes the framing off, and what one read brought goes on in one
  piece.
- ``directory``: The providers that the settings give a client for, and which of them an attempt goes to.
- ``groq``: Groq, through its SDK.
- ``groq_batch``: Groq's files and batches, through its SDK: upload, create, look, fetch.
- ``openai_compatible``: The backup: OpenAI, or any server that speaks its dialect (Ollama, llama.cpp, vLLM), through
  OpenAI's SDK.
- ``read_pace``: How often the sockets of fast streams are read.
- ``shortcut``: Words on their way past all layers: from the socket to the reader in one call, while nothing else is
  to be told.
- ``transport``: The SDK's aiohttp client without a memory: many people's requests go through it.
- ``upstream_exchange``: One request to a provider and its response, hung up on at the end; what goes wrong comes out as
  one kind of error.
- ``wire``: A chat's way to the provider: JSON there, bytes back, over kept connections, with nothing in between that
  costs.

Imported by ``cli`` and ``compose``.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from groq_core.events import Events
from groq_core.pipeline import Attempt
from groq_core.requests import Caller

# httpx has a command line of its own and does without where click and rich are missing. Loading them with it is an
# eighth of the start of a command, which asks for none of it.
if "httpx" not in sys.modules:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    import httpx  # noqa: F401

    del sys.modules["httpx._main"]


class Provider(Protocol):
    """
    A company's API, or a server on the desk.

    Calling it gives the events of one attempt: content, then exactly one :class:`Finished`, or a
    :class:`ProviderError`. Closing the generator hangs up.
    """

    name: str

    def __call__(self, attempt: Attempt) -> Events: ...

    async def models(self, caller: Caller = ...) -> list[dict[str, Any]]:
        """Entries of ``GET /models`` as they came. Raises ProviderError."""

    async def close(self) -> None:
        """Hang up everything that is open."""
