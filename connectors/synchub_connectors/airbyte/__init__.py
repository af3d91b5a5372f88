"""Low-code manifests of Airbyte: YAML files that say how an HTTP interface is read, run by airbyte-cdk."""
