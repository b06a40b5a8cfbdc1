// Answers each line of JSON on standard input with one on standard output, until the input ends.

import { createInterface } from "node:readline";

export async function serve(answers) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...request } = JSON.parse(line);
    let reply;
    try {
      reply = { result: await answers[call](request) };
    } catch (error) {
      reply = { error: `${error.name}: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}
