"""`statement DATE`: the signed statement of a day for the insurance bureau. `statement --verify FILE` tests one."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hospital.errors import Invalid
from insurance.management import options
from insurance.quota import paper, sealing, statement

OURS = ""


class Command(BaseCommand):
    help = "Write the signed statement of a day (JSON, and HTML to print), verify one, or print the public key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("day", nargs="?", help="a local day, such as 2026-11-23")
        parser.add_argument("--out", default=".", help="the folder to write to")
        parser.add_argument("--so-far", action="store_true", help="also of a day that is not over")
        parser.add_argument("--verify", metavar="FILE", help="is this JSON statement as it was signed?")
        parser.add_argument(
            "--public-key",
            nargs="?",
            const=OURS,
            metavar="FILE",
            help="print our public key; with --verify: the PEM file with the key to verify with, in place of ours",
        )

    def handle(self, *args: Any, day: str | None, out: str, so_far: bool, **more: Any) -> None:
        verify, public_key = more["verify"], more["public_key"]
        try:
            if verify:
                self._verify(_read(verify), _key(public_key))
            elif public_key == OURS:
                self.stdout.write(sealing.pem_of(sealing.own_key()), ending="")
            elif day:
                self._write(day, Path(out), so_far=so_far)
            else:
                raise CommandError("say which day, such as 2026-11-23; or --verify FILE, or --public-key")
        except Invalid as error:
            raise CommandError(str(error.detail)) from error

    def _write(self, text: str, folder: Path, *, so_far: bool) -> None:
        day = options.day(text, "the day")
        signed = statement.signed(day, so_far=so_far)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for ending, content in (("json", signed), ("html", paper.page(signed).encode())):
                file = folder / f"{statement.name_of(day)}.{ending}"
                file.write_bytes(content)
                self.stdout.write(str(file))
        except OSError as error:
            raise CommandError(f"cannot write to {folder}: {error}") from error

    def _verify(self, signed: bytes, key: Ed25519PublicKey) -> None:
        try:
            body = sealing.opened(signed, key)
        except Invalid as error:
            raise CommandError(f"not valid: {error.detail}") from error
        said = f"{body['institution']['code']}, {body['day']}, key {sealing.fingerprint(key)}"
        self.stdout.write(f"valid: {said}")


def _key(named: str | None) -> Ed25519PublicKey:
    return sealing.key_of(_read(named).decode("utf-8", "replace")) if named else sealing.own_key()


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {name}: {error.strerror}") from error
