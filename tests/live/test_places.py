"""How many streams and waiting requests there may be, and what they cost others."""

import httpx

from tests.live.conftest import Starting
from tests.running.waiting import wait_until


def test_one_too_many_is_refused_and_no_other_is_touched(starting: Starting) -> None:
    with starting(settings={"SIGNALS_STREAMS_MAX": "3"}) as live:
        streams = [live.opened() for _ in range(3)]
        for _ in range(5):
            refused = live.open()
            assert refused.status == 503
            assert refused.refusal()["code"] == "too_many_streams"
            assert int(refused.headers["retry-after"]) >= 5
        waiting = httpx.get(f"{live.service.url}/api/v1/feed", params={"wait": "5"})
        assert (waiting.status_code, waiting.json()["code"]) == (503, "too_many_streams")
        id = live.store()
        assert [[signal["id"] for signal in stream.signals(1)] for stream in streams] == [[id]] * 3
        streams[0].close()
        wait_until(lambda: live.figure("signals_streams") == 2, "the place is free")
        assert live.opened().status == 200


def test_streams_hold_no_connection_to_the_database(starting: Starting) -> None:
    """Red when each keeps one (pitfall F13): a pool of two is empty with the second."""
    with starting(settings={"DATABASE_POOL_SIZE": "2"}) as live:
        streams = [live.opened({"instrument": f"I{number % 7}"}) for number in range(100)]
        ids = [live.store(f"I{number}") for number in range(7)]
        for number, stream in enumerate(streams):
            assert [signal["id"] for signal in stream.signals(1)] == [ids[number % 7]]
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        sessions = live.database.value(f"SELECT count(*) FROM pg_stat_activity WHERE {others}")
        assert sessions <= 2 + 1
