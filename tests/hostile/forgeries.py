"""Signatures that are none: of other bytes, by others, cut, shifted, flipped, or the right one in another spelling."""

import base64
import hashlib
import random
from collections.abc import Callable

from tests.speaking.producer import compute_mac

_SPELLINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda mac: mac,
    lambda mac: mac.hex().encode(),
    lambda mac: mac.hex().upper().encode(),
    lambda mac: b"sha256=" + mac.hex().encode(),
    lambda mac: b"v1," + base64.b64encode(mac),
    lambda mac: base64.b64encode(mac).rstrip(b"="),
    lambda mac: base64.b64encode(mac) + b"=",
    lambda mac: base64.b64encode(mac).replace(b"=", b"%3D"),
    lambda mac: base64.urlsafe_b64encode(b"\xff" + mac[1:]),
    lambda mac: base64.b64encode(mac).swapcase(),
    lambda mac: base64.b64encode(mac)[::-1],
    lambda mac: base64.b64encode(base64.b64encode(mac)),
    lambda mac: base64.b64encode(mac.hex().encode()),
    lambda mac: base64.b64encode(mac[::-1]),
    lambda mac: base64.b64encode(mac + mac),
    lambda mac: base64.b64encode(mac + b"\0"),
    lambda mac: base64.b64encode(b"\0" + mac),
    lambda mac: base64.b64encode(mac).decode().encode("utf-16-le"),
    lambda mac: base64.b32encode(mac),
    lambda mac: base64.b85encode(mac),
    lambda mac: base64.encodebytes(mac),
)


def forged(draw: random.Random, secret: bytes, body: bytes, timestamp: bytes, producer_id: bytes) -> bytes:
    """A signature that is not the one of these bytes, though perhaps close to it."""
    right = compute_mac(secret, body, timestamp, producer_id)
    text = base64.b64encode(right)
    place = draw.randrange(len(text) - 1)
    match draw.randint(0, 9):
        case 0:
            return base64.b64encode(draw.randbytes(draw.choice([1, 16, 20, 31, 32, 32, 33, 48, 64])))
        case 1:
            return base64.b64encode(_flipped(right, draw))
        case 2:
            return _flipped(text, draw)
        case 3:
            return draw.choice([text[:place], text[place + 1 :], base64.b64encode(right[: draw.randrange(32)])])
        case 4:
            turn = draw.randint(1, 31)
            return draw.choice([base64.b64encode(right[turn:] + right[:turn]), text[turn:] + text[:turn]])
        case 5:
            return draw.choice(_SPELLINGS)(right)
        case 6:
            # The four letters that stand for the last four bits and two bits more: only the first is canonical.
            return text[:-2] + bytes([text[-2] + 1]) + b"="
        case 7:
            return text[:place] + draw.choice([b" ", b"\t", b"!", b"=", b"\xe9", b",", b"-", b"_"]) + text[place:]
        case 8:
            other = draw.choice([b"", secret.lower(), secret[:-1], secret + b"\n", hashlib.sha1(secret).digest()])  # noqa: S324
            return base64.b64encode(compute_mac(other, body, timestamp, producer_id))
        case _:
            return base64.b64encode(_of_something_else(draw, secret, body, timestamp, producer_id))


def _flipped(data: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << draw.randint(0, 7)]) + data[place + 1 :]


def _of_something_else(draw: random.Random, secret: bytes, body: bytes, timestamp: bytes, producer_id: bytes) -> bytes:
    """What those sign who have not read the contract, or who hope for another one."""
    whole = body + timestamp + producer_id
    others = [
        body,
        timestamp + producer_id,
        body + timestamp,
        body + producer_id,
        timestamp + body + producer_id,
        whole + b"\n",
        b"",
    ]
    others += [
        body + b"\n" + timestamp + producer_id,
        body + b"." + timestamp + b"." + producer_id,
        whole[1:],
        whole + whole,
    ]
    plain = [
        hashlib.sha256(secret + whole).digest(),
        hashlib.sha256(whole + secret).digest(),
        hashlib.sha256(whole).digest(),
    ]
    digests = [compute_mac(secret, whole, digest=name) for name in ("sha1", "sha512", "sha3_256")]
    return draw.choice([*[compute_mac(secret, other) for other in others], *plain, *digests, digests[1][:32]])
