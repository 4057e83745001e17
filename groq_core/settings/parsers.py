"""
Texts into settings: each parser returns a value, or raises ValueError saying what is allowed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from groq_core.redaction import Secret

GROQ_PATH: Final = "/openai/v1"


def switch(text: str) -> bool:
    """
    Read a yes or a no.

    >>> switch("on"), switch("0")
    (True, False)
    """
    match text.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("one of 1, 0, true, false, yes, no, on, off")


def seconds(text: str) -> float:
    """Read a length of time above 0; ``inf`` and ``nan`` are no lengths of time."""
    allowed = "a number of seconds above 0, e.g. 2.5"
    try:
        value = float(text)
    except ValueError:
        raise ValueError(allowed) from None
    if not 0 < value < float("inf"):
        raise ValueError(allowed)
    return value


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Make a parser of whole numbers from ``low`` to ``high``, both allowed."""
    allowed = f"a whole number from {low} to {high}" if high is not None else f"a whole number, {low} or more"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ValueError(allowed) from None
        if value < low or (high is not None and value > high):
            raise ValueError(allowed)
        return value

    return parse


def choice(*words: str) -> Callable[[str], str]:
    """Make a parser of one word out of a few, in either case."""

    def parse(text: str) -> str:
        word = text.lower()
        if word not in words:
            raise ValueError("one of " + ", ".join(words))
        return word

    return parse


def _split(text: str, allowed: str) -> SplitResult:
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


def issuer(text: str) -> str:
    """Read the address of an OpenID provider; a slash at its end belongs to its name."""
    url(text)
    return text


def groq_url(text: str) -> str:
    """
    Read Groq's address. Its SDK wants the host alone, but the OpenAI SDK's form is what many have at hand.

    >>> groq_url("http://127.0.0.1:9000/openai/v1/")
    'http://127.0.0.1:9000'
    """
    return url(text).removesuffix(GROQ_PATH)


def redis_url(text: str) -> Secret:
    """Read the address of a Redis or Valkey server; it may hold a password."""
    allowed = "an address starting redis://, rediss:// or unix://, such as redis://host:6379/0"
    parts = _split(text, allowed)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError(allowed)
    return Secret(text)


DATABASES: Final = ("sqlite", "sqlite+aiosqlite", "postgresql", "postgres", "postgresql+psycopg")
"""How the address of a database may start; other drivers are not asynchronous, or not installed."""

# As SQLAlchemy reads it: a password may hold what would end the host elsewhere.
_POSTGRES_SERVER: Final = re.compile(r"(?:[^:/]*(?::[^@]*)?@)?(?:\[[^\]/?]+\]|[^/:?]*)(?::\d*)?(?:[/?].*)?")


def database_url(text: str) -> Secret:
    """Read the address of a SQLite file or a PostgreSQL server; it may hold a password."""
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in DATABASES or not rest:
        raise ValueError("an address starting sqlite:/// or postgresql+psycopg://")
    if scheme.startswith("postgres") and not _POSTGRES_SERVER.fullmatch(rest):
        raise ValueError("an address such as postgresql+psycopg://name:password@host:5432/database")
    return Secret(text)


def names(text: str) -> tuple[str, ...]:
    """
    Read words separated by commas, each once, in order.

    >>> names("a, b,,a")
    ('a', 'b')
    """
    found = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))
    if not found:
        raise ValueError("one or more names separated by commas")
    return found


def mcp_servers(text: str) -> tuple[tuple[str, Secret], ...]:
    """
    Read ``name=address`` pairs separated by commas; an address may hold a token.

    >>> [(name, address.reveal()) for name, address in mcp_servers("lab=http://127.0.0.1:9000/mcp")]
    [('lab', 'http://127.0.0.1:9000/mcp')]
    """
    allowed = "name=https://… separated by commas; a name of up to 20 letters, digits or _, each once"
    found: dict[str, Secret] = {}
    for pair in names(text):
        name, _, address = pair.partition("=")
        if not re.fullmatch(r"[A-Za-z0-9_]{1,20}", name) or name in found:
            raise ValueError(allowed)
        try:
            found[name] = Secret(url(address))
        except ValueError:
            raise ValueError(allowed) from None
    return tuple(found.items())


def mcp_headers(text: str) -> tuple[tuple[str, tuple[tuple[str, Secret], ...]], ...]:
    """
    Read the headers of MCP servers: a JSON object of objects.

    >>> [(name, header) for name, headers in mcp_headers('{"lab": {"Authorization": "Bearer x"}}')
    ...  for header, _ in headers]
    [('lab', 'Authorization')]
    """
    allowed = 'JSON such as {"name": {"Authorization": "Bearer …"}}; names and values as HTTP allows them'
    try:
        found = json.loads(text)
        return tuple(
            (name, tuple((header, header_value(header, value)) for header, value in headers.items()))
            for name, headers in found.items()
        )
    except (ValueError, AttributeError, TypeError):
        raise ValueError(allowed) from None


def mcp_oauth(text: str) -> tuple[tuple[str, tuple[tuple[str, Secret], ...]], ...]:
    """
    Read the OAuth client credentials of MCP servers: a JSON object of objects.

    >>> [(name, [field for field, _ in given]) for name, given in
    ...  mcp_oauth('{"lab": {"client_id": "us", "client_secret": "x", "issuer": "https://auth.example"}}')]
    [('lab', ['client_id', 'client_secret', 'issuer'])]
    """
    allowed = (
        'JSON such as {"name": {"client_id": "…", "client_secret": "…", "issuer": "https://…", "scope": "…"}}; '
        "scope may be left out"
    )
    try:
        return tuple((name, _credentials(given)) for name, given in json.loads(text).items())
    except (ValueError, AttributeError, TypeError):
        raise ValueError(allowed) from None


def _credentials(given: dict[str, str]) -> tuple[tuple[str, Secret], ...]:
    needed = {"client_id", "client_secret", "issuer"}
    if not needed <= given.keys() <= needed | {"scope"} or not all(given[name] for name in needed):
        raise ValueError("the names")
    if not all(isinstance(value, str) and value.isprintable() for value in given.values()):
        raise ValueError("texts")
    issuer(given["issuer"])
    return tuple((name, Secret(value)) for name, value in given.items())


def mcp_visitors(text: str) -> tuple[str, ...]:
    """
    Read where MCP servers of visitors may stand.

    >>> mcp_visitors("off"), mcp_visitors("on"), mcp_visitors("on, *.lab.example")
    ((), ('on',), ('on', '*.lab.example'))
    """
    if text.strip().lower() in ("off", "0", "false", "no"):
        return ()
    if text.strip().lower() in ("1", "true", "yes"):
        return ("on",)
    try:
        return host_patterns(text)
    except ValueError:
        raise ValueError("on, off, or host names without port, separated by commas") from None


def header_value(name: str, value: object) -> Secret:
    """
    Check a header on its way out.

    Raises:
        ValueError: HTTP allows no such name or value.
    """
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not isinstance(value, str):
        raise ValueError("a header's name and value as HTTP allows them")
    if not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError("a header's value is printable ASCII")
    return Secret(value)


def key(text: str) -> Secret:
    """
    Read a secret that will stand in an HTTP header.

    A key copied from a page may bring along what cannot stand there: an ellipsis, a space in the middle, quotes.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("letters, digits and signs of ASCII without spaces")
    if text[0] == text[-1] and text[0] in "\"'":
        # As `docker run --env-file` passes on what a .env file has around it.
        raise ValueError("the same without the quotes around it")
    return Secret(text)


def tokens(text: str) -> tuple[Secret, ...]:
    """Read secrets separated by commas."""
    return tuple(key(word) for word in names(text))


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


def readable_file(text: str) -> Path:
    """Read the path of a file that is there."""
    path = _expand(text)
    if not path.is_file():
        raise ValueError("the path of a file that exists")
    return path


def host_patterns(text: str) -> tuple[str, ...]:
    """
    Read names of this server, without port; a star stands for any part of one.

    >>> host_patterns("App.example, *.internal, [::1]")
    ('app.example', '*.internal', '::1')
    """
    found = tuple(word.strip("[]").lower().rstrip(".") for word in names(text))
    if not all(re.fullmatch(r"[a-z0-9*._:-]+", word) and not re.search(r"[^:]:\d+$", word) for word in found):
        raise ValueError("host names without port, separated by commas; patterns like *.internal are allowed")
    return found


def origins(text: str) -> tuple[str, ...]:
    """
    Read web origins as browsers send them.

    >>> origins("https://App.example/, http://localhost:3000")
    ('https://app.example', 'http://localhost:3000')
    """
    allowed = "origins such as https://app.example, separated by commas, or *"
    found = []
    for word in names(text):
        parts = urlsplit(word)
        if word != "*" and (
            not re.fullmatch(r"[a-z][a-z0-9+.-]*", parts.scheme) or not parts.netloc or parts.path.strip("/")
        ):
            raise ValueError(allowed)
        found.append(word.rstrip("/").lower())
    return tuple(found)


def frame_ancestors(text: str) -> tuple[str, ...]:
    """
    Read who may show the page in a frame; commas and spaces separate. A `.env` file takes quotes away, so the words
    may come without theirs.

    >>> frame_ancestors("self")
    ("'self'",)
    >>> frame_ancestors("'self' https://huggingface.co, https://*.example")
    ("'self'", 'https://huggingface.co', 'https://*.example')
    """
    words = (f"'{word}'" if word in ("self", "none") else word for word in text.replace(",", " ").split())
    found = tuple(dict.fromkeys(words))
    pattern = r"'self'|'none'|\*|https?://[A-Za-z0-9*.:\[\]-]+"
    if not found or not all(re.fullmatch(pattern, word) for word in found) or ("'none'" in found and len(found) > 1):
        raise ValueError("'none', or any of 'self', * and origins such as https://app.example")
    return found


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


_UNITS: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def byte_count(text: str) -> int:
    """
    Read a number of bytes of at least a MiB.

    >>> byte_count("512MB"), byte_count("2 GiB")
    (512000000, 2147483648)
    """
    matched = re.fullmatch(r"(\d{1,15})\s*([A-Za-z]*)", text)
    if not matched or matched[2].lower() not in _UNITS or int(matched[1]) * _UNITS[matched[2].lower()] < 2**20:
        raise ValueError("a number of bytes of at least 1MiB, such as 512MB or 2GiB")
    return int(matched[1]) * _UNITS[matched[2].lower()]


def folder(text: str) -> Path:
    """Read the path of a folder, which may not be there yet."""
    path = _expand(text)
    if path.exists() and not path.is_dir():
        raise ValueError("the path of a folder")
    return path


def own_state_folder() -> Path:
    """
    Where programs of this user keep what they need after a restart (XDG base directories; on Windows AppData).

    A user without a home, as whom a container may be run, has a folder among the temporary files.
    """
    windows = sys.platform == "win32"
    if told := os.environ.get("LOCALAPPDATA" if windows else "XDG_STATE_HOME"):
        return Path(told) / "groq-core"
    try:
        home = Path.home()
    except RuntimeError:
        mine = f"groq-core-{os.getuid()}" if hasattr(os, "getuid") else "groq-core"
        return Path(tempfile.gettempdir()) / mine
    return home / ("AppData/Local/groq-core" if windows else ".local/state/groq-core")


def _expand(text: str) -> Path:
    if not text.isprintable():
        raise ValueError(
            r"a path; in a .env file \n and \t within double quotes are no letters, so leave the quotes out"
        )
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError("a path without ~, since whoever runs this has no home") from None
