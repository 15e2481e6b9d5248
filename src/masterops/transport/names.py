"""
The one place that knows dnspython: questions to name servers.
"""

from __future__ import annotations

from masterops import errors


async def ask(check: str, host: str, record: str, resolver: str | None, seconds: float) -> list[str]:
    """
    The records of one type, as text: `10 mail.example.com` of MX, the joined parts of TXT. A name that is
    there without such a record has none. `resolver` is the address of a server, with `:port` if need be.
    Raises NotFound for a name that does not exist, and other RemoteErrors.
    """
    # Here, because it costs a tenth of a second and few checks need it.
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

    asked = dns.asyncresolver.Resolver(configure=resolver is None)
    if resolver is not None:
        address, colon, port = resolver.rpartition(":")
        alone = not colon or ":" in address  # an address of IPv6 has many
        asked.nameservers = [resolver if alone else address]
        asked.port = 53 if alone else int(port)
    asked.cache = None
    try:
        answer = await asked.resolve(
            host, record.upper(), lifetime=seconds, raise_on_no_answer=False, search=False
        )
    except dns.resolver.NXDOMAIN:
        raise errors.NotFound(service=check, reason=f"the name {host} does not exist") from None
    except dns.exception.Timeout:
        raise errors.Timeout(service=check, seconds=seconds) from None
    except dns.resolver.NoNameservers as error:
        reason = f"no name server could say anything about {host}"
        raise errors.ServerFailed(service=check, reason=reason) from error
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise errors.NameNotResolved(service=check, reason=f"{type(error).__name__} ({host})") from error
    return sorted(_text(each) for each in answer.rrset or ())


def _text(record: object) -> str:
    """As people write it: no quotes, and no point at the end of a name."""
    parts = getattr(record, "strings", None)
    if parts is not None:
        return b"".join(parts).decode("utf-8", "replace")
    return " ".join(each.rstrip(".") or each for each in str(record).split(" "))
