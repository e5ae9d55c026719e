@AC-14 @inside
Feature: AC-14 Timestamps managed by the database
  Audits need one clock that no program, and no person at the database, can get wrong.
  So the database itself says when a signal was created and when it last changed.

  Rule: The time of creation comes from the database

    Example: The clock of the service is wrong
      Given the clock of the service shows "1999-12-31T23:59:59Z"
      When the producer sends a signal
      Then it is accepted
      And the stored creation time lies between the sending and now

    Example: The answer tells the stored time
      When the producer sends a signal
      Then it is accepted
      And the stored creation time is the one in the answer

    Example: A new signal has not changed since its creation
      When the producer sends a signal
      Then it is accepted
      And the stored update time equals the creation time

    Example: The time that the producer gives is another matter
      When the producer sends a signal dated "1999-12-31T23:59:59Z"
      Then it is accepted
      And the stored creation time lies between the sending and now

  Rule: A later change moves the time of update, whoever makes it

    Scenario Outline: Somebody changes a stored signal in the database
      Given the producer has sent a signal
      When somebody changes its <column> in the database to <value>
      Then the update time has moved

      Examples: A change of substance
        | column  | value |
        | status  | 2     |
        | version | 9     |

      Examples: A change to the value it had
        | column  | value |
        | status  | 0     |

      Examples: An attempt to set the time of update by hand
        | column     | value                  |
        | updated_at | '1999-12-31T23:59:59Z' |

  Rule: No change moves the time of creation

    Example: A signal is closed later
      Given the producer has sent a signal
      When somebody changes its status in the database to 2
      Then the creation time has not moved
