"""``rollout-auth simulate``: the scenario of the demo, against a partner's own app."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from rollout_auth import LEGACY_NAMESPACE, NAMESPACE, ClientCredentials, ConfigurationError
from rollout_auth.verification import DEFAULT_HEADER, VERIFICATION_TOKEN_VARIABLE

if TYPE_CHECKING:
    from rollout_auth.testing import Dashboard

_METHODS = ("GET", "POST", "PUT", "PATCH")


def add_parser(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    parser = commands.add_parser(
        "simulate",
        allow_abbrev=False,
        help="simulate Rollout against your own running app",
        description="Simulate Rollout against the app that runs at URL: run every step of the demo, and show how to "
        "fix what fails. This delivers webhooks about made-up people, so use a test or staging deployment.",
        epilog="Credentials come from the environment: ROLLOUT_CLIENT_ID, ROLLOUT_CLIENT_SECRET and, if they are set, "
        f"{VERIFICATION_TOKEN_VARIABLE} and ROLLOUT_PREVIOUS_CLIENT_SECRET. Exit status: 0 if no step failed, 1 if one "
        "did. Example: rollout-auth simulate http://127.0.0.1:8000 --token-header Cookie=SESSION_COOKIE",
    )
    parser.add_argument("url", metavar="URL", help="the app's base URL, such as http://127.0.0.1:8000")
    parser.add_argument(
        "--token-path", metavar="PATH", default="/rollout/token", help="the token endpoint (default: %(default)s)"
    )
    parser.add_argument(
        "--token-method", choices=_METHODS, default="GET", help="the method of the token endpoint (default: GET)"
    )
    parser.add_argument(
        "--token-field",
        metavar="NAME",
        default="token",
        help="the JSON field that holds the token (default: %(default)s)",
    )
    parser.add_argument(
        "--token-header",
        metavar="NAME=VARIABLE",
        action="append",
        default=[],
        help="a header that identifies the user, and the environment variable that holds its value; repeatable",
    )
    parser.add_argument(
        "--api-path", metavar="PATH", default="/api/contacts", help="a call with the user's key (default: %(default)s)"
    )
    parser.add_argument("--api-method", choices=_METHODS, default="GET", help="the method of that call (default: GET)")
    parser.add_argument(
        "--api-key-header",
        metavar="NAME",
        default="Authorization",
        help="the header that carries the key in that call (default: Authorization, as 'Bearer KEY')",
    )
    parser.add_argument(
        "--refresh-path", metavar="PATH", default="/rollout/refresh", help="the refresh endpoint (default: %(default)s)"
    )
    parser.add_argument(
        "--refresh-field",
        metavar="NAME",
        default="refreshToken",
        help="the field that holds the refresh token (default: %(default)s)",
    )
    parser.add_argument("--refresh-form", action="store_true", help="send refreshes as a form instead of JSON")
    parser.add_argument(
        "--webhook-path", metavar="PATH", default="/rollout/webhook", help="the webhook endpoint (default: %(default)s)"
    )
    parser.add_argument(
        "--without",
        choices=("refresh", "webhook"),
        action="append",
        default=[],
        help="skip the steps for something that the app does not have; repeatable",
    )
    parser.add_argument(
        "--verification-header",
        metavar="NAME",
        default=DEFAULT_HEADER,
        help="the header that carries the verification token (default: %(default)s)",
    )
    parser.add_argument(
        "--signed-content",
        choices=("base64", "raw"),
        default="base64",
        help="what a webhook's signature covers (default: %(default)s)",
    )
    parser.add_argument(
        "--digest", choices=("hex", "base64"), default="hex", help="how the signature is encoded (default: %(default)s)"
    )
    parser.add_argument(
        "--namespace",
        choices=(NAMESPACE, LEGACY_NAMESPACE),
        default=NAMESPACE,
        help="the claim that should hold authData (default: %(default)s)",
    )
    parser.add_argument("--verbose", action="store_true", help="show every request")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from rollout_auth.testing import RolloutSimulator  # noqa: PLC0415  other commands do not need it

    from ._steps import run  # noqa: PLC0415  likewise

    token = os.environ.get(VERIFICATION_TOKEN_VARIABLE) or None
    simulator = RolloutSimulator(
        arguments.url,
        credentials=ClientCredentials.from_env(),
        verification_token=token,
        dashboard=_dashboard(arguments, is_verified=token is not None),
    )
    if token is None and not arguments.json:
        print(f"{VERIFICATION_TOKEN_VARIABLE} is not set: no request carries a verification token\n")
    return run(simulator, as_machine=arguments.json, shows_exchanges=arguments.verbose)


def _dashboard(arguments: argparse.Namespace, *, is_verified: bool) -> Dashboard:
    from rollout_auth.testing import Dashboard, DashboardRequest  # noqa: PLC0415  likewise

    verified = {arguments.verification_header: "{{verificationToken}}"} if is_verified else {}
    is_bearer = arguments.api_key_header.lower() == "authorization"
    api_key = f"{'Bearer ' * is_bearer}{{{{context.authData.apiKey}}}}"
    fields = {arguments.refresh_field: "{{context.authData.refreshToken}}"}
    body: dict[str, Any] = {"form" if arguments.refresh_form else "json": fields}
    return Dashboard(
        token=DashboardRequest(
            arguments.token_method, arguments.token_path, headers=dict(map(_header, arguments.token_header))
        ),
        token_field=arguments.token_field,
        api=DashboardRequest(
            arguments.api_method, arguments.api_path, headers={**verified, arguments.api_key_header: api_key}
        ),
        refresh=None
        if "refresh" in arguments.without
        else DashboardRequest("POST", arguments.refresh_path, headers=verified, **body),
        webhook_path=None if "webhook" in arguments.without else arguments.webhook_path,
        signed_content=arguments.signed_content,
        digest=arguments.digest,
        namespace=arguments.namespace,
    )


def _header(text: str) -> tuple[str, str]:
    """A header's name, and its value from the environment: other users of a machine can read command arguments."""
    name, _, variable = text.partition("=")
    value = os.environ.get(variable)
    if not value:
        raise ConfigurationError(
            "--token-header does not name a variable that is set: pass NAME=VARIABLE, and put the value into it"
        )
    return name, value
