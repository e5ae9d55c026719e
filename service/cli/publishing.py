"""`signals openapi`."""

import typer


def openapi() -> None:
    """Print the OpenAPI document of this version, as the service has it at `/openapi.json`.

    Example: `signals openapi > openapi.json`
    """
    from service.manual.openapi import document_text

    typer.echo(document_text(), nl=False)
