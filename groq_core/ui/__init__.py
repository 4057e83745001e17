"""
The web page: a Gradio frame, our own conversation and status panel in it.

- ``admin``: The admin page: people, keys, spend, who is asking, targets, limits and the audit log, as a page and as
  JSON.
- ``admin_page``: The admin page's frame; a small script fills it from ``/ui/admin``.
- ``agent``: The Agent tab: its layout, and the route that runs an agent and tells every step.
- ``answer_again``: An answer that is begun anew where its lines are lost, or its process; the page goes on counting
  its lines.
- ``answer_logs``: Answers that outlive their readers: each is written into a log, which any reader of the same
  visitor follows from any place in it.
- ``answers_elsewhere``: Answers that other replicas give: what runs here is told to all of them, and what runs there
  is followed, stopped and, when its process has died, gone on with from here.
- ``app``: The page: its frame, its tabs, and how it is mounted.
- ``approvals``: Calls that wait for a visitor's word.
- ``asked_ahead``: Questions that are sent while their words are still being written down, and asked in the moment in
  which they are known.
- ``basic_auth``: Who may see the page: names and password hashes from a file.
- ``batch``: The Batch tab: its layout, and the routes that take a table, run it and hand back the answers.
- ``bundles``: Modules of the page that are needed together, as one script.
- ``chat``: The Chat tab: its place, and the way through Gradio's queue for when the direct one is blocked.
- ``chat_request``: What the page sends when somebody asks: read, checked and turned into a request.
- ``context``: A page's question on its way to the pipeline: as much of the conversation as fits, and answers that go
  on.
- ``core``: What the page needs of the house. ``compose.Core`` is one; a test may bring a smaller one.
- ``csrf``: Who may use the page's own routes: the page itself, and nobody else's.
- ``endpoints``: Gradio's named endpoints, for its own client, for ``gr.load`` and for MCP: `/chat`, `/ask_image`,
  `/transcribe`, `/speak`, `/extract`, `/models`.
- ``extract``: The Extract tab: its layout, and the routes that read a document, find data in it and write the data as
  a file.
- ``failed_sign_in``: What a sign-in elsewhere may fail with that is no fault of this server.
- ``fault_switch``: The fault switch of the status panel: the words a visitor picks, and what they mean to the
  simulator.
- ``gradio_door``: Which of Gradio's own routes are there at all, and for whom.
- ``gradio_scripts``: Gradio's own scripts and styles, served before Gradio would: from memory, compressed, and at
  rest once nothing is seen.
- ``hugging_face``: Sign-in with Hugging Face on a Space whose header asks for ``hf_oauth``.
- ``image``: The Image tab: its layout, and the route that prepares a picture without ever writing it to disk.
- ``installable``: What makes an application of the page: its icon, its manifest, and the card shown where its link is
  shared.
- ``judgements``: What the turn model says of an end, for the recording that was sent before anybody knew.
- ``kept``: Conversations of people who signed in, kept on the server: the page's store, over HTTP.
- ``leaving``: Work that nobody waits for any more is given up.
- ``microphone``: The Microphone tab: its layout, and the routes that take a recording and give back what was said.
- ``model_picker``: What the model picker offers: tiers first, then real models with price and speed; pure functions.
- ``open_id``: Sign-in by OpenID Connect: the authorization code flow with PKCE, state and nonce, in front of the
  sign-in by password.
- ``own_key``: The routes that take a visitor's own Groq key, and forget it.
- ``page_bodies``: What the page sends, decoded.
- ``page_reader``: Who reads a stream of the page: written to past all layers, and watched without a task of its own.
- ``page_routes``: The page's own routes, under ``/ui``: answers and status go here directly, not through a queue.
- ``page_scripts``: Which scripts of the page are fetched together, and what its head says of them.
- ``promised``: What one request of the page makes and another waits for, by a name that the page gave it.
- ``shared_page``: A shared conversation, read-only: one page without script, for whoever has the link.
- ``sign_in_page``: The form that asks who is there: one page without script, since nobody has been let in yet.
- ``spoken_ahead``: The first sentence of an answer, given a voice before the page asks for it.
- ``static``: Scripts and styles from memory, compressed once.
- ``stream``: The wire from the server to the page: events as server-sent events, gathered to what a screen can show.
- ``summary``: Older messages of a conversation as a summary, for whoever would rather shorten than leave out.
- ``tab_parts``: Pieces of layout that every tab uses.
- ``talk``: Talk, in the Chat tab: the route that gives a sentence of an answer a voice.
- ``texts``: Every word the page says, in one place: the scripts get them from here too.
- ``texts_answer``: Words of an answer's story and receipt, of failures, and of the status panel; part of the texts.
- ``texts_de``: The page's words in German; the names are those of :mod:`groq_core.ui.texts`.
- ``texts_de_admin``: The admin page's words in German, by its own words.
- ``texts_de_answering``: What the server says of models, attempts, limits and runs, in German; part of
  ``texts_de_server``.
- ``texts_de_documents``: What the server says of documents, in German; part of ``texts_de_server``.
- ``texts_de_server``: What the server says of files, keys, limits and answers, in German.
- ``texts_de_status``: The second half of the German words: options, receipts, errors, status and settings.
- ``texts_settings``: Words of the settings, the attachments and what the page tells about the models; part of the
  texts.
- ``theme``: Colours and type: warm greys, one orange that is used sparingly, and the fonts a computer already has.
- ``title``: A title for a conversation, by the speed tier: the page asks for one after the first answer.
- ``uploads``: The tables that visitors have brought, and their answers: on disk, and still there after a restart.
- ``visitor_key``: Who asks when a visitor has brought a key of their own.

Imported by ``serve``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
# Nobody can ask for the table of all events that Gradio's queue makes anew at the end of each, with pandas.
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", str(10**9))


class _WithoutStubs:
    """
    Import Gradio's metaclass without its writing of stubs.

    It parses the source of every component and writes a ``.pyi`` beside it, for editors: 0.3 of what
    ``import gradio`` takes, at each start, and files that processes which start together write over each other.
    """

    _name = "gradio.component_meta"

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == self._name else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_without(module: ModuleType) -> None:
            execute(module)
            module.create_or_modify_pyi = lambda *_: None  # type: ignore[attr-defined]

        spec.loader.exec_module = execute_without  # type: ignore[method-assign]
        return spec


@contextmanager
def _missing(package: str) -> Iterator[None]:
    """Let a package look as if it were not installed."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


class _Late(ModuleType):
    """A package that is imported when something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)


@contextmanager
def _late(package: str) -> Iterator[None]:
    """Let whoever imports a package get it once it is used; whoever imports it afterwards gets it at once."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = _Late(package)
    try:
        yield
    finally:
        del sys.modules[package]


def _import_gradio() -> None:
    """
    Import gradio without what it does besides, in half the time.

    It imports `mcp` wherever it finds it, to serve tools of its own, which this page does not; our agent imports it
    when it is used. And it imports `pandas` for tables that this page has not.
    """
    if "gradio" in sys.modules:
        return
    finder = _WithoutStubs()
    sys.meta_path.insert(0, finder)
    try:
        with _missing("mcp"), _late("pandas"):
            import gradio  # noqa: F401 - so that every later import finds it made
    finally:
        sys.meta_path.remove(finder)


_import_gradio()
