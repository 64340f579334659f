"""What `bin/bench chaos` is told, and how its process gets to know it."""

import argparse
import json
import os
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

VARIABLE = "BENCH_CHAOS"
BROKERS = ("valkey", "rabbitmq")


@dataclass(frozen=True)
class ChaosOptions:
    """`every` in seconds; `per_minute` is n."""

    minutes: float
    every: float
    per_minute: int
    workers: int
    seed: int
    broker: str

    @classmethod
    def told(cls, variables: Mapping[str, str] = os.environ) -> "ChaosOptions":
        """From the environment of the benchmark's process."""
        return cls(**json.loads(variables[VARIABLE]))


def add_to(parser: argparse.ArgumentParser) -> None:
    """The options of `chaos`."""
    add = parser.add_argument_group("chaos (never part of a run without names)").add_argument
    add("--minutes", type=_positive, default=10.0, metavar="M", help="how long workers are killed (10)")
    add("--every", type=_positive, default=5.0, metavar="S", help="seconds from kill to kill (5)")
    add("--per-minute", type=_whole, default=100, metavar="N", help="n (100)")
    add("--workers", type=_whole, default=3, metavar="W", help="insurance workers (3)")
    add("--seed", type=int, default=random.randrange(10**6), metavar="X", help="of the schedule (drawn)")
    add("--broker", choices=BROKERS, default=BROKERS[0], help="embedded Valkey, or the RabbitMQ that answers")


def tell(asked: argparse.Namespace) -> None:
    """Put them where the benchmark's process finds them."""
    told = ChaosOptions(**{field.name: getattr(asked, field.name) for field in fields(ChaosOptions)})
    os.environ[VARIABLE] = json.dumps(asdict(told))


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number
