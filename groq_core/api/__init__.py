"""
The HTTP API: the OpenAI wire format in front, one handler of events behind.

- ``absent_paths``: Paths that are not here: each gets an answer in OpenAI's shape that says why, and where to go
  instead.
- ``access``: Who may use the API: the holder of a token, or, where there is none, programs on this very machine.
- ``agent_asked``: What `/v1/agent/runs` is asked: a task, tools, servers and bounds.
- ``agent_runs``: `POST /v1/agent/runs`: a model with tools works on a task; its steps and its answer, or its events.
- ``answer_headers``: Headers that tell how an answer came about, and what Groq's own API tells of its limits.
- ``app``: The application: what can be asked for over HTTP, in front of whatever else is mounted at `/`.
- ``asgi``: One HTTP request and its answer on bare ASGI, since what a streamed token costs is spent here.
- ``backend``: What the HTTP API asks of the application behind it; `groq_core.compose.Core` has all of it.
- ``batches``: `/v1/files` and `/v1/batches`: OpenAI's batch wire in front of our own batch processor.
- ``chat``: `POST /v1/chat/completions`: its body in, its chunks or its completion out.
- ``content_coding``: Bodies that come compressed: gzip and deflate are undone within the bound for plain ones, others
  refused by name.
- ``dispatch``: One table of what can be asked for, and the one place where every request comes in and every error
  goes out.
- ``errors``: Errors on their way out: one shape for all of them, `{"error": {"message", "type", "code", "param",
  "hint"}}`.
- ``extract``: `POST /v1/extract`: data that fits a JSON Schema out of a text or a file, with the place of each value.
- ``extract_asked``: What `/v1/extract` is asked: a text in JSON, or a file in a form, which is read here as
  everywhere else.
- ``fold``: Read a stream of events to its end for an answer that goes out whole.
- ``health``: Whether the process serves, and whether a request would find somebody to answer it.
- ``late_page``: What is mounted at `/` and takes longer to load than the API: it is waited for, and the API is not.
- ``model_list``: `GET /v1/models`: what can be asked for now, tier aliases first.
- ``multipart``: Read a form with one file, in memory: what was said to a microphone has no business on a disk.
- ``openapi``: The API's description for `/openapi.json` and `/docs`: what a body may hold is said by whoever reads it.
- ``pages``: Lists, page by page, as OpenAI's API cuts them.
- ``paused_runs``: Runs of the agent that wait for somebody's word, for whichever process hears it: each goes on once.
- ``receipts``: One receipt for work that takes many requests: an extraction's questions, an agent's steps.
- ``reference``: The API's description as a page at `/docs`: plain HTML, that asks nobody else for scripts or styles.
- ``responses``: `/v1/responses`: the Responses API on the same chain; its items in, its items and events out, kept
  for an hour.
- ``schemas``: Schemas of what the API takes and gives, for `/openapi.json`; names and bounds are those of the code
  that checks.
- ``sending``: Send an answer: its events written as they come, or folded into one; what they all share, whatever the
  wire.
- ``speech``: `POST /v1/audio/speech`: a text in and a recording out, in the format asked for, as it is spoken.
- ``status``: How the process is doing: the snapshot and its changes, and the metrics.
- ``transcribe``: `/v1/audio/transcriptions` and `/translations`: a recording in and its words out.

Imported by ``client`` and ``serve``.
"""
