"""A test kit: a simulator of Rollout, and tools that test an integration without a network.

>>> from rollout_auth.testing import CREDENTIALS, assert_connect_token
>>> from rollout_auth import generate_connect_token
>>> token = generate_connect_token("user-1", credentials=CREDENTIALS)
>>> assert_connect_token(token, user_id="user-1", credentials=CREDENTIALS).client_id
'test-client'

``rollout_auth.testing.strategies`` has strategies for hypothesis. pytest finds the fixtures ``rollout_credentials``,
``rollout_clock`` and ``rollout_simulator`` by itself. ``import rollout_auth`` does not import this package.
"""

from .assertions import assert_connect_token
from .async_simulator import AsyncRolloutSimulator
from .browser_api import BrowserAPI, BrowserRequest
from .clock import Clock
from .credentials import CREDENTIALS, ENVIRON, VERIFICATION_TOKEN
from .dashboard import Dashboard
from .exchanges import Exchange
from .in_process import ASGITransport, DjangoTransport, WSGITransport
from .messages import Request, Response
from .mistakes import IntegrationError
from .report import Report, StepResult
from .server import serve
from .simulator import RolloutSimulator
from .templates import DashboardRequest
from .transports import FunctionTransport, HTTPTransport, Transport
from .webhook_signing import sign_webhook

__all__ = [
    "CREDENTIALS",
    "ENVIRON",
    "VERIFICATION_TOKEN",
    "ASGITransport",
    "AsyncRolloutSimulator",
    "BrowserAPI",
    "BrowserRequest",
    "Clock",
    "Dashboard",
    "DashboardRequest",
    "DjangoTransport",
    "Exchange",
    "FunctionTransport",
    "HTTPTransport",
    "IntegrationError",
    "Report",
    "Request",
    "Response",
    "RolloutSimulator",
    "StepResult",
    "Transport",
    "WSGITransport",
    "assert_connect_token",
    "serve",
    "sign_webhook",
]
