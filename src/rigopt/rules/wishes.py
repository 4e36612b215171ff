"""What the person asks for, as rules: each wish atomic, so that it can be named and relaxed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from rigopt.build import Line
from rigopt.charges import Charges
from rigopt.need import LlmWork, need_of
from rigopt.parts import KINDS, GpuCard, Motherboard, NetworkAdapter
from rigopt.parts.chassis import Efficiency
from rigopt.request import BrandWish, Request
from rigopt.rules.base import Key, Rule
from rigopt.rules.operands import Operand, Value, fact
from rigopt.rules.power import at_the_wall
from rigopt.rules.shapes import Balance, Relation, Term, decide
from rigopt.rules.sizing import CARD_MEMORIES, cores, holds, ram_gb, threads, total_vram_gb, vram_gb
from rigopt.rules.storage import drive_gb, solid_gb
from rigopt.units import format_money
from rigopt.world import World

EFFICIENCY_ORDER: tuple[Efficiency, ...] = get_args(Efficiency)
"""80 PLUS classes from worst to best, as the type lists them."""


def wishes_of(request: Request) -> tuple[Rule, ...]:
    """The wishes of a request that bind anything, in a fixed order."""
    return tuple(_wishes(request))


def ids_by_default() -> frozenset[str]:
    """Wishes that bind although nobody gave them."""
    return frozenset(rule.id for rule in wishes_of(Request()))


def _cost(line: Line, _world: World) -> int | None:
    return line.cost_cents


def _least(
    name: str, title: str, flag: str, unit: str, kind: str, value: object, least: int, words: str
) -> Rule:
    return Rule(
        name,
        title,
        (
            Balance(
                title,
                unit,
                demand_base=lambda _world: least,
                supply=(Term(kind, value, kind),),  # type: ignore[arg-type]
                words=words,
            ),
        ),
        f"lower {flag}",
        flag=f"{flag} {least}",
    )


def _wishes(r: Request) -> Iterator[Rule]:
    if r.budget_cents is not None:
        yield _budget(r.budget_cents, r.charges)
    if r.min_gpus > 1:
        yield _least(
            "wish-min-gpus",
            "number of GPUs",
            "--min-gpus",
            "cards",
            "gpu",
            lambda line, _w: line.quantity,
            r.min_gpus,
            "{demand} GPUs asked for {sign} {supply} there",
        )
    if r.min_vram_gb is not None:
        yield _min_vram(r.min_vram_gb)
    if r.min_total_vram_gb is not None:
        yield _least(
            "wish-min-total-vram",
            "GPU memory of all cards",
            "--min-total-vram",
            "GB",
            "gpu",
            total_vram_gb,
            r.min_total_vram_gb,
            "{demand} GB of VRAM asked for in all {sign} {supply} GB there",
        )
    if r.model_params is not None:
        yield _model(r.model_params, r.quant or "4bit", r.context or 8192)
    if r.vendors:
        yield _vendors(r)
    for wish in r.brands:
        yield _brand(wish)
    for name in r.with_parts:
        yield _with(name)
    for name in r.without_parts:
        yield _without(name)
    if r.min_ram_gb is not None:
        yield _least(
            "wish-min-ram",
            "memory",
            "--min-ram",
            "GB",
            "memory",
            ram_gb,
            r.min_ram_gb,
            "{demand} GB of memory asked for {sign} {supply} GB there",
        )
    if r.min_storage_gb:
        yield _least(
            "wish-min-storage",
            "solid-state storage",
            "--min-storage",
            "GB",
            "storage",
            solid_gb,
            r.min_storage_gb,
            "{demand} GB of solid-state storage asked for {sign} {supply} GB there",
        )
    if r.min_bulk_gb is not None:
        both = _least(
            "wish-min-bulk",
            "storage in all",
            "--min-bulk",
            "GB",
            "storage",
            drive_gb,
            r.min_storage_gb + r.min_bulk_gb,
            "{demand} GB of storage asked for in all {sign} {supply} GB there",
        )
        yield replace(both, flag=f"--min-bulk {r.min_bulk_gb}")
    if r.min_cores is not None:
        yield _least(
            "wish-min-cores",
            "CPU cores",
            "--min-cores",
            "cores",
            "cpu",
            cores,
            r.min_cores,
            "{demand} cores asked for {sign} {supply} there",
        )
    if r.min_threads is not None:
        yield _least(
            "wish-min-threads",
            "CPU threads",
            "--min-threads",
            "threads",
            "cpu",
            threads,
            r.min_threads,
            "{demand} threads asked for {sign} {supply} there",
        )
    if r.users is not None:
        yield _users(r)
    if r.max_wall_w is not None:
        yield _max_wall(r.max_wall_w)
    if r.efficiency is not None:
        yield _efficiency(r.efficiency)
    if r.ecc:
        yield _ecc()
    if r.wifi:
        yield _wifi()
    if r.nvlink:
        yield _nvlink()
    if r.os != "none":
        yield _os(r.os)


def _budget(cents: int, charges: Charges) -> Rule:
    rest = " after tax and shipping" if charges else ""
    return Rule(
        "wish-budget",
        "the parts to buy cost no more than the budget",
        (
            Balance(
                "price",
                "money",
                demand=tuple(Term(kind, _cost, "price") for kind in KINDS),
                supply_base=lambda _world: charges.affordable(cents),
                words=f"the parts cost {{demand}} {{sign}} {{supply}} that the budget gives{rest}",
                scale=100,
            ),
        ),
        "raise --budget",
        flag=f"--budget {format_money(cents, '').strip().replace(',', '')}",
    )


def at_least_vram(least: int, words: str) -> Relation:
    """Every card has so much memory."""
    return Relation(
        (Operand("gpu", vram_gb),),
        lambda _w, gb: decide(gb >= least),
        lambda _w, gb: f"{least} GB {words} {'≤' if gb >= least else '>'} {gb} GB of {{gpu}}",
        numbers=lambda gb: (least, gb),
        unit="GB",
    )


def _min_vram(least: int) -> Rule:
    return Rule(
        "wish-min-vram",
        "GPU memory of every card",
        (at_least_vram(least, "of VRAM asked for on every card"),),
        "lower --min-vram",
        flag=f"--min-vram {least}",
    )


def _model(model: str, quant: str, context: int) -> Rule:
    need = need_of(LlmWork(model=model, quant=quant, context=context, sharding="split"))
    what = f"{model} in {quant} with {context:,} tokens: {need.in_words()}"

    def words(_world: World, cards: Key) -> str:
        held = "which fits" if holds(need, cards) else "more than is held by"
        return f"{what}, {held} {' + '.join(map(str, cards))} GB of {{gpu}}"

    return Rule(
        "wish-model",
        "the cards together hold a language model",
        (Relation((CARD_MEMORIES,), lambda _w, cards: decide(holds(need, cards)), words),),
        "choose a smaller model, quantisation or context",
        flag=f"--model-params {model} --quant {quant} --context {context}",
    )


def _vendors(r: Request) -> Rule:
    wanted = r.vendors
    return Rule(
        "wish-vendor",
        "the GPU's vendor",
        (
            Relation(
                (Operand("gpu", lambda line, w: w.chip(line.part).vendor),),  # type: ignore[arg-type]
                lambda _w, vendor: decide(vendor in wanted),
                lambda _w, vendor: f"{{gpu}} is by {vendor}; asked for {' or '.join(wanted)}",
            ),
        ),
        "drop --vendor",
        flag=" ".join(f"--vendor {vendor}" for vendor in wanted),
    )


def _brand(wish: BrandWish) -> Rule:
    wanted = {brand.casefold() for brand in wish.brands}
    shown = " or ".join(wish.brands)
    return Rule(
        f"wish-brand-{wish.kind}",
        f"the brand of the {wish.kind}",
        (
            Relation(
                (Operand(wish.kind, lambda line, _w: line.part.brand),),
                lambda _w, brand: decide(brand.casefold() in wanted),
                lambda _w, brand: f"{{{wish.kind}}} is by {brand}; asked for {shown}",
            ),
        ),
        "drop --brand",
        flag=" ".join(f"--brand {wish.kind}={brand}" for brand in wish.brands),
    )


def is_named(name: str, line: Line) -> bool:
    """Whether a line is of the part, or of the chip, with this id."""
    return line.part.id == name or (isinstance(line.part, GpuCard) and line.part.chip == name)


def _with(name: str) -> Rule:
    return Rule(
        f"wish-with-{name}",
        f"{name} is in the build",
        (
            Balance(
                name,
                "pieces",
                demand_base=lambda _world: 1,
                supply=tuple(
                    Term(kind, lambda line, _w: line.quantity if is_named(name, line) else 0)
                    for kind in KINDS
                ),
                words=f"{{demand}} {name} asked for {{sign}} {{supply}} there",
            ),
        ),
        "drop --with",
        flag=f"--with {name}",
    )


def _without(name: str) -> Rule:
    return Rule(
        f"wish-without-{name}",
        f"{name} is not in the build",
        (
            Balance(
                name,
                "pieces",
                demand=tuple(
                    Term(kind, lambda line, _w: line.quantity if is_named(name, line) else 0)
                    for kind in KINDS
                ),
                words=f"{{demand}} {name} {{sign}} {{supply}} allowed",
            ),
        ),
        "drop --without",
        flag=f"--without {name}",
    )


def _users(r: Request) -> Rule:
    users = r.users or 0

    def share(kind: str, what: str, unit: str, value: Value, each_wants: int) -> Balance:
        return Balance(
            what,
            unit,
            demand_base=lambda _world: users * each_wants,
            supply=(Term(kind, value, kind),),
            words=f"{users} users with {each_wants} {unit} each: {{demand}} {{sign}} {{supply}}",
        )

    statements: list[Balance | Relation] = [_cards_of_users(r)]
    if r.vram_per_user_gb is not None:
        most = min(users, r.users_per_gpu)
        each = "for each user" if most == 1 else f"for {most} users of a card"
        statements.append(at_least_vram(most * r.vram_per_user_gb, f"of VRAM {each}"))
    if r.threads_per_user is not None:
        statements.append(share("cpu", "threads", "threads", threads, r.threads_per_user))
    if r.cores_per_user is not None:
        statements.append(share("cpu", "cores", "cores", cores, r.cores_per_user))
    if r.ram_per_user_gb is not None:
        statements.append(share("memory", "memory", "GB of memory", ram_gb, r.ram_per_user_gb))
    shares = {
        "users-per-gpu": None if r.users_per_gpu == 1 else r.users_per_gpu,
        "vram-per-user": r.vram_per_user_gb,
        "threads-per-user": r.threads_per_user,
        "cores-per-user": r.cores_per_user,
        "ram-per-user": r.ram_per_user_gb,
    }
    given = [f"--{name} {each}" for name, each in shares.items() if each is not None]
    return Rule(
        "users",
        "every user has a card or a part of one, and a share of CPU and memory",
        tuple(statements),
        "lower --users or what each of them gets",
        flag=" ".join((f"--users {users}", *given)),
    )


def _cards_of_users(r: Request) -> Balance:
    each = "1 card each" if r.users_per_gpu == 1 else f"{r.users_per_gpu} on a card"
    return Balance(
        "cards",
        "cards",
        demand_base=lambda _world: r.cards_of_users,
        supply=(Term("gpu", lambda line, _w: line.quantity, "gpu"),),
        words=f"{r.users} users with {each}: {{demand}} {{sign}} {{supply}}",
    )


def _max_wall(watts: int) -> Rule:
    return Rule(
        "wish-max-wall-watts",
        "draw at the wall at full load",
        (at_the_wall(lambda _world, _supplies: watts, f"that {watts:,} W at the wall give"),),
        "raise --max-wall-watts",
        flag=f"--max-wall-watts {watts}",
    )


def _efficiency(least: Efficiency) -> Rule:
    floor = EFFICIENCY_ORDER.index(least)
    return Rule(
        "psu-efficiency",
        "the supply's 80 PLUS class",
        (
            Relation(
                (fact("psu", "efficiency"),),
                lambda _w, label: decide(EFFICIENCY_ORDER.index(label) >= floor),
                lambda _w, label: f"{{psu}} is 80 PLUS {label}; asked for {least} or better",
            ),
        ),
        "lower --efficiency",
        flag=f"--efficiency {least}",
    )


def _ecc() -> Rule:
    return Rule(
        "wish-ecc",
        "memory, CPU and board all do error correction",
        tuple(
            Relation(
                (fact(kind, "ecc"),),
                lambda _w, ecc: decide(ecc),
                lambda _w, ecc, kind=kind: f"{{{kind}}} {'does' if ecc else 'does not do'} ECC",
            )
            for kind in ("memory", "cpu", "motherboard")
        ),
        "drop --ecc",
        flag="--ecc",
    )


def _wifi() -> Rule:
    def has(line: Line, _world: World) -> int | None:
        assert isinstance(line.part, Motherboard | NetworkAdapter)
        return None if line.part.wifi is None else int(line.part.wifi)

    return Rule(
        "wish-wifi",
        "the rig has Wi-Fi",
        (
            Balance(
                "Wi-Fi",
                "adapters",
                demand_base=lambda _world: 1,
                supply=(Term("motherboard", has, "wifi"), Term("network", has, "wifi")),
                words="{demand} Wi-Fi adapter asked for {sign} {supply} there",
            ),
        ),
        "drop --wifi",
        flag="--wifi",
    )


def _nvlink() -> Rule:
    return Rule(
        "wish-nvlink",
        "NVLink bridges",
        (
            Balance(
                "NVLink bridges",
                "bridges",
                demand_base=lambda _world: 1,
                supply=(Term("nvlink_bridge", lambda line, _w: line.quantity),),
                words="{demand} NVLink bridge asked for {sign} {supply} there",
            ),
        ),
        "drop --nvlink",
        flag="--nvlink",
    )


def _os(family: str) -> Rule:
    return Rule(
        "wish-os",
        "the operating system",
        (
            Balance(
                "operating system",
                "licences",
                demand_base=lambda _world: 1,
                supply=(
                    Term("os", lambda line, _w: int(line.part.family == family)),  # type: ignore[attr-defined]
                ),
                words=f"{{demand}} {family} licence asked for {{sign}} {{supply}} there",
            ),
        ),
        "drop --os",
        flag=f"--os {family}",
    )
