"""Connect tokens: to sign and to verify them, in Python and in Node."""

from __future__ import annotations

from functools import partial

from benchmarks.jwt_peers import Peer
from benchmarks.material import API_KEY, CLIENT_ID, REFRESH_TOKEN, SECRET, USER_ID, sign_by_hand, verify_by_hand
from benchmarks.sampling import Child, call_samplers
from benchmarks.tables import FLOOR, Table

from rollout_auth import AuthData, ClientCredentials, ConnectTokenSigner, generate_connect_token, verify_connect_token

NODE = ("by hand", "jsonwebtoken", "fast-jwt")


def sign_table(peers: dict[str, Peer], node: Child, rounds: int) -> Table:
    signer = ConnectTokenSigner(ClientCredentials(CLIENT_ID, SECRET))
    auth_data = AuthData(API_KEY, REFRESH_TOKEN, 3600)
    contenders = {
        FLOOR: sign_by_hand,
        "ConnectTokenSigner.sign": partial(signer.sign, USER_ID, auth_data),
        "AuthData and ConnectTokenSigner.sign": lambda: signer.sign(USER_ID, AuthData(API_KEY, REFRESH_TOKEN, 3600)),
        "generate_connect_token, environment": partial(generate_connect_token, USER_ID, auth_data),
        **{name: peer.sign for name, peer in peers.items()},
    }
    samplers = call_samplers(contenders) | {f"Node, {name}": node.sampler(f"{name}, sign") for name in NODE}
    targets = {
        "ConnectTokenSigner.sign": {FLOOR: 0.85, "PyJWT": 0.35},
        "AuthData and ConnectTokenSigner.sign": {},
        "generate_connect_token, environment": {FLOOR: 1.2},
    }
    floor = '`json`, `base64`, `hmac.digest(..., "sha512")`'
    return Table("Sign a connect token", floor, samplers, targets, rounds)


def verify_table(peers: dict[str, Peer], node: Child, rounds: int) -> Table:
    token = sign_by_hand()
    ours = {
        "verify_connect_token": partial(verify_connect_token, token, credentials=ClientCredentials(CLIENT_ID, SECRET)),
        "verify_connect_token, environment": partial(verify_connect_token, token),
    }
    contenders = {
        FLOOR: partial(verify_by_hand, token),
        **ours,
        **{name: peer.verify for name, peer in peers.items()},
    }
    samplers = call_samplers(contenders) | {f"Node, {name}": node.sampler(f"{name}, verify") for name in NODE}
    targets = {name: {"PyJWT": 0.65} for name in ours}
    floor = "`hmac.digest`, `compare_digest`, `base64`, `json.loads`; no claim is judged"
    return Table("Verify a connect token", floor, samplers, targets, rounds)
