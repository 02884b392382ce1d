"""Locust users that send a seeded workload at fixed times, however slow the answers are, and record its history.

    locust -f bench/locustfile.py --host http://127.0.0.1:4566/_aws/execute-api/<api-id>

The number of users limits the requests in flight. The rate comes from the plan's schedule. A request that finds no free
user is sent late, but its response time counts from when it should have been sent.
"""

import logging
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import gevent  # type: ignore[import-untyped] # it ships no types
from locust import FastHttpUser, constant, events, task
from locust.exception import StopUser

from bench.judge.history import NO_ANSWER, WARM_UP, History, RequestRow
from bench.load import plan as plans
from bench.load.answers import read_answer
from bench.load.mix import RequestKind
from bench.load.plan import Plan
from bench.load.schedule import Due, schedules

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAD_S: Final = 2.0
"""Time from the start of the test to the schedule's zero, in which locust spawns the users."""

_COMMIT_EVERY_S: Final = 1.0


class Run:
    """One test run: its schedules, the time at which they start, and its history."""

    def __init__(self, plan: Plan, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.history = History(str(path))
        self.warm_up_s = plan.warm_up_s
        self.schedules: dict[RequestKind, Iterator[Due]] = schedules(plan)
        self.zero_s = time.time() + _LEAD_S
        self.exhausted: set[RequestKind] = set()
        self.in_flight = 0

    def take(self, kind: RequestKind) -> Due | None:
        """Return the next request of a kind, or None when the schedule is over."""
        due = next(self.schedules[kind], None)
        if due is None:
            self.exhausted.add(kind)
        return due

    @property
    def is_over(self) -> bool:
        """Whether everything was sent and answered."""
        return self.exhausted == set(self.schedules) and not self.in_flight


class IngestUser(FastHttpUser):
    """Takes the next request of its kind, waits until it is due, sends it and checks the answer."""

    abstract = True
    kind: RequestKind
    wait_time = constant(0)
    network_timeout = 30.0
    connection_timeout = 30.0

    @task
    def send_next(self) -> None:
        """Send one request of the schedule."""
        run: Run = self.environment.rdp_run
        run.in_flight += 1
        try:
            due = run.take(self.kind)
            if due is None:
                raise StopUser
            gevent.sleep(max(0.0, run.zero_s + due.at_s - time.time()))
            self._send(run, due)
        finally:
            run.in_flight -= 1

    def _send(self, run: Run, due: Due) -> None:
        request = due.request
        intended_ms, sent_ms = (run.zero_s + due.at_s) * 1000, time.time() * 1000
        name = self.kind if request.status == 202 else f"{self.kind} (to be refused)"  # noqa: PLR2004 - HTTP
        status, body = NO_ANSWER, b""
        try:
            body_to_send: Any = request.body  # Locust types it as str, but sends bytes unchanged.
            with self.client.post(
                "/ingest", data=body_to_send, headers=request.headers, name=name, catch_response=True
            ) as response:
                status, body = response.status_code or NO_ANSWER, response.content or b""
                answer = read_answer(request, status, body, sent_ms=sent_ms)
                response.request_meta["response_time"] = time.time() * 1000 - intended_ms
                if answer.problem:
                    response.failure(answer.problem)
                else:
                    response.success()
        finally:  # Also when locust kills this user during a request: its result is then unknown.
            answered_ms = time.time() * 1000
            answer = read_answer(request, status, body, sent_ms=sent_ms)
            tenant_id = request.logs[0].tenant_id if len(request.logs) == 1 else ""
            run.history.add_request(
                RequestRow(
                    *(
                        WARM_UP if due.at_s < run.warm_up_s else self.kind,
                        intended_ms,
                        sent_ms,
                        answered_ms,
                        status,
                        len(request.logs),
                        answer.accepted,
                    ),
                    *(len(request.body), tenant_id, answer.problem),
                ),
                answer.logs,
            )


class JsonUser(IngestUser):
    """Single logs as application/json."""

    kind = "json"


class TextUser(IngestUser):
    """Single logs as text/plain."""

    kind = "text"


class BatchUser(IngestUser):
    """NDJSON batches of many tenants' logs."""

    kind = "batch"


class NoisyUser(IngestUser):
    """NDJSON batches of the noisy tenant's logs."""

    kind = "noisy"


_USERS: Final[tuple[type[IngestUser], ...]] = (JsonUser, TextUser, BatchUser, NoisyUser)


def add_options(parser: Any) -> None:
    """Add --plan and --history to locust's command line; all settings of the load are in the plan."""
    parser.set_defaults(web_host="127.0.0.1")  # Locust's default is every interface.
    parser.add_argument(
        "--plan",
        metavar="FILE",
        include_in_web_ui=False,
        help="the run as JSON, with the fields of bench/load/plan.py; those left out are as by default",
    )
    parser.add_argument(
        "--history",
        metavar="FILE",
        include_in_web_ui=False,
        default="bench/results/locust/history.db",
        help="file that the judge reads",
    )


def read_plan(environment: Any, **_: Any) -> None:
    """Read the plan before anything starts. A wrong plan ends locust, which would else run for ever without one."""
    options = environment.parsed_options
    try:
        plan = plans.read(Path(options.plan)) if options.plan else Plan(name=plans.fresh_name(time.time()))
    except plans.PlanError as error:
        sys.exit(f"The plan is wrong. {error}")
    environment.rdp_plan = plan
    options.num_users = options.num_users or plan.users
    options.spawn_rate = options.spawn_rate or plan.users


def start(environment: Any, **_: Any) -> None:
    """Make the schedules, keep the user classes that have one, and start the loop that commits and ends the run."""
    path = Path(environment.parsed_options.history)
    try:
        run = environment.rdp_run = Run(environment.rdp_plan, path)
    except (OSError, sqlite3.Error) as error:
        sys.exit(f"The history cannot be written to {path}: {error}")
    environment.user_classes[:] = [user for user in _USERS if user.kind in run.schedules]
    gevent.spawn(_keep, environment, run)


def _keep(environment: Any, run: Run) -> None:
    while not run.is_over and environment.runner.state not in {"stopping", "stopped", "cleanup"}:
        gevent.sleep(_COMMIT_EVERY_S)
        run.history.commit()
    logging.getLogger(__name__).info("The schedule is over.")
    if environment.web_ui is None:
        environment.runner.quit()
    else:
        environment.runner.stop()


def stop(environment: Any, **_: Any) -> None:
    """Make the history's last rows durable."""
    environment.rdp_run.history.commit()


def _listen(to: Any) -> None:
    to.init_command_line_parser.add_listener(add_options)
    to.init.add_listener(read_plan)
    to.test_start.add_listener(start)
    to.test_stop.add_listener(stop)


_listen(events)
