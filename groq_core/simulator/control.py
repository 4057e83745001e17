"""The switches: faults, catalogue profile and what was asked, under ``/_simulator``."""

from __future__ import annotations

from typing import Any

import msgspec

from groq_core.simulator.exchange import SimulatedExchange
from groq_core.simulator.faults import KINDS, Fault
from groq_core.simulator.model_profiles import PROFILES
from groq_core.simulator.presets import PRESETS
from groq_core.simulator.story_upstream import SavedStory
from groq_core.simulator.wire_format import WireError, encode
from groq_core.simulator.world import World

_JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"), (b"x-simulated", b"true")]


class Profile(msgspec.Struct, forbid_unknown_fields=True):
    """Body of ``POST /_simulator/profile``; what is left out stays as it is."""

    catalogue: str | None = None
    pace: float | None = None


async def answer(world: World, exchange: SimulatedExchange) -> None:
    """Answer a request to the switches; errors name the field."""
    body = await exchange.body()
    try:
        status, value = _handle(world, exchange.method, exchange.path.rstrip("/") or "/", body)
    except (msgspec.DecodeError, ValueError) as error:
        status, value = 400, {"error": {"message": str(error), "type": "invalid_request_error"}}
    except WireError as error:
        status, value = error.status, {"error": {"message": error.message, "type": error.type}}
    await exchange.answer(status, _JSON, encode(value) + b"\n")


def _handle(world: World, method: str, path: str, body: bytes) -> tuple[int, Any]:
    match method, path.split("/")[1:]:
        case "GET", [""]:
            return 200, _about(world)
        case "GET", ["_simulator"]:
            return 200, _about(world)
        case "GET", ["_simulator", "faults"]:
            return 200, {"faults": world.faults.list(), "kinds": KINDS, "presets": list(PRESETS)}
        case "POST", ["_simulator", "faults"]:
            return 200, {"faults": _add(world, body)}
        case "DELETE", ["_simulator", "faults"]:
            world.faults.clear()
            return 200, {"faults": []}
        case "DELETE", ["_simulator", "faults", id]:
            if not world.faults.remove(id):
                raise WireError(404, f"there is no fault {id!r}")
            return 200, {"faults": world.faults.list()}
        case "POST", ["_simulator", "story"]:
            return 200, {"requests": world.stories.add(msgspec.json.decode(body, type=SavedStory).events)}
        case "DELETE", ["_simulator", "story"]:
            world.stories.clear()
            return 200, {"requests": 0}
        case "GET", ["_simulator", "requests"]:
            return 200, {"requests": list(world.requests)}
        case "DELETE", ["_simulator", "requests"]:
            world.requests.clear()
            return 200, {"requests": []}
        case "GET", ["_simulator", "profile"]:
            return 200, _profile(world)
        case "POST", ["_simulator", "profile"]:
            _switch(world, msgspec.json.decode(body, type=Profile))
            return 200, _profile(world)
        case "DELETE", ["_simulator", "limits"]:
            world.limits.reset()
            return 200, {"limits": world.limits.setting}
    raise WireError(404, f"the simulator has no switch {method} {path}")


def _add(world: World, body: bytes) -> list[Fault]:
    several = body.lstrip()[:1] == b"["
    faults = msgspec.json.decode(body, type=list[Fault]) if several else [msgspec.json.decode(body, type=Fault)]
    for fault in faults:
        fault.check()
    return [world.faults.add(fault) for fault in faults]


def _switch(world: World, profile: Profile) -> None:
    if profile.pace is not None:
        if profile.pace < 0:
            raise ValueError(f"pace must not be negative, but is {profile.pace:g}")
        world.pace = profile.pace
    if profile.catalogue is not None:
        world.use(profile.catalogue)


def _profile(world: World) -> dict[str, Any]:
    return {
        "catalogue": world.catalogue,
        "catalogues": list(PROFILES),
        "pace": world.pace,
        "limits": world.limits.setting,
        "limits_scale": world.limits.scale,
        "open_streams": world.open_streams,
    }


def _about(world: World) -> dict[str, Any]:
    return {
        "simulator": "groq-core",
        "note": "Answers are simulated; no model is asked.",
        "groq": "/openai/v1",
        "openai": "/v1",
        "switches": ["/_simulator/faults", "/_simulator/story", "/_simulator/profile", "/_simulator/requests"],
        **_profile(world),
    }
