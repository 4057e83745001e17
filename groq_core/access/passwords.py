"""Names and passwords of a file, and the form a password is kept in."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import argon2

from groq_core.errors import SettingsError

logger = logging.getLogger("groq_core.sign_in")

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""Argon2id with OWASP's least for interactive use: 19 MiB and about 30 ms a guess (RFC 9106)."""

LEAST_PASSWORD = 8
"""Characters of a new password."""

MOST_PASSWORD = 256
"""The same; the page's form takes no longer one, whatever its letters."""

COST, BLOCK, LANES = 2**14, 8, 1
"""Of scrypt, in which lines of earlier versions are kept (RFC 7914)."""

LOOK_S = 1.0
"""Seconds between two looks at whether the file has changed."""


def hash_password(password: str) -> str:
    """
    The form a password is kept in: Argon2's own, ``$argon2id$…``.

    >>> matches("open sesame", hash_password("open sesame"))
    True
    """
    return _HASHER.hash(password)


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed; takes as long either way."""
    if kept.startswith("scrypt$"):
        _, salt, digest = kept.split("$")
        found = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), n=COST, r=BLOCK, p=LANES)
        return hmac.compare_digest(base64.b64encode(found).decode(), digest)
    try:
        return _HASHER.verify(kept, password)
    except argon2.exceptions.VerificationError:
        return False


def read_users(path: Path) -> dict[str, str]:
    """
    Read the user file: ``name:hash`` a line, ``#`` begins a remark.

    Raises:
        SettingsError: A line is not of that form, or there is none; the number is named, the line is not shown. Or the
            file cannot be read.
    """
    users: dict[str, str] = {}
    for number, line in enumerate(_text_of(path).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, _, kept = text.partition(":")
        if not name or not _is_hash(kept):
            raise SettingsError(
                f"GROQ_CORE_AUTH_FILE: line {number} of {path.name} is not name:hash; "
                f"make one with: python -m groq_core passwd NAME"
            )
        users[name] = kept
    if not users:
        raise SettingsError(f"GROQ_CORE_AUTH_FILE: {path.name} names nobody, so nobody could sign in")
    return users


def _text_of(path: Path) -> str:
    try:
        data = path.read_bytes()
        # Windows PowerShell's >> writes UTF-16, and Notepad a mark that would become part of the first name.
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"GROQ_CORE_AUTH_FILE: {path.name} is not UTF-8 text", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"GROQ_CORE_AUTH_FILE: {path.name} cannot be read: {error.strerror}") from None


def _is_hash(kept: str) -> bool:
    if kept.startswith("$argon2"):
        try:
            argon2.extract_parameters(kept)
        except argon2.exceptions.InvalidHash:
            return False
        return True
    parts = kept.split("$")
    if len(parts) != 3 or parts[0] != "scrypt":
        return False
    try:
        return all(base64.b64decode(part, validate=True) for part in parts[1:])
    except binascii.Error:
        return False


class UserFile:
    """
    The user file as it is now: read again when it has changed, and kept as it was while it cannot be read.

    Args:
        clock: Seconds, monotonic.

    Raises:
        SettingsError: It cannot be used at the start.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._users: Mapping[str, str] = read_users(path)
        self._seen = self._state()
        self._look_at = clock() + LOOK_S

    def hash_of(self, name: str) -> str | None:
        """The hash of a person's password, or None where nobody is called that."""
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_S
            if (state := self._state()) != self._seen:
                self._seen = state
                self._read_again()
        return self._users.get(name)

    def _read_again(self) -> None:
        try:
            self._users = read_users(self._path)
            logger.info("the user file has changed; %d people may sign in", len(self._users))
        except SettingsError:
            logger.warning("the user file has changed and cannot be used; the last good one stays in force")

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
