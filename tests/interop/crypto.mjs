// Computes HMACs with Node's own crypto.

import { createHmac, hkdfSync } from "node:crypto";

import { serve } from "./serve.mjs";

await serve({
  hmac({ algorithm, secret, content, encoding }) {
    return createHmac(algorithm, secret).update(content, "utf8").digest(encoding);
  },
  hkdf({ secret, purpose }) {
    return Buffer.from(hkdfSync("sha512", secret, "", purpose, 64)).toString("base64url");
  },
  hmacOfBase64({ algorithm, secret, content, encoding }) {
    return createHmac(algorithm, secret).update(Buffer.from(content, "base64")).digest(encoding);
  },
});
