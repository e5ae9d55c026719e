@AC-45 @inside
Feature: AC-45 Approval
  Not every producer is trusted to trade at once. So the operator may ask approval of its signals: an execution bot is given
  none that nobody has approved, and those who decide see each as soon as it is stored.

  Rule: Nobody is given a signal before it is approved, but those who may approve

    Example: Somebody who only reads
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the producer has sent a signal
      When the reader reads the feed to its end
      Then the signal is not in the feed
      And the signal is not found by its id

    Example: Somebody who may approve
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader approve
      And the producer has sent a signal
      When the reader reads the feed to its end
      Then the feed shows the signal, and it is new

    Example: Somebody who asks for it
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the producer has sent a signal
      When the reader asks for what is not approved too
      Then the feed shows the signal, and it is new

  Rule: An approved signal is given to everybody, where it was approved

    Example: Behind what came meanwhile
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the producer has sent a signal
      And somebody else has sent a signal
      When another reader makes the signal queued
      Then the feed shows the signal behind the one of somebody else, and it is queued

    Example: To who follows
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the reader follows the live feed with its token
      And the producer has sent a signal
      When another reader makes the signal queued
      Then the live feed shows the signal once, and it is queued

  Rule: What nobody approves was never there

    Example: It is closed
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the producer has sent a signal
      When another reader makes the signal closed
      Then the reader is told that the signal is closed
      And neither the signal nor its closing is in the feed

    Example: It expires
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader approve
      And the producer has sent a signal that expires in 1 second
      And the signal has expired
      When the reader makes the signal queued
      Then it is refused as "signal_expired"

  Rule: Whether a signal needs approval is decided when it is stored

    Example: The operator asks no more
      Given producers have keys of their own
      And the operator has registered the producer, and asks approval of its signals
      And the operator has let a reader read everything
      And the producer has sent a signal
      And the operator asks no approval of its signals any more
      When the reader reads the feed to its end
      Then the signal is not in the feed
