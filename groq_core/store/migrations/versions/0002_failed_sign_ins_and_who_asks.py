"""Failed sign-ins, and who is asking now."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "failed_sign_ins",
        sa.Column("id", NUMBER, nullable=False, autoincrement=True),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("way", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_failed_sign_ins"),
    )
    op.create_index("ix_failed_sign_ins_at", "failed_sign_ins", ["at"])
    op.create_table(
        "asking",
        sa.Column("process", sa.String(32), nullable=False),
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("beat", sa.Float(), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("user", sa.String(200), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("process", "number", name="pk_asking"),
    )


def downgrade() -> None:
    op.drop_table("asking")
    op.drop_table("failed_sign_ins")
