"""Keep the folder .studio_gateway: its layout, config, locks, evidence and schema version."""
