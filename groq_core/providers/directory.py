"""The providers that the settings give a client for, and which of them an attempt goes to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Protocol

from groq_core.errors import ChainError, SettingsError
from groq_core.events import Events
from groq_core.models.providers import added_providers
from groq_core.pipeline import Attempt
from groq_core.providers import Provider
from groq_core.providers.common import SdkProvider
from groq_core.providers.groq import GroqProvider
from groq_core.providers.openai_compatible import OpenAICompatibleProvider
from groq_core.redaction import Secret
from groq_core.settings.settings import Settings

if TYPE_CHECKING:
    from groq_core.providers.groq_batch import GroqBatches

SIMULATED_KEY: Final = Secret("gsk_simulated")


class SimulatorUrls(Protocol):
    """Where the built-in providers listen."""

    @property
    def groq_url(self) -> str: ...

    @property
    def openai_url(self) -> str: ...


class Clients:
    """
    A client for each provider; called with an attempt, it asks the one that the attempt is for.

    Args:
        simulator: The built-in providers, where they answer instead of the real ones.

    Attributes:
        by_name: Groq, the backup and those registered beside them, as far as there are keys.
        visitors: Whom a visitor's own key is shown to; None where own keys are not welcome.
    """

    def __init__(self, settings: Settings, simulator: SimulatorUrls | None) -> None:
        self._settings = settings
        self._simulator = simulator
        self._closed = False
        added = {spec.name: client for spec in added_providers() if (client := spec.client()) is not None}
        self.by_name: Mapping[str, Provider] = _built_in_clients(settings, simulator) | added
        self.visitors = self._visitors_client()
        self.has_server_key = simulator is not None or settings.groq_api_key is not None

    def __call__(self, attempt: Attempt) -> Events:
        if self._closed:
            raise ChainError(
                "the application has been closed", hint="Ask while the `async with` that opened it has not been left."
            )
        own = attempt.spec.provider == "groq" and attempt.request.caller.groq_key is not None
        return (self.visitors if own and self.visitors else self.by_name[attempt.spec.provider])(attempt)

    def prepare_uploads(self) -> None:
        """Import what the first upload would wait for; takes a second, and may run in a thread."""
        for client in {*self.by_name.values(), self.visitors}:
            if isinstance(client, SdkProvider):
                client.prepare_uploads()

    @property
    def are_simulated(self) -> bool:
        return self._simulator is not None

    def has_key(self, provider: str, *, visitor: bool = False) -> bool:
        """Whether a provider can be asked at all, with the server's key or a visitor's own."""
        if visitor and self.visitors is not None and self.visitors is not self.by_name.get("groq"):
            return provider == "groq"  # real answers for a real key: the simulator is no backup of Groq
        return provider in self.by_name and (provider != "groq" or self.has_server_key or visitor)

    def model_lists(self) -> dict[str, Callable[[], Awaitable[list[dict[str, Any]]]]]:
        """What reads a provider's list of models, by its name, where the server's own keys can."""
        return {name: one.models for name, one in self.by_name.items() if name != "groq" or self.has_server_key}

    def batches(self) -> GroqBatches:
        """
        Groq's Batch API with the application's own key; ``async with`` closes it.

        Raises:
            SettingsError: There is no key.
        """
        from groq_core.providers.groq_batch import GroqBatches

        if self._simulator is not None:
            return GroqBatches(SIMULATED_KEY, self._simulator.groq_url)
        if self._settings.groq_api_key is None:
            raise SettingsError("Groq's Batch API needs GROQ_API_KEY", hint="Set it, or ask live.")
        return GroqBatches(self._settings.groq_api_key, self._settings.groq_base_url)

    async def close(self) -> None:
        """Hang up everything that is open; nobody is asked any more."""
        self._closed = True
        async with AsyncExitStack() as closing:
            for client in {id(one): one for one in (*self.by_name.values(), self.visitors) if one is not None}.values():
                closing.push_async_callback(client.close)

    def _visitors_client(self) -> Provider | None:
        # A key is for Groq: on a server without one of its own, which runs on the simulator, it goes to Groq all the
        # same, unless the simulator was asked for.
        if not self._settings.visitor_keys:
            return None
        if self._simulator is not None and not self._settings.offline:
            return GroqProvider(None, self._settings.groq_base_url)
        return self.by_name.get("groq")


def _built_in_clients(settings: Settings, simulator: SimulatorUrls | None) -> dict[str, Provider]:
    if simulator is not None:
        return {
            "groq": GroqProvider(SIMULATED_KEY, simulator.groq_url),
            "openai": OpenAICompatibleProvider(SIMULATED_KEY, simulator.openai_url),
        }
    found: dict[str, Provider] = {}
    if settings.groq_api_key or settings.visitor_keys:
        found["groq"] = GroqProvider(settings.groq_api_key, settings.groq_base_url)
    if settings.has_backup:
        # Servers of one's own want no key, but the SDK wants one to be there.
        key = settings.openai_api_key or Secret("none")
        found["openai"] = OpenAICompatibleProvider(key, settings.openai_base_url)
    return found
