"""What a failed scenario prints: what does not hold, the request, the answer, the log lines, and nothing else."""

import re
from pathlib import Path

from tests.running.deployment import SECRET
from tests.running.environment import ROOT
from tests.running.postgres import Database
from tests.running.pytest_run import run_pytest

FEATURE = """
Feature: A claim that is false
  Example: A signal is refused
    Given signing is on
    When the producer sends a signal
    Then it is refused as "signature_mismatch"

  Example: A connection is closed
    Given signing is on
    When the producer sends a signal
    Then the connection is closed
"""

FIRST = """test_a_signal_is_refused _+
Then it is refused as "signature_mismatch"

assert 201 == 401

"""
SECOND = """test_a_connection_is_closed _+
Then the connection is closed

assert 'keep-alive' == 'close'
 +
  - close
  [+] keep-alive

"""
EXCHANGE = r"""POST /api/v1/signals
Content-Type: b'application/json'
X-Producer-Id: b'mt5-gold-1'
X-Timestamp: b'[^']+'
X-Signature: b'\.\.\.'

b'{"side": 0, "instrument": "XAUUSD", "time": "[^"]+"}'

201 after \d\.\d+ s
(?:[\w-]+: [^\n]+\n)+
b'{"id":"(?P<id>[^"]+)","status":0,"created_at":"[^"]+"}'

(?P<log>(?:\{"[^\n]+\}\n)+)[=_]"""


def test_a_failed_scenario_prints_the_exchange_and_its_log(database: Database, tmp_path: Path) -> None:
    (tmp_path / "false.feature").write_text(FEATURE)
    (tmp_path / "test_false.py").write_text("from pytest_bdd import scenarios\n\nscenarios('false.feature')\n")
    options = [
        "-p",
        "tests.conftest",
        "-c",
        str(ROOT / "pyproject.toml"),
        f"--override-ini=bdd_features_base_dir={tmp_path}",
    ]
    run = run_pytest({"TEST_DATABASE_URL": database.url}, *options, str(tmp_path))
    assert run.returncode == 1
    _, failures, printed = run.stdout.partition("= FAILURES =")
    assert failures
    for sentence in (FIRST, SECOND):
        told = re.search(sentence + EXCHANGE, printed)
        assert told, run.stdout
        assert f'"signal_id": "{told["id"]}"' in told["log"]
    assert SECRET.decode() not in run.stdout
