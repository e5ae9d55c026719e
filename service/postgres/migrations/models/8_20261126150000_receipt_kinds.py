"""Receipts of several kinds, one truth; and what becomes of a producer's signals that say the same again."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. The receipts that are there go on as they are, and older processes write theirs."""
    return """
SET LOCAL lock_timeout = '500ms';
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
SET LOCAL lock_timeout = '500ms';
DELETE FROM "receipts" WHERE "fingerprint" IS NOT NULL OR "signal_ids" IS NOT NULL;
DROP INDEX "ix_receipts_batch_id";
ALTER TABLE "receipts"
    DROP COLUMN "fingerprint", DROP COLUMN "batch_id", DROP COLUMN "signal_ids", DROP COLUMN "differs";
ALTER TABLE "producers" DROP COLUMN "duplicates";
"""


MODELS_STATE = (
    "eJztXW1T4zgS/iuqfBmoy1EQXo+6uqqEye3kDsJWCDuzu2x5FFuJXThyxpYHUnPz369bfnfsYAcS"
    "TPAXwFK3JD8tqV/UMj8aU0tjprPXdjVDdLmw541z8qPB6ZTBHxm1TdKgs1lUhwWCjkxJTpFOkowc"
    "YVNVQOGYmg6DIo05qm3MhGFxJP2sU0EoJ9aM2VRYNtGpQ1Sd8gnTmuTBEDp50A1VJ6o1nVKu7WGz"
    "mqVCuwafrNyCy41vLlOENWFCZza08+dfUGxwjT0yBx9/NMYGMzX5d4PKtzG0BhKxx5nNHAdewAn4"
    "ApyMR0W+u0KFAtSIyXwmaxqSEcCQDz+RaXavyC4SSHtcslwJeG9vex//LSnx3UeKapnulEfUs7nQ"
    "LR6Su66h7SEP1k0YR1iYFhMBd03TF1VQ5OEBBcJ2WQiEFhVobExdEwXZ+OfY5SrKj8ie8MfRv/yh"
    "xcgUpX89VG66Q0VpLMgdh5ASpF+kAqwAk8EFovvjp9duBIgsbWAHF5/ag53Dk10JgeWIiS0rJVyN"
    "n5KRCqpEYoxQ9uSZRPkjoCSMKctG2uNIIa35LHvBH6sgHhREkEdLJQAzgCsBcN962NldD7TD3lX3"
    "Zti++hWbnzrON1Mi1B52saYlS+ep0h1PEhasd28XCBshn3vDTwQfyR/X/W5aXiHd8I8Gjom6wlK4"
    "9aBQLY5GUBwUAWkk0NF8UaBDWG/ZwvSoU8IEaDYqvrWvj2H3yzAhv/5v7YFcNFftL7sJGV5e938J"
    "yCMB9i8urztyJUVA+5toGbRjLDXkK0D+oGdtV/+5ue5n4x3QpzcrQxXkf8Q0HLFdoCMSy0FP45va"
    "gLABBB2V8vg+pjCwYETV+wdqa8pCjdWy8mgXq6atabqEcjqRQOIb4/v5VtalMWZZ1pcsX2p3mcZ3"
    "5hSzu9rEYfZ3ZhOB5hPYQASVpbSdsBWNGPxcFo8N2xHE4tAGLGLCKFhSIBTLN6oo0dzpjFhjYgjy"
    "ANyAKRhhLMNQ20yXT1t2ubaX6QOcXGg9nrOvBeSpdQYjXY/htcbVBaOFX39vHRydHp0dnhydAYkc"
    "ZlhyumQB9vrDJ+wtZ+4INgWTmHFhAIG9CHPHmOQincn+MrC/8rbmA/+PVuvw8LS1f3hydnx0enp8"
    "th9KYLFqmSg6vV9QGok9LxBPTByC2gCRUt4MTnLW5nCFzOGKaK8BUxmAn6XAgqqlOsz2iAqqsSGq"
    "Eseawl4PspXawNMFTTKaE7SEUEkYDrkHqDihExA3cWEXMclX8OMNwBzm8ldP71y1LzytgioFZqMj"
    "QAGRezb3NJbhDSqh0zbc/x2f2ZbmqqBEVd1CQCw77MWhc2eV4EY0jgLhjUA8SoyrmRvmwE0n1tOI"
    "ClVXCoVRwn5CnrxeyOdP3UGX3IWt3zVI74bA7kz6t5eXS2ItgGyWHuLUnmfvfj5DatsbzYVndb0p"
    "lb9Mifg2crjTgT3d6fXbg9+z3ZhOhk3d+X3YbT9lFRgTTk2lXMgrwfSSka/qOjhPBroiSMfQBbNn"
    "tm8NFZ/aKcYVp7g/gd8Api87x2OBqNh2VXRKx3meMaPfDvglJnS43J1FRNu2TXOmc5ItBWrBEMjb"
    "wRNx+/OvFHKaMR4zuxxsMZ5tx6xzfX25gJlqM7qaY5TkrB2jCjlGcQEnrdYyAk5yVkrAN9/Mj97T"
    "zl1j5+J2MOj2h0oE699Irz/sDn5rX5IPB8dkanAX1PmH3bvGe54WFfGXb6SmamS4y35Nc5m37Om5"
    "wjFfINDQT/XYmr6vSsbgRU4sS9sjXp8OoTYDH5RiTFa6ppatgc8JzimbWareJI/QkQzOGto5+Kjc"
    "nY6gHttBai/OmxEA3mj/d1y6zXrok4OT3MSwckgHw+EOlWfZXqgZXW/w01fxog1cHO6Uefaz3AOe"
    "9nJ98SkRsxLsHsU8akdQ4TolevIZCneQfK2Yllvp5ZJastgIgoiHbyCvNIRYGyuNQc46JMF5h78L"
    "xTDC3i3HkGtwRdSf13sM/gIDqRNTXjUxJTXZix6xp9hWOmZ/O6b7Wk7Zk0suCfyFTu2ceZ7g2or0"
    "BjBVHhWT8YnQ4bG1v0QQAeyt/fQxu1/TklVpj17LOGW9mVLTzD8A9Hm26czvsHV6Ep7y4cOyc72b"
    "q/bl5eJBXmAslHFkAp5KuTDr3zPegksSF+2Mzk2LZmiB/MSfGMuzcn/ejiZ4sdSfOPLgOji+kVQw"
    "EyTG8bo71MGzd6VnpoAkcgx8R6PURh9yvS6Q+5XY3utw5JZv8u5MW1HASc5awBUV8D2blzwMjDjq"
    "o8DkbhiGQYonDoYsr+w4xCL0H4K4jBzbzsHuh+esldfJHwziUKnwRBRN7WnZ8ggYKySO2URRXdvG"
    "8BiODtbeTrVE8qX38SxLIBU5v/jVDz01Mk4wwrrmsjOMIHhV8BTjs26RKZ0Th3GNuBzPBSjBjoPc"
    "OQzgk6/eDcCvmHuHoX7/hMAnMWGWOcK/JdiEpgSm61HYN43JhNlZlww302nJQwevrQLB4BBjxWdp"
    "lo8Ay98Lqz4/NhbQv0xU7HXz4xMxsZOjAjGxk6PcmBhWLQ8DM44wZNgNHcsyGeU52i7iSudvAdsm"
    "d9hQNuvI2kjYfp1eOrZ7e9XpDkCvYjEQGSJHiSEOZaZzQL8NwfV1x3i5lYVt/vlFQP/KAfQ3dFyh"
    "uTPTUKmflll0Die5tm8mnxTZmPP35fQ0ruMvW+6eR8ZQcZ8y4nnrIcoNeI0Vc1L+yzK/axKvLuSq"
    "KPdsXuKiLewGAr0ASoIG0PynYKvtkZ7Awu/MCa8FcU3eCWqSB53J7CeboUMR3oflDC/RWlxl/t0i"
    "m3237vNu3G6o7zt+x333B3c96QLJNvBy1MjS5uD+gPOjMdXQmEboyHLx0tI5Xt6F0WBSGHBwS1Kg"
    "F7OKOzSL+ZuFcmQS8lRSWRTFUnVKu2BeX6u7YXUiziYTccpYV3GeLUwFeSm3N3ZGKPehLPWbf1Ep"
    "4nmpa3jVDY6v65JSbde+C7t2JQEnOGsBV1TAvqFWVroxthcQbcVCAdskX9+sXkHESc5aylWWch1+"
    "eB/hhwGjGrOHsC55I/O7KFF1c/m3UZAQ3GGgLH7nC6m9CIDH38QH71NaeEipU0eXXyhhMyFDAvA3"
    "XsYqEBPIijisu7uSIQFvDMhY6uJQAungqdDNoVy/3dFp6/ikpLMT8tTfHHmZb45E86HwuV/IUfv0"
    "BXz62rfccqOldj22T76VsZMmhiNA4WueSZRtLKVoClhMJTPLkMk77sBPq52T6JKfI0vDZCogMk20"
    "U8BE4XixHK+t43i1PfIVWvJPQaggMC55YoLNa1Z+ftn6u77j1wunN/iEPeMBjPchO8rnZGrZRU2u"
    "OmdsU4o237KJTZVFxJd88yfFt9p3f6pm5TyRjrPw4Z9EDmph6BJc7xM42FVKQebTv0+watt4C22n"
    "Omz7HqRcEQu5zWxD1bPsYr9mqTVMI5qnjOF8wT7DGsxKXckNdGdmrmQEuf2JXl07cM3f1s+9rp5v"
    "ZeffV9+GmFbr+LhIPvvxcX5CO9YlVTcuqhII++RbiO7BfpHbAkCVi66sS/9XIS4yv7yT/7GLGEv9"
    "j27e0j+6+fl/jOcBdQ=="
)
