"""Systems with an HTTP interface that speaks JSON, each described by a TOML file."""
