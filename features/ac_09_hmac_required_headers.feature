@AC-09
Feature: AC-09 HMAC required headers
  A developer who connects a new producer must see at once what the request lacks.
  So with signing on, all three signing headers are required, each once, and the refusal names what is missing.

  Rule: A missing header is named

    Scenario Outline: Headers are missing
      Given signing is on
      When the producer sends a signal without <missing>
      Then it is refused as "header_missing"
      And the refusal names exactly the headers <missing>
      And nothing is stored

      Examples: One
        | missing       |
        | X-Producer-Id |
        | X-Timestamp   |
        | X-Signature   |

      Examples: Two
        | missing                    |
        | X-Producer-Id, X-Timestamp |
        | X-Producer-Id, X-Signature |
        | X-Timestamp, X-Signature   |

      Examples: All three
        | missing                                 |
        | X-Producer-Id, X-Timestamp, X-Signature |

    Scenario Outline: A header is missing beside a malformed one
      Given signing is on
      When the producer sends a signal without <missing>, with the <other> "<value>"
      Then it is refused as "header_missing"
      And the refusal names exactly the headers <missing>

      Examples: A malformed producer id
        | missing     | other         | value     |
        | X-Timestamp | X-Producer-Id | two words |
        | X-Signature | X-Producer-Id | two words |
        | X-Signature | X-Producer-Id |           |

      Examples: A malformed timestamp
        | missing       | other       | value                |
        | X-Producer-Id | X-Timestamp | yesterday            |
        | X-Signature   | X-Timestamp | 1999-12-31T23:59:59Z |

      Examples: A malformed signature
        | missing       | other       | value      |
        | X-Producer-Id | X-Signature | not base64 |
        | X-Timestamp   | X-Signature | not base64 |

  Rule: The producer id is 1 to 64 printable ASCII characters without spaces

    Scenario Outline: An accepted producer id
      Given signing is on
      And the producer is called "<id>"
      When the producer sends a signal
      Then it is accepted

      Examples: Shortest and longest
        | id                                                               |
        | p                                                                |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

      Examples: Every kind of character
        | id                |
        | MT5.gold_1-A      |
        | ea@desk-7/gold:x  |
        | !#$%&'()*+,;=?[]~ |

    Scenario Outline: A refused producer id
      Given signing is on
      And the producer is called "<id>"
      When the producer sends a signal
      Then it is refused as "producer_id_invalid"
      And nothing is stored

      Examples: Empty or too long
        | id                                                                |
        |                                                                   |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

      Examples: Characters that do not belong
        | id        |
        | two words |
        | händler   |
        | 黄金        |

    Example: A refused producer id is refused before its timestamp is read
      Given signing is on
      And the producer is called "two words"
      When the producer sends a signal stamped "yesterday"
      Then it is refused as "producer_id_invalid"

  Rule: A header given twice is refused, whatever else is wrong

    Scenario Outline: A header is given twice
      Given signing is on
      When the producer sends a signal with <header> given twice
      Then it is refused as "header_repeated"
      And nothing is stored

      Examples: Each header
        | header        |
        | X-Producer-Id |
        | X-Timestamp   |
        | X-Signature   |

    Scenario Outline: A header is given twice beside a missing one
      Given signing is on
      When the producer sends a signal with <header> given twice, without <missing>
      Then it is refused as "header_repeated"

      Examples: Each header
        | header        | missing       |
        | X-Producer-Id | X-Signature   |
        | X-Timestamp   | X-Producer-Id |
        | X-Signature   | X-Timestamp   |

  Rule: An empty header is malformed, not missing

    Scenario Outline: An empty header
      Given signing is on
      When the producer sends a signal with the <header> ""
      Then it is refused as "<code>"

      Examples: Each header
        | header        | code                |
        | X-Producer-Id | producer_id_invalid |
        | X-Timestamp   | timestamp_malformed |
        | X-Signature   | signature_malformed |
