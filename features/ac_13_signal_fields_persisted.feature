@AC-13
Feature: AC-13 Signal fields persisted correctly
  Analysts and the order desk work from the database, never from the request.
  So every field is stored as it was sent, and what was not sent has a known default.

  @inside
  Rule: Every field is stored as sent

    Example: A signal with every field
      Given signing is on
      And the producer is called "ea-7"
      When the producer sends this signal:
        """
        {
          "instrument": "EURUSD_M15",
          "side": 1,
          "time": "2026-01-31T12:00:00.123456+02:00",
          "payload": {"entry": 1.08450, "tags": ["london", "breakout"]},
          "version": 7
        }
        """
      Then it is accepted
      And the row reads:
        | instrument  | EURUSD_M15                                            |
        | side        | 1                                                     |
        | time        | 2026-01-31T10:00:00.123456+00:00                      |
        | payload     | {"tags": ["london", "breakout"], "entry": 1.08450}    |
        | producer_id | ea-7                                                  |
        | version     | 7                                                     |
        | status      | 0                                                     |

    Example: The smallest signal
      Given signing is off
      When the producer sends the signal {"instrument": "XY", "side": 0, "time": "2026-01-31T12:00:00Z"}
      Then it is accepted
      And the row reads:
        | instrument  | XY                        |
        | side        | 0                         |
        | time        | 2026-01-31T12:00:00+00:00 |
        | payload     |                           |
        | producer_id |                           |
        | version     | 1                         |
        | status      | 0                         |

    Example: The id is stored as answered
      When the producer sends a signal
      Then it is accepted
      And the stored id is the id of the answer

    Scenario Outline: A producer id
      Given signing is on
      And the producer is called "<id>"
      When the producer sends a signal
      Then it is accepted
      And the stored producer is "<id>"

      Examples: Shortest, longest, and of every kind of character
        | id                                                               |
        | p                                                                |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |
        | !#$%&'()*+,;=?[]~                                                |

  Rule: The version is 1 unless the producer says another

    Scenario Outline: An accepted version
      When the producer sends a signal with the version <version>
      Then it is accepted

      Examples: From 1 to the greatest
        | version    |
        | 1          |
        | 2147483647 |

    @inside
    Scenario Outline: A version as sent
      When the producer sends a signal with the version <version>
      Then it is accepted
      And the stored version is <version>

      Examples: From 1 to the greatest
        | version    |
        | 1          |
        | 2          |
        | 2147483646 |
        | 2147483647 |

    @inside
    Example: No version
      When the producer sends a signal without the version
      Then it is accepted
      And the stored version is 1

    Scenario Outline: A refused version
      When the producer sends a signal with the version <version>
      Then it is refused as "validation_failed"
      And the fault lies in "version"
      And nothing is stored

      Examples: Outside the range
        | version              |
        | 0                    |
        | -1                   |
        | 2147483648           |
        | 99999999999999999999 |

      Examples: Not a whole number
        | version |
        | 1.0     |
        | 1e0     |
        | "1"     |
        | true    |
        | null    |
        | [1]     |
        | {}      |
