"""Protects a whole stack: CloudFormation refuses to delete it, with its queues and stream."""

from infra.stack import Place, StackError


def is_protected(place: Place, name: str) -> bool:
    """Say whether CloudFormation refuses to delete the stack. Raises: ClientError, for example if there is none."""
    return place.cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("EnableTerminationProtection", False)


def bring(place: Place, name: str, *, protected: bool) -> bool:
    """Set or remove the stack's protection; return whether that was a change."""
    if is_protected(place, name) == protected:
        return False
    place.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=protected)
    return True


def refuse_if_protected(place: Place, name: str) -> None:
    """Return if the stack is not protected.

    Raises:
        StackError: it is protected, by `rdp deploy` or by hand.
    """
    if is_protected(place, name):
        raise StackError(
            f"Stack {name} is protected from termination. `rdp deploy --param DeletionProtection=false` ends that."
        )
