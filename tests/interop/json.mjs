// Reads and writes JSON as JavaScript does, which is what Rollout sends its webhooks with.

import { serve } from "./serve.mjs";

function wellFormed(text) {
  return text.toWellFormed?.() ?? text.replace(/\p{Surrogate}/gu, "\ufffd");
}

function wellFormedValue(value) {
  if (typeof value === "string") {
    return wellFormed(value);
  }
  if (Array.isArray(value)) {
    return value.map(wellFormedValue);
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [wellFormed(key), wellFormedValue(item)]),
    );
  }
  return value;
}

await serve({
  parse({ body }) {
    return wellFormedValue(JSON.parse(body));
  },
  stringifyCut({ event, field, units }) {
    return JSON.stringify({ ...event, [field]: event[field].slice(0, units) });
  },
});
