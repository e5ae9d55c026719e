"""Every refusal explained to the producer who got it: why, what to do, and whether to send the request again.

The texts stand in `explanations.toml`. The page `/docs/errors`, the OpenAPI document and docs/protocol.md are written
from them, so that they cannot differ.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill

from service.batch import errors as batch_errors
from service.feed import errors as feed_errors
from service.http import errors as http_errors
from service.kernel.errors import Refusal, all_refusals
from service.lifecycle import errors as lifecycle_errors
from service.months import errors as months_errors
from service.proof import errors as proof_errors
from service.rates import errors as rates_errors
from service.readers import errors as readers_errors
from service.receipts import errors as receipts_errors

ROOMS = (
    http_errors,
    proof_errors,
    rates_errors,
    receipts_errors,
    readers_errors,
    feed_errors,
    batch_errors,
    lifecycle_errors,
    months_errors,
)
"""Where refusals are declared. A refusal is known once its room is loaded."""

_SOURCE = Path(__file__).with_name("explanations.toml")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one code means. Three texts in Markdown, and two requests or parts of one."""

    status: int
    code: str
    cause: str
    cure: str
    retry: str
    wrong: str
    right: str

    def markdown(self) -> str:
        """The explanation as one section of a document."""
        parts = {"Status": str(self.status), "Cause": self.cause, "Cure": self.cure, "Retry": self.retry}
        lines = "\n".join(_item(f"**{name}:** {text}") for name, text in parts.items())
        return f"### `{self.code}`\n\n{lines}\n\nWrong:\n\n{_block(self.wrong)}\nRight:\n\n{_block(self.right)}"


def _item(text: str) -> str:
    return fill(f"- {text}", 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _block(text: str) -> str:
    return f"```\n{text.strip()}\n```\n"


@cache
def explanations() -> Mapping[type[Refusal], Explanation]:
    """The explanation of every refusal, by status."""
    texts = tomllib.loads(_SOURCE.read_text("utf-8"))
    refusals = all_refusals()
    return {refusal: Explanation(refusal.status, refusal.code, **texts[refusal.code]) for refusal in refusals}
