@AC-28 @inside
Feature: AC-28 Metrics
  Operators see from figures that something goes wrong before anybody complains.
  So the service counts what it stores, what it refuses and how long it takes, in the text format of Prometheus.

  Rule: Stored signals are counted by instrument and side

    Scenario Outline: A stored signal is counted
      Given the figures have been noted
      When the producer sends a signal for "GOLD.SPOT" with the side <side>
      Then it is accepted
      And the count of signals stored for "GOLD.SPOT" on the side "<word>" has grown by 1
      And no other count of signals stored has grown

      Examples: Buy and sell
        | side | word |
        | 0    | buy  |
        | 1    | sell |

    Example: A refused signal is not counted as stored
      Given the figures have been noted
      When the producer sends a signal for "xauusd"
      Then it is refused as "validation_failed"
      And no count of signals stored has grown

    Example: A resent signal is not counted again
      Given signing is on
      And the producer has sent a signal
      And the figures have been noted
      When the producer sends the very same request again
      Then it is accepted
      And no count of signals stored has grown

  Rule: Refused requests are counted by code

    Scenario Outline: A refused request is counted
      Given signing is on
      And the figures have been noted
      When a request arrives with <fault>
      Then it is refused as "<code>"
      And the count of requests refused as "<code>" has grown by 1

      Examples: Each stage
        | fault                | code                   |
        | an unknown path      | not_found              |
        | another method       | method_not_allowed     |
        | too large a body     | body_too_large         |
        | another content type | unsupported_media_type |
        | no signature         | header_missing         |
        | broken JSON          | invalid_json           |
        | wrong fields         | validation_failed      |
        | too large a payload  | payload_too_large      |

  Rule: The time to store a signal is measured

    Example: A stored signal is measured
      Given the figures have been noted
      When the producer sends a signal
      Then it is accepted
      And the time to create has one more measurement

  Rule: Commits are measured

    Example: A commit is measured
      Given the figures have been noted
      When the producer sends a signal
      Then it is accepted
      And one more commit has been measured, of 1 signal

  Rule: Requests are counted by route, method and status

    Scenario Outline: A request is counted
      Given signing is on
      And the figures have been noted
      When a request arrives with <fault>
      Then it is answered with <status>
      And the count of requests answered with <status> to <method> on "/api/v1/signals" has grown by 1

      Examples: Each outcome
        | fault          | status | method |
        | no fault       | 201    | POST   |
        | broken JSON    | 400    | POST   |
        | no signature   | 401    | POST   |
        | another method | 405    | GET    |
        | wrong fields   | 422    | POST   |

  Rule: The build is named

    Example: The build
      Given the build "2026.01-rc1" runs in the environment "staging"
      When the operator asks for the metrics
      Then it is answered with 200
      And the figures name the build "2026.01-rc1" in the environment "staging"

  Rule: The figures are those of all worker processes together

    Example: Two worker processes
      Given the service runs with 2 worker processes
      And the figures have been noted
      When 60 signals are sent at once
      Then all of them are accepted
      And the count of signals stored for "XAUUSD" on the side "buy" has grown by 60

  Rule: No more than 100 instruments have a count of their own

    Example: The hundred-and-first instrument
      Given a service that has counted nothing yet
      When signals for 102 different instruments are sent
      Then all of them are accepted
      And 100 instruments have a count of their own
      And the count of signals stored for "other" on the side "buy" is 2

    Example: The hundred-and-first instrument, with two worker processes
      Given a service of 2 worker processes that has counted nothing yet
      When signals for 102 different instruments are sent
      Then all of them are accepted
      And 100 instruments have a count of their own
      And the count of signals stored for "other" on the side "buy" is 2

  Rule: Nothing that a producer writes freely becomes a label

    Scenario Outline: A text of the producer's own
      When the producer sends <text>
      Then the figures do not contain "not-a-label"

      Examples: Wherever it stands
        | text                                                    |
        | a signal with the X-Producer-Id "not-a-label"           |
        | a signal with the request id "not-a-label"              |
        | a signal with the payload {"note": "not-a-label"}       |
        | a signal for "not-a-label"                              |
        | a signal to "/not-a-label"                              |
        | a signal as "text/not-a-label"                          |

    Example: A method of the producer's own
      When somebody sends PROPFIND to "/api/v1/signals"
      Then the figures do not contain "PROPFIND"
