"""What this wire's numbers mean, and who is signed in. The books are those of every other face."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from insurance.simulator.asgi import Content
from insurance.simulator.insurer.envelope import Refused
from insurance.simulator.insurer.faces import Message, NotUnderstood, Understood
from insurance.simulator.insurer.faces.delimited import line as lines
from insurance.simulator.insurer.faces.delimited import transactions
from insurance.simulator.insurer.faces.delimited.line import KIND, Line, NotALine, accepted, refused
from insurance.simulator.insurer.ledger import Ledger
from insurance.simulator.insurer.misbehaviour import Reply, Work

Transaction = Callable[[Ledger, Line], tuple[str, ...]]

TRANSACTIONS: dict[str, Transaction] = {
    "2100": transactions.person,
    "2210": transactions.register,
    "2240": transactions.cancel_registration,
    "2310": transactions.upload,
    "2320": transactions.withdraw,
    "2420": transactions.trial,
    "2410": transactions.settle,
    "2430": transactions.cancel,
    "1101": transactions.query,
    "1110": transactions.reconcile,
}


class Delimited:
    """Neusoft's caret/pipe interface. A bill that stands is never settled twice, whatever `refuse_double` says: that
    refusal is recorded."""

    metered: ClassVar[tuple[str, str]] = ("2420", "2410")

    def __init__(self, ledger: Ledger, *, refuse_double: bool) -> None:
        self.ledger = ledger
        self.cycles: dict[tuple[str, str], str] = {}

    def understand(self, message: Message) -> Understood:
        """Raises NotUnderstood."""
        try:
            line = lines.read(message.body)
        except NotALine as error:
            raise NotUnderstood(refused(str(error))) from error
        return Understood(line.number, line.msgid, Work(lambda: self._carry_out(line), refused, with_wrong_total))

    def _carry_out(self, line: Line) -> Content:
        try:
            if line.number == "9100":
                cycle = self._sign_in(line)
                return accepted(line, cycle, cycle)
            if line.cycle not in self.cycles.values():
                raise Refused("业务周期无效，请重新签到")
            if line.number == "9110":
                return accepted(line, self._sign_out(line))
            transaction = TRANSACTIONS.get(line.number)
            if transaction is None:
                raise Refused("未知业务编号")
            return accepted(line, line.cycle, *transaction(self.ledger, line))
        except Refused as refusal:
            return refused(str(refusal))

    def _sign_in(self, line: Line) -> str:
        """9100: an operator has one cycle a day; signing in once more tells it again."""
        return self.cycles.setdefault((line.operator, f"{line.at:%Y%m%d}"), cycle_of(line, line.at))

    def _sign_out(self, line: Line) -> str:
        self.cycles = {key: cycle for key, cycle in self.cycles.items() if cycle != line.cycle}
        return line.cycle


def cycle_of(line: Line, at: datetime) -> str:
    """As recorded: four digits of the hospital, the operator, the day and a sequence."""
    return f"{line.hospital[-4:]}-{line.operator}-{at:%Y%m%d}001"


def with_wrong_total(reply: Reply) -> Reply:
    """A bill's total, the first column of seven or more, one yuan too high."""
    if not isinstance(reply, Content):
        return reply
    serial, cycle, told, end = reply.body.split(b"^")
    columns = told.split(b"|")
    if len(columns) >= 8 and b"." in columns[0]:
        columns[0] = b"%.2f" % (float(columns[0]) + 1)
    return Content(b"^".join((serial, cycle, b"|".join(columns), end)), KIND)
