"""Text that came from a target, made safe to show.

A reply may hold anything: terminal control sequences, characters that XML forbids, marks that
reverse the direction of writing, halves of surrogate pairs. All of these become visible escapes, in
terminals and in files alike, so that a reader sees what was observed and nothing acts on it.
"""


def visible(text: str) -> str:
    r"""Return `text` with all but printable characters, newlines and tabs written as escapes.

    The escapes are those of Python literals, `\x1b` or `\ud800`, so that a script that is shown
    still means the same where such a character stood inside a plain string.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in "\n\t"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def visible_line(text: str) -> str:
    """Return `text` as `visible` does, on one line: runs of white space become one space."""
    return visible(" ".join(text.split()))


def bounded(text: str, limit: int) -> str:
    """Return `text`, or its first `limit` characters and a note of how many there are more."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters in the result file)"
