"""A path that is one route's alone, although the template of a later route would fit it too."""

from starlette.routing import Match, Route
from starlette.types import Scope


class OwnPath(Route):
    """Refuses a wrong method itself, where Starlette would try the routes after it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """A full match whatever the method."""
        match, child_scope = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), child_scope
