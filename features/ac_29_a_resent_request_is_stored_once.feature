@AC-29
Feature: AC-29 A resent request is stored once
  A producer that got no answer does not know whether its signal was stored, and must be free to send it again.
  So with signing on, the same signed bytes are the same request: stored once, answered the same.

  Rule: A resend within its window gets the first answer

    Example: At once
      Given signing is on
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed
      And exactly one signal is stored

    Example: The first answer is not marked
      Given signing is on
      When the producer sends a signal
      Then it is accepted
      And it is not marked as replayed

    Example: Several times
      Given signing is on
      And the producer has sent a signal
      And the producer has sent the very same request again
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed
      And exactly one signal is stored

    @inside
    Example: At the end of the window
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer has sent a signal
      And the clock of the service now shows "2026-01-31T12:05:00Z"
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed
      And exactly one signal is stored

    @inside
    Example: Signed ahead, resent as late as the window lets it pass
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer has sent a signal stamped 300 seconds ahead
      And the clock of the service now shows "2026-01-31T12:10:00Z"
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

    @inside
    Example: Meanwhile the signal has become too old to be taken now
      Given signing is on
      And signals may lie at most 60 seconds from now
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer has sent a signal dated "2026-01-31T11:59:00Z"
      And the clock of the service now shows "2026-01-31T12:00:30Z"
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

    @inside
    Example: After the window
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer has sent a signal
      And the clock of the service now shows "2026-01-31T12:05:01Z"
      When the producer sends the very same request again
      Then it is refused as "timestamp_outside_window"
      And exactly one signal is stored

    Example: With another request id, which is not signed
      Given signing is on
      And the producer has sent a signal
      When the producer sends the very same request again with another request id
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

  Rule: Twins that arrive together are one request

    Example: The same request many times at once
      Given signing is on
      When the very same request is sent 50 times at once
      Then all of them are accepted
      And all answers are the same, byte for byte
      And all but one are marked as replayed
      And exactly one signal is stored

    @inside
    Example: The same request many times at once, to two worker processes
      Given signing is on
      And the service runs with 2 worker processes
      When the very same request is sent 50 times at once
      Then all of them are accepted
      And all answers are the same, byte for byte
      And all but one are marked as replayed
      And exactly one signal is stored

  @inside
  Rule: A restart does not change the answer

    Example: The service was restarted in between
      Given signing is on
      And the producer has sent a signal
      And the service was restarted
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed
      And exactly one signal is stored

  Rule: Another signature is another request

    Scenario Outline: Nearly the same request
      Given signing is on
      And the producer has sent a signal
      When the producer sends the same signal again <differently>
      Then it is accepted
      And it is not marked as replayed
      And exactly two signals are stored

      Examples: What the signature covers
        | differently               |
        | with a later timestamp    |
        | as another producer       |
        | with one more space       |

  Rule: Only what was stored can be answered again

    Example: A refused request is refused again
      Given signing is on
      And the producer has sent a signal for "xauusd"
      When the producer sends the very same request again
      Then it is refused as "validation_failed"
      And it is not marked as replayed

    @inside
    Example: A request that failed is stored when it is resent
      Given signing is on
      And the database has gone away
      And the producer has sent a signal
      And the database has come back
      When the producer sends the very same request again
      Then it is accepted
      And it is not marked as replayed
      And exactly one signal is stored

  Rule: Without signing there is nothing to recognise a request by

    Example: The same bytes twice
      Given signing is off
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is accepted
      And it is not marked as replayed
      And exactly two signals are stored
