"""Open what the settings name: the database, and what replicas share. Only who has one waits for its libraries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from groq_core.fallback.health import Health, LocalHealth
from groq_core.ratelimit.budgets import LocalBudgets
from groq_core.settings.settings import Settings
from groq_core.settings.team_extra import require_team

if TYPE_CHECKING:
    from groq_core.store.shared.shared_state import SharedState
    from groq_core.store.team import Team


@asynccontextmanager
async def team_of(settings: Settings) -> AsyncIterator[Team | None]:
    """
    The database behind people, keys, spend and conversations; None where the settings name none.

    Raises:
        SettingsError: It cannot be used, or what it needs is not installed.
    """
    if settings.database is None:
        yield None
        return
    require_team()
    from groq_core.store.team import open_team

    async with open_team(settings) as team:
        yield team


def shared_state_of(
    settings: Settings, budgets: LocalBudgets, breakers: LocalHealth, health: Health, changed: Callable[[], None]
) -> SharedState | None:
    """
    What several processes share in Redis, not begun yet; None where the settings name none.

    Raises:
        SettingsError: The client of Redis is not installed.
    """
    if not settings.redis_url:
        return None
    require_team(redis=True)
    from groq_core.store.shared.shared_state import SharedState

    return SharedState(settings, budgets=budgets, store=breakers, health=health, changed=changed)
