"""
Pictures of the page in every state, to be looked at: ``python -m scripts.screenshots FOLDER [STATE…]``.

A built-in simulator answers, so the pictures are the same wherever they are taken.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from groq_core.compose import assemble
from groq_core.serve import create_app
from groq_core.settings.settings import Settings
from groq_core.simulator import Simulator
from groq_core.ui.fault_switch import FAULTS

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
State = Callable[[Page], Awaitable[object]]
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


async def ask(page: Page, text: str = "Compare TCP and UDP in a table") -> None:
    await page.fill("#chat-message textarea", text)
    await page.click("#chat-send")


async def wait_for_answer(page: Page) -> None:
    await ask(page)
    await page.locator("#chat-log [data-role=assistant][data-state=done]").first.wait_for(timeout=30_000)


async def streaming(page: Page) -> None:
    await ask(page, "Derive the quadratic formula step by step")
    await page.locator("#chat-log [data-role=assistant][data-state=writing]").first.wait_for(timeout=30_000)


async def receipt(page: Page) -> None:
    await wait_for_answer(page)
    await page.click(".gc-receipt summary")


async def empty(page: Page) -> None:
    await page.wait_for_timeout(300)


async def options(page: Page) -> None:
    await page.get_by_text("Options", exact=True).locator("visible=true").first.click()
    await page.wait_for_timeout(300)


async def settings(page: Page) -> None:
    await page.click("#settings-open")
    await page.wait_for_selector("#settings[open]")
    await page.wait_for_timeout(300)


async def attachments(page: Page) -> None:
    files = [
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"One line of notes.\n" * 40},
        {"name": "table.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"},
    ]
    await page.set_input_files("#gc-attach-input", files)  # type: ignore[arg-type]
    await page.locator("[data-attachment][data-state=ready]").nth(1).wait_for()


async def error(page: Page) -> None:
    await page.request.post(page.url + "_simulator/faults", data={"provider": "*", "model": "*", "kind": "status"})
    await ask(page)
    await page.locator(".gc-card").first.wait_for(timeout=60_000)


async def cut(page: Page) -> None:
    """An answer that reached the limit of tokens."""
    await page.click("#gc-chat-tools .gc-options-fold summary")
    await page.locator(".gc-field", has_text="Longest answer").locator("input").fill("160")
    await page.locator("#gc-chat-tools .gc-options-fold").evaluate("(fold) => fold.removeAttribute('open')")
    await ask(page, "Explain how a hash table works, with a small example in Python")
    await page.locator("#chat-log [data-state=cut]").first.wait_for(state="attached")
    await page.wait_for_timeout(300)


async def conversations(page: Page) -> None:
    """The list with some in it, one of them pinned; a drawer on a phone."""
    for text in ("Compare TCP and UDP in a table", "Write a short, warm reply to a late invoice", "What is a fox?"):
        if await page.locator("#conversation-new").is_visible():
            await page.click("#conversation-new")
        else:
            await page.evaluate("document.getElementById('conversation-new').click()")
        await ask(page, text)
        await page.locator("#chat-log [data-state=done]").first.wait_for(timeout=30_000)
        await page.wait_for_timeout(300)
    if await page.locator("#gc-conversations-open").is_visible():
        await page.click("#gc-conversations-open")
    await page.wait_for_timeout(500)


def broken(name: str) -> State:
    """What one of the faults of the status panel looks like, on the model that is asked first, its receipt open."""

    async def state(page: Page) -> None:
        fault = {"provider": "groq", "model": "openai/gpt-oss-20b"} | FAULTS[name]
        await page.request.post(page.url + "_simulator/faults", data=fault)
        await ask(page)
        await page.locator("#chat-log [data-role=assistant][data-state=done]").first.wait_for(timeout=60_000)
        await page.locator(".gc-receipt summary").first.click()
        await page.wait_for_timeout(300)

    state.__name__ = f"fault_{name}"
    return state


async def status(page: Page) -> None:
    await wait_for_answer(page)
    await open_status(page)
    await page.wait_for_timeout(300)


async def open_status(page: Page) -> None:
    if not await page.evaluate("document.querySelector('#status-panel details').open"):
        await page.click("#status-panel summary")


async def compare(page: Page) -> None:
    await page.click("#chat-compare")
    await page.wait_for_timeout(300)
    await ask(page, "Compare TCP and UDP in a table")
    await page.locator("[data-column] [data-state=done]").nth(1).wait_for(timeout=30_000)
    await page.wait_for_timeout(300)


async def tour(page: Page) -> None:
    await open_status(page)
    await page.click("#tour-start")
    await page.click("#gc-tour .gc-button")
    await page.locator("#chat-log [data-role=assistant][data-state=done]").first.wait_for()
    await page.wait_for_timeout(300)


VOICE_BARS = """async (place) => {
    const script = document.querySelector('script[src*="js/first.js"]').src;
    const { VoiceBar } = await import(new URL("talk/voice-bar.js", script).href);
    const { say } = await import(new URL("shared/words.js", script).href);
    const bars = [];
    const add = (state, how, { level = 0, note = "", choices = [], ...given } = {}) => {
        const bar = new VoiceBar({ interrupt() {}, sendNow() {}, resized() {} });
        bar.show(state, how, given);
        bar.showLevel(level);
        if (note) bar.tell(note, choices.map((name) => [say(name), () => {}]));
        bars.push(bar.element);
    };
    add("opening", "hold");
    add("listening", "hold", { level: 0.6 });
    add("listening", "free", { level: 0.1 });
    add("listening", "free", { level: 0.8, canSend: true });
    add("writing", "free");
    add("thinking", "free");
    add("speaking", "hold");
    add("speaking", "free", { note: say("talk_browser_voice", { why: say("error_429") }) });
    add("listening", "free", { note: say("microphone_halted") });
    add("off", "hold", { note: say("microphone_lost") });
    const choices = ["talk_send_again", "talk_download", "talk_throw_away"];
    add("off", "hold", { note: say("talk_unsent_more", { why: say("error_unreachable"), count: 2 }), choices });
    document.querySelector(place).replaceChildren(...bars);
}"""


async def voice_bars(page: Page) -> None:
    """Every state of the line above the message box, one below the other."""
    await page.hover("#chat-talk")
    await page.locator("#gc-voice .gc-voice").wait_for(state="attached")
    await page.evaluate(VOICE_BARS, "#gc-voice")
    await page.wait_for_timeout(500)


async def dictating(page: Page) -> None:
    await page.evaluate(
        "navigator.mediaDevices.getUserMedia = async () => new AudioContext().createMediaStreamDestination().stream"
    )
    await page.fill("#chat-message textarea", "What was typed before.")
    await page.click("#chat-dictate")
    await page.locator("#chat-dictate-drop").wait_for()
    await page.wait_for_timeout(300)


async def tab(page: Page, name: str) -> None:
    await page.click(f"#tab-{name}-button")
    await page.wait_for_timeout(500)


async def image(page: Page) -> None:
    await tab(page, "image")


async def microphone(page: Page) -> None:
    await tab(page, "microphone")


async def microphone_done(page: Page) -> None:
    await tab(page, "microphone")
    speech = {"model": "speech", "voice": "austin", "input": "The page is heard. " * 30, "response_format": "wav"}
    sound = await (await page.request.post(page.url + "v1/audio/speech", data=speech)).body()
    file = {"name": "lecture.wav", "mimeType": "audio/wav", "buffer": sound}
    await page.set_input_files("#mic-input input[type=file]", file)  # type: ignore[arg-type]
    await page.click("#mic-transcribe")
    await page.locator("#gc-mic-segments .gc-segment, #gc-mic-segments li").first.wait_for()
    await page.wait_for_timeout(300)


async def extract(page: Page) -> None:
    await tab(page, "extract")


async def extract_done(page: Page) -> None:
    await tab(page, "extract")
    await page.fill(
        "#extract-input textarea",
        "Invoice 2041 of 3 May 2026 from Ada Lovelace Ltd. Total: 1,249.50 EUR, due in 30 days.",
    )
    await page.click("#extract-run")
    await page.locator("#extract-result .gc-value").first.wait_for()
    await page.wait_for_timeout(500)


async def agent(page: Page) -> None:
    await tab(page, "agent")


async def agent_done(page: Page) -> None:
    await tab(page, "agent")
    await page.fill("#agent-task textarea", "Work out 17 * 23, then what is 42 miles in kilometres")
    await page.click("#agent-run")
    await page.wait_for_selector("body:not([data-agent]) .gc-run-bar")
    await page.wait_for_timeout(300)


async def agent_options(page: Page) -> None:
    await tab(page, "agent")
    await page.click("#gc-agent-tools summary")
    await page.wait_for_timeout(300)


async def batch(page: Page) -> None:
    await tab(page, "batch")


async def batch_done(page: Page) -> None:
    await tab(page, "batch")
    await page.click("#batch-file .gc-link")
    await page.locator("#batch-file td").first.wait_for()
    await page.click("#batch-run")
    await page.wait_for_selector("#batch-progress [data-over]")
    await page.wait_for_timeout(500)


STATES: dict[str, State] = {
    state.__name__: state
    for state in (
        empty,
        wait_for_answer,
        streaming,
        receipt,
        options,
        settings,
        attachments,
        status,
        compare,
        tour,
        error,
        cut,
        conversations,
        *map(broken, FAULTS),
        voice_bars,
        dictating,
        image,
        microphone,
        microphone_done,
        extract,
        extract_done,
        agent,
        agent_done,
        agent_options,
        batch,
        batch_done,
    )
}


@asynccontextmanager
async def serve() -> AsyncIterator[str]:
    """The app on a simulator of its own, so that no picture shows what the one before broke; its address."""
    simulator = Simulator(pace=1, limits="developer", seed=1)
    await simulator.start()
    async with assemble(Settings.from_env({}), simulator=simulator) as core:
        await core.catalogue.refresh()
        config = uvicorn.Config(create_app(core), host="127.0.0.1", port=0, log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
        server.should_exit = server.force_exit = True
        await serving
        await server.lifespan.shutdown()  # a forced exit leaves it out, and Gradio's tasks with it
    await simulator.stop()


async def take(browser: Browser, folder: Path, name: str, size: str, scheme: Literal["light", "dark"]) -> None:
    width, height = SIZES[size]
    async with serve() as url:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=size == "phone"
        )
        page = await context.new_page()
        await page.goto(url)
        await page.wait_for_selector("#status-panel [data-target]", state="attached")
        await page.wait_for_timeout(700)
        try:
            await STATES[name](page)
        except Exception as error:
            print(f"{name} {size} {scheme}: {error}", file=sys.stderr)
        await page.screenshot(path=folder / f"{name}-{size}-{scheme}.png")
        await context.close()


async def main(folder: Path, names: list[str]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name in names:
            for size in SIZES:
                for scheme in SCHEMES:
                    await take(browser, folder, name, size, scheme)
        await browser.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("states", nargs="*", metavar="STATE", choices=[*STATES, []], help=", ".join(STATES))
    wanted = parser.parse_args()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(wanted.folder, wanted.states or list(STATES)))
