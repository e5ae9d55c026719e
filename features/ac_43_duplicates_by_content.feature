@AC-43
Feature: AC-43 Duplicates by content
  A restarted bot may send again what it has sent, as a new request. The operator says whether signals of one producer
  for the same instrument, side and time are stored, answered with the first, or refused.

  Rule: Unless the operator says otherwise all are stored

    Example: The same signal in two requests
      Given signing is on
      And the producer has sent a signal
      When the producer signs the same signal anew
      Then it is accepted
      And exactly two signals are stored

  @inside
  Rule: The first can be returned

    Example: The same signal
      Given duplicates are returned
      And signing is on
      And the producer has sent a signal
      When the producer signs the same signal anew
      Then it is answered with 200
      And it names the first signal
      And exactly one signal is stored

    Example: With another payload
      Given duplicates are returned
      And signing is on
      And the producer has sent a signal
      When the producer sends the same signal with another payload
      Then it names the first signal
      And it says that they differ

    Example: The very same request is no duplicate
      Given duplicates are returned
      And signing is on
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed

  @inside
  Rule: The repeat can be refused

    Example: The same signal is refused
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal
      When the producer signs the same signal anew
      Then it is refused as "duplicate_signal"
      And it names the first signal
      And exactly one signal is stored

    Example: The very same request is answered and not refused
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte

    Scenario Outline: What makes it another signal
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal
      When the producer sends the same signal with another <difference>
      Then it is accepted
      And exactly two signals are stored

      Examples: Each alone
        | difference |
        | instrument |
        | side       |
        | time       |

    Example: The same instant in another offset
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal dated "2026-01-29T12:00:00Z"
      When the producer sends a signal dated "2026-01-29T14:00:00+02:00"
      Then it is refused as "duplicate_signal"

    Example: Another producer
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal
      When another producer sends the same signal
      Then it is accepted

    Example: Nobody
      Given duplicates are refused
      And signing is off
      And nobody has sent a signal
      When nobody sends the same signal
      Then it is accepted

    Example: Twice in one batch
      Given duplicates are refused
      And signing is on
      When the producer sends a batch of 3 signals, the last as the first
      Then the signal at place 2 is refused as "duplicate_signal"
      And exactly two signals are stored

    Example: After the window
      Given duplicates are refused
      And signing is on
      And the producer has sent a signal
      And a day has passed for all keys
      When the producer signs the same signal anew
      Then it is accepted

  @inside
  Rule: Twins at two worker processes cannot both win

    Example: Many at once
      Given duplicates are returned
      And signing is on
      And the service runs with 2 worker processes
      When the same signal is sent 20 times at once, each signed anew
      Then all of them tell of one signal
      And exactly one signal is stored

  @inside
  Rule: What is said of a producer goes before what is said of all

    Example: Refused for one producer
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has said that its duplicates are refused
      And the producer has sent a signal
      When the producer signs the same signal anew
      Then it is refused as "duplicate_signal"
