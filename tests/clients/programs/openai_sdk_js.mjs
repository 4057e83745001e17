// OpenAI's own client for JavaScript: chats, responses, tools, recordings.
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import OpenAI from "openai";
import { VERSION } from "openai/version";

const client = new OpenAI({ baseURL: `${process.env.BASE_URL}/v1`, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Count from 1 to 12." }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

const answer = await client.chat.completions.create({ model: "auto", messages });
assert.match(answer.choices[0].message.content, /12/);
let text = "";
for await (const chunk of await client.chat.completions.create({ model: "auto", messages, stream: true })) {
  text += chunk.choices[0]?.delta.content ?? "";
}
assert.match(text, /12/);

const runner = client.chat.completions.runTools({
  model: "quality",
  messages: [{ role: "user", content: "What is the weather in Paris?" }],
  tools: [
    {
      type: "function",
      function: { name: "get_weather", parse: JSON.parse, parameters, function: ({ city }) => `hail in ${city}` },
    },
  ],
});
assert.match(await runner.finalContent(), /hail/);

const tools = [{ type: "function", name: "get_weather", parameters, strict: true }];
const first = await client.responses.create({ model: "quality", input: "What is the weather in Paris?", tools });
const call = first.output.find((item) => item.type === "function_call");
const output = [{ type: "function_call_output", call_id: call.call_id, output: "hail" }];
const second = await client.responses.create({ model: "quality", previous_response_id: first.id, input: output });
assert.match(second.output_text, /hail/);
const kinds = [];
const stream = client.responses.stream({ model: "auto", input: "Count from 1 to 12." });
for await (const event of stream) kinds.push(event.type);
assert.equal(kinds.at(-1), "response.completed");
assert.match((await stream.finalResponse()).output_text, /12/);

const heard = await client.audio.transcriptions.create({ model: "audio", file: createReadStream(process.env.SPEECH) });
assert.ok(heard.text);
const spoken = await client.audio.speech.create({ model: "speech", voice: "alloy", input: "Hi.", response_format: "wav" });
assert.equal(Buffer.from(await spoken.arrayBuffer()).subarray(0, 4).toString(), "RIFF");
await assert.rejects(client.embeddings.create({ model: "x", input: "x" }), { status: 404 });
console.log("ok", VERSION);
