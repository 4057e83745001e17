"""The tables. A change here is a migration in ``migrations/versions``."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Boolean, Float, Index, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAME: Final = 200
"""Longest name of a person, a group or a key."""

Number = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Person(Base):
    """
    Somebody who signs in.

    Attributes:
        role: ``user`` or ``admin``.
        password: Its hash; None for somebody who signs in elsewhere (a file, OpenID Connect, Hugging Face).
        limits: This person's own, instead of the settings'; as the operator wrote them.
        team: The group whose limits hold for all its people together; empty for none.
    """

    __tablename__ = "people"

    name: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    role: Mapped[str] = mapped_column(String(10), default="user")
    password: Mapped[str | None] = mapped_column(String(200))
    limits: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str] = mapped_column(String(NAME), default="")
    created: Mapped[float] = mapped_column(Float)
    seen: Mapped[float | None] = mapped_column(Float)


class TeamRow(Base):
    """A group of people with limits in common."""

    __tablename__ = "teams"

    name: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    limits: Mapped[str | None] = mapped_column(Text)


class ApiKey(Base):
    """
    A key of a person or a program. The key itself is nowhere; only its SHA-256 is, which 256 random bits need no more
    than.
    """

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(NAME), unique=True)
    person: Mapped[str] = mapped_column(String(NAME), default="")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    start: Mapped[str] = mapped_column(String(16))
    limits: Mapped[str | None] = mapped_column(Text)
    created: Mapped[float] = mapped_column(Float)
    expires: Mapped[float | None] = mapped_column(Float)
    revoked: Mapped[float | None] = mapped_column(Float)
    used: Mapped[float | None] = mapped_column(Float)


class UsageRow(Base):
    """
    How much of a limit is taken: by whom, of what, in which part of which window.

    Attributes:
        amount: Taken in all: spent, or on loan to a process.
        loaned: The part of it that a process holds and has not said it spent.
    """

    __tablename__ = "usage"

    subject: Mapped[str] = mapped_column(String(NAME + 10), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    window: Mapped[str] = mapped_column(String(10), primary_key=True)
    slot: Mapped[int] = mapped_column(Number, primary_key=True)
    amount: Mapped[float] = mapped_column(Float, default=0.0)
    loaned: Mapped[float] = mapped_column(Float, default=0.0)


class Spend(Base):
    """The ledger: what was spent by whom, with which key, on which model, on which day (UTC)."""

    __tablename__ = "spend"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    person: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    key: Mapped[int] = mapped_column(Number, primary_key=True)
    model: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    requests: Mapped[int] = mapped_column(Number, default=0)
    cached: Mapped[int] = mapped_column(Number, default=0)
    tokens_in: Mapped[int] = mapped_column(Number, default=0)
    tokens_out: Mapped[int] = mapped_column(Number, default=0)
    audio_s: Mapped[float] = mapped_column(Float, default=0.0)
    usd: Mapped[float] = mapped_column(Float, default=0.0)


class Conversation(Base):
    """
    A conversation of somebody who signed in.

    Attributes:
        head: As the page wrote it; only the page reads it.
        share: The word in the link of a shared one; None for one that is not.
    """

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_owner_updated", "owner", "updated"),)

    owner: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(Text, default="")
    head: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[float] = mapped_column(Float)
    updated: Mapped[float] = mapped_column(Float)
    share: Mapped[str | None] = mapped_column(String(64), unique=True)


class Message(Base):
    """
    A message of a conversation, which is a tree of them.

    Attributes:
        body: As the page wrote it, its text included.
        text: For the search.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("owner", "id"),
        Index("ix_messages_owner_conversation", "owner", "conversation"),
    )

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(NAME))
    id: Mapped[str] = mapped_column(String(64))
    conversation: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    text: Mapped[str] = mapped_column(Text, default="")


class DeletedConversation(Base):
    """
    One that its owner deleted, so that what another device of theirs writes late does not bring it back.

    Attributes:
        share: The word of its link, which leads nowhere until the deletion is taken back.
    """

    __tablename__ = "deleted_conversations"

    owner: Mapped[str] = mapped_column(String(NAME), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[float] = mapped_column(Float)
    share: Mapped[str | None] = mapped_column(String(64))


class Audit(Base):
    """Who changed what."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    who: Mapped[str] = mapped_column(String(NAME))
    action: Mapped[str] = mapped_column(String(50))
    subject: Mapped[str] = mapped_column(String(NAME + 10))
    detail: Mapped[str] = mapped_column(Text, default="")


class Announcement(Base):
    """What an admin wants everybody to read; the newest one counts."""

    __tablename__ = "announcements"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float)
    text: Mapped[str] = mapped_column(Text)


class FailedSignIn(Base):
    """A sign-in that was refused; ``person`` only where there is somebody of that name."""

    __tablename__ = "failed_sign_ins"

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float, index=True)
    address: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(NAME), default="")
    way: Mapped[str] = mapped_column(String(20))


class EndedSession(Base):
    """A session that somebody ended before its time, by its id; the id alone signs nobody in."""

    __tablename__ = "ended_sessions"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    session: Mapped[str] = mapped_column(String(64))


class SecretMarkRow(Base):
    """Since when servers sign with which secret, by a mark from which nobody learns it; the newest row counts."""

    __tablename__ = "secret_marks"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    mark: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Float)


class AskingRow(Base):
    """Somebody who asks a process right now, as of its last ``beat``."""

    __tablename__ = "asking"

    process: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    beat: Mapped[float] = mapped_column(Float)
    person: Mapped[str] = mapped_column(String(NAME))
    user: Mapped[str] = mapped_column(String(NAME))
    operation: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(NAME))
    since: Mapped[float] = mapped_column(Float)


class WriterRow(Base):
    """The last of a process's numbered writes, so that one whose answer was lost is not done twice."""

    __tablename__ = "writers"

    process: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Number)
    beat: Mapped[float] = mapped_column(Float)


class ShelfRow(Base):
    """A response that can be read again; only the API reads it."""

    __tablename__ = "shelf"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    ends: Mapped[float] = mapped_column(Float, index=True)


class BatchFile(Base):
    """
    A file for a batch, or of its answers; its content is in :class:`BatchPart` under the same id.

    Attributes:
        owner: A hash of whose it is.
    """

    __tablename__ = "batch_files"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[float] = mapped_column(Float)
    body: Mapped[str] = mapped_column(Text)


class BatchPart(Base):
    """Some of the content of a file, or of the answers of a batch so far; base64, since text holds no zero bytes."""

    __tablename__ = "batch_parts"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Number, primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class Batch(Base):
    """
    A batch, and which process carries it out.

    Attributes:
        cancelled: When somebody wanted it to end; only its holder ends it.
        held_until: By the database's clock; then another process may go on with it.
    """

    __tablename__ = "batches"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[float] = mapped_column(Float)
    open: Mapped[bool] = mapped_column(Boolean)
    cancelled: Mapped[float | None] = mapped_column(Float)
    holder: Mapped[str | None] = mapped_column(String(32))
    held_until: Mapped[float] = mapped_column(Float, default=0.0)
    body: Mapped[str] = mapped_column(Text)


_OF_PROCESSES: Final = (AskingRow.__table__, WriterRow.__table__, SecretMarkRow.__table__)

TABLES: Final = tuple(table for table in Base.metadata.sorted_tables if table not in _OF_PROCESSES)
"""Those that last: what a backup holds."""
