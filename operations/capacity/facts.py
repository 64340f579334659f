"""What is assumed of the system, the insurer and the patients, and where each figure comes from."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """Every one can be overridden (`--assume name=value`). SOURCES says where each comes from."""

    window_seconds: float = 60.0
    margin_seconds: float = 0.1
    brake_factor: float = 2.0
    no_wait_seconds: float = 1.0
    idle_seconds: float = 0.02
    wake_seconds: float = 0.05
    answer_seconds: float = 0.1
    own_seconds_a_call: float = 0.03
    calls_a_trial: float = 5.0
    calls_a_settlement: float = 1.0
    calls_a_confirmation: float = 2.0
    at_once: int = 10
    threads: int = 8
    filing_seconds: float = 0.0002
    late_seconds: float = 1.0
    told_seconds: float = 0.3
    looks_after_seconds: float = 1.0
    accept_seconds: float = 1.0
    pay_seconds: float = 4.0
    cash_share: float = 0.7
    requests_to_book: float = 6.0
    requests_to_join: float = 1.0
    requests_to_settle: float = 7.0
    web_ms: float = 5.8
    general_ms: float = 10.0
    insurance_ms: float = 20.0
    database_request_ms: float = 1.4
    database_row_ms: float = 3.1
    cores_a_host: float = 4.0
    full_share: float = 0.7

    @property
    def trial_seconds(self) -> float:
        """How long a turn of the trial lane takes."""
        return self.calls_a_trial * (self.answer_seconds + self.own_seconds_a_call)

    @property
    def settlement_seconds(self) -> float:
        """How long a turn of the settlement lane takes."""
        return self.calls_a_settlement * (self.answer_seconds + self.own_seconds_a_call)

    @property
    def confirming_seconds(self) -> float:
        """How long a turn of the recovery lane takes that tells the network."""
        return self.calls_a_confirmation * (self.answer_seconds + self.own_seconds_a_call)

    @property
    def asks_after_seconds(self) -> float:
        """From being filed to asking for the trial."""
        return self.told_seconds + self.looks_after_seconds


RUN = "bin/bench plan --patients 100 --per-minute 50"
LONG_RUN = "bin/bench plan --per-minute 150"
SIMULATED = "the simulated insurer; ask yours"
CHOICE = "a choice"

SOURCES = {
    "window_seconds": "insurance/quota/permits.py",
    "margin_seconds": "insurance/quota/permits.py",
    "brake_factor": "tasks/queues.py",
    "no_wait_seconds": "insurance/trial/line.py",
    "idle_seconds": "docs/limit.md: 18 to 23 ms from free to used",
    "wake_seconds": "a message and a claim; nothing depends on it",
    "answer_seconds": SIMULATED,
    "own_seconds_a_call": f"{RUN}: a turn is held for 0.64 s",
    "calls_a_trial": "insurance/trial/conversation.py",
    "calls_a_settlement": "insurance/settlement/steps.py",
    "calls_a_confirmation": "insurance/settlement/confirming.py (self-pay: 1)",
    "at_once": "INSURANCE_AT_ONCE",
    "threads": "Procfile, INSURANCE_CONCURRENCY",
    "filing_seconds": "bin/bench filing: 5,000 records a second with the broker",
    "late_seconds": "beat asks each second whether a tick is due (tasks/queues.py)",
    "told_seconds": f"{RUN}: from filed to in line 1.25 s",
    "looks_after_seconds": "patients look every 2 s until they are told",
    "accept_seconds": f"{RUN}: patients who look and accept at once",
    "pay_seconds": f"{RUN}: patients who pay at once",
    "cash_share": f"of the insured, who has something left to pay; {SIMULATED}",
    "requests_to_book": "sign in, sessions, book, three looks until told",
    "requests_to_join": "insurance/trial/api.py",
    "requests_to_settle": f"{RUN}: 1 and 5.8 looks",
    "web_ms": f"{LONG_RUN}: 323 s for 55,466 requests",
    "general_ms": "bin/bench filing, and a notice",
    "insurance_ms": f"{LONG_RUN}: 460 s for 23,105 calls, its ticks included",
    "database_request_ms": "docs/ops: 2,000 patients who look",
    "database_row_ms": f"{LONG_RUN}: 470 s for 151,125 rows, its ticks included",
    "cores_a_host": CHOICE,
    "full_share": f"{CHOICE}: no host is to be fuller",
}
"""A reference for each: a module whose constant it is (a test compares), a setting, or a run that has measured it."""


def table(facts: Facts) -> list[tuple[str, str, str]]:
    """Name, value, source of every fact, in order."""
    return [(name, f"{value:g}", SOURCES[name]) for name, value in asdict(facts).items()]
