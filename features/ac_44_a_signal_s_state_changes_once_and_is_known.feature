@AC-44
Feature: AC-44 A signal's state changes once, and is known
  Somebody decides what becomes of a signal: it is queued to be executed, or it is closed. Of those who decide at the same
  time one is heard, and everybody can see who it was, when, and why.

  @inside
  Rule: A new signal is queued or closed, a queued one is closed, and a closed one stays so

    Scenario Outline: What may become of a signal
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal <before>
      When the reader makes the signal <after>
      Then the reader is told that the signal is <after>
      And the signal is <after>

      Examples: Forward
        | before | after  |
        | new    | queued |
        | new    | closed |
        | queued | closed |

    Scenario Outline: What may not
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal <before>
      When another reader makes the signal <after>
      Then it is refused as "transition_refused"
      And the signal is <before>

      Examples: Twice, or back
        | before | after  |
        | queued | queued |
        | closed | queued |
        | closed | closed |

    Example: Closing takes a reason
      Given the operator has let a reader approve
      And the producer has sent a signal
      When the reader closes the signal without a reason
      Then it is refused as "validation_failed"

  @inside
  Rule: Who has decided, when and why is there to see

    Example: In the signal
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal queued
      When the reader closes the signal because of "the market is closed"
      Then the history of the signal tells both changes, their times, the reader and the reason

    Example: In the feed, behind the signal
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal queued
      When the reader closes the signal because of "the market is closed"
      Then the feed shows the signal as it was new, and both changes behind it

    Example: In the live feed
      Given the operator has let a reader approve
      And the reader follows the live feed with its token
      And the producer has sent a signal
      When the reader makes the signal queued
      Then the live feed shows the signal, and the change behind it

    Example: To the operator
      Given the operator has let a reader approve
      And the producer has sent a signal
      When the reader closes the signal because of "the market is closed"
      Then the operator is told who has closed the signal, and why

  @inside
  Rule: Who decides knows what about

    Example: Somebody else was faster
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal queued
      When another reader, who has seen it new, makes the signal closed
      Then it is refused as "state_changed"
      And the signal is queued

    Example: Two decide at the same time
      Given the operator has let a reader approve
      And the producer has sent a signal
      When two readers, who have seen it new, make it queued and closed at once
      Then one of them is refused as "state_changed"
      And the history of the signal tells one change

    Example: The answer was lost
      Given the operator has let a reader approve
      And the producer has sent a signal
      And the reader has made the signal queued
      When the reader, who has seen it new, makes the signal queued
      Then the reader is told the same as at first
      And the history of the signal tells one change

  @inside
  Rule: Only who may decides

    Example: A reader that may only read
      Given the operator has let a reader read everything
      And the producer has sent a signal
      When the reader makes the signal queued
      Then it is refused as "not_permitted"

    Example: A signal out of scope
      Given the operator has let a reader approve the instruments "NONE.*"
      And the producer has sent a signal
      When the reader makes the signal queued
      Then it is refused as "not_found"

    Example: Nobody's token
      Given readers need a token
      And the producer has sent a signal
      When somebody makes the signal queued without a token
      Then it is refused as "token_missing"

    Example: Where anybody may read
      Given anybody may read
      And the producer has sent a signal
      When somebody makes the signal queued without a token
      Then it is refused as "token_missing"

  Rule: A producer may withdraw what it has sent

    Example: Its own signal
      Given signing is on
      And the producer has sent a signal
      When the producer withdraws the signal
      Then the producer is told that the signal is closed
      And the producer sees that the signal is closed, by itself

    Example: Anything else is not for it to decide
      Given signing is on
      And the producer has sent a signal
      When the producer makes the signal queued
      Then it is refused as "not_permitted"

    Example: Somebody else's signal
      Given signing is on
      And the producer has sent a signal
      When another producer withdraws the signal
      Then it is refused as "not_found"

    Example: Where nobody signs
      Given signing is off
      And the producer has sent a signal
      When the producer withdraws the signal
      Then it is refused as "token_missing"
