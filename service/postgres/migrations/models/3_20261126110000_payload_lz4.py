"""Payloads are compressed by lz4 where the server has it: it takes about half of the time of PostgreSQL's own pglz."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change, for what is stored from now on. Not every build of PostgreSQL has lz4."""
    return """
SET LOCAL lock_timeout = '500ms';
DO $$
BEGIN
    IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE "signals" ALTER COLUMN "payload" SET COMPRESSION lz4;
    END IF;
END
$$;
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. What was compressed by lz4 stays readable."""
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "signals" ALTER COLUMN "payload" SET COMPRESSION DEFAULT;
"""


MODELS_STATE = (
    "eJztWWtv2zYU/SuEvtTBMiNxXkUxDFAcb/Vmy4OtdG3XgaBFWiYik4pELTGy/PeRlGQ9LDm2+7"
    "CT9Utg3stLUueQ9x4yD8aMY+KFzSFxCPWF8QY8GAzNiPxRdh0CA/l+5lAGgcae7hvEnbQRjUMR"
    "IEcNNkFeSKQJk9AJpJ9ypnrbUyQAAiF1GcEgILcRCQW4QyEIBQ8IfgOoCEHfbB8CxDAQU6L7Ik"
    "/awZg4coFN8DvxBYiYoNrqIAYYBx5nLglkHzlqSJhoqgVh7sgVUebuYO6IUTkDFNwlcqhAruCv"
    "v6WZMkzuSaiaD8aEEg/r3wa596mMhkgYqptsylYoYQvTyJQdeg9T0GEuSpEy93UPQw8gqdCNRx"
    "Xs30A9WYHnGzJXXbUDpsGXlKFg/ovurCAcQ4d70YzlAvy5mHK2iBjPBdH8u4SRAAmCcxuARZ6X"
    "7JXUFCMjDSKIyAISnBkwmaDIU9tIRceLyGwGhNbAhqOODaGxtMXSiBzzicmRWEpMKBMK0ofHeN"
    "zs47XV0BD0Bpdq5FkY3nrK8M4cXnYtc/ih0TffH2jXPHH1BtavaX+fh8IN9EDG5Qe7YxqPehYk"
    "EMyozvCPtxekeJmF6+vuVTUHhaASE1FEcVOFbsNGasjoyA7xbvlovzWHjZPzgzLG+ksVxBmkTk"
    "DUJycHoojplfQIOiPVuBYjS8DiJLSZ/vimAFv8rnHwdaC1u/3OyDb7fxT2+5Vpd5SnVdjqqbUR"
    "M8Flqo9rwGIQ8GfXfgtUE3wcWJ0yX4t+9kdDrQlFgkPG7yDCeTRSc2oqEFzMeJsQXIzcK4JHt9"
    "5V3Gp8Mhrt6+GwY9kwg/UH0LXszvCd2QOvjs/AjLJIptxXB5+M//O2UHVtcpPLrMowRs7NHQow"
    "XPLwFq/ru+yatWZlC2LI1aQqNNU6E5k00gm5SkAlnpX6KU7na8onU1ZIhCWniTI5TKQLmPAAuJ"
    "zjZdWzXsiGYoWqfRTNpNTR36KOy9OiJflSmAXD9KDVCBd17nOzhgKJKNxgpiRg7QmKn5UrCFt9"
    "XLGgrLcCP+A4ckiQlPetlpAbY7011OrDzYTJl1ckT+tD46dJxBx1PICeSf05/dnYQ4lSrwJLnB"
    "fhtiVP1XCXwkq4y2WvgXiC5zOQgHbnvV2oRZbU5Br0SkWeds+KkdVWIr0oFovnvQh8e4qCmn1e"
    "iNoK933T3rK43UOPMFdMZbN1tIKIFPbWUanap4S0tKsIdEgxWYZ4NEOe12U1+zuNKQFMY9ifG8"
    "CuWsSPJ62L89fSq9eoGhcrkB71zV5P6r4SlmnN3ET6pjF7JXq/fs54DiI2T62P5h5HFVXgt9HA"
    "qqkCWUiZXOoI8C/waLjOgXk+lUBhsboSlJN+iSk1QLkS/EMCJauWka9NT7mI3Wao48/OSq3j04"
    "vT1yfnp4vUtLCsyk/LqSnT2xsl+kXUboE82ov0/v0B64Un+cjHWxJcjPxO8B4RvCdPUSYJqDM1"
    "Kp6iEs/hqqcolPV56iWqntinX5I2em6orRqVt96KipEIm739N9SXqcH1rwu1yqb+glsvbV7E7f"
    "bsbJ3r7dlZ/f1W+YpVWx2qDRBOur9AdI+P1nk8kL1q0dW+kibiTFQ+0tTfi3Ihn3Uv2je0v8XF"
    "aKfF7PE/ZbQNng=="
)
