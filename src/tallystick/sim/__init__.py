"""The simulator: a seeded organization, known request by request, behind the real paths of the Admin API.

It is a witness, not an accomplice: of the rest of the product it imports nothing but `core.time`. What it knows of the
wire, it has from the contract alone.
"""

from tallystick.sim.answer import Answer
from tallystick.sim.behavior import AnalyticsBehavior
from tallystick.sim.credentials import Credentials
from tallystick.sim.discount import Discount
from tallystick.sim.facets import Facet
from tallystick.sim.faults import FAULTS, Fault
from tallystick.sim.plants import Plant, Planted
from tallystick.sim.reports import Behavior
from tallystick.sim.requests import Group, Request
from tallystick.sim.server import Server, serve
from tallystick.sim.simulator import Simulator, Ticking
from tallystick.sim.world import ANCHOR, World

__all__ = [
    "ANCHOR",
    "FAULTS",
    "AnalyticsBehavior",
    "Answer",
    "Behavior",
    "Credentials",
    "Discount",
    "Facet",
    "Fault",
    "Group",
    "Plant",
    "Planted",
    "Request",
    "Server",
    "Simulator",
    "Ticking",
    "World",
    "serve",
]
