"""What runs while a test runs: PostgreSQL, the service as a process, and the network between the two.

- `application`: the service in the process of the tests
- `browser`: a real browser
- `confidential`: what the service must tell nowhere, looked for in all that it writes
- `deployment`: the service of one scenario
- `environment`: the environment variables of the programs that are started, and those that the tests obey
- `fleet`: running services, one for each configuration
- `front`: nginx and HAProxy before a service, configured as the documents say
- `isolation`: what keeps tests apart from one another, and from whoever runs them
- `link`: the network between a browser and a service, and its faults
- `grants`: what the documents say that the service's role needs
- `log_lines`: what a service logs, line by line
- `marks`: by what the signals of the scenarios can be told from those of others
- `ports`: ports on which a server can listen again and again
- `postgres`: throw-away databases
- `processes`: whether they still do anything, and signals to them
- `proxy`: the network between a service and its database, and its faults
- `pytest_run`: a test run inside a test
- `reachable`: what all services have that can be sent to
- `serve_with_clock`: the service with a clock that the tests set
- `service_process`: the service as a process
- `two_servers`: a database that is a primary and the standby that it waits for
- `waiting`: until something is true
"""
