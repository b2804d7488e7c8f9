"""`orderpulse topic`: compare the topic with the one that the set-up creates, and correct it."""

import sys
from typing import Annotated

import typer


def topic_command(
    apply: Annotated[
        bool, typer.Option("--apply", help="Correct the differences, without downtime.")
    ] = False,
) -> None:
    """Compare the events' topic with the one that the set-up creates; exits with 1 if they differ."""
    from control.topic_state import mend
    from stack.profile import platform_settings
    from stack.servers.kafka.topic import topic_differences

    settings = platform_settings()
    found = topic_differences(settings)
    if apply and found:
        mend(settings.kafka, found)
        for each in found:
            print(
                f"{each.setting}: {each.found} -> {each.wanted}" if each.mendable else f"not changed: {each}"
            )
        found = topic_differences(settings)
    for each in found:
        print(each)
    if found:
        sys.exit(1)
    print(f"The topic {settings.kafka.topic} is as the set-up creates it.")
