@AC-25
Feature: AC-25 Unknown fields are ignored
  Producers send the same signal to several systems, and newer ones send what this one does not know yet.
  So fields that are not part of a signal do no harm, and none of them is stored.

  Rule: Unknown fields do not hinder a signal

    Scenario Outline: A signal with unknown fields is accepted
      When the producer sends a signal with the unknown fields <fields>
      Then it is accepted
      And the id is a UUID of version 7

      Examples: One, several, nested
        | fields                                           |
        | {"comment": "london opens"}                      |
        | {"comment": "x", "magic": 7, "ticket": null}     |
        | {"meta": {"payload": {"stop": 1}, "version": 9}} |

      Examples: Nearly a name that is known
        | fields                                         |
        | {"Instrument": "EURUSD"}                       |
        | {"id": "11111111-1111-4111-8111-111111111111"} |

  @inside
  Rule: Unknown fields do not reach the database

    Scenario Outline: A signal with unknown fields
      When the producer sends a signal with the unknown fields <fields>
      Then it is accepted
      And the id is a UUID of version 7
      And the row reads:
        | instrument  | XAUUSD |
        | side        | 0      |
        | payload     |        |
        | producer_id |        |
        | version     | 1      |
        | status      | 0      |
      And the stored creation time lies between the sending and now
      And the stored update time equals the creation time

      Examples: One
        | fields                       |
        | {"comment": "london opens"}  |
        | {"": 1}                      |
        | {"测试": "数据"}             |

      Examples: Several
        | fields                                        |
        | {"comment": "x", "magic": 7, "ticket": null}  |

      Examples: Nested
        | fields                                              |
        | {"meta": {"payload": {"stop": 1}, "version": 9}}    |
        | {"list": [{"instrument": "EURUSD"}, [1, [2, [3]]]]} |

      Examples: Names of columns that producers do not fill
        | fields                                             |
        | {"id": "11111111-1111-4111-8111-111111111111"}     |
        | {"status": 2}                                      |
        | {"created_at": "1999-12-31T23:59:59Z"}             |
        | {"updated_at": "1999-12-31T23:59:59Z"}             |
        | {"producer_id": "somebody-else"}                   |

      Examples: Nearly the name of a field
        | fields                           |
        | {"Instrument": "EURUSD"}         |
        | {"SIDE": 1}                      |
        | {"payload ": {"stop": 1}}        |
        | {"Version": 9}                   |

    Example: An unknown field beside a payload
      When the producer sends this signal:
        """
        {"instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z", "payload": {"stop": 1}, "extra": {"stop": 2}}
        """
      Then it is accepted
      And the stored payload is {"stop": 1}

  Rule: An unknown field is no substitute, and is not repeated in the answer

    Example: An unknown field does not stand in for a required one
      When the producer sends the signal {"Instrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"}
      Then it is refused as "validation_failed"
      And the fault lies in "instrument"

    Example: The name of an unknown field is not repeated
      When the producer sends the signal {"do-not-echo-me": 1}
      Then it is refused as "validation_failed"
      And the answer does not contain "do-not-echo-me"
