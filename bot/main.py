"""The command `hocvuso`."""

import typer

from bot.cli import (
    actions,
    ask,
    certificate,
    channel,
    commune,
    database,
    demo,
    doctor,
    handout,
    index,
    keys,
    knowledge,
    report,
    serve,
    simulate,
    staff,
    volunteer,
)

app = typer.Typer(
    help="Học Vụ Số: the digital-skills assistant of a commune.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they could show what people typed
)
app.command("serve")(serve.serve)
app.command("ask")(ask.ask)
app.command("evaluate")(index.evaluate_file)
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(index.app, name="index")
app.add_typer(database.app, name="db")
app.add_typer(staff.app, name="staff")
app.add_typer(volunteer.app, name="volunteer")
app.add_typer(commune.app, name="commune")
app.add_typer(actions.app, name="actions")
app.add_typer(channel.app, name="channel")
app.command("doctor")(doctor.doctor)
app.command("report")(report.report)
app.command("certificate")(certificate.certificate)
app.command("handout")(handout.handout)
app.command("rotate-key")(keys.rotate_key)
app.command("simulate")(simulate.simulate)
app.command("demo")(demo.demo)
