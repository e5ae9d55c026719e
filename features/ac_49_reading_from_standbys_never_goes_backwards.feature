@AC-49 @inside
Feature: AC-49 Reading from standbys never goes backwards
  Many readers are served by a second server that follows the first one, so that they take nothing from those who send.
  It follows a little late, and sometimes more than a little. No reader has to know of it: whoever serves it, it is shown
  what was accepted, each signal once and in the one order.

  Rule: Whoever is further than the second server is not sent back

    Example: The second server has not come to where the reader stands
      Given the database is two servers, and anybody may read from the second one
      And the reader has read the feed to its end
      And the second server lags
      And the producer has sent a signal
      And the reader has been shown that signal by the first server
      When the reader goes on
      Then the reader sees nothing
      And the reader stands where it stood

    Example: The first server does not answer either
      Given the database is two servers, and anybody may read from the second one
      And the reader has read the feed to its end
      And the second server lags
      And the producer has sent a signal
      And the reader has been shown that signal by the first server
      And the first server has died
      When the reader goes on and is refused
      Then it is refused as "feed_unavailable"

  Rule: A server that lags too much is left until it has caught up

    Example: It lags
      Given readers may be served what is 2 seconds old
      And the database is two servers, and anybody may read from the second one
      And the second server lags
      And the producer has sent a signal
      When the operator waits until the second server is left
      Then the reader is shown that signal
      And the metrics show how far the second server lags

    Example: It has caught up
      Given readers may be served what is 2 seconds old
      And the database is two servers, and anybody may read from the second one
      And the second server lags
      And the second server has been left
      And the second server has caught up
      When the producer sends a signal
      Then the reader is shown that signal by the second server

  Rule: A second server that takes over has all that was accepted

    Example: The one that lagged is the first one now
      Given the database is two servers, and anybody may read from the second one
      And the reader has read the feed to its end
      And the second server lags
      And the producer has sent a signal
      And the reader has been shown that signal by the first server
      And the second server has taken over because the first one has died
      When the producer sends another signal
      Then the reader is shown the other signal and nothing else
