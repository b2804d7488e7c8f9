"""What this machine must offer before anything is started."""

from collections.abc import Sequence

from core.errors import StackError
from core.settings import Environment, Settings
from stack.host.folders import check_folders
from stack.host.locks import holder
from stack.host.ports import port_holder
from stack.host.prerequisite import JAVA, NODE
from stack.local.programs import Program

NEED_JAVA = {"kafka", "spark_stream", "spark_master", "spark_worker_1", "spark_worker_2"}


def check_prerequisites(settings: Settings, chosen: Sequence[Program]) -> None:
    """Raise `PrerequisiteError` if a folder is unfit, Java or Node.js is missing; `StackError` in production, where others run the servers."""
    if settings.environment is Environment.PRODUCTION:
        raise StackError(
            "`orderpulse up` runs the platform of one developer's machine, with plain-text servers on loopback; "
            "with ENVIRONMENT=production, start each program under your own service manager."
        )
    check_folders(settings)
    if any(program.name in NEED_JAVA for program in chosen):
        JAVA.find()
    if any(program.name == "api" for program in chosen):
        NODE.find()


def check_ports(settings: Settings, chosen: Sequence[Program]) -> None:
    """Raise `StackError` that names every port that a program about to start finds taken, and by whom."""
    taken = []
    for program in chosen:
        if holder(settings, program.name) is not None:
            continue
        for setting, port in program.ports(settings).items():
            found = port_holder(port)
            if found is not None:
                taken.append(f"{found}, but {program.name} needs it: stop that program or set {setting}")
    if taken:
        raise StackError("; ".join(taken) + ".")
