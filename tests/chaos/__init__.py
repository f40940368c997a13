"""Breaks a running service at random, and counts what did not survive.

python -m tests.chaos kills --jobs 1000     processes killed, jobs cancelled, disks full, clocks set
python -m tests.chaos fuzz --cases 5000     requests that make no sense

Both print their seed; --seed repeats a run as far as the machine's timing lets it.
"""
