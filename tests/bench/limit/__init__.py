"""The limit: ours beside what a user would pick, each against a receiver of its own that counts arrivals exactly.

Every row of the table is one limiter with so many worker processes on one network: *calm* is loopback; on the other,
a wire between sender and receiver holds each request back by a random time and loses a share of the answers. All rows
run at the same time, always have work, and are measured for the same time. Celery's `rate_limit` gives n to each
worker, as its documentation reads, and, in rows of their own, n shared out by hand (n/w).

    over n        arrivals that found n or more others in the window before them. The limit is kept if this is 0
    worst window  most arrivals in any window
    % of n        share of the allowance used: whole windows from the first arrival on, over how long they took
    % of best     that share, of the best that a sender can do who does not see the other side's clock. A request
                  arrives somewhere between sending and answer, so who will never exceed n must count a window from the
                  answer, and gets n arrivals in (window + mean answer time). The answer time is the row's own, measured
                  at its senders; a lost answer counts as long as they waited for it. More than 100 % is possible, and
                  is paid for in the column `over n`
    answer ms     that mean answer time
    in flight     most requests at once inside the receiver, which takes a tenth of a second for each
    worst 1 s     most arrivals in any second

Below the table, for ours: the time from a permit's coming free (its `free_at`, in the database) to the arrival of the
next message under it; where the network is not calm, to that message's being written down, just before it leaves. On a
calm network the permits come free together, n within a second, and the wait for one of the senders is in it.

    scale.py      n, window, how long, how many senders
    cases.py      the rows: receiver, wire, database, workers; started and counted
    forks.py      their processes
    senders.py    the life of one worker process, by each of the limiters
    wire.py       the network between
    takings.py    a database for each of our rows, which notes when a permit came free
    arrivals.py   what a list of arrivals says
    table.py      the benchmark itself
"""

from tests.bench.limit.table import run

__all__ = ["run"]
