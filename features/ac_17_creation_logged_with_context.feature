@AC-17 @inside
Feature: AC-17 Creation logged with context
  When a trade is questioned, the operator must find in the log what was taken, from whom and when.
  So each stored signal leaves one line that says so, and what was in its payload stays out of the log.

  Rule: One line tells of each stored signal

    Scenario Outline: A signal is stored
      Given signing is on
      And the producer is called "ea-7"
      When the producer sends a signal for "GOLD.SPOT" with the side <side>
      Then it is accepted
      And the log tells once of the creation, at level "info"
      And that line names the stored signal
      And that line says:
        | instrument  | GOLD.SPOT |
        | side        | <side>    |
        | producer_id | ea-7      |

      Examples: Buy and sell
        | side |
        | 0    |
        | 1    |

    Example: The line is dated, and belongs to its request
      When the producer sends a signal
      Then it is accepted
      And the log tells once of the creation, at level "info"
      And that line says when it was written
      And that line carries the request id

    Example: Nobody signed
      Given signing is off
      When the producer sends a signal
      Then it is accepted
      And the log tells once of the creation, at level "info"
      And that line names no producer

    Example: Every signal has its own line
      When 20 signals are sent at once
      Then all of them are accepted
      And the log tells of the creation of each, once

    Example: A resent signal is not told again as created
      Given signing is on
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is accepted
      And the log tells of no creation

  Rule: A log that nobody reads stops nothing

    Example: Signals while the reader of the log is away
      Given nobody reads the log
      When 60 signals are sent at once
      Then all of them are accepted
      And the log, when it is read again, tells of the creation of each, once

    Example: More signals than there is room for in the log
      Given the log has room for 2000 bytes
      And nobody reads the log
      When 60 signals are sent at once
      Then all of them are accepted
      And the log, when it is read again, tells how many lines are missing

  Rule: A signal that was stored although nobody could say so in time has its line too

    Example: The database answered when the request had been answered
      Given the database has stopped answering
      And the producer has been refused as "internal_error"
      When the database answers again
      Then the log tells once of the late storing, at level "warning"
      And that line carries the request id
      And that line names a stored signal

  Rule: What was not stored is not told as stored

    Example: A refused signal
      When the producer sends a signal for "xauusd"
      Then it is refused as "validation_failed"
      And the log tells of no creation

  Rule: No value of a payload is written to the log

    Scenario Outline: A payload with a secret in it
      When the producer sends a signal with the payload <payload>
      Then it is accepted
      And the log tells once of the creation, at level "info"
      And nothing in the log contains "do-not-log-me"

      Examples: As a value and as a key
        | payload                             |
        | {"account": "do-not-log-me"}        |
        | {"a": {"b": ["do-not-log-me"]}}     |
        | {"do-not-log-me": 1}                |
