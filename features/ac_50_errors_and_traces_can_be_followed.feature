@AC-50 @inside
Feature: AC-50 Errors and traces can be followed
  Whoever runs the service learns of its failures before anybody complains, and sees where the time of a signal went.
  Both are told to programs of the operator's own choice. Nothing of what producers send is told, and nobody waits.

  Rule: A failure is told to the error tracker, and nothing that was sent

    Example: A signal that cannot be stored
      Given the operator has an error tracker
      And the database refuses every signal
      When the producer sends a signal with the payload {"note": "for nobody else"}
      Then it is refused as "internal_error"
      And the error tracker is told of "Database write failed"
      And the error tracker is not told "for nobody else"

  Rule: A signal can be followed from its proof to its commit

    Example: The trace that the producer has begun goes on
      Given signing is on
      And the operator collects traces
      When the producer sends a signal that is part of a trace
      Then it is accepted
      And that trace shows its proof, its queue and its commit
      And every line of the log about it names that trace

    Example: What a stranger has begun does not
      Given signing is on
      And the operator collects traces
      When a stranger sends a signal that is part of a trace
      Then it is refused as "signature_mismatch"
      And that trace shows nothing of it

  Rule: Nothing is traced unless the operator says where to

    Example: Without a collector
      Given signing is on
      When the producer sends a signal that is part of a trace
      Then it is accepted
      And no line of the log names a trace
