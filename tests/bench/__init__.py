"""Benchmarks, the package behind `bin/bench`. Figures are printed, never asserted: machines are shared and noisy.

Beside SQL every comparison is a ratio measured in one run, ours and baseline turn by turn. One process a benchmark,
so that none inherits the memory and the connections of another.

    __main__.py  the command: servers, one process for each benchmark, tables, JSON
    options.py   its command line
    stage.py     embedded PostgreSQL and Valkey under var/bench, a fresh database, the environment
    inside.py    the process of one benchmark
    measure.py   rounds, medians, percentiles
    figures.py   one figure; a sheet of many columns; the tables; the JSON
    pgbench.py   the baseline's tool: the same SQL without Python
    rows.py      patients, sessions and queued archives in bulk; line_rows.py: a line of a million
    wrk.py       requests over HTTP by wrk (wrk.lua), a process of its own; serving.py: the servers side by side
    plain/       the same work as an ordinary ModelViewSet; reads.py: looks a second
    flood.py     what patients get beside those who only want to keep the server busy
    permits.py   booking.py   filing.py   line.py   beside SQL; the *_sql.py are the baselines
    limit/       our limit beside what a user would pick, counted at the receiver
    eta.py       the wait that is told beside the wait itself; eta_crowd.py: who waits
    plan.py      the plan on paper beside a real crowd: plan_crowd.py, what it left plan_found.py, took plan_took.py
    procfile.py  lines of the Procfile as processes
"""
