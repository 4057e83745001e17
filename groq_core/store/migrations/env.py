"""What Alembic runs: the migrations, on the connection it is given."""

from __future__ import annotations

from alembic import context

from groq_core.store.tables import Base


def run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=False,  # the transaction is the caller's
        render_as_batch=True,
    )
    context.run_migrations()


if __name__ == "env_py":  # as Alembic calls it
    run()
