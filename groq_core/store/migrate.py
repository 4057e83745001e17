"""Bring the tables up to date with Alembic, from the migrations that travel inside the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

FOLDER: Final = Path(__file__).parent / "migrations"

LOCK: Final = 0x67726F71
"""Of PostgreSQL's advisory locks: replicas that start together take turns."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def newest() -> str:
    """The revision that this version of the program works with."""
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def revisions() -> frozenset[str]:
    """Every revision that the tables have had."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(config()).walk_revisions())


def current(connection: Connection) -> str | None:
    """The revision the tables have; None for a database without any."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection) -> None:
    """Apply what is missing, inside the transaction that is open."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if current(connection) != newest():
        command.upgrade(config(connection), "head")
