"""A JSON document and a source of chance -> the same document, damaged somewhere."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

_LEVELS = (5, 200, 900, 100_000)
_NESTED = "nested to level "

JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    -(2**63),
    2**70,
    10**30,
    0.5,
    1e308,
    "",
    " ",
    "x",
    "0",
    "None",
    "12345678901234567890",
    "2024-02-30",
    "2024-01-31T00:00:00Z",
    "P1Y",
    "\x00",
    "\ud800",
    "🦓" * 50,
    "{{ config['client_secret'] }}",
    "keep",
    "encrypt",
    "1/0",
    "365/7",
    "-1/3",
    "1e999999999",
    "x" * 5_000,
    [],
    {},
    [None],
    {"": None},
    [[[[]]]],
    {"updated": 1},
    {"created": "x"},
    {"backfill": {}},
)

NAMES = (
    "__injected_manifest",
    "__injected_components_py",
    "__ab_no_cursor_state_message",
    "updated",
    "created",
    "backfill",
    "email",
    "preset",
    "personal_data",
    "stream",
    "type",
    "",
    "\ud800",
)


def mutated(document: Any, dice: Random) -> str:
    """The damaged document as text, which may not even be JSON."""
    document = copy.deepcopy(document)
    for _ in range(dice.randint(1, 3)):
        document = _damaged(document, dice)
    text = json.dumps(document)
    for levels in _LEVELS:
        # Nested in the text: Python itself cannot write what is so deep.
        nested = '{"a":' * levels + "0" + "}" * levels
        text = text.replace(f'"{_NESTED}{levels}"', nested)
    if dice.random() < 0.03:
        place = dice.randrange(len(text) + 1)
        inserted = dice.choice(("", "\x00", "NaN", "1e400", '"', "}", "[" * 900, "\ufeff"))
        text = text[:place] + inserted + text[place + dice.randrange(3) :]
    if dice.random() < 0.02:
        text = text.replace("1750000000", dice.choice(("1e400", "-1e400", "NaN", "Infinity")), 1)
    return text


def _damaged(document: Any, dice: Random) -> Any:
    places = list(_places(document))
    if not places or dice.random() < 0.03:
        return dice.choice(JUNK)
    holder, key = dice.choice(places)
    how = dice.randrange(7)
    if how == 6 and isinstance(holder[key], str) and holder[key]:
        holder[key] = _scratched(holder[key], dice)
        return document
    if how <= 2:
        holder[key] = copy.deepcopy(dice.choice(JUNK))
    elif how == 3:
        del holder[key]
    elif how == 4 and isinstance(holder, dict):
        holder[dice.choice(NAMES)] = copy.deepcopy(dice.choice((holder[key], *JUNK)))
    elif isinstance(holder, list):
        holder.insert(key, copy.deepcopy(dice.choice((holder[key], *JUNK))))
    else:
        holder[key] = f"{_NESTED}{dice.choice(_LEVELS)}"
    return document


def _scratched(text: str, dice: Random) -> str:
    """A text with a letter changed, or cut, or doubled."""
    place = dice.randrange(len(text))
    how = dice.randrange(3)
    if how == 0:
        return text[:place] + dice.choice("0Az!~\x7f") + text[place + 1 :]
    return text[:place] if how == 1 else text[:place] + text


def _places(node: Any) -> Any:
    """Every (holder, key) in a document."""
    todo = [node]
    while todo:
        holder = todo.pop()
        if isinstance(holder, dict):
            keys: Any = list(holder)
        elif isinstance(holder, list):
            keys = range(len(holder))
        else:
            continue
        for key in keys:
            yield holder, key
            todo.append(holder[key])
