// Times calls on request: reads lines of {name, calls, secret, claims, token}, answers each with the seconds.

import { Buffer } from "node:buffer";
import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";

import { createSigner, createVerifier } from "fast-jwt";
import jsonwebtoken from "jsonwebtoken";

const ONE_HOUR = 3600;

function contenders({ secret, claims, token }) {
  const key = createSecretKey(Buffer.from(secret));
  const fastSign = createSigner({ algorithm: "HS512", key: secret });
  const fastVerify = createVerifier({ algorithms: ["HS512"], allowedIss: claims.iss, key: secret });

  function current() {
    const iat = Math.floor(Date.now() / 1000);
    return { ...claims, iat, exp: iat + ONE_HOUR };
  }

  return {
    "by hand, sign"() {
      const header = Buffer.from(JSON.stringify({ alg: "HS512", typ: "JWT" })).toString("base64url");
      const message = `${header}.${Buffer.from(JSON.stringify(current())).toString("base64url")}`;
      return `${message}.${createHmac("sha512", key).update(message).digest("base64url")}`;
    },

    "by hand, verify"() {
      const [header, payload, signature] = token.split(".");
      const expected = createHmac("sha512", key).update(`${header}.${payload}`).digest();
      if (!timingSafeEqual(expected, Buffer.from(signature, "base64url"))) {
        throw new Error("the signature does not match");
      }
      return JSON.parse(Buffer.from(payload, "base64url").toString());
    },

    "jsonwebtoken, sign": () => jsonwebtoken.sign(current(), key, { algorithm: "HS512" }),

    "jsonwebtoken, verify": () => jsonwebtoken.verify(token, key, { algorithms: ["HS512"], issuer: claims.iss }),

    "fast-jwt, sign": () => fastSign(current()),

    "fast-jwt, verify": () => fastVerify(token),
  };
}

let known;
for await (const line of createInterface({ input: process.stdin })) {
  const { name, calls, ...request } = JSON.parse(line);
  known ??= contenders(request);
  const call = known[name];
  const start = process.hrtime.bigint();
  for (let count = 0; count < calls; count += 1) {
    call();
  }
  process.stdout.write(`${JSON.stringify(Number(process.hrtime.bigint() - start) / 1e9)}\n`);
}
