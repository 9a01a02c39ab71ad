"""The user's own n8n as a source of connectors: descriptions of its nodes and credential types become schemas."""
