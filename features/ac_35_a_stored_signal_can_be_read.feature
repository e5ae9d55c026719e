@AC-35 @inside
Feature: AC-35 A stored signal can be read
  What was answered as stored can be looked up by the id that was answered.
  So a reader gets one signal with all that is known of it, as it is now, its payload digit for digit.

  Rule: A signal is given as it is stored

    Example: Every field
      Given anybody may read
      And the producer has sent a signal for "XAUUSD"
      When the reader asks for that signal
      Then the reader is shown the signal as it is stored

    Scenario Outline: Every digit of the payload
      Given anybody may read
      And the producer has sent a signal with the payload {"n": <number>}
      When the reader asks for that signal
      Then the number that the reader is shown reads <number>

      Examples: What a float would not hold
        | number                         |
        | 0.1234567890123456789012345    |
        | 123456789012345678901234567890 |
        | 1.50                           |

    Example: As it is now
      Given anybody may read
      And the producer has sent a signal
      And somebody has closed that signal in the database
      When the reader asks for that signal
      Then the reader is shown the signal as it is stored

  Rule: What is not there is not found

    Scenario Outline: No signal has this id
      Given anybody may read
      When the reader asks for the signal "<id>"
      Then it is refused as "not_found"

      Examples: Unknown and malformed
        | id                                   |
        | 01a20dc7-e667-7406-ab00-7167f832076d |
        | 01a20dc7                             |
        | XAUUSD                               |

    Example: Signals are not listed there
      Given anybody may read
      When the reader asks for all signals at once
      Then it is refused as "method_not_allowed"
