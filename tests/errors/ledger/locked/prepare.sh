mkfifo ready
$PYTHON -c "
import fcntl, sys, time
file = open('$LEDGER/writer.lock', 'w')
fcntl.flock(file, fcntl.LOCK_EX)
open('ready', 'w').close()
time.sleep(8)
" > /dev/null 2>&1 &
cat ready
