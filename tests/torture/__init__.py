"""The torture test: many writes over a LinkTime that misbehaves, each answer compared with the service's own records.

`python -m tests.torture --runs 300` drives the real program. `python -m tests.torture --virtual --runs 2000` drives the
whole chain in virtual time. Both play the same plans, and both end with status 1 if an answer was wrong.
"""
