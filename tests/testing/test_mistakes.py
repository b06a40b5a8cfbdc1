"""Each mistake that an app can make is reported with its fix, and without a secret."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from testing.handwritten import HandWritten

from rollout_auth import ClientCredentials, InvalidApiKeyError, RequestRefusedError, TemporarilyUnavailableError
from rollout_auth.testing import CREDENTIALS, VERIFICATION_TOKEN, Clock, Dashboard, IntegrationError

SIMULATED = Path(__file__).parent.parent.parent / "src" / "rollout_auth" / "testing"
USER_IDS = count(1)
HOUR_AGO = 1_700_000_000
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an int user id": ({"user_id": lambda: 42}, "user_id_not_text", "pass str(user.pk)"),
    "a blank user id": ({"user_id": lambda: " "}, "user_id_unusable", "pass str(user.pk)"),
    "a new user id each time": ({"user_id": lambda: f"user-{next(USER_IDS)}"}, "user_id_changes", "str(user.pk)"),
    "HS256": ({"algorithm": "HS256"}, "wrong_algorithm", "generate_connect_token"),
    "no token": ({"token": lambda _: "abc.def"}, "malformed_token", "generate_connect_token"),
    "another secret": ({"secret": "s" * 64}, "wrong_secret", "sign with the simulator's client secret"),
    "another client id": ({"claims": {"iss": "another"}}, "wrong_client_id", "sign with the client id"),
    "a legacy claim name": ({"namespace": "rollouthq.com"}, "wrong_claim_name", "generate_connect_token"),
    "an empty claim name": ({"namespace": ""}, "wrong_claim_name", "under 'rollout.com'"),
    "authData without a key": ({"claims": {"rollout.com": {"authData": {}}}}, "auth_data_unusable", "pass AuthData"),
    "a token of two hours": ({"claims": {"iat": HOUR_AGO, "exp": HOUR_AGO + 7200}}, "wrong_times", "3600 s"),
    "a token for somebody else": ({"claims": {"aud": "rollout"}}, "audience", "generate_connect_token"),
    "an old token": ({"claims": {"iat": HOUR_AGO, "exp": HOUR_AGO + 3600}}, "token_expired", "Clock"),
    "a token of tomorrow": ({"claims": {"iat": 4_000_000_000, "exp": 4_000_000_900}}, "token_not_yet_valid", "Clock"),
    "another field for the token": ({"token_answer": lambda token: {"jwt": token}}, "token_missing", "'token'"),
    "a token that is cached": ({"token_no_store": {}}, "cacheable_answer", "connect_token_response"),
    "a refresh that is cached": ({"no_store": {}}, "cacheable_answer", "refresh_response"),
    "no-store in another header": ({"no_store": {"Pragma": "no-store"}}, "cacheable_answer", "no-store"),
    "milliseconds": ({"unit": 1000}, "expires_in_milliseconds", "pass seconds"),
    "milliseconds in a refresh": ({"refresh_unit": 1000, "life": 86_400}, "expires_in_milliseconds", "pass seconds"),
    "an instant": ({"unit": 500_000}, "expires_in_instant", "number of seconds"),
    "a rotated token that is lost": ({"rotates": True}, "refresh_not_repeatable", "an old refresh token"),
    "a refresh of status 201": ({"refresh_status": 201}, "refresh_status", "refresh_response"),
    "a refused refresh": ({"refresh_status": 403}, "refresh_refused", "respond with 200"),
    "a refresh of text": ({"renewed": json.dumps}, "refresh_type", "Content-Type"),
    "a refresh of a list": ({"renewed": lambda fields: [fields]}, "malformed_json", "respond with JSON"),
    "snake case": (
        {"renewed": lambda fields: {"api_key": fields["apiKey"], "refreshToken": "x", "expiresIn": 1}},
        "refresh_fields",
        "refresh_response",
    ),
    "a text of seconds": (
        {"renewed": lambda fields: {**fields, "expiresIn": "3600"}},
        "refresh_fields",
        "refresh_response",
    ),
    "a field that a refresh loses": (
        {"extra": {"region": "eu"}, "renewed": lambda fields: {k: v for k, v in fields.items() if k != "region"}},
        "refresh_loses_fields",
        "same extra",
    ),
    "a key that ends early": ({"accepts_keys_for": 1}, "key_ended_early", "in seconds"),
    "a key that is refused": ({"renewed": lambda fields: {**fields, "apiKey": "x"}}, "call_refused", "accept the key"),
    "JSON written again": (
        {"body": lambda body: json.dumps(json.loads(body)).encode()},
        "webhook_reserialised",
        "raw bytes",
    ),
    "JSON written again with care": (
        {"body": lambda body: json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()},
        "webhook_reserialised",
        "raw bytes",
    ),
    "the raw body": ({"encode": bytes}, "webhook_signed_otherwise", "signed_content"),
    "a digest in base64": ({"digest": "base64"}, "webhook_signed_otherwise", "digest"),
    "another secret for webhooks": ({"secrets": ["s" * 64]}, "webhook_refused", "client secret"),
    "a refused second delivery": ({"dedups_by_refusal": True}, "webhook_not_repeatable", "as you did the first time"),
    "webhooks that nobody checks": ({"checks_signature": False}, "unverified_webhook", "verify_webhook"),
    "a user who is not signed in": ({"token_status": 401}, "token_refused", "signed-in user"),
    "refreshes that nobody checks": ({"checks_refresh_verification": False}, "unverified_refresh", "RequestVerifier"),
    "calls that nobody checks": ({"checks_verification": False}, "unverified_call", "RequestVerifier"),
    "keys that nobody checks": ({"checks_key": False}, "api_key_not_checked", "ApiKeyIssuer"),
    "refresh tokens that nobody checks": (
        {"checks_refresh_token": False},
        "refresh_token_not_checked",
        "InvalidRefreshTokenError",
    ),
    "a key that is forbidden early": ({"accepts_keys_for": 1, "ended": 403}, "key_ended_early", "in seconds"),
    "garbage that is taken": ({"reads_strictly": False}, "garbage_accepted", "refuses it"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name: str, simulate: Any) -> None:
    """A mistake is named by its code; the message has the fix and the exchanges, and no secret."""
    mistakes, code, fix = MISTAKES[name]
    app = HandWritten(**mistakes)
    with pytest.raises(IntegrationError) as caught:
        simulate(app).run().check()
    message = str(caught.value)
    assert caught.value.code == code, message
    assert fix in message
    assert caught.value.transcript in message
    for secret in (CREDENTIALS.client_secret, VERIFICATION_TOKEN, *app.keys, *app.refresh_tokens):
        assert secret not in message


def test_no_mistake(simulate: Any) -> None:
    """An app that makes none passes every step."""
    credentials = ClientCredentials(CREDENTIALS.client_id, CREDENTIALS.client_secret, ["p" * 64])
    app = HandWritten(secrets=credentials.secrets)
    report = simulate(app, credentials=credentials).run()
    assert [step.outcome for step in report.steps] == ["passed"] * 16, str(report)
    report.check()


@pytest.mark.parametrize(
    ("settings", "dashboard"),
    [
        pytest.param({"encode": bytes}, {"signed_content": "raw"}, id="raw"),
        pytest.param({"digest": "base64"}, {"digest": "base64"}, id="base64"),
        pytest.param({"namespace": "rollouthq.com"}, {"namespace": "rollouthq.com"}, id="legacy"),
        pytest.param({"token_answer": lambda token: {"jwt": token}}, {"token_field": "jwt"}, id="field"),
        pytest.param({"token_answer": lambda token: f"{token}\n"}, {}, id="text"),
        pytest.param({"life": 30 * 86_400}, {}, id="a key of a month"),
        pytest.param({"life": 30}, {}, id="a key of half a minute"),
        pytest.param({"no_store": {"cache-control": "private, No-Store"}}, {}, id="no-store beside others"),
    ],
)
def test_settings(settings: dict[str, Any], dashboard: dict[str, Any], simulate: Any) -> None:
    """What Rollout leaves open is a setting, and no mistake."""
    assert simulate(HandWritten(**settings), dashboard=Dashboard(**dashboard)).run().is_ok


def test_previous_secret_is_refused(simulate: Any) -> None:
    """An app that knows the new secret only is named, while Rollout may still sign with the previous one."""
    credentials = ClientCredentials(CREDENTIALS.client_id, CREDENTIALS.client_secret, ["p" * 64])
    with pytest.raises(IntegrationError, match="ROLLOUT_PREVIOUS_CLIENT_SECRET") as caught:
        simulate(HandWritten(), credentials=credentials).run().check()
    assert caught.value.code == "previous_secret_refused"


def test_race(simulate: Any) -> None:
    """An app that revokes a refresh token at its first use also fails two refreshes at once."""
    simulator = simulate(HandWritten(rotates=True))
    simulator.connect()
    with pytest.raises(IntegrationError) as caught:
        simulator.renew_at_once()
    assert caught.value.code == "refresh_race"


def test_old_refresh_token_is_forgotten(simulate: Any) -> None:
    """An app whose refresh tokens end an hour after they were made loses a page that was opened almost an hour ago."""
    app, clock = HandWritten(life=1200), Clock()
    made: dict[str, datetime] = {}
    make, answer = app.new_key, app.refresh

    def new_key() -> dict[str, object]:
        fields = make()
        made[str(fields["refreshToken"])] = clock.now()
        return fields

    def refresh(environ: dict[str, Any]) -> Any:
        for token, since in made.items():
            if clock.now() - since > timedelta(hours=1):
                app.refresh_tokens.discard(token)
        return answer(environ)

    app.new_key, app.refresh = new_key, refresh
    step = next(step for step in simulate(app, clock=clock).run().steps if step.outcome == "failed")
    assert (step.name, step.error.code) == ("a browser with a token that is about to expire", "refresh_refused")
    assert "until an hour after the key expires" in step.error.fix


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize(
    ("view", "setting"),
    [("token", "token="), ("contacts", "api="), ("refresh", "refresh="), ("webhook", "webhook_path=")],
)
def test_no_such_route(view: str, setting: str, status: int, simulate: Any) -> None:
    """A missing path or method is reported as such, with the setting and the option that name it."""
    app = HandWritten()
    setattr(app, view, lambda _: (status, {}, {}))
    simulator = simulate(app)
    step = next(step for step in simulator.run().steps if step.error)
    assert (step.error.code, f"Dashboard({setting}...), or --" in step.error.fix) == ("no_such_route", True)
    assert "to find out why" not in simulator.transcript


def test_no_such_route_for_strangers(simulate: Any) -> None:
    """An endpoint that is not there refuses nobody; one that hides itself from strangers alone does."""
    app = HandWritten()
    app.webhook = lambda _: (404, {}, {})
    simulator = simulate(app)
    simulator.connect()
    for step in (simulator.intrude, simulator.send_garbage):
        with pytest.raises(IntegrationError, match="no_such_route"):
            step()
    hiding = HandWritten()
    contacts = hiding.contacts
    hiding.contacts = lambda environ: contacts(environ) if hiding.is_rollout(environ) else (404, {}, {})
    simulate(hiding).run().check()


def test_no_verification_token(simulate: Any) -> None:
    """A place for a verification token that the simulator does not have is the simulator's lack."""
    simulator = simulate(HandWritten(), verification_token=None)
    simulator.connect()
    with pytest.raises(IntegrationError, match="pass verification_token=") as caught:
        simulator.call()
    assert caught.value.code == "cannot_fill"


def test_every_refresh_is_refused(simulate: Any) -> None:
    """Refreshes at once that are all refused are no race."""
    simulator = simulate(HandWritten(refresh_status=401))
    simulator.connect()
    with pytest.raises(IntegrationError, match="check the verification token") as caught:
        simulator.renew_at_once()
    assert caught.value.code == "refresh_refused"


def test_second_delivery_is_refused(simulate: Any) -> None:
    """A second delivery that is refused is named as that, though no answer was lost."""
    with pytest.raises(IntegrationError, match="accepted a webhook, and returned") as caught:
        simulate(HandWritten(dedups_by_refusal=True)).deliver("peopleCreated", times=2)
    assert caught.value.code == "webhook_not_repeatable"


def test_secrets_of_the_connector(simulate: Any) -> None:
    """Long texts in the further fields of authData are masked too, wherever the app shows them."""
    secrets = ["the connector's own", "a second one, nested"]
    app = HandWritten(extra={"account": secrets[0], "more": [{"key": secrets[1]}, "eu", 1]})
    app.contacts = lambda _: (500, f"{secrets[0]}, {secrets[1]}; eu", {})
    simulator = simulate(app)
    simulator.connect()
    with pytest.raises(IntegrationError, match="server_error") as caught:
        simulator.call()
    assert "-> 500 <authData>, <authData>; eu" in str(caught.value)


def test_error_of_the_server(simulate: Any) -> None:
    """A status of 5xx is another mistake than a refusal: for the right requests and for wrong ones."""
    codes = []
    for refused in ("refresh_status", "webhook"):
        app = HandWritten(**({"refresh_status": 500} if refused == "refresh_status" else {}))
        if refused == "webhook":
            app.webhook = lambda _: (500, {}, {})
        with pytest.raises(IntegrationError) as caught:
            simulate(app).run().check()
        codes.append(caught.value.code)
    assert codes == ["server_error", "server_error"]


def test_stranger_crashes_the_app(simulate: Any) -> None:
    """A request that should be refused, and crashes the app, is named with its purpose."""
    app = HandWritten()
    contacts = app.contacts
    app.contacts = lambda environ: contacts(environ) if app.is_rollout(environ) else (500, {}, {})
    simulator = simulate(app)
    simulator.connect()
    with pytest.raises(IntegrationError, match="call without the verification token") as caught:
        simulator.intrude()
    assert caught.value.code == "server_error"


@pytest.mark.parametrize("error", [InvalidApiKeyError, TemporarilyUnavailableError, RequestRefusedError])
def test_error_of_the_library_is_not_caught(error: type[Exception], simulate: Any) -> None:
    """An app that lets the library's own error through is told to catch it, and how to answer."""

    def fail(_: Any) -> None:
        raise error

    with pytest.raises(
        IntegrationError, match=r"RequestRefusedError, and respond with error_response\(error\)"
    ) as caught:
        simulate(HandWritten(token=fail)).connect()
    assert caught.value.code == "app_raised"


def test_app_raises(simulate: Any) -> None:
    """What the app raises is the cause of the error, with its own traceback, and the scenario goes on."""
    app = HandWritten(token=lambda token: token[10**9])
    with pytest.raises(IntegrationError, match="IndexError") as caught:
        simulate(app).connect()
    assert caught.value.code == "app_raised"
    assert isinstance(caught.value.__cause__, IndexError)
    report = simulate(app).run()
    outcomes = {step.name: step.outcome for step in report.steps}
    assert (outcomes["a user connects"], outcomes["a call with the key"], outcomes["a webhook"]) == (
        "failed",
        "skipped",
        "passed",
    )


def test_unreachable(simulate: Any) -> None:
    """An app that does not run is reported once."""
    report = simulate("http://127.0.0.1:1").run()
    assert [step.outcome for step in report.steps].count("failed") == 1
    assert report.steps[0].error.code == "unreachable"
    assert report.steps[-1].reason == "the app cannot be reached"
    assert "start the app" in str(report)


def test_nothing_to_fill_in(simulate: Any) -> None:
    """A request whose place nothing fills is a mistake of the app's authData, or of the request."""
    simulator = simulate(HandWritten(claims={"rollout.com": {}}))
    simulator.connect()
    assert simulator.auth_data is None
    with pytest.raises(IntegrationError, match="sign it into authData") as caught:
        simulator.call()
    assert caught.value.code == "cannot_fill"


def test_error_to_the_letter() -> None:
    """An error is its problem, its fix and its code, and below it the exchanges, if there are any."""
    error = IntegrationError("a_code", "it did", "do not")
    assert (error.code, error.problem, error.fix, error.transcript) == ("a_code", "it did", "do not", "")
    assert error.args == ("a_code", "it did", "do not")
    assert (error.reason, str(error)) == ("it did: do not [a_code]",) * 2
    error.transcript = "one\ntwo"
    assert str(error) == "it did: do not [a_code]\n\none\ntwo"
    assert error.reason == "it did: do not [a_code]"


def test_codes_are_listed() -> None:
    """The page on testing lists every code, and no other."""
    source = "".join(path.read_text("utf-8") for path in SIMULATED.glob("*.py"))
    codes = set(re.findall(r'IntegrationError\(\s*"([a-z_]+)"', source)) | {code for _, code, _ in MISTAKES.values()}
    codes |= {f"{what}_refused" for what in re.findall(r'check_success\(response, "([a-z]+)"', source)}
    page = (
        (SIMULATED.parent.parent.parent / "docs" / "how-to" / "testing.md")
        .read_text("utf-8")
        .partition("\n## Mistakes\n")[2]
    )
    assert set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE)) == codes
