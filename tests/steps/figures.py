"""What the service counts and measures."""

from pytest_bdd import given, parsers, then

from tests.observing.figures import Figures, sample

INGESTED, REJECTED = "signals_ingested_total", "signals_rejected_total"


@given("the figures have been noted")
def figures_noted(figures: Figures) -> None:
    figures.note()


@then(parsers.parse('the count of signals stored for "{instrument}" on the side "{side}" has grown by {count:d}'))
def ingested_grown(figures: Figures, instrument: str, side: str, count: int) -> None:
    assert figures.growth(INGESTED)[sample(INGESTED, instrument=instrument, side=side)] == count


@then("no other count of signals stored has grown")
def no_other_ingested_grown(figures: Figures) -> None:
    assert len(figures.growth(INGESTED)) == 1


@then("no count of signals stored has grown")
def no_ingested_grown(figures: Figures) -> None:
    assert not figures.growth(INGESTED)


@then(parsers.parse('the count of signals stored for "{instrument}" on the side "{side}" is {count:d}'))
def ingested_are(figures: Figures, instrument: str, side: str, count: int) -> None:
    assert figures.now()[sample(INGESTED, instrument=instrument, side=side)] == count


@then(parsers.parse("{count:d} instruments have a count of their own"))
def instruments_counted(figures: Figures, count: int) -> None:
    assert len(figures.instruments()) == count


@then(parsers.parse('the count of requests refused as "{code}" has grown by {count:d}'))
def rejected_grown(figures: Figures, code: str, count: int) -> None:
    assert figures.growth(REJECTED) == {sample(REJECTED, code=code): count}


@then("the time to create has one more measurement")
def one_more_measurement(figures: Figures) -> None:
    assert figures.growth("signals_create_seconds_count") == {sample("signals_create_seconds_count"): 1}


@then(parsers.parse("one more commit has been measured, of {count:d} signal"))
def one_more_commit(figures: Figures, count: int) -> None:
    for name, growth in {"signals_commit_seconds_count": 1, "signals_batch_rows_sum": count}.items():
        assert figures.growth(name) == {sample(name): growth}


@then(parsers.parse('the count of requests answered with {status} to {method} on "{route}" has grown by {count:d}'))
def requests_grown(figures: Figures, status: str, method: str, route: str, count: int) -> None:
    name = "http_requests_total"
    assert figures.growth(name)[sample(name, route=route, method=method, status=status)] == count


@then(parsers.parse('the figures name the build "{build}" in the environment "{environment}"'))
def figures_name_build(figures: Figures, build: str, environment: str) -> None:
    [labels] = [dict(labels) for name, labels in figures.now() if name == "signals_build_info"]
    assert labels["version"]
    assert (labels["build"], labels["env"]) == (build, environment)


@then(parsers.parse('the figures do not contain "{text}"'))
def figures_do_not_contain(figures: Figures, text: str) -> None:
    assert text not in figures.text()
