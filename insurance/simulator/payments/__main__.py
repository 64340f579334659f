"""`python -m insurance.simulator.payments`; every option also by environment, `PAYMENT_SECRET` and so on."""

from argparse import Namespace

from insurance.simulator.options import Options, share
from insurance.simulator.payments.app import Payments, Settings
from insurance.simulator.server import run


def options() -> Namespace:
    options = Options("PAYMENT", "A simulated payment institution.")
    options.value("--host", str, "127.0.0.1", "address to listen on")
    options.value("--port", int, 9302, "port to listen on")
    options.value("--secret", str, None, "the secret shared with the merchant")
    options.value("--public-url", str, "", "where the payer reaches us; empty: where the merchant does")
    options.value("--lose", share, 0.0, "share of answers to the merchant that are lost, 0 to 1")
    options.value("--seed", int, 0, "seed of the random draws")
    return options.parse()


def main() -> None:
    given = options()
    settings = Settings(secret=given.secret, lose=given.lose, seed=given.seed, public_url=given.public_url)
    run(Payments(settings), given.host, given.port)


if __name__ == "__main__":
    main()
