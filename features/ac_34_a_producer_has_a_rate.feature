@AC-34 @inside
Feature: AC-34 A producer has a rate
  One producer that runs wild must not take from the others what the service can store.
  So the operator gives it a rate, which holds over all processes of the service. The operator's commands need the
  database of the service: none of this runs from outside.

  Rule: A producer may send what its rate allows, and no more

    Example: As much as its rate allows
      Given producers have keys of their own
      And the operator has registered the producer with the rate "5/s"
      When 5 signals are sent at once
      Then all of them are accepted

    Example: More than that
      Given producers have keys of their own
      And the operator has registered the producer with the rate "5/s"
      When 30 signals are sent at once
      Then as many of them are accepted as the rate "5/s" allows
      And the others are refused as "rate_limited"

    Example: The producer comes again when it was told to
      Given producers have keys of their own
      And the operator has registered the producer with the rate "60/m"
      And the producer has sent signals until one was refused
      And the producer has waited as long as it was told
      When the producer sends the very same request again
      Then it is accepted

    Example: A rate of one in an hour
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal
      When the producer sends another signal
      Then it is refused as "rate_limited"
      And it says to come again in about 3600 seconds
      And exactly one signal is stored

    Example: The operator sets another rate
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent signals until one was refused
      And the operator has set its rate to "100/s"
      When the producer sends another signal
      Then it is accepted
      And it tells of 100 signals in 1 second

  Rule: There may be one rate for all that have none of their own

    Example: A producer without a rate of its own
      Given producers have keys of their own
      And producers may send "1/h" unless they have a rate of their own
      And the operator has registered the producer
      And the producer has sent a signal
      When the producer sends another signal
      Then it is refused as "rate_limited"

    Example: A producer with a rate of its own
      Given producers have keys of their own
      And producers may send "1/h" unless they have a rate of their own
      And the operator has registered the producer with the rate "100/s"
      When 50 signals are sent at once
      Then all of them are accepted

    Example: A producer with the secret that is shared
      Given producers have keys of their own
      And producers may send "1/h" unless they have a rate of their own
      And the producer is not registered
      And the producer signs with the secret that is shared
      And the producer has sent a signal
      When the producer sends another signal
      Then it is refused as "rate_limited"

  Rule: The rate holds over all processes, and through restarts

    Example: Two worker processes
      Given producers have keys of their own
      And the service runs with 2 worker processes
      And the operator has registered the producer with the rate "20/s"
      When 100 signals are sent at once
      Then as many of them are accepted as the rate "20/s" allows
      And the others are refused as "rate_limited"

    Example: The service was restarted
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal
      And the service was restarted
      When the producer sends another signal
      Then it is refused as "rate_limited"

  Rule: Only what is newly stored counts

    Example: A resent signal is answered beyond the rate
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal
      When the producer sends the very same request again
      Then it is answered with the first answer, byte for byte
      And exactly one signal is stored

    Example: A refused signal is free
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal for "xauusd"
      When the producer sends another signal
      Then it is accepted

    Example: Beyond the rate a faulty signal is as much too much as any other
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal
      When the producer sends a signal for "xauusd"
      Then it is refused as "rate_limited"

  Rule: Nobody else can use it up

    Example: Strangers who use the name of the producer
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And a stranger has sent 20 signals in the name of the producer
      When the producer sends a signal
      Then it is accepted

    Example: Another producer
      Given producers have keys of their own
      And producers may send "1/h" unless they have a rate of their own
      And another producer has sent signals until one was refused
      And the operator has registered the producer
      When the producer sends a signal
      Then it is accepted

  Rule: Whoever is proven is told of its rate

    Scenario Outline: An answer to the producer
      Given producers have keys of their own
      And the operator has registered the producer with the rate "90/m"
      When a request arrives with <fault>
      Then it is answered with <status>
      And it tells of 3 signals in 2 seconds

      Examples: Good and bad
        | fault               | status |
        | no fault            | 201    |
        | broken JSON         | 400    |
        | wrong fields        | 422    |
        | too large a payload | 413    |

    Example: Beyond the rate
      Given producers have keys of their own
      And the operator has registered the producer with the rate "1/h"
      And the producer has sent a signal
      When the producer sends another signal
      Then it tells of 1 signal in 3600 seconds
      And it tells that nothing is left for about 3600 seconds

    Example: Somebody who is not proven
      Given producers have keys of their own
      And the operator has registered the producer with the rate "90/m"
      When a request arrives with a wrong signature
      Then the answer is that of a stranger
      And it tells of no rate

    Example: A producer without a rate
      Given producers have keys of their own
      And the operator has registered the producer
      When the producer sends a signal
      Then it is accepted
      And it tells of no rate

  Rule: The operator sees how near producers come to their rates

    Example: A producer that has sent something
      Given producers have keys of their own
      And the operator has registered the producer with the rate "20/s"
      And 10 signals were sent at once
      When the operator looks at the limits
      Then the operator is shown the producer with "20/s" and 10 signals in 10 seconds
