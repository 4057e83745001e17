"""
A stream of events as the Responses API's own events.

A piece of text differs from the next in its text and its number alone, so what surrounds them is encoded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from groq_core.api.errors import error_object
from groq_core.api.responses.flat_tools import ToolNames
from groq_core.api.responses.output import (
    Item,
    ItemIds,
    call_item,
    call_prefix,
    end_status,
    final_response,
    frame,
    items_of_hosted_tools,
    message_item,
    reasoning_item,
    text_part,
)
from groq_core.encoding import json_bytes
from groq_core.events import (
    AttemptStarted,
    Continued,
    Degraded,
    Event,
    Finished,
    ReasoningDelta,
    Routed,
    TextDelta,
    ToolCall,
    ToolCallDelta,
)
from groq_core.reply import Receipt
from groq_core.streaming.completion import FALLBACK_MODEL, notes_object
from groq_core.streaming.custom_calls import InputReader

FAILED_CODES: Final = frozenset({"rate_limited", "invalid_request", "context_length", "too_large"})
"""Codes of ours that a client may act on; all others are told as `server_error`, which every SDK knows."""


class ResponseWriter:
    """
    Turns events into server-sent events, one at a time, and keeps the receipt.

    Args:
        echo: The fields that repeat the request.
        summary: Thoughts go out as a summary.
        names: Of the tools that may be called.
        keep: Called with the response object, the answer's text and its calls before the last event goes out, so
            that a client that has read it can go on from it.

    Attributes:
        receipt: Of the events so far.
        finished: The answer is whole, and :meth:`last` may be sent.
    """

    def __init__(
        self,
        request_id: str,
        model: str,
        echo: dict[str, Any],
        *,
        summary: bool = False,
        names: ToolNames | None = None,
        keep: Callable[[dict[str, Any], str, list[ToolCall]], None] | None = None,
    ) -> None:
        self.receipt = Receipt()
        self.receipt.request_id = request_id
        self.finished: Finished | None = None
        self._frame = frame(request_id, model, echo)
        self._ids = ItemIds(request_id)
        self._summary = summary
        self._names = names or ToolNames()
        self._keep = keep
        self._number = 0
        self._begun = False
        self._output: list[Item] = []
        self._text: list[str] = []
        self._said: list[str] = []
        self._writing: type[TextDelta | ReasoningDelta] | None = None
        self._piece = b""
        self._calls: dict[int, _Call] = {}

    def feed(self, event: Event, elapsed_s: float = 0.0) -> bytes:
        """
        Take an event; returns what is to be sent for it, which may be nothing.

        Args:
            elapsed_s: Seconds since the request began, for the receipt.
        """
        match event:
            case TextDelta() | ReasoningDelta():
                return self.words(event.text, isinstance(event, ReasoningDelta))
            case ToolCallDelta():
                return self._call(event)
        self.receipt.note(event, elapsed_s)
        self._name(event)
        if isinstance(event, Finished):
            self.finished = event
            if not self._begun:
                return self._begin()
        return b""

    def words(self, text: str, thought: bool) -> bytes:
        """Words, or thoughts, with what has to be opened for them."""
        kind = ReasoningDelta if thought else TextDelta
        opened = b"" if self._writing is kind else self._open(kind)
        self._text.append(text)
        number, self._number = self._number, self._number + 1
        return opened + self._piece + json_bytes(text) + b',"sequence_number":%d}\n\n' % number

    def last(self) -> bytes:
        """Close every item, then say how the response ended."""
        finished = self.finished
        if finished is None:
            raise ValueError("an answer that is not whole is never reported as one")
        status, _ = end_status(finished)
        closing = self._close("completed" if status == "completed" else "incomplete") + self._close_calls(status)
        for item in items_of_hosted_tools(finished.extra, self._ids):
            closing += self._add(item) + self._item_done(len(self._output) - 1, item)
        if not self._calls and not any(item["type"] == "message" for item in self._output):
            # An answer may be whole without a word, or cut in its thoughts, but clients expect a message.
            closing += self._open(TextDelta) + self._close(status)
        response = final_response(self._frame, self._output, finished, self.receipt)
        if self._keep is not None:
            self._keep(response, "".join(self._said), [call.written for _, call in sorted(self._calls.items())])
        return closing + self._event(f"response.{status}", response=response)

    def break_off(self, error: Exception) -> bytes:
        """The last event of a response that broke: what happened, and who was asked. What was sent stays."""
        told = error_object(error)
        code = told["code"] if told["code"] in FAILED_CODES else "server_error"
        self._calls = {place: call for place, call in self._calls.items() if call.item}  # of others nothing was sent
        closing = self._close("incomplete") + self._close_calls("incomplete")
        failed = {
            **self._frame,
            "status": "failed",
            "error": {**told, "code": code, "kind": told["code"]},
            "output": self._output,
            **notes_object(self.receipt),
            "x_groq_core": self.receipt.as_dict(),
        }
        if self._keep is not None and self._begun:
            self._keep(failed, "".join(self._said), [call.written for _, call in sorted(self._calls.items())])
        return closing + self._event("response.failed", response=failed)

    # ── items ────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> bytes:
        self._begun = True
        return b"".join(self._event(f"response.{word}", response=self._frame) for word in ("created", "in_progress"))

    def _open(self, kind: type[TextDelta | ReasoningDelta]) -> bytes:
        """Begin a message, or a train of thought; the one before it is closed."""
        begun = b"" if self._begun else self._begin()
        begun += self._close("completed")
        self._writing = kind
        place = len(self._output)
        if kind is TextDelta:
            item = message_item(self._ids("msg"), None, "in_progress")
            word, part, where = "response.content_part.added", text_part(""), "content_index"
            delta = "response.output_text.delta"
        else:
            item = {"id": self._ids("rs"), "type": "reasoning", "summary": []}
            if self._summary:
                word, where = "response.reasoning_summary_part.added", "summary_index"
                part, delta = {"type": "summary_text", "text": ""}, "response.reasoning_summary_text.delta"
            else:
                word, where = "response.content_part.added", "content_index"
                part, delta = {"type": "reasoning_text", "text": ""}, "response.reasoning_text.delta"
        begun += self._add(item)
        at = {"item_id": item["id"], "output_index": place, where: 0}
        fixed = {"type": delta, **at} | ({"logprobs": []} if kind is TextDelta else {})
        self._piece = f"event: {delta}\ndata: ".encode() + json_bytes(fixed)[:-1] + b',"delta":'
        return begun + self._event(word, **at, part=part)

    def _close(self, status: str) -> bytes:
        """End what is being written."""
        kind, self._writing = self._writing, None
        if kind is None:
            return b""
        text, self._text = "".join(self._text), []
        place = len(self._output) - 1  # what is written is always the newest item: a call closes it first
        name = self._output[place]["id"]
        if kind is TextDelta:
            self._said.append(text)
            item = message_item(name, text, status)
            word, part, where = "response.output_text.done", "response.content_part.done", "content_index"
            more: dict[str, Any] = {"logprobs": []}
            content = item["content"][0]
        else:
            item, more = reasoning_item(name, text, summary=self._summary), {}
            if self._summary:
                word, part = "response.reasoning_summary_text.done", "response.reasoning_summary_part.done"
                where, content = "summary_index", item["summary"][0]
            else:
                word, part = "response.reasoning_text.done", "response.content_part.done"
                where, content = "content_index", item["content"][0]
        at = {"item_id": name, "output_index": place, where: 0}
        self._output[place] = item
        ends = self._event(word, **at, text=text, **more) + self._event(part, **at, part=content)
        return ends + self._item_done(place, item)

    def _call(self, delta: ToolCallDelta) -> bytes:
        """A call, or a piece of one; calls stay open to the end, since their pieces may take turns."""
        call = self._calls.setdefault(delta.index, _Call())
        call.take(delta)
        if not delta.arguments:
            return b""  # its name may go on, and an item is announced by its whole name
        opened = self._open_call(call)
        if call.announced.name in self._names.custom:
            # Pieces before the item was announced held no arguments.
            return opened + self._input(call, call.input.take(delta.arguments))
        at = {"item_id": call.item, "output_index": call.place}
        return opened + self._event("response.function_call_arguments.delta", **at, delta=delta.arguments)

    def _input(self, call: _Call, text: str) -> bytes:
        if not text:
            return b""
        at = {"item_id": call.item, "output_index": call.place}
        return self._event("response.custom_tool_call_input.delta", **at, delta=text)

    def _open_call(self, call: _Call) -> bytes:
        """Announce a call; of a server that gives none, it gets an id, since that is what its result is told by."""
        if call.item:
            return b""
        opened = b"" if self._begun else self._begin()
        opened += self._close("completed")
        call.place = len(self._output)
        call.item = self._ids(call_prefix(call.written, self._names))
        call.id = call.id or f"call_{call.item.partition('_')[2]}"
        return opened + self._add(call_item(call.item, call.announced, "in_progress", self._names))

    def _close_calls(self, status: str) -> bytes:
        ends = b""
        for _, call in sorted(self._calls.items()):
            ends += self._open_call(call)
            whole = call.written
            item = self._output[call.place] = call_item(call.item, whole, status, self._names)
            at = {"item_id": call.item, "output_index": call.place}
            if item["type"] == "custom_tool_call":
                ends += self._input(call, call.input.rest())
                ends += self._event("response.custom_tool_call_input.done", **at, input=item["input"])
            else:
                ends += self._event(
                    "response.function_call_arguments.done", **at, name=item["name"], arguments=whole.arguments
                )
            ends += self._item_done(call.place, item)
        return ends

    def _add(self, item: Item) -> bytes:
        self._output.append(item)
        return self._event("response.output_item.added", output_index=len(self._output) - 1, item=item)

    def _item_done(self, place: int, item: Item) -> bytes:
        return self._event("response.output_item.done", output_index=place, item=item)

    def _event(self, kind: str, **fields: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        data = json_bytes({"type": kind, **fields, "sequence_number": number})
        return f"event: {kind}\ndata: ".encode() + data + b"\n\n"

    def _name(self, event: Event) -> None:
        """Name whoever is about to speak, as far as that is known before the end."""
        match event:
            case Routed(candidates=[first, *_]):
                self._frame["model"] = first.partition(":")[2] or first
            case AttemptStarted() | Continued() if not self._begun:
                self._frame["model"] = event.model
            case Degraded():
                self._frame["model"] = FALLBACK_MODEL


class _Call:
    """
    A call as it comes in.

    Attributes:
        id: Of the call; the first that its server gives, or ours once the item is announced.
        item: Id of its item; empty until that is announced.
        input: What it gives a custom tool, where it is a call of one.
    """

    def __init__(self) -> None:
        self.input = InputReader()
        self.id = self.item = ""
        self.place = -1
        self._name: list[str] = []
        self._arguments: list[str] = []

    def take(self, delta: ToolCallDelta) -> None:
        self.id = self.id or delta.id
        if not self.item:
            self._name.append(delta.name)
        self._arguments.append(delta.arguments)

    @property
    def announced(self) -> ToolCall:
        return ToolCall(id=self.id, name="".join(self._name), arguments="")

    @property
    def written(self) -> ToolCall:
        return ToolCall(id=self.id, name="".join(self._name), arguments="".join(self._arguments))
