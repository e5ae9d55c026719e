@AC-40 @inside
Feature: AC-40 The board shows what comes in
  Not everybody who wants to know what comes in wants to write a program for it: product owners, traders, operators at
  night. So there is a page to look at. It runs in a browser, and shows what its reader may see and nothing else.

  Rule: A signal appears when it is stored

    Scenario Outline: A signal appears
      Given anybody may read
      And the board is open
      When the producer sends a signal for "XAUUSD" with the side <side>
      Then the board shows the signal as "<word>" "XAUUSD"

      Examples: Told apart by a word and a sign, beside the colour
        | side | word   |
        | 0    | ▲ Buy  |
        | 1    | ▼ Sell |

    Example: Signals that were stored before
      Given anybody may read
      And the producer has sent a signal
      When somebody opens the board
      Then the board shows the signal
      And the board says how old the newest signal is

    Example: A payload
      Given anybody may read
      And the board is open
      When the producer sends a signal with the payload {"at": 1950.50, "size": 0.1234567890123456789012345}
      Then the board shows the signal with the payload {"at":1950.50,"size":0.1234567890123456789012345}

  Rule: Who looks for something sees that alone

    Example: Instruments that begin alike
      Given anybody may read
      And the board is open
      And somebody has looked on it for the instrument "EUR*"
      And the producer has sent a signal for "XAUUSD"
      When the producer sends a signal for "EURUSD"
      Then the board shows the signal
      And the board shows signals for "EURUSD" alone

    Example: A producer
      Given anybody may read
      And signing is on
      And the producer is called "ea-40"
      And the board is open
      And somebody has looked on it for the producer "ea-40"
      When the producer sends a signal
      Then the board shows the signal
      And the board shows signals of "ea-40" alone

    Example: What cannot be the name of an instrument
      Given anybody may read
      And the board is open
      When somebody looks on it for the instrument "GOLD!"
      Then the board says that it does not understand the filter

  Rule: Whether the board is connected is told, and what was missed meanwhile is shown

    Example: The connection breaks
      Given anybody may read
      And the board is open
      When the connection of the board breaks
      Then the board says that it is not connected

    Example: The connection comes back
      Given anybody may read
      And the board is open
      And the connection of the board has broken
      And the producer has sent a signal
      When the connection of the board comes back
      Then the board shows the signal
      And the board says that it is connected

  Rule: Who has no token sees nothing

    Example: No token yet
      When somebody opens the board
      Then the board asks for a token

    Example: A token
      Given the operator has let a reader read everything
      And the board asks the reader for its token
      When the reader shows the board its token
      Then the board says that it is connected

    Example: A wrong token
      Given the operator has let a reader read everything
      And the board asks the reader for its token
      When the reader shows the board a wrong token
      Then the board asks for a token, and says that this one is not known

    Example: A token that is revoked while somebody looks
      Given the operator has let a reader read everything
      And the board shows the reader a signal
      When the operator revokes the reader
      Then the board asks for a token, and says that this one is not known
      And the board shows no signal

    Example: A token that is to be forgotten
      Given the operator has let a reader read everything
      And the board shows the reader a signal
      When the reader has the board forget its token
      Then the board asks for a token
      And the board shows no signal

  Rule: The board tells how much is stored and refused

    Example: A reader of everything
      Given a service that has counted nothing yet
      And the operator has let a reader read everything
      And the producer has sent a signal for "GOLD!"
      And the producer has sent a signal for "XAUUSD"
      When the reader opens the board
      Then the board tells of 1 request that was refused as "validation_failed"
      And the board tells of 1 signal stored in this minute at most

    Example: A reader with a scope
      Given the operator has let a reader read the instruments "XAU*"
      When the reader opens the board
      Then the board tells of no refusals
