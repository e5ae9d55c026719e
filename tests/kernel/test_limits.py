"""The limits of production: each ends before the one that it has to come before."""

from service.kernel.limits import Limits
from service.proof.signing import WINDOW_SECONDS

LIMITS = Limits()


def test_an_answer_takes_less_than_five_seconds_and_has_time_for_two_attempts() -> None:
    assert 2 * LIMITS.command_seconds + LIMITS.retry_seconds < LIMITS.answer_seconds < 5


def test_the_server_gives_up_before_the_client_does() -> None:
    assert LIMITS.lock_seconds < LIMITS.statement_seconds < LIMITS.command_seconds
    assert LIMITS.connect_seconds < LIMITS.command_seconds


def test_a_receipt_is_kept_longer_than_its_request_can_pass() -> None:
    assert LIMITS.receipt_seconds > 2 * WINDOW_SECONDS + 1


def test_a_worker_is_gone_two_seconds_after_its_parent() -> None:
    assert LIMITS.orphan_seconds < 2
