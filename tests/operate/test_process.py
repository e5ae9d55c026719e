"""What the service asks of the system for its own process. Tried in processes of their own, since it stays so."""

import resource
import subprocess
import sys

import pytest

LIMITED = """
import resource
from service.operate.process import allow_open_files, give_back_large_buffers
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_open_files({needed}), *resource.getrlimit(resource.RLIMIT_NOFILE))
give_back_large_buffers()
"""


@pytest.mark.parametrize(
    ("soft", "hard", "needed", "allowed", "left"),
    [
        (100, 200, 50, 50, 100),
        (100, 200, 100, 100, 100),
        (100, 200, 150, 150, 150),
        (100, 200, 200, 200, 200),
        (100, 200, 201, 200, 200),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_it_has_to_and_can_be(
    soft: int, hard: int, needed: int, allowed: int, left: int
) -> None:
    code = LIMITED.format(soft=soft, hard=hard, needed=needed)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [int(number) for number in ended.stdout.split()] == [allowed, left, hard]


@pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] != resource.RLIM_INFINITY, reason="the hard limit is finite here"
)
def test_without_a_hard_limit_any_number_is_allowed() -> None:
    code = LIMITED.format(soft=100, hard=-1, needed=5000)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [int(number) for number in ended.stdout.split()][:2] == [5000, 5000]
