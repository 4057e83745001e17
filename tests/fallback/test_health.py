"""Breakers: closed, resting, probing."""

from groq_core.errors import Kind, ProviderError
from groq_core.fallback.health import Health, LocalHealth
from tests.speakers import Clock

A, B = ("server", "groq", "groq:a"), ("server", "groq", "groq:b")
BROKEN = ProviderError(Kind.TIMEOUT_FIRST_TOKEN, "silent")
DOWN = ProviderError(Kind.CONNECTION, "refused")


def health(clock: Clock) -> Health:
    return Health(LocalHealth(), cooldown=15, clock=clock)


def test_a_failed_target_rests_and_then_exactly_one_request_probes() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", BROKEN, "groq", "groq:a")
    assert it.admission(*A) == "resting"
    clock.now += 15

    assert it.admission(*A) == "probe"
    assert it.enter(*A)
    assert it.admission(*A) == "resting"
    assert not it.enter(*A)


def test_a_probe_that_answers_closes_the_breaker() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", BROKEN, "groq", "groq:a")
    clock.now += 15
    it.enter(*A)

    it.record_success(*A)

    assert it.admission(*A) == "closed"


def test_a_probe_that_fails_rests_longer_each_time() -> None:
    clock = Clock()
    it = health(clock)
    rests = []
    for _ in range(5):
        probe = it.enter(*A)
        rests.append(it.record_failure("server", BROKEN, "groq", "groq:a", probe=probe))
        clock.now += rests[-1]

    assert rests == [15, 30, 60, 300, 300]


def test_requests_that_fail_together_count_as_one_failure() -> None:
    it = health(Clock())

    rests = [it.record_failure("server", BROKEN, "groq", "groq:a") for _ in range(10)]

    assert set(rests) == {15}
    breaker = it.of("server", "groq:a")
    assert breaker is not None
    assert breaker.failures == 1


def test_a_reader_who_leaves_gives_the_probe_back() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", BROKEN, "groq", "groq:a")
    clock.now += 15
    probe = it.enter(*A)

    it.record_cancellation(*A, probe=probe)

    assert it.admission(*A) == "probe"


def test_another_request_that_leaves_does_not_give_the_probe_back() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", BROKEN, "groq", "groq:a")
    clock.now += 15
    it.enter(*A)

    it.record_cancellation(*A, probe=False)

    assert it.admission(*A) == "resting"


def test_provider_wide_trouble_rests_all_its_models() -> None:
    it = health(Clock())
    it.record_failure("server", DOWN, "groq", "groq:a")

    assert it.admission(*B) == "resting"
    assert it.admission("server", "openai", "openai:x") == "closed"


def test_one_callers_trouble_rests_nothing_for_another() -> None:
    it = health(Clock())
    it.record_failure("visitor:x", ProviderError(Kind.AUTH, "no"), "groq", "groq:a")

    assert it.admission("visitor:x", "groq", "groq:a") == "resting"
    assert it.admission(*A) == "closed"


def test_a_gone_model_comes_back_when_it_is_listed_again() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", ProviderError(Kind.MODEL_GONE, "404"), "groq", "groq:a")
    clock.now += 1e6
    assert it.admission(*A) == "gone"

    it.forgive_gone("server", "groq:a")

    assert it.admission(*A) == "closed"


def test_a_target_that_named_no_time_may_be_tried_out_of_turn_after_a_second() -> None:
    clock = Clock()
    it = health(clock)
    it.record_failure("server", BROKEN, "groq", "groq:a")
    it.record_failure("server", ProviderError(Kind.RATE_LIMITED, "", retry_after=30), "groq", "groq:b")

    assert (it.retry_after_left(*A), it.retry_after_left(*B)) == (0.0, 30.0)
    assert it.quiet_for(*A) == 1.0
    clock.now += 1.5
    assert it.quiet_for(*A) == 0.0
    clock.now += 29
    assert it.retry_after_left(*B) == 0.0
    assert (it.cause(*A), it.cause(*B)) == (Kind.TIMEOUT_FIRST_TOKEN, Kind.RATE_LIMITED)


TRANSIENT = ProviderError(Kind.SERVER_ERROR, "broke")


def test_a_transient_failure_rests_nobody_while_others_are_answered() -> None:
    clock = Clock()
    it = health(clock)
    began = it.now()
    clock.now += 1
    it.record_success(*A)

    rest = it.record_failure("server", TRANSIENT, "groq", "groq:a", began=began)

    assert rest == 0
    assert it.admission(*A) == "closed"


def test_a_failure_that_began_after_the_last_answer_rests_its_target() -> None:
    clock = Clock()
    it = health(clock)
    it.record_success(*A)
    clock.now += 1

    assert it.record_failure("server", TRANSIENT, "groq", "groq:a", began=it.now()) == 15


def test_silence_and_a_wait_that_was_asked_for_rest_whoever_else_is_answered() -> None:
    clock = Clock()
    it = health(clock)
    began = it.now()
    clock.now += 1
    it.record_success(*A)

    asked_for = ProviderError(Kind.OVER_CAPACITY, "", retry_after=7)

    assert it.record_failure("server", BROKEN, "groq", "groq:a", began=began) == 15
    assert it.record_failure("server", asked_for, "groq", "groq:b", began=began) == 7
