@AC-38 @inside
Feature: AC-38 Readers see what they may see
  Signals are worth something to whoever reads them first, and not everybody may.
  So the operator gives each reader a token and a scope, and takes them back; what is out of scope is not there. The
  operator's commands need the database of the service: none of this runs from outside.

  Rule: Who reads shows a token

    Example: A reader shows the token that it was given
      Given the operator has let a reader read everything
      When the reader reads the feed
      Then the reader is let in

    Example: Somebody shows no token
      Given readers need a token
      When somebody reads the feed without a token
      Then it is refused as "token_missing"

    Example: Somebody shows a token that nobody made
      Given readers need a token
      When somebody reads the feed with a token that nobody made
      Then it is refused as "token_invalid"

    Example: A reader puts its token into the address
      Given the operator has let a reader read everything
      When the reader reads the feed with its token in the address
      Then it is refused as "token_missing"

    Example: The service does not know its readers yet
      Given the service was started while its database was away
      And the operator has let a reader read everything
      When the reader reads the feed
      Then it is refused as "overloaded"

  Rule: A reader sees the signals in its scope, and no others

    Example: Without a scope
      Given these signals are stored:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | beta     | EURUSD     |
      And the operator has let a reader read everything
      When the reader reads the feed to its end
      Then the reader sees the signals:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | beta     | EURUSD     |

    Example: Instruments that begin alike
      Given these signals are stored:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | alpha    | XAUEUR     |
        | alpha    | XAGUSD     |
      And the operator has let a reader read the instruments "XAU*"
      When the reader reads the feed to its end
      Then the reader sees the signals:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | alpha    | XAUEUR     |

    Example: A producer
      Given these signals are stored:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | beta     | XAUUSD     |
      And the operator has let a reader read what "beta" sends
      When the reader reads the feed to its end
      Then the reader sees the signals:
        | producer | instrument |
        | beta     | XAUUSD     |

    Example: Both
      Given these signals are stored:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | beta     | XAUUSD     |
        | beta     | EURUSD     |
      And the operator has let a reader read the instruments "XAU*" that "beta" sends
      When the reader reads the feed to its end
      Then the reader sees the signals:
        | producer | instrument |
        | beta     | XAUUSD     |

    Example: A reader asks for what is out of its scope
      Given these signals are stored:
        | producer | instrument |
        | alpha    | XAUUSD     |
        | alpha    | EURUSD     |
      And the operator has let a reader read the instruments "XAU*"
      When the reader asks the feed for the instrument "EURUSD"
      Then the reader sees none of the signals

    Example: A reader asks for a signal that is out of its scope
      Given these signals are stored:
        | producer | instrument |
        | alpha    | EURUSD     |
      And the operator has let a reader read the instruments "XAU*"
      When the reader asks for the stored signal
      Then it is refused as "not_found"

  Rule: A token is replaced without a gap

    Example: Both are good for as long as the operator says
      Given the clock of the service is right
      And the operator has let a reader read everything
      And the operator has made another token for it, the one before to end in 10 minutes
      And 9 minutes have passed
      When the reader reads the feed with each of its tokens
      Then the reader is let in each time

    Example: Then the one before is good no more
      Given the clock of the service is right
      And the operator has let a reader read everything
      And the operator has made another token for it, the one before to end in 10 minutes
      And 11 minutes have passed
      When the reader reads the feed with the token before
      Then it is refused as "token_invalid"

  Rule: A revoked reader reads nothing any more, in no process

    Example: In two worker processes
      Given the service runs with 2 worker processes
      And the operator has let a reader read everything
      And the operator has revoked the reader
      When the reader reads the feed 20 times at once
      Then all of them are refused as "token_invalid"

    Example: It is given no other token
      Given the operator has let a reader read everything
      And the operator has revoked the reader
      When the operator makes another token for it
      Then the command ends with 1

  Rule: Neither the database nor the log tells a token

    Example: Somebody gets hold of a dump
      Given the operator has let a reader read everything
      When somebody makes a dump of the database
      Then the dump tells of the reader, and of no token

    Example: Somebody reads the log
      Given the operator has let a reader read everything
      When the reader reads the feed with its token in the address too
      Then the log names the reader
      And the log holds no token

  Rule: Anybody may read where it is being developed, and nowhere else

    Example: Reading is open
      Given anybody may read
      When somebody reads the feed without a token
      Then somebody is let in

    Example: The operator opens reading in production
      When the operator starts a service in production that anybody may read
      Then it does not start because of "SIGNALS_READERS is open"
