@AC-18 @inside
Feature: AC-18 Validation errors logged
  When a producer says "my signals do not arrive", the operator must see why without asking for the request.
  So each refused request leaves one line with the code and the fields at fault, and none of the values.

  Rule: One line tells of each refused request

    Scenario Outline: A refused signal
      When the producer sends the signal <body>
      Then it is refused as "<code>"
      And the log tells once of the refusal as "<code>", at level "warning"
      And that line names the fields "<fields>"
      And that line says when it was written
      And that line carries the request id

      Examples: An invalid field
        | body                                                                                  | code              | fields     |
        | {"instrument": "xauusd", "side": 0, "time": "2026-01-31T12:00:00Z"}                   | validation_failed | instrument |
        | {"instrument": "XAUUSD", "side": 7, "time": "2026-01-31T12:00:00Z"}                   | validation_failed | side       |
        | {"instrument": "XAUUSD", "side": 0, "time": "yesterday"}                              | validation_failed | time       |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": [1]}   | validation_failed | payload    |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "version": 0}     | validation_failed | version    |

      Examples: Several faults
        | body                                  | code              | fields           |
        | {"instrument": "XAUUSD"}              | validation_failed | side, time       |
        | {"instrument": "x", "side": 7}        | validation_failed | instrument, side, time |

      Examples: A missing field
        | body                                                  | code              | fields     |
        | {"side": 0, "time": "2026-01-31T12:00:00Z"}           | validation_failed | instrument |
        | {"instrument": "XAUUSD", "time": "2026-01-31T12:00:00Z"} | validation_failed | side    |
        | {"instrument": "XAUUSD", "side": 0}                   | validation_failed | time       |

    Scenario Outline: A body that is no JSON
      When the producer sends the body <body>
      Then it is refused as "<code>"
      And the log tells once of the refusal as "<code>", at level "warning"
      And that line says when it was written
      And that line carries the request id

      Examples: Bad JSON and a repeated key
        | body                     | code          |
        | {"instrument": "XAUUSD", | invalid_json  |
        | {"side": 0, "side": 1}   | duplicate_key |

    Example: An oversized payload
      When the producer sends a signal with a payload of 32769 bytes
      Then it is refused as "payload_too_large"
      And the log tells once of the refusal as "payload_too_large", at level "warning"
      And that line names the fields "payload"

    Example: An oversized request
      When the producer sends a signal padded to 200705 bytes, its length declared
      Then it is refused as "body_too_large"
      And the log tells once of the refusal as "body_too_large", at level "warning"

    Example: Another content type
      When the producer sends a signal as "text/plain"
      Then it is refused as "unsupported_media_type"
      And the log tells once of the refusal as "unsupported_media_type", at level "warning"

    Example: An accepted signal is not told as refused
      When the producer sends a signal
      Then it is accepted
      And the log tells of no refusal

  Rule: No value that the producer sent is written to the log

    Scenario Outline: A refused signal with a secret in it
      When the producer sends the body <body>
      Then it is refused as "<code>"
      And nothing in the log contains "do-not-log-me"

      Examples: Wherever it stands
        | body                                                                                                  | code              |
        | {"instrument": "do-not-log-me", "side": 0, "time": "2026-01-31T12:00:00Z"}                            | validation_failed |
        | {"instrument": "XAUUSD", "side": "do-not-log-me", "time": "do-not-log-me"}                            | validation_failed |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": "do-not-log-me"}       | validation_failed |
        | {"do-not-log-me": "\\u0000", "instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}       | validation_failed |
        | {"do-not-log-me": 1, "do-not-log-me": 2}                                                              | duplicate_key     |
        | do-not-log-me                                                                                         | invalid_json      |
        | {"instrument": "do-not-log-me                                                                         | invalid_json      |
