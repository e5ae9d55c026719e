"""The header fields that tell a producer of its rate: draft-ietf-httpapi-ratelimit-headers-11."""

from math import gcd

from service.notation.rate import Rate

POLICY, LIMIT = "RateLimit-Policy", "RateLimit"


def rate_fields(rate: Rate, at_once: int, seconds: int) -> list[tuple[bytes, bytes]]:
    """The rate, in lowest terms since windows are whole seconds, and how many more may pass within so many seconds
    (sections 3.1 and 4.1)."""
    common = gcd(rate.count, rate.seconds)
    policy = f'"producer";q={rate.count // common};w={rate.seconds // common}'
    return [
        (POLICY.lower().encode(), policy.encode()),
        (LIMIT.lower().encode(), f'"producer";r={at_once};t={seconds}'.encode()),
    ]
