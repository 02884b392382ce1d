"""What protects a stack as a whole: CloudFormation refuses to delete it, queues and stream included."""

from infra.stack import Place, StackError


def is_protected(place: Place, name: str) -> bool:
    """Say whether CloudFormation refuses to delete the stack. Raises: ClientError, as where there is none."""
    return place.cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("EnableTerminationProtection", False)


def bring(place: Place, name: str, *, protected: bool) -> bool:
    """Give the stack the protection, or take it away; return whether that was a change."""
    if is_protected(place, name) == protected:
        return False
    place.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=protected)
    return True


def refuse_if_protected(place: Place, name: str) -> None:
    """Return if the stack may be deleted.

    Raises:
        StackError: it is protected, by `rdp deploy` or by hand.
    """
    if is_protected(place, name):
        raise StackError(
            f"Stack {name} is protected from termination. `rdp deploy --param DeletionProtection=false` takes that off."
        )
