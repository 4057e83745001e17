"""The fault switch speaks the simulator's language."""

from __future__ import annotations

import random

import pytest

from groq_core.errors import RequestError
from groq_core.simulator.faults import Faults
from groq_core.ui.fault_switch import FAULTS, Switch, flip, in_force, read_switch


@pytest.fixture
def store() -> Faults:
    return Faults(lambda: 0.0, random.Random(0))


@pytest.mark.parametrize("word", FAULTS)
def test_every_word_is_a_fault_of_the_simulator_and_is_read_back(store: Faults, word: str) -> None:
    flip(store, Switch(target="groq:openai/gpt-oss-20b", fault=word, once=True))

    [fault] = in_force(store)
    assert (fault["target"], fault["fault"], fault["once"]) == ("groq:openai/gpt-oss-20b", word, True)


def test_new_fault_replaces_the_old_one_of_that_target_only(store: Faults) -> None:
    flip(store, Switch(target="groq:a", fault="stall"))
    flip(store, Switch(target="groq:b", fault="cut"))
    flip(store, Switch(target="groq:a", fault="empty"))

    assert {(fault["target"], fault["fault"]) for fault in in_force(store)} == {("groq:a", "empty"), ("groq:b", "cut")}


def test_mending_one_and_mending_all(store: Faults) -> None:
    for target in ("groq:a", "groq:b", "openai:c"):
        flip(store, Switch(target=target, fault="stall"))

    flip(store, Switch(target="groq:a"))
    assert [fault["target"] for fault in in_force(store)] == ["groq:b", "openai:c"]

    flip(store, Switch())
    assert in_force(store) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}}", b'{"fault":"nonsense"}', b'{"target":"nobody","fault":"cut"}', b'{"x":1}']
)
def test_bad_switch_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError):
        read_switch(body)
