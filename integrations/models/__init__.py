"""Who uses the connectors, and what happened."""

from integrations.models.credential import Credential
from integrations.models.dataset import Dataset, DatasetVersion, RunInput
from integrations.models.deployment import Deployment
from integrations.models.draft import Draft
from integrations.models.integration import Integration, IntegrationInput
from integrations.models.oauth2 import Authorisation, Grant, OAuthClient
from integrations.models.run import UNDER_WAY, Run
from integrations.vault.models import TenantKey, VaultCanary

__all__ = [
    "UNDER_WAY",
    "Authorisation",
    "Credential",
    "Dataset",
    "DatasetVersion",
    "Deployment",
    "Draft",
    "Grant",
    "Integration",
    "IntegrationInput",
    "OAuthClient",
    "Run",
    "RunInput",
    "TenantKey",
    "VaultCanary",
]
