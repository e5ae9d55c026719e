@AC-26
Feature: AC-26 Liveness, readiness, version
  Load balancers and operators must know at any moment whether to send signals here, and what is running.
  So the service tells apart that it is alive, that it can store signals, and which version it is.

  Rule: Alive means that the process answers, whatever the database does

    Example: Alive and well
      When the operator asks for the health
      Then it is answered with 200
      And the health is "ok"
      And the uptime is told in seconds

    @inside
    Example: The database is away
      Given the database has gone away
      When the operator asks for the health
      Then it is answered with 200
      And the health is "ok"
      And the uptime is told in seconds

  Rule: Ready means that a signal can be stored

    Example: Ready
      When the operator asks whether the service is ready
      Then it is ready

    Example: Ready, however many ask
      When 200 load balancers ask at once whether the service is ready
      Then each of them is told that it is ready

    @inside
    Example: Not ready, because the database is away
      Given the database has gone away
      When the operator asks whether the service is ready
      Then it is not ready
      And it says when to come again

    @inside
    Example: Not ready, because the database has no tables yet
      Given a database without tables
      When the operator asks whether the service is ready
      Then it is not ready because of "migrat"
      And it says when to come again

    @inside
    Example: Ready as soon as somebody has made the tables
      Given a database without tables
      And the operator has seen that the service is not ready
      And the operator has run the migrations
      When the operator asks again until the service is ready
      Then it is ready

    @inside
    Example: Ready, although the tables are newer than the service
      Deployments roll: the old version still runs when the new one has migrated.
      Given a database that a later version has migrated
      When the operator asks whether the service is ready
      Then it is ready

    @inside
    Example: Ready behind a connection pooler
      Given a connection pooler before the database, and time limits on the role of the service
      When the operator asks again until the service is ready
      Then it is ready

    @inside
    Example: Not ready, because a connection pooler keeps the service from limiting its statements
      Given a connection pooler before the database, and no time limits on the role of the service
      When the operator asks whether the service is ready
      Then it is not ready because of "ALTER ROLE ... SET statement_timeout"
      And it says when to come again

    @inside
    Example: A signal behind a connection pooler
      Given a connection pooler before the database, and time limits on the role of the service
      When the producer sends a signal
      Then it is accepted
      And exactly one signal is stored

    @inside
    Example: Not ready, because the service is shutting down
      Given the service takes 3 seconds to shut down
      And the operator has told the service to stop
      When the operator asks again until the service is not ready
      Then it is not ready because of "shutting down"
      And it says when to come again

    @inside
    Example: A service that is shutting down still stores what arrives
      Given the service takes 3 seconds to shut down
      And the operator has told the service to stop
      And the service has become not ready
      When the producer sends a signal
      Then it is accepted
      And exactly one signal is stored

  Rule: The version tells what is running, where

    Example: The four facts about what is running
      When the operator asks for the version
      Then it is answered with 200
      And the answer holds exactly the fields name, version, build, env

    @inside
    Example: The version
      Given the build "2026.01-rc1" runs in the environment "staging"
      When the operator asks for the version
      Then it is answered with 200
      And the version says:
        | name  | signals     |
        | build | 2026.01-rc1 |
        | env   | staging     |

    @inside
    Example: Unless told otherwise, it is a development build
      Given a service without settings
      When the operator asks for the version
      Then it is answered with 200
      And the version says:
        | name  | signals     |
        | build | unknown     |
        | env   | development |

  Rule: None of these needs a signature

    Scenario Outline: With signing on
      Given signing is on
      When the operator asks for <what>
      Then it is answered with 200

      Examples: Each
        | what                         |
        | the health                   |
        | the readiness                |
        | the version                  |
        | the metrics                  |
