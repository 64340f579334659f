"""The words of each notice, in the language of whoever reads it."""

from django.utils.translation import gettext as _

from hospital.notices.models import Kind, Notice


def title(notice: Notice) -> str:
    """One line."""
    return {
        Kind.FILED: _("Your record is filed"),
        Kind.REJECTED: _("Your record could not be filed"),
        Kind.CLOSE: _("Your turn is near"),
        Kind.PRICED: _("Your insurance trial is ready"),
        Kind.TRIAL_REFUSED: _("The insurer refused the trial"),
        Kind.CLAIM_SETTLED: _("Your insurance claim is settled"),
        Kind.CLAIM_REFUSED: _("Your insurance claim was refused"),
        Kind.SCAN_AGAIN: _("Scan your electronic credential again"),
        Kind.SETTLE_AGAIN: _("Your settlement was not carried out"),
        Kind.COMPLETED: _("Everything is settled"),
        Kind.TAKEN_BACK: _("Your settlement is taken back"),
        Kind.CANCELLED: _("Your appointment is cancelled"),
        Kind.SETTLEMENT_REFUSED: _("The insurer refused the settlement"),
        Kind.SETTLEMENT_REVERSED: _("Your settlement was reversed"),
        Kind.SETTLEMENT_MANUAL: _("Our staff are looking after your settlement"),
    }[Kind(notice.kind)]


def text(notice: Notice) -> str:
    """What happened and what to do now."""
    facts = notice.facts
    match Kind(notice.kind):
        case Kind.FILED:
            return str(_("Archive number %(number)s. You may now ask for the insurance trial.") % facts)
        case Kind.REJECTED:
            return rejection(facts["reason"])
        case Kind.CLOSE:
            near = _("Your insurance trial should be made within %(minutes)s minutes. You need not do anything.")
            return str(near % facts)
        case Kind.PRICED:
            return str(_("Look at the amounts and choose how to settle before %(valid_until)s.") % facts)
        case Kind.TRIAL_REFUSED:
            answer = _("The insurer's answer: %(reason)s. You may settle everything yourself or ask the desk.")
            return str(answer % facts)
        case Kind.CLAIM_SETTLED:
            return str(_("Of what you paid, %(refund)s yuan go back to you. You need not do anything.") % facts)
        case Kind.CLAIM_REFUSED:
            return claim_refusal(facts["reason"])
        case Kind.SCAN_AGAIN:
            again = _(
                "Your settlement should have its turn within %(seconds)s seconds, and the code that you gave will have "
                "grown old by then. Hand in the one that your electronic credential shows now."
            )
            return str(again % facts)
        case Kind.SETTLE_AGAIN:
            return _(
                "Nothing was settled, and what you may have paid was given back. Ask for the insurance trial again: "
                "your place at the head of the line is kept."
            )
        case Kind.COMPLETED:
            return _("The payment is complete and the insurance network has been told.")
        case Kind.TAKEN_BACK:
            return _(
                "The hospital takes your settlement back. What you have paid goes back the way it came; you need not "
                "do anything. Ask the desk if you have questions."
            )
        case Kind.CANCELLED | Kind.SETTLEMENT_REFUSED | Kind.SETTLEMENT_REVERSED | Kind.SETTLEMENT_MANUAL:
            return title(notice)  # for the hospital's own app, which gets no text


def claim_refusal(reason: str) -> str:
    """What was paid before stays as it is; the insurer's answer where there is one."""
    if not reason:
        return _(
            "The insurance does not take part: what you paid stays as self-pay. Ask the desk if you have questions."
        )
    answer = _("The insurer's answer: %(reason)s. What you paid stays as self-pay.")
    return str(answer % {"reason": reason})


def rejection(reason: str) -> str:
    """Why a record could not be filed, and what the patient can do."""
    return {
        "bad_id_number": _("The ID number is not valid. Correct it in your account and book again."),
        "bad_card": _("The card number is not valid. Check the card and book again."),
        "card_not_own": _("The identity card is not that of the patient. Use your own card and book again."),
        "contradictory_identity": _("This ID number is filed under another name. Please come to the desk."),
        "cannot_be_filed": _("This record could not be filed. Please come to the desk."),
        "card_of_another": _("This card is filed for another person. Please come to the desk."),
    }[reason]
