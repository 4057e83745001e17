"""People, API keys, limits, spend, conversations, audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    "people",
    "teams",
    "api_keys",
    "usage",
    "spend",
    "conversations",
    "messages",
    "audit",
    "announcements",
)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("limits", sa.Text()),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("seen", sa.Float()),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("limits", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="pk_teams"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("start", sa.String(16), nullable=False),
        sa.Column("limits", sa.Text()),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float()),
        sa.Column("revoked", sa.Float()),
        sa.Column("used", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "usage",
        sa.Column("subject", sa.String(210), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("window", sa.String(10), nullable=False),
        sa.Column("slot", NUMBER, nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("loaned", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", "window", "slot", name="pk_usage"),
    )
    op.create_table(
        "spend",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("key", NUMBER, nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("requests", NUMBER, nullable=False),
        sa.Column("cached", NUMBER, nullable=False),
        sa.Column("tokens_in", NUMBER, nullable=False),
        sa.Column("tokens_out", NUMBER, nullable=False),
        sa.Column("audio_s", sa.Float(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("day", "person", "key", "model", name="pk_spend"),
    )
    op.create_table(
        "conversations",
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("head", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("updated", sa.Float(), nullable=False),
        sa.Column("share", sa.String(64)),
        sa.PrimaryKeyConstraint("owner", "id", name="pk_conversations"),
        sa.UniqueConstraint("share", name="uq_conversations_share"),
    )
    op.create_index("ix_conversations_owner_updated", "conversations", ["owner", "updated"])
    op.create_table(
        "messages",
        sa.Column("number", NUMBER, nullable=False, autoincrement=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("conversation", sa.String(64), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.UniqueConstraint("owner", "id", name="uq_messages_owner_id"),
    )
    op.create_index("ix_messages_owner_conversation", "messages", ["owner", "conversation"])
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        sa.Column("subject", sa.String(210), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "announcements",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_announcements"),
    )
    _search()


def _search() -> None:
    """Words of messages: FTS5 on SQLite, a tsvector on PostgreSQL. Neither is a table of the models."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_messages_words ON messages USING gin (to_tsvector('simple', text))")
        return
    op.execute(
        "CREATE VIRTUAL TABLE message_words USING fts5("
        "owner, text, content='messages', content_rowid='number', tokenize='unicode61 remove_diacritics 2')"
    )
    new = "INSERT INTO message_words(rowid, owner, text) VALUES (new.number, new.owner, new.text)"
    old = (
        "INSERT INTO message_words(message_words, rowid, owner, text) "
        "VALUES ('delete', old.number, old.owner, old.text)"
    )
    op.execute(f"CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN {new}; END")
    op.execute(f"CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN {old}; END")
    op.execute(f"CREATE TRIGGER messages_changed AFTER UPDATE ON messages BEGIN {old}; {new}; END")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE message_words")
    for table in reversed(TABLES):
        op.drop_table(table)
