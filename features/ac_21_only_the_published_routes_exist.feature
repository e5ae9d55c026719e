@AC-21
Feature: AC-21 Only the published routes exist
  An address that nearly works loses signals quietly, and an address that nobody knows of is a way in.
  So what is not published is not there, and nothing is redirected.

  Rule: Other paths are not found

    Scenario Outline: A signal sent to a path that does not exist
      When the producer sends a signal to "<path>"
      Then it is refused as "not_found"
      And nothing is stored

      Examples: Other versions and spellings
        | path             |
        | /signals         |
        | /api/v0/signals  |
        | /api/v2/signals  |
        | /api/v1/signal   |
        | /api/v1/Signals  |
        | /API/V1/SIGNALS  |
        | /api/signals     |
        | /                |

      Examples: A slash too many
        | path                |
        | /api/v1/signals/    |
        | //api/v1/signals    |
        | /api//v1/signals    |
        | /api/v1/signals/1/2 |

    Scenario Outline: Somebody looks around
      When somebody asks for "<path>"
      Then it is refused as "not_found"

      Examples: What other services have
        | path                 |
        | /                    |
        | /admin               |
        | /.env                |
        | /api/v1/             |
        | /api/v1/health/      |
        | /api/v1/signals/1/2  |
        | /metrics/            |

  Rule: The collection of signals only takes new signals

    Scenario Outline: Another method on the collection
      When somebody sends <method> to "/api/v1/signals"
      Then it is refused as "method_not_allowed"
      And the answer allows exactly "POST"
      And nothing is stored

      Examples: Reading
        | method  |
        | GET     |
        | OPTIONS |

      Examples: Changing
        | method |
        | PUT    |
        | PATCH  |
        | DELETE |

    Example: A method without an answer body
      When somebody sends HEAD to "/api/v1/signals"
      Then it is answered with 405
      And the answer allows exactly "POST"

  Rule: The other addresses are only read

    Scenario Outline: A signal sent to an address that is only read
      When the producer sends a signal to "<path>"
      Then it is refused as "method_not_allowed"
      And the answer allows exactly "GET, HEAD"

      Examples: Each
        | path            |
        | /api/v1/health  |
        | /api/v1/ready   |
        | /api/v1/version |
        | /metrics        |

  Rule: Unknown paths and methods ask for no signature

    Scenario Outline: With signing on
      Given signing is on
      When somebody sends <method> to "<path>"
      Then it is refused as "<code>"

      Examples: Not found and not allowed
        | method | path            | code               |
        | POST   | /api/v0/signals | not_found          |
        | GET    | /api/v1/signals | method_not_allowed |
