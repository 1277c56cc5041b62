"""Runs one command and prints its seconds and peak resident bytes.

usage: python3 -S -E measure.py COMMAND…
A process of its own because Linux counts the memory of the process that forks into the peak of the one that is executed:
the launcher has to be small.
SPDX-License-Identifier: Apache-2.0
"""
import os
import sys
import time

start = time.monotonic()
pid = os.fork()
if pid == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(pid, 0)
print(time.monotonic() - start, usage.ru_maxrss * 1024)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
