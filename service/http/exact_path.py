"""A published path has one spelling."""

from starlette.types import ASGIApp, Receive, Scope, Send


class ExactPath:
    """Shows the routes the path as it was sent: `/api/v1/%73ignals` is another than `/api/v1/signals`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
        await self.app(scope, receive, send)
