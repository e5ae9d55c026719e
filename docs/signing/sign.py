#!/usr/bin/env python3
"""Signs and sends a signal with Python's standard library.

python3 sign.py check ../vectors/signature.json    checks this signer
python3 sign.py send                               sends one signal to SIGNALS_URL,
                                                   from SIGNALS_PRODUCER_ID, signed with SIGNALS_SECRET
"""

import base64
import hmac
import json
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone
from pathlib import Path


def signature(secret: str, body: bytes, timestamp: str, producer_id: str) -> str:
    """The value of X-Signature. `body` is the bytes that are sent, not a value that is written as JSON again."""
    message = body + timestamp.encode("ascii") + producer_id.encode("ascii")
    return base64.b64encode(hmac.digest(secret.encode("utf-8"), message, "sha256")).decode("ascii")


def send(url: str, producer_id: str, secret: str) -> bool:
    """Send one signal and print the answer; whether it was accepted."""
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    signal = {"instrument": "XAUUSD", "side": 0, "time": now, "payload": {"price": 1950.5}}
    body = json.dumps(signal).encode("utf-8")
    headers = {
        "Content-Type": "application/json",
        "X-Producer-Id": producer_id,
        "X-Timestamp": now,
        "X-Signature": signature(secret, body, now, producer_id),
    }
    request = urllib.request.Request(url + "/api/v1/signals", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            print(answer.status, answer.read().decode("utf-8"))
            return True
    except urllib.error.HTTPError as refusal:
        print(refusal.code, refusal.read().decode("utf-8"))
        # 200 and 409: one that says the same is stored already, so this one is not to be sent again.
        return refusal.code == 409


def check(path: str) -> bool:
    """Sign every vector; whether all agree."""
    document = json.loads(Path(path).read_text("utf-8"))
    agreed, wrong = 0, 0
    for vector in document["accepted"]:
        body = vector["body"].encode("utf-8")
        actual = signature(vector["secret"], body, vector["timestamp"], vector["producer_id"])
        agreed, wrong = (agreed + 1, wrong) if actual == vector["signature"] else (agreed, wrong + 1)
    print(f"{agreed} vectors agree, {wrong} do not")
    return agreed > 0 and wrong == 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"] and len(sys.argv) == 3:
        sys.exit(0 if check(sys.argv[2]) else 1)
    if sys.argv[1:] == ["send"]:
        names = ("SIGNALS_URL", "SIGNALS_PRODUCER_ID", "SIGNALS_SECRET")
        sys.exit(0 if send(*(os.environ[name] for name in names)) else 1)
    print(__doc__, file=sys.stderr)
    sys.exit(2)
