// Computes HMACs with Node's own crypto.

import { createHmac } from "node:crypto";

import { serve } from "./serve.mjs";

await serve({
  hmac({ algorithm, secret, content, encoding }) {
    return createHmac(algorithm, secret).update(content, "utf8").digest(encoding);
  },
  hmacOfBase64({ algorithm, secret, content, encoding }) {
    return createHmac(algorithm, secret).update(Buffer.from(content, "base64")).digest(encoding);
  },
});
