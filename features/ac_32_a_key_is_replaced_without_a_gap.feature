@AC-32 @inside
Feature: AC-32 A key is replaced without a gap
  Keys are replaced on a schedule, and at once when one has leaked. Neither may cost a signal.
  So a producer may have several keys, the old one ends when the operator says, and what was stored stays answered. The
  operator's commands need the database of the service: none of this runs from outside.

  Rule: While a key is replaced, the old one and the new one are good

    Example: A signal with each
      Given producers have keys of their own
      And the operator has registered the producer
      When the producer sends a signal with each of its keys
      Then all of them are accepted, each by its own key

    Example: A producer may have five keys, and no more
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has made 4 more keys for it
      When the operator makes one more key for it
      Then the command ends with 1
      And the operator is told "which is the most"

    Example: The operator sees how they are
      Given producers have keys of their own
      And the operator has registered the producer
      And the operator has made a second key for it
      And the operator has retired its key in 10 minutes
      When the operator lists its keys
      Then the list says that they are "retiring, live"

  Rule: A retired key ends when it was said, by the clock of the service

    Example: Before its end
      Given producers have keys of their own
      And the clock of the service is right
      And the operator has registered the producer
      And the operator has retired its key in 10 minutes
      And 9 minutes have passed
      When the producer sends a signal
      Then it is accepted

    Example: After its end
      Given producers have keys of their own
      And the clock of the service is right
      And the operator has registered the producer
      And the operator has retired its key in 10 minutes
      And 11 minutes have passed
      When the producer sends a signal
      Then the answer is that of a stranger

    Example: A stored signal is sent again after the end
      Given producers have keys of their own
      And the operator has registered the producer
      And the producer has sent a signal
      And the operator has retired its key at once
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed

  Rule: A revoked key proves nothing any more, in no process

    Example: In two worker processes
      Given producers have keys of their own
      And the service runs with 2 worker processes
      And the operator has registered the producer
      And the operator has revoked its key
      When 20 signals are sent at once
      Then all of them are refused as "signature_mismatch"

    Example: A stored signal is sent again after the key was revoked
      Given producers have keys of their own
      And the operator has registered the producer
      And the producer has sent a signal
      And the operator has revoked its key
      When the producer sends the very same request again
      Then the answer is that of a stranger
