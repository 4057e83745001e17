"""What every test gets."""

from __future__ import annotations

import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import certifi
import hypothesis
import pytest

from groq_core.simulator import Simulator
from groq_core.ui import static
from tests.blocking import refuse_to_wait
from tests.forks.start import forking
from tests.patience import limit_waiting
from tests.requires import not_run, require

# Two shared cores are no place for deadlines.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# A shell ignores Ctrl-C for what it starts in the background, and every process below it inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

refuse_to_wait()
limit_waiting()

_OURS = ("GROQ_", "OPENAI_")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """
    Ask at once how often a test has failed.

    What tries failed tests again tells its controller of each test, and asks of the next, by a socket: of two messages
    the system keeps the second until the first is acknowledged, which was 40 ms before every test.
    """
    failures = getattr(config, "failures_db", None)
    if (asks := getattr(failures, "sock", None)) is not None:
        asks.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test needs has to be here before its fixtures use it."""
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """
    Look for no garbage while the tests are collected, and never again through what is there then.

    Half a million objects that all stay are looked through again and again: two fifths of a worker's time to collect.
    Afterwards garbage is looked for a thirtieth as often as Python does by itself, which took a seventh of all tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000)


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last what this machine could not run, and how to get it."""
    yield
    reports = [one for one in terminalreporter.stats.get("skipped", []) if isinstance(one.longrepr, tuple)]
    lines = not_run(str(one.longrepr[2]) for one in reports if "+SKIP option" not in str(one.longrepr[2]))
    if lines:
        terminalreporter.section("not run here", sep="-")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    Trust one of the world's authorities instead of all.

    Each client of httpx reads the certificates of them all, which takes 25 ms of CPU: two thirds of what a test takes
    that has the whole API. Nothing that is asked here is signed by any.
    """
    whole, end = Path(certifi.where()).read_text("ascii"), "-----END CERTIFICATE-----\n"
    one = tmp_path_factory.mktemp("authorities") / "one.pem"
    one.write_text(whole.partition(end)[0] + end, "ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(one))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_compression() -> Iterator[None]:
    """
    Compress the page's files once, as for the first who asks.

    The best form, which all others get, takes five seconds of CPU behind the back of every worker's tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        for quality in ("BEST", "BEST_OF_LARGE"):
            patch.setattr(static, quality, static.QUICK)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The app runs on asyncio alone, so its tests do; a loop lives as long as what a test or a fixture made on it."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """
    No key and no setting of this machine reaches a test, so none can reach the network either.

    For the whole session, since what serves several tests is made before what is made for each.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            patch.delenv(name)
        # What the user of this machine has handed in is nobody's business here.
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
        # Gradio's uploads: tests look what is left there, while other workers' leave theirs.
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.getbasetemp() / "gradio"))
        yield


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Both providers on a free loopback port: as fast as it goes, no limits, ids that repeat."""
    running = Simulator(pace=0, limits="off", seed=1)
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def forks() -> Iterator[None]:
    """Programs of ours are forks, not starts, as long as the test runs; see :mod:`tests.forks.start`."""
    with forking():
        yield
