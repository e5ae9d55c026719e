@AC-48 @inside
Feature: AC-48 A failover loses nothing
  Machines die, freeze, and are taken away for repair; then the database goes on at another server. Nobody who was told
  that a signal is accepted has to think of that. So where the database is two servers, a signal is accepted when both
  have it, and not before.

  Rule: What was accepted is there when the second server has taken over

    Scenario Outline: Another signal afterwards
      Given the database is two servers
      And the producer has sent a signal
      And the second server has taken over because the first one <reason>
      When the producer sends another signal
      Then it is accepted
      And exactly two signals are stored

      Examples: Unplanned
        | reason                 |
        | has died               |
        | has stopped answering  |

      Examples: Planned
        | reason                 |
        | is taken away          |

    Example: The same request afterwards
      Given signing is on
      And the database is two servers
      And the producer has sent a signal
      And the second server has taken over because the first one has died
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

  Rule: What only one server has is not accepted

    Example: The second server has died
      Given the database is two servers
      And the second server has died
      When the producer sends a signal
      Then it is refused as "internal_error"

    Example: A resend finds what only the first server has
      Given signing is on
      And the database is two servers
      And the second server has died
      And the producer has been refused as "internal_error"
      And the first server has been started anew
      When the producer sends the very same request again
      Then it is refused as "internal_error"

    Example: A resend when the second server is back
      Given signing is on
      And the database is two servers
      And the second server has died
      And the producer has been refused as "internal_error"
      And the second server has come back
      When the producer sends the very same request again
      Then it is accepted
      And exactly one signal is stored
