"""A microphone in the page that hears what a test plays into it, when the test says so."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import numpy as np
import numpy.typing as npt
import soundfile
from playwright.async_api import Page

RATE = 16_000


def clock_from(second: int) -> re.Pattern[str]:
    """The clock of a recording in that second of its first ten or later: who looks once a second may miss any one."""
    return re.compile(rf"\b0:(0[{second}-9]|[1-5]\d)")


MICROPHONE = """() => {
    globalThis.closeMicrophone?.(); // that of a test before on a page that stays open
    const context = new AudioContext({ sampleRate: 16000 });
    globalThis.closeMicrophone = () => context.state !== "closed" && context.close();
    const out = context.createMediaStreamDestination();
    navigator.mediaDevices.getUserMedia = async () => {
        await context.resume();
        return (window.stream = out.stream.clone());
    };
    const sounds = {};
    window.load = async (name, text) => {
        const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
        sounds[name] = await context.decodeAudioData(bytes.buffer);
    };
    window.play = (name) => new Promise((ended) => {
        const source = context.createBufferSource();
        source.buffer = sounds[name];
        source.connect(out);
        source.onended = () => ended(performance.now());
        source.start();
    });
}"""


async def install_microphone(page: Page, **sounds: npt.NDArray[np.float32]) -> None:
    """Put it into the page, with sounds at 16 kHz; ``window.play(NAME)`` resolves when one has ended."""
    await page.evaluate(MICROPHONE)
    for name, samples in sounds.items():
        file = BytesIO()
        soundfile.write(file, samples, RATE, format="WAV", subtype="PCM_16")
        await page.evaluate(
            "([name, text]) => window.load(name, text)", [name, base64.b64encode(file.getvalue()).decode()]
        )


async def play(page: Page, name: str) -> None:
    """Let the microphone hear a sound to its end."""
    await page.evaluate("(name) => window.play(name)", name)
