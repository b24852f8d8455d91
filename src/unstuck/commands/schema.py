"""`unstuck schema`: the form of what --json writes."""

import json


def schema() -> None:
    """Print the JSON schema of what `unstuck run --json` and `unstuck diagnose --json` write."""
    import typer

    from unstuck.report.as_json import schema as made

    typer.echo(json.dumps(made(), indent=2, ensure_ascii=False))
