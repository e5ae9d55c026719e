"""A real cluster on one machine, and what happens when it is hurt.

Three nodes (etcd, Patroni, PostgreSQL and PgBouncer on an address of their own), HAProxy before them, two services with
two workers each, and HAProxy before these; all from Debian's packages, configured by the files of
docs/deployment/cluster.

- `layout`: addresses, ports, folders and passwords
- `configuration`: the files and command lines of all programs
- `processes`: what runs in a folder
- `asking`: one HTTP request
- `patroni`: what Patroni says, and what it is told
- `cluster`: starting it, hurting it, and leaving nothing
- `network`: packets that are swallowed
- `prober`: writes to one server, whoever leads
- `release`: the next release of the service
- `trial`: producers and readers at work meanwhile, and what came of it
"""
