@AC-27
Feature: AC-27 Request id
  A producer who complains can name the request, and the operator finds all that the service did with it.
  So every answer carries the id of its request, and so does every line of the log about it.

  Rule: The caller's id is used when it is sane

    Scenario Outline: A sane id
      When the producer sends a signal with the request id "<id>"
      Then it is accepted
      And the request id in the answer is "<id>"

      Examples: Shortest and longest
        | id                                                                                                                               |
        | a                                                                                                                                |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

      Examples: Every kind of character
        | id                                   |
        | 0b1e6f6e-3c1c-7d31-9c0a-2f9f4c9f2b10 |
        | AZaz09._-                            |

  Rule: Any other id is replaced by a new one

    Scenario Outline: An id that is not sane
      When the producer sends a signal with the request id "<id>"
      Then it is accepted
      And the request id in the answer is a new one

      Examples: Empty or too long
        | id                                                                                                                                |
        |                                                                                                                                   |
        | aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa |

      Examples: Characters that do not belong
        | id                        |
        | two words                 |
        | a/b                       |
        | a{"b":1}                  |
        | häh                       |
        | <script>                  |

    Example: No id
      When the producer sends a signal
      Then it is accepted
      And the request id in the answer is a new one

    Example: Each request gets an id of its own
      Given the producer has sent a signal
      When the producer sends another signal
      Then it is accepted
      And the two answers have different request ids

  Rule: Every answer carries the id, whatever it says

    Scenario Outline: An answer of every kind
      Given signing is <signing>
      When a request with the request id "desk-7.4711" arrives with <fault>
      Then it is answered with <status>
      And the request id in the answer is "desk-7.4711"

      Examples: Refused before the signature
        | signing | fault                | status |
        | on      | an unknown path      | 404    |
        | on      | another method       | 405    |
        | on      | too large a body     | 413    |
        | on      | another content type | 415    |

      Examples: Refused by the signature
        | signing | fault        | status |
        | on      | no signature | 401    |

      Examples: Refused after the signature
        | signing | fault               | status |
        | on      | broken JSON         | 400    |
        | on      | wrong fields        | 422    |
        | off     | too large a payload | 413    |

      Examples: Accepted
        | signing | fault    | status |
        | on      | no fault | 201    |
        | off     | no fault | 201    |

    @inside
    Example: A failure of the service
      Given the database has gone away
      When the producer sends a signal with the request id "desk-7.4712"
      Then it is refused as "internal_error"
      And the request id in the answer is "desk-7.4712"
      And the log tells once of the failure, at level "error"
      And that line carries the request id

    @inside
    Scenario Outline: Every line of the log about it
      Given signing is on
      When a request with the request id "desk-7.4711" arrives with <fault>
      Then it is answered with <status>
      And every line that was logged meanwhile carries the request id

      Examples: Refused and accepted
        | fault           | status |
        | an unknown path | 404    |
        | another method  | 405    |
        | no signature    | 401    |
        | broken JSON     | 400    |
        | wrong fields    | 422    |
        | no fault        | 201    |

    Scenario Outline: What operators ask for
      When the operator asks for <what>
      Then it is answered with 200
      And the request id in the answer is a new one

      Examples: Each
        | what          |
        | the health    |
        | the readiness |
        | the version   |
        | the metrics   |
