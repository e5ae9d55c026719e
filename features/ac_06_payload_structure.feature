@AC-06
Feature: AC-06 Payload structure
  Each strategy has values of its own to send along, and nobody wants to ask for a new column.
  So the payload is an object of any content, or is left out.

  Rule: A payload is a JSON object, or null

    Scenario Outline: An accepted payload
      When the producer sends a signal with the payload <payload>
      Then it is accepted

      Examples: Objects
        | payload                                                       |
        | {}                                                            |
        | {"strategy": "breakout"}                                      |
        | {"risk": {"stop": {"price": 1945.5}}, "targets": [1980, 2000]} |
        | {"list": [], "nothing": null, "yes": true, "text": ""}        |

      Examples: Null
        | payload |
        | null    |

  @inside
  Rule: An empty payload is stored as an empty payload, and none as none

    Example: The payload is empty
      When the producer sends a signal with the payload {}
      Then it is accepted
      And the stored payload is {}

    Example: The payload is null
      When the producer sends a signal with the payload null
      Then it is accepted
      And no payload is stored

    Example: The payload is left out
      When the producer sends a signal without the payload
      Then it is accepted
      And no payload is stored

  Rule: Anything else is refused

    Scenario Outline: A refused payload
      When the producer sends a signal with the payload <payload>
      Then it is refused as "validation_failed"
      And the fault lies in "payload"
      And nothing is stored

      Examples: Lists
        | payload             |
        | []                  |
        | [{"stop": 1945.5}]  |

      Examples: Single values
        | payload                |
        | "breakout"             |
        | "{\\"stop\\": 1945.5}" |
        | ""                     |
        | 0                      |
        | 1945.5                 |
        | true                   |
        | false                  |
