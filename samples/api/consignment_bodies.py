"""Bodies of the calls on consignments. Times are RFC 3339 with offset; `at` is when it happened (default: now)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from lims.core.api.views import Struct
from samples.services.consigning import DEFAULT_PURPOSE, LARGEST_CONSIGNMENT
from samples.services.receiving import ItemFound, PackFound
from samples.services.sampling_record import Moment

Password = Annotated[str, msgspec.Meta(min_length=1)]


class PackItem(Struct):
    """A sample by its code, and the seal put on now if there is a new one."""

    sample: str
    seal_number: str = ""


PackItems = Annotated[list[PackItem], msgspec.Meta(max_length=LARGEST_CONSIGNMENT)]


class NewConsignment(Struct):
    """Organisations by their code."""

    addressee: str
    carrier: str | None = None
    purpose: str = DEFAULT_PURPOSE
    waybill: str = ""
    outer_seal: str = ""
    border_post: str = ""
    route: str | None = None
    items: PackItems = []
    at: Moment | None = None


class Pack(Struct):
    """Samples to put in; all or none."""

    items: PackItems
    pack: int | None = None
    at: Moment | None = None


class Unpack(Struct):
    """A sample to take out."""

    sample: str
    at: Moment | None = None


class Cancel(Struct):
    """Why a consignment is given up."""

    reason: str
    at: Moment | None = None


class Dispatch(Struct):
    """When the addressee should have it, and where it leaves from."""

    expected_by: Moment | None = None
    route: str | None = None
    season_reason: str = ""
    place: str = ""
    at: Moment | None = None


class Offer(Struct):
    """To whom it is handed; with `password` the giver signs."""

    receiver: str
    place: str = ""
    remark: str = ""
    password: Password | None = None
    at: Moment | None = None


class Meeting(Struct):
    """Both sides on one phone: the receiver by name, each with their own password."""

    taker: str
    taker_password: Password
    password: Password
    seals_intact: bool | None = None
    place: str = ""
    remark: str = ""
    at: Moment | None = None


class PaperForm(Struct):
    """What stands on a paper form, beside the file in `file`."""

    receiver: str
    giver_person: str
    receiver_person: str
    relinquished_at: Moment
    answered_at: Moment
    reason: str
    password: Password
    seals_intact: bool | None = None
    place: str = ""
    remark: str = ""


class Answer(Struct):
    """The receiver's answer; with `password` the receiver signs. With `token`, the code read from the giver's phone, they must."""

    token: str = ""

    accept: bool = True
    seals_intact: bool | None = None
    place: str = ""
    remark: str = ""
    password: Password | None = None
    at: Moment | None = None


class Withdrawal(Struct):
    """Why an offer is taken back."""

    reason: str
    at: Moment | None = None


class Found(Struct):
    """What was found of one sample."""

    sample: str
    present: bool = True
    seal_number: str = ""
    seal_condition: Literal["", "intact", "broken", "missing", "none"] = ""
    container_intact: bool | None = None
    container_count: int | None = None
    mass_g: Decimal | None = None
    remark: str = ""

    def as_item(self) -> ItemFound:
        """For the service."""
        return ItemFound(**(msgspec.structs.asdict(self) | {"seal_number": self.seal_number.strip()}))


class FoundPack(Struct):
    """How an outer seal was found."""

    seal_condition: Literal["intact", "broken", "missing", "none"]
    number: int | None = None
    seal_number: str = ""

    def as_pack(self) -> PackFound:
        """For the service."""
        return PackFound(number=self.number, seal_number=self.seal_number.strip(), seal_condition=self.seal_condition)


class Reception(Struct):
    """What arrived; a listed sample that is not named is recorded as missing."""

    items: Annotated[list[Found], msgspec.Meta(max_length=2 * LARGEST_CONSIGNMENT)]
    packs: Annotated[list[FoundPack], msgspec.Meta(max_length=100)] = msgspec.field(default_factory=list)
    remark: str = ""
    rest_follows: bool = False
    at: Moment | None = None


SampleCodes = Annotated[list[str], msgspec.Meta(max_length=LARGEST_CONSIGNMENT)]


class Loss(Struct):
    """What is lost, and where it was missed; without `samples` everything that travels."""

    reason: str
    samples: SampleCodes | None = None
    place: str = ""
    at: Moment | None = None


class Finding(Struct):
    """What turned up again, and where; without `samples` everything that is lost."""

    place: str
    samples: SampleCodes | None = None
    seals_intact: bool | None = None
    remark: str = ""
    at: Moment | None = None


class Refusal(Struct):
    """What the laboratory does not take, and why; without `samples` everything that travels."""

    reason: str
    samples: SampleCodes | None = None
    at: Moment | None = None


class Settlement(Struct):
    """The signed decision on a discrepancy."""

    decision: Literal["accept", "refuse", "lost"]
    reason: str
    password: Password
    shown_hash: str
    meaning: Literal["settlement"] = "settlement"
    at: Moment | None = None


class NewDiscrepancy(Struct):
    """What differs on a sample that is at the caller's laboratory."""

    sample: str
    kind: Literal["seal_broken", "seal_missing", "seal_differs", "container", "container_missing", "container_extra", "mass", "other"]
    detail: str
    at: Moment | None = None


class NewPack(Struct):
    """One more pack."""

    kind: Literal["box", "drum", "bag", "case"]


class PackSeal(Struct):
    """The seal a pack is closed with, and what it weighs."""

    seal_number: str
    gross_kg: Decimal | None = None
    at: Moment | None = None


class Return(Struct):
    """What goes back to the sender, and why; without `samples` what was refused."""

    reason: str
    samples: SampleCodes | None = None
    carrier: str | None = None
    waybill: str = ""
    outer_seal: str = ""
    at: Moment | None = None


class TakingBack(Struct):
    """The sender has its samples again, but for the missing ones."""

    missing: SampleCodes
    remark: str = ""
    at: Moment | None = None


class OnwardPortion(Struct):
    """What of a sample goes to another laboratory: grams, or all that is left."""

    sample: str
    mass_g: Decimal | None = None
    seal_number: str = ""


class Onward(Struct):
    """A consignment to another laboratory."""

    addressee: str
    portions: Annotated[list[OnwardPortion], msgspec.Meta(max_length=LARGEST_CONSIGNMENT)]
    carrier: str | None = None
    waybill: str = ""
    outer_seal: str = ""
    at: Moment | None = None
