"""What is paid beside the parts: sales tax and shipping, to the cent."""

from __future__ import annotations

from typing import NamedTuple

WHOLE_BP = 10_000
"""Basis points of the whole: 825 are 8.25 %."""


class Charges(NamedTuple):
    """Sales tax on the sum of the parts, and shipping of an order."""

    tax_bp: int = 0
    shipping_cents: int = 0

    def __bool__(self) -> bool:
        return self != Charges()

    def tax_of(self, parts_cents: int) -> int:
        """The tax on a sum, rounded half up to the cent as on a bill."""
        return (parts_cents * self.tax_bp + WHOLE_BP // 2) // WHOLE_BP

    def shipping_of(self, parts_cents: int) -> int:
        """Shipping: nothing is sent where nothing is bought."""
        return self.shipping_cents if parts_cents else 0

    def to_pay(self, parts_cents: int) -> int:
        """What parts that cost so much cost in all."""
        return parts_cents + self.tax_of(parts_cents) + self.shipping_of(parts_cents)

    def affordable(self, total_cents: int) -> int:
        """The largest sum of parts that costs no more than a total in all."""
        rest = total_cents - self.shipping_cents
        if rest <= 0:
            return 0
        parts = rest * WHOLE_BP // (WHOLE_BP + self.tax_bp)
        while self.to_pay(parts + 1) <= total_cents:
            parts += 1
        while parts and self.to_pay(parts) > total_cents:
            parts -= 1
        return parts
