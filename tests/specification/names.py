"""The names that the service promises, and the features and tests that speak of each.

What no scenario and no test names could vanish without anybody noticing; `test_names` lets that fail.
"""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer.main
from prometheus_client.metrics import MetricWrapperBase

from service.cli import app
from service.kernel import metrics
from service.kernel.errors import all_refusals
from service.manual.headers import ANSWER_HEADERS
from service.manual.openapi import document_text
from service.manual.pages import pages
from service.settings import Settings
from tests.running.environment import ROOT
from tests.specification.feature_files import read_features
from tests.specification.sentences import step_definitions

_LISTS_OF_ALL = {"documents/test_documents.py", "specification/test_names.py", "proof/test_errors.py"}
"""Tests that go through all names; that one stands in them says nothing about it."""


@dataclass(frozen=True)
class Naming:
    """A name, the criteria whose sentences or steps name it, and the test modules that do."""

    kind: str
    name: str
    criteria: tuple[str, ...]
    modules: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether anybody names it."""
        return bool(self.criteria or self.modules)


def codes() -> list[str]:
    """The codes of the refusals."""
    return [refusal.code for refusal in all_refusals()]


def statuses() -> list[str]:
    """The HTTP statuses of the published document."""
    paths = json.loads(document_text())["paths"].values()
    return sorted({status for path in paths for operation in path.values() for status in operation["responses"]})


def headers() -> list[str]:
    """The headers of answers: the published ones, those of the pages, and those of HTTP itself."""
    of_pages = {name.title() for page in pages().values() for name in page.headers}
    return sorted({*ANSWER_HEADERS, *of_pages, "Date", "Connection", "Keep-Alive"})


def settings() -> list[str]:
    """The environment variables that are settings."""
    return sorted(name.upper() for name in Settings.model_fields)


def metric_names() -> list[str]:
    """The metrics as they are published."""
    declared = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    families = [family for metric in declared for family in metric.describe()]
    return sorted(f"{family.name}_total" if family.type == "counter" else family.name for family in families)


def verbs() -> list[str]:
    """The commands of the command line."""
    return sorted(typer.main.get_group(app).commands)


@dataclass(frozen=True)
class _Kind:
    """One kind of name, and how a text has to say such a name, so that it is not just the same word."""

    word: str
    names: Iterable[str]
    pattern: str

    def naming(self, name: str, features: Mapping[str, str], modules: Mapping[str, str]) -> Naming:
        plain = name.lower()
        pattern = re.compile(self.pattern.format(re.escape(plain)), re.MULTILINE)

        def said(text: str) -> bool:
            # The plain search spares nearly all of the slower one.
            return plain in text and pattern.search(text) is not None

        return Naming(
            self.word,
            name,
            tuple(tag for tag, text in features.items() if said(text)),
            tuple(path for path, text in modules.items() if said(text)),
        )


def _kinds() -> list[_Kind]:
    return [
        _Kind("error code", codes(), r"(?<!\w){}(?!\w)"),
        _Kind("status", statuses(), r"^(?=.*(status|answer)).*(?<![\w.]){}(?![\w.])"),
        _Kind("response header", headers(), r"""["']{}(["']|: )"""),
        _Kind("setting", settings(), r"(?<!\w){}(?!\w)"),
        _Kind("metric", metric_names(), r"(?<!\w){}(_bucket|_count|_sum)?(?!\w)"),
        _Kind("command", verbs(), r"""(run\w*\(["']|\[["']|^\s+["']|["'], ["']|signals ){}\b"""),
    ]


def namings() -> list[Naming]:
    """Every name with those that name it."""
    return [kind.naming(name, _features(), _modules()) for kind in _kinds() for name in kind.names]


@cache
def _features() -> dict[str, str]:
    """The features and what their sentences mean, in lower case. A name may stand in a step to spare the reader."""
    steps = step_definitions()
    wording: dict[str, str] = {}
    for file in read_features():
        sentences = {step["text"] for pickle in file.pickles for step in pickle["steps"]}
        meant = [_source(step.step_func) for step in steps if any(map(step.parser.is_matching, sentences))]
        wording[file.tag] = "\n".join([file.path.read_text(encoding="utf-8"), *meant]).lower()
    return wording


@cache
def _source(function: Callable[..., Any]) -> str:
    """The text of a function, and of the constants that it uses."""
    constants = [function.__globals__.get(name) for name in function.__code__.co_names]
    return "\n".join([inspect.getsource(function), *(f'"{text}"' for text in constants if isinstance(text, str))])


@cache
def _modules() -> dict[str, str]:
    """The test modules and their fixtures, in lower case."""
    tests = ROOT / "tests"
    paths = sorted([*tests.rglob("test_*.py"), *tests.glob("*/conftest.py"), *tests.glob("steps/*.py")])
    texts = {path.relative_to(tests).as_posix(): path.read_text(encoding="utf-8").lower() for path in paths}
    return {name: text for name, text in texts.items() if name not in _LISTS_OF_ALL}
