"""
What the simulator can truly answer, since it can be computed: echo, sums, dates, counting, spelling, memory.

Each skill takes the question and the earlier user messages and answers, or says None.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from groq_core.simulator.wire_format import words

Skill = Callable[[str, list[str]], str | None]

_QUOTED = r"[\"“'‘`]([^\"”'’`]{1,500})[\"”'’`]"
_ECHO = (
    re.compile(rf"\b(?:say|repeat|echo|print|write|answer|reply|respond)\b[^\"“'`\n]{{0,60}}?{_QUOTED}", re.I),
    re.compile(
        r"\b(?:reply|respond|answer)\s{1,9}(?:only\s{1,9}|just\s{1,9})?with\s{1,9}"
        r"(?!.{0,120}\b(?:number|result|answer|name|json|digits?|yes or no)\b)(?:exactly|only|just)?\s{0,9}"
        r"(?:(?:the|one|a)\s{1,9})?(?:single\s{1,9})?(?:word|phrase|text)?s?\s{0,9}:?\s{1,9}(\S[^\n]{0,80}?)"
        r"(?:\s{1,9}and\s{1,9}nothing\s{1,9}else|\s{1,9}only)?[.!]?\s{0,99}$",
        re.I,
    ),
    re.compile(
        r"^\s*+(?:please\s{1,9})?(?:say|repeat|echo)(?!.*\b(?:words?|sentences?)\b)(?:\s{1,9}after\s{1,9}me)?"
        r"(?:\s{1,9}exactly|\s{1,9}only|\s{1,9}just)?\s{0,9}:?\s{1,9}(\S[^\n]{0,200}?)\s{0,99}$",
        re.I,
    ),
)
_SUM = re.compile(
    r"(?<![\w.])[-+]?[(\d][\d\s.,()]{0,60}+"
    r"(?:(?:\*\*|[-+*/%^×÷·x]|\bplus\b|\bminus\b|\btimes\b|\bdivided by\b|\bmod\b)"
    r"[\s(]{0,9}[-+]?[\d(][\d\s.,()]{0,60}+)+",
    re.I,
)
_SHARE = re.compile(
    r"(?<!\d)(\d{1,30}(?:\.\d{1,30})?)\s{0,9}(?:%|percent)\s{1,9}of\s{1,9}(\d[\d,]{0,40}(?:\.\d{1,30})?)", re.I
)
_BARE = re.compile(r"\b(?:just|only)\b.{0,20}\b(?:number|result|answer|digits?)\b|\bno explanation\b", re.I)
_WORDS_TO_SIGNS = (
    (r"divided by", "/"), (r"plus", "+"), (r"minus", "-"), (r"times", "*"), (r"mod", "%"),
    (r"[×·x]", "*"), (r"÷", "/"), (r"\^", "**"),
)  # fmt: skip
_OPERATIONS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}
_SERIES = {
    "days of the week": words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "months": words("January February March April May June July August September October November December"),
    "planets": words("Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune"),
    "seasons": words("spring summer autumn winter"),
    "primary colours": words("red yellow blue"),
    "letters of the alphabet": list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
}


def compute(question: str, earlier: list[str]) -> str | None:
    """The answer of the first skill that knows one."""
    if len(question) > 20_000:
        return None
    return next((answer for skill in SKILLS if (answer := skill(question, earlier)) is not None), None)


def echo(question: str, earlier: list[str]) -> str | None:
    """
    >>> echo("Reply with exactly: pong", [])
    'pong'
    >>> echo('Please say "hello there" to me', [])
    'hello there'
    """
    if question.count("\n") > 3:
        return None
    for pattern in _ECHO:
        if (found := pattern.search(question)) is not None:
            return found.group(1).strip().strip("\"'“”`")
    return None


def arithmetic(question: str, earlier: list[str]) -> str | None:
    """
    >>> arithmetic("What is 17 * 23?", [])
    '17 * 23 = **391**'
    """
    found = max(_SUM.findall(question), key=len, default="").strip().rstrip(".,")
    if not found or (
        re.fullmatch(r"[\d]{4}-\d{2}-\d{2}|\d+\s*-\s*\d+", found)
        and "=" not in question
        and "what" not in question.lower()
    ):
        return None
    value = evaluate(found)
    if value is None:
        return None
    return number(value) if _BARE.search(question) else f"{found} = **{number(value)}**"


def percentage(question: str, earlier: list[str]) -> str | None:
    """
    >>> percentage("What is 12% of 80?", [])
    '12 % of 80 = **9.6**'
    """
    found = _SHARE.search(question)
    if found is None:
        return None
    share, whole = float(found.group(1)), float(found.group(2).replace(",", ""))
    value = number(share * whole / 100)
    return value if _BARE.search(question) else f"{number(share)} % of {number(whole)} = **{value}**"


def repetition(question: str, earlier: list[str]) -> str | None:
    """
    >>> repetition("Repeat the word banana 3 times", [])
    'banana banana banana'
    """
    found = re.search(
        r"\b(?:repeat|write|say)\s+(?:the word\s+)?[\"'“]?([\w-]+)[\"'”]?\s+(\w+)\s+times\b", question, re.I
    )
    times = _integer(found.group(2)) if found else None
    if found is None or times is None or times > 10_000:
        return None
    return " ".join([found.group(1)] * times)


def summary(question: str, earlier: list[str]) -> str | None:
    """The sentences that hold most of a text's frequent words, in their order, marked as chosen by counting."""
    if not re.search(r"\b(summari[sz]e|summary|tl;?dr)\b", question, re.I):
        return None
    text = question.split(":", 1)[-1] if ":" in question[:200] else question.split("\n", 1)[-1]
    sentences = re.findall(r"(?<![^.!?\n])[^.!?\n]++[.!?]", text)
    if len(sentences) < 2:
        return None
    weight = dict(frequent_words(text, 12))
    ranked = sorted(sentences, key=lambda s: -sum(weight.get(w, 0) for w in set(re.findall(r"[\w'-]+", s.lower()))))
    chosen = set(ranked[: max(1, len(sentences) // 4)])
    kept = " ".join(sentence.strip() for sentence in sentences if sentence in chosen)
    return f"{kept}\n\n*Simulated: {len(chosen)} of {len(sentences)} sentences, chosen by counting words.*"


def evaluate(expression: str) -> float | None:
    """
    The value of a sum, or None where it is none.

    >>> evaluate("2 plus 3 times 4"), evaluate("10 ÷ 4"), evaluate("1/0")
    (14, 2.5, None)
    """
    for spoken, sign in _WORDS_TO_SIGNS:
        expression = re.sub(spoken, sign, expression, flags=re.I)
    expression = re.sub(r"(?<=\d),(?=\d{3}\b)", "", expression).replace(",", "")
    try:
        value = _value(ast.parse(expression.strip(), mode="eval").body)
        return value if math.isfinite(value) else None
    except (SyntaxError, ValueError, ArithmeticError, TypeError, KeyError, RecursionError, MemoryError):
        return None


def _value(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATIONS[type(op)](_value(operand))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left), _value(right)
            if isinstance(op, ast.Pow) and (abs(a) > 1e6 or abs(b) > 64):
                raise ValueError("too large")
            return _OPERATIONS[type(op)](a, b)
    raise ValueError("not a sum")


def number(value: float) -> str:
    """
    >>> number(391.0), number(2.5), number(1/3)
    ('391', '2.5', '0.333333')
    """
    return str(int(value)) if value == int(value) else f"{value:.6g}"


def date(question: str, earlier: list[str]) -> str | None:
    """Today, yesterday and tomorrow, and the time, in UTC."""
    asked = question.lower()
    now = datetime.now(UTC)
    if re.search(r"\bwhat(?:'s| is)? (?:the )?(?:current )?time\b|\bwhat time is it\b", asked) and " in " not in asked:
        return f"It is {now:%H:%M} UTC."
    for word, days in (("today", 0), ("tomorrow", 1), ("yesterday", -1)):
        if word in asked and re.search(r"\b(date|day)\b", asked):
            return f"{word.capitalize()} is {now + timedelta(days=days):%A, %d %B %Y} (UTC)."
    return None


def counting(question: str, earlier: list[str]) -> str | None:
    """
    >>> counting("Count from 3 to 6", [])
    '3, 4, 5, 6'
    >>> counting("count down from 3 to 1", [])
    '3, 2, 1'
    """
    found = re.search(
        r"\bcount(?:ing)?(?:\s+\w+){0,2}?(?:\s+from\s+(\w+))?\s+(?:up\s+|down\s+)?to\s+(\w+)", question, re.I
    )
    if found is None:
        return None
    first, last = _integer(found.group(1) or "1"), _integer(found.group(2))
    if first is None or last is None or abs(last - first) > 5_000:
        return None
    step = 1 if last >= first else -1
    joint = "\n" if re.search(r"\bline\b", question, re.I) else ", "
    return joint.join(str(n) for n in range(first, last + step, step))


def spelling(question: str, earlier: list[str]) -> str | None:
    """
    >>> spelling("How many r's are in strawberry?", [])
    "There are **3** r's in “strawberry”."
    >>> spelling("Write 'abc' in upper case", [])
    'ABC'
    """
    if (
        found := re.search(
            r"how many (?:letter )?[\"']?([a-z])[\"']?(?:'?s)?\b.{0,20}\bin (?:the word )?[\"'“]?(\w+)", question, re.I
        )
    ) is not None:
        letter, word = found.group(1).lower(), found.group(2)
        return f"There are **{word.lower().count(letter)}** {letter}'s in “{word}”."
    found = re.search(_QUOTED, question) or re.search(r"[:]\s*(.{1,300})$", question, re.S)
    if found is None:
        return None
    text, asked = found.group(1), question.lower()
    if "how many words" in asked:
        return f"“{text}” has **{len(text.split())}** words."
    if "how many" in asked and re.search(r"letters|characters", asked):
        return f"“{text}” has **{sum(c.isalpha() for c in text)}** letters ({len(text)} characters)."
    if re.search(r"upper ?case|capital letters", asked):
        return text.upper()
    if re.search(r"lower ?case", asked):
        return text.lower()
    if "reverse" in asked or "backwards" in asked:
        return text[::-1]
    if re.search(r"\b(sort|alphabetical)", asked) and "," in text:
        return ", ".join(sorted((part.strip() for part in text.split(",")), key=str.casefold))
    return None


def memory(question: str, earlier: list[str]) -> str | None:
    """
    >>> memory("What is my name?", ["Hi, my name is Ada."])
    'Your name is Ada; you said so earlier.'
    """
    found = re.search(r"\bwhat(?:'s| is| was) (?:my|the) (?:secret |favou?rite )?(\w+)", question, re.I)
    if found is None:
        return None
    thing = found.group(1)
    told = re.compile(rf"\b{re.escape(thing)}\s+(?:is|was|:|=)\s*[\"“']?([\w-]+)", re.I)
    said = re.compile(rf"\bremember (?:the )?{re.escape(thing)}[:\s]+[\"“']?([\w-]+)", re.I)
    for message in reversed(earlier):
        if (answer := told.search(message) or said.search(message)) is not None:
            owner = "Your" if re.search(rf"\bmy\b[^?]*\b{re.escape(thing)}", question, re.I) else "The"
            return f"{owner} {thing} is {answer.group(1)}; you said so earlier."
    return None


def series(question: str, earlier: list[str]) -> str | None:
    """
    >>> print(series("List the seasons", []))
    1. spring
    2. summer
    3. autumn
    4. winter
    """
    asked = question.lower().replace("colors", "colours")
    if not re.search(r"\b(list|name|what are|which are|give me)\b", asked):
        return None
    for name, items in _SERIES.items():
        if name in asked:
            wanted = _wanted_count(asked)
            return "\n".join(f"{n}. {item}" for n, item in enumerate(items[: wanted or None], 1))
    return None


def frequent_words(text: str, most: int = 5) -> list[tuple[str, int]]:
    """The words that say what a text is about, by frequency, then by first appearance."""
    telling = [w for w in re.findall(r"[^\W\d_][\w'-]+[^\W_]", text.lower()) if w not in STOPWORDS]
    return Counter(telling).most_common(most)


LONGEST_NUMBER = 10
"""Digits of a number that is worked with."""


def _integer(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) < LONGEST_NUMBER else _NUMBER_WORDS.get(word.lower())


def _wanted_count(asked: str) -> int | None:
    found = re.search(r"\b(?:first|list|name|give me)\s+(?:the\s+)?(?:first\s+)?(\w+)\b", asked)
    return _integer(found.group(1)) if found else None


SKILLS: tuple[Skill, ...] = (
    summary, repetition, echo, memory, counting, spelling, date, percentage, arithmetic, series,
)  # fmt: skip

STOPWORDS = frozenset(
    words(
        """the and for are but not you your all any can has had her was one our out his him how its who why did get may
    she too use that this with have from they will would there their what about which when make like time just know
    take into than then them these those some could other more very also been were where does please tell give write
    explain describe show should using used sentence sentences words word answer reply question short long briefly
    let say list me my mine i'm it's what's is in of to a an on at as be by do if it no or so up us we"""
    )
)
