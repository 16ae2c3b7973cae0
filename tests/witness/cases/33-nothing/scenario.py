from small import *
USES = []   # an organization that has used and was billed nothing yet
