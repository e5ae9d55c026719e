"""The service before anything is sent: its settings, its clock, its database."""

from datetime import datetime

from pytest_bdd import given, parsers, when

from tests.running.deployment import Deployment
from tests.running.postgres import migrate
from tests.running.reachable import Reachable
from tests.running.service_process import limited
from tests.running.waiting import wait_until

LATER_VERSION = "99_20990101000000_later.py"


@given("signing is on")
def signing_is_on(deployment: Reachable) -> None:
    deployment.demand_signing(True)


@given("signing is off")
def signing_is_off(deployment: Reachable) -> None:
    deployment.demand_signing(False)


@given("a service without settings")
def no_settings(inside: Deployment) -> None:
    inside.configure()


@given(parsers.parse("payloads may have at most {size} bytes"))
def payload_limit(inside: Deployment, size: str) -> None:
    inside.configure(SIGNALS_PAYLOAD_MAX_BYTES=size)


@given(parsers.parse("signals may lie at most {seconds} seconds from now"))
def age_limit(inside: Deployment, seconds: str) -> None:
    inside.configure(SIGNALS_TIME_MAX_AGE_SECONDS=seconds)


@given(parsers.parse("a request must arrive within {seconds} second"))
def receive_limit(inside: Deployment, seconds: str) -> None:
    inside.configure(SIGNALS_RECEIVE_SECONDS=seconds)


@given(parsers.parse("the service takes {limit} connections at once"))
def connections_limit(inside: Deployment, limit: str) -> None:
    inside.configure(SIGNALS_CONNECTIONS_MAX=limit)


@given(parsers.parse("there is room for {limit} waiting signals"))
def queue_limit(inside: Deployment, limit: str) -> None:
    inside.configure(SIGNALS_QUEUE_LIMIT=limit)


@given(parsers.parse("the service takes {seconds} seconds to shut down"))
def shutdown_delay(inside: Deployment, seconds: str) -> None:
    inside.configure(SIGNALS_SHUTDOWN_DELAY_SECONDS=seconds)


@given(parsers.parse('the build "{build}" runs in the environment "{environment}"'))
def build(inside: Deployment, build: str, environment: str) -> None:
    inside.configure(APP_BUILD=build, APP_ENV=environment)


@given(parsers.parse("the service runs with {workers:d} worker processes"))
def worker_processes(inside: Deployment, workers: int) -> None:
    inside.use_workers(workers)


@given("a service that has counted nothing yet")
def new_service(inside: Deployment) -> None:
    inside.start_own()


@given(parsers.parse("a service of {workers:d} worker processes that has counted nothing yet"))
def new_service_of_several(inside: Deployment, workers: int) -> None:
    inside.use_workers(workers)
    inside.start_own()


@given(parsers.parse('the clock of the service shows "{instant}"'))
@given(parsers.parse('the clock of the service now shows "{instant}"'))
def clock_shows(inside: Deployment, instant: str) -> None:
    inside.show_time(datetime.fromisoformat(instant))


@given("the database has gone away")
def database_gone(inside: Deployment) -> None:
    if not inside.started:
        inside.configure(**limited(answer_seconds=1))
    inside.cut_database()


@given("the database has come back")
@given("the database answers again")
@when("the database answers again")
def database_back(inside: Deployment) -> None:
    inside.mend_database()


@given("the database has stopped answering")
def database_stalled(inside: Deployment) -> None:
    inside.stall_database()


@given("the database has closed all connections of the service")
def connections_closed(inside: Deployment) -> None:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    inside.database.fetch(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


@given(parsers.parse("the log has room for {size:d} bytes"))
def room_in_the_log(inside: Deployment, size: int) -> None:
    inside.configure(**limited(log_bytes=size))


@given("nobody reads the log")
def log_not_read(inside: Deployment) -> None:
    inside.start_own()
    inside.service.log.pause()


@given("another database server has taken over")
def database_replaced(inside: Deployment) -> None:
    inside.replace_database()


@given("the database refuses every signal")
def database_refuses_all(inside: Deployment) -> None:
    inside.configure(**limited(answer_seconds=1))
    inside.start_own()
    inside.database.execute("ALTER TABLE signals ADD CONSTRAINT refused CHECK (false) NOT VALID")


@given(parsers.parse('the database refuses signals for "{instrument}"'))
def database_refuses(inside: Deployment, instrument: str) -> None:
    inside.start_own()
    inside.database.execute(f"ALTER TABLE signals ADD CONSTRAINT refused CHECK (instrument <> '{instrument}')")


@given("the database takes signals again")
def database_takes_signals(inside: Deployment) -> None:
    inside.database.execute("ALTER TABLE signals DROP CONSTRAINT refused")


@given("the service was started while its database was away")
def started_first(inside: Deployment) -> None:
    inside.start_own(database_away=True)


@given("a database without tables")
def database_without_tables(inside: Deployment) -> None:
    inside.start_own(tables=False)


@given("a database that a later version has migrated")
def database_of_later_version(inside: Deployment) -> None:
    inside.start_own()
    columns = "INSERT INTO aerich (version, app, content) VALUES"
    inside.database.execute(f"{columns} ('{LATER_VERSION}', 'models', '{{}}')")


@given("a connection pooler before the database, and time limits on the role of the service")
def pooler(inside: Deployment) -> None:
    inside.start_behind_a_pooler(statement_timeout="1500ms", lock_timeout="1s")


@given("a connection pooler before the database, and no time limits on the role of the service")
def pooler_without_limits(inside: Deployment) -> None:
    inside.start_behind_a_pooler()


@given("the operator has run the migrations")
def migrations_run(inside: Deployment) -> None:
    migrate(inside.database.url)


@given("the operator has told the service to stop")
def told_to_stop(inside: Deployment) -> None:
    inside.start_own()
    inside.service.tell_to_stop()


@given("the service was restarted")
def restarted(inside: Deployment) -> None:
    inside.restart()


@given("the operator has seen that the service is not ready")
def seen_not_ready(inside: Deployment) -> None:
    assert inside.service.answers("/api/v1/ready", 503)


@given("the service has become ready")
def became_ready(inside: Deployment) -> None:
    inside.service.wait_until_ready()


@given("the service has become not ready")
def became_not_ready(inside: Deployment) -> None:
    wait_until(lambda: inside.service.answers("/api/v1/ready", 503), "the service is not ready")
