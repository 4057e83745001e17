"""What is probably not meant in the settings, though it stops nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from groq_core.settings.addresses import GROQ_PATH
from groq_core.settings.variable import OUR_PREFIX, Env

if TYPE_CHECKING:
    from groq_core.settings.settings import Settings


OTHERS: Final = ("GROQ_API_KEY", "GROQ_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL")
"""Settings whose names others chose; in a file of ours another spelling of one is probably meant for it."""


SHORTEST: Final = 16
"""Letters of a secret that nobody guesses."""


OF_THE_ENVIRONMENT: Final = re.compile(
    r"GRADIO_(?!SERVER_(NAME|PORT)$)\w+|OTEL_\w+|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|XDG_STATE_HOME",
    re.IGNORECASE,
)
"""What we heed, or a library of ours, but where the process has it alone."""


def names_without_effect(written: Iterable[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Say of names in a `.env` file which only the environment could set, where it does not."""
    for name in written:
        if OF_THE_ENVIRONMENT.fullmatch(name) and name not in environ:
            yield f"{name} has no effect in a .env file: set it in the environment"


def unknown_names(written: Iterable[str]) -> Iterator[str]:
    """Say of names in a `.env` file which are probably misspelt; those of our own are looked at everywhere."""
    for name in written:
        if name in OTHERS or name.startswith(OUR_PREFIX):
            continue
        ours = name.upper().startswith("GROQ_")
        near = get_close_matches(name.upper(), OTHERS, n=1, cutoff=0.6 if ours else 0.85)
        if near or ours:
            yield f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "")


def cautions(given: Mapping[str, str], settings: Settings, variables: Iterable[Env]) -> Iterator[str]:
    """Say what is probably not meant, though it stops nothing."""
    known = [env.name.removeprefix(OUR_PREFIX) for env in variables if env.name.startswith(OUR_PREFIX)]
    for name in sorted(given):
        word = name.upper().removeprefix(OUR_PREFIX)
        if word != name.upper() and not (word in known and name.isupper()):
            near = get_close_matches(word, known, n=1)
            yield f"{name} is not a setting" + (f"; did you mean {OUR_PREFIX}{near[0]}?" if near else "")
    if settings.workers > 1 and not settings.redis_url:
        yield "GROQ_CORE_WORKERS is above 1 without GROQ_CORE_REDIS_URL: each takes its share of the rate limits"
    if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
        yield "GROQ_CORE_OIDC_ISSUER and GROQ_CORE_OIDC_CLIENT_ID go together: nobody can sign in that way yet"
    if settings.redis_url and not settings.secret:
        yield "several processes without GROQ_CORE_SECRET: pages and sessions of one are strangers to the others"
    if settings.groq_base_url and not (settings.groq_api_key or settings.visitor_keys):
        yield "GROQ_BASE_URL is set without GROQ_API_KEY, so nothing is sent there"
    if settings.groq_base_url and settings.groq_base_url != given["GROQ_BASE_URL"].rstrip("/"):
        yield f"GROQ_BASE_URL is the host only; the {GROQ_PATH} at its end is left out"
    if settings.openai_base_url and not settings.openai_model:
        yield "OPENAI_BASE_URL is set without GROQ_CORE_OPENAI_MODEL, so that server is asked for OpenAI's own models"
    if settings.first_token_timeout > settings.deadline:
        yield "GROQ_CORE_FIRST_TOKEN_TIMEOUT is longer than GROQ_CORE_DEADLINE, so the deadline always comes first"
    for name, told in (("GROQ_CORE_MCP_HEADERS", settings.mcp_headers), ("GROQ_CORE_MCP_OAUTH", settings.mcp_oauth)):
        for server in sorted({server for server, _ in told} - {server for server, _ in settings.mcp_servers}):
            yield f"{name} is for {server!r}, which GROQ_CORE_MCP_SERVERS does not name"
    if settings.admins and not (settings.sign_in or settings.database or settings.hf_oauth):
        yield "GROQ_CORE_ADMINS is set, but nobody can sign in without GROQ_CORE_DATABASE or GROQ_CORE_AUTH_FILE"
    if settings.secret and len(settings.secret.reveal()) < SHORTEST:
        yield f"GROQ_CORE_SECRET is shorter than {SHORTEST} letters: who guesses it signs in as anybody"
    if any(len(token.reveal()) < SHORTEST for token in settings.api_tokens):
        yield f"GROQ_CORE_API_TOKENS holds one shorter than {SHORTEST} letters: it can be guessed"
    bounded = settings.limits or settings.sign_in or settings.database
    if settings.groq_api_key and not (settings.loopback or settings.offline or bounded):
        yield "whoever reaches the page spends GROQ_API_KEY's money without a bound: set GROQ_CORE_LIMITS"
    if not settings.loopback and not settings.api_tokens and not settings.database:
        who = ", but to visitors with a Groq key of their own" if settings.visitor_keys and not settings.sign_in else ""
        yield f"listening on {settings.server_name} without GROQ_CORE_API_TOKENS: /v1/* and /metrics answer 401{who}"
