"""What the documents say that the role of the service needs, as statements for a role `service_role`."""

import re

from tests.running.environment import ROOT

_TEXT = (ROOT / "docs/operations.md").read_text()

GRANTS = "\n".join(re.findall(r"^GRANT .*;$", _TEXT, re.MULTILINE))
"""Its rights."""

LIMITS = "\n".join(re.findall(r"^ALTER ROLE .*;$", _TEXT, re.MULTILINE))
"""What is set on it where a pooler stands before the database."""
