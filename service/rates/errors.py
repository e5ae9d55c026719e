"""What is refused because a producer sends more than it may.

Refusal
└── RateLimited  429 rate_limited
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import Refusal


class RateLimited(Refusal):
    """`seconds` is how long it takes until the next signal may pass. With `at_once` they were more than ever pass at
    once: so many do."""

    status, code = 429, "rate_limited"
    sentence = "The producer sends more than its rate: send the same request again later"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}

    def __init__(self, seconds: int = 1, at_once: int | None = None) -> None:
        super().__init__()
        self.answer_headers = {"Retry-After": str(seconds)}
        if at_once is not None:
            self.detail = f"The rate of the producer never lets pass more than {at_once} signals at once: send fewer"
            self.extra = {"at_once": at_once}
