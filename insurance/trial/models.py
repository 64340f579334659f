"""The visit as registered with the insurer, and the trials made for it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from hospital.privacy import EncryptedText
from hospital.stateful import WorkItem
from insurance.quota.models import Insurer
from insurance.states import TRIAL_MOVES, WITHDRAWAL_MOVES, TrialState, WithdrawalState
from insurance.trial import places


class Visit(models.Model):
    """What the insurer knows of an appointment so far; each preparatory call that worked leaves its mark here.

    `registration_asked` and `charges_asked` are set before the call: with a lost answer they say that there may be a
    visit or a batch at the insurer that we do not know of (protocol 4).
    """

    appointment = models.OneToOneField("hospital.Appointment", models.PROTECT, related_name="visit")
    psn_no = EncryptedText(default="", clear_before=True)
    insutype = models.CharField(max_length=6, default="")
    insuplc_admdvs = models.CharField(max_length=6, default="")
    psn_type = models.CharField(max_length=6, default="")
    ipt_otp_no = models.CharField(max_length=30, unique=True)
    begin_at = models.DateTimeField()
    registration_asked = models.BooleanField(default=False)
    mdtrt_id = models.CharField(max_length=30, default="")
    details_sent = models.BooleanField(default=False)
    charges_asked = models.BooleanField(default=False)
    chrg_bchno = models.CharField(max_length=30, default="")
    charges_fingerprint = models.CharField(max_length=64, default="")
    line_splits = models.JSONField(default=list)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")

    def __str__(self) -> str:
        return f"visit {self.mdtrt_id or self.pk}"


class InsurerOrder(models.Model):
    """An order that a trial of the visit opened at the insurer, where trials do (6201). Written once, never changed.

    `token` speaks for it and is shown to nobody. `msgid` is our message that opened it: what a later message of ours
    names is the newest that was opened before it.
    """

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="orders")
    number = models.CharField(max_length=64, db_index=True)
    token = EncryptedText(holds="order_token")
    msgid = models.CharField(max_length=30, unique=True)

    def __str__(self) -> str:
        return f"order {self.number}"


class Withdrawal(WorkItem):
    """Giving an order up (6401) once nothing can pay it any more and no other took its place: until then it is kept.

    `since` is when it became due."""

    MOVES = WITHDRAWAL_MOVES
    order = models.OneToOneField(InsurerOrder, models.PROTECT, related_name="withdrawal")
    insurer = models.CharField(max_length=20)
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in WithdrawalState], default=WithdrawalState.KEPT
    )
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(state="kept"), name="withdrawal_kept"),
            models.Index(fields=["insurer", "due_at"], condition=Q(state="due"), name="withdrawal_due"),
        ]

    def __str__(self) -> str:
        return f"withdrawal {self.pk}"


class Line(models.Model):
    """A line of patients who wait for a trial, strictly first come first served; several share the insurer's minute.

    Urgent cases have one of their own, departments may have one with a share (`weight`); everybody else stands in the
    common one. `joined` is the last place that was given, `gone` how many have left. `passed` and `run` are how much
    of its share a line has had (`shares.py`).
    """

    insurer = models.ForeignKey(Insurer, models.PROTECT, related_name="lines", verbose_name=_("insurer"))
    urgent = models.BooleanField(_("urgent cases"), default=False)
    department = models.ForeignKey("hospital.Department", models.PROTECT, null=True, verbose_name=_("department"))
    weight = models.PositiveSmallIntegerField(_("share"), default=1)
    joined = models.BigIntegerField(_("joined"), default=0, editable=False)
    gone = models.BigIntegerField(_("gone"), default=0, editable=False)
    passed = models.FloatField(default=0.0, editable=False)
    run = models.PositiveIntegerField(default=0, editable=False)
    joined_at = models.DateTimeField(_("last joined at"), null=True, editable=False)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [
            models.UniqueConstraint(
                fields=["insurer", "urgent", "department"], nulls_distinct=False, name="one_line_a_kind"
            )
        ]

    def __str__(self) -> str:
        return str(_("urgent cases") if self.urgent else self.department or _("common line"))

    @property
    def waiting(self) -> int:
        """How many wait in it."""
        return max(self.joined - self.gone, 0)


class LineNode(models.Model):
    """A node of the binary indexed tree in which those who left a line are counted (`places.py`)."""

    line = models.ForeignKey(Line, models.CASCADE, related_name="nodes")
    node = models.BigIntegerField()
    gone = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["line", "node"], name="one_node_a_place")]

    def __str__(self) -> str:
        return f"node {self.node}"


class Trial(WorkItem):
    """A trial (医保试算). `line` and `number` are its place, kept until its turn. Amounts in fen.

    `held_back`: when it joined, no permit was left for it (method, step 5). `predicted_seconds` is the wait it was told
    then, `eta_at` the moment it is told now and `eta_reason` why that is later than before. `silences` counts lost
    answers. `charges_fingerprint` and `insured_fingerprint` are what the bill was made from (`inputs.py`); "": unknown.

    `instead_of`: it stands at the place of that trial, whose bill came to nothing.
    `keeps_place`: such a one may come and take this one's place. `claimed`: the patient pays or has paid everything
    ahead; the bill goes to that claim, is nobody's to choose and waits for the claim however long it is valid.
    """

    MOVES = TRIAL_MOVES
    ahead_when_read: int | None = None
    """How many waited in front in its line, where that was read with it (`glance.py`); no column."""
    LIVE = (TrialState.WAITING, TrialState.CALLING, TrialState.PRICED, TrialState.ACCEPTED, TrialState.FROZEN)
    appointment = models.ForeignKey("hospital.Appointment", models.PROTECT, related_name="trials")
    state = models.CharField(
        _("state"), max_length=20, choices=[(s.value, s.value) for s in TrialState], default=TrialState.WAITING
    )
    line = models.ForeignKey(
        Line, models.PROTECT, null=True, db_index=False, related_name="trials", verbose_name=_("line")
    )
    number = models.BigIntegerField(_("place"), null=True)
    held_back = models.BooleanField(_("held back"), default=False)
    silences = models.PositiveIntegerField(_("lost answers"), default=0)
    predicted_seconds = models.FloatField(_("predicted wait (seconds)"), null=True)
    eta_at = models.DateTimeField(_("turn expected at"), null=True)
    eta_told_at = models.DateTimeField(null=True)
    eta_reason = models.CharField(_("later because"), max_length=20, default="")
    turn_at = models.DateTimeField(_("first turn at"), null=True)
    close_told = models.BooleanField(_("told that the turn is close"), default=False)
    instead_of = models.OneToOneField("self", models.PROTECT, null=True, related_name="again", editable=False)
    keeps_place = models.BooleanField(_("its place is kept"), default=False, editable=False)
    claimed = models.BooleanField(_("for a claim"), default=False, editable=False)
    charges_fingerprint = models.CharField(max_length=64, default="")
    insured_fingerprint = models.CharField(max_length=64, default="")
    total_fen = models.BigIntegerField(_("total (fen)"), null=True)
    fund_fen = models.BigIntegerField(_("fund (fen)"), null=True)
    account_fen = models.BigIntegerField(_("account (fen)"), null=True)
    cash_fen = models.BigIntegerField(_("cash (fen)"), null=True)
    hospital_fen = models.BigIntegerField(_("hospital (fen)"), null=True)
    split = models.JSONField(_("split by policy (fen)"), default=dict)
    priced_at = models.DateTimeField(_("priced at"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    refusal = models.CharField(_("refusal"), max_length=300, default="")

    class Meta:
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        indexes = [
            models.Index(fields=["line", "number"], condition=Q(state=TrialState.WAITING), name="trial_line"),
            models.Index(
                fields=["line", "number"],
                condition=Q(state__in=[TrialState.CALLING, TrialState.FROZEN]),
                name="trial_away",
            ),
            models.Index(fields=["valid_until"], condition=Q(state=TrialState.PRICED), name="trial_priced"),
            models.Index(fields=["turn_at"], condition=Q(turn_at__isnull=False), name="trial_turn"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=Q(state__in=["waiting", "calling", "priced", "accepted", "frozen"]),
                name="one_live_trial",
            )
        ]

    def __str__(self) -> str:
        return f"trial {self.pk}"

    def moved(self, came_from: str) -> None:
        """Who leaves the line makes room at once; who comes back stands where he stood."""
        if self.line_id is None or self.number is None:
            return
        if came_from == TrialState.WAITING:
            places.leave(self.line_id, self.number)
        elif self.state == TrialState.WAITING:
            places.come_back(self.line_id, self.number)


class LineDay(models.Model):
    """How good the expected waits of a day were: |expected - real| as a share of the real wait. Shown to staff."""

    day = models.DateField(_("day"), primary_key=True)
    turns = models.PositiveIntegerField(_("turns"))
    median_wait_seconds = models.FloatField(_("median wait (seconds)"))
    median_error = models.FloatField(_("median error"))
    p90_error = models.FloatField(_("error of nine in ten at most"))
    measured_at = models.DateTimeField(_("measured at"), db_default=Now())

    class Meta:
        verbose_name = _("day of the line")
        verbose_name_plural = _("days of the line")

    def __str__(self) -> str:
        return f"{self.day}"
