@AC-10
Feature: AC-10 HMAC signature validation
  Whoever can send a signal moves money. Only a holder of the secret may, and nobody on the way may change a byte.
  So the signature covers the body, the timestamp and the producer id, byte for byte.

  Rule: A valid signature proves the producer

    Example: A signed signal
      Given signing is on
      When the producer sends a signal
      Then it is accepted
      And exactly one signal is stored

    @inside
    Example: A signature that was computed elsewhere
      This one was computed with openssl, not with code of this project.
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      And the producer is called "openssl-1"
      When the producer sends this signal, stamped "2026-01-31T12:00:00Z" and signed "EEq2LXtIDUl1xUMgU+MZGQHeHHUjDAHVXfboy06PiJM=":
        """
        {"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"price":1950.50}}
        """
      Then it is accepted
      And the stored producer is "openssl-1"

    Scenario Outline: Any bytes that are valid JSON may be signed
      Given signing is on
      When the producer sends the signal <body>
      Then it is accepted

      Examples: Layouts
        | body                                                                                           |
        | {"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}                                 |
        | {  "time": "2026-01-31T12:00:00Z",  "instrument": "XAUUSD",  "side": 1  }                      |
        | {"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z","payload":{"note":"测试 \\u6d4b"}} |

  Rule: A signature over anything else is refused

    Scenario Outline: A signature that does not match
      Given signing is on
      When the producer sends a signal signed <wrongly>
      Then it is refused as "signature_mismatch"
      And nothing is stored

      Examples: Another secret
        | wrongly                       |
        | with another secret           |
        | with the secret in lower case |
        | with no secret                |

      Examples: Another body
        | wrongly                               |
        | over another side                     |
        | over the same JSON with other spacing |
        | over the same JSON in another order   |
        | over a body with one more line break  |
        | over an empty body                    |

      Examples: Another producer
        | wrongly                                   |
        | for another producer id                   |
        | for its producer id in another case       |

      Examples: Another time
        | wrongly                                   |
        | over a timestamp one second later         |
        | over the same instant written differently |

      Examples: The parts put together in another way
        | wrongly                              |
        | over the body alone                  |
        | over the timestamp before the body   |
        | over the parts with dots between     |

      Examples: Another algorithm
        | wrongly                        |
        | with SHA-256 without a key     |
        | with HMAC-SHA512               |

    Scenario Outline: A signed request that was changed on its way
      Given signing is on
      When a signed request arrives with <change>
      Then it is refused as "signature_mismatch"
      And nothing is stored

      Examples: One part at a time
        | change                         |
        | its side turned                |
        | a space added to its body      |
        | its last byte cut off          |
        | the name of another producer   |
        | a timestamp one second younger |
        | one letter of its signature changed |

    Scenario Outline: Bytes moved from one part to another
      The signed bytes are the same, so only the form of the parts can tell.
      Given signing is on
      When a signed request arrives with <shift>
      Then it is refused as "<code>"
      And nothing is stored

      Examples: Between timestamp and producer id
        | shift                                                | code                |
        | the minutes of its zone moved to the producer id     | timestamp_malformed |
        | the first letter of the producer id moved to the zone | timestamp_malformed |

      Examples: Between body and timestamp
        | shift                                              | code                |
        | the first digit of the timestamp moved to the body | timestamp_malformed |
        | the last brace of the body moved to the timestamp  | timestamp_malformed |

  Rule: What is not signed gets no further

    Example: An unsigned body is not even read as JSON
      Given signing is on
      When a request arrives with a wrong signature and broken JSON
      Then it is refused as "signature_mismatch"

    Example: An unknown producer is refused like a wrong signature
      Given signing is on
      And the producer is called "nobody-knows-me"
      When the producer sends a signal signed with another secret
      Then it is refused as "signature_mismatch"

  @inside
  Rule: The service's own secret is free of what others put around it

    Scenario Outline: A secret in quotes, with which no producer signs
      When the operator starts a service with HMAC_PRODUCER_SECRET=<secret>
      Then it does not start because of "HMAC_PRODUCER_SECRET: has quotes, white space"

      Examples: As containers hand it over from a file of settings
        | secret                               |
        | "a-secret-that-is-known-to-everyone" |
        | 'a-secret-that-is-known-to-everyone' |
