// OpenAI's Agents SDK for JavaScript as it comes, which is over the Responses API.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, run, setDefaultOpenAIClient, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";

setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ baseURL: `${process.env.BASE_URL}/v1`, apiKey: "none", maxRetries: 0 }));
const weather = tool({
  name: "get_weather",
  description: "Get the weather of a city",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `hail in ${city}`,
});
const agent = new Agent({ name: "Weatherman", instructions: "Be short.", model: "quality", tools: [weather] });
assert.match((await run(agent, "What is the weather in Paris?")).finalOutput, /hail/);
const streamed = await run(agent, "What is the weather in Rome?", { stream: true });
let text = "";
for await (const piece of streamed.toTextStream()) text += piece;
assert.match(text, /hail/);
const manifest = JSON.parse(readFileSync(new URL("../node_modules/@openai/agents/package.json", import.meta.url)));
console.log("ok", manifest.version);
