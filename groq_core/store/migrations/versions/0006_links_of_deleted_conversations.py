"""The link of a shared conversation that was deleted, so that taking the deletion back brings it back too."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("deleted_conversations", sa.Column("share", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("deleted_conversations", "share")
