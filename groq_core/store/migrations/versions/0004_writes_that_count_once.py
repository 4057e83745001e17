"""Numbered writes, so that one whose answer was lost is not done twice."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "writers",
        sa.Column("process", sa.String(32), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("beat", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("process", name="pk_writers"),
    )


def downgrade() -> None:
    op.drop_table("writers")
