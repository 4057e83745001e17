"""No regular expression that may see a stranger's text takes time that grows faster than the text."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil
import re
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import pytest

import groq_core

ROOT = Path(groq_core.__file__).parent
NOTICEABLE_S = 0.05
"""What takes less is no attack, and no clock measures its growth."""

GROWTH = 8
"""Of the time when the text grows fourfold: 4 when it is linear, 16 when it is quadratic."""

MOST_ATTACKS = 60
"""On one pattern; of more, one in some is tried."""

SHARES = 4
"""Tests that the patterns are dealt out to."""

LADDER = ((1_000, 4_000), (2_000, 8_000), (4_000, 16_000))
"""Characters of a text and of one four times as long; what grows badly mostly shows before the longest."""

HARMLESS_S = NOTICEABLE_S / (LADDER[-1][1] / LADDER[0][1]) ** 4
"""What takes less at the first step is not noticeable at the last, unless it grew faster than with the fourth power;
and that would take an hour at the first."""

ANCHORED = frozenset(("match", "fullmatch"))


class Use(NamedTuple):
    """A pattern, and whether it is only ever tried at one place of a text."""

    pattern: re.Pattern[Any]
    anchored: bool


def _inside(value: Any) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _inside(tuple(value.values()))
    elif isinstance(value, tuple | list | frozenset | set):
        for item in value:
            yield from _inside(item)


def _calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """The calls ``NAME.method(…)``, as (NAME, method, call)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            yield name, node.func.attr, node


def _flags(call: ast.Call) -> int:
    named = [word.value for word in call.keywords if word.arg == "flags"]
    names = {
        node.attr for flags in (*named, *call.args[1:]) for node in ast.walk(flags) if isinstance(node, ast.Attribute)
    }
    return sum(flag for flag in re.RegexFlag if flag.name in names)


def _literals(calls: Iterable[tuple[str, str, ast.Call]]) -> Iterator[Use]:
    """Patterns written where they are used: ``re.sub("…", …)``."""
    for owner, method, call in calls:
        if (
            owner == "re"
            and call.args
            and isinstance(call.args[0], ast.Constant)
            and method not in ("escape", "compile")
        ):
            yield Use(re.compile(call.args[0].value, _flags(call)), method in ANCHORED)


FILLED = {
    "joined": r"total[\s_-]{0,9}sum",
    "re.escape(words[-1].rstrip('s'))": "year",
    "spoken": "divided by",
    "pattern": r"\bsort(?:ed|ing)?\b",
    "'|'.join(alternatives)": "too long|maximum context",
    "'\\\\s+'.join(map(re.escape, words.split()))": r"a\s+b\s+a\s+a",
    "_tolerant(text)": r"(?<!\w)total[\s|]+sum(?!\w)",
    "re.escape(path).replace('\\\\{\\\\}', '[^/]+')": "/v1/batches/[^/]+/cancel",
}
"""
What stands for an expression in a pattern that is put together where it is used; escaped texts are a letter. One that
is not named here, and is no constant of its module, fails the tests.
"""


def _made(module: Any, tree: ast.AST) -> Iterator[Use]:
    """Patterns that are put together, or compiled, inside functions and classes."""
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for owner, method, call in _calls(scope):
                if owner != "re" or method == "escape" or not call.args:
                    continue
                if method == "compile" or not isinstance(call.args[0], ast.Constant):
                    yield Use(re.compile(_fill(module, call.args[0]), _flags(call)), method in ANCHORED)


def _fill(module: Any, node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_fill(module, part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _fill(module, node.value)
    if isinstance(node, ast.Constant):
        return str(node.value)
    words = ast.unparse(node)
    if words in FILLED:
        return FILLED[words]
    if words.startswith("re.escape("):
        return "a"
    try:
        value = eval(words, vars(module))
    except NameError:
        value = None
    assert isinstance(value, str), f"{module.__name__}: say in FILLED what stands for {words}"
    return value


def _modules() -> Iterator[Any]:
    for module in pkgutil.walk_packages(groq_core.__path__, "groq_core."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


@functools.cache
def _uses() -> dict[str, Use]:
    found: dict[str, Use] = {}
    for module in _modules():
        source = Path(module.__file__).read_text(encoding="utf-8")
        kept = {name: patterns for name, value in vars(module).items() if (patterns := list(_inside(value)))}
        if not kept and "re." not in source:
            continue
        tree = ast.parse(source)
        calls = list(_calls(tree))
        methods: dict[str, set[str]] = {}
        for owner, method, _ in calls:
            methods.setdefault(owner, set()).add(method)
        for number, use in enumerate(_literals(calls)):
            found[f"{module.__name__}:{number}"] = use
        for number, use in enumerate(_made(module, tree)):
            found[f"{module.__name__}:made {number}"] = use
        for name, patterns in kept.items():
            used = methods.get(name, set())
            for number, pattern in enumerate(patterns):
                # One that other modules use too is found there again, with how they use it.
                found[f"{module.__name__}.{name}:{number}"] = Use(pattern, bool(used) and used <= ANCHORED)
    unlike: dict[tuple[Any, int, bool], str] = {}
    for name, use in found.items():
        unlike.setdefault((use.pattern.pattern, use.pattern.flags, use.anchored), name)
    return {name: found[name] for name in unlike.values()}


_CATEGORIES = {
    codes.CATEGORY_DIGIT: "1",
    codes.CATEGORY_NOT_DIGIT: "a ",
    codes.CATEGORY_SPACE: " \n",
    codes.CATEGORY_NOT_SPACE: "a.",
    codes.CATEGORY_WORD: "a1",
    codes.CATEGORY_NOT_WORD: " .",
}
_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
_PROBES = "a1 .\n\"'-,:;(<A_/é\x00漢"


def _of_class(items: Iterable[tuple[Any, Any]]) -> str:
    accepted, negated = "", False
    for kind, value in items:
        if kind is codes.NEGATE:
            negated = True
        elif kind is codes.LITERAL:
            accepted += chr(value)
        elif kind is codes.RANGE:
            accepted += chr(value[0])
        elif kind is codes.CATEGORY:
            accepted += _CATEGORIES[value]
    return "".join(probe for probe in _PROBES if probe not in accepted)[:4] if negated else accepted[:8]


def _alternatives(kind: Any, value: Any) -> list[str]:
    """Short texts that a node of a parsed pattern takes."""
    if kind is codes.LITERAL:
        return [chr(value)]
    if kind is codes.NOT_LITERAL:
        return [probe for probe in _PROBES if probe != chr(value)][:3]
    if kind is codes.ANY:
        return ["a", " "]
    if kind is codes.IN:
        return list(_of_class(value)) or [""]
    if kind is codes.BRANCH:
        return [text for branch in value[1] for text in _texts(branch)[:2]]
    if kind is codes.SUBPATTERN:
        return _texts(value[3])
    if kind is codes.ATOMIC_GROUP:
        return _texts(value)
    if kind in _REPEATS:
        least = min(max(value[0], 1), 64)
        return [text * least for text in _texts(value[2])]
    return [""]


def _texts(nodes: Any) -> list[str]:
    choices = [_alternatives(kind, value) for kind, value in nodes]
    widest = min(max((len(choice) for choice in choices), default=1), 8)
    return ["".join(choice[number % len(choice)] for choice in choices if choice) for number in range(widest)]


def _repeats(nodes: Any, before: str) -> Iterator[tuple[str, str]]:
    """Each repetition of a pattern: a text that leads to it, and one that it takes once."""
    for kind, value in nodes:
        if kind in _REPEATS:
            for text in _texts(value[2]):
                yield before, text
            yield from _repeats(value[2], before)
        elif kind is codes.SUBPATTERN:
            yield from _repeats(value[3], before)
        elif kind is codes.ATOMIC_GROUP:
            yield from _repeats(value, before)
        elif kind is codes.BRANCH:
            for branch in value[1]:
                yield from _repeats(branch, before)
        before += _alternatives(kind, value)[0] if _alternatives(kind, value) else ""


def attacks_on(pattern: re.Pattern[Any]) -> list[tuple[str, str, str]]:
    """Texts as (start, what is repeated, end) that a backtracking matcher may find hard."""
    nodes = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    repeats = list(dict.fromkeys(_repeats(nodes, "")))
    ends = ("", "\x00")
    attacks = {(start, text, end) for start, text in repeats for end in ends}
    attacks |= {(start + text, other, "\x00") for start, text in repeats[::2] for _, other in repeats[:6]}
    attacks |= {("", start + text, "\x00") for start, text in repeats}
    attacks |= {("", start, "\x00") for start, _ in repeats}
    attacks |= {("", text, end) for text in _texts(nodes) for end in ends[:2]}
    attacks |= {(start, one + other, "\x00") for start, one in repeats for _, other in repeats[:6]}
    attacks |= {("", probe, end) for probe in (*_PROBES, "a ", " \n", "1.", "<a", "\"'") for end in ends}
    return sorted(attack for attack in attacks if attack[1])[:: 1 + len(attacks) // MOST_ATTACKS]


def _seconds(run: Callable[[Any], Any], text: str | bytes) -> float:
    began = time.process_time()
    run(text)
    return time.process_time() - began


def _text(attack: tuple[str, str, str], characters: int, kind: type) -> str | bytes:
    start, repeated, end = attack
    text = start + repeated * max(1, characters // len(repeated)) + end
    return text.encode("latin-1", "replace") if kind is bytes else text


def _grows_badly(use: Use, attack: tuple[str, str, str]) -> str:
    """What was measured when the time grows faster than the text, else nothing."""
    pattern = use.pattern
    run = (lambda text: (pattern.match(text), pattern.fullmatch(text))) if use.anchored else pattern.findall
    kind = type(pattern.pattern)
    for characters in (16, 20, 24, 28):
        if _seconds(run, _text(attack, characters, kind)) > NOTICEABLE_S:
            return f"{characters} characters are enough"
    for shorter, longer in LADDER:
        took = _seconds(run, _text(attack, longer, kind))
        if took > NOTICEABLE_S:
            # The least of some runs: a machine with other work makes a run longer, never shorter.
            took = min(took, *(_seconds(run, _text(attack, longer, kind)) for _ in range(2)))
            before = min(_seconds(run, _text(attack, shorter, kind)) for _ in range(5))
            if took > NOTICEABLE_S and took > GROWTH * before:
                return f"{took:.3f} s for {longer} characters, {before:.4f} s for {shorter}"
        elif took < HARMLESS_S:
            break
    return ""


@pytest.mark.parametrize("share", range(SHARES))
def test_the_time_grows_no_faster_than_the_text(share: int) -> None:
    """Found when it runs and not when it is collected, since finding them imports and parses the whole package."""
    slow = []
    for name, use in sorted(_uses().items())[share::SHARES]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            attacks = attacks_on(use.pattern)
        measured = ((attack, _grows_badly(use, attack)) for attack in attacks)
        slow += [f"{name}, {use.pattern.pattern!r} with {attack}: {how}" for attack, how in measured if how][:1]
    assert slow == []


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        (r"\s+$", False),
        (r"(a+)+b", True),
        (r"\d+\.", False),
        (r"\s*data:\s*(?:x)?\s*,", True),
        (r"```[a-z]*(.*?)```", True),
    ],
)
def test_what_backtracks_badly_is_found(pattern: str, anchored: bool) -> None:
    use = Use(re.compile(pattern, re.DOTALL), anchored)
    assert any(_grows_badly(use, attack) for attack in attacks_on(use.pattern))


def _parts(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """Every step of a pattern, those inside others too."""
    for step, value in parsed:
        yield step, value
        for inside in value if isinstance(value, tuple | list) else (value,):
            for one in inside if isinstance(inside, list) else (inside,):
                if isinstance(one, parser.SubPattern):
                    yield from _parts(one)


def _forgets_its_place(pattern: re.Pattern[Any]) -> bool:
    """Whether a group in it is possessive or atomic; of one set of characters each Python makes the same."""
    return any(
        step is codes.ATOMIC_GROUP
        or (step is codes.POSSESSIVE_REPEAT and (len(value[2]) != 1 or value[2][0][0] not in ONE_CHARACTER))
        for step, value in _parts(parser.parse(pattern.pattern, pattern.flags))
    )


ONE_CHARACTER = frozenset((codes.LITERAL, codes.NOT_LITERAL, codes.IN, codes.ANY, codes.CATEGORY))


def test_every_python_finds_the_same() -> None:
    """
    A possessive group that fails half-way leaves Python 3.11.0 to 3.11.4 behind the half (gh-106052): the calculator
    read ``0e`` as a number there. Debian 12 has 3.11.2.
    """
    assert [name for name, use in _uses().items() if _forgets_its_place(use.pattern)] == []


@pytest.mark.parametrize(
    ("pattern", "forgets"),
    [
        (r"\d++(?:e\d++)?+", True),
        (r"a(?>b|c)", True),
        (r"(x(?:(?=(?:aa|b)*+)y)?)", True),
        (r"(?:(?:a++b)*+|c)", True),
        (r"(?:\d++\.?+[a-z]{2,5}+.*+)*", False),
    ],
)
def test_what_forgets_its_place_is_found(pattern: str, forgets: bool) -> None:
    assert _forgets_its_place(re.compile(pattern)) == forgets


def test_the_patterns_are_found() -> None:
    assert len(_uses()) > 200
