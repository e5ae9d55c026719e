@AC-39 @inside
Feature: AC-39 Instruments can be discovered
  Before a reader can ask for an instrument it has to know which ones there are.
  So the service lists them by name, with the time at which the latest signal of each was stored.

  Rule: All instruments are listed in the order of their names

    Example: Each once, whoever sends it
      Given anybody may read
      And a service that has counted nothing yet
      And these signals are sent:
        | producer | instrument | payload |
        | alpha    | XAUUSD     | {}      |
        | beta     | XAUUSD     | {}      |
        | alpha    | EUR.X      | {}      |
        | alpha    | EUR-X      | {}      |
        | alpha    | EUR_X      | {}      |
      When the reader asks for the instruments
      Then the instruments are "EUR-X", "EUR.X", "EUR_X" and "XAUUSD"
      And the latest of each is when its latest signal was stored

    Example: Page by page
      Given anybody may read
      And a service that has counted nothing yet
      And signals are stored for "AA", "BB", "CC", "DD" and "EE"
      When the reader asks for the instruments, 2 a page
      Then the instruments are "AA", "BB", "CC", "DD" and "EE"

    Example: Those that begin alike
      Given anybody may read
      And a service that has counted nothing yet
      And signals are stored for "A_B", "AXB", "A.B" and "A-B"
      When the reader asks for the instruments that begin with "A_"
      Then the instruments are "A_B"

  Rule: A reader is told of the instruments in its scope

    Example: Others are not there
      Given a service that has counted nothing yet
      And the operator has let a reader read the instruments "XAU*"
      And signals are stored for "XAUUSD", "EURUSD" and "XAUEUR"
      When the reader asks for the instruments
      Then the instruments are "XAUEUR" and "XAUUSD"
