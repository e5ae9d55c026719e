"""Whether there is a collector of traces. The variables are those of OpenTelemetry, which its SDK reads itself:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/"""

import os
from importlib.util import find_spec

from service.environment import SettingsError
from service.kernel.limits import Limits
from service.settings import Settings
from service.telemetry.requests import Tracing

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN = "http/protobuf"


def begin(settings: Settings, limits: Limits) -> Tracing | None:
    """What makes traces and sends them to the collector that the environment names, in a thread of its own; None where
    it names none. Raises what `wanted` does."""
    if not wanted():
        return None
    from service.telemetry.traces import Traces

    return Traces.sent(settings, limits)


def wanted() -> bool:
    """Whether the environment names a collector. Raises SettingsError when it wants what is not there."""
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(os.environ.get, _ENDPOINTS)) else "none")
    if exporter == "none" or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if exporter != "otlp":
        raise SettingsError("OTEL_TRACES_EXPORTER: must be otlp or none")
    for name in _PROTOCOLS:
        if os.environ.get(name, _SPOKEN) not in ("", _SPOKEN):
            raise SettingsError(f"{name}: must be {_SPOKEN}")
    if _is_missing("opentelemetry.exporter.otlp.proto.http"):
        raise SettingsError("OTEL_EXPORTER_OTLP_ENDPOINT: needs packages of OpenTelemetry: install signals[traces]")
    return True


def _is_missing(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:
        return True
