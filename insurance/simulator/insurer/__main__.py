"""`python -m insurance.simulator.insurer`; every option also by environment, `INSURER_PORT` and so on."""

from argparse import Namespace
from functools import partial

from insurance.simulator.insurer.app import Insurer, Settings
from insurance.simulator.insurer.faces import FACES
from insurance.simulator.insurer.gateways import CHECKS, Gateway
from insurance.simulator.insurer.lines import listen
from insurance.simulator.insurer.provinces import PROVINCES
from insurance.simulator.insurer.sealed import Sealed
from insurance.simulator.options import Options, share
from insurance.simulator.server import App, run


def options() -> Namespace:
    options = Options("INSURER", "A simulated insurer behind the national medical-insurance interface.")
    options.value("--host", str, "127.0.0.1", "address to listen on")
    options.value("--port", int, 9301, "port to listen on")
    options.value("--line-port", int, "0", "port that takes the same messages as lines over TCP; 0: none")
    options.value("--per-minute", int, 100, "n: calls of a metered transaction allowed in a window")
    options.value("--window-seconds", float, 60.0, "length of the window")
    options.value("--dialect", str, "national", f"the wire: {', '.join(FACES)}, or the dotted name of a face")
    options.value("--profile", str, "national", f"the national wire as a region has it: {', '.join(PROVINCES)}")
    options.value("--metered", str, "dialect", "the metered transactions, separated by commas; those of the dialect")
    options.value("--lose", share, 0.0, "share of answers that are lost, 0 to 1")
    options.value("--seed", int, 0, "seed of the random draws")
    options.value("--latency-seconds", float, 0.0, "time added to every call")
    options.switch("--enforce", "refuse metered calls over n")
    options.switch("--refuse-double", "refuse a second settlement of a batch already settled")
    options.value("--gateway", str, "none", f"the gateway before it: {', '.join(CHECKS)}")
    options.value("--gateway-keys", str, "demo:demo-secret", "who may come in, name:secret, separated by commas")
    options.value("--gateway-status", int, 200, "HTTP status of the gateway's refusals: 200 or 401")
    options.value("--sealed", str, "none", "Jilin's way: private key, the hospital's public one, SM4 key, in hex")
    options.value("--forges", str, "none", "transactions whose replies are signed wrongly, separated by commas")
    return options.parse()


def before(app: App, given: Namespace) -> App:
    """What stands before the insurer by option: message security inside, the gateway outside."""
    if given.sealed != "none":
        private, hospital, shared = given.sealed.split(",")
        app = Sealed(app, private, hospital, shared, frozenset(given.forges.split(",")))
    if given.gateway == "none":
        return app
    secrets = dict(pair.split(":", 1) for pair in given.gateway_keys.split(","))
    return Gateway(app, CHECKS[given.gateway], secrets, given.gateway_status)


def main() -> None:
    given = options()
    settings = Settings(
        dialect=given.dialect,
        profile="" if given.profile == "national" else given.profile,
        per_minute=given.per_minute,
        window_seconds=given.window_seconds,
        metered=tuple(name for name in given.metered.split(",") if name not in ("", "dialect")),
        enforce=given.enforce,
        refuse_double=given.refuse_double,
        lose=given.lose,
        seed=given.seed,
        latency_seconds=given.latency_seconds,
    )
    insurer = Insurer(settings)
    beside = partial(listen, insurer, given.host, given.line_port) if given.line_port else None
    run(before(insurer, given), given.host, given.port, beside)


if __name__ == "__main__":
    main()
