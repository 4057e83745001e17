"""
Keys never leave the process: the one place where secrets are hidden.

:class:`Secret` hides a key in anything that prints it; :func:`redact` removes what looks like a key, an
organisation's id or a credential in a URL from a text on its way to a log, an error or a person.
"""

from __future__ import annotations

import re


class Secret(str):
    """
    A string that hides itself: ``repr``, ``str`` and formatting give ``Secret('…')``.

    >>> key = Secret("gsk_abc")
    >>> f"{key} {key!r}"
    "Secret('…') Secret('…')"
    >>> key.reveal()
    'gsk_abc'
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def reveal(self) -> str:
        """The key itself, for the one header it belongs in."""
        return str.__str__(self)


_PATTERNS = (
    # Keys by their makers' prefixes, wherever they stand; the tail may be partly starred out already.
    (re.compile(r"\b(gsk_|gck_|sk-|hf_|xai-|pk-|rk-)[A-Za-z0-9_*.-]{4,}"), r"\1…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}"), r"\1 …"),
    (
        re.compile(
            r"(?i)([?&;\s\"'{,](?:api[-_]?key|access[-_]?token|token|key|secret|password)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;}]+"
        ),
        r"\1…",
    ),
    (re.compile(r"(?i)(\bx-api-key[\"']?\s*[=:]\s*[\"']?)[^\s\"',;}]+"), r"\1…"),
    # user:password@host, and :password@host as Redis has it
    (re.compile(r"(?i)(?<=[a-z0-9+.-])(://)[^/\s:@]*:[^/\s@]+@"), r"\1…@"),
    # An organisation's id is in every rate-limit message; it is nobody's business but its owner's.
    (re.compile(r"\borg([_-])[A-Za-z0-9]{6,}"), r"org\1…"),
    # OpenAI repeats a wrong key word for word.
    (re.compile(r"(?i)(\bAPI key provided: ?)[^\s,;]+[^\s,;.]"), r"\1…"),
)


def redact(text: str) -> str:
    """
    Remove keys, credentials in URLs and organisation ids from a text.

    >>> redact("https://u:p@host/?api_key=123&x=1 Bearer abcdefgh gsk_12345678 in org_01abcdefgh")
    'https://…@host/?api_key=…&x=1 Bearer … gsk_… in org_…'
    >>> redact("redis://:p@host/0, http://host:80/a@b")
    'redis://…@host/0, http://host:80/a@b'
    """
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
