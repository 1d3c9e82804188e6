"""Kit's own numbers of emails, which may have gaps: what a change of one makes of them all (K25)."""

from bisect import bisect_left


def put(numbers: list[int], wanted: int, moved: int | None = None) -> tuple[int, list[int]]:
    """Where an email goes that gets a number, among the others, and the numbers of all then, in order.

    `numbers`: those that there are, rising. `moved`: the place of the email, where it is one of them. A number that
    is free leaves the others as they are. At one that is taken the email takes the place of its holder, and the
    others give way, each by as little as can be.

    >>> put([0, 1, 2, 10], 1)
    (1, [0, 1, 2, 3, 10])
    >>> put([0, 1, 2, 10], 2, moved=0)
    (2, [0, 1, 2, 10])
    """
    others = [each for at, each in enumerate(numbers) if at != moved]
    if wanted not in others:
        place = bisect_left(others, wanted)
        return place, [*others[:place], wanted, *others[place:]]
    place = bisect_left(numbers, wanted)
    found = [*others[:place], wanted, *others[place:]]
    for at in range(place - 1, -1, -1):
        found[at] = min(found[at], found[at + 1] - 1)
    for at in range(place + 1, len(found)):
        found[at] = max(found[at], found[at - 1] + 1)
    return place, found


def taken_out(numbers: list[int], place: int) -> list[int]:
    """The numbers of the others where one is taken out: those that follow it without a gap move up.

    >>> taken_out([0, 1, 2, 10], 0)
    [0, 1, 10]
    """
    found = [*numbers]
    for at in range(place + 1, len(numbers)):
        if numbers[at] != numbers[at - 1] + 1:
            break
        found[at] -= 1
    del found[place]
    return found


def free(numbers: list[int], taken: int) -> list[int]:
    """The free numbers nearest to one that is taken: the next below, where there is one, and the next above.

    >>> free([0, 2, 3], 2), free([0, 1], 0)
    ([1, 4], [2])
    """
    held = {*numbers}
    below = next((each for each in range(taken, -1, -1) if each not in held), None)
    above = next(each for each in range(taken, taken + len(held) + 1) if each not in held)
    return [above] if below is None else [below, above]
