"""`signals limits`: the rates of producers, and how near they come to them."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from service.cli.administration import AsJson, administer, print_json, tell, text
from service.cli.display import show_rows

if TYPE_CHECKING:
    from service.keyring.sealing import SealingKeys
    from service.rates.usage import Usage


def limits(as_json: AsJson = False) -> None:
    """The rate of each producer, and how much of it was used in the last 10 seconds; the busiest first.

    A producer without a rate of its own has that of SIGNALS_PRODUCER_RATE, which must be set here as for the service.

    Example: `signals limits`
    """
    from service.rates.usage import list_usage
    from service.settings import load_settings

    async def work(_: "SealingKeys") -> "tuple[str | None, list[Usage]]":
        default = load_settings(hmac_producer_enabled=False).signals_producer_rate or None
        return default, await list_usage(default)

    default, found = administer(work, changes=False)
    if as_json:
        print_json({"default": default, "producers": [asdict(each) for each in found]})
        return
    tell(f"Without a rate of its own: {default or 'no limit'}")
    busiest = sorted(found, key=lambda each: (-(each.share or 0), -each.used_10s))
    rows = [[each.name, text(each.rate), str(each.used_10s), _percent(each.share)] for each in busiest]
    show_rows(("name", "rate", "used in 10 s", "of its rate"), rows)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
