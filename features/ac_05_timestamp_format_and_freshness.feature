@AC-05
Feature: AC-05 Timestamp format and freshness
  Producers sit in every time zone and backfill old signals; analysts compare them to the microsecond.
  So a time says its zone, in one form only, and is stored as the same instant in UTC.

  Rule: A time names its zone and is stored in UTC

    Scenario Outline: An accepted time
      When the producer sends a signal dated "<time>"
      Then it is accepted

      Examples: Every way to name a zone
        | time                      |
        | 2026-01-31T12:00:00Z      |
        | 2026-01-31T12:00:00+00:00 |
        | 2026-01-31T12:00:00-05:30 |
        | 2026-01-31T12:00:00+23:59 |

      Examples: Fractions of a second, up to nine digits
        | time                           |
        | 2026-01-31T12:00:00.5Z         |
        | 2026-01-31T12:00:00.123456Z    |
        | 2026-01-31T12:00:00.123456789Z |

    @inside
    Scenario Outline: The same instant is stored
      When the producer sends a signal dated "<time>"
      Then it is accepted
      And the stored time is "<stored>"

      Examples: UTC
        | time                      | stored                    |
        | 2026-01-31T12:00:00Z      | 2026-01-31T12:00:00+00:00 |
        | 2026-01-31T12:00:00+00:00 | 2026-01-31T12:00:00+00:00 |
        | 2026-01-31T12:00:00-00:00 | 2026-01-31T12:00:00+00:00 |

      Examples: Other zones
        | time                      | stored                    |
        | 2026-01-31T12:00:00+02:00 | 2026-01-31T10:00:00+00:00 |
        | 2026-01-31T12:00:00-05:30 | 2026-01-31T17:30:00+00:00 |
        | 2026-01-31T12:00:00+14:00 | 2026-01-30T22:00:00+00:00 |
        | 2026-01-31T12:00:00+23:59 | 2026-01-30T12:01:00+00:00 |

      Examples: Fractions of a second
        | time                           | stored                           |
        | 2026-01-31T12:00:00.5Z         | 2026-01-31T12:00:00.500000+00:00 |
        | 2026-01-31T12:00:00.123Z       | 2026-01-31T12:00:00.123000+00:00 |
        | 2026-01-31T12:00:00.123456Z    | 2026-01-31T12:00:00.123456+00:00 |
        | 2026-01-31T12:00:00.000001Z    | 2026-01-31T12:00:00.000001+00:00 |
        | 2026-01-31T12:00:00.25+01:00   | 2026-01-31T11:00:00.250000+00:00 |

      Examples: Digits after the sixth are cut off
        | time                           | stored                           |
        | 2026-01-31T12:00:00.1234567Z   | 2026-01-31T12:00:00.123456+00:00 |
        | 2026-01-31T12:00:00.123456789Z | 2026-01-31T12:00:00.123456+00:00 |
        | 2026-01-31T12:00:00.999999999Z | 2026-01-31T12:00:00.999999+00:00 |

      Examples: Ends of the calendar
        | time                 | stored                    |
        | 2024-02-29T23:59:59Z | 2024-02-29T23:59:59+00:00 |
        | 2026-12-31T23:59:59Z | 2026-12-31T23:59:59+00:00 |
        | 2027-01-01T00:00:00Z | 2027-01-01T00:00:00+00:00 |

      Examples: Edges of the accepted years
        | time                        | stored                           |
        | 1900-01-01T00:00:00Z        | 1900-01-01T00:00:00+00:00        |
        | 1899-12-31T23:30:00-01:00   | 1900-01-01T00:30:00+00:00        |
        | 2201-01-01T00:30:00+01:00   | 2200-12-31T23:30:00+00:00        |
        | 2200-12-31T23:59:59.999999Z | 2200-12-31T23:59:59.999999+00:00 |

  Rule: Any other form is refused

    Scenario Outline: A refused time
      When the producer sends a signal dated "<time>"
      Then it is refused as "validation_failed"
      And the fault lies in "time"
      And nothing is stored

      Examples: No zone
        | time                    |
        | 2026-01-31T12:00:00     |
        | 2026-01-31T12:00:00.123 |

      Examples: A zone in another form
        | time                         |
        | 2026-01-31T12:00:00+0200     |
        | 2026-01-31T12:00:00+02       |
        | 2026-01-31T12:00:00+02:00:30 |
        | 2026-01-31T12:00:00+24:00    |
        | 2026-01-31T12:00:00+02:60    |
        | 2026-01-31T12:00:00 UTC      |
        | 2026-01-31T12:00:00z         |
        | 2026-01-31T12:00:00ZZ        |

      Examples: Another order
        | time                 |
        | 31-01-2026T12:00:00Z |
        | 01-31-2026T12:00:00Z |
        | 12:00:00T2026-01-31Z |
        | 2026-W05-6T12:00:00Z |
        | 2026-031T12:00:00Z   |

      Examples: Other separators
        | time                     |
        | 2026/01/31T12:00:00Z     |
        | 20260131T120000Z         |
        | 2026-01-31 12:00:00Z     |
        | 2026-01-31_12:00:00Z     |
        | 2026-01-31t12:00:00Z     |
        | 2026-01-31T12.00.00Z     |
        | 2026-01-31T12:00:00,123Z |

      Examples: Parts left out or added
        | time                            |
        | 2026-01-31                      |
        | 2026-01-31T12:00Z               |
        | 2026-01-31T12Z                  |
        | 2026-1-31T12:00:00Z             |
        | 26-01-31T12:00:00Z              |
        | 12026-01-31T12:00:00Z           |
        | +2026-01-31T12:00:00Z           |
        | 2026-01-31T12:00:00.Z           |
        | 2026-01-31T12:00:00.1234567891Z |

      Examples: Unix time
        | time          |
        | 1769860800    |
        | 1769860800000 |
        | 1769860800.5  |
        | -1            |

      Examples: Dates and times that do not exist
        | time                 |
        | 2026-02-30T12:00:00Z |
        | 2026-02-29T12:00:00Z |
        | 2026-13-01T12:00:00Z |
        | 2026-00-01T12:00:00Z |
        | 2026-01-00T12:00:00Z |
        | 2026-01-31T24:00:00Z |
        | 2026-01-31T25:00:00Z |
        | 2026-01-31T12:60:00Z |
        | 2026-12-31T23:59:60Z |

      Examples: Not a time at all
        | time                 |
        |                      |
        | now                  |
        | ２０２６-01-31T12:00:00Z |
        | ٢٠٢٦-01-31T12:00:00Z |

    Scenario Outline: A time that is no text
      When the producer sends a signal with the time <time>
      Then it is refused as "validation_failed"
      And the fault lies in "time"

      Examples: Unix time as a number
        | time         |
        | 1769860800   |
        | 1769860800.5 |
        | 0            |

      Examples: Other kinds of value
        | time                     |
        | null                     |
        | true                     |
        | ["2026-01-31T12:00:00Z"] |
        | {"year": 2026}           |

      Examples: Invisible characters
        | time                       |
        | "2026-01-31T12:00:00Z\\n"  |
        | " 2026-01-31T12:00:00Z"    |
        | "2026-01-31T12:00:00Z "    |

    Example: No time at all
      When the producer sends a signal without the time
      Then it is refused as "validation_failed"
      And the fault lies in "time"

  Rule: Years from 1900 to 2200 in UTC are accepted

    Scenario Outline: A time at the edge of the accepted years
      When the producer sends a signal dated "<time>"
      Then it is accepted

      Examples: In UTC
        | time                        |
        | 1900-01-01T00:00:00Z        |
        | 2200-12-31T23:59:59.999999Z |

      Examples: In another zone, where the year is already or still another
        | time                      |
        | 1899-12-31T23:30:00-01:00 |
        | 2201-01-01T00:30:00+01:00 |

    Scenario Outline: A time outside the accepted years
      When the producer sends a signal dated "<time>"
      Then it is refused as "validation_failed"
      And the fault lies in "time"

      Examples: In UTC
        | time                        |
        | 1899-12-31T23:59:59.999999Z |
        | 1899-12-31T23:59:59Z        |
        | 2201-01-01T00:00:00Z        |
        | 0001-01-01T00:00:00Z        |
        | 9999-12-31T23:59:59.999999Z |
        | 0000-01-01T00:00:00Z        |

      Examples: Through the zone
        | time                      |
        | 1900-01-01T00:30:00+01:00 |
        | 2200-12-31T23:30:00-01:00 |
        | 0001-01-01T00:00:00+14:00 |
        | 9999-12-31T23:59:59-14:00 |

  Rule: Without a limit on age, the past and the future are accepted

    Scenario Outline: A signal from another day
      When the producer sends a signal dated "<time>"
      Then it is accepted

      Examples: Long ago and far ahead
        | time                 |
        | 1970-01-01T00:00:00Z |
        | 1999-12-31T23:59:59Z |
        | 2150-06-01T08:00:00Z |

  @inside
  Rule: With a limit on age, a signal must be close to now, before or after

    Scenario Outline: A signal that is close enough
      Given signals may lie at most 3600 seconds from now
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal dated "<time>"
      Then it is accepted

      Examples: From now up to exactly the limit
        | time                      |
        | 2026-01-31T12:00:00Z      |
        | 2026-01-31T11:00:01Z      |
        | 2026-01-31T11:00:00Z      |
        | 2026-01-31T12:59:59Z      |
        | 2026-01-31T13:00:00Z      |
        | 2026-01-31T14:00:00+01:00 |

    Scenario Outline: A signal that is too far away
      Given signals may lie at most 3600 seconds from now
      And the clock of the service shows "2026-01-31T12:00:00Z"
      When the producer sends a signal dated "<time>"
      Then it is refused as "validation_failed"
      And the fault lies in "time"
      And nothing is stored

      Examples: One step beyond the limit
        | time                        |
        | 2026-01-31T10:59:59Z        |
        | 2026-01-31T10:59:59.999999Z |
        | 2026-01-31T13:00:01Z        |
        | 2026-01-31T13:00:00.000001Z |

      Examples: Far away
        | time                      |
        | 2025-01-31T12:00:00Z      |
        | 2027-01-31T12:00:00Z      |
        | 2026-01-31T12:00:00+02:00 |
