"""
Who is awake: a breaker for every target and for every provider, kept per credential.

Three states. *Closed*: asked as usual. *Cooling down* (`resting` outwardly): it failed, and is not asked until its
time is up. *Probing*: its time is up and exactly one request finds out; the others still pass it by. The outcome
counts when a stream ends, not when it opens, and a reader who leaves counts for nothing.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from math import inf
from typing import Protocol

import msgspec

from groq_core.errors import Kind, ProviderError
from groq_core.failures import policy
from groq_core.models.catalogue import Catalogue
from groq_core.requests import SERVER, VISITOR, credential_at
from groq_core.router.availability import Admission

VISITOR_GONE_S = 86_400.0
"""Seconds a visitor's key is not asked again for a model that it was told does not exist."""

QUIET_S = 1.0
"""Seconds after a failure in which nobody tries again out of turn."""

TRANSIENT = frozenset(
    {
        Kind.OVER_CAPACITY,
        Kind.SERVER_ERROR,
        Kind.CONNECTION,
        Kind.STREAM_CUT,
        Kind.STREAM_ERROR,
        Kind.EMPTY_ANSWER,
        Kind.MALFORMED,
    }
)
"""Failures that come quickly and may be one request's alone; silence costs its reader too much to try again."""


class BreakerState(msgspec.Struct):
    """
    One target's or provider's health.

    Attributes:
        failures: Failures in a row, which is also the rung of the ladder.
        cooling_until: Clock time; 0 when closed, infinity when gone.
        told_until: Clock time until which the provider asked not to be asked; what is beyond it is our guess.
        answered_at: Clock time at which an answer last came to its end.
        probing_since: Clock time at which the one probe was let through; None when there is none.
    """

    failures: int = 0
    cooling_until: float = 0.0
    probing_since: float | None = None
    told_until: float = 0.0
    answered_at: float | None = None
    last_error: Kind | None = None
    last_error_text: str = ""
    last_error_at: float | None = None

    @property
    def is_closed(self) -> bool:
        return self.cooling_until == 0.0

    def close(self) -> None:
        """Forget what was held against it."""
        self.failures, self.cooling_until, self.told_until, self.probing_since = 0, 0.0, 0.0, None

    def admission(self, now: float) -> Admission:
        """What a request that came now would meet; asks without taking the probe."""
        if self.cooling_until == inf:
            return "gone"
        if self.is_closed:
            return "closed"
        if now < self.cooling_until or self.probing_since is not None:
            return "resting"
        return "probe"


def _has_answered_since(breaker: BreakerState, began: float | None) -> bool:
    return began is not None and breaker.answered_at is not None and breaker.answered_at > began


def _was_told_since(breaker: BreakerState, began: float | None, now: float) -> bool:
    """Whether the provider said, later than that, that it is not to be asked yet, or that it will not answer this."""
    if began is None or breaker.last_error_at is None or breaker.last_error_at < began:
        return False
    fixed = breaker.last_error is not None and policy.POLICY[breaker.last_error].cooldown not in (None, 0.0)
    return now < breaker.cooling_until and (fixed or now < breaker.told_until)


class HealthStore(Protocol):
    """Where breakers live: in process now, shared between replicas later."""

    def of(self, credential: str, name: str) -> BreakerState: ...

    def find(self, credential: str, name: str) -> BreakerState | None: ...

    def under(self, credential: str) -> list[tuple[str, BreakerState]]: ...


class LocalHealth:
    """
    Breakers in this process, by credential and name (``provider:model`` or ``provider``).

    Args:
        capacity: Breakers kept; the least recently used, that is told of, of visitors' keys go first.
    """

    def __init__(self, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._used: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._breakers: defaultdict[str, dict[str, BreakerState]] = defaultdict(dict)

    def of(self, credential: str, name: str) -> BreakerState:
        credential = credential_at(name.partition(":")[0], credential)
        self._used[credential, name] = None
        self._used.move_to_end((credential, name))
        named = self._breakers[credential]
        breaker = named.get(name)
        if breaker is None:
            breaker = named[name] = BreakerState()
            if len(self._used) > self._capacity:
                self._drop_oldest()
        return breaker

    def _drop_oldest(self) -> None:
        (credential, name), _ = self._used.popitem(last=False)
        named = self._breakers[credential]
        del named[name]
        if not named:
            del self._breakers[credential]

    def find(self, credential: str, name: str) -> BreakerState | None:
        # It is `of` that counts as use.
        named = self._breakers.get(credential_at(name.partition(":")[0], credential))
        return named.get(name) if named is not None else None

    def under(self, credential: str) -> list[tuple[str, BreakerState]]:
        """All breakers under a credential, or of those that it is not shown to."""
        found = list(self._breakers.get(credential, {}).items())
        if credential.startswith(VISITOR):
            shared = self._breakers.get(SERVER, {}).items()
            found += [(name, one) for name, one in shared if name.partition(":")[0] != "groq"]
        return found


class Health:
    """
    Ask and tell how targets are.

    Args:
        store: Where the breakers live.
        cooldown: Seconds of the first one.
        changed: Called whenever a state changes, for the status panel.

    Attributes:
        version: Grows with every change, whoever it is about.
    """

    def __init__(
        self,
        store: HealthStore,
        *,
        cooldown: float,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._cooldown = cooldown
        self._clock = clock
        self._tell = changed
        self._suspects: dict[str, frozenset[str]] = {}
        self.version = 0

    def _notify(self) -> None:
        self.version += 1
        self._suspects.clear()
        self._tell()

    def announce(self) -> None:
        """Something was changed from elsewhere: another process told of a cooldown."""
        self._notify()

    def suspects(self, credential: str) -> frozenset[str]:
        """Targets and providers whose breaker is not closed: nearly always none, and asked before every attempt."""
        found = self._suspects.get(credential)
        if found is None:
            held = self._store.under(credential)
            found = self._suspects[credential] = frozenset(name for name, one in held if not one.is_closed)
        return found

    def admission(self, credential: str, provider: str, name: str) -> Admission:
        """The worse of the target's own state and its provider's."""
        suspects = self.suspects(credential)
        if name not in suspects and provider not in suspects:
            return "closed"
        own, whole = self._store.find(credential, name), self._store.find(credential, provider)
        now = self._clock()
        states = [breaker.admission(now) for breaker in (own, whole) if breaker is not None]
        for state in ("gone", "resting", "probe"):
            if state in states:
                return state
        return "closed"

    def cooldown_left(self, credential: str, provider: str, name: str) -> float | None:
        """Seconds until it is awake; 0 while a probe is out; None when it does not cool down."""
        now = self._clock()
        left = [
            max(0.0, breaker.cooling_until - now)
            for key in (provider, name)
            if (breaker := self._store.find(credential, key)) is not None
            and breaker.admission(now) in ("resting", "gone")
        ]
        return max(left) if left else None

    def of(self, credential: str, name: str) -> BreakerState | None:
        """The breaker of a target or provider, if anything was ever held against it."""
        return self._store.find(credential, name)

    def enter(self, credential: str, provider: str, name: str, *, forced: bool = False) -> bool:
        """
        Take the way in.

        Args:
            forced: Take the probe although the cooldown is not over, since nobody else is left.

        Returns:
            True when this request is the probe, and must tell how it went.
        """
        if not forced and self.admission(credential, provider, name) != "probe":
            return False
        now = self._clock()
        for key in (provider, name):
            breaker = self._store.find(credential, key)
            if breaker is not None and breaker.admission(now) in ("probe", "resting"):
                breaker.probing_since = now
        self._notify()
        return True

    def _open_breakers(self, credential: str, provider: str, name: str) -> list[BreakerState]:
        """The breakers that keep a target from being asked, the provider's first."""
        found = (self._store.find(credential, key) for key in (provider, name))
        return [breaker for breaker in found if breaker is not None and not breaker.is_closed]

    def retry_after_left(self, credential: str, provider: str, name: str) -> float:
        """Seconds for which a target that cools down asked itself not to be asked; 0 where it did not, or no longer."""
        suspects = self.suspects(credential)
        if name not in suspects and provider not in suspects:
            return 0.0
        told = (breaker.told_until for breaker in self._open_breakers(credential, provider, name))
        return max(0.0, max(told, default=0.0) - self._clock())

    def probed_since(self, credential: str, provider: str, name: str) -> float | None:
        """Clock time at which another request began to find out how a target is; None where none is about to."""
        held = self._open_breakers(credential, provider, name)
        began = [breaker.probing_since for breaker in held if breaker.probing_since is not None]
        return min(began, default=None)

    def failed_since(self, credential: str, provider: str, name: str, at: float) -> bool:
        """Whether a target that cools down has failed later than this in a way that shows it is not back."""
        return any(
            breaker.last_error_at is not None
            and breaker.last_error_at >= at
            and breaker.last_error is not None
            and policy.POLICY[breaker.last_error].cooldown != 0.0
            for breaker in self._open_breakers(credential, provider, name)
        )

    def quiet_for(self, credential: str, provider: str, name: str) -> float:
        """Seconds until a target that named no time may be tried out of turn: one since its last failure."""
        now = self._clock()
        since = (breaker.last_error_at for breaker in self._open_breakers(credential, provider, name))
        return max((QUIET_S - (now - at) for at in since if at is not None and now - at < QUIET_S), default=0.0)

    def cause(self, credential: str, provider: str, name: str) -> Kind | None:
        """What a target that is not asked last failed of."""
        held = self._open_breakers(credential, provider, name)
        return next((breaker.last_error for breaker in held if breaker.last_error is not None), None)

    def record_success(self, credential: str, provider: str, name: str, *, began: float | None = None) -> None:
        """
        An answer came to its end: whatever was held against target and provider is forgiven.

        Args:
            began: When the request began, by :meth:`now`. What was told since counts on: a long answer that ends says
                nothing of a limit that others met meanwhile.
        """
        now = self._clock()
        for key in (provider, name):
            breaker = self._store.of(credential, key)
            breaker.answered_at = now
            if not (breaker.failures or breaker.cooling_until) or _was_told_since(breaker, began, now):
                continue
            breaker.close()
            self._notify()

    def now(self) -> float:
        """Clock time, for ``began`` of :meth:`record_failure`."""
        return self._clock()

    def record_failure(
        self,
        credential: str,
        error: ProviderError,
        provider: str,
        name: str,
        *,
        probe: bool = False,
        began: float | None = None,
    ) -> float:
        """
        Hold a failure against the target, or against its whole provider.

        A transient failure while others were answered is that request's bad luck: under a hundred requests at once,
        one in a hundred fails twice although the target is well, and a cooldown would stop the other ninety-nine.

        Args:
            probe: What :meth:`enter` said of this request.
            began: When the request began, by :meth:`now`; None leaves out what others were answered since.

        Returns:
            Seconds it now cools down; 0 when it does not.
        """
        rule = policy.judge(error)
        now = self._clock()
        breaker = self._store.of(credential, provider if rule.whole_provider else name)
        breaker.last_error, breaker.last_error_text, breaker.last_error_at = error.kind, error.message, now
        # Requests that were under way together fail together: that is one failure, not a rung for each.
        rung = max(1, breaker.failures + (now >= breaker.cooling_until))
        seconds = policy.cooldown_after(rule, error, failures=rung, cooldown=self._cooldown)
        if seconds == inf and credential_at(provider, credential) != SERVER:
            seconds = VISITOR_GONE_S  # nobody reads the catalogue again with a visitor's key
        if error.kind in TRANSIENT and error.retry_after is None and _has_answered_since(breaker, began):
            seconds = 0.0
        if seconds > 0:
            breaker.failures = rung
            breaker.cooling_until = max(breaker.cooling_until, now + seconds)
            if error.retry_after is not None and seconds != inf:
                breaker.told_until = max(breaker.told_until, now + error.retry_after)
        self.record_cancellation(credential, provider, name, probe=probe)
        return seconds

    def record_wait(self, credential: str, kind: Kind, provider: str, name: str, seconds: float) -> None:
        """A target asked for a wait that a request goes on waiting for: nobody else need ask before that either."""
        now = self._clock()
        breaker = self._store.of(credential, provider if policy.POLICY[kind].whole_provider else name)
        breaker.last_error, breaker.last_error_text, breaker.last_error_at = kind, policy.POLICY[kind].says, now
        breaker.told_until = max(breaker.told_until, now + seconds)
        breaker.cooling_until = max(breaker.cooling_until, breaker.told_until)
        self._notify()

    def record_cancellation(self, credential: str, provider: str, name: str, *, probe: bool = False) -> None:
        """The reader went away before the end: nothing was learnt, so the next request may probe."""
        if probe:
            self._release(credential, provider, name)
        self._notify()

    def _release(self, credential: str, provider: str, name: str) -> None:
        for key in (provider, name):
            breaker = self._store.find(credential, key)
            if breaker is not None:
                breaker.probing_since = None

    def forgive_listed(self, catalogue: Catalogue) -> None:
        """A new list of models has come: what it names is not gone, whatever a refusal said before."""
        if catalogue.source == "live":
            for name in catalogue.specs.keys() - catalogue.gone.keys():
                self.forgive_gone(SERVER, name)
        self._tell()

    def forgive_gone(self, credential: str, name: str) -> None:
        """A new catalogue lists the model again."""
        breaker = self._store.find(credential, name)
        if breaker is not None and breaker.cooling_until == inf:
            breaker.close()
            self._notify()
