"""Writes the figures as Markdown, into the marked part of a document whose other words are a person's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.performance.arithmetic import Summary, ratio
from tests.performance.contestants import CEILING, FASTAPI, NODE, OURS, TORTOISE, Contestant


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """A table: so many processes, bodies of so many bytes."""

    workers: int
    size: int

    def __str__(self) -> str:
        processes = "one process" if self.workers == 1 else f"{self.workers} processes"
        return f"{processes}, {self.size:,}-byte bodies"


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: a contestant in a setting, at so many connections."""

    setting: Setting
    contestant: Contestant
    connections: int


Figures = Mapping[Cell, Summary]


@dataclass(frozen=True, slots=True)
class Aim:
    """What was asked for: at `connections`, `measure` of ours and theirs should be `wanted` or more."""

    sentence: str
    rival: Contestant
    connections: int
    measure: Callable[[Summary, Summary], float]
    wanted: float


def _throughput(ours: Summary, theirs: Summary) -> float:
    return ratio(ours.per_second, theirs.per_second)


def _tail(ours: Summary, theirs: Summary) -> float:
    return ratio(theirs.p99_ms, ours.p99_ms)


AIMS = (
    Aim("at 100 connections at least 10 times (a)", FASTAPI, 100, _throughput, 10),
    Aim("at 100 connections at least 1.5 times (b)", NODE, 100, _throughput, 1.5),
    Aim("at 100 connections at least 2 times (c)", TORTOISE, 100, _throughput, 2),
    Aim("at 100 connections at least 0.6 of (d)", CEILING, 100, _throughput, 0.6),
    Aim("at 1 connection no slower than (c)", TORTOISE, 1, _throughput, 1),
    Aim("p99 at 32 connections no worse than half of (b)'s, so 2 times better", NODE, 32, _tail, 2),
)


def comparison(figures: Figures) -> str:
    """Every figure, and whether each aim was reached."""
    settings = sorted({cell.setting for cell in figures})
    return "\n\n".join([*(_setting_table(figures, setting) for setting in settings), _aims_table(figures, settings)])


def _setting_table(figures: Figures, setting: Setting) -> str:
    connections = sorted({cell.connections for cell in figures if cell.setting == setting})
    contestants = list(dict.fromkeys(cell.contestant for cell in figures if cell.setting == setting))
    header = ["", *(title for n in connections for title in (f"{n}: signals/s", "ours is", "p50 / p99 ms"))]
    rows = [
        [_name(one), *(text for n in connections for text in _texts(figures, Cell(setting, one, n)))]
        for one in contestants
    ]
    return f"### {str(setting).capitalize()}\n\n{table(header, rows)}"


def _name(contestant: Contestant) -> str:
    return f"**{contestant.title}**" if contestant == OURS else f"({contestant.key}) {contestant.title}"


def _texts(figures: Figures, cell: Cell) -> tuple[str, str, str]:
    found, ours = figures.get(cell), figures.get(Cell(cell.setting, OURS, cell.connections))
    if found is None:
        return "", "", ""
    rate = f"{found.per_second:,.0f} ({found.lowest:,.0f} to {found.highest:,.0f})"
    times = f"{_throughput(ours, found):.2f} times" if ours and cell.contestant != OURS else ""
    return rate, times, f"{found.p50_ms:.1f} / {found.p99_ms:.1f}"


def _aims_table(figures: Figures, settings: Sequence[Setting]) -> str:
    rows = [[aim.sentence, *(_verdict(figures, aim, setting) for setting in settings)] for aim in AIMS]
    return f"### The aims\n\n{table(['aim', *map(str, settings)], rows)}"


def _verdict(figures: Figures, aim: Aim, setting: Setting) -> str:
    ours = figures.get(Cell(setting, OURS, aim.connections))
    theirs = figures.get(Cell(setting, aim.rival, aim.connections))
    if ours is None or theirs is None:
        return "not measured"
    reached = aim.measure(ours, theirs)
    return f"{reached:.2f} times, {'reached' if reached >= aim.wanted else '**missed**'}"


def facts_table(facts: Mapping[str, str], command: str) -> str:
    """The machine, the versions and the command behind the figures."""
    return table(["", ""], [*([label, text] for label, text in facts.items()), ["Command", f"`{command}`"]])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replace_section(document: str, name: str, text: str) -> str:
    """`document` with `text` between its `<!-- name:begin -->` and `<!-- name:end -->`, the rest untouched.

    Raises ValueError when the marks are not there, once each and in this order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(end) < document.index(begin):
        raise ValueError(f"the document needs {begin} and {end}, once each")
    before, after = document.partition(begin)[0], document.partition(end)[2]
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def check_section(path: Path, name: str) -> None:
    """Raises OSError or ValueError when `write_section` could not write there: to be asked before minutes of work."""
    replace_section(_document(path, name), name, "")
    with path.open("a", encoding="utf-8"):
        pass


def write_section(path: Path, name: str, text: str) -> None:
    """Puts `text` into the section `name` of the document at `path`, or into a new one."""
    path.write_text(replace_section(_document(path, name), name, text), encoding="utf-8")


def _document(path: Path, name: str) -> str:
    document = path.read_text(encoding="utf-8") if path.exists() else ""
    return document or f"<!-- {name}:begin -->\n<!-- {name}:end -->\n"
