@AC-15
Feature: AC-15 JSONB payload stored with integrity
  Prices are compared to the last digit, and notes are written in every script.
  So a payload comes out of the database with every digit and every character it went in with, or it is refused.

  Rule: A payload may be nested up to 128 levels deep

    Scenario Outline: Deep nesting
      When the producer sends a signal with a payload nested <levels> levels deep
      Then it is accepted

      Examples: Up to 128 levels
        | levels |
        | 32     |
        | 128    |

  @inside
  Rule: Every value that the database can hold is stored as it was sent

    Scenario Outline: A payload of any shape
      When the producer sends a signal with the payload <payload>
      Then it is accepted
      And the stored payload is <payload>

      Examples: Objects and lists
        | payload                                                |
        | {"a": {"b": {"c": {"d": {"e": "deep"}}}}}              |
        | {"targets": [1950, 1960.5, [1970, {"last": true}], []]} |
        | {"a": {}, "b": [], "c": [{}, []]}                      |
        | {"list": [], "nothing": null, "yes": true, "text": ""} |

      Examples: Nothing and truth
        | payload                                     |
        | {"stop": null}                              |
        | {"list": [null, true, false], "text": null} |

      Examples: Keys
        | payload                          |
        | {"": "an empty key"}             |
        | {" ": 1, "a b": 2, "A": 3, "a": 4} |
        | {"__proto__": {"admin": true}}   |

      Examples: Text
        | payload                                            |
        | {"text": "测试数据"}                               |
        | {"text": "🚀📈 to the moon"}                       |
        | {"测试": "数据", "🔑": "emoji key"}                 |
        | {"text": "العربية עברית ไทย"}                      |
        | {"text": "e\\u0301 is not \\u00e9"}                |
        | {"text": "quote \\" slash \\/ backslash \\\\"}     |
        | {"text": "tab \\t line \\n bell \\u0007"}          |
        | {"text": "\\ud83d\\ude80 written in two halves"}   |
        | {"text": "a backslash before \\\\u0000"}           |
        | {"text": "'; DROP TABLE signals; --"}              |
        | {"text": "%s $1 {0}"}                              |

    Scenario Outline: A number keeps every digit
      When the producer sends a signal with the payload {"n": <number>}
      Then it is accepted
      And the number in the stored payload reads <stored>

      Examples: Prices
        | number  | stored  |
        | 1950.50 | 1950.50 |
        | 1.08450 | 1.08450 |
        | 0.1     | 0.1     |
        | -0.5    | -0.5    |

      Examples: More digits than a double has
        | number                         | stored                         |
        | 0.1234567890123456789012345    | 0.1234567890123456789012345    |
        | 123456789012345678901234567890 | 123456789012345678901234567890 |
        | 9007199254740993               | 9007199254740993               |
        | -18446744073709551617          | -18446744073709551617          |

      Examples: With an exponent, written out by the database
        | number | stored  |
        | 1e2    | 100     |
        | 1.5E3  | 1500    |
        | 2e-3   | 0.002   |

      Examples: Zero
        | number | stored |
        | 0      | 0      |
        | 0.00   | 0.00   |
        | 0e0    | 0      |

    Scenario Outline: A number at the ends of the range
      When the producer sends a signal with the payload {"n": <number>}
      Then it is accepted
      And the number in the stored payload has the value of <number>

      Examples: Greatest and smallest
        | number                  |
        | 1.7976931348623157e308  |
        | -1.7976931348623157e308 |
        | 2.2250738585072014e-308 |
        | 5e-324                  |

    Scenario Outline: A payload that is nested deeply
      When the producer sends a signal with a payload nested <levels> levels deep
      Then it is accepted
      And the stored payload is the payload that was sent

      Examples: Up to 128 levels
        | levels |
        | 32     |
        | 127    |
        | 128    |

  Rule: What the database cannot hold is refused, wherever it stands

    Scenario Outline: A payload that cannot be stored
      When the producer sends a signal with the payload <payload>
      Then it is refused as "validation_failed"
      And the fault lies in "payload"
      And nothing is stored

      Examples: The character U+0000
        | payload                       |
        | {"text": "\\u0000"}           |
        | {"text": "before\\u0000after"} |
        | {"key\\u0000": 1}             |
        | {"a": {"b": ["\\u0000"]}}     |
        | {"text": "\\\\\\u0000"}       |

      Examples: Numbers that as a double are infinite
        | payload          |
        | {"n": 1e400}     |
        | {"n": -1e400}    |
        | {"n": 1e131071}  |
        | {"n": [1.8e308]} |
        | {"a": {"n": 1e99999999999} } |

      Examples: Numbers that as a double are zero but are not
        | payload           |
        | {"n": 1e-400}     |
        | {"n": 1e-131071}  |
        | {"n": [-1e-400]}  |

    Scenario Outline: An integer of very many digits
      When the producer sends a signal with an integer of <digits> digits in its payload
      Then it is refused as "validation_failed"
      And the fault lies in "payload"
      And nothing is stored

      Examples: More than a double can count
        | digits |
        | 310    |
        | 5000   |

    Scenario Outline: The same outside the payload
      When the producer sends a signal with the unknown field "note" being <value>
      Then it is refused as "validation_failed"
      And the fault lies in the body
      And nothing is stored

      Examples: Unstorable
        | value      |
        | "\\u0000"  |
        | 1e400      |
        | [1e-400]   |

    Scenario Outline: Half a character
      When the producer sends a signal with the payload <payload>
      Then it is refused as "invalid_json"
      And nothing is stored

      Examples: Lone surrogates
        | payload                  |
        | {"text": "\\ud800"}      |
        | {"text": "\\udc00"}      |
        | {"text": "\\ude80\\ud83d"} |
        | {"\\ud800": 1}           |
