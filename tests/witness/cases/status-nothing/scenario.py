from small import *
USES = []
