"""PgBouncer as in deploy/kubernetes/base/pgbouncer.ini, before the database that Django speaks to."""

import configparser
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from demo.engines import free_ports
from demo.home import ROOT

PROGRAM = "pgbouncer"


class Pooler:
    """Its configuration in `home`, for the command line `command`, and the address at which it listens."""

    def __init__(self, home: Path, address: str) -> None:
        if shutil.which(PROGRAM) is None:
            pytest.skip("PgBouncer is not installed here (Debian: pgbouncer)")
        database: dict[str, Any] = connection.settings_dict
        account, password, port = database["USER"], database["PASSWORD"], free_ports(1)[0]
        self.url = f"postgres://{account}:{password}@{address}:{port}/{database['NAME']}"
        accounts = home / "userlist.txt"
        accounts.write_text(f'"{account}" "{password}"\n')
        given = configparser.ConfigParser(interpolation=None)
        given.read(ROOT / "deploy/kubernetes/base/pgbouncer.ini")
        here = f"host={database['HOST']} port={database['PORT']}"
        given["databases"]["*"] = given["databases"]["*"].replace("host=postgres port=5432", here)
        here_too = {"listen_addr": address, "listen_port": str(port), "auth_file": str(accounts), "unix_socket_dir": ""}
        given["pgbouncer"].update(here_too, user="nobody")  # it refuses to be root
        with (home / "pgbouncer.ini").open("w") as file:
            given.write(file)
        for path in (accounts, home / "pgbouncer.ini"):
            path.chmod(0o644)
        self.command = f"{PROGRAM} {home / 'pgbouncer.ini'}"
