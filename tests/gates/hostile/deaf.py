"""Ignore every signal that can be ignored, in a child too; print a line, and stay."""

import os
import signal
import time

for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(signum, signal.SIG_IGN)
os.fork()
os.write(1, b"deaf\n")
while True:
    time.sleep(60)
