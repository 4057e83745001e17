// What conversations are made of, here and in the store.

import type { ErrorLine, Line, Quoted, Receipt } from "../shared/types.js";
import type { Answer } from "../shared/answer.js";
import type { Coming } from "./coming.js";
import type { Tree } from "./tree.js";

export type AnswerState = "waiting" | "writing" | "done" | "stopped" | "broken" | "cut";

/** Everything that makes an answer, to be kept and shown again. */
export interface AnswerData {
  text: string;
  state: AnswerState;
  receipts: Receipt[];
  error: ErrorLine | null;
  finish: string;
  leftOut: string;
  /** Passages of long documents that went along. */
  quoted: Quoted | null;
  keptTexts: string[];
  thought: string;
}

/** A picture of a question. */
export interface Picture {
  name: string;
  url: string;
}

/** Fields that go along with one question. */
export interface Extra {
  /** What to read in the pictures. */
  fields?: { name: string; description: string }[];
  fresh?: boolean;
  [field: string]: unknown;
}

export interface Message extends Partial<Omit<AnswerData, "text" | "state">> {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
  text: string;
  /** Unix time in milliseconds. */
  created: number;
  /** Of a question. */
  pictures?: Picture[];
  extra?: Extra;
  /** Of an answer. */
  state?: AnswerState;
  /** Name under which the server logs a running answer; null when it has ended. */
  answer?: string | null;
  /** What stood there when a running answer went on behind it. */
  before?: AnswerData;
  /** Of a run of the agent: what was heard of it, and what the model is told of it later. */
  events?: Line[];
  turns?: object[];
  /** Of a run of the agent: the browser that has it under way. */
  device?: string;
  /** In the store: the conversation it belongs to. */
  conversation?: string;
}

/** What the keeper asks of a tab's conversation. */
export interface KeptConversation {
  /** The tab. */
  name: string;
  tree: Tree;
  /** Whether the one of before is still on its way. */
  opening: boolean;
  /** One that was pressed and is. */
  coming: Coming;
  /** What runs in the open one, in branches that are not shown too. */
  readonly under: unknown[];
  /** What runs, by conversation. */
  runs: Map<string, { tree: Tree; message: Message; answer: { readonly data: Partial<Message> }; heard?: number; leave?: () => void; stop?: () => void }>;
  open(tree: Tree): unknown;
  show(): unknown;
  /** Follow what is under way in one that is not shown, to its end. */
  resume?(tree: Tree): Promise<unknown>;
  stop(): unknown;
}

/** What is chosen behind "Options" and beside the box. */
export interface Options {
  model: string;
  system: string;
  temperature: number | null;
  max_tokens: number | null;
  effort: string;
  fresh: boolean;
  cheap: boolean;
  json: boolean;
  search: boolean;
}

/** What the list shows of a conversation, and what belongs to it as a whole. */
export interface Head {
  id: string;
  /** The tab it belongs to. */
  kind: string;
  title: string;
  /** Whether somebody chose the title. */
  titled: boolean;
  /** Whether a model was asked for one. */
  asked?: boolean;
  leaf: string | null;
  pinned: boolean;
  created: number;
  updated: number;
  draft: string;
  options: Partial<Options>;
  /** What stands for the messages up to `until`. */
  summary?: { until: string; text: string; n: number };
}

/** A whole conversation, as it is stored, exported and imported. */
export interface Whole {
  head: Head;
  messages: Message[];
}

/** Where conversations are kept: this browser, its memory, or the server. */
export interface ConversationStore {
  /** Whether it outlives the page. */
  lasts: boolean;
  /** Whether it begins a change in the moment it is told of it, and keeps their order. */
  atOnce: boolean;
  heads(): Promise<Head[]>;
  read(id: string): Promise<Whole | null>;
  putHead(head: Head): Promise<unknown>;
  /** Of the conversation with this id. */
  putMessage(id: string, message: Message): Promise<unknown>;
  removeMessages(ids: string[]): Promise<unknown>;
  /** The whole conversation; gives what `read` gave. */
  remove(id: string): Promise<Whole | null>;
  /** A whole conversation, from elsewhere or taken back. */
  put(whole: Whole): Promise<unknown>;
  /** Of every conversation, for search. */
  texts(): Promise<{ id: string; text: string }[]>;
  clear(): Promise<unknown>;
  /** Where the server searches: ids of those that hold all these words. */
  search?(words: string): Promise<string[]>;
  /** Where there are links under which others may read. */
  share?(id: string): Promise<void>;
}

/** Told of what changes in a conversation. */
export interface Recorder {
  /** It is new, or has changed. */
  message(tree: Tree, message: Message): unknown;
  head(tree: Tree): unknown;
  announceRemoval(tree: Tree, ids: string[]): unknown;
}

/** The box and the options, which belong to the open conversation. */
export interface Composer {
  text(): string;
  options(): Partial<Options>;
  adopt(kept: { draft?: string; options?: Partial<Options> }): void;
  /** What stood in the box when the page was there, before anybody typed. */
  before?: string;
  /** Told which conversation is on its way, so that what is asked now is meant for it; null where none comes. */
  expect?(id: string | null): void;
  /** Told why something cannot be done. */
  tell(words: string): void;
  /** Told that nothing more is kept, where no list says it. */
  refused?(words: string): void;
}

/** What was taken out of a tree, and how it is put back. */
export interface Removal {
  gone: Message[];
  /** Those that stand elsewhere now. */
  moved: Message[];
  back: () => void;
}

/** A message on the page. */
interface View {
  message: Message;
  element: HTMLElement;
  bar: HTMLElement;
  /** By what its buttons were drawn last. */
  signature?: string | null;
}
export interface QuestionView extends View {
  role: "user";
  answer?: undefined;
}
export interface AnswerView extends View {
  role: "assistant";
  answer: Answer;
}
export type Turn = QuestionView | AnswerView;

/** A message that nobody is near: no more than its text. */
export interface FarTurn {
  far: true;
  role: "user" | "assistant";
  message: Message;
  element: HTMLElement;
  answer?: undefined;
}

/** What the buttons of a message do. */
export interface Actions {
  turn(by: number): unknown;
  edit(): unknown;
  /** Go on with an edit that was under way when the message was drawn anew. */
  editOn(): unknown;
  again(): unknown;
  goOn(): unknown;
  remove(): unknown;
}

/** What is known of a model before it is chosen; what is unknown is left out. */
export interface ModelFacts {
  tier?: string;
  speed?: number;
  window?: number;
  usd_in?: number;
  usd_out?: number;
  can?: string[];
  status?: string;
  state?: string;
  rests_s?: number;
}
/** A line of the model picker. */
export type Choice = [label: string, value: string, facts?: ModelFacts];

/** A prompt or preset of one's own. */
export interface Prompt {
  name: string;
  text: string;
}
