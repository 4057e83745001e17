"""Paths that are not here: each gets an answer in OpenAI's shape that says why, and where to go instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from groq_core.api.asgi import ApiExchange
from groq_core.errors import RequestError

ABSENT: Final[Mapping[str, tuple[str, str]]] = {
    "/v1/embeddings": (
        "there are no embeddings here: Groq offers no embedding model",
        "Ask a server that has one, such as Ollama with nomic-embed-text, with a client of its own.",
    ),
    "/v1/completions": (
        "there are no text completions here: the models continue conversations",
        "Use POST /v1/chat/completions with the prompt as a message of the user.",
    ),
    "/v1/images": (
        "pictures are read here, not made: Groq offers no model that draws",
        "To ask about a picture, send it as `image_url` to POST /v1/chat/completions.",
    ),
    "/v1/videos": ("no videos are made here: Groq offers no such model", "Ask a server that has one."),
    "/v1/moderations": (
        "there is no moderation endpoint here",
        "Ask openai/gpt-oss-safeguard-20b by POST /v1/chat/completions, with your policy as the system message.",
    ),
    "/v1/assistants": ("the Assistants API is not here", "Use POST /v1/responses with `previous_response_id`."),
    "/v1/threads": ("the Assistants API is not here", "Use POST /v1/responses with `previous_response_id`."),
    "/v1/conversations": (
        "conversations are not kept here",
        "Use POST /v1/responses with `previous_response_id`, or send the items along.",
    ),
    "/v1/vector_stores": ("there are no vector stores here", "Put what is to be read into the messages."),
    "/v1/fine_tuning": ("there is no fine-tuning here", "Ask Groq for it; GET /v1/models lists what answers here."),
    "/v1/realtime": (
        "there is no realtime API here",
        "Use POST /v1/audio/transcriptions, /v1/chat/completions and /v1/audio/speech one after the other.",
    ),
    "/v1/responses/compact": (
        "conversations are not compacted here",
        "Leave it out: `truncation` of auto, as it is unless said otherwise, leaves out what no longer fits.",
    ),
    "/v1/responses/input_tokens": (
        "tokens are not counted beforehand here",
        "Each model counts them its own way; `usage` of the answer tells how many there were.",
    ),
    "/v1/messages": (
        "Anthropic's API is not here",
        "Use a client of OpenAI's API, whose base URL ends in /v1: POST /v1/chat/completions.",
    ),
    "/v1/containers": ("there are no containers here", "The model that runs code brings its own: `code_interpreter`."),
    "/v1/evals": ("there are no evals here", "Ask POST /v1/batches, and judge its answers yourself."),
    "/v1/skills": ("there are no skills here", "Put what a model is to know into `instructions`."),
    "/v1/rerank": ("nothing is ranked here: Groq offers no such model", "Ask a server that has one."),
    "/v1/engines": ("engines are a thing of the past", "Name a `model` in POST /v1/chat/completions."),
    "/openai/deployments": (
        "deployments are Azure's: here a request names its `model`",
        "Use OpenAI's client, not Azure's, with the base URL that ends in /v1.",
    ),
    "/v1/uploads": ("there are no uploads in parts here", "Use POST /v1/files."),
}
"""Beginnings of paths of OpenAI's API that this server does not have: why, and what to do instead."""

WITHOUT_V1: Final = (
    "/chat/completions", "/completions", "/responses", "/embeddings", "/models", "/moderations", "/images/generations",
    "/audio/transcriptions", "/audio/translations", "/audio/speech", "/files", "/batches",
)  # fmt: skip

MISPLACED: Final = (*WITHOUT_V1, *(f"/openai{path}" for path in WITHOUT_V1))
"""Where a client asks whose base URL lacks the `/v1`."""


async def refuse_base_url(exchange: ApiExchange) -> None:
    """
    Answer a client whose base URL lacks the `/v1`.

    Raises:
        RequestError: 404 that says so.
    """
    path = exchange.path
    raise RequestError(
        f"there is no {path[:120]} here",
        status=404,
        code="unknown_url",
        hint=f"The base URL ends in /v1: ask for /v1{path.removeprefix('/openai')[:120]}.",
    )


def known_absence(path: str) -> RequestError | None:
    """The error for a path of OpenAI's API that this server does not have; None for any other."""
    if path.startswith("/v1/chat/completions/"):
        why = "answers of POST /v1/chat/completions are not kept here"
        return RequestError(why, status=404, code="unknown_url", hint="POST /v1/responses keeps them for an hour.")
    for beginning, (why, hint) in ABSENT.items():
        if f"{path}/".startswith(f"{beginning}/"):
            return RequestError(why, status=404, code="unknown_url", hint=hint)
    if path.startswith("/v1/responses/") and path.endswith("/cancel"):
        why = "only a response that runs in the background can be cancelled, and none does here"
        return RequestError(why, status=404, code="unknown_url", hint="Close the connection: nobody answers then.")
    return None


def absent(path: str, known: Iterable[str]) -> RequestError:
    """The error for a path that is not here, with the one that was meant where that can be told."""
    if (error := known_absence(path)) is not None:
        return error
    meant = next((route for route in known if _means(path, route)), None)
    hint = f"Did you mean {meant}?" if meant else "Paths start with /v1, e.g. /v1/chat/completions."
    return RequestError(
        f"there is no {path[:120]} here", status=404, code="unknown_url", hint=f"{hint} /docs lists them all."
    )


def _means(path: str, route: str) -> bool:
    """A path with a doubled or a wrong beginning, e.g. `/v1/v1/models` or `/v1/api/chat/completions`."""
    return route.startswith("/v1/") and not route.endswith("/") and path.endswith(route.removeprefix("/v1"))
