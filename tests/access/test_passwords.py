"""The form a password is kept in: today's, and that of lines written long ago."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groq_core.access.passwords import hash_password, matches, read_users
from groq_core.errors import SettingsError

OLD = "scrypt$c2FsdHNhbHRzYWx0c2FsdA==$"
"""A line of an earlier version, without its hash."""


def old_line(password: str) -> str:
    import base64
    import hashlib

    salt = base64.b64decode("c2FsdHNhbHRzYWx0c2FsdA==")
    digest = hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    return OLD + base64.b64encode(digest).decode()


@settings(max_examples=10)
@given(password=st.text(min_size=1), other=st.text(min_size=1))
def test_a_password_matches_its_own_hash_and_no_other(password: str, other: str) -> None:
    try:
        password.encode(), other.encode()
    except UnicodeEncodeError:
        return  # half a surrogate is no text that anybody could type
    kept = hash_password(password)

    assert kept.startswith("$argon2id$")
    assert len(password) < 8 or password not in kept  # a letter alone stands in many a hash
    assert matches(password, kept)
    assert matches(other, kept) is (other == password)


def test_no_two_hashes_are_alike() -> None:
    assert hash_password("open sesame") != hash_password("open sesame")


def test_a_line_of_an_earlier_version_still_opens() -> None:
    assert matches("open sesame", old_line("open sesame"))
    assert not matches("open sesam", old_line("open sesame"))


def test_old_and_new_lines_stand_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text(f"ann:{old_line('a')}\nbob:{hash_password('b')}\n", encoding="utf-8")

    assert set(read_users(file)) == {"ann", "bob"}


@pytest.mark.parametrize(
    "kept", ["$argon2id$", "$argon2id$v=19$m=1", "$argon2x$v=19$m=19456,t=2,p=1$AAAA$BBBB", "$2b$12$x"]
)
def test_what_is_no_hash_is_refused_by_its_line(kept: str, tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    file.write_text(f"ann:{kept}\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="line 1"):
        read_users(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_that_windows_wrote_names_the_same_people(tmp_path: Path, encoding: str, end: str) -> None:
    file = tmp_path / "users.txt"
    file.write_bytes(f"Jörg:{old_line('a')}{end}bob:{old_line('b')}{end}".encode(encoding))

    assert set(read_users(file)) == {"Jörg", "bob"}


def test_a_file_that_is_no_text_or_is_gone_is_told(tmp_path: Path) -> None:
    file = tmp_path / "users.txt"
    with pytest.raises(SettingsError, match=r"users\.txt cannot be read"):
        read_users(file)
    file.write_bytes(f"Jörg:{old_line('a')}\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"users\.txt is not UTF-8 text"):
        read_users(file)
