"""`unstuck schema`: the form of what --json writes."""


def schema() -> None:
    """Print the JSON schema of what `unstuck run --json` and `unstuck diagnose --json` write."""
    import typer

    from unstuck.report import as_json

    typer.echo(as_json.as_text(as_json.schema()), nl=False)
