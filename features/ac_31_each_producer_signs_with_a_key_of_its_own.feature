@AC-31 @inside
Feature: AC-31 Each producer signs with a key of its own
  With one secret for all, each producer could send in the name of any other.
  So the operator registers a producer, which from then on proves its name with a key that only it has. The operator's
  commands need the database of the service: none of this runs from outside.

  Rule: A key proves the name of its producer, and no other

    Example: A registered producer signs with its key
      Given producers have keys of their own
      And the operator has registered the producer
      When the producer sends a signal
      Then it is accepted
      And the stored signal says by which key it was proven
      And the audit trail says "success" because of "valid_signature"
      And the audit trail names the key

    Example: Somebody signs with the key of another
      Given producers have keys of their own
      And the operator has registered the producer
      And the producer signs with the key of another producer
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: No secret is shared at all
      Given producers have keys of their own and no secret is shared
      And the operator has registered the producer
      When the producer sends a signal
      Then it is accepted

  Rule: To register a name ends the shared secret for it, and only for it

    Example: A registered producer signs with the shared secret
      Given producers have keys of their own
      And the operator has registered the producer
      And the producer signs with the secret that is shared
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: A producer that is not registered signs with the shared secret
      Given producers have keys of their own
      And the producer is not registered
      And the producer signs with the secret that is shared
      When the producer sends a signal
      Then it is accepted
      And the stored signal names no key

  Rule: Whoever is not proven gets one and the same answer

    Example: Nobody of that name is registered
      Given producers have keys of their own
      And the producer is not registered
      And the producer signs with a secret of its own invention
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: The producer is registered, and the key is wrong
      Given producers have keys of their own
      And the operator has registered the producer
      And the producer signs with a secret of its own invention
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: The producer is disabled
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has disabled the producer
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: The producer was enabled again
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has disabled the producer
      And the operator has enabled the producer
      When the producer sends a signal
      Then it is accepted

  Rule: As long as the service does not know the keys, it puts producers off

    Example: The database was not there yet
      Given producers have keys of their own
      And the service was started while its database was away
      When the producer sends a signal
      Then it is refused as "overloaded"

    Example: The database has gone away since
      Given producers have keys of their own
      And the service has a database of its own
      And the operator has registered the producer
      And the database has gone away
      And the producer signs with a secret of its own invention
      When the producer sends a signal
      Then the answer is that of a stranger
