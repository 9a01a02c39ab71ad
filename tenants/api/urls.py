"""The addresses of a tenant's own affairs, below /api/v1/."""

from __future__ import annotations

from tenants.api import views
from tenants.api.routes import call

urlpatterns = [
    *call("tokens/", views.Tokens, "tokens"),
    *call("tokens/<uuid:pk>", views.OneToken, "token"),
    *call("members/", views.Members, "members"),
    *call("members/leave", views.Leave, "member-leave"),
    *call("members/<uuid:pk>", views.OneMember, "member"),
    *call("invitations/", views.Invitations, "invitations"),
    *call("invitations/accept", views.AcceptInvitation, "invitation-accept"),
    *call("invitations/<uuid:pk>", views.OneInvitation, "invitation"),
    *call("tenants/", views.Tenants, "tenants"),
    *call("audit/", views.Audit, "audit"),
    *call("audit/export", views.AuditExport, "audit-export"),
]
