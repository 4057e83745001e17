"""
The chain's promise: as long as one provider of the route is healthy and time is left, the answer comes from it,
whatever mixture of failures the others show, however many their models are, and whatever happened before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from benchmarks.virtual import VirtualLoop
from benchmarks.world import Fault, House, World
from groq_core.errors import BrokenAnswerError, ChainError, Kind, RequestError
from groq_core.events import AttemptStarted, Event, Finished
from groq_core.fallback.hedge import LEAST_SEEN
from groq_core.reply import Reply
from groq_core.requests import ChatRequest, Request, TranscriptionRequest

ANSWER = "The capital of France is Paris, which lies on the Seine and has been the capital for a thousand years."

RETRY_AFTER = [
    (),
    (("retry-after", "0"),),
    (("retry-after-ms", "700"),),
    (("retry-after", "2"),),
    (("retry-after", "2.5"), ("retry-after-ms", "nan")),
    (("retry-after", "30"),),
    (("retry-after", "90"),),
    (("retry-after", "1m26.4s"),),
    (("retry-after", "Fri, 15 Jan 2027 08:00:20 GMT"),),
    (("retry-after", "Fri, 01 Jan 2027 08:00:20 GMT"),),
    (("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),),
    (("retry-after", "-5"),),
    (("retry-after-ms", "-700"),),
    (("retry-after", "999999999"),),
    (("retry-after", "1e308"),),
    (("retry-after", "soon"),),
    (("retry-after", ""), ("retry-after-ms", "")),
]

REFUSALS = [
    (429, "Rate limit reached", "rate_limit_exceeded"),
    (429, "Limit reached on tokens per minute (TPM): Limit 6000, Used 5900, Requested 900. Please try again in 8s.",
     "rate_limit_exceeded"),
    (498, "Flex tier capacity exceeded", "capacity_exceeded"),
    (500, "Internal Server Error", "internal_server_error"),
    (502, "Bad Gateway", ""),
    (503, "over capacity", ""),
    (404, "The model `m` does not exist", "model_not_found"),
    (400, "The model `m` has been decommissioned", "model_decommissioned"),
    (401, "Invalid API Key", "invalid_api_key"),
    (402, "spend limit", "spend_limit"),
    (403, "Forbidden", ""),
    (403, "no access to this model", "model_permission_blocked"),
    (400, "property 'x' is unsupported", ""),
    (400, "Please reduce the length of the messages", "context_length_exceeded"),
    (413, "Request too large", "request_too_large"),
    (413, "Request too large on tokens per minute (TPM): Limit 6000, Requested 7000", "rate_limit_exceeded"),
    (400, "Failed to call a function", "tool_use_failed"),
    (400, "this model needs terms acceptance: requires terms acceptance", "model_terms_required"),
]  # fmt: skip

LIMITS = [
    (),
    (),
    (("x-ratelimit-limit-tokens", "60000"), ("x-ratelimit-remaining-tokens", "0")),
    (("x-ratelimit-limit-tokens", "10"), ("x-ratelimit-remaining-tokens", "10")),
    (("x-ratelimit-limit-tokens", "10"), ("x-ratelimit-remaining-tokens", "-90")),
    (("x-ratelimit-limit-tokens", "1"), ("x-ratelimit-remaining-tokens", "0")),
    (("x-ratelimit-limit-tokens", "0"), ("x-ratelimit-remaining-tokens", "0")),
    (("x-ratelimit-limit-tokens", "-1"), ("x-ratelimit-remaining-tokens", "lots")),
]
"""What stands beside a refusal about the target's limits: spent for a while, too small for anything, nonsense."""

MOST_TOKENS = {"text": 1100, "picture": 4100, "recording": 0}
"""What our count holds for one question of each kind, at most."""

LONGEST_WAIT_S = 55.0
"""Of the sixty seconds that a request has: a time that is named is waited for as long as an answer fits behind it."""

refusals = st.builds(
    lambda refusal, headers, limits: Fault(
        kind="status", status=refusal[0], message=refusal[1], code=refusal[2], headers=headers + limits
    ),
    st.sampled_from(REFUSALS),
    st.sampled_from(RETRY_AFTER),
    st.sampled_from(LIMITS),
)
breaks = st.builds(
    lambda kind, after: Fault(kind=kind, after=after),
    st.sampled_from(["refused", "silent", "empty", "garbage", "cut", "stall"]),
    st.integers(0, 60),
)
# The same refusals as an event in a stream of 200, or as its body; what they ask to wait stands in the text alone.
errors = st.builds(
    lambda refusal, wait, after: Fault(kind="error", message=refusal[1] + wait, code=refusal[2], after=after),
    st.sampled_from(REFUSALS),
    st.sampled_from(["", ". Please try again in 700ms.", ". Please try again in 20 seconds.", ". Retry in 999h."]),
    st.sampled_from([0, 0, 11, 60]),
)
faults = refusals | breaks | errors


def question(kind: str, *, stream: bool, revisable: bool) -> Request:
    if kind == "recording":
        return TranscriptionRequest(audio=b"RIFF", filename="a.wav", duration_s=3.0)
    content: object = "Tell me about the capital of France."
    if kind == "picture":
        content = [
            {"type": "text", "text": content},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ]
    params = {"max_completion_tokens": 2000} if kind == "picture" else {}
    return ChatRequest(
        messages=({"role": "user", "content": content},), stream=stream, revisable=revisable, params=params
    )


class Ended(msgspec.Struct):
    """One request, as its caller saw it."""

    request: Request
    reply: Reply
    events: list[Event]
    error: Exception | None = None


async def ask(house: House, request: Request) -> Ended:
    ended = Ended(request, Reply(), [])
    try:
        async with aclosing(house.handle(request)) as events:
            async for event in events:
                ended.events.append(event)
                ended.reply.apply(event)
    except (RequestError, ChainError) as error:
        ended.error = error
    return ended


def check(ended: Ended, house: House, healthy: set[str], attempts: int) -> None:
    asked = [name for request_id, name in house.world.asked if request_id == ended.request.request_id]
    records = [one for one in ended.reply.receipt.attempts if one.outcome != "skipped"]
    told = [f"{one.provider}:{one.model}" for one in records]
    if house.hedges:  # of a race the loser is told of when it has lost
        told, asked = sorted(told), sorted(asked)
    assert told == asked, "the receipt tells exactly what was asked"
    assert len(asked) <= attempts
    assert len([event for event in ended.events if isinstance(event, AttemptStarted)]) == len(asked)
    finishes = [event for event in ended.events if isinstance(event, Finished)]
    assert len(finishes) + (ended.error is not None) == 1, "one end, and only one"
    if finishes:
        assert ended.reply.text == ANSWER
    else:
        assert isinstance(ended.error, BrokenAnswerError) == bool(ended.reply.text)
        assert ANSWER.startswith(ended.reply.text)
        if isinstance(ended.error, ChainError):
            assert ended.error.kind not in {None, Kind.BUDGET, Kind.RESTING}, "the cause that counts"
    if healthy:
        assert finishes, f"{healthy} healthy, yet {ended.error!r} after {asked}"


class Mixtures(RuleBasedStateMachine):
    """Many requests on one state, while faults come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.house: House

    @initialize(
        models=st.lists(st.integers(1, 8), min_size=2, max_size=3),
        prefill=st.booleans(),
        attempts=st.sampled_from([3, 4, 6, 9]),
        half=st.floats(0, 1),
        hedge=st.sampled_from([False, False, True]),
    )
    def open(self, models: list[int], prefill: bool, attempts: int, half: float, hedge: bool) -> None:
        names = [f"p{p}:m{m}" for p, count in enumerate(models) for m in range(count)]
        self.attempts = attempts
        world = World(names, lambda _: ANSWER, prefill=prefill)

        async def build() -> House:
            return House(world, uniform=lambda low, high: low + (high - low) * half, attempts=attempts, hedge=hedge)

        self.house = self.runner.run(build())
        for name in names if hedge else ():
            self.house.metrics.of(name).ttfts.extend([1.5 * world.latency_s] * LEAST_SEEN)

    @rule(data=st.data(), fault=faults)
    def break_a_model(self, data: st.DataObject, fault: Fault) -> None:
        spec = data.draw(st.sampled_from(self.house.world.specs))
        self.house.world.faults[spec.name] = fault

    @rule(data=st.data())
    def break_all_but_one_provider(self, data: st.DataObject) -> None:
        well = data.draw(st.sampled_from(sorted({spec.provider for spec in self.house.world.specs})))
        for spec in self.house.world.specs:
            if spec.provider == well:
                self.house.world.faults.pop(spec.name, None)
            else:
                self.house.world.faults[spec.name] = data.draw(faults)

    @rule(fault=faults)
    def break_everything(self, fault: Fault) -> None:
        self.house.world.faults = {spec.name: fault for spec in self.house.world.specs}

    @precondition(lambda self: self.house.world.faults)
    @rule(data=st.data())
    def mend_a_model(self, data: st.DataObject) -> None:
        self.house.world.faults.pop(data.draw(st.sampled_from(sorted(self.house.world.faults))))

    @rule(data=st.data())
    def mend_a_provider(self, data: st.DataObject) -> None:
        provider = data.draw(st.sampled_from(sorted({spec.provider for spec in self.house.world.specs})))
        faulty = self.house.world.faults
        self.house.world.faults = {name: fault for name, fault in faulty.items() if name.partition(":")[0] != provider}

    @rule(seconds=st.sampled_from([0.1, 1.0, 5.0, 20.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @rule(
        kind=st.sampled_from(["text", "text", "picture", "recording"]),
        stream=st.booleans(),
        revisable=st.booleans(),
        together=st.sampled_from([1, 1, 1, 3, 10]),
    )
    def ask(self, kind: str, stream: bool, revisable: bool, together: int) -> None:
        house = self.house
        healthy = self._due(together * MOST_TOKENS[kind] if together > 1 else 0)

        async def all_at_once() -> list[Ended]:
            asked = (question(kind, stream=stream, revisable=revisable) for _ in range(together))
            return list(await asyncio.gather(*(ask(house, one) for one in asked)))

        for ended in self.runner.run(all_at_once()):
            check(ended, house, healthy, self.attempts)
        assert house.world.open == 0

    def _due(self, tokens: int) -> set[str]:
        """
        Healthy providers that did not ask, when they were ill, for more time than a request has.

        Nor told of a limit that one fits into and so many at once do not: there our count is all that is known.
        """
        house = self.house
        names = {spec.provider: [] for spec in house.world.specs}  # type: dict[str, list[str]]
        for spec in house.world.specs:
            names[spec.provider].append(spec.name)
        return {
            provider
            for provider in house.world.healthy_providers()
            if any(self._may_be_asked(provider, name, tokens) for name in names[provider])
        }

    def _may_be_asked(self, provider: str, name: str, tokens: int) -> bool:
        health = self.house.health
        limits = [bucket.limit for bucket in self.house.budgets.of("server", name) if bucket.kind == "tokens"]
        if any(max(MOST_TOKENS.values()) <= limit < tokens for limit in limits):
            return False
        if health.admission("server", provider, name) == "gone":
            return False
        return health.retry_after_left("server", provider, name) < LONGEST_WAIT_S

    def teardown(self) -> None:
        self.runner.close()


Mixtures.TestCase.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_mixture_any_history = Mixtures.TestCase


TOO_SMALL = Fault(
    kind="status",
    status=429,
    message="Rate limit reached",
    code="rate_limit_exceeded",
    headers=LIMITS[3],
)


def on_virtual_time(story: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)


async def all_ask(house: House, together: int = 1) -> None:
    healthy = house.world.healthy_providers()
    texts = (question("text", stream=False, revisable=False) for _ in range(together))
    for ended in await asyncio.gather(*(ask(house, text) for text in texts)):
        check(ended, house, set(healthy), 3)


def test_a_limit_that_was_told_too_small_for_anything_holds_back_none_of_several() -> None:
    async def story() -> None:
        house = House(
            World(["p0:m0", "p1:m0"], lambda _: ANSWER, prefill=False), uniform=lambda low, high: low, attempts=3
        )
        house.world.faults = dict.fromkeys(["p0:m0", "p1:m0"], TOO_SMALL)
        await all_ask(house)
        del house.world.faults["p0:m0"]
        await all_ask(house, 3)

    on_virtual_time(story())


def test_a_provider_that_our_own_count_kept_us_from_asking_keeps_its_request() -> None:
    async def story() -> None:
        names = ["p0:m0", "p1:m0", "p2:m0", "p2:m1"]
        house = House(World(names, lambda _: ANSWER, prefill=False), uniform=lambda low, high: low, attempts=3)
        at_once = msgspec.structs.replace(TOO_SMALL, headers=(("retry-after", "0"), *TOO_SMALL.headers))
        house.world.faults = dict.fromkeys(names, at_once)
        await all_ask(house)
        house.world.faults["p0:m0"] = Fault(kind="refused")
        await all_ask(house)
        del house.world.faults["p0:m0"]
        await all_ask(house)

    on_virtual_time(story())


def test_who_is_passed_over_comes_before_the_rest_of_a_provider_that_falls_silent_midway() -> None:
    async def story() -> None:
        others = [f"p1:m{number}" for number in range(8)]
        world = World(["p0:m0", *others], lambda _: ANSWER, prefill=False)
        house = House(world, uniform=lambda low, high: low, attempts=9)
        world.faults = {"p0:m0": Fault(kind="status", status=503, message="over capacity")}
        await all_ask(house)
        world.faults = dict.fromkeys(others, Fault(kind="stall", after=1))
        ended = await ask(house, question("text", stream=True, revisable=False))
        check(ended, house, {"p0"}, 9)
        assert len(house.world.asked) == 2 + 3, "of those that fall silent two are asked, and then who is well"

    on_virtual_time(story())


def test_an_answer_that_broke_off_tells_its_cause_though_our_own_count_came_last() -> None:
    async def story() -> None:
        names = ["p0:m0", "p1:m0"]
        house = House(World(names, lambda _: ANSWER, prefill=False), uniform=lambda low, high: low, attempts=3)
        house.world.faults = {
            "p0:m0": Fault(kind="error", message="Rate limit reached", code="rate_limit_exceeded", after=11)
        }
        house.budgets.of("server", "p1:m0").learn("tokens", 60, 6000, -90_000)
        ended = await ask(house, question("text", stream=True, revisable=False))
        check(ended, house, set(), 3)
        assert isinstance(ended.error, BrokenAnswerError)
        assert ended.error.kind is Kind.RATE_LIMITED

    on_virtual_time(story())


def test_who_waited_for_another_to_find_out_asks_a_provider_that_nobody_has_found_out_about() -> None:
    async def story() -> None:
        silent = [f"p0:m{number}" for number in range(4)]
        world = World([*silent, "p1:m0"], lambda _: ANSWER, prefill=False)
        house = House(world, uniform=lambda low, high: low, attempts=3)
        for kind in ("refused", "silent"):
            world.faults = dict.fromkeys([*silent, "p1:m0"], Fault(kind=kind))
            await all_ask(house)
        del world.faults["p1:m0"]
        await all_ask(house, 10)

    on_virtual_time(story())
