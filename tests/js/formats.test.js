import assert from "node:assert/strict";
import { test } from "node:test";

import { count, dollars, seconds, wholeSeconds } from "../../assets/js/shared/formats.js";
import { clock, sureness } from "../../assets/js/microphone/segments.js";
import { remainderInWords } from "../../assets/js/status/plain.js";
import { say } from "../../assets/js/shared/words.js";

test("seconds are rounded before they are taken apart", () => {
  assert.equal(seconds(0.1804), "180 ms");
  assert.equal(seconds(2.44), "2.4 s");
  assert.equal(seconds(9.96), "10 s");
  assert.equal(seconds(119.6), "2 min 0 s");
  assert.equal(seconds(3599.7), "1 h 0 min");
  assert.equal(seconds(7199), "2 h 0 min");
  assert.equal(seconds(null), "");
});

test("no length of time names sixty seconds or sixty minutes", () => {
  for (let value = 0; value < 20_000; value += 0.37) assert.doesNotMatch(seconds(value), /min 60 s|h 60 min/, `${value}`);
});

test("seconds never go back while time goes on", () => {
  const inSeconds = (text) => {
    const unit = { ms: 0.001, s: 1, min: 60, h: 3600 };
    return [...text.matchAll(/([\d.]+) (ms|s|min|h)/g)].reduce((sum, [, figure, name]) => sum + figure * unit[name], 0);
  };
  let before = -1;
  for (let value = 0; value < 9000; value += 0.21) {
    const now = inSeconds(seconds(value));
    assert.ok(now >= before, `${value}: ${seconds(value)}`);
    before = now;
  }
});

test("whole seconds count down to nought", () => {
  assert.equal(wholeSeconds(0.2), "0 s");
  assert.equal(wholeSeconds(-3), "0 s");
  assert.equal(wholeSeconds(12.4), "12 s");
});

test("dollars keep the digits that matter", () => {
  assert.equal(dollars(0), "$0");
  assert.equal(dollars(0.0000412), "$0.000041");
  assert.equal(dollars(1.5), "$1.500");
  assert.equal(dollars(undefined), "");
});

test("whole numbers stand in groups of three", () => {
  assert.equal(count(999), "999");
  assert.equal(count(12_400_000), "12\u202f400\u202f000");
});

test("a clock never shows sixty seconds", () => {
  assert.equal(clock(7.4), "0:07.4");
  assert.equal(clock(59.97), "1:00.0");
  assert.equal(clock(3723.5), "1:02:03.5");
  for (let at = 0; at < 8000; at += 0.13) assert.doesNotMatch(clock(at), /:60/, `${at}`);
});

test("sureness has three degrees", () => {
  assert.equal(sureness(-0.2), null);
  assert.equal(sureness(-0.7), "medium");
  assert.equal(sureness(-1.4), "low");
  assert.equal(sureness(null), null);
});

test("a number has its noun in the right form", () => {
  assert.equal(say("batch_lines", { n: 1 }), "1 row");
  assert.equal(say("batch_lines", { n: "1\u2009000" }), "1\u2009000 rows");
  assert.equal(say("requests_line", { n: 0, fallbacks: 1 }), "0 requests, 1 fallback");
  assert.equal(say("batch_lines"), "{n|row|rows}", "what is not given stands as it is, to be noticed");
});

test("what is left of the limits is told in messages, of the limit that is reached first", () => {
  const limits = [{ kind: "requests", remaining: 50 }, { kind: "tokens", remaining: 9000 }, { kind: "audio_seconds", remaining: 3 }];
  assert.equal(remainderInWords({ limits }, 300), "about 30 messages left");
  assert.equal(remainderInWords({ limits }, 9000), "about 1 message left");
  assert.equal(remainderInWords({ limits: limits.slice(0, 1) }, 300), "about 50 messages left");
  assert.equal(remainderInWords({ limits: [] }, 300), "");
});
