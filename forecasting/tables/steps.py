# SPDX-License-Identifier: Apache-2.0
"""Business steps that end a stay, make a demand or bring goods: the only place where they are listed.

Bare words are those of the GS1 Core Business Vocabulary (CBV 2.0, section 7.1); the same words in URI form
are reduced to the bare word first.
"""

import pandas as pd

LEAVING_STEPS = frozenset(("shipping", "departing", "consigning"))
"""The goods go on to another place."""

DEPARTING_STEPS = frozenset(("departing",))
"""A second scan of a movement that another leaving step may have told of before."""

CONSUMING_STEPS = frozenset(("retail_selling", "dispensing", "destroying", "decommissioning"))
"""The goods leave the chain for good."""

RECEIVING_STEPS = frozenset(("receiving",))
"""For goods counted by quantity: the event brings more, also where some are already."""

CREATING_STEPS = frozenset(("commissioning", "creating_class_instance"))
"""The thing begins to be."""

DEMAND_STEPS = ("retail_selling", "dispensing")
"""The steps that are demand whenever a history has them."""

CONSUMING_KINDS = frozenset(("ObjectEvent", "TransformationEvent"))
"""Kinds in which the action DELETE ends the thing itself; elsewhere it only undoes a link."""

_CBV_PREFIXES = ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-", "cbv:BizStep-")


def bare_steps(steps: "pd.Series[str]") -> "pd.Series[str]":
    """Reduce CBV URIs to their bare word and leave every other value as it is."""
    names = {value: _bare(value) for value in steps.dropna().unique()}
    if all(name == value for value, name in names.items()):
        return steps
    return steps.map(lambda value: names.get(value, value))


def _bare(step: str) -> str:
    for prefix in _CBV_PREFIXES:
        if step.startswith(prefix):
            return step[len(prefix) :]
    return step
