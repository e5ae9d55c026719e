@AC-01
Feature: AC-01 Valid signal ingestion
  A producer that was told "created" throws its own copy away and trades on.
  So a valid signal is answered with 201 Created, and by then it is in the database.

  Rule: A valid signal is stored

    Example: The smallest signal
      When the producer sends a signal with only an instrument, a side and a time
      Then it is answered with 201
      And exactly one signal is stored

    Example: A signal with a payload
      When the producer sends a signal with the payload {"strategy": "breakout", "stop_loss": 1945.5}
      Then it is answered with 201
      And exactly one signal is stored

    Example: A signal with every field
      When the producer sends this signal:
        """
        {
          "instrument": "XAUUSD",
          "side": 1,
          "time": "2026-01-31T12:00:00.250Z",
          "payload": {"take_profit": 1980},
          "version": 3
        }
        """
      Then it is answered with 201
      And exactly one signal is stored

  Rule: How a signal is written down does not matter

    Scenario Outline: The same signal in another layout
      When the producer sends the signal <body>
      Then it is answered with 201
      And exactly one signal is stored

      Examples: Order of the fields
        | body                                                               |
        | {"time": "2026-01-31T12:00:00Z", "side": 0, "instrument": "XAUUSD"} |
        | {"side": 0, "instrument": "XAUUSD", "time": "2026-01-31T12:00:00Z"} |

      Examples: Space between the fields
        | body                                                                      |
        | {"instrument":"XAUUSD","side":0,"time":"2026-01-31T12:00:00Z"}            |
        | { "instrument" : "XAUUSD" , "side" : 0 , "time" : "2026-01-31T12:00:00Z" } |

    @inside
    Scenario Outline: An escaped letter means the letter
      When the producer sends the signal <body>
      Then it is answered with 201
      And the stored instrument is "XAUUSD"

      Examples: In a value and in a name
        | body                                                                     |
        | {"instrument": "\\u0058AUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"} |
        | {"\\u0069nstrument": "XAUUSD", "side": 0, "time": "2026-01-31T12:00:00Z"} |

  Rule: Every signal is a signal of its own

    Example: Two signals with the same content
      Given the producer has sent a signal
      When the producer sends the same signal as a new request
      Then it is answered with 201
      And exactly two signals are stored
