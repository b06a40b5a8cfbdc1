"""Every target by name: a function of bytes, whose docstring is the invariant that it holds the package to.

A target returns, or raises: then the bytes are a finding. None needs a fuzzer; ``run.py`` has one.
"""

from __future__ import annotations

from collections.abc import Callable

from . import grants, inbound, kit, tokens, values

TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        tokens.connect_token,
        tokens.connect_token_header,
        tokens.connect_token_claims,
        tokens.token_response,
        values.sign,
        values.generate_legacy,
        values.credentials,
        values.auth_data,
        values.strict_json,
        grants.api_key,
        grants.api_key_header,
        grants.api_key_claims,
        grants.refresh_token,
        grants.refresh_token_claims,
        inbound.webhook,
        inbound.webhook_signature,
        inbound.headers,
        inbound.verification_token,
        inbound.refresh_request,
        inbound.refresh_endpoint,
        kit.inspect,
        kit.inspect_claims,
        kit.app_token,
        kit.app_answer,
        kit.template,
        kit.browser_api,
    )
}
