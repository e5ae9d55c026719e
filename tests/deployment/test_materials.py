"""A bill of materials that lists too little or too much is seen.

Seen red: with `bill - image`, or `image - bill`, left out.
"""

import pytest

from tests.deployment.materials import differences, listed

IMAGE = {("deb", "tar", "1.35+dfsg-3"), ("pypi", "pydantic-core", "2.50.5"), ("generic", "python", "3.13.9")}

BILL = {
    "bomFormat": "CycloneDX",
    "components": [
        {"type": "operating-system", "name": "debian", "version": "13"},
        {"type": "library", "name": "tar", "version": "1.35+dfsg-3", "purl": "pkg:deb/debian/tar@1.35%2Bdfsg-3?arch=a"},
        {"type": "library", "name": "Pydantic_Core", "version": "2.50.5", "purl": "pkg:pypi/pydantic-core@2.50.5"},
        {"type": "application", "name": "python", "version": "3.13.9", "purl": "pkg:generic/python@3.13.9"},
    ],
}


def test_a_bill_of_all_that_is_there_is_right() -> None:
    assert differences(listed(BILL), IMAGE) == []


def test_the_interpreter_may_be_a_package_of_the_system() -> None:
    assert differences(listed({**BILL, "components": BILL["components"][:3]}), IMAGE) == []


def test_what_is_missing_and_what_is_not_there_are_told() -> None:
    image = IMAGE - {("deb", "tar", "1.35+dfsg-3")} | {("pypi", "pydantic-core", "2.50.6")}
    assert differences(listed(BILL), image) == [
        "in the image alone: pypi pydantic-core 2.50.6",
        "in the bill alone: deb tar 1.35+dfsg-3",
    ]


@pytest.mark.parametrize(
    "bill", [{}, {"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "one", "version": "1"}]}]
)
def test_what_cannot_be_compared_is_refused(bill: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no "):
        listed(bill)
