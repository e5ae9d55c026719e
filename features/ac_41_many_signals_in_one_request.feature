@AC-41
Feature: AC-41 Many signals in one request
  A producer that has many signals, after a weekend or from a file, sends hundreds of them at once. What is wrong with
  one of them is told of that one, and hurts no other; and whatever happens, a batch is never half stored.

  Rule: Each signal is answered as it would be alone

    Example: All are good
      Given signing is on
      When the producer sends a batch of 20 signals
      Then all signals of the batch are stored
      And exactly 20 signals are stored

    Scenario Outline: Some are faulty
      Given signing is on
      When the producer sends a batch of 10 signals with <fault> at place 3
      Then it is answered with 207
      And the signal at place 3 is refused as "<code>"
      And exactly 9 signals are stored

      Examples: What a single signal can be wrong in
        | fault               | code              |
        | wrong fields        | validation_failed |
        | a repeated key      | duplicate_key     |
        | a NUL character     | validation_failed |
        | a lone surrogate    | invalid_json      |
        | too large a payload | payload_too_large |
        | no signal           | validation_failed |

    Example: All are faulty
      Given signing is on
      When the producer sends a batch of 3 signals, all of them faulty
      Then the batch is refused as "batch_refused"
      And each signal of it is refused as "validation_failed"
      And nothing is stored

  Rule: On request it is all or nothing

    Example: One is faulty
      Given signing is on
      When the producer sends an atomic batch of 3 signals with wrong fields at place 1
      Then the batch is refused as "batch_refused"
      And the signal at place 1 is refused as "validation_failed"
      And the signal at place 0 is refused as "not_stored"
      And nothing is stored

    Example: None is faulty
      Given signing is on
      When the producer sends an atomic batch of 3 signals
      Then all signals of the batch are stored

  Rule: A batch has a form of its own, and limits

    Scenario Outline: What is no batch
      Given signing is on
      When the producer sends the batch <body>
      Then it is refused as "<code>"
      And nothing is stored

      Examples: By its form
        | body                                     | code              |
        | {"signals": []}                          | validation_failed |
        | {"signals": null}                        | validation_failed |
        | {"signals": [1], "atomic": "yes"}        | validation_failed |
        | {"signals": [1], "instrument": "XAUUSD"} | validation_failed |
        | {"signals": [1], "signals": [2]}         | duplicate_key     |
        | {"signals": [1}                          | invalid_json      |

    Example: As many as there may be
      Given signing is on
      When the producer sends a batch of 1000 signals
      Then all signals of the batch are stored

    Example: One more
      Given signing is on
      When the producer sends a batch of 1001 signals
      Then it is refused as "validation_failed"
      And nothing is stored

    @inside
    Example: Too many bytes
      Given batches may have at most 1024 bytes
      And signing is on
      When the producer sends a batch of 100 signals
      Then it is refused as "body_too_large"

  Rule: A batch that is sent again is stored once

    Example: The very same request
      Given signing is on
      And the producer has sent a batch of 5 signals
      When the producer sends the very same request again
      Then it is answered as the first time
      And it is marked as replayed
      And exactly 5 signals are stored

    @inside
    Example: The database was cut off before the service heard of the commit
      Given signing is on
      And the answers to commits are lost once
      When the producer sends a batch of 5 signals
      Then all signals of the batch are stored
      And exactly 5 signals are stored

  Rule: The signature of a batch proves nothing else

    Example: A batch where single signals are sent
      Given signing is on
      When the producer sends a batch of 1 signal to the path of single signals
      Then it is refused as "validation_failed"
      And nothing is stored

    Example: A single signal where batches are sent
      Given signing is on
      When the producer sends a single signal to the path of batches
      Then it is refused as "validation_failed"
      And nothing is stored

  @inside
  Rule: Each stored signal counts towards the rate

    Example: More than the rate ever lets through at once
      Given producers have keys of their own
      And the operator has registered the producer with the rate "10/s"
      When the producer sends a batch of 11 signals
      Then it is refused as "rate_limited"
      And it tells that 10 signals pass at once
