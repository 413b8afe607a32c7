"""The plan and the problems that the page of reports shows in every format; it renders them, and writes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.change import Action, AttributeChange, Change, Plan, PlanOptions
from reconciler.core.codec import plan_id
from reconciler.core.diagnostic import Diagnostic, Position
from reconciler.core.resource import Address, RemoteId
from reconciler.explanations import by_code
from reconciler.reports.options import RenderOptions
from reconciler.reports.rendering import render, render_problems

OPTIONS = RenderOptions(width=80)


def examples() -> Mapping[str, tuple[str, str]]:
    """Give each example by its name, with the language of its fence."""
    return {
        "report text": (render("text", plan(), OPTIONS), "text"),
        "report summary": (render("text", plan(), RenderOptions(width=80, summary=True)), "text"),
        "report markdown": (render("markdown", plan(), OPTIONS), "markdown"),
        "report gitlab": (render("gitlab", plan(), OPTIONS), "text"),
        "report github": (render("github", plan(), OPTIONS), "text"),
        "problems github": (render_problems("github", [problem()], OPTIONS), "text"),
        "problems sarif": (render_problems("sarif", [problem()], RenderOptions(explained=by_code())), "text"),
    }


def plan() -> Plan:
    """Give a plan with one of the three things that most plans consist of."""
    changes = (
        Change(
            action=Action.CREATE,
            address=Address("clients.acme"),
            kind="client",
            attributes=(
                AttributeChange(name="email", before=None, after="billing@acme.example"),
                AttributeChange(name="organization", before=None, after="Acme Ltd."),
            ),
            position=Position(file="clients.yaml", line=3),
        ),
        Change(
            action=Action.UPDATE,
            address=Address("clients.bolt"),
            kind="client",
            id=RemoteId(700003),
            attributes=(
                AttributeChange(name="bus_phone", before="416-555-0100", after="416-555-0199"),
                AttributeChange(name="note", before="Net 30\nCall Ann", after="Net 30\nCall Ben"),
            ),
            reason="edited outside: bus_phone",
            position=Position(file="clients.yaml", line=6),
            unchanged=4,
        ),
        Change(
            action=Action.DELETE,
            address=Address("clients.kiln"),
            kind="client",
            id=RemoteId(700004),
            attributes=(AttributeChange(name="organization", before="Kiln & Co", after=None),),
            reason="removed (was clients.yaml:14)",
            removed=True,
        ),
    )
    return Plan(
        account="Ab12Cd",
        changes=changes,
        unmanaged={"client": 2},
        options=PlanOptions(root="clients.yaml"),
        plan_id=plan_id("Ab12Cd", changes),
    )


def problem() -> Diagnostic:
    """Give a problem of a configuration."""
    return Diagnostic(
        code="unknown-key",
        summary="a key is not known",
        detail="`organisation`; did you mean `organization`?",
        position=Position(file="clients.yaml", line=4, column=5),
        excerpt="    organisation: Acme Ltd.",
    )
