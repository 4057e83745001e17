// What comes over the wire from the server, as it writes it: ui/stream.py, events.py, and the routes that send more.
// Nothing of this is served; it is what `make lint` reads the scripts against.

/** Fields of one line are never those of another kind. */
interface Tagged {
  t?: undefined;
  r?: undefined;
}

export interface TextLine {
  t: string;
  r?: undefined;
  e?: undefined;
}
export interface ThoughtLine {
  r: string;
  t?: undefined;
  e?: undefined;
}

export type Outcome = "answered" | "failed" | "cancelled" | "skipped";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  cached_tokens?: number;
  reasoning_tokens?: number;
  audio_s?: number | null;
  characters?: number | null;
}

export interface Attempt {
  provider: string;
  model: string;
  outcome: Outcome;
  error: string | null;
  status: number | null;
  retry_after_s: number | null;
  started_s: number | null;
  ttft_s: number | null;
  elapsed_s: number | null;
  tokens_out: number;
}

/** The last line of every stream. */
export interface Receipt extends Tagged {
  e: "receipt";
  request_id: string;
  tier: string;
  reason: string;
  cache: "hit" | "miss" | "off";
  served_by: { provider: string; model: string } | null;
  degraded: boolean;
  attempts: Attempt[];
  usage: Usage | null;
  cost_usd: number | null;
  tokens_per_s: number | null;
  candidates: string[];
  cache_age_s: number | null;
  saved_usd: number | null;
  notes: string[];
}

export interface Failure {
  provider: string;
  model: string;
  kind: string;
  message: string;
  status: number | null;
}

/** Where it went wrong; the page makes some itself, of what happens on the way. */
export interface ErrorLine extends Tagged {
  e: "error";
  kind: string;
  message: string;
  hint: string;
  status?: number;
  param?: string | null;
  retry_after_s?: number | null;
  failures?: Failure[];
}

export interface Word {
  word: string;
  start: number;
  end: number;
}
export interface Segment {
  id?: number;
  start: number;
  end: number;
  text: string;
  avg_logprob?: number | null;
}
export interface Transcript {
  text: string;
  language?: string | null;
  duration?: number | null;
  segments?: Segment[];
  words?: Word[];
}

interface Asked {
  provider: string;
  model: string;
}
/** A line of an answer's story: `e` is the event's name, the fields are the event's. */
interface Story {
  open: object;
  routed: { request_id: string; tier: string; reason: string; candidates: string[] };
  cache_checked: { result: "hit" | "miss"; age_s: number | null; saved_usd: number | null; shared: boolean };
  waiting: { seconds: number; reason: string; target: string };
  attempt_started: Asked & { number: number; hedge: boolean };
  attempt_failed: Asked & {
    number: number;
    kind: string;
    message: string;
    status: number | null;
    retry_after_s: number | null;
    rest_s: number;
    ttft_s: number | null;
    elapsed_s: number;
    tokens_out: number;
    cancelled: boolean;
    cost_usd: number | null;
  };
  attempt_skipped: Asked & { kind: string; message: string; retry_after_s: number | null };
  continued: Asked & { at: number };
  restarted: Asked & { kept: string };
  degraded: { message: string; retry_after_s: number | null };
  note: { code: string; text: string };
  quoted: Quoted;
  tool_call_delta: { index: number; id: string; name: string; arguments: string };
  segments_found: { segments: Segment[] };
  part_started: { index: number; start_s: number; end_s: number; total_s: number | null; again: boolean };
  part_done: Asked & {
    index: number;
    start_s: number;
    end_s: number;
    outcome: "answered" | "failed" | "silent";
    number: number;
    ttft_s: number | null;
    elapsed_s: number | null;
    cost_usd: number | null;
    error: string;
    text: string;
  };
  finished: Asked & {
    finish_reason: string | null;
    ttft_s: number | null;
    elapsed_s: number | null;
    tokens_per_s: number | null;
    transcript: Transcript | null;
  };
  stopped: { why: string };
  // an agent's run
  step_started: { step: number };
  approval_asked: { step: number; call: string; name: string; arguments: string; approval: string };
  tool_started: { step: number; call: string; name: string; arguments: string; hosted: boolean };
  tool_finished: { step: number; call: string; name: string; result: string; error: string | null; elapsed_s: number | null };
  run_ended: { reason: string; steps: number; elapsed_s: number; cost_usd: number | null; messages: object[]; answer: string; state: unknown };
  // an extraction
  tried: Asked & {
    chunk: number;
    chunks: number;
    number: number;
    mode: string;
    outcome: string;
    problems: string[];
    cost_usd: number | null;
    elapsed_s: number | null;
    tokens: number | null;
  };
  partly_extracted: { tables: Table[]; parts: number; of: number };
  extracted: {
    data: unknown;
    tables: Table[];
    spans: Record<string, Span | null>;
    conflicts: Conflict[];
    lost: LostPart[];
    chunks: number;
    cost_usd: number | null;
  };
  // a batch
  surveyed: {
    lines: number;
    faults: number;
    tokens_in: number;
    tokens_out: number | null;
    model: string;
    usd_least: number | null;
    usd_most: number | null;
    seconds: Record<string, number>;
  };
  progressed: {
    progress: Progress;
    recent: [id: string, text: string, error: string][];
    reasons: Record<string, number>;
    failures: [id: string, why: string][];
    over: boolean;
  };
}
export type StoryName = keyof Story;
export type StoryLine<Name extends StoryName = StoryName> = { [N in Name]: Story[N] & { e: N } & Tagged }[Name];

/** One server-sent event of an answer. */
export type Line = TextLine | ThoughtLine | StoryLine | ErrorLine | Receipt;

/** Called with each line as it comes. */
export type Hear = (line: Line) => void;

/** A value's place in the document: what stands there, and what stands around it. */
export interface Span {
  page: number | null;
  before: string;
  quote: string;
  after: string;
}
export interface Table {
  name: string;
  columns: string[];
  rows: unknown[][];
}
/** A part of a document that nobody could read, in characters. */
export interface LostPart {
  start: number;
  end: number;
  error: string;
}
export interface Conflict {
  path: string;
  chosen: unknown;
  said: { value: unknown; chunk: number }[];
}

/** A batch at one moment: services/batch/progress.py. */
export interface Progress {
  done: number;
  failed: number;
  duplicates: number;
  total: number | null;
  tokens_in: number;
  tokens_out: number;
  usd: number | null;
  rate_per_min: number;
  eta_s: number | null;
  paused_s: number;
  paused_why: string;
  note: string;
}

/** Of documents too long for one question, the passages that went along with it (events.py). */
export interface Quoted {
  documents: string[];
  pages: number;
  tokens: number;
  quotes: { document: string; page: number; text: string }[];
  whole: boolean;
}

/** A picture as it will be sent (ui/image.py). */
export interface PreparedPicture {
  url: string;
  size: string;
  tokens: number;
  removed: string;
  notes: string[];
  /** The pieces that follow, of a picture that was too long for one. */
  more?: PreparedPicture[];
}

/** How to ask one of the page's routes: what `fetch` takes, and how long to wait. */
export interface AskOptions extends RequestInit {
  headers?: Record<string, string>;
  /** Milliseconds until the first line. */
  patience?: number;
  /** A stream that has fallen silent counts as broken. */
  heartbeat?: boolean;
  /** Told when the first line has come; `quit` ends it there, and the rest is asked for otherwise. */
  opened?: (response: Response, quit: () => void) => void;
  /** False: do not show the server a lost key again. */
  ownKey?: boolean;
}

/** What stands for a visitor's own key. */
export interface OwnKey {
  handle: string;
  ending: string;
}

/** Something went wrong and can be told: by a refusal in words, or by the status of an answer. */
export interface Trouble extends Error {
  refused?: boolean;
  status?: number;
}

/** Where an answer's text goes: the text view, or a box that takes its place. */
export interface AnswerText {
  text: string;
  /** Milliseconds of `performance.now()`; null before anything was shown. */
  firstPaint: number | null;
  lastPaint: number | null;
  clear(): void;
  append(text: string): void;
  /** A text that is whole; resolves when it is as it stays. */
  show?(text: string): Promise<void>;
  /** Mark where another model took over. */
  seam(at: number, words: string): void;
  halt?(): void;
  catchUp(): Promise<void>;
  end(): Promise<void>;
}

// ── elements ──

type Attribute = string | number | boolean | null | undefined;
type Handled<E extends Event> = E & { currentTarget: HTMLElement };

/** Attributes of an element to be made, and what is called on its events. */
export interface Properties {
  onclick?: (event: Handled<MouseEvent>) => unknown;
  onsubmit?: (event: Handled<SubmitEvent>) => unknown;
  [name: string]: Attribute | ((event: never) => unknown);
}
export type Child = Node | string | null | undefined;
