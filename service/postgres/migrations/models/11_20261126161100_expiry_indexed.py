"""The index of what is to be closed when it expires. It is built while signals are stored."""

from tortoise import BaseDBAsyncClient

RUN_IN_TRANSACTION = False


async def upgrade(db: BaseDBAsyncClient) -> str:
    """SQL that brings the change. What an attempt that was broken off has left behind is dropped first."""
    await db.execute_script('DROP INDEX CONCURRENTLY IF EXISTS "ix_signals_expiring"')
    return (
        'CREATE INDEX CONCURRENTLY "ix_signals_expiring" ON "signals" ("expires_at") '
        'WHERE "status" <> 2 AND "expires_at" IS NOT NULL'
    )


async def downgrade(_: BaseDBAsyncClient) -> str:
    """SQL that undoes the change."""
    return """
SET LOCAL lock_timeout = '500ms';
DROP INDEX "ix_signals_expiring";
"""


MODELS_STATE = (
    "eJztXW1T4zgS/iuqfBmoy1EQXo/a2qqEye1kF8JWCDuzu2wZJRaJC0fK2PJAam7++3XL744d7EDA"
    "Cf4yE0vdkv20pX7ULZnvtYnQmWnvNB3dkG0urVntlHyvcTph8COltk5qdDoN67BA0oGpxCnKKZGB"
    "LS06lFB4R02bQZHO7KFlTKUhOIp+HlNJKCdiyiwqhUXG1CbDMeUjptfJgyHH5GFsDMdkKCYTyvUd"
    "bFYXQ2jX4KOlW3C48dVhmhQjJsfMgnb+/geKDa6zR2bj5ffancFMXf2uUfU0hl5DIfY4tZhtwwPY"
    "vp6Pk/GoqWfXqNRAGjGZTVVNTSkCGOriBypN7zXVRQxpV0uVa77u9XXn43+VJD77QBsK05nwUHo6"
    "k2PBA3HHMfQd1MG6EeMIC9MjJuCOaXqm8otcPKBAWg4LgNDDAp3dUcdEQ9Z+unP4EO1HVE/4z8HP"
    "3q1FxDSte9nXrtp9TavN2R1vIWFIr2gIsAJMBpeI7vcfbrshIKq0hh2cfWr2tvaPthUEwpYjS1Uq"
    "uGo/lCKVVAvNGKLs2jOO8kdASRoTlo60q5FAWvdUdvwfyyDuF4SQh0PFB9OHKwZwVzxsba8G2n7n"
    "on3Vb178js1PbPurqRBq9ttY01Cls0TplmsJAePdnQWCRsjnTv8TwUvy12W3nbRXINf/q4b3RB0p"
    "NC4eNKpH0fCL/SIQDQ06mM0btA/jLd2YrnTCmADNq5pv5eOj3/7Sj9mv+0ezpwbNRfPLdsyG55fd"
    "X3zx0IDds/PLlhpJIdDeJFoE7YhKBfkSkD+M06arX68uu+l4+/LJycoYSvI/Yhq23CzQEYnFoCfx"
    "TUxA2ACCjk757j7iMLBgQIf3D9TStbka0RBZsvNVk8YkWUI5HSkg8Ynx+TyWdW7csTT2pcoX8i7T"
    "+MbsfLyrSWxmfWMWkUifgAMRdJaKO2ErOjH4qSq+MyxbEsGhDRjEhFFgUmAU4ZEqSnRnMiXijhiS"
    "PIA2YAokjKUQtdfp8mlml8m9TA/g+EDr8Ix5zRdPjDO409UQrxWOLrhb+O/fjb2D44OT/aODExBR"
    "txmUHC8YgJ1u/wm+Zc9sySZAiRmXBghY8zC3jFEm0qnqLwP7G09rHvD/aTT2948bu/tHJ4cHx8eH"
    "J7uBBearFpmi1fkFrRGb83zzRMwhqQUQacVpcFyzosMlosMl8V49NmQAfpoD86sW+jDLFcrpxvpq"
    "8U9sY8TBgVgM3iHbdQquSzgFH2GTi+aZ60rQu6AsNdF3DNgQbnCH/MamkjgwtajSIeWEC2IKPgJf"
    "NWDoXmDemfdnr9x3wZAFe5waoI0j9emghQ+6FtGqFw9e3LOUZVjL4NSapU8nnkJiHhnMpEtj1sqH"
    "LpqVPdIZTB1AUFudbrP3Z/q6oJVCUlt/9tvNp9yser20YjGkmNJLhpLKu2J4MnIUWe9ajC7nKuOa"
    "lasskauMGjg+4xUxcFyzVAa++mp+dK+2bmpbZ9e9Xrvb10JY/0WAFLZ7fzTPyYe9QzIxuANT7oft"
    "m9p7fi1KwqCu1IScRqC8moX8yZ3Oc0cBQEAHm3rMpO5RF3InLDISQt8hbp82oRayEYqrdEVlhKUD"
    "RYFFOJuK4bhOHqEjxXMMID4UnmkygHpsRxEftfJPCQm8av83XIUexgFFA85Vx0BDIAe3w22qshsu"
    "a0MKJx74MgzMwMHhTJi7MFVzwNNMzDOfFipr/uyRwcZwMov0Cis06dgFevIUcncQf6yIl1vq4eJe"
    "Mt8dTC2hO0NmeZxlqVuItLHUPai3DkXwvcudHAx6F7ahxuCSqD+v9wj8xW+k0LrC71Ep4ZjP6oZ8"
    "/tTutcmN9/re1MhPP5MGaXY/QlnYJZR3rgiwQ9K9Pj+v0qhvnEZNDMS8CaGE2lJJIQ/PNVhsrCQn"
    "FJ8O4sCfjamV8Z7HtDYiGQc06lEzGR/JMVw2dhcYwoe9sZtMCnk1DVWVCJUaekpO4GpCTTM7XO3p"
    "bFKEer9xfBTEpPFiURT66qJ5fj4fdvaJTJFFlq9TquXV6ueMdVguRU07pTNT0BQvkJ2mjqg8K1O9"
    "Pp7gxRLVUeRhWWN7BC5n3jKi8bYz1N6zZ6VnJixjGTFvEVRoog+03hbI3VJM74gG04q/j3N66w7m"
    "i72VJYpNrs8su3a+s0oxbLiBnam+pIHjmpWBS2rgezYrmHQNNZ4RdVqfOblAwjUIbebfHhaovPGC"
    "O5J1+xBEPvHetva2PzxnrLzNLjE/tpwI64UZko6ebg9fsUTmmI60oWNZGPLGu4Oxt1Uuk3zpfDxJ"
    "M0hJcpK/eyHbWkpWMqirL8pL+kHfnJnJz2NBJnRGbMZ14nDM9VGCHbv7ft2kHLl1z3ndEsNW6Tsv"
    "6+eJmPCW2dI7C1aHpiQZzKAZsOxoxKy0o2Sv02nBRKLbVo50S4Cx5qnUi+/hUv/PjfrsmLIv/zLR"
    "5LfdBR2LJR8d5IglHx1kxpKxanH6hHGEIYU3tIQwGeUZ3i7USu6bA7XXnGED27z4frnLy/MY92t1"
    "kjmR64tWuwd+FYtByJAZTgxxKPI6+/KbkJRadW6EizRss/N+vvwbJ57WKM1XhQY2fOUY+un8y51Q"
    "Z90Dpa+woCkZf/6NpX5YIVqdi0Vr92xW4KQfzAYSCSolfgPITCnQiB3SkVj4jdneMYRbIL8YOL6t"
    "k4cxU5vtLIZcNziQxxme4hN8yPDMgoEH8L6J+6wjf6/U9w2/4R4zx1lPsXPVhi0mbCD0GTBz4OU6"
    "Gxo60wkdCAf05ak6YkFN3IMIGlwoCSTYyzD1aWQplGtLVsyeWmJjTL4NWYVXB25fy68Qqr1Vr7m3"
    "qgh5jeps4O6el1qRRVKWah5Kc7/ZZ5ZCnZc6tlTeuO3LHlyqeO0747VLGTimWRm4pAb2iFpR60bU"
    "qk0JZbavR6uXMHFcs7Jyma1chR/eR/ihx6jOrD6MS15L/TBDWF1f/HEGFITlMEjmP2KI0m4EwNWv"
    "44X7LR/Mn42pPca19z2bShUSgN949i9HTCAt4rDq7gqGBNx7QMVC59RiSPtXuQ6qZa7b7TFtHB4V"
    "XOwEOtU3Gl7mGw3h+5A7JRVoVGv6HGv6am254aSlWnpsnn1Lw5NGhi3B4esuJUonSwmZHIyp4KYn"
    "VHLTHfgtz1MSntu0VWmwzweETBN5ClAUjt8xwK8k4P3qO+QWWvKyIFQSuC+VMcHmdZG99Wn1Xd/w"
    "y7nsDV5hz5iAkWPMxVA+IxNh5aVc1Xam13K02cwm8qrMI960LJrBMRN6CeQ373u1uPXj738SrCW2"
    "PTI3dDGt9wkczCqFIPPk3ydYFTfeQO5UhW3fg5VLwpCbzDKG4zRe7NUsZMM0lHmKDGcb9hlsMG3r"
    "SmagO3XnSkqQ23vRy8sDV/xx78wT39ksO/uw9ybEtBqHh3m2Wh8eZu+1xrq468ZBVQBhT3wD0d3b"
    "zbORHaQy0VV1yT9rwmXqx5Syv18SUan+0sY6/aWNH/8HEePZSw=="
)
