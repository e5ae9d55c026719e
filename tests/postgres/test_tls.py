"""TLS and passwords, against Debian's PostgreSQL with a certificate of the tests' own."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam
from urllib.parse import quote

import pytest

from service.kernel.limits import Limits
from service.postgres.connector import NoConnection, service_connector
from service.postgres.schema import migrate, migration_files
from tests.programs import program
from tests.running.waiting import wait_until

PASSWORD = "p@ss/w:rd%20 +#?&é'"
LIMITS = Limits(connect_seconds=5)


@dataclass(frozen=True)
class TlsServer:
    """A PostgreSQL that wants TLS and a password, and proves that it is `localhost`."""

    port: int
    certificate: Path
    stranger: Path
    """The certificate of somebody else."""

    def url(self, parameters: str, *, host: str = "localhost", password: str = PASSWORD) -> str:
        """A URL of this server with these parameters."""
        query = parameters.format(certificate=self.certificate, stranger=self.stranger)
        return f"postgresql://keeper:{quote(password, safe='')}@{host}:{self.port}/postgres?{query}"


def certify(folder: Path, name: str) -> Path:
    """Make a key and a certificate that vouches for itself; returns the certificate."""
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    command += ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / f"{name}.crt"


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server() -> Iterator[TlsServer]:
    """The server, for all tests of this file."""
    initdb, postgres = program("initdb"), program("postgres")
    folder = Path(tempfile.mkdtemp(prefix="signals-tls-"))
    user = os.geteuid() or getpwnam("postgres").pw_uid
    certificate, stranger = certify(folder, "server"), certify(folder, "stranger")
    (folder / "password").write_text(PASSWORD)
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, -1)
    make = [initdb, "-D", "data", "-U", "keeper", "--pwfile", "password", "-A", "scram-sha-256", "-E", "UTF8", "-N"]
    subprocess.run(make, cwd=folder, user=user, check=True, capture_output=True)
    (folder / "data/pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")
    port = free_port()
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "on", "ssl": "on"}
    options |= {"ssl_cert_file": certificate, "ssl_key_file": folder / "server.key"}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([postgres, "-D", "data", *words], cwd=folder, user=user, stdout=log, stderr=log)
    try:
        wait_until(lambda: "ready to accept" in (folder / "log").read_text(), "PostgreSQL is ready")
        yield TlsServer(port, certificate, stranger)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


async def encryption(url: str) -> str:
    """The version of TLS in a session at this URL."""
    session = await service_connector(url, LIMITS)()
    version: str = await session.fetchval("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await session.close()
    return version


async def obstacle(url: str) -> str:
    """Why there is no session at this URL."""
    with pytest.raises(NoConnection) as refused:
        await service_connector(url, LIMITS)()
    assert "p@ss" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    ("parameters", "host"),
    [
        ("", "localhost"),
        ("sslmode=require", "localhost"),
        ("sslmode=require", "127.0.0.1"),
        ("sslmode=require&channel_binding=require", "localhost"),
        ("ssl=true&connect_timeout=10", "localhost"),
        ("sslmode=verify-ca&sslrootcert={certificate}", "127.0.0.1"),
        ("sslmode=verify-full&sslrootcert={certificate}", "localhost"),
        ("sslmode=verify-full&sslrootcert={certificate}&ssl_min_protocol_version=TLSv1.3", "localhost"),
        ("sslmode=verify-full&sslrootcert={certificate}&target_session_attrs=read-write", "localhost"),
    ],
)
@pytest.mark.anyio
async def test_the_server_is_reached_by_tls(server: TlsServer, parameters: str, host: str) -> None:
    assert await encryption(server.url(parameters, host=host)) == "TLSv1.3"


@pytest.mark.anyio
async def test_what_this_machine_trusts_may_vouch_for_the_server(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = server.url("sslmode=verify-full&sslrootcert=system")
    assert "certificate verify failed" in await obstacle(url)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    assert await encryption(url) == "TLSv1.3"
    assert "IP address mismatch" in await obstacle(url.replace("@localhost", "@127.0.0.1"))


@pytest.mark.parametrize(
    ("parameters", "host", "reason"),
    [
        ("sslmode=verify-ca&sslrootcert={stranger}", "localhost", "certificate verify failed: self"),
        ("sslmode=verify-full&sslrootcert={certificate}", "127.0.0.1", "IP address mismatch"),
        ("sslmode=disable", "localhost", "no pg_hba.conf entry"),
        ("ssl_max_protocol_version=TLSv1.2&sslmode=require&ssl_min_protocol_version=TLSv1.3", "localhost", ""),
    ],
)
@pytest.mark.anyio
async def test_what_is_wrong_with_the_encryption_is_told(
    server: TlsServer, parameters: str, host: str, reason: str
) -> None:
    told = await obstacle(server.url(parameters, host=host))
    assert told.startswith(f"{host}:{server.port}: ")
    assert reason in told


@pytest.mark.anyio
async def test_a_wrong_password_is_told_and_not_repeated(server: TlsServer) -> None:
    told = await obstacle(server.url("sslmode=require", password="p@ss-wrong"))
    assert told == f'localhost:{server.port}: password authentication failed for user "keeper"'


@pytest.mark.anyio
async def test_login_and_database_may_stand_in_the_query(server: TlsServer) -> None:
    login = f"user=keeper&password={quote(PASSWORD, safe='')}&dbname=postgres&sslmode=require"
    assert await encryption(f"postgresql://nobody:nothing@localhost:{server.port}/none?{login}") == "TLSv1.3"


@pytest.mark.anyio
async def test_the_password_may_come_from_a_password_file(server: TlsServer, tmp_path: Path) -> None:
    session = await service_connector(server.url("sslmode=require"), LIMITS)()
    await session.execute("CREATE ROLE filed LOGIN PASSWORD 'kept elsewhere'")
    await session.close()
    (tmp_path / "passwords").write_text("localhost:*:postgres:filed:kept elsewhere\n")
    (tmp_path / "passwords").chmod(0o600)
    url = f"postgresql://filed@localhost:{server.port}/postgres?sslmode=require&passfile={tmp_path}/passwords"
    assert await encryption(url) == "TLSv1.3"


@pytest.mark.anyio
async def test_migrations_go_the_same_way(server: TlsServer) -> None:
    assert await migrate(server.url("sslmode=verify-full&sslrootcert={certificate}")) == migration_files()
