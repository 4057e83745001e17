"""Chat completions: check, charge, compose, and hand the answer to the dialect."""

from __future__ import annotations

import asyncio
import random
import re
import time

from groq_core.simulator import builtin, images, openai_validation, outlines, structured, text, tokens, validation
from groq_core.simulator import tool_choice as tools
from groq_core.simulator.answer import SimulatedAnswer, Timing
from groq_core.simulator.delivery import send_json
from groq_core.simulator.dialect import Dialect
from groq_core.simulator.ids import fingerprint
from groq_core.simulator.leaking_buckets import SimulatedCost, UsageMeter
from groq_core.simulator.model_profiles import SimModel
from groq_core.simulator.paced_stream import Player
from groq_core.simulator.story_upstream import StoryPart
from groq_core.simulator.wire_format import Json, WireError, bad_request
from groq_core.simulator.world import RequestInPlay, World

CONTEXT_TEXT = "Please reduce the length of the messages or completion."


async def complete(world: World, call: RequestInPlay, body: Json) -> None:
    """``POST /chat/completions``."""
    wire, exchange, fault = call.wire, call.exchange, call.fault
    model = world.model(wire, body)
    answer, meter, cost = await compose(world, wire, call.organisation, body, model)
    if call.part is not None:
        _retell(call.part, answer, body)
    limits = meter.headers()
    if body.get("stream"):
        await world.wait(exchange, answer.timing.queue + answer.timing.prompt)
        await exchange.start(200, wire.headers(answer.request_id, kind="sse", limits=limits))
        if fault is not None and fault.kind == "slow_first_token":
            await exchange.pause(fault.seconds)
        exchange.watch()
        player = Player(exchange, wire, world.rate(model), world.open_streams, times=_due(answer, world.pace))
        await player.play(wire.frames(answer), answer, fault)
    else:
        timing = answer.timing
        await world.wait(exchange, timing.queue + timing.prompt + timing.completion)
        await send_json(call, wire.completion(answer), answer.request_id, limits, answer=answer)
    _settle(meter, cost, answer)


async def compose(
    world: World, wire: Dialect, organisation: str, body: Json, model: SimModel
) -> tuple[SimulatedAnswer, UsageMeter, SimulatedCost]:
    """
    Decide on the whole answer before any of it is sent, and charge the limits for it.

    Raises:
        WireError: The request is refused.
    """
    _check(wire, body, model)
    messages: list[Json] = body["messages"]
    pictures = await asyncio.to_thread(images.load, messages, model) if images.parts(messages) else []
    prompt = tokens.prompt_tokens(messages, body.get("tools"))
    picture_tokens = model.image_tokens * len(pictures)
    maximum = body.get("max_completion_tokens") or body.get("max_tokens")
    if prompt + picture_tokens + (maximum or 0) > model.context:
        raise _too_long(wire, prompt)
    answer = SimulatedAnswer(
        id=wire.completion_id(),
        request_id=wire.request_id(),
        model=model,
        created=int(time.time()),
        fingerprint=fingerprint(model.id),
        seed=body["seed"] if isinstance(body.get("seed"), int) else world.ids.seed(),
        prompt_tokens=prompt + picture_tokens,
        include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        service_tier=tier if (tier := body.get("service_tier")) in ("flex", "performance") else "on_demand",
    )
    salt = "" if body.get("temperature") == 0 else f"{model.id}:{answer.seed}"
    _fill(world, body, model, answer, pictures, salt)
    _reason(body, model, answer)
    _limit(answer, maximum)
    _time(world, answer)
    # What the text costs is known beforehand; a max is reserved whole, as Groq has done since 2026.
    cost = SimulatedCost(
        input_tokens=prompt + (picture_tokens if model.image_tokens > 1_000 else 0),
        output_tokens=maximum or 0,
        expected_output=maximum or answer.completion_tokens,
    )
    meter = world.limits.meter(organisation, model)
    if wire.name == "groq" and body.get("service_tier") in ("flex", "auto") and world.limits.setting == "free":
        raise bad_request(f"service_tier '{body['service_tier']}' is not available for this org", param="service_tier")
    meter.charge(cost)
    return answer, meter, cost


def _retell(part: StoryPart, answer: SimulatedAnswer, body: Json) -> None:
    """Say what a story says here; what its reader had before too, unless the request brings that along."""
    prefilled = body["messages"][-1].get("role") == "assistant" and answer.model.prefill
    before = [] if prefilled or not part.kept else [part.kept]
    answer.reasoning, answer.content = list(part.reasoning), before + part.content
    answer.calls, answer.executed, answer.finish_reason = [], [], part.finish_reason
    answer.times = [part.times[0] if part.times else 0.0 for _ in before] + part.times
    answer.timing = Timing()
    answer.reasoning_tokens = len(part.reasoning)
    answer.completion_tokens = len(answer.reasoning) + len(answer.content) + 1


def _due(answer: SimulatedAnswer, pace: float) -> list[float] | None:
    return [at / pace for at in answer.times] if answer.times and pace else None


def _settle(meter: UsageMeter, cost: SimulatedCost, answer: SimulatedAnswer) -> None:
    """Reserved tokens that were not used go back into the bucket."""
    actual = SimulatedCost(
        input_tokens=answer.prompt_tokens,
        output_tokens=answer.completion_tokens,
        expected_output=answer.completion_tokens,
    )
    meter.settle(cost, actual)


def _check(wire: Dialect, body: Json, model: SimModel) -> None:
    if model.kind not in ("chat", "guard"):
        raise bad_request(f"The model `{model.id}` does not support chat completions", code="invalid_model")
    if wire.name == "openai":
        openai_validation.check_chat(body, model)
    else:
        validation.check_chat(body, model)


def _too_long(wire: Dialect, prompt: int) -> WireError:
    if wire.name == "openai":
        return bad_request(
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            param="messages",
            code="context_length_exceeded",
        )
    return bad_request(CONTEXT_TEXT, param="messages", code="context_length_exceeded")


def _fill(
    world: World,
    body: Json,
    model: SimModel,
    answer: SimulatedAnswer,
    pictures: list[images.ReceivedPicture],
    salt: str,
) -> None:
    """Content or tool calls."""
    messages: list[Json] = body["messages"]
    rng = random.Random(text.fingerprint(messages, salt))
    if model.kind == "guard":
        answer.content = [_injection_score(messages)]
        return
    answer.calls = tools.choose(body, model, world.ids, rng)
    if answer.calls:
        answer.finish_reason = "tool_calls"
        return
    answer.executed = builtin.run_tools(body) if model.builtin else []
    written = structured.answer(body, rng) or outlines.answer(messages, rng) or _write(messages, model, pictures, salt)
    if body.get("tool_choice") == "required" and not answer.executed:
        raise bad_request(
            "Tool choice is required, but model did not call a tool", code="tool_use_failed", failed_generation=written
        )
    answer.content = tokens.split(_cut_at_stop(written, body.get("stop")))


def _write(messages: list[Json], model: SimModel, pictures: list[images.ReceivedPicture], salt: str) -> str:
    prefill = ""
    if messages[-1].get("role") == "assistant" and model.prefill:
        prefill = tokens.text_of(messages[-1].get("content"))
        messages = messages[:-1]
    last = messages[-1] if messages else {}
    if pictures and images.parts([last]):
        seen = pictures[-len(images.parts([last])) :]
        whole = images.describe(seen, tokens.text_of(last.get("content")))
    else:
        while len(messages) > 1 and messages[-1].get("role") == "assistant":
            # A model without prefill takes it for a turn that is over, and answers again.
            messages = messages[:-1]
        whole = text.write(messages, salt)
    return _continue(whole, prefill) if prefill else whole


def _continue(whole: str, prefill: str) -> str:
    """What follows the prefill in the answer this model would give, or else a fitting end to it."""
    if whole.startswith(prefill):
        return whole[len(prefill) :]
    for size in (120, 60, 30, 15):
        tail = prefill[-size:]
        if len(tail) == size and (at := whole.rfind(tail)) >= 0:
            return whole[at + size :]
    start = whole.find(" ", min(len(prefill), len(whole) // 2))
    return whole[start:] if start >= 0 else whole


def _cut_at_stop(written: str, stop: str | list[str] | None) -> str:
    """The text before the first stop sequence, its trailing space kept."""
    ends = [
        at for mark in ([stop] if isinstance(stop, str) else stop or ()) if mark and (at := written.find(mark)) >= 0
    ]
    return written[: min(ends)] if ends else written


def _reason(body: Json, model: SimModel, answer: SimulatedAnswer) -> None:
    """Thinking before the answer, shown unless it was asked to be hidden; always counted."""
    effort = body.get("reasoning_effort") or (model.efforts[0] if model.efforts else "none")
    if not model.reasoning or effort in ("none", "default"):
        return
    question = next(
        (tokens.text_of(m.get("content")) for m in reversed(body["messages"]) if m.get("role") == "user"), ""
    )
    thought = [
        f'The user says: "{text.gist(question, 80)}"',
        "This is the simulator, so nothing is known, only computed.",
    ]
    if effort not in ("low", "minimal"):
        thought.append(
            f"That is {len(question.split())} words. "
            + ("A tool fits." if answer.calls else "An answer in words is due.")
        )
    if effort in ("high", "xhigh"):
        thought.append("Check once more: is it marked as simulated, is it as long as asked for? Yes.")
    thinking = tokens.split(" ".join(thought))
    answer.reasoning_tokens = len(thinking)
    if not model.shows_reasoning:
        return
    if body.get("reasoning_format") == "raw":
        answer.content = [
            *tokens.split("<think>\n"),
            *thinking,
            *tokens.split("\n</think>\n\n"),
            *(answer.content or ()),
        ]
    elif body.get("include_reasoning") is not False and body.get("reasoning_format") != "hidden":
        answer.reasoning = thinking


def _limit(answer: SimulatedAnswer, maximum: int | None) -> None:
    """Cut the answer at the most tokens it may have, the thinking included, and count it."""
    content = len(answer.content or ())
    called = sum(tokens.count(call.arguments) + tokens.count(call.name) + 6 for call in answer.calls)
    hidden = answer.reasoning_tokens if answer.reasoning_tokens and answer.content != [] and not _raw(answer) else 0
    total = content + called + hidden + 1
    if maximum is not None and total > maximum:
        answer.finish_reason = "length"
        if hidden:
            kept = min(hidden, maximum)
            answer.reasoning_tokens = kept
            answer.reasoning = answer.reasoning[:kept]
            answer.content = (answer.content or [])[: max(0, maximum - kept)]
        else:
            answer.content = (answer.content or [])[:maximum]
        answer.calls = []
        total = maximum
    answer.completion_tokens = total


def _raw(answer: SimulatedAnswer) -> bool:
    return bool(answer.content) and "".join(answer.content[:3]).startswith("<think>") if answer.content else False


def _time(world: World, answer: SimulatedAnswer) -> None:
    """Times that fit the pace: a queue of 5 to 100 ms, 0.05 ms a prompt token, the model's own speed."""
    rng = world.ids.random
    speed = answer.model.speed * (world.pace or 1.0)
    answer.timing = Timing(
        queue=round(rng.uniform(0.005, 0.1), 9),
        prompt=round(answer.prompt_tokens * rng.uniform(0.00005, 0.0001), 9),
        completion=round(answer.completion_tokens / speed, 9),
    )


def _injection_score(messages: list[Json]) -> str:
    """Prompt Guard's answer: the likelihood of an attack as a number in text."""
    if len(messages) != 1 or messages[0].get("role") != "user":
        raise bad_request("This model only supports a single user message")
    said = tokens.text_of(messages[0].get("content")).lower()
    if tokens.count(said) > 512:
        raise bad_request(CONTEXT_TEXT, param="messages")
    hits = len(
        re.findall(
            r"ignore|disregard|override|system prompt|jailbreak|previous instructions|pretend|developer mode", said
        )
    )
    return f"{min(0.9995, 0.0004 + 0.4 * hits):.4f}"
