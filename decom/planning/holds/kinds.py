"""The sources of conflicts, in the order in which the plan names them."""

from decom.planning.holds.batch_calls import BatchCalls
from decom.planning.holds.campaigns import Campaigns
from decom.planning.holds.default_number import DefaultNumber
from decom.planning.holds.interface import Hold
from decom.planning.holds.workflows import Workflows

HOLDS: tuple[Hold, ...] = (Campaigns(), BatchCalls(), Workflows(), DefaultNumber())
