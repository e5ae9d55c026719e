"""The parts of docs/ that are written from the code.

    python -m tests.documents.generated

writes them anew.
"""

import re
from pathlib import Path

from service.cli.vectors import PUBLISHED
from service.manual.explanations import explanations
from service.manual.openapi import document_text
from tests.running.environment import ROOT

_NOTE = "<!-- Written by `make docs` from service/manual/explanations.toml. -->"
_SECTION = re.compile(r"^## Error codes\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def generated() -> dict[Path, str]:
    """What each of these files has to hold. Of docs/protocol.md one section is written, the rest is kept."""
    protocol = ROOT / "docs" / "protocol.md"
    return {
        ROOT / "docs" / "openapi.json": document_text(),
        ROOT / "docs" / "vectors" / "signature.json": PUBLISHED.read_text(),
        protocol: _with_error_codes(protocol.read_text()),
    }


def _with_error_codes(text: str) -> str:
    sections = [explanation.markdown() for explanation in explanations().values()]
    section = "\n".join(["## Error codes\n", f"{_NOTE}\n", *sections])
    assert _SECTION.search(text), "docs/protocol.md has lost its section on error codes"
    return _SECTION.sub(lambda _: section, text)


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text)
