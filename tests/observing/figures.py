"""The figures that the service shows to Prometheus, and how they grow."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.running.deployment import Deployment

Sample = tuple[str, frozenset[tuple[str, str]]]


def sample(name: str, **labels: str) -> Sample:
    """The name of one figure: a metric with its labels."""
    return name, frozenset(labels.items())


def samples(text: str) -> Mapping[Sample, float]:
    """All figures in what Prometheus reads."""
    families = text_string_to_metric_families(text)
    return {sample(s.name, **s.labels): s.value for family in families for s in family.samples}


class Figures:
    """The figures of a scenario's service."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._noted: Mapping[Sample, float] = {}

    def text(self) -> str:
        """The figures as Prometheus reads them."""
        service = self._deployment.service
        response = service.client.get(f"{service.url}/metrics")
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        return response.text

    def now(self) -> Mapping[Sample, float]:
        """All figures."""
        return samples(self.text())

    def note(self) -> None:
        """Remember the figures as they are."""
        self._noted = self.now()

    def growth(self, metric: str) -> Mapping[Sample, float]:
        """By how much each figure of a metric has grown since it was noted; those that have not are left out."""
        growth = {name: value - self._noted.get(name, 0) for name, value in self.now().items() if name[0] == metric}
        return {name: value for name, value in growth.items() if value}

    def instruments(self) -> set[str]:
        """The instruments that have a count of their own."""
        labels = [dict(labels) for name, labels in self.now() if name == "signals_ingested_total"]
        return {label["instrument"] for label in labels} - {"other"}
