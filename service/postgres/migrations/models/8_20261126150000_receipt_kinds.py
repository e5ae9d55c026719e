"""Receipts of several kinds, one truth; and what becomes of a producer's signals that say the same again."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. The receipts that are there go on as they are, and older processes write theirs."""
    return """
-- "key" is the MAC of a signed request, as before, or a letter for another kind and a hash: of an idempotency key, or
-- of the content of a signal. "signal_id" is the signal that it stands for.
-- "fingerprint" tells what else has to be the same; a MAC has none, since it covers everything.
-- Of a batch "signal_ids" are the signals by the places of its items, null where nothing was stored. Its receipts
-- share a "batch_id".
-- "differs" is not null where the signal was found to be there, sent in another request: whether that said something
-- else besides; by places, as "signal_ids".
ALTER TABLE "receipts"
    ADD COLUMN "fingerprint" BYTEA,
    ADD COLUMN "batch_id" UUID,
    ADD COLUMN "signal_ids" UUID[],
    ADD COLUMN "differs" BOOL[];
CREATE INDEX "ix_receipts_batch_id" ON "receipts" ("batch_id") WHERE "batch_id" IS NOT NULL;

ALTER TABLE "producers" ADD COLUMN "duplicates" VARCHAR(6),
    ADD CONSTRAINT "ck_producers_duplicates" CHECK ("duplicates" IN ('store', 'return', 'refuse'));
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. What older processes do not know is forgotten."""
    return """
DELETE FROM "receipts" WHERE "fingerprint" IS NOT NULL OR "signal_ids" IS NOT NULL;
DROP INDEX "ix_receipts_batch_id";
ALTER TABLE "receipts"
    DROP COLUMN "fingerprint", DROP COLUMN "batch_id", DROP COLUMN "signal_ids", DROP COLUMN "differs";
ALTER TABLE "producers" DROP COLUMN "duplicates";
"""


MODELS_STATE = (
    "eJztXG1z2jgQ/isaf2k6x2US8tbr3NwMpFzLHSEdQq5313RcYQvQxJaoLYcyvf73W8nvxiY2CQlQ"
    "vrRB2pXsZ6V908rfNJubxHL3G55JRYsJZ6a9Rt80hm0Cf+T01pCGJ5O4TzYIPLAUOZZ0imTgCgcb"
    "AhqH2HIJNJnENRw6EZQzSfphjAXCDPEJcbDgDhpjFxljzEbErKEpFWM0HVNjjAxu25iZ+3JYkxsw"
    "LmWjpUfwGP3iEV3wERFj4sA4Hz9BM2Um+Upc+fObNqTEMtXfGlZvQ01NEpGvE4e4LryAG/KFONGv"
    "unp3HQsdqCUms4nq0RQjgKF+fJdMk1tdTZFC2udS7XrIe33dfvO7opTvPtANbnk2i6knMzHmLCL3"
    "PGruSx7ZNyJMwkLMhAiYZ1mBqMImHw9oEI5HIiDMuMEkQ+xZUpDar0OPGVJ+SM0k/zn+LXi0BJmu"
    "dy/7+lWrr+vanNzlI2QEGTQZACvARJmQ6H777o8bA6JaNTnB+btGb+/o9KWCgLti5KhOBZf2XTFi"
    "gfVYjDHKvjzTKL8BlAS1ST7SPkcGaTNg2Q//WAbxsCGGPN4qIZghXCmAu3y693I10PbbF62rfuPi"
    "vRzedt0vlkKo0W/JnrpqnWVa93xJcNjvvhaIBkEf2v13SP5E/152W1l5RXT9fzX5TNgTXGd8qmMz"
    "iUbYHDYBaSzQwWxeoH3Yb/nC9KkzwgRonlR8K98f/dbf/ZT8un81emrTXDT+fpmSYeey+zYkjwXY"
    "Pe9cNtVOioEOlGgVtBMsO8iXgHw6zlNXf1xddvPxDumzyooaAv2HLOqK7QJdIrEY9Cy+GQUkB5Cg"
    "S6M8vE0YDNkwwMbtFDumPtfD67yIdr7LrtvZFszwSAEp31i+X+BldeiQ5Hlfqn2h32XRO+KW87sa"
    "yCXOHXGQkO4T+EBIGkvlO8lRTETZa9U8pI4rEGcwBmxiRDB4UiAUHjhVGJmePUF8iKhAU+AGTMEJ"
    "IzmO2tNMeb9nV+h7WQHA6Y3WZgV6LSTP7DN40tU4XivcXfC08N/P9cPjs+NXR6fHr4BEPWbUcrZg"
    "A7a7/Xv8LXfmCmKDS0yYoEDgzMPcpKNCpHPZHwf2Z1ZrAfC/1OtHR2f1g6PTVyfHZ2cnrw4iCcx3"
    "LRJFs/1WSiOl80LxJMQhsAMQ6dXd4DTnzh1eI3d4TaxXjxgEwM8zYGHXQhvm+EQlzVhfmhKX26Dr"
    "QbbKGvi2oIYGMyQ9IWkkqItuASqG8AjEjTzQIhb6DHE8BcxhLX/27c5F49y3KtKkwGp0BRggdEtm"
    "vsWi/kOlbNoTz3/DJg43PQOMqDHmEhDuRLO4eOYuk9yIn6NEeiMUj57gqhWmOaTSScw0wMIY66XS"
    "KNE8EU/RLOjDu1avhW6i0W801L5CoJ1R97rTWZBrAWTz7BDDzixf+wUMGbU3mAnf69ook7/IiAQ+"
    "cqTpwJ9utruN3j/5YUwzx6du/tNvNe7zCuiIYUuvlvJKMT1m5mt9A5x7E10xpEOYgjgTJ/CGyi/t"
    "DOOSSzxYwBuA6eOu8UQiKqGuyi7pJM8DVvTmgF9hQUfb3Z1HtOE4uGA5p9kyoJZMgWwOnhK3j58y"
    "yJl0OCRONdgSPNuOWfPysjOHmeEQvFxglObcBUZrFBglBZz2WqsIOM25VgK++mK98X/t3Wh759e9"
    "Xqvb12NYf0Ltbr/V+6vRQS8OT5BNmQfm/MXLG+1HXhZrEi9fKUul5YTLQU9tUbTs27nSOV8gMGWc"
    "6rPVglgVDSGKHHGem7Mtw1Ix4KRyHXk28V1NtV3uDwiDN9VjZj3caOWCT1dg4bkVZgoYSk+Qfq2E"
    "QVjq5dIGpdwThMmBwJdc6hESY5R7hl0pw7OWMmRkXvZQNsO21MHs5jh7KzmXTe/3NPDnY+wUrPMU"
    "11YciINx+6pbhI3EGH7WDxYIIoS9fpA9mA166qorGwOaOedyVza2rOIjo4Bnm06Jjupnp9G5kPyx"
    "6CTo6qLR6cwf/YQ2s4rrG/KsldO7ep2xCU5sUrQTPLM4zrECxaUiCZYHVYtsjiV4tGKRJPJ3xJFu"
    "1TzyheopwfG8GurwwVrpgUUDqVPpwN+upOgjrucF8mAt1PsugbXlSt6bmEsKOM25E/CaCviWzCoe"
    "H8Ucu8OjtSnifB/E11pOYi/qqy1K7YUResnk3ocxRzaeIZcwE3kgNQdhJCcOS0r4lO2jz/7FmM+y"
    "JEWWnDDPHgBlQGLB+nBFcHmmBkMJWcWCYXHQ0Yg4eXdvnmbSiglGf6wSSa8IYz1gqVVPc6n/57Zr"
    "cQIgpH+c0P95y0ZTgf/pcYnA//S4MPCXXYtzXYRJGHKUY5Nzi2BWcHITc2XLGoDtKQ1dJJtVHGam"
    "DFyznU1gXV80W729Q4U+EFHhByhzHqTEocpyDum3IYO46kQW43nYFidpQ/pnzhJuUE7W9CYWNXBQ"
    "rVR2Dae5tm8ln5ZRzMV6ObuMd0HmlscgsTNU/o5GzLPpeZgnuIyxZkHKnyT3un+yu1SookMoWuH+"
    "GWgDIaMAjMIBpPuPwVfbR20hG++IG1XLM1OVytfQdEyYjCMcIgOK6JoYI/JuGWcGCUruHXLHb4su"
    "oj3R3DfshgXhj9R6KgRSY8g7AwNuziD8geDHJAY1iYnwgHuylv+1vNMGTyMLL4CDcUUho5hlwqFJ"
    "It4sVXyfkqeeOSouV4pQOQTz51o+DNtVGzxltUEV7yrJs4Xn3Y8V9iYOQpQeyjO/xfX7Mc9j3U5Z"
    "3wzgqmr3d37tD+HXLiXgFOdOwGsq4MBRqyrdBNsjiHbNUgHbJN/ArV5CxGnOnZTXWcq79MOPkX5o"
    "EIcaYy3vQ4N+T23hRwZjmvuyDcUieMDXYvICzsLlmRtv5izNQKus74nfij8UU1hJVxxeFpfSbUN0"
    "WT85KXMKdXJSfAwl+9KBjtxUFRAOyLcQ3cODMmd8QFWIrurLfiKPidxLAcV1uAmW3VfbNumrbd//"
    "B+nQ4ls="
)
