@AC-46 @inside
Feature: AC-46 Expiry
  A signal that nobody has acted on in time is worth nothing, and acting on it late does harm. So each may say until when it
  is good, or the operator says it for all, and nobody is given an old one for a fresh one: also not while the service is
  late in closing it. The clock of the database decides.

  Rule: A signal expires when it says so, or after the time that is set for all, or never

    Example: It says when
      Given anybody may read
      And the producer has sent a signal that expires in 600 seconds
      When the reader asks for that signal
      Then the signal expires when the producer has said
      And the signal has not expired

    Example: It does not say
      Given anybody may read
      And signals expire after 3600 seconds
      And the producer has sent a signal
      When the reader asks for that signal
      Then the signal expires 3600 seconds after it was stored

    Example: Nobody says
      Given anybody may read
      And the producer has sent a signal
      When the reader asks for that signal
      Then the signal never expires

  Rule: It expires in the future, and within 30 days

    Scenario Outline: At no such time
      Given the service knows the clock of the database
      When the producer sends a signal that expires in <seconds> seconds
      Then it is refused as "validation_failed"
      And the fault lies in "expires_at"

      Examples: Too early and too late
        | seconds |
        | -5      |
        | 2592060 |

  Rule: What has expired is seen at once, and closed within ten seconds

    Example: Before anybody has closed it
      Given anybody may read
      And nobody closes what has expired
      And the producer has sent a signal that expires in 1 second
      And the signal has expired
      When the reader asks for that signal
      Then the reader is told that it has expired, and that it is new

    Example: It is closed, and the feed tells
      Given anybody may read
      And the producer has sent a signal that expires in 1 second
      When the signal expires
      Then within 10 seconds the feed tells that the signal is closed because it has "expired"

    Example: Nobody decides about it any more
      Given nobody closes what has expired
      And the operator has let a reader approve
      And the producer has sent a signal that expires in 1 second
      And the signal has expired
      When the reader makes the signal queued
      Then it is refused as "signal_expired"

  Rule: Who asks for what is live is given nothing else

    Example: A page
      Given anybody may read
      And nobody closes what has expired
      And the producer has sent a signal that expires in 1 second
      And the signal has expired
      When the reader asks for what is live
      Then the reader is not given the signal

    Example: A stream
      Given anybody may read
      And nobody closes what has expired
      And the reader has followed the live feed, and hung up
      And the producer has sent a signal that expires in 1 second
      And the signal has expired
      When the reader comes back for what is live
      Then the stream does not show the signal
