@AC-42
Feature: AC-42 An idempotency key makes a repeat safe
  A producer that has lost an answer sends its signal again. Under a key of its own choice it may sign it anew, hours
  later, and still knows that it is stored once.

  Rule: The same under the same key is the first answer

    Scenario Outline: However the key is written
      Given signing is on
      And the producer has sent a signal under the key <first>
      When the producer signs the same signal anew under the key <second>
      Then it is answered with the first answer, byte for byte
      And it is marked as replayed
      And exactly one signal is stored

      Examples: Quoted and bare
        | first     | second    |
        | order-1   | order-1   |
        | "order-1" | "order-1" |
        | "order-1" | order-1   |

    @inside
    Example: After its window has closed
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer has sent a signal under the key order-1
      And the clock of the service now shows "2026-01-31T18:00:00Z"
      When the producer signs the same signal anew under the key order-1
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

    Example: Unsigned
      Given signing is off
      And the producer has sent a signal under the key order-1
      When the producer signs the same signal anew under the key order-1
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

    Example: Twins that arrive together
      Given signing is on
      When the same signal is sent 20 times at once under one key, each signed anew
      Then all of them are accepted
      And all answers are the same, byte for byte
      And exactly one signal is stored

    @inside
    Example: Twins that arrive at two worker processes
      Given signing is on
      And the service runs with 2 worker processes
      When the same signal is sent 20 times at once under one key, each signed anew
      Then all of them are accepted
      And all answers are the same, byte for byte
      And exactly one signal is stored

  Rule: A key belongs to one body, one producer and one way of sending

    Example: Another signal
      Given signing is on
      And the producer has sent a signal under the key order-1
      When the producer sends another signal under the key order-1
      Then it is refused as "idempotency_mismatch"
      And exactly one signal is stored

    Example: Another producer
      Given signing is on
      And the producer has sent a signal under the key order-1
      When another producer sends the same signal under the key order-1
      Then it is accepted
      And it is not marked as replayed

    Example: A batch
      Given signing is on
      And the producer has sent a signal under the key order-1
      When the producer sends a batch of 2 signals under the key order-1
      Then all signals of the batch are stored

  Rule: Only what was stored is kept

    Example: A refused signal leaves its key
      Given signing is on
      And the producer has sent a faulty signal under the key order-1
      When the producer sends another signal under the key order-1
      Then it is accepted
      And it is not marked as replayed

    @inside
    Example: After a day
      Given signing is on
      And the producer has sent a signal under the key order-1
      And a day has passed for all keys
      When the producer sends another signal under the key order-1
      Then it is accepted

  Rule: A key has 1 to 128 printable characters

    Scenario Outline: Keys that are none
      Given signing is on
      When the producer sends a signal under the key <key>
      Then it is refused as "idempotency_key_invalid"
      And nothing is stored

      Examples: Badly written
        | key          |
        | ""           |
        | "open        |
        | "a"b"        |
        | "order";x=1  |

    Example: Two keys
      Given signing is on
      When the producer sends a signal under two keys
      Then it is refused as "idempotency_key_invalid"
