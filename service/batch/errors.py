"""What is refused as a batch, and for the sake of one.

Refusal
├── BatchRefused  422 batch_refused
└── NotStored     422 not_stored
"""

from collections.abc import Sequence
from typing import Any

from service.kernel.errors import Refusal


class BatchRefused(Refusal):
    """`results` has the refusal of each item."""

    status, code = 422, "batch_refused"
    sentence = "None of the signals was stored: `results` says why, in their order"

    def __init__(self, results: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        self.extra = {"results": results}


class NotStored(Refusal):
    status, code = 422, "not_stored"
    sentence = "The signal is good, but another one is not, and the batch is atomic"
