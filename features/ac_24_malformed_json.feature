@AC-24
Feature: AC-24 Malformed JSON
  Two programs that read the same broken text differently will sooner or later trade differently.
  So only strict JSON that has one meaning is read; anything else is refused, and never with an error of the service.

  Rule: What is not JSON is refused

    Scenario Outline: A body that is not JSON
      When the producer sends the body <body>
      Then it is refused as "invalid_json"
      And the detail says "JSON"
      And nothing is stored

      Examples: Nearly JSON
        | body                                                               |
        | {"instrument": "XAUUSD", "side": 0,}                               |
        | {'instrument': 'XAUUSD', 'side': 0}                                |
        | {instrument: "XAUUSD", side: 0}                                    |
        | {"instrument": "XAUUSD" "side": 0}                                 |
        | {"instrument": "XAUUSD", "side": 0} // buy                         |
        | {"instrument": "XAUUSD", /* buy */ "side": 0}                      |
        | {"instrument": XAUUSD, "side": 0}                                  |
        | {"list": [1, 2,]}                                                  |

      Examples: Numbers that JSON does not know
        | body                                                                                               |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"n": NaN}}         |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"n": Infinity}}    |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"n": -Infinity}}   |
        | {"side": 00}                                                                                       |
        | {"side": 01}                                                                                       |
        | {"side": +1}                                                                                       |
        | {"side": .5}                                                                                       |
        | {"side": 1.}                                                                                       |
        | {"side": 0x1}                                                                                      |
        | {"side": 1_000}                                                                                    |

      Examples: Words that JSON does not know
        | body              |
        | {"side": True}    |
        | {"side": None}    |
        | {"side": nul}     |
        | undefined         |
        | buy gold          |

      Examples: Cut off
        | body                                 |
        | {                                    |
        | {"instrument                         |
        | {"instrument": "XAUUSD", "side":     |
        | {"instrument": "XAUUSD", "side": 0   |
        | [                                    |
        | "XAUUSD                              |

      Examples: More than one value
        | body                                    |
        | {"instrument": "XAUUSD"} {"side": 0}    |
        | {"instrument": "XAUUSD"}}               |
        | {"side": 0}, {"side": 1}                |
        | {"side": 0}]                            |

      Examples: Text that JSON does not know
        | body                                |
        | {"instrument": "XAU\\x41USD"}       |
        | {"instrument": "XAU\\u12"}          |
        | {"instrument": "XAU\\u00zz"}        |

    Scenario Outline: Bytes that are not JSON
      When the producer sends <bytes>
      Then it is refused as "invalid_json"
      And the detail says "JSON"
      And nothing is stored

      Examples: Nothing
        | bytes                     |
        | an empty body             |
        | a body of spaces          |
        | a body of null characters |

      Examples: A valid signal in other clothes
        | bytes                                          |
        | a signal with a byte order mark                |
        | a signal in UTF-16                             |
        | a signal in UTF-32                             |
        | a signal with a null character behind it       |
        | a signal with a raw line break inside a string |

      Examples: Bytes that are not UTF-8
        | bytes                                 |
        | a signal with a Latin-1 letter        |
        | a signal with an overlong character   |
        | a signal with half a character        |
        | a signal with a surrogate in UTF-8    |

    Scenario Outline: What no editor shows is named
      When the producer sends <bytes>
      Then it is refused as "invalid_json"
      And the detail says "<words>"

      Examples: Before a signal and behind it
        | bytes                                    | words             |
        | a signal with a byte order mark          | a byte order mark |
        | a signal in UTF-16                       | a byte order mark |
        | a signal with a null character behind it | a NUL byte        |

    Example: White space around a signal is part of JSON
      When the producer sends a signal with white space around it
      Then it is accepted

  Rule: A key given twice is refused, at any depth

    Scenario Outline: A key is given twice
      When the producer sends the signal <body>
      Then it is refused as "duplicate_key"
      And the detail says "JSON"
      And nothing is stored

      Examples: A field of the signal
        | body                                                                                       |
        | {"instrument": "XAUUSD", "side": 0, "side": 1, "time": "2026-01-31T12:00:00Z"}             |
        | {"instrument": "XAUUSD", "side": 0, "side": 0, "time": "2026-01-31T12:00:00Z"}             |
        | {"instrument": "XAUUSD", "side": 0, "\\u0073ide": 1, "time": "2026-01-31T12:00:00Z"}       |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {}, "payload": {}} |

      Examples: Deeper
        | body                                                                                                    |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"a": 1, "a": 2}}        |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"a": {"b": [{"c": 1, "c": 1}]}}} |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"": 1, "": 2}}          |

      Examples: In a field that is ignored
        | body                                                                                                  |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "note": 1, "note": 2}             |
        | {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "note": {"a": 1, "a": 2}}         |

    Example: The same key in two different objects is no repetition
      When the producer sends a signal with the payload {"a": {"k": 1}, "b": {"k": 2}, "k": 3}
      Then it is accepted

  Rule: Nesting without end is refused

    Scenario Outline: A body that is nested too deeply
      When the producer sends <kind> nested 20000 levels deep
      Then it is refused as "invalid_json"
      And nothing is stored

      Examples: Lists and objects, closed and left open
        | kind                  |
        | lists                 |
        | objects               |
        | lists left open       |
        | objects left open     |

  Rule: JSON that is no object is no signal

    Scenario Outline: Another JSON value
      When the producer sends the body <body>
      Then it is refused as "validation_failed"
      And the fault lies in the body
      And nothing is stored

      Examples: Lists
        | body                                                                  |
        | []                                                                    |
        | [{"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}] |

      Examples: Single values
        | body     |
        | null     |
        | true     |
        | 0        |
        | 1.5      |
        | "XAUUSD" |
