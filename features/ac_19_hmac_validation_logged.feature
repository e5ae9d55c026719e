@AC-19 @inside
Feature: AC-19 HMAC validation logged
  The security officer must be able to show who tried to send, when, and why it was let in or not.
  So with signing on, every request that reaches the check leaves one line of audit trail, without any secret.

  Rule: Success and failure are told with their reason

    Example: A valid signature
      Given signing is on
      And the producer is called "ea-7"
      When the producer sends a signal
      Then it is accepted
      And the audit trail says "success" because of "valid_signature"
      And the audit trail names the producer "ea-7"

    Example: A wrong signature
      Given signing is on
      And the producer is called "ea-7"
      When the producer sends a signal signed with another secret
      Then it is refused as "signature_mismatch"
      And the audit trail says "failure" because of "invalid_signature"
      And the audit trail names the producer "ea-7"

    Scenario Outline: A timestamp outside the window
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped "<timestamp>"
      Then it is refused as "timestamp_outside_window"
      And the audit trail says "failure" because of "clock_skew"
      And the audit trail names the producer "mt5-gold-1"

      Examples: Too old and too far ahead
        | timestamp            |
        | 2026-01-31T11:54:59Z |
        | 2026-01-31T12:05:01Z |

    Scenario Outline: A missing header
      Given signing is on
      When the producer sends a signal without <missing>
      Then it is refused as "header_missing"
      And the audit trail says "failure" because of "missing_header"

      Examples: Each header, and all
        | missing                                 |
        | X-Producer-Id                           |
        | X-Timestamp                             |
        | X-Signature                             |
        | X-Producer-Id, X-Timestamp, X-Signature |

    Scenario Outline: A malformed header
      Given signing is on
      When the producer sends a signal with the <header> "<value>"
      Then it is refused as "<code>"
      And the audit trail says "failure" because of "malformed_header"

      Examples: Each header
        | header        | value      | code                |
        | X-Producer-Id | two words  | producer_id_invalid |
        | X-Producer-Id |            | producer_id_invalid |
        | X-Timestamp   | yesterday  | timestamp_malformed |
        | X-Signature   | not base64 | signature_malformed |

    Example: A header given twice
      Given signing is on
      When the producer sends a signal with X-Producer-Id given twice
      Then it is refused as "header_repeated"
      And the audit trail says "failure" because of "malformed_header"

  Rule: A request is in the audit trail once it reaches the check, and only then

    Example: A signed request that is refused later
      Given signing is on
      When the producer sends a signal for "xauusd"
      Then it is refused as "validation_failed"
      And the audit trail says "success" because of "valid_signature"

    Example: A request that is refused before
      Given signing is on
      When the producer sends a signal as "text/plain"
      Then it is refused as "unsupported_media_type"
      And the audit trail says nothing

    Example: Somebody asks for the health of the service
      Given signing is on
      When the operator asks for the health
      Then it is answered with 200
      And the audit trail says nothing

    Example: Signing is off
      Given signing is off
      When the producer sends a signal
      Then it is accepted
      And the audit trail says nothing

  Rule: No secret, no signature and no expected value is written to the log

    Scenario Outline: Signed requests, right and wrong
      Given signing is on
      When the producer sends a signal signed <how>
      Then it is answered with <status>
      And the log holds neither the secret nor any signature

      Examples: Right and wrong
        | how                 | status |
        | with its own secret | 201    |
        | with another secret | 401    |
        | over the body alone | 401    |
