"""What is said of data that a Python session gave, which lie in no file."""

from exhibit.tasks.records.language import Message, as_message, mark, say, say_all

TITLE = mark("Data of a Python session")
SOURCE = mark("the user's own, from a Python session")
LABEL = mark("label")


def described(behind: int) -> Message:
    """`behind`: how many of the last rows are a background."""
    if not behind:
        return say("Rows that a Python session gave.")
    return say("Rows that a Python session gave, the last {count} as a background.", count=f"{behind:,}")


def predicted(label: str, seen: int) -> Message:
    """What a model predicts; `seen`: how many rows have a label."""
    return say_all(
        say("The model predicts {label}.", label=as_message(label)),
        "" if seen else say("No row has a label."),
    )
