"""Which signals somebody has to approve before readers get them."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = True


async def upgrade(_: BaseDBAsyncClient) -> str:
    """SQL that brings the change. What is stored already needs no approval."""
    return """
SET LOCAL lock_timeout = '500ms';
ALTER TABLE "producers" ADD COLUMN "approval" BOOL NOT NULL DEFAULT FALSE;
ALTER TABLE "signals" ADD COLUMN "approval" VARCHAR(8) NOT NULL DEFAULT 'none';
ALTER TABLE "transitions" ADD COLUMN "approval" VARCHAR(8) NOT NULL DEFAULT 'none';

-- "latest" is of signals that need no approval or have it, "latest_waiting" of those that need it.
ALTER TABLE "instruments" ALTER COLUMN "latest" DROP NOT NULL, ADD COLUMN "latest_waiting" TIMESTAMPTZ;
"""


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change. Whatever waits for approval is given to everybody."""
    return """
SET LOCAL lock_timeout = '500ms';
UPDATE "instruments" SET "latest" = greatest("latest", "latest_waiting");
ALTER TABLE "instruments" ALTER COLUMN "latest" SET NOT NULL, DROP COLUMN "latest_waiting";
ALTER TABLE "transitions" DROP COLUMN "approval";
ALTER TABLE "signals" DROP COLUMN "approval";
ALTER TABLE "producers" DROP COLUMN "approval";
"""


MODELS_STATE = (
    "eJztXW1T4zgS/iuqfBmoy1EQXo/a2qoAuZ3sQtiCsDO7y5ZRYpG4cKSMLQOpufnv1y2/O3awQwhO"
    "8JeZWOqW7G6r++luyXyvjYTOTHur6eiGbHFpTWrH5HuN0xGDHym9dVKj43HYhw2S9kxFTpFOkfRs"
    "adG+hMZ7atoMmnRm9y1jLA3BkfTLkEpCORFjZlEpLDKkNukPKR8wvU6eDDkkT0OjPyR9MRpRrm/h"
    "sLrow7gGH8w9gsONbw7TpBgwOWQWjPP3P9BscJ09Mxsvv9fuDWbq6neNqqcx9BoSseexxWwbHsD2"
    "+Xw5Gc+aenaNSg2oUSaTseqpKUYQhrr4gUzjB01NEZO0y6XaNZ/35qZ99l9Fic/e0/rCdEY8pB5P"
    "5FDwgNxxDH0LebBvwDiKhekRFXDHND1V+U2uPKBBWg4LBKGHDTq7p46Jiqz9dO/wPuqPqJnwn72f"
    "vVuLkGla57KrXbe6mlab0jveQkKRXlMfxApiMrhE6X7/4Y4bCkS11nCC08/Nq43dg00lAmHLgaU6"
    "lbhqPxQjlVQL1RhK2dVnXMpnICVpjFi6pF2OhKR1j2XL/zGPxP2GUOThUvGF6YsrJuCOeNrYfBvR"
    "dtsXretu8+J3HH5k299MJaFmt4U9DdU6SbRuuJoQsN5dKxAMQr60u58JXpK/LjutpL4Cuu5fNbwn"
    "6kihcfGkUT0qDb/ZbwLSUKG9ybRCu7De0pXpUieUCaJZqvrefH10W1+7Mf11/mheqUVz0fy6GdPh"
    "+WXnF588VGDn9PzyRK2kUNCeES0i7QhLJfI5RP40TDNXv15fdtLl7dMnjZXRl+R/xDRsuV5CR0nM"
    "FnpSvgkDhAOg0NEp3z9EHAY29Gj/4YlaujbVIxoii3a6a9QYJVsopwMlSHxifD4PZZ0b9ywNfan2"
    "mbjLNB6ZnQ93NYnNrEdmEYnwCTAQQWepsBOOohODH6vme8OyJREcxoBFTBgFJAVKER6ookR3RmMi"
    "7okhyRNwg0wBhLEUoLacKV9GdpnYy/QEHF9obZ5h13zyxDqDO30b4PWGqwvuFv77d2Nn73DvaPdg"
    "7whI1G0GLYczFmC7030Bb9kTW7IRQGLGpQEE1rSYT4xBpqRT2Rcj9nc2a57g/9No7O4eNrZ3D472"
    "9w4P94+2Aw1Md81SxUn7F9RGzOb56omoQ1ILRKQVh8FxzgoOlwgOl8R7XbE+A+GnOTC/a6YPs1yi"
    "nG6sq4J/YhsDDg7EYvAO2a5TcF3CMfgIm1w0T11Xgt4FaamJvqPH+nCDW+Q3NpbEAdOiWvuUEy6I"
    "KfgAfFWPoXsBuzPtz5Y8d8GUBXseG8CNK/XlpIUvdC3CVS+evHhgKWHYicGpNUk3Jx5Dwo70JtKF"
    "MSvlQ2dZZQ90BqYDAOpJu9O8+jM9LjhJAaknf3ZbzZfcrHq9tGI5pBjTIlNJ5Y0YXswcReJdi9H5"
    "XGWcs3KVJXKVUQXHLV4RBcc5S6Xg62/mmXu1cVvbOL25ump1uloo1n8RAIWtqz+a5+TTzj4ZGdwB"
    "k/tp87b2kV+LkiCoa2WQ0wCU1zMTP7nmPHcWAAh00KmHTOoedCH3wiIDIfQt4s5pE2ohGqEYpSso"
    "IywdIAoE4Wws+sM6eYaJFM4xAPhQeKZRD/pxHAV8VOSfkhJY6vy3XKUehgFEA8xVx0RDQAe3w22q"
    "qhsuakMIJ574PAjMwMXhjJgbmCob8DIS89Snhcyabz0y0Bgas8isEKFJxy4wk8eQe4L4Y0W83FwP"
    "F/eS+e5gbAnd6TPLwyxz3UJkjLnuQb11SILvXe7iYDC7sA21BueU+utmj4i/+I0Uiiv8GRUTrvms"
    "aciXz62rFrn1Xt/bGvnpZ9Igzc4ZtIVTQnv7mgA6JJ2b8/OqjPrOZdTEQsxbEEqwzVUU8uS5AsHG"
    "m9SE4uYgLvjTIbUy3vMY11oU4wBGPWsm4wM5hMvG9gxF+GJvbCeLQl5PQ3UlUqWGnlITuB5R08xO"
    "V3s865Sh3m0cHgQ5abyYlYW+vmien0+nnX0gUyTI8nlKFV69vc1YhXApqtoxnZiCpniB7DJ1hOVV"
    "lerV8QQLK1RHJQ9hje0BuJx1ywjH+1qonVdbpVcWLGMVMS8IKmToA673FeR2Kcw7SoNpxd/HKb5V"
    "F+bC3soS5SZXx8qunO+kYwiIHt28Xl4kH+V5ZxzPBWcLA/BHOfD7USZ8P0qi96p6s+Zrxxnrcyo4"
    "zlkpuKQKfmCTgvXskOMVCb3VcXcFatlB1jj/zruA5Z1zGZGC5qcgqYz3trGz+ek1a+V9NuD5aftE"
    "xjQsPrX1dH34jCVSx3ig9R3LwmoC3h2svY1yqeRr++woTSElKff+7mXDaykF36CvPqvk6+fTcxZ9"
    "vwwFGdEJsRnXicOxjEoJTuxuqXbrneTOPUJ3RwxbVUa9gqpHYsJbZkvvmF0dhpKkN4FhQLODAbPS"
    "TuktZ9KCNVp3rByVrEDGmsdSL749Tv1fAOT79IsB+O+7wTyG8g/2csD8g71MnI9dsytTjKMYUnDD"
    "iRAmozzD24VcyS2JwLZMCxvoZuFbES8vz2PY76SdLDfdXJy0rsCvYjMQGTLDiaEcirzOPv061Pve"
    "uuzERZpss0uqPv075wJWqIKanXWZaSJmJF6WbSPS3XvJjESVgVnzAD2EQ/mjypBn1VP9S4gbSxam"
    "/MZSPw0S7a7nCVa0BzYpcFYVrIHEOIASfwAMACigtS3Sltj4yGzvIM0dxBhY+rirk6chU9tFLYYh"
    "RXCklDM8hyp4n+GpGwOPkD6Kh6xDq0ua+5bfci8AQqungiA1hi1GrCf0CQRAEP7orG/oTCe0Jxzg"
    "l8fqkBA1cRctcHChKDCOmScgGkcizlybCmP61BJbu/JtKSwchLlzzR+IVbsDl7k7sEiMEOVZw/1p"
    "iwp8I0V3ZYfS3G/2qbuQZ1EH78qbHl/s0bsK134wXDuXgmOclYJLqmAPqBXVboSt2lZTZv16sHoO"
    "Fcc5Ky2XWctV+uFjpB+uGNWZ1YV1yWupnxYJu+uzPy+ChBAOA2X+Q7JI7WYAXP46Xrhfo8Iy5ZDa"
    "Q4y9H9hYqpQA/MbTqzlyAmkZh7eermBKwL0HZCx00jImaf8q11HLzLjdHtLG/kHBYCfgqb4yspiv"
    "jITvQ+7KX8BRxfQ5Yvoqtlxz0FKFHuun39LgpIFhS3D4uguJ0sFSgiYHYiq4twyZ3HIHfo32mIQn"
    "j23VGmynAiLTRJwCEAVPEqjvfOD96lvkDkbyqiBUErgvVTHB4XWRvcPs7ae+5ZdT1Ru8wpmxACOH"
    "WIuhfEJGwsoLuapdY8tytNnIJvKqTEu8aVk0A2Mm+BKSX78vLuMOm7//SaCW2C7U3KKLcX1MwYFV"
    "KSQyj/5jCqvCxmuInaq07UfQckkQcpNZRn+Yhou9nplomIY0L4HhbMW+Ag2mbV3JTHSn7lxJSXJ7"
    "L3p5ceAbf54+85sF2Sg7+3MF65DTauzv59nRvr+fvaUd+6Z2XBeRsEe+htLd2c5zXgCoMqWr+pJ/"
    "mIfL1M+BZX+BJ8JS/a2YVfpbMT/+D/22u1A="
)
