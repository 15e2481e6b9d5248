"""
Which services have a twin, and the demo tokens that open them.

A token names its service and its business, so one process can serve every business and each call finds
its account by its token. No real service gives out tokens of this form: one of these sent to the real
service by mistake is refused there, and a real one is refused here.
"""

from __future__ import annotations

import re

from masterops import errors
from masterops.core.plugins import installed
from masterops.core.spelling import unknown

SERVICES = ("hubspot", "n8n", "supabase", "unleashed")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def token_for(service: str, business: str) -> str:
    """The demo token of `business` at the twin of `service`. Raises UnknownName or BadValue."""
    check_service(service)
    check_slug(business)
    return demo_token(service, business)


def service_key_for(service: str, business: str) -> str:
    """The demo service key of `business`: as good as its token, with a limit of its own."""
    return token_for(service, business).replace("sandbox-", "sandbox-key-", 1)


def demo_token(service: str, business: str) -> str:
    """The demo token of a business at a twin that need not be installed."""
    return f"sandbox-{service}-{business}"


def demo_key(service: str, business: str) -> str:
    """The demo service key of a business at a twin that need not be installed."""
    return f"sandbox-key-{service}-{business}"


def check_service(service: str) -> None:
    """Raise UnknownName when no twin stands in for `service`."""
    known = (*SERVICES, *installed())
    if service not in known:
        raise unknown("service in the sandbox", service, known)


def check_slug(business: str) -> None:
    """Raise BadValue when `business` cannot be a business's slug."""
    if not SLUG.fullmatch(business):
        reason = "use small letters, digits and single hyphens, like red-hill-fresh."
        raise errors.BadValue(value=business, kind="business", reason=reason)
