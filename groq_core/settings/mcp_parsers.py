"""Texts into what is known of MCP servers, as ``parsers`` does."""

from __future__ import annotations

import json
import re

from groq_core.redaction import Secret
from groq_core.settings.addresses import host_patterns, issuer, url
from groq_core.settings.parsers import names


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
