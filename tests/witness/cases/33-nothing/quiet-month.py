from small import *   # used in November only: October was read, and is zero
