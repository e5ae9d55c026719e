"""What all clients together may make the service keep."""

import pytest

from service.wire.budget import FREE_BYTES, Budget

LARGE = FREE_BYTES + 1000


class Client:
    """Remembers that it was shed, and keeps nothing then."""

    def __init__(self) -> None:
        self.shed_times = 0

    def shed(self) -> None:
        self.shed_times += 1


@pytest.fixture
def clients() -> list[Client]:
    """Four of them."""
    return [Client() for _ in range(4)]


def shed(clients: list[Client]) -> list[int]:
    return [client.shed_times for client in clients]


def test_nobody_is_shed_while_there_is_room(clients: list[Client]) -> None:
    budget = Budget(4 * LARGE)
    for client in clients:
        budget.keep(client, LARGE)
    assert shed(clients) == [0, 0, 0, 0]


def test_the_first_to_come_is_the_first_to_go_however_often_it_sends(clients: list[Client]) -> None:
    budget = Budget(3 * LARGE)
    for client in clients[:3]:
        budget.keep(client, LARGE - 500)
    budget.keep(clients[0], LARGE)
    budget.keep(clients[3], LARGE)
    assert shed(clients) == [1, 0, 0, 0]
    budget.keep(clients[1], 2 * LARGE)
    assert shed(clients) == [1, 1, 0, 0]


def test_as_many_go_as_have_to_and_the_last_one_if_it_is_too_large(clients: list[Client]) -> None:
    budget = Budget(2 * LARGE)
    for client in clients[:2]:
        budget.keep(client, LARGE)
    budget.keep(clients[2], 2 * LARGE + 1)
    assert shed(clients) == [1, 1, 1, 0]


def test_who_has_let_go_comes_anew(clients: list[Client]) -> None:
    budget = Budget(2 * LARGE)
    first, second, third, _ = clients
    budget.keep(first, LARGE)
    budget.keep(second, LARGE)
    budget.keep(first, 0)
    budget.keep(first, LARGE)
    budget.keep(third, LARGE)
    assert shed(clients) == [0, 1, 0, 0]


def test_who_has_gone_does_not_count(clients: list[Client]) -> None:
    budget = Budget(2 * LARGE)
    for _ in range(3):
        for client in clients:
            budget.keep(client, LARGE)
            budget.forget(client)
            budget.forget(client)
    assert shed(clients) == [0, 0, 0, 0]


def test_a_little_is_free_for_everyone(clients: list[Client]) -> None:
    budget = Budget(1)
    for client in clients:
        budget.keep(client, FREE_BYTES)
    assert shed(clients) == [0, 0, 0, 0]
    budget.keep(clients[3], FREE_BYTES + 1)
    assert shed(clients) == [0, 0, 0, 1]
