"""Whether what only a team needs is installed."""

from __future__ import annotations

from importlib.util import find_spec

from groq_core.errors import SettingsError

HINT = "Install it: pip install -r requirements-team.txt, or pip install 'groq-core[team]'."


def require_team(*, redis: bool = False, open_id: bool = False) -> None:
    """
    Args:
        redis: The client of Redis is needed; else what a database needs.
        open_id: What signing in with an OpenID provider needs.

    Raises:
        SettingsError: It is not installed; says how to.
    """
    wanted: tuple[str, ...]
    if redis:
        setting, wanted = "GROQ_CORE_REDIS_URL", ("redis",)
    elif open_id:
        setting, wanted = "GROQ_CORE_OIDC_ISSUER", ("authlib", "joserfc")
    else:
        setting, wanted = "GROQ_CORE_DATABASE", ("sqlalchemy", "alembic", "aiosqlite", "psycopg")
    lacking = [name for name in wanted if find_spec(name) is None]
    if lacking:
        raise SettingsError(f"{setting} needs {', '.join(lacking)}, which only a team needs", hint=HINT)
