"""A conversation by voice: whose turn it is, who interrupts, and what is said to whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pytest
import soundfile
from playwright.async_api import Page, Route, expect

from groq_core.errors import ChainError, Kind, ProviderError
from groq_core.events import Events, Finished, Transcript
from groq_core.requests import ChatRequest, Request, SpeechRequest, TranscriptionRequest
from tests.requires import needs
from tests.ui.conftest import MEDIA, House, Script, open_page, silent_afterwards
from tests.ui.microphone import install_microphone, play
from tests.ui.scripts import Hung, says
from tests.ui.talk.talking import BAR, BROWSER_VOICE, TALK, in_state, questions, texts_spoken, wait_for_questions

pytestmark = [pytest.mark.browser, needs("chromium")]

SPEECH, _ = soundfile.read(MEDIA / "jfk.wav", dtype="float32")
PHRASE, MORE, WORD = SPEECH[10880:33600], SPEECH[52800:68000], SPEECH[5100:9300]
PAUSED = np.concatenate([PHRASE, np.zeros(int(0.9 * 16_000), "float32"), MORE])
"""Both, with a pause in between that no busy machine makes longer."""
WHOLE_S = (len(PHRASE) + len(MORE)) / 16_000
HEARD_OUT_S = 1.25
"""Longer than the phrase up to the last gap within it and the moments before it, shorter than the phrase."""
LONG = "A sentence that takes some time to be read aloud, as it has many words in it. "


@pytest.fixture(scope="module", autouse=True)
async def silence(standing_pages: list[Page]) -> AsyncIterator[None]:
    async with silent_afterwards(standing_pages):
        yield


@pytest.fixture
async def conversation(page: Page) -> AsyncIterator[Page]:
    """A conversation that listens; its microphone hears what a test plays."""
    await install_microphone(page, phrase=PHRASE, more=MORE, word=WORD, paused=PAUSED)
    await page.hover(TALK)
    await page.click(TALK)
    await in_state(page, "listening")
    yield page
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")


JUDGE = """([chance, heardOut]) => {
    const asks = globalThis.fetch;
    globalThis.fetch = async (what, ...more) => {
        if (!new URL(what, location.href).pathname.endsWith("/ui/turn")) return asks(what, ...more);
        const seconds = more[0].body.byteLength / 2 / 16_000;
        await new Promise((later) => setTimeout(later, 30)); // as the model thinks
        return Response.json({ finished: seconds > heardOut ? chance : 0.1 });
    };
    Object.assign(globalThis.fetch, asks);
}"""


async def always_judge(page: Page, chance: float) -> None:
    """
    What the turn model says of an end, whatever it hears; of a gap between two words it knows that it is none.

    Said in the page itself, which waits little more than a second: a busy machine may take longer to ask this process.
    """
    await page.evaluate(JUDGE, [chance, HEARD_OUT_S])


def transcribes(
    house: House,
    *texts: str,
    answer: Script,
    until: Callable[[int], asyncio.Event | None] = lambda _: None,
    by_turn: bool = True,
) -> Script:
    """
    Recordings are written down as ``texts``: one after the other, the last for ever; or, not ``by_turn``, as the second
    where all of it was heard.
    """
    heard = 0

    async def script(request: Request) -> Events:
        nonlocal heard
        if isinstance(request, TranscriptionRequest):
            # What goes on is longer; what is said anew comes later.
            index = min(heard, len(texts) - 1) if by_turn else int(request.duration_s > WHOLE_S)
            heard += 1
            if (known := until(index)) is not None:
                await known.wait()
            yield Finished(transcript=Transcript(text=texts[index], language="english", duration=2))
            return
        events = answer(request) if isinstance(request, ChatRequest) else house.core.handle(request)
        async for event in events:
            yield event

    return script


def lengths(house: House) -> list[float]:
    return [asked.duration_s for asked in house.asked if isinstance(asked, TranscriptionRequest)]


@pytest.mark.one_page
async def test_what_the_model_takes_for_an_end_is_sent_at_once(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.99)
    house.script = transcribes(house, "What time is it?", answer=says("Late."))
    await play(conversation, "phrase")
    await in_state(conversation, "writing", "thinking", "speaking")

    assert await wait_for_questions(house) == ["What time is it?"]
    assert lengths(house)[0] < len(PHRASE) / 16_000 + 1.3, "long before the pause that ends every turn"


async def test_a_question_is_asked_before_the_page_hears_its_words(conversation: Page, house: House) -> None:
    async def hold_back(route: Route) -> None:
        await heard.wait()
        await route.continue_()

    await always_judge(conversation, 0.99)
    known, heard = asyncio.Event(), asyncio.Event()
    house.script = transcribes(
        house, "What time is it?", answer=says("It is late now. So it is."), until=lambda _: known
    )
    # A page whose question gets no answer for long looks for it by its name.
    for where in ("**/ui/chat", "**/ui/answers/*"):
        await conversation.route(where, hold_back)
    async with conversation.expect_request("**/ui/chat?words=*"):
        await play(conversation, "phrase")
    assert questions(house) == []
    known.set()
    while not texts_spoken(house):  # noqa: ASYNC110 - the house offers a list, no event
        await asyncio.sleep(0.01)
    assert await conversation.locator("#chat-log [data-state=done]").count() == 0
    heard.set()
    await in_state(conversation, "speaking")
    await in_state(conversation, "listening")

    assert questions(house) == ["What time is it?"]
    assert texts_spoken(house) == ["It is late now.", "So it is."], "nothing twice"


@pytest.mark.one_page
@pytest.mark.parametrize("why", ["by the model", "by its words"])
async def test_a_pause_within_a_sentence_does_not_end_it(conversation: Page, house: House, why: str) -> None:
    await always_judge(conversation, 0.1 if why == "by the model" else 0.99)
    house.script = transcribes(
        house, "I would like to know if", "I would like to know if it rains.", answer=says("It does."), by_turn=False
    )
    await play(conversation, "paused")

    assert await wait_for_questions(house) == ["I would like to know if it rains."]
    assert lengths(house)[-1] > WHOLE_S, "all of it is one recording"


@pytest.mark.one_page
async def test_what_is_said_after_send_now_is_joined_to_it(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.1)
    known = asyncio.Event()
    house.script = transcribes(
        house, "Tell me.", "Tell me about whales.", answer=says("Aha."), until=lambda _: known, by_turn=False
    )
    await play(conversation, "phrase")
    await conversation.click("#talk-send")
    await play(conversation, "more")
    known.set()

    assert (await wait_for_questions(house))[-1] == "Tell me about whales."
    assert lengths(house)[-1] > WHOLE_S
    assert len(questions(house)) == 1


@pytest.mark.one_page
async def test_who_holds_on_is_written_down_before_they_let_go(page: Page, house: House) -> None:
    await install_microphone(page, phrase=PHRASE[:-2000])  # then it is silent: what fades might be a word
    await always_judge(page, 0.99)
    house.script = transcribes(house, "What time is it?", answer=says("Late."))
    await page.focus(TALK)
    await page.keyboard.down(" ")
    await in_state(page, "listening")
    await play(page, "phrase")
    async with asyncio.timeout(20):
        while not lengths(house):  # noqa: ASYNC110 - the house offers a list, no event
            await asyncio.sleep(0.01)
    await asyncio.sleep(1.5)
    assert questions(house) == []
    await page.keyboard.up(" ")

    assert await wait_for_questions(house) == ["What time is it?"]
    assert lengths(house)[-1] - lengths(house)[0] < 0.9, "not once more, with the second in which they only held on"
    await page.keyboard.press("Escape")


async def test_where_nobody_hears_who_has_finished_it_is_told(page: Page, house: House) -> None:
    async def refuse(route: Route) -> None:
        await route.fulfill(status=503)

    await page.route("**/ui/turn?**", refuse)
    await install_microphone(page, phrase=PHRASE)
    await page.hover(TALK)
    await page.click(TALK)
    await expect(page.locator(".gc-voice-note")).to_contain_text("pause for 1.6 seconds")
    house.script = transcribes(house, "What time is it?", answer=says("Late."))
    await play(page, "phrase")

    assert await wait_for_questions(house) == ["What time is it?"]
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")


@pytest.mark.one_page
async def test_send_now_does_not_wait(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.1)
    house.script = transcribes(house, "Now.", answer=says("Yes."))
    await expect(conversation.locator("#talk-send")).to_be_hidden()
    await play(conversation, "phrase")
    await conversation.click("#talk-send")

    assert await wait_for_questions(house) == ["Now."]
    assert lengths(house)[0] < len(PHRASE) / 16_000 + 1.5


@pytest.mark.one_page
async def test_who_goes_on_before_anything_was_heard_has_asked_one_question(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.99)
    first = Hung("")
    answers = iter([first, Hung(""), Hung("")])  # they pause once more while they go on
    house.script = transcribes(
        house, "Tell me.", "Tell me about whales.", answer=lambda request: next(answers)(request), by_turn=False
    )
    await play(conversation, "phrase")
    await in_state(conversation, "thinking")
    await play(conversation, "more")

    async with asyncio.timeout(20):
        while questions(house)[-1] != "Tell me about whales.":  # noqa: ASYNC110 - the house offers a list, no event
            await asyncio.sleep(0.01)
    await asyncio.wait_for(first.closed.wait(), 10)
    assert lengths(house)[-1] > WHOLE_S
    await expect(conversation.locator("#chat-log [data-role=user]")).to_have_count(1)
    last = [asked for asked in house.asked if isinstance(asked, ChatRequest)][-1]
    assert len([message for message in last.messages if message["role"] == "user"]) == 1


@pytest.mark.one_page
async def test_a_word_interrupts_once_it_is_known_to_be_one(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.99)
    known = asyncio.Event()
    first = Hung(LONG * 8)
    answers: Iterator[Script] = iter([first, says("Yes?")])
    house.script = transcribes(
        house,
        "Begin.",
        "Stop.",
        answer=lambda request: next(answers)(request),
        until=lambda index: known if index else None,
    )
    await play(conversation, "phrase")
    await in_state(conversation, "speaking")
    await play(conversation, "word")
    await in_state(conversation, "listening", "writing")
    await asyncio.sleep(0.3)

    assert not first.closed.is_set(), "nothing is given up before it is known that somebody spoke"
    known.set()
    assert await wait_for_questions(house, 2) == ["Begin.", "Stop."]
    await asyncio.wait_for(first.closed.wait(), 10)


@pytest.mark.one_page
async def test_a_cough_does_not_end_the_answer(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.99)
    answer, known = Hung(LONG * 8), asyncio.Event()
    house.script = transcribes(house, "Begin.", "", answer=answer, until=lambda index: known if index else None)
    await play(conversation, "phrase")
    await in_state(conversation, "speaking")
    before = len(texts_spoken(house))
    await play(conversation, "word")
    await in_state(conversation, "listening", "writing")
    known.set()
    await in_state(conversation, "speaking")

    assert not answer.closed.is_set()
    async with asyncio.timeout(20):
        while len(texts_spoken(house)) <= before:  # noqa: ASYNC110 - it is read on from where it was
            await asyncio.sleep(0.05)
    assert len(questions(house)) == 1


async def test_what_was_said_is_there_after_the_page_was_closed(conversation: Page, house: House) -> None:
    def nobody(request: Request) -> Events:
        raise ChainError("Nobody can listen now.", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])

    await always_judge(conversation, 0.99)
    house.script = nobody
    await play(conversation, "phrase")
    await expect(conversation.locator(".gc-voice-note")).to_contain_text("The recording is kept")
    other = await conversation.context.new_page()
    await conversation.goto("about:blank")
    await open_page(other, house)
    await other.hover(TALK)
    note = other.locator(".gc-voice-note")
    await expect(note).to_contain_text("the page was closed before")
    house.script = transcribes(house, "What I said.", answer=says("Aha."))
    await note.get_by_text("Try again").click()

    assert await wait_for_questions(house) == ["What I said."]
    await other.close()


async def test_of_two_tabs_one_listens_and_what_the_other_heard_is_kept(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.1)
    other = await conversation.context.new_page()
    await open_page(other, house)
    await install_microphone(other)
    await other.hover(TALK)
    await conversation.evaluate("void (window.speaking = setInterval(() => window.play('phrase'), 1200))")
    await expect(conversation.locator("#talk-send")).to_be_visible()
    await other.click(TALK)
    await in_state(other, "listening")
    await in_state(conversation, "off")

    await expect(conversation.locator(".gc-voice-note")).to_contain_text("Another tab")
    await expect(conversation.get_by_role("button", name="Try again")).to_be_visible()
    assert await conversation.evaluate("window.stream.getTracks().every((track) => track.readyState === 'ended')")
    await conversation.evaluate("clearInterval(window.speaking)")
    await conversation.get_by_role("button", name="Throw away").click()
    await other.close()


@pytest.mark.one_page
async def test_who_only_listens_is_told_of_an_answer_without_words(conversation: Page, house: House) -> None:
    async def nobody(request: Request) -> Events:
        raise ChainError("Nobody can answer now.", failures=[ProviderError(Kind.SERVER_ERROR, "broken")])
        yield

    await always_judge(conversation, 0.99)
    note = conversation.locator(".gc-voice-note")
    for answer, told in ((nobody, "Nobody can answer now."), (says(""), "without a word")):
        house.script = transcribes(house, "What time is it?", answer=answer)
        await play(conversation, "phrase")
        await expect(note).to_contain_text(told)
        await in_state(conversation, "listening")


@pytest.mark.one_page
async def test_a_voice_that_will_not_come_soon_is_not_waited_for(conversation: Page, house: House) -> None:
    await conversation.evaluate(BROWSER_VOICE, [{"lang": "en-GB", "name": "Kate", "default": True}])
    await always_judge(conversation, 0.99)

    async def busy(request: Request) -> Events:
        if isinstance(request, SpeechRequest):
            raise ChainError("busy", failures=[ProviderError(Kind.RATE_LIMITED, "slow down")], retry_after=50)
        async for event in transcribes(house, "Speak.", answer=says(LONG * 6))(request):
            yield event

    house.script = busy
    await play(conversation, "phrase")
    await expect(conversation.locator(".gc-voice-note")).to_contain_text("your browser's own voice")
    await in_state(conversation, "listening")

    assert " ".join(await conversation.evaluate("window.uttered")) == (LONG * 6).strip()
    assert len(texts_spoken(house)) <= 2, "what was asked for ahead, and nothing after"


@pytest.mark.one_page
async def test_each_sentence_has_a_voice_of_its_language_or_is_told_to_have_none(
    conversation: Page, house: House
) -> None:
    await conversation.evaluate(BROWSER_VOICE, [{"lang": "nb-NO", "name": "Kari"}, {"lang": "de-DE", "name": "Anna"}])
    await always_judge(conversation, 0.99)
    german, norwegian, japanese = (
        "Das ist nicht der Weg, den wir gehen.",
        "Det er ikke veldig langt.",
        "これは答えです。",
    )
    arabic = "هذا هو الجواب الصحيح."
    house.script = transcribes(
        house, "Say it in four languages.", answer=says(f"{german} {norwegian} {japanese} {arabic}")
    )
    await play(conversation, "phrase")
    await in_state(conversation, "speaking")
    await in_state(conversation, "listening")

    assert await conversation.evaluate("window.voices") == ["Anna", "Kari"]
    models = [request.model for request in house.asked if isinstance(request, SpeechRequest)]
    assert models == ["canopylabs/orpheus-arabic-saudi"]
    await expect(conversation.locator(".gc-voice-note")).to_contain_text("Japanese")


@pytest.mark.one_page
async def test_a_microphone_that_is_plugged_in_again_is_listened_to(conversation: Page, house: House) -> None:
    await always_judge(conversation, 0.99)
    await conversation.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    await expect(conversation.locator(".gc-voice-note")).to_contain_text("another one listens now")
    house.script = transcribes(house, "Still here?", answer=says("Yes."))
    await play(conversation, "phrase")

    assert await wait_for_questions(house) == ["Still here?"]


HELD_BACK = """(part) => {
    const context = window.contexts.find((one) => (one.sampleRate === 16000) === (part === "microphone"));
    const resume = context.resume.bind(context);
    context.resume = () => (window.allowed ? resume() : Promise.reject(new Error("not now")));
    return context.suspend();
}"""


@pytest.mark.parametrize(("part", "words"), [("sound", "sound is held back"), ("microphone", "Nothing comes from")])
async def test_sound_that_is_taken_away_is_told_and_goes_on_by_a_touch(
    page: Page, house: House, part: str, words: str
) -> None:
    await page.evaluate(
        """() => {
            window.contexts = [];
            const Real = AudioContext;
            window.AudioContext = class extends Real {
                constructor(given) { super(given); window.contexts.push(this); }
            };
        }"""
    )
    await install_microphone(page, phrase=PHRASE)
    await page.evaluate("window.contexts.length = 0")  # not the one that plays into it
    await page.hover(TALK)
    await page.click(TALK)
    await in_state(page, "listening")
    await always_judge(page, 0.99)
    house.script = transcribes(house, "Begin.", answer=Hung(LONG * 8))
    await play(page, "phrase")
    await in_state(page, "speaking")
    await page.evaluate(HELD_BACK, part)
    note = page.locator(".gc-voice-note")
    await expect(note).to_contain_text(words, timeout=1000)
    await page.evaluate("window.allowed = true")
    await page.locator("#chat-log").click()
    await expect(note).to_be_hidden()

    assert await page.evaluate("window.contexts.map((context) => context.state)") == ["running", "running"]
    await in_state(page, "speaking")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")


@pytest.mark.one_page
async def test_a_microphone_that_gives_nothing_is_told(conversation: Page, house: House) -> None:
    await conversation.evaluate("window.stream.getTracks()[0].dispatchEvent(new Event('mute'))")
    # The browser's own answer to whether it is muted stays no: only that it is asked can be seen here.
    await expect(conversation.locator(BAR)).to_have_attribute("data-state", "listening")
    await conversation.evaluate(
        """() => {
            const [track] = window.stream.getTracks();
            Object.defineProperty(track, "muted", { value: true, configurable: true });
            track.dispatchEvent(new Event("mute"));
        }"""
    )
    await expect(conversation.locator(".gc-voice-note")).to_contain_text("Nothing comes from the microphone")
