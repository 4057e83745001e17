"""Why a route is as it is, in one sentence for the person who asked."""

from __future__ import annotations

from itertools import takewhile

from groq_core.models.spec import ModelSpec
from groq_core.router.candidate import Candidate, Candidates, Exclusions, Names


def first_awake(candidates: Candidates) -> Candidate | None:
    return next((candidate for candidate in candidates if candidate.awake), candidates[0] if candidates else None)


def reason(rule: str, pinned: ModelSpec | None, candidates: Candidates, excluded: Exclusions, listed: Names) -> str:
    """
    Tell the rule and, where it is not the first choice that will be asked, why not.

    ``an image was sent; Llama 4 Scout is not offered to this key, so qwen/qwen3.8-27b``
    """
    first = first_awake(candidates)
    if first is None:
        obstacles = obstacles_before(candidates, excluded, listed if pinned is None else (pinned.name, *listed))
        return f"{rule}; nobody can answer: {obstacles or 'its list is empty'}"
    if pinned is None:
        obstacles = obstacles_before(candidates, excluded, listed)
        own = f", which {first.why}" if not first.awake else ""
        return f"{rule}; {obstacles}, so {first.spec.id}{own}" if obstacles else f"{rule}, so {first.spec.id}{own}"
    if first.spec.name == pinned.name:
        return rule + (f"; it {first.why}" if first.why else "")
    _, why = _whys(candidates, excluded)[pinned.name]
    return f"{rule}; it {why}, so {first.spec.id}"


def obstacles_before(candidates: Candidates, excluded: Exclusions, listed: Names) -> str:
    """Say why those did not come first whom the list names before the one who did; the first two suffice."""
    first = first_awake(candidates)
    whys = _whys(candidates, excluded)
    before = takewhile(lambda name: first is None or name != first.spec.name, listed)
    said = [" ".join(whys[name]) for name in before if name in whys]
    return " and ".join(said[:2]) + (f" (and {len(said) - 2} more)" if len(said) > 2 else "")


def _whys(candidates: Candidates, excluded: Exclusions) -> dict[str, tuple[str, str]]:
    """Map the name of everybody something speaks against to its label and what that is."""
    told = {item.spec.name: (item.spec.label, item.why) for item in excluded}
    return told | {item.spec.name: (item.spec.label, item.why) for item in candidates if item.why}
