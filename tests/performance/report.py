"""Writes the figures as Markdown, into the marked part of a document whose other words are a person's."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.documents.section import replace_section
from tests.performance.arithmetic import Summary, ratio
from tests.performance.contestants import NODE, OURS, TORTOISE, Contestant


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
    """What was asked for: at `connections`, `measure` of ours and theirs, by setting; where nothing was, it is left
    out."""

    sentence: str
    rival: Contestant
    connections: int
    measure: Callable[[Summary, Summary], float | None]
    wanted: Mapping[Setting, float]
    at_most: bool = False

    def verdict(self, setting: Setting, ours: Summary | None, theirs: Summary | None) -> str:
        """What was reached, and whether that is what was asked for."""
        wanted = self.wanted.get(setting)
        if wanted is None:
            return ""
        found = self.measure(ours, theirs) if ours and theirs else None
        if found is None:
            return "not measured"
        reached = found <= wanted if self.at_most else found >= wanted
        bound = "at most" if self.at_most else "at least"
        return f"{found:.3g}, {bound} {wanted:g}: {'reached' if reached else '**missed**'}"


def _throughput(ours: Summary, theirs: Summary) -> float:
    return ratio(ours.per_second, theirs.per_second)


def _tail(ours: Summary, theirs: Summary) -> float:
    return ratio(ours.p99_ms, theirs.p99_ms)


def _cost(ours: Summary, _: Summary) -> float | None:
    return ours.processor_us


SMALL, LARGE = (tuple(Setting(workers, size) for workers in (1, 2)) for size in (300, 8192))
ALL = (*SMALL, *LARGE)

AIMS = (
    Aim("throughput at 100 connections, of that of (b)", NODE, 100, _throughput,
        dict(zip(ALL, (1.25, 1.8, 1.1, 1.6), strict=True))),
    Aim("throughput at 100 connections, of that of (c)", TORTOISE, 100, _throughput, dict.fromkeys(SMALL, 2.5)),
    Aim("throughput at 1 connection, of that of (b)", NODE, 1, _throughput, dict.fromkeys(ALL, 0.9)),
    Aim("throughput at 1 connection, of that of (c)", TORTOISE, 1, _throughput, dict.fromkeys(ALL, 1.1)),
    Aim("p99 at 32 connections, of that of (b)", NODE, 32, _tail, dict.fromkeys(ALL, 0.5), at_most=True),
    Aim("p99 at 100 connections, of that of (b)", NODE, 100, _tail, dict.fromkeys(ALL, 0.5), at_most=True),
    Aim("microseconds of processor for a signal at 100 connections", OURS, 100, _cost, {Setting(1, 300): 95},
        at_most=True),
)  # fmt: skip


def comparison(figures: Figures) -> str:
    """Every figure, and whether each aim was reached."""
    settings = sorted({cell.setting for cell in figures})
    return "\n\n".join([*(_setting_table(figures, setting) for setting in settings), _aims_table(figures, settings)])


def _setting_table(figures: Figures, setting: Setting) -> str:
    connections = sorted({cell.connections for cell in figures if cell.setting == setting})
    contestants = list(dict.fromkeys(cell.contestant for cell in figures if cell.setting == setting))
    header = ["", *(title for n in connections for title in (f"{n}: signals/s", "ours is", "p50 / p99 ms", "µs"))]
    rows = [
        [_name(one), *(text for n in connections for text in _texts(figures, Cell(setting, one, n)))]
        for one in contestants
    ]
    return f"### {str(setting).capitalize()}\n\n{table(header, rows)}"


def _name(contestant: Contestant) -> str:
    return f"**{contestant.title}**" if contestant == OURS else f"({contestant.key}) {contestant.title}"


def _texts(figures: Figures, cell: Cell) -> tuple[str, ...]:
    found, ours = figures.get(cell), figures.get(Cell(cell.setting, OURS, cell.connections))
    if found is None:
        return "", "", "", ""
    rate = f"{found.per_second:,.0f} ({found.lowest:,.0f} to {found.highest:,.0f})"
    times = f"{_throughput(ours, found):.2f} times" if ours and cell.contestant != OURS else ""
    cost = "" if found.processor_us is None else f"{found.processor_us:.0f}"
    return rate, times, f"{found.p50_ms:.1f} / {found.p99_ms:.1f}", cost


def _aims_table(figures: Figures, settings: Sequence[Setting]) -> str:
    rows = [[aim.sentence, *(_verdict(figures, aim, setting) for setting in settings)] for aim in AIMS]
    return f"### The aims\n\n{table(['aim', *map(str, settings)], rows)}"


def _verdict(figures: Figures, aim: Aim, setting: Setting) -> str:
    ours = figures.get(Cell(setting, OURS, aim.connections))
    return aim.verdict(setting, ours, figures.get(Cell(setting, aim.rival, aim.connections)))


def facts_table(facts: Mapping[str, str], command: str) -> str:
    """The machine, the versions and the command behind the figures."""
    return table(["", ""], [*([label, text] for label, text in facts.items()), ["Command", f"`{command}`"]])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def publish(document: Path | None, name: str, arguments: Sequence[str], facts: Mapping[str, str], figures: str) -> None:
    """Prints what `python -m tests.performance.<name>` found, with the machine, the versions and the command behind
    it, and puts the same into the section `name` of the document, if there is one."""
    text = f"{facts_table(facts, ' '.join([f'python -m tests.performance.{name}', *arguments]))}\n\n{figures}"
    print(text)
    if document is not None:
        write_section(document, name, text)


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
