"""Who works in the demonstration: the ministry, two firms, a carrier and three laboratories, with one person of each role and more."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from assays.instruments.models import Instrument, InstrumentToken
from assays.models import Method
from lims.accounts.models import Competence, Organisation, User
from lims.accounts.tokens import issue_token, issue_user_token
from lims.core.roles import Role

ORGANISATIONS = (
    # code, kind, name, address, latitude, longitude
    ("MOM", "ministry", "Ministry of Mines (demonstration)", "Shastri Bhawan\nNew Delhi", None, None),
    ("IREL", "state_firm", "IREL (India) Limited (demonstration)", "Prabhadevi\nMumbai", None, None),
    ("MWAM", "private_firm", "Midwest Advanced Materials (demonstration)", "Jubilee Hills\nHyderabad", None, None),
    ("NEF", "carrier", "North-East Freight (demonstration)", "Station Road\nDibrugarh", None, None),
    ("TRL", "carrier", "Trans-Rail Logistics (demonstration)", "Chowringhee\nKolkata", None, None),
    ("BPL", "laboratory", "Bhopal Laboratory (demonstration)", "Science Hills\nBhopal 462 003", "23.25", "77.41"),
    ("HYD", "laboratory", "Hyderabad Laboratory (demonstration)", "Research Park\nHyderabad 500 007", "17.43", "78.54"),
    ("JRH", "laboratory", "Jorhat Laboratory (demonstration)", "Institute Road\nJorhat 785 006", "26.74", "94.16"),
)
_SURNAMES = {"BPL": "Rao", "HYD": "Reddy", "JRH": "Baruah", "IREL": "Nair", "MWAM": "Sinha", "NEF": "Gogoi", "TRL": "Sen", "MOM": "Verma"}
_NAMES = {
    "collector": "Kiran",
    "custodian": "Dilip",
    "receptionist": "Rekha",
    "technician": "Tarun",
    "analyst": "Anita",
    "reviewer": "Vikram",
    "signatory": "Sunita",
    "quality_manager": "Qamar",
    "official": "Usha",
    "administrator": "Arjun",
}
LABORATORY_ROLES = ("receptionist", "technician", "analyst", "reviewer", "signatory", "quality_manager")
# Organisation of the one person of each role that signs in first; the same roles elsewhere are the `others`.
FIRST = {"collector": "IREL", "custodian": "NEF", "official": "MOM", "administrator": "MOM"} | dict.fromkeys(LABORATORY_ROLES, "BPL")
OTHERS = (
    *((role, "HYD") for role in LABORATORY_ROLES),
    *((role, "JRH") for role in LABORATORY_ROLES),
    ("collector", "MWAM"),
    ("custodian", "TRL"),
)
# One for the work of the past, one that is free, so that a file uploaded by hand is another instrument's.
INSTRUMENTS = (
    ("BPL-ICP1", "BPL", "ICP-MS"),
    ("BPL-ICP2", "BPL", "ICP-MS"),
    ("HYD-ICP1", "HYD", "ICP-MS"),
    ("JRH-ICP1", "JRH", "ICP-MS"),
    ("BPL-BAL1", "BPL", "balance"),
    ("BPL-SCAN1", "BPL", "barcode reader"),
)


@dataclass
class Cast:
    """Everybody, by organisation code and role, with the passwords and tokens that are written to the credentials file once."""

    organisations: dict[str, Organisation]
    password: str
    people: dict[tuple[str, str], User] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    instrument_tokens: dict[str, str] = field(default_factory=dict)

    def of(self, role: str, organisation: str) -> User:
        return self.people[organisation, role]


def build_people(today: date) -> Cast:
    """Organisations, people, competences, instruments and tokens. One password for all, made now and known only to the credentials file."""
    organisations = {
        code: Organisation.objects.create(
            code=code,
            kind=kind,
            name=name,
            address=address,
            contact=f"office@{code.lower()}.example",
            latitude=Decimal(latitude) if latitude else None,
            longitude=Decimal(longitude) if longitude else None,
        )
        for code, kind, name, address, latitude, longitude in ORGANISATIONS
    }
    cast = Cast(organisations, secrets.token_urlsafe(9))
    hashed = make_password(cast.password)
    for role, code in [*FIRST.items(), *OTHERS]:
        cast.people[code, role] = _person(role, organisations[code], hashed, first=FIRST.get(role) == code)
    _build_competences(cast, today)
    for code, laboratory, technique in INSTRUMENTS:
        instrument = Instrument.objects.create(
            code=code,
            name=f"{technique[:1].upper()}{technique[1:]} (demonstration)",
            laboratory=organisations[laboratory],
            technique=technique,
            serial=f"DEMO-{code}",
            calibration_due=today + timedelta(days=200),
        )
        cast.instruments[code] = instrument
        cast.instrument_tokens[code] = issue_token(InstrumentToken, by="demonstration", name=f"token of {code}", instrument=instrument)[1]
    for role, code in FIRST.items():
        cast.tokens[role] = issue_user_token(user=cast.of(role, code), by="demonstration", name="demonstration")[1]
    return cast


def _person(role: str, organisation: Organisation, hashed: str, *, first: bool) -> User:
    person: User = User.objects.create(
        username=role if first else f"{role}.{organisation.code.lower()}",
        full_name=f"{_NAMES[role]} {_SURNAMES[organisation.code]}",
        role=role,
        organisation=organisation,
        is_staff=role == Role.ADMINISTRATOR,
        password=hashed,
    )
    return person


def _build_competences(cast: Cast, today: date) -> None:
    """Everybody of a laboratory is competent in every method, for long enough around the story."""
    activities = {"technician": ["measure"], "analyst": ["measure"], "reviewer": ["review"], "signatory": ["authorise"]}
    Competence.objects.bulk_create(
        Competence(
            user=user,
            method_code=method,
            activity=activity,
            valid_from=today - timedelta(days=400),
            valid_until=today + timedelta(days=400),
            granted_by=cast.of("quality_manager", code),
        )
        for (code, role), user in cast.people.items()
        for activity in activities.get(role, [])
        for method in Method.objects.values_list("code", flat=True)
    )
