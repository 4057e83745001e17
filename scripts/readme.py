"""
Print the parts of the README that are facts of the code: `python -m scripts.readme`.

Each generated part stands between two comments, ``<!-- name -->`` and ``<!-- /name -->``. The same facts make
``.env.example``. A test fails while either is stale.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Final

from groq_core.cli import COMMANDS
from groq_core.failures.policy import LADDER, POLICY, PolicyRow
from groq_core.models.catalogue import life
from groq_core.models.registry import MODELS
from groq_core.models.spec import TIER_NAMES, ModelSpec
from groq_core.models.tiers import ANY, BACKUP_TIERS, GROQ_TIERS
from groq_core.settings.settings import Settings, defaults, variables
from groq_core.settings.variable import Env
from scripts import clients, kinds

ROOT: Final = Path(__file__).parents[1]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """
    Lay out a Markdown table.

    >>> print(table(("a", "b"), [("1", "x|y")]))
    | a | b |
    |---|---|
    | 1 | x\\|y |
    """
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" if line[0] != "---" else f"|{'|'.join(line)}|" for line in lines)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────────


def settings_table() -> str:
    return table(
        ("variable", "default", "meaning"),
        ((f"`{env.name}`", _default(field, env), env.meaning) for field, env in variables().items()),
    )


def _default(field: str, env: Env) -> str:
    if env.shown:
        return env.shown
    match defaults()[field]:
        case None | ():
            return "–"
        case bool(value):
            return "on" if value else "off"
        case float(value):
            return f"{value:g}"
        case value:
            return f"`{value}`" if isinstance(value, str) else str(value)


def env_example() -> str:
    """Every variable with its meaning, commented out; the whole text of ``.env.example``."""
    lines = ["# Copy to .env and take the # from what you set; the real environment wins.", ""]
    for field, env in variables().items():
        value = defaults()[field]
        shown = _write(value)
        lines += [f"# {_plain(env.meaning)}", f"#{env.name}={'0' if value is False else shown}", ""]
    return "\n".join(lines)


def _write(value: object) -> str:
    """A default as it would stand in the file."""
    match value:
        case None | ():
            return ""
        case float():
            return f"{value:g}"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _plain(markdown: str) -> str:
    return markdown.replace("`", "")


# ── models ───────────────────────────────────────────────────────────────────────────────────────────


def tiers_table() -> str:
    def join_ids(ids: tuple[str, ...]) -> str:
        return ", ".join("any other" if id == ANY else f"`{id}`" for id in ids)

    return table(
        ("tier", "Groq models, first choice first", "backup"),
        ((f"`{tier}`", join_ids(GROQ_TIERS[tier]), join_ids(BACKUP_TIERS[tier])) for tier in TIER_NAMES),
    )


def models_table() -> str:
    """List the living, then those on contract or announced to go, then the dead."""
    order = ("active", "announced", "enterprise", "retired")
    shown = sorted(MODELS.values(), key=lambda spec: order.index(spec.status))
    return table(
        ("model", "can", "window / output", "tokens/s", "USD", "life", "read"),
        (
            (
                f"[`{spec.id}`]({spec.source})" + ("" if spec.provider == "groq" else f" ({spec.provider})"),
                ", ".join(sorted(spec.capabilities)).replace("_", " "),
                f"{spec.context_window} / {spec.max_output}" if spec.context_window and spec.max_output else "–",
                f"{spec.tokens_per_s:g}" if spec.tokens_per_s else "–",
                _price(spec),
                life(spec) or "active",
                str(spec.checked),
            )
            for spec in shown
        ),
    )


def _price(spec: ModelSpec) -> str:
    if spec.usd_hour is not None:
        return f"{spec.usd_hour:g} an hour"
    if spec.usd_characters is not None:
        return f"{spec.usd_characters:g} per 1M characters"
    if spec.usd_in is None or spec.usd_out is None:
        return "–"
    cached = f" ({spec.usd_cached:g} cached)" if spec.usd_cached is not None else ""
    return f"{spec.usd_in:g}{cached} in, {spec.usd_out:g} out per 1M tokens"


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────

_THEN: Final = {"model": "next model", "provider": "next provider", "stop": "stop"}
_MENDS: Final = {"": "", "shrink": "once more, made smaller", "tell": "told what was wrong"}


def policy_table() -> str:
    return table(
        ("failure", "same model again", "then", "cools down for", "what is said"),
        ((f"`{kind}`", _again(rule), _then(rule), _cooldown(rule), rule.says) for kind, rule in POLICY.items()),
    )


def _again(rule: PolicyRow) -> str:
    times = f"{rule.retries}×" if rule.retries else ""
    return ", ".join(filter(None, (times, _MENDS[rule.mend]))) or "–"


def _then(rule: PolicyRow) -> str:
    return _THEN[rule.then] + ("; twice: next provider" if rule.suspect else "")


def _cooldown(rule: PolicyRow) -> str:
    if rule.cooldown is None:
        cooldown = Settings().cooldown
        told = ", ".join(f"{cooldown * times:g}" for times in LADDER) + " s"
    elif rule.cooldown == inf:
        told = "until the catalogue is read again"
    elif rule.cooldown:
        told = f"{rule.cooldown:g} s"
    else:
        return "–"
    return told + (", all its models" if rule.whole_provider else "")


# ── rooms ────────────────────────────────────────────────────────────────────────────────────────────


def rooms_table() -> str:
    package = ROOT / "groq_core"
    rooms = sorted(path.parent for path in package.glob("*/__init__.py"))
    return table(
        ("in `groq_core/`", "what it is for"),
        ((f"`{room.name}/`", summary(room / "__init__.py")) for room in rooms),
    )


WHERE: Final = (
    ("Where is Retry-After parsed?", "groq_core/ratelimit/headers.py", "retry_after"),
    ("Where is a price worked out?", "groq_core/models/pricing.py", "cost_usd"),
    ("Which models are there, and what do they cost?", "groq_core/models/registry.py", "MODELS"),
    ("Which models make up a tier?", "groq_core/models/tiers.py", "GROQ_TIERS"),
    ("Who is asked, in which order?", "groq_core/router/route.py", "route"),
    ("How is a failure recognised?", "groq_core/failures/classify.py", "from_event"),
    ("What follows from a kind of failure?", "groq_core/failures/policy.py", "POLICY"),
    ("What does the chain do next?", "groq_core/fallback/decide.py", "decide"),
    ("Who is cooling down?", "groq_core/fallback/health.py", "Health"),
    ("How is a broken answer joined to the next one?", "groq_core/fallback/splice.py", "Splice"),
    ("How is a request made to fit?", "groq_core/fallback/shrink.py", "shrink"),
    ("Where do bytes become events?", "groq_core/streaming/decoder.py", "StreamDecoder"),
    ("What is cached, and for whom?", "groq_core/middleware/cache.py", "Cache"),
    ("Where are Groq's limits counted?", "groq_core/ratelimit/buckets.py", "TargetBudget"),
    ("What does the status panel read?", "groq_core/status/board.py", "Board"),
    ("Which metrics are there?", "groq_core/telemetry/metrics.py", "Metrics"),
    ("Where is a setting declared?", "groq_core/settings/settings.py", "Settings"),
    ("Where does a new provider go?", "groq_core/providers/__init__.py", "Provider"),
    ("How is a subtitle laid out?", "groq_core/media/text/layout.py", "cues"),
    ("Who may ask over HTTP?", "groq_core/api/access.py", "Access"),
    ("Where do all words of the page stand?", "groq_core/ui/texts.py", "TEXTS"),
)
"""Questions a newcomer asks, and where the answer is defined; a test looks whether it still is."""


def where_table() -> str:
    return table(("question", "answer"), ((question, f"`{path}`: `{name}`") for question, path, name in WHERE))


def summary(file: Path) -> str:
    """First paragraph of a module's docstring on one line, without the full stop."""
    doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(doc.partition("\n\n")[0].split()).removesuffix(".")


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────


def commands_table() -> str:
    return table(
        ("`.venv/bin/python -m groq_core …`", "what it does"),
        ((f"`{module.__name__.rpartition('.')[2]}`", module.HELP) for module in COMMANDS),
    )


# ── putting it in ────────────────────────────────────────────────────────────────────────────────────

PARTS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "rooms": rooms_table,
        "where": where_table,
        "settings": settings_table,
        "tiers": tiers_table,
        "models": models_table,
        "policy": policy_table,
        "commands": commands_table,
        "clients": lambda: table(("client", "version", "what is run", "result"), clients.rows()),
        "kinds": lambda: table(kinds.HEAD, kinds.rows()),
    }
)


def render(readme: str) -> str:
    """
    Put every generated part between its two comments.

    Raises:
        ValueError: The text lacks the comments of a part.
    """
    for name, part in PARTS.items():
        before, start, rest = readme.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        if not (start and end):
            raise ValueError(f"the README has no place for {name}")
        readme = f"{before}{start}{part()}\n{end}{after}"
    return readme


def main() -> int:
    """Rewrite both files in place."""
    readme = ROOT / "README.md"
    readme.write_text(render(readme.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
