"""Many faces: a table of prompts, one face for each row, on every processor of this machine or of a farm."""

from dreamface.batch.engine import Executor, run_batch
from dreamface.batch.farm import Farm
from dreamface.batch.making import Make, make
from dreamface.batch.outcome import Outcome, Result
from dreamface.batch.plan import PlannedRow
from dreamface.batch.processes import Here, Processes, on_this_machine, processors
from dreamface.batch.stores import Place
from dreamface.batch.table import FAILED, PLAN, Failure, Row, Table, read_table
from dreamface.batch.wishes import ONLY, Only, Wish

__all__ = [
    "FAILED",
    "ONLY",
    "PLAN",
    "Executor",
    "Failure",
    "Farm",
    "Here",
    "Make",
    "Only",
    "Outcome",
    "Place",
    "PlannedRow",
    "Processes",
    "Result",
    "Row",
    "Table",
    "Wish",
    "make",
    "on_this_machine",
    "processors",
    "read_table",
    "run_batch",
]
