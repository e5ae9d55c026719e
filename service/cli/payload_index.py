"""`signals payload-index`: finding signals by what is in them."""

import typer

from service.cli.administration import AsJson, administer_at, operator, print_json

app = typer.Typer(help="Finding signals by what is in their payloads.", no_args_is_help=True)


@app.command()
def create(as_json: AsJson = False) -> None:
    """Make the index by which signals are found that have something rare in their payloads, while others are stored.

    It costs each signal to come a little. What an attempt has left that was broken off is dropped first.

    Example: `signals payload-index create`
    """
    from service.payloads import index as payload_index

    created = administer_at(lambda url, _: payload_index.create(url, operator()), changes=False)
    if as_json:
        print_json({"index": payload_index.NAME, "created": created})
    else:
        print("The index is made." if created else "The index is there already.")


@app.command()
def drop(as_json: AsJson = False) -> None:
    """Drop the index again. Signals are found as before, by looking at all of them.

    Example: `signals payload-index drop`
    """
    from service.payloads import index as payload_index

    dropped = administer_at(lambda url, _: payload_index.drop(url, operator()), changes=False)
    if as_json:
        print_json({"index": payload_index.NAME, "dropped": dropped})
    else:
        print("The index is dropped." if dropped else "There is no such index.")
