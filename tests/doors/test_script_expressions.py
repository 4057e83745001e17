"""No regular expression of the page's scripts takes time that grows faster than the text; Node times them."""

from __future__ import annotations

import json
import re
import subprocess
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.doors.test_regular_expressions import attacks_on
from tests.requires import needs

ROOT = Path(__file__).parents[2]

pytestmark = needs("node", "node_modules")

SCRIPTS = ROOT / "assets" / "js"
TOOL = ROOT / "tests" / "js" / "expressions.js"

MADE = {"${KINDS}": "note|error", '${source.join("")}': r"the file (?<name>.+?) is empty"}
"""What stands for a value in an expression that is put together; a new one is named here, or the tests fail."""


def ask_node(*words: str, given: Any = None) -> Any:
    said = subprocess.run(
        ["node", str(TOOL), *words],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
        cwd=ROOT,
    )
    return json.loads(said.stdout)


def as_python(source: str) -> re.Pattern[str]:
    """An expression of JavaScript as near as Python has it: only to find what it may find hard."""
    source = re.sub(r"\(\?<(?=\w)", "(?P<", source)
    source = re.sub(r"\\k<(\w+)>", r"(?P=\1)", source)
    source = re.sub(r"\\[pP]\{[^}]*\}", "a", source)
    source = re.sub(r"\\u\{([0-9A-Fa-f]+)\}", lambda found: f"\\U{int(found[1], 16):08x}", source)
    source = re.sub(r"\\c([A-Z])", lambda found: f"\\x{ord(found[1]) - 64:02x}", source)
    source = re.sub(r"(?<!\\)/", "/", source.replace(r"\/", "/").replace("[^]", r"[\s\S]"))
    return re.compile(source)


def put_together(made: str) -> tuple[str, str]:
    """Source and flags of `new RegExp(…)`."""
    found = re.fullmatch(r"new RegExp\(`(.*)`, \"(\w*)\"\)", made)
    assert found, f"{made}: say here how its values are to be filled"
    source = found[1].replace("\\\\", "\\")
    for name, value in MADE.items():
        source = source.replace(name, value)
    assert "${" not in source, f"{made}: name what stands for its values in MADE"
    return source, found[2]


def hard_texts(found: dict[str, str]) -> dict[str, Any]:
    source, flags = put_together(found["made"]) if "made" in found else (found["source"], found["flags"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        attacks = attacks_on(as_python(source))
    return {"place": found["place"], "source": source, "flags": flags, "attacks": attacks}


@pytest.mark.timeout(300)
def test_the_time_grows_no_faster_than_the_text() -> None:
    found = ask_node("list", str(SCRIPTS))

    assert len(found) > 80
    assert ask_node("time", given=[hard_texts(one) for one in found]) == []


def test_what_backtracks_badly_is_found() -> None:
    bad = [r"\s+$", r"(a+)+b", r"^\s*(?<sign>\w+)*\s*:\s*$"]
    jobs = [hard_texts({"place": source, "source": source, "flags": ""}) for source in bad]

    assert [one["place"] for one in ask_node("time", given=jobs)] == bad
