@AC-30
Feature: AC-30 A refused signature is explained
  Signing is where every new producer stumbles, and "does not match" could mean a dozen things.
  So the refusal tells what was received, and names the mistake when it is a known one, without giving anything away.
  What fails whatever the body is gets refused before the body is read, so nothing is told of that then.

  Rule: The refusal tells what was received

    Example: The body
      Given signing is on
      When the producer sends a signal signed with another secret
      Then it is refused as "signature_mismatch"
      And it tells the length of the body that was sent
      And it tells the SHA-256 of the body that was sent

    @inside
    Example: The clock of the service
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00.250000Z"
      When the producer sends a signal signed with another secret
      Then it is refused as "signature_mismatch"
      And it tells the time of the service as "2026-01-31T12:00:00.250Z"

    @inside
    Scenario Outline: How far the clocks are apart
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped "<timestamp>"
      Then it is refused as "timestamp_outside_window"
      And it tells that the timestamp is ahead by <skew> seconds

      Examples: Ahead, behind and in another zone
        | timestamp                 | skew  |
        | 2026-01-31T12:05:01Z      | 301   |
        | 2026-01-31T12:05:00.001Z  | 301   |
        | 2026-01-31T11:54:59Z      | -301  |
        | 2026-01-31T12:00:00+01:00 | -3600 |

    Example: A timestamp that cannot be read
      Given signing is on
      When the producer sends a signal stamped "yesterday"
      Then it is refused as "timestamp_malformed"
      And it does not tell how far the clocks are apart

    Scenario Outline: A body that was not read
      Given signing is on
      When the producer sends a signal <so>
      Then it is refused as "<code>"
      And it tells nothing of the body

      Examples: What fails whatever the body is
        | so                                   | code                     |
        | stamped "yesterday"                  | timestamp_malformed      |
        | stamped "2001-09-11T12:00:00Z"       | timestamp_outside_window |
        | whose signature is written in quotes | signature_malformed      |

    Example: A refusal before there is anything to explain
      Given signing is on
      When a request arrives with no signature
      Then it is refused as "header_missing"
      And the answer holds exactly the fields code, detail, request_id

  Rule: A known mistake is named, and does not let anyone in

    Scenario Outline: Something else was signed
      Given signing is on
      When the producer sends a signal signed <wrongly>
      Then it is refused as "signature_mismatch"
      And the hint says "<hint>"
      And nothing is stored

      Examples: Another body
        | wrongly                              | hint                                   |
        | over a body with one more line break | the body with a line break at its end  |
        | over a body with a NUL byte behind it | the body with a NUL byte at its end    |
        | over the same JSON without spaces    | the body written as JSON without spaces |
        | over the same JSON indented          | the body written as JSON indented      |
        | over an empty body                   | an empty body                          |

      Examples: The parts put together in another way
        | wrongly                            | hint                                               |
        | over the body alone                | the body alone                                     |
        | over the body and the timestamp    | without the producer id                            |
        | over the timestamp before the body | the timestamp, then the body, then the producer id |
        | over the parts with dots between   | the parts with a dot between                       |
        | over the parts with bars between   | the parts with a bar between                       |
        | over the parts and a line break    | the parts with a line break behind them            |
        | over the parts in UTF-16           | the parts in UTF-16                                |

      Examples: Another timestamp
        | wrongly                             | hint                          |
        | over its timestamp as Unix seconds  | the timestamp as Unix seconds |

      Examples: Another reading of the secret
        | wrongly                             | hint                                    |
        | with its secret and a line break    | the secret with a line break at its end |
        | with its secret in quotes           | the secret in quotes                    |
        | with its secret decoded from base64 | the secret decoded from base64          |
        | with SHA-256 without a key          | SHA-256 without a key                   |

    Scenario Outline: The right bytes were written wrongly
      Given signing is on
      When the producer sends a signal whose signature is written <so>
      Then it is refused as "<code>"
      And the hint says "<hint>"
      And nothing is stored

      Examples: Hex, and another length
        | so                | code               | hint               |
        | in hex            | signature_mismatch | is hex             |
        | in upper case hex | signature_mismatch | is hex             |
        | cut to 16 bytes   | signature_mismatch | base64 of 16 bytes |

      Examples: What is no base64, or another dialect of it
        | so                       | code                | hint                      |
        | in the URL-safe alphabet | signature_malformed | another dialect of base64 |
        | without padding          | signature_malformed | another dialect of base64 |
        | in hex with dashes       | signature_malformed | is hex                    |
        | in quotes                | signature_malformed | surrounded by other text  |
        | after "sha256="          | signature_malformed | surrounded by other text  |

    Example: Local time marked as UTC
      Given signing is on
      When the producer sends a signal stamped 7203 seconds ahead
      Then it is refused as "timestamp_outside_window"
      And the hint says "2 h ahead"

  Rule: What is not known is not guessed at

    Scenario Outline: A signature that fits no known mistake
      Given signing is on
      When the producer sends a signal signed <wrongly>
      Then it is refused as "signature_mismatch"
      And there is no hint

      Examples: As a stranger would
        | wrongly                             |
        | with another secret                 |
        | with no secret                      |
        | for another producer id             |
        | over another side                   |
        | over a timestamp one second later   |

  Rule: Explaining is rationed, so that a flood of wrong signatures costs less than as many good ones

    @inside
    Example: More refusals in one second than are explained
      Given signing is on
      And the clock of the service shows "2026-01-31T12:34:56Z"
      When 60 signals are sent at once, signed over the body alone
      Then all are refused as "signature_mismatch"
      And 50 of them are told a hint

  Rule: Nothing is given away

    Scenario Outline: What the answer holds
      Given signing is on
      When the producer sends a signal signed <wrongly>
      Then it is refused as "signature_mismatch"
      And the answer holds neither the secret nor any signature

      Examples: With and without a hint
        | wrongly                          |
        | over the body alone              |
        | with its secret and a line break |
        | with another secret              |

    @inside
    Scenario Outline: What the log holds
      Given signing is on
      When the producer sends a signal signed <wrongly>
      Then it is refused as "signature_mismatch"
      And the log holds neither the secret nor any signature

      Examples: With and without a hint
        | wrongly                          |
        | over the body alone              |
        | with its secret and a line break |
        | with another secret              |
