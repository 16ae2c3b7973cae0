"""The simulator: a seeded organization, known request by request, behind the real paths of the Admin API.

It is a witness, not an accomplice: of the rest of the product it imports nothing but `core.time`. What it knows of the
wire, it has from the contract alone.
"""

from tallystick.sim.newer.behavior import AnalyticsBehavior
from tallystick.sim.older.reports import Behavior
from tallystick.sim.simulator import Simulator, Ticking
from tallystick.sim.transport import KEY, transport
from tallystick.sim.wire.answer import Answer
from tallystick.sim.wire.credentials import Credentials
from tallystick.sim.wire.faults import FAULTS, Fault
from tallystick.sim.wire.pace import Pace
from tallystick.sim.wire.server import Server, serve
from tallystick.sim.world.discount import Discount
from tallystick.sim.world.facets import Facet
from tallystick.sim.world.plants import Plant, Planted
from tallystick.sim.world.requests import Group, Request
from tallystick.sim.world.world import ANCHOR, World

__all__ = [
    "ANCHOR",
    "FAULTS",
    "KEY",
    "AnalyticsBehavior",
    "Answer",
    "Behavior",
    "Credentials",
    "Discount",
    "Facet",
    "Fault",
    "Group",
    "Pace",
    "Plant",
    "Planted",
    "Request",
    "Server",
    "Simulator",
    "Ticking",
    "World",
    "serve",
    "transport",
]
