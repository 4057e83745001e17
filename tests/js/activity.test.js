import assert from "node:assert/strict";
import { test } from "node:test";

import { Activity } from "../../assets/js/talk/activity.js";

const RATE = 16_000;
const tone = (seconds, level) => Float32Array.from({ length: seconds * RATE }, (_, at) => level * Math.SQRT2 * Math.sin(at / 5));

function listening(room = 0.001) {
  const activity = new Activity();
  activity.hear(tone(1, room));
  return activity;
}

test("what is well above the room is speech, and its end is counted", () => {
  const activity = listening();
  activity.hear(tone(1, 0.1));
  assert.ok(Math.abs(activity.run - 1) < 0.05, `${activity.run}`);
  activity.hear(tone(0.5, 0.001));
  assert.equal(activity.run, 0);
  assert.ok(Math.abs(activity.quiet - 0.5) < 0.05);
});

test("a gap between two words does not end a run", () => {
  const activity = listening();
  activity.hear(tone(0.5, 0.1));
  activity.hear(tone(0.1, 0.001));
  assert.ok(activity.run > 0.4);
});

test("a loud room is no speech", () => {
  const activity = listening(0.03);
  activity.hear(tone(1, 0.04));
  assert.equal(activity.spoken, 0);
});

test("blocks of any size are heard alike", () => {
  const sound = tone(1, 0.1);
  const whole = listening();
  whole.hear(sound);
  for (const size of [1, 128, 333, 4096]) {
    const parts = listening();
    for (let at = 0; at < sound.length; at += size) parts.hear(sound.subarray(at, at + size));
    assert.ok(Math.abs(parts.spoken - whole.spoken) < 1e-9);
    assert.equal(parts.level, whole.level);
  }
});
