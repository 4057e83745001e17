"""
The environment as one frozen object, read once, with every fault reported at once.

Each field of :class:`Settings` carries the name of its variable, how it is parsed, what is allowed and what
it means; the table in the README is printed from the same fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_type_hints

from groq_core.errors import SettingsError
from groq_core.redaction import Secret
from groq_core.settings.addresses import (
    base_url,
    database_url,
    frame_ancestors,
    groq_url,
    host,
    host_patterns,
    issuer,
    networks,
    origins,
    redis_url,
)
from groq_core.settings.cautions import cautions
from groq_core.settings.limits import PersonLimit, limits
from groq_core.settings.mcp_parsers import mcp_headers, mcp_oauth, mcp_servers, mcp_visitors
from groq_core.settings.of_others import faults_of_others
from groq_core.settings.parsers import (
    byte_count,
    choice,
    folder,
    key,
    model,
    models,
    names,
    own_state_folder,
    readable_file,
    seconds,
    switch,
    tokens,
    whole,
    word,
)
from groq_core.settings.spaces import space_values
from groq_core.settings.variable import Env, ours

_SEE = "see [Models](#models)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    Everything that can be set from outside. Times are in seconds.

    An empty variable counts as unset. :meth:`from_env` takes a mapping, so nothing but :func:`load` ever
    reads the process's own environment.
    """

    groq_api_key: Annotated[
        Secret | None, Env("GROQ_API_KEY", "key of the Groq API, from console.groq.com/keys", key, hidden=True)
    ] = None
    groq_base_url: Annotated[
        str | None,
        Env(
            "GROQ_BASE_URL",
            "another server that speaks Groq's wire; the host only, paths start `/openai/v1`",
            groq_url,
            "`https://api.groq.com`",
        ),
    ] = None
    openai_api_key: Annotated[
        Secret | None,
        Env("OPENAI_API_KEY", "key of the backup provider; a local server needs none", key, hidden=True),
    ] = None
    openai_base_url: Annotated[
        str | None,
        Env(
            "OPENAI_BASE_URL",
            "the backup provider: any OpenAI-compatible server (Ollama, llama.cpp, vLLM…), with its `/v1`",
            base_url,
            "`https://api.openai.com/v1`",
        ),
    ] = None
    offline: Annotated[bool, ours("OFFLINE", "`1`: use the simulator although keys are set", switch)] = False

    speed_models: Annotated[
        tuple[str, ...],
        ours("SPEED_MODELS", "Groq ids of the tier `speed` in order of preference, separated by commas", models, _SEE),
    ] = ()
    quality_models: Annotated[tuple[str, ...], ours("QUALITY_MODELS", "the same for `quality`", models, _SEE)] = ()
    vision_models: Annotated[tuple[str, ...], ours("VISION_MODELS", "the same for `vision`", models, _SEE)] = ()
    audio_models: Annotated[tuple[str, ...], ours("AUDIO_MODELS", "the same for `audio`", models, _SEE)] = ()
    speech_models: Annotated[tuple[str, ...], ours("SPEECH_MODELS", "the same for `speech`", models, _SEE)] = ()
    openai_model: Annotated[str | None, ours("OPENAI_MODEL", "the backup's model for chat", model, _SEE)] = None
    openai_vision_model: Annotated[
        str | None, ours("OPENAI_VISION_MODEL", "the backup's model for pictures", model, _SEE)
    ] = None
    openai_audio_model: Annotated[
        str | None, ours("OPENAI_AUDIO_MODEL", "the backup's model for transcription", model, _SEE)
    ] = None
    openai_speech_model: Annotated[
        str | None, ours("OPENAI_SPEECH_MODEL", "the backup's model for speech", model, _SEE)
    ] = None

    first_token_timeout: Annotated[
        float,
        ours("FIRST_TOKEN_TIMEOUT", "seconds to the first event of an attempt; audio adds its own allowance", seconds),
    ] = 8.0
    idle_timeout: Annotated[float, ours("IDLE_TIMEOUT", "seconds between two events of an answer", seconds)] = 10.0
    deadline: Annotated[float, ours("DEADLINE", "seconds for one request, all attempts together", seconds)] = 60.0
    max_attempts: Annotated[
        int, ours("MAX_ATTEMPTS", "upstream requests for one user request, retries included", whole(1, 100))
    ] = 6
    cooldown: Annotated[
        float, ours("COOLDOWN", "seconds a failed target first rests; grows with every failure", seconds)
    ] = 15.0
    cache_size: Annotated[int, ours("CACHE_SIZE", "answers kept; 0 turns the cache off", whole(0))] = 500
    cache_ttl: Annotated[float, ours("CACHE_TTL", "seconds an answer is kept", seconds)] = 600.0
    rpm: Annotated[
        int | None,
        ours("RPM", "our own ceiling of requests a minute and model, if lower", whole(1), "from response headers"),
    ] = None
    tpm: Annotated[
        int | None,
        ours("TPM", "our own ceiling of tokens a minute and model, if lower", whole(1), "from response headers"),
    ] = None
    hedge: Annotated[
        bool, ours("HEDGE", "`1`: ask a second target beside one that stays silent too long; costs more", switch)
    ] = False
    degrade: Annotated[
        Literal["error", "message"],
        ours(
            "DEGRADE",
            "when every target failed: `error` (HTTP 503) or `message` (a friendly sentence of model `fallback`)",
            choice("error", "message"),
        ),
    ] = "error"

    api_tokens: Annotated[
        tuple[Secret, ...],
        ours(
            "API_TOKENS",
            "bearer tokens for `/v1/*`, `/metrics` and `/_simulator/*`, by commas; unset: local programs only",
            tokens,
            hidden=True,
        ),
    ] = ()
    auth_file: Annotated[
        Path | None,
        ours(
            "AUTH_FILE",
            "user file for the web page: a name and a password hash a line; read again when it changes",
            readable_file,
        ),
    ] = None
    state_dir: Annotated[
        Path | None,
        ours(
            "STATE_DIR",
            "folder for the files and batches of `/v1/files`, `/v1/batches` and the page's tables; "
            "else `groq-core` in the user's folder for program state",
            folder,
        ),
    ] = None
    oidc_issuer: Annotated[
        str | None,
        ours("OIDC_ISSUER", "OpenID provider with which people sign in, as its tokens name it", issuer),
    ] = None
    oidc_client_id: Annotated[str | None, ours("OIDC_CLIENT_ID", "what that provider calls this server", word)] = None
    oidc_client_secret: Annotated[
        Secret | None, ours("OIDC_CLIENT_SECRET", "the secret that goes with it", key, hidden=True)
    ] = None
    secret: Annotated[
        Secret | None,
        ours(
            "SECRET",
            "signs page passes and sessions; the same for all replicas. "
            "A new one signs everybody out; API keys, shared links and conversations stay",
            key,
            "made at the start; for passes once, in the state folder",
            hidden=True,
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        ours(
            "ALLOWED_HOSTS",
            "names under which this server may be addressed, page and API alike; patterns like `*.internal`",
            host_patterns,
            "loopback names while bound to loopback, else any",
        ),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        ours(
            "CORS_ORIGINS",
            "origins whose pages may call the API from a browser: `https://app.example`, or `*`",
            origins,
        ),
    ] = ()
    frame_ancestors: Annotated[
        tuple[str, ...],
        ours(
            "FRAME_ANCESTORS",
            "who may show the page in a frame: origins, `'self'`, `'none'` or `*`",
            frame_ancestors,
            "`'self'`; on Spaces also `https://huggingface.co`",
        ),
    ] = ("'self'",)
    trusted_proxies: Annotated[
        tuple[str, ...],
        ours(
            "TRUSTED_PROXIES",
            "addresses or networks of proxies whose `X-Forwarded-*` are believed, or `*`",
            networks,
            "`127.0.0.1`; on Spaces also private networks, where its proxy is",
        ),
    ] = ("127.0.0.1",)
    limits: Annotated[
        tuple[PersonLimit, ...],
        ours(
            "LIMITS",
            "what one person may use, in any selection: `20/minute, 500/day, 2 usd/day, 30 usd/month`",
            limits,
        ),
    ] = ()
    cache_scope: Annotated[
        Literal["person", "server"],
        ours(
            "CACHE_SCOPE",
            "who shares cached answers: `person` (page visitor, signed-in person or API key) or `server`",
            choice("person", "server"),
        ),
    ] = "person"
    max_bytes_in_flight: Annotated[
        int | None,
        ours(
            "MAX_BYTES_IN_FLIGHT",
            "bytes of bodies, uploads and decoded files held at once (`512MB`, `2GiB`); above it newcomers get 503",
            byte_count,
            "a quarter of memory",
        ),
    ] = None
    byo_key: Annotated[
        Literal["auto", "on", "off"],
        ours(
            "BYO_KEY",
            "visitors may use their own Groq key for their session; `auto`: when the server has none, or on Spaces",
            choice("auto", "on", "off"),
        ),
    ] = "auto"
    mcp_servers: Annotated[
        tuple[tuple[str, Secret], ...],
        ours(
            "MCP_SERVERS",
            "MCP servers that the Agent tab offers: `name=https://…`, separated by commas",
            mcp_servers,
            hidden=True,
        ),
    ] = ()
    workers: Annotated[
        int, ours("WORKERS", "processes behind one port; more than one share their state through Redis", whole(1, 64))
    ] = 1
    mcp_headers: Annotated[
        tuple[tuple[str, tuple[tuple[str, Secret], ...]], ...],
        ours(
            "MCP_HEADERS",
            'headers of MCP servers, as JSON: `{"name": {"Authorization": "Bearer …"}}`',
            mcp_headers,
            hidden=True,
        ),
    ] = ()
    mcp_oauth: Annotated[
        tuple[tuple[str, tuple[tuple[str, Secret], ...]], ...],
        ours(
            "MCP_OAUTH",
            "OAuth client credentials of MCP servers, as JSON: "
            '`{"name": {"client_id": "…", "client_secret": "…", "issuer": "https://…"}}`',
            mcp_oauth,
            hidden=True,
        ),
    ] = ()
    mcp_visitors: Annotated[
        tuple[str, ...],
        ours(
            "MCP_VISITORS",
            "MCP servers that visitors may bring: `on` for any at a public address, by https; or host names that you "
            "vouch for",
            mcp_visitors,
            "off",
        ),
    ] = ()
    redis_url: Annotated[
        Secret | None,
        ours(
            "REDIS_URL",
            "shared state for several replicas (Redis or Valkey): cache, rate-limit budgets, cooldowns, sign-in",
            redis_url,
            hidden=True,
        ),
    ] = None
    database: Annotated[
        Secret | None,
        ours(
            "DATABASE",
            "people, API keys, spend and conversations: `sqlite:///file` or `postgresql+psycopg://…`",
            database_url,
            "conversations live in the browser alone",
            hidden=True,
        ),
    ] = None
    admins: Annotated[tuple[str, ...], ours("ADMINS", "names of people who may see `/admin`", names)] = ()
    log: Annotated[Literal["text", "json"], ours("LOG", "form of the log lines", choice("text", "json"))] = "text"
    log_level: Annotated[
        str, ours("LOG_LEVEL", "least level that is logged", choice("debug", "info", "warning", "error", "critical"))
    ] = "info"
    server_name: Annotated[
        str, Env("GRADIO_SERVER_NAME", "address to listen on", host, "`127.0.0.1`; on Spaces `0.0.0.0`")
    ] = "127.0.0.1"
    server_port: Annotated[
        int, Env("GRADIO_SERVER_PORT", "port to listen on; 0 takes any free one", whole(0, 65535))
    ] = 7860

    on_spaces: bool = False
    hf_oauth: bool = False
    space: str = ""
    warnings: tuple[str, ...] = ()
    source: str = field(default="the environment", compare=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """
        Read settings from a mapping such as ``os.environ``.

        Raises:
            SettingsError: Names every wrong variable, its value (never a secret's) and what is allowed.
        """
        given = {name: text.strip() for name, text in environ.items() if text.strip()}
        values: dict[str, Any] = space_values(given)
        faults = [*faults_of_others(given)]
        for name, env in variables().items():
            if text := given.get(env.name):
                try:
                    values[name] = env.read(text)
                except ValueError as error:
                    faults.append(env.fault(text, allowed=str(error)))
        if faults:
            raise SettingsError("\n".join(["the environment is wrong:", *faults]), hint="Mend it and start again.")
        settings = cls(**values)
        return replace(settings, warnings=tuple(cautions(given, settings, variables().values())))

    @property
    def is_simulated(self) -> bool:
        """The providers are the built-in simulator: asked for, or there is nobody else to ask."""
        return self.offline or not (self.groq_api_key or self.has_backup)

    @property
    def has_backup(self) -> bool:
        """An OpenAI-compatible provider is set up. A local server needs an address but no key."""
        return self.openai_api_key is not None or self.openai_base_url is not None

    @property
    def loopback(self) -> bool:
        """Only this machine can connect."""
        if self.server_name == "localhost":
            return True
        try:
            return ip_address(self.server_name).is_loopback
        except ValueError:
            return False

    @property
    def sign_in(self) -> bool:
        """People must sign in to see the page."""
        return self.auth_file is not None or self.open_id

    @property
    def open_id(self) -> bool:
        """People may sign in with an OpenID provider."""
        return self.oidc_issuer is not None and self.oidc_client_id is not None

    @property
    def state_folder(self) -> Path:
        """Where files and batches are kept; it may not be there yet."""
        return self.state_dir or own_state_folder()

    @property
    def visitor_keys(self) -> bool:
        """Visitors may bring their own Groq key."""
        if self.byo_key == "auto":
            return self.on_spaces or self.groq_api_key is None
        return self.byo_key == "on"


@cache
def variables() -> Mapping[str, Env]:
    """List what is read from where: field of :class:`Settings` to variable, in the order of the README."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: env for name, hint in hints.items() for env in getattr(hint, "__metadata__", ())}


def defaults() -> Mapping[str, object]:
    """What each field is when its variable is unset, away from Spaces."""
    return {declared.name: declared.default for declared in fields(Settings)}
