ulimit -f 1
exec $TALLYSTICK close 2026-10 --provisional --late --without-owners --yes
