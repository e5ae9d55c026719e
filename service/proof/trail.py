"""The audit trail: what is told of each request that reaches the check of its sender."""

from service.kernel import metrics
from service.kernel.logs import log
from service.proof.errors import AuthenticationRefusal


def tell_refused(producer_id: str | None, refusal: AuthenticationRefusal) -> None:
    """Count a request whose sender is not proven, and write it down. `producer_id` is what it claims; None when that is
    not well-formed."""
    metrics.proved("failure", refusal.reason).inc()
    log.warning("hmac_validation", producer_id=producer_id, result="failure", reason=refusal.reason)
