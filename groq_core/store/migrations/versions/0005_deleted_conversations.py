"""Conversations that were deleted, so that what a device writes late does not bring them back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "deleted_conversations",
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "id", name="pk_deleted_conversations"),
    )


def downgrade() -> None:
    op.drop_table("deleted_conversations")
