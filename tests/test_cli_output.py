"""What the command prints, to the letter."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

import jwt
import pytest

from rollout_auth import (
    BadVerificationTokenError,
    ClientCredentials,
    InvalidApiKeyError,
    MissingHeaderError,
    RequestRefusedError,
    error_response,
)
from rollout_auth._time import epoch_seconds
from rollout_auth.cli import _doctor, _inspect, _mint, _parser, _simulate, _steps, _streams, main
from rollout_auth.cli._partner_app import PartnerApp
from rollout_auth.testing import (
    CREDENTIALS,
    DashboardRequest,
    Exchange,
    IntegrationError,
    Report,
    Request,
    Response,
    StepResult,
    WSGITransport,
    sign_webhook,
)

HELP = Path(__file__).parent / "help"
IAT = 1_767_225_600
SECRET = "the-secret-" + "0123456789abcdef" * 4
OTHER = "another-secret-" + "0123456789abcdef" * 4
CLAIMS: dict[str, Any] = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 60}
BEGAN = datetime.fromtimestamp(IAT, timezone.utc)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """Runs the command: its status, what it prints, and its errors."""
    monkeypatch.setattr(time, "time", lambda: IAT + 0.5)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments: str, stdin: bytes = b"", **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(f"ROLLOUT_{name}", value)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        return main(arguments), *capsys.readouterr()

    return call


# --- usage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["main", "demo", "simulate", "mint", "inspect", "doctor"])
def test_help(command: str, printed: Any) -> None:
    """The help of each command says what it does, what each option takes, and its default."""
    arguments = ["--help"] if command == "main" else [command, "--help"]
    assert printed(*arguments) == (0, (HELP / f"{command}.txt").read_text("utf-8"), "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND; see rollout-auth --help"),
        (["simulate"], "the following arguments are required: URL; see rollout-auth simulate --help"),
        (["canary"], "argument COMMAND: not an accepted value; see rollout-auth --help"),
        (["doctor", "canary"], "unrecognized arguments, which are not repeated here; see rollout-auth --help"),
        (["mint", "u", "--ttl"], "argument --ttl: expected one argument; see rollout-auth mint --help"),
        (
            ["mint", "u", "--ttl", "canary"],
            "argument --ttl: write seconds, minutes or hours: 900, 15m or 1h; see rollout-auth mint --help",
        ),
        (
            ["mint", "u", "--namespace", "canary"],
            "argument --namespace: not an accepted value; see rollout-auth mint --help",
        ),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, printed: Any) -> None:
    """Wrong usage prints one line: what is missing or not accepted, and where to read on."""
    assert printed(*arguments) == (2, "", f"rollout-auth: error: {message}\n")


def test_closed_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without standard output, that is all that is printed."""
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["doctor"]) == 2
    message = "standard output is closed: open it, or redirect it to a file"
    assert capsys.readouterr().err == f"rollout-auth: error: {message}\n"


def test_short_secret(printed: Any) -> None:
    """A short secret is warned of in one line, and the result is there."""
    status, out, err = printed("mint", "user-1", CLIENT_ID="client-1", CLIENT_SECRET="short-" * 7)
    assert (status, out.count("."), err.count("\n")) == (0, 2, 1)
    assert err.startswith("rollout-auth: warning: a client secret has fewer than the 64 bytes")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--vers"],
        ["mint", "user-1", "--tt", "60"],
        ["inspect", "x", "--js"],
        ["doctor", "--js"],
        ["demo", "--js"],
        ["simulate", "http://127.0.0.1:1", "--js"],
    ],
)
def test_no_abbreviations(arguments: list[str], printed: Any) -> None:
    """An option is written in full, so that a later one with the same beginning breaks no script."""
    status, out, err = printed(*arguments, CLIENT_ID="client-1", CLIENT_SECRET=SECRET)
    assert (status, out) == (2, "")
    assert err.startswith("rollout-auth: error: ")


DEFAULTS: dict[str, Any] = {
    "demo": {"json": False},
    "simulate": {
        "url": "x",
        "token_path": "/rollout/token",
        "token_method": "GET",
        "token_field": "token",
        "token_header": [],
        "api_path": "/api/contacts",
        "api_method": "GET",
        "api_key_header": "Authorization",
        "refresh_path": "/rollout/refresh",
        "refresh_field": "refreshToken",
        "refresh_form": False,
        "webhook_path": "/rollout/webhook",
        "without": [],
        "verification_header": "X-Rollout-Verification-Token",
        "signed_content": "base64",
        "digest": "hex",
        "namespace": "rollout.com",
        "verbose": False,
        "json": False,
    },
    "mint": {
        "user_id": "x",
        "auth_data": None,
        "ttl": timedelta(hours=1),
        "namespace": "rollout.com",
        "dev": False,
    },
    "inspect": {"token": "-", "namespace": "rollout.com", "json": False},
    "doctor": {"json": False},
}


@pytest.mark.parametrize("command", DEFAULTS)
def test_defaults(command: str) -> None:
    """Each command takes these options, with these defaults."""
    arguments = vars(_parser().parse_args([command, *["x"] * (command in ("simulate", "mint"))]))
    assert arguments == {**DEFAULTS[command], "run": arguments["run"]}


def dashboard(*options: str, is_verified: bool = True) -> dict[str, object]:
    arguments = _parser().parse_args(["simulate", "x", *options])
    made = vars(_simulate._dashboard(arguments, is_verified=is_verified))
    return {name: str(value) if isinstance(value, DashboardRequest) else value for name, value in made.items()}


def test_dashboard() -> None:
    """The dashboard of a command without options is the default; without a verification token, none is sent."""
    token = "X-Rollout-Verification-Token: {{verificationToken}}"
    settings = {
        "token_field": "token",
        "webhook_path": "/rollout/webhook",
        "signed_content": "base64",
        "digest": "hex",
        "namespace": "rollout.com",
    }
    key, refresh = "{{context.authData.apiKey}}", '{"refreshToken": "{{context.authData.refreshToken}}"}'
    assert dashboard() == {
        "token": "GET /rollout/token",
        "api": f"GET /api/contacts  {token}  Authorization: Bearer {key}",
        "refresh": f"POST /rollout/refresh  {token}  JSON {refresh}",
        **settings,
    }
    assert dashboard(is_verified=False) == {
        "token": "GET /rollout/token",
        "api": f"GET /api/contacts  Authorization: Bearer {key}",
        "refresh": f"POST /rollout/refresh  JSON {refresh}",
        **settings,
    }


def test_dashboard_of_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each option ends up where it belongs; headers have the values of their variables."""
    monkeypatch.setenv("FIRST", "session-1")
    monkeypatch.setenv("SECOND", "1")
    options = (
        "--token-path=/t --token-method=POST --token-field=jwt --token-header=Cookie=FIRST --token-header=X-B=SECOND"
        " --api-path=/a --api-method=PATCH --api-key-header=X-Key --refresh-path=/r --refresh-field=old --refresh-form"
        " --webhook-path=/w --verification-header=X-From --signed-content=raw --digest=base64 --namespace=rollouthq.com"
    )
    assert dashboard(*options.split()) == {
        "token": "POST /t  Cookie: <hidden, 9 characters>  X-B: <hidden, 1 characters>",
        "token_field": "jwt",
        "api": "PATCH /a  X-From: {{verificationToken}}  X-Key: {{context.authData.apiKey}}",
        "refresh": "POST /r  X-From: {{verificationToken}}  form old={{context.authData.refreshToken}}",
        "webhook_path": "/w",
        "signed_content": "raw",
        "digest": "base64",
        "namespace": "rollouthq.com",
    }


@pytest.mark.parametrize(("name", "scheme"), [("authorization", "Bearer "), ("AUTHORIZATION", "Bearer "), ("Auth", "")])
def test_scheme_of_the_key(name: str, scheme: str) -> None:
    """In the header Authorization, however it is written, the key has its scheme; in others it has none."""
    shown = dashboard(f"--api-key-header={name}", is_verified=False)["api"]
    assert shown == f"GET /api/contacts  {name}: {scheme}{{{{context.authData.apiKey}}}}"


@pytest.mark.parametrize(("left_out", "name"), [("refresh", "refresh"), ("webhook", "webhook_path")])
def test_without(left_out: str, name: str) -> None:
    """What an app does not have is left out, and nothing else."""
    assert dashboard(f"--without={left_out}") == {**dashboard(), name: None}


def test_without_both() -> None:
    """Both may be left out."""
    both = {**dashboard(), "refresh": None, "webhook_path": None}
    assert dashboard("--without=refresh", "--without=webhook") == both


@pytest.mark.parametrize("text", ["Cookie", "Cookie=", "Cookie=UNSET", "Cookie=A=SESSION", "=EMPTY"])
def test_token_header_without_a_value(text: str, printed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A header whose variable is not named, not set or empty is refused, with the form that it takes."""
    monkeypatch.setenv("SESSION", "session-1")
    monkeypatch.setenv("EMPTY", "")
    err = (
        "rollout-auth: error: --token-header does not name a variable that is set: "
        "pass NAME=VARIABLE, and put the value into it\n"
    )
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    assert printed("simulate", "http://127.0.0.1:1", "--token-header", text, **environ) == (2, "", err)


def test_unset_verification_token_is_told(printed: Any) -> None:
    """That no verification token is sent is the first line, unless a program reads."""
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET, "VERIFICATION_TOKEN": ""}
    out = printed("simulate", "http://127.0.0.1:1", **environ)[1]
    assert out.startswith("ROLLOUT_VERIFICATION_TOKEN is not set: no request carries a verification token\n\nfailed ")
    assert printed("simulate", "http://127.0.0.1:1", "--json", **environ)[1].startswith("{\n")
    out = printed("simulate", "http://127.0.0.1:1", **{**environ, "VERIFICATION_TOKEN": "token-1"})[1]
    assert out.startswith("failed ")


# --- doctor ---------------------------------------------------------------------------------------------------------


def test_doctor(printed: Any) -> None:
    """Each problem of a variable, between variables, or of PyJWT has a line of its own."""
    environ = {
        "CLIENT_ID": OTHER,
        "CLIENT_SECRET": "short",
        "PREVIOUS_CLIENT_SECRET": "short",
        "VERIFICATION_TOKEN": "token-1",
        "PREVIOUS_VERIFICATION_TOKEN": "token-2 ",
    }
    few = "has fewer than 64 bytes: check that you copied it all (RFC 7518 section 3.2)"
    lines = [
        "ok    ROLLOUT_CLIENT_ID is set",
        "ok    ROLLOUT_CLIENT_SECRET is set",
        "ok    ROLLOUT_PREVIOUS_CLIENT_SECRET is set",
        (
            "fix   ROLLOUT_CLIENT_ID looks like the client secret, and the client secret like an id: swap them, "
            "because the id is public"
        ),
        f"note  ROLLOUT_CLIENT_SECRET {few}",
        f"note  ROLLOUT_PREVIOUS_CLIENT_SECRET {few}",
        (
            "note  ROLLOUT_PREVIOUS_CLIENT_SECRET is the same as ROLLOUT_CLIENT_SECRET: set it to the earlier secret, "
            "or unset it"
        ),
        "ok    ROLLOUT_VERIFICATION_TOKEN is set",
        (
            "fix   ROLLOUT_PREVIOUS_VERIFICATION_TOKEN starts or ends with white space: remove it (was a line break "
            "copied along?)"
        ),
        "ok    PyJWT works",
    ]
    assert printed("doctor", **environ) == (1, "".join(f"{line}\n" for line in lines), "")
    levels = ["ok"] * 3 + ["fix"] + ["note"] * 3 + ["ok", "fix", "ok"]
    findings = [
        {"variable": line.split()[1], "level": level, "text": line.split(maxsplit=2)[2]}
        for level, line in zip(levels, lines, strict=True)
    ]
    assert printed("doctor", "--json") == (1, json.dumps(findings, indent=2) + "\n", "")


def test_doctor_without_anything(printed: Any) -> None:
    """The output names each variable that is not set, and where to copy it from."""
    line = "fix   ROLLOUT_CLIENT_{} is not set: copy it from the Configuration page of the Rollout dashboard\n"
    assert printed("doctor") == (1, line.format("ID") + line.format("SECRET") + "ok    PyJWT works\n", "")


@pytest.mark.parametrize(("length", "is_swapped"), [(64, True), (63, False)])
def test_doctor_takes_for_swapped(length: int, is_swapped: bool) -> None:
    """An id that is as long as a secret, beside a secret that is not, is taken for it."""
    findings = _doctor.examine({"ROLLOUT_CLIENT_ID": "i" * length, "ROLLOUT_CLIENT_SECRET": "s" * 63})
    assert any("swap them" in finding.text for finding in findings) == is_swapped


def test_doctor_of_equal_texts() -> None:
    """An id that equals a secret is reported once, whichever secret it is."""
    text = "is the same text as a secret, and the id is public: copy both again"
    for name in ("ROLLOUT_CLIENT_SECRET", "ROLLOUT_PREVIOUS_CLIENT_SECRET"):
        environ = {"ROLLOUT_CLIENT_ID": "x" * 64, "ROLLOUT_CLIENT_SECRET": "y" * 64, name: "x" * 64}
        fixes = [finding for finding in _doctor.examine(environ) if finding.level == "fix"]
        assert fixes == [_doctor.Finding("ROLLOUT_CLIENT_ID", "fix", text)]


# --- inspect --------------------------------------------------------------------------------------------------------


def signed(secret: str = SECRET, algorithm: str = "HS512", **claims: object) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(said, secret, algorithm=algorithm)


def test_inspect(printed: Any) -> None:
    """The header, the claims, the lifetime and the verdict are printed in this order."""
    token = signed(**{"rollout.com": {"authData": {"apiKey": "key-1", "refreshToken": "r", "expiresIn": 60}}})
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    header = {"alg": "HS512", "typ": "JWT"}
    data = {"apiKey": "<hidden, 5 characters>", "refreshToken": "<hidden, 1 characters>", "expiresIn": 60}
    claims = {**CLAIMS, "rollout.com": {"authData": data}}
    life = "issued 2026-01-01 00:00:00 UTC, 0 seconds ago; expires 2026-01-01 00:01:00 UTC, 1 minute from now"
    reason = "signature, claims and lifetime are valid"
    assert printed("inspect", token, **environ) == (
        0,
        (
            f"header: {json.dumps(header, indent=2)}\nclaims: {json.dumps(claims, indent=2)}\nlifetime: {life}\n"
            f"verified: {reason}\n"
        ),
        "",
    )
    verdict = {"status": "verified", "code": None, "reason": reason}
    report = {"header": header, "claims": claims, "lifetime": life, "verdict": verdict}
    assert printed("inspect", token, "--json") == (0, json.dumps(report, indent=2) + "\n", "")


def test_inspect_looks_at_the_clock_once(printed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lifetime and the verdict refer to the same instant."""
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    ticks = iter([IAT + 59.9])
    monkeypatch.setattr(time, "time", lambda: next(ticks, IAT + 7200.0))
    status, out, _ = printed("inspect", signed(), **environ)
    assert (status, "1 second from now" in out) == (0, True)


def test_inspect_without_credentials(printed: Any) -> None:
    """Without credentials, the output says that nothing was verified."""
    reason = (
        "ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set, so nothing was verified: "
        "anyone could have created this token"
    )
    status, out, _ = printed("inspect", signed(), "--json")
    assert (status, json.loads(out)["verdict"]) == (0, {"status": "not verified", "code": None, "reason": reason})


@pytest.mark.parametrize(
    ("token", "code", "reason"),
    [
        (
            signed(OTHER),
            "bad_signature",
            "wrong secret: it is for this client id, but another secret signed it; compare ROLLOUT_CLIENT_SECRET",
        ),
        (
            signed(OTHER, iss="client-2"),
            "bad_signature",
            "signed for another client: its iss is not ROLLOUT_CLIENT_ID; use the credentials of one environment",
        ),
        (
            signed(iss="client-2"),
            "invalid_claim",
            "wrong client id: the secret is right, but its iss is not ROLLOUT_CLIENT_ID; copy both again",
        ),
        (
            signed(iat=IAT - 7260, exp=IAT - 3660),
            "token_expired",
            "expired 1 hour 1 minute ago: sign a new one; if it is new, a clock is off by at least 3660 seconds",
        ),
        (
            signed(iat=IAT + 601, exp=IAT + 900),
            "token_not_yet_valid",
            "clock off by 601 seconds: the token becomes valid in 10 minutes 1 second; set both clocks (NTP)",
        ),
    ],
)
def test_inspect_refuses(token: str, code: str, reason: str, printed: Any) -> None:
    """For a refused token, the output says why, and what to do."""
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    verdict = {"status": "refused", "code": code, "reason": reason}
    status, out, _ = printed("inspect", token, "--json", **environ)
    assert (status, json.loads(out)["verdict"]) == (1, verdict)
    status, out, _ = printed("inspect", token)
    assert (status, out.splitlines()[-1]) == (1, f"refused: {reason}")


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iss": None}, 1),
        ({"sub": 42}, 1),
        ({"aud": "x"}, 1),
        ({"exp": IAT + 3602}, 1),
        ({"exp": IAT + 3601}, 0),
        ({}, 0),
    ],
)
def test_inspect_of_other_claims(claims: dict[str, object], status: int, printed: Any) -> None:
    """A problem with any other claim, or a missing iss, is reported in the library's own words."""
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    found, out, _ = printed("inspect", signed(**claims), "--json", **environ)
    assert found == status
    if status:
        (name,) = claims
        assert json.loads(out)["verdict"]["reason"].startswith(f"{name} is ")


def test_inspect_prints_ascii(printed: Any) -> None:
    """A name in the token is printed in ASCII, too."""
    token = signed(**{"rollout.com": {"authData": {"apiKey": "key-1", "\u00e9": 2**60}}})
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    status, out, _ = printed("inspect", token, **environ)
    assert status == 1
    assert "extra['\\xe9']" in out.splitlines()[-1]
    assert out.isascii()


def test_inspect_masks_a_header(printed: Any) -> None:
    """Flags, durations and what names the form of the token are shown, and nothing else of a header."""
    headers = {"kid": "canary", "flag": True, "expiresIn": 60, "x": ["a", 1], "y": {"alg": "z"}}
    token = jwt.encode({"expiresIn": 60, "flag": False}, SECRET, algorithm="HS512", headers=headers)
    shown = json.loads(printed("inspect", token, "--json")[1])
    assert shown["claims"] == {"expiresIn": 60, "flag": False}
    assert shown["header"] == {
        "alg": "HS512",
        "typ": "JWT",
        "kid": "<hidden, 6 characters>",
        "flag": True,
        "expiresIn": 60,
        "x": ["<hidden, 1 characters>", "<hidden, 1 characters>"],
        "y": {"alg": "<hidden, 1 characters>"},
    }


def test_inspect_of_a_malformed_payload(printed: Any) -> None:
    """A token whose payload is no object still shows its header, masked."""
    token = jwt.PyJWS().encode(b"[]", SECRET, algorithm="HS512", headers={"kid": "canary"})
    status, out, err = printed("inspect", token, "--json")
    report = json.loads(out)
    assert (status, err) == (1, "")
    assert report["header"] == {"alg": "HS512", "kid": "<hidden, 6 characters>", "typ": "JWT"}
    assert (report["claims"], report["verdict"]["code"]) == ({}, "malformed_token")
    assert report["verdict"]["reason"].startswith("the token's payload ")


def test_inspect_of_what_is_no_token(printed: Any) -> None:
    """What is no token at all has no header and no claims, and its lifetime is unknown."""
    reason = "the token has 1 segment: a compact JWT has three"
    report = {
        "header": {},
        "claims": {},
        "lifetime": "unknown: iat or exp is missing or not an integer",
        "verdict": {"status": "refused", "code": "malformed_token", "reason": reason},
    }
    assert printed("inspect", "x", "--json") == (1, json.dumps(report, indent=2) + "\n", "")


@pytest.mark.parametrize("size", [4 * 8168, 4 * 8168 + 1])
def test_inspect_reads_no_more(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of standard input, four times the length of the longest token is read, and one byte more."""
    stream = io.BytesIO(b"x" * (size + 10))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
    assert len(_inspect._read_token("-")) == 4 * 8168 + 1


# --- the steps of a scenario ----------------------------------------------------------------------------------------


class Played:
    """A simulator whose scenario had these results."""

    def __init__(self, *steps: StepResult) -> None:
        self.report = Report(steps)

    def run(self, on_step: Callable[[StepResult], object] | None) -> Report:
        for step in self.report.steps:
            if on_step is not None:
                on_step(step)
        return self.report


def exchange(text: str) -> Exchange:
    return Exchange("call", BEGAN, Request("GET", "/"), Response(200), False, "GET /", f"{text}, in short", text)


MISTAKE = IntegrationError("a_mistake", "the app said \x1b[31m", "do not\a")
ANOTHER = IntegrationError("another", "it did", "fix it")
STEPS = (
    StepResult("first", "passed", "", None, (exchange("one"), exchange("two\n")), 0.0014),
    StepResult("second", "failed", MISTAKE.reason, MISTAKE, (exchange("three"),), 0.0125),
    StepResult("third", "failed", MISTAKE.reason, MISTAKE, (), 1.0),
    StepResult("fourth", "failed", ANOTHER.reason, ANOTHER, (), 12.3456789),
    StepResult("fifth", "skipped", "n\u00f6body is there", None, (), 0.0),
)


def played(capsys: pytest.CaptureFixture[str], *steps: StepResult, **settings: bool) -> tuple[int, str]:
    simulator: Any = Played(*steps)
    status = _steps.run(simulator, **{"as_machine": False, "shows_exchanges": False, **settings})
    return status, capsys.readouterr().out


def test_steps(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed step shows its problem, fix, code and exchanges in ASCII, unless the mistake was shown before."""
    monkeypatch.setattr(_steps, "perf_counter", count(10.0, 1.25).__next__)
    assert played(capsys, *STEPS) == (
        1,
        (
            "passed      1 ms  first\n"
            "failed     12 ms  second\n"
            "                  the app said \\x1b[31m\n"
            "                  fix: do not\\x07\n"
            "                  code: a_mistake\n"
            "                  three\n"
            "failed   1000 ms  third\n"
            "                  as above: a_mistake\n"
            "failed   12346 ms  fourth\n"
            "                  it did\n"
            "                  fix: fix it\n"
            "                  code: another\n"
            "skipped     0 ms  fifth\n"
            "                  n\\xf6body is there\n"
            "\n"
            "5 steps: 1 passed, 3 failed, 1 skipped; 3 requests in 1.25 s\n"
        ),
    )


def test_steps_are_shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is shown when it is over, though standard output may be a pipe."""
    flushed: list[str] = []

    class Pipe(io.StringIO):
        def flush(self) -> None:
            flushed.append(self.getvalue())

    monkeypatch.setattr(sys, "stdout", Pipe())
    simulator: Any = Played(STEPS[0], STEPS[4])
    _steps.run(simulator, as_machine=False, shows_exchanges=False)
    assert flushed[0].endswith("  first\n")
    assert flushed[1].endswith("  fifth\n")


def test_steps_with_exchanges(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On request, each step has its exchanges, in short unless it failed; without failures, the status is 0."""
    monkeypatch.setattr(_steps, "perf_counter", count(10.0, 0.5).__next__)
    assert played(capsys, STEPS[0], STEPS[4], shows_exchanges=True) == (
        0,
        (
            "passed      1 ms  first\n"
            "                  one, in short\n"
            "                  two\\n, in short\n"
            "skipped     0 ms  fifth\n"
            "                  n\\xf6body is there\n"
            "\n"
            "2 steps: 1 passed, 1 skipped; 2 requests in 0.50 s\n"
        ),
    )
    assert "                  three\n" in played(capsys, STEPS[1], shows_exchanges=True)[1]


def test_steps_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """For programs, each step has the same fields, whatever its outcome."""
    status, out = played(capsys, STEPS[0], STEPS[3], STEPS[4], as_machine=True, shows_exchanges=True)
    names = ("name", "outcome", "code", "reason", "fix", "seconds", "exchanges")
    rows = [
        ("first", "passed", None, "", None, 0.0014, ["one", "two\n"]),
        ("fourth", "failed", "another", "it did", "fix it", 12.345679, []),
        ("fifth", "skipped", None, "n\u00f6body is there", None, 0.0, []),
    ]
    report = {"ok": False, "steps": [dict(zip(names, row, strict=True)) for row in rows]}
    assert (status, out) == (1, json.dumps(report, indent=2) + "\n")


def test_demo(printed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo prints where its app is, and advances the app's clock with the simulator's."""
    seen: list[tuple[str, int]] = []

    def make(url: str, **options: Any) -> Played:
        options["clock"].advance(timedelta(hours=1))
        seen.append((url, epoch_seconds(None)))
        return Played(STEPS[0])

    monkeypatch.setattr("rollout_auth.testing.RolloutSimulator", make)
    status, out, err = printed("demo")
    ((url, now),) = seen
    assert (status, err, now) == (0, "", IAT + 3600)
    assert out.startswith(f"A simulated Rollout talks to a sample app at {url}:\n\npassed      1 ms  first\n")
    assert printed("demo", "--json")[1].startswith("{\n")


# --- streams --------------------------------------------------------------------------------------------------------


def test_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file, and of standard input, one byte more than the limit is read: enough to see that it is too long."""
    (tmp_path / "file").write_bytes(b"abcdef")
    assert [_streams.read(str(tmp_path / "file"), limit) for limit in (2, 5, 6)] == [b"abc", b"abcdef", b"abcdef"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"abcdef")))
    assert _streams.read("-", 2) == b"abc"


def test_read_a_file_without_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read where standard input is closed."""
    (tmp_path / "file").write_bytes(b"abc")
    monkeypatch.setattr(sys, "stdin", None)
    assert _streams.read(str(tmp_path / "file"), 5) == b"abc"


def test_abandon(tmp_path: Path) -> None:
    """What is written to an abandoned stream goes nowhere."""
    with (tmp_path / "file").open("w") as stream:
        stream.write("first")
        stream.flush()
        _streams.abandon(stream)
        stream.write("second")
    assert (tmp_path / "file").read_text("utf-8") == "first"


def test_errors_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A complaint is one line, whatever the message has in it."""
    _streams.complain("warning", ValueError("a\nb\x1b"))
    assert capsys.readouterr() == ("", "rollout-auth: warning: a\\nb\\x1b\n")


# --- mint -----------------------------------------------------------------------------------------------------------


def test_longest_auth_data(printed: Any) -> None:
    """AuthData of 64 KiB is read, and refused as too large a token; one byte more is refused unread."""
    environ = {"CLIENT_ID": "client-1", "CLIENT_SECRET": SECRET}
    empty = b'{"apiKey":""}'
    for extra in (0, 1):
        data = b'{"apiKey":"%s"}' % (b"x" * (65_536 - len(empty) + extra))
        status, out, err = printed("mint", "user-1", "--auth-data", "-", stdin=data, **environ)
        assert (status, out) == (2, "")
        assert ("the text for --auth-data is longer than 65536 bytes: no token can hold it" in err) == bool(extra)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("999999", 999_999), ("1s", 1), ("2m", 120), ("3h", 10_800)])
def test_durations(text: str, seconds: int) -> None:
    """A duration is a number of seconds, minutes or hours, of six digits at most."""
    assert _mint._duration(text).total_seconds() == seconds


# --- the app of the demonstration -----------------------------------------------------------------------------------


@pytest.fixture
def app() -> WSGITransport:
    return WSGITransport(PartnerApp(CREDENTIALS, "token-1", "k" * 64))


def answer(app: WSGITransport, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return app.send([Request(method, target, named, body)])[0]


def test_app(app: WSGITransport) -> None:
    """The app gives a key, takes it, renews it, and counts the people that webhooks tell of."""
    token: Any = answer(app, "GET", "/rollout/token").json()["token"]
    claims = jwt.decode(token, CREDENTIALS.client_secret, algorithms=["HS512"])
    data = claims["rollout.com"]["authData"]
    assert (claims["sub"], data["region"]) == ("user-1", "eu")
    verified = {"X_Rollout_Verification_Token": "token-1"}
    for people in (0, 1):
        called = answer(app, "GET", "/api/contacts", Authorization=f"Bearer {data['apiKey']}", **verified)
        assert called == Response(
            200, {"Content-Type": "application/json"}, b'{"user": "user-1", "people": %d}' % people
        )
        body = json.dumps(
            {
                "eventId": "event-1",
                "event": "peopleCreated",
                "eventCreated": "2026-01-01T00:00:00Z",
                "resourceIds": ["1"],
                "uri": "https://universal.rollout.com/api/people?ids=1",
            }
        ).encode()
        headers = {name.replace("-", "_"): value for name, value in sign_webhook(body, credentials=CREDENTIALS).items()}
        assert answer(app, "POST", "/rollout/webhook", body, **headers) == Response(204)
    renewed = answer(
        app,
        "POST",
        "/rollout/refresh",
        json.dumps({"refreshToken": data["refreshToken"]}).encode(),
        Content_Type="application/json",
        **verified,
    )
    assert (renewed.status, renewed.json().keys() >= {"apiKey", "refreshToken", "expiresIn"}) == (200, True)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, MissingHeaderError()),
        ({"X_Rollout_Verification_Token": "token-2"}, BadVerificationTokenError()),
        ({"X_Rollout_Verification_Token": "token-1"}, InvalidApiKeyError()),
        ({"X_Rollout_Verification_Token": "token-1", "Authorization": "Bearer canary"}, InvalidApiKeyError()),
    ],
)
def test_app_refuses(headers: dict[str, str], error: RequestRefusedError, app: WSGITransport) -> None:
    """What the library refuses is answered with ``error_response``."""
    parts = error_response(error)
    assert answer(app, "GET", "/api/contacts", **headers) == Response(parts.status, parts.headers, parts.body)


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/rollout/refresh", b"{", 400, "invalid_request"),
        ("/rollout/refresh", b'{"refreshToken": "canary"}', 400, "invalid_grant"),
        ("/rollout/webhook", b"{}", 401, "invalid_client"),
    ],
)
def test_app_refuses_on_every_route(path: str, body: bytes, status: int, error: str, app: WSGITransport) -> None:
    """Each route answers its refusals alike."""
    refused = answer(app, "POST", path, body, X_Rollout_Verification_Token="token-1")
    assert (refused.status, refused.json()) == (status, {"error": error})
    assert refused.header("Cache-Control") == "no-store"


def test_app_writes_the_phrase() -> None:
    """The status line has the standard phrase."""
    started: list[Any] = []
    app = PartnerApp(ClientCredentials("client-1", SECRET), "token-1", "k" * 64)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/contacts"}
    app(environ, lambda *start: started.append(start))
    ((status, headers),) = started
    assert status == "401 Unauthorized"
    assert ("Content-Type", "application/json") in headers


def test_app_reads_no_body_without_a_length() -> None:
    """A request without a length, or with a blank one, has no body."""
    for environ in ({}, {"CONTENT_LENGTH": ""}):
        stream = io.BytesIO(b"canary")
        app = PartnerApp(CREDENTIALS, "token-1", "k" * 64)
        route = {"REQUEST_METHOD": "POST", "PATH_INFO": "/rollout/webhook", "wsgi.input": stream}
        app({**route, **environ}, lambda *_: None)
        assert stream.tell() == 0
