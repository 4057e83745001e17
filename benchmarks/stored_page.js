// What the benchmark of many conversations does in the page: fill the store, press, type, and watch paints and tasks.

/** A vocabulary that is the same every time: two thousand words of two to four syllables. */
function vocabulary() {
  const parts = "ba ce di fo gu la me ni po ru sa te vi zo mo ra ve lu ki na".split(" ");
  let seed = 7;
  const next = (below) => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * below | 0;
  const words = Array.from({ length: 2000 }, () => Array.from({ length: 2 + next(3) }, () => parts[next(parts.length)]).join(""));
  return (count) => Array.from({ length: count }, () => words[(next(2000) * next(2000)) / 2000 | 0]).join(" ");
}

const receipt = (id) => ({
  e: "receipt", request_id: id, tier: "speed", reason: "speed: the first of its tier", cache: "miss",
  served_by: { provider: "groq", model: "openai/gpt-oss-20b" }, degraded: false,
  attempts: [{ provider: "groq", model: "openai/gpt-oss-20b", outcome: "answered", error: null, status: null, retry_after_s: null, started_s: 0.001, ttft_s: 0.12, elapsed_s: 0.61, tokens_out: 160 }],
  usage: { prompt_tokens: 60, completion_tokens: 160, total_tokens: 220 }, cost_usd: 0.0000525,
});

/** Write conversations as the page keeps them; one of them is long, one holds a word that no other holds. */
async function seed([conversations, messages, long, answer, rare]) {
  const say = vocabulary();
  const db = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("groq-core", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("heads", { keyPath: "id" });
      for (const name of ["messages", "blobs"]) opening.result.createObjectStore(name, { keyPath: "id" }).createIndex("conversation", "conversation");
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const now = Date.now();
  const work = db.transaction(["heads", "messages"], "readwrite");
  for (let at = 0; at < conversations; at += 1) {
    const id = at === 0 ? long : `c${at}`;
    const count = at === 0 ? messages : 8;
    const created = now - at * 3_600_000;
    let parent = null;
    for (let number = 0; number < count; number += 1) {
      const key = `${id}-${number}`;
      const asked = number % 2 === 0;
      const words = asked ? say(14) : `${say(110)}\n\n${answer}`;
      const text = at === 500 && number === 3 ? `${words} ${rare}` : words;
      const rest = asked ? { role: "user", pictures: [], extra: {} } : { role: "assistant", state: "done", receipts: [receipt(key)], error: null, finish: "stop", leftOut: "", quoted: null, keptTexts: [], thought: "" };
      work.objectStore("messages").put({ id: key, parent, created: created + number, text, conversation: id, ...rest });
      parent = key;
    }
    work.objectStore("heads").put({ id, kind: "chat", title: say(5), titled: true, asked: true, leaf: parent, pinned: false, created, updated: created, draft: "", options: {} });
  }
  await new Promise((resolve, reject) => ((work.oncomplete = resolve), (work.onabort = () => reject(work.error))));
  db.close();
}

/** When what was drawn in this frame is on the screen. */
const painted = () => new Promise((resolve) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = () => resolve(performance.now());
  channel.port2.postMessage(null);
}));

const onScreen = (node, list) => {
  const [a, b] = [node.getBoundingClientRect(), list.getBoundingClientRect()];
  return a.bottom > b.top && a.top < b.bottom && a.height > 0;
};

/** Press an entry (another than the open one, if none is named), and wait for the first screen of it that is whole. */
async function openEntry(id) {
  const entries = [...document.querySelectorAll("#conversations [data-conversation]")];
  const entry = id ? entries.find((one) => one.dataset.conversation === id) : entries.find((one) => one.getAttribute("aria-current") !== "true" && one.dataset.conversation.startsWith("c"));
  const wanted = entry.dataset.conversation;
  const last = `${wanted}-`;
  const list = document.querySelector("#chat-log .gc-turns");
  const whole = () => {
    const shown = [...list.querySelectorAll("[data-message]")].filter((one) => onScreen(one, list));
    const answers = shown.filter((one) => one.dataset.role === "assistant");
    return answers.length > 0 && shown.every((one) => one.dataset.message.startsWith(last)) && answers.every((one) => !one.querySelector(".gc-plain") && one.querySelector(".gc-block")) && list.scrollHeight - list.scrollTop - list.clientHeight < 4;
  };
  const began = performance.now();
  entry.querySelector(".gc-entry-title").click();
  for (;;) {
    const now = await painted();
    if (whole()) return { ms: now - began, whole: true };
    if (now - began > 10_000) return { ms: now - began, whole: false };
  }
}

/** Put words into the search, and wait until the list is painted; `final` tells that it showed what it shows later. */
async function typeSearch(words) {
  const box = document.getElementById("conversation-search");
  const shown = () => [...document.querySelectorAll("#conversations [data-conversation]")].map((one) => one.dataset.conversation).join();
  const began = performance.now();
  if (document.activeElement !== box) box.focus();
  box.value = words;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  let now = await painted();
  let after = shown();
  for (let tries = 0; tries < 1200 && document.querySelector("#conversations[aria-busy=true]"); tries += 1) {
    now = await painted();
    after = shown();
  }
  await new Promise((resolve) => setTimeout(resolve, 250));
  const final = shown();
  return { ms: now - began, final: final === after, count: document.querySelectorAll("#conversations [data-conversation]").length };
}

let names = 0;
const lastAnswer = () => [...document.querySelectorAll("#chat-log [data-role=assistant]")].at(-1)?.textContent ?? "";

/** Ask the benchmarks' model for so many tokens. */
function askFor([count, rate]) {
  const box = document.querySelector("#chat-message textarea");
  box.value = `Say it again, please. [[tokens=${count} rate=${rate} id=s${(names += 1)}x${Math.random().toString(36).slice(2)}]]`;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  document.getElementById("chat-send").click();
}

let tasks = [];
let watching = null;
function beginTasks() {
  tasks = [];
  watching = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  watching.observe({ type: "longtask" });
}

/** The longest task since `beginTasks`, at least 50 ms where there was any; and what stands there in the end. */
function endTasks() {
  tasks.push(...watching.takeRecords());
  watching.disconnect();
  return { longest: Math.max(0, ...tasks.map((one) => one.duration)), count: tasks.length, text: lastAnswer() };
}

/** Milliseconds from the press on Stop to the painted frame in which the answer stands still. */
async function stopAndLook() {
  const answer = [...document.querySelectorAll("#chat-log [data-role=assistant]")].at(-1);
  const began = performance.now();
  document.getElementById("chat-stop").click();
  let now = await painted();
  while (answer.dataset.state !== "stopped" && now - began < 5000) now = await painted();
  const text = answer.innerText;
  await new Promise((resolve) => setTimeout(resolve, 300));
  return answer.innerText === text ? now - began : Infinity;
}

Object.assign(globalThis, { openEntry, typeSearch, lastAnswer, askFor, beginTasks, endTasks, stopAndLook });
