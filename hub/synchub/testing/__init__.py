"""Stand-ins for tests of connectors and hubs: public and kept stable. Import the module you need."""
