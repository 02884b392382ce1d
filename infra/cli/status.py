"""`rdp status`: show where the stack is and how many logs are where."""

import json

import click

from infra import consumer_switch, counts, deployment, function_start
from infra.local import front, lifecycle
from infra.options.locator import Where, locate, where_options
from infra.stack import STACK_NAME
from infra.terminal import out
from infra.terminal.text import counts_table, printable


@click.command("status")
@where_options
@click.option("--exact", is_flag=True, help="Count the stored logs now. This reads the whole table.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(where: Where, *, exact: bool, as_json: bool) -> None:
    """Show where the stack is, whether its functions start and its consumer runs, and how many logs are where.

    `stored` is DynamoDB's own count, which costs nothing. On AWS it is up to six hours old; on this machine it is
    current. It also counts the tombstones of `rdp erase`. The other counts are current. They count messages, and SQS
    calls them approximate.

    `changed` names the parameters whose values are not the defaults. Terraform's outputs do not hold them.
    """
    stack = locate(where)
    root = front.find(where.data_dir) if where.is_local else None
    now = counts.read(stack, exact=exact)
    consumer = consumer_switch.find(stack)
    answers = function_start.ask(stack)
    parts = {
        "endpoint": root.endpoint if root else stack.endpoint,
        "aws_endpoint_url": stack.place.aws_endpoint_url,
        "region": stack.place.session.region_name,
        "queue_url": stack.queue_url,
        "dlq_url": stack.dlq_url,
        "stream": stack.stream_name,
        "table": stack.table_name,
        "consumer": consumer.state.lower(),
        "queue_mapping_id": consumer.id,
    }
    changed = {} if where.outputs else deployment.changed_parameters(stack.place, where.stack_name or STACK_NAME)
    functions = {service: str(answer) for service, answer in answers.items()}
    if where.is_local:
        changed = {name: value for name, value in changed.items() if lifecycle.PARAMETERS.get(name) != value}
    if as_json:
        shown = {
            "changed_parameters": changed,
            "functions": functions,
            "stored_is_exact": exact,
            "counts": now._asdict(),
        }
        out.say_json(json.dumps(parts | shown, indent=2))
        return
    for name, value in (parts | {f"{name}_function": said for name, said in functions.items()}).items():
        out.say(f"{name:<17} {value}")
    if changed:
        told = " ".join(f"{name}={printable(value) or '(empty)'}" for name, value in changed.items())
        out.say(f"{'changed':<17} {told}")
    out.show(counts_table(now))
    if (most := counts.logs_per_message(stack)) > 1:
        out.say(
            f"queued, in flight and dlq count messages of up to {most} logs each (older messages: of what "
            f"LogsPerMessage "
            f"was then). stored counts logs."
        )
    if not exact:
        out.say(
            "stored is DynamoDB's last count, on AWS up to six hours old. --exact counts now, and reads the whole "
            "table."
        )
    if consumer.state == consumer_switch.STOPPED:
        out.say("The consumer is stopped: nothing is taken from the queue. Start it: `rdp consumer start`.", err=True)
    for sentence in function_start.told(answers):
        out.say(sentence, err=True)
