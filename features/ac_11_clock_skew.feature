@AC-11
Feature: AC-11 Clock skew ±5 minutes
  A captured request must be worthless soon, yet clocks on trading desks are never quite right.
  So a signed request counts for 300 seconds before and after its timestamp, to the second.

  Rule: Within five minutes a request counts, and beyond them it does not

    Scenario Outline: A timestamp well within the window
      Given signing is on
      When the producer sends a signal stamped <far> seconds <from now>
      Then it is accepted

      Examples: Of the past and of the future
        | far | from now |
        | 0   | ago      |
        | 60  | ago      |
        | 240 | ago      |
        | 60  | ahead    |
        | 240 | ahead    |

    Scenario Outline: A timestamp well outside the window
      Given signing is on
      When the producer sends a signal stamped <far> seconds <from now>
      Then it is refused as "timestamp_outside_window"
      And nothing is stored

      Examples: Of the past and of the future
        | far      | from now |
        | 600      | ago      |
        | 31536000 | ago      |
        | 600      | ahead    |
        | 31536000 | ahead    |

    Scenario Outline: A timestamp at an end of the calendar
      Given signing is on
      When the producer sends a signal stamped "<timestamp>"
      Then it is refused as "timestamp_outside_window"

      Examples: First and last
        | timestamp                 |
        | 0001-01-01T00:00:00Z      |
        | 0001-01-01T00:00:00+14:00 |
        | 9999-12-31T23:59:59Z      |
        | 9999-12-31T23:59:59-14:00 |

  @inside
  Rule: Up to 300 whole seconds either way are accepted, and not one more

    Scenario Outline: A timestamp of the recent past
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped <age> seconds ago
      Then it is accepted

      Examples: From now to the end of the window
        | age |
        | 0   |
        | 60  |
        | 299 |
        | 300 |

      Examples: Less than a whole second more
        | age        |
        | 300.000001 |
        | 300.999999 |

    Scenario Outline: A timestamp of the near future
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped <lead> seconds ahead
      Then it is accepted

      Examples: Up to the end of the window
        | lead       |
        | 60         |
        | 299        |
        | 299.999999 |
        | 300        |

    Scenario Outline: A timestamp in another zone
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped "<timestamp>"
      Then it is accepted

      Examples: East and west, at the ends of the window
        | timestamp                     |
        | 2026-01-31T13:55:00+02:00     |
        | 2026-01-31T06:25:00-05:30     |
        | 2026-01-31T13:05:00.000+01:00 |

    Scenario Outline: A timestamp of the past
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped <age> seconds ago
      Then it is refused as "timestamp_outside_window"
      And nothing is stored

      Examples: From one second beyond the window
        | age      |
        | 301      |
        | 600      |
        | 31536000 |

    Scenario Outline: A timestamp of the future
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped <lead> seconds ahead
      Then it is refused as "timestamp_outside_window"
      And nothing is stored

      Examples: From beyond the window
        | lead       |
        | 300.000001 |
        | 301        |
        | 600        |
        | 31536000   |

    Scenario Outline: A timestamp that only its zone takes out of the window
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped "<timestamp>"
      Then it is refused as "timestamp_outside_window"

      Examples: Through the zone
        | timestamp                 |
        | 2026-01-31T12:00:00+01:00 |
        | 2026-01-31T12:00:00-01:00 |

  Rule: A timestamp that cannot be read is refused, even with the right signature

    Scenario Outline: A malformed timestamp
      Given signing is on
      When the producer sends a signal stamped "<timestamp>"
      Then it is refused as "timestamp_malformed"
      And nothing is stored

      Examples: No zone
        | timestamp           |
        | 2026-01-31T12:00:00 |

      Examples: Another form of date and time
        | timestamp                    |
        | 2026-01-31 12:00:00Z         |
        | 2026-01-31t12:00:00Z         |
        | 2026-01-31T12:00:00z         |
        | 2026-W05-6T12:00:00Z         |
        | 20260131T120000Z             |
        | 2026-01-31T12:00Z            |
        | 2026-01-31                   |
        | 2026-01-31T12:00:00+00       |
        | 2026-01-31T12:00:00+0000     |
        | 2026-01-31T12:00:00+00:00:00 |
        | 2026-01-31T12:00:00,5Z       |
        | 2026-01-31T12:00:00.1234567890Z |
        | Sat, 31 Jan 2026 12:00:00 GMT |

      Examples: Unix time
        | timestamp     |
        | 1769860800    |
        | 1769860800000 |

      Examples: Dates and times that do not exist
        | timestamp            |
        | 2026-02-30T12:00:00Z |
        | 2026-01-31T24:00:00Z |
        | 2026-01-31T11:59:60Z |

      Examples: Words
        | timestamp |
        | now       |
        | yesterday |

    @inside
    Example: A fraction of a second is part of the form
      Given signing is on
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal stamped "2026-01-31T12:00:00.123456789Z"
      Then it is accepted

  Rule: The window is judged before the signature

    Example: An old request with a wrong signature
      Given signing is on
      When a request arrives with too old a timestamp and a wrong signature
      Then it is refused as "timestamp_outside_window"

  Rule: The window has nothing to do with the time of the signal

    Example: An old signal in a fresh request
      Given signing is on
      When the producer sends a signal dated "1999-12-31T23:59:59Z"
      Then it is accepted
