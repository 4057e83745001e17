"""
Which models can be asked for now: the registry, corrected by the provider's own list.

The list is read at the start and every ten minutes. Where it cannot be read, the last one that was read
counts, or else the registry alone; either way the catalogue says so, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeGuard

import msgspec

from groq_core.errors import GroqCoreError
from groq_core.models.discovery import classify_entry, correct
from groq_core.models.providers import provider_names
from groq_core.models.registry import MODELS
from groq_core.models.spec import ModelSpec
from groq_core.redaction import redact

Entry: TypeAlias = dict[str, Any]
"""One object of ``GET /models``, as it came."""

Fetch: TypeAlias = Callable[[], Awaitable[list[Entry]]]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """
    What is known about every model at one moment.

    Attributes:
        specs: Name to model, both providers, living and dead.
        listed: Names Groq lists for this key; None where no list could be read, and then any may be tried.
        discovered: Those of ``listed`` that the registry does not know, or knows as dead; sorted.
        gone: Names that answered "no such model", and what they said; until a list names them anew.
        source: ``live``, ``stale`` (live once, unreachable now) or ``static``.
        checked_at: Unix time of the list; None without one.
        note: How it came about, for a person.
    """

    specs: Mapping[str, ModelSpec]
    listed: frozenset[str] | None = None
    discovered: tuple[str, ...] = ()
    gone: Mapping[str, str] = _NOTHING
    source: Literal["live", "stale", "static"] = "static"
    checked_at: float | None = None
    note: str = ""

    @cached_property
    def _exact(self) -> Mapping[str, ModelSpec]:
        """Every model by its name, and by its id where no provider that is asked before has that: each call looks."""
        found: dict[str, ModelSpec] = {}
        for provider in reversed(provider_names()):
            own = f"{provider}:"
            found |= {name.removeprefix(own): spec for name, spec in self.specs.items() if name.startswith(own)}
        return found | dict(self.specs)

    def lookup(self, text: str) -> ModelSpec | None:
        """
        Find a model by id or ``provider:id``, in any case; where both providers have the id, Groq's.

        >>> static_catalogue().lookup("OpenAI/GPT-OSS-20b").name
        'groq:openai/gpt-oss-20b'
        """
        wanted = text.strip()
        if spec := self._exact.get(wanted):
            return spec
        for provider in provider_names():
            if spec := self.specs.get(f"{provider}:{wanted}"):
                return spec
        folded = wanted.casefold()
        matches = [spec for spec in self.specs.values() if folded in (spec.name.casefold(), spec.id.casefold())]
        return min(matches, key=lambda spec: provider_names().index(spec.provider), default=None)

    def suggestions(self, text: str) -> tuple[str, ...]:
        """
        Name up to three ids that may have been meant, nearest first, none that is known to be missing.

        >>> static_catalogue().suggestions("gpt-oss-20")
        ('openai/gpt-oss-20b', 'openai/gpt-oss-120b', 'openai/gpt-oss-safeguard-20b')
        """
        ids = {spec.id.casefold(): spec.id for spec in self.specs.values() if not self.absence(spec)}
        tails = {folded.rpartition("/")[2]: id for folded, id in ids.items()}
        near = get_close_matches(text.strip().casefold(), [*ids, *tails], n=6, cutoff=0.5)
        return tuple(dict.fromkeys(ids.get(match) or tails[match] for match in near))[:3]

    def absence(self, spec: ModelSpec) -> str:
        """Say why a model cannot be asked for ("is not offered to this key"); empty where it can."""
        if why := self.gone.get(spec.name):
            return why
        if spec.provider != "groq" or self.listed is None or spec.name in self.listed:
            return ""
        return "is not offered to this key"

    def doubtful(self, spec: ModelSpec) -> bool:
        """Without a list, the registry's word that a model is shut down is a doubt, not a fact."""
        return self.listed is None and spec.status in ("enterprise", "retired")

    def status(self, now: float) -> CatalogueStatus:
        age = None if self.checked_at is None else max(0.0, now - self.checked_at)
        return CatalogueStatus(source=self.source, age_s=age, note=self.note)


def life(spec: ModelSpec) -> str:
    """
    Put a model's life cycle in words; empty while there is nothing to tell.

    >>> life(MODELS["groq:llama-3.1-8b-instant"])
    'shut down 2026-08-16, enterprise contracts only; its successor is openai/gpt-oss-20b'
    """
    match spec.status:
        case "active":
            return ""
        case "announced":
            told = f"will be shut down {spec.shutdown}"
        case "retired":
            told = f"shut down {spec.shutdown}" if spec.shutdown else "shut down"
        case "enterprise":
            told = f"shut down {spec.shutdown}, " if spec.shutdown else ""
            told += "enterprise contracts only"
    return told + (f"; its successor is {spec.replacement}" if spec.replacement else "")


def merge(static: Mapping[str, ModelSpec], entries: Iterable[object], *, now: float) -> Catalogue:
    """
    Correct the registry by Groq's list.

    A listed model is offered whatever the registry says of its life: an enterprise key sees models that
    are shut down for others. An inactive one is not offered. An unknown id is classified by what the list
    tells of it.

    Args:
        static: The registry, with what the settings add.
        entries: The objects of ``GET /models``; what is not one is skipped.
        now: Unix time.
    """
    specs = dict(retire_by_date(static, now))
    listed, discovered = set[str](), list[str]()
    for entry in entries:
        if not _names_a_model(entry) or entry.get("active") is False:
            continue
        name = f"groq:{entry['id']}"
        known = specs.get(name)
        if known is None or known.status == "retired":
            discovered.append(name)
            specs[name] = classify_entry(entry)
        else:
            specs[name] = correct(known, entry)
        listed.add(name)
    return Catalogue(
        specs=MappingProxyType(specs),
        listed=frozenset(listed),
        discovered=tuple(sorted(discovered)),
        source="live",
        checked_at=now,
        note=f"{len(listed)} {'model is' if len(listed) == 1 else 'models are'} listed for this key",
    )


def _names_a_model(entry: object) -> TypeGuard[Entry]:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def with_backup(catalogue: Catalogue, entries: Iterable[object], *, now: float) -> Catalogue:
    """
    Correct what is known of the backup's models by its own list, which tells when one is to be shut down.

    A list that leaves a model out proves nothing: many servers of the dialect serve more than they list.
    """
    specs = dict(catalogue.specs)
    for entry in entries:
        if _names_a_model(entry) and entry.get("shutdown_date"):
            name = f"openai:{entry['id']}"
            if (known := specs.get(name)) is not None:
                specs[name] = correct(known, entry)
    return msgspec.structs.replace(catalogue, specs=retire_by_date(specs, now))


def retire_by_date(static: Mapping[str, ModelSpec], now: float) -> Mapping[str, ModelSpec]:
    """Retire what was announced to be shut down and now is."""
    today: date = datetime.fromtimestamp(now, UTC).date()
    return MappingProxyType(
        {
            name: msgspec.structs.replace(spec, status="retired")
            if spec.status == "announced" and spec.shutdown is not None and spec.shutdown <= today
            else spec
            for name, spec in static.items()
        }
    )


def static_catalogue(static: Mapping[str, ModelSpec] = MODELS, *, now: float | None = None) -> Catalogue:
    """Make do with the registry."""
    return Catalogue(
        specs=retire_by_date(static, time.time() if now is None else now),
        note="Groq's list of models has not been read yet; the built-in table counts",
    )


class CatalogueKeeper:
    """
    Keep the newest catalogue.

    Attributes:
        current: Never None and never waits: the registry alone until the first list is in.
        version: Grows with every change of ``current``.
    """

    def __init__(
        self,
        fetch: Fetch | None,
        *,
        backup: Fetch | None = None,
        static: Mapping[str, ModelSpec] = MODELS,
        interval: float = 600.0,
        timeout: float = 10.0,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        forgiving: bool = False,
    ) -> None:
        """
        Args:
            fetch: Reads ``data`` of ``GET /models``; raises :class:`GroqCoreError`. None: nobody to ask.
            backup: The same of the backup, for the days on which its models are shut down.
            static: The registry, with what the settings add.
            interval: Seconds between two readings.
            timeout: Seconds one reading may take.
            wall: Unix time.
            sleep, jitter: How to wait, and a number in [0, 1) to keep many processes out of step.
            forgiving: Every list that names a model again is believed: on the simulator what is gone was switched off.
        """
        self._fetch = fetch
        self._backup = backup
        self._static = static
        self._interval = interval
        self._timeout = timeout
        self._wall = wall
        self._sleep = sleep
        self._jitter = jitter
        self._forgiving = forgiving
        self._named: dict[str, frozenset[str]] = {}
        self._listeners: list[Callable[[Catalogue], None]] = []
        self._wake = asyncio.Event()
        self.version = 0
        self.current = static_catalogue(static, now=wall())
        if fetch is None:
            self.current = msgspec.structs.replace(self.current, note="there is no Groq key; the built-in table counts")

    def knows(self, model: str) -> bool:
        """Whether there is such a model, by its id or as ``provider:id``."""
        return self.current.lookup(model) is not None

    def subscribe(self, listener: Callable[[Catalogue], None]) -> Callable[[], None]:
        """Call back on every change; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def refresh(self, *, believe_gone: bool = False) -> bool:
        """
        Read the list once.

        Args:
            believe_gone: Models that were marked as gone stay so, although the list may still name them.

        Returns:
            Whether it could be read; if not, what was known before stays, and the note says why.
        """
        if self._fetch is None:
            return False
        try:
            async with asyncio.timeout(self._timeout):
                entries = await self._fetch()
        except TimeoutError:
            self._keep_old(f"no answer within {self._timeout:g} s")
        except (GroqCoreError, OSError) as error:
            self._keep_old(redact(str(error)))
        else:
            catalogue = merge(self._static, entries, now=self._wall())
            if catalogue.listed:
                gone = self._still_gone("groq", entries, believe_gone=believe_gone)
                catalogue = msgspec.structs.replace(catalogue, gone=gone)
                self._set(catalogue)
                await self._read_backup()
                return True
            self._keep_old("it is empty")
        return False

    async def _read_backup(self) -> None:
        """Read the backup's list; without one, what the registry says of it stands."""
        if self._backup is None:
            return
        try:
            async with asyncio.timeout(self._timeout):
                entries = await self._backup()
        except (TimeoutError, GroqCoreError, OSError):
            return
        told = with_backup(self.current, entries, now=self._wall())
        told = msgspec.structs.replace(told, gone=self._still_gone("openai", entries, believe_gone=False))
        if (told.specs, told.gone) != (self.current.specs, self.current.gone):
            self._set(told)

    def _still_gone(self, provider: str, entries: Iterable[object], *, believe_gone: bool) -> Mapping[str, str]:
        """
        Keep in mind who answered "no such model": a list that goes on naming it as before is no news.

        Asked again after every list, an id that is dead but listed would cost a call every ten minutes.
        """
        named = frozenset(f"{provider}:{entry['id']}" for entry in entries if _names_a_model(entry))
        before, self._named[provider] = self._named.get(provider, named), named
        if believe_gone:
            return self.current.gone
        return MappingProxyType(
            {
                name: why
                for name, why in self.current.gone.items()
                if not name.startswith(f"{provider}:") or (not self._forgiving and (name in named) == (name in before))
            }
        )

    async def run(self) -> None:
        """
        Read the list now and every ``interval`` seconds until cancelled.

        Sooner after a failure, and at once when a model turns out to be gone: its successor may be new.
        """
        failures, early = 0, False
        while True:
            failures = 0 if await self.refresh(believe_gone=early) else failures + 1
            pause = self._interval if failures == 0 else min(self._interval, FIRST_RETRY_S * 2 ** (failures - 1))
            early = await self._pause(pause * (0.9 + 0.2 * self._jitter()))

    async def _pause(self, seconds: float) -> bool:
        """Wait; returns whether it was cut short by a model that is gone."""
        sleeping = asyncio.ensure_future(self._sleep(seconds))
        waking = asyncio.ensure_future(self._wake.wait())
        try:
            done, _ = await asyncio.wait((sleeping, waking), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return waking in done
        finally:
            self._wake.clear()
            sleeping.cancel()
            waking.cancel()

    def mark_gone(self, name: str, why: str = "is no longer offered to this key") -> None:
        """Believe an answer "no such model" until a list names it anew; ``name`` is ``provider:id``."""
        if name not in self.current.gone:
            gone = MappingProxyType({**self.current.gone, name: why})
            self._set(msgspec.structs.replace(self.current, gone=gone))
            self._wake.set()

    def _keep_old(self, why: str) -> None:
        if self.current.listed is None:
            source: Literal["stale", "static"] = "static"
            counts = "the built-in table counts"
        else:
            source, counts = "stale", "the last one that was read counts"
        note = f"Groq's list of models could not be read ({why}); {counts}"
        if (source, note) != (self.current.source, self.current.note):
            self._set(msgspec.structs.replace(self.current, source=source, note=note))

    def _set(self, catalogue: Catalogue) -> None:
        self.current = catalogue
        self.version += 1
        for listener in tuple(self._listeners):
            listener(catalogue)


FIRST_RETRY_S: Final = 5.0
"""Seconds to the second reading after one that failed; doubles."""


class CatalogueStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where the list of models comes from: ``live``, ``stale`` (live once, unreachable now) or ``static``."""

    source: Literal["live", "stale", "static"]
    age_s: float | None
    note: str
