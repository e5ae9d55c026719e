@AC-23 @inside
Feature: AC-23 Database failure
  Databases are restarted and networks break, mostly at night.
  So the service says honestly that it failed, tells nothing of its inside, and is back by itself as soon as the database is.

  Rule: While the database is away, nobody is told that a signal is stored

    Example: The producer gets a general answer, and the operator finds the request in the log
      Given the database has gone away
      When the producer sends a signal
      Then it is refused as "internal_error"
      And the detail is "Internal server error"
      And the log tells once of the failure, at level "error"
      And that line says when it was written
      And that line carries the request id

    Example: The load balancer stops sending signals
      Given the database has gone away
      When the operator asks whether the service is ready
      Then it is not ready
      And it says when to come again

    Example: A refusal needs no database
      Given the database has gone away
      When the producer sends a signal for "xauusd"
      Then it is refused as "validation_failed"

  Rule: When the database is back, so is the service, without a restart

    Example: A signal after the failure
      Given the database has gone away
      And the producer has been refused as "internal_error"
      And the database has come back
      When the producer sends a signal
      Then it is accepted
      And exactly one signal is stored

    Example: A signal after the database has closed all connections
      Given the producer has sent a signal
      And the database has closed all connections of the service
      When the producer sends another signal
      Then it is accepted
      And exactly two signals are stored

    Example: A signal after a failover
      The address of the database leads to another server now. The old one has not closed the connections of the
      service, and stores nothing any more.
      Given another database server has taken over
      When the producer sends a signal
      Then it is accepted

    Example: Ready again
      Given the database has gone away
      And the operator has seen that the service is not ready
      And the database has come back
      When the operator asks again until the service is ready
      Then it is ready

  Rule: The service may start before its database

    Example: Not ready yet, but alive
      Given the service was started while its database was away
      When the operator asks whether the service is ready
      Then it is not ready

    Example: Ready when the database is
      Given the service was started while its database was away
      And the database has come back
      When the operator asks again until the service is ready
      Then it is ready

    Example: A signal for a service that started first
      Given the service was started while its database was away
      And the database has come back
      And the service has become ready
      When the producer sends a signal
      Then it is accepted
      And exactly one signal is stored

  Rule: The service is not ready for as long as no signal can be stored

    Example: A database that answers and stores nothing
      Given the database refuses every signal
      And the producer has been refused as "internal_error"
      When the operator asks whether the service is ready
      Then it is not ready because of "writes fail"

    Example: It is ready again although no signal came
      Given the database refuses every signal
      And the producer has been refused as "internal_error"
      And the database takes signals again
      When the operator asks again until the service is ready
      Then it is ready
      And no signal of the service itself is stored

    Example: One signal that the database does not take is no failure of the service
      Given the database refuses signals for "XAGUSD"
      And the producer has sent a signal for "XAGUSD"
      When the operator asks whether the service is ready
      Then it is ready

  Rule: During an outage the queue of waiting signals is bounded

    Example: A full queue
      Given there is room for 2 waiting signals
      And the database has stopped answering
      When 40 signals are sent at once
      Then some of them are refused as "overloaded"
      And all others are refused as "internal_error"
      And nobody waited longer than 5.5 seconds

    Example: A full queue is empty again after the outage
      Given there is room for 2 waiting signals
      And the database has stopped answering
      And 40 signals were sent at once
      And the database answers again
      When the producer sends a signal
      Then it is accepted
