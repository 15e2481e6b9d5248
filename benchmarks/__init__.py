"""
Figures behind the claims of docs/why.md: `make bench` runs them all and writes docs/benchmarks.md.

Each is measured beside something it is compared with, in the same run, because machines differ and drift:
trust the ratios more than the absolutes.
"""
