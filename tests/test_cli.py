from __future__ import annotations

import importlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.metadata import PackageNotFoundError
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from testing.handwritten import HandWritten

from rollout_auth import (
    AuthData,
    ClientCredentials,
    ConfigurationError,
    RequestVerifier,
    cli,
    generate_connect_token,
    testing,
    verify_connect_token,
)
from rollout_auth._time import epoch_seconds
from rollout_auth.cli import _demo, _doctor, _partner_app, main
from rollout_auth.cli._show import in_words

IAT = 1_767_225_600
NOW = datetime.fromtimestamp(IAT, timezone.utc)
OTHER = "another-secret-" + "0123456789abcdef" * 4


ID, SECRET, PREVIOUS = "ROLLOUT_CLIENT_ID", "ROLLOUT_CLIENT_SECRET", "ROLLOUT_PREVIOUS_CLIENT_SECRET"


class Run:
    """What one run of the command gave."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    def call(*arguments: str, stdin: bytes | None = b"") -> Run:
        monkeypatch.setattr(sys, "stdin", None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin)))
        return Run(main(arguments), *capsys.readouterr())

    return call


@pytest.fixture(autouse=True)
def _frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: IAT + 0.5)


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, credentials: ClientCredentials) -> ClientCredentials:
    monkeypatch.setenv("ROLLOUT_CLIENT_ID", credentials.client_id)
    monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", credentials.client_secret)
    return credentials


class TestCommand:
    @pytest.mark.parametrize(
        "arguments", [["--help"], *([name, "--help"] for name in ("demo", "simulate", "mint", "inspect", "doctor"))]
    )
    def test_help(self, run: Any, arguments: list[str]) -> None:
        """Help goes to standard output, and says more than the names of the options."""
        result = run(*arguments)
        assert (result.status, result.err) == (0, "")
        assert len(result.out.split()) > 40

    def test_version(self, run: Any) -> None:
        """The version is that of the installed package."""
        assert re.fullmatch(r"rollout-auth \d+\.\d+\.\S+\n", run("--version").out)

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["unknown"],
            ["mint"],
            ["mint", "user-1", "--ttl", "soon"],
            ["mint", "user-1", "--namespace", "x"],
            ["demo", "x"],
        ],
    )
    def test_wrong_usage(self, run: Any, arguments: list[str]) -> None:
        """Wrong usage is status 2, on standard error alone."""
        result = run(*arguments)
        assert (result.status, result.out) == (2, "")
        assert re.fullmatch(r"rollout-auth: error: .*; see rollout-auth( mint| demo)? --help\n", result.err)

    @pytest.mark.parametrize(
        "arguments",
        [
            ["canary"],
            ["mint", "user-1", "--secret", "canary"],
            ["mint", "user-1", "--ttl", "canary"],
            ["mint", "user-1", "--namespace", "canary"],
            ["mint", "user-1", "--dev=canary"],
            ["doctor", "\x1b[31mcanary"],
        ],
    )
    def test_arguments_are_not_repeated(self, run: Any, arguments: list[str]) -> None:
        """What was typed, which may be a secret or control a terminal, is not printed."""
        result = run(*arguments)
        assert (result.status, result.out) == (2, "")
        assert "canary" not in result.err
        assert "\x1b" not in result.err

    def test_module(
        self, configured: ClientCredentials, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """``python -m rollout_auth`` is the same command."""
        monkeypatch.setattr(sys, "argv", ["rollout_auth", "mint", "user-1"])
        with pytest.raises(SystemExit) as ended:
            importlib.import_module("rollout_auth.__main__")
        assert ended.value.code == 0
        assert verify_connect_token(capsys.readouterr().out.strip(), credentials=configured).user_id == "user-1"

    def test_internal_error(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A bug shows its kind and neither a traceback nor its message, which may hold anything."""

        def fail(*_: object, **__: object) -> None:
            raise LookupError("canary")

        monkeypatch.setattr(_partner_app, "PartnerApp", fail)
        result = run("demo")
        assert result.status == 70
        assert result.err == "rollout-auth: internal error: LookupError: please report what you ran\n"

    def test_interrupt(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C ends the command quietly."""

        def interrupt(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(_partner_app, "PartnerApp", interrupt)
        result = run("demo")
        assert (result.status, result.err) == (130, "")

    def test_broken_pipe(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A reader that went away ends the command quietly."""
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w") as closed_pipe:  # noqa: PTH123  a descriptor, not a path
            monkeypatch.setattr(sys, "stdout", closed_pipe)
            assert main(["demo"]) == 141
        assert capsys.readouterr().err == ""

    def test_broken_pipe_of_a_process(self) -> None:
        """Nor does the interpreter complain at its end."""
        reading, writing = os.pipe()
        os.close(reading)
        command = [sys.executable, "-m", "rollout_auth", "demo"]
        done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (141, b"")

    def test_full_disk(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Output that cannot be written is an error, not a traceback."""
        with open("/dev/full", "w") as full:  # noqa: PTH123  a device
            monkeypatch.setattr(sys, "stdout", full)
            assert main(["demo"]) == 2
        assert capsys.readouterr().err == "rollout-auth: error: standard output: No space left on device\n"

    def test_help_into_a_full_disk(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Help that cannot be written is an error, too."""
        with open("/dev/full", "w") as full:  # noqa: PTH123  a device
            monkeypatch.setattr(sys, "stdout", full)
            assert main(["--help"]) == 2
        assert "No space left on device" in capsys.readouterr().err

    def test_closed_output(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A command whose result nobody can read has failed."""
        monkeypatch.setattr(sys, "stdout", None)
        assert main(["demo"]) == 2
        assert "standard output is closed" in capsys.readouterr().err

    def test_closed_errors(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without standard error, nothing is printed anywhere."""
        monkeypatch.setattr(sys, "stderr", None)
        result = run("mint", "user-1")
        assert (result.status, result.out) == (2, "")

    def test_errors_into_a_full_disk(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A message that cannot be written changes no status."""
        with open("/dev/full", "w") as full:  # noqa: PTH123  a device
            monkeypatch.setattr(sys, "stderr", full)
            assert run("mint", "user-1").status == 2

    @pytest.mark.parametrize("arguments", [["inspect"], ["mint", "user-1", "--auth-data", "-"]])
    def test_closed_input(self, run: Any, arguments: list[str]) -> None:
        """A command that would read from nowhere says so."""
        result = run(*arguments, stdin=None)
        assert (result.status, result.out) == (2, "")
        assert "standard input is closed" in result.err

    def test_unreadable_input(self) -> None:
        """Input that cannot be read is named as such."""
        command = [sys.executable, "-m", "rollout_auth", "inspect"]
        with open(os.devnull, "wb") as for_writing:  # noqa: PTH123  a device
            done = subprocess.run(command, stdin=for_writing, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr == b"rollout-auth: error: standard input: Bad file descriptor\n"

    def test_not_installed(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """A source tree on the path has no version, and works all the same."""

        def fail(_name: str) -> None:
            raise PackageNotFoundError

        monkeypatch.setattr(cli, "version", fail)
        assert run("--version").out == "rollout-auth (not installed)\n"

    def test_ascii(self, run: Any, configured: ClientCredentials) -> None:
        """No character of a token reaches the terminal as it is."""
        token = generate_connect_token("\x1b[31m\u202euser", credentials=configured)
        result = run("inspect", token)
        assert result.out.isascii()
        assert "\x1b" not in result.out


class TestDemo:
    def test_demo(self, run: Any) -> None:
        """It needs no configuration, shows every step of the conversation, and succeeds."""
        result = run("demo")
        assert (result.status, result.err) == (0, "")
        for text in (
            "a user connects",
            "token: GET /rollout/token -> 200",
            "refresh: POST /rollout/refresh -> 200 (the response is lost)",
            "webhook: POST /rollout/webhook -> 204",
            "call without the verification token: GET /api/contacts -> 401",
        ):
            assert text in result.out
        assert re.search(r"\n16 steps: 16 passed; \d+ requests in \d\.\d\d s\n\Z", result.out)

    def test_json(self, run: Any) -> None:
        """For programs, the same is JSON, and nothing else."""
        report = json.loads(run("demo", "--json").out)
        assert report["ok"] is True
        assert {step["outcome"] for step in report["steps"]} == {"passed"}
        assert report["steps"][0]["exchanges"][0].startswith("00:00:00  token: GET /rollout/token -> 200")

    def test_fails_with_the_library(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """If the app did not verify webhooks, the demo would say so, and fail."""
        monkeypatch.setattr(
            _partner_app, "verify_webhook", lambda *_, **__: SimpleNamespace(event_id="", resource_ids=())
        )
        result = run("demo")
        assert result.status == 1
        assert "code: unverified_webhook" in result.out
        assert "2 failed" in result.out

    def test_hides_its_secrets(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """It shows none of its secrets, although they are thrown away."""
        made = (f"canary-{number}-{'x' * 64}" for number in count())
        monkeypatch.setattr(_demo, "token_urlsafe", lambda _: next(made))
        assert "canary" not in run("demo").out + run("demo", "--json").out

    def test_leaves_nothing_behind(self, run: Any) -> None:
        """The server is closed, the library reads the machine's clock again, and its refusals are logged again."""
        assert run("demo").status == 0
        assert logging.getLogger("rollout_auth").handlers == []
        assert "rollout-auth serve" not in [thread.name for thread in threading.enumerate()]
        assert epoch_seconds(None) == IAT


class TestSimulate:
    @pytest.fixture(autouse=True)
    def _environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in testing.ENVIRON.items():
            monkeypatch.setenv(name, value)

    def test_good_app(self, run: Any) -> None:
        """An app that makes no mistake passes; what there is not is skipped, with the reason."""
        with testing.serve(HandWritten()) as url:
            result = run("simulate", url)
        assert (result.status, result.err) == (0, "")
        assert "there is no previous client secret" in result.out
        assert "16 steps: 15 passed, 1 skipped" in result.out
        assert "GET /rollout/token" not in result.out

    def test_verbose(self, run: Any) -> None:
        """On request, every exchange is shown."""
        with testing.serve(HandWritten()) as url:
            assert "token: GET /rollout/token -> 200\n" in run("simulate", url, "--verbose").out

    def test_mistake(self, run: Any) -> None:
        """A step that fails is shown with the problem, the fix, the code and the exchanges."""
        with testing.serve(HandWritten(user_id=lambda: 42)) as url:
            result = run("simulate", url)
            as_json = json.loads(run("simulate", url, "--json").out)
        assert result.status == 1
        assert "failed " in result.out
        for text in ("a number, but Rollout expects a string", "fix: pass str(user.pk)", "code: user_id_not_text"):
            assert text in result.out
        assert '-> 200 {"token": "<hidden, ' in result.out
        assert (as_json["ok"], as_json["steps"][0]["code"]) == (False, "user_id_not_text")

    def test_same_mistake_again(self, run: Any) -> None:
        """A mistake that fails several steps is explained once, and then referred to."""
        with testing.serve(HandWritten(refresh_unit=1000, life=86_400)) as url:
            out = run("simulate", url).out
        assert out.count("fix: pass seconds") == 1
        assert out.count("as above: expires_in_milliseconds") > 1

    def test_options(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Paths, fields, headers and forms are options; the value of a header comes from the environment."""
        seen: list[dict[str, Any]] = []
        app = HandWritten(token_answer=lambda token: {"jwt": token}, encode=bytes, digest="base64")

        def renamed(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            paths = {"/t": "/rollout/token", "/a": "/api/contacts", "/r": "/rollout/refresh", "/w": "/rollout/webhook"}
            seen.append(dict(environ))
            environ["PATH_INFO"] = paths[environ["PATH_INFO"]]
            environ["HTTP_AUTHORIZATION"] = environ.get("HTTP_X_KEY", "")
            environ["HTTP_X_ROLLOUT_VERIFICATION_TOKEN"] = environ.get("HTTP_X_FROM", "")
            if environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded":
                fields = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0)).decode("latin-1"))
                body = json.dumps({"refreshToken": fields.get("token", [""])[0]}).encode()
                environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})
            return app(environ, start_response)

        monkeypatch.setenv("SESSION", "session-1")
        paths = ("--token-path", "/t", "--api-path", "/a", "--refresh-path", "/r", "--webhook-path", "/w")
        names = ("--token-field", "jwt", "--refresh-field", "token", "--api-key-header", "X-Key")
        forms = ("--refresh-form", "--signed-content", "raw", "--digest", "base64", "--verification-header", "X-From")
        methods = ("--token-method", "POST", "--api-method", "PUT")
        with testing.serve(renamed) as url:
            result = run("simulate", url, *paths, *names, *forms, *methods, "--token-header", "Cookie=SESSION")
        assert result.status == 0, result.out
        assert [environ["REQUEST_METHOD"] for environ in seen[:5]] == ["POST"] * 4 + ["PUT"]
        assert seen[0]["HTTP_COOKIE"] == "session-1"
        assert "session-1" not in result.out

    def test_without(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Refreshes, webhooks and the verification token can be left out; the output mentions a missing token."""
        monkeypatch.delenv("ROLLOUT_VERIFICATION_TOKEN")
        with testing.serve(HandWritten(checks_verification=False)) as url:
            result = run("simulate", url, "--without", "refresh", "--without", "webhook")
            as_json = run("simulate", url, "--without", "refresh", "--without", "webhook", "--json")
        assert result.status == 0, result.out
        assert "ROLLOUT_VERIFICATION_TOKEN is not set: no request carries" in result.out
        assert "there are no webhooks" in result.out
        assert json.loads(as_json.out)["ok"] is True

    def test_unreachable(self, run: Any) -> None:
        """An app that does not run fails the first step, and no other."""
        result = run("simulate", "http://127.0.0.1:1")
        assert result.status == 1
        assert "code: unreachable" in result.out
        assert "1 failed, 15 skipped" in result.out

    @pytest.mark.parametrize(
        ("arguments", "fix"),
        [
            (["canary"], "http://127.0.0.1:8000"),
            (["http://user:canary@127.0.0.1"], "http://127.0.0.1:8000"),
            (["http://127.0.0.1", "--token-header", "Cookie=CANARY_VARIABLE"], "NAME=VARIABLE"),
            (["http://127.0.0.1", "--token-header", "canary"], "NAME=VARIABLE"),
            (["http://127.0.0.1", "--token-path", "canary"], "slash"),
            (["http://127.0.0.1", "--webhook-path", "canary"], "slash"),
            (["http://127.0.0.1", "--verification-header", "canary canary"], "X-Api-Token"),
        ],
    )
    def test_wrong_usage(self, run: Any, arguments: list[str], fix: str) -> None:
        """The error for an unusable argument names the fix, and does not repeat the argument."""
        result = run("simulate", *arguments)
        assert (result.status, result.out) == (2, "")
        assert fix in result.err
        assert "canary" not in result.err


class TestMint:
    def test_prints_a_token_and_nothing_else(self, run: Any, configured: ClientCredentials) -> None:
        """The token is one line, which verifies."""
        result = run("mint", "user-1")
        assert (result.status, result.err, result.out.count("\n")) == (0, "", 1)
        verified = verify_connect_token(result.out.strip(), credentials=configured)
        assert (verified.user_id, verified.auth_data) == ("user-1", None)
        assert verified.expires_at - verified.issued_at == timedelta(hours=1)

    @pytest.mark.parametrize(("ttl", "seconds"), [("900", 900), ("90s", 90), ("15m", 900), ("1h", 3600)])
    def test_ttl(self, run: Any, configured: ClientCredentials, ttl: str, seconds: int) -> None:
        """A lifetime is given in seconds, minutes or hours."""
        verified = verify_connect_token(run("mint", "user-1", "--ttl", ttl).out.strip(), credentials=configured)
        assert verified.expires_at - verified.issued_at == timedelta(seconds=seconds)

    @pytest.mark.parametrize("ttl", ["2h", "0", "3601"])
    def test_ttl_out_of_range(self, run: Any, configured: ClientCredentials, ttl: str) -> None:
        """A lifetime that Rollout refuses is wrong usage."""
        result = run("mint", "user-1", "--ttl", ttl)
        assert (result.status, result.out) == (2, "")
        assert "between 1 s and 3600 s" in result.err

    @pytest.mark.parametrize("from_file", [False, True])
    def test_auth_data(self, run: Any, configured: ClientCredentials, tmp_path: Path, from_file: bool) -> None:
        """AuthData comes from a file or from standard input."""
        data = b'{"apiKey": "key-1", "refreshToken": "refresh-1", "expiresIn": 60, "region": "eu"}'
        (tmp_path / "data.json").write_bytes(data)
        source = str(tmp_path / "data.json") if from_file else "-"
        result = run("mint", "user-1", "--auth-data", source, stdin=b"" if from_file else data)
        verified = verify_connect_token(result.out.strip(), credentials=configured)
        assert verified.auth_data == AuthData("key-1", "refresh-1", 60, {"region": "eu"})

    def test_legacy(self, run: Any, configured: ClientCredentials) -> None:
        """The legacy namespace has dev."""
        result = run("mint", "user-1", "--namespace", "rollouthq.com", "--dev")
        assert verify_connect_token(result.out.strip(), credentials=configured, namespace="rollouthq.com").dev

    @pytest.mark.parametrize(
        ("arguments", "stdin", "message"),
        [
            (["user-1", "--dev"], b"", "only the legacy namespace, 'rollouthq.com', has dev"),
            ([" "], b"", "user_id is blank"),
            (["None"], b"", "user_id is 'None', the text of a user who is not signed in"),
            (["user-1", "--auth-data", "-"], b"", "the text for --auth-data is not JSON"),
            (["user-1", "--auth-data", "-"], b'{"apiKey": "canary", "apiKey": "canary"}', "duplicate key"),
            (["user-1", "--auth-data", "-"], b'{"key": "canary"}', "authData has no 'apiKey'"),
            (
                ["user-1", "--auth-data", "-"],
                b'{"apiKey": "canary", "refreshToken": "canary", "expiresIn": 1800000000}',
                "expires_in must be from 1 to 315360000 (ten years)",
            ),
            (["user-1", "--auth-data", "-"], b'{"apiKey": "canary\\n"}', "api_key starts or ends with white space"),
            (["user-1", "--auth-data", "missing.json"], b"", "missing.json: No such file or directory"),
            (["user-1", "--auth-data", "/"], b"", "/: Is a directory"),
            (["user-1", "--auth-data", "/dev/zero"], b"", "longer than 65536 bytes"),
            (["user-1", "--auth-data", "\x1b[31m\n"], b"", "\\x1b[31m\\n: No such file"),
            (["user-1", "--auth-data", "a\0b"], b"", "a\\x00b: not a valid file name"),
        ],
    )
    def test_bad_input(
        self, run: Any, configured: ClientCredentials, arguments: list[str], stdin: bytes, message: str
    ) -> None:
        """Bad input is status 2, with a message that names the fix and no secret."""
        result = run("mint", *arguments, stdin=stdin)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("rollout-auth: error: ")
        assert message in result.err
        assert "canary" not in result.err

    def test_without_credentials(self, run: Any) -> None:
        """The message names the missing variables."""
        result = run("mint", "user-1")
        assert (result.status, result.out) == (2, "")
        assert "ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set" in result.err

    def test_short_secret(self, run: Any, configured: ClientCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
        """A short secret is a line on standard error, and the token is still made."""
        monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", "a-short-secret-for-mint")
        result = run("mint", "user-1")
        assert result.status == 0
        assert re.fullmatch(r"rollout-auth: warning: a client secret has fewer than the 64 bytes .*\n", result.err)

    @pytest.mark.parametrize("ttl", ["soon", "15min", "1h30m", "-1", "1.5h", "9" * 7, "9" * 30 + "h", ""])
    def test_ttl_forms(self, run: Any, configured: ClientCredentials, ttl: str) -> None:
        """A lifetime in any other form is wrong usage, and the message shows the forms."""
        result = run("mint", "user-1", f"--ttl={ttl}")
        assert (result.status, result.out) == (2, "")
        assert "write seconds, minutes or hours: 900, 15m or 1h" in result.err

    @pytest.mark.parametrize("command", ["mint", "inspect"])
    def test_namespaces(self, run: Any, configured: ClientCredentials, command: str) -> None:
        """Both namespaces can be named, and no other."""
        argument = "user-1" if command == "mint" else generate_connect_token("user-1")
        for namespace, status in (("rollout.com", 0), ("rollouthq.com", 0), ("x", 2)):
            assert run(command, argument, "--namespace", namespace).status == status
        assert f"see rollout-auth {command} --help" in run(command, argument, "--namespace", "x").err


class TestInspect:
    def test_verified(self, run: Any, configured: ClientCredentials, auth_data: AuthData) -> None:
        """A good token is shown with its secrets masked, its lifetime in words, and its verdict."""
        result = run("inspect", generate_connect_token("user-1", auth_data, now=NOW))
        assert (result.status, result.err) == (0, "")
        assert '"alg": "HS512"' in result.out
        assert '"sub": "user-1"' in result.out
        assert '"expiresIn": 3600' in result.out
        assert '"apiKey": "<hidden, 5 characters>"' in result.out
        lifetime = "issued 2026-01-01 00:00:00 UTC, 0 seconds ago; expires 2026-01-01 01:00:00 UTC, 1 hour from now"
        assert f"\nlifetime: {lifetime}\n" in result.out
        assert result.out.endswith("\nverified: signature, claims and lifetime are valid\n")
        for hidden in ("key-1", "refresh-1", '"eu"', "read"):
            assert hidden not in result.out

    @pytest.mark.parametrize("arguments", [[], ["-"]])
    def test_standard_input(self, run: Any, configured: ClientCredentials, arguments: list[str]) -> None:
        """The token may come from a pipe, with white space around it."""
        token = generate_connect_token("user-1")
        assert run("inspect", *arguments, stdin=f"\n {token}\r\n".encode()).status == 0

    def test_without_credentials(self, run: Any, credentials: ClientCredentials) -> None:
        """Without credentials, the output says that nothing was verified."""
        result = run("inspect", generate_connect_token("user-1", credentials=credentials))
        assert result.status == 0
        assert "\nnot verified: ROLLOUT_CLIENT_ID and ROLLOUT_CLIENT_SECRET are not set, so nothing was" in result.out

    def test_half_configured(self, run: Any, credentials: ClientCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
        """Credentials that cannot be used are an error, not a verdict about the token."""
        monkeypatch.setenv("ROLLOUT_CLIENT_ID", "client-1")
        result = run("inspect", generate_connect_token("user-1", credentials=credentials))
        assert (result.status, result.out) == (2, "")
        assert "ROLLOUT_CLIENT_SECRET is not set" in result.err

    @pytest.mark.parametrize(
        ("claims", "signer", "code", "reason"),
        [
            ({}, OTHER, "bad_signature", "wrong secret: it is for this client id"),
            ({"iss": "client-2"}, OTHER, "bad_signature", "signed for another client"),
            ({"iss": "client-2"}, None, "invalid_claim", "wrong client id: the secret is right"),
            ({"iss": ...}, None, "invalid_claim", "iss is missing"),
            (
                {"iat": IAT - 7260, "exp": IAT - 3660},
                None,
                "token_expired",
                "expired 1 hour 1 minute ago: .* at least 3660 seconds",
            ),
            (
                {"iat": IAT + 600, "exp": IAT + 900},
                None,
                "token_not_yet_valid",
                "clock off by 600 seconds: the token becomes valid in 10 minutes; .*NTP",
            ),
            ({"exp": IAT + 7200}, None, "invalid_claim", "exp is 7200 s after iat"),
            ({"exp": IAT + 3602}, None, "invalid_claim", "exp is 3602 s after iat"),
            ({"aud": "rollout"}, None, "invalid_claim", "aud is there, so the token is for somebody else"),
            (
                {"rollouthq.com": {"authData": {"apiKey": "k"}}},
                None,
                "invalid_claim",
                "authData belongs under 'rollout.com', and not under 'rollouthq.com'",
            ),
        ],
    )
    def test_refused(
        self, run: Any, configured: ClientCredentials, claims: Any, signer: str | None, code: str, reason: str
    ) -> None:
        """A refused token is status 1, and the verdict says why and what to do."""
        all_claims = {"iss": "client-1", "sub": "user-1", "iat": IAT, "exp": IAT + 60, **claims}
        payload = {name: value for name, value in all_claims.items() if value is not ...}
        token = jwt.encode(payload, signer or configured.client_secret, algorithm="HS512")
        result = run("inspect", token)
        assert (result.status, result.err) == (1, "")
        assert re.search(f"\nrefused: {reason}", result.out)
        assert json.loads(run("inspect", token, "--json").out)["verdict"]["code"] == code

    def test_other_algorithm(self, run: Any, configured: ClientCredentials) -> None:
        """A token of another algorithm is shown all the same."""
        token = jwt.encode({"sub": "user-1"}, configured.client_secret, algorithm="HS256")
        result = run("inspect", token)
        assert result.status == 1
        assert '"alg": "HS256"' in result.out
        assert "lifetime: unknown: iat or exp is missing or not an integer" in result.out
        assert "refused: the token's alg is 'HS256', not 'HS512'" in result.out

    @pytest.mark.parametrize(
        "token", ["", "x", "a.b.c", "é", "\udcff", "Bearer a.b.c", "e30.e30.e30=", "e30.W10.e30", "x" * 40_000]
    )
    def test_malformed(self, run: Any, token: str) -> None:
        """Any text gets a verdict, with or without credentials, as an argument or from a pipe."""
        for result in (run("inspect", token), run("inspect", stdin=token.encode("utf-8", "surrogateescape"))):
            assert (result.status, result.err) == (1, "")
            assert re.search(r"\nrefused: the token", result.out)

    def test_namespace(self, run: Any, configured: ClientCredentials) -> None:
        """A legacy token verifies on request."""
        token = generate_connect_token("user-1", namespace="rollouthq.com", dev=True)
        assert run("inspect", token).status == 1
        assert run("inspect", token, "--namespace", "rollouthq.com").status == 0

    def test_json(self, run: Any, configured: ClientCredentials, auth_data: AuthData) -> None:
        """The JSON has the same content, masked too."""
        report = json.loads(run("inspect", "--json", generate_connect_token("user-1", auth_data, now=NOW)).out)
        assert set(report) == {"header", "claims", "lifetime", "verdict"}
        assert report["verdict"]["status"] == "verified"
        assert report["claims"] == {
            "iss": "client-1",
            "sub": "user-1",
            "iat": IAT,
            "exp": IAT + 3600,
            "rollout.com": {
                "authData": {
                    "apiKey": "<hidden, 5 characters>",
                    "refreshToken": "<hidden, 9 characters>",
                    "expiresIn": 3600,
                    "region": "<hidden, 2 characters>",
                    "scopes": ["<hidden, 4 characters>", "<hidden, 5 characters>"],
                }
            },
        }
        malformed = json.loads(run("inspect", "--json", "x").out)
        assert malformed["verdict"] == {
            "status": "refused",
            "code": "malformed_token",
            "reason": "the token has 1 segment: a compact JWT has three",
        }

    def test_masks_what_is_not_known_to_be_public(self, run: Any) -> None:
        """Values of unknown claims are masked, whatever their type; flags are not."""
        token = jwt.encode({"authData": "canary", "x": {"n": 4711, "b": True, "z": None}}, OTHER, algorithm="HS512")
        assert json.loads(run("inspect", "--json", token).out)["claims"] == {
            "authData": "<hidden, 6 characters>",
            "x": {"n": "<hidden, 4 characters>", "b": True, "z": None},
        }

    def test_masks_what_hides_among_the_public(self, run: Any) -> None:
        """A header field other than alg and typ is masked, and so is an object as the value of a public claim."""
        token = jwt.encode({"sub": "x", "aud": {"a": "canary"}}, OTHER, algorithm="HS512", headers={"kid": "canary"})
        report = json.loads(run("inspect", "--json", token).out)
        assert report["header"] == {"alg": "HS512", "kid": "<hidden, 6 characters>", "typ": "JWT"}
        assert report["claims"] == {"sub": "x", "aud": {"a": "<hidden, 6 characters>"}}

    def test_claim_names_are_escaped(self, run: Any, configured: ClientCredentials) -> None:
        """Nothing of a token, not even a claim's name, reaches the terminal as it is."""
        claims = {"iss": "client-1", "sub": "u", "iat": IAT, "exp": IAT + 60, "é\x1b": {"authData": {}}}
        result = run("inspect", jwt.encode(claims, configured.client_secret, algorithm="HS512"))
        assert (result.status, result.out.isascii(), "\x1b" in result.out) == (1, True, False)

    def test_half_configured_by_the_secret(
        self, run: Any, credentials: ClientCredentials, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A secret without an id is an error too, not a verdict about the token."""
        monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", credentials.client_secret)
        result = run("inspect", generate_connect_token("user-1", credentials=credentials))
        assert (result.status, result.out) == (2, "")
        assert "ROLLOUT_CLIENT_ID is not set" in result.err

    @pytest.mark.parametrize(
        ("claims", "known"),
        [
            ({"iat": 0, "exp": 1}, True),
            ({"iat": 1, "exp": 253_402_300_799}, True),
            ({"iat": -1, "exp": 1}, False),
            ({"iat": 1, "exp": 253_402_300_800}, False),
            ({"iat": True, "exp": 1}, False),
            ({"iat": "1", "exp": 1}, False),
            ({"exp": 1}, False),
            ({"iat": 1}, False),
        ],
    )
    def test_lifetime_of_any_claims(self, run: Any, claims: dict[str, object], known: bool) -> None:
        """A lifetime that no datetime can name is unknown, and not a failure."""
        result = run("inspect", jwt.PyJWS().encode(json.dumps(claims).encode(), OTHER, algorithm="HS512"))
        assert (result.status, result.err) == (0, "")
        assert ("lifetime: unknown" not in result.out) == known

    def test_shows_every_registered_claim(self, run: Any) -> None:
        """The registered claims, which hold no secret, are shown as they are."""
        claims = {"iss": "i", "sub": "s", "aud": "a", "exp": 3, "nbf": 2, "iat": 1, "jti": "j"}
        token = jwt.encode(claims, OTHER, algorithm="HS512")
        assert json.loads(run("inspect", "--json", token).out)["claims"] == claims

    def test_masks_by_type(self, run: Any) -> None:
        """A number as the value of a flag, or a text as that of a duration, is masked."""
        token = jwt.encode({"rollouthq.com": {"dev": 1}, "x": {"expiresIn": "canary"}}, OTHER, algorithm="HS512")
        assert json.loads(run("inspect", "--json", token).out)["claims"] == {
            "rollouthq.com": {"dev": "<hidden, 1 characters>"},
            "x": {"expiresIn": "<hidden, 6 characters>"},
        }

    def test_verdicts_of_unrefused_tokens(
        self, run: Any, credentials: ClientCredentials, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A verdict always has a status, a code and a reason; where nothing is refused, the code is null."""
        token = generate_connect_token("user-1", credentials=credentials)
        first = json.loads(run("inspect", "--json", token).out)["verdict"]
        monkeypatch.setenv("ROLLOUT_CLIENT_ID", credentials.client_id)
        monkeypatch.setenv("ROLLOUT_CLIENT_SECRET", credentials.client_secret)
        second = json.loads(run("inspect", "--json", token).out)["verdict"]
        assert [list(verdict) for verdict in (first, second)] == [["status", "code", "reason"]] * 2
        assert (first["status"], first["code"]) == ("not verified", None)
        assert (second["status"], second["code"]) == ("verified", None)

    def test_endless_input(self, run: Any) -> None:
        """Of endless input, no more is read than is needed to refuse it."""
        assert run("inspect", stdin=b"x" * 1_000_000).status == 1
        assert sys.stdin.buffer.tell() <= 4 * 8168 + 1


class TestDoctor:
    def test_well(self, run: Any, configured: ClientCredentials) -> None:
        """Good variables are status 0, a line each."""
        result = run("doctor")
        assert (result.status, result.err) == (0, "")
        assert result.out == "ok    ROLLOUT_CLIENT_ID is set\nok    ROLLOUT_CLIENT_SECRET is set\nok    PyJWT works\n"

    @pytest.mark.parametrize(
        ("client_id", "client_secret", "previous", "status", "text"),
        [
            (None, None, None, 1, "fix   ROLLOUT_CLIENT_ID is not set: copy it"),
            ("client-1", "", None, 1, "fix   ROLLOUT_CLIENT_SECRET is not set: copy it"),
            ("client-1\n", OTHER, None, 1, "fix   ROLLOUT_CLIENT_ID starts or ends with white space"),
            ("client-1", OTHER + " ", None, 1, "fix   ROLLOUT_CLIENT_SECRET starts or ends with white space"),
            ("client-1", "-----BEGIN RSA PRIVATE KEY-----\n" + OTHER, None, 1, "CLIENT_SECRET is the text of a PEM"),
            ("client-1", OTHER, "\t" + OTHER, 1, "PREVIOUS_CLIENT_SECRET starts or ends with white space"),
            (
                OTHER,
                "client-1",
                None,
                1,
                "CLIENT_ID looks like the client secret, and the client secret like an id: swap",
            ),
            (OTHER, OTHER, None, 1, "fix   ROLLOUT_CLIENT_ID is the same text as a secret"),
            ("client-1", "s" * 63, None, 0, "note  ROLLOUT_CLIENT_SECRET has fewer than 64 bytes"),
            ("client-1", OTHER, "short", 0, "note  ROLLOUT_PREVIOUS_CLIENT_SECRET has fewer than 64 bytes"),
            ("client-1", OTHER, OTHER, 0, "note  ROLLOUT_PREVIOUS_CLIENT_SECRET is the same as ROLLOUT_CLIENT_SECRET"),
            ("client-1", OTHER, "p" * 64, 0, "ok    ROLLOUT_PREVIOUS_CLIENT_SECRET is set"),
        ],
    )
    def test_findings(
        self,
        run: Any,
        monkeypatch: pytest.MonkeyPatch,
        client_id: str | None,
        client_secret: str | None,
        previous: str | None,
        status: int,
        text: str,
    ) -> None:
        """Each mistake is named, and what must be fixed is status 1."""
        variables = {
            "ROLLOUT_CLIENT_ID": client_id,
            "ROLLOUT_CLIENT_SECRET": client_secret,
            "ROLLOUT_PREVIOUS_CLIENT_SECRET": previous,
        }
        for name, value in variables.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        result = run("doctor")
        assert result.status == status
        assert text in result.out
        as_json = json.loads(run("doctor", "--json").out)
        assert [f"{one['level']:4}  {one['variable']} {one['text']}" for one in as_json] == result.out.splitlines()
        for value in (client_secret, previous):
            assert not value or value not in result.out

    @pytest.mark.parametrize(
        ("client_id", "client_secret", "previous", "levels"),
        [
            ("", "", "", [(ID, "fix"), (SECRET, "fix")]),
            ("client-1", "", "", [(ID, "ok"), (SECRET, "fix")]),
            ("client-1", "s", "", [(ID, "ok"), (SECRET, "ok"), (SECRET, "note")]),
            ("client-1", "s" * 64, "p" * 64, [(ID, "ok"), (SECRET, "ok"), (PREVIOUS, "ok")]),
            ("i" * 64, "s" * 64, "", [(ID, "ok"), (SECRET, "ok")]),
            ("i" * 64, "", "", [(ID, "ok"), (SECRET, "fix")]),
            ("i" * 64, "s", "", [(ID, "ok"), (SECRET, "ok"), (ID, "fix"), (SECRET, "note")]),
            ("p" * 64, "s" * 64, "p" * 64, [(ID, "ok"), (SECRET, "ok"), (PREVIOUS, "ok"), (ID, "fix")]),
            ("client-1", "é" * 32, "", [(ID, "ok"), (SECRET, "ok")]),
            ("client-1", os.fsdecode(b"s" * 64 + b"\xff"), "", [(ID, "ok"), (SECRET, "fix")]),
        ],
    )
    def test_findings_and_no_other(
        self, client_id: str, client_secret: str, previous: str, levels: list[tuple[str, str]]
    ) -> None:
        """Correct values have no finding, and one mistake has one."""
        findings = _doctor.examine({ID: client_id, SECRET: client_secret, PREVIOUS: previous})
        assert [(finding.variable, finding.level) for finding in findings] == [*levels, ("PyJWT", "ok")]

    @pytest.mark.parametrize("name", ["ROLLOUT_VERIFICATION_TOKEN", "ROLLOUT_PREVIOUS_VERIFICATION_TOKEN"])
    @pytest.mark.parametrize(
        ("token", "level", "text"),
        [
            ("a-token", "ok", "is set"),
            ("a-token\n", "fix", "starts or ends with white space"),
            (" ", "fix", "is blank"),
            ("a-token, a-token", "fix", "reads like equal headers"),
        ],
    )
    def test_verification_token(self, name: str, token: str, level: str, text: str) -> None:
        """A verification token that is set is checked as the library does; one that is not set is not missed."""
        finding = _doctor.examine({ID: "client-1", SECRET: OTHER, name: token})[2]
        assert (finding.variable, finding.level) == (name, level)
        assert finding.text.startswith(text)
        unset = _doctor.examine({ID: "client-1", SECRET: OTHER, name: ""})
        assert [finding.variable for finding in unset] == [ID, SECRET, "PyJWT"]

    def test_agrees_with_the_library(self) -> None:
        """What the doctor lets pass, the library accepts."""
        environ = {ID: "client-1", SECRET: OTHER, PREVIOUS: "p" * 64, "ROLLOUT_VERIFICATION_TOKEN": "token-1"}
        assert all(finding.level == "ok" for finding in _doctor.examine(environ))
        assert ClientCredentials.from_env(environ)
        assert RequestVerifier.from_env(environ)

    @pytest.mark.parametrize("name", [ID, SECRET, PREVIOUS, "ROLLOUT_VERIFICATION_TOKEN"])
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (f'"{OTHER}"', "is surrounded by quotes"),
            (f"'{OTHER}'", "is surrounded by quotes"),
            ("$ROLLOUT_SECRET", "is the name of a variable"),
            ("${ROLLOUT_SECRET}", "is the name of a variable"),
            ("<your client secret>", "is a placeholder"),
            ("null", "is the text 'null'"),
            ("None", "is the text 'None'"),
            ("undefined", "is the text 'undefined'"),
            (f"{OTHER}\r", "starts or ends with white space"),
            (f"a\x1b{OTHER}", "contains a control character"),
            ('{"kty":"oct"}', "looks like JSON"),
            ("-----BEGIN PUBLIC KEY-----", "is the text of a PEM or SSH key"),
        ],
    )
    def test_refuses_what_the_library_refuses(self, name: str, value: str, text: str) -> None:
        """The doctor's finding is the library's own refusal, word for word."""
        environ = {ID: "client-1", SECRET: OTHER, "ROLLOUT_VERIFICATION_TOKEN": "token-1", name: value}
        (finding,) = [one for one in _doctor.examine(environ) if one.level == "fix"]
        assert finding.variable == name
        assert finding.text.startswith(text)
        with pytest.raises(ConfigurationError) as refused:
            (RequestVerifier if "VERIFICATION" in name else ClientCredentials).from_env(environ)
        assert finding.text in str(refused.value)

    @pytest.mark.parametrize(
        ("client_id", "secret", "previous"), [(OTHER, "client-1", ""), (OTHER, OTHER, ""), (OTHER, "s" * 64, OTHER)]
    )
    def test_refuses_a_pair_that_the_library_refuses(self, client_id: str, secret: str, previous: str) -> None:
        """What is wrong between the id and the secrets is the library's own refusal too."""
        environ = {ID: client_id, SECRET: secret, PREVIOUS: previous}
        (finding,) = [one for one in _doctor.examine(environ) if one.level == "fix"]
        with pytest.raises(ConfigurationError) as refused:
            ClientCredentials.from_env(environ)
        assert finding.text in str(refused.value)

    def test_without_pyjwt(self, run: Any, configured: ClientCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
        """A PyJWT that cannot be used must be fixed, because no token could be verified."""

        def fail() -> None:
            raise ConfigurationError("PyJWT is not installed: run pip install PyJWT")

        monkeypatch.setattr(_doctor, "pyjwt_hs512", fail)
        result = run("doctor")
        assert (result.status, result.err) == (1, "")
        assert result.out.splitlines()[-1] == "fix   PyJWT is not installed: run pip install PyJWT"

    def test_foreign_jwt(self, tmp_path: Path) -> None:
        """Another package's module ``jwt`` is named, with its file and the fix, and the status is 1."""
        (tmp_path / "jwt.py").write_text("", "utf-8")
        environ = {**os.environ, ID: "client-1", SECRET: OTHER, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-m", "rollout_auth", "doctor"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.splitlines()[-1].startswith(
            f"fix   PyJWT cannot be used; the module jwt is {tmp_path / 'jwt.py'} (AttributeError: "
        )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3661, "1 hour 1 minute"),
        (3600, "1 hour"),
        (90_000, "1 day 1 hour"),
        (172_800, "2 days"),
        (86_401, "1 day 1 second"),
    ],
)
def test_durations_in_words(seconds: int, words: str) -> None:
    """A duration is shown in its two largest units."""
    assert in_words(seconds) == words
