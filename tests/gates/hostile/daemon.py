"""Leave a daemon behind: forked twice, in a session of its own, with nothing in its environment.

``daemon.py WAY PIDFILE``; WAY ``exit`` ends then, ``stay`` goes on.
"""

import os
import sys
import time
from pathlib import Path

way, pid_file = sys.argv[1], Path(sys.argv[2])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        part = pid_file.with_suffix(".part")
        part.write_text(str(os.getpid()))
        part.rename(pid_file)
        os.execve("/bin/sleep", ["sleep", "300"], {})
    os._exit(0)
os.wait()
while way == "stay" or not pid_file.exists():
    time.sleep(0.01)
