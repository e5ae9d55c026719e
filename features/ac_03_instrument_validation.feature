@AC-03
Feature: AC-03 Instrument validation
  A misspelt instrument is a trade in the wrong market.
  So an instrument is 2 to 20 capital letters, digits, dots, underscores and hyphens, and nothing else.

  Rule: Well-formed instruments are accepted

    @inside
    Scenario Outline: An accepted instrument
      When the producer sends a signal for "<instrument>"
      Then it is accepted
      And the stored instrument is "<instrument>"

      Examples: Everyday names
        | instrument |
        | XAUUSD     |
        | EURUSD_M15 |
        | GOLD.SPOT  |
        | BTC-USD    |
        | US500      |

      Examples: Shortest and longest
        | instrument           |
        | XY                   |
        | ABCDEFGHIJKLMNOPQRS  |
        | ABCDEFGHIJKLMNOPQRST |

      Examples: Every kind of character
        | instrument           |
        | 09                   |
        | ._                   |
        | --                   |
        | AZ                   |
        | A.B_C-D.1_2-3.E_F-99 |

  Rule: Everything else is refused

    Scenario Outline: A refused instrument
      When the producer sends a signal for "<instrument>"
      Then it is refused as "validation_failed"
      And the fault lies in "instrument"
      And nothing is stored

      Examples: Too short or too long
        | instrument            |
        |                       |
        | A                     |
        | ABCDEFGHIJKLMNOPQRSTU |

      Examples: Characters that do not belong
        | instrument |
        | xauusd     |
        | XAUUSd     |
        | XY****     |
        | EUR USD    |
        | EUR/USD    |
        | ../XAU     |
        | XAU,USD    |
        | XAU'USD    |

      Examples: Letters that only look right
        | instrument |
        | ХAUUSD     |
        | XAUUSÐ     |
        | ＸＡＵＵＳＤ     |
        | XAU٣٣      |
        | 黄金         |

    Scenario Outline: An instrument with an invisible character
      When the producer sends a signal with the instrument <instrument>
      Then it is refused as "validation_failed"
      And the fault lies in "instrument"
      And nothing is stored

      Examples: At the end
        | instrument       |
        | "XAUUSD\\n"      |
        | "XAUUSD\\r"      |
        | "XAUUSD "        |
        | "XAUUSD\\u0000"  |
        | "XAUUSD\\u200b"  |

      Examples: At the start
        | instrument       |
        | "\\nXAUUSD"      |
        | " XAUUSD"        |
        | "\\ufeffXAUUSD"  |

    Scenario Outline: An instrument that is no text
      When the producer sends a signal with the instrument <instrument>
      Then it is refused as "validation_failed"
      And the fault lies in "instrument"

      Examples: Other kinds of value
        | instrument   |
        | 123456       |
        | null         |
        | true         |
        | ["XAUUSD"]   |
        | {"a": "XAU"} |

    Example: No instrument at all
      When the producer sends a signal without the instrument
      Then it is refused as "validation_failed"
      And the fault lies in "instrument"

    Example: The refusal says what kind of fault it is
      When the producer sends a signal for "xauusd"
      Then it is refused as "validation_failed"
      And the fault is of the type "string_pattern_mismatch"
      And the fault is explained with "2 to 20 characters: A-Z, 0-9, dot, underscore or hyphen"

    Example: The refusal does not repeat what was sent
      When the producer sends a signal for "not-an-instrument"
      Then it is refused as "validation_failed"
      And the answer does not contain "not-an-instrument"

  Rule: All faults are reported at once

    Example: Three wrong fields
      When the producer sends the signal {"instrument": "xauusd", "side": 2, "time": "yesterday"}
      Then it is refused as "validation_failed"
      And the faults lie in "instrument, side, time"

    Example: An empty signal
      When the producer sends the signal {}
      Then it is refused as "validation_failed"
      And the faults lie in "instrument, side, time"
