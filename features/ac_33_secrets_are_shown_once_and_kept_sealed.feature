@AC-33 @inside
Feature: AC-33 Secrets are shown once and kept sealed
  Whoever gets hold of the database, of a dump or of the log must not be able to send in the name of a producer.
  So a secret is shown once, to the operator who makes it, and lies in the database sealed with a key that is elsewhere.
  The operator's commands need the database of the service: none of this runs from outside.

  Rule: A secret is shown when it is made, and never again

    Example: A producer is added
      Given producers have keys of their own
      And the service has a database of its own
      When the operator adds the producer "ea-7"
      Then the operator is shown a key and its secret

    Example: The same producer is added again
      Given producers have keys of their own
      And the service has a database of its own
      And the operator has added the producer "ea-7"
      When the operator adds the producer "ea-7"
      Then the operator is shown no secret

  Rule: Neither the database nor the log tells a secret

    Example: Somebody gets hold of a dump
      Given producers have keys of their own
      And the operator has registered the producer
      When somebody makes a dump of the database
      Then the dump tells of the producer, and of no secret

    Example: Somebody reads the log
      Given producers have keys of their own
      And the operator has registered the producer
      When the producer sends a signal
      Then it is accepted
      And the log holds neither the secret nor any signature

    Example: Somebody moves a key to another producer
      Given producers have keys of their own
      And the service has a database of its own
      And the operator has registered the producer
      And somebody has moved its key to a producer that has none
      When the producer sends a signal
      Then it is refused as "overloaded"

  Rule: The sealing key can be turned while the service runs

    Example: The service does not have the new sealing key yet
      Given producers have keys of their own
      And the service has a database of its own
      And the operator has registered the producer
      And the sealing key was turned, and all keys were sealed anew
      When the producer sends a signal
      Then it is accepted

  Rule: A sealing key that is missing or malformed is told by its place, not by its value

    Scenario Outline: The operator makes a key
      Given producers have keys of their own
      When the operator adds a producer under the sealing keys "<keys>"
      Then the command ends with 2
      And the operator is told "<told>"
      And the operator is not told "too-short"

      Examples: None, and not 32 bytes
        | keys      | told                                                    |
        |           | SIGNALS_SEALING_KEYS: must be set                       |
        | too-short | SIGNALS_SEALING_KEYS: number 1 is not 32 bytes in base64 |
