"""What systems call the hub's fields, in English and German, and how like a native name is to one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

_SAME: Final[dict[str, str]] = {
    "email": "email emailaddress emailadresse mail mailaddress mailadresse primaryemail",
    "other_emails": "otheremails secondaryemail secondaryemails additionalemails weitereemails",
    "phone": "phone phonenumber tel telephone telephonenumber telefon telefonnummer telefonnr telnr "
    "businessphone workphone",
    "mobile": "mobile mobilephone mobilenumber cell cellphone cellnumber mobil handy handynummer mobilnummer "
    "mobiltelefon",
    "first_name": "firstname first forename givenname given vorname",
    "last_name": "lastname last surname familyname family nachname familienname",
    "full_name": "fullname name displayname contactname customername vollername ansprechpartner",
    "salutation": "salutation anrede prefix honorific",
    "company": "company companyname organisation organization org firma firmenname unternehmen employer",
    "job_title": "jobtitle title position role funktion stelle beruf",
    "website": "website url homepage webseite web site domain",
    "street": "street address address1 addressline1 streetaddress strasse strasseundhausnummer adresse",
    "city": "city town ort stadt wohnort",
    "region": "region state province stateprovince bundesland county kanton",
    "postal_code": "postalcode zip zipcode postcode plz postleitzahl",
    "country": "country countrycode land staat",
    "language": "language lang locale sprache preferredlanguage",
    "timezone": "timezone tz zeitzone",
    "birthday": "birthday birthdate dateofbirth dob geburtstag geburtsdatum",
    "lifecycle_stage": "lifecyclestage stage lifecycle leadstatus status",
    "lead_score": "leadscore score punkte punktzahl",
    "tags": "tags labels interests keywords schlagworte interessen",
    "owner": "owner ownerid salesrep accountowner betreuer",
    "revenue": "revenue annualrevenue ltv lifetimevalue umsatz turnover totalspent",
    "source": "source leadsource quelle herkunft origin",
    "notes": "notes note comment comments bemerkung bemerkungen notiz notizen description remarks",
    "opted_out": "optedout optout unsubscribed emailoptout hasoptedoutofemail donotemail donotcontact abgemeldet",
    "consent_at": "consentat consentdate consentgivenat optindate optinat einwilligungam",
    "created_at": "createdat created createdate createddate creationdate createdon datecreated angelegtam erstelltam",
    "updated_at": "updatedat updated modified modifiedat lastmodified lastmodifieddate changedat changed "
    "updatedon lastupdated geaendertam modifiedon updateddate",
    "contact": "contact contactemail customeremail participant attendee email",
    "type": "type kind eventtype art",
    "occurred_at": "occurredat date datetime timestamp time happenedat eventdate datum zeitpunkt",
    "subject": "subject title name betreff summary headline",
    "url": "url link",
    "amount": "amount total price betrag summe grandtotal",
    "properties": "properties details data payload metadata",
}
_SEVERAL_MEANINGS: Final = frozenset(
    (
        "name",
        "title",
        "date",
        "time",
        "type",
        "first",
        "last",
        "given",
        "family",
        "state",
        "url",
        "total",
        "status",
        "site",
        "web",
        "data",
        "link",
        "role",
        "created",
        "changed",
        "updated",
        "note",
        "summary",
        "land",
        "address",
        "data",
        "price",
    )
)
"""Words that mean the field when they stand alone, and may mean anything behind another word."""

SAME: Final = 1.0
ENDS_SO: Final = 0.8
LOOKS_SO: Final = 0.7
_CLOSE: Final = 0.88


def likeness(native: str, field: str) -> float:
    """How sure it is that a native name means a field of the hub: from 0, nothing speaks for it, to 1."""
    names = {_folded([field]), *_SAME.get(field, "").split()}
    words = _words(native)
    whole = _folded(words)
    if whole in names:
        return SAME
    ends = (_folded(words[start:]) for start in range(1, len(words)))
    if any(end in names and end not in _SEVERAL_MEANINGS for end in ends):
        return ENDS_SO
    alike = [name for name in names if min(len(name), len(whole)) > 4 and abs(len(name) - len(whole)) < 3]
    return LOOKS_SO if any(SequenceMatcher(None, whole, name).ratio() >= _CLOSE for name in alike) else 0.0


def _words(native: str) -> list[str]:
    """`contactEmail_Address` as contact, Email, Address."""
    parted = re.sub(r"(?<=[a-zäöüß0-9])(?=[A-ZÄÖÜ])", " ", native)
    return [word for word in re.split(r"[\W_]+", parted) if word]


def _folded(words: Iterable[str]) -> str:
    text = "".join(words).replace("_", "").lower()
    for umlaut, written in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(umlaut, written)
    return text
