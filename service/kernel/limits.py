"""Every limit that is not a setting, in one value, so that tests need neither wait them out nor patch them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the service waits, and how much it takes at once.

    The five seconds in which a request is answered have room for two attempts, since the first may be lost with its
    connection. The server gives up on a statement before the client does, so that an abandoned one does not go on by
    itself.
    """

    connect_seconds: float = 1.5
    lock_seconds: float = 1.0
    statement_seconds: float = 1.5
    command_seconds: float = 2.0
    """One attempt: one exchange with the database, from the wait for a free connection to the answer."""
    answer_seconds: float = 4.5
    """After this long a signal is answered 500, whatever the database does: the contract allows five seconds."""
    readiness_seconds: float = 1.5

    crossing_seconds: float = 0.5
    """How long an idle connection stays open at shutdown, for a request that has been sent before its client could
    know: it gets an answer, and the connection ends with that."""
    linger_seconds: float = 1.0
    """How long a client that is still sending gets to read its answer and to close its side."""
    grace_seconds: int = 10
    """How long requests that have begun may take to finish after the server was told to stop."""
    orphan_seconds: float = 1.5
    """How long a worker process whose parent is gone may finish requests: it is gone within two seconds."""

    unproven_bytes: int = 16 * 1024 * 1024
    """How much all requests that have not arrived completely may keep together in one process, beside a little each."""
    queue_bytes: int = 64 * 1024 * 1024
    """How many bytes the payloads of the signals may have together that one process holds unanswered."""

    log_bytes: int = 8 * 1024 * 1024
    """How much of the log waits for its reader: about what a busy process writes in a second."""
    log_drain_seconds: float = 2.0
    """How long a process that ends waits for the reader of its log."""
    errors_per_second: int = 10
    """Of how many exceptions one process tells the error tracker in a second: the rest are like them."""
    telemetry_drain_seconds: float = 2.0
    """How long a process that ends waits for who watches it from outside."""

    batch_items: int = 1000
    """How many signals one request may bring."""
    batches_at_once: int = 1
    batches_waiting: int = 16
    """How many such requests are in hand at the database at once, and how many one process holds unanswered. With two
    in hand, single signals would take twice as long meanwhile, where it has no more than two processors."""
    batch_rows: int = 256
    batch_bytes: int = 128 * 1024
    """How many signals share a commit, and after how many bytes of payloads there is no room for more: PostgreSQL works
    on these for some ten milliseconds, in which the service prepares the next ones."""
    second_bytes: int = 96 * 1024
    """How much must wait for a second commit to begin beside one that is under way."""
    retry_seconds: float = 0.1
    """How long the writer waits before it repeats a statement that the database did not answer well."""
    rehearsal_seconds: float = 1.0
    """How often it tries whether a signal could be stored, while it knows of none that could and has none to store."""
    inquiry_seconds: float = 1.0
    uncertain_seconds: float = 10.0
    """How often, and until when after its answer, a signal is asked for of which nobody knows whether it was stored.
    By then the server has committed the statement or given up on it."""

    held_seconds: float = 0.02
    """How long a signal waits before it is tried again while somebody else is about to store the same."""
    idempotency_seconds: float = 86_400
    """How long a request is remembered by the key that its producer chose."""
    receipt_seconds: float = 900
    """How long after it was signed a request is remembered. It passes until it is 300 seconds old; the rest allows for
    the clocks of services to differ."""
    prune_seconds: float = 60
    prune_rows: int = 10_000
    clock_check_seconds: float = 60
    clock_away_seconds: float = 60
    """How often the clock of the database is looked at, and how far away from the service's it may be."""

    figures_seconds: float = 1.0
    """How often the metrics are told what is under way: how much waits, how many connections are in use."""

    hints_per_second: int = 50
    """How many refused signatures one process explains in a second. A hint costs more than to accept a signal, so that
    a flood of wrong signatures goes without."""
    keyring_poll_seconds: float = 0.5
    """How often a process looks whether producers, keys or readers were changed, announced or not: they are promised to
    be known within a second."""
    keyring_compare_seconds: float = 300
    """How often a process compares all that it knows with the database, in case that something was not counted."""
    keyring_page: int = 500
    """How many producers are read at once. Requests are handled between one page and the next."""
    listener_probe_seconds: float = 5
    """How often a process announces something to itself, to learn whether announcements still arrive."""
    listener_answer_seconds: float = 2
    listener_retry_seconds: float = 1
    uses_seconds: float = 20
    """How often the uses of keys are written down."""

    token_seconds: float = 0.3
    """How long a process may use what it has borrowed of a producer's rate before it was asked for."""
    quota_answer_seconds: float = 0.4
    """How long a request waits for the word that it is within the rate of its producer. With `answer_seconds`, which
    begin then, it stays below five seconds."""
    quota_retry_seconds: float = 0.02
    """How long a process waits before it asks again for a quota that another process is being told of."""
    resends_per_second: int = 50
    """How many requests beyond the rates of their producers a process looks up, to answer those that were stored."""
    tidy_seconds: float = 10
    """How often producers that send nothing any more are forgotten."""
    page_rows: int = 10_000
    """At how many signals a page looks at most, whether it shows them or not."""
    page_payload_bytes: int = 64 * 1024 * 1024
    """How much a page reads at most that looks into payloads, if each has as much as is allowed."""
    page_contents_seconds: float = 0.2
    """How long such a page waits for the index of payloads."""
    page_bytes: int = 4 * 1024 * 1024
    """How much a page shows, one signal at least."""
    page_names: int = 32
    """How many instruments a page looks up one by one. Of more it looks at all signals."""
    reading_sessions: int = 3
    """How many connections of the pool readers may use at once."""
    reading_queue: int = 1000
    """How many readers wait for one of them."""
    tail_rows: int = 500
    tail_poll_seconds: float = 0.05
    """How often a process looks for what others have stored, while somebody waits for it."""
    tail_tick_seconds: float = 0.02
    """How long it then waits for more: what is stored meanwhile shares one look."""
    tail_retry_seconds: float = 0.5
    tail_check_seconds: float = 1.0
    """How often it is looked, while nothing new comes, whether an older copy of the database was put back."""
    survey_seconds: float = 1.0
    survey_rows: int = 10_000
    """How many signals are surveyed at once."""
    samples_seconds: float = 86_400
    """After how long one sample a minute is enough to tell how far a time is in the feed."""
    overview_seconds: float = 5.0
    """How often it is looked how far the counters have come: a signal may be counted for the minute after its own."""
    standby_seconds: float = 0.5
    """How often a standby is looked at, and told how far its primary is, which surveys as often then."""
    standby_wait_seconds: float = 0.3
    """How long a reader waits for a standby that has not come to the place where it stands."""
    lag_seconds: float = 1.0
    """How often it is looked who holds the end of the feed back, and after how long that is told."""
    expiry_seconds: float = 1.0
    """How often it is looked for what has expired and is to be closed."""
    expiry_rows: int = 500
    """How many signals are closed at once."""
    months_seconds: float = 60
    months_ahead: int = 3
    """How often it is looked whether there are tables for the months to come, and for how many."""
    retention_seconds: float = 3600
    """How often it is looked whether a month has become old enough for the archive."""
    database_time_seconds: float = 5.0
    """How often a process looks at the clock of the database, which decides what has expired."""
    heartbeat_seconds: float = 5.0
    """How often each stream tells how far it has come, whether there are signals for it or not."""
    stream_seconds: float = 3600
    """About how long a stream lasts: then its reader comes back, perhaps to a process that has less to do."""
    stream_memory_bytes: int = 16 * 1024 * 1024
    """How much a process keeps of the latest events, for streams that have fallen behind a little: about half a minute
    of 500 signals a second. Those that are further behind are read from the database."""
