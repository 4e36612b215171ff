"""What a person asks for: every wish an atomic, validated field."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, ValidationError, model_validator

from rigopt.charges import Charges
from rigopt.errors import InputError
from rigopt.markets import Condition, Exchange
from rigopt.parts import KINDS, Fact
from rigopt.parts.chassis import Efficiency
from rigopt.parts.gpu import Vendor

Cents = Annotated[int, Field(ge=0, le=10**10)]
Gb = Annotated[int, Field(ge=0, le=1_000_000)]
Number = Annotated[int, Field(ge=0, le=1_000_000)]
Gpus = Annotated[int, Field(ge=1, le=8)]


_OF_USERS = (
    "users_per_gpu",
    "vram_per_user_gb",
    "threads_per_user",
    "cores_per_user",
    "ram_per_user_gb",
)
"""Wishes that say nothing unless people share the machine."""


class OwnedPart(Fact):
    """Pieces of a part that are there already: free to use, never forced in."""

    part: str
    quantity: Annotated[int, Field(ge=1, le=64)] = 1


class BrandWish(Fact):
    """Parts of this kind must be of one of these brands (spelled as people do, any case)."""

    kind: str
    brands: Annotated[tuple[str, ...], Field(min_length=1)]


class Request(Fact):
    """One question to :func:`rigopt.solve`. Frozen; change it with :meth:`replace`.

    Money is in cents of the market's currency (or of ``exchange``), sizes in GB as drives and
    memory are sold. Parts are called by id, name or part number. ``None`` and ``()`` mean: no
    such wish.
    """

    market: str = "us-2026"
    condition: Literal["new", "used", "any"] = "new"
    """Condition of bought parts; "any" also takes used and refurbished ones."""
    budget_cents: Cents | None = None
    """Most that may be paid in all, with tax and shipping."""
    tax_bp: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Sales tax on top of the prices, in hundredths of a per cent."""
    shipping_cents: Cents = 0
    """Of the whole order."""
    exchange: Exchange | None = None
    """The currency to answer in; ``None``: the market's."""
    as_of: date | None = None
    """The day to carry the market's prices to; ``None``: as they are listed."""
    unverified: bool = False
    """Whether to offer imported parts, whose facts nobody has checked."""
    workload: str = "balanced"
    """A workload or a mix of them, as ``models/`` names it."""
    profile: str = "default"
    framework: str | None = None
    """Framework release that must run; ``None``: that of the market's time."""
    min_gpus: Gpus = 1
    max_gpus: Gpus = 4
    min_vram_gb: Gb | None = None
    """On every card."""
    min_total_vram_gb: Gb | None = None
    """Over all cards together."""
    model_params: str | None = None
    """A language model that the cards must hold: its name, or its number of parameters."""
    quant: str | None = None
    """Its quantisation; ``None``: 4 bits."""
    context: Annotated[int, Field(ge=1, le=10 * 2**20)] | None = None
    """Tokens that it keeps in mind; ``None``: 8,192."""
    vendors: tuple[Vendor, ...] = ()
    """Of the GPU."""
    brands: tuple[BrandWish, ...] = ()
    with_parts: tuple[str, ...] = ()
    without_parts: tuple[str, ...] = ()
    own: tuple[OwnedPart, ...] = ()
    min_ram_gb: Gb | None = None
    min_storage_gb: Gb = 1000
    """On solid-state drives, for system, programs and data in use."""
    min_bulk_gb: Gb | None = None
    """Beside that, on drives of any sort."""
    min_cores: Number | None = None
    min_threads: Number | None = None
    max_wall_w: Number | None = None
    circuit: str | None = None
    """Wall circuit; ``None``: the market's usual one."""
    min_gpu_lanes: Annotated[int, Field(ge=1, le=16)] | None = None
    """PCIe lanes of every card; ``None``: what the workload asks for."""
    efficiency: Efficiency | None = None
    ecc: bool = False
    wifi: bool = False
    nvlink: bool = False
    power_limit: Annotated[int, Field(ge=50, le=100)] | Literal["auto"] | None = None
    """Cap of every card in per cent of its limit; "auto" chooses one. Below 50 % cards collapse."""
    max_psus: Annotated[int, Field(ge=1, le=4)] = 1
    """Equal supplies in one rig, where the case has places for them."""
    circuits: Annotated[int, Field(ge=1, le=4)] = 1
    """Wall circuits that supplies may be spread over."""
    open_frame: bool = False
    """Whether frames without walls are offered, with cards on risers."""
    users: Annotated[int, Field(ge=1, le=64)] | None = None
    """People who share the machine, a card each."""
    users_per_gpu: Annotated[int, Field(ge=1, le=16)] = 1
    """People who share a card, with a part of its memory each."""
    vram_per_user_gb: Gb | None = None
    threads_per_user: Number | None = None
    cores_per_user: Number | None = None
    ram_per_user_gb: Gb | None = None
    dataset_gb: Gb | None = None
    """Data that must fit beside the system."""
    os: Literal["none", "linux", "windows"] = "none"
    adapters: bool = True
    """Whether a 16-pin or EPS socket of a card may be fed by the adapter in its box."""
    allow_unknown: bool = False
    allow_tight: bool = False
    """Whether to offer fits that want care: no fans at the front, a bent cable, a raised fan."""
    within_bp: Annotated[int, Field(ge=0, le=5_000)] = 0
    """How much less than the best the score may be for a cheaper build, in hundredths of a per
    cent."""
    time_limit_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0

    @model_validator(mode="after")
    def _consistent(self) -> Request:
        if self.min_gpus > self.max_gpus:
            raise ValueError(
                f"min-gpus {self.min_gpus} is more than max-gpus {self.max_gpus}; "
                "lower the one or raise the other"
            )
        if self.model_params is None and not (self.quant is None and self.context is None):
            raise ValueError("quant or context is given without a model; add --model-params")
        if self.users is None:
            for field in _OF_USERS:
                if getattr(self, field) != Request.model_fields[field].default:
                    flag = field.removesuffix("_gb").replace("_", "-")
                    raise ValueError(f"{flag} is given without users; add --users")
        elif self.cards_of_users > self.max_gpus:
            raise ValueError(
                f"{self.users} users share at most {self.max_gpus} cards; raise --max-gpus"
            )
        for name in self.with_parts:
            if name in self.without_parts:
                raise ValueError(f"{name} is both asked for and excluded; drop one of the two")
        for wish in self.brands:
            if wish.kind not in KINDS:
                raise ValueError(f"{wish.kind} is no kind of part; use one of {', '.join(KINDS)}")
        return self

    @property
    def cards_of_users(self) -> int:
        """Cards that the people who share the machine want."""
        return -(-(self.users or 0) // self.users_per_gpu)

    @property
    def charges(self) -> Charges:
        """What is paid beside the parts."""
        return Charges(self.tax_bp, self.shipping_cents)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions in which parts may be bought."""
        if self.condition == "any":
            return ("new", "refurbished", "used")
        return (self.condition,)

    def replace(self, **changes: object) -> Request:
        """A copy with some fields changed, validated again.

        Raises:
            InputError: if the result contradicts itself.
        """
        return make_request({**dict(self), **changes})


def make_request(fields: dict[str, object], *, where: str = "request") -> Request:
    """A validated request. More cards or users than the default allows raise the default.

    Raises:
        InputError: one sentence with field and mend.
    """
    users, share = fields.get("users"), fields.get("users_per_gpu", 1)
    cards = -(-users // share) if isinstance(users, int) and isinstance(share, int) else None
    least = [n for n in (fields.get("min_gpus"), cards) if isinstance(n, int)]
    if least and "max_gpus" not in fields:
        fields = {**fields, "max_gpus": max(*least, Request.model_fields["max_gpus"].default)}
    try:
        return Request(**fields)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        message = first["msg"].removeprefix("Value error, ")
        what, _, mend = message.partition("; ")
        if first["loc"]:
            field = ".".join(map(str, first["loc"])).replace("_", "-")
            what = f"field {field}: {what}"
        raise InputError(what, where=where, mend=mend or "correct it") from None
