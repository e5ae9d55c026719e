"""What the figures say before anything has happened."""

from service import __version__
from service.kernel import metrics
from service.kernel.errors import all_refusals
from service.settings import Settings


def begin(settings: Settings) -> None:
    """Name the build, and show what is counted by code at zero: to Prometheus, a count that appears with its first
    event has never grown. The other rooms show theirs when they are made."""
    metrics.build_info.labels(__version__, settings.app_build, settings.app_env).set(1)
    for refusal in all_refusals():
        metrics.refused(refusal.code)
    metrics.answered("/api/v1/signals", "POST", "201")
