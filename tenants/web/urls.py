"""Pages about signing in and about a tenant's own affairs."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from tenants.web import (
    api_tokens,
    audit,
    joining,
    profile,
    second_step,
    signing,
    single_sign_on,
    team,
    welcome,
)

urlpatterns = [
    path("welcome", welcome.Welcome.as_view(), name="welcome"),
    path("login", signing.Login.as_view(), name="login"),
    path("login", signing.Login.as_view(), name="account_login"),  # allauth's name for it
    path("login/code", second_step.EnterCode.as_view(), name="mfa_authenticate"),
    path("login/sso", single_sign_on.leave, name="single_sign_on"),
    path("login/sso/done", single_sign_on.come_back, {"provider_id": "sso"}, name="openid_connect_callback"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("password/forgotten", signing.Forgotten.as_view(), name="forgotten"),
    path("password/forgotten/sent", signing.Sent.as_view(), name="forgotten_sent"),
    path("password/new/<uidb64>/<token>", signing.NewPassword.as_view(), name="password_reset_confirm"),
    path("password", signing.ChangePassword.as_view(), name="change_password"),
    path("profile", profile.Profile.as_view(), name="profile"),
    path("second-step", second_step.Overview.as_view(), name="mfa_index"),
    path("second-step/on", second_step.TurnOn.as_view(), name="mfa_activate_totp"),
    path("second-step/off", second_step.TurnOff.as_view(), name="mfa_deactivate_totp"),
    path("second-step/codes", second_step.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("second-step/codes/new", second_step.NewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("confirm", second_step.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("confirm/code", second_step.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("tenant", signing.choose_tenant, name="choose_tenant"),
    path("invitations/<str:secret>", joining.AcceptInvitation.as_view(), name="accept_invitation"),
    path("team", team.Team.as_view(), name="team"),
    path("team/leave", team.Leave.as_view(), name="leave_team"),
    path("team/members/<uuid:pk>/role", team.ChangeRole.as_view(), name="change_role"),
    path("team/members/<uuid:pk>/remove", team.Remove.as_view(), name="remove_member"),
    path("team/invitations", team.Invite.as_view(), name="invite"),
    path("team/invitations/<uuid:pk>/withdraw", team.Withdraw.as_view(), name="withdraw_invitation"),
    path("tokens", api_tokens.Tokens.as_view(), name="tokens_page"),
    path("tokens/<uuid:pk>/revoke", api_tokens.Revoke.as_view(), name="revoke_token"),
    path("audit", audit.Audit.as_view(), name="audit_page"),
    path("audit/export", audit.AuditExport.as_view(), name="audit_export_page"),
]
