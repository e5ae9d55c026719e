@AC-16
Feature: AC-16 Concurrent creation
  At the open of a market a hundred strategies speak in the same second.
  So signals that arrive together are all stored, each once, and none waits for another for ever.

  Rule: A hundred signals at once are a hundred signals stored

    Scenario Outline: A hundred signals at once
      Given signing is <signing>
      When 100 signals are sent at once
      Then all of them are accepted
      And exactly 100 signals are stored
      And their ids are all different

      Examples: With and without signing
        | signing |
        | on      |
        | off     |

    Example: Valid and invalid signals at once
      When 50 valid and 50 invalid signals are sent at once
      Then exactly the 50 valid ones are accepted
      And exactly 50 signals are stored

    @inside
    Example: Each answer is about the signal that was sent
      When 100 signals are sent at once
      Then all of them are accepted
      And the answer to each is about its own signal

    @inside
    Example: A hundred signals for the same instrument without a deadlock
      When 100 signals are sent at once
      Then all of them are accepted
      And the database has seen no deadlock
