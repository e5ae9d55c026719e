@AC-04
Feature: AC-04 Side validation
  Buying instead of selling is the most expensive mistake a signal can make.
  So the side is the whole number 0 for buy or 1 for sell, and nothing else is taken for either.

  Rule: 0 is buy and 1 is sell

    Scenario Outline: An accepted side
      When the producer sends a signal with the side <side>
      Then it is accepted

      Examples: Buy and sell
        | side |
        | 0    |
        | 1    |

  Rule: Anything else is refused

    Scenario Outline: A refused side
      When the producer sends a signal with the side <side>
      Then it is refused as "validation_failed"
      And the fault lies in "side"
      And nothing is stored

      Examples: Numbers next to the allowed ones
        | side |
        | -1   |
        | 2    |

      Examples: Numbers that are not written as whole numbers
        | side |
        | 1.0  |
        | 0.0  |
        | 0.5  |
        | 1e0  |

      Examples: Huge numbers
        | side                 |
        | 4294967296           |
        | 18446744073709551616 |

      Examples: Words
        | side   |
        | "buy"  |
        | "BUY"  |
        | "sell" |
        | "0"    |
        | "1"    |
        | ""     |

      Examples: Other kinds of value
        | side  |
        | null  |
        | true  |
        | false |
        | []    |
        | [1]   |
        | {}    |

    Example: No side at all
      When the producer sends a signal without the side
      Then it is refused as "validation_failed"
      And the fault lies in "side"
      And nothing is stored

  Rule: The refusal says what is expected

    Example: A word for the side
      When the producer sends a signal with the side "buy"
      Then it is refused as "validation_failed"
      And the fault is explained with "0 for buy or 1 for sell"
