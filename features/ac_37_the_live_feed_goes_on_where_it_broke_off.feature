@AC-37 @inside
Feature: AC-37 The live feed goes on where it broke off
  A bot or a board that follows signals wants each at once, and connections break: by night, by Wi-Fi, by a new version.
  So a stream tells with everything how far it has come, and whoever comes back with that goes on there: nothing is
  missing, nothing comes twice. What one reader does or fails to do is no other reader's trouble.

  Rule: A stream shows what is stored from now on

    Example: A signal comes as it is stored
      Given anybody may read
      And the reader follows the live feed
      When the producer sends a signal
      Then the reader is shown the signal, its kind, and the place after it

    Example: It says at once where it begins
      Given anybody may read
      When the reader follows the live feed
      Then the stream is "text/event-stream", not stored and not buffered on the way
      And the first thing it says is a place, and when to come back

    Example: Every digit of the payload
      Given anybody may read
      And the reader follows the live feed
      When the producer sends a signal with the payload {"price": 0.1234567890123456789012345}
      Then the reader is shown the payload {"price": 0.1234567890123456789012345}

    Example: What was there before is not shown
      Given anybody may read
      And the producer has sent a signal
      And the reader has seen that signal
      And the reader follows the live feed
      When the producer sends another signal
      Then the reader is shown the second signal and not the first

    Example: Only what it asks for
      Given anybody may read
      And the reader follows the live feed of the instruments "LIVE.A*"
      When the producer sends signals for "LIVE.AB", "LIVE.B", "OTHER" and "LIVE.A"
      Then the reader is shown signals for "LIVE.AB" and "LIVE.A"

    Example: Only what it may see
      Given the operator has let a reader read the instruments "LIVE.A*"
      And the reader follows the live feed with its token
      When the producer sends signals for "LIVE.AB", "LIVE.B", "OTHER" and "LIVE.A"
      Then the reader is shown signals for "LIVE.AB" and "LIVE.A"

  Rule: While nothing happens it says how far it is

    Example: A heartbeat
      Given anybody may read
      And heartbeats come every half second
      When the reader follows the live feed
      Then the reader is told a place again and again

    Example: A heartbeat for who came back with a place
      Given anybody may read
      And heartbeats come every half second
      And the reader has followed the live feed, and hung up
      When the reader comes back
      Then the reader is told a place again and again

    Example: A rare filter does not stay behind
      Given anybody may read
      And heartbeats come every half second
      And the reader follows the live feed of the instruments "RARE"
      When the producer sends a signal for "OTHER"
      Then the place that the reader is told moves on

  Rule: Who comes back goes on where it broke off

    Example: Signals were stored meanwhile
      Given anybody may read
      And the reader has followed the live feed, and hung up
      And the producer has sent 3 signals
      When the reader comes back
      Then the reader is shown each of them once, in their order

    Example: The service was restarted meanwhile
      Given anybody may read
      And a service that has counted nothing yet
      And the reader follows the live feed
      And the service was restarted
      And the producer has sent 3 signals
      When the reader comes back
      Then the reader is shown each of them once, in their order

    Example: The place that it kept wins over the address
      Given anybody may read
      And the reader has followed the live feed, and hung up
      And the producer has sent 3 signals
      When the reader comes back with a newer place in the address
      Then the reader is shown each of them once, in their order

    Scenario Outline: It comes back with <place>
      Given anybody may read
      When the reader comes back with <place>
      Then it is refused as "<code>"

      Examples: Places that are none
        | place                  | code           |
        | no cursor              | cursor_invalid |
        | half a cursor          | cursor_invalid |
        | a cursor of the future | cursor_expired |

  Rule: A reader that does not read harms nobody

    Example: One that reads nothing
      Given anybody may read
      And a connection may be idle for 1 second
      And the reader follows the live feed
      And another reader follows the live feed and reads nothing
      When the producer sends 3 MB of signals
      Then the reader is shown each of them once, in their order
      And the other reader is cut off

    Example: One that reads slowly
      Given anybody may read
      And the reader follows the live feed slowly
      When the producer sends 3 MB of signals
      Then the reader is shown each of them once, in their order

  Rule: There is an end to how many may follow

    Example: One too many
      Given anybody may read
      And 2 may follow at once
      And the reader follows the live feed
      And another reader follows the live feed
      When a third reader follows the live feed
      Then it is refused as "too_many_streams"
      And it is told to come back later
      And the streams of the others go on

  Rule: A stream ends behind a whole signal

    Example: At shutdown
      Given anybody may read
      And a service that has counted nothing yet
      And the reader follows the live feed
      When the operator stops the service
      Then the stream ends in good order
      And the service has stopped within 10 seconds

    Example: After about an hour
      Given anybody may read
      And streams end after a second
      When the reader follows the live feed
      Then the stream ends in good order

    Example: When its reader is revoked
      Given the operator has let a reader read everything
      And the reader follows the live feed with its token
      When the operator revokes the reader
      Then the stream ends within 2 seconds
