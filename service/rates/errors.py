"""What is refused because a producer sends more than it may.

Refusal
└── RateLimited  429 rate_limited
"""

from collections.abc import Mapping
from typing import ClassVar

from service.kernel.errors import Refusal


class RateLimited(Refusal):
    """`seconds` is how long it takes until the next signal may pass."""

    status, code = 429, "rate_limited"
    sentence = "The producer sends more than its rate: send the same request again later"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}

    def __init__(self, seconds: int = 1) -> None:
        super().__init__()
        self.answer_headers = {"Retry-After": str(seconds)}
