// Signs and verifies tokens with jsonwebtoken and with jose, at the second that the request names.

import { SignJWT, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";

import { serve } from "./serve.mjs";

const ONE_HOUR = 3600;
const utf8 = new TextEncoder();

await serve({
  "jsonwebtoken.sign"({ claims, secret, algorithm, now }) {
    Date.now = () => now * 1000; // where jsonwebtoken takes iat from
    return jsonwebtoken.sign(claims, secret, { algorithm });
  },

  "jsonwebtoken.verify"({ token, secret, clientId, userId, now }) {
    const { header, payload } = jsonwebtoken.verify(token, secret, {
      algorithms: ["HS512"],
      clockTimestamp: now,
      complete: true,
      issuer: clientId,
      maxAge: ONE_HOUR,
      subject: userId,
    });
    return { header, claims: payload };
  },

  "jose.sign"({ claims: { iss, sub, exp, ...others }, secret, algorithm, now }) {
    return new SignJWT(others)
      .setProtectedHeader({ alg: algorithm })
      .setIssuer(iss)
      .setSubject(sub)
      .setIssuedAt(now)
      .setExpirationTime(exp)
      .sign(utf8.encode(secret));
  },

  async "jose.verifyTyped"({ token, secret, typ, now }) {
    const { protectedHeader, payload } = await jwtVerify(token, utf8.encode(secret), {
      algorithms: ["HS512"],
      currentDate: new Date(now * 1000),
      typ,
    });
    return { header: protectedHeader, claims: payload };
  },

  async "jose.verify"({ token, secret, clientId, userId, now }) {
    const { protectedHeader, payload } = await jwtVerify(token, utf8.encode(secret), {
      algorithms: ["HS512"],
      currentDate: new Date(now * 1000),
      issuer: clientId,
      maxTokenAge: ONE_HOUR,
      requiredClaims: ["iss", "sub", "iat", "exp"],
      subject: userId,
      typ: "JWT",
    });
    return { header: protectedHeader, claims: payload };
  },
});
