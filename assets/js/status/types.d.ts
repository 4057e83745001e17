// The state of the house as the server tells it: status/snapshot.py, and ui/page_routes.py around it.

export interface LimitStatus {
  kind: string;
  window_s: number;
  limit: number;
  remaining: number;
  full_in_s: number;
}

export interface TargetStatus {
  name: string;
  provider: string;
  model: string;
  tiers: string[];
  state: "healthy" | "probing" | "resting" | "gone" | "no_key";
  rests_for_s: number | null;
  last_error: string | null;
  last_error_text: string;
  last_error_ago_s: number | null;
  inflight: number;
  attempts: number;
  answered: number;
  failed: number;
  ttft_p50_s: number | null;
  ttft_p95_s: number | null;
  tokens_per_s: number | null;
  limits: LimitStatus[];
  note: string;
}

export interface TierStatus {
  tier: string;
  target: string | null;
  why: string;
  /** Who would be asked, in this order. */
  candidates: string[];
}

export interface Snapshot {
  version: number;
  mode: "live" | "simulator";
  taken_at: number;
  ready: boolean;
  not_ready_why: string;
  catalogue: { source: "live" | "stale" | "static"; age_s: number | null; note: string };
  tiers: TierStatus[];
  targets: TargetStatus[];
  cache: { entries: number; capacity: number; hits: number; misses: number };
  inflight: number;
  requests: number;
  degraded: number;
  fallbacks: number;
  shared: string;
  replicas: number;
  database: string;
  announcement: string;
}

/** Of each model by its name: what people call it, and until when it is there. */
export type Models = Record<string, { label?: string; status?: string; shutdown?: string | null }>;

export interface FaultInForce {
  target: string;
  fault: string;
  once: boolean;
}

/** One server-sent event of the status stream; models and lists come when they have changed. */
export interface News {
  snapshot: Snapshot;
  faults: FaultInForce[];
  models?: Models;
  lists?: Record<string, string[]>;
}
