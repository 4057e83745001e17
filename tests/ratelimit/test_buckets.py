"""The buckets and the queue in front of them."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groq_core.ratelimit.buckets import GIVEN_S, SLACK_S, Bucket, BudgetStore, TargetBudget
from groq_core.ratelimit.cost import Cost
from groq_core.ratelimit.waiting import TargetBuckets


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("limit", "used", "requested", "window", "wait"),
    [
        pytest.param(8000, 6670, 5883, 60, 34.1475, id="tokens a minute"),
        pytest.param(100000, 97050, 3619, 86400, 578.016, id="tokens a day"),
        pytest.param(7200, 6619, 1200, 3600, 309.5, id="seconds of audio an hour"),
        pytest.param(30, 30, 1, 60, 2.0, id="requests a minute"),
    ],
)
def test_waits_are_those_of_groqs_own_messages(
    limit: float, used: float, requested: float, window: int, wait: float
) -> None:
    bucket = Bucket("tokens", window, limit, limit - used, now=0.0)

    assert bucket.wait(requested, 0.0) == pytest.approx(wait, rel=1e-4)


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 500)), max_size=40))
def test_a_bucket_never_grants_more_than_capacity_plus_rate_times_time(steps: list[tuple[float, float]]) -> None:
    limit, window = 1000.0, 60
    bucket = Bucket("tokens", window, limit, limit, now=0.0)
    now = granted = 0.0
    for pause, amount in steps:
        now += pause
        if bucket.wait(amount, now) == 0:
            bucket.charge(amount, now)
            granted += amount

    assert granted <= limit + now * limit / window + 0.1 * len(steps)


async def test_what_takes_nothing_of_a_limit_is_not_held_back_by_it_however_overdrawn() -> None:
    buckets = TargetBuckets(Clock())
    buckets.learn("tokens", 60, 10, -90)
    buckets.release_learners()

    assert buckets.wait(Cost(audio_s=3)) == 0
    assert buckets.enter_now(Cost(audio_s=3)) is not None
    assert buckets.enter_now(Cost(tokens_in=1)) is None


@pytest.mark.parametrize("late", [False, True], ids=["a limit known before", "one known since the answer began"])
async def test_what_was_really_read_counts_where_the_provider_tells_nothing(late: bool) -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    if not late:
        buckets.cap("tokens", 86400, 1000)
    buckets.release_learners()
    reservation = await buckets.enter(Cost(tokens_in=10, tokens_out=500), "a")
    buckets.charge(reservation, {("tokens", 60): (8000, 7900)})
    if late:
        buckets.cap("tokens", 86400, 1000)

    buckets.leave(reservation, used=Cost(tokens_in=100, tokens_out=20))

    left = {bucket.window_s: bucket.level(clock()) for bucket in buckets}
    assert left == {60: 7880, 86400: 880}


async def test_what_the_provider_says_wins_over_what_we_counted() -> None:
    buckets = TargetBuckets(Clock())
    buckets.learn("tokens", 60, 8000, 8000)
    buckets.release_learners()
    reservation = await buckets.enter(Cost(tokens_in=100, tokens_out=1000), "a")

    buckets.charge(reservation, {("tokens", 60): (8000, 3000)})

    assert buckets.wait(Cost(tokens_in=2000)) == 0
    assert buckets.wait(Cost(tokens_in=2500)) == pytest.approx((2500 - 2000) * 60 / 8000)


async def test_a_finished_request_leaves_nothing_held() -> None:
    buckets = TargetBuckets(Clock())
    buckets.learn("tokens", 60, 8000, 8000)
    reservation = await buckets.enter(Cost(tokens_in=100, tokens_out=1000), "a")

    buckets.leave(reservation, used=Cost(tokens_in=90, tokens_out=10))

    assert [bucket.held for bucket in buckets] == [0]
    assert buckets.wait(Cost(tokens_in=7900)) == 0


async def test_one_who_asks_a_lot_waits_behind_anothers_first_request() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.learn("requests", 60, 60, 0)
    buckets.release_learners()
    order: list[str] = []

    async def ask(user: str) -> None:
        await buckets.enter(Cost(), user)
        order.append(user)

    tasks = [asyncio.create_task(ask(user)) for user in ("greedy", "greedy", "greedy", "greedy", "modest")]
    await asyncio.sleep(0)
    clock.now += SLACK_S
    for _ in tasks:
        clock.now += 1.0
        buckets.release_learners()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)

    assert order == ["greedy", "modest", "greedy", "greedy", "greedy"]


async def test_who_sits_in_front_of_an_answer_comes_before_a_batch_his_own_too() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.learn("tokens", 60, 6000, 0)
    buckets.release_learners()
    order: list[str] = []

    async def ask(name: str, tokens: int, *, background: bool) -> None:
        await buckets.enter(Cost(tokens_in=tokens), "me", background=background)
        order.append(name)

    tasks = [asyncio.create_task(ask(f"line {n}", 300, background=True)) for n in range(3)]
    await asyncio.sleep(0)
    assert buckets.wait(Cost(tokens_in=100), "me") == pytest.approx(1.0), "no line is counted before it"
    assert buckets.wait(Cost(tokens_in=100), "me", background=True) == pytest.approx(10.0)
    tasks.append(asyncio.create_task(ask("live", 100, background=False)))
    await asyncio.sleep(0)
    assert buckets.enter_now(Cost(tokens_in=1), background=True) is None
    clock.now += SLACK_S
    for _ in range(13):
        clock.now += 1.0
        buckets.release_learners()
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)

    assert order == ["live", "line 0", "line 1", "line 2"]


async def test_what_fits_is_not_held_back_by_lines_that_do_not() -> None:
    buckets = TargetBuckets(Clock())
    buckets.learn("tokens", 60, 6000, 200)
    buckets.release_learners()
    line = asyncio.create_task(buckets.enter(Cost(tokens_in=3000), "me", background=True))
    await asyncio.sleep(0)

    assert buckets.enter_now(Cost(tokens_in=100)) is not None
    line.cancel()
    await asyncio.gather(line, return_exceptions=True)


async def test_leaving_the_queue_frees_the_place_in_it() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.learn("requests", 60, 60, 0)
    buckets.release_learners()
    waiting = asyncio.create_task(buckets.enter(Cost(), "a"))
    await asyncio.sleep(0)
    assert buckets.wait(Cost(), "b") == pytest.approx(2.0)

    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert buckets.wait(Cost(), "b") == pytest.approx(1.0)


async def test_before_the_limits_are_known_only_a_few_go_ahead() -> None:
    buckets = TargetBuckets(Clock())
    tasks = [asyncio.create_task(buckets.enter(Cost(), str(n))) for n in range(20)]
    await asyncio.sleep(0)
    assert sum(task.done() for task in tasks) == 8

    buckets.learn("requests", 60, 100, 92)
    buckets.release_learners()
    await asyncio.sleep(0)

    assert all(task.done() for task in tasks)


def test_what_is_larger_than_a_limit_never_fits() -> None:
    buckets = TargetBuckets(Clock())
    buckets.learn("tokens", 60, 8000, 8000)

    bucket = buckets.never(Cost(tokens_in=5000, tokens_out=4000))

    assert bucket is not None
    assert bucket.kind == "tokens"


@given(limit=st.integers(1, 10_000_000), part=st.floats(0.001, 1))
async def test_the_share_that_a_request_needs_is_enough_for_it(limit: int, part: float) -> None:
    """Shares are told to the others, and by Redis, as decimals of fourteen digits."""
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.set_share(0.0)
    buckets.learn("tokens", 60, limit, 0)
    buckets.release_learners()
    line = asyncio.ensure_future(buckets.enter(Cost(tokens_in=max(1, int(limit * part))), "a"))
    await asyncio.sleep(0)
    _, need, _ = buckets.demand()
    buckets.set_share(float(f"{need:.14g}"))
    clock.now += 60
    buckets.release_learners()

    await asyncio.sleep(0)
    done = line.done()
    line.cancel()
    await asyncio.gather(line, return_exceptions=True)
    assert done


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 40), st.booleans(), st.booleans()), max_size=40),
)
def test_a_part_that_goes_from_one_process_to_another_is_not_spent_twice(
    steps: list[tuple[float, float, bool, bool]],
) -> None:
    """One may have spent what there was just before the other gets its part; nobody answers meanwhile."""
    limit = 6_000.0
    left, now = limit, 0.0
    one, other = (Bucket("tokens", 60, limit, limit / 2, now, 0.5) for _ in range(2))
    for share, pause, *spends in steps:
        now += pause
        left = min(limit, left + pause * limit / 60)
        one.resize(share, now)
        other.resize(1 - share, now)
        for bucket, spend in zip((one, other), spends, strict=True):
            if spend and (amount := bucket.level(now)) > 0:
                bucket.charge(amount, now)
                left -= amount
        assert left >= -limit * GIVEN_S / 60 - 1e-6


def test_a_part_that_wavers_loses_nothing() -> None:
    bucket = Bucket("tokens", 60, 6_000, 3_000, 0.0, 0.5)
    for beat in range(20):
        bucket.resize(0.4 if beat % 2 else 0.5, beat / 100)

    assert bucket.level(0.2) >= 2_400 * 0.9


async def test_a_bucket_that_others_draw_on_keeps_a_little_back() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.learn("tokens", 60, 6000, 200)
    buckets.release_learners()

    await buckets.enter(Cost(tokens_in=100), "a")

    assert buckets.wait(Cost(tokens_in=100), "b") == 0
    (bucket,) = buckets
    assert bucket.wait(100, clock.now) == pytest.approx(SLACK_S)
    assert bucket.wait(6000, clock.now) < 60, "what fits the whole bucket still gets in"


def remaining_tokens(remaining: float) -> dict[tuple[str, int], tuple[float, float]]:
    return {("tokens", 60): (6000, remaining)}


async def test_an_answer_read_late_does_not_give_back_what_was_spent_since() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    first = await buckets.enter(Cost(tokens_in=1000), "a")
    second = await buckets.enter(Cost(tokens_in=1000), "a")

    buckets.charge(second, remaining_tokens(4000), at=2)
    buckets.charge(first, remaining_tokens(5000), at=1)

    (bucket,) = buckets
    assert (bucket.level(clock.now), bucket.held) == (4000, 0)


async def test_of_two_answers_of_one_millisecond_the_one_that_leaves_less_counts() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    first = await buckets.enter(Cost(tokens_in=1000), "a")
    second = await buckets.enter(Cost(tokens_in=1000), "a")

    buckets.charge(second, remaining_tokens(4000), at=1)
    buckets.charge(first, remaining_tokens(5000), at=1)

    (bucket,) = buckets
    assert bucket.level(clock.now) == 4000


async def test_a_refusal_that_tells_nothing_does_not_make_an_older_word_stale() -> None:
    """A 503 has an id and a time, but no limits: the answers to what was sent before it still tell the newest."""
    clock = Clock()
    buckets = TargetBuckets(clock)
    buckets.learn("tokens", 60, 6000, 6000)
    first, second, refused = [await buckets.enter(Cost(tokens_in=1000), "a") for _ in range(3)]

    buckets.charge(refused, {}, at=3)
    buckets.charge(first, remaining_tokens(5000), at=1)
    buckets.charge(second, remaining_tokens(4000), at=2)

    (bucket,) = buckets
    assert (bucket.level(clock.now), bucket.held) == (4000, 0)


async def test_a_limit_that_is_found_out_holds_what_is_under_way_already() -> None:
    clock = Clock()
    buckets = TargetBuckets(clock)
    first = await buckets.enter(Cost(tokens_in=1000, tokens_out=100), "a")
    second = await buckets.enter(Cost(tokens_in=1000, tokens_out=100), "a")

    buckets.charge(first, remaining_tokens(5000), at=1)
    (bucket,) = buckets
    assert bucket.held == 100 + 1100

    buckets.leave(first, used=Cost(tokens_in=1000, tokens_out=50))
    assert (bucket.level(clock.now), bucket.held) == (4950, 1100)

    buckets.leave(second)
    assert bucket.held == 0


def test_what_is_left_is_kept_without_anybody_who_waits() -> None:
    clock = Clock()
    store: BudgetStore = TargetBudget(clock)
    assert isinstance(store, TargetBudget)
    store.learn("tokens", 60, 600, 600)
    store.known = True
    cost = Cost(tokens_in=300, tokens_out=200)

    first = store.reserve(cost)
    assert store.room_in(cost) > 0  # 100 are left of 600
    store.observe(first, {("tokens", 60): (600, 300)})
    store.settle(first, Cost(tokens_in=300, tokens_out=50))

    assert [bucket.held for bucket in store] == [0]
    assert [bucket.level(clock()) for bucket in store] == [250]
    assert store.wait(Cost(tokens_in=200), [Cost(tokens_in=100)]) == pytest.approx(5.0)  # 50 more at 10 a second
