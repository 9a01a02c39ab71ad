"""Words that stand with the states, where no Django is: named here so that they are found and translated."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

STATES = (
    *(_("Queued"), _("Starting"), _("Running"), _("Cancelling"), _("Succeeded"), _("Failed")),
    *(_("Cancelled"), _("Timed out"), _("Lost")),
)
TRIGGERS = (_("By hand"), _("API"), _("Schedule"), _("New data"), _("Retry"))
SIDES = (
    *(_("The integration's settings"), _("The service"), _("The engine"), _("The network")),
    _("The hub itself"),
)
STEPS = (_("Waited in the queue"), _("Handed to the engine"), _("Engine at work"), _("Rows landed"))
UNITS = (_("tasks"), _("rows"), _("percent"))
CHANGES = (_("added"), _("removed"), _("changed"))
KINDS = (_("number"), _("time"), _("truth"), _("text"), _("list"), _("nested"))
