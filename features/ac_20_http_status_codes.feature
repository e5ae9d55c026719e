@AC-20
Feature: AC-20 HTTP status codes
  A producer's program decides by the status code alone: done, mend the request, or send it again.
  So each outcome has its one status code, and every refusal the same shape with a stable code.

  Rule: 201 says stored

    Example: A valid signal
      When the producer sends a signal
      Then it is answered with 201
      And exactly one signal is stored

    Example: A signal that offers to go on in another protocol
      Given signing is on
      When the producer sends a signal with an offer to go on in HTTP/2, as Java does
      Then it is answered with 201
      And exactly one signal is stored

  Rule: 400 says that the request cannot be read

    Scenario Outline: A body that cannot be read
      When the producer sends the body <body>
      Then it is answered with 400
      And it is refused as "<code>"
      And the detail says "JSON"

      Examples: Not JSON, or not unambiguous
        | body                   | code          |
        | buy gold               | invalid_json  |
        | {"side": 0, "side": 1} | duplicate_key |

    @direct
    Example: A request that is no plain HTTP
      When the producer sends a signal that two servers could read as two different requests
      Then it is answered with 400
      And it is refused as "malformed_request"
      And the connection is closed

    Scenario Outline: A signing header that cannot be read
      Given signing is on
      When the producer sends a signal with <fault>
      Then it is answered with 400
      And it is refused as "<code>"

      Examples: An ill-formed producer id, or a repeated header
        | fault                         | code                |
        | the X-Producer-Id "two words" | producer_id_invalid |
        | the X-Producer-Id ""          | producer_id_invalid |
        | X-Signature given twice       | header_repeated     |

  Rule: 401 says that the producer is not proven

    Scenario Outline: A producer who is not proven
      Given signing is on
      When the producer sends a signal <so>
      Then it is answered with 401
      And it is refused as "<code>"
      And the answer says how to prove oneself

      Examples: Each way to fail
        | so                                       | code                     |
        | without X-Signature                      | header_missing           |
        | stamped "yesterday"                      | timestamp_malformed      |
        | stamped "2001-09-11T12:00:00Z"           | timestamp_outside_window |
        | with the X-Signature "not base64"        | signature_malformed      |
        | signed with another secret               | signature_mismatch       |

  Rule: 404 says that there is nothing at this path

    Example: A path that does not exist
      When somebody asks for "/api/v1/orders"
      Then it is answered with 404
      And it is refused as "not_found"

  Rule: 405 says that the path knows other methods

    Example: Reading the signals
      When somebody asks for "/api/v1/signals"
      Then it is answered with 405
      And it is refused as "method_not_allowed"
      And the answer allows exactly "POST"

  Rule: 408 says that the request did not arrive in time

    @inside
    Example: A body that stops coming
      Given a request must arrive within 1 second
      When the producer announces a signal of 5000 bytes and sends fewer
      Then it is answered with 408
      And it is refused as "request_timeout"
      And the connection is closed

  Rule: 413 says too large

    Example: A payload above the limit
      When the producer sends a signal with a payload of 32769 bytes
      Then it is answered with 413
      And it is refused as "payload_too_large"

    Example: A request above the bound
      When the producer sends a signal padded to 200705 bytes, its length declared
      Then it is answered with 413
      And it is refused as "body_too_large"

  Rule: 415 says that only JSON is taken

    Example: Another content type
      When the producer sends a signal as "text/plain"
      Then it is answered with 415
      And it is refused as "unsupported_media_type"

  Rule: 422 says that the JSON is not a valid signal

    Example: A wrong field
      When the producer sends a signal with the side 2
      Then it is answered with 422
      And it is refused as "validation_failed"
      And the fault lies in "side"

  Rule: 431 says that the headers are too large

    @direct
    Example: A header beyond all measure
      When the producer sends a signal with headers of 20000 bytes
      Then it is answered with 431
      And it is refused as "headers_too_large"
      And the connection is closed

  @inside
  Rule: 500 says that the service failed, and tells nothing of its inside

    Example: The database is away
      Given the database has gone away
      When the producer sends a signal
      Then it is answered with 500
      And it is refused as "internal_error"
      And the detail is "Internal server error"

  @inside
  Rule: 503 says to come again later

    Example: More signals than the service can hold
      Given there is room for 2 waiting signals
      And the database has stopped answering
      When 40 signals are sent at once
      Then some of them are refused as "overloaded"
      And those say when to come again

    Example: More connections than the service takes
      Given the service takes 2 connections at once
      When the producer sends a signal while strangers hold 2 connections
      Then it is answered with 503
      And it is refused as "overloaded"
      And it says when to come again

    Example: A signal that is still on its way when the service stops
      When the operator stops the service while the producer is sending a signal
      Then it is answered with 503
      And it is refused as "shutting_down"
      And it says when to come again

  Rule: The order of the checks is path, method, content type, signing headers, size, signature, JSON, fields, payload size

    Scenario Outline: Of two faults the earlier one is told
      Given signing is on
      When a request arrives with <earlier> and <later>
      Then it is refused as "<code>"

      Examples: Neighbours in the order
        | earlier              | later                | code                     |
        | an unknown path      | another method       | not_found                |
        | another method       | another content type | method_not_allowed       |
        | another content type | no signature         | unsupported_media_type   |
        | no signature         | too large a body     | header_missing           |
        | too old a timestamp  | too large a body     | timestamp_outside_window |
        | too large a body     | a wrong signature    | body_too_large           |
        | a wrong signature    | broken JSON          | signature_mismatch       |
        | broken JSON          | wrong fields         | invalid_json             |
        | wrong fields         | too large a payload  | validation_failed        |

      Examples: From the two ends
        | earlier              | later                | code                     |
        | an unknown path      | too large a body     | not_found                |
        | another method       | no signature         | method_not_allowed       |
        | another content type | too large a body     | unsupported_media_type   |
        | too large a body     | broken JSON          | body_too_large           |
        | no signature         | too large a payload  | header_missing           |
