"""Texts into addresses: each parser returns a value, or raises ValueError saying what is allowed."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from groq_core.redaction import Secret
from groq_core.settings.parsers import names

GROQ_PATH: Final = "/openai/v1"

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_NAME: Final = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)

_SOCKET: Final = re.compile(r"/.+")
_NUMBER: Final = re.compile(r"/?|/\d+")
"""Of a Redis database."""


def _split(text: str, allowed: str) -> SplitResult:
    # What urlsplit itself leaves out without a word (a tab, a line's end), or takes for a part of a name.
    if not text.isprintable() or " " in text:
        raise ValueError(allowed)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        raise ValueError(allowed) from None
    return parts


def url(text: str) -> str:
    """Read an http or https address; a slash at its end is dropped."""
    allowed = "an http:// or https:// address with a host"
    parts = _split(text, allowed)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(allowed)
    return text.rstrip("/")


def base_url(text: str) -> str:
    """Read the address that paths are put behind."""
    if set("?#") & set(url(text)):
        raise ValueError("an http:// or https:// address with a host, without ? or #")
    return text.rstrip("/")


def issuer(text: str) -> str:
    """Read the address of an OpenID provider; a slash at its end belongs to its name."""
    base_url(text)
    return text


def groq_url(text: str) -> str:
    """
    Read Groq's address. Its SDK wants the host alone, but the OpenAI SDK's form is what many have at hand.

    >>> groq_url("http://127.0.0.1:9000/openai/v1/")
    'http://127.0.0.1:9000'
    """
    return base_url(text).removesuffix(GROQ_PATH)


def redis_url(text: str) -> Secret:
    """Read the address of a Redis or Valkey server; it may hold a password."""
    allowed = "an address starting redis://, rediss:// or unix://, such as redis://host:6379/0"
    parts = _split(text, allowed)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(allowed)
    # Its client takes a database that is no number for the first one.
    path = _SOCKET if parts.scheme == "unix" else _NUMBER
    if not path.fullmatch(parts.path):
        raise ValueError(allowed)
    return Secret(text)


DATABASES: Final = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+psycopg")
"""How the address of a database may start; other drivers are not asynchronous, or not installed."""

# As SQLAlchemy reads it: a password may hold what would end the host elsewhere.
_POSTGRES_SERVER: Final = re.compile(r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^\]/?]+\]|[^/:?]*)(?::\d*)?(?:[/?].*)?")

# One without a file is kept in memory, by each connection for itself.
_SQLITE_FILE: Final = re.compile(r"/(?!$|\?|:memory:|file::memory:).*", re.DOTALL)


def database_url(text: str) -> Secret:
    """Read the address of a SQLite file or a PostgreSQL server; it may hold a password."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in DATABASES or not rest:
        raise ValueError("an address starting sqlite:/// or postgresql+psycopg://")
    if scheme.startswith("sqlite") and not _SQLITE_FILE.fullmatch(rest):
        raise ValueError("an address that names a file, such as sqlite:///groq-core.db")
    if scheme.startswith("sqlite") and "?" in rest and not rest.startswith("/file:"):
        raise ValueError("an address of a file without options behind a question mark, which have no effect")
    if scheme.startswith("postgres") and not _POSTGRES_SERVER.fullmatch(rest):
        raise ValueError("an address such as postgresql+psycopg://name:password@host:5432/database")
    return Secret(text)


def host(text: str) -> str:
    """
    Read the address or name of a network interface.

    >>> host("[::1]")
    '::1'
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ip_address(bare))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", text) or text.replace(".", "").isdigit():
            raise ValueError("an IP address or a host name, without port") from None
        return text


def host_patterns(text: str) -> tuple[str, ...]:
    """
    Read names of this server, without port; a star stands for any part of one.

    >>> host_patterns("App.example, *.internal, [::1]")
    ('app.example', '*.internal', '::1')
    """
    return tuple(dict.fromkeys(_host_pattern(word.lower()) for word in names(text)))


def _host_pattern(word: str) -> str:
    if _NAME.fullmatch(word.removesuffix(".").replace("*", "x")) and not word.endswith("*."):
        return word.removesuffix(".")
    try:
        return str(ip_address(word[1:-1] if re.fullmatch(r"\[.*\]", word) else word))
    except ValueError:
        raise ValueError(
            "host names without port, separated by commas; patterns like *.internal are allowed" + _beyond_ascii(word)
        ) from None


def _beyond_ascii(text: str) -> str:
    return "" if text.isascii() else "; other letters than ASCII's as browsers send them, xn--…"


def origins(text: str) -> tuple[str, ...]:
    """
    Read web origins, into the form in which browsers send them.

    >>> origins("https://App.example:443/, http://localhost:3000, tauri://localhost")
    ('https://app.example', 'http://localhost:3000', 'tauri://localhost')
    """
    return tuple(dict.fromkeys(word if word == "*" else _origin(word) for word in names(text)))


def _origin(text: str) -> str:
    allowed = "origins such as https://app.example, separated by commas, or *" + _beyond_ascii(text)
    parts = _split(text, allowed)
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(allowed)
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme):
        raise ValueError(allowed)
    name = parts.hostname or ""
    if not _NAME.fullmatch(name):
        try:
            name = f"[{ip_address(name)}]"
        except ValueError:
            raise ValueError(allowed) from None
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def frame_ancestors(text: str) -> tuple[str, ...]:
    """
    Read who may show the page in a frame; commas and spaces separate. A `.env` file takes quotes away, so the words
    may come without theirs.

    >>> frame_ancestors("self")
    ("'self'",)
    >>> frame_ancestors("'self' https://huggingface.co/, https://*.example")
    ("'self'", 'https://huggingface.co', 'https://*.example')
    """
    found = tuple(dict.fromkeys(_ancestor(word) for word in text.replace(",", " ").split()))
    if not found or ("'none'" in found and len(found) > 1):
        raise ValueError(ANCESTORS)
    return found


ANCESTORS: Final = "'none', or any of 'self', * and origins such as https://app.example"


def _ancestor(word: str) -> str:
    if word == "*":
        return word
    if (bare := word.lower().strip("'")) in ("self", "none"):
        return f"'{bare}'"
    # A content policy knows no address of IPv6, and takes a star for the first part of a name, or for any port.
    scheme, _, rest = word.rstrip("/").lower().partition("://")
    name, colon, port = rest.partition(":")
    if scheme not in DEFAULT_PORTS or not _NAME.fullmatch(name.removeprefix("*.")):
        raise ValueError(ANCESTORS + _beyond_ascii(word))
    if colon and port != "*" and not (re.fullmatch(r"[0-9]{1,5}", port) and int(port) < 2**16):
        raise ValueError(ANCESTORS)
    return f"{scheme}://{rest}"


def networks(text: str) -> tuple[str, ...]:
    """
    Read addresses or networks.

    >>> networks("127.0.0.1, 10.0.0.0/8")
    ('127.0.0.1', '10.0.0.0/8')
    """
    found = names(text)
    for word in found:
        if word == "*":
            continue
        try:
            ip_network(word, strict=False)
        except ValueError:
            raise ValueError("addresses or networks such as 10.0.0.0/8, separated by commas, or *") from None
    return found
