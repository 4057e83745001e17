// Vercel's AI SDK: `createOpenAI` as it comes, which is over the Responses API, `.chat`, Groq's and the compatible one.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createGroq } from "@ai-sdk/groq";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { experimental_transcribe, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const base = process.env.BASE_URL;
const openai = createOpenAI({ baseURL: `${base}/v1`, apiKey: "none" });
const groq = createGroq({ baseURL: `${base}/openai/v1`, apiKey: "none" });
const compatible = createOpenAICompatible({
  name: "groq-core",
  baseURL: `${base}/v1`,
  supportsStructuredOutputs: true,
  includeUsage: true,
});
const tools = {
  get_weather: tool({
    description: "Get the weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `hail in ${city}`,
  }),
};
const schema = z.object({ name: z.string(), age: z.number() });
const models = [openai("quality"), openai.chat("quality"), groq("llama-3.3-70b-versatile"), compatible("quality")];

for (const model of models) {
  const whole = await generateText({ model, prompt: "Count from 1 to 12.", maxRetries: 0 });
  assert.match(whole.text, /12/);
  assert.ok(whole.usage.totalTokens > 0);
  const streamed = streamText({ model, prompt: "Count from 1 to 12.", maxRetries: 0 });
  let text = "";
  for await (const piece of streamed.textStream) text += piece;
  assert.match(text, /12/);
  assert.equal(await streamed.finishReason, "stop");
  const stopWhen = stepCountIs(3);
  const prompt = "What is the weather in Paris?";
  const used = await generateText({ model, prompt, tools, stopWhen, maxRetries: 0 });
  assert.match(used.text, /hail/);
  const flowing = streamText({ model, prompt, tools, stopWhen, maxRetries: 0 });
  for await (const part of flowing.fullStream) assert.notEqual(part.type, "error", String(part.error));
  assert.match(await flowing.text, /hail/);
  const { object } = await generateObject({ model, schema, prompt: "Ada is 36 years old.", maxRetries: 0 });
  assert.equal(typeof object.age, "number");
}
const custom = openai.tools.customTool({
  name: "get_weather",
  description: "Get the weather of a city",
  format: { type: "grammar", syntax: "regex", definition: "[A-Z][a-z]+" },
  execute: async (city) => `hail, said ${city}`,
});
const asked = {
  model: openai("quality"),
  prompt: "What is the weather in Paris?",
  tools: { get_weather: custom },
  stopWhen: stepCountIs(3),
  maxRetries: 0,
};
assert.match((await generateText(asked)).text, /hail/);
const flowing = streamText(asked);
for await (const part of flowing.fullStream) assert.notEqual(part.type, "error", String(part.error));
assert.match(await flowing.text, /hail/);
const heard = await experimental_transcribe({
  model: openai.transcription("whisper-1"),
  audio: readFileSync(process.env.SPEECH),
  maxRetries: 0,
});
assert.ok(heard.text);
const manifest = JSON.parse(readFileSync(new URL("./package.json", import.meta.resolve("ai/package.json"))));
console.log("ok", manifest.version);
