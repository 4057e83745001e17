"""Sessions that were ended before their time, and a mark of the secret that signs them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "ended_sessions",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("session", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_ended_sessions"),
    )
    op.create_table(
        "secret_marks",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_secret_marks"),
    )


def downgrade() -> None:
    op.drop_table("secret_marks")
    op.drop_table("ended_sessions")
