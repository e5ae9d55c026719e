"""If-Match, as RFC 9110 sections 8.8.3 and 13.1.1 have it."""

import pytest

from service.lifecycle.condition import holds, tag


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], True),
        ([b"*"], True),
        ([b" * "], True),
        ([b'"3"'], True),
        ([b'"2", "3"'], True),
        ([b'"2"', b'"3"'], True),
        ([b',, "3" ,'], True),
        ([b'W/"3", "3"'], True),
        ([b'"2"'], False),
        ([b'W/"3"'], False),
        ([b'"2,", W/"3"'], False),
        ([b'"03"'], False),
        ([b"3"], False),
        ([b""], False),
        ([b'*, "3"'], False),
        ([b'"3'], False),
        ([b'x"3"'], False),
        ([b'"3" "4"'], False),
    ],
)
def test_a_strong_tag_of_the_state_has_to_be_among_them(given: list[bytes], expected: bool) -> None:
    assert holds(given, 3) is expected


def test_a_state_matches_its_own_tag() -> None:
    assert holds([tag(0).encode()], 0)
