@AC-36 @inside
Feature: AC-36 The feed skips nothing
  Whoever acts on signals must get each of them once, in the order in which everybody gets them.
  So the feed gives signals page by page, and with each page a cursor from which it goes on, whatever was stored in the
  meantime and in which order it was committed.

  Rule: Page by page, every signal comes once and in one order

    Scenario Outline: Pages of any size
      Given anybody may read
      And the reader has read the feed to its end
      And signals are stored for "AA", "BB", "CC", "DD" and "EE"
      When the reader goes on with "limit=<limit>"
      Then the reader sees "AA", "BB", "CC", "DD" and "EE" in this order

      Examples: One, a few, all
        | limit |
        | 1     |
        | 2     |
        | 1000  |

    Example: A reader goes on where it ended
      Given anybody may read
      And signals are stored for "AA" and "BB"
      And the reader has read the feed to its end
      And the service was restarted
      And signals are stored for "CC" and "DD"
      When the reader goes on
      Then the reader sees "CC" and "DD" in this order

    Example: A signal is shown as at its place
      Given anybody may read
      And the reader has read the feed to its end
      And signals are stored for "AA" and "BB"
      And somebody has closed that signal in the database
      When the reader goes on
      Then each signal that the reader sees has the status 0

    Example: Nothing is stored yet
      Given anybody may read
      And a service that has counted nothing yet
      When the reader reads the feed
      Then the reader is given no signals but a cursor, and told that there is no more

  Rule: A signal that is committed late keeps back what comes after it

    Example: While it is not committed
      Given anybody may read
      And the reader has read the feed to its end
      And a transaction has stored a signal for "LATE", and is open
      And signals are stored for "AA" and "BB"
      When the reader goes on
      Then the reader sees nothing

    Example: When it is committed
      Given anybody may read
      And the reader has read the feed to its end
      And a transaction has stored a signal for "LATE", and is open
      And signals are stored for "AA" and "BB"
      And the reader has gone on meanwhile
      And the transaction was committed
      When the reader goes on
      Then the reader sees "LATE", "AA" and "BB" in this order

    Example: The operator is told who keeps the feed back
      Given anybody may read
      And a service that has counted nothing yet
      And a transaction has stored a signal for "LATE", and is open
      When the producer sends a signal
      Then the log names the session that keeps the feed back
      And the metrics show that the feed lags

  Rule: A reader gets what it asks for

    Scenario Outline: By instrument, producer and payload
      Given anybody may read
      And the reader has read the feed to its end
      And these signals are sent:
        | producer | instrument | payload        |
        | alpha    | XAUUSD     | {"size": "xl"} |
        | beta     | XAUEUR     | {"size": "s"}  |
        | alpha    | EURUSD     | {"size": "xl"} |
      When the reader goes on with "<query>"
      Then the reader sees <instruments> in this order

      Examples: Alone and together
        | query                                    | instruments           |
        | instrument=XAUUSD                        | "XAUUSD"              |
        | instrument=XAU*                          | "XAUUSD" and "XAUEUR" |
        | instrument=XAUUSD&instrument=EURUSD      | "XAUUSD" and "EURUSD" |
        | producer=alpha                           | "XAUUSD" and "EURUSD" |
        | instrument=XAU*&producer=beta            | "XAUEUR"              |
        | payload={"size":"xl"}                    | "XAUUSD" and "EURUSD" |
        | payload={"size":"xl"}&instrument=EUR*    | "EURUSD"              |

    Example: By the time of storage
      Given anybody may read
      And signals are stored for "AA"
      And the reader notes the time
      And signals are stored for "BB" and "CC"
      When the reader reads the feed from the time that it has noted
      Then the reader sees "BB" and "CC" in this order

    Example: Up to a time
      Given anybody may read
      And signals are stored for "AA" and "BB"
      And the reader notes the time
      And signals are stored for "CC"
      When the reader reads the feed up to the time that it has noted
      Then the reader sees "AA" and "BB" in this order

    Example: A cursor moves on although nothing is asked for
      Given anybody may read
      And the reader has read the feed to its end
      And signals are stored for "AA" and "BB"
      When the reader goes on with "instrument=NOTHING"
      Then the reader sees nothing
      And the reader is given another cursor

    Scenario Outline: A parameter that is not what it should be
      Given anybody may read
      When the reader asks the feed for "<query>"
      Then it is refused as "validation_failed"
      And the fault lies in "<name>"

      Examples: Out of bounds, malformed, unknown
        | query             | name       |
        | limit=0           | limit      |
        | limit=1001        | limit      |
        | wait=31           | wait       |
        | from=yesterday    | from       |
        | instrument=gold   | instrument |
        | payload=[]        | payload    |
        | instruments=XAU*  | instruments |

  Rule: A reader may wait for what is yet to come

    Example: It is answered when there is something
      Given anybody may read
      And the reader has read the feed to its end
      And the reader goes on, and waits for up to 30 seconds
      When the producer sends a signal for "XAUUSD"
      Then the reader is answered with "XAUUSD" within 5 seconds

    Example: It is answered at once when there is something already
      Given anybody may read
      And the reader has read the feed to its end
      And signals are stored for "AA"
      When the reader goes on with "wait=30"
      Then the reader sees "AA" in this order

    Example: More wait than there is room for
      Given anybody may read
      And there is no room for readers who wait
      And the reader has read the feed to its end
      When the reader goes on, waiting, and cannot
      Then it is refused as "too_many_streams"

  Rule: A cursor that leads nowhere is told, and never answered with nothing for ever

    Scenario Outline: It is none
      Given anybody may read
      When the reader asks the feed for "after=<cursor>"
      Then it is refused as "cursor_invalid"

      Examples: Made up, or changed
        | cursor                                           |
        | 1                                                |
        | 01a20dc7-e667-7406-ab00-7167f832076d             |
        | AAAAAQAAAAEAAAAAAAADsjpPGRk9Y08konIGXNSUdvNHKPI8 |

    Example: It is ahead of what is stored
      Given anybody may read
      And a service that has counted nothing yet
      And signals are stored for "AA" and "BB"
      And the reader has read the feed to its end
      And an older copy of the database was put back
      When the reader goes on and is refused
      Then it is refused as "cursor_expired"
      And both cursors that the reader is told can be read from

    Example: The database came from another server
      Given anybody may read
      And a service that has counted nothing yet
      And signals are stored for "AA" and "BB"
      And the reader has read the feed to its end
      And the database was restored into another server
      And signals are stored for "CC"
      When the reader goes on
      Then the reader sees "CC" in this order

    Example: The database is away
      Given anybody may read
      And a service that has counted nothing yet
      And signals are stored for "AA"
      And the database has gone away
      When the reader reads the feed
      Then it is refused as "feed_unavailable"
