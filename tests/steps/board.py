"""The board: what somebody does on it, and what it shows."""

from pytest_bdd import given, parsers, then, when

from tests.observing.board import Board
from tests.speaking.conversation import Conversation
from tests.speaking.producer import Producer
from tests.speaking.reader import Reader

WRONG_TOKEN = "signals_reader_nobody-made-this-one"


@when("somebody opens the board")
def open_board(board: Board) -> None:
    board.open()


@given("the board is open")
def board_open(board: Board) -> None:
    board.open()
    board.wait_until_connected()


@given("the board asks the reader for its token")
def board_asks(board: Board) -> None:
    board.open()
    asks_for_token(board)


@when("the reader opens the board")
def reader_opens(board: Board, reader: Reader) -> None:
    board_asks(board)
    board.show_token(reader.tokens[-1])
    board.wait_until_connected()


@given("the board shows the reader a signal")
def reader_sees(board: Board, reader: Reader, producer: Producer, conversation: Conversation) -> None:
    producer.send()
    reader_opens(board, reader)
    shows_signal(board, conversation)


@when("the reader shows the board its token")
def show_token(board: Board, reader: Reader) -> None:
    board.show_token(reader.tokens[-1])


@when("the reader shows the board a wrong token")
def show_wrong_token(board: Board) -> None:
    board.show_token(WRONG_TOKEN)


@when("the reader has the board forget its token")
def forget(board: Board) -> None:
    board.element("forget").click()


@given(parsers.re(r'somebody has looked on it for the (?P<what>instrument|producer) "(?P<name>.*)"'))
def has_looked_for(board: Board, what: str, name: str) -> None:
    look_for(board, what, name)
    board.wait_until_connected()


@when(parsers.re(r'somebody looks on it for the (?P<what>instrument|producer) "(?P<name>.*)"'))
def look_for(board: Board, what: str, name: str) -> None:
    board.look_for(**{what: name})


@given("the connection of the board has broken")
def connection_broken(board: Board) -> None:
    break_connection(board)
    says_not_connected(board)


@when("the connection of the board breaks")
def break_connection(board: Board) -> None:
    board.link.cut()


@when("the connection of the board comes back")
def mend_connection(board: Board) -> None:
    board.link.mend()


@then("the board shows the signal")
def shows_signal(board: Board, conversation: Conversation) -> None:
    board.wait_for_row(conversation.answer.json()["id"])


@then(parsers.parse('the board shows the signal as "{side}" "{instrument}"'))
def shows_signal_as(board: Board, conversation: Conversation, side: str, instrument: str) -> None:
    row = board.wait_for_row(conversation.answer.json()["id"])
    assert (row.side, row.instrument) == (side, instrument)


@then(parsers.re(r"the board shows the signal with the payload (?P<payload>.*)"))
def shows_payload(board: Board, conversation: Conversation, payload: str) -> None:
    assert board.wait_for_row(conversation.answer.json()["id"]).payload == payload


@then(parsers.parse('the board shows signals for "{instrument}" alone'))
def shows_instrument_alone(board: Board, instrument: str) -> None:
    assert {row.instrument for row in board.rows()} == {instrument}


@then(parsers.parse('the board shows signals of "{producer}" alone'))
def shows_producer_alone(board: Board, producer: str) -> None:
    assert {row.producer for row in board.rows()} == {producer}


@then("the board shows no signal")
def shows_none(board: Board) -> None:
    assert board.rows() == []


@then("the board says how old the newest signal is")
def says_age(board: Board) -> None:
    board.wait(lambda: board.text("newest").startswith("Newest signal "), "the age of the newest signal")


@then("the board says that it is connected")
def says_connected(board: Board) -> None:
    board.wait_until_connected()


@then("the board says that it is not connected")
def says_not_connected(board: Board) -> None:
    board.wait(lambda: board.text("connection").startswith("Not connected"), "not connected")


@then("the board says that it does not understand the filter")
def says_filter_not_understood(board: Board) -> None:
    board.wait(lambda: "filter" in board.text("connection"), "that the filter is not understood")
    assert board.text("filter-fault")


@then("the board asks for a token")
def asks_for_token(board: Board) -> None:
    board.wait(lambda: board.text("door") != "", "where to type a token in")
    assert board.text("board") == ""


@then("the board asks for a token, and says that this one is not known")
def asks_for_another_token(board: Board) -> None:
    asks_for_token(board)
    assert "not known" in board.text("door-fault")


@then(parsers.parse('the board tells of {count:d} request that was refused as "{code}"'))
def tells_refusals(board: Board, count: int, code: str) -> None:
    board.wait(lambda: board.refusals().get(code) == count, f"{count} refused as {code}")


@then(parsers.parse("the board tells of {count:d} signal stored in this minute at most"))
def tells_minutes(board: Board, count: int) -> None:
    assert f"at most {count} " in board.text("minutes-summary")


@then("the board tells of no refusals")
def tells_no_refusals(board: Board) -> None:
    assert board.refusals() == {}
    assert "readers of everything" in board.text("refusals-summary")
