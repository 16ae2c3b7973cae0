exec $TALLYSTICK spend > /dev/full
