"""What the documents say that the role of the service needs."""

import re

from tests.running.environment import ROOT

GRANTS = "\n".join(re.findall(r"^GRANT .*;$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))
"""The statements, for a role `service_role`."""
