@AC-02
Feature: AC-02 Response format
  Producers keep the id to ask about a signal later, and sort by it.
  So the answer to a stored signal is small, exact and the same for everybody.

  Rule: The answer says which signal was stored, its status, and when it was created

    Example: Exactly three facts
      When the producer sends a signal
      Then it is accepted
      And the answer holds exactly the fields id, status, created_at

    Example: The id is a UUID that nobody can guess
      When the producer sends a signal
      Then it is accepted
      And the id is a UUID of version 7

    @inside
    Example: The id is the id in the database
      When the producer sends a signal
      Then it is accepted
      And the stored id is the id of the answer

    Example: A new signal has the status 0
      When the producer sends a signal
      Then it is accepted
      And the status in the answer is 0

    Example: The time of creation is in UTC
      When the producer sends a signal
      Then it is accepted
      And the creation time in the answer is ISO 8601 in UTC

    Example: The answer is JSON of a declared length
      When the producer sends a signal
      Then it is accepted
      And the answer is JSON with its length declared

    Example: Nothing of the signal is repeated
      When the producer sends a signal with the payload {"note": "answer-must-not-repeat-this"}
      Then it is accepted
      And the answer does not contain "answer-must-not-repeat-this"

  Rule: Ids are ordered by time

    Example: A later signal has a greater id
      Given the producer has sent a signal
      When the producer sends another signal
      Then it is accepted
      And its id is greater than the one before
