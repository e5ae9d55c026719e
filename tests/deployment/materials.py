"""Whether a bill of materials lists what an image has, all of it and nothing else.

    python -m tests.deployment.materials BILL IMAGE

compares a CycloneDX document in JSON with what Python's `importlib.metadata` and Debian's `dpkg` list inside of the
image, which `ENGINE` (docker) runs. It ends with 1 where they differ, and says how. Other components may be there only
for the system as a whole and for the interpreter, which neither of the two knows where it was built from source.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ENGINE = tuple(shlex.split(os.environ.get("ENGINE", "docker")))

_INVENTORY = r"""
import importlib.metadata, json, os, platform, subprocess
found = [["generic", "python", platform.python_version()]]
for folder, folders, _ in os.walk("/"):
    if folder == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys", "dev")]
    if os.path.basename(folder) in ("site-packages", "dist-packages"):
        found += [["pypi", one.name, one.version] for one in importlib.metadata.distributions(path=[folder])]
listing = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package} ${Version}\n"]
lines = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.splitlines()
found += [["deb", *line.split()[1:]] for line in lines if line.startswith("installed ")]
print(json.dumps(found))
"""

Package = tuple[str, str, str]
"""Its kind as in a package URL (https://github.com/package-url/purl-spec), its name and its version."""


def installed(image: str) -> set[Package]:
    """What the image has. Raises CalledProcessError when it cannot be run."""
    command = [*ENGINE, "run", "--rm", "--user", "0", "--entrypoint", "python", image, "-c", _INVENTORY]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return {_package(*one) for one in json.loads(done.stdout)}


def listed(bill: Mapping[str, Any]) -> set[Package]:
    """What a bill of materials has. Raises ValueError when it is no CycloneDX or a component is no package."""
    if bill.get("bomFormat") != "CycloneDX":
        raise ValueError("this is no bill of materials of CycloneDX")
    return set(_packages(bill["components"]))


def _packages(components: Iterable[Mapping[str, Any]]) -> Iterable[Package]:
    for component in components:
        if component["type"] in ("file", "operating-system"):
            continue
        kind = re.match(r"pkg:(\w+)/", component.get("purl", ""))
        if kind is None:
            raise ValueError(f"{component['name']} has no package URL")
        yield _package(kind[1], component["name"], component["version"])


def _package(kind: str, name: str, version: str) -> Package:
    return kind, re.sub(r"[-_.]+", "-", name).lower() if kind == "pypi" else name, version


def differences(bill: set[Package], image: set[Package]) -> list[str]:
    """In which packages the two differ. The interpreter may be missing, where it is a package of Debian itself."""
    missing = {package for package in image - bill if package[0] != "generic"}
    texts = [("in the image alone", missing), ("in the bill alone", bill - image)]
    return [f"{where}: {' '.join(package)}" for where, packages in texts for package in sorted(packages)]


def main(bill: Path, image: str) -> int:
    """Compare, and say so; the exit status is 1 when they differ."""
    named, there = listed(json.loads(bill.read_text(encoding="utf-8"))), installed(image)
    found = differences(named, there)
    print("\n".join([*found, f"{len(named)} in the bill, {len(there)} in the image, {len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
