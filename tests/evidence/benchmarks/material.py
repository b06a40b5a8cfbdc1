"""What every contender is given, and the floor: what anyone would write by hand for the same work."""

from __future__ import annotations

import base64
import hmac
import json
import time

SECRET = "9f2c7a51e0d84b36" * 4
KEY = SECRET.encode()
CLIENT_ID = "5d0c1f5e-6f0b-4f0e-9a43-2f4f2c9b7a11"
USER_ID = "user-48213"
API_KEY = "key_4f9d2b7c8a1e6035d2c9"
REFRESH_TOKEN = "refresh_71b0c4d95e8f2a3647a1"
AUTH_DATA = {"apiKey": API_KEY, "refreshToken": REFRESH_TOKEN, "expiresIn": 3600}


def claims() -> dict[str, object]:
    now = int(time.time())
    return {"iss": CLIENT_ID, "sub": USER_ID, "iat": now, "exp": now + 3600, "rollout.com": {"authData": AUTH_DATA}}


def sign_by_hand() -> str:
    header = json.dumps({"alg": "HS512", "typ": "JWT"}, separators=(",", ":"))
    payload = json.dumps(claims(), separators=(",", ":"))
    message = base64url(header.encode()) + b"." + base64url(payload.encode())
    return (message + b"." + base64url(hmac.digest(KEY, message, "sha512"))).decode()


def verify_by_hand(token: str) -> object:
    message, _, signature = token.encode().rpartition(b".")
    if not hmac.compare_digest(hmac.digest(KEY, message, "sha512"), unbase64url(signature)):
        raise ValueError("the signature does not match")
    return json.loads(unbase64url(message.partition(b".")[2]))


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def unbase64url(data: bytes) -> bytes:
    return base64.urlsafe_b64decode(data + b"==")
