"""The admin's dress (django-unfold): colours, local assets, and where things are, in the hospital's words."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

Item = dict[str, Any]


def _may(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: request.user.has_perm(permission)


def _page(title: object, icon: str, model: str, permission: str = "") -> Item:
    """The list of a model; it is shown to whoever may look at it."""
    app, _dot, name = model.partition(".")
    link = reverse_lazy(f"admin:{app}_{name}_changelist")
    return {"title": title, "icon": icon, "link": link, "permission": _may(permission or f"{app}.view_{name}")}


NAVIGATION: list[dict[str, Any]] = [
    {
        "title": _("Today"),
        "items": [
            {"title": _("Overview"), "icon": "monitor_heart", "link": reverse_lazy("admin:index")},
            _page(_("Cases"), "assignment_late", "insurance.casefile", "insurance.view_settlement"),
            _page(_("Decisions"), "how_to_reg", "insurance.decision"),
            _page(_("Patients' stories"), "person_search", "hospital.appointment"),
        ],
    },
    {
        "title": _("Line and interface"),
        "items": [
            _page(_("Lines"), "groups", "insurance.line"),
            _page(_("Trials"), "request_quote", "insurance.trial"),
            _page(_("Interface"), "cable", "insurance.insurer"),
            _page(_("The limit n"), "speed", "insurance.quota"),
            _page(_("Proof of the limit"), "show_chart", "insurance.proofday", "insurance.view_quota"),
            _page(_("Maintenance windows"), "build", "insurance.maintenancewindow"),
            _page(_("Messages to the insurer"), "swap_horiz", "insurance.interfacecall"),
            _page(_("Expected waits"), "hourglass", "insurance.lineday"),
        ],
    },
    {
        "title": _("Money"),
        "items": [
            _page(_("Day books"), "menu_book", "insurance.daybook"),
            _page(_("Differences"), "difference", "insurance.difference"),
            _page(_("Settlements"), "receipt_long", "insurance.settlement"),
            _page(_("Payment orders"), "payments", "insurance.paymentorder"),
        ],
    },
    {
        "title": _("Filing and notices"),
        "items": [
            _page(_("Archives"), "folder_shared", "hospital.archive"),
            _page(_("Master records"), "badge", "hospital.masterrecord"),
            _page(_("Notices"), "notifications", "hospital.notice"),
        ],
    },
    {
        "title": _("Planning"),
        "items": [
            _page(_("Sessions"), "calendar_month", "hospital.session"),
            _page(_("Weekly plans"), "event_repeat", "hospital.weeklyplan"),
            _page(_("Holidays"), "beach_access", "hospital.holiday"),
            _page(_("Doctors"), "stethoscope", "hospital.doctor"),
            _page(_("Departments"), "domain", "hospital.department"),
            _page(_("Price lists"), "sell", "hospital.pricelist"),
        ],
    },
    {
        "title": _("Settings and people"),
        "items": [
            _page(_("Settings"), "tune", "hospital.tuning"),
            _page(_("Changes by staff"), "history", "hospital.change"),
            _page(_("Accesses to personal data"), "visibility", "hospital.access"),
            _page(_("Erasures of patients"), "person_off", "hospital.erasure"),
            _page(_("Journal"), "list_alt", "hospital.journal"),
            _page(_("Accounts"), "person", "auth.user"),
            _page(_("Roles"), "groups_2", "auth.group"),
        ],
    },
]

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Hospital line: staff"),
    "SITE_HEADER": _("Hospital line"),
    "SITE_SYMBOL": "local_hospital",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("pages:language")},
    "DASHBOARD_CALLBACK": "operations.overview.page.overview",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("pages/icon.svg")}],
    "LOGIN": {"form": "config.staff_sign_in.StaffSignInForm"},
    "STYLES": [lambda request: static("staff/colours.css"), lambda request: static("staff/staff.css")],
    "SCRIPTS": [lambda request: static("staff/theme.js")],
    "COLORS": lambda request: {},  # in staff/colours.css: the theme would write them into each page
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": NAVIGATION},
}
